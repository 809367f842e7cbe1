//! How often a thing was used, for `--stats`. A thing has no `Counts` unless a run asks for them.
//!
//! Counted is what scripts ask for: that a condition's `wait` takes its lock again is no acquire of theirs.

use super::{Kind, Op, Sync};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[derive(Debug)]
pub struct Counts {
    pub id: u32,
    /// The line where the thing was made.
    pub line: u32,
    /// What reports call it, known from its first use on: the thing itself may be gone when it is asked for.
    label: OnceLock<String>,
    pub of: Of,
}

#[derive(Debug)]
pub enum Of {
    Lock(LockCounts),
    Queue(QueueCounts),
}

/// Of a lock, an rlock, an rwlock (both sides), a monitor or a semaphore.
#[derive(Debug, Default)]
pub struct LockCounts {
    pub acquired: AtomicU64,
    pub waits: AtomicU64,
    /// With the line where the thread waited.
    pub longest: Mutex<(Duration, u32)>,
}

#[derive(Debug, Default)]
pub struct QueueCounts {
    pub put: AtomicU64,
    pub got: AtomicU64,
    /// The most values it held, as seen after each put.
    pub most: AtomicU64,
    pub put_waits: AtomicU64,
    pub get_waits: AtomicU64,
}

impl Counts {
    /// None for what is neither acquired nor a queue.
    pub fn for_thing(sync: &Sync) -> Option<Counts> {
        let of = match &sync.kind {
            Kind::Lock(_) | Kind::RLock(_) | Kind::RwLock(_) | Kind::Semaphore(_) => {
                Of::Lock(LockCounts::default())
            }
            Kind::Queue(_) => Of::Queue(QueueCounts::default()),
            // Its rwlock's are used.
            Kind::Side(_) => return None,
            Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Atomic(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => return None,
        };
        Some(Counts { id: sync.id, line: sync.line, label: OnceLock::new(), of })
    }

    /// None when it was never used.
    pub fn label(&self) -> Option<&str> {
        self.label.get().map(String::as_str)
    }

    fn used(&self, sync: &Sync) {
        // A side counts for its rwlock.
        self.label
            .get_or_init(|| if let Kind::Side(side) = &sync.kind { side.lock.label() } else { sync.label() });
    }
}

impl Sync {
    /// It was acquired. Inlined, so that a run without `--stats` only finds that there is nothing to count.
    #[inline]
    pub fn count_acquired(&self) {
        if let Some(counts) = self.counts.get() {
            counts.used(self);
            if let Of::Lock(lock) = &counts.of {
                lock.acquired.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A value was put, and it holds so many now.
    #[inline]
    pub fn count_put(&self, size: impl FnOnce() -> usize) {
        if let Some(counts) = self.counts.get() {
            counts.used(self);
            if let Of::Queue(queue) = &counts.of {
                queue.put.fetch_add(1, Ordering::Relaxed);
                // A getter may have been faster than this look.
                queue.most.fetch_max(size().max(1) as u64, Ordering::Relaxed);
            }
        }
    }

    #[inline]
    pub fn count_got(&self) {
        if let Some(counts) = self.counts.get() {
            counts.used(self);
            if let Of::Queue(queue) = &counts.of {
                queue.got.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A thread waited for it so long, in this line; `put`: for room in a queue.
    fn count_wait(&self, put: bool, waited: Duration, line: u32) {
        let Some(counts) = self.counts.get() else { return };
        counts.used(self);
        match &counts.of {
            Of::Lock(lock) => {
                lock.waits.fetch_add(1, Ordering::Relaxed);
                let mut longest = lock.longest.lock();
                if waited >= longest.0 {
                    *longest = (waited, line);
                }
            }
            Of::Queue(queue) => {
                let waits = if put { &queue.put_waits } else { &queue.get_waits };
                waits.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A wait that is counted when it is over: for a lock, a permit, or in a queue. Who waits in a `select`, or for
/// a condition to be notified, waits for nothing in particular.
pub struct Counted {
    sync: Arc<Sync>,
    put: bool,
}

impl Counted {
    pub fn of(op: &Op) -> Option<Counted> {
        let (sync, put) = match op {
            Op::Acquire(sync) | Op::Get(sync) | Op::Next(sync) => (sync, false),
            Op::Enter(enter) => (&enter.side, false),
            Op::Put(put) => (&put.queue, true),
            Op::Sleep
            | Op::Change
            | Op::Fork
            | Op::Beat(_)
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
            | Op::Condition(_)
            | Op::Event(_)
            | Op::Barrier(_)
            | Op::Latch(_)
            | Op::Finished(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Task(_)
            | Op::Idle(_)
            | Op::Select(_)
            | Op::Pipe(_)
            | Op::Outside(_) => return None,
        };
        sync.counts.get().is_some().then(|| Counted { sync: sync.clone(), put })
    }

    pub fn over(&self, waited: Duration, line: u32) {
        self.sync.count_wait(self.put, waited, line);
    }
}
