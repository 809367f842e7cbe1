//! Those who wait on a shared condition, a word each: when it came, who it is, and whether it has been notified.

use super::Place;
use crate::value::error::{Error, Kind};
use std::sync::atomic::{AtomicU64, Ordering};

/// The words: how many have ever come; how many slots are looked at; then the slots.
const CAME: usize = 0;
const USED: usize = 1;
const SLOTS: usize = 2;
/// As many can wait at once.
const MOST: usize = 4096 - SLOTS;
pub const WORDS: usize = SLOTS + MOST;

/// The two lowest bits.
const WAITS: u64 = 1;
const NOTIFIED: u64 = 2;
const STATE: u64 = 0b11;
const ID_BITS: u32 = 32;
/// Above them and the id: when it came.
const CAME_SHIFT: u32 = ID_BITS + 2;

#[derive(Debug)]
pub struct Tickets(Place);

impl Tickets {
    pub fn at(place: Place) -> Tickets {
        Tickets(place)
    }

    pub fn place(&self) -> &Place {
        &self.0
    }

    fn word(&self, word: usize) -> &AtomicU64 {
        self.0.memory.word(self.0.at + word)
    }

    fn slots(&self) -> impl Iterator<Item = &AtomicU64> {
        let used = self.word(USED).load(Ordering::SeqCst) as usize;
        (0..used).map(|slot| self.word(SLOTS + slot))
    }

    /// A ticket for this thread.
    pub fn take(&self, thread: u32) -> Result<usize, Error> {
        let came = self.word(CAME).fetch_add(1, Ordering::SeqCst);
        let ticket = came << CAME_SHIFT | u64::from(thread) << 2 | WAITS;
        for slot in 0..MOST {
            self.word(USED).fetch_max(slot as u64 + 1, Ordering::SeqCst);
            let word = self.word(SLOTS + slot);
            if word.load(Ordering::SeqCst) == 0
                && word.compare_exchange(0, ticket, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            {
                return Ok(slot);
            }
        }
        Err(Error::new(Kind::Refused, format!("{MOST} threads wait on this shared condition already"))
            .hint("let fewer threads wait at once, or give them several conditions"))
    }

    pub fn is_notified(&self, slot: usize) -> bool {
        self.word(SLOTS + slot).load(Ordering::SeqCst) & STATE == NOTIFIED
    }

    /// Gives the ticket back; false when it has been notified.
    pub fn leave(&self, slot: usize) -> bool {
        self.word(SLOTS + slot).swap(0, Ordering::SeqCst) & STATE == WAITS
    }

    /// Notifies at most so many of those who wait, the longest first; how many.
    pub fn notify(&self, most: usize) -> usize {
        let mut count = 0;
        while count < most {
            let waits = |word: &&AtomicU64| word.load(Ordering::SeqCst) & STATE == WAITS;
            let first =
                self.slots().filter(waits).min_by_key(|word| word.load(Ordering::SeqCst) >> CAME_SHIFT);
            let Some(word) = first else { break };
            let ticket = word.load(Ordering::SeqCst);
            let notified = ticket & !STATE | NOTIFIED;
            // It may have been given back meanwhile.
            if ticket & STATE == WAITS
                && word.compare_exchange(ticket, notified, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            {
                count += 1;
            }
        }
        count
    }

    /// How many wait and are not notified.
    pub fn waiting(&self) -> usize {
        self.slots().filter(|word| word.load(Ordering::SeqCst) & STATE == WAITS).count()
    }

    /// Takes out the tickets of threads that are gone. What was meant for one of them goes to another.
    pub fn sweep(&self, gone: &dyn Fn(u32) -> bool) {
        let mut lost = 0;
        for word in self.slots() {
            let ticket = word.load(Ordering::SeqCst);
            let thread = (ticket >> 2) as u32;
            if ticket != 0
                && gone(thread)
                && word.compare_exchange(ticket, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            {
                lost += usize::from(ticket & STATE == NOTIFIED);
            }
        }
        self.notify(lost);
    }
}
