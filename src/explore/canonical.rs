//! One form for all states that differ only in the order of their objects, or in which of several equal threads is
//! which (thread symmetry: Clarke, Emerson, Jha and Sistla, CAV 1998; the order is found by sorting, as in Murphi).
//!
//! Sorting tells threads apart by where they stand and by what they hold and refer to. Where that leaves a tie the order
//! of their starts decides: then two equal states may be kept apart, which costs a state and no truth.

use super::labels::Labels;
use super::state::{Graph, SHARED};

/// Room for the work, kept from one state to the next.
#[derive(Debug, Default)]
pub struct Canonical {
    /// The new number of each node; `NONE` for those not reached.
    numbers: Vec<u32>,
    /// The nodes in their new order.
    order: Vec<u32>,
    /// By which thread each node was reached first; `COMMON` when by all.
    by: Vec<u32>,
    keys: Vec<(u64, u32)>,
    shared: Vec<bool>,
    pending: Vec<u32>,
}

const NONE: u32 = u32::MAX;
const COMMON: u32 = u32::MAX - 1;

impl Canonical {
    /// Writes the canonical form of `graph` to `out`. Returns nothing else: `seat_of` tells where a thread has gone.
    ///
    /// `common` is how many roots come before the threads; the first reference of each thread is its handle.
    pub fn form(
        &mut self,
        graph: &mut Graph,
        common: usize,
        symmetry: bool,
        labels: &Labels,
        out: &mut Graph,
    ) {
        let (count, seats) = (graph.len(), graph.seats);
        self.numbers.clear();
        self.numbers.resize(count, NONE);
        self.by.clear();
        self.by.resize(count, NONE);
        self.shared.clear();
        self.shared.resize(count, false);
        self.order.clear();
        self.order.extend(0..common as u32);
        self.sort_seats(graph, common, symmetry, labels);
        for at in 0..seats {
            self.order.push(self.keys[at].1);
        }
        for at in 0..seats {
            let handle = graph.refs(self.keys[at].1 as usize)[0];
            debug_assert_eq!(self.numbers[handle as usize], NONE, "each thread has a handle of its own");
            self.order.push(handle);
            self.numbers[handle as usize] = (self.order.len() - 1) as u32;
        }
        for at in 0..common + seats {
            self.numbers[self.order[at] as usize] = at as u32;
        }
        if symmetry {
            self.sort_groups(graph, common, labels);
        }
        self.reach_from_roots(graph, common);
        self.reach_from_threads(graph, common, seats);
        self.write(graph, out);
    }

    /// The new number of the thread that stood at `seat` (counted among threads).
    pub fn seat_of(&self, seat: usize, common: usize) -> u32 {
        self.numbers[common + seat] - common as u32
    }

    fn sort_seats(&mut self, graph: &Graph, common: usize, symmetry: bool, labels: &Labels) {
        self.keys.clear();
        let seats = common..common + graph.seats;
        if !symmetry {
            self.keys.extend(seats.map(|seat| (0, seat as u32)));
            return;
        }
        self.keys.extend(seats.map(|seat| (u64::from(graph.label(seat)), seat as u32)));
        self.keys.sort_by_key(|(key, _)| *key);
        let tie = self.keys.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if tie {
            self.break_ties(graph, common, labels);
        }
    }

