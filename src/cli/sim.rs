//! `conc sim`: one run in the simulated world.

use super::exploring::Sim;
use super::{compile, print, say, script};
use conc::explore;
use conc::report::{Style, render};
use conc::world::Stream;

/// Runs; the exit status.
pub fn sim(sim: Sim) -> i32 {
    let (source, arguments) = match script::load(&sim.script) {
        Ok(loaded) => loaded,
        Err(failure) => return failure.report(),
    };
    let program = match compile(source) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let mut output = |stream: Stream, text: &str| match stream {
        Stream::Out => print(text),
        Stream::Err => say(text),
    };
    let ending = explore::simulate(program.clone(), sim.seed, arguments, &mut output);
    say(&render::ending(&ending, &program.source, &Style::for_stderr()));
    ending.status
}
