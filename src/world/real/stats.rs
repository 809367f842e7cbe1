//! What `--stats` tells: how long each thread ran and waited, and how each thing was used. Asked for only; a run
//! without it makes no counts and takes no times.

use super::RealWorld;
use crate::builtin::Wait;
use crate::report::stats::{LockStats, QueueStats, Stats, ThreadStats};
use crate::sync::Sync;
use crate::sync::counts::{Counted, Counts, LockCounts, Of, QueueCounts};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the threads of a run have counted.
#[derive(Default)]
pub(super) struct Tally {
    /// Those that have ended, with their ids.
    threads: Mutex<Vec<(u32, ThreadStats)>>,
    things: Mutex<Things>,
}

#[derive(Default)]
struct Things {
    /// Of things that may still be used.
    counts: Vec<Arc<Counts>>,
    /// How many there may be before those whose thing is gone are summed up.
    room: usize,
    /// Sums by name and line of making, so that a name made a thousand times is one row. With the first's id.
    locks: HashMap<Row, (u32, LockStats)>,
    queues: HashMap<Row, (u32, QueueStats)>,
}

type Row = (String, u32);

/// So few are never summed up before the end.
const SMALL: usize = 1024;

impl Tally {
    /// A new thing is counted from now on.
    pub fn add(&self, sync: &Sync) {
        let Some(counts) = Counts::for_thing(sync) else { return };
        let counts = Arc::new(counts);
        // It is new, so it has none yet.
        let _ = sync.counts.set(counts.clone());
        let mut things = self.things.lock();
        if things.counts.len() >= things.room {
            things.sum_up(|counts| Arc::strong_count(counts) == 1);
            things.room = (things.counts.len() * 2).max(SMALL);
        }
        things.counts.push(counts);
    }

    pub fn stats(&self, wall: Duration) -> Stats {
        let threads = in_order(self.threads.lock().drain(..));
        let mut things = self.things.lock();
        things.sum_up(|_| true);
        let locks = in_order(things.locks.drain().map(|(_, row)| row));
        let queues = in_order(things.queues.drain().map(|(_, row)| row));
        Stats { wall, threads, locks, queues }
    }
}

fn in_order<T>(rows: impl Iterator<Item = (u32, T)>) -> Vec<T> {
    let mut rows: Vec<(u32, T)> = rows.collect();
    rows.sort_by_key(|(id, _)| *id);
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Things {
    fn sum_up(&mut self, which: impl Fn(&Arc<Counts>) -> bool) {
        for counts in self.counts.extract_if(.., |counts| which(counts)) {
            let Some(label) = counts.label() else { continue };
            let row = (label.to_string(), counts.line);
            match &counts.of {
                Of::Lock(lock) => {
                    let (first, sum) = self.locks.entry(row).or_insert((counts.id, LockStats::default()));
                    *first = counts.id.min(*first);
                    add_lock(sum, label, lock);
                }
                Of::Queue(queue) => {
                    let (first, sum) = self.queues.entry(row).or_insert((counts.id, QueueStats::default()));
                    *first = counts.id.min(*first);
                    add_queue(sum, label, queue);
                }
            }
        }
    }
}

fn read(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

fn add_lock(sum: &mut LockStats, label: &str, lock: &LockCounts) {
    sum.label = label.into();
    sum.acquired += read(&lock.acquired);
    sum.waits += read(&lock.waits);
    let (longest, line) = *lock.longest.lock();
    if longest > sum.longest {
        (sum.longest, sum.line) = (longest, line);
    }
}

fn add_queue(sum: &mut QueueStats, label: &str, queue: &QueueCounts) {
    sum.label = label.into();
    sum.put += read(&queue.put);
    sum.got += read(&queue.got);
    sum.most = sum.most.max(read(&queue.most));
    sum.put_waits += read(&queue.put_waits);
    sum.get_waits += read(&queue.get_waits);
}

/// A wait that is measured.
pub(super) struct Measured {
    counted: Counted,
    began: Instant,
}

impl RealWorld {
    /// None where nobody asks.
    #[inline]
    pub(super) fn measure(&self, wait: &Wait) -> Option<Measured> {
        if !self.shared.options.stats {
            return None;
        }
        Counted::of(&wait.op).map(|counted| Measured { counted, began: Instant::now() })
    }

    /// At the end of the thread; by the thread itself, so that the system tells of the right one.
    pub(super) fn tell_stats(&self) {
        // The first number is the time on a processor, in nanoseconds.
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let cpu = told.and_then(|text| text.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
        let (waits, waited, slept) = (self.waits, self.waited, self.slept);
        let name = self.seat.thread.name().to_string();
        let stats = ThreadStats { name, wall: self.began.elapsed(), cpu, waits, waited, slept };
        self.shared.tally.threads.lock().push((self.seat.thread.id, stats));
    }
}

impl Measured {
    pub fn over(&self, line: u32) {
        self.counted.over(self.began.elapsed(), line);
    }
}
