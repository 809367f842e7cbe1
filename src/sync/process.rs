//! Processes, as handles that scripts hold: the part of a handle that threads do not have.
//!
//! A handle is a `Thread` (it has a name, is started once, ends, is joined), with this beside it. What an OS process
//! is, how it is started, and how its end is learnt, is the world's.

use crate::state::{Reader, Writer};
use crate::value::error::{Error, Kind};
use std::sync::OnceLock;

#[derive(Debug, Default)]
pub struct Process {
    /// Set once it runs.
    born: OnceLock<Born>,
    /// How it has ended: what it gave to `exit`, or minus the number of the signal that killed it.
    exit: OnceLock<i32>,
    /// The handle came here as a copy: another process has started it, and learns its end.
    elsewhere: bool,
}

/// The numbers by which the system knows a process that runs, or has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Born {
    pub pid: i32,
    /// Of the process that started it: the only one that can learn how it ends.
    pub parent: i32,
}

impl Process {
    /// It has begun to run.
    pub fn begin(&self, born: Born) {
        let _ = self.born.set(born); // a process starts once
    }

    pub fn end(&self, exit: i32) {
        let _ = self.exit.set(exit); // and ends once
    }

    pub fn born(&self) -> Option<Born> {
        self.born.get().copied()
    }

    /// Why it cannot be waited for here; None when it can.
    pub fn not_ours(&self, name: &str) -> Option<Error> {
        if !self.elsewhere || self.exit_code().is_some() {
            return None;
        }
        let message = format!("\"{name}\" cannot be joined: another process has started it");
        Some(Error::new(Kind::State, message).hint("only the process that has started it learns how it ends"))
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.exit.get().copied()
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.option(self.born(), |w, born| {
            w.int(i64::from(born.pid));
            w.int(i64::from(born.parent));
        });
        w.option(self.exit_code(), |w, code| w.int(i64::from(code)));
    }

    pub fn load(r: &mut Reader<'_>) -> Process {
        let process = Process { elsewhere: true, ..Process::default() };
        if let Some(born) = r.option(|r| Born { pid: r.int() as i32, parent: r.int() as i32 }) {
            process.begin(born);
        }
        if let Some(code) = r.option(|r| r.int() as i32) {
            process.end(code);
        }
        process
    }
}

/// The simulated world has no processes.
pub fn not_simulated(what: &str) -> Error {
    Error::new(Kind::Refused, format!("{what} cannot be simulated: exploring processes is not possible yet"))
        .hint("`conc run` runs them")
}

/// What asks a process to end, and what ends it whatever it wants.
pub const TERMINATE: i32 = libc::SIGTERM;
pub const KILL: i32 = libc::SIGKILL;