    /// Equal so far: what each thread refers to, and what refers to it, by numbers that do not depend on the order of
    /// threads.
    #[cold]
    fn break_ties(&mut self, graph: &Graph, common: usize, labels: &Labels) {
        // Numbers of what the roots reach, in the order of reaching it, past handles of threads only by their place.
        let count = graph.len();
        let mut place = vec![0u64; count];
        let mut next = 1;
        let mut queue: Vec<u32> = (0..common as u32).collect();
        // And of what the threads reach that differ from all others (`main`, most often).
        for (at, (key, seat)) in self.keys.iter().enumerate() {
            let same = |other: Option<&(u64, u32)>| other.is_some_and(|(other, _)| other == key);
            if !same(self.keys.get(at + 1)) && !same(at.checked_sub(1).and_then(|at| self.keys.get(at))) {
                queue.push(*seat);
            }
        }
        let mut at = 0;
        while at < queue.len() {
            let node = queue[at] as usize;
            let groups = &labels.facts(graph.label(node)).unordered;
            for (index, &to) in graph.refs(node).iter().enumerate() {
                let index = index as u32;
                if groups.iter().any(|(first, count)| (*first..first + count).contains(&index)) {
                    continue;
                }
                if place[to as usize] == 0 {
                    place[to as usize] = next;
                    next += 1;
                    queue.push(to);
                }
            }
            at += 1;
        }
        let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        // Two rounds of refinement (Weisfeiler and Leman): a node's colour is its label, its place, and the colours of
        // what it refers to.
        let mut colour: Vec<u64> = (0..count)
            .map(|node| {
                mix(u64::from(graph.label(node)), if node < common + graph.seats { 0 } else { place[node] })
            })
            .collect();
        for _ in 0..2 {
            colour = (0..count)
                .map(|node| {
                    graph.refs(node).iter().fold(mix(colour[node], 7), |h, &to| mix(h, colour[to as usize]))
                })
                .collect();
        }
        for (key, seat) in &mut self.keys {
            *key = u64::from(graph.label(*seat as usize)) << 32 | colour[*seat as usize] >> 32;
        }
        self.keys.sort_by_key(|(key, _)| *key);
    }

    /// Threads whose order means nothing: those that live in theirs, then those that have ended, by their ends.
    fn sort_groups(&self, graph: &mut Graph, common: usize, labels: &Labels) {
        for seat in common..common + graph.seats {
            for &(first, count) in &labels.facts(graph.label(seat)).unordered {
                let start = (graph.starts[seat] + first) as usize;
                let labels = &graph.labels;
                graph.refs[start..start + count as usize].sort_by_key(|to| {
                    let number = self.numbers[*to as usize];
                    (number, if number == NONE { labels[*to as usize] } else { 0 })
                });
            }
        }
    }

    fn reach_from_roots(&mut self, graph: &Graph, common: usize) {
        let handles = common + 2 * graph.seats;
        // Handles stand in the order already: those that the roots reach lead on in their turn.
        let mut at = 0;
        let mut queue = std::mem::take(&mut self.pending);
        queue.clear();
        queue.extend(0..common as u32);
        while at < queue.len() {
            for &to in graph.refs(queue[at] as usize) {
                let node = to as usize;
                if self.by[node] == COMMON {
                    continue;
                }
                self.by[node] = COMMON;
                self.shared[node] = true;
                if self.numbers[node] == NONE {
                    self.numbers[node] = self.order.len() as u32;
                    self.order.push(to);
                }
                queue.push(to);
            }
            at += 1;
        }
        let _ = handles;
        self.pending = queue;
    }

    fn reach_from_threads(&mut self, graph: &Graph, common: usize, seats: usize) {
        let mut queue = std::mem::take(&mut self.pending);
        for seat in common..common + seats {
            let root = self.order[seat];
            queue.clear();
            queue.push(root);
            let mut at = 0;
            while at < queue.len() {
                for &to in graph.refs(queue[at] as usize) {
                    let node = to as usize;
                    if self.by[node] == COMMON || self.by[node] == root {
                        continue;
                    }
                    if self.by[node] != NONE {
                        self.spread(graph, to);
                        continue;
                    }
                    self.by[node] = root;
                    if self.numbers[node] == NONE {
                        self.numbers[node] = self.order.len() as u32;
                        self.order.push(to);
                    }
                    queue.push(to);
                }
                at += 1;
            }
        }
        self.pending = queue;
    }

    /// A second thread reaches it, and so everything beyond it.
    fn spread(&mut self, graph: &Graph, from: u32) {
        let mut pending = vec![from];
        while let Some(node) = pending.pop() {
            let at = node as usize;
            if self.by[at] == COMMON {
                continue;
            }
            if self.numbers[at] == NONE {
                self.numbers[at] = self.order.len() as u32;
                self.order.push(node);
            }
            self.by[at] = COMMON;
            self.shared[at] = true;
            pending.extend_from_slice(graph.refs(at));
        }
    }

    fn write(&self, graph: &Graph, out: &mut Graph) {
        out.clear();
        out.seats = graph.seats;
        out.output = graph.output;
        for &node in &self.order {
            let at = node as usize;
            let mark = if self.shared[at] { SHARED } else { 0 };
            out.labels.push(graph.label(at) | mark);
            out.refs.extend(graph.refs(at).iter().map(|&to| self.numbers[to as usize]));
            out.starts.push(out.refs.len() as u32);
        }
    }
}
