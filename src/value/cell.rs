//! A variable that several threads may read and write: each read and each write is one step.

use super::step::{Stepped, shadow_of};
use super::{Value, put, release};
use std::sync::atomic::AtomicU32;

/// Sequentially consistent; no value is ever torn.
#[derive(Debug)]
pub struct Cell {
    value: Stepped<Value>,
}

impl Cell {
    pub fn new(value: Value) -> Cell {
        Cell { value: Stepped::new(value) }
    }

    #[inline]
    pub fn get(&self) -> Value {
        self.value.lock().clone()
    }

    /// Copies the value to a place; false when there is none yet. (For what the machine does all the time it is faster to
    /// write a number where it belongs than to hand it over: see `Value::copy_to`.)
    #[inline(always)]
    pub fn copy_to(&self, slot: &mut Value) -> bool {
        let held = self.value.lock();
        if let Value::Int(_) = *held {
            // What was in the place is freed outside the lock.
            if slot.is_plain() {
                held.copy_over(slot);
                return true;
            }
        }
        let value = held.clone();
        drop(held);
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
            return;
        }
        let old = std::mem::replace(&mut *held, value.clone());
        drop(held);
        drop(old); // outside the lock: dropping may free a large structure
    }

    #[inline]
    pub fn set(&self, value: Value) {
        let old = std::mem::replace(&mut *self.value.lock(), value);
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
