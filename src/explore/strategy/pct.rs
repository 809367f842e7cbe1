//! Probabilistic concurrency testing (PCT: Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010): each thread has a
//! random priority and the highest that can move does; after `depth - 1` random steps, whoever took it falls below all
//! others. A bug that takes the right order of `depth` pairs of steps shows in a run of n threads and k steps with a chance
//! of at least 1 / (n k^(depth - 1)).
//!
//! k is the length of the longest run so far (the first is drawn by priorities that do not change). Who waits for others
//! by going round counts as blocked: it falls below all others, as PCT's own remedy for spinning threads.

use super::{Started, Strategy};
use fastrand::Rng;

pub struct Pct {
    depth: u32,
    /// Of each thread: above 2^32 as they were drawn, 1 to depth - 1 after a change, below 0 after going round.
    priorities: Vec<i64>,
    /// The steps after which a priority changes, in the order of the priorities that they change to.
    changes: Vec<u64>,
    steps: u64,
    longest: u64,
    lowest: i64,
}

impl Pct {
    pub fn new(depth: u32) -> Pct {
        Pct { depth, priorities: Vec::new(), changes: Vec::new(), steps: 0, longest: 0, lowest: 0 }
    }
}

impl Strategy for Pct {
    fn begin(&mut self, dice: &mut Rng) {
        self.priorities.clear();
        self.changes.clear();
        (self.steps, self.lowest) = (0, 0);
        if self.longest > 0 {
            let longest = self.longest;
            self.changes.extend((1..self.depth).map(|_| dice.u64(1..=longest)));
        }
    }

    fn started(&mut self, _: Started, dice: &mut Rng) {
        self.priorities.push(dice.i64(1 << 32..));
    }

    fn pick(&mut self, able: &[u32], _: &mut Rng) -> usize {
        let priority = |index: &usize| self.priorities[able[*index] as usize];
        (0..able.len()).max_by_key(priority).unwrap_or(0)
    }

    fn moved(&mut self, thread: u32, _: &[u32], _: &mut Rng) {
        self.steps += 1;
        if let Some(change) = self.changes.iter().position(|after| *after == self.steps) {
            self.priorities[thread as usize] = change as i64 + 1;
        }
    }

    fn goes_round(&mut self, thread: u32) {
        self.lowest -= 1;
        self.priorities[thread as usize] = self.lowest;
    }

    fn end(&mut self, threads: &[Started], cut: bool) {
        if !cut {
            self.longest = self.longest.max(threads.iter().map(|thread| thread.steps).sum());
        }
    }

    fn by_priorities(&self) -> bool {
        true
    }
}
