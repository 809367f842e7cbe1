//! `conc` alone: a session in which one entry after the other is typed, while threads go on in the background.
//!
//! `core` takes entries and knows nothing of where they come from; `commands` does what begins with a colon; `show` says what
//! threads, locks and queues do at the moment; `plain` reads lines from a pipe or an editor, `terminal` has a line that can be
//! edited, with the help of `assistant`, `colour` and `history`.

mod assistant;
mod check;
mod colour;
mod commands;
mod core;
mod history;
mod interrupt;
mod plain;
mod show;
mod terminal;

use conc::report::runtime::status;
use conc::world::Stream;
use conc::world::real::Options;
use core::Core;
use std::io::{self, IsTerminal};

/// Runs a session; the exit status.
pub fn run() -> i32 {
    let (sink, style) = (Options::default().sink, crate::cli::colour::stderr());
    let refused = |error: &dyn std::fmt::Display| {
        let text = format!("conc: the session cannot be started: {error}\n");
        // There is nobody left to tell when this fails too.
        let _ = Options::default().sink.write(Stream::Err, &text);
        status::FAILED
    };
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return match Core::begin(sink, style, true) {
            Ok(core) => plain::read(core, io::stdin().lock()),
            Err(error) => refused(&error),
        };
    }
    let (line, screen) = match terminal::open(sink) {
        Ok(opened) => opened,
        Err(error) => return refused(&error),
    };
    match Core::begin(screen.clone(), style, false) {
        Ok(core) => terminal::converse(core, line, &screen),
        Err(error) => refused(&error),
    }
}
