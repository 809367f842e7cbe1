//! `conc run`: a script on real threads.

use super::arguments::{Run, Script};
use super::exploring::Format;
use super::trace::Target;
use super::{Failure, colour, compile, memory, say, schedule, script};
use conc::code::GIL_INTERVAL;
use conc::code::reach::{makes_connections, makes_pipes};
use conc::code::verify::Verified;
use conc::event::collect::collect;
use conc::event::tape::Tape;
use conc::explore;
use conc::mapped::ledger::Ledger;
use conc::report::runtime::Ending;
use conc::report::{Style, render};
use conc::source::Source;
use conc::world::legs::Legs;
use conc::world::real::{self, Allowed, Input, Options, Programs, UncaughtReport};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that a script may use unless told.
const MOST_MEMORY: u64 = 2 << 30;

/// Loads, compiles and runs; the exit status.
pub fn run(run: Run) -> i32 {
    let ready = match &run.schedule {
        Some(path) => forced(path),
        None => free(&run.script, run.seed),
    };
    let ready = match ready {
        Ok(ready) => ready,
        Err(status) => return status,
    };
    let target = match Target::open(run.trace.as_deref()) {
        Ok(target) => target,
        Err(failure) => return failure.report(),
    };
    let eyes = match Eyes::new(target.is_some(), run.stats.is_some(), &ready.program) {
        Ok(eyes) => eyes,
        Err(failure) => return failure.report(),
    };
    let tape = eyes.tape.clone();
    conc::memory::set_limit(run.max_memory.unwrap_or_else(|| memory::at_most(MOST_MEMORY)));
    let source = ready.program.source.clone();
    let style = colour::stderr();
    let ending = execute(ready, &run, eyes, style);
    tell(ending.clone(), &source, &style, run.stats);
    match target.zip(tape) {
        Some((target, tape)) => target.write(&collect(&tape), &source.name, ending.status),
        None => ending.status,
    }
}

/// Where the run tells what it does.
struct Eyes {
    tape: Option<Arc<Tape>>,
    ledger: Option<Arc<Ledger>>,
}

impl Eyes {
    fn new(traced: bool, counted: bool, program: &Verified) -> Result<Eyes, Failure> {
        let no_memory =
            |flag: &str, error| Failure::new(format!("{flag}: there is no memory for it: {error}"));
        let tape = traced
            .then(|| Tape::new(program.process().is_none()))
            .transpose()
            .map_err(|error| no_memory("--trace", error))?;
        let ledger = counted.then(Ledger::new).transpose().map_err(|error| no_memory("--stats", error))?;
        Ok(Eyes { tape: tape.map(Arc::new), ledger: ledger.map(Arc::new) })
    }
}

/// What is to be run.
struct Ready {
    program: Arc<Verified>,
    arguments: Vec<String>,
    seed: Option<u64>,
    input: Input,
    forced: Option<Arc<Legs>>,
    /// Unless told otherwise.
    max_threads: usize,
}

/// A script; or, after it was said what is wrong, the exit status.
fn free(script: &Script, seed: Option<u64>) -> Result<Ready, i32> {
    let (source, arguments) = script::load(script).map_err(|failure| failure.report())?;
    let program = compile(source)?;
    let max_threads = Options::default().max_threads;
    Ok(Ready { program, arguments, seed, input: Input::process(), forced: None, max_threads })
}

/// The run that a schedule stands for, with its script; or, after it was said what is wrong, the exit status.
fn forced(path: &Path) -> Result<Ready, i32> {
    let (recorded, program) = schedule::load(path)?;
    if let Some(process) = program.process() {
        let failure = Failure::new(format!("a run with processes cannot be forced yet: {process}"));
        return Err(failure.hint("`conc replay` makes the same run in the simulated world").report());
    }
    // When an end closes itself is told by steps in the one world, and by who holds it in the other.
    if makes_pipes(&program) {
        let failure = Failure::new("a run with pipes cannot be forced yet".to_string());
        return Err(failure.hint("`conc replay` makes the same run in the simulated world").report());
    }
    if makes_connections(&program) {
        let failure = Failure::new("a run with servers or connections cannot be forced yet".to_string());
        return Err(failure.hint("`conc replay` makes the same run in the simulated world").report());
    }
    let options = recorded.settings.options();
    let legs = explore::legs(program.clone(), &options, &recorded.schedule)
        .map_err(|why| schedule::does_not_fit(&why).report())?;
    Ok(Ready {
        program,
        arguments: options.arguments,
        seed: Some(options.seed),
        // As in the check: there is nothing to read.
        input: Input::from(std::io::empty()),
        forced: Some(Arc::new(legs)),
        max_threads: options.max_threads,
    })
}

/// Says what there is to say of the end of a process.
fn tell(mut ending: Ending, source: &Source, style: &Style, stats: Option<Format>) {
    let json = match stats {
        Some(Format::Json) => {
            ending.stats.take().map(|stats| render::stats_json(&stats, ending.process.as_deref()))
        }
        Some(Format::Text) | None => None,
    };
    say(&(render::ending(&ending, source, style) + &json.unwrap_or_default()));
}

/// Runs the program to its end; errors of threads are said when they happen.
fn execute(ready: Ready, run: &Run, eyes: Eyes, style: Style) -> Ending {
    let Ready { program, arguments, seed, input, forced, max_threads } = ready;
    let allowed = |paths: &Option<Vec<PathBuf>>| match paths {
        None => Allowed::Nothing,
        Some(paths) if paths.is_empty() => Allowed::Everything,
        Some(paths) => Allowed::Paths(paths.clone()),
    };
    let source = program.source.clone();
    let reporter = move |report: &UncaughtReport| {
        let process = report.process.as_deref();
        say(&render::uncaught_in(process, &report.error, &report.thread, &report.holds, &source, &style));
    };
    let source = program.source.clone();
    let format = run.stats;
    let ended = move |ending: &Ending| tell(ending.clone(), &source, &style, format);
    let defaults = Options::default();
    let options = Options {
        arguments,
        timeout: run.timeout,
        max_threads: run.max_threads.map_or(max_threads, |most| most as usize),
        max_processes: run.max_processes.map_or(defaults.max_processes, |most| most as usize),
        read: allowed(&run.allow_read),
        write: allowed(&run.allow_write),
        run: match &run.allow_run {
            None => Programs::None,
            Some(names) if names.is_empty() => Programs::All,
            Some(names) => Programs::Named(names.clone()),
        },
        net: run.allow_net,
        reporter: Arc::new(reporter),
        seed,
        input,
        forced,
        signals: true,
        stats: eyes.ledger,
        trace: eyes.tape,
        race: run.race,
        gil: run.gil.map(|interval| interval.unwrap_or(GIL_INTERVAL)),
        jitter: run.jitter.map(|seed| seed.unwrap_or_else(|| fastrand::u64(..))),
        ended: Arc::new(ended),
        ..defaults
    };
    real::run(program, options)
}
