//! A round of the search: some thousand states, all equally far from the start, are looked at together, on several
//! workers. Nothing that comes out depends on how many they are.
//!
//! - Where their steps lead is looked up, piece by piece (`expand.rs`).
//! - What is not known is computed, in the order of states.
//! - Each shard is asked which of the states it has seen.
//! - New ones get their numbers, in the order in which they are reached.
//! - They are made, and put aside for a later round; those where the program has ended are noted.

use super::expand::{Edge, Learner, Looked, Moves, Reader, Slice, To, quick_for};
use super::known::{Job, Known, Present};
use super::outcome::Effect;
use super::patience::{Patience, within};
use super::queue::Piece;
use super::search::{Search, Watch};
use super::seen::{MOST, SHARDS};
use super::state::{Graph, State};
use super::successor::replace;
use super::verdict::Limit;
use super::workers::each;
use std::ops::ControlFlow;

/// Fewer states are not worth a second worker.
const FEW: usize = 512;

/// A state that is new.
struct New {
    id: u32,
    /// The state before: which piece, and where it begins there.
    piece: usize,
    at: usize,
    edge: Edge,
    /// It was made when it was found.
    made: bool,
}

/// Some of the new states, and what becomes of them. Each worker has cache lines of its own.
#[repr(align(128))]
struct Group<'n> {
    new: &'n [New],
    piece: Piece,
    /// Where the program has ended, with the status that the script has given.
    over: Vec<(u32, State, Option<i32>)>,
    /// Where an `invariant` does not hold, or nobody knows.
    doubtful: Vec<(u32, State)>,
}

/// Makes states.
struct Maker<'m> {
    known: Known<'m>,
    moves: &'m Moves,
    pieces: &'m [Piece],
    made: &'m [(State, Option<i32>)],
    watches: bool,
}

