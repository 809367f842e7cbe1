//! Exploring every interleaving of a script, in the simulated world.
//!
//! In reading order: `options` and `verdict` (what is asked, and what comes out, as data), `labels`, `state` and
//! `canonical` (a state in one form), `steps` (what one thread does in it, computed once), `search` (every state),
//! `graph` (what only the whole space tells), `shortest` and `story` (the counterexample that is easiest to follow),
//! `schedule` and `fingerprint` (a run's decisions in a file), `check` (the ways in).

mod canonical;
mod check;
pub mod fingerprint;
mod graph;
mod labels;
mod options;
pub mod schedule;
mod search;
mod shortest;
mod state;
mod steps;
mod story;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use check::{Said, check, legs, replay, simulate};
pub use options::{Limits, Options, Progress, Reductions, Time};
