//! A few runs of very different kinds, none of them drawn: threads one after the other in the order of their starts, the
//! newest first, and each one step in its turn. A thread goes on as long as it can in the first two. What takes many threads
//! to come before many others, or one to come last, shows in one of them more often than not; runs that are drawn at random
//! nearly never come there. After these, PCT.

use super::pct::Pct;
use super::{Started, Strategy};
use crate::explore::options;
use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Oldest,
    Newest,
    Round,
    Drawn,
}

const KINDS: [Kind; 3] = [Kind::Oldest, Kind::Newest, Kind::Round];

pub struct Dive {
    /// How many runs there were.
    runs: usize,
    kind: Kind,
    last: u32,
    /// How often each has waited for others by going round: who has more often comes later.
    rounds: Vec<u32>,
    pct: Pct,
}

impl Default for Dive {
    fn default() -> Dive {
        let pct = Pct::new(options::Strategy::DEPTH);
        Dive { runs: 0, kind: Kind::Drawn, last: 0, rounds: Vec::new(), pct }
    }
}

impl Strategy for Dive {
    fn begin(&mut self, dice: &mut Rng) {
        self.kind = KINDS.get(self.runs).copied().unwrap_or(Kind::Drawn);
        self.runs += 1;
        self.last = 0;
        self.rounds.clear();
        self.pct.begin(dice);
    }

    fn started(&mut self, thread: Started, dice: &mut Rng) {
        self.rounds.push(0);
        self.pct.started(thread, dice);
    }

    fn pick(&mut self, able: &[u32], dice: &mut Rng) -> usize {
        let order = |thread: u32| match self.kind {
            Kind::Oldest => (thread != self.last, thread),
            Kind::Newest => (thread != self.last, u32::MAX - thread),
            // Those after the last one, then from the first on.
            Kind::Round => (thread <= self.last, thread),
            Kind::Drawn => (false, 0),
        };
        if self.kind == Kind::Drawn {
            return self.pct.pick(able, dice);
        }
        let key = |index: &usize| (self.rounds[able[*index] as usize], order(able[*index]));
        (0..able.len()).min_by_key(key).unwrap_or(0)
    }

    fn moved(&mut self, thread: u32, rivals: &[u32], dice: &mut Rng) {
        self.last = thread;
        self.pct.moved(thread, rivals, dice);
    }

    fn goes_round(&mut self, thread: u32) {
        self.rounds[thread as usize] += 1;
        self.pct.goes_round(thread);
    }

    fn end(&mut self, threads: &[Started], cut: bool) {
        self.pct.end(threads, cut);
    }
}
