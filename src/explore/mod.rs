//! Exploring every interleaving of a script, in the simulated world.
//!
//! `verdict` is what comes out, as data: for the command line, a REPL, a debugger, a web page.

mod canonical;
mod labels;
mod options;
mod state;
mod steps;
pub mod verdict;

pub use options::{Limits, Options, Progress, Reductions, Time};
