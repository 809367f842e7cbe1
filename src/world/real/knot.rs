//! Threads that wait for ever while others go on: nobody who can go on will ever come to what they wait for.
//!
//! All threads stand still for a moment and tell what they hold. From those that can go on everything is marked
//! that they can come to (`marks`); a thread whose thing is marked may be released, and goes on too; who is left
//! when nothing changes any more waits for ever. What is found is certain: nobody moves meanwhile, and what is
//! out of reach for all who move stays out of reach.
//!
//! There is no polling. A search costs something, so it is made when there is a reason for one:
//!
//! - a thread has been parked, without a deadline, for a short while (most waits are shorter, and cost nothing);
//! - some thread may be waiting for ever (the last search could not tell), and a thread ends, or comes to rest in
//!   a place of its code where it did not rest before: it may be past its last use of what is waited for.
//!
//! There is one case in which nobody does any of that: a thread computes on and on, and has used a thing for the
//! last time. So as long as some thread may be waiting for ever, it is searched again, each time after twice the
//! time. The searches take a small share of the time, whatever the program does.

use super::RealWorld;
use super::deadlock::Picture;
use super::graph;
use super::marks::{Marks, Unknown};
use super::run::{Cause, Shared};
use super::standing::{Here, Standing};
use super::threads::{Seat, Table};
use crate::code::Program;
use crate::code::reach::{self, Mention, Reach};
use crate::report::runtime::Deadlock;
use parking_lot::Mutex;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A thread that has been parked for less is not worth a search.
const A_WHILE: Duration = Duration::from_millis(2);
/// After how long it is searched again at first, when nothing has happened.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Searching takes at most one part in so many of the time.
const SHARE: u32 = 25;
/// So many places of rest are remembered for each thread.
const MOST_PLACES: usize = 1000;

pub(super) struct Knots {
    worth_while: bool,
    /// Made at the first search: most runs have ended by then.
    reach: OnceLock<Reach>,
    /// Not 0 while some thread may be waiting for ever; another number each time that this begins.
    watch: AtomicU64,
    plan: Mutex<Plan>,
}

struct Plan {
    /// When to search next.
    due: Option<Instant>,
    /// Searching has taken its share of the time until then.
    not_before: Option<Instant>,
    /// How long after a search that found nothing to search again.
    pause: Duration,
    watches: u64,
}

/// What a search has found.
enum Found {
    Knot(Deadlock),
    /// Nobody waits who should not.
    Nothing,
    /// Some thread waits that may or may not be released.
    Open,
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
            worth_while: reach::worth_while(program),
            reach: OnceLock::new(),
            watch: AtomicU64::new(0),
            plan: Mutex::new(Plan { due: None, not_before: None, pause: FIRST_PAUSE, watches: 0 }),
        }
    }

    pub fn due(&self) -> Option<Instant> {
        self.plan.lock().due
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
        let sooner = plan.due.is_none_or(|due| due > when);
        if sooner {
            plan.due = Some(when);
        }
        sooner
    }

    /// After a search that has ended nothing.
    fn plan_next(&self, began: Instant, open: bool) {
        let mut plan = self.plan.lock();
        let now = Instant::now();
        plan.not_before = Some(now + (now - began) * SHARE);
        if !open {
            plan.due = None;
            self.watch.store(0, Ordering::Relaxed);
            return;
        }
        plan.due = plan.not_before.max(Some(now + plan.pause));
        plan.pause *= 2;
        if self.watch() == 0 {
            plan.watches += 1;
            self.watch.store(plan.watches, Ordering::Relaxed);
        }
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
        let shared = self.shared.clone();
        let watch = shared.knots.watch();
        if watch != 0 && until.is_some() && self.rested.is_new(watch, here.place()) {
            shared.search_soon();
        }
        // Nobody minds that a daemon waits for ever; but others may come to wait for it.
        let harmless = idle || self.seat.daemon;
        let worth_while = shared.knots.worth_while && until.is_none() && (!harmless || watch != 0);
        let mut since = None;
        let waiter = self.seat.waiter.clone();
        waiter.park(until, &mut || {
            self.tell_where(here);
            if !worth_while {
                return None;
            }
            let now = Instant::now();
            let since = since.get_or_insert(Some(now));
            match *since {
                Some(begin) if now - begin < A_WHILE => Some(A_WHILE - (now - begin)),
                Some(_) => {
                    *since = None;
                    shared.search_soon();
                    None
                }
                None => None,
            }
        });
    }
}

impl Shared {
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

