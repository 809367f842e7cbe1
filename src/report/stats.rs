//! What `--stats` counts, as data. Filled by a world, shown by `render::stats`.

use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// From the start of the run to its end.
    pub wall: Duration,
    /// In order of their start.
    pub threads: Vec<ThreadStats>,
    /// Only what was used; in order of making.
    pub syncs: Vec<SyncStats>,
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
}

/// One lock, queue or other thing to wait for.
#[derive(Debug, Clone, Default)]
pub struct SyncStats {
    pub label: String,
    /// How often an operation on it was done that may have to wait.
    pub uses: u64,
    /// How many of these had to wait, and how long in all.
    pub contended: u64,
    pub waited: Duration,
}
