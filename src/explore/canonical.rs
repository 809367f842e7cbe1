//! One form for all states that differ only in the order of their objects, or in which of several equal threads is
//! which (thread symmetry: Clarke, Emerson, Jha and Sistla, CAV 1998).
//!
//! Cells are numbered as they are reached from the roots and from `main`. A thread's part is written in the order of
//! its own references; which cells refer to it belongs to it, so equal parts are threads that may change places. Only
//! where threads share something that neither the roots nor `main` lead to, they have to be sorted before it can be
//! numbered: where that leaves a tie two equal states may be kept apart, which costs a state and no truth.

use super::flat::Flat;
use super::pieces::{Pieces, mix};
use super::state::{APART, ENDED, GROUP, Graph, LIVE, OWN, SAME, VACANT};

/// Room for the work, kept from one state to the next.
#[derive(Debug, Default)]
pub struct Canonical {
    /// The cell, or `OWN` with the place in its part, of each node; `NONE` for those not reached.
    numbers: Vec<u32>,
    /// The node of each cell.
    order: Vec<u32>,
    /// The thread whose handle a node is.
    living: Vec<u32>,
    /// By which thread each node was reached that is no cell; `MANY` when by several.
    by: Vec<u32>,
    /// A member of a group that has ended, with nothing left but its label.
    plain: Vec<bool>,
    /// What marks a reference out of a group of `main`'s: `GROUP`, and `APART` where that is so.
    group: u32,
    /// The references from cells to threads that have no number: the thread, the cell, which reference.
    back: Vec<(u32, u32, u32)>,
    pending: Vec<u32>,
    row: Vec<u32>,
    /// Where each thread has gone.
    pub(super) places: Vec<u32>,
    keyed: Vec<(u32, u32)>,
}

const NONE: u32 = u32::MAX;
const MANY: u32 = u32::MAX - 1;

/// After so many looks in a row that tell no more threads apart none will.
const FAR: u32 = 3;
/// So many times one of several threads that nothing tells apart is taken to be the first.
const MOST_CHOSEN: u32 = 8;

impl Canonical {
    /// Writes the canonical form of `flat` to `out`; `seat_of` tells where a thread has gone.
    ///
    /// `common` is how many roots come before the threads; the first reference of each thread is its handle, and that of
    /// the first root is the handle of `main`.
    pub fn form(&mut self, flat: &Flat, common: usize, symmetry: bool, pieces: &mut Pieces, out: &mut Graph) {
        self.form_of(flat, common, symmetry, pieces, out, |_| true);
        self.sort_parts(out);
        out.sum = out.total();
    }

    /// The same with the parts of some threads only, as `part_of` gives them, and without its sum.
    pub fn form_of(
        &mut self,
        flat: &Flat,
        common: usize,
        symmetry: bool,
        pieces: &mut Pieces,
        out: &mut Graph,
        has_part: impl Fn(usize) -> bool,
    ) {
        let seats = flat.seats;
        self.clear(flat, common);
        let main = (0..seats).find(|seat| flat.refs(common + seat)[0] == flat.refs(0)[0]);
        self.order.extend(0..common as u32);
        self.order.push(main.map_or(NONE, |seat| (common + seat) as u32));
        for at in 0..self.order.len() {
            if self.order[at] != NONE {
                self.numbers[self.order[at] as usize] = at as u32;
            }
        }
        let groups: Vec<(u32, u32)> = match main {
            Some(seat) if symmetry => pieces.labels.facts(flat.label(common + seat)).unordered.to_vec(),
            Some(_) | None => Vec::new(),
        };
        // What the roots lead to, then what `main` leads to.
        for root in 0..common {
            self.follow(flat, pieces, root, &[]);
        }
        self.reach(flat, pieces, common + 1);
        out.near = self.order.len() as u32;
        if let Some(seat) = main {
            self.follow(flat, pieces, common + seat, &groups);
            self.reach(flat, pieces, out.near as usize);
        }
        self.scan(flat, common, main);
        if let Some(seat) = main {
            self.number_groups(flat, pieces, common, seat, &groups);
        }
        out.far = self.order.len() as u32;
        if self.by.contains(&MANY) {
            self.untangle(flat, pieces, common, main);
        }
        (out.seats, out.main) = (seats, main.is_some());
        self.write_cells(flat, pieces, common, &groups, out);
        self.write_parts(flat, pieces, common, |seat| Some(seat) != main && has_part(seat));
    }

