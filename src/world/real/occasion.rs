//! When to search for knots (`knot`): when something has happened that could have made one.
//!
//! A search costs something, so it is made when there is a reason for one:
//!
//! - a thread has been parked without a deadline for a while. Most waits are much shorter, and cost nothing here:
//!   the first thread that parks arms a check, which notes who is parked; who is still so at the next check gives
//!   reason for a search, once. When all who are parked have been searched for, no check is made until another
//!   thread parks;
//! - some thread may be waiting for ever (the last search could not tell), and a thread ends, or comes to rest in
//!   a place of its code where it did not rest before: it may be past its last use of what is waited for.
//!
//! There is one case in which nobody does any of that: a thread computes on and on, and has used a thing for the
//! last time. So as long as some thread may be waiting for ever, it is searched again, each time after twice the
//! time. The searches take a small share of the time, whatever the program does.

use super::RealWorld;
use super::awaits::Suspects;
use super::run::Shared;
use super::standing::Here;
use super::threads::Seat;
use crate::code::Program;
use crate::code::reach;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A thread that has been parked for less is not worth a search.
const A_WHILE: Duration = Duration::from_millis(2);
/// How long between two checks at most, where threads park and are woken all the time.
const LONGEST_WHILE: Duration = Duration::from_millis(50);
/// After how long it is searched again at first, when nothing has happened.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Searching takes at most one part in so many of the time.
pub(super) const SHARE: u32 = 25;
/// How long all are kept waiting for those that are long in coming to a safe point: so long at first, and twice as long
/// each time that it was in vain. On a machine that has much to do it takes a while until each thread has had its turn.
const PATIENCE: Duration = Duration::from_millis(10);
const MOST_PATIENCE: Duration = Duration::from_millis(160);
/// So many places of rest are remembered for each thread.
const MOST_PLACES: usize = 1000;

/// When to search again after a search that has ended nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Not before something happens.
    Never,
    /// Each time after twice the time: it could not be told.
    Later,
    /// With more patience: it has not been looked.
    Again,
}

pub(super) struct Knots {
    worth_while: AtomicBool,
    /// Not 0 while some thread may be waiting for ever; another number each time that this begins.
    watch: AtomicU64,
    /// A check is planned, or about to be.
    armed: AtomicBool,
    plan: Mutex<Plan>,
    pub suspects: Mutex<Option<Suspects>>,
}

struct Plan {
    search: Option<Instant>,
    check: Option<Instant>,
    /// Searching has taken its share of the time until then.
    not_before: Option<Instant>,
    /// How long after a search that found nothing to search again.
    pause: Duration,
    patience: Duration,
    watches: u64,
    parked: Parked,
}

/// Who was parked at the last check.
#[derive(Default)]
pub(super) struct Parked {
    /// How many times each of the threads has rested.
    noted: HashMap<u32, u64>,
    /// For those it has been searched.
    searched: HashMap<u32, u64>,
    /// How long until the next check.
    pause: Duration,
}

/// The places where a thread has come to rest during one watch.
#[derive(Default)]
pub(super) struct Places {
    watch: u64,
    seen: HashSet<u64>,
}

impl Knots {
    pub fn new(program: &Program) -> Knots {
        Knots {
            worth_while: AtomicBool::new(reach::worth_while(program)),
            watch: AtomicU64::new(0),
            armed: AtomicBool::new(false),
            plan: Mutex::new(Plan {
                search: None,
                check: None,
                not_before: None,
                pause: FIRST_PAUSE,
                patience: PATIENCE,
                watches: 0,
                parked: Parked::default(),
            }),
            suspects: Mutex::new(None),
        }
    }

    /// The program has become this one.
    pub fn grown(&self, program: &Program) {
        self.worth_while.store(reach::worth_while(program), Ordering::Relaxed);
    }

    /// When there is something to do next.
    pub fn due(&self) -> Option<Instant> {
        let plan = self.plan.lock();
        // Armed, and nobody has checked yet: at once.
        let armed = self.armed.load(Ordering::SeqCst) && plan.check.is_none();
        let check = if armed { Some(Instant::now()) } else { plan.check };
        [plan.search, check].into_iter().flatten().min()
    }

    pub fn patience(&self) -> Duration {
        self.plan.lock().patience
    }

    fn watch(&self) -> u64 {
        self.watch.load(Ordering::Relaxed)
    }

    /// Plans a search for now, or as soon as one may be made. True if that is sooner than was planned.
    fn plan_now(&self) -> bool {
        let mut plan = self.plan.lock();
        plan.pause = FIRST_PAUSE;
        let now = Instant::now();
        let when = plan.not_before.map_or(now, |earliest| earliest.max(now));
        let sooner = plan.search.is_none_or(|due| due > when);
        if sooner {
            plan.search = Some(when);
        }
        sooner
    }

