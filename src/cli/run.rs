//! `conc run`: a script on real threads.

use super::arguments::Run;
use super::{compile, say, script};
use conc::code::verify::Verified;
use conc::report::runtime::Ending;
use conc::report::{Style, render};
use conc::world::real::{self, Allowed, Options, UncaughtReport};
use std::path::PathBuf;
use std::sync::Arc;

/// Loads, compiles and runs; the exit status.
pub fn run(run: Run) -> i32 {
    let (source, arguments) = match script::load(&run.script) {
        Ok(loaded) => loaded,
        Err(failure) => return failure.report(),
    };
    let program = match compile(source) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let source = program.source.clone();
    let style = Style::for_stderr();
    let ending = execute(program, &run, arguments, style);
    say(&render::ending(&ending, &source, &style));
    ending.status
}

/// Runs the program to its end; errors of threads are said when they happen.
fn execute(program: Arc<Verified>, run: &Run, arguments: Vec<String>, style: Style) -> Ending {
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
    let ended = move |ending: &Ending| say(&render::ending(ending, &source, &style));
    let defaults = Options::default();
    let options = Options {
        arguments,
        timeout: run.timeout,
        max_threads: run.max_threads.map_or(defaults.max_threads, |most| most as usize),
        read: allowed(&run.allow_read),
        write: allowed(&run.allow_write),
        reporter: Arc::new(reporter),
        seed: run.seed,
        signals: true,
        stats: run.stats,
        ended: Arc::new(ended),
        ..defaults
    };
    real::run(program, options)
}
