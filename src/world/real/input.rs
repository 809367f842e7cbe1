//! Standard input, line by line, shared by all threads of a run.
//!
//! A thread that reads may never come back. It stands still meanwhile, it is no part of any deadlock, and a
//! run that has ended does not wait for it. In a session at a terminal it does: there it can be ended.

use super::RealWorld;
use super::standing::Here;
use crate::event::Waiting as Waits;
use crate::sync::thread::{State, Waiting};
use crate::value::{
    Value,
    error::{Error, Kind},
};
use crate::world::Read;
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::io::{self, BufRead, BufReader};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Where a run reads from.
#[derive(Clone)]
pub struct Input {
    lines: Arc<Mutex<dyn BufRead + Send>>,
    typed: bool,
}

/// What has been read from the process's input and not been asked for stays here for the next run.
static PROCESS: LazyLock<Arc<Mutex<BufReader<io::Stdin>>>> =
    LazyLock::new(|| Arc::new(Mutex::new(BufReader::new(io::stdin()))));

/// So often somebody who waits for what is typed looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

impl Input {
    /// The standard input of this process.
    pub fn process() -> Input {
        Input { lines: PROCESS.clone(), typed: false }
    }

    /// The same where it is a terminal on which a session's entries are typed. A thread that wants a line gets it while an
    /// entry runs, not while one is typed, and can be ended while it waits.
    pub fn typed() -> Input {
        Input { typed: true, ..Input::process() }
    }

    pub fn from(reader: impl BufRead + Send + 'static) -> Input {
        Input { lines: Arc::new(Mutex::new(reader)), typed: false }
    }

    pub fn is_typed(&self) -> bool {
        self.typed
    }

    /// The next line with its newline; nothing at the end.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.lines.lock().read_until(b'\n', &mut line)?;
        Ok(line)
    }

    /// The same if somebody types one within a moment, and it is wanted by then. A terminal gives whole lines, and nothing of
    /// the next one.
    fn line_typed(&self, wanted: impl Fn() -> bool) -> io::Result<Option<Vec<u8>>> {
        let Some(mut lines) = self.lines.try_lock_for(LOOK) else { return Ok(None) };
        let stdin = io::stdin();
        let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
        let wait = Timespec::try_from(LOOK).map_err(io::Error::other)?;
        match rustix::event::poll(&mut asked, Some(&wait)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) if !wanted() => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line)?;
        Ok(Some(line))
    }
}

impl RealWorld {
    pub(super) fn read_input(&mut self) -> Result<Read, Error> {
        let thread = self.seat.thread.clone();
        let text = "reads standard input".into();
        *thread.waiting.lock() = Some(Waiting { on: Value::Nil, text, line: 0, timed: false });
        thread.state.store(State::Blocked as u8, Ordering::SeqCst);
        self.trace_wait_for(Waits::Outside, "reads standard input");
        self.keep_still();
        self.seat.reads_input.store(true, Ordering::SeqCst);
        let read = self.next_line();
        self.seat.reads_input.store(false, Ordering::SeqCst);
        self.trace_goes_on();
        self.move_again(Here::inside(None));
        thread.state.store(State::Running as u8, Ordering::SeqCst);
        *thread.waiting.lock() = None;
        match read {
            Ok(None) if self.is_ended() => Ok(Read::Ended),
            Ok(None) => Ok(Read::End),
            Ok(Some(line)) if line.is_empty() => Ok(Read::End),
            Ok(Some(line)) => text_of(line).map(Read::Line),
            Err(error) => Err(Error::new(Kind::State, format!("cannot read standard input: {error}"))
                .hint("see whether it is open")),
        }
    }

    /// Nothing when nobody wants it any more.
    fn next_line(&self) -> io::Result<Option<Vec<u8>>> {
        let input = &self.shared.options.input;
        let Some(desk) = self.shared.desk.as_ref().filter(|_| input.typed) else {
            // A run that ended just before need not wait for a line that nobody will see.
            return if self.shared.stopping() { Ok(None) } else { input.line().map(Some) };
        };
        loop {
            if self.shared.stopping() || self.seat.ending.load(Ordering::SeqCst) {
                return Ok(None);
            }
            if desk.is_typed_at() {
                std::thread::sleep(LOOK);
            } else if let Some(line) = input.line_typed(|| !desk.is_typed_at())? {
                return Ok(Some(line));
            }
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