impl Search<'_> {
    pub(super) fn round(&mut self, pieces: &[Piece], progress: Watch<'_>) -> ControlFlow<Limit> {
        let count: usize = pieces.iter().map(Piece::len).sum();
        let few = if self.options.small_rounds { 0 } else { FEW };
        let cores = if count < few { 1 } else { self.options.cores };
        let mut slices = std::mem::take(&mut self.slices);
        let mut learnt = std::mem::take(&mut self.learnt);
        let signed = self.signed();
        slices.resize_with(pieces.len().max(slices.len()), Slice::default);
        slices.iter_mut().chain([&mut learnt]).for_each(|slice| slice.clear(signed));
        self.look_up(pieces, &mut slices, cores);
        let (made, limit) = self.learn(pieces, &slices, &mut learnt, progress);
        let ended = match limit {
            _ if self.steps.refuted.is_some() => ControlFlow::Continue(()),
            None | Some(Limit::States) => {
                self.ask(&slices, &learnt, cores);
                let (new, ended) = self.number(&slices, &learnt, pieces[0].depth + 1);
                self.make(&new, pieces, &made, cores);
                ended
            }
            Some(limit) => {
                self.keep_signs(&slices, &learnt, u32::MAX);
                ControlFlow::Break(limit)
            }
        };
        (self.slices, self.learnt) = (slices, learnt);
        ended
    }

    fn look_up(&self, pieces: &[Piece], slices: &mut [Slice], cores: usize) {
        let known = self.steps.read();
        let idle = self.steps.rules.is_idle();
        let outputs = self.options.outcomes.then_some(&self.outputs);
        let mut work: Vec<(&Piece, &mut Slice)> = pieces.iter().zip(slices).collect();
        each(cores, &mut work, |(piece, slice)| {
            let mut reader = Reader { known, present: Present::default(), moves: &self.moves, outputs, idle };
            reader.expand(piece, slice);
        });
    }

    /// Computes what was not known. The states that were made, and the limit that was hit meanwhile.
    fn learn(
        &mut self,
        pieces: &[Piece],
        slices: &[Slice],
        learnt: &mut Slice,
        progress: Watch<'_>,
    ) -> (Vec<(State, Option<i32>)>, Option<Limit>) {
        let (mut graph, mut next) = (Graph::default(), Graph::default());
        let (mut tried, mut made) = (Vec::new(), Vec::new());
        let mut watch = within(self.progress(), &self.steps, self.options.limits, progress);
        let mut learner = Learner {
            patience: Patience::new(&mut watch),
            steps: &mut self.steps,
            moves: &mut self.moves,
            outputs: self.options.outcomes.then_some(&mut self.outputs),
            seen: &self.seen,
            made: &mut made,
            next: &mut next,
        };
        let pieces = pieces.iter().zip(slices);
        let all = pieces.flat_map(|(piece, slice)| slice.states.iter().map(move |looked| (piece, looked)));
        for (piece, looked) in all.filter(|(_, looked)| looked.found.is_none()) {
            let mut at = looked.at;
            piece.read(&mut at, &mut graph);
            learner.expand(looked.id, looked.at, &graph, &mut tried, learnt);
            if learner.steps.refuted.is_some() || learner.patience.ended.is_some() {
                break;
            }
        }
        let ended = learner.patience.ended;
        (made, ended)
    }

    fn ask(&mut self, slices: &[Slice], learnt: &Slice, cores: usize) {
        let mut work: Vec<_> = self.seen.shards.iter_mut().enumerate().collect();
        each(cores, &mut work, |(at, shard)| {
            shard.ask(slices.iter().chain([learnt]).map(|slice| &slice.asked[*at][..]));
        });
    }

    /// Gives new states their numbers, and keeps the edges. At the limit of states it goes no further.
    fn number(&mut self, slices: &[Slice], learnt: &Slice, depth: u32) -> (Vec<New>, ControlFlow<Limit>) {
        let mut new: Vec<New> = Vec::new();
        // Of each shard, the answer that comes next; what is learnt comes after all slices.
        let mut next = [0usize; SHARDS];
        let mut next_learnt: [usize; SHARDS] =
            std::array::from_fn(|shard| slices.iter().map(|slice| slice.asked[shard].len()).sum());
        let mut learning = learnt.states.iter();
        let mut learnt_from = 0;
        let most = self.options.limits.states.min(MOST);
        let mut ended = ControlFlow::Continue(());
        'all: for (piece, slice) in slices.iter().enumerate() {
            let mut from = 0;
            for looked in &slice.states {
                if self.parents.len() as u64 > most {
                    ended = ControlFlow::Break(Limit::States);
                    break 'all;
                }
                let made = looked.found.is_none();
                let (edges, next) = match looked.found {
                    Some((taken, end)) => {
                        self.taken += u64::from(taken);
                        (&slice.edges[std::mem::replace(&mut from, end as usize)..end as usize], &mut next)
                    }
                    None => {
                        // From here on nothing was learnt: there was no patience for it.
                        let Some((taken, end)) = learning.next().and_then(|looked: &Looked| looked.found)
                        else {
                            ended = ControlFlow::Break(Limit::States);
                            break 'all;
                        };
                        self.taken += u64::from(taken);
                        let from = std::mem::replace(&mut learnt_from, end as usize);
                        (&learnt.edges[from..end as usize], &mut next_learnt)
                    }
                };
                // States where the program has ended are not looked at: nothing leads on from them.
                self.edge_starts.resize(looked.id as usize + 1, self.edges.len() as u32);
                for edge in edges {
                    let to = match edge.to {
                        To::Known(id) => id,
                        To::Asked(shard) => {
                            let at = next[shard as usize];
                            next[shard as usize] += 1;
                            let parents = &mut self.parents;
                            self.seen.shards[shard as usize].answer(at, || {
                                let id = parents.len() as u32;
                                parents.push((looked.id, edge.step));
                                new.push(New { id, piece, at: looked.at, edge: *edge, made });
                                id
                            })
                        }
                    };
                    self.edges.push(to);
                }
            }
        }
        if !new.is_empty() {
            self.deepest = depth;
        }
        self.keep_signs(slices, learnt, self.edge_starts.len() as u32);
        (new, ended)
    }

    /// Keeps the signs of the states that were gone through, up to this one: the first of each property.
    fn keep_signs(&mut self, slices: &[Slice], learnt: &Slice, gone: u32) {
        let all = slices.iter().chain([learnt]).flat_map(|slice| &slice.signs);
        let mut signs: Vec<_> = all.filter(|(id, _, _)| *id < gone).collect();
        signs.sort_by_key(|(id, _, _)| *id);
        for (id, property, sign) in signs {
            self.sign(*property, *id, sign.clone());
        }
    }

    fn make(&mut self, new: &[New], pieces: &[Piece], made: &[(State, Option<i32>)], cores: usize) {
        let depth = self.deepest;
        let mut groups: Vec<Group<'_>> = new
            .chunks(self.piece())
            .map(|new| Group { new, piece: Piece::new(depth), over: Vec::new(), doubtful: Vec::new() })
            .collect();
        let watches = self.steps.rules.watches;
        let maker = Maker { known: self.steps.read(), moves: &self.moves, pieces, made, watches };
        each(cores, &mut groups, |group| maker.make(group));
        let mut graph = Graph::default();
        for group in groups {
            self.open.push(group.piece);
            for (id, state) in &group.doubtful {
                graph.load(state);
                self.look(*id, &graph);
            }
            for (id, state, exited) in &group.over {
                graph.load(state);
                self.finish(*id, &graph, *exited);
            }
        }
    }
}

impl Maker<'_> {
    fn make(&self, group: &mut Group<'_>) {
        let mut present = Present::default();
        let (mut before, mut graph) = (Graph::default(), Graph::default());
        let mut keyed = Vec::new();
        // Which state `before` is.
        let mut is = None;
        for new in group.new {
            let exited = if new.made {
                let (state, exited) = &self.made[new.edge.outcome as usize];
                graph.load(state);
                *exited
            } else {
                if is != Some((new.piece, new.at)) {
                    self.pieces[new.piece].read(&mut { new.at }, &mut before);
                    is = Some((new.piece, new.at));
                }
                self.follow(&before, &new.edge, &mut keyed, &mut graph)
            };
            if self.watches && !self.holds(&mut present, &graph) {
                group.doubtful.push((new.id, graph.store()));
            }
            if exited.is_some() || self.known.pieces.is_over(&graph, self.known.common) {
                group.over.push((new.id, graph.store(), exited));
            } else {
                group.piece.push(new.id, &graph);
            }
        }
        group.piece.close();
    }

    /// Makes the state to which an edge leads. The status with which the script has ended itself there.
    fn follow(
        &self,
        before: &Graph,
        edge: &Edge,
        keyed: &mut Vec<(u32, u32)>,
        graph: &mut Graph,
    ) -> Option<i32> {
        let outcome = self.known.outcome(edge.outcome)?;
        let Effect::Change(change) = &outcome.kind else {
            unreachable!("an edge is a step that can be taken")
        };
        let quick = quick_for(before, change).unwrap_or_else(|| unreachable!("the edge was found by it"));
        let seat = self.moves.seat(edge.step);
        replace(self.known.pieces, before, (seat, change.ended), quick, keyed, graph);
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
