//! `event`: unset or set; waiting ends when it is set, also for those who waited when it was set and cleared at once.

use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::value::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Event {
    /// How many times it was set, times two, plus one while it is set.
    state: AtomicU64,
    pub waiters: WaitQueue,
}

#[derive(Debug)]
pub struct Wait {
    pub event: Arc<Sync>,
    /// How many times it had been set when the wait began.
    seen: Option<u64>,
}

impl Event {
    pub fn of(sync: &Sync) -> Result<&Event, Error> {
        if let Kind::Event(event) = &sync.kind { Ok(event) } else { Err(sync.is_no("event")) }
    }

    pub fn set(&self) {
        let set = |state: u64| (state & 1 == 0).then_some(state + 3);
        if self.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, set).is_ok() {
            self.waiters.wake_all();
        }
    }

    pub fn clear(&self) {
        self.state.fetch_and(!1, Ordering::SeqCst);
    }

    pub fn is_set(&self) -> bool {
        self.state.load(Ordering::SeqCst) & 1 == 1
    }
}

impl Wait {
    pub fn new(event: Arc<Sync>) -> Wait {
        Wait { event, seen: None }
    }

    pub fn poll(&mut self) -> Result<bool, Error> {
        let state = Event::of(&self.event)?.state.load(Ordering::SeqCst);
        let seen = *self.seen.get_or_insert(state >> 1);
        Ok(state & 1 == 1 || state >> 1 != seen)
    }

    pub fn ready(&self) -> bool {
        Event::of(&self.event).is_ok_and(|event| {
            let state = event.state.load(Ordering::SeqCst);
            state & 1 == 1 || self.seen.is_some_and(|seen| state >> 1 != seen)
        })
    }
}
