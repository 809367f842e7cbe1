//! Stamps in the order in which they came: of permits given, of values put. In memory that processes share each has a
//! block, so that a long queue costs no more than a short one.

use super::clock::Stamp;
use super::written::{In, Out};
use crate::mapped::Memory;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Debug)]
pub enum Line {
    /// Each with how often it can be taken.
    Here(VecDeque<(Stamp, u64)>),
    There(Chain),
}

/// Blocks of which each leads to the one before and the one behind it.
#[derive(Debug)]
pub struct Chain {
    memory: Arc<Memory>,
    /// 0 when there is none.
    first: usize,
    last: usize,
    /// Blocks that are to be given back when it is known that nothing leads to them: where, and how long.
    gone: Vec<(usize, usize)>,
}

/// The words of a block, before those of the stamp.
const BEFORE: usize = 0;
const BEHIND: usize = 1;
const TIMES: usize = 2;
const LENGTH: usize = 3;
const STAMP: usize = 4;

impl Default for Line {
    fn default() -> Line {
        Line::Here(VecDeque::new())
    }
}

impl Line {
    pub fn there(memory: &Arc<Memory>, first: usize, last: usize) -> Line {
        Line::There(Chain { memory: memory.clone(), first, last, gone: Vec::new() })
    }

    /// Where it begins and ends there.
    pub fn ends(&self) -> (usize, usize) {
        match self {
            Line::Here(_) => (0, 0),
            Line::There(chain) => (chain.first, chain.last),
        }
    }

    /// It can be taken so often.
    pub fn push(&mut self, stamp: Stamp, times: u64) {
        match self {
            Line::Here(stamps) => stamps.push_back((stamp, times)),
            Line::There(chain) => chain.push(&stamp, times),
        }
    }

    /// The oldest, as often as it can be taken.
    pub fn take(&mut self) -> Option<Stamp> {
        match self {
            Line::Here(stamps) => {
                let (stamp, times) = stamps.front_mut()?;
                *times -= 1;
                if *times > 0 {
                    return Some(stamp.clone());
                }
                stamps.pop_front().map(|(stamp, _)| stamp)
            }
            Line::There(chain) => chain.take(),
        }
    }

    /// The newest. Each can be taken once.
    pub fn take_newest(&mut self) -> Option<Stamp> {
        match self {
            Line::Here(stamps) => stamps.pop_back().map(|(stamp, _)| stamp),
            Line::There(chain) => chain.take_last(),
        }
    }

    pub fn clear(&mut self) {
        match self {
            Line::Here(stamps) => stamps.clear(),
            Line::There(chain) => while chain.take_last().is_some() {},
        }
    }

    /// What leads to it is known to lead to nothing that was taken.
    pub fn known(&mut self) {
        if let Line::There(chain) = self {
            chain.gone.drain(..).for_each(|(block, words)| chain.memory.give(block, words));
        }
    }
}

impl Chain {
    fn get(&self, block: usize, word: usize) -> u64 {
        self.memory.word(block + word).load(Ordering::Relaxed)
    }

    fn set(&self, block: usize, word: usize, value: usize) {
        self.memory.word(block + word).store(value as u64, Ordering::Relaxed);
    }

    fn push(&mut self, stamp: &Stamp, times: u64) {
        let mut w = Out::default();
        w.stamp(stamp);
        let words = w.words();
        // Without room it is missing: what it would have ordered may be reported.
        let Ok(block) = self.memory.take(STAMP + words.len()) else { return };
        self.set(block, BEFORE, self.last);
        self.set(block, BEHIND, 0);
        self.set(block, TIMES, times as usize);
        self.set(block, LENGTH, words.len());
        words.iter().zip(STAMP..).for_each(|(word, at)| self.set(block, at, *word as usize));
        match self.last {
            0 => self.first = block,
            last => self.set(last, BEHIND, block),
        }
        self.last = block;
    }

    fn stamp(&self, block: usize) -> Stamp {
        let length = self.get(block, LENGTH) as usize;
        let words: Vec<u64> = (STAMP..STAMP + length).map(|at| self.get(block, at)).collect();
        In::new(&words).stamp()
    }

    fn gone(&mut self, block: usize) {
        self.gone.push((block, STAMP + self.get(block, LENGTH) as usize));
    }

    fn take(&mut self) -> Option<Stamp> {
        let block = self.first;
        if block == 0 {
            return None;
        }
        let stamp = self.stamp(block);
        let times = self.get(block, TIMES);
        if times > 1 {
            self.set(block, TIMES, times as usize - 1);
            return Some(stamp);
        }
        self.first = self.get(block, BEHIND) as usize;
        match self.first {
            0 => self.last = 0,
            first => self.set(first, BEFORE, 0),
        }
        self.gone(block);
        Some(stamp)
    }

    fn take_last(&mut self) -> Option<Stamp> {
        let block = self.last;
        if block == 0 {
            return None;
        }
        let stamp = self.stamp(block);
        self.last = self.get(block, BEFORE) as usize;
        match self.last {
            0 => self.first = 0,
            last => self.set(last, BEHIND, 0),
        }
        self.gone(block);
        Some(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::clock::Clock;

    #[test]
    fn both_kinds_do_the_same() {
        let memory = Memory::new(0).expect("there is address space");
        let mut lines = [Line::default(), Line::there(&memory, 0, 0)];
        let stamp = |time: u32| {
            let mut known = Clock::default();
            known.set(3, time);
            Stamp { known: known.times().into(), slot: 3, time, since: 0 }
        };
        let taken = lines.each_mut().map(|line| {
            let mut taken = Vec::new();
            for round in 0..3 {
                (1..5).for_each(|time| line.push(stamp(time + round), u64::from(time % 2) + 1));
                taken.extend([line.take(), line.take(), line.take(), line.take_newest()]);
                line.known();
            }
            (0..8).for_each(|_| taken.push(line.take()));
            line.push(stamp(9), 1);
            line.clear();
            taken.push(line.take());
            taken.into_iter().map(|stamp| stamp.map(|stamp| (stamp.slot, stamp.time))).collect::<Vec<_>>()
        });
        assert_eq!(taken[0], taken[1]);
        assert_eq!(taken[0][..4], [Some((3, 1)), Some((3, 1)), Some((3, 2)), Some((3, 4))]);
        assert_eq!(lines[1].ends(), (0, 0));
    }
}