    /// The part of the thread that stood at `seat`, if it was asked for.
    pub fn part_of(&self, seat: usize) -> Option<u32> {
        self.keyed.iter().find(|(_, at)| *at as usize == seat).map(|(part, _)| *part)
    }

    /// The new place of the thread that stood at `seat`.
    pub fn seat_of(&self, seat: usize) -> usize {
        self.places[seat] as usize
    }

    /// Keeps where threads have gone: each with its part and where it stood among those that have not ended, in the
    /// order in which they stand now; `first` is where those with parts begin.
    pub fn set_places(&mut self, first: usize, order: &[(u32, u32)]) {
        self.places.clear();
        self.places.resize(first + order.len(), 0);
        for (place, (_, seat)) in order.iter().enumerate() {
            self.places[*seat as usize] = (first + place) as u32;
        }
    }

    fn clear(&mut self, flat: &Flat, common: usize) {
        let count = flat.len();
        for marks in [&mut self.numbers, &mut self.living, &mut self.by] {
            marks.clear();
            marks.resize(count, NONE);
        }
        self.plain.clear();
        self.plain.resize(count, false);
        self.order.clear();
        self.back.clear();
        for seat in 0..flat.seats {
            let handle = flat.refs(common + seat)[0] as usize;
            debug_assert_eq!(self.living[handle], NONE, "each thread has a handle of its own");
            self.living[handle] = seat as u32;
        }
    }

    /// Numbers what a node refers to, except out of these groups. That a lock is held by a thread leads nobody to it.
    fn follow(&mut self, flat: &Flat, pieces: &Pieces, node: usize, groups: &[(u32, u32)]) {
        let weak = pieces.labels.facts(flat.label(node)).waits;
        for (at, &to) in flat.refs(node).iter().enumerate() {
            let there = to as usize;
            let passed = (weak && self.living[there] != NONE) || in_group(groups, at).is_some();
            if self.numbers[there] == NONE && !passed {
                self.numbers[there] = self.order.len() as u32;
                self.order.push(to);
            }
        }
    }

    /// The same for everything in the order from `at` on.
    fn reach(&mut self, flat: &Flat, pieces: &Pieces, mut at: usize) {
        while at < self.order.len() {
            self.follow(flat, pieces, self.order[at] as usize, &[]);
            at += 1;
        }
    }

    /// Finds which threads reach what is no cell.
    fn scan(&mut self, flat: &Flat, common: usize, main: Option<usize>) {
        self.by.fill(NONE);
        let mut pending = std::mem::take(&mut self.pending);
        pending.clear();
        for seat in (0..flat.seats).filter(|seat| Some(*seat) != main) {
            pending.push((common + seat) as u32);
            while let Some(node) = pending.pop() {
                // What several reach leads several on.
                let mark = if self.by[node as usize] == MANY { MANY } else { seat as u32 };
                for &to in flat.refs(node as usize) {
                    let there = to as usize;
                    if self.numbers[there] != NONE || self.by[there] == mark || self.by[there] == MANY {
                        continue;
                    }
                    self.by[there] = if self.by[there] == NONE { mark } else { MANY };
                    pending.push(to);
                }
            }
        }
        self.pending = pending;
    }

