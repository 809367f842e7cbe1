//! `conc run`: a script on real threads.

use super::arguments::Run;
use super::{Failure, say, script};
use conc::code::Program;
use conc::pipeline;
use conc::report::runtime::{Ending, status};
use conc::report::{Style, render};
use std::sync::Arc;

/// Loads, compiles and runs; the exit status.
pub fn run(run: Run) -> i32 {
    let (source, arguments) = match script::load(&run) {
        Ok(loaded) => loaded,
        Err(failure) => return failure.report(),
    };
    let source = Arc::new(source);
    let style = Style::for_stderr();
    let program = match pipeline::compile(source.clone()) {
        Ok((program, warnings)) => {
            say(&render::diagnostics(&warnings, &source, &style));
            Arc::new(program)
        }
        Err(errors) => {
            say(&render::diagnostics(&errors, &source, &style));
            return status::MISUNDERSTOOD;
        }
    };
    match execute(program, &run, arguments) {
        Ok(ending) => {
            say(&render::ending(&ending, &source, &style));
            ending.status
        }
        Err(failure) => failure.report(),
    }
}

/// JOIN: `world::real::run(program, Options { … })` as soon as it is there; `Run` has all that its options need.
fn execute(_program: Arc<Program>, _run: &Run, _arguments: Vec<String>) -> Result<Ending, Failure> {
    Err(Failure::new("this build of conc cannot run scripts yet"))
}
