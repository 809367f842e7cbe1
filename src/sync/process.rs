//! Processes, as handles that scripts hold: the part of a handle that threads do not have.
//!
//! A handle is a `Thread` (it has a name, is started once, ends, is joined), with this beside it. What an OS process
//! is, how it is started, and how its end is learnt, is the world's.

use super::thread::Thread;
use crate::state::{Reader, Writer};
use crate::value::error::{Error, Kind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Debug, Default)]
pub struct Process {
    /// Set once it runs.
    born: OnceLock<Born>,
    /// How it has ended: what it gave to `exit`, or minus the number of the signal that killed it.
    exit: OnceLock<i32>,
    /// The handle came here as a copy: another process has started it, and learns its end.
    elsewhere: AtomicBool,
    /// In a simulated run: the signals that have come and have done nothing yet, one bit each.
    signals: AtomicU64,
    /// In a simulated run: the handle that it is a copy of.
    original: OnceLock<Arc<Thread>>,
    /// It does the tasks of a pool.
    of_pool: bool,
}

/// The numbers by which the system knows a process that runs, or has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Born {
    pub pid: i32,
    /// Of the process that started it: the only one that can learn how it ends.
    pub parent: i32,
}

impl Process {
    /// A worker of a process pool.
    pub fn of_pool() -> Process {
        Process { of_pool: true, ..Process::default() }
    }

    pub fn is_of_pool(&self) -> bool {
        self.of_pool
    }

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
        if !self.is_elsewhere() || self.exit_code().is_some() {
            return None;
        }
        let message = format!("\"{name}\" cannot be joined: another process has started it");
        Some(Error::new(Kind::State, message).hint("only the process that has started it learns how it ends"))
    }

    pub fn signals(&self) -> u64 {
        self.signals.load(Ordering::Relaxed)
    }

    pub fn set_signals(&self, signals: u64) {
        self.signals.store(signals, Ordering::Relaxed);
    }

    /// Another process has started it, and learns its end.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere.load(Ordering::Relaxed)
    }

    /// It is part of what a new process was given.
    pub fn came_as_a_copy(&self) {
        self.elsewhere.store(true, Ordering::Relaxed);
    }

    /// Where both are part of one simulated run: what this new handle was copied from.
    pub fn is_copy_of(&self, handle: &Arc<Thread>) {
        self.came_as_a_copy();
        let first = handle.process.as_ref().and_then(|process| process.original.get());
        let _ = self.original.set(first.unwrap_or(handle).clone()); // it is new
    }

    /// In a simulated run: the handle by which the process's end is learnt.
    pub fn original<'h>(&'h self, handle: &'h Arc<Thread>) -> &'h Arc<Thread> {
        self.original.get().unwrap_or(handle)
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
        w.flag(self.is_elsewhere());
        w.count(self.signals());
        w.flag(self.of_pool);
        w.option(self.original.get(), Writer::thread);
    }

    pub fn load(r: &mut Reader<'_>) -> Process {
        let mut process = Process::default();
        if let Some(born) = r.option(|r| Born { pid: r.int() as i32, parent: r.int() as i32 }) {
            process.begin(born);
        }
        if let Some(code) = r.option(|r| r.int() as i32) {
            process.end(code);
        }
        process.elsewhere.store(r.flag(), Ordering::Relaxed);
        process.set_signals(r.count());
        process.of_pool = r.flag();
        if let Some(original) = r.option(Reader::thread) {
            let _ = process.original.set(original); // it is new
        }
        process
    }
}

/// The error for starting a process that runs, or has run.
pub fn started_already(name: &str) -> Error {
    let message = format!("process \"{name}\" has been started already");
    Error::new(Kind::State, message).hint("a process runs once; make a new one to run it again")
}

/// The error for a daemon process that starts another.
pub fn daemon_starts(own: &str, child: &str) -> Error {
    Error::new(Kind::State, format!("\"{own}\" cannot start \"{child}\": it is a daemon process"))
        .note("a daemon process is ended at any moment, and could not see to its children")
        .hint("declare it without `daemon`, and join it or terminate it")
}

/// What `p.error` tells of a process that did not end well.
pub fn failure(handle: &Thread, process: &Process, exit: i32) -> Error {
    // In a simulated run processes may have no numbers.
    let pid = process.born().map(|born| born.pid).filter(|pid| *pid > 0);
    let pid = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    let how = match exit {
        exit if exit < 0 => format!("was killed by signal {}", -exit),
        exit => format!("ended with exit code {exit}"),
    };
    Error::new(Kind::State, format!("process \"{}\"{pid} {how}", handle.name()))
}

/// The simulated world has no processes.
pub fn not_simulated(what: &str) -> Error {
    Error::new(Kind::Refused, format!("{what} cannot be simulated: exploring processes is not possible yet"))
        .hint("`conc run` runs them")
}

/// What asks a process to end, and what ends it whatever it wants.
pub const TERMINATE: i32 = libc::SIGTERM;
pub const KILL: i32 = libc::SIGKILL;
/// What holds a process where it stands, and what lets it go on.
pub const STOP: i32 = libc::SIGSTOP;
pub const CONTINUE: i32 = libc::SIGCONT;