    /// Members of `main`'s groups that have ended. Where nothing is left of them but a label they need no number: how
    /// many there are of each label is all that can be told. The others get theirs by the order of labels.
    fn number_groups(
        &mut self,
        flat: &Flat,
        pieces: &Pieces,
        common: usize,
        main: usize,
        groups: &[(u32, u32)],
    ) {
        let refs = flat.refs(common + main);
        let members = |&(first, count): &(u32, u32)| {
            let mut members = refs[first as usize..(first + count) as usize].to_vec();
            members.sort_unstable();
            members
        };
        let Some(first) = groups.first().map(members) else { return };
        let alike = groups.iter().all(|group| members(group) == first);
        self.group = if alike { GROUP } else { GROUP | APART };
        let mut rest: Vec<u32> = Vec::new();
        for member in groups.iter().flat_map(members) {
            let at = member as usize;
            if self.living[at] != NONE || self.numbers[at] != NONE {
                continue;
            }
            self.plain[at] = alike && flat.refs(at).is_empty() && self.by[at] == NONE;
            if !self.plain[at] {
                rest.push(member);
            }
        }
        if rest.is_empty() {
            return;
        }
        rest.sort_by_key(|member| flat.label(*member as usize));
        let from = self.order.len();
        for member in rest {
            if self.numbers[member as usize] == NONE {
                self.numbers[member as usize] = self.order.len() as u32;
                self.order.push(member);
            }
        }
        self.reach(flat, pieces, from);
        for at in 0..self.plain.len() {
            self.plain[at] &= self.numbers[at] == NONE;
        }
        self.scan(flat, common, Some(main));
    }

    /// Sorts the threads, then numbers what several of them share in the order in which they reach it.
    #[cold]
    fn untangle(&mut self, flat: &Flat, pieces: &Pieces, common: usize, main: Option<usize>) {
        let colours = self.colours(flat, pieces, common, main);
        let mut seats: Vec<usize> = (0..flat.seats).filter(|seat| Some(*seat) != main).collect();
        seats.sort_by_key(|seat| (flat.label(common + seat), colours[common + seat]));
        let mut met = vec![false; flat.len()];
        for seat in seats {
            let mut queue = vec![(common + seat) as u32];
            let mut at = 0;
            while at < queue.len() {
                let mut refs = flat.refs(queue[at] as usize).to_vec();
                for &(first, count) in groups_of(flat, pieces, queue[at]) {
                    refs[first as usize..(first + count) as usize]
                        .sort_by_key(|to| (flat.label(*to as usize), colours[*to as usize]));
                }
                for to in refs {
                    let there = to as usize;
                    if std::mem::replace(&mut met[there], true) || self.by[there] == NONE {
                        continue;
                    }
                    if self.by[there] == MANY {
                        self.numbers[there] = self.order.len() as u32;
                        self.order.push(to);
                    }
                    queue.push(to);
                }
                at += 1;
            }
        }
    }

