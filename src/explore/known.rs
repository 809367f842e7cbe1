//! What is known of steps, as whoever only reads it sees it: several workers at once may.

use super::memo::Memo;
use super::outcome::Outcome;
use super::pieces::Pieces;
use super::state::Graph;
use super::ways_out::WaysOut;
use crate::world::sim::{Rules, Way};

/// Marks that `main` begins a step: its cell follows, not a part.
const MAIN: u32 = 1 << 31;

/// What is asked for in a state.
#[derive(Clone, Copy)]
pub enum Job<'a> {
    Step { seat: usize, way: Way, choices: &'a [u32] },
    Look { ensure: bool },
}

/// The tables, to be read.
#[derive(Clone, Copy)]
pub struct Known<'s> {
    pub pieces: &'s Pieces,
    /// None when steps are not remembered.
    pub memo: Option<&'s Memo>,
    /// How many roots come before the threads.
    pub common: usize,
    pub rules: &'s Rules,
    pub ways_out: &'s WaysOut,
}

/// What the steps from one state have in common; kept because many are asked for in a row.
#[derive(Debug, Default)]
pub struct Present {
    /// The sum of that state; None before the first.
    of: Option<u128>,
    /// The first cells, and in whose company a thread is.
    roots: [u32; 3],
    /// A number for the roots, and for the most common ways to begin: `Way::Run` and `Way::TimeOut`. None when nobody has
    /// begun so.
    base: Option<u32>,
    ways: [Option<u32>; 2],
    /// Some thread remembers what others do.
    remembers: bool,
    /// Which of the cells that only `main` leads to other threads lead to as well; None until it is asked.
    shared: Option<Vec<bool>>,
    row: Vec<u32>,
}

impl<'s> Known<'s> {
    /// What comes of a step, by its number; None when nobody knows.
    #[inline]
    pub fn find(&self, present: &mut Present, graph: &Graph, job: Job<'_>) -> Option<u32> {
        let memo = self.memo?;
        let way = |row: &[u32]| memo.known_way(row);
        let (begins, way) = present.beginning(self.pieces, self.common, graph, job, way)?;
        let found = memo.find(begins, way, |cell| present.answer(self.pieces, graph, cell))?;
        (!self.rules.may_refuse(graph.seats, memo.outcome(found).starts)).then_some(found)
    }

    #[inline]
    pub fn outcome(&self, number: u32) -> Option<&'s Outcome> {
        Some(self.memo?.outcome(number))
    }
}

impl Present {
    /// How a thread begins a step: its own state, and a number for the roots and for what it does. `way` gives such
    /// numbers, or None.
    #[inline]
    pub fn beginning(
        &mut self,
        pieces: &Pieces,
        common: usize,
        graph: &Graph,
        job: Job<'_>,
        way: impl FnMut(&[u32]) -> Option<u32>,
    ) -> Option<(u32, u32)> {
        self.turn_to(pieces, common, graph);
        if let Job::Step { seat, way, choices: [] } = job
            && let Some(known) = self.known_way(way)
        {
            return Some((begins(graph, common, seat), known));
        }
        self.rare_beginning(pieces, common, graph, job, way)
    }

    /// The number of this way for every thread of the state, where nothing is chosen; None where it depends on the thread,
    /// and as long as nobody has asked for it.
    #[inline]
    pub fn plain_way(&mut self, pieces: &Pieces, common: usize, graph: &Graph, way: Way) -> Option<u32> {
        self.turn_to(pieces, common, graph);
        self.known_way(way)
    }

    #[inline]
    fn known_way(&self, way: Way) -> Option<u32> {
        self.ways[way as usize].filter(|_| !self.remembers)
    }

