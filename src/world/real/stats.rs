//! What `--stats` tells: how long each thread ran and waited, and how each thing was used. Asked for only; a run
//! without it makes no counts and takes no times.

use super::run::Shared;
use super::{RealWorld, process};
use crate::builtin::Wait;
use crate::mapped::ledger::{self, Ledger};
use crate::report::stats::{
    FillStats, LockStats, MeetingStats, QueueStats, Samples, SemaphoreStats, Stats, ThreadStats,
};
use crate::sync::Sync;
use crate::sync::counts::fill::Fill;
use crate::sync::counts::{Counted, Counts, LockCounts, Of, QueueCounts, SemaphoreCounts};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
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
    locks: Rows<LockStats>,
    semaphores: Rows<SemaphoreStats>,
    queues: Rows<QueueStats>,
    meetings: Rows<MeetingStats>,
}

/// Sums by name and line of making, so that a name made a thousand times is one row. With the first's id.
struct Rows<T>(HashMap<(String, u32), (u32, T)>);

impl<T> Default for Rows<T> {
    fn default() -> Rows<T> {
        Rows(HashMap::new())
    }
}

impl<T: Default> Rows<T> {
    fn row(&mut self, counts: &Counts, label: &str) -> &mut T {
        let row = (label.to_string(), counts.line);
        let (first, sum) = self.0.entry(row).or_insert((counts.id, T::default()));
        *first = counts.id.min(*first);
        sum
    }

    fn take(&mut self) -> Vec<T> {
        in_order(self.0.drain().map(|(_, row)| row))
    }
}

/// So few are never summed up before the end.
const SMALL: usize = 1024;

impl Tally {
    /// A new thing is counted from now on.
    pub fn add(&self, sync: &Sync, ledger: &Arc<Ledger>) {
        let Some(counts) = Counts::for_thing(sync, Some(ledger)) else { return };
        let counts = Arc::new(counts);
        sync.count_in(counts.clone());
        let mut things = self.things.lock();
        if things.counts.len() >= things.room {
            things.sum_up(|counts| Arc::strong_count(counts) == 1);
            things.room = (things.counts.len() * 2).max(SMALL);
        }
        things.counts.push(counts);
    }

    fn stats(&self, wall: Duration) -> Stats {
        let threads = in_order(self.threads.lock().drain(..));
        let mut things = self.things.lock();
        things.sum_up(|_| true);
        let (locks, semaphores) = (things.locks.take(), things.semaphores.take());
        let (mut queues, meetings) = (things.queues.take(), things.meetings.take());
        // Until now they are since the end.
        for samples in queues.iter_mut().filter_map(|queue| queue.fill.samples.as_mut()) {
            samples.from = wall.saturating_sub(samples.from);
        }
        Stats { wall, threads, locks, semaphores, queues, meetings, ..Stats::default() }
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
            match &counts.of {
                Of::Lock(lock) => add_lock(self.locks.row(&counts, label), label, lock),
                Of::Semaphore(semaphore) => {
                    add_semaphore(self.semaphores.row(&counts, label), label, semaphore);
                }
                Of::Queue(queue) => add_queue(self.queues.row(&counts, label), label, queue),
                Of::Meeting(meeting) => {
                    let sum = self.meetings.row(&counts, label);
                    (sum.kind, sum.label) = (meeting.kind.into(), label.into());
                    sum.waits.add(&meeting.waits.lines());
                }
                // The ledger has it.
                Of::Channel(_) => {}
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
    sum.waits.add(&lock.waits.lines());
}

fn add_semaphore(sum: &mut SemaphoreStats, label: &str, semaphore: &SemaphoreCounts) {
    let fewest = semaphore.fewest.load(Ordering::Relaxed);
    let first = sum.label.is_empty();
    sum.fewest = if first { fewest } else { sum.fewest.min(fewest) };
    sum.label = label.into();
    sum.acquired += read(&semaphore.acquired);
    sum.released += read(&semaphore.released);
    sum.waits.add(&semaphore.waits.lines());
}

fn add_queue(sum: &mut QueueStats, label: &str, queue: &QueueCounts) {
    let first = sum.label.is_empty();
    sum.label = label.into();
    sum.put += read(&queue.put);
    sum.got += read(&queue.got);
    sum.most = sum.most.max(read(&queue.most));
    sum.put_waits.add(&queue.put_waits.lines());
    sum.get_waits.add(&queue.get_waits.lines());
    let mut fill = queue.fill.lock();
    sum.capacity = fill.capacity;
    add_fill(&mut sum.fill, &mut fill, first);
}

fn add_fill(sum: &mut FillStats, fill: &mut Fill, first: bool) {
    let told = fill.told();
    sum.time += told.time;
    sum.empty += told.empty;
    sum.full += told.full;
    sum.sum += told.mean() * told.time.as_nanos() as f64;
    sum.samples = first.then(|| Samples { from: told.began.elapsed(), each: told.width, values: told.parts });
}

/// A wait that is measured.
pub(super) struct Measured {
    counted: Counted,
    began: Instant,
}

impl Shared {
    /// What there is to tell of this process, and by the first one of all of them.
    pub(super) fn stats(&self, ledger: &Ledger) -> Stats {
        let wall = Duration::from_nanos(self.clock.now().unsigned_abs());
        let mut stats = self.tally.stats(wall);
        ledger.end(time_of(ClockId::ProcessCPUTime));
        if self.processes.own.is_none() {
            stats.processes = ledger.processes();
            (stats.lost, stats.names_lost) = (ledger.lost(), ledger.names_lost());
        }
        stats
    }
}

impl RealWorld {
    /// None where nobody asks.
    #[inline]
    pub(super) fn measure(&self, wait: &Wait) -> Option<Measured> {
        if self.plain {
            return None;
        }
        self.shared.options.stats.as_ref()?;
        Counted::of(&wait.op).map(|counted| Measured { counted, began: Instant::now() })
    }

    /// The thread begins, and with the first one its process.
    pub(super) fn begin_stats(&mut self) {
        let Some(ledger) = &self.shared.options.stats else { return };
        ledger::attend(ledger);
        if self.seat.thread.id == self.shared.main.id {
            let born = process::pids();
            let name = self.shared.processes.own.as_ref().map_or("main", |own| &own.name);
            ledger.begin(name, born.pid, born.parent);
        }
        self.row = ledger.thread(&self.seat.thread.name());
    }

    /// At the end of the thread; by the thread itself, so that the system tells of the right one.
    pub(super) fn tell_stats(&self) {
        if self.shared.options.stats.is_none() {
            return;
        }
        let cpu = time_of(ClockId::ThreadCPUTime);
        if let Some(row) = &self.row {
            row.thread_ended(cpu);
        }
        let (waits, waited, slept) = (self.waits, self.waited, self.slept);
        let name = self.seat.thread.name().to_string();
        let stats = ThreadStats { name, wall: self.began.elapsed(), cpu, waits, waited, slept };
        self.shared.tally.threads.lock().push((self.seat.thread.id, stats));
    }
}

/// What this clock of the caller's own process or thread has counted.
fn time_of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

impl Measured {
    pub fn over(&self, line: u32) {
        self.counted.over(self.began.elapsed(), line);
    }
}
