//! Exploring every interleaving of a script, in the simulated world.
//!
//! `verdict` is what comes out, as data: for the command line, a REPL, a debugger, a web page.

mod options;
pub mod verdict;

pub use options::{Limits, Options, Progress, Reductions, Time};
