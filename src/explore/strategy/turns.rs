//! Uniform sampling, POS and PCT in turn: each finds bugs that the others nearly never do, and no single one is best on
//! most programs. All learn from each run.

use super::pct::Pct;
use super::pos::Pos;
use super::uniform::Uniform;
use super::{Started, Strategy};
use crate::explore::options;
use fastrand::Rng;

pub struct Turns {
    all: [Box<dyn Strategy>; 3],
    /// Whose turn it is.
    turn: usize,
}

impl Default for Turns {
    fn default() -> Turns {
        let pct = Pct::new(options::Strategy::DEPTH);
        Turns { all: [Box::new(Uniform::default()), Box::new(Pos::default()), Box::new(pct)], turn: 2 }
    }
}

impl Strategy for Turns {
    fn begin(&mut self, dice: &mut Rng) {
        self.turn = (self.turn + 1) % self.all.len();
        self.all[self.turn].begin(dice);
    }

    fn started(&mut self, thread: Started, dice: &mut Rng) {
        self.all[self.turn].started(thread, dice);
    }

    fn pick(&mut self, able: &[u32], dice: &mut Rng) -> usize {
        self.all[self.turn].pick(able, dice)
    }

    fn moved(&mut self, thread: u32, rivals: &[u32], dice: &mut Rng) {
        self.all[self.turn].moved(thread, rivals, dice);
    }

    fn goes_round(&mut self, thread: u32) {
        self.all[self.turn].goes_round(thread);
    }

    fn end(&mut self, threads: &[Started], cut: bool) {
        self.all.iter_mut().for_each(|strategy| strategy.end(threads, cut));
    }

    fn by_priorities(&self) -> bool {
        self.all[self.turn].by_priorities()
    }
}
