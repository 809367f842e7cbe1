//! Exploring every interleaving of a script, in the simulated world.
//!
//! In reading order: `options` and `verdict` (what is asked, and what comes out, as data), `labels`, `state` and
//! `canonical` (a state in one form), `steps` (what one thread does in it, computed once), `search` (every state),
//! `graph` (what only the whole space tells), `bounded` (runs with few preemptions), `strategy` and `sample` (runs drawn at
//! random), `covered` (which of it was done), `shortest` and `story` (the counterexample that is easiest to follow),
//! `schedule` and `fingerprint` (a run's decisions in a file), `check` (the ways in).

mod bounded;
mod canonical;
mod check;
pub mod covered;
pub mod fingerprint;
#[doc(hidden)]
pub mod flaw;
mod graph;
mod growth;
mod labels;
mod options;
mod sample;
pub mod schedule;
mod search;
mod shortest;
mod state;
mod steps;
mod story;
mod strategy;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use check::{Said, check, legs, replay, simulate};
pub use options::{Extent, Limits, Options, Progress, Reductions, Sampling, Strategy, Time};
