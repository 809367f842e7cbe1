//! Whether those who stand by are of use. Where something else has their cores they are in the way: a piece of work that one
//! of them has begun lies there until it gets its core again, and all wait for it. Measured, with a program that never
//! rests on one of two cores: twelve times as long as alone, at worst.

use std::time::Duration;

/// What it was worth of late.
#[derive(Debug, Default)]
pub struct Worth {
    /// Seconds that were saved, less those that were lost.
    saved: f64,
    /// So many times more nobody is called.
    rests: u32,
    /// And the next time that it was not worth it.
    next: u32,
}

/// Seconds: no more is remembered of what was saved, and after a loss of so many nobody is called for a while.
const MOST_SAVED: f64 = 0.005;
const MOST_LOST: f64 = 0.002;
/// Each time in a row twice as long.
const SHORTEST: u32 = 60;
const LONGEST: u32 = 2000;

impl Worth {
    /// Something is to be done: whether nobody is called for it.
    pub fn is_none(&mut self) -> bool {
        let rests = self.rests > 0;
        self.rests = self.rests.saturating_sub(1);
        rests
    }

    /// So many of all pieces were done here, in this time; until all were done it took the other.
    pub fn note(&mut self, (mine, all): (usize, usize), own: Duration, whole: Duration) {
        if mine == 0 {
            return;
        }
        let alone = own.as_secs_f64() * all as f64 / mine as f64;
        self.saved = (self.saved + alone - whole.as_secs_f64()).min(MOST_SAVED);
        if self.saved == MOST_SAVED {
            self.next = SHORTEST;
        } else if self.saved < -MOST_LOST {
            self.rests = self.next.max(SHORTEST);
            self.next = (self.rests * 2).min(LONGEST);
            self.saved = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often they are called of so many times, where each time takes so many microseconds with them, and half of the
    /// pieces 500 microseconds.
    fn called(worth: &mut Worth, times: u32, whole: u64) -> u32 {
        let mut called = 0;
        for _ in 0..times {
            if !worth.is_none() {
                called += 1;
                worth.note((5, 10), Duration::from_micros(500), Duration::from_micros(whole));
            }
        }
        called
    }

    #[test]
    fn who_is_in_the_way_is_called_now_and_then_and_who_is_of_use_always() {
        let mut worth = Worth::default();
        assert_eq!(called(&mut worth, 1000, 550), 1000);
        // Once in a while they may be late.
        assert_eq!(called(&mut worth, 1, 4000), 1);
        assert_eq!(called(&mut worth, 1000, 550), 1000);
        let in_vain = called(&mut worth, 1000, 2000);
        assert!((5..40).contains(&in_vain), "{in_vain}");
        // It is found out when they are of use again.
        assert!(called(&mut worth, 5000, 550) > 2900);
        assert_eq!(called(&mut worth, 1000, 550), 1000);
    }

    #[test]
    fn where_others_did_it_all_nothing_is_known() {
        let mut worth = Worth::default();
        (0..100).for_each(|_| worth.note((0, 10), Duration::ZERO, Duration::from_millis(9)));
        assert!(!worth.is_none());
    }
}
