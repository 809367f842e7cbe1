//! Most quick changes are found by looking at nothing but what is written and at the thread's own: where it neither ends
//! nor starts another, and what is written leads to cells, to what is its own and to what is new only. So they cost what
//! they touch, however many threads there are. The rest of `quick.rs` finds the canonical form of all to see whether
//! numbers stay; debug builds compare.

use super::flat::{Flat, Labelled};
use super::labels::Label;
use super::layout::Name;
use super::outcome::{Change, Quick};
use super::pieces::mix;
use super::state::{LIVE, OWN, SAME};
use super::steps::Steps;
use super::trial::Trial;
use crate::state::graph::NEW;

/// No number, or none that a node may be told by.
const NONE: u32 = u32::MAX;

/// The nodes after a change, by their numbers before it.
struct After<'c> {
    flat: &'c Flat,
    raw: &'c Change,
}

impl After<'_> {
    /// Where what is kept of a node stands: those that are new come last.
    fn place(&self, node: u32) -> usize {
        if node & NEW == 0 { node as usize } else { self.flat.len() + (node & !NEW) as usize }
    }
}

impl Labelled for After<'_> {
    fn label_of(&self, node: u32) -> Label {
        if node & NEW != 0 {
            return self.raw.new[(node & !NEW) as usize].0;
        }
        let written = self.raw.writes.iter().find(|(name, _, _)| *name == node);
        written.map_or_else(|| self.flat.label(node as usize), |(_, label, _)| *label)
    }

    fn refs_of(&self, node: u32) -> &[u32] {
        if node & NEW != 0 {
            return &self.raw.new[(node & !NEW) as usize].1;
        }
        let written = self.raw.writes.iter().find(|(name, _, _)| *name == node);
        written.map_or_else(|| self.flat.refs(node as usize), |(_, _, refs)| refs)
    }
}

impl Steps {
    /// The cells and the part that a change replaces, without the sum. It is known that what is written leads to the same
    /// numbers as before. None where more has to be looked at.
    pub(super) fn plain_quick(&mut self, trial: &Trial<'_>, seat: usize, raw: &Change) -> Option<Quick> {
        if raw.ended || !raw.seats.is_empty() || !self.leaves_groups(trial, seat, raw) {
            return None;
        }
        let mut quick = Quick { before: trial.graph.part(seat), ..Quick::default() };
        let written = |cell: u32| {
            let node = trial.layout.node_of(cell) as u32;
            raw.writes.iter().any(|(name, _, _)| *name == node)
        };
        let mut back: Vec<(u32, u32)> = Vec::new();
        if let Some(part) = quick.before {
            let known = self.pieces.part(part).back.iter();
            back.extend(known.filter(|(cell, _)| !written(*cell)));
        }
        let after = After { flat: trial.flat(), raw };
        for (node, label, refs) in &raw.writes {
            if let Name::Cell(cell) = trial.layout.name(*node) {
                let now = self.plain_cell(trial, &after, seat, (*node, cell, *label, refs), &mut back)?;
                if now != trial.graph.cells[cell as usize] {
                    quick.cells.push((cell, now));
                }
            }
        }
        if quick.before.is_some() {
            back.sort_unstable();
            quick.after = Some(self.plain_part(trial, &after, seat, &back)?);
        }
        Some(quick)
    }

    /// Whether a change cannot give another number to a member of `main`'s groups that has ended: they have theirs by what
    /// they hold, and by whether somebody leads to them.
    fn leaves_groups(&self, trial: &Trial<'_>, seat: usize, raw: &Change) -> bool {
        let (graph, flat) = (trial.graph, trial.flat());
        if !graph.main || self.pieces.labels.facts(flat.label(self.common)).unordered.is_empty() {
            return true;
        }
        let beyond = |cell: u32| cell >= graph.near;
        let writes = |(node, _, _): &(u32, Label, Vec<u32>)| match trial.layout.name(*node) {
            Name::Cell(cell) => beyond(cell),
            Name::Own(..) | Name::Plain => false,
        };
        let leads = graph
            .part(seat)
            .is_some_and(|part| self.pieces.part(part).cells.iter().any(|cell| beyond(*cell)));
        !leads && !raw.writes.iter().any(writes)
    }

