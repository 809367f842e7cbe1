//! Making threads: the one way, whoever asks (a template, a block, a timer, a pool).

use crate::builtin::Context;
use crate::sync::process::Process;
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

/// What a new thread is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kindred {
    /// Unless told, it is a daemon when the one that makes it is.
    pub daemon: Option<bool>,
    /// It runs in an OS process of its own.
    pub process: bool,
}

impl Context<'_> {
    /// A thread that has not started.
    pub fn new_thread(
        &mut self,
        naming: Naming<'_>,
        kind: Kindred,
        entry: Entry,
        object: Option<Arc<Object>>,
    ) -> Arc<Thread> {
        let mut thread = self.unstarted(naming, kind.daemon, entry);
        thread.object = object;
        thread.process = kind.process.then(Process::default);
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
