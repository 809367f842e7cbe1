//! Rows of words, each stored once and known by a number.

use foldhash::fast::FixedState;
use std::collections::HashMap;

#[derive(Debug)]
pub struct Rows {
    numbers: HashMap<Box<[u32]>, u32, FixedState>,
    words: Vec<u32>,
    /// Where each row ends.
    ends: Vec<u32>,
}

impl Default for Rows {
    fn default() -> Rows {
        Rows { numbers: HashMap::with_hasher(FixedState::with_seed(13)), words: Vec::new(), ends: Vec::new() }
    }
}

impl Rows {
    /// The number of a row, and whether it is new.
    pub fn of(&mut self, row: &[u32]) -> (u32, bool) {
        if let Some(&number) = self.numbers.get(row) {
            return (number, false);
        }
        let number = self.ends.len() as u32;
        self.words.extend_from_slice(row);
        self.ends.push(self.words.len() as u32);
        self.numbers.insert(row.into(), number);
        (number, true)
    }

    pub fn row(&self, number: u32) -> &[u32] {
        let at = number as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.words[start as usize..self.ends[at] as usize]
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        self.words.len() * 8 + self.ends.len() * 60
    }
}
