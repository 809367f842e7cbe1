//! The time of an event while a run goes on: as cheap as it can be had, and made nanoseconds of when all is over.
//!
//! To ask the system takes longer than to put a number into a queue. So where the system itself takes its time from the
//! processor's counter, and so vouches for that it is the same on each core and never stops, the counter is read, which takes
//! a quarter of that. How long one of its steps is comes out at the end, from how far counter and clock have come.
//! Elsewhere a tick is a nanosecond of the system's clock.

use std::time::Instant;

/// So often clock and counter are looked at together.
const LOOKS: usize = 3;

#[derive(Debug)]
pub(super) struct Ticks {
    start: Instant,
    /// What the counter was then; None where it is of no use.
    first: Option<u64>,
}

impl Ticks {
    pub fn start() -> Ticks {
        let counts = cfg!(target_arch = "x86_64") && is_what_the_system_counts();
        match counts.then(|| together(counter)) {
            Some((start, first)) => Ticks { start, first: Some(first) },
            None => Ticks { start: Instant::now(), first: None },
        }
    }

    /// Since the beginning.
    #[inline(always)]
    pub fn now(&self) -> u64 {
        match self.first {
            // A core may be a few steps behind another one.
            Some(first) => counter().saturating_sub(first),
            None => self.start.elapsed().as_nanos() as u64,
        }
    }

    /// How long they are, by what has passed until now.
    pub fn scale(&self) -> Scale {
        let (now, ticks) = together(|| self.now());
        let nanoseconds = now.saturating_duration_since(self.start).as_nanos();
        match self.first {
            Some(_) if ticks > 0 => Scale(nanoseconds, ticks.into()),
            Some(_) | None => Scale(1, 1),
        }
    }
}

/// So many nanoseconds are so many ticks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale(u128, u128);

impl Scale {
    /// A tick is a nanosecond.
    #[cfg(test)]
    pub fn of_one() -> Scale {
        Scale(1, 1)
    }

    pub fn nanoseconds(self, ticks: u64) -> u64 {
        (u128::from(ticks) * self.0 / self.1) as u64
    }

    pub fn ticks(self, nanoseconds: u64) -> u64 {
        (u128::from(nanoseconds) * self.1 / self.0.max(1)) as u64
    }
}

/// The clock and the counter at one moment: of several looks those with the least between, since the system may let others
/// run in the middle of one.
fn together(counter: impl Fn() -> u64) -> (Instant, u64) {
    let look = |_| {
        let (before, ticks) = (Instant::now(), counter());
        (before.elapsed(), before, ticks)
    };
    let looks: [_; LOOKS] = std::array::from_fn(look);
    let (_, now, ticks) = looks.into_iter().min_by_key(|(between, ..)| *between).unwrap_or(looks[0]);
    (now, ticks)
}

/// Linux says so; it takes another clock when cores do not agree, or when the counter stops while they rest.
fn is_what_the_system_counts() -> bool {
    let clock = std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    clock.is_ok_and(|clock| clock.trim() == "tsc")
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn counter() -> u64 {
    // SAFETY: each processor of this kind has the instruction, and it does nothing but read a number.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ticks_become_the_time_that_has_passed() {
        for ticks in [Ticks::start(), Ticks { start: Instant::now(), first: None }] {
            // This thread may be kept waiting between any two looks: it took no less than `inner` and no more than `outer`.
            let outer = Instant::now();
            let before = ticks.now();
            let inner = Instant::now();
            std::thread::sleep(Duration::from_millis(30));
            let inner = inner.elapsed();
            let after = ticks.now();
            let outer = outer.elapsed();
            let scale = ticks.scale();
            let told = Duration::from_nanos(scale.nanoseconds(after) - scale.nanoseconds(before));
            assert!(
                told >= inner.mul_f64(0.99) && told <= outer.mul_f64(1.01),
                "{inner:?} {told:?} {outer:?}"
            );
            let there_and_back = scale.nanoseconds(scale.ticks(2_000));
            assert!((1_990..=2_000).contains(&there_and_back), "{there_and_back}");
        }
    }
}
