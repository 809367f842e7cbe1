//! Which things to wait for there are: so that a report can say what a thread holds, and the end of a thread
//! abandons its locks.

use crate::report::runtime::Unasked;
use crate::sync::{Kind, Sync, future::Failure, pool::Crew, thread::Thread};
use parking_lot::Mutex;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

#[derive(Default)]
pub(super) struct Things {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    things: Vec<Weak<Sync>>,
    /// How many there may be before those that are gone are sorted out.
    room: usize,
    /// The crews of pools.
    crews: Vec<Weak<Sync>>,
    crew_room: usize,
    /// Errors of tasks, kept until the end of the run unless somebody asks for them.
    failures: Vec<Arc<Failure>>,
    failure_room: usize,
    /// Threads of a `parallel` that have failed, kept until it raises their errors.
    branches: Vec<Arc<Thread>>,
    branch_room: usize,
}

/// So few are never sorted out.
const SMALL: usize = 1024;

impl Things {
    pub fn add(&self, sync: &Arc<Sync>) {
        if !sync.can_be_held() && !matches!(sync.kind, Kind::Crew(_)) {
            return;
        }
        let mut known = self.known.lock();
        if sync.can_be_held() {
            if known.things.len() >= known.room {
                known.things.retain(|thing| thing.strong_count() > 0);
                known.room = (known.things.len() * 2).max(SMALL);
            }
            known.things.push(Arc::downgrade(sync));
        }
        if let Kind::Crew(_) = sync.kind {
            if known.crews.len() >= known.crew_room {
                known.crews.retain(|crew| crew.strong_count() > 0);
                known.crew_room = (known.crews.len() * 2).max(SMALL);
            }
            known.crews.push(Arc::downgrade(sync));
        }
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.known.lock().things.len()
    }

    pub fn all(&self) -> Vec<Arc<Sync>> {
        self.known.lock().things.iter().filter_map(Weak::upgrade).collect()
    }

    /// What a thread holds, with the line where each was acquired, in the order of lines.
    pub fn held_by(&self, thread: &Thread) -> Vec<(Arc<Sync>, u32)> {
        let mut held: Vec<(Arc<Sync>, u32)> = Vec::new();
        for sync in self.all() {
            if let Some(line) = sync.held_since(thread) {
                held.push((sync, line));
            }
        }
        held.sort_by_key(|(sync, line)| (*line, sync.id));
        held
    }

    pub fn labels_held_by(&self, thread: &Thread) -> Vec<(String, u32)> {
        if thread.held.load(Ordering::SeqCst) == 0 {
            return Vec::new();
        }
        self.held_by(thread).into_iter().map(|(sync, line)| (sync.label(), line)).collect()
    }

    /// The thread ends with locks held: nobody will release them.
    pub fn abandon_held_by(&self, thread: &Thread) {
        let name = thread.name();
        for (sync, _) in self.held_by(thread) {
            sync.abandon(thread.id, &name);
        }
    }

    pub fn add_failure(&self, failure: Arc<Failure>) {
        let mut known = self.known.lock();
        if known.failures.len() >= known.failure_room {
            known.failures.retain(|failure| failure.unasked().is_some());
            known.failure_room = (known.failures.len() * 2).max(SMALL);
        }
        known.failures.push(failure);
    }

    /// A thread of a `parallel` has failed.
    pub fn add_branch(&self, thread: Arc<Thread>) {
        let mut known = self.known.lock();
        if known.branches.len() >= known.branch_room {
            known.branches.retain(|thread| !thread.asked.load(Ordering::SeqCst));
            known.branch_room = (known.branches.len() * 2).max(SMALL);
        }
        known.branches.push(thread);
    }

    /// The errors of a `parallel` that has not ended, of those of its threads that are asked for.
    pub fn unraised(&self, of: impl Fn(&Arc<Thread>) -> bool) -> Vec<Unasked> {
        let branches = &self.known.lock().branches;
        branches.iter().filter(|thread| of(thread)).filter_map(|thread| thread.unraised()).collect()
    }

    fn crews(&self) -> Vec<Arc<Sync>> {
        self.known.lock().crews.iter().filter_map(Weak::upgrade).collect()
    }

    /// Whether a pool has tasks that have not ended.
    pub fn have_tasks(&self) -> bool {
        self.crews().iter().any(|crew| crew.unfinished_tasks() > 0)
    }

    /// Whether the thread is a worker of a pool, and has no task: it stops in the middle of nothing.
    pub fn idles(&self, thread: u32) -> bool {
        self.crews().iter().any(|crew| Crew::of(crew).is_ok_and(|crew| crew.idles(thread)))
    }

    /// Whether the thread is a worker of a pool, and has a task.
    pub fn works(&self, thread: u32) -> bool {
        self.crews().iter().any(|crew| Crew::of(crew).is_ok_and(|crew| crew.works(thread)))
    }

    /// The futures whose error nobody has asked for.
    pub fn unasked(&self) -> Vec<Unasked> {
        self.known.lock().failures.iter().filter_map(|failure| failure.unasked()).collect()
    }
}
