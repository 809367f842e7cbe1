//! `conc sim`: one run in the simulated world.

use super::exploring::Sim;
use super::progress::Watcher;
use super::trace::Target;
use super::{colour, compile_keeping, memory, print, say, script};
use conc::explore::{self, Options, Said};
use conc::report::render;
use conc::report::runtime::Ending;
use conc::world::Stream;

/// Runs; the exit status.
pub fn sim(sim: Sim) -> i32 {
    let (source, arguments) = match script::load(&sim.script) {
        Ok(loaded) => loaded,
        Err(failure) => return failure.report(),
    };
    let program = match compile_keeping(source, &[]) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let target = match Target::open(sim.trace.as_deref()) {
        Ok(target) => target,
        Err(failure) => return failure.report(),
    };
    let (source, style) = (program.source.clone(), colour::stderr());
    let mut tell = |said: Said<'_>| match said {
        Said::Text(Stream::Out, text) => print(text),
        Said::Text(Stream::Err, text) => say(text),
        Said::Uncaught(it) => say(&render::uncaught_by(it, &source, &style)),
        Said::Deadlock(process, it) => {
            let (process, deadlock) = (Some(format!("\"{process}\"")), Some(it.clone()));
            say(&render::ending(&Ending { process, deadlock, ..Ending::default() }, &source, &style));
        }
    };
    let mut defaults = Options::default();
    defaults.limits.memory = memory::at_most(defaults.limits.memory);
    let max_threads = sim.max_threads.map_or(defaults.max_threads, |most| most as usize);
    let options = Options { arguments, seed: sim.seed, max_threads, ..defaults };
    let watcher = match Watcher::new(sim.timeout) {
        Ok(watcher) => watcher,
        Err(failure) => return failure.report(),
    };
    let (ending, log) = explore::simulate_watched(
        program.clone(),
        &options,
        target.is_some(),
        &mut || watcher.halted(),
        &mut tell,
    );
    say(&render::ending(&ending, &program.source, &colour::stderr()));
    match target {
        Some(target) => target.write(&log, &program.source.name, ending.status),
        None => ending.status,
    }
}
