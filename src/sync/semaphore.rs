//! `semaphore`: a number of permits, which any thread may take and any thread may give.

use super::wait::WaitQueue;
use super::{Kind, Sync, Who};
use crate::mapped::{ELSEWHERE_WORDS, Place, Word};
use crate::state::{Reader, Writer};
use crate::value::error::{self, Error};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug)]
pub struct Semaphore {
    /// An `i64`.
    permits: Word,
    initial: i64,
    bounded: bool,
    pub waiters: WaitQueue,
    holders: Holders,
}

/// Who has taken permits, as far as it is known: for reports only, so it is small and never waits.
#[derive(Debug, Default)]
struct Holders {
    /// Thread id plus one in the high half, line in the low half; 0 for none.
    slots: [AtomicU64; 8],
    /// A thread gave a permit that it had not taken: it is used as a signal, and taking is not holding.
    signal: AtomicBool,
}

impl Semaphore {
    pub fn new(initial: i64, bounded: bool) -> Result<Semaphore, Error> {
        if initial < 0 {
            let message = format!("a semaphore cannot begin with {initial} permits");
            return Err(Error::new(error::Kind::Value, message).hint("give a number from 0 up"));
        }
        Ok(Semaphore {
            permits: Word::new(initial as u64),
            initial,
            bounded,
            waiters: WaitQueue::new(),
            holders: Holders::default(),
        })
    }

    pub fn of(sync: &Sync) -> Result<&Semaphore, Error> {
        if let Kind::Semaphore(semaphore) = &sync.kind { Ok(semaphore) } else { Err(sync.is_no("semaphore")) }
    }

    /// How many words it has in memory that processes share.
    pub const WORDS: usize = 1 + ELSEWHERE_WORDS;

    /// The same in that memory, where its permits are. Each process remembers its own holders.
    pub fn there(&self, place: &Place) -> Semaphore {
        let semaphore = Semaphore {
            permits: Word::There(place.clone()),
            initial: self.initial,
            bounded: self.bounded,
            waiters: WaitQueue::new(),
            holders: Holders::default(),
        };
        semaphore.waiters.spread(place.plus(1));
        semaphore
    }

    /// Takes a permit if there is one.
    #[inline]
    pub fn try_acquire(&self, who: Who<'_>) -> bool {
        let mut permits = self.permits.load(Ordering::SeqCst);
        while permits as i64 > 0 {
            match self.permits.compare_exchange_weak(permits, permits - 1, Ordering::SeqCst, Ordering::SeqCst)
            {
                Ok(_) => {
                    self.holders.add(who.thread.id, who.line);
                    return true;
                }
                Err(now) => permits = now,
            }
        }
        false
    }

    /// Gives `n` permits.
    #[inline]
    pub fn release(&self, sync: &Sync, who: Who<'_>, n: i64) -> Result<(), Error> {
        if n < 1 {
            return Err(Error::new(error::Kind::Value, format!("{}.release({n}): at least 1", sync.label())));
        }
        let mut order = sync.order();
        // Before the permits: the next holder must find a slot free.
        self.holders.remove(who.thread.id, n);
        let most = if self.bounded { self.initial } else { i64::MAX };
        let give =
            |permits: u64| (permits as i64).checked_add(n).filter(|sum| *sum <= most).map(|sum| sum as u64);
        if self.permits.fetch_update(Ordering::SeqCst, Ordering::SeqCst, give).is_err() {
            return Err(self.too_many(sync));
        }
        order.gave_permits(n.unsigned_abs());
        drop(order);
        sync.count_given(n.unsigned_abs());
        match n {
            1 => self.waiters.offer(),
            n => self.waiters.wake(usize::try_from(n).unwrap_or(usize::MAX)),
        }
        Ok(())
    }

    pub fn initial(&self) -> u64 {
        self.initial.unsigned_abs()
    }

    /// Whether giving too many permits is an error.
    pub fn is_bounded(&self) -> bool {
        self.bounded
    }

    pub fn permits(&self) -> i64 {
        self.permits.load(Ordering::SeqCst) as i64
    }

    pub fn ready(&self) -> bool {
        self.permits() > 0
    }

    /// The line where this thread took a permit that it has not given back.
    pub fn held_since(&self, thread: u32) -> Option<u32> {
        self.holders.line(thread)
    }

    #[cold]
    fn too_many(&self, sync: &Sync) -> Error {
        let label = sync.label();
        if !self.bounded {
            return Error::new(error::Kind::Overflow, format!("{label} has too many permits to count"));
        }
        Error::new(error::Kind::Value, format!("{label} released too many times"))
            .note(format!("it began with {}, and as many are there now", self.initial))
            .hint("every release needs an acquire before it; `with` does both")
    }
}

impl Holders {
    #[inline]
    fn add(&self, thread: u32, line: u32) {
        if self.signal.load(Ordering::Relaxed) {
            return;
        }
        let entry = (u64::from(thread) + 1) << 32 | u64::from(line);
        let first = thread as usize;
        for i in 0..self.slots.len() {
            let slot = &self.slots[(first + i) % self.slots.len()];
            if slot.load(Ordering::Relaxed) == 0
                && slot.compare_exchange(0, entry, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            {
                return;
            }
        }
    }

    #[inline]
    fn remove(&self, thread: u32, n: i64) {
        if self.signal.load(Ordering::Relaxed) {
            return;
        }
        let first = thread as usize;
        let mut left = n;
        let mut full = true;
        for i in 0..self.slots.len() {
            let slot = &self.slots[(first + i) % self.slots.len()];
            let entry = slot.load(Ordering::Relaxed);
            full &= entry != 0;
            if entry >> 32 == u64::from(thread) + 1 {
                // Only its own thread removes an entry, so it is still the same.
                slot.store(0, Ordering::Relaxed);
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
        // With all slots taken by others its own may have found no room.
        if !full {
            self.signal.store(true, Ordering::Relaxed);
        }
    }

    fn line(&self, thread: u32) -> Option<u32> {
        if self.signal.load(Ordering::Relaxed) {
            return None;
        }
        let entries = self.slots.iter().map(|slot| slot.load(Ordering::Relaxed));
        entries.filter(|entry| entry >> 32 == u64::from(thread) + 1).map(|entry| entry as u32).min()
    }
}

impl Semaphore {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.int(self.initial);
        w.flag(self.bounded);
    }

    pub fn load(r: &mut Reader<'_>) -> Semaphore {
        let (initial, bounded) = (r.int(), r.flag());
        let permits = Word::new(initial as u64);
        Semaphore { permits, initial, bounded, waiters: WaitQueue::new(), holders: Holders::default() }
    }

    /// Who has taken permits is for reports only, and tells no states apart.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.int(self.permits());
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.permits.store(r.int() as u64, Ordering::SeqCst);
    }
}
