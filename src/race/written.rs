//! Clocks, and what things hand from one thread to another, as words: for memory that processes share.
//!
//! Equal clocks are written once.

use super::again::Latest;
use super::clock::{Clock, Known, Stamp};
use super::line::Line;
use super::notes::{Notes, Sum};
use crate::mapped::Memory;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Default)]
pub struct Out {
    body: Vec<u64>,
    clocks: Vec<u64>,
    numbers: HashMap<Vec<u32>, u64>,
}

pub struct In<'w> {
    words: &'w [u64],
    clocks: Vec<Known>,
}

impl Out {
    pub fn word(&mut self, word: u64) {
        self.body.push(word);
    }

    pub fn clock(&mut self, clock: &Clock) {
        self.times(clock.times());
    }

    fn times(&mut self, times: &[u32]) {
        let next = self.numbers.len() as u64;
        let number = self.numbers.get(times).copied().unwrap_or(next);
        if number == next {
            self.numbers.insert(times.to_vec(), number);
            self.clocks.push(times.len() as u64);
            self.clocks.extend(
                times
                    .chunks(2)
                    .map(|two| u64::from(two[0]) | u64::from(two.get(1).copied().unwrap_or(0)) << 32),
            );
        }
        self.word(number);
    }

    pub fn stamp(&mut self, stamp: &Stamp) {
        self.times(&stamp.known);
        self.word(u64::from(stamp.time) | u64::from(stamp.slot) << 32);
    }

    pub fn option<T>(&mut self, value: Option<&T>, write: impl FnOnce(&mut Out, &T)) {
        self.word(u64::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub fn words(self) -> Vec<u64> {
        let mut words = vec![self.numbers.len() as u64];
        words.extend(self.clocks);
        words.extend(self.body);
        words
    }
}

impl In<'_> {
    pub fn new(words: &[u64]) -> In<'_> {
        let mut r = In { words, clocks: Vec::new() };
        for _ in 0..r.word() {
            let count = r.word() as usize;
            let mut times = Vec::with_capacity(count + 1);
            while times.len() < count {
                let two = r.word();
                times.extend([two as u32, (two >> 32) as u32]);
            }
            times.truncate(count);
            r.clocks.push(times[..].into());
        }
        r
    }

    /// 0 when there are no more.
    pub fn word(&mut self) -> u64 {
        let Some((first, rest)) = self.words.split_first() else { return 0 };
        self.words = rest;
        *first
    }

    pub fn clock(&mut self) -> Clock {
        Clock::of_times(self.times().to_vec())
    }

    fn times(&mut self) -> Known {
        let number = self.word() as usize;
        self.clocks.get(number).cloned().unwrap_or_else(|| (&[][..]).into())
    }

    pub fn stamp(&mut self) -> Stamp {
        let known = self.times();
        let word = self.word();
        Stamp { known, slot: (word >> 32) as u16, time: word as u32, since: 0 }
    }

    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.word() != 0).then(|| read(self))
    }

    pub fn many<T>(&mut self, mut read: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.word()).map(|_| read(self)).collect()
    }
}

impl Notes {
    pub fn write(&self) -> Vec<u64> {
        let mut w = Out::default();
        w.option(self.latest.release.as_ref(), Out::stamp);
        w.option(self.latest.taker.as_ref(), Out::stamp);
        w.clock(&self.sum.clock);
        w.clock(&self.all.clock);
        for line in [&self.given, &self.room] {
            let (first, last) = line.ends();
            w.word(first as u64);
            w.word(last as u64);
        }
        w.word(self.taken);
        w.word(self.meetings.len() as u64);
        for (number, clock, there) in &self.meetings {
            w.word(*number as u64);
            w.clock(clock);
            w.word(u64::from(*there));
        }
        w.words()
    }

    /// Those of a thing of which nothing is written yet are new.
    pub fn read(words: &[u64], memory: &Arc<Memory>) -> Notes {
        let mut r = In::new(words);
        let line = |r: &mut In<'_>| Line::there(memory, r.word() as usize, r.word() as usize);
        Notes {
            latest: Latest { release: r.option(In::stamp), taker: r.option(In::stamp) },
            sum: Sum::of(r.clock()),
            all: Sum::of(r.clock()),
            given: line(&mut r),
            room: line(&mut r),
            taken: r.word(),
            meetings: r.many(|r| (r.word() as usize, r.clock(), r.word() as u32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_as_they_were_written() {
        let stamp = |slot, time| {
            let mut clock = Clock::default();
            clock.set(slot, time);
            clock.set(2, 9);
            Stamp { known: clock.times().into(), slot, time, since: 0 }
        };
        let memory = Memory::new(0).expect("there is address space");
        let mut notes = Notes::read(&[], &memory);
        notes.latest.release = Some(stamp(4, 7));
        notes.taken = 3;
        notes.given.push(stamp(0, 1), 2);
        notes.given.push(stamp(1, u32::MAX), 1);
        notes.sum.clock.set(1, 8);
        notes.meetings.push((6, notes.sum.clock.clone(), 2));
        let words = notes.write();
        let mut again = Notes::read(&words, &memory);
        assert_eq!(again.write(), words);
        assert_eq!(
            (again.latest.release.map(|last| last.time), again.taken, again.sum.clock.of(1)),
            (Some(7), 3, 8)
        );
        assert_eq!(again.given.take().map(|given| (given.slot, given.known[2])), Some((0, 9)));
    }
}
