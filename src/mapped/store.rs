//! What a shared queue holds: values in a buffer that grows.
//!
//! How many there are and how many have been taken is one word, so that a put or a get is made known by one store. It
//! lies in the buffer: another buffer is made known by one store too.

use super::section::Section;
use super::slot::{bytes_of, encode, free, value_of};
use super::{Memory, Place};
use crate::value::error::Error;
use crate::value::nature::Nature;
use crate::value::{Value, compare};
use std::cmp;
use std::sync::atomic::Ordering;

/// In which order values leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    FirstFirst,
    LastFirst,
    SmallestFirst,
}

/// The words of a store.
const SECTION: usize = 0;
const BUFFER: usize = 1;
/// Bit 0: closed. Bit 1: what is left is dropped.
const FLAGS: usize = 2;
/// How many were reported done, in the low half.
const DONE: usize = 3;
pub const WORDS: usize = 4;

/// The words of a buffer, before its slots.
const COUNTS: usize = 0;
const ROOM: usize = 1;
const SLOTS: usize = 2;
/// How many slots the first buffer has.
const FIRST: usize = 30;

const CLOSED: u64 = 1;
const DROPPED: u64 = 2;
/// One more taken, in the high half of the counts.
const TAKEN: u64 = 1 << 32;

#[derive(Debug)]
pub struct Store {
    place: Place,
    leaving: Leaving,
}

/// What came of a put.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// It takes so many bytes.
    Done(usize),
    Full,
    Closed,
}

impl Store {
    pub fn make(place: Place, leaving: Leaving) -> Result<Store, Error> {
        let store = Store { place, leaving };
        let buffer = store.new_buffer(FIRST, 0)?;
        store.word(BUFFER).store(buffer as u64, Ordering::SeqCst);
        Ok(store)
    }

    pub fn at(place: Place, leaving: Leaving) -> Store {
        Store { place, leaving }
    }

    pub fn leaving(&self) -> Leaving {
        self.leaving
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    fn memory(&self) -> &Memory {
        &self.place.memory
    }

    fn word(&self, word: usize) -> &std::sync::atomic::AtomicU64 {
        self.memory().word(self.place.at + word)
    }

    fn enter(&self) -> Section<'_> {
        Section::enter(self.memory(), self.place.at + SECTION)
    }

    fn buffer(&self) -> usize {
        self.word(BUFFER).load(Ordering::SeqCst) as usize
    }

    fn new_buffer(&self, room: usize, counts: u64) -> Result<usize, Error> {
        let memory = self.memory();
        let buffer = memory.take(SLOTS + room)?;
        memory.word(buffer + COUNTS).store(counts, Ordering::Relaxed);
        memory.word(buffer + ROOM).store(room as u64, Ordering::Relaxed);
        Ok(buffer)
    }

    fn counts(&self, buffer: usize) -> u64 {
        self.memory().word(buffer + COUNTS).load(Ordering::SeqCst)
    }

    fn room(&self, buffer: usize) -> usize {
        self.memory().word(buffer + ROOM).load(Ordering::Relaxed) as usize
    }

    /// The word of the slot of the value that came as this one of those that are there.
    fn slot(&self, buffer: usize, counts: u64, index: usize) -> usize {
        let first = if self.leaving == Leaving::FirstFirst { (counts >> 32) as usize } else { 0 };
        buffer + SLOTS + (first + index) % self.room(buffer)
    }

    pub fn put(&self, value: &Value, capacity: Option<usize>) -> Result<Put, Error> {
        let word = encode(self.memory(), value)?;
        // Afterwards somebody may have taken it.
        let bytes = bytes_of(self.memory(), word).unwrap_or_default();
        let section = self.enter();
        let put = self.put_word(word, bytes, value, capacity);
        drop(section);
        if !matches!(put, Ok(Put::Done(_))) {
            free(self.memory(), word);
        }
        put
    }

