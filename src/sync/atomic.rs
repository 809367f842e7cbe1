//! `atomic`: a value whose single operations (`add`, `swap`, `compare_exchange`) are each one step.
//!
//! An integer lives in one atomic word; anything else in a mutex, and then the word says so.

use super::{Kind, Sync};
use crate::mapped::{Place, Slot};
use crate::state::{Reader, Writer};
use crate::value::{
    Value, compare,
    error::{self, Error},
    release,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

/// The smallest integer in the word means: look into the mutex (where that integer itself lives, too).
const ELSEWHERE: i64 = i64::MIN;

#[derive(Debug)]
pub struct Atomic {
    word: AtomicI64,
    /// Used while the word is `ELSEWHERE`; only who has it locked changes the word from `ELSEWHERE`.
    other: Mutex<Value>,
    /// Where the value is in place of both, of an atomic that processes share.
    there: Option<Place>,
}

impl Drop for Atomic {
    fn drop(&mut self) {
        let value = std::mem::replace(self.other.get_mut(), Value::Nil);
        if release::nests(&value) {
            release::release(vec![value]);
        }
    }
}

impl Atomic {
    pub fn new(value: Value) -> Atomic {
        match small(&value) {
            Some(n) => Atomic { word: AtomicI64::new(n), other: Mutex::new(Value::Nil), there: None },
            None => Atomic { word: AtomicI64::new(ELSEWHERE), other: Mutex::new(value), there: None },
        }
    }

    pub fn of(sync: &Sync) -> Result<&Atomic, Error> {
        if let Kind::Atomic(atomic) = &sync.kind { Ok(atomic) } else { Err(sync.is_no("atomic")) }
    }

    /// Puts the value into memory that processes share, in one word.
    pub fn put_there(&self, place: &Place) -> Result<(), Error> {
        Slot::of(place).set(&self.get())
    }

    /// One whose value is there already.
    pub fn at(place: Place) -> Atomic {
        let mut atomic = Atomic::new(Value::Nil);
        atomic.there = Some(place);
        atomic
    }

    fn slot(&self) -> Option<Slot<'_>> {
        self.there.as_ref().map(Slot::of)
    }

    pub fn get(&self) -> Value {
        if let Some(slot) = self.slot() {
            return slot.get();
        }
        match self.word.load(Ordering::SeqCst) {
            ELSEWHERE => self.change(|_| (None, ())).0,
            n => Value::Int(n),
        }
    }

    pub fn set(&self, value: Value) -> Result<(), Error> {
        match self.slot() {
            Some(slot) => slot.set(&value),
            None => self.swap(value).map(drop),
        }
    }

    /// Puts a new value in; returns the old.
    pub fn swap(&self, value: Value) -> Result<Value, Error> {
        if let Some(slot) = self.slot() {
            return Ok(slot.change(&mut |_| (Some(value.clone()), ()))?.0);
        }
        Ok(self.swap_here(value))
    }

    fn swap_here(&self, value: Value) -> Value {
        self.change(|_| (Some(value.clone()), ())).0
    }

    /// Adds; returns the new value.
    pub fn add(&self, sync: &Sync, n: &Value) -> Result<Value, Error> {
        if let Some(slot) = self.slot() {
            let (_, sum) = slot.change(&mut |now| match sum(sync, now, n) {
                Ok(sum) => (Some(sum.clone()), Ok(sum)),
                Err(error) => (None, Err(error)),
            })?;
            return sum;
        }
        if let Some(n) = small(n) {
            let add = |now: i64| if now == ELSEWHERE { None } else { fits(now.checked_add(n)?) };
            if let Ok(before) = self.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add) {
                return Ok(Value::Int(before.wrapping_add(n))); // checked in `add`
            }
        }
        let (_, sum) = self.change(|now| match sum(sync, now, n) {
            Ok(sum) => (Some(sum.clone()), Ok(sum)),
            Err(error) => (None, Err(error)),
        });
        sum
    }

    /// Puts `new` in if the value equals `old`; returns whether it did.
    pub fn compare_exchange(&self, old: &Value, new: &Value) -> Result<bool, Error> {
        if let Some(slot) = self.slot() {
            let changed = slot.change(&mut |now| match compare::equal(now, old) {
                true => (Some(new.clone()), true),
                false => (None, false),
            })?;
            return Ok(changed.1);
        }
        Ok(self.compare_exchange_here(old, new))
    }

    fn compare_exchange_here(&self, old: &Value, new: &Value) -> bool {
        if let (Some(old), Some(new)) = (small(old), small(new)) {
            match self.word.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return true,
                Err(ELSEWHERE) => {}
                Err(_) => return false,
            }
        }
        self.change(|now| match compare::equal(now, old) {
            true => (Some(new.clone()), true),
            false => (None, false),
        })
        .1
    }

    /// Any change, as one step: `f` sees the value and tells the new one, if it is to change. It may be asked
    /// again when another thread was faster. Returns the value that `f` saw last, and what else it told.
    fn change<T>(&self, mut f: impl FnMut(&Value) -> (Option<Value>, T)) -> (Value, T) {
        let mut other = self.other.lock();
        loop {
            let now = self.word.load(Ordering::SeqCst);
            if now == ELSEWHERE {
                let (new, told) = f(&other);
                let Some(new) = new else { return (other.clone(), told) };
                let Some(n) = small(&new) else {
                    return (std::mem::replace(&mut *other, new), told);
                };
                let old = std::mem::replace(&mut *other, Value::Nil);
                self.word.store(n, Ordering::SeqCst);
                return (old, told);
            }
            let (new, told) = f(&Value::Int(now));
            let Some(new) = new else { return (Value::Int(now), told) };
            let n = small(&new).unwrap_or(ELSEWHERE);
            if n == ELSEWHERE {
                *other = new; // nobody looks while the word is an integer
            }
            if self.word.compare_exchange(now, n, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                return (Value::Int(now), told);
            }
        }
    }
}

/// The integer, if it can live in the word.
#[inline]
fn small(value: &Value) -> Option<i64> {
    if let Value::Int(n) = value { fits(*n) } else { None }
}

#[inline]
fn fits(n: i64) -> Option<i64> {
    (n != ELSEWHERE).then_some(n)
}

fn sum(sync: &Sync, now: &Value, n: &Value) -> Result<Value, Error> {
    let overflow =
        || Error::new(error::Kind::Overflow, format!("{}.add(): the sum is too large", sync.label()));
    match (now, n) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or_else(overflow),
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(*b).map(Value::Duration).ok_or_else(overflow)
        }
        (Value::Float(a), Value::Float(b)) => Ok(Value::Float(a + b)),
        (Value::Float(a), Value::Int(b)) => Ok(Value::Float(a + *b as f64)),
        (Value::Int(a), Value::Float(b)) => Ok(Value::Float(*a as f64 + b)),
        (now, n) => {
            let (label, now, n) = (sync.label(), now.kind().word(), n.kind().word());
            Err(Error::new(error::Kind::Type, format!("{label}.add(): cannot add {n} to {now}"))
                .hint("`add` is for numbers; compare_exchange changes any value"))
        }
    }
}

impl Atomic {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.value(&self.get());
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.swap_here(r.value());
    }
}
