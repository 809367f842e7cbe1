//! A state in canonical form laid out flat, and what its nodes are called there and in steps.

use super::canonical::in_group;
use super::flat::{Flat, Told};
use super::known::rememberers;
use super::pieces::Pieces;
use super::state::{APART, ENDED, GROUP, Graph, LIVE, OWN, SAME};
use crate::world::sim::shared_objects;

/// What a node of the flat form is in the canonical one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Cell(u32),
    /// The thread whose part it is in, and its place there (0 is the thread itself).
    Own(usize, u32),
    /// One of a group of which nothing is left but a label.
    Plain,
}

/// The flat form of a state, and how its numbers are found. Many steps are tried in one state: it is laid out once for all.
#[derive(Debug, Default)]
pub struct Layout {
    /// Which state that is.
    graph: Graph,
    pub flat: Flat,
    /// The threads whose own state may change when others move.
    pub remembers: Vec<usize>,
    /// Which nodes are the handles of threads that live.
    living: Vec<bool>,
    /// Objects that more than one thread can reach, and ends of pipes; None until they are asked for.
    looked_at: Option<(Vec<u32>, Vec<u32>)>,
    common: usize,
    main: bool,
    seats: usize,
    cells: usize,
    /// For each part: where the nodes begin that it alone leads to.
    firsts: Vec<u32>,
    end: usize,
    /// The references from cells to threads without a number: cell, which one, the handle's node. Those of a group stand
    /// in the order of their threads.
    back: Vec<(u32, u32, u32)>,
    /// Of those of a cell and a group that begin at a place, how many have been given.
    given: Vec<u32>,
    plain: Vec<u32>,
}

impl Layout {
    pub fn of(&mut self, graph: &Graph, pieces: &Pieces, common: usize) {
        if self.graph == *graph && self.common == common {
            return;
        }
        self.graph.copy_from(graph);
        self.looked_at = None;
        self.remembers.clear();
        self.remembers.extend(rememberers(pieces, graph, common, usize::MAX));
        (self.common, self.main, self.seats) = (common, graph.main, graph.seats);
        self.cells = graph.cells.len();
        let mut next = common + graph.seats + graph.cells.len() - common - 1;
        self.firsts.clear();
        for part in &graph.parts {
            self.firsts.push(next as u32);
            next += pieces.node_count(*part) - 1;
        }
        self.end = next;
        self.back.clear();
        for (at, part) in graph.parts.iter().enumerate() {
            let facts = pieces.part(*part);
            let handle = self.number(facts.handle, at);
            self.back.extend(facts.back.iter().map(|&(cell, index)| (cell, index & !APART, handle)));
        }
        self.back.sort_by_key(|&(cell, which, _)| (cell, which));
        self.given.clear();
        self.given.resize(self.back.len(), 0);
        self.plain.clear();
        self.flat.clear();
        self.flat.seats = graph.seats;
        for at in 0..common {
            self.push_cell(graph, pieces, at);
        }
        if graph.main {
            self.push_cell(graph, pieces, common);
        }
        for (at, part) in graph.parts.iter().enumerate() {
            self.push_nodes(pieces, *part, at, 0, 1);
        }
        for at in common + 1..graph.cells.len() {
            self.push_cell(graph, pieces, at);
        }
        for (at, part) in graph.parts.iter().enumerate() {
            self.push_nodes(pieces, *part, at, 1, usize::MAX);
        }
        for at in 0..self.plain.len() {
            self.flat.push(self.plain[at], []);
        }
        self.living.clear();
        self.living.resize(self.flat.len(), false);
        for seat in 0..graph.seats {
            self.living[self.flat.refs(common + seat)[0] as usize] = true;
        }
    }

    /// Whether a node is the handle of a thread that lives.
    pub fn lives(&self, node: u32) -> bool {
        self.living.get(node as usize).is_some_and(|lives| *lives)
    }

    /// Finds what `shared_and_ends` tells.
    pub fn look_at(&mut self, pieces: &Pieces) {
        let (flat, labels) = (&self.flat, &pieces.labels);
        self.looked_at.get_or_insert_with(|| {
            let shared = shared_objects(&Told { flat, labels }, self.common, self.common + self.seats);
            let is_end = |node: &u32| labels.facts(flat.label(*node as usize)).end;
            (shared, (0..flat.len() as u32).filter(is_end).collect())
        });
    }

    /// The objects that more than one thread can reach, and the ends of pipes, when they have been looked for.
    pub fn shared_and_ends(&self) -> (&[u32], &[u32]) {
        self.looked_at.as_ref().map_or((&[], &[]), |(shared, ends)| (shared, ends))
    }

