//! Rows of words, each stored once and known by a number.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

/// What a row takes beside its words, about: its place and its length, its hash, its number in the table, and what the
/// system's allocator adds.
const BESIDE: usize = 24 + 12 + 16;

#[derive(Debug)]
pub struct Rows {
    rows: IndexSet<Box<[u32]>, FixedState>,
    words: usize,
}

impl Default for Rows {
    fn default() -> Rows {
        Rows { rows: IndexSet::with_hasher(FixedState::with_seed(13)), words: 0 }
    }
}

impl Rows {
    /// The number of a row, and whether it is new.
    pub fn of(&mut self, row: &[u32]) -> (u32, bool) {
        if let Some(number) = self.rows.get_index_of(row) {
            return (number as u32, false);
        }
        self.words += row.len();
        let (number, _) = self.rows.insert_full(row.into());
        (number as u32, true)
    }

    #[inline]
    pub fn row(&self, number: u32) -> &[u32] {
        &self.rows[number as usize]
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        self.words * size_of::<u32>() + self.rows.len() * BESIDE
    }
}
