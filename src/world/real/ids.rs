//! Numbers for new threads and things. Where several processes have things in common, no two of them give the same one.

use crate::mapped::{BLOCK, Memory};
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Ids {
    next: AtomicU32,
    /// Where more come from, and those that are left of the last ones.
    more: Option<(Arc<Memory>, Mutex<Range<u32>>)>,
}

impl Ids {
    /// Of a process alone, from this one on.
    pub fn from(first: u32) -> Ids {
        Ids { next: AtomicU32::new(first), more: None }
    }

    /// Of one of several processes, which has been given those from this one on.
    pub fn shared(first: u32, memory: Arc<Memory>) -> Ids {
        let end = (first / BLOCK + 1) * BLOCK;
        Ids { next: AtomicU32::new(0), more: Some((memory, Mutex::new(first..end))) }
    }

    pub fn next(&self) -> u32 {
        let Some((memory, left)) = &self.more else { return self.next.fetch_add(1, Ordering::Relaxed) };
        let mut left = left.lock();
        left.next().unwrap_or_else(|| {
            let first = memory.ids(memory.own().number);
            *left = first + 1..first + BLOCK;
            first
        })
    }
}
