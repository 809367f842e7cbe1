//! What goes one way through a connection: which of its bytes tell what, and who has made room by taking them.
//!
//! Bytes have no place for a stamp, since whoever reads them may be another program. So what they tell is kept beside them, by
//! their numbers: both sides count.

use super::clock::{Clock, Stamp};
use super::written::{In, Out};
use std::collections::VecDeque;
use std::ops::Range;

/// Of so many writes that nobody has read it is known what each tells; those behind tell it together.
const MOST: usize = 64;

/// So many bytes have room in any case. Beyond that the system may keep whoever writes waiting for those who read.
const ROOM: u64 = 65_536;

/// One of the two ways of a connection, by the side that writes: of the two, the one whose address comes first, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub connection: super::channels::Connection,
    pub first: bool,
}

#[derive(Debug, Default)]
pub struct Passage {
    /// From which byte on what is told, in their order. What was read is taken out, but for the last.
    told: VecDeque<(u64, Stamp)>,
    made: Clock,
}

impl Passage {
    /// What is written from this byte on tells this, and nothing that was to be written there before.
    pub fn tell(&mut self, byte: u64, stamp: Stamp) {
        let full = self.told.len() == MOST;
        match self.told.back_mut() {
            Some((from, last)) if *from == byte => *last = stamp,
            Some((_, last)) if full => {
                let mut both = Clock::of_times(last.known.to_vec());
                both.learn(last);
                both.learn(&stamp);
                *last = Stamp { known: both.times().into(), since: 0, ..stamp };
            }
            Some(_) | None => self.told.push_back((byte, stamp)),
        }
    }

    /// These bytes are taken: what they tell.
    pub fn take(&mut self, bytes: Range<u64>) -> Vec<Stamp> {
        let ends = self.told.iter().skip(1).map(|(from, _)| *from).chain([u64::MAX]);
        let within = |((from, stamp), end): (&(u64, Stamp), u64)| {
            (!bytes.is_empty() && *from < bytes.end && bytes.start < end).then(|| stamp.clone())
        };
        let told = self.told.iter().zip(ends).filter_map(within).collect();
        while self.told.get(1).is_some_and(|(next, _)| *next <= bytes.end) {
            self.told.pop_front();
        }
        told
    }

    /// Whoever has taken some has made room.
    pub fn make_room(&mut self, stamp: &Stamp) {
        self.made.learn(stamp);
    }

    /// What those have done without whom there was no room for so many bytes, or there need not have been.
    pub fn room(&self, bytes: u64) -> Option<&Clock> {
        (bytes > ROOM).then_some(&self.made)
    }

    /// All that may still come of it.
    pub fn add_to(&self, all: &mut Clock) {
        self.told.iter().for_each(|(_, stamp)| _ = all.learn(stamp));
        all.join(&self.made);
    }

    pub fn write(&self) -> Vec<u64> {
        let mut w = Out::default();
        w.clock(&self.made);
        w.word(self.told.len() as u64);
        for (from, stamp) in &self.told {
            w.word(*from);
            w.stamp(stamp);
        }
        w.words()
    }

    pub fn read(words: &[u64]) -> Passage {
        let mut r = In::new(words);
        Passage { made: r.clock(), told: r.many(|r| (r.word(), r.stamp())).into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(slot: u16, time: u32) -> Stamp {
        Stamp { known: [0][..].into(), slot, time, since: 0 }
    }

    fn told(stamps: &[Stamp]) -> Vec<(u16, u32)> {
        stamps.iter().map(|stamp| (stamp.slot, stamp.time)).collect()
    }

    #[test]
    fn bytes_tell_what_was_before_they_were_written() {
        let mut passage = Passage::default();
        passage.tell(0, stamp(1, 1));
        passage.tell(10, stamp(2, 1));
        passage.tell(20, stamp(1, 2));
        // It had no room, and another writes there.
        passage.tell(30, stamp(1, 3));
        passage.tell(30, stamp(2, 2));
        assert_eq!(told(&passage.take(0..5)), [(1, 1)]);
        assert_eq!(told(&passage.take(5..5)), []);
        let mut passage = Passage::read(&passage.write());
        assert_eq!(told(&passage.take(5..11)), [(1, 1), (2, 1)]);
        assert_eq!(told(&passage.take(11..30)), [(2, 1), (1, 2)]);
        assert_eq!(told(&passage.take(30..31)), [(2, 2)]);
        passage.tell(40, stamp(1, 4));
        assert_eq!(told(&passage.take(31..40)), [(2, 2)]);
        assert_eq!(told(&passage.take(40..50)), [(1, 4)]);
    }

    #[test]
    fn of_many_that_nobody_reads_the_last_tell_it_together() {
        let mut passage = Passage::default();
        (0..2 * MOST as u64).for_each(|byte| passage.tell(byte, stamp(byte as u16, 7)));
        assert_eq!(told(&passage.take(0..2)), [(0, 7), (1, 7)]);
        let last = passage.take(MOST as u64 - 1..MOST as u64);
        assert_eq!(last.len(), 1);
        let mut known = Clock::default();
        known.learn(&last[0]);
        assert!((MOST - 1..2 * MOST).all(|slot| known.of(slot as u16) == 7) && known.of(2) == 0);
    }

    #[test]
    fn only_beyond_what_has_room_who_writes_is_after_who_reads() {
        let mut passage = Passage::default();
        passage.make_room(&stamp(3, 4));
        assert!(passage.room(ROOM).is_none());
        assert_eq!(passage.room(ROOM + 1).map(|made| made.of(3)), Some(4));
        let mut all = Clock::default();
        passage.tell(0, stamp(5, 1));
        Passage::read(&passage.write()).add_to(&mut all);
        assert_eq!((all.of(3), all.of(5)), (4, 1));
    }
}
