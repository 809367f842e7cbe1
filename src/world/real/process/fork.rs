//! `fork()`: a copy of the calling thread alone goes on in a child, at the very expression.

use super::super::RealWorld;
use super::super::standing::Here;
use crate::machine::Fiber;
use crate::sync::process::Process;
use crate::sync::thread::{Entry, State, Thread};
use crate::value::Value;
use crate::value::error::{Error, Kind};
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a fork's child is called, with a number.
const NAME: &str = "fork";

impl RealWorld {
    /// In the parent: the child's handle. The child goes on elsewhere, with 0 (`child`).
    pub(in super::super) fn fork(&mut self, fiber: &Fiber) -> Result<Value, Error> {
        let name = format!("{NAME}-{}", self.count_name(NAME));
        self.shared.processes.may_have(&name)?;
        let mut handle = Thread::new(self.next_id(), &name, false, Entry::to_call(Value::Nil));
        *handle.entry.get_mut() = None;
        handle.process = Some(Process::default());
        handle.state.store(State::Running as u8, Ordering::SeqCst);
        let handle = Arc::new(handle);
        let own = self.shared.number_for(&name)?;
        let held = self.take_hold(Here::inside(Some(fiber)));
        let copy = self.shared.copy_of_fork(&handle, &self.seat.thread, fiber, own);
        if held {
            self.shared.hold.release(&self.shared, self.seat.thread.id);
        }
        let copy = copy?;
        self.shared.born_now(own.number);
        self.shared.spawn(&handle, copy, own)?;
        Ok(Value::Thread(handle))
    }
}

/// A thread that was not copied: it has ended here, for all who look at it. Its name, if it ran.
pub(super) fn is_not_here(thread: &Thread, own: u32) -> Option<Arc<str>> {
    if thread.id == own || thread.process.is_some() || !thread.alive() {
        return None;
    }
    let name = thread.name();
    let message = format!("thread \"{name}\" does not exist here: `fork` copies the calling thread alone");
    // It ran, so it had no outcome.
    let _ = thread.outcome.set(Err(Arc::new(Error::new(Kind::State, message))));
    thread.state.store(State::Failed as u8, Ordering::SeqCst);
    Some(name)
}