    /// The cell that a written one becomes, as `Canonical` writes it; `back` gets its references to the thread.
    fn plain_cell(
        &mut self,
        trial: &Trial<'_>,
        after: &After<'_>,
        seat: usize,
        (node, cell, label, refs): (u32, u32, Label, &[u32]),
        back: &mut Vec<(u32, u32)>,
    ) -> Option<u32> {
        let facts = self.pieces.labels.facts(label);
        if !facts.unordered.is_empty() {
            return None;
        }
        let waits = facts.waits;
        let own = trial.handle(self.common, seat);
        let mut row = Vec::with_capacity(3 + refs.len());
        row.extend([0, 0, label]);
        for (index, &to) in refs.iter().enumerate() {
            if to & NEW != 0 {
                return None;
            }
            row.push(match trial.layout.name(to) {
                Name::Cell(number) => number,
                Name::Own(..) if waits && trial.lives(to) => {
                    if to == own {
                        back.push((cell, index as u32));
                    }
                    let before = refs[..index].iter().position(|known| *known == to);
                    before.map_or(LIVE, |before| SAME | before as u32)
                }
                Name::Own(..) | Name::Plain => return None,
            });
        }
        let name = |to: u32| trial.layout.cell(to).unwrap_or(NONE);
        let deep = self.pieces.deep(after, node, &name);
        Some(self.pieces.cell_of(&mut row, deep))
    }

    /// The thread's part, as `Canonical` writes it.
    fn plain_part(
        &mut self,
        trial: &Trial<'_>,
        after: &After<'_>,
        seat: usize,
        back: &[(u32, u32)],
    ) -> Option<u32> {
        let mut numbers = std::mem::take(&mut self.numbers);
        let room = trial.flat().len() + after.raw.new.len();
        numbers.resize(room.max(numbers.len()), NONE);
        let mut nodes = vec![(self.common + seat) as u32];
        let part = self.numbered_part(trial, after, seat, back, (&mut nodes, &mut numbers));
        nodes.iter().for_each(|node| numbers[after.place(*node)] = NONE);
        self.numbers = numbers;
        part
    }

    fn numbered_part(
        &mut self,
        trial: &Trial<'_>,
        after: &After<'_>,
        seat: usize,
        back: &[(u32, u32)],
        (nodes, numbers): (&mut Vec<u32>, &mut [u32]),
    ) -> Option<u32> {
        let cell = |to: u32| if to & NEW == 0 { trial.layout.cell(to) } else { None };
        let is_own =
            |to: u32| to & NEW != 0 || matches!(trial.layout.name(to), Name::Own(whose, _) if whose == seat);
        let mut row = vec![0, 0, 0];
        let mut at = 0;
        while at < nodes.len() {
            let refs = after.refs_of(nodes[at]);
            row.extend([after.label_of(nodes[at]), refs.len() as u32]);
            for &to in refs {
                if let Some(number) = cell(to) {
                    row.push(number);
                    continue;
                }
                if !is_own(to) {
                    return None;
                }
                let number = &mut numbers[after.place(to)];
                if *number == NONE {
                    *number = OWN | nodes.len() as u32;
                    nodes.push(to);
                }
                row.push(*number);
            }
            at += 1;
        }
        row[2] = nodes.len() as u32;
        let name = |to: u32| cell(to).unwrap_or_else(|| numbers[after.place(to)]);
        let deep = nodes.iter().fold(0, |sum, node| mix(sum, self.pieces.deep(after, *node, &name)));
        row.extend(back.iter().flat_map(|&(cell, index)| [cell, index]));
        Some(self.pieces.part_of(&mut row, deep, back))
    }
}
