//! A variable that several threads may read and write: each read and each write is one step.

use super::step::Stepped;
use super::{Value, release};

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

    #[inline]
    pub fn set(&self, value: Value) {
        let old = std::mem::replace(&mut *self.value.lock(), value);
        drop(old); // outside the lock: dropping may free a large structure
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
