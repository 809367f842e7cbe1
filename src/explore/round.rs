//! A round of the search: some thousand states, all equally far from the start, are looked at together, on several
//! workers. Nothing that comes out depends on how many they are.
//!
//! - Where their steps lead is looked up, piece by piece (`expand.rs`).
//! - What is not known is computed, in the order of states.
//! - Each shard is asked which of the states it has seen.
//! - New ones get their numbers, in the order in which they are reached; they are made, and put aside for a later round
//!   (`placing.rs`). Those where the program has ended are noted.

use super::expand::{Learner, Reader};
use super::patience::{Patience, within};
use super::placing::{Made, spans};
use super::queue::Piece;
use super::search::{Search, Watch};
use super::seen::{Seen, Shard};
use super::slice::Slice;
use super::state::Graph;
use super::verdict::Limit;
use super::workers::Workers;
use std::ops::ControlFlow;

/// Fewer states are not worth a second worker.
const FEW: usize = 512;

/// The workers, and how many of them there is work for.
pub(super) type Crew<'w> = (&'w mut Workers, usize);

/// A piece of work of those that come with asking which states were seen.
enum Work<'w> {
    MakeRoom(&'w mut Vec<u32>),
    Ask(usize, &'w mut Shard),
}

impl Search<'_> {
    pub(super) fn round(&mut self, pieces: &[Piece], progress: Watch<'_>) -> ControlFlow<Limit> {
        let count: usize = pieces.iter().map(Piece::len).sum();
        let few = if self.options.small_rounds { 0 } else { FEW };
        let cores = if count < few { 1 } else { self.options.cores };
        let mut slices = std::mem::take(&mut self.slices);
        let mut learnt = std::mem::take(&mut self.learnt);
        let mut workers = std::mem::take(&mut self.workers);
        let crew = &mut (&mut workers, cores);
        let signed = self.signed();
        slices.resize_with(pieces.len().max(slices.len()), Slice::default);
        slices.iter_mut().chain([&mut learnt]).for_each(|slice| slice.clear(signed));
        self.look_up(pieces, &mut slices, crew);
        let (made, limit) = self.learn(pieces, &slices, &mut learnt, progress);
        let ended = match limit {
            _ if self.steps.refuted.is_some() => ControlFlow::Continue(()),
            None | Some(Limit::States) => {
                let (spans, places, ended) = spans(&mut slices, &mut learnt);
                let edges = self.edges.len();
                self.ask(&slices, &learnt, places, crew);
                self.seen.number(self.parents.len() as u32, places);
                let cut = self.place(pieces, &slices, (&learnt, &made), (spans, edges), crew);
                if cut.is_break() { cut } else { ended }
            }
            Some(limit) => {
                self.keep_signs(&slices, &learnt, u32::MAX);
                ControlFlow::Break(limit)
            }
        };
        (self.slices, self.learnt, self.workers) = (slices, learnt, workers);
        ended
    }

    fn look_up(&self, pieces: &[Piece], slices: &mut [Slice], crew: &mut Crew<'_>) {
        let known = self.steps.read();
        let idle = self.steps.rules.is_idle();
        let outputs = self.options.outcomes.then_some(&self.outputs);
        let mut work: Vec<(&Piece, &mut Slice)> = pieces.iter().zip(slices).collect();
        crew.0.each(crew.1, &mut work, |(piece, slice)| {
            let (present, ends) = Default::default();
            let mut reader = Reader { known, present, moves: &self.moves, outputs, idle, ends };
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
    ) -> (Vec<Made>, Option<Limit>) {
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

    /// Asks each shard. Meanwhile room is made for the edges, of which there are so many: that takes as long as to ask a few, since
    /// the system gives the memory page by page.
    fn ask(&mut self, slices: &[Slice], learnt: &Slice, places: u32, crew: &mut Crew<'_>) {
        let Seen { shards, order } = &mut self.seen;
        let shards = shards.iter_mut().enumerate().map(|(at, shard)| Work::Ask(at, shard));
        let room = self.edges.len() + places as usize;
        let mut work: Vec<Work<'_>> = [Work::MakeRoom(&mut self.edges)].into_iter().chain(shards).collect();
        crew.0.each(crew.1, &mut work, |work| match work {
            Work::MakeRoom(edges) => edges.resize(room, 0),
            Work::Ask(at, shard) => {
                let slices = slices.iter().chain([learnt]);
                shard.ask(order, slices.map(|slice| (&slice.asked[*at][..], &slice.places)));
            }
        });
    }

    /// Keeps the signs of the states that were gone through, up to this one: the first of each property.
    pub(super) fn keep_signs(&mut self, slices: &[Slice], learnt: &Slice, gone: u32) {
        let all = slices.iter().chain([learnt]).flat_map(|slice| &slice.signs);
        let mut signs: Vec<_> = all.filter(|(id, _, _)| *id < gone).collect();
        signs.sort_by_key(|(id, _, _)| *id);
        for (id, property, sign) in signs {
            self.sign(*property, *id, sign.clone());
        }
    }
}
