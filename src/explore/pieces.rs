//! The pieces that states are made of: cells and parts (see `state.rs`), each stored once and known by a number.

use super::flat::Labelled;
use super::labels::{Facts, Label, Labels};
use super::rows::Rows;
use super::state::{ENDED, GROUP, Graph, LIVE, OWN, SAME, VACANT};
use super::verdict::Property;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// A cell's row: two words for what its references lead to (`Deep`), its label, what it refers to. The numbers are
/// those of cells, `LIVE`, `SAME` with a place, or `ENDED` with a label.
const CELL_LABEL: usize = 2;
const CELL_REFS: usize = 3;

/// A part's row: two words for what its references lead to, how many nodes it has, for each its label, how many it
/// refers to and which (numbers of cells, or `OWN` with a place in the part), then the places in cells that refer to it.
const PART_NODES: usize = 3;

/// What is asked of a part without reading it.
#[derive(Debug)]
pub struct PartFacts {
    /// The thread's own label.
    pub label: Label,
    /// Its handle: a cell, or `OWN`.
    pub handle: u32,
    /// Of a handle in the part: the program does not wait for it, or for its process.
    pub daemon: bool,
    /// It holds a pool's crew that has tasks which have not ended.
    pub unfinished: bool,
    /// The cells that it refers to.
    pub cells: Box<[u32]>,
    /// The references to its handle from cells: the cell, and which of its references (`GROUP` with the first one for
    /// all of a group, and `APART`).
    pub back: Box<[(u32, u32)]>,
}

/// What is asked of the part of each thread of each state, where it is quick to find.
#[derive(Debug, Clone, Copy)]
pub struct Traits {
    /// It waits in a way that remembers what happens meanwhile.
    pub remembers: bool,
    /// It gives up waiting some time.
    pub gives_up: bool,
    /// It belongs to another process than the first.
    pub elsewhere: bool,
}

#[derive(Debug)]
pub struct Pieces {
    pub labels: Labels,
    cells: Rows<u32>,
    parts: Rows<u32>,
    facts: Vec<PartFacts>,
    traits: Vec<Traits>,
    facts_bytes: usize,
    /// What becomes of a cell when one of its group ends: the cell, the group, the label.
    ended: HashMap<(u32, u32, Label), u32, FixedState>,
}

impl Default for Pieces {
    fn default() -> Pieces {
        let mut cells = Rows::default();
        // `VACANT`.
        cells.of(&[0, 0, 0]);
        Pieces {
            labels: Labels::default(),
            cells,
            parts: Rows::default(),
            facts: Vec::new(),
            traits: Vec::new(),
            facts_bytes: 0,
            ended: HashMap::with_hasher(FixedState::with_seed(17)),
        }
    }
}

impl Pieces {
    /// The cell of a row that is complete but for its first two words: `deep`.
    pub fn cell_of(&mut self, row: &mut [u32], deep: u64) -> u32 {
        (row[0], row[1]) = (deep as u32, (deep >> 32) as u32);
        self.cells.of(row).0
    }

    /// The part of a row that is complete but for its first two words.
    pub fn part_of(&mut self, row: &mut [u32], deep: u64, back: &[(u32, u32)]) -> u32 {
        (row[0], row[1]) = (deep as u32, (deep >> 32) as u32);
        let (part, new) = self.parts.of(row);
        if new {
            let facts = self.facts_of(part, back);
            self.facts_bytes += facts.cells.len() * 4 + facts.back.len() * 8 + size_of::<PartFacts>() + 2;
            let own = self.labels.facts(facts.label);
            self.traits.push(Traits {
                remembers: own.remembers,
                gives_up: own.deadline.is_some(),
                elsewhere: own.elsewhere,
            });
            self.facts.push(facts);
        }
        part
    }

    pub fn label(&self, cell: u32) -> Label {
        self.cells.row(cell)[CELL_LABEL]
    }

    pub fn refs(&self, cell: u32) -> &[u32] {
        &self.cells.row(cell)[CELL_REFS..]
    }

    #[inline]
    pub fn part(&self, part: u32) -> &PartFacts {
        &self.facts[part as usize]
    }

    #[inline]
    pub fn traits(&self, part: u32) -> Traits {
        self.traits[part as usize]
    }

    /// The nodes of a part: label and references.
    pub fn nodes(&self, part: u32) -> impl Iterator<Item = (Label, &[u32])> {
        let row = self.parts.row(part);
        let mut rest = &row[PART_NODES..];
        (0..row[PART_NODES - 1]).map(move |_| {
            let (label, count) = (rest[0], rest[1] as usize);
            let refs = &rest[2..2 + count];
            rest = &rest[2 + count..];
            (label, refs)
        })
    }

    pub fn node_count(&self, part: u32) -> usize {
        self.parts.row(part)[PART_NODES - 1] as usize
    }

    fn facts_of(&self, part: u32, back: &[(u32, u32)]) -> PartFacts {
        let mut cells: Vec<u32> = Vec::new();
        for (_, refs) in self.nodes(part) {
            cells.extend(refs.iter().filter(|to| **to < OWN));
        }
        cells.sort_unstable();
        cells.dedup();
        let label = |place: usize| self.nodes(part).nth(place).map(|(label, _)| label);
        let handle = self.nodes(part).next().map_or(0, |(_, refs)| refs[0]);
        let own = if handle & OWN == 0 { None } else { label((handle & !OWN) as usize) };
        PartFacts {
            label: label(0).unwrap_or_default(),
            handle,
            daemon: label(0).into_iter().chain(own).any(|label| self.labels.facts(label).daemon),
            unfinished: self.nodes(part).skip(1).any(|(label, _)| self.labels.facts(label).unfinished),
            cells: cells.into(),
            back: back.into(),
        }
    }

