//! Maps, in insertion order. Every operation is one step: it locks the map, for itself alone.

use super::Value;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use parking_lot::{Mutex, MutexGuard};

pub type Entries = IndexMap<Value, Value, RandomState>;

#[derive(Debug, Default)]
pub struct Map {
    entries: Mutex<Entries>,
}

impl Map {
    pub fn new(entries: Entries) -> Map {
        Map { entries: Mutex::new(entries) }
    }

    /// The entries, for one step. Never hold two containers' locks at once.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock()
    }

    pub fn len(&self) -> usize {
        self.entries.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
