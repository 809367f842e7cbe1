//! A script and its runs.

use super::ended::{Ended, Report};
use super::host::Host;
use crate::code::verify::Verified;
use crate::memory;
use crate::pipeline;
use crate::report::runtime::Ending;
use crate::report::{Style, render};
use crate::source::Source;
use crate::world::Stream;
use crate::world::real::far::{Far, far};
use crate::world::real::{self, Input, Listener, Options, Sink, UncaughtReport};
use parking_lot::Mutex;
use std::io;
use std::process;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

pub use crate::report::runtime::{Event, Happened};
pub use crate::world::real::Cancel;

/// A script that is understood, and can be run any number of times, also at once.
#[derive(Clone)]
pub struct Script {
    program: Arc<Verified>,
    host: Host,
    /// What is not wrong, but good to know.
    pub warnings: Vec<Report>,
}

impl Script {
    /// `name` is what reports call it: the name of a file, as a rule.
    ///
    /// # Errors
    /// With what is wrong with the text, in its order.
    pub fn new(name: &str, text: &str) -> Result<Script, Vec<Report>> {
        Script::with_host(name, text, Host::new())
    }

    /// A script that may call the functions of the host.
    ///
    /// # Errors
    /// With what is wrong with the text, in its order.
    pub fn with_host(name: &str, text: &str, host: Host) -> Result<Script, Vec<Report>> {
        let source = Arc::new(Source::new(name, text));
        let reports = |found: Vec<_>| found.iter().map(|it| Report::of_diagnostic(it, &source)).collect();
        match pipeline::compile_with(source.clone(), host.names()) {
            Ok((program, warnings)) => {
                Ok(Script { program: Arc::new(program), host, warnings: reports(warnings) })
            }
            Err(found) => Err(reports(found)),
        }
    }

    /// Runs it to its end.
    ///
    /// A script that starts processes is for the main thread of a program without other threads: it begins with a `fork`.
    /// What its processes write is caught, too; of what goes wrong in them [`Ended::text`] tells.
    pub fn run(&self, run: &Run) -> Ended {
        if let Some(most) = run.memory {
            memory::set_limit(most);
        }
        let (caught, hearing) = match Caught::begin(run.output, self.program.process().is_some()) {
            Ok(begun) => begun,
            Err(error) => return Ended::not_begun(&error),
        };
        let uncaught = Arc::new(Mutex::new(Vec::new()));
        let (source, list, of_process) = (self.program.source.clone(), uncaught.clone(), caught.clone());
        let reporter = move |it: &UncaughtReport| match &it.process {
            None => {
                let report = Report::of_error(&it.error, Some(&it.thread), &source);
                let text = render::uncaught(&it.error, &it.thread, &it.holds, &source, &Style::plain());
                list.lock().push((report, text));
            }
            Some(process) => of_process.report(&render::uncaught_in(
                Some(process),
                &it.error,
                &it.thread,
                &it.holds,
                &source,
                &Style::plain(),
            )),
        };
        let (source, of_process) = (self.program.source.clone(), caught.clone());
        let ended = move |it: &Ending| of_process.report(&render::ending(it, &source, &Style::plain()));
        let defaults = Options::default();
        let options = Options {
            arguments: run.arguments.clone(),
            timeout: run.time,
            max_threads: run.threads.unwrap_or(defaults.max_threads),
            sink: caught.clone(),
            input: Input::from(io::Cursor::new(run.input.clone())),
            reporter: Arc::new(reporter),
            seed: run.seed,
            host: Some(self.host.functions()),
            events: run.events.clone(),
            cancel: run.cancel.clone(),
            ended: Arc::new(ended),
            ..defaults
        };
        let ending = real::run(self.program.clone(), options);
        if let (Some(far), Some(hearing)) = (&caught.far, hearing) {
            far.end();
            // It only collects.
            let _ = hearing.join();
        }
        let uncaught = std::mem::take(&mut *uncaught.lock());
        let mut ended = Ended::new(&ending, &self.program.source, uncaught);
        ended.output = std::mem::take(&mut *caught.out.lock());
        ended.errors = std::mem::take(&mut *caught.err.lock());
        ended.text.insert_str(0, &caught.reports.lock());
        ended
    }
}

