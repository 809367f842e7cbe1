//! The state after a step.

use super::flat::Flat;
use super::labels::Label;
use super::layout::Layout;
use super::outcome::{Change, OTHER, Quick, VIA, Via};
use super::pieces::Pieces;
use super::state::{Graph, of_cell};
use super::steps::Steps;
use super::trial::Trial;
use crate::state::graph::NEW;

/// The sum of the state that comes of a quick change; `ended` gives what becomes of a cell when one of its group ends, or
/// None, and then there is none.
#[inline]
pub fn sum_after(
    graph: &Graph,
    quick: &Quick,
    mut ended: impl FnMut(u32, u32, Label) -> Option<u32>,
) -> Option<u128> {
    let mut sum = graph.sum.wrapping_add(quick.sum);
    let mut last = None;
    for &(at, group, label) in &quick.leaves {
        let before = match last {
            Some((known, cell)) if known == at => cell,
            Some(_) | None => graph.cells[at as usize],
        };
        let after = ended(before, group, label)?;
        sum = sum.wrapping_add(of_cell(at, after)).wrapping_sub(of_cell(at, before));
        last = Some((at, after));
    }
    Some(sum)
}

/// Makes the state that comes of a quick change of a thread's (which may have ended), when its sum is known.
pub fn replace(pieces: &Pieces, graph: &Graph, (seat, ended): (usize, bool), quick: &Quick, out: &mut Graph) {
    out.copy_from(graph);
    out.sum = graph.sum.wrapping_add(quick.sum);
    for &(cell, now) in &quick.cells {
        out.cells[cell as usize] = now;
    }
    for &(at, group, label) in &quick.leaves {
        let before = out.cells[at as usize];
        let after = pieces.known_end(before, group, label);
        let after = after.unwrap_or_else(|| unreachable!("the sum tells what becomes of each group"));
        out.cells[at as usize] = after;
        out.sum = out.sum.wrapping_add(of_cell(at, after)).wrapping_sub(of_cell(at, before));
    }
    let first = graph.first_part();
    if let Some(at) = seat.checked_sub(first).filter(|_| ended || quick.after.is_some()) {
        out.parts.remove(at);
    }
    for &part in quick.after.iter().chain(&quick.more) {
        let at = out.parts.partition_point(|other| *other < part);
        out.parts.insert(at, part);
    }
    out.seats = first + out.parts.len();
    debug_assert_eq!(out.sum, out.total(), "the sum follows the change");
}

/// The parts of the threads after a quick change, in order, with the threads that have them: those that stay by where they
/// stood, then those that are new.
fn keep_places(graph: &Graph, (seat, ended): (usize, bool), quick: &Quick, keyed: &mut Vec<(u32, u32)>) {
    let first = graph.first_part();
    keyed.clear();
    // The others stand in order already.
    let mut next = first as u32;
    let mut moved = None;
    for (at, part) in graph.parts.iter().enumerate() {
        if at + first != seat {
            keyed.push((*part, next));
        } else if ended {
            continue;
        } else {
            moved = Some((quick.after.unwrap_or(*part), next));
        }
        next += 1;
    }
    let new = quick.more.iter().zip(next..).map(|(part, next)| (*part, next));
    for one in moved.into_iter().chain(new) {
        let at = keyed.partition_point(|other| *other < one);
        keyed.insert(at, one);
    }
}

impl Steps {
    /// The state after a step, in canonical form; returns where the thread has gone (None when it has ended).
    pub fn apply(&mut self, graph: &Graph, seat: usize, change: &Change, out: &mut Graph) -> Option<usize> {
        match &change.quick {
            Some(quick) if !graph.is_tangled() => self.replace(graph, seat, change.ended, quick, out),
            Some(_) | None => self.rebuild(graph, seat, change, out),
        }
        out.output = graph.output;
        debug_assert!(self.is_whole(graph, seat, change, out), "what is replaced is all that a step changes");
        (!change.ended).then(|| self.seat_of(seat))
    }

