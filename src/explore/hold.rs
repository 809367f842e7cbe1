//! Whether a thread holds on, over a step, to what it had hold of. Where there are pipes, what nobody can come to any more
//! may be an end of one, which then closes itself; and whether others can is not met by the step of one thread. So a step
//! by which a thread lets go of something is only known for the state in which it was taken.

use super::layout::Name;
use super::outcome::Change;
use super::steps::Steps;
use super::trial::Trial;
use crate::state::graph::NEW;
use foldhash::fast::FixedState;
use std::collections::HashSet;

type Nodes = HashSet<u32, FixedState>;

impl Steps {
    /// Whether all that a thread, and what it has met, led to before a step it leads to after it, wherever the same
    /// thread meets the same.
    pub(super) fn keeps_hold(&self, trial: &Trial<'_>, seat: usize, met: &[u32], raw: &Change) -> bool {
        let flat = trial.flat();
        let own = (self.common + seat) as u32;
        // What of it is the same wherever the same is met; of everything else only that it is led to.
        let is_known = |node: u32| {
            node == own
                || met.contains(&node)
                || matches!(trial.layout.name(node), Name::Own(whose, _) if whose == seat)
        };
        let written = |node: u32| raw.writes.iter().find(|(name, _, _)| *name == node);
        let before = |node: u32| is_known(node).then(|| flat.refs(node as usize));
        let after = |node: u32| match node & NEW {
            0 => is_known(node)
                .then(|| written(node).map_or(flat.refs(node as usize), |(_, _, refs)| &refs[..])),
            _ => Some(&raw.new[(node & !NEW) as usize].1[..]),
        };
        // Who leads to these is not known; it is the same before and after.
        let from_elsewhere = met.iter().copied().filter(|node| *node < self.common as u32);
        let mut held = Nodes::with_hasher(FixedState::with_seed(5));
        reach(from_elsewhere.clone().chain([own]), before, &mut held);
        let others: Vec<u32> = met.iter().copied().filter(|node| !held.contains(node)).collect();
        reach(others.iter().copied(), before, &mut held);
        let stays = (!raw.ended).then_some(own);
        let begun = raw.seats.iter().flat_map(|(_, refs)| refs.iter().copied());
        let mut holds = Nodes::with_hasher(FixedState::with_seed(5));
        reach(from_elsewhere.chain(others).chain(stays).chain(begun), after, &mut holds);
        let is_end = |node: u32| self.pieces.labels.facts(flat.label(node as usize)).end;
        held.iter().all(|node| holds.contains(node) || is_known(*node) && !is_end(*node))
    }
}

/// Adds what these lead to, as far as that is known.
fn reach<'r>(from: impl Iterator<Item = u32>, refs: impl Fn(u32) -> Option<&'r [u32]>, reached: &mut Nodes) {
    let mut pending: Vec<u32> = from.collect();
    while let Some(node) = pending.pop() {
        if reached.insert(node) {
            pending.extend(refs(node).into_iter().flatten());
        }
    }
}
