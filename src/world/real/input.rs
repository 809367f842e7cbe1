//! Standard input, line by line, shared by all threads of a run.
//!
//! A thread that reads may never come back. It stands still meanwhile, it is no part of any deadlock, and a
//! run that has ended does not wait for it.

use super::RealWorld;
use super::standing::Here;
use crate::event::Waiting as Waits;
use crate::sync::thread::{State, Waiting};
use crate::value::{
    Value,
    error::{Error, Kind},
};
use parking_lot::Mutex;
use std::io::{self, BufRead, BufReader};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

/// Where a run reads from.
#[derive(Clone)]
pub struct Input(Arc<Mutex<dyn BufRead + Send>>);

/// What has been read from the process's input and not been asked for stays here for the next run.
static PROCESS: LazyLock<Arc<Mutex<BufReader<io::Stdin>>>> =
    LazyLock::new(|| Arc::new(Mutex::new(BufReader::new(io::stdin()))));

impl Input {
    /// The standard input of this process.
    pub fn process() -> Input {
        Input(PROCESS.clone())
    }

    pub fn from(reader: impl BufRead + Send + 'static) -> Input {
        Input(Arc::new(Mutex::new(reader)))
    }
}

impl RealWorld {
    pub(super) fn read_input(&mut self) -> Result<Option<String>, Error> {
        let thread = self.seat.thread.clone();
        let text = "reads standard input".into();
        *thread.waiting.lock() = Some(Waiting { on: Value::Nil, text, line: 0, timed: false });
        thread.state.store(State::Blocked as u8, Ordering::SeqCst);
        self.trace_wait_for(Waits::Outside, "reads standard input");
        self.keep_still();
        self.seat.reads_input.store(true, Ordering::SeqCst);
        let mut line = Vec::new();
        // A run that ended just before need not wait for a line that nobody will see.
        let read = match self.shared.stopping() {
            true => Ok(0),
            false => self.shared.options.input.0.lock().read_until(b'\n', &mut line),
        };
        self.seat.reads_input.store(false, Ordering::SeqCst);
        self.trace_goes_on();
        self.move_again(Here::inside(None));
        thread.state.store(State::Running as u8, Ordering::SeqCst);
        *thread.waiting.lock() = None;
        match read {
            Ok(0) => Ok(None),
            Ok(_) => text_of(line).map(Some),
            Err(error) => Err(Error::new(Kind::State, format!("cannot read standard input: {error}"))
                .hint("see whether it is open")),
        }
    }
}

fn text_of(mut line: Vec<u8>) -> Result<String, Error> {
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    String::from_utf8(line).map_err(|_| {
        Error::new(Kind::Value, "a line of standard input is no text in UTF-8")
            .hint("convert it first, for instance with iconv")
    })
}
