//! Maps, in insertion order. Every operation is one step: it locks the map, for itself alone.

use super::step::{StepGuard, Stepped, shadow_of};
use super::{Value, release};
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use std::sync::atomic::AtomicU32;

pub type Entries = IndexMap<Value, Value, RandomState>;

#[derive(Debug, Default)]
pub struct Map {
    entries: Stepped<Entries>,
}

impl Map {
    pub fn new(entries: Entries) -> Map {
        Map { entries: Stepped::new(entries) }
    }

    /// The entries, for one step. Never hold two containers' locks at once.
    #[inline]
    pub fn lock(&self) -> StepGuard<'_, Entries> {
        self.entries.lock()
    }

    pub fn len(&self) -> usize {
        self.entries.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of what it holds now, in order.
    pub fn snapshot(&self) -> Vec<(Value, Value)> {
        self.entries.lock().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub fn keys(&self) -> Vec<Value> {
        self.entries.lock().keys().cloned().collect()
    }

    pub fn values(&self) -> Vec<Value> {
        self.entries.lock().values().cloned().collect()
    }

    /// The place for the number of its shadow.
    pub fn shadow(&self) -> &AtomicU32 {
        shadow_of(&self.entries)
    }

    /// For the only holder.
    pub(super) fn inner(&mut self) -> &mut Entries {
        self.entries.get_mut()
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if self.inner().iter().any(|(key, value)| release::nests(value) || release::nests(key)) {
            let entries = std::mem::take(self.inner());
            release::release(entries.into_iter().flat_map(|(key, value)| [key, value]).collect());
        }
    }
}
