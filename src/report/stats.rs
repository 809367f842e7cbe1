//! What `--stats` counts, as data. Filled by a world, shown by `render::stats`.

use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// From the start of the run to its end.
    pub wall: Duration,
    /// In order of their start.
    pub threads: Vec<ThreadStats>,
    /// Only what was used; in order of making. What has the same name and was made in the same line is one row.
    pub locks: Vec<LockStats>,
    pub queues: Vec<QueueStats>,
}

/// One thread of the script.
#[derive(Debug, Clone, Default)]
pub struct ThreadStats {
    pub name: String,
    /// From its start to its end.
    pub wall: Duration,
    /// Time on a processor; None where the system does not tell.
    pub cpu: Option<Duration>,
    /// How often it had to wait (for a lock, in a queue, asleep), and how long in all.
    pub waits: u64,
    pub waited: Duration,
    /// How much of that it slept: in `sleep`, or until the time of a timer.
    pub slept: Duration,
}

/// A lock of any kind, a monitor, a semaphore.
#[derive(Debug, Clone, Default)]
pub struct LockStats {
    pub label: String,
    pub acquired: u64,
    /// How often it could not be acquired at once.
    pub waits: u64,
    pub longest: Duration,
    /// Where the thread waited that waited longest.
    pub line: u32,
}

#[derive(Debug, Clone, Default)]
pub struct QueueStats {
    pub label: String,
    pub put: u64,
    pub got: u64,
    /// The most values it held at once.
    pub most: u64,
    /// How often there was no room at once, and how often there was no value.
    pub put_waits: u64,
    pub get_waits: u64,
}