    /// What is known of a thread's own state.
    pub fn seat(&self, graph: &Graph, seat: usize, common: usize) -> &Facts {
        self.labels.facts(match graph.part(seat) {
            Some(part) => self.part(part).label,
            None => self.label(graph.cells[common]),
        })
    }

    /// Whether the program does not wait for a thread.
    fn is_daemon(&self, graph: &Graph, seat: usize, common: usize) -> bool {
        let in_cell = |handle: u32| self.labels.facts(self.label(graph.cells[handle as usize])).daemon;
        match graph.part(seat) {
            Some(part) => match self.part(part) {
                facts if facts.handle & OWN == 0 => facts.daemon || in_cell(facts.handle),
                facts => facts.daemon,
            },
            None => in_cell(self.refs(graph.cells[common])[0]),
        }
    }

    /// Whether a pool's crew has tasks which have not ended.
    fn has_tasks(&self, graph: &Graph, common: usize) -> bool {
        graph.parts.iter().any(|part| self.part(*part).unfinished)
            || graph.cells[common + 1..].iter().any(|cell| self.labels.facts(self.label(*cell)).unfinished)
    }

    /// What branches of a `parallel` have failed with that nobody has raised yet.
    pub fn unraised(&self, graph: &Graph) -> Vec<Property> {
        let cells = graph.cells.iter().filter(|cell| **cell != VACANT);
        let in_cells = cells.map(|cell| (self.label(*cell), self.refs(*cell), None));
        let parts = graph.parts.iter();
        let in_parts =
            parts.flat_map(|part| self.nodes(*part).map(|(label, refs)| (label, refs, Some(*part))));
        let mut failing = Vec::new();
        for (_, refs, part) in
            in_cells.chain(in_parts).filter(|(label, ..)| self.labels.facts(*label).unraised)
        {
            let label = |to: &u32| match (*to, part) {
                (to, _) if to < OWN => Some(self.label(graph.cells[to as usize])),
                (to, Some(part)) if to < SAME => {
                    self.nodes(part).nth((to & !OWN) as usize).map(|(label, _)| label)
                }
                _ => None,
            };
            failing.extend(refs.iter().filter_map(label).filter_map(|label| self.labels.facts(label).fails));
        }
        failing
    }

    /// Whether nothing keeps the program alive any more.
    pub fn is_over(&self, graph: &Graph, common: usize) -> bool {
        (0..graph.seats).all(|seat| self.is_daemon(graph, seat, common)) && !self.has_tasks(graph, common)
    }

    /// The same as `when_ended`, when it has been asked before.
    #[inline]
    pub fn known_end(&self, cell: u32, group: u32, label: Label) -> Option<u32> {
        self.ended.get(&(cell, group, label)).copied()
    }

    /// The cell when one thread of its group that lived has ended, with nothing left but this label.
    pub fn when_ended(&mut self, cell: u32, group: u32, label: Label) -> u32 {
        if let Some(known) = self.known_end(cell, group, label) {
            return known;
        }
        let mut row = self.cells.row(cell).to_vec();
        let first = CELL_REFS + (group & !GROUP) as usize;
        let groups = &self.labels.facts(row[CELL_LABEL]).unordered;
        let count = groups.iter().find(|(start, _)| *start == group & !GROUP).map_or(0, |(_, count)| *count);
        let members = &mut row[first..first + count as usize];
        // They are sorted: those that live stand last.
        if let Some(last) = members.last_mut() {
            debug_assert_eq!(*last, LIVE, "a group has as many that live as parts say");
            *last = ENDED | label;
        }
        members.sort_unstable();
        let (after, _) = self.cells.of(&row);
        self.ended.insert((cell, group, label), after);
        after
    }

    /// A number for what a node's references lead to, as far as a step can tell that only holds them, and for all of
    /// what never changes; `name` gives the numbers that nodes have in the canonical form.
    pub fn deep(&self, flat: &impl Labelled, node: u32, name: &impl Fn(u32) -> u32) -> u64 {
        self.deeper(flat, node, name, 0)
    }

    fn deeper(&self, flat: &impl Labelled, node: u32, name: &impl Fn(u32) -> u32, depth: u32) -> u64 {
        let mut sum = mix(0, u64::from(depth));
        for &to in flat.refs_of(node) {
            let label = flat.label_of(to);
            let facts = self.labels.facts(label);
            sum = mix(sum, facts.shape);
            if facts.constant && depth < 8 {
                sum = mix(mix(sum, u64::from(label)), u64::from(name(to)));
                sum = flat.refs_of(to).iter().fold(sum, |sum, to| mix(sum, u64::from(name(*to))));
                sum = mix(sum, self.deeper(flat, to, name, depth + 1));
            }
        }
        sum
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        let rows = self.cells.memory() + self.parts.memory();
        self.labels.memory() + rows + self.ended.len() * 32 + self.facts_bytes
    }
}

pub fn mix(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}