    /// Where a thread goes in a quick change that does not end it.
    pub fn place_after(&self, graph: &Graph, seat: usize, quick: &Quick) -> usize {
        let first = graph.first_part();
        let (Some(at), Some(after)) = (seat.checked_sub(first), quick.after) else { return seat };
        // Equal parts stand in the order in which their threads stood; new ones come after those.
        let (before, behind) = (&graph.parts[..at], &graph.parts[at + 1..]);
        let ahead =
            before.partition_point(|part| *part <= after) + behind.partition_point(|part| *part < after);
        let new = quick.more.iter().filter(|part| **part < after).count();
        first + ahead + new
    }

    /// Replaces a few cells and parts.
    fn replace(&mut self, graph: &Graph, seat: usize, ended: bool, quick: &Quick, out: &mut Graph) {
        // Where a group is left, what becomes of it is kept from now on.
        self.sum_after(graph, quick);
        let mut keyed = std::mem::take(&mut self.keyed);
        replace(&self.pieces, graph, (seat, ended), quick, out);
        keep_places(graph, (seat, ended), quick, &mut keyed);
        debug_assert!(
            keyed.iter().map(|(part, _)| part).eq(&out.parts),
            "threads stand where their parts do"
        );
        self.canonical.set_places(graph.first_part(), &keyed);
        debug_assert!(
            ended || self.seat_of(seat) == self.place_after(graph, seat, quick),
            "it goes where it is said to go"
        );
        self.keyed = keyed;
    }

    /// The sum of the state that comes of a quick change.
    pub fn sum_after(&mut self, graph: &Graph, quick: &Quick) -> u128 {
        let pieces = &mut self.pieces;
        let known = sum_after(graph, quick, |cell, group, label| Some(pieces.when_ended(cell, group, label)));
        known.unwrap_or_else(|| unreachable!("what becomes of each group was told"))
    }

    /// Changes the flat form, and finds the canonical one of what comes of it.
    fn rebuild(&mut self, graph: &Graph, seat: usize, change: &Change, out: &mut Graph) {
        let mut layout = std::mem::take(&mut self.layout);
        layout.of(graph, &self.pieces, self.common);
        if change.raw {
            self.change_flat(&layout.flat, seat, change, out);
        } else {
            let raw = self.raw(graph, &layout, seat, change);
            self.change_flat(&layout.flat, seat, &raw, out);
        }
        self.layout = layout;
    }

    /// A change by the numbers of the flat form.
    fn raw(&self, graph: &Graph, layout: &Layout, seat: usize, change: &Change) -> Change {
        let remembers: Vec<usize> = layout.remembers.iter().copied().filter(|other| *other != seat).collect();
        let part_of = |seat: usize| seat.saturating_sub(graph.first_part());
        let number = |name: u32, whose: usize| match name {
            name if name & VIA != 0 => match change.via[(name & !VIA) as usize] {
                Via::Reference(cell, index) => layout.flat.refs(layout.node_of(cell))[index as usize],
                Via::Group(cell, group, which) => {
                    let own = layout.flat.refs(self.common + seat)[0];
                    let known = layout.others(&self.pieces, cell, group, own).nth(which as usize);
                    known.unwrap_or_else(|| unreachable!("equal cells have as many that are no cells"))
                }
            },
            name if name & NEW != 0 => name,
            name => layout.number(name, part_of(whose)),
        };
        let numbers = |refs: &[u32], whose: usize| refs.iter().map(|to| number(*to, whose)).collect();
        let mut raw = Change { ended: change.ended, raw: true, ..Change::default() };
        for (target, label, refs) in &change.writes {
            let (node, whose) = match *target {
                target if target & OTHER != 0 => {
                    let other = remembers[(target & !OTHER) as usize];
                    ((self.common + other) as u32, other)
                }
                target => (number(target, seat), seat),
            };
            raw.writes.push((node, *label, numbers(refs, whose)));
        }
        raw.new = change.new.iter().map(|(label, refs)| (*label, numbers(refs, seat))).collect();
        raw.seats = change.seats.iter().map(|(label, refs)| (*label, numbers(refs, seat))).collect();
        raw
    }

