//! How long to look before parking: as long as looking has been of use to this thread lately.
//!
//! Parking and being woken costs microseconds; on a free core the other thread is often done sooner. When
//! every core is busy, looking only takes time away from the thread that is waited for. The numbers were found by
//! measuring round trips, streams and rings of threads on two cores, quiet and busy.

/// The most looks (about ten microseconds), and how many are tried now and then when they have been of no use.
const MOST: u32 = 40;
const FEW: u32 = 10;
/// One wait in so many looks for a moment although that has been of no use lately.
const RETRY_EVERY: u32 = 32;

pub(super) struct Spin {
    looks: u32,
    until_retry: u32,
}

impl Spin {
    pub fn new() -> Spin {
        Spin { looks: MOST / 4, until_retry: RETRY_EVERY }
    }

    /// Looks until `done` says so or it has been long enough. Whether it was done.
    #[inline]
    pub fn until(&mut self, mut done: impl FnMut() -> bool) -> bool {
        let mut looks = self.looks;
        if looks < FEW {
            self.until_retry -= 1;
            if self.until_retry > 0 {
                return false;
            }
            self.until_retry = RETRY_EVERY;
            looks = FEW;
        }
        for look in 0..looks {
            // Looking takes the thing away from the core of the thread that is to change it: ever more rarely.
            for _ in 0..4 + look / 4 {
                std::hint::spin_loop();
            }
            if done() {
                self.looks = (self.looks + MOST / 4).min(MOST);
                return true;
            }
        }
        self.looks -= self.looks.div_ceil(4);
        false
    }
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
    fn looks_less_after_failures_and_more_after_success() {
        let mut spin = Spin::new();
        assert_eq!(looks(&mut spin), MOST / 4);
        for _ in 0..20 {
            looks(&mut spin);
        }
        let rounds: Vec<u32> = (0..2 * RETRY_EVERY).map(|_| looks(&mut spin)).collect();
        assert_eq!(rounds.iter().sum::<u32>(), 2 * FEW, "{rounds:?}");
        for _ in 0..RETRY_EVERY {
            spin.until(|| true);
        }
        assert!(spin.until(|| true), "one success leads to the next");
        for _ in 0..20 {
            spin.until(|| true);
        }
        assert_eq!(looks(&mut spin), MOST);
    }
}
