//! Where the steps of a state lead. Most of it is known from other states, and is only looked up, by several workers at
//! once (`Reader`); what is not is computed by one, in the order of states (`Learner`). So tables grow in the same order
//! whatever the number of workers, and everything comes out the same.

use super::brief::{Aside, Brief};
use super::known::{Job, Known, Present, begins};
use super::labels::Label;
use super::outcome::{Change, Effect, Outcome, Quick};
use super::patience::Patience;
use super::pieces::Pieces;
use super::places::Places;
use super::queue::Piece;
use super::seen::{SHARDS, Seen, noted, shard_of};
use super::state::{Graph, State, hash_of};
use super::steps::Steps;
use super::successor::sum_after;
use super::tries::{Computes, Tried, Tries, gives_up, property_of, race, try_all};
use super::verdict::{Limit, Property};
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::ops::Deref;

/// One step, as a path to a state keeps it: the thread by its place in the canonical state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Move {
    pub seat: u32,
    pub way: Way,
    pub choices: Vec<u32>,
}

/// A number for each move.
#[derive(Debug, Default)]
pub struct Moves {
    /// Those in which something is chosen.
    numbers: HashMap<Move, u32, FixedState>,
    choosing: Vec<Move>,
}

/// Marks the number of a move in which something is chosen.
const CHOOSES: u32 = 1 << 31;

impl Moves {
    /// The number of a move, if it has one.
    fn find(&self, seat: usize, way: Way, choices: &[u32]) -> Option<u32> {
        if choices.is_empty() {
            return Some((seat as u32) << 1 | u32::from(way == Way::TimeOut));
        }
        self.numbers.get(&Move { seat: seat as u32, way, choices: choices.to_vec() }).copied()
    }

    fn number(&mut self, seat: usize, way: Way, choices: &[u32]) -> u32 {
        self.find(seat, way, choices).unwrap_or_else(|| {
            let number = CHOOSES | self.choosing.len() as u32;
            let step = Move { seat: seat as u32, way, choices: choices.to_vec() };
            self.choosing.push(step.clone());
            self.numbers.insert(step, number);
            number
        })
    }

    /// The thread that makes it.
    pub fn seat(&self, number: u32) -> usize {
        match number & CHOOSES {
            0 => (number >> 1) as usize,
            _ => self.choosing[(number & !CHOOSES) as usize].seat as usize,
        }
    }

    pub fn step(&self, number: u32) -> Move {
        match number & CHOOSES {
            0 => {
                let way = if number & 1 == 0 { Way::Run } else { Way::TimeOut };
                Move { seat: number >> 1, way, choices: Vec::new() }
            }
            _ => self.choosing[(number & !CHOOSES) as usize].clone(),
        }
    }
}

/// What has been printed so far, each distinct text with a number.
#[derive(Debug, Default)]
pub struct Outputs {
    pub texts: Vec<String>,
    numbers: HashMap<String, u32>,
    bytes: usize,
}

impl Outputs {
    pub fn number(&mut self, text: String) -> u32 {
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.bytes += 2 * text.len() + 2 * size_of::<String>() + 16;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    pub fn after(&mut self, before: u32, more: &str) -> u32 {
        if more.is_empty() {
            return before;
        }
        let text = format!("{}{more}", self.texts[before as usize]);
        self.number(text)
    }

    /// The same, if that text has a number.
    fn known(&self, before: u32, more: &str) -> Option<u32> {
        if more.is_empty() {
            return Some(before);
        }
        self.numbers.get(&format!("{}{more}", self.texts[before as usize])).copied()
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        self.bytes
    }
}

/// How a property fails in a state, or in a step from it.
#[derive(Debug, Clone)]
pub enum Sign {
    /// In the state itself.
    Here,
    /// In this step from it.
    Step(Move),
}

/// By what a state is known: its hash, and the status with which the script has ended itself there.
pub fn key(hash: u128, exited: Option<i32>) -> u128 {
    match exited {
        Some(status) => hash ^ (0x9e37_79b9_7f4a_7c15_u128 << 64 | (status as u32 as u128) << 32 | 1 << 127),
        None => hash,
    }
}

/// Where a step leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Known(u32),
    /// What this shard answers to a hash that it is asked for: which one of the slice's.
    Asked {
        shard: u8,
        at: u32,
    },
}

