//! How often a thing was used, for `--stats`. A thing has no `Counts` unless a run asks for them.
//!
//! Counted is what scripts ask for: that a condition's `wait` takes its lock again is no acquire of theirs.

pub mod fill;

use super::outside::Thing;
use super::{Kind, Op, Sync};
use crate::mapped::ledger::{self, Ledger, Row};
use fill::Fill;
use parking_lot::Mutex;
use std::hint::cold_path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
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
    Semaphore(SemaphoreCounts),
    Queue(QueueCounts),
    /// Of a condition, an event, a barrier, a latch: threads wait for it, and that is all.
    Meeting(MeetingCounts),
    /// An end of a pipe, a connection, a stream of a program.
    Channel(Channel),
}

/// Of a lock, an rlock, an rwlock (both sides) or a monitor.
#[derive(Debug, Default)]
pub struct LockCounts {
    pub acquired: AtomicU64,
    pub waits: Waits,
}

#[derive(Debug)]
pub struct SemaphoreCounts {
    pub acquired: AtomicU64,
    /// Permits given.
    pub released: AtomicU64,
    /// The fewest permits that were left, as seen after each acquire.
    pub fewest: AtomicI64,
    pub waits: Waits,
}

#[derive(Debug)]
pub struct QueueCounts {
    pub put: AtomicU64,
    pub got: AtomicU64,
    /// The most values it held, as seen after each put.
    pub most: AtomicU64,
    pub fill: Mutex<Fill>,
    pub put_waits: Waits,
    pub get_waits: Waits,
    /// Where processes share it.
    channel: Option<Channel>,
}

#[derive(Debug)]
pub struct MeetingCounts {
    /// What it is: `barrier`.
    pub kind: &'static str,
    pub waits: Waits,
}