/// How to run a script.
#[derive(Clone, Default)]
pub struct Run {
    arguments: Vec<String>,
    input: String,
    seed: Option<u64>,
    time: Option<Duration>,
    threads: Option<usize>,
    memory: Option<u64>,
    output: Option<usize>,
    events: Option<Listener>,
    cancel: Option<Cancel>,
}

impl Run {
    /// Without arguments, input and limits, but for 10,000 threads.
    pub fn new() -> Run {
        Run::default()
    }

    /// One more of what the script sees as `args`.
    pub fn argument(mut self, argument: impl Into<String>) -> Run {
        self.arguments.push(argument.into());
        self
    }

    /// What `input()` reads.
    pub fn input(self, text: impl Into<String>) -> Run {
        Run { input: text.into(), ..self }
    }

    /// Where random numbers begin; without it, elsewhere in each run.
    pub fn seed(self, seed: u64) -> Run {
        Run { seed: Some(seed), ..self }
    }

    /// After so long the run is ended, with status 124.
    pub fn time(self, most: Duration) -> Run {
        Run { time: Some(most), ..self }
    }

    /// How many threads may live at once, beside `main`; another gets an error at its start.
    pub fn threads(self, most: usize) -> Run {
        Run { threads: Some(most), ..self }
    }

    /// How many bytes the process may use before threads that take more get an error: see the module's documentation.
    pub fn memory(self, most: u64) -> Run {
        Run { memory: Some(most), ..self }
    }

    /// How many bytes the script may write; who writes more gets an error.
    pub fn output(self, most: usize) -> Run {
        Run { output: Some(most), ..self }
    }

    /// Called, by the thread itself, whenever one starts, begins to wait, goes on, or ends. When it panics, the script goes on.
    pub fn on_event(self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Run {
        Run { events: Some(Arc::new(tell)), ..self }
    }

    /// Lets the run be ended from another thread, with status 130.
    pub fn cancelled_by(self, cancel: &Cancel) -> Run {
        Run { cancel: Some(cancel.clone()), ..self }
    }
}

/// What a script writes.
struct Caught {
    most: Option<usize>,
    out: Mutex<String>,
    err: Mutex<String>,
    /// What is to be said of its processes.
    reports: Mutex<String>,
    /// The process that the run has begun in.
    home: u32,
    /// The way there from the others.
    far: Option<Far>,
}

/// Kinds of what comes from a process.
const OUT: u8 = 0;
const ERR: u8 = 1;
const REPORT: u8 = 2;

impl Caught {
    /// With a thread that hears what processes say, if there may be any.
    fn begin(most: Option<usize>, processes: bool) -> io::Result<(Arc<Caught>, Option<JoinHandle<()>>)> {
        let (far, near) = if processes { far()? } else { return Ok((Caught::new(most, None), None)) };
        let caught = Caught::new(most, Some(far));
        let to = caught.clone();
        let hearing = near.hear(move |kind, text| to.hear(kind, text))?;
        Ok((caught, Some(hearing)))
    }

    fn new(most: Option<usize>, far: Option<Far>) -> Arc<Caught> {
        let (out, err, reports) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Caught { most, out, err, reports, home: process::id(), far })
    }

    fn hear(&self, kind: u8, text: &str) {
        // Beyond the limit nothing is kept; the process cannot be told any more.
        let _ = match kind {
            OUT => self.keep(Stream::Out, text),
            ERR => self.keep(Stream::Err, text),
            _ => {
                self.reports.lock().push_str(text);
                Ok(())
            }
        };
    }

    /// In a process: says what is to be said of it.
    fn report(&self, text: &str) {
        if let Some(far) = &self.far {
            // There is nobody left to tell when this fails too.
            let _ = far.say(REPORT, text);
        }
    }

    fn keep(&self, stream: Stream, text: &str) -> io::Result<()> {
        let (mut out, mut err) = (self.out.lock(), self.err.lock());
        if self.most.is_some_and(|most| out.len() + err.len() + text.len() > most) {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "the limit of what it may write is reached",
            ));
        }
        match stream {
            Stream::Out => out.push_str(text),
            Stream::Err => err.push_str(text),
        }
        Ok(())
    }
}

impl Sink for Caught {
    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        match &self.far {
            Some(far) if process::id() != self.home => {
                far.say(if stream == Stream::Out { OUT } else { ERR }, text)
            }
            Some(_) | None => self.keep(stream, text),
        }
    }
}
