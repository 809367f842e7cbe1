//! The ways in. Written elsewhere at the same time: these are the agreed signatures only.

use super::verdict::{Findings, Limit, Schedule};
use super::{Options, Progress};
use crate::code::verify::Verified;
use crate::report::runtime::Ending;
use crate::world::Stream;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Explores every interleaving.
pub fn check(
    _program: Arc<Verified>,
    _options: &Options,
    _progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Findings {
    unimplemented!("the search is merged later")
}

/// One run in the simulated world; the seed decides every choice.
pub fn simulate(
    _program: Arc<Verified>,
    _seed: u64,
    _arguments: Vec<String>,
    _output: &mut dyn FnMut(Stream, &str),
) -> Ending {
    unimplemented!("the simulated world is merged later")
}

/// Runs one schedule again: what that one run shows, with its story. Err says why the schedule does not fit the program.
pub fn replay(_program: Arc<Verified>, _options: &Options, _schedule: &Schedule) -> Result<Findings, String> {
    unimplemented!("the simulated world is merged later")
}
