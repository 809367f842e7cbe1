//! Locks that a thread takes again and again.
//!
//! Looking at the clock costs more than taking a lock that is free. So a thread that has taken and given back the same
//! lock at once (`recorder::QUICK`), and does so again with nothing else to tell in between, only counts (`sync::untold`): twice
//! as many each time, as long as the average is quick, at most `MOST` and no longer than `LONG`. What was counted is told as one
//! event (`Repeats`). Whatever else the thread has to tell, that it waits above all, comes after what was counted, and a lock that it
//! holds then is told.

use crate::sync::Sync;
use crate::sync::untold::{self, Untold};
use std::cell::Cell;

const MOST: u32 = 256;
/// So many times what is quick.
const LONG: u64 = 64;

thread_local! {
    static COUNTING: Counting = const { Counting::nothing() };
    /// What counts where each step is noted as well, for `--race`: that comes first then.
    static NOTED: Untold = const { Untold::nothing() };
}

/// A lock that is counted.
pub(super) struct Counting {
    /// Its number plus one; 0 for none.
    lock: Cell<u32>,
    /// Each step is noted as well.
    noted: Cell<bool>,
    /// How often it might be taken since what was told last, and the last time that it might be at all.
    begun: Cell<u32>,
    allowed: Cell<u32>,
    since: Cell<u64>,
}

/// What was counted of a lock.
#[derive(Debug)]
pub(super) struct Counted {
    pub lock: u32,
    /// How often it was taken without having been told, and whether the last time lasts.
    pub times: u32,
    pub held: bool,
    since: u64,
    allowed: u32,
}

/// Whether a step that is noted as well is counted: the lock is taken, or given back.
pub(super) fn takes_noted(lock: u32) -> bool {
    NOTED.with(|untold| untold.takes(lock))
}

pub(super) fn gives_back_noted(lock: u32) -> bool {
    NOTED.with(|untold| untold.gives_back(lock))
}

/// What was counted of this lock; None when another one is counted, or none.
pub(super) fn of(sync: &Sync) -> Option<Counted> {
    COUNTING.with(|counting| (counting.lock.get() == sync.id + 1).then(|| counting.counted()))
}

/// Ends the counting. What was counted; None for nothing.
#[inline]
pub(super) fn end() -> Option<Counted> {
    COUNTING.with(|counting| {
        let any = counting.lock.get() != 0;
        any.then(|| {
            let counted = counting.counted();
            counting.lock.set(0);
            counting.untold(Untold::end);
            counted
        })
    })
}

/// This lock was taken at `time`, which was told. `noted`: each step is noted as well.
pub(super) fn taken(sync: &Sync, noted: bool, before: Option<Counted>, time: u64) {
    let allowed = before.map_or(0, |before| before.allowed);
    COUNTING.with(|counting| counting.begin(sync.id, noted, (0, allowed), time));
}

/// It was given back at `time`, which was told; `quick` is as long as it may take each time if it is to be counted.
pub(super) fn given_back(sync: &Sync, noted: bool, before: &Counted, time: u64, quick: u64) {
    let each = time.saturating_sub(before.since) / u64::from(before.times.max(1));
    let most = (LONG * quick / each.max(1)).clamp(1, MOST.into()) as u32;
    let allowed = if each < quick { (before.allowed * 2).clamp(1, most) } else { 0 };
    COUNTING.with(|counting| counting.begin(sync.id, noted, (allowed, allowed), time));
}

impl Counting {
    const fn nothing() -> Counting {
        Counting {
            lock: Cell::new(0),
            noted: Cell::new(false),
            begun: Cell::new(0),
            allowed: Cell::new(0),
            since: Cell::new(0),
        }
    }

    /// Counts this lock from now on. How often it may be taken before the clock is looked at, and how often the last time that
    /// it might be at all.
    fn begin(&self, lock: u32, noted: bool, (begun, allowed): (u32, u32), since: u64) {
        self.lock.set(lock + 1);
        self.noted.set(noted);
        self.begun.set(begun);
        self.allowed.set(allowed);
        self.since.set(since);
        self.untold(|untold| untold.allow(lock, begun));
    }

    /// What counts the steps.
    fn untold<R>(&self, what: impl FnOnce(&Untold) -> R) -> R {
        if self.noted.get() { NOTED.with(what) } else { untold::with(what) }
    }

    fn counted(&self) -> Counted {
        let left = self.untold(Untold::left);
        Counted {
            lock: self.lock.get() - 1,
            times: self.begun.get() - left / 2,
            held: left % 2 == 1,
            since: self.since.get(),
            allowed: self.allowed.get(),
        }
    }
}
