//! Which processes end because some of their threads wait for ever (`story/of_process.rs`), in which states. To find that takes
//! as long as some steps; so it is found once for each process in all states where the same of its threads wait for the same.

use super::known::begins;
use super::pieces::Pieces;
use super::state::Graph;
use super::steps::Steps;
use super::story::stuck_among;
use crate::machine::Space;
use crate::state::graph::Tag;
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

/// By who waits, who of the same process does not, and what these can come to: nothing else decides it.
#[derive(Debug)]
pub struct WaysOut {
    known: HashMap<Box<[u32]>, Box<[u32]>, FixedState>,
    words: usize,
    /// Also of a thread that is the only one of its process it counts what it can come to: tasks may wait there, or ends of pipes.
    whole: bool,
}

impl WaysOut {
    pub fn new(whole: bool) -> WaysOut {
        WaysOut { known: HashMap::with_hasher(FixedState::with_seed(37)), words: 0, whole }
    }

    /// Of threads of other processes than the first that wait without end, by their places: one of each process that ends. None
    /// when nobody knows.
    pub fn find(
        &self,
        pieces: &Pieces,
        graph: &Graph,
        common: usize,
        waiting: &[usize],
    ) -> Option<Vec<usize>> {
        let mut all = Vec::new();
        for waiting in by_process(pieces, graph, waiting) {
            self.find_of(&self.key(pieces, graph, common, &waiting), &waiting, &mut all)?;
        }
        Some(all)
    }

    fn find_of(&self, key: &[u32], waiting: &[usize], all: &mut Vec<usize>) -> Option<()> {
        let found = self.known.get(key)?;
        all.extend(found.iter().map(|at| waiting[*at as usize]));
        Some(())
    }

    /// By what it is known whether a process ends that has these threads.
    fn key(&self, pieces: &Pieces, graph: &Graph, common: usize, waiting: &[usize]) -> Box<[u32]> {
        let mut key: Vec<u32> = waiting.iter().map(|seat| begins(graph, common, *seat)).collect();
        // What those of the same process can come to that do not wait decides it, too: their own, and what they share.
        let concerned: Vec<u32> = waiting.iter().flat_map(|seat| spaces(pieces, graph, *seat)).collect();
        let others = (graph.first_part()..graph.seats).filter(|seat| !waiting.contains(seat));
        let beside: Vec<usize> = others
            .filter(|seat| spaces(pieces, graph, *seat).any(|space| concerned.contains(&space)))
            .collect();
        key.push(u32::MAX);
        key.extend(beside.iter().map(|seat| begins(graph, common, *seat)));
        key.push(u32::MAX);
        // What a thread that is the only one may come to is of no use to it while it waits.
        let alone = beside.is_empty() && waiting.len() == 1 && !self.whole;
        let is_to_wait_for = |cell: u32| pieces.labels.facts(pieces.label(cell)).waits;
        let (mut seen, mut pending) = (vec![false; graph.cells.len()], Vec::new());
        let parts = waiting.iter().chain(&beside).filter_map(|seat| graph.part(*seat));
        pending.extend(parts.flat_map(|part| pieces.part(part).cells.iter().copied()));
        while let Some(at) = pending.pop() {
            let Some(cell) = graph.cells.get(at as usize).copied() else { continue };
            if std::mem::replace(&mut seen[at as usize], true) || alone && !is_to_wait_for(cell) {
                continue;
            }
            key.extend([at, cell]);
            pending.extend(pieces.refs(cell));
        }
        key.into()
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        self.known.capacity() * 34 + self.words * 4
    }
}

impl Steps {
    /// The same, found if need be.
    pub(super) fn ends_stuck(&mut self, graph: &Graph, waiting: &[usize]) -> Vec<usize> {
        let mut all = Vec::new();
        for waiting in by_process(&self.pieces, graph, waiting) {
            let key = self.ways_out.key(&self.pieces, graph, self.common, &waiting);
            if self.ways_out.find_of(&key, &waiting, &mut all).is_some() {
                continue;
            }
            let found = self.find_stuck(graph, &waiting);
            all.extend(found.iter().map(|at| waiting[*at as usize]));
            self.ways_out.words += key.len() + found.len();
            self.ways_out.known.insert(key, found);
        }
        all
    }

    /// The same of these alone, by their places among them.
    fn find_stuck(&mut self, graph: &Graph, waiting: &[usize]) -> Box<[u32]> {
        self.budget = self.budget.saturating_sub(1);
        let (universe, objects) = self.universe(graph);
        let mut processes: Vec<(*const Space, Vec<usize>)> = Vec::new();
        for at in waiting.iter().filter(|at| !universe.is_stopped(**at)) {
            let Some(space) = universe.seats[*at].space.as_ref().map(Arc::as_ptr) else { continue };
            match processes.iter_mut().find(|(known, _)| *known == space) {
                Some((_, seats)) => seats.push(*at),
                None => processes.push((space, vec![*at])),
            }
        }
        let (mut first, mut ends) = (Some((universe, objects)), Vec::new());
        for (_, mut seats) in processes {
            let one = seats[0];
            let stuck = loop {
                let (mut universe, _objects) = first.take().unwrap_or_else(|| self.universe(graph));
                match stuck_among(&mut universe, &self.rules, &seats) {
                    Ok(stuck) => break stuck,
                    Err(moves) => seats.retain(|at| *at != moves),
                }
            };
            ends.extend(waiting.iter().position(|at| *at == one && !stuck.is_empty()).map(|at| at as u32));
        }
        ends.into()
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

/// Those that wait, process by process. (Where one process has started another, both may come together.)
fn by_process(pieces: &Pieces, graph: &Graph, waiting: &[usize]) -> Vec<Vec<usize>> {
    let mut all: Vec<(Vec<u32>, Vec<usize>)> = Vec::new();
    for seat in waiting {
        let (mut spaces, mut seats): (Vec<u32>, Vec<usize>) =
            (spaces(pieces, graph, *seat).collect(), vec![*seat]);
        let same = |(known, _): &mut (Vec<u32>, _)| known.iter().any(|space| spaces.contains(space));
        for (known, before) in all.extract_if(.., same).collect::<Vec<_>>() {
            spaces.extend(known);
            seats.extend(before);
        }
        all.push((spaces, seats));
    }
    let mut all: Vec<Vec<usize>> = all.into_iter().map(|(_, seats)| seats).collect();
    all.iter_mut().for_each(|seats| seats.sort_unstable());
    all
}

/// The processes with several threads that a thread has something of, by their cells: its own among them.
fn spaces<'g>(pieces: &'g Pieces, graph: &'g Graph, seat: usize) -> impl Iterator<Item = u32> + 'g {
    let is_space = |at: &u32| {
        let cell = graph.cells[*at as usize];
        *at >= graph.far && Tag::of(pieces.labels.content(pieces.label(cell))) == Tag::Space
    };
    let cells = graph.part(seat).map_or(&[][..], |part| &pieces.part(part).cells);
    cells.iter().copied().filter(is_space)
}
