//! How long to look before parking: as long as looking has been of use to this thread lately.
//!
//! Parking and being woken costs many microseconds; on a free core the other thread is often done sooner. When
//! every core is busy, looking only takes time away from the thread that is waited for. Then it may help to let
//! another thread have the core, which costs a microsecond if that is the one waited for, and milliseconds if it
//! is another program's. The numbers were found by measuring round trips, streams and rings of threads on two cores,
//! quiet, with one core taken, and busy.

use super::beside::Beside;
use crate::sync::queue::{Handful, Queue};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::yield_now;
use std::time::{Duration, Instant};

/// The looks of a glance, which costs less than a microsecond.
const GLANCE: u32 = 4;
/// For a handful: so many looks, so many turns before the first, and at least so many before each as long as more come.
const REACHES: u32 = 3;
const REACH: u32 = 32;
const REACH_ON: u32 = 8;
/// The most looks: about as long as waking a parked thread takes (30 microseconds). Less would let two threads
/// that hand over to each other park for ever in turn: each would give up before the other is awake.
const MOST: u32 = 80;
/// Fewer are of no use.
const LEAST: u32 = 10;
/// For what is held for a moment only: so many pauses, of so many turns at first. They are long enough (about a third of a
/// microsecond, at first) for the holder to take it and give it back many times meanwhile: two threads that took turns
/// would have their cores do little but fetch what they share from each other.
const PAUSES: u32 = 3;
const PAUSE: u32 = 32;
/// One wait in so many looks again although that has been of no use lately; in twice as many each time that it still is not,
/// up to the most. (It costs some 40 microseconds: a twentieth of what many threads take that hand on one token.)
const RETRY_EVERY: u32 = 64;
const RETRY_SELDOM: u32 = 256;
/// So many looks for a moment, each after twice as long: two microseconds in all, as long as that takes.
const STEPS: u32 = 7;
/// How often others are let run before the thread parks.
const YIELDS: u32 = 6;
/// So long no thread lets others run who hands over to this one: the core has other work.
const LONG: Duration = Duration::from_micros(300);
/// That work is not this process's own if its threads have waited less often than this meanwhile.
const SELDOM: Duration = Duration::from_micros(50);
/// Nor if they have done so little of what is waited for that this is more than it takes. (A thread gives a task, or does one,
/// in a third of it. Where no more is done than a short queue holds, the time is lost, whoever has filled it.)
const LITTLE: Duration = Duration::from_micros(2);
/// Then nobody lets others run for so many times as long: no more than that part of the time is lost.
const KEEPS: u32 = 32;
/// How often threads have begun to let others run.
static GIVEN: AtomicU64 = AtomicU64::new(0);
/// Until when that is, in nanoseconds since the first look at the clock. It is about the machine, so for all threads.
static KEPT_UNTIL: AtomicU64 = AtomicU64::new(0);

pub(super) struct Spin {
    /// The most looks here.
    most: u32,
    looks: u32,
    until_retry: u32,
    /// So many waits lie between two of those.
    retry_every: u32,
    /// So many waits do without a look for a moment, and so many did after the last one in vain.
    skips: u32,
    vain: u32,
    beside: Beside,
}

/// How many cores there are.
pub(super) fn cores() -> u32 {
    static CORES: OnceLock<u32> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32))
}

/// How many threads may look at the same thing: one core is for the thread that changes it.
pub(super) fn most_at_once() -> u32 {
    cores().saturating_sub(1).max(1)
}

impl Spin {
    pub fn new() -> Spin {
        Spin::on(cores())
    }

    fn on(cores: u32) -> Spin {
        // On a single core nothing happens while it looks.
        let most = if cores > 1 { MOST } else { 0 };
        // Of many threads that wait once each it would be of no use.
        Spin {
            most,
            looks: 0,
            until_retry: RETRY_EVERY,
            retry_every: RETRY_EVERY,
            skips: 0,
            vain: 0,
            beside: Beside::new(),
        }
    }

    /// A few looks.
    #[inline]
    pub fn glance(&self, mut done: impl FnMut() -> bool) -> bool {
        self.looks >= LEAST && look(0..GLANCE, &mut done)
    }

    /// A few looks, far apart, at a queue through which values go in handfuls.
    pub fn handful_of(&self, queue: &Queue, what: Handful) -> bool {
        queue.handful().is_some_and(|enough| self.handful(enough, || queue.seen(what)))
    }

