//! What comes of most steps, in a few words that stand side by side: whether the step can be taken, and what it adds to the
//! state's sum. Where a state has only such steps, no more is asked to know where they lead.

use super::outcome::{Effect, Outcome};

/// What is to be known of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brief {
    /// More than this: the whole outcome has to be looked at.
    Long,
    /// The step cannot be taken.
    Blocked(Aside),
    /// It adds so much to the sum.
    Adds(u128, Aside),
    /// It also changes what groups lead to, by the state that they are in.
    Leaves(Aside),
}

/// What matters only as long as somebody asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside {
    /// It touches what may race with another step.
    pub touches: bool,
    /// It prints.
    pub prints: bool,
}

impl Brief {
    pub fn of(outcome: &Outcome) -> Brief {
        // Another choice or another state may come to something else, or what goes wrong has to be told.
        let long = !outcome.choices.is_empty() || outcome.starts > 0 || outcome.died;
        if long || !outcome.faults.is_empty() || outcome.exited.is_some() {
            return Brief::Long;
        }
        let aside = Aside { touches: !outcome.touches.is_empty(), prints: !outcome.output.is_empty() };
        match &outcome.kind {
            Effect::Blocked => Brief::Blocked(aside),
            Effect::Change(change) => match &change.quick {
                Some(quick) if quick.leaves.is_empty() => Brief::Adds(quick.sum, aside),
                Some(_) => Brief::Leaves(aside),
                None => Brief::Long,
            },
        }
    }
}
