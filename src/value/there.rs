//! Containers in memory that processes share.
//!
//! A list or a map is one word, which leads to all it holds: a change makes new bytes of the whole and exchanges the
//! word, or begins anew when somebody else was faster. So nobody sees half a change, whoever dies. Each process keeps what
//! it has read last beside, and reads again when the word is another. An array has a word for each element.

use super::Value;
use super::error::Error;
use super::nature::Nature;
use crate::mapped::{Memory, Place, Slot};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The word of a container.
#[derive(Debug)]
pub struct Whole {
    place: Place,
    /// The word of what is kept here.
    seen: AtomicU64,
}

/// What no word is: nothing has been read.
const NOTHING: u64 = 0;

impl Whole {
    pub fn new(memory: &Arc<Memory>, value: &Value) -> Result<Whole, Error> {
        let at = memory.take_zeroed(1)?;
        let whole = Whole::at(Place { memory: memory.clone(), at });
        Slot::of(&whole.place).set(value)?;
        Ok(whole)
    }

    pub fn at(place: Place) -> Whole {
        Whole { place, seen: AtomicU64::new(NOTHING) }
    }

    pub fn number(&self) -> usize {
        self.place.at
    }

    /// What it holds, if that is not what was read last. To be called under the lock of what is kept.
    pub fn news(&self) -> Option<Value> {
        let slot = Slot::of(&self.place);
        if slot.now() == self.seen.load(Ordering::Relaxed) {
            return None;
        }
        let (word, value) = slot.get_with_word(Nature::Copy);
        self.seen.store(word, Ordering::Relaxed);
        Some(value)
    }

    /// What is kept has been changed in vain: it is to be read again.
    pub fn forget(&self) {
        self.seen.store(NOTHING, Ordering::Relaxed);
    }

    /// Puts another value in place of what was read last; false when that is no longer so.
    pub fn replace(&self, value: &Value) -> Result<bool, Error> {
        let slot = Slot::of(&self.place);
        let word = slot.encode(value)?;
        let replaced = slot.exchange(self.seen.load(Ordering::Relaxed), word);
        self.seen.store(if replaced { word } else { NOTHING }, Ordering::Relaxed);
        Ok(replaced)
    }
}

/// The words of an array.
#[derive(Debug)]
pub struct Cells {
    place: Place,
    len: usize,
}

impl Cells {
    pub fn new(memory: &Arc<Memory>, values: &[Value]) -> Result<Cells, Error> {
        let at = memory.take_zeroed(values.len().max(1))?;
        for (value, number) in values.iter().zip(at..) {
            Slot::at(memory, number).set(value)?;
        }
        Ok(Cells { place: Place { memory: memory.clone(), at }, len: values.len() })
    }

    pub fn at(place: Place, len: usize) -> Cells {
        Cells { place, len }
    }

    pub fn number(&self) -> usize {
        self.place.at
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.len
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<Slot<'_>> {
        (index < self.len).then(|| Slot::at(&self.place.memory, self.place.at + index))
    }

    #[inline]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.slot(index).map(Slot::get)
    }

    /// False when there is no such element.
    #[inline]
    pub fn set(&self, index: usize, value: &Value) -> Result<bool, Error> {
        let Some(slot) = self.slot(index) else { return Ok(false) };
        slot.set(value)?;
        Ok(true)
    }

    pub fn values(&self) -> Vec<Value> {
        (0..self.len).filter_map(|index| self.get(index)).collect()
    }
}