    /// A few looks, far apart, where values go in handfuls: `seen` tells how many are there, of which so many are enough.
    /// When there are some it goes on looking as long as more come. Whether there are any.
    ///
    /// Each look takes from the other thread's core what that one writes with each value. Measured: where both are about as
    /// fast, one that comes back for each value costs the other more than the value does.
    fn handful(&self, enough: u64, mut seen: impl FnMut() -> u64) -> bool {
        self.looks >= LEAST
            && (0..REACHES).any(|longer| {
                pause(REACH << longer);
                let mut before = seen();
                if before == 0 {
                    return false;
                }
                while before < enough {
                    // One turn is about as long as one value takes.
                    pause(u32::try_from(enough - before).unwrap_or(MOST).max(REACH_ON));
                    let now = seen();
                    if now <= before {
                        break;
                    }
                    before = now;
                }
                true
            })
    }

    /// Looks until `done` says so or it has been long enough. Whether it was done.
    pub fn until(&mut self, mut done: impl FnMut() -> bool, progress: &dyn Fn() -> u64) -> bool {
        self.look(&mut done) || self.give_way(false, &mut done, progress)
    }

    /// Likewise, for what is held for a moment, and taken again by whoever has just given it back.
    pub fn until_free(&self, mut done: impl FnMut() -> bool) -> bool {
        if self.most == 0 {
            return false;
        }
        (0..PAUSES).any(|longer| {
            pause(PAUSE << longer);
            done()
        })
    }

    /// Looks for as long as has been of use. Whether it was done.
    pub fn look(&mut self, done: &mut impl FnMut() -> bool) -> bool {
        if self.looks < LEAST {
            self.until_retry -= 1;
            if self.until_retry > 0 {
                return false;
            }
            let found = look(0..self.most, done);
            self.retry_every = if found { RETRY_EVERY } else { (2 * self.retry_every).min(RETRY_SELDOM) };
            self.until_retry = self.retry_every;
            if found {
                self.looks = self.most;
                self.beside.came_from_elsewhere();
            }
            return found;
        }
        if look(GLANCE..self.looks, done) {
            self.looks = self.most;
            self.beside.came_from_elsewhere();
            return true;
        }
        self.looks -= self.looks.div_ceil(3);
        false
    }

    /// Looks for a moment, since who is on another core may be about to do it; after that was in vain, not the next times.
    /// Whether it was done. (Where several have to come before anybody goes on, those who look keep the others from their
    /// cores.)
    pub fn soon(&mut self, done: &mut impl FnMut() -> bool) -> bool {
        if self.most == 0 || self.skips > 0 {
            self.skips = self.skips.saturating_sub(1);
            return false;
        }
        let found = (0..STEPS).any(|step| {
            pause(1 << step);
            done()
        });
        self.vain = if found { 0 } else { (2 * self.vain + 1).min(RETRY_EVERY) };
        self.skips = self.vain;
        found
    }

    /// Lets other threads run a few times, and looks in between. Whether it was done. What comes to one at a time is handed
    /// over by one other thread: where that has the same core, this one may leave it. `progress` tells by a number how
    /// much others do of what is waited for, if that can be told.
    pub fn give_way(
        &mut self,
        one_at_a_time: bool,
        done: &mut impl FnMut() -> bool,
        progress: &dyn Fn() -> u64,
    ) -> bool {
        let mut before = now();
        if before < KEPT_UNTIL.load(Ordering::Relaxed) {
            return done();
        }
        GIVEN.fetch_add(1, Ordering::Relaxed);
        for _ in 0..YIELDS {
            let progress_before = progress();
            let given = GIVEN.load(Ordering::Relaxed);
            let core = self.beside.begin();
            yield_now();
            let now = now();
            let lost = now - before;
            let others = GIVEN.load(Ordering::Relaxed) - given;
            if is_lost(lost, others, || progress().abs_diff(progress_before)) {
                KEPT_UNTIL.store(now + lost * u64::from(KEEPS), Ordering::Relaxed);
                return done();
            }
            if done() {
                // A core is no better that something else uses: since some of this process's time was lost, it may.
                let is_quiet = KEPT_UNTIL.load(Ordering::Relaxed) == 0;
                if one_at_a_time && is_quiet && self.most > 0 && self.beside.came(core) {
                    // There it may be of use to look.
                    self.looks = self.most;
                }
                return true;
            }
            before = now;
        }
        false
    }
}

/// Whether a thread that let others run for so long, while others of its process began to do so that often and did so much,
/// has only lost time: where many of them hand over to each other, or one gives tasks to many, they have used it.
fn is_lost(nanoseconds: u64, others: u64, done: impl FnOnce() -> u64) -> bool {
    let lost = Duration::from_nanos(nanoseconds);
    lost > LONG
        && u128::from(others) * SELDOM.as_nanos() < lost.as_nanos()
        && u128::from(done()) * LITTLE.as_nanos() < lost.as_nanos()
}

/// Nanoseconds since the first look at the clock.
fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

