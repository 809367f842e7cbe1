//! Making threads: the one way, whoever asks (a template, a block, a timer, a pool).

use crate::builtin::Context;
use crate::sync::thread::{Entry, Thread};
use crate::value::object::Object;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How a new thread gets its name.
#[derive(Debug, Clone, Copy)]
pub enum Naming<'a> {
    /// `teller-1`, by the name of its template, function or pool.
    Counted(&'a str),
    /// `thread-3 (line 12)`, for a block.
    Block,
}

impl Context<'_> {
    /// A thread that has not started. Unless told, it is a daemon when the one that makes it is.
    pub fn new_thread(
        &mut self,
        naming: Naming<'_>,
        daemon: Option<bool>,
        entry: Entry,
        object: Option<Arc<Object>>,
    ) -> Arc<Thread> {
        let mut thread = self.unstarted(naming, daemon, entry);
        thread.object = object;
        Arc::new(thread)
    }

    /// As `new_thread`, before it is shared.
    pub(super) fn unstarted(&mut self, naming: Naming<'_>, daemon: Option<bool>, entry: Entry) -> Thread {
        let name = match naming {
            Naming::Counted(base) => format!("{base}-{}", self.world.count_name(base)),
            Naming::Block => format!("thread-{} (line {})", self.world.count_name("thread"), self.line),
        };
        let daemon = daemon.unwrap_or_else(|| self.world.thread().daemon.load(Ordering::SeqCst));
        Thread::new(self.world.next_id(), &name, daemon, entry)
    }
}
