//! Threads that wait for ever while others go on: nobody who can go on will ever come to what they wait for.
//!
//! All threads stand still for a moment and tell what they hold. From those that can go on everything is marked
//! that they can come to (`marks`); a thread whose thing is marked may be released, and goes on too; who is left
//! when nothing changes any more waits for ever. What is found is certain: nobody moves meanwhile, and what is
//! out of reach for all who move stays out of reach. When to search is decided by `occasion`.

use super::deadlock::{Knot, Picture};
use super::graph;
use super::occasion::Next;
use super::run::{Code, Shared};
use super::standing::Standing;
use super::threads::{Seat, Table};
use crate::code::Program;
use crate::code::reach::Mention;
use crate::sync::Releasers;
use crate::world::marks::{Marks, Unknown};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What a search has found.
enum Found {
    Knot(Knot),
    /// Nobody waits who should not.
    Nothing,
    /// Some thread waits that may or may not be released.
    Open,
    /// The threads have not come to stand still.
    Unseen,
}

impl Shared {
    /// Ends the run if some threads wait for ever; plans the next search if that cannot be told yet.
    pub(super) fn look_for_knots(&self) {
        let began = Instant::now();
        let next = match self.search() {
            Found::Knot(knot) => {
                self.deadlocked(knot);
                Next::Never
            }
            Found::Nothing => Next::Never,
            Found::Open => Next::Later,
            Found::Unseen => Next::Again,
        };
        self.knots.plan_next(began, next);
    }

    fn search(&self) -> Found {
        let somebody_reads =
            |table: &Table| table.seats.values().any(|seat| seat.reads_input.load(Ordering::SeqCst));
        {
            let table = self.table.lock();
            let Picture { blocked, free } = self.picture(&table);
            let at_lines = table.seats.values().any(|seat| seat.is_at_a_line());
            if free.is_empty() {
                // Mostly the last who blocked has looked; but not at a connection, where something may have been under way.
                let open = if at_lines { Found::Open } else { Found::Nothing };
                return self.find_deadlock(&table).map_or(open, Found::Knot);
            }
            let minded = blocked.keys().any(|id| self.minds(&table, *id));
            if !(minded || at_lines || somebody_awaits(&table)) {
                return Found::Nothing;
            }
            // Nobody knows what it holds.
            if somebody_reads(&table) {
                return Found::Open;
            }
        }
        let patience = self.knots.patience();
        let look = |table: &Table| self.find_knot(table, &self.code());
        self.while_all_stand(patience, look).unwrap_or(Found::Unseen)
    }

