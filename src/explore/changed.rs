//! What a step has changed of a state: the difference to the universe after it, by the numbers of the flat form.

use super::flat::Flat;
use super::labels::Stands;
use super::outcome::Change;
use super::state::Graph;
use super::steps::{FIRST_GLOBAL, Steps};
use super::trial::Trial;
use crate::state::Shared;
use crate::state::graph::NEW;
use crate::world::sim::Universe;

/// A universe after a step.
#[derive(Clone, Copy)]
pub(super) struct After<'u> {
    pub universe: &'u Universe,
    /// The addresses of the handles of the threads that lived before it, in that order.
    pub handles: &'u [usize],
}

/// Where threads stand after a step.
struct Seats {
    /// Those that lived before it; None for who has ended.
    now: Vec<Option<usize>>,
    /// The first of those that it has started.
    first_new: usize,
}

impl After<'_> {
    /// Those that end leave their places to those behind them; new ones come last.
    fn seats(&self) -> Seats {
        let address =
            |at: usize| self.universe.seats.get(at).map(|seat| Shared::Thread(seat.thread.clone()).address());
        let mut at = 0;
        let mut stays = |handle: &usize| {
            let stays = address(at) == Some(*handle);
            let place = at;
            at += usize::from(stays);
            stays.then_some(place)
        };
        let now = self.handles.iter().map(&mut stays).collect();
        Seats { now, first_new: at }
    }
}

impl Steps {
    /// The difference between a state and the universe after a step in it, for that state only; and the cells that it met, unless it
    /// depends on more after all.
    pub(super) fn raw_change(
        &mut self,
        trial: &Trial<'_>,
        after: After<'_>,
        seat: usize,
        met: &[u32],
        cells: Option<Vec<u32>>,
    ) -> (Change, Option<Vec<u32>>) {
        if cells.is_none() || self.memo.is_none() {
            return (self.change_of_all(trial, after, seat, met), cells);
        }
        let raw = self.change_of_some(trial, after, seat, met);
        debug_assert!(
            self.flaw.is_some() || after.universe.left_out || self.is_all(trial, after, seat, met, &raw),
            "a step changes nothing that it has not met"
        );
        match !self.rules.pipes || self.keeps_hold(trial, seat, met, &raw) {
            true => (raw, cells),
            false if after.universe.left_out => (raw, None),
            false => (self.change_of_all(trial, after, seat, met), None),
        }
    }

    /// The difference as far as the step may have changed anything. What was not met has not changed: at most it would be
    /// written in another order now.
    fn change_of_some(&mut self, trial: &Trial<'_>, after: After<'_>, seat: usize, met: &[u32]) -> Change {
        let (common, seats) = (self.common as u32, after.seats());
        let nodes = self.may_change(trial, seat, met);
        let first_object = common + trial.flat().seats as u32;
        let roots = nodes.iter().copied().filter(|node| *node < common);
        let place = |node: &u32| seats.now[(node - common) as usize];
        let threads = nodes.iter().filter(|node| (common..first_object).contains(node));
        let objects = nodes.iter().filter(|node| **node >= first_object);
        let living = |node: &&u32| trial.objects[**node as usize].as_ref();
        let names = roots
            .clone()
            .chain(threads.clone().copied().filter(|node| place(node).is_some()))
            .chain((seats.first_new..after.universe.seats.len()).map(|_| NEW))
            .chain(objects.clone().copied().filter(|node| living(&node).is_some()));
        let stands = threads.clone().filter_map(place).chain(seats.first_new..after.universe.seats.len());
        let room = std::mem::take(&mut self.room);
        let (rows, new) = after.universe.rewrite(
            &self.rules,
            (&trial.numbers, room),
            roots.clone(),
            stands.clone(),
            objects.filter_map(|node| living(&node)),
        );
        let mut change = self.change_without_nodes(&seats, seat);
        let mut stands = stands.map(|at| Stands::of(after.universe, at));
        let mut new = new.iter();
        let mut nodes = rows.nodes();
        for (name, node) in names.zip(nodes.by_ref()) {
            let is_thread = name == NEW || (common..first_object).contains(&name);
            let stands = if is_thread { stands.next() } else { None };
            let object = if is_thread || name < common { None } else { living(&&name) };
            if name != NEW && self.is_as_it_was(trial, name, node.bytes, node.refs.iter().copied()) {
                continue;
            }
            let label = self.pieces.labels.of(node, object, stands);
            match name {
                NEW => change.seats.push((label, node.refs.to_vec())),
                name => change.writes.push((name, label, node.refs.to_vec())),
            }
        }
        for node in nodes {
            let label = self.pieces.labels.of(node, new.next(), None);
            change.new.push((label, node.refs.to_vec()));
        }
        self.room = rows;
        change
    }

