//! Exploring every interleaving of a script, in the simulated world.
//!
//! In reading order: `options` and `verdict` (what is asked, and what comes out, as data); `labels`, `state`,
//! `pieces` (with `rows`) and `canonical` (a state in one form), `flat` and `layout` (the same laid out to be
//! brought to life); `steps`, `memo`, `known`, `trial`, `alone`, `changed`, `outcome`, `brief`, `quick`
//! (with `plain`) and `successor` (what one
//! thread does in a state, computed once, and the state after it); `tries` (all steps from a state), `patience`
//! (how long), `search`, `round`, `expand` (with `moves` and `slice`), `seen`, `places` and `placing`, `queue` (with `bytes`) and `workers`
//! (every state, on several cores), `graph` (what only the whole space tells), `growth` (what makes it large),
//! `rings` (what a search that was cut still knows), `bounded` (runs with few preemptions), `strategy` and `sample` (runs drawn at random), `covered` (which of it
//! was done), `shortest` and `story` (the counterexample that is easiest to follow), `schedule` and `fingerprint`
//! (a run's decisions in a file), `check` (the ways in); `able` and `simulate` (one run, of which nothing is
//! stored).

mod able;
mod alone;
mod bounded;
mod brief;
mod bytes;
mod canonical;
mod changed;
mod check;
pub mod covered;
mod ends;
mod expand;
pub mod fingerprint;
mod flat;
#[doc(hidden)]
pub mod flaw;
mod graph;
mod growth;
mod hold;
mod known;
mod labels;

mod layout;
mod memo;
mod moves;
mod options;
mod outcome;
mod patience;
mod pieces;
mod places;
mod placing;
mod plain;
mod queue;
mod quick;
mod rings;
mod round;
mod rows;
mod sample;
pub mod schedule;
mod search;
mod seen;
mod shortest;
mod simulate;
mod slice;
mod state;
mod steps;
mod still;
mod story;
mod strategy;
mod successor;
#[cfg(test)]
mod tests;
mod trial;
mod tries;
pub mod verdict;
mod ways_out;
mod workers;

pub use check::{check, legs, replay, watched};
pub use options::{Extent, Limits, Options, Progress, Reductions, Sampling, Schedules, Strategy, Time};
pub use simulate::{Halt, Said, simulate, simulate_watched};
