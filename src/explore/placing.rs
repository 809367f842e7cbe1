//! The last part of a round: new states get their numbers, in the order in which they are reached, and are made and put
//! aside for a later round. Each slice is one piece of work, and writes to a part of the tables that is its own: where that
//! begins is counted before (`spans`).

use super::expand::quick_for;
use super::known::{Job, Known, Present};
use super::moves::Moves;
use super::outcome::Effect;
use super::places::Order;
use super::queue::Piece;
use super::round::Crew;
use super::search::Search;
use super::seen::{MOST, SHARDS, Seen};
use super::slice::{Edge, Looked, Slice, To};
use super::state::{Graph, State};
use super::successor::replace;
use super::verdict::Limit;
use std::ops::ControlFlow;

/// A state that was made when it was found, and the status with which the script has ended itself there.
pub type Made = (State, Option<i32>);

/// How much of a slice is gone through, and where its edges stand in the round.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// So many of its states.
    states: usize,
    first: u32,
    end: u32,
    /// The first of the learnt states that is one of its own.
    learnt: usize,
    /// Which answer of each shard is the first to it.
    asked: [u32; SHARDS],
}

/// Tells slices where their edges stand, those of learnt states among them; and how many there are. `Limit::States` when not
/// all was learnt: there was no patience for it, and from the first such state on nothing is gone through.
pub fn spans(slices: &mut [Slice], learnt: &mut Slice) -> (Vec<Span>, u32, ControlFlow<Limit>) {
    let mut spans = Vec::with_capacity(slices.len());
    let (mut place, mut next, mut from) = (0, 0, 0);
    let mut asked = [0; SHARDS];
    let mut cut = None;
    for (number, slice) in slices.iter_mut().enumerate() {
        let (first, mine) = (place, next);
        slice.places.go_on(0, first);
        let mut own = 0;
        // Most slices have no hole, and are not gone through.
        let states = if slice.unknown == 0 { &[][..] } else { &slice.states[..] };
        for (at, looked) in states.iter().enumerate() {
            let here = slice.places.of(own);
            let learnt_here = || learnt.states.get(next).and_then(|looked| looked.found);
            if let Some((_, end)) = looked.found {
                own = end;
            } else if let Some((_, end)) = learnt_here() {
                learnt.places.go_on(from, here);
                slice.places.go_on(own, here + end - from);
                (next, from) = (next + 1, end);
            } else {
                cut = cut.or(Some((number, at, here)));
            }
        }
        place = slice.places.of(slice.edges.len() as u32);
        spans.push(Span { states: slice.states.len(), first, end: place, learnt: mine, asked });
        asked.iter_mut().zip(&slice.asked).for_each(|(asked, of)| *asked += of.len() as u32);
    }
    let Some((number, at, end)) = cut else { return (spans, place, ControlFlow::Continue(())) };
    (spans[number].states, spans[number].end) = (at, end);
    spans.truncate(number + 1);
    (spans, place, ControlFlow::Break(Limit::States))
}

/// The states of a slice that are gone through: each with how many steps it has, its edges, and whether these were learnt.
fn states<'r>(
    slice: &'r Slice,
    learnt: &'r Slice,
    span: Span,
) -> impl Iterator<Item = (&'r Looked, u32, &'r [Edge], bool)> {
    let end_of = |looked: &Looked| looked.found.map_or(0, |(_, end)| end);
    let (mut own, mut next) = (0, span.learnt);
    let mut from = next.checked_sub(1).map_or(0, |last| end_of(&learnt.states[last]));
    slice.states[..span.states].iter().map(move |looked| {
        let made = looked.found.is_none();
        let (of, from, by) =
            if made { (learnt, &mut from, &learnt.states[next]) } else { (slice, &mut own, looked) };
        next += usize::from(made);
        let (taken, end) = by.found.unwrap_or_else(|| unreachable!("no more is gone through than is known"));
        let edges = &of.edges[std::mem::replace(from, end) as usize..end as usize];
        (looked, taken, edges, made)
    })
}

/// A slice, and what comes of it. Each worker has cache lines of its own.
#[repr(align(128))]
struct Part<'r> {
    piece: &'r Piece,
    slice: &'r Slice,
    span: Span,
    /// What is its own of the tables, and the number of the first new state and of the first that was looked at.
    parents: &'r mut [(u32, u32)],
    edges: &'r mut [u32],
    starts: &'r mut [u32],
    first_new: u32,
    first: u32,
    found: Found,
}

/// What comes of a slice.
#[derive(Default)]
struct Found {
    /// How many steps can be taken.
    taken: u64,
    /// The new states, so many together.
    new: Vec<Piece>,
    /// Where the program has ended, with the status that the script has given.
    over: Vec<(u32, State, Option<i32>)>,
    /// Where an `invariant` does not hold, or nobody knows.
    doubtful: Vec<(u32, State)>,
}

