//! Where a thread stands and what it holds there, told by the thread itself while it stands still.
//!
//! Nobody else can look into its fiber. It tells only when it is asked (`ASK` in the trap), once for each time
//! that it stands, and takes it back before its next step.

use super::RealWorld;
use super::run::ASK;
use super::threads::Seat;
use crate::machine::{Fiber, Snapshot};
use crate::sync::thread::Thread;
use crate::value::Value;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Of a thread in more calls than this nothing is told.
const MOST_CALLS: usize = 1000;

pub(super) enum Standing {
    /// It has not begun: what it will do is in the thread's `entry`.
    Begins,
    /// It moves, or has not been asked.
    Untold,
    At {
        snapshot: Snapshot,
        /// It is in the middle of the instruction before the next.
        inside: bool,
    },
    /// It cannot tell.
    Hidden,
    /// It will do nothing any more.
    Ended,
}

/// What a thread needs to tell where it stands.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    fiber: Option<&'a Fiber>,
    inside: bool,
}

impl<'a> Here<'a> {
    /// Before its next instruction.
    pub fn before(fiber: &'a Fiber) -> Here<'a> {
        Here { fiber: Some(fiber), inside: false }
    }

    /// In the middle of an instruction. Without a fiber it stands in no call.
    pub fn inside(fiber: Option<&'a Fiber>) -> Here<'a> {
        Here { fiber, inside: true }
    }

    /// A number for the place in the code, with all calls in progress.
    pub fn place(self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.fiber.into_iter().flat_map(Fiber::calls).for_each(|call| call.hash(&mut hasher));
        hasher.finish()
    }
}

impl Seat {
    /// The threads of the `parallel`s that it waits in, where it has told where it stands.
    pub fn branches(&self) -> Vec<Arc<Thread>> {
        match &*self.standing.lock() {
            Standing::At { snapshot, .. } => snapshot.branches(),
            Standing::Begins | Standing::Untold | Standing::Hidden | Standing::Ended => Vec::new(),
        }
    }

    pub fn has_told(&self) -> bool {
        !matches!(*self.standing.lock(), Standing::Untold)
    }
}

impl RealWorld {
    /// Tells where the thread stands, if that is asked for. It must be still.
    pub(super) fn tell_where(&self, here: Here<'_>) {
        if self.shared.trap.load(Ordering::SeqCst) & ASK == 0 {
            return;
        }
        let mut standing = self.seat.standing.lock();
        if !matches!(*standing, Standing::Untold) {
            return;
        }
        let snapshot = match here.fiber {
            Some(fiber) => fiber.snapshot(&self.shared.code().image.program, MOST_CALLS),
            // A timer between its beats, a handler between its signals; anybody else has a fiber.
            None if !self.begins_again.is_empty() => Some(Snapshot::default()),
            None => None,
        };
        *standing = match snapshot {
            Some(mut snapshot) => {
                snapshot.others.extend(self.begins_again.iter().cloned());
                Standing::At { snapshot, inside: here.inside }
            }
            None => Standing::Hidden,
        };
        self.told.set(true);
    }

    /// The thread is about to move: what it has told is true no longer.
    #[inline]
    pub(super) fn no_longer_there(&self) {
        if self.told.replace(false) {
            let before = std::mem::replace(&mut *self.seat.standing.lock(), Standing::Untold);
            drop(before); // outside the lock
        }
    }

    /// What a timer will call at its next beat.
    pub(super) fn begins_again_with(&mut self, values: Vec<Value>) {
        self.begins_again = values;
    }
}