    fn put_word(
        &self,
        word: u64,
        bytes: usize,
        value: &Value,
        capacity: Option<usize>,
    ) -> Result<Put, Error> {
        if self.closed() {
            return Ok(Put::Closed);
        }
        let mut buffer = self.buffer();
        let counts = self.counts(buffer);
        let count = counts as u32 as usize;
        if capacity.is_some_and(|most| count >= most) {
            return Ok(Put::Full);
        }
        if self.leaving == Leaving::SmallestFirst && count > 0 {
            compare::order(value, &self.peek(buffer, counts, 0))?; // what cannot be compared is refused
        }
        if count == self.room(buffer) {
            buffer = self.grow(buffer, counts)?;
        }
        self.memory().word(self.slot(buffer, counts, count)).store(word, Ordering::SeqCst);
        self.memory().word(buffer + COUNTS).store(counts + 1, Ordering::SeqCst);
        Ok(Put::Done(bytes))
    }

    fn peek(&self, buffer: usize, counts: u64, index: usize) -> Value {
        let word = self.memory().word(self.slot(buffer, counts, index)).load(Ordering::SeqCst);
        value_of(self.memory(), word, Nature::Own).unwrap_or(Value::Nil)
    }

    /// A larger buffer with the same values, in the place of a full one.
    fn grow(&self, old: usize, counts: u64) -> Result<usize, Error> {
        let (memory, room) = (self.memory(), self.room(old));
        let new = self.new_buffer(2 * (SLOTS + room) - SLOTS, counts)?;
        for index in 0..room {
            let word = memory.word(self.slot(old, counts, index)).load(Ordering::Relaxed);
            memory.word(self.slot(new, counts, index)).store(word, Ordering::Relaxed);
        }
        self.publish(new, old);
        Ok(new)
    }

    fn publish(&self, new: usize, old: usize) {
        let room = self.room(old);
        self.word(BUFFER).store(new as u64, Ordering::SeqCst);
        self.memory().give(old, SLOTS + room);
    }

    /// The next value, if there is one, and how many bytes it takes.
    pub fn get(&self) -> Result<Option<(Value, usize)>, Error> {
        let section = self.enter();
        let word = self.get_word()?;
        drop(section);
        let Some(word) = word else { return Ok(None) };
        let value = value_of(self.memory(), word, Nature::Own).unwrap_or(Value::Nil);
        let bytes = bytes_of(self.memory(), word).unwrap_or_default();
        free(self.memory(), word);
        Ok(Some((value, bytes)))
    }

    fn get_word(&self) -> Result<Option<u64>, Error> {
        let buffer = self.buffer();
        let counts = self.counts(buffer);
        let count = counts as u32 as usize;
        if count == 0 || self.dropped() {
            return Ok(None);
        }
        let index = match self.leaving {
            Leaving::FirstFirst => 0,
            Leaving::LastFirst => count - 1,
            Leaving::SmallestFirst => return self.get_smallest(buffer, counts).map(Some),
        };
        let word = self.memory().word(self.slot(buffer, counts, index)).load(Ordering::SeqCst);
        self.memory().word(buffer + COUNTS).store(counts.wrapping_add(TAKEN) - 1, Ordering::SeqCst);
        Ok(Some(word))
    }

    /// The others come into another buffer, in their order: of equal ones the first leaves first.
    fn get_smallest(&self, old: usize, counts: u64) -> Result<u64, Error> {
        let count = counts as u32 as usize;
        let mut smallest = (0, self.peek(old, counts, 0));
        for index in 1..count {
            let value = self.peek(old, counts, index);
            if compare::order(&value, &smallest.1)? == cmp::Ordering::Less {
                smallest = (index, value);
            }
        }
        let memory = self.memory();
        let word = |buffer: usize, index: usize| memory.word(self.slot(buffer, counts, index));
        let new = self.new_buffer(self.room(old), counts.wrapping_add(TAKEN) - 1)?;
        for (to, from) in (0..count).filter(|index| *index != smallest.0).enumerate() {
            word(new, to).store(word(old, from).load(Ordering::Relaxed), Ordering::Relaxed);
        }
        let taken = word(old, smallest.0).load(Ordering::Relaxed);
        self.publish(new, old);
        Ok(taken)
    }

    pub fn size(&self) -> usize {
        let _section = self.enter();
        if self.dropped() { 0 } else { self.counts(self.buffer()) as u32 as usize }
    }

