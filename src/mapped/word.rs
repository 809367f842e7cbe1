//! A number that is kept in a thing itself, or in memory that processes share. Who uses it need not know.

use super::Place;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

#[derive(Debug)]
pub enum Word {
    Here(AtomicU64),
    There(Place),
}

impl Word {
    pub fn new(n: u64) -> Word {
        Word::Here(AtomicU64::new(n))
    }

    pub fn is_there(&self) -> bool {
        matches!(self, Word::There(_))
    }

    pub fn place(&self) -> Option<&Place> {
        if let Word::There(place) = self { Some(place) } else { None }
    }
}

impl Default for Word {
    fn default() -> Word {
        Word::new(0)
    }
}

impl Deref for Word {
    type Target = AtomicU64;

    #[inline(always)]
    fn deref(&self) -> &AtomicU64 {
        match self {
            Word::Here(word) => word,
            Word::There(place) => place.word(),
        }
    }
}