fn pause(turns: u32) {
    (0..turns).for_each(|_| std::hint::spin_loop());
}

#[inline]
fn look(looks: std::ops::Range<u32>, done: &mut impl FnMut() -> bool) -> bool {
    for look in looks {
        // Looking takes the thing away from the core of the thread that is to change it: ever more rarely.
        pause(1 + look / 3);
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
        assert!(!spin.look(&mut || {
            looks += 1;
            false
        }));
        looks
    }

    #[test]
    fn looks_less_after_failures_and_longest_after_success() {
        let mut spin = Spin::on(2);
        let (first, retry) = (MOST - GLANCE, MOST);
        assert_eq!(looks(&mut spin), 0, "nothing tells yet that it would be of use");
        while !spin.look(&mut || true) {}
        assert_eq!(looks(&mut spin), first);
        assert!((LEAST - GLANCE..first).contains(&looks(&mut spin)));
        for _ in 0..10 {
            looks(&mut spin);
        }
        // Now and then it tries again, for long.
        let tried: Vec<u32> =
            (0..3 * RETRY_EVERY).map(|_| looks(&mut spin)).filter(|looks| *looks > 0).collect();
        assert_eq!(tried, [retry, retry], "the second after twice as long");
        let tried = |spin: &mut Spin, waits: u32| (0..waits).filter(|_| looks(spin) > 0).count();
        tried(&mut spin, 4 * RETRY_SELDOM);
        assert_eq!(tried(&mut spin, 4 * RETRY_SELDOM), 4, "it never ceases");
        while !spin.look(&mut || true) {}
        assert_eq!(looks(&mut spin), first);
    }

    #[test]
    fn what_is_free_in_a_moment_is_looked_for_a_few_times() {
        let mut looks = 0;
        let mut third = || {
            looks += 1;
            looks == 3
        };
        assert!(Spin::on(2).until_free(&mut third));
        assert!(!Spin::on(2).until_free(|| false));
        assert!(!Spin::on(1).until_free(|| true));
    }

    #[test]
    fn a_handful_is_waited_for_as_long_as_more_come() {
        let mut spin = Spin::on(2);
        assert!(!spin.handful(4, || 4), "nothing tells yet that it would be of use");
        while !spin.look(&mut || true) {}
        let seen = |counts: &[u64]| {
            let mut looks = counts.iter();
            let any = spin.handful(4, || *looks.next().expect("it looks no further"));
            (any, looks.len())
        };
        assert_eq!(seen(&[0, 1, 2, 3, 4, 5]), (true, 1));
        assert_eq!(seen(&[1, 1, 2]), (true, 1));
        assert_eq!(seen(&[u64::MAX]), (true, 0));
        assert_eq!(seen(&[0; REACHES as usize]), (false, 0));
    }

    #[test]
    fn a_moment_in_vain_is_not_spent_again_for_a_while() {
        let mut spin = Spin::on(2);
        let tried = |spin: &mut Spin, waits: u32| {
            let tries = |_: &u32| {
                let mut looked = false;
                spin.soon(&mut || {
                    looked = true;
                    false
                });
                looked
            };
            (0..waits).filter(tries).count()
        };
        assert_eq!(tried(&mut spin, 4 * RETRY_EVERY), 8);
        while !spin.soon(&mut || true) {}
        assert!(spin.soon(&mut || true), "it is of use again");
        assert!(!Spin::on(1).soon(&mut || true));
    }

    #[test]
    fn after_a_long_one_nobody_gives_way_for_a_while() {
        KEPT_UNTIL.store(now() + 1_000_000_000, Ordering::Relaxed);
        let mut looks = 0;
        let mut done = || {
            looks += 1;
            false
        };
        let given = Spin::on(2).give_way(true, &mut done, &|| 0);
        KEPT_UNTIL.store(0, Ordering::Relaxed);
        assert_eq!((given, looks), (false, 1));
    }

    #[test]
    fn what_others_of_the_process_use_is_not_lost() {
        assert!(!is_lost(200_000, 0, || 0), "it is not long");
        assert!(is_lost(3_000_000, 0, || 0) && is_lost(3_000_000, 3, || 64));
        assert!(!is_lost(3_000_000, 60, || 0) && !is_lost(400_000, 8, || 0));
        assert!(!is_lost(3_000_000, 0, || 5_000), "it gave tasks");
    }

    #[test]
    fn on_one_core_it_only_gives_way() {
        let mut spin = Spin::on(1);
        for _ in 0..2 * RETRY_EVERY {
            assert!(!spin.glance(|| true));
            assert_eq!(looks(&mut spin), 0);
        }
        assert!(spin.until(|| true, &|| 0));
    }
}
