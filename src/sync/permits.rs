//! Which permits of semaphores a thread has taken, as far as it is known: for reports only, so it is small and never waits.
//!
//! It is kept with the thread and not with the semaphore: only the thread itself writes it, so that threads that use
//! one semaphore do not take each other's memory away for it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Permits {
    /// A semaphore's id plus one in the high half, the line of acquisition in the low half; 0 for none.
    slots: [AtomicU64; 8],
    /// How many found no room.
    untold: AtomicU32,
}

fn entry(semaphore: u32, line: u32) -> u64 {
    (u64::from(semaphore) + 1) << 32 | u64::from(line)
}

impl Permits {
    /// The thread itself has taken one.
    #[inline]
    pub fn add(&self, semaphore: u32, line: u32) {
        match self.slots.iter().find(|slot| slot.load(Ordering::Relaxed) == 0) {
            Some(slot) => slot.store(entry(semaphore, line), Ordering::Relaxed),
            None => {
                self.untold.store(self.untold.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed)
            }
        }
    }

    /// The thread itself gives one: whether it had taken one of that semaphore, for all that is known.
    #[inline]
    pub fn remove(&self, semaphore: u32) -> bool {
        let of_it = |slot: &&AtomicU64| slot.load(Ordering::Relaxed) >> 32 == u64::from(semaphore) + 1;
        if let Some(slot) = self.slots.iter().find(of_it) {
            slot.store(0, Ordering::Relaxed);
            return true;
        }
        let untold = self.untold.load(Ordering::Relaxed);
        self.untold.store(untold.saturating_sub(1), Ordering::Relaxed);
        untold > 0
    }

    /// The thread itself takes permits of that semaphore, but holds none.
    #[inline]
    pub fn forget(&self, semaphore: u32) {
        for slot in &self.slots {
            if slot.load(Ordering::Relaxed) >> 32 == u64::from(semaphore) + 1 {
                slot.store(0, Ordering::Relaxed);
            }
        }
    }

    /// The first line where the thread has taken one of that semaphore.
    pub fn line(&self, semaphore: u32) -> Option<u32> {
        let entries = self.slots.iter().map(|slot| slot.load(Ordering::Relaxed));
        entries.filter(|found| found >> 32 == u64::from(semaphore) + 1).map(|found| found as u32).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_not_told_and_not_mistaken_for_a_signal() {
        let permits = Permits::default();
        (0..10).for_each(|n| permits.add(n, 5));
        assert_eq!((permits.line(7), permits.line(8)), (Some(5), None));
        assert!((0..10).all(|n| permits.remove(n)));
        assert!(!permits.remove(3), "nothing is left");
        permits.add(3, 6);
        permits.add(3, 4);
        assert_eq!(permits.line(3), Some(4));
    }

    #[test]
    fn a_semaphore_that_turns_out_to_be_a_signal_takes_no_room_from_others() {
        let permits = Permits::default();
        (0..8).for_each(|_| permits.add(1, 5));
        permits.forget(1);
        permits.add(2, 6);
        assert_eq!((permits.line(1), permits.line(2)), (None, Some(6)));
    }
}
