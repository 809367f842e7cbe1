//! Deliberate mistakes of the explorer. A comparison with another explorer is worth something only if it notices them;
//! whether it does is tested (`tests/explore`). Nothing else sets one.

use crate::code::crews::Crews;
use crate::world::sim::Rules;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A variable that several threads touch is taken to belong to one.
    WriteUnseen,
    /// A release is merged into the step before it although somebody can tell.
    AlwaysMerged,
    /// The end of a thread is part of its last step although somebody can tell.
    EndMerged,
    /// A register that will be read again is taken to be dead.
    DeadTooSoon,
    /// That a step has met a variable is forgotten when its outcome is remembered.
    MetForgotten,
    /// Every list of threads is taken to be one that is only joined.
    OrderForgotten,
    /// What an `invariant` is about is not looked at while there is one thread only.
    NotLookedAt,
    /// What a thread hands over is taken to be its own for as long as it goes on.
    HandedOverUnseen,
}

impl Flaw {
    /// What `main.rs` of `tests/explore` looks for; its programs have nothing to hand over.
    pub const ALL: [Flaw; 7] = [
        Flaw::WriteUnseen,
        Flaw::AlwaysMerged,
        Flaw::EndMerged,
        Flaw::DeadTooSoon,
        Flaw::MetForgotten,
        Flaw::OrderForgotten,
        Flaw::NotLookedAt,
    ];

    /// Puts the mistake into what a run may leave out, if it is one of those.
    pub(super) fn spoil(self, rules: &mut Rules) {
        match self {
            Flaw::WriteUnseen => {
                if let Some(first) = rules.shared_globals.iter_mut().find(|shared| **shared) {
                    *first = false;
                }
            }
            Flaw::AlwaysMerged => (rules.merge, rules.merge_shared) = (true, true),
            Flaw::EndMerged => rules.ends = false,
            Flaw::DeadTooSoon => {
                if let Some(liveness) = &mut rules.liveness {
                    liveness.spoil();
                }
            }
            Flaw::OrderForgotten => rules.crews.iter_mut().for_each(Crews::spoil),
            Flaw::NotLookedAt => rules.looked_at.fill(false),
            Flaw::HandedOverUnseen => rules.publishes = false,
            Flaw::MetForgotten => {}
        }
    }
}
