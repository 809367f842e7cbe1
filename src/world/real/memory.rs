//! The limit of memory: a thread that goes beyond it gets an error at its next safe point.
//!
//! Counting is not done here but in the allocator (`crate::memory`).

use super::RealWorld;
use super::run::MEMORY;
use crate::memory;
use crate::value::error::{Error, Kind};
use std::sync::atomic::Ordering;

impl RealWorld {
    /// From here on this OS thread is trapped when it goes beyond the limit.
    pub(super) fn watch_memory(&self) {
        memory::trap_with(&self.trap, MEMORY);
    }

    /// At a safe point: an error if it was this thread that went beyond the limit, and the memory has not been given
    /// back meanwhile. Others go on.
    pub(super) fn keep_within_memory(&self) -> Result<(), Error> {
        let trapped = self.trap.load(Ordering::Relaxed) & MEMORY != 0;
        if !trapped || !self.forget_memory() || memory::has_room_for(0) {
            return Ok(());
        }
        let message = format!("the program uses more than {} of memory", memory::shown(memory::limit()));
        Err(Error::new(Kind::Memory, message).hint(
            "let go of what is no longer needed (a list that only grows, a queue that is filled faster than \
             emptied), or allow more with --max-memory",
        ))
    }

    /// Whether this thread has gone beyond the limit since its last safe point; it need not come to another for that.
    pub(super) fn forget_memory(&self) -> bool {
        let beyond = memory::went_beyond();
        if beyond {
            // Whoever else is beyond the limit sets it again with the next batch.
            self.trap.fetch_and(!MEMORY, Ordering::SeqCst);
        }
        beyond
    }
}