    /// Ends the run if some threads wait for ever; plans the next search if that cannot be told yet.
    pub(super) fn look_for_knots(&self) {
        let began = Instant::now();
        let open = match self.search() {
            Found::Knot(deadlock) => {
                self.finish(Cause::Deadlock(deadlock));
                false
            }
            Found::Nothing => false,
            Found::Open => true,
        };
        self.knots.plan_next(began, open);
    }

    fn search(&self) -> Found {
        let somebody_reads =
            |table: &Table| table.seats.values().any(|seat| seat.reads_input.load(Ordering::SeqCst));
        {
            let table = self.table.lock();
            let Picture { blocked, free } = self.picture(&table);
            // When nobody is free, the last who blocked has looked.
            if free.is_empty() || !blocked.keys().any(|id| self.minds(&table, *id)) {
                return Found::Nothing;
            }
            // Nobody knows what it holds.
            if somebody_reads(&table) {
                return Found::Open;
            }
        }
        let reach = self.knots.reach.get_or_init(|| Reach::of(&self.image.program));
        self.while_all_stand(|table| self.find_knot(table, reach)).unwrap_or(Found::Open)
    }

    /// To be called while all stand still.
    fn find_knot(&self, table: &Table, reach: &Reach) -> Found {
        let Picture { blocked, free } = self.picture(table);
        if free.is_empty() || !blocked.keys().any(|id| self.minds(table, *id)) {
            return Found::Nothing;
        }
        let mut threads: Vec<_> = table.seats.values().map(|seat| seat.thread.clone()).collect();
        threads.push(self.main.clone());
        let no_marks = || Marks::new(&self.image, reach, threads.clone());
        let marks = RefCell::new(no_marks());
        let (counted, unknown) = (Cell::new(0), Cell::new(false));
        let mark = |ids: &[u32]| {
            for seat in ids.iter().filter_map(|id| table.seats.get(id)) {
                if !unknown.get() {
                    unknown.set(mark_seat(&mut marks.borrow_mut(), seat).is_err());
                }
            }
        };
        mark(&free);
        // What each `await` depends on; None when that is not known.
        let conditions = RefCell::new(HashMap::new());
        let condition_may_change = |id: u32| {
            let mut conditions = conditions.borrow_mut();
            let condition = conditions.entry(id).or_insert_with(|| {
                let mut condition = no_marks();
                mark_condition(&mut condition, table.seats.get(&id)?).ok().map(|()| condition)
            });
            condition.as_ref().is_none_or(|condition| marks.borrow().may_change(condition))
        };
        let stuck = graph::stuck(&blocked, &|id, things, freed| {
            // Those found to be released come one after the other: only the new ones are looked at.
            mark(&freed[counted.replace(freed.len())..]);
            let reached = things.iter().any(|thing| marks.borrow().has(*thing));
            unknown.get() || reached || (things.is_empty() && condition_may_change(id))
        });
        // A thread that waits for ever is no matter where another ends the program.
        let ends = marks.borrow().may(Mention::Exit);
        if unknown.get() || ends || !stuck.iter().any(|id| self.minds(table, *id)) {
            return Found::Open;
        }
        self.confirm(table, &blocked, stuck).map_or(Found::Open, Found::Knot)
    }

    /// Whether it is a mistake that this thread waits for ever.
    fn minds(&self, table: &Table, id: u32) -> bool {
        table.seats.get(&id).is_some_and(|seat| !seat.daemon) && !self.idles(table, id)
    }
}

/// Marks all that a thread can come to.
fn mark_seat(marks: &mut Marks<'_>, seat: &Seat) -> Result<(), Unknown> {
    // Taken out first: what is marked may lead back to this thread.
    let mut values = Vec::new();
    if let Some(blocked) = &*seat.blocked.lock() {
        blocked.op.values(&mut |value| values.push(value));
    }
    let standing = seat.standing.lock();
    if let (Standing::Begins, Some(entry)) = (&*standing, &*seat.thread.entry.lock()) {
        values.push(entry.callee.clone());
        values.extend(entry.arguments.iter().cloned());
    }
    values.into_iter().try_for_each(|value| marks.value(value))?;
    match &*standing {
        Standing::Begins | Standing::Ended => Ok(()),
        Standing::At { snapshot, inside } => marks.stands(snapshot, *inside),
        Standing::Untold | Standing::Hidden => Err(Unknown),
    }
}

fn mark_condition(marks: &mut Marks<'_>, seat: &Seat) -> Result<(), Unknown> {
    match &*seat.standing.lock() {
        Standing::At { snapshot, .. } => marks.condition(snapshot),
        Standing::Begins | Standing::Ended | Standing::Untold | Standing::Hidden => Err(Unknown),
    }
}
