//! A script and its runs.

use super::ended::{Ended, Report};
use super::host::Host;
use crate::code::verify::Verified;
use crate::memory;
use crate::pipeline;
use crate::report::{Style, render};
use crate::source::Source;
use crate::world::Stream;
use crate::world::real::{self, Input, Listener, Options, Sink, UncaughtReport};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
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
    pub fn run(&self, run: &Run) -> Ended {
        if let Some(most) = run.memory {
            memory::set_limit(most);
        }
        let caught = Arc::new(Caught { most: run.output, ..Caught::default() });
        let uncaught = Arc::new(Mutex::new(Vec::new()));
        let (source, list) = (self.program.source.clone(), uncaught.clone());
        let reporter = move |it: &UncaughtReport| {
            let report = Report::of_error(&it.error, Some(&it.thread), &source);
            let text = render::uncaught(&it.error, &it.thread, &it.holds, &source, &Style::plain());
            list.lock().push((report, text));
        };
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
            ..defaults
        };
        let ending = real::run(self.program.clone(), options);
        let uncaught = std::mem::take(&mut *uncaught.lock());
        let mut ended = Ended::new(&ending, &self.program.source, uncaught);
        ended.output = std::mem::take(&mut *caught.out.lock());
        ended.errors = std::mem::take(&mut *caught.err.lock());
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

    /// Called, by the thread itself, whenever one starts, begins to wait, goes on, or ends.
    pub fn on_event(self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Run {
        Run { events: Some(Arc::new(tell)), ..self }
    }

    /// Lets the run be ended from another thread, with status 130.
    pub fn cancelled_by(self, cancel: &Cancel) -> Run {
        Run { cancel: Some(cancel.clone()), ..self }
    }
}

/// What a script writes.
#[derive(Default)]
struct Caught {
    most: Option<usize>,
    out: Mutex<String>,
    err: Mutex<String>,
}

impl Sink for Caught {
    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        let (mut out, mut err) = (self.out.lock(), self.err.lock());
        if self.most.is_some_and(|most| out.len() + err.len() + text.len() > most) {
            return Err(io::Error::other("the limit of what it may write is reached"));
        }
        match stream {
            Stream::Out => out.push_str(text),
            Stream::Err => err.push_str(text),
        }
        Ok(())
    }
}
