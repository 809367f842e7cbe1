//! Exploring every interleaving of a script, in the simulated world.
//!
//! `verdict` is what comes out, as data: for the command line, a REPL, a debugger, a web page.

mod check;
mod options;
pub mod verdict;

pub use check::{check, replay, simulate};
pub use options::{Limits, Options, Progress, Reductions, Time};
