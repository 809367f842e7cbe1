//! Exploring every interleaving of a script, in the simulated world.
//!
//! `schedule` writes a run's decisions to a file and reads them again.
//! `verdict` is what comes out, as data: for the command line, a REPL, a debugger, a web page.

pub mod fingerprint;
mod options;
pub mod schedule;
pub mod verdict;

pub use options::{Limits, Options, Progress, Reductions, Time};
