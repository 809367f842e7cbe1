//! What a bounded search knows of the space by state, whoever moved last: which were met, what leads where, and the loops
//! that were seen whole.

use crate::explore::graph::rounds;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// The states that were met within the bound, and those to which steps lead that cost too much.
pub struct Known {
    numbers: HashMap<u128, u32, FixedState>,
    /// The node of each that takes the fewest preemptions, then steps; `UNMET`.
    pub nodes: Vec<u32>,
    costs: Vec<(u32, u32)>,
    /// Its steps were looked at.
    begun: Vec<bool>,
    /// Of these not all were followed.
    open: Vec<u32>,
    /// Each step once.
    pub edges: Vec<(u32, u32)>,
    /// How many were met.
    pub met: u64,
}

const UNMET: u32 = u32::MAX;

impl Default for Known {
    fn default() -> Known {
        Known {
            numbers: HashMap::with_hasher(FixedState::with_seed(17)),
            nodes: Vec::new(),
            costs: Vec::new(),
            begun: Vec::new(),
            open: Vec::new(),
            edges: Vec::new(),
            met: 0,
        }
    }
}

impl Known {
    /// A state's number; it is new if nobody has asked.
    pub fn number(&mut self, hash: u128) -> u32 {
        let next = self.nodes.len() as u32;
        let number = *self.numbers.entry(hash).or_insert(next);
        if number == next {
            self.nodes.push(UNMET);
            self.costs.push((0, 0));
            self.begun.push(false);
        }
        number
    }

    /// The state was met, as this node and at this cost.
    pub fn meet(&mut self, hash: u128, node: u32, cost: (u32, u32)) {
        let number = self.number(hash) as usize;
        let new = self.nodes[number] == UNMET;
        self.met += u64::from(new);
        if new || cost < self.costs[number] {
            (self.nodes[number], self.costs[number]) = (node, cost);
        }
    }

    /// Its steps are looked at; all of them are followed, or there is no time for that. Whether it is the first time.
    pub fn begin(&mut self, state: u32, follows: bool) -> bool {
        if !follows {
            self.open.push(state);
        }
        !std::mem::replace(&mut self.begun[state as usize], true)
    }

    /// The states of each loop that was seen whole and cannot be left.
    pub fn rounds(&mut self) -> Vec<Vec<u32>> {
        let count = self.nodes.len();
        self.edges.sort_unstable();
        let to: Vec<u32> = self.edges.iter().map(|(_, to)| *to).collect();
        let mut starts = vec![0usize; count + 1];
        self.edges.iter().for_each(|(from, _)| starts[*from as usize + 1] += 1);
        for state in 0..count {
            starts[state + 1] += starts[state];
        }
        let edges = |state: u32| &to[starts[state as usize]..starts[state as usize + 1]];
        // Where nothing leads on, the program has ended, nothing can be done, or nobody has looked yet.
        rounds(count, &edges, &self.open)
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        self.numbers.capacity() * 33 + self.nodes.capacity() * 13 + self.edges.capacity() * 8
    }
}