    /// After a search that has ended nothing.
    pub fn plan_next(&self, began: Instant, next: Next) {
        let mut plan = self.plan.lock();
        let now = Instant::now();
        plan.not_before = Some(now + (now - began) * SHARE);
        if next == Next::Never {
            plan.search = None;
            plan.patience = PATIENCE;
            self.watch.store(0, Ordering::Relaxed);
            return;
        }
        plan.search = plan.not_before.max(Some(now + plan.pause));
        if next == Next::Later {
            plan.pause *= 2;
            plan.patience = PATIENCE;
        } else {
            plan.patience = (plan.patience * 2).min(MOST_PATIENCE);
        }
        if self.watch() == 0 {
            plan.watches += 1;
            self.watch.store(plan.watches, Ordering::Relaxed);
        }
    }
}

impl Parked {
    /// Who is parked now. Whether somebody has been for a while for whom it has not been searched yet, and whether to
    /// check again.
    pub fn check(&mut self, parked: HashMap<u32, u64>) -> (bool, bool) {
        self.searched.retain(|id, rests| parked.get(id) == Some(rests));
        let long: Vec<(u32, u64)> = parked
            .iter()
            .filter(|(id, rests)| self.noted.get(id) == Some(rests) && !self.searched.contains_key(id))
            .map(|(id, rests)| (*id, *rests))
            .collect();
        self.pause = if long.is_empty() { (self.pause * 2).clamp(A_WHILE, LONGEST_WHILE) } else { A_WHILE };
        let search = !long.is_empty();
        self.searched.extend(long);
        let again = parked.len() > self.searched.len();
        self.noted = parked;
        (search, again)
    }

    /// Whether it has been searched for all of them.
    pub fn knows(&self, parked: &HashMap<u32, u64>) -> bool {
        parked.iter().all(|(id, rests)| self.searched.get(id) == Some(rests))
    }
}

impl Places {
    /// Whether the thread has not rested in this place during this watch.
    fn is_new(&mut self, watch: u64, place: u64) -> bool {
        if self.watch != watch {
            self.watch = watch;
            self.seen.clear();
        }
        self.seen.len() < MOST_PLACES && self.seen.insert(place)
    }
}

impl RealWorld {
    /// Sleeps in its seat until it is woken or late. `idle`: it is a worker of a pool without a task.
    pub(super) fn lie(&mut self, until: Option<Instant>, here: Here<'_>, idle: bool) {
        if until.is_none() && self.shared.processes.may_be_several {
            self.shared.rests_in_family();
        }
        if self.shared.knots.worth_while.load(Ordering::Relaxed) {
            let watch = self.shared.knots.watch();
            if until.is_none() {
                // Nobody minds that a daemon waits for ever, unless it does a task; but others may come to wait for it.
                if watch != 0 || !idle && self.shared.is_waited_for(&self.seat) {
                    self.shared.arm();
                }
            } else if watch != 0 && self.rested.is_new(watch, here.place()) {
                self.shared.search_soon();
            }
        }
        self.seat.waiter.park(until, &mut || self.tell_where(here));
    }
}

impl Shared {
    pub(super) fn arm(&self) {
        let armed = &self.knots.armed;
        if !armed.load(Ordering::SeqCst) && !armed.swap(true, Ordering::SeqCst) {
            self.bell.ring();
        }
    }

    fn search_soon(&self) {
        if self.knots.plan_now() {
            self.bell.ring();
        }
    }

    /// It was perhaps the last that could have released those who wait.
    pub(super) fn a_thread_has_ended(&self) {
        if self.knots.watch() != 0 {
            self.search_soon();
        }
    }

    /// Does what is due. To be called by who attends to the run.
    pub(super) fn see_to_knots(&self) {
        let now = Instant::now();
        let plan = self.knots.plan.lock();
        let check = plan.check.is_none_or(|due| due <= now) && self.knots.armed.load(Ordering::SeqCst);
        drop(plan);
        if check {
            self.check_who_is_parked();
        }
        let search = self.knots.plan.lock().search;
        if search.is_some_and(|due| due <= now) {
            self.look_for_knots();
        }
    }

    fn check_who_is_parked(&self) {
        let parked = self.who_is_parked();
        let (search, mut again) = self.knots.plan.lock().parked.check(parked);
        if !again {
            self.knots.armed.store(false, Ordering::SeqCst);
            // Somebody may have parked in between, and found it armed.
            let parked = self.who_is_parked();
            again = !self.knots.plan.lock().parked.knows(&parked);
            if again {
                self.knots.armed.store(true, Ordering::SeqCst);
            }
        }
        let mut plan = self.knots.plan.lock();
        plan.check = again.then(|| Instant::now() + plan.parked.pause);
        drop(plan);
        if search {
            self.knots.plan_now();
        }
    }

