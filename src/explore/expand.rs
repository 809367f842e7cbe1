//! Where the steps of a state lead. Most of it is known from other states, and is only looked up, by several workers at
//! once (`Reader`); what is not is computed by one, in the order of states (`Learner`). So tables grow in the same order
//! whatever the number of workers, and everything comes out the same.

use super::brief::{Aside, Brief};
use super::known::{Job, Known, Present, begins};
use super::labels::Label;
use super::moves::{Moves, Outputs};
use super::outcome::{Change, Effect, Outcome, Quick};
use super::patience::Patience;
use super::pieces::Pieces;
use super::queue::Piece;
use super::seen::{Seen, key};
use super::slice::{ASKED, Edge, Sign, Slice, To};
use super::state::{Graph, State, hash_of};
use super::steps::Steps;
use super::successor::sum_after;
use super::tries::{Computes, Tried, Tries, gives_up, race, stuck, try_all};
use super::verdict::{Limit, Property};
use crate::world::sim::Way;
use std::ops::Deref;

/// Who can tell where steps lead.
trait Leads: Tries {
    /// The edge, with the hash that is asked for; None when something is not known.
    fn lead(&mut self, graph: &Graph, one: &Tried<Self::Found>, change: &Change) -> Option<(Edge, u128)>;
}

/// Adds what a state leads to: how many steps can be taken. None, and nothing is added, when something is not known.
#[inline]
fn expand<L: Leads>(
    by: &mut L,
    id: u32,
    graph: &Graph,
    tried: &mut Vec<Tried<L::Found>>,
    slice: &mut Slice,
) -> Option<u32> {
    try_all(by, graph, tried)?;
    let (edges, signs, signed) = (slice.edges.len(), slice.signs.len(), slice.signed);
    let taken = follow_all(by, id, graph, tried, slice);
    slice.sign_stuck(id, taken, || stuck(by.pieces(), graph));
    if taken.is_none() {
        slice.take_back(edges);
        slice.signs.truncate(signs);
        slice.signed = signed;
    }
    taken
}

#[inline]
fn follow_all<L: Leads>(
    by: &mut L,
    id: u32,
    graph: &Graph,
    tried: &[Tried<L::Found>],
    slice: &mut Slice,
) -> Option<u32> {
    if slice.lacks(Property::Race) && race(tried).is_some() {
        slice.sign(id, Property::Race, Sign::Here);
    }
    let mut taken = 0;
    for one in tried {
        let Effect::Change(change) = &one.outcome.kind else { continue };
        taken += 1;
        slice.sign_faults(id, one);
        // Equal threads stand side by side, and lead to equal states.
        if one.seat > graph.first_part() && graph.part(one.seat) == graph.part(one.seat - 1) {
            continue;
        }
        let (edge, hash) = by.lead(graph, one, change)?;
        slice.add(edge, hash);
    }
    Some(taken)
}

/// Looks up what is known.
pub struct Reader<'s> {
    pub known: Known<'s>,
    pub present: Present,
    pub moves: &'s Moves,
    /// None when nobody asks what is printed.
    pub outputs: Option<&'s Outputs>,
    pub idle: bool,
    pub ends: Ends,
}

/// What became of cells when one of a group ended: the last of each kind that were asked for.
pub struct Ends {
    known: [((u32, u32, Label), u32); 64],
}

impl Default for Ends {
    fn default() -> Ends {
        Ends { known: [((u32::MAX, 0, 0), 0); 64] }
    }
}

impl Ends {
    #[inline]
    fn find(&mut self, pieces: &Pieces, end: (u32, u32, Label)) -> Option<u32> {
        let known = &mut self.known[(end.0 ^ end.1 ^ end.2) as usize % 64];
        if known.0 != end {
            *known = (end, pieces.known_end(end.0, end.1, end.2)?);
        }
        Some(known.1)
    }
}

/// What came of a step, and its number.
#[derive(Clone)]
pub struct Found<'s> {
    number: u32,
    outcome: &'s Outcome,
}

impl Deref for Found<'_> {
    type Target = Outcome;

    #[inline]
    fn deref(&self) -> &Outcome {
        self.outcome
    }
}

