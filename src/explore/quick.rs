//! Whether a step only replaces a few cells and parts, and leaves every number as it is, wherever the same is met.

use super::canonical::in_group;
use super::labels::{Facts, Label};
use super::layout::Name;
use super::outcome::{Change, Quick};
use super::state::{APART, GROUP, Graph, of_cell};
use super::steps::Steps;
use super::trial::Trial;
use crate::state::graph::NEW;

impl Steps {
    /// The change as a few cells and parts that are replaced, if it is one that leaves all numbers as they are wherever
    /// the same is met.
    pub(super) fn quick(&mut self, trial: &Trial<'_>, seat: usize, raw: &Change) -> Option<Quick> {
        let graph = trial.graph;
        let main = graph.main && seat == 0;
        if graph.is_tangled()
            || main && raw.ended
            || !raw.gone.is_empty()
            || !self.keeps_all_numbers(trial, raw, seat)
        {
            return None;
        }
        let plain = self.plain_quick(trial, seat, raw);
        debug_assert!(
            plain.is_none() || plain == self.quick_of_all(trial, seat, raw),
            "what is not looked at stays as it is"
        );
        let mut quick = match plain {
            Some(plain) => plain,
            None => self.quick_of_all(trial, seat, raw)?,
        };
        quick.sum = quick.sum_of_parts();
        for &(cell, now) in &quick.cells {
            let before = of_cell(cell, graph.cells[cell as usize]);
            quick.sum = quick.sum.wrapping_add(of_cell(cell, now)).wrapping_sub(before);
        }
        debug_assert!(self.fits(trial, seat, raw, &quick), "a quick change is the whole change");
        Some(quick)
    }

    /// The cells and parts that a change replaces, as the canonical form of what comes of it tells; None when other numbers
    /// change.
    fn quick_of_all(&mut self, trial: &Trial<'_>, seat: usize, raw: &Change) -> Option<Quick> {
        let graph = trial.graph;
        let mut quick = Quick { before: graph.part(seat), ..Quick::default() };
        if raw.ended {
            self.leave(trial, raw, seat, &mut quick)?;
        }
        let mut after = Graph::default();
        self.change_flat_of(trial.flat(), seat, raw, &mut after);
        if after.is_tangled() || (after.near, after.far) != (graph.near, graph.far) {
            return None;
        }
        for (node, _, _) in &raw.writes {
            if let Name::Cell(cell) = trial.layout.name(*node) {
                let now = after.cells[cell as usize];
                if now != graph.cells[cell as usize] {
                    quick.cells.push((cell, now));
                }
            }
        }
        let kept = graph.seats - usize::from(raw.ended);
        if quick.before.is_some() && !raw.ended {
            quick.after = self.canonical.part_of(seat);
        }
        for new in 0..raw.seats.len() {
            quick.more.push(self.canonical.part_of(kept + new)?);
        }
        Some(quick)
    }

    /// Whether what is written leads to the same numbers as before, in the same order.
    fn keeps_all_numbers(&self, trial: &Trial<'_>, raw: &Change, seat: usize) -> bool {
        raw.writes.iter().all(|(node, label, refs)| match trial.layout.name(*node) {
            Name::Cell(_) if trial.graph.main && *node as usize == self.common => {
                self.main_keeps_numbers(trial, *label, refs)
            }
            Name::Cell(_) => self.cell_keeps_numbers(trial, raw, (*node, *label, refs), seat),
            Name::Own(whose, _) => whose == seat,
            Name::Plain => false,
        })
    }

    /// Notes the groups that a thread leaves by ending, if nothing is left of it but a label, and only groups and what is
    /// written lead to it.
    fn leave(&self, trial: &Trial<'_>, raw: &Change, seat: usize, quick: &mut Quick) -> Option<()> {
        let handle = trial.handle(self.common, seat);
        let (Some(part), Name::Own(..)) = (quick.before, trial.layout.name(handle)) else { return Some(()) };
        let flat = trial.flat();
        let written = |node: u32| raw.writes.iter().find(|(name, _, _)| *name == node);
        let (label, refs) = match written(handle) {
            Some((_, label, refs)) => (*label, &refs[..]),
            None => (flat.label(handle as usize), flat.refs(handle as usize)),
        };
        let made = raw.new.iter().chain(&raw.seats).flat_map(|(_, refs)| refs);
        let mut now = raw.writes.iter().flat_map(|(_, _, refs)| refs).chain(made);
        if !refs.is_empty() || now.any(|to| *to == handle) {
            return None;
        }
        for &(cell, index) in &self.pieces.part(part).back {
            if index & APART != 0 {
                return None;
            }
            if index & GROUP != 0 && cell as usize == self.common {
                quick.leaves.push((cell, index, label));
            } else if written(trial.layout.node_of(cell) as u32).is_none() {
                return None;
            }
        }
        Some(())
    }

    /// The same for `main`: what it leads to beside what the roots do.
    fn main_keeps_numbers(&self, trial: &Trial<'_>, label: u32, refs: &[u32]) -> bool {
        let flat = trial.flat();
        let grouped = |label: u32| !self.pieces.labels.facts(label).unordered.is_empty();
        if grouped(label) || grouped(flat.label(self.common)) {
            return false;
        }
        let beyond = |to: &&u32| match trial.layout.name(**to) {
            _ if **to & NEW != 0 => true,
            Name::Cell(cell) => cell >= trial.graph.near,
            Name::Own(..) | Name::Plain => true,
        };
        flat.refs(self.common).iter().filter(beyond).eq(refs.iter().filter(beyond))
    }

    fn cell_keeps_numbers(
        &self,
        trial: &Trial<'_>,
        raw: &Change,
        (node, label, refs): (u32, Label, &[u32]),
        seat: usize,
    ) -> bool {
        let flat = trial.flat();
        let before = flat.refs(node as usize);
        let own = trial.handle(self.common, seat);
        let lives = |to: u32| trial.lives(to);
        let begins = |to: u32| raw.seats.iter().any(|(_, refs)| refs[0] == to);
        let (facts_before, facts_now) =
            (self.pieces.labels.facts(flat.label(node as usize)), self.pieces.labels.facts(label));
        let weak = facts_before.waits;
        let leads_before = |to: &&u32| !(weak && lives(**to));
        let leads_now = |to: &&u32| !(weak && (lives(**to) && !(raw.ended && **to == own) || begins(**to)));
        if !before.iter().filter(leads_before).eq(refs.iter().filter(leads_now)) {
            return false;
        }
        // A thread without a number is known by where it is referred to, or in which group.
        let other = |to: u32| {
            to & NEW == 0 && to != own && matches!(trial.layout.name(to), Name::Own(..) | Name::Plain)
        };
        let places = |refs: &[u32], facts: &Facts| {
            let others = refs.iter().copied().enumerate().filter(|(_, to)| other(*to));
            let place = |index| in_group(&facts.unordered, index).map_or(index as u32, |first| GROUP | first);
            let mut places: Vec<(u32, u32)> = others.map(|(index, to)| (place(index), to)).collect();
            places.sort_unstable();
            places
        };
        places(before, facts_before) == places(refs, facts_now)
    }
}
