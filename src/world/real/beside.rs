//! Two threads that hand over to each other, and have come to share a core: one of them leaves it.
//!
//! The system wakes a thread beside the one that wakes it when no core seems free at that moment, and never looks again at
//! two that let each other run after a microsecond each: they stay there, one at a time, while another core has nothing to
//! do. Measured: half a million values through a queue of 64 take twice as long then.

use crate::cores;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Cores beyond that share a place, and then seem to have been used.
static CORES: [Core; 64] = [const { Core { last: AtomicUsize::new(0), times: AtomicU64::new(0) } }; 64];

/// What threads of this process have done on one core.
#[repr(align(64))]
struct Core {
    /// Who has let others run last.
    last: AtomicUsize,
    /// How often that was done.
    times: AtomicU64,
}

/// So often in a row what a thread waits for has come from its own core before it leaves: less may be chance.
const OFTEN: u32 = 64;
/// To leave takes some 20 microseconds and may be of no use: each time it waits for twice as many, up to so many.
const SELDOM: u32 = 4096;

/// What one thread knows of it.
pub(super) struct Beside {
    times: u32,
    most: u32,
    /// How often others had let others run on other cores when that began.
    elsewhere: u64,
}

impl Beside {
    pub fn new() -> Beside {
        Beside { times: 0, most: OFTEN, elsewhere: 0 }
    }

    /// This thread lets others run; the core it does that on.
    pub fn begin(&self) -> usize {
        let here = cores::here();
        let core = &CORES[here % CORES.len()];
        core.last.store(self.mark(), Ordering::Relaxed);
        core.times.fetch_add(1, Ordering::Relaxed);
        here
    }

    /// What it waited for has come meanwhile. Whether it has left its core.
    pub fn came(&mut self, core: usize) -> bool {
        let alone = CORES[core % CORES.len()].last.load(Ordering::Relaxed) == self.mark();
        if alone || cores::here() != core {
            return false;
        }
        if self.times == 0 {
            self.elsewhere = elsewhere(core);
        }
        self.times += 1;
        if self.times < self.most {
            return false;
        }
        self.times = 0;
        self.most = (2 * self.most).min(SELDOM);
        // Where threads of this process let each other run as well, it would take the place of one of them.
        if elsewhere(core) != self.elsewhere {
            return false;
        }
        cores::leave(&[core]);
        true
    }

    /// What it waited for has come from another core.
    pub fn came_from_elsewhere(&mut self) {
        self.times = 0;
    }

    /// Differs from that of every other thread that lives.
    fn mark(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// How often threads have let others run on other cores than this.
fn elsewhere(core: usize) -> u64 {
    let others = CORES.iter().enumerate().filter(|(number, _)| *number != core % CORES.len());
    others.map(|(_, core)| core.times.load(Ordering::Relaxed)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many times something has come before it leaves.
    fn times(beside: &mut Beside, other: &Beside) -> u32 {
        for times in 1.. {
            let core = beside.begin();
            if cores::here() != core {
                continue; // the system has moved this thread
            }
            CORES[core % CORES.len()].last.store(other.mark(), Ordering::Relaxed);
            if beside.came(core) {
                return times;
            }
        }
        unreachable!("it leaves some time")
    }

    #[test]
    fn it_leaves_ever_more_seldom() {
        let (mut beside, other) = (Beside::new(), Beside::new());
        let before = times(&mut beside, &other);
        assert!(before >= OFTEN);
        assert!(times(&mut beside, &other) >= 2 * OFTEN);
        assert!((0..10).all(|_| times(&mut beside, &other) >= 4 * OFTEN));
        assert_eq!(beside.most, SELDOM);
    }

    #[test]
    fn who_was_alone_on_its_core_stays() {
        let mut beside = Beside::new();
        for _ in 0..4 * OFTEN {
            let core = beside.begin();
            CORES[core % CORES.len()].last.store(beside.mark(), Ordering::Relaxed);
            assert!(!beside.came(core));
        }
    }

    #[test]
    fn what_comes_from_elsewhere_makes_it_begin_anew() {
        let (mut beside, other) = (Beside::new(), Beside::new());
        for _ in 0..4 * OFTEN {
            let core = beside.begin();
            CORES[core % CORES.len()].last.store(other.mark(), Ordering::Relaxed);
            assert!(!beside.came(core));
            beside.came_from_elsewhere();
        }
    }
}
