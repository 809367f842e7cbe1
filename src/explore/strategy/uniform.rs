//! Uniform sampling of interleavings: a thread is as likely as it has steps before it (URW in Zhao, Wolff, Mathur and
//! Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025, section 3.1). When the numbers of steps are right
//! and nobody waits, each interleaving is as likely as the others.
//!
//! How many steps a thread has is the mean of those that it took in earlier runs; the steps of threads that it will start
//! count as its own until it has started them. The first run knows nothing and is a plain walk.

use super::{Started, Strategy};
use fastrand::Rng;

#[derive(Default)]
pub struct Uniform {
    /// By a thread's name: its steps, with those of the threads that it started, in all runs, and in how many it lived.
    taken: Vec<(u64, u64)>,
    /// Of the threads of this run: how many steps are expected yet.
    left: Vec<u64>,
    /// Room for the sums at the end of a run.
    sums: Vec<u64>,
}

impl Uniform {
    /// How many steps a thread of this name takes, with those that it starts.
    fn expected(&self, name: u32) -> u64 {
        match self.taken.get(name as usize) {
            Some(&(steps, runs)) if runs > 0 => steps.div_ceil(runs),
            _ => 1,
        }
    }
}

impl Strategy for Uniform {
    fn begin(&mut self, _: &mut Rng) {
        self.left.clear();
    }

    fn started(&mut self, thread: Started, _: &mut Rng) {
        let expected = self.expected(thread.name);
        if let Some(parent) = thread.parent {
            let left = &mut self.left[parent as usize];
            *left = left.saturating_sub(expected);
        }
        self.left.push(expected);
    }

    fn pick(&mut self, able: &[u32], dice: &mut Rng) -> usize {
        // Who has more to do than was expected can move all the same.
        let weight = |thread: &u32| self.left[*thread as usize].max(1);
        let all: u64 = able.iter().map(weight).sum();
        let mut rest = dice.u64(..all);
        for (index, thread) in able.iter().enumerate() {
            match rest.checked_sub(weight(thread)) {
                Some(less) => rest = less,
                None => return index,
            }
        }
        0
    }

    fn moved(&mut self, thread: u32, _: &[u32], _: &mut Rng) {
        let left = &mut self.left[thread as usize];
        *left = left.saturating_sub(1);
    }

    fn goes_round(&mut self, _: u32) {}

    fn end(&mut self, threads: &[Started], cut: bool) {
        if cut {
            return;
        }
        self.sums.clear();
        self.sums.extend(threads.iter().map(|thread| thread.steps));
        // Who starts a thread has a smaller number.
        for (at, thread) in threads.iter().enumerate().rev() {
            if let Some(parent) = thread.parent {
                self.sums[parent as usize] += self.sums[at];
            }
            let name = thread.name as usize;
            if self.taken.len() <= name {
                self.taken.resize(name + 1, (0, 0));
            }
            self.taken[name].0 += self.sums[at];
            self.taken[name].1 += 1;
        }
    }
}