    /// A number for each node that does not depend on the order of threads: of its label, where it stands, what it refers
    /// to and what refers to it, and what those are, until that tells no more threads apart (refinement: Weisfeiler and
    /// Leman, 1968). Of those that are left one is taken to be the first, and so on.
    fn colours(&self, flat: &Flat, pieces: &Pieces, common: usize, main: Option<usize>) -> Vec<u64> {
        let count = flat.len();
        // Threads that differ from all others lead to places too.
        let mut place: Vec<u64> =
            self.numbers.iter().map(|number| u64::from(number.wrapping_add(1))).collect();
        let mut next = self.order.len() as u64 + 1;
        let labels = |seat: usize| flat.label(common + seat);
        let others: Vec<usize> = (0..flat.seats).filter(|seat| Some(*seat) != main).collect();
        let single =
            |seat: &usize| others.iter().filter(|other| labels(**other) == labels(*seat)).count() == 1;
        let mut singles: Vec<usize> = others.iter().copied().filter(single).collect();
        singles.sort_by_key(|seat| labels(*seat));
        let mut queue: Vec<u32> = singles.into_iter().map(|seat| (common + seat) as u32).collect();
        let mut at = 0;
        while at < queue.len() {
            let groups = groups_of(flat, pieces, queue[at]);
            for (which, &to) in flat.refs(queue[at] as usize).iter().enumerate() {
                if place[to as usize] == 0 && in_group(groups, which).is_none() {
                    place[to as usize] = next;
                    next += 1;
                    queue.push(to);
                }
            }
            at += 1;
        }
        let own = |node: usize| if node < common + flat.seats { 0 } else { place[node] };
        let mut colours: Vec<u64> =
            (0..count).map(|node| mix(u64::from(flat.label(node)), own(node))).collect();
        // The roots lead to places only, and of a group of `main`'s nothing tells one from another. What nobody leads to any more
        // is in the flat form of what a step has left, and belongs to no state.
        let reached = |node: usize| self.numbers[node] != NONE || self.by[node] != NONE;
        let tells = |node: &usize| {
            Some(*node) != main.map(|seat| common + seat) && (*node < common + flat.seats || reached(*node))
        };
        let kind = |colours: &[u64], seat: usize| (labels(seat), colours[common + seat]);
        let (mut known, mut calm, mut chosen) = (0, 0, 0);
        loop {
            colours = refined(flat, pieces, &colours, (common..count).filter(tells));
            let mut kinds: Vec<(u32, u64)> = others.iter().map(|seat| kind(&colours, *seat)).collect();
            kinds.sort_unstable();
            let alike = kinds.windows(2).find(|two| two[0] == two[1]).map(|two| two[0]);
            kinds.dedup();
            // What tells threads apart may be several steps away.
            calm = if kinds.len() > known { 0 } else { calm + 1 };
            known = known.max(kinds.len());
            let Some(alike) = alike.filter(|_| calm < FAR || chosen < MOST_CHOSEN) else { return colours };
            if calm == FAR {
                // They may change places, or this choice tells equal states apart: then those with them are told apart too.
                let first = others.iter().find(|seat| kind(&colours, **seat) == alike);
                first.into_iter().for_each(|seat| colours[common + seat] = mix(colours[common + seat], 3));
                (calm, chosen) = (0, chosen + 1);
            }
        }
    }

    fn write_cells(
        &mut self,
        flat: &Flat,
        pieces: &mut Pieces,
        common: usize,
        groups: &[(u32, u32)],
        out: &mut Graph,
    ) {
        out.cells.clear();
        let mut row = std::mem::take(&mut self.row);
        for at in 0..self.order.len() {
            let node = self.order[at];
            if node == NONE {
                out.cells.push(VACANT);
                continue;
            }
            row.clear();
            row.extend([0, 0, flat.label(node as usize)]);
            let start = row.len();
            let of_main = at == common;
            let groups = if of_main { groups } else { groups_of(flat, pieces, node) };
            for (index, &to) in flat.refs(node as usize).iter().enumerate() {
                let there = to as usize;
                row.push(match self.numbers[there] {
                    NONE if self.plain[there] => ENDED | flat.label(there),
                    NONE => {
                        let group = in_group(groups, index);
                        let mark = if of_main { self.group } else { GROUP };
                        let place = group.map_or(index as u32, |first| mark | first);
                        self.back.push((self.living[there], at as u32, place));
                        // Of the members of a group nothing more is told, and they may be very many.
                        let ahead = if group.is_none() { index } else { 0 };
                        let before = flat.refs(node as usize)[..ahead].iter().position(|known| *known == to);
                        match before.filter(|before| in_group(groups, *before).is_none()) {
                            Some(before) => SAME | before as u32,
                            None => LIVE,
                        }
                    }
                    number => number,
                });
            }
            for &(first, count) in groups {
                row[start + first as usize..start + (first + count) as usize].sort_unstable();
            }
            let name = |to: u32| self.name(flat, to);
            let deep = pieces.deep(flat, node, &name);
            out.cells.push(pieces.cell_of(&mut row, deep));
        }
        self.row = row;
        self.back.sort_unstable();
    }

    fn name(&self, flat: &Flat, node: u32) -> u32 {
        match self.numbers[node as usize] {
            NONE if self.plain[node as usize] => ENDED | flat.label(node as usize),
            number => number,
        }
    }

    fn write_parts(
        &mut self,
        flat: &Flat,
        pieces: &mut Pieces,
        common: usize,
        has_part: impl Fn(usize) -> bool,
    ) {
        self.keyed.clear();
        for seat in (0..flat.seats).filter(|seat| has_part(*seat)) {
            let part = self.write_part(flat, pieces, common, seat);
            self.keyed.push((part, seat as u32));
        }
    }

