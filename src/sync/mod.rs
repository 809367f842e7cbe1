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
    /// `await`: until something has changed since the thread began to evaluate the condition. What has changed
    /// is the world's to know, so this is never done by `poll`.
    Change,
    /// A timer's wait for its next beat (its deadline): true then, false when it is cancelled before.
    Beat(Arc<Thread>),
    #[cfg(test)]
    Test(Box<dyn TestOp>),
}

#[cfg(test)]
pub trait TestOp: std::fmt::Debug + Send + std::marker::Sync {
    fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error>;
    fn ready(&self, who: Who<'_>) -> bool;
    fn queues(&self, each: &mut dyn FnMut(&WaitQueue));
    fn releasers(&self) -> Releasers;
    fn describe(&self) -> String;
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

impl Sync {
    /// The line since which this thread holds it.
    pub fn held_since(&self, _thread: u32) -> Option<u32> {
        match self.kind {}
    }

    /// The thread has ended: what it held nobody can have any more.
    pub fn abandon(&self, _thread: u32, _name: &Arc<str>) {
        match self.kind {}
    }

    /// Of a future whose error nobody has asked for.
    pub fn unasked(&self) -> Vec<crate::report::runtime::Unasked> {
        match self.kind {}
    }
}

impl Sync {
    /// How many tasks were given to this pool's crew and have not ended: while there are any, the program goes on.
    pub fn unfinished_tasks(&self) -> usize {
        match self.kind {}
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
            Op::Sleep | Op::Change => Ok(None),
            Op::Beat(timer) => Ok(timer.is_cancelled().then_some(Value::Bool(false))),
            #[cfg(test)]
            Op::Test(t) => t.poll(_who),
        }
    }

    /// Whether `poll` would do it (or fail) now; changes nothing.
    pub fn ready(&self, _who: Who<'_>) -> bool {
        match self {
            Op::Sleep | Op::Change => false,
            Op::Beat(timer) => timer.is_cancelled(),
            #[cfg(test)]
            Op::Test(t) => t.ready(_who),
        }
    }

    /// Calls `each` with every queue from which a change is made known that may make it possible. They are the
    /// same from one `poll` or `timed_out` to the next, and still after a `poll` that has done it.
    pub fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        match self {
            Op::Sleep | Op::Change => {}
            #[cfg(test)]
            Op::Test(t) => t.queues(each),
            Op::Beat(timer) => {
                if let Some(timer) = &timer.timer {
                    each(&timer.changed);
                }
            }
        }
    }

    /// Its deadline has passed: what it comes to, or None when it must go on without a deadline (a condition
    /// that has to take its lock again).
    pub fn timed_out(&mut self, _who: Who<'_>) -> Result<Option<Value>, Error> {
        match self {
            Op::Sleep | Op::Change => Ok(Some(Value::Nil)),
            Op::Beat(_) => Ok(Some(Value::Bool(true))),
            #[cfg(test)]
            Op::Test(_) => Ok(Some(Value::Bool(false))),
        }
    }

    /// The thread gives up the wait for another reason (the run ends, an error is raised in it): undoes what
    /// waiting has left in the thing (a place in a condition, an arrival at a barrier).
    pub fn abandon(&mut self, _who: Who<'_>) {
        match self {
            Op::Sleep | Op::Change | Op::Beat(_) => {}
            #[cfg(test)]
            Op::Test(_) => {}
        }
    }

    pub fn releasers(&self, _who: Who<'_>) -> Releasers {
        match self {
            Op::Sleep | Op::Beat(_) => Releasers::Outside,
            Op::Change => Releasers::Anyone(Vec::new()),
            #[cfg(test)]
            Op::Test(t) => t.releasers(),
        }
    }

    /// What a report says after the thread's name: `waits for right`, `waits in jobs.get()`, `joins teller-1`.
    pub fn describe(&self) -> String {
        match self {
            Op::Sleep => "sleeps".into(),
            Op::Change => "awaits its condition".into(),
            Op::Beat(_) => "waits for its time".into(),
            #[cfg(test)]
            Op::Test(t) => t.describe(),
        }
    }

    /// What the thread waits for, as `t.waiting_on` tells it: the thing, the thread, a list of things, or nil.
    pub fn on(&self) -> Value {
        match self {
            Op::Sleep | Op::Change | Op::Beat(_) => Value::Nil,
            #[cfg(test)]
            Op::Test(_) => Value::Nil,
        }
    }

    /// Whether the thread is a worker of a pool that waits for its next task.
    pub fn is_idle(&self) -> bool {
        false
    }

    /// Why it waits for ever, and what to do, where there is more to say than `describe` does: for a deadlock's notes.
    pub fn explain(&self, _who: Who<'_>, _each: &mut dyn FnMut(String)) {
        match self {
            Op::Sleep | Op::Change | Op::Beat(_) => {}
            #[cfg(test)]
            Op::Test(_) => {}
        }
    }
}
