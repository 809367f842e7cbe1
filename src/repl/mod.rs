//! `conc` alone: a session in which one entry after the other is typed, while threads go on in the background.
//!
//! `core` takes entries and knows nothing of where they come from; `commands` does what begins with a colon; `show` says what
//! threads, locks and queues do at the moment; `plain` reads lines from a pipe or an editor, `terminal` has a line that can be
//! edited, with the help of `assistant`, `colour` and `history`; `processes` come from what is set aside at the beginning.

mod assistant;
mod check;
mod colour;
mod commands;
mod core;
mod history;
mod interrupt;
mod plain;
mod processes;
mod show;
mod terminal;

use conc::report::runtime::status;
use conc::world::Stream;
use conc::world::real::{Ground, Input, Options, Sink};
use core::Core;
use std::io::{self, IsTerminal};
use std::sync::Arc;

/// The name that reports have for what was typed.
const NAME: &str = "session";

/// Bytes that threads of a session may use.
const MOST_MEMORY: u64 = 2 << 30;

/// Runs a session; the exit status.
pub fn run() -> i32 {
    conc::memory::set_limit(crate::cli::memory::at_most(MOST_MEMORY));
    let (sink, style) = (Options::default().sink, crate::cli::colour::stderr());
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        // Before there is a second thread.
        let ground = set_aside(processes::ground(NAME, sink.clone(), style), &sink);
        let input = Input::process();
        return match Core::begin(sink, input.clone(), style, Box::new(|_, _| {}), ground) {
            Ok(core) => plain::read(core, &input),
            Err(error) => refused(&error),
        };
    }
    let (far, near) = match processes::far() {
        Ok(pair) => pair,
        Err(error) => return refused(&error),
    };
    // Likewise.
    let ground = set_aside(processes::ground(NAME, Arc::new(far), style), &sink);
    let (line, screen) = match terminal::open(sink) {
        Ok(opened) => opened,
        Err(error) => return refused(&error),
    };
    if let Err(error) = processes::relay(near, screen.clone()) {
        return refused(&error);
    }
    let leaving = screen.clone();
    let leave = move |text: &str, status| leaving.leave(text, status);
    match Core::begin(screen.clone(), Input::typed(), style, Box::new(leave), ground) {
        Ok(core) => terminal::converse(core, line, &screen),
        Err(error) => refused(&error),
    }
}

/// What processes come from; without it a session goes on with threads alone.
fn set_aside(ground: io::Result<Ground>, sink: &Arc<dyn Sink>) -> Option<Arc<Ground>> {
    match ground {
        Ok(ground) => Some(Arc::new(ground)),
        Err(error) => {
            let text =
                crate::cli::language::said(format!("conc: this session can start no processes: {error}\n"));
            let _ = sink.write(Stream::Err, &text);
            None
        }
    }
}

fn refused(error: &dyn std::fmt::Display) -> i32 {
    let text = crate::cli::language::said(format!("conc: the session cannot be started: {error}\n"));
    // There is nobody left to tell when this fails too.
    let _ = Options::default().sink.write(Stream::Err, &text);
    status::FAILED
}
