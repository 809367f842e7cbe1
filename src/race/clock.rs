//! Vector clocks. Each living thread has a *slot*, a place in all clocks, and counts its own releases in it.

use std::sync::Arc;

/// For each slot, up to which of its times everything is known to have happened before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Clock(Vec<u32>);

/// What a thread knew at a release: all that `known` tells, and itself up to `time`.
///
/// A slot's time goes on with each stamp, so who knows the slot up to `time` knows all of the stamp: most stamps are
/// taken over by looking at one number.
#[derive(Debug, Clone)]
pub struct Stamp {
    pub known: Arc<[u32]>,
    pub slot: u16,
    pub time: u32,
}

impl Clock {
    /// As stamps have it.
    pub fn times(&self) -> &[u32] {
        &self.0
    }

    #[inline]
    pub fn of(&self, slot: u16) -> u32 {
        self.0.get(usize::from(slot)).copied().unwrap_or(0)
    }

    pub fn of_times(times: Vec<u32>) -> Clock {
        Clock(times)
    }

    pub fn set(&mut self, slot: u16, time: u32) {
        let slot = usize::from(slot);
        if self.0.len() <= slot {
            self.0.resize(slot + 1, 0);
        }
        self.0[slot] = time;
    }

    /// Whether all of the stamp is known.
    #[inline]
    pub fn knows(&self, stamp: &Stamp) -> bool {
        self.of(stamp.slot) >= stamp.time
    }

    /// Takes over what the stamp tells; false when nothing of it was new.
    pub fn learn(&mut self, stamp: &Stamp) -> bool {
        if self.knows(stamp) {
            return false;
        }
        self.take_over(&stamp.known);
        self.set(stamp.slot, stamp.time);
        true
    }

    /// Takes over what the other knows; false when nothing of it was new.
    pub fn join(&mut self, other: &Clock) -> bool {
        self.take_over(&other.0)
    }

    fn take_over(&mut self, times: &[u32]) -> bool {
        if self.0.len() < times.len() {
            self.0.resize(times.len(), 0);
        }
        let mut news = false;
        for (mine, theirs) in self.0.iter_mut().zip(times) {
            news |= theirs > mine;
            *mine = (*mine).max(*theirs);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_learnt_once() {
        let mut first = Clock::default();
        first.set(0, 3);
        let stamp = Stamp { known: first.times().into(), slot: 0, time: 3 };
        let mut second = Clock::default();
        second.set(1, 1);
        assert!(!second.knows(&stamp) && second.learn(&stamp) && !second.learn(&stamp));
        assert_eq!((second.of(0), second.of(1), second.of(7)), (3, 1, 0));
        assert!(first.join(&second) && !first.join(&second));
    }
}
