//! Values that a thread puts, or takes, in one breath: then the clock is looked at once for several of them.
//!
//! A look at the clock takes half as long as it takes to hand a value over. A thread that does the same again after it has gone
//! back in a loop once, and called nothing meanwhile, has done nothing else to speak of. So it only counts that, at most
//! `MOST` times, and what it counted is told with what it tells next (`recorder`): at even distances up to then, if that is
//! soon. If it is not, the thread has done something else since: what was counted is told as of its beginning. Or the system has
//! let others run in the middle of it: then puts are told as of their beginning, and gets as of their end, since a get must not
//! seem to come before its put.

use std::cell::Cell;

pub const MOST: u32 = 3;
/// To have called something is as if it had gone back so many times: more than it may.
const AWAY: u32 = 2;

thread_local! {
    static BREATH: Breath = const { Breath::new() };
}

struct Breath {
    /// What the thread has done last; 0 for nothing that may be counted.
    what: Cell<u64>,
    /// How often it has done so since, untold.
    again: Cell<u32>,
    /// How often it has gone back in a loop, and how often until it did so last.
    turns: Cell<u32>,
    latest: Cell<u32>,
}

impl Breath {
    const fn new() -> Breath {
        Breath { what: Cell::new(0), again: Cell::new(0), turns: Cell::new(0), latest: Cell::new(0) }
    }

    /// How often it has gone back since it did so last.
    #[inline(always)]
    fn since(&self) -> u32 {
        self.turns.get().wrapping_sub(self.latest.get())
    }
}

/// The thread has gone back in a loop.
#[inline(always)]
pub fn goes_back() {
    turns(1);
}

/// It calls something, or waits.
#[inline(always)]
pub fn goes_away() {
    turns(AWAY);
}

#[inline(always)]
fn turns(turns: u32) {
    BREATH.with(|breath| breath.turns.set(breath.turns.get().wrapping_add(turns)));
}

/// The thread does this. True: it was counted, and is to be told later.
#[inline(always)]
pub fn counts(what: u64) -> bool {
    BREATH.with(|breath| {
        let again = breath.again.get();
        let counts = breath.what.get() == what && again < MOST && breath.since() < AWAY;
        if counts {
            breath.again.set(again + 1);
            breath.latest.set(breath.turns.get());
        }
        counts
    })
}

/// The thread has told that it has done this now: from here on it is counted.
#[inline]
pub fn begin(what: u64) {
    BREATH.with(|breath| {
        breath.what.set(what);
        breath.latest.set(breath.turns.get());
    });
}

/// How often what it did last is still to be told, and whether it has done nothing else to speak of until now; from here on
/// nothing is counted.
#[inline]
pub fn end() -> (u32, bool) {
    BREATH.with(|breath| {
        breath.what.set(0);
        (breath.again.replace(0), breath.since() < AWAY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each test has a thread of its own.
    #[test]
    fn what_is_done_at_once_is_counted_and_nothing_else() {
        assert!(!counts(1));
        begin(1);
        for _ in 0..MOST {
            goes_back();
            assert!(counts(1));
        }
        assert!(!counts(1), "more than may be");
        assert_eq!((end(), end().0), ((MOST, true), 0));
        assert!(!counts(1), "it has ended");
        let twice: fn() = || (0..2).for_each(|_| goes_back());
        for between in [goes_away, twice] {
            begin(1);
            assert!(counts(1));
            between();
            assert!(!counts(1), "it may have done anything");
            assert_eq!(end(), (1, false));
        }
        begin(1);
        begin(2);
        assert!(!counts(1) && counts(2), "another");
    }
}