/// The waits for one thing, by the line where threads waited.
#[derive(Debug, Default)]
pub struct Waits(Mutex<Vec<LineWaits>>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineWaits {
    pub line: u32,
    pub times: u64,
    pub total: Duration,
    pub longest: Duration,
}

/// This process's side of something that leads to others.
#[derive(Debug)]
pub struct Channel {
    ledger: Arc<Ledger>,
    /// None where there is no room for it.
    row: OnceLock<Option<Row>>,
}

impl Waits {
    fn add(&self, waited: Duration, line: u32) {
        let mut lines = self.0.lock();
        let known = lines.iter().position(|known| known.line == line);
        let at = known.unwrap_or_else(|| {
            lines.push(LineWaits { line, ..LineWaits::default() });
            lines.len() - 1
        });
        lines[at].add(&LineWaits { line, times: 1, total: waited, longest: waited });
    }

    pub fn lines(&self) -> Vec<LineWaits> {
        self.0.lock().clone()
    }
}

impl LineWaits {
    /// Others of the same line.
    pub fn add(&mut self, more: &LineWaits) {
        self.times += more.times;
        self.total += more.total;
        self.longest = self.longest.max(more.longest);
    }
}

impl Channel {
    fn new(ledger: &Arc<Ledger>) -> Channel {
        Channel { ledger: ledger.clone(), row: OnceLock::new() }
    }

    fn count(&self, label: &str, count: impl FnOnce(&Row)) {
        if let Some(row) = self.row.get_or_init(|| self.ledger.channel(label)) {
            count(row);
        }
    }
}

impl Counts {
    /// None for what nobody counts. What leads to other processes is counted where there is a ledger.
    pub fn for_thing(sync: &Sync, ledger: Option<&Arc<Ledger>>) -> Option<Counts> {
        let of = match &sync.kind {
            Kind::Lock(_) | Kind::RLock(_) | Kind::RwLock(_) => Of::Lock(LockCounts::default()),
            Kind::Semaphore(semaphore) => Of::Semaphore(SemaphoreCounts {
                acquired: AtomicU64::new(0),
                released: AtomicU64::new(0),
                fewest: AtomicI64::new(semaphore.permits()),
                waits: Waits::default(),
            }),
            Kind::Queue(queue) => Of::Queue(QueueCounts {
                put: AtomicU64::new(0),
                got: AtomicU64::new(0),
                most: AtomicU64::new(0),
                fill: Mutex::new(Fill::new(queue.capacity)),
                put_waits: Waits::default(),
                get_waits: Waits::default(),
                channel: ledger.filter(|_| sync.is_there()).map(Channel::new),
            }),
            Kind::Condition(_) | Kind::Event(_) | Kind::Barrier(_) | Kind::Latch(_) => {
                Of::Meeting(MeetingCounts { kind: sync.kind.kind().word(), waits: Waits::default() })
            }
            Kind::End(_) => Of::Channel(Channel::new(ledger?)),
            Kind::Outside(thing) if matches!(**thing, Thing::Stream(_)) => Of::Channel(Channel::new(ledger?)),
            // Its rwlock's are used.
            Kind::Side(_) => return None,
            Kind::Atomic(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::Outside(_) => return None,
        };
        Some(Counts { id: sync.id, line: sync.line, label: OnceLock::new(), of })
    }

    /// None when it was never used.
    pub fn label(&self) -> Option<&str> {
        self.label.get().map(String::as_str)
    }

    fn used(&self, sync: &Sync) -> &str {
        // A side counts for its rwlock.
        self.label
            .get_or_init(|| if let Kind::Side(side) = &sync.kind { side.lock.label() } else { sync.label() })
    }
}

impl Sync {
    /// What leads to others is counted from its making on, where anything is: many are made without the world.
    pub fn counting_bytes(self) -> Sync {
        if let Some(ledger) = ledger::here()
            && let Some(counts) = Counts::for_thing(&self, Some(&ledger))
        {
            self.count_in(Arc::new(counts));
        }
        self
    }

    /// Whether it is counted, and waits for it are measured.
    #[inline(always)]
    pub fn is_counted(&self) -> bool {
        self.counts().is_some()
    }

    /// It was acquired. Inlined, so that a run without `--stats` only finds that there is nothing to count.
    #[inline]
    pub fn count_acquired(&self) {
        if let Some(counts) = self.counts() {
            cold_path();
            counts.used(self);
            match (&counts.of, &self.kind) {
                (Of::Lock(lock), _) => _ = lock.acquired.fetch_add(1, Ordering::Relaxed),
                (Of::Semaphore(counts), Kind::Semaphore(semaphore)) => {
                    counts.acquired.fetch_add(1, Ordering::Relaxed);
                    counts.fewest.fetch_min(semaphore.permits(), Ordering::Relaxed);
                }
                _ => {} // nothing else is acquired
            }
        }
    }

    /// So many permits were given.
    #[inline]
    pub fn count_given(&self, permits: u64) {
        if let Some(counts) = self.counts() {
            counts.used(self);
            if let Of::Semaphore(semaphore) = &counts.of {
                semaphore.released.fetch_add(permits, Ordering::Relaxed);
            }
        }
    }

    /// A value was put, and it holds so many now.
    #[inline]
    pub fn count_put(&self, size: impl Fn() -> usize) {
        if let Some(counts) = self.counts() {
            counts.used(self);
            if let Of::Queue(queue) = &counts.of {
                queue.put.fetch_add(1, Ordering::Relaxed);
                // A getter may have been faster than this look.
                queue.most.fetch_max(size().max(1) as u64, Ordering::Relaxed);
                queue.holds(size);
            }
        }
    }

    #[inline]
    pub fn count_got(&self, size: impl Fn() -> usize) {
        if let Some(counts) = self.counts() {
            counts.used(self);
            if let Of::Queue(queue) = &counts.of {
                queue.got.fetch_add(1, Ordering::Relaxed);
                queue.holds(size);
            }
        }
    }

    /// So many bytes have gone out here, in one piece; or have come in.
    #[inline]
    pub fn count_sent(&self, bytes: usize) {
        self.count_bytes(|row| row.sent(bytes));
    }

    #[inline]
    pub fn count_received(&self, bytes: usize) {
        self.count_bytes(|row| row.received(bytes));
    }

    #[inline]
    fn count_bytes(&self, count: impl FnOnce(&Row)) {
        if let Some(counts) = self.counts() {
            let label = counts.used(self);
            match &counts.of {
                Of::Channel(channel) => channel.count(label, count),
                Of::Queue(QueueCounts { channel: Some(channel), .. }) => channel.count(label, count),
                Of::Queue(_) | Of::Lock(_) | Of::Semaphore(_) | Of::Meeting(_) => {}
            }
        }
    }

    /// A thread waited for it so long, in this line; `put`: for room in a queue.
    fn count_wait(&self, put: bool, waited: Duration, line: u32) {
        let Some(counts) = self.counts() else { return };
        counts.used(self);
        let waits = match &counts.of {
            Of::Lock(lock) => &lock.waits,
            Of::Semaphore(semaphore) => &semaphore.waits,
            Of::Queue(queue) if put => &queue.put_waits,
            Of::Queue(queue) => &queue.get_waits,
            Of::Meeting(meeting) => &meeting.waits,
            Of::Channel(_) => return,
        };
        waits.add(waited, line);
    }
}

impl QueueCounts {
    /// Asked while others cannot tell theirs: so the last to tell has seen what all have done.
    fn holds(&self, size: impl Fn() -> usize) {
        let mut fill = self.fill.lock();
        fill.now(size() as u64);
    }
}

/// A wait that is counted when it is over: for a lock, a permit, in a queue, or until something is made known. Who waits in a
/// `select` waits for nothing in particular.
pub struct Counted {
    sync: Arc<Sync>,
    put: bool,
}

impl Counted {
    pub fn of(op: &Op) -> Option<Counted> {
        let (sync, put) = match op {
            Op::Acquire(sync) | Op::Get(sync) | Op::Next(sync) | Op::Latch(sync) => (sync, false),
            Op::Event(wait) => (&wait.event, false),
            Op::Enter(enter) => (&enter.side, false),
            Op::Put(put) => (&put.queue, true),
            Op::Condition(wait) => (&wait.condition, false),
            Op::Barrier(wait) => (&wait.barrier, false),
            Op::Sleep
            | Op::Change
            | Op::Fork
            | Op::Beat(_)
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
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
        sync.counts().is_some().then(|| Counted { sync: sync.clone(), put })
    }

    pub fn over(&self, waited: Duration, line: u32) {
        self.sync.count_wait(self.put, waited, line);
    }
}
