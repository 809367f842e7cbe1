//! So many words as are needed, which change together: two words, a section and what leads to them.
//!
//! Who opens a record has it alone. What is put in its place is made known by one store; whoever dies before that has
//! changed nothing.

use super::section::Section;
use super::{Memory, Place};
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub const WORDS: usize = 2;

#[derive(Debug)]
pub struct Record {
    place: Place,
}

pub struct Open<'r> {
    memory: &'r Memory,
    /// Of the word that leads to the block: its count, and then the words.
    at: usize,
    _section: Section<'r>,
}

impl Record {
    pub fn at(place: Place) -> Record {
        Record { place }
    }

    pub fn memory(&self) -> &Arc<Memory> {
        &self.place.memory
    }

    pub fn open(&self) -> Open<'_> {
        open(&self.place.memory, self.place.at)
    }
}

/// The record in this place.
pub fn open(memory: &Memory, at: usize) -> Open<'_> {
    Open { memory, at: at + 1, _section: Section::enter(memory, at) }
}

impl Open<'_> {
    /// None before anything has been put there.
    pub fn words(&self) -> Option<Vec<u64>> {
        let block = self.memory.word(self.at).load(Ordering::SeqCst) as usize;
        let word = |number: usize| self.memory.word(block + number).load(Ordering::Relaxed);
        (block != 0).then(|| (1..=word(0) as usize).map(word).collect())
    }

    /// Without room, what was there stays.
    pub fn put(&self, words: &[u64]) {
        let Ok(block) = self.memory.take(words.len() + 1) else { return };
        self.memory.word(block).store(words.len() as u64, Ordering::Relaxed);
        for (word, number) in words.iter().zip(block + 1..) {
            self.memory.word(number).store(*word, Ordering::Relaxed);
        }
        let before = self.memory.word(self.at).swap(block as u64, Ordering::SeqCst) as usize;
        if before != 0 {
            let words = self.memory.word(before).load(Ordering::Relaxed) as usize;
            self.memory.give(before, words + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_until_something_else_is() {
        let memory = Memory::new(0).expect("there is address space");
        let at = memory.take_zeroed(WORDS).expect("there is room");
        let record = Record::at(Place { memory, at });
        assert_eq!(record.open().words(), None);
        for words in [vec![], vec![1, 2, 3], (0..1000).collect(), vec![7]] {
            record.open().put(&words);
            assert_eq!(record.open().words(), Some(words));
        }
    }
}