/// Where the edges end.
fn end_of(spans: &[Span]) -> u32 {
    spans.last().map_or(0, |span| span.end)
}

/// Goes through parts.
struct Placer<'m> {
    known: Known<'m>,
    moves: &'m Moves,
    seen: &'m Seen,
    learnt: &'m Slice,
    made: &'m [Made],
    /// Which answer of each shard is the first to what was learnt.
    asked: [u32; SHARDS],
    /// How many edges there were before.
    edges: u32,
    watches: bool,
    /// So many new states are put together.
    most: usize,
}

/// What a worker needs again and again.
#[derive(Default)]
struct Room {
    present: Present,
    before: Graph,
    /// Where `before` begins in its piece.
    is: Option<usize>,
    graph: Graph,
}

impl Search<'_> {
    /// Gives new states their numbers, keeps the edges, and makes the states. At the limit of states it goes no further. `edges`: so
    /// many there were before; there is room for the others.
    pub(super) fn place(
        &mut self,
        pieces: &[Piece],
        slices: &[Slice],
        (learnt, made): (&Slice, &[Made]),
        (mut spans, edges): (Vec<Span>, usize),
        crew: &mut Crew<'_>,
    ) -> ControlFlow<Limit> {
        let ended = self.cut(slices, learnt, &mut spans);
        let depth = pieces[0].depth + 1;
        let before = [self.parents.len(), edges, self.edge_starts.len()];
        self.make_room(slices, &spans, edges, depth);
        let asked = |shard: usize| self.seen.shards[shard].asked() - learnt.asked[shard].len();
        let placer = Placer {
            known: self.steps.read(),
            moves: &self.moves,
            seen: &self.seen,
            learnt,
            made,
            asked: std::array::from_fn(|shard| asked(shard) as u32),
            edges: before[1] as u32,
            watches: self.steps.rules.watches,
            most: self.piece(),
        };
        let mut tables = Tables {
            parents: &mut self.parents[before[0]..],
            edges: &mut self.edges[before[1]..],
            starts: &mut self.edge_starts[before[2]..],
            next_new: before[0] as u32,
            next: before[2] as u32,
        };
        let parts = pieces.iter().zip(slices).zip(spans);
        let part = |((piece, slice), span)| tables.part(&self.seen.order, piece, slice, span);
        let mut parts: Vec<Part<'_>> = parts.map(part).collect();
        crew.0.each(crew.1, &mut parts, |part| placer.go_through(part));
        let found: Vec<Found> = parts.into_iter().map(|part| part.found).collect();
        self.keep_signs(slices, learnt, self.edge_starts.len() as u32);
        found.into_iter().for_each(|found| self.keep(found));
        ended
    }

    /// Makes room in the tables for the states that are gone through and for those that are new. `edges`: so many there were before.
    fn make_room(&mut self, slices: &[Slice], spans: &[Span], edges: usize, depth: u32) {
        let states = self.seen.order.of(end_of(spans)) as usize;
        if states > self.parents.len() {
            self.deepest = depth;
        }
        self.parents.resize(states, (0, 0));
        self.edges.truncate(edges + end_of(spans) as usize);
        // States where the program has ended are not looked at: nothing leads on from them.
        let mut last = spans.iter().zip(slices).rev();
        if let Some(last) = last.find_map(|(span, slice)| slice.states[..span.states].last()) {
            self.edge_starts.resize(last.id as usize + 1, 0);
        }
    }

    fn keep(&mut self, found: Found) {
        self.taken += found.taken;
        let most = self.piece();
        found.new.into_iter().for_each(|piece| self.open.push(piece, most));
        let mut graph = Graph::default();
        for (id, state) in &found.doubtful {
            graph.load(state);
            self.look(*id, &graph);
        }
        for (id, state, exited) in &found.over {
            graph.load(state);
            self.finish(*id, &graph, *exited);
        }
    }

    /// Cuts the spans where there are more states than there may be, before the next that would be gone through.
    fn cut(&self, slices: &[Slice], learnt: &Slice, spans: &mut Vec<Span>) -> ControlFlow<Limit> {
        let most = self.options.limits.states.min(MOST);
        let beyond = |place: u32| u64::from(self.seen.order.of(place)) > most;
        for at in 0..spans.len() {
            let span = &mut spans[at];
            if !beyond(span.end) {
                continue;
            }
            let mut place = span.first;
            for (number, (_, _, edges, _)) in states(&slices[at], learnt, *span).enumerate() {
                if beyond(place) {
                    (span.states, span.end) = (number, place);
                    spans.truncate(at + 1);
                    return ControlFlow::Break(Limit::States);
                }
                place += edges.len() as u32;
            }
        }
        ControlFlow::Continue(())
    }
}

