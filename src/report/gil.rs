//! What `--gil` tells at the end, as data.

use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct Gil {
    /// So long a thread waits for the lock before it asks for it.
    pub interval: Duration,
    /// How often another thread than before has taken it.
    pub switches: u64,
    /// In order of their start.
    pub threads: Vec<GilThread>,
}

/// How long a thread held the lock, waited for it, and did not need it.
#[derive(Debug, Clone, Default)]
pub struct GilThread {
    pub name: String,
    pub held: Duration,
    pub waited: Duration,
    pub without: Duration,
}