    /// How many were put and not reported done.
    pub fn unfinished(&self) -> u64 {
        let _section = self.enter();
        u64::from(self.unfinished_now())
    }

    fn unfinished_now(&self) -> u32 {
        let counts = self.counts(self.buffer());
        let there = if self.dropped() { 0 } else { counts as u32 };
        let done = self.word(DONE).load(Ordering::SeqCst) as u32;
        ((counts >> 32) as u32).wrapping_add(there).wrapping_sub(done)
    }

    /// How many are unfinished after this one; None when none was before.
    pub fn task_done(&self) -> Option<u64> {
        let _section = self.enter();
        let left = self.unfinished_now().checked_sub(1)?;
        let done = self.word(DONE).load(Ordering::SeqCst);
        self.word(DONE).store(done + 1, Ordering::SeqCst);
        Some(u64::from(left))
    }

    pub fn close(&self, drop: bool) {
        let _section = self.enter();
        self.word(FLAGS).fetch_or(if drop { CLOSED | DROPPED } else { CLOSED }, Ordering::SeqCst);
    }

    pub fn closed(&self) -> bool {
        self.word(FLAGS).load(Ordering::SeqCst) & CLOSED != 0
    }

    fn dropped(&self) -> bool {
        self.word(FLAGS).load(Ordering::SeqCst) & DROPPED != 0
    }

    /// A copy of what it holds.
    pub fn values(&self) -> Vec<Value> {
        let _section = self.enter();
        let buffer = self.buffer();
        let counts = self.counts(buffer);
        let count = if self.dropped() { 0 } else { counts as u32 as usize };
        (0..count).map(|index| self.peek(buffer, counts, index)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(leaving: Leaving) -> Store {
        let memory = Memory::new(0).expect("there is address space");
        let at = memory.take_zeroed(WORDS).expect("there is room");
        Store::make(Place { memory, at }, leaving).expect("there is room")
    }

    #[test]
    fn orders_of_leaving() {
        let left = |leaving| {
            let store = store(leaving);
            let put = |n| assert!(matches!(store.put(&Value::Int(n), None), Ok(Put::Done(8))));
            let get = || store.get().unwrap().map(|(value, _)| value);
            [5, 1, 9].into_iter().for_each(put);
            let mut left = vec![get()];
            (0..100).for_each(put);
            left.extend((0..103).map(|_| get()));
            assert_eq!(store.unfinished(), 103);
            left.into_iter()
                .map(|value| if let Some(Value::Int(n)) = value { n } else { -1 })
                .collect::<Vec<_>>()
        };
        let all: Vec<i64> = (0..100).collect();
        assert_eq!(left(Leaving::FirstFirst), [&[5, 1, 9][..], &all, &[-1]].concat());
        let back: Vec<i64> = (0..100).rev().collect();
        assert_eq!(left(Leaving::LastFirst), [&[9][..], &back, &[1, 5, -1]].concat());
        let mut sorted = [&[5, 9][..], &all].concat();
        sorted.sort_unstable();
        assert_eq!(left(Leaving::SmallestFirst), [&[1][..], &sorted, &[-1]].concat());
    }

    #[test]
    fn every_value_leaves_once() {
        let store = store(Leaving::FirstFirst);
        let rounds: i64 = if cfg!(miri) { 20 } else { 20_000 };
        let sums: i64 = std::thread::scope(|scope| {
            for putter in 0..2 {
                let store = &store;
                scope.spawn(move || {
                    for n in 0..rounds {
                        let value = Value::list(vec![Value::Int(n), Value::Int(putter)]);
                        assert!(matches!(store.put(&value, None), Ok(Put::Done(_))));
                    }
                });
            }
            let getter = || {
                let (mut sum, mut got) = (0, 0);
                while got < rounds {
                    if let Some((Value::List(list), _)) = store.get().unwrap()
                        && let Some(Value::Int(n)) = list.get(0)
                    {
                        sum += n;
                        got += 1;
                    }
                }
                sum
            };
            let getters = [scope.spawn(getter), scope.spawn(getter)];
            getters.map(|getter| getter.join().expect("it only gets")).into_iter().sum()
        });
        assert_eq!(sums, rounds * (rounds - 1));
    }
}
