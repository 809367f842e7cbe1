//! `--jitter`: delays that make rare interleavings common, whatever the machine.
//!
//! On real threads a mistake hides because a thread does much in one go: it is rare that another comes exactly between
//! two of its steps. So where mistakes are made (between reading a variable and writing it, and before a second lock is
//! taken while a first one is held) a thread *stands aside* the first few times, until all others stand aside too, or
//! wait: then they have come as far as they can, and go on together; those that are about to write first, since they may come to
//! where others stand before a lock, or start more threads that do. How long that takes depends on the machine, so it is not a time that is
//! waited, but this. Beside that, before steps that others can tell, there are short delays at random.
//!
//! Nothing else changes: a thread that stands aside can go on, and is no deadlock. All of it is kept within a part of
//! the time that the run has taken.

use crate::machine::Visible;
use crate::sync::wait::Awake;
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the threads of a run have in common.
pub(super) struct Delays {
    seed: u64,
    began: Instant,
    /// Nanoseconds, of threads side by side.
    spent: AtomicU64,
    /// How many threads can go on by themselves, as the run counts them: also those that do so later.
    awake: Awake,
    /// How many of those do so much later, or when something comes from outside.
    resting: AtomicIsize,
    aside: Mutex<Standing>,
    /// How many have been started and have not begun; how many have begun.
    unborn: AtomicIsize,
    born: AtomicU64,
    /// How often threads have stood aside.
    times: AtomicU64,
}

/// Who stands aside.
#[derive(Default)]
struct Standing {
    writers: Group,
    holders: Group,
}

/// Those who stand aside before the same, and go on together: else the last to come would leave the others standing.
#[derive(Default)]
struct Group {
    /// How many there are. Those who have been let go are none of them, although it may take them long to learn of it.
    count: isize,
    /// How often all there were have been let go.
    gone_on: u64,
}

/// Before what a thread stands aside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aside {
    Write,
    /// A lock, while it holds another.
    Lock,
}

impl Standing {
    fn group(&mut self, before: Aside) -> &mut Group {
        match before {
            Aside::Write => &mut self.writers,
            Aside::Lock => &mut self.holders,
        }
    }

    /// Lets those before this go on if so many threads can, all of which stand aside, and it is their turn.
    fn let_go(&mut self, before: Aside, awake: isize) {
        let turn = before == Aside::Write || self.writers.count == 0;
        if turn && awake <= self.writers.count + self.holders.count {
            let group = self.group(before);
            group.count = 0;
            group.gone_on += 1;
        }
    }
}

/// One thread's delays.
pub(super) struct Jitter {
    delays: Arc<Delays>,
    random: fastrand::Rng,
    /// So many steps until the next short delay.
    left: u32,
    short: u32,
    /// How many writes, and how many locks on top of others, it still stands aside for.
    writes: u32,
    nested: u32,
}

/// The first steps of a thread are delayed most often.
const AT_FIRST: u32 = 3;
const LATER: u32 = 50;
/// So many short delays come at first.
const FEW: u32 = 24;

/// In microseconds: from and to.
const SHORT: (u64, u64) = (20, 300);

/// So much processor time of all threads at most a thread stands aside for after the last other one has begun. (Not so
/// long: where the processors are busy with something else, another may not have come to its first step by then.)
const ASIDE: Duration = Duration::from_millis(4);
/// So long at most for those who do not use a processor, and for one that is to begin.
const ASIDE_AT_MOST: Duration = Duration::from_millis(300);
/// Who sleeps for longer is not waited for.
const SOON: Duration = Duration::from_millis(5);
/// How often it looks whether all others have come as far as they can.
const LOOK: Duration = Duration::from_micros(50);

/// So often threads stand aside whatever it takes: there is much to find in the first steps of a few.
const ALWAYS: u64 = 32;

/// What a run may spend before it has taken any time.
const TO_BEGIN_WITH: Duration = Duration::from_millis(6);
/// Delays of threads side by side pass at the same time; of so many it is counted.
const SIDE_BY_SIDE: isize = 5;

impl Delays {
    pub fn new(seed: u64, awake: &Awake) -> Delays {
        Delays {
            seed,
            began: Instant::now(),
            spent: AtomicU64::new(0),
            awake: awake.clone(),
            resting: AtomicIsize::new(0),
            aside: Mutex::default(),
            unborn: AtomicIsize::new(0),
            born: AtomicU64::new(0),
            times: AtomicU64::new(0),
        }
    }

