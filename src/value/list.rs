//! Lists. Every operation is one step: it locks the list, for itself alone.

use super::{Value, release};
use parking_lot::{Mutex, MutexGuard};

#[derive(Debug)]
pub struct List {
    values: Mutex<Vec<Value>>,
}

impl List {
    pub fn new(values: Vec<Value>) -> List {
        List { values: Mutex::new(values) }
    }

    /// The elements, for one step. Never hold two containers' locks at once: take `snapshot` of one first.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, Vec<Value>> {
        self.values.lock()
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