    /// The flat number of a cell, or of what a part (counted among parts) alone leads to.
    pub fn number(&self, name: u32, part: usize) -> u32 {
        if name & OWN == 0 {
            return self.node_of(name) as u32;
        }
        match name & !OWN {
            0 => (self.common + usize::from(self.main) + part) as u32,
            place => self.firsts[part] + place - 1,
        }
    }

    /// The flat number of a cell.
    pub fn node_of(&self, cell: u32) -> usize {
        let cell = cell as usize;
        if cell <= self.common { cell } else { cell - 1 + self.seats }
    }

    pub fn name(&self, node: u32) -> Name {
        let (node, first_part) = (node as usize, self.common + usize::from(self.main));
        let objects = self.common + self.seats;
        if node < first_part {
            Name::Cell(node as u32)
        } else if node < objects {
            Name::Own(node - self.common, 0)
        } else if node < objects + self.cells - self.common - 1 {
            Name::Cell((node - self.seats + 1) as u32)
        } else if node < self.end {
            let part = self.firsts.partition_point(|first| *first as usize <= node) - 1;
            Name::Own(part + usize::from(self.main), node as u32 - self.firsts[part] + 1)
        } else {
            Name::Plain
        }
    }

    /// The number of a node that is a cell.
    pub fn cell(&self, node: u32) -> Option<u32> {
        match self.name(node) {
            Name::Cell(number) => Some(number),
            Name::Own(..) | Name::Plain => None,
        }
    }

    /// The threads without a number in a group of a cell's, but for this one.
    pub fn others<'l>(
        &'l self,
        pieces: &'l Pieces,
        cell: u32,
        group: u32,
        but: u32,
    ) -> impl Iterator<Item = u32> + 'l {
        let node = self.node_of(cell);
        let groups = &pieces.labels.facts(self.flat.label(node)).unordered;
        let count = groups.iter().find(|(first, _)| *first == group).map_or(0, |(_, count)| *count);
        let members = &self.flat.refs(node)[group as usize..(group + count) as usize];
        let has_none = move |to: &u32| *to != but && matches!(self.name(*to), Name::Own(..));
        members.iter().copied().filter(has_none)
    }

    fn push_cell(&mut self, graph: &Graph, pieces: &Pieces, at: usize) {
        let cell = graph.cells[at];
        let label = pieces.label(cell);
        let row = pieces.refs(cell);
        let whole = row.iter().all(|to| *to < OWN);
        if whole {
            let (common, seats) = (self.common, self.seats);
            let node_of =
                |cell: &u32| if *cell as usize <= common { *cell } else { *cell - 1 + seats as u32 };
            self.flat.push(label, row.iter().map(node_of));
            return;
        }
        let groups = &*pieces.labels.facts(label).unordered;
        let (mut refs, mut rank, mut in_which) = (Vec::with_capacity(row.len()), 0, None);
        for (index, &to) in row.iter().enumerate() {
            let group = in_group(groups, index);
            if group != in_which {
                (in_which, rank) = (group, 0);
            }
            refs.push(match to {
                LIVE => self.living(at as u32, group.map_or(index as u32, |first| GROUP | first)),
                to if to & ENDED != 0 => {
                    // The same in each group: they have the same members.
                    if rank == self.plain.len() {
                        self.plain.push(to & !ENDED);
                    }
                    rank += 1;
                    (self.end + rank - 1) as u32
                }
                to if to & SAME != 0 => self.living(at as u32, index as u32),
                to => self.node_of(to) as u32,
            });
        }
        self.flat.push(label, refs);
    }

    /// A thread to which a cell refers by this reference: each is given once.
    fn living(&mut self, cell: u32, index: u32) -> u32 {
        let first = self.back.partition_point(|&(from, which, _)| (from, which) < (cell, index));
        let nth = self.given.get_mut(first).map_or(0, |given| std::mem::replace(given, *given + 1));
        match self.back.get(first + nth as usize) {
            Some(&(from, which, handle)) if (from, which) == (cell, index) => handle,
            Some(_) | None => unreachable!("a part tells which cells refer to its thread"),
        }
    }

    fn push_nodes(&mut self, pieces: &Pieces, part: u32, at: usize, from: usize, count: usize) {
        let mut flat = std::mem::take(&mut self.flat);
        for (label, refs) in pieces.nodes(part).skip(from).take(count) {
            flat.push(label, refs.iter().map(|to| self.number(*to, at)));
        }
        self.flat = flat;
    }
}