    /// The threads parked without a deadline or in an `await`, as far as it matters, each with the number of its rest.
    fn who_is_parked(&self) -> HashMap<u32, u64> {
        let all = self.knots.watch() != 0;
        let table = self.table.lock();
        let rests = |seat: &Seat| seat.waiter.parked() || seat.awaits.inside();
        let parked = table.seats.iter().filter(|(id, seat)| rests(seat) && (all || self.minds(&table, **id)));
        parked.map(|(id, seat)| (*id, seat.rests.load(Ordering::Relaxed))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use std::sync::Arc;

    fn knots(text: &str) -> Knots {
        let source = Arc::new(Source::new("test.conc", text));
        Knots::new(&crate::pipeline::compile(source).expect("it is understood").0)
    }

    #[test]
    fn nothing_is_planned_unless_there_is_a_reason() {
        let knots = knots("event e");
        assert_eq!(knots.due(), None);
        assert!(knots.plan_now());
        assert!(!knots.plan_now()); // planned already
        knots.plan_next(Instant::now(), Next::Never);
        assert_eq!((knots.due(), knots.watch()), (None, 0));
    }

    #[test]
    fn an_open_case_is_searched_again_ever_more_rarely() {
        let knots = knots("event e");
        let mut pauses = Vec::new();
        for _ in 0..4 {
            let now = Instant::now();
            knots.plan_next(now, Next::Later);
            pauses.push(knots.due().expect("it is planned") - now);
        }
        assert!(pauses.windows(2).all(|two| two[1] > two[0] * 3 / 2), "{pauses:?}");
        assert!(knots.watch() != 0);
        assert!(knots.plan_now());
        assert!(knots.due().expect("it is planned") <= Instant::now() + FIRST_PAUSE);
    }

    #[test]
    fn searching_takes_its_share_of_the_time_at_most() {
        let knots = knots("event e");
        let long = Duration::from_millis(100);
        knots.plan_next(Instant::now() - long, Next::Later);
        assert!(!knots.plan_now());
        assert!(knots.due().expect("it is planned") > Instant::now() + long * (SHARE - 1));
    }

    #[test]
    fn what_was_not_seen_is_looked_for_soon_and_with_more_patience() {
        let knots = knots("event e");
        let mut patience = knots.patience();
        for _ in 0..3 {
            let now = Instant::now();
            knots.plan_next(now, Next::Again);
            assert!(knots.due().expect("it is planned") - now < FIRST_PAUSE * 2);
            assert!(knots.patience() > patience);
            patience = knots.patience();
        }
        (0..10).for_each(|_| knots.plan_next(Instant::now(), Next::Again));
        assert_eq!(knots.patience(), MOST_PATIENCE);
        knots.plan_next(Instant::now(), Next::Later);
        assert_eq!(knots.patience(), PATIENCE);
    }

    #[test]
    fn a_place_is_new_once_in_each_watch() {
        let mut places = Places::default();
        assert!(places.is_new(1, 10) && places.is_new(1, 11));
        assert!(!places.is_new(1, 10));
        assert!(places.is_new(2, 10));
    }

    #[test]
    fn programs_without_such_things_pay_nothing() {
        assert!(!knots("lock m\nwith m { }\nlet t = start { }\njoin t").worth_while.into_inner());
        for text in ["semaphore s(1)", "let make = queue", "var n = 0\nawait n == 0"] {
            assert!(knots(text).worth_while.into_inner(), "{text}");
        }
    }

    #[test]
    fn who_stays_parked_gives_reason_for_one_search() {
        let knots = knots("event e");
        let mut plan = knots.plan.lock();
        let mut check = |parked: &[(u32, u64)]| plan.parked.check(parked.iter().copied().collect());
        assert_eq!(check(&[(1, 5)]), (false, true)); // noted
        assert_eq!(check(&[(1, 6), (2, 1)]), (false, true)); // 1 has been woken meanwhile
        assert_eq!(check(&[(1, 7), (2, 1)]), (true, true)); // 2 stays
        assert_eq!(check(&[(2, 1)]), (false, false)); // searched already: nothing to do
        assert_eq!(check(&[(2, 2)]), (false, true));
        assert_eq!(check(&[]), (false, false));
    }

    #[test]
    fn checks_are_rare_where_nobody_stays_parked() {
        let knots = knots("event e");
        let mut plan = knots.plan.lock();
        for rests in 0..20 {
            assert_eq!(plan.parked.check(HashMap::from([(1, rests)])), (false, true));
        }
        assert_eq!(plan.parked.pause, LONGEST_WHILE);
        assert_eq!(plan.parked.check(HashMap::from([(1, 19)])), (true, false));
        assert_eq!(plan.parked.pause, A_WHILE);
    }
}
