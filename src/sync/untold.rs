//! A lock that a thread takes and gives back again and again, and that nobody is told of each time: its steps are counted in two
//! numbers of the thread, which are looked at before anything else. So whoever looks at locks costs next to nothing then.
//!
//! What has to hold for that those know who allow it, and end it: `race::mine` and `event::recorder`. Only one of the two does
//! in a run.

use std::cell::Cell;

/// Two steps are one time: it is taken, and it is given back.
#[derive(Debug)]
pub struct Untold {
    /// The lock's number plus one; 0 for none.
    lock: Cell<u32>,
    /// The steps that may still be taken: an odd number while the lock is held.
    left: Cell<u32>,
}

thread_local! {
    static UNTOLD: Untold = const { Untold::nothing() };
}

/// Does something with what the thread may do untold.
#[inline(always)]
pub fn with<R>(what: impl FnOnce(&Untold) -> R) -> R {
    UNTOLD.with(what)
}

impl Untold {
    pub const fn nothing() -> Untold {
        Untold { lock: Cell::new(0), left: Cell::new(0) }
    }

    /// From here on this lock, which the thread does not hold, may be taken so often.
    #[inline]
    pub fn allow(&self, lock: u32, times: u32) {
        self.lock.set(lock + 1);
        self.left.set(2 * times);
    }

    /// Nothing is allowed any more. What was left: an odd number of steps when the lock is held.
    #[inline]
    pub fn end(&self) -> u32 {
        self.lock.set(0);
        self.left.replace(0)
    }

    #[inline]
    pub fn is_allowed(&self) -> bool {
        self.lock.get() != 0
    }

    #[inline]
    pub fn left(&self) -> u32 {
        self.left.get()
    }

    /// Whether this lock, which the thread has just taken, need not be told of.
    #[inline(always)]
    pub fn takes(&self, lock: u32) -> bool {
        self.steps(lock, 0)
    }

    /// The same of giving it back. The last time is told.
    #[inline(always)]
    pub fn gives_back(&self, lock: u32) -> bool {
        self.steps(lock, 1)
    }

    /// Counts a step, unless no more than so many are left.
    #[inline(always)]
    fn steps(&self, lock: u32, last: u32) -> bool {
        let left = self.left.get();
        let counts = left > last && self.lock.get() == lock + 1;
        if counts {
            self.left.set(left - 1);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_times_and_no_more_and_the_last_release_is_told() {
        let untold = Untold::nothing();
        assert!(!untold.takes(0) && !untold.is_allowed());
        for times in 1..4 {
            untold.allow(7, times);
            assert!(!untold.takes(8) && !untold.gives_back(8), "another one");
            for time in 1..=times {
                assert!(untold.takes(7));
                assert_eq!(untold.left() % 2, 1, "it is held");
                assert!(!untold.gives_back(8));
                assert_eq!(untold.gives_back(7), time < times);
            }
            assert_eq!(untold.end(), 1, "nobody was told that it was given back");
            assert!(!untold.takes(7) && !untold.is_allowed());
        }
    }
}
