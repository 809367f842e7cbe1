//! What `--stats` counts, as data. Filled by a world, shown by `render::stats`.

use crate::mapped::ledger::ProcessRow;
use crate::sync::counts::LineWaits;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// From the start of the run to its end.
    pub wall: Duration,
    /// In order of their start.
    pub threads: Vec<ThreadStats>,
    /// Only what was used; in order of making. What has the same name and was made in the same line is one row.
    pub locks: Vec<LockStats>,
    pub semaphores: Vec<SemaphoreStats>,
    pub queues: Vec<QueueStats>,
    /// Conditions, events, barriers and latches that threads have waited for.
    pub meetings: Vec<MeetingStats>,
    /// Of the whole run, told by its first process; its children tell of themselves what is above.
    pub processes: Vec<ProcessRow>,
    /// How many processes, threads and channels are missing there.
    pub lost: usize,
    /// Of how many the name is missing.
    pub names_lost: u64,
}

/// One thread of the script.
#[derive(Debug, Clone, Default)]
pub struct ThreadStats {
    pub name: String,
    /// From its start to its end.
    pub wall: Duration,
    /// Time on a processor.
    pub cpu: Duration,
    /// How often it had to wait (for a lock, in a queue, asleep), and how long in all.
    pub waits: u64,
    pub waited: Duration,
    /// How much of that it slept: in `sleep`, or until the time of a timer.
    pub slept: Duration,
}

/// A lock of any kind, a monitor.
#[derive(Debug, Clone, Default)]
pub struct LockStats {
    pub label: String,
    pub acquired: u64,
    /// Where it could not be acquired at once.
    pub waits: Waits,
}

#[derive(Debug, Clone, Default)]
pub struct SemaphoreStats {
    pub label: String,
    pub acquired: u64,
    /// Permits given.
    pub released: u64,
    /// The fewest permits that were left.
    pub fewest: i64,
    pub waits: Waits,
}

#[derive(Debug, Clone, Default)]
pub struct QueueStats {
    pub label: String,
    pub put: u64,
    pub got: u64,
    /// The most values it held at once.
    pub most: u64,
    /// None for one without a limit.
    pub capacity: Option<u64>,
    pub fill: FillStats,
    /// Where there was no room at once, and where there was no value.
    pub put_waits: Waits,
    pub get_waits: Waits,
}

/// How full a queue was, as its process has seen it.
#[derive(Debug, Clone, Default)]
pub struct FillStats {
    /// Since it was made; of several in a row, of all of them.
    pub time: Duration,
    pub empty: Duration,
    /// Only where there is a limit.
    pub full: Duration,
    /// Values times nanoseconds.
    pub sum: f64,
    /// Over time; of several in a row nothing can be told.
    pub samples: Option<Samples>,
}

#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// When the first begins, since the start of the run, and how long each lasts.
    pub from: Duration,
    pub each: Duration,
    /// The mean and the most.
    pub values: Vec<(f64, u64)>,
}

impl FillStats {
    /// The mean number of values.
    pub fn mean(&self) -> f64 {
        self.share(self.sum)
    }

    /// How much of the time something lasted that lasts so many nanoseconds.
    pub fn share(&self, nanoseconds: f64) -> f64 {
        if self.time.is_zero() { 0.0 } else { nanoseconds / self.time.as_nanos() as f64 }
    }
}

#[derive(Debug, Clone, Default)]
pub struct MeetingStats {
    /// `condition`, `event`, `barrier`, `latch`.
    pub kind: String,
    pub label: String,
    pub waits: Waits,
}

/// Waits for one thing, by line: where threads waited longest, all in all, comes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits(pub Vec<LineWaits>);

impl Waits {
    pub fn times(&self) -> u64 {
        self.0.iter().map(|line| line.times).sum()
    }

    /// The longest, and in which line that was.
    pub fn longest(&self) -> Option<(Duration, u32)> {
        self.0.iter().map(|line| (line.longest, line.line)).max()
    }

    /// More of them.
    pub fn add(&mut self, more: &[LineWaits]) {
        for waits in more {
            match self.0.iter_mut().find(|known| known.line == waits.line) {
                Some(known) => known.add(waits),
                None => self.0.push(*waits),
            }
        }
        self.0.sort_by_key(|line| (std::cmp::Reverse(line.total), line.line));
    }
}
