//! That somebody waits in another process: two words of each queue of waiters.
//!
//! A process whose thread comes to wait sets its bit in the first. Who has something for a waiter takes bits away, counts
//! that in the second, and rings those processes; there a thread of conc's own (the relay) wakes waiters. It sets the
//! bit again while some still wait, and then wakes one more: what came before the bit was set again rang nobody.
//!
//! A bit stands for all processes whose numbers end in it, so among more than 64 some are rung for nothing.

use super::Place;
use std::sync::atomic::{AtomicU64, Ordering};

const ARMED: usize = 0;
/// How often one was called in the low half, all in the high half.
const CALLS: usize = 1;
pub const WORDS: usize = 2;
const ALL: u64 = 1 << 32;

#[derive(Debug)]
pub struct Elsewhere {
    place: Place,
    /// The calls that this process has heard.
    heard: AtomicU64,
}

/// Whom this process is to wake.
#[derive(Debug, PartialEq, Eq)]
pub enum Call {
    None,
    One,
    All,
}

impl Elsewhere {
    pub fn at(place: Place) -> Elsewhere {
        let heard = AtomicU64::new(place.plus(CALLS).word().load(Ordering::SeqCst));
        Elsewhere { place, heard }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    fn armed(&self) -> &AtomicU64 {
        self.place.memory.word(self.place.at + ARMED)
    }

    fn calls(&self) -> &AtomicU64 {
        self.place.memory.word(self.place.at + CALLS)
    }

    fn bit(number: usize) -> u64 {
        1 << (number % 64)
    }

    /// Somebody here waits.
    pub fn arm(&self) {
        self.armed().fetch_or(Elsewhere::bit(self.place.memory.own().number), Ordering::SeqCst);
    }

    /// There is something for one waiter, or for all. This process is not meant.
    #[inline]
    pub fn call(&self, all: bool) {
        if self.armed().load(Ordering::SeqCst) != 0 {
            self.call_some(all);
        }
    }

    #[cold]
    fn call_some(&self, all: bool) {
        let memory = &self.place.memory;
        let own = memory.own().number;
        let count = self.calls().load(Ordering::SeqCst);
        // Not always the same first.
        let mut processes: Vec<_> = memory.living().filter(|process| process.number != own).collect();
        if !processes.is_empty() {
            let turn = count as usize % processes.len();
            processes.rotate_left(turn);
        }
        for process in processes {
            let bit = Elsewhere::bit(process.number);
            // Taken away first: who comes to wait after this sets it for the next call.
            if self.armed().fetch_and(!bit, Ordering::SeqCst) & bit == 0 {
                continue;
            }
            self.calls().fetch_add(if all { ALL } else { 1 }, Ordering::SeqCst);
            // Of several processes with this bit all are rung: the others need not have waited.
            let same =
                memory.living().filter(|other| Elsewhere::bit(other.number) == bit && other.number != own);
            same.for_each(|process| process.ring());
            if !all {
                return;
            }
        }
    }

    /// What has been called since this was asked last.
    pub fn heard(&self) -> Call {
        let now = self.calls().load(Ordering::SeqCst);
        let before = self.heard.swap(now, Ordering::SeqCst);
        match now {
            _ if now == before => Call::None,
            _ if now / ALL == before / ALL => Call::One,
            _ => Call::All,
        }
    }
}
