//! Sets, in insertion order. Every operation is one step: it locks the set, for itself alone.

use super::nature::Nature;
use super::step::{StepGuard, Stepped, shadow_of};
use super::{Value, release};
use foldhash::fast::RandomState;
use indexmap::IndexSet;
use std::sync::atomic::AtomicU32;

pub type Members = IndexSet<Value, RandomState>;

#[derive(Debug, Default)]
pub struct Set {
    members: Stepped<Members>,
    pub nature: Nature,
}

impl Set {
    pub fn new(members: Members) -> Set {
        Set::of(Nature::Own, members)
    }

    pub fn of(nature: Nature, members: Members) -> Set {
        Set { members: Stepped::new(members), nature }
    }

    /// The members, for one step. Never hold two containers' locks at once.
    #[inline]
    pub fn lock(&self) -> StepGuard<'_, Members> {
        self.members.lock()
    }

    pub fn len(&self) -> usize {
        self.members.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of what it holds now.
    pub fn snapshot(&self) -> Members {
        self.members.lock().clone()
    }

    /// The place for the number of its shadow.
    pub fn shadow(&self) -> &AtomicU32 {
        shadow_of(&self.members)
    }

    /// For the only holder.
    pub(super) fn inner(&mut self) -> &mut Members {
        self.members.get_mut()
    }
}

impl Drop for Set {
    fn drop(&mut self) {
        if self.inner().iter().any(release::nests) {
            release::release(std::mem::take(self.inner()).into_iter().collect());
        }
    }
}