/// It is asked for; of whom, is found when the edge is added.
const ASKED: To = To::Asked { shard: 0, at: 0 };

/// A step that can be taken.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub to: To,
    /// The number of its move.
    pub step: u32,
    /// What has been printed after it.
    pub output: u32,
    /// The number of what came of it; or, where that was learnt just now, of the state among those that were made.
    pub outcome: u32,
}

/// A state that has been looked at.
#[derive(Debug, Clone, Copy)]
pub struct Looked {
    pub id: u32,
    /// Where it begins in its piece.
    pub at: usize,
    /// How many steps can be taken, and where its edges end; None when something is not known of it yet.
    pub found: Option<(u32, u32)>,
}

/// A set of properties.
pub type Signed = u8;

/// What the states of a piece lead to. Each worker has cache lines of its own.
#[repr(align(128))]
#[derive(Debug, Default)]
pub struct Slice {
    pub states: Vec<Looked>,
    pub edges: Vec<Edge>,
    /// The hashes that each shard is asked for, in the order of edges; of which edge is noted in each.
    pub asked: [Vec<u128>; SHARDS],
    /// How many of the states are not known.
    pub unknown: usize,
    /// Where the edges stand in the round.
    pub places: Places,
    /// The first sign of each property that had none before: in which state.
    pub signs: Vec<(u32, Property, Sign)>,
    pub signed: Signed,
}

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
    slice.sign_deadlock(id, taken);
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

impl Slice {
    /// Forgets everything. Of properties that have been `signed` nothing has to be told.
    pub fn clear(&mut self, signed: Signed) {
        self.states.clear();
        self.edges.clear();
        self.asked.iter_mut().for_each(Vec::clear);
        self.unknown = 0;
        self.places.clear();
        self.signs.clear();
        self.signed = signed;
    }

    /// Adds an edge, which leads to a state that has a number, or one with this hash.
    #[inline]
    fn add(&mut self, mut edge: Edge, hash: u128) {
        if let To::Asked { shard, at } = &mut edge.to {
            let asked = &mut self.asked[shard_of(hash)];
            (*shard, *at) = (shard_of(hash) as u8, asked.len() as u32);
            asked.push(noted(hash, self.edges.len() as u32));
        }
        self.edges.push(edge);
    }

    /// Takes back all but the first edges.
    fn take_back(&mut self, first: usize) {
        for edge in self.edges.drain(first..) {
            if let To::Asked { shard, .. } = edge.to {
                self.asked[shard as usize].pop();
            }
        }
    }

    fn lacks(&self, property: Property) -> bool {
        self.signed & bit(property) == 0
    }

    fn sign(&mut self, id: u32, property: Property, sign: Sign) {
        self.signed |= bit(property);
        self.signs.push((id, property, sign));
    }

    /// Nothing can be done in a state.
    #[inline]
    fn sign_deadlock(&mut self, id: u32, taken: Option<u32>) {
        if taken == Some(0) && self.lacks(Property::Deadlock) {
            self.sign(id, Property::Deadlock, Sign::Here);
        }
    }

    /// What goes wrong in a step from a state.
    fn sign_faults<O: Deref<Target = Outcome>>(&mut self, id: u32, one: &Tried<O>) {
        for fault in &one.outcome.faults {
            let property = property_of(fault);
            if self.lacks(property) {
                let step = Move { seat: one.seat as u32, way: one.way, choices: one.choices.clone() };
                self.sign(id, property, Sign::Step(step));
            }
        }
    }

    fn looked(&mut self, id: u32, at: usize, taken: Option<u32>) {
        let found = taken.map(|taken| (taken, self.edges.len() as u32));
        self.unknown += usize::from(found.is_none());
        self.states.push(Looked { id, at, found });
    }
}

pub fn bit(property: Property) -> Signed {
    1 << property as u8
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
                slice.sign_deadlock(id, taken);
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
                Brief::Blocked(aside) if !self.asks(aside, slice) && !gives_up(self, graph, seat) => {
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
