//! Which processes end because some of their threads wait for ever (`story/of_process.rs`), in which states. To find that takes
//! as long as some steps; so it is found once for all states where the same threads wait for the same.

use super::known::begins;
use super::pieces::Pieces;
use super::state::Graph;
use super::steps::Steps;
use super::story::stuck_in_process;
use crate::state::graph::Tag;
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// By who waits, who of the same processes does not, and how the things to wait for are: nothing else decides it.
#[derive(Debug)]
pub struct WaysOut {
    known: HashMap<Box<[u32]>, Box<[u32]>, FixedState>,
    words: usize,
}

impl Default for WaysOut {
    fn default() -> WaysOut {
        WaysOut { known: HashMap::with_hasher(FixedState::with_seed(37)), words: 0 }
    }
}

impl WaysOut {
    /// Of threads of other processes than the first that wait without end, by their places: one of each process that ends. None
    /// when nobody knows.
    pub fn find(
        &self,
        pieces: &Pieces,
        graph: &Graph,
        common: usize,
        waiting: &[usize],
    ) -> Option<Vec<usize>> {
        let found = self.known.get(&*key(pieces, graph, common, waiting))?;
        Some(found.iter().map(|at| waiting[*at as usize]).collect())
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        self.known.capacity() * 34 + self.words * 4
    }
}

impl Steps {
    /// The same, found if need be.
    pub(super) fn ends_stuck(&mut self, graph: &Graph, waiting: &[usize]) -> Vec<usize> {
        if let Some(known) = self.ways_out.find(&self.pieces, graph, self.common, waiting) {
            return known;
        }
        self.budget = self.budget.saturating_sub(1);
        let (universe, objects) = self.universe(graph);
        let mut found: Vec<u32> = Vec::new();
        let mut seen = Vec::new();
        for (at, seat) in (0..).zip(waiting) {
            let Some(space) = &universe.seats[*seat].space else { continue };
            if seen.contains(&std::sync::Arc::as_ptr(space)) {
                continue;
            }
            seen.push(std::sync::Arc::as_ptr(space));
            if !stuck_in_process(&universe, &self.rules, space).is_empty() {
                found.push(at);
            }
        }
        drop(objects);
        let key = key(&self.pieces, graph, self.common, waiting);
        self.ways_out.words += key.len() + found.len();
        self.ways_out.known.insert(key, found.clone().into());
        found.into_iter().map(|at| waiting[at as usize]).collect()
    }

    /// Whether a process ends by this way of its thread.
    pub(super) fn is_way_out(&self, graph: &Graph, seat: usize, way: Way) -> bool {
        way == Way::TimeOut
            && graph.part(seat).is_some_and(|part| {
                let traits = self.pieces.traits(part);
                traits.elsewhere && !traits.gives_up
            })
    }
}

fn key(pieces: &Pieces, graph: &Graph, common: usize, waiting: &[usize]) -> Box<[u32]> {
    let is_space = |at: &u32| {
        let cell = graph.cells[*at as usize];
        *at >= graph.far && Tag::of(pieces.labels.content(pieces.label(cell))) == Tag::Space
    };
    let spaces = |seat: usize| {
        let cells = graph.part(seat).map_or(&[][..], |part| &pieces.part(part).cells);
        cells.iter().copied().filter(is_space)
    };
    let mut key: Vec<u32> = waiting.iter().map(|seat| begins(graph, common, *seat)).collect();
    // What those of the same processes can come to that do not wait decides it, too: their own, and what they share.
    let concerned: Vec<u32> = waiting.iter().flat_map(|seat| spaces(*seat)).collect();
    let others = (graph.first_part()..graph.seats).filter(|seat| !waiting.contains(seat));
    let beside = others.filter(|seat| spaces(*seat).any(|space| concerned.contains(&space)));
    let before = key.len();
    key.push(u32::MAX);
    key.extend(beside.map(|seat| begins(graph, common, seat)));
    let alone = key.len() == before + 1;
    let is_to_wait_for = |cell: u32| pieces.labels.facts(pieces.label(cell)).waits;
    let cells = (0..).zip(&graph.cells);
    let things = cells.filter(|(at, cell)| is_to_wait_for(**cell) || !alone && *at >= graph.far);
    key.extend(things.flat_map(|(at, cell)| [at, *cell]));
    key.into()
}
