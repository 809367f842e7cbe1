//! The limit of memory: a thread that goes beyond it gets an error at its next safe point.
//!
//! Counting is not done here but in the allocator (`crate::memory`).

use super::RealWorld;
use super::run::MEMORY;
use crate::builtin::sync::pool::cares_for_tasks;
use crate::code::Program;
use crate::machine::Fiber;
use crate::memory;
use crate::value::error::{Error, Kind};
use std::sync::atomic::Ordering;

impl RealWorld {
    /// From here on this OS thread is trapped when it goes beyond the limit.
    pub(super) fn watch_memory(&self) {
        memory::trap_with(&self.trap, MEMORY);
    }

    /// At a safe point: an error if it was this thread that went beyond the limit, and the memory has not been given
    /// back meanwhile. Others go on. A worker of a pool between two tasks, and the keeper of a process, have to see to their
    /// tasks whatever happens: the next task gets the error, or who receives what is too large (`check_room`).
    pub(super) fn keep_within_memory(&self, fiber: &Fiber, program: &Program) -> Result<(), Error> {
        let trapped = self.trap.load(Ordering::Relaxed) & MEMORY != 0;
        if !trapped || !self.forget_memory() || memory::has_room_for(0) {
            return Ok(());
        }
        let innermost = fiber.calls().last().map(|(function, _)| &program.functions[function as usize]);
        if innermost.is_some_and(|function| function.internal && cares_for_tasks(&function.name)) {
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
