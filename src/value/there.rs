//! Containers in memory that processes share.
//!
//! A list or a map is one word, which leads to all that has been done to it, piece by piece (see `mapped::journal`); a
//! change exchanges the word, or is made again when somebody else was faster. So nobody sees half a change, whoever dies.
//! Each process keeps what it has read last beside, and reads what is new when the word is another. An array has a word
//! for each element.

use super::Value;
use super::editing::Editing;
use super::error::Error;
use super::nature::{INTO, Nature};
use super::wire;
use crate::mapped::{Appended, Journal, Memory, Place, Slot};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A list or a map, and what has been read of it last.
#[derive(Debug)]
pub struct Whole {
    journal: Journal,
    /// The word of what is kept here.
    seen: AtomicU64,
}

/// A change of a container: `removed` parts from `at` on give way to others. Of a map: an entry is put in (its key and
/// its value are the parts), or the one with that key is removed.
#[derive(Debug)]
pub struct Piece {
    pub at: u32,
    pub removed: u32,
    pub parts: Vec<Value>,
}

/// What is new: all of it, then what was changed.
#[derive(Debug)]
pub struct News {
    pub whole: Option<Value>,
    pub changes: Vec<Piece>,
}

impl Whole {
    pub fn new(memory: &Arc<Memory>, value: &Value) -> Result<Whole, Error> {
        let at = memory.take_zeroed(1)?;
        let whole = Whole::at(Place { memory: memory.clone(), at });
        whole.replace(value)?;
        Ok(whole)
    }

    pub fn at(place: Place) -> Whole {
        Whole { journal: Journal::at(place), seen: AtomicU64::new(Journal::NOTHING) }
    }

    pub fn number(&self) -> usize {
        self.journal.number()
    }

    /// What has been changed since it was read last. To be called under the lock of what is kept.
    #[inline]
    pub fn news(&self) -> Option<News> {
        let seen = self.seen.load(Ordering::Relaxed);
        if self.journal.now() == seen { None } else { self.read(seen) }
    }

    fn read(&self, seen: u64) -> Option<News> {
        let news = self.journal.news(seen)?;
        self.seen.store(news.word, Ordering::Relaxed);
        // They were encoded.
        let whole = news.whole.map(|bytes| wire::decode_as(&bytes, Nature::Copy).unwrap_or(Value::Nil));
        let changes = news.changes.iter().filter_map(|bytes| Piece::decode(bytes)).collect();
        Some(News { whole, changes })
    }

    /// Makes known what has been done to what was read last, and gives the answer of that. None when somebody else was
    /// faster: it is to be done again. What has failed, or was done in vain, is taken back.
    pub fn conclude<R>(&self, editing: impl Editing, answer: Result<R, Error>) -> Option<Result<R, Error>> {
        let published = match &answer {
            Ok(_) if editing.is_untouched() => Ok(true),
            Ok(_) => self.publish(&editing),
            Err(_) => Ok(false),
        };
        if let Ok(true) = published {
            return Some(answer);
        }
        if !editing.undo() {
            self.seen.store(Journal::NOTHING, Ordering::Relaxed); // what is kept is to be read again
        }
        match (published, answer) {
            (Err(error), _) | (_, Err(error)) => Some(Err(error)),
            (Ok(_), Ok(_)) => None,
        }
    }

    /// The change, or else all that there is after it; false when somebody else was faster.
    fn publish(&self, editing: &impl Editing) -> Result<bool, Error> {
        if let Some(piece) = editing.piece() {
            match self.journal.append(self.seen.load(Ordering::Relaxed), &piece.encode()?)? {
                Appended::Done(word) => {
                    self.seen.store(word, Ordering::Relaxed);
                    return Ok(true);
                }
                Appended::Outdated => return Ok(false),
                Appended::TooLong => {}
            }
        }
        self.replace(&editing.all())
    }

    fn replace(&self, value: &Value) -> Result<bool, Error> {
        let bytes = wire::encode(value, INTO)?;
        let new = self.journal.begin_anew(self.seen.load(Ordering::Relaxed), &bytes)?;
        if let Some(word) = new {
            self.seen.store(word, Ordering::Relaxed);
        }
        Ok(new.is_some())
    }
}

impl Piece {
    fn encode(self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::from(self.at.to_le_bytes());
        bytes.extend(self.removed.to_le_bytes());
        bytes.extend(wire::encode(&Value::list(self.parts), INTO)?);
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Piece> {
        let (at, rest) = bytes.split_first_chunk()?;
        let (removed, rest) = rest.split_first_chunk()?;
        let Value::List(parts) = wire::decode_as(rest, Nature::Copy)? else { return None };
        let (at, removed) = (u32::from_le_bytes(*at), u32::from_le_bytes(*removed));
        Some(Piece { at, removed, parts: parts.snapshot() })
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