    /// The canonical form of a flat state with a change by its numbers.
    pub(super) fn change_flat(&mut self, flat: &Flat, seat: usize, change: &Change, out: &mut Graph) {
        let work = self.changed_flat(flat, seat, change);
        self.canonical.form(&work, self.common, self.symmetry(), &mut self.pieces, out);
        self.work = work;
    }

    /// The same with the parts of that thread and of new ones only.
    pub(super) fn change_flat_of(&mut self, flat: &Flat, seat: usize, change: &Change, out: &mut Graph) {
        let work = self.changed_flat(flat, seat, change);
        let first_new = work.seats - change.seats.len();
        // Those before it stay where they were.
        let has_part = |at: usize| at >= first_new || !change.ended && at == seat;
        self.canonical.form_of(&work, self.common, self.symmetry(), &mut self.pieces, out, has_part);
        self.work = work;
    }

    /// A flat state with a change by its numbers.
    fn changed_flat(&mut self, flat: &Flat, seat: usize, change: &Change) -> Flat {
        let (common, seats) = (self.common, flat.seats);
        let stays = |at: usize| !change.ends(at, seat);
        // How many stay before each place.
        let mut kept = Vec::with_capacity(seats + 1);
        kept.push(0);
        (0..seats).for_each(|at| kept.push(kept[at] + usize::from(stays(at))));
        let seats_now = kept[seats] + change.seats.len();
        // Where the old nodes after the threads go, and where the new ones.
        let shift = |node: &u32| -> u32 {
            let node = *node as usize;
            if node & NEW as usize != 0 {
                (common + seats_now + (flat.len() - common - seats) + (node & !(NEW as usize))) as u32
            } else if node < common {
                node as u32
            } else if node < common + seats {
                (common + kept[node - common]) as u32
            } else {
                (node - seats + seats_now) as u32
            }
        };
        let mut work = std::mem::take(&mut self.work);
        work.clear();
        work.seats = seats_now;
        let old = |work: &mut Flat, node: usize| match change
            .writes
            .iter()
            .find(|(number, _, _)| *number as usize == node)
        {
            Some((_, label, refs)) => work.push(*label, refs.iter().map(shift)),
            None => work.push(flat.label(node), flat.refs(node).iter().map(shift)),
        };
        (0..common).for_each(|node| old(&mut work, node));
        (0..seats).filter(|at| stays(*at)).for_each(|at| old(&mut work, common + at));
        change.seats.iter().for_each(|(label, refs)| work.push(*label, refs.iter().map(shift)));
        (common + seats..flat.len()).for_each(|node| old(&mut work, node));
        change.new.iter().for_each(|(label, refs)| work.push(*label, refs.iter().map(shift)));
        work
    }

    /// Whether a quick change makes the same state as the whole change.
    pub(super) fn fits(&mut self, trial: &Trial<'_>, seat: usize, raw: &Change, quick: &Quick) -> bool {
        let places = self.canonical.places.clone();
        let [mut made, mut whole] = [Graph::default(), Graph::default()];
        self.replace(trial.graph, seat, raw.ended, quick, &mut made);
        self.change_flat(trial.flat(), seat, raw, &mut whole);
        self.canonical.places = places;
        whole.output = made.output;
        made == whole
    }

    /// Whether the canonical form, found anew, is this one: tried for some states of each exploration.
    fn is_whole(&mut self, graph: &Graph, seat: usize, change: &Change, after: &Graph) -> bool {
        if change.quick.is_none() || graph.is_tangled() || !graph.sum.is_multiple_of(8) {
            return true;
        }
        let places = self.canonical.places.clone();
        let mut anew = Graph::default();
        self.rebuild(graph, seat, change, &mut anew);
        self.canonical.places = places;
        anew.output = after.output;
        anew == *after
    }
}