impl<'s> Reader<'s> {
    /// Looks at all states of a piece, as far as everything is known.
    pub fn expand(&mut self, piece: &Piece, slice: &mut Slice) {
        let (mut graph, mut tried) = (Graph::default(), Vec::new());
        let mut next = 0;
        loop {
            let at = next;
            let Some(id) = piece.read(&mut next, &mut graph) else { return };
            let first = slice.edges.len();
            let mut taken = self.add_plain(&graph, slice);
            if taken.is_some() {
                slice.sign_stuck(id, taken, || stuck(self.known.pieces, &graph));
            } else {
                slice.take_back(first);
                taken = expand(self, id, &graph, &mut tried, slice);
            }
            slice.looked(id, at, taken);
        }
    }

    /// Adds what a state leads to, where each of its steps is told in brief: how many can be taken. None when they are not, and
    /// then something may have been added.
    #[inline]
    fn add_plain(&mut self, graph: &Graph, slice: &mut Slice) -> Option<u32> {
        let Known { pieces, common, .. } = self.known;
        let memo = self.known.memo.filter(|_| !self.idle && !graph.is_tangled())?;
        let way = self.present.plain_way(pieces, common, graph, Way::Run)?;
        let mut taken = 0;
        let elsewhere = |seat: usize| graph.part(seat).is_some_and(|part| pieces.traits(part).elsewhere);
        // Equal threads stand side by side, and lead to equal states.
        let mut before = None;
        for seat in 0..graph.seats {
            let begins = begins(graph, common, seat);
            if let Some((_, moves)) = before.filter(|(known, _)| *known == begins) {
                taken += u32::from(moves);
                continue;
            }
            let number = memo.find(begins, way, |cell| self.present.answer(pieces, graph, cell))?;
            let sum = match memo.brief(number) {
                Brief::Adds(sum, aside) if !self.asks(aside, slice) => graph.sum.wrapping_add(sum),
                Brief::Leaves(aside) if !self.asks(aside, slice) => self.sum_after(graph, number)?,
                // Who waits in another process may wait for ever: what comes of that is not told here.
                Brief::Blocked(aside)
                    if !self.asks(aside, slice) && !gives_up(self, graph, seat) && !elsewhere(seat) =>
                {
                    before = Some((begins, false));
                    continue;
                }
                Brief::Long | Brief::Adds(..) | Brief::Leaves(_) | Brief::Blocked(_) => return None,
            };
            before = Some((begins, true));
            taken += 1;
            let step = self.moves.find(seat, Way::Run, &[])?;
            let edge = Edge { to: ASKED, step, output: graph.output, outcome: number };
            slice.add(edge, hash_of(sum, graph.output));
        }
        Some(taken)
    }

    /// Whether something beside where it leads is asked of a step.
    #[inline]
    fn asks(&self, aside: Aside, slice: &Slice) -> bool {
        aside.touches && slice.lacks(Property::Race) || aside.prints && self.outputs.is_some()
    }

    fn sum_after(&mut self, graph: &Graph, number: u32) -> Option<u128> {
        let Effect::Change(change) = &self.known.outcome(number)?.kind else { return None };
        let (pieces, ends) = (self.known.pieces, &mut self.ends);
        sum_after(graph, change.quick.as_deref()?, |cell, group, label| {
            ends.find(pieces, (cell, group, label))
        })
    }
}

impl<'s> Tries for Reader<'s> {
    type Found = Found<'s>;

    #[inline]
    fn take(&mut self, graph: &Graph, seat: usize, way: Way, choices: &[u32]) -> Option<Found<'s>> {
        let number = self.known.find(&mut self.present, graph, Job::Step { seat, way, choices })?;
        Some(Found { number, outcome: self.known.outcome(number)? })
    }

    fn pieces(&self) -> &Pieces {
        self.known.pieces
    }

    fn common(&self) -> usize {
        self.known.common
    }

    fn is_idle(&self) -> bool {
        self.idle
    }

    fn has_processes(&self) -> bool {
        self.known.rules.processes
    }

    fn ends_stuck(&mut self, graph: &Graph, waiting: &[usize]) -> Option<Vec<usize>> {
        self.known.ways_out.find(self.known.pieces, graph, self.known.common, waiting)
    }
}

