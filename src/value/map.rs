//! Maps, in insertion order. Every operation is one step: it locks the map, for itself alone.

use super::editing::Entrywise;
use super::error::Error;
use super::nature::Nature;
use super::step::{StepGuard, Stepped, shadow_of};
use super::there::Whole;
use super::{Value, release};
use crate::mapped::{Memory, Place};
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

pub type Entries = IndexMap<Value, Value, RandomState>;

#[derive(Debug, Default)]
pub struct Map {
    entries: Stepped<Entries>,
    pub nature: Nature,
    /// Where it is, if it is in memory that processes share; `entries` is then what was read last.
    there: Option<Box<Whole>>,
}

impl Map {
    pub fn new(entries: Entries) -> Map {
        Map::of(Nature::Own, entries)
    }

    pub fn of(nature: Nature, entries: Entries) -> Map {
        Map { entries: Stepped::new(entries), nature, there: None }
    }

    /// The same map, which is new, in memory that processes share.
    pub fn there(&self, memory: &Arc<Memory>) -> Result<Map, Error> {
        let whole = Whole::new(memory, &Value::map(self.lock().clone()))?;
        Ok(Map::with(self.nature, whole))
    }

    /// That which is in this place.
    pub fn found(nature: Nature, place: Place) -> Map {
        Map::with(nature, Whole::at(place))
    }

    fn with(nature: Nature, whole: Whole) -> Map {
        let mut map = Map::of(nature, Entries::default());
        map.there = Some(Box::new(whole));
        map
    }

    /// Where it is in memory that processes share.
    pub fn place(&self) -> Option<usize> {
        self.there.as_ref().map(|whole| whole.number())
    }

    /// The entries, for one step that looks at them. Never hold two containers' locks at once. For changing them there
    /// is `edit`.
    #[inline]
    pub fn lock(&self) -> StepGuard<'_, Entries> {
        let mut entries = self.entries.lock();
        if let Some(news) = self.there.as_ref().and_then(|whole| whole.news()) {
            if let Some(Value::Map(map)) = news.whole {
                *entries = map.lock().clone();
            }
            news.changes.into_iter().for_each(|piece| piece.change_entries(&mut entries));
        }
        entries
    }

    /// Changes the entries, as one step. If somebody in another process was faster, the change is made once more, with
    /// what is there then. One that fails changes nothing.
    #[inline]
    pub fn edit<R>(
        &self,
        change: &mut dyn FnMut(&mut Entrywise<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let Some(whole) = &self.there else {
            return change(&mut Entrywise::unnoted(&mut self.entries.lock()));
        };
        loop {
            let mut entries = self.lock();
            let mut editing = Entrywise::new(&mut entries);
            let answer = change(&mut editing);
            if let Some(answer) = whole.conclude(editing, answer) {
                return answer;
            }
        }
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of what it holds now, in order.
    pub fn snapshot(&self) -> Vec<(Value, Value)> {
        self.lock().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    pub fn keys(&self) -> Vec<Value> {
        self.lock().keys().cloned().collect()
    }

    pub fn values(&self) -> Vec<Value> {
        self.lock().values().cloned().collect()
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
