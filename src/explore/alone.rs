//! Whether steps are tried by one thread alone, where nothing of the others has been brought to life: that is cheap where
//! they are many, and in vain where a step looks around.

use super::known::Job;
use super::outcome::{Change, Effect, Outcome};
use super::state::Graph;
use super::steps::Steps;
use super::trial::Done;

/// How often that was of use, of late.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// Each time that it was makes up for one that it was not.
    in_vain: u32,
    /// It is left for so many steps.
    rests: u32,
}

/// After so many more in vain than of use it is left for a while.
const TOO_MANY: u32 = 8;
const A_WHILE: u32 = 200;

impl Alone {
    /// The next step: whether it is to be tried so.
    pub fn next(&mut self) -> bool {
        let rests = self.rests > 0;
        self.rests = self.rests.saturating_sub(1);
        !rests
    }

    pub fn note(&mut self, was_of_use: bool) {
        match was_of_use {
            true => self.in_vain = self.in_vain.saturating_sub(1),
            false => self.in_vain += 1,
        }
        if self.in_vain > TOO_MANY {
            (self.in_vain, self.rests) = (0, A_WHILE);
        }
    }
}

impl Steps {
    /// Whether a step in this state may be tried so: nobody has to be asked, or told, but who moves.
    pub(super) fn may_be_alone(&mut self, graph: &Graph) -> bool {
        self.layout.of(graph, &self.pieces, self.common);
        let rules = &self.rules;
        graph.seats > 1
            && self.memo.is_some()
            && !rules.processes
            && !rules.signals
            && self.layout.remembers.is_empty()
    }

    /// Whether the same comes of a step when all threads live: tried in debug builds.
    pub(super) fn is_same_among_others(&mut self, graph: &Graph, job: Job<'_>, done: &Done) -> bool {
        let Job::Step { seat, .. } = job else { return false };
        let whole = self.compute_whole(graph, job);
        let told = |it: &Outcome| {
            let faults = it.faults.len();
            format!(
                "{:?} {:?} {:?} {:?} {:?}",
                (&it.touches, it.atomic, it.joins, it.passed_join, &it.output, faults),
                (&it.choices, it.died, it.exited, it.starts, it.refuted),
                (&it.met, it.opaque),
                change_of(it).map(|change| (change.ended, &change.cells, &change.quick)),
                matches!(it.kind, Effect::Blocked),
            )
        };
        let mut after = |it: &Outcome| {
            let mut after = Graph::default();
            change_of(it).map(|change| self.apply(graph, seat, change, &mut after));
            after
        };
        let (one, other) = (&*done.outcome, &*whole.outcome);
        done.met == whole.met && told(one) == told(other) && after(one) == after(other)
    }
}

fn change_of(outcome: &Outcome) -> Option<&Change> {
    if let Effect::Change(change) = &outcome.kind { Some(change) } else { None }
}