    /// Puts the parts in order.
    fn sort_parts(&mut self, out: &mut Graph) {
        self.keyed.sort_unstable();
        out.parts.clear();
        out.parts.extend(self.keyed.iter().map(|(part, _)| *part));
        self.places.clear();
        self.places.resize(out.seats, 0);
        for (place, (_, seat)) in self.keyed.iter().enumerate() {
            self.places[*seat as usize] = (out.first_part() + place) as u32;
        }
    }

    fn write_part(&mut self, flat: &Flat, pieces: &mut Pieces, common: usize, seat: usize) -> u32 {
        let mut nodes = std::mem::take(&mut self.pending);
        let mut row = std::mem::take(&mut self.row);
        nodes.clear();
        nodes.push((common + seat) as u32);
        row.clear();
        row.extend([0, 0, 0]);
        let mut at = 0;
        while at < nodes.len() {
            let node = nodes[at] as usize;
            row.push(flat.label(node));
            row.push(flat.refs(node).len() as u32);
            for &to in flat.refs(node) {
                let there = to as usize;
                if self.numbers[there] == NONE {
                    self.numbers[there] = OWN | nodes.len() as u32;
                    nodes.push(to);
                }
                row.push(self.numbers[there]);
            }
            at += 1;
        }
        row[2] = nodes.len() as u32;
        let name = |to: u32| self.name(flat, to);
        let deep = nodes.iter().fold(0, |sum, node| mix(sum, pieces.deep(flat, *node, &name)));
        let from = self.back.partition_point(|(of, _, _)| (*of as usize) < seat);
        let back: Vec<(u32, u32)> = self.back[from..]
            .iter()
            .take_while(|(of, _, _)| *of as usize == seat)
            .map(|&(_, cell, index)| (cell, index))
            .collect();
        row.extend(back.iter().flat_map(|&(cell, index)| [cell, index]));
        let part = pieces.part_of(&mut row, deep, &back);
        (self.pending, self.row) = (nodes, row);
        part
    }
}

/// The colours after one more look at what nodes refer to, and at which of these nodes refer to them.
fn refined(
    flat: &Flat,
    pieces: &Pieces,
    colours: &[u64],
    telling: impl Iterator<Item = usize> + Clone,
) -> Vec<u64> {
    let mut refined: Vec<u64> = colours.iter().map(|colour| mix(*colour, 7)).collect();
    for node in telling.clone() {
        let groups = groups_of(flat, pieces, node as u32);
        let (mut sum, mut of_groups) = (refined[node], 0u64);
        for (which, to) in flat.refs(node).iter().enumerate() {
            match in_group(groups, which) {
                None => sum = mix(sum, colours[*to as usize]),
                Some(first) => {
                    of_groups = of_groups.wrapping_add(mix(colours[*to as usize], u64::from(first)));
                }
            }
        }
        refined[node] = mix(sum, of_groups);
    }
    for node in telling {
        let groups = groups_of(flat, pieces, node as u32);
        for (which, &to) in flat.refs(node).iter().enumerate() {
            let place = in_group(groups, which).map_or(which as u64, u64::from);
            let led_to = mix(colours[node], place + 11);
            refined[to as usize] = refined[to as usize].wrapping_add(led_to);
        }
    }
    refined
}

/// The groups of threads of a thing to wait for.
fn groups_of<'p>(flat: &Flat, pieces: &'p Pieces, node: u32) -> &'p [(u32, u32)] {
    let facts = pieces.labels.facts(flat.label(node as usize));
    if facts.waits { &facts.unordered } else { &[] }
}

/// The group that a reference stands in: its first one.
pub fn in_group(groups: &[(u32, u32)], index: usize) -> Option<u32> {
    let index = index as u32;
    groups.iter().find(|(first, count)| (*first..first + count).contains(&index)).map(|(first, _)| *first)
}
