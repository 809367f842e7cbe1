//! What a thread of the simulated world does with things to wait for in one step, for the log of that run. A run on real
//! threads tells its tape (`recorder`); a step has no time of its own, and what it has done is asked when it is over.
//!
//! Found through the OS thread, as operations have no way to the world.

use super::label;
use crate::sync::pipe::Heading;
use crate::sync::thread::Thread;
use crate::sync::{Kind, Sync};
use std::cell::RefCell;

/// Something that was done, by a thread with this number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    pub thread: u32,
    pub what: Did,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    Acquires(Named),
    Releases(Named),
    Signals(Named),
    /// `oldest`: what is put first is taken first.
    Puts {
        thing: Named,
        size: u64,
        oldest: bool,
    },
    Gets(Named),
    /// The number of the thread, or of the handle of a process.
    Joins(u32),
}

/// A thing to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// None of what processes share: each has a number of its own for it.
    pub id: Option<u32>,
    pub label: String,
}

impl Named {
    pub fn of(sync: &Sync) -> Named {
        // A side of an rwlock stands for the rwlock.
        let sync = if let Kind::Side(side) = &sync.kind { &side.lock } else { sync };
        let own = (!sync.is_shared()).then_some(sync.id);
        let id = if let Kind::End(end) = &sync.kind { Some(end.way(Heading::In)) } else { own };
        Named { id, label: label(sync) }
    }

    /// What is sent at this end of a pipe.
    pub fn sent(sync: &Sync) -> Named {
        let way = if let Kind::End(end) = &sync.kind { Some(end.way(Heading::Out)) } else { None };
        Named { id: way, label: label(sync) }
    }
}

thread_local! {
    static DONE: RefCell<Option<Vec<Did>>> = const { RefCell::new(None) };
}

/// From here on this OS thread notes what is done.
pub fn begin() {
    DONE.set(Some(Vec::new()));
}

/// What was done since, which is the thread's of this number.
pub fn take(thread: u32) -> impl Iterator<Item = Deed> {
    let done = DONE.with_borrow_mut(|done| done.as_mut().map(std::mem::take)).unwrap_or_default();
    done.into_iter().map(move |what| Deed { thread, what })
}

/// The step is over.
pub fn end() {
    DONE.set(None);
}

pub(super) fn note(did: impl FnOnce() -> Did) {
    // Things may be dropped while the OS thread is on its way out.
    let _ = DONE.try_with(|place| {
        if let Ok(mut place) = place.try_borrow_mut()
            && let Some(done) = &mut *place
        {
            done.push(did());
        }
    });
}

pub(super) fn joins(thread: &Thread) {
    note(|| Did::Joins(thread.id));
}
