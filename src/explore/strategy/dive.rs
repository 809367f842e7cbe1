//! A few runs of very different kinds, none of them drawn: threads one after the other in the order of their starts, the
//! newest first, and each one step in its turn. A thread goes on as long as it can in the first two. What takes many threads
//! to come before many others, or one to come last, shows in one of them more often than not; runs that are drawn at random
//! nearly never come there.

use super::{Started, Strategy};
use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Oldest,
    Newest,
    Round,
}

const KINDS: [Kind; 3] = [Kind::Oldest, Kind::Newest, Kind::Round];

pub struct Dive {
    /// How many runs there were.
    runs: usize,
    kind: Kind,
    last: u32,
    /// How often each has waited for others by going round: who has more often comes later.
    rounds: Vec<u32>,
}

impl Dive {
    pub const KINDS: u64 = KINDS.len() as u64;
}

impl Default for Dive {
    fn default() -> Dive {
        Dive { runs: 0, kind: Kind::Oldest, last: 0, rounds: Vec::new() }
    }
}

impl Strategy for Dive {
    fn begin(&mut self, _: &mut Rng) {
        self.kind = KINDS[self.runs % KINDS.len()];
        self.runs += 1;
        self.last = 0;
        self.rounds.clear();
    }

    fn started(&mut self, _: Started, _: &mut Rng) {
        self.rounds.push(0);
    }

    fn pick(&mut self, able: &[u32], _: &mut Rng) -> usize {
        let order = |thread: u32| match self.kind {
            Kind::Oldest => (thread != self.last, thread),
            Kind::Newest => (thread != self.last, u32::MAX - thread),
            // Those after the last one, then from the first on.
            Kind::Round => (thread <= self.last, thread),
        };
        let key = |index: &usize| (self.rounds[able[*index] as usize], order(able[*index]));
        (0..able.len()).min_by_key(key).unwrap_or(0)
    }

    fn moved(&mut self, thread: u32, _: &[u32], _: &mut Rng) {
        self.last = thread;
    }

    fn goes_round(&mut self, thread: u32) {
        self.rounds[thread as usize] += 1;
    }

    fn end(&mut self, _: &[Started], _: bool) {}
}