/// What is left of the tables for the next part, and the numbers where that begins.
struct Tables<'r> {
    parents: &'r mut [(u32, u32)],
    edges: &'r mut [u32],
    starts: &'r mut [u32],
    next_new: u32,
    next: u32,
}

/// Takes so many from the front.
fn front<'r, T>(rest: &mut &'r mut [T], count: usize) -> &'r mut [T] {
    let (front, after) = std::mem::take(rest).split_at_mut(count);
    *rest = after;
    front
}

impl<'r> Tables<'r> {
    fn part(&mut self, order: &Order, piece: &'r Piece, slice: &'r Slice, span: Span) -> Part<'r> {
        let (first_new, first) = (self.next_new, self.next);
        self.next_new = order.of(span.end);
        let last = slice.states[..span.states].last();
        self.next = last.map_or(first, |looked| looked.id + 1);
        Part {
            piece,
            slice,
            parents: front(&mut self.parents, (self.next_new - first_new) as usize),
            edges: front(&mut self.edges, (span.end - span.first) as usize),
            starts: front(&mut self.starts, (self.next - first) as usize),
            first_new,
            first,
            span,
            found: Found::default(),
        }
    }
}

impl Found {
    /// Puts a state aside.
    fn put(&mut self, from: &Piece, most: usize, id: u32, graph: &Graph) {
        match self.new.last_mut() {
            Some(piece) if piece.len() < most => piece.push(id, graph),
            full => {
                full.into_iter().for_each(Piece::close);
                let mut piece = Piece::like(from, from.depth + 1);
                piece.push(id, graph);
                self.new.push(piece);
            }
        }
    }
}

impl Placer<'_> {
    fn go_through(&self, part: &mut Part<'_>) {
        let mut room = Room::default();
        let (mut place, mut started) = (part.span.first, 0);
        for (looked, taken, edges, made) in states(part.slice, self.learnt, part.span) {
            part.found.taken += u64::from(taken);
            let now = (looked.id + 1 - part.first) as usize;
            part.starts[started..now].fill(self.edges + place);
            started = now;
            for edge in edges {
                let to = match edge.to {
                    To::Known(id) => id,
                    To::Asked { shard, at } => {
                        let asked = if made { &self.asked } else { &part.span.asked };
                        let (id, new) = self.seen.answer(shard, asked[shard as usize] + at, place);
                        if new {
                            part.parents[(id - part.first_new) as usize] = (looked.id, edge.step);
                            self.make(part, &mut room, (looked, made), edge, id);
                        }
                        id
                    }
                };
                part.edges[(place - part.span.first) as usize] = to;
                place += 1;
            }
        }
        part.found.new.last_mut().into_iter().for_each(Piece::close);
    }

    /// Makes the state to which an edge leads.
    fn make(
        &self,
        part: &mut Part<'_>,
        room: &mut Room,
        (from, made): (&Looked, bool),
        edge: &Edge,
        id: u32,
    ) {
        let Room { present, before, is, graph } = room;
        let exited = if made {
            let (state, exited) = &self.made[edge.outcome as usize];
            graph.load(state);
            *exited
        } else {
            if *is != Some(from.at) {
                part.piece.read(&mut { from.at }, before);
                *is = Some(from.at);
            }
            self.follow(before, edge, graph)
        };
        if self.watches && !self.holds(present, graph) {
            part.found.doubtful.push((id, graph.store()));
        }
        if exited.is_some() || self.known.pieces.is_over(graph, self.known.common) {
            part.found.over.push((id, graph.store(), exited));
        } else {
            part.found.put(part.piece, self.most, id, graph);
        }
    }

    /// Makes it from the state before. The status with which the script has ended itself there.
    fn follow(&self, before: &Graph, edge: &Edge, graph: &mut Graph) -> Option<i32> {
        let outcome = self.known.outcome(edge.outcome)?;
        let Effect::Change(change) = &outcome.kind else {
            unreachable!("an edge is a step that can be taken")
        };
        let quick = quick_for(before, change).unwrap_or_else(|| unreachable!("the edge was found by it"));
        let seat = self.moves.seat(edge.step);
        replace(self.known.pieces, before, (seat, change.ended), quick, graph);
        graph.output = edge.output;
        outcome.exited
    }

    /// Whether every `invariant` is known to hold.
    fn holds(&self, present: &mut Present, graph: &Graph) -> bool {
        let looked = self.known.find(present, graph, Job::Look { ensure: false });
        let outcome = looked.and_then(|number| self.known.outcome(number));
        outcome.is_some_and(|outcome| outcome.faults.is_empty())
    }
}
