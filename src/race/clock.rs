//! Vector clocks. Each living thread has a *slot*, a place in all clocks, and counts its own releases in it.

use std::num::NonZero;
use std::ops::Deref;
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
    pub known: Known,
    pub slot: u16,
    pub time: u32,
    /// The slot's time at which it learnt something last; 0 where nobody has kept that.
    pub since: u32,
}

/// What a thread knows of the others, by number: its slot, and since which of its times it has learnt nothing. Stamps of
/// which this is the same differ in their times only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lore(NonZero<u64>);

/// The times of a stamp. It goes from core to core with whatever is handed over: where threads are few, without a block of
/// memory of its own and a count of who has it.
#[derive(Debug, Clone)]
pub enum Known {
    Few(u8, [u32; FEW]),
    Many(Arc<[u32]>),
}

/// With so many a stamp and the lock beside it take one line of a cache.
const FEW: usize = 9;

impl From<&[u32]> for Known {
    #[inline]
    fn from(times: &[u32]) -> Known {
        if times.len() > FEW {
            return Known::Many(times.into());
        }
        let mut few = [0; FEW];
        few[..times.len()].copy_from_slice(times);
        Known::Few(times.len() as u8, few)
    }
}

impl Known {
    /// Becomes these times where it stands, if they are few; else it stays as it is. (What is put together elsewhere, in small
    /// pieces, and moved as one, is waited for until it has reached the cache: that takes longer than all else.)
    #[inline]
    pub fn become_few(&mut self, times: &[u32]) -> bool {
        let (Known::Few(len, few), true) = (self, times.len() <= FEW) else { return false };
        *len = times.len() as u8;
        few.iter_mut().zip(times).for_each(|(place, time)| *place = *time);
        true
    }
}

impl Deref for Known {
    type Target = [u32];

    #[inline]
    fn deref(&self) -> &[u32] {
        match self {
            Known::Few(len, times) => &times[..usize::from(*len)],
            Known::Many(times) => times,
        }
    }
}

impl Lore {
    #[inline]
    pub fn new(slot: u16, since: u32) -> Option<Lore> {
        NonZero::new(u64::from(since)).and_then(|since| since.checked_add(u64::from(slot) << 32)).map(Lore)
    }

    #[inline]
    pub fn number(self) -> u64 {
        self.0.get()
    }
}

impl Stamp {
    #[inline]
    pub fn lore(&self) -> Option<Lore> {
        Lore::new(self.slot, self.since)
    }
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

    #[inline]
    pub fn set(&mut self, slot: u16, time: u32) {
        match self.0.get_mut(usize::from(slot)) {
            Some(place) => *place = time,
            None => self.begin(slot, time),
        }
    }

    #[cold]
    fn begin(&mut self, slot: u16, time: u32) {
        self.0.resize(usize::from(slot), 0);
        self.0.push(time);
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
        let stamp = Stamp { known: first.times().into(), slot: 0, time: 3, since: 0 };
        let mut second = Clock::default();
        second.set(1, 1);
        assert!(!second.knows(&stamp) && second.learn(&stamp) && !second.learn(&stamp));
        assert_eq!((second.of(0), second.of(1), second.of(7)), (3, 1, 0));
        assert!(first.join(&second) && !first.join(&second));
    }

    #[test]
    fn a_stamp_knows_few_and_many() {
        for slots in [0, 1, FEW - 1, FEW, FEW + 1, 1000] {
            let times: Vec<u32> = (0..slots as u32).collect();
            let known = Known::from(&*times);
            assert_eq!(*known, *times);
            assert_eq!(matches!(known, Known::Many(_)), slots > FEW);
            for before in [0, FEW, FEW + 1] {
                let mut known = Known::from(&*vec![9; before]);
                let few = before <= FEW && slots <= FEW;
                assert_eq!(known.become_few(&times), few);
                assert_eq!(*known, *if few { times.clone() } else { vec![9; before] });
            }
        }
        assert_eq!(size_of::<Stamp>(), 56);
    }
}
