//! Lists. Every operation is one step: it locks the list, for itself alone.

use super::Value;
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
}
