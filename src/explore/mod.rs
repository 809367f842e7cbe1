//! Exploring every interleaving of a script, in the simulated world.
//!
//! `verdict` is what comes out, as data: for the command line, a REPL, a debugger, a web page.

mod canonical;
mod check;
mod graph;
mod labels;
mod options;
mod search;
mod shortest;
mod state;
mod steps;
mod story;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use check::{Said, check, replay, simulate};
pub use options::{Limits, Options, Progress, Reductions, Time};