    #[cold]
    fn rare_beginning(
        &mut self,
        pieces: &Pieces,
        common: usize,
        graph: &Graph,
        job: Job<'_>,
        mut number: impl FnMut(&[u32]) -> Option<u32>,
    ) -> Option<(u32, u32)> {
        if self.base.is_none() {
            self.base = number(&self.roots);
        }
        self.row.clear();
        self.row.extend([self.base?, u32::MAX]);
        let first = match job {
            Job::Look { ensure } => {
                self.row.push(10 + u32::from(ensure));
                0
            }
            Job::Step { seat, way, choices } => {
                self.row.push(way as u32);
                self.row.extend_from_slice(choices);
                self.row.push(u32::MAX);
                if self.remembers {
                    let others = rememberers(pieces, graph, common, seat);
                    self.row.extend(others.map(|other| begins(graph, common, other)));
                }
                begins(graph, common, seat)
            }
        };
        let found = number(&self.row)?;
        if let Job::Step { way, choices: [], .. } = job
            && !self.remembers
        {
            self.ways[way as usize] = Some(found);
        }
        Some((first, found))
    }

    #[inline]
    fn turn_to(&mut self, pieces: &Pieces, common: usize, graph: &Graph) {
        if self.of != Some(graph.sum) {
            self.look_at(pieces, common, graph);
        }
    }

    fn look_at(&mut self, pieces: &Pieces, common: usize, graph: &Graph) {
        self.of = Some(graph.sum);
        self.shared = None;
        self.remembers = graph.parts.iter().any(|part| pieces.traits(*part).remembers)
            || graph.main && pieces.seat(graph, 0, common).remembers;
        let roots = [graph.cells[0], graph.cells[1], company(pieces, graph)];
        if self.roots != roots {
            (self.roots, self.base, self.ways) = (roots, None, [None; 2]);
        }
    }

    /// Everything that a step which meets this cell can learn from it: the cell, and whether other threads reach it.
    #[inline]
    pub fn answer(&mut self, pieces: &Pieces, graph: &Graph, cell: u32) -> u32 {
        let Some(&content) = graph.cells.get(cell as usize) else { return u32::MAX };
        if cell < graph.near || cell >= graph.far {
            return content << 1 | 1;
        }
        let shared = self.shared.get_or_insert_with(|| reached_by_others(pieces, graph));
        content << 1 | u32::from(shared[(cell - graph.near) as usize])
    }
}

/// Whether there are several threads, and whether the first process has several.
fn company(pieces: &Pieces, graph: &Graph) -> u32 {
    let here = graph.parts.iter().filter(|part| !pieces.traits(**part).elsewhere).count();
    u32::from(graph.seats > 1) | u32::from(here + graph.first_part() > 1) << 1
}

/// A thread's own state, as steps begin with it.
#[inline]
pub fn begins(graph: &Graph, common: usize, seat: usize) -> u32 {
    graph.part(seat).unwrap_or_else(|| MAIN | graph.cells[common])
}

/// The threads, other than the one that moves, whose own state may change when others move.
pub fn rememberers(
    pieces: &Pieces,
    graph: &Graph,
    common: usize,
    moves: usize,
) -> impl Iterator<Item = usize> {
    let remembers = move |seat: usize| match graph.part(seat) {
        Some(part) => pieces.traits(part).remembers,
        None => pieces.seat(graph, seat, common).remembers,
    };
    (0..graph.seats).filter(move |seat| *seat != moves && remembers(*seat))
}

/// Which of the cells that only `main` leads to other threads lead to as well.
fn reached_by_others(pieces: &Pieces, graph: &Graph) -> Vec<bool> {
    let mut reached = vec![false; (graph.far - graph.near) as usize];
    let between = graph.near..graph.far;
    let mut pending: Vec<u32> = Vec::new();
    let tangled = graph.cells[graph.far as usize..].iter().flat_map(|cell| pieces.refs(*cell));
    let parts = graph.parts.iter().flat_map(|part| &pieces.part(*part).cells);
    pending.extend(parts.chain(tangled).filter(|cell| between.contains(cell)));
    while let Some(cell) = pending.pop() {
        if !std::mem::replace(&mut reached[(cell - graph.near) as usize], true) {
            let refs = pieces.refs(graph.cells[cell as usize]).iter();
            pending.extend(refs.filter(|cell| between.contains(cell)));
        }
    }
    reached
}
