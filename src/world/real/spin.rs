//! How long to look before parking: as long as looking has been of use to this thread lately.
//!
//! Parking and being woken costs microseconds; on a free core the other thread is often done sooner. When
//! every core is busy, looking only takes time away from the thread that is waited for. The numbers were found by
//! measuring round trips, streams and rings of threads on two cores, quiet and busy.

/// The most looks: about as long as waking a parked thread takes (30 microseconds). Less would let two threads
/// that hand over to each other park for ever in turn: each would give up before the other is awake.
const MOST: u32 = 80;
/// Fewer are of no use.
const LEAST: u32 = 10;
/// One wait in so many looks again although that has been of no use lately.
const RETRY_EVERY: u32 = 64;

pub(super) struct Spin {
    looks: u32,
    until_retry: u32,
}

impl Spin {
    pub fn new() -> Spin {
        Spin { looks: MOST, until_retry: RETRY_EVERY }
    }

    /// Looks until `done` says so or it has been long enough. Whether it was done.
    #[inline]
    pub fn until(&mut self, mut done: impl FnMut() -> bool) -> bool {
        if self.looks < LEAST {
            self.until_retry -= 1;
            if self.until_retry > 0 {
                return false;
            }
            self.until_retry = RETRY_EVERY;
            if look(MOST, &mut done) {
                self.looks = MOST;
                return true;
            }
            return false;
        }
        if look(self.looks, &mut done) {
            self.looks = MOST;
            return true;
        }
        self.looks -= self.looks.div_ceil(3);
        false
    }
}

#[inline]
fn look(looks: u32, done: &mut impl FnMut() -> bool) -> bool {
    for look in 0..looks {
        // Looking takes the thing away from the core of the thread that is to change it: ever more rarely.
        for _ in 0..4 + look / 4 {
            std::hint::spin_loop();
        }
        if done() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many times it looks in vain.
    fn looks(spin: &mut Spin) -> u32 {
        let mut looks = 0;
        assert!(!spin.until(|| {
            looks += 1;
            false
        }));
        looks
    }

    #[test]
    fn looks_less_after_failures_and_longest_after_success() {
        let mut spin = Spin::new();
        assert_eq!(looks(&mut spin), MOST);
        assert!((LEAST..MOST).contains(&looks(&mut spin)));
        for _ in 0..10 {
            looks(&mut spin);
        }
        // Now and then it tries again, for long.
        let tried: Vec<u32> =
            (0..2 * RETRY_EVERY).map(|_| looks(&mut spin)).filter(|looks| *looks > 0).collect();
        assert_eq!(tried, [MOST, MOST]);
        while !spin.until(|| true) {}
        assert_eq!(looks(&mut spin), MOST);
    }
}
