//! `event`: unset or set; waiting ends when it is set, also for those who waited when it was set and cleared at once.

use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::mapped::{ELSEWHERE_WORDS, Place, Word};
use crate::state::{Reader, Writer};
use crate::value::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Debug, Default)]
pub struct Event {
    /// How many times it was set, times two, plus one while it is set.
    state: Word,
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

    /// How many words it has in memory that processes share.
    pub const WORDS: usize = 1 + ELSEWHERE_WORDS;

    /// The same in that memory.
    pub fn there(place: &Place) -> Event {
        let event = Event { state: Word::There(place.clone()), waiters: WaitQueue::new() };
        event.waiters.spread(place.plus(1));
        event
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

/// How many times an event that was read back has been set, whatever it was before: it matters only whether a wait
/// has missed one.
const SETS: u64 = 1;

impl Event {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.flag(self.is_set());
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.state.store(SETS << 1 | u64::from(r.flag()), Ordering::SeqCst);
    }
}

impl Wait {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.event);
        let sets = Event::of(&self.event).map_or(0, |event| event.state.load(Ordering::SeqCst) >> 1);
        w.option(self.seen, |w, seen| w.flag(seen != sets));
    }

    pub fn load(r: &mut Reader<'_>) -> Wait {
        Wait { event: r.sync(), seen: r.option(|r| if r.flag() { SETS - 1 } else { SETS }) }
    }

    /// Whether it has looked at the event.
    pub fn begun(&self) -> bool {
        self.seen.is_some()
    }
}
