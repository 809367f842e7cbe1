//! A variable that several threads may read and write: each read and each write is one step.
//!
//! # A number is read without the lock
//!
//! A read that takes the lock is two writes to memory that others read, one of them a locked instruction. So a number is
//! also kept in a word of its own, `number`, beside a mark that says that it is one; both are written under the lock only.
//! Who finds the lock free, and then the mark, takes the word as it is then. That is one step, and in the same order as
//! all others:
//!
//! - what it reads was written under the lock, and had not been written over when it found the lock free, or has been
//!   written since: so it was the variable's value at some moment of the read. (After the word is written nobody who takes
//!   the lock finds the old value: the write counts from there.)
//! - a step that has taken the lock before it was found free has let go of it: its write is seen. And taking is a full
//!   barrier, in one order with the looks (both are sequentially consistent). So of two threads that each write one
//!   variable and read the other one, one at least finds the lock taken, or the new number.

use super::step::{Stepped, mark_of, shadow_of};
use super::{Value, apart, put, release};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Sequentially consistent; no value is ever torn.
#[derive(Debug)]
pub struct Cell {
    value: Stepped<Value>,
    /// The value, where it is a number.
    number: AtomicI64,
}

impl Cell {
    pub fn new(value: Value) -> Cell {
        let number = if let Value::Int(n) = value { Some(n) } else { None };
        let cell = Cell { value: Stepped::new(value), number: AtomicI64::new(number.unwrap_or(0)) };
        mark_of(&cell.value).store(number.is_some(), Ordering::Relaxed);
        cell
    }

    /// To be called with the lock held, after each change.
    #[inline(always)]
    fn note(&self, held: &Value) {
        let mark = mark_of(&self.value);
        if let Value::Int(n) = *held {
            self.number.store(n, Ordering::Release);
            mark.store(true, Ordering::Release);
        } else {
            mark.store(false, Ordering::Release);
        }
    }

    /// The number that it holds; None when it holds none, or somebody writes it.
    #[inline(always)]
    fn number(&self) -> Option<i64> {
        let marked = !self.value.is_locked() && mark_of(&self.value).load(Ordering::Acquire);
        marked.then(|| self.number.load(Ordering::Acquire))
    }

    #[inline]
    pub fn get(&self) -> Value {
        self.value.lock().clone()
    }

    /// Copies the value to a place; false when there is none yet. (For what the machine does all the time it is faster to
    /// write a number where it belongs than to hand it over: see `Value::copy_to`.)
    #[inline(always)]
    pub fn copy_to(&self, slot: &mut Value) -> bool {
        match self.number() {
            Some(n) => {
                put(slot, Value::Int(apart::int(n)));
                true
            }
            None => self.copy_other_to(slot),
        }
    }

    #[inline(never)]
    fn copy_other_to(&self, slot: &mut Value) -> bool {
        let value = self.get();
        let set = !matches!(value, Value::Unset);
        if set {
            put(slot, value);
        }
        set
    }

    /// Puts a copy of a value here.
    #[inline(always)]
    pub fn copy_from(&self, value: &Value) {
        let mut held = self.value.lock();
        if value.is_plain() && held.is_plain() {
            value.copy_over(&mut held);
            self.note(&held);
            return;
        }
        let old = std::mem::replace(&mut *held, value.clone());
        self.note(&held);
        drop(held);
        drop(old); // outside the lock: dropping may free a large structure
    }

    #[inline]
    pub fn set(&self, value: Value) {
        let mut held = self.value.lock();
        let old = std::mem::replace(&mut *held, value);
        self.note(&held);
        drop(held);
        drop(old); // outside the lock: dropping may free a large structure
    }

    /// The place for the number of its shadow.
    pub fn shadow(&self) -> &AtomicU32 {
        shadow_of(&self.value)
    }

    /// For the only holder.
    pub(super) fn inner(&mut self) -> &mut Value {
        self.value.get_mut()
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        if release::nests(self.inner()) {
            release::release(vec![std::mem::replace(self.inner(), Value::Nil)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn shown(cell: &Cell) -> String {
        let mut slot = Value::Nil;
        let set = cell.copy_to(&mut slot);
        if let Value::Unset = cell.get() {
            assert!(!set);
            return "Unset".into();
        }
        assert!(set);
        assert_eq!(format!("{slot:?}"), format!("{:?}", cell.get()));
        format!("{slot:?}")
    }

    #[test]
    fn whatever_was_there_before_the_value_is_what_was_written_last() {
        let values = [
            Value::Int(7),
            Value::Bool(true),
            Value::Unset,
            Value::Nil,
            Value::text("a longer text than fits"),
        ];
        for first in &values {
            assert_eq!(shown(&Cell::new(first.clone())), format!("{first:?}"));
            for second in &values {
                let cell = Cell::new(first.clone());
                cell.copy_from(second);
                assert_eq!(shown(&cell), format!("{second:?}"));
                cell.set(first.clone());
                assert_eq!(shown(&cell), format!("{first:?}"));
            }
        }
    }

    /// Two threads that each write one variable and read the other one: one at least sees the other's write. (Peterson's
    /// and Dekker's locks rest on it.)
    #[test]
    fn numbers_are_sequentially_consistent() {
        let rounds = if cfg!(miri) { 30 } else { 20_000 };
        let write_and_read = |mine: &Cell, other: &Cell| {
            mine.copy_from(&Value::Int(1));
            other.number().unwrap_or(1) // (the other one writes it, and so it has not read yet)
        };
        for _ in 0..rounds {
            let cells = Arc::new([Cell::new(Value::Int(0)), Cell::new(Value::Int(0))]);
            let others = cells.clone();
            let thread = std::thread::spawn(move || write_and_read(&others[0], &others[1]));
            let mine = write_and_read(&cells[1], &cells[0]);
            assert!(mine + thread.join().expect("it only reads") > 0);
        }
    }

    /// What is read is never older than what was read before, nor than what the writer had written before something else
    /// that has been read.
    #[test]
    fn numbers_are_read_in_the_order_in_which_they_were_written() {
        let rounds = if cfg!(miri) { 101 } else { 100_001 };
        let cells = Arc::new([Cell::new(Value::Int(0)), Cell::new(Value::Int(0))]);
        let writers = cells.clone();
        let writer = std::thread::spawn(move || {
            for n in 1..=rounds {
                writers[0].copy_from(&Value::Int(n));
                // Now and then it is no number.
                writers[1].copy_from(&if n % 5 == 0 { Value::Nil } else { Value::Int(n) });
            }
        });
        let read = |cell: &Cell| {
            let mut slot = Value::Nil;
            cell.copy_to(&mut slot);
            if let Value::Int(n) = slot { Some(n) } else { None }
        };
        let mut last = 0;
        while last < rounds {
            let Some(second) = read(&cells[1]) else { continue };
            let first = read(&cells[0]).expect("it is a number at all times");
            assert!(last <= second && second <= first, "{last} {second} {first}");
            last = second;
        }
        writer.join().expect("it only writes");
    }
}
