//! Things to wait for: what each one is, and what each operation on it does. One file a construct.
//!
//! Nothing here blocks. An operation that may have to wait is an `Op`: `poll` does it if it can be done now.
//! A world decides what happens until then: the real one parks the OS thread in the `WaitQueue`s that the
//! operation names, the simulated one runs another thread. What changes a thing so that somebody else's
//! operation may be possible wakes from its queue: one waiter where one can go on, all where all can.

pub mod thread;
pub mod wait;

use crate::value::{Type, Value, error::Error};
use std::sync::{Arc, OnceLock};
use thread::Thread;
use wait::WaitQueue;

/// A lock, a queue, a future…
#[derive(Debug)]
pub struct Sync {
    pub id: u32,
    /// The name it was declared with, which every report uses.
    pub name: OnceLock<Arc<str>>,
    /// Where it was made.
    pub line: u32,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {}

/// Who asks: the thread, and the line where it stands.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    pub thread: &'a Arc<Thread>,
    pub line: u32,
}

/// An operation that may have to wait, with what it needs to remember meanwhile.
#[derive(Debug)]
pub enum Op {
    /// Nothing but its deadline ends it.
    Sleep,
}

/// Who could end a wait: for the wait-for graph.
#[derive(Debug, Clone, PartialEq)]
pub enum Releasers {
    /// Every one of these threads has to do something first (the holder of a lock; the thread joined).
    All(Vec<u32>),
    /// Any thread that can reach these things (their ids).
    Anyone(Vec<u32>),
    /// One of several is enough (`select`).
    Either(Vec<Releasers>),
    /// Time, or something outside the program.
    Outside,
}

impl Sync {
    pub fn new(id: u32, line: u32, kind: Kind) -> Sync {
        Sync { id, name: OnceLock::new(), line, kind }
    }

    /// Its name, or what stands for it: `lock (line 12)`.
    pub fn label(&self) -> String {
        match self.name.get() {
            Some(name) => name.to_string(),
            None => format!("{} (line {})", self.kind.kind().word(), self.line),
        }
    }
}

impl Kind {
    pub fn kind(&self) -> Type {
        match *self {}
    }
}

impl Op {
    /// Does the operation if it can be done now: its value, or None if it has to wait. An error ends it.
    pub fn poll(&mut self, _who: Who<'_>) -> Result<Option<Value>, Error> {
        match self {
            Op::Sleep => Ok(None),
        }
    }

    /// Whether `poll` would do it (or fail) now; changes nothing.
    pub fn ready(&self, _who: Who<'_>) -> bool {
        match self {
            Op::Sleep => false,
        }
    }

    /// Calls `each` with every queue from which a change is made known that may make it possible.
    pub fn queues(&self, _each: &mut dyn FnMut(&WaitQueue)) {
        match self {
            Op::Sleep => {}
        }
    }

    /// Its deadline has passed: what it comes to, or None when it must go on without a deadline (a condition
    /// that has to take its lock again).
    pub fn timed_out(&mut self, _who: Who<'_>) -> Result<Option<Value>, Error> {
        match self {
            Op::Sleep => Ok(Some(Value::Nil)),
        }
    }

    /// The thread gives up the wait for another reason (the run ends, an error is raised in it): undoes what
    /// waiting has left in the thing (a place in a condition, an arrival at a barrier).
    pub fn abandon(&mut self, _who: Who<'_>) {
        match self {
            Op::Sleep => {}
        }
    }

    pub fn releasers(&self, _who: Who<'_>) -> Releasers {
        match self {
            Op::Sleep => Releasers::Outside,
        }
    }

    /// What a report says after the thread's name: `waits for right`, `waits in jobs.get()`, `joins teller-1`.
    pub fn describe(&self) -> String {
        match self {
            Op::Sleep => "sleeps".into(),
        }
    }
}
