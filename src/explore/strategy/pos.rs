//! Partial order sampling (POS: Yuan, Yang and Gu, CAV 2018, section 4): each step gets a random priority when its thread
//! comes to stand before it, and the highest moves. Steps that were racing with the one that was taken draw again, so that
//! what is drawn are the orders of dependent steps, not those of steps whose order nobody can tell.

use super::{Started, Strategy};
use fastrand::Rng;

#[derive(Default)]
pub struct Pos {
    /// The priority of each thread's next step.
    priorities: Vec<u64>,
}

impl Strategy for Pos {
    fn begin(&mut self, _: &mut Rng) {
        self.priorities.clear();
    }

    fn started(&mut self, _: Started, dice: &mut Rng) {
        self.priorities.push(dice.u64(..));
    }

    fn pick(&mut self, able: &[u32], _: &mut Rng) -> usize {
        let priority = |index: &usize| self.priorities[able[*index] as usize];
        (0..able.len()).max_by_key(priority).unwrap_or(0)
    }

    fn moved(&mut self, thread: u32, rivals: &[u32], dice: &mut Rng) {
        for thread in rivals.iter().chain([&thread]) {
            self.priorities[*thread as usize] = dice.u64(..);
        }
    }

    // Each round draws again: it does not keep others from moving.
    fn goes_round(&mut self, _: u32) {}

    fn end(&mut self, _: &[Started], _: bool) {}
}