impl Leads for Reader<'_> {
    #[inline]
    fn lead(&mut self, graph: &Graph, one: &Tried<Self::Found>, change: &Change) -> Option<(Edge, u128)> {
        let quick = quick_for(graph, change)?;
        let pieces = self.known.pieces;
        let sum = sum_after(graph, quick, |cell, group, label| pieces.known_end(cell, group, label))?;
        let output = match self.outputs {
            Some(outputs) => outputs.known(graph.output, &one.outcome.output)?,
            None => graph.output,
        };
        let step = self.moves.find(one.seat, one.way, &one.choices)?;
        let hash = key(hash_of(sum, output), one.outcome.exited);
        Some((Edge { to: ASKED, step, output, outcome: one.outcome.number }, hash))
    }
}

/// The change as a few cells and parts that are replaced, where it is one.
#[inline]
pub fn quick_for<'c>(graph: &Graph, change: &'c Change) -> Option<&'c Quick> {
    change.quick.as_deref().filter(|_| !graph.is_tangled())
}

/// Computes what is not known, as long as patience lasts.
pub struct Learner<'s, 'w> {
    pub patience: Patience<'w>,
    pub steps: &'s mut Steps,
    pub moves: &'s mut Moves,
    pub outputs: Option<&'s mut Outputs>,
    pub seen: &'s Seen,
    /// States that were not known when they were made, and whether the script has ended itself there.
    pub made: &'s mut Vec<(State, Option<i32>)>,
    pub next: &'s mut Graph,
}

impl Learner<'_, '_> {
    /// Looks at one state. When patience ends meanwhile, what was seen so far to go wrong is kept; at the limit of states
    /// also where the steps lead that were tried.
    pub fn expand(&mut self, id: u32, at: usize, graph: &Graph, tried: &mut Vec<Tried>, slice: &mut Slice) {
        self.patience.turn();
        let mut taken = expand(self, id, graph, tried, slice);
        match self.patience.ended {
            None => debug_assert!(taken.is_some(), "what is not known is computed"),
            Some(Limit::States) => {
                taken = follow_all(self, id, graph, tried, slice);
            }
            Some(Limit::Time | Limit::Memory | Limit::Stopped) => {
                tried.iter().for_each(|one| slice.sign_faults(id, one));
            }
        }
        slice.looked(id, at, taken);
    }
}

impl Computes for Learner<'_, '_> {
    fn steps(&self) -> &Steps {
        self.steps
    }

    fn steps_mut(&mut self) -> &mut Steps {
        self.steps
    }

    fn has_time(&mut self) -> bool {
        self.patience.lasts(self.steps)
    }
}

impl Leads for Learner<'_, '_> {
    fn lead(&mut self, graph: &Graph, one: &Tried<Self::Found>, change: &Change) -> Option<(Edge, u128)> {
        let exited = one.outcome.exited;
        let output = match &mut self.outputs {
            Some(outputs) => outputs.after(graph.output, &one.outcome.output),
            None => graph.output,
        };
        let step = self.moves.number(one.seat, one.way, &one.choices);
        let edge = |to, outcome| Edge { to, step, output, outcome };
        // Most steps lead where others have led before: that is seen without making the state.
        if let Some(quick) = quick_for(graph, change) {
            let hash = key(hash_of(self.steps.sum_after(graph, quick), output), exited);
            if let Some(known) = self.seen.find(hash) {
                return Some((edge(To::Known(known), 0), hash));
            }
        }
        self.steps.apply(graph, one.seat, change, self.next);
        self.next.output = output;
        let hash = key(self.next.hash(), exited);
        if let Some(known) = self.seen.find(hash) {
            return Some((edge(To::Known(known), 0), hash));
        }
        self.made.push((self.next.store(), exited));
        Some((edge(ASKED, self.made.len() as u32 - 1), hash))
    }
}
