//! Lists. Every operation is one step: it locks the list, for itself alone.

use super::step::{StepGuard, Stepped};
use super::{Value, release};

#[derive(Debug)]
pub struct List {
    values: Stepped<Vec<Value>>,
}

impl List {
    pub fn new(values: Vec<Value>) -> List {
        List { values: Stepped::new(values) }
    }

    /// The elements, for one step. Never hold two containers' locks at once: take `snapshot` of one first.
    #[inline]
    pub fn lock(&self) -> StepGuard<'_, Vec<Value>> {
        self.values.lock()
    }

    /// The element at a position that counts from the start or, negative, from the end; None outside.
    #[inline]
    pub fn get(&self, position: i64) -> Option<Value> {
        let values = self.values.lock();
        values.get(place(position, values.len())?).cloned()
    }

    /// Copies an element to a place; false when there is no such position.
    #[inline(always)]
    pub fn copy_to(&self, position: i64, slot: &mut Value) -> bool {
        let values = self.values.lock();
        match place(position, values.len()).and_then(|place| values.get(place)) {
            Some(value) => {
                value.copy_to(slot);
                true
            }
            None => false,
        }
    }

    /// Puts a copy of a value in an element's place; false when there is no such position, or when freeing the old
    /// element may take long.
    #[inline(always)]
    pub fn copy_from(&self, position: i64, value: &Value) -> bool {
        let mut values = self.values.lock();
        let length = values.len();
        match place(position, length).and_then(|place| values.get_mut(place)) {
            Some(slot) if slot.is_plain() => {
                value.copy_to(slot);
                true
            }
            _ => false,
        }
    }

    /// Appends when there is room already; gives the value back when the list has to grow.
    #[inline]
    pub fn push_in_place(&self, value: Value) -> Result<(), Value> {
        let mut values = self.values.lock();
        if values.len() == values.capacity() {
            return Err(value);
        }
        values.push(value);
        Ok(())
    }

    #[inline]
    pub fn push(&self, value: Value) {
        self.values.lock().push(value);
    }

    pub fn len(&self) -> usize {
        self.values.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of what it holds now.
    pub fn snapshot(&self) -> Vec<Value> {
        self.values.lock().clone()
    }

    /// Puts other elements in the place of all it holds; gives back the old ones, to be dropped outside the lock.
    pub fn replace(&self, values: Vec<Value>) -> Vec<Value> {
        std::mem::replace(&mut *self.values.lock(), values)
    }

    /// For the only holder.
    pub(super) fn inner(&mut self) -> &mut Vec<Value> {
        self.values.get_mut()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if self.inner().iter().any(release::nests) {
            release::release(std::mem::take(self.inner()));
        }
    }
}

/// The index of a position that counts from the end when it is negative.
#[inline]
fn place(position: i64, length: usize) -> Option<usize> {
    let position = if position < 0 { position.checked_add(length as i64)? } else { position };
    usize::try_from(position).ok()
}
