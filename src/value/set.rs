//! Sets, in insertion order. Every operation is one step: it locks the set, for itself alone.

use super::Value;
use foldhash::fast::RandomState;
use indexmap::IndexSet;
use parking_lot::{Mutex, MutexGuard};

pub type Members = IndexSet<Value, RandomState>;

#[derive(Debug, Default)]
pub struct Set {
    members: Mutex<Members>,
}

impl Set {
    pub fn new(members: Members) -> Set {
        Set { members: Mutex::new(members) }
    }

    /// The members, for one step. Never hold two containers' locks at once.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock()
    }

    pub fn len(&self) -> usize {
        self.members.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
