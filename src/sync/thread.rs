//! Threads, as handles that scripts hold.
//!
//! Starting one, and what it means to run, is the world's; this is what others can see of it.

use super::wait::WaitQueue;
use crate::value::{Value, error::Error, object::Object};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Thread {
    pub id: u32,
    pub name: Mutex<Arc<str>>,
    pub daemon: AtomicBool,
    /// A `State`.
    pub state: AtomicU8,
    /// What it will run; taken at the start.
    pub entry: Mutex<Option<Entry>>,
    /// Its members, for a template with members.
    pub object: Option<Arc<Object>>,
    /// Set for a timer.
    pub timer: Option<Timer>,
    /// The value it returned, or the error that ended it.
    pub outcome: OnceLock<Result<Value, Arc<Error>>>,
    /// Whether anybody has asked for the outcome.
    pub asked: AtomicBool,
    /// Those who join it.
    pub done: WaitQueue,
    /// How many locks it holds (each level of a reentrant one counts); written by the thread alone.
    pub held: AtomicU32,
    /// What it waits for, while it is blocked: set by the world before it blocks.
    pub waiting: Mutex<Option<Waiting>>,
}

impl Thread {
    /// Whether it is a timer that was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.timer.as_ref().is_some_and(|timer| timer.cancelled.load(Ordering::SeqCst))
    }
}

/// What a new thread calls, and with what.
#[derive(Debug)]
pub struct Entry {
    pub callee: Value,
    pub arguments: Vec<Value>,
}

/// A timer is a thread that waits before it runs its body.
#[derive(Debug)]
pub struct Timer {
    /// Nanoseconds.
    pub delay: i64,
    pub repeats: bool,
    pub cancelled: AtomicBool,
    /// Woken by `cancel`.
    pub changed: WaitQueue,
}

/// What a blocked thread waits for, for reports and for `t.waiting_on`.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The thing, thread, list of things (for `select`), or nil.
    pub on: Value,
    /// `waits for right`.
    pub text: String,
    pub line: u32,
    /// Gives up by itself.
    pub timed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    New,
    Running,
    Blocked,
    Sleeping,
    Finished,
    Failed,
}

impl State {
    pub const ALL: [State; 6] =
        [State::New, State::Running, State::Blocked, State::Sleeping, State::Finished, State::Failed];

    /// The word that `t.state` tells.
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Running => "running",
            State::Blocked => "blocked",
            State::Sleeping => "sleeping",
            State::Finished => "finished",
            State::Failed => "failed",
        }
    }
}
