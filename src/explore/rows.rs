//! Rows of words (numbers, or bytes), each stored once and known by a number: one behind the other, with tables of their
//! numbers (open addressing), each for a part of all hashes: so never more than a small part is there twice, when it grows.
//! There may be as many as states.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};

#[derive(Debug)]
pub struct Rows<W> {
    words: Vec<W>,
    ends: Ends,
    tables: [Table; TABLES],
}

const TABLES: usize = 16;

#[derive(Debug)]
struct Table {
    /// The upper half is one of the row's hash, the lower its number plus one; 0 where nothing is.
    slots: Vec<u64>,
    count: usize,
}

impl Default for Table {
    fn default() -> Table {
        Table { slots: vec![0; 8], count: 0 }
    }
}

impl<W> Default for Rows<W> {
    fn default() -> Rows<W> {
        Rows { words: Vec::new(), ends: Ends::default(), tables: Default::default() }
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
        self.tables[table_of(hash)].put(slot, hash & !NUMBER | (u64::from(number) + 1));
        (number, true)
    }

    /// The number of a row, or the slot of its table where it belongs.
    fn find(&self, hash: u64, row: &[W]) -> Result<u32, usize> {
        let Table { slots, .. } = &self.tables[table_of(hash)];
        let mut at = home(hash, slots.len());
        loop {
            let slot = slots[at];
            if slot == 0 {
                return Err(at);
            }
            let number = (slot & NUMBER) as u32 - 1;
            if slot & !NUMBER == hash & !NUMBER && self.row(number) == row {
                return Ok(number);
            }
            at = after(at, slots.len());
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
        let slots: usize = self.tables.iter().map(|table| table.slots.len()).sum();
        self.words.len() * size_of::<W>() + self.len() * 4 + slots * 8
    }
}

impl Table {
    fn put(&mut self, at: usize, slot: u64) {
        self.slots[at] = slot;
        self.count += 1;
        if self.count * 5 >= self.slots.len() * 4 {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 5 / 4];
        let old = std::mem::replace(&mut self.slots, larger);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = home(slot, self.slots.len());
            while self.slots[at] != 0 {
                at = after(at, self.slots.len());
            }
            self.slots[at] = slot;
        }
    }
}

/// Which table a hash belongs to, by its first four bits.
#[inline]
fn table_of(hash: u64) -> usize {
    (hash >> 60) as usize
}

/// Where it belongs there, by the other bits of its upper half: hashes are in their order.
#[inline]
fn home(hash: u64, slots: usize) -> usize {
    (((hash >> 32 & 0x0fff_ffff) * slots as u64) >> 28) as usize
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
