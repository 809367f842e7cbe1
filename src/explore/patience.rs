//! How long whoever looks at one state goes on with it: what is chosen in one step may have more values than there is time
//! for. So limits are looked at while steps are computed, not only between states.

use super::options::{Limits, Progress};
use super::search::Watch;
use super::steps::Steps;
use super::verdict::Limit;
use std::ops::ControlFlow;

/// So many steps are computed before it is asked again: each may take some thousand instructions of the script.
const OFTEN: u64 = 8;
/// Bytes that are kept meanwhile, at most.
const MUCH: usize = 16 << 20;

/// Asks, as steps are computed, whether to go on.
pub struct Patience<'w> {
    /// Is told about how many bytes the steps take, and how many of them were tried for the present state.
    watch: &'w mut dyn FnMut(u64, u64) -> ControlFlow<Limit>,
    /// How many had been computed when it was asked last.
    asked_at: u64,
    /// How many bytes the steps took then.
    took: usize,
    tried: u64,
    /// Why it has come to its end.
    pub ended: Option<Limit>,
}

impl<'w> Patience<'w> {
    pub fn new(watch: &'w mut dyn FnMut(u64, u64) -> ControlFlow<Limit>) -> Patience<'w> {
        Patience { watch, asked_at: 0, took: 0, tried: 0, ended: None }
    }

    /// Another state is looked at.
    pub fn turn(&mut self) {
        self.tried = 0;
    }

    /// Whether it lasts for one step more.
    pub fn lasts(&mut self, steps: &Steps) -> bool {
        self.tried += 1;
        if self.ended.is_some() || steps.computed == self.asked_at {
            return self.ended.is_none();
        }
        let memory = steps.memory();
        if steps.beyond.is_some() {
            self.ended = Some(Limit::Memory);
        } else if steps.computed >= self.asked_at + OFTEN || memory > self.took + MUCH {
            (self.asked_at, self.took) = (steps.computed, memory);
            self.ended = (self.watch)(memory as u64, self.tried).break_value();
        }
        self.ended.is_none()
    }
}

/// Asks for the limits and tells the progress, which is now that of before and what the steps have come to take.
pub fn within<'p>(
    before: Progress,
    steps: &Steps,
    limits: Limits,
    progress: Watch<'p>,
) -> impl FnMut(u64, u64) -> ControlFlow<Limit> + use<'p> {
    let beside = before.memory - steps.memory() as u64;
    move |memory, tried| {
        let now = Progress { memory: beside + memory, ..before };
        progress(&now)?;
        if now.memory > limits.memory {
            return ControlFlow::Break(Limit::Memory);
        }
        // So many states may come of one alone.
        if tried > limits.states { ControlFlow::Break(Limit::States) } else { ControlFlow::Continue(()) }
    }
}