    /// The nodes that a step may have changed, in order: the first roots, the thread's own state and its handle, what it has
    /// met, and of what never changes but comes to be known what these lead to; and who remembers what others do.
    fn may_change(&self, trial: &Trial<'_>, seat: usize, met: &[u32]) -> Vec<u32> {
        let flat = trial.flat();
        let own = trial.handle(self.common, seat);
        let is_constant = |node: &u32| self.pieces.labels.facts(flat.label(*node as usize)).constant;
        let of_thread = |seat: usize| (self.common + seat) as u32;
        let mut nodes: Vec<u32> = (0..FIRST_GLOBAL as u32).collect();
        nodes.extend([of_thread(seat), own]);
        nodes.extend(trial.layout.remembers.iter().filter(|other| **other != seat).map(|at| of_thread(*at)));
        for node in met.iter().chain([&own]) {
            nodes.push(*node);
            nodes.extend(flat.refs(*node as usize).iter().copied().filter(is_constant));
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The difference of all nodes.
    fn change_of_all(&mut self, trial: &Trial<'_>, after: After<'_>, seat: usize, met: &[u32]) -> Change {
        let universe = after.universe;
        // Somewhere else others may still lead to what nothing leads to here.
        let own = trial.handle(self.common, seat);
        let kept = met.iter().chain([&own]).filter_map(|node| trial.objects[*node as usize].clone());
        let kept: Vec<Shared> = kept.collect();
        let (snapshot, objects) = universe.snapshot_keeping(&self.rules, &kept);
        let seats = after.seats();
        let mut change = self.change_without_nodes(&seats, seat);
        let threads = seats.now.iter().enumerate().filter(|(_, now)| now.is_some());
        let threads = threads.map(|(place, _)| (self.common + place) as u32);
        let new_threads = (seats.first_new..snapshot.seats).map(|_| NEW);
        let mut new_nodes = NEW;
        let names = objects.iter().map(|object| {
            trial.number(object).unwrap_or_else(|| {
                new_nodes += 1;
                new_nodes - 1
            })
        });
        // What each node of the snapshot is called.
        let names: Vec<u32> =
            (0..self.common as u32).chain(threads).chain(new_threads).chain(names).collect();
        for (at, node) in snapshot.nodes.nodes().enumerate() {
            let name = names[at];
            let refs = node.refs.iter().map(|to| names[*to as usize]);
            // Most nodes are what they were.
            if name & NEW == 0 && self.is_as_it_was(trial, name, node.bytes, refs.clone()) {
                continue;
            }
            let refs: Vec<u32> = refs.collect();
            let object = at.checked_sub(snapshot.roots).map(|at| &objects[at]);
            let place = at.checked_sub(self.common).filter(|place| *place < snapshot.seats);
            let label = self.pieces.labels.of(node, object, place.map(|place| Stands::of(universe, place)));
            match (name & NEW == 0, place) {
                (true, _) => change.writes.push((name, label, refs)),
                (false, Some(_)) => change.seats.push((label, refs)),
                (false, None) => change.new.push((label, refs)),
            }
        }
        change
    }

    /// Who has ended.
    fn change_without_nodes(&self, seats: &Seats, seat: usize) -> Change {
        let ended = |at: &usize| seats.now[*at].is_none();
        let gone = (0..seats.now.len()).filter(|at| *at != seat && ended(at)).collect();
        Change { raw: true, ended: ended(&seat), gone, ..Change::default() }
    }

    fn is_as_it_was(
        &self,
        trial: &Trial<'_>,
        node: u32,
        bytes: &[u8],
        refs: impl Iterator<Item = u32>,
    ) -> bool {
        let flat = trial.flat();
        flat.refs(node as usize).iter().copied().eq(refs)
            && self.pieces.labels.content(flat.label(node as usize)) == bytes
    }

    /// Whether the difference of some nodes is that of all, but for the order in which others refer to things: the same state
    /// comes of both.
    fn is_all(
        &mut self,
        trial: &Trial<'_>,
        after: After<'_>,
        seat: usize,
        met: &[u32],
        some: &Change,
    ) -> bool {
        let mut all = self.change_of_all(trial, after, seat, met);
        let known = self.may_change(trial, seat, met);
        all.writes.retain(|(node, label, refs)| {
            known.contains(node) || !is_reordered(trial.flat(), *node, *label, refs)
        });
        let places = self.canonical.places.clone();
        let [mut of_some, mut of_all] = [Graph::default(), Graph::default()];
        self.change_flat(trial.flat(), seat, some, &mut of_some);
        self.change_flat(trial.flat(), seat, &all, &mut of_all);
        self.canonical.places = places;
        of_some == of_all
    }
}

/// Whether this is what a node was, but for the order of what it refers to.
fn is_reordered(flat: &Flat, node: u32, label: u32, refs: &[u32]) -> bool {
    let (mut before, mut now) = (flat.refs(node as usize).to_vec(), refs.to_vec());
    before.sort_unstable();
    now.sort_unstable();
    before == now && flat.label(node as usize) == label
}
