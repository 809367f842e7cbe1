//! Rows of words (numbers, or bytes), each stored once and known by a number: one behind the other, with a table of their
//! numbers (open addressing). There may be as many as states.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};

#[derive(Debug)]
pub struct Rows<W> {
    words: Vec<W>,
    ends: Ends,
    /// The upper half is one of the row's hash, the lower its number plus one; 0 where nothing is.
    table: Vec<u64>,
}

impl<W> Default for Rows<W> {
    fn default() -> Rows<W> {
        Rows { words: Vec::new(), ends: Ends::default(), table: vec![0; 16] }
    }
}

const HASH: FixedState = FixedState::with_seed(13);
const NUMBER: u64 = u32::MAX as u64;

impl<W: Copy + Eq + Hash> Rows<W> {
    /// The number of a row, and whether it is new.
    pub fn of(&mut self, row: &[W]) -> (u32, bool) {
        let hash = HASH.hash_one(row);
        let slot = match self.find(hash, row) {
            Ok(number) => return (number, false),
            Err(slot) => slot,
        };
        let number = self.len() as u32;
        self.words.extend_from_slice(row);
        self.ends.push(self.words.len());
        self.table[slot] = hash & !NUMBER | (u64::from(number) + 1);
        if self.len() * 5 >= self.table.len() * 4 {
            self.grow();
        }
        (number, true)
    }

    /// The number of a row, or the slot where it belongs.
    fn find(&self, hash: u64, row: &[W]) -> Result<u32, usize> {
        let mut at = home(hash, self.table.len());
        loop {
            let slot = self.table[at];
            if slot == 0 {
                return Err(at);
            }
            let number = (slot & NUMBER) as u32 - 1;
            if slot & !NUMBER == hash & !NUMBER && self.row(number) == row {
                return Ok(number);
            }
            at = after(at, self.table.len());
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![0; self.table.len() * 3 / 2];
        let old = std::mem::replace(&mut self.table, larger);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = home(slot, self.table.len());
            while self.table[at] != 0 {
                at = after(at, self.table.len());
            }
            self.table[at] = slot;
        }
    }

    #[inline]
    pub fn row(&self, number: u32) -> &[W] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends.of(before));
        &self.words[start..self.ends.of(number)]
    }

    pub fn len(&self) -> usize {
        self.ends.low.len()
    }

    /// How many bytes they take.
    pub fn memory(&self) -> usize {
        self.words.len() * size_of::<W>() + self.len() * 4 + self.table.len() * 8
    }
}

/// Where a hash belongs, of which only the upper half counts.
#[inline]
fn home(hash: u64, slots: usize) -> usize {
    (((hash >> 32) * slots as u64) >> 32) as usize
}

#[inline]
fn after(at: usize, slots: usize) -> usize {
    if at + 1 == slots { 0 } else { at + 1 }
}

/// Where each row ends, in as few bytes as most of them need.
#[derive(Debug, Default)]
struct Ends {
    low: Vec<u32>,
    /// The rows at whose ends the upper half is one more than before, once for each.
    turns: Vec<u32>,
}

impl Ends {
    fn push(&mut self, end: usize) {
        let number = self.low.len() as u32;
        self.turns.resize((end as u64 >> 32) as usize, number);
        self.low.push(end as u32);
    }

    #[inline]
    fn of(&self, number: u32) -> usize {
        let low = self.low[number as usize] as usize;
        match self.turns.is_empty() {
            true => low,
            false => low | self.turns.partition_point(|turn| *turn <= number) << 32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ends, Rows};

    #[test]
    fn each_row_is_stored_once() {
        let mut rows = Rows::<u32>::default();
        let row = |n: u32| (0..n % 7).map(|at| n / 7 + at).collect::<Vec<u32>>();
        let known: Vec<u32> = (0..2000).map(|n| rows.of(&row(n)).0).collect();
        for (n, number) in (0..2000).zip(known) {
            assert_eq!(rows.of(&row(n)), (number, false));
            assert_eq!(rows.row(number), row(n));
        }
        // Of those without a word there is one.
        assert_eq!(rows.len(), 2000 - 2000 / 7);
    }

    #[test]
    fn rows_may_end_beyond_what_half_a_word_can_tell() {
        let ends = [5, u32::MAX as usize, (1 << 32) + 3, (1 << 32) + 9, 5 << 32, (5 << 32) + 1];
        let mut kept = Ends::default();
        ends.iter().for_each(|end| kept.push(*end));
        let read: Vec<usize> = (0..ends.len() as u32).map(|number| kept.of(number)).collect();
        assert_eq!(read, ends);
    }
}
