//! The plain random walk: at each step, each thread that can move is as likely as the others. A run of L steps, each among
//! at most n threads, has a chance of at least n^-L: every run can come, but orders that need one thread to stay behind
//! for long nearly never do.

use super::{Started, Strategy};
use fastrand::Rng;

pub struct Walk;

impl Strategy for Walk {
    fn begin(&mut self, _: &mut Rng) {}

    fn started(&mut self, _: Started, _: &mut Rng) {}

    fn pick(&mut self, able: &[u32], dice: &mut Rng) -> usize {
        dice.usize(..able.len())
    }

    fn moved(&mut self, _: u32, _: &[u32], _: &mut Rng) {}

    fn goes_round(&mut self, _: u32) {}

    fn end(&mut self, _: &[Started], _: bool) {}
}
