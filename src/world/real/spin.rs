//! How long to look before parking: as long as looking has been of use to this thread lately.
//!
//! Parking and being woken costs microseconds; on a free core the other thread is often done sooner. When
//! every core is busy, looking only takes time away from the thread that is waited for.

/// The longest and the shortest time to look, in rounds of a few to some dozens of nanoseconds.
const LONGEST: u32 = 400;
const PROBE: u32 = 40;
/// One wait in so many looks for a moment although that has been of no use lately.
const PROBE_EVERY: u32 = 32;

pub(super) struct Spin {
    limit: u32,
    until_probe: u32,
}

impl Spin {
    pub fn new() -> Spin {
        Spin { limit: LONGEST / 4, until_probe: PROBE_EVERY }
    }

    /// Looks until `done` says so or it has been long enough. Whether it was done.
    #[inline]
    pub fn until(&mut self, mut done: impl FnMut() -> bool) -> bool {
        let mut rounds = self.limit;
        if rounds < PROBE {
            self.until_probe -= 1;
            if self.until_probe > 0 {
                return false;
            }
            self.until_probe = PROBE_EVERY;
            rounds = PROBE;
        }
        for _ in 0..rounds {
            std::hint::spin_loop();
            if done() {
                self.limit = (self.limit + LONGEST / 8).min(LONGEST);
                return true;
            }
        }
        self.limit = self.limit - self.limit.div_ceil(4);
        false
    }
}
