//! `conc` alone: a session in which one entry after the other is typed, while threads go on in the background.
//!
//! `core` takes entries and knows nothing of where they come from; `commands` does what begins with a colon; `show` says what
//! threads, locks and queues do at the moment; `plain` reads lines from a pipe or an editor.

mod check;
mod commands;
mod core;
mod interrupt;
mod plain;
mod show;

use conc::report::Style;
use conc::world::real::Options;

/// Runs a session; the exit status.
pub fn run() -> i32 {
    let sink = Options::default().sink;
    match core::Core::begin(sink, Style::for_stderr()) {
        Ok(core) => plain::read(core, std::io::stdin().lock()),
        Err(error) => {
            let _ = Options::default()
                .sink
                .write(conc::world::Stream::Err, &format!("conc: the session cannot be started: {error}\n"));
            1
        }
    }
}