    /// To be called while all stand still.
    fn find_knot(&self, table: &Table, code: &Code) -> Found {
        let Picture { blocked, free } = self.picture_of_all_standing(table, &code.image.program);
        let at_lines = || table.seats.values().any(|seat| seat.is_at_a_line());
        if free.is_empty() {
            return if at_lines() { Found::Open } else { Found::Nothing };
        }
        if !blocked.keys().any(|id| self.minds(table, *id)) {
            return if somebody_awaits(table) || at_lines() { Found::Open } else { Found::Nothing };
        }
        let mut threads: Vec<_> = table.seats.values().map(|seat| seat.thread.clone()).collect();
        threads.push(self.main.clone());
        let no_marks = || Marks::new(&code.image, code.reach(), threads.clone());
        let marks = RefCell::new(no_marks());
        let lines = Lines::of(blocked.keys().filter_map(|id| table.seats.get(id)));
        let lost = RefCell::new(lines.matter().then(|| no_marks().holding()));
        let (counted, unknown) = (Cell::new(0), Cell::new(false));
        let mark = |ids: &[u32]| {
            for seat in ids.iter().filter_map(|id| table.seats.get(id)) {
                if !unknown.get() {
                    let of = |marks: &mut Marks<'_>| mark_seat(marks, seat).is_err();
                    unknown.set(of(&mut marks.borrow_mut()) || lost.borrow_mut().as_mut().is_some_and(of));
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
            let lost = lost.borrow();
            let loses =
                |thing: u32| lost.as_ref().is_some_and(|lost| lines.may_lose(thing) && lost.has(thing));
            let reached = things.iter().any(|thing| marks.borrow().has(*thing) || loses(*thing));
            unknown.get() || reached || (things.is_empty() && condition_may_change(id))
        });
        // A thread that waits for ever is no matter where another ends the program.
        let ends = marks.borrow().may(Mention::Exit);
        if unknown.get() || ends || !stuck.iter().any(|id| self.minds(table, *id)) {
            return Found::Open;
        }
        if !self.have_looked(table, &stuck) {
            return Found::Open;
        }
        self.confirm(table, &blocked, stuck, true).map_or(Found::Open, Found::Knot)
    }

    /// Threads in an `await` count as blocked, though they may have been woken to look at their conditions.
    fn picture_of_all_standing(&self, table: &Table, program: &Program) -> Picture {
        let Picture { mut blocked, mut free } = self.picture(table);
        let awaits = |id: &u32| {
            let seat = table.seats.get(id);
            seat.is_some_and(|seat| seat.stands_awaiting(program))
        };
        for id in free.extract_if(.., |id| awaits(id)) {
            blocked.insert(id, Releasers::Anyone(Vec::new()));
        }
        Picture { blocked, free }
    }

    /// Whether it is a mistake that this thread waits for ever.
    pub(super) fn minds(&self, table: &Table, id: u32) -> bool {
        table.seats.get(&id).is_some_and(|seat| !seat.daemon) && !self.idles(table, id)
    }
}

/// The connections at which threads wait whose two sides are in this process. Their other sides close themselves when nobody
/// has them any more: so what is only held counts, too, for whoever goes on; but not where one of those who wait holds it.
#[derive(Default)]
pub(super) struct Lines {
    waits: HashSet<u32>,
    far: HashSet<u32>,
}

impl Lines {
    /// Those at which these wait.
    pub fn of<'s>(waiting: impl Iterator<Item = &'s Arc<Seat>>) -> Lines {
        let mut lines = Lines::default();
        for seat in waiting {
            if let Some(blocked) = &*seat.blocked.lock() {
                blocked.op.at_connections(&mut |wait| {
                    lines.far.extend(wait.far());
                    lines.waits.extend(wait.at());
                });
            }
        }
        lines
    }

    fn matter(&self) -> bool {
        !self.far.is_empty()
    }

    /// Whether it is the other side of such a connection, and none of those who wait holds it.
    pub fn may_lose(&self, thing: u32) -> bool {
        self.far.contains(&thing) && !self.is_held(thing)
    }

    /// One of those who wait holds it.
    pub fn is_held(&self, thing: u32) -> bool {
        self.waits.contains(&thing)
    }
}

impl Seat {
    /// Whether the thread waits at a connection both of whose sides were in this process.
    fn is_at_a_line(&self) -> bool {
        let timed = self.thread.waiting.lock().as_ref().is_none_or(|waiting| waiting.timed);
        let mut near = false;
        if let Some(blocked) = &*self.blocked.lock() {
            blocked.op.at_connections(&mut |wait| near |= wait.is_near());
        }
        near && !timed
    }
}

/// Whether some thread that keeps the program alive is in an `await`, parked or not.
fn somebody_awaits(table: &Table) -> bool {
    table.seats.values().any(|seat| !seat.daemon && seat.awaits.inside())
}

/// Marks all that a thread can come to.
pub(super) fn mark_seat(marks: &mut Marks<'_>, seat: &Seat) -> Result<(), Unknown> {
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
        Standing::At { snapshot, inside } => marks.condition(snapshot, *inside),
        Standing::Begins | Standing::Ended | Standing::Untold | Standing::Hidden => Err(Unknown),
    }
}
