//! A few runs of different kinds, to their ends, for a search that goes on level by level and may never come that far.

use super::space::Space;
use super::{Seen, draw_all, verdict};
use crate::explore::options::{Options, Progress, Sampling, Strategy};
use crate::explore::steps::Steps;
use crate::explore::strategy::Dive;
use crate::explore::verdict::{Limit, Property, Verdict};
use std::ops::ControlFlow;

/// One of each kind, of so many steps at most.
const RUNS: u64 = Dive::KINDS;
const MOST_STEPS: u64 = 2000;

/// What they have shown.
pub struct Dived<'o> {
    space: Space<'o>,
    seen: Seen,
    options: &'o Options,
}

/// Makes the runs, as long as `progress` lets them go on.
pub fn dive<'o>(
    mut steps: Steps,
    options: &'o Options,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<Limit>,
) -> Dived<'o> {
    let sampling = Sampling { runs: RUNS, strategy: Strategy::Walk, most_steps: MOST_STEPS };
    // Only what fails is asked for.
    let asked = Options { outcomes: false, ..options.clone() };
    loop {
        let mut space = Space::new(steps, false, &[]).without_rivals();
        let seen = draw_all(&mut space, &asked, sampling, &mut Dive::default(), progress);
        let Some(wrong) = space.steps.refuted.take() else { return Dived { space, seen, options } };
        steps = super::anew(&space.steps, options, wrong);
    }
}

impl Dived<'_> {
    /// What they show of a property, after the search has hit a limit.
    pub fn verdict(&mut self, property: Property) -> Verdict {
        self.space.steps.forget_limits(Some(Limit::States));
        verdict(&mut self.space.steps, &self.seen, self.options, property)
    }
}