    /// A thread was started; or one that was has begun.
    pub fn started(&self, by: isize) {
        if by < 0 {
            self.born.fetch_add(1, Ordering::SeqCst);
        }
        self.unborn.fetch_add(by, Ordering::SeqCst);
    }

    /// A thread is about to wait until then, or for something outside: whether nobody stands aside for it until it has
    /// `got_up`.
    pub fn rests(&self, until: Option<Instant>) -> bool {
        let long = until.is_none_or(|until| until.saturating_duration_since(Instant::now()) > SOON);
        self.resting.fetch_add(isize::from(long), Ordering::SeqCst);
        long
    }

    pub fn got_up(&self) {
        self.resting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Where threads only wait for each other, the delays of all of them add up: this is little enough even then.
    fn may_spend_more(&self) -> bool {
        let most = TO_BEGIN_WITH + self.began.elapsed() / 8;
        Duration::from_nanos(self.spent.load(Ordering::Relaxed)) < most
    }

    fn spend(&self, time: Duration) {
        let side_by_side = self.awake.load(Ordering::Relaxed).clamp(1, SIDE_BY_SIDE).unsigned_abs() as u128;
        let share = u64::try_from(time.as_nanos() / side_by_side).unwrap_or(u64::MAX);
        self.spent.fetch_add(share, Ordering::Relaxed);
    }

    /// Until every thread that can go on stands aside.
    fn stand_aside(&self, before: Aside) {
        if self.times.fetch_add(1, Ordering::Relaxed) >= ALWAYS && !self.may_spend_more() {
            return;
        }
        let began = Instant::now();
        let (mut since, mut used, mut born) = (began, processor_time(), self.born.load(Ordering::SeqCst));
        let so_far = {
            let mut aside = self.aside.lock();
            let group = aside.group(before);
            group.count += 1;
            group.gone_on
        };
        let let_go = |aside: &mut Standing| {
            if aside.group(before).gone_on == so_far {
                aside.let_go(before, self.awake.load(Ordering::SeqCst) - self.resting.load(Ordering::SeqCst));
            }
            aside.group(before).gone_on != so_far
        };
        while !let_go(&mut self.aside.lock()) {
            let now_born = self.born.load(Ordering::SeqCst);
            if now_born != born {
                (since, used, born) = (Instant::now(), processor_time(), now_born);
            }
            let unborn = self.unborn.load(Ordering::SeqCst) > 0;
            let enough = !unborn && processor_time().saturating_sub(used) > ASIDE;
            if enough || since.elapsed() > ASIDE_AT_MOST {
                let mut aside = self.aside.lock();
                if !let_go(&mut aside) {
                    aside.group(before).count -= 1;
                }
                break;
            }
            std::thread::sleep(LOOK);
        }
        self.spend(began.elapsed());
    }
}

/// What all threads of this process have used so far.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}

impl Jitter {
    pub fn new(delays: &Arc<Delays>, thread: u32) -> Jitter {
        let mut random =
            fastrand::Rng::with_seed(delays.seed ^ u64::from(thread).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let left = random.u32(0..AT_FIRST);
        Jitter { delays: delays.clone(), random, left, short: 0, writes: 3, nested: 4 }
    }

    /// `holds`: the thread holds a lock.
    #[inline]
    pub fn before(&mut self, step: Visible, holds: bool) {
        let aside = match step {
            Visible::Write => (!holds && take(&mut self.writes)).then_some(Aside::Write),
            Visible::Enter => (holds && take(&mut self.nested)).then_some(Aside::Lock),
            Visible::Other => None,
        };
        match (aside, self.left.checked_sub(1)) {
            (Some(before), _) => self.delays.stand_aside(before),
            (None, Some(left)) => self.left = left,
            (None, None) => self.delay(),
        }
    }

    #[cold]
    fn delay(&mut self) {
        self.short += 1;
        self.left = self.random.u32(0..if self.short < FEW { AT_FIRST } else { LATER });
        if self.delays.may_spend_more() {
            let began = Instant::now();
            std::thread::sleep(Duration::from_micros(self.random.u64(SHORT.0..SHORT.1)));
            self.delays.spend(began.elapsed());
        }
    }
}

#[inline]
fn take(left: &mut u32) -> bool {
    let some = *left > 0;
    *left -= u32::from(some);
    some
}
