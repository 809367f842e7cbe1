//! Threads that wait for ever while others go on (`world::knot`), of real threads.
//!
//! All threads stand still for a moment and tell what they hold. What is found is certain: nobody moves meanwhile, and
//! what is out of reach for all who move stays out of reach. When to search is decided by `occasion`.

use super::deadlock::{Knot, Picture};
use super::occasion::Next;
use super::run::{Code, Shared};
use super::standing::Standing;
use super::threads::{Seat, Table};
use crate::code::Program;
use crate::code::reach::{Mention, sends_by_number};
use crate::sync::Releasers;
use crate::sync::outside::signal::{Default, Signal};
use crate::world::graph::Blocked;
use crate::world::knot::{Conditions, Outlook, waits_for_ever};
use crate::world::marks::{Marks, Unknown};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often it is searched at most before all processes are said to be still.
const SEARCHES: u32 = 100;
const BETWEEN_SEARCHES: Duration = Duration::from_millis(2);
/// All of them rest then, so nobody is kept from anything.
const LONG_PATIENCE: Duration = Duration::from_millis(500);

/// What a search has found.
enum Found {
    Knot(Knot),
    /// Nobody waits who should not.
    Nothing,
    /// Some thread waits that may or may not be released.
    Open,
    /// The same, but if those in an `await` who were told of a change look in vain, nobody can release them.
    Suspected,
    /// The threads have not come to stand still.
    Unseen,
}

impl Shared {
    /// Ends the run if some threads wait for ever; plans the next search if that cannot be told yet.
    pub(super) fn look_for_knots(&self) {
        let began = Instant::now();
        let next = match self.search(self.knots.patience()) {
            Found::Knot(knot) => {
                self.deadlocked(knot);
                Next::Never
            }
            Found::Nothing => Next::Never,
            Found::Open | Found::Suspected => Next::Later,
            Found::Unseen => Next::Again,
        };
        self.knots.plan_next(began, next);
    }

    /// Ends a process other than the first if some of its threads wait for ever, of which some are in an `await`: where nobody
    /// goes on in it, that has to be looked at before it is told of all processes that they are still. Whether it did.
    pub(super) fn ends_alone(&self) -> bool {
        let awaits = |table: &Table| table.seats.values().any(|seat| seat.awaits.inside());
        if self.processes.own.is_none() || !awaits(&self.table.lock()) {
            return false;
        }
        for _ in 0..SEARCHES {
            match self.search(LONG_PATIENCE) {
                Found::Knot(knot) => {
                    self.deadlocked(knot);
                    return true;
                }
                Found::Nothing | Found::Open => return false,
                // They are about to look, or another search is being made.
                Found::Suspected | Found::Unseen => std::thread::sleep(BETWEEN_SEARCHES),
            }
        }
        false
    }

    fn search(&self, patience: Duration) -> Found {
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
            if !(minded || at_lines || self.somebody_awaits(&table)) {
                return Found::Nothing;
            }
            // Nobody knows what it holds.
            if somebody_reads(&table) {
                return Found::Open;
            }
        }
        let look = |table: &Table| self.find_knot(table, &self.code());
        self.while_all_stand(patience, look).unwrap_or(Found::Unseen)
    }

    /// To be called while all stand still.
    fn find_knot(&self, table: &Table, code: &Code) -> Found {
        let Picture { blocked, free } = self.picture_of_all_standing(table, &code.image.program);
        let at_lines = || table.seats.values().any(|seat| seat.is_at_a_line());
        // Who was told of a change may find its condition true: first it counts as going on, as most do.
        let told = |id: &u32| table.seats.get(id).is_some_and(|seat| self.is_told_of_a_change(seat));
        let (looks, still): (Blocked, Blocked) =
            blocked.iter().map(|(id, releasers)| (*id, releasers.clone())).partition(|(id, _)| told(id));
        if !looks.is_empty() {
            let going: Vec<u32> = free.iter().chain(looks.keys()).copied().collect();
            if let Some(stuck) = self.stuck_among(table, code, &still, &going)
                && let Some(knot) = self.confirm(table, &still, stuck, true)
            {
                return Found::Knot(knot);
            }
        }
        // Who awaits something may depend on other processes, which goes unasked where nobody has parked last.
        if free.is_empty() && !table.seats.values().any(|seat| seat.awaits.inside()) {
            return if at_lines() { Found::Open } else { Found::Nothing };
        }
        if !blocked.keys().any(|id| self.minds(table, *id)) {
            return if self.somebody_awaits(table) || at_lines() { Found::Open } else { Found::Nothing };
        }
        let Some(stuck) = self.stuck_among(table, code, &blocked, &free) else { return Found::Open };
        if !self.have_looked(table, &stuck) {
            return Found::Suspected;
        }
        self.confirm(table, &blocked, stuck, true).map_or(Found::Open, Found::Knot)
    }

    /// The blocked threads that wait for ever, whatever the free ones do. None when nobody does who should not, or that cannot be
    /// told.
    fn stuck_among(&self, table: &Table, code: &Code, blocked: &Blocked, free: &[u32]) -> Option<Vec<u32>> {
        let mut threads: Vec<_> = table.seats.values().map(|seat| seat.thread.clone()).collect();
        threads.push(self.main.clone());
        let no_marks = || Marks::new(&code.image, code.reach(), threads.clone()).releasing();
        let lines = Lines::of(blocked.keys().filter_map(|id| table.seats.get(id)));
        let mut outlook = Standstill {
            shared: self,
            table,
            marks: no_marks(),
            lost: lines.matter().then(|| no_marks().holding()),
            lines,
            conditions: Conditions::default(),
            no_marks: &no_marks,
            others: self.processes.others_live(),
        };
        let stuck = waits_for_ever(blocked, free, &mut outlook).ok()?;
        // A thread that waits for ever is no matter where another ends the program.
        let ends = outlook.marks.may(Mention::Exit) || self.may_end_itself(code, &outlook.marks);
        (!ends && stuck.iter().any(|id| self.minds(table, *id))).then_some(stuck)
    }

    /// Whether who can come to what is marked may end this process by a signal, as by `exit`. (A program that it runs may, too;
    /// that is not thought of.)
    fn may_end_itself(&self, code: &Code, marks: &Marks<'_>) -> bool {
        let by_number = marks.may(Mention::AnyProcess) && sends_by_number(&code.image.program);
        if !by_number {
            return false;
        }
        let handled = self.doors.handlers.known();
        let is_handled = |signal: &Signal| {
            handled.iter().any(|(number, _)| *number == signal.number) && !marks.may(Mention::Handles)
        };
        let mut signals = marks.signals().flat_map(Signal::this_or_any);
        signals.any(|signal| signal.by_default() == Default::Ends && !is_handled(&signal))
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

    /// Whether it is a mistake that this thread waits for ever: the program waits for it, or for the task that it does for a
    /// pool.
    pub(super) fn minds(&self, table: &Table, id: u32) -> bool {
        table.seats.get(&id).is_some_and(|seat| self.is_waited_for(seat)) && !self.idles(table, id)
    }

    /// Whether some thread that the program waits for is in an `await`, parked or not.
    fn somebody_awaits(&self, table: &Table) -> bool {
        table.seats.values().any(|seat| seat.awaits.inside() && self.is_waited_for(seat))
    }

    /// Whether the program does not end before this thread has ended, or has done its task.
    pub(super) fn is_waited_for(&self, seat: &Seat) -> bool {
        !seat.daemon || self.things.works(seat.thread.id)
    }

    /// Whether it is who does the tasks in a worker of a process pool: these bring functions that may come to anything their
    /// process has.
    pub(super) fn serves(&self, seat: &Seat) -> bool {
        self.processes.own.as_ref().is_some_and(|own| own.of_pool) && seat.thread.id == self.main.id
    }
}

/// What all that stand still can come to.
struct Standstill<'t, 'm> {
    shared: &'t Shared,
    table: &'t Table,
    marks: Marks<'m>,
    /// The same where what is only held counts, too.
    lost: Option<Marks<'m>>,
    lines: Lines,
    conditions: Conditions<'m>,
    no_marks: &'t dyn Fn() -> Marks<'m>,
    /// There are other processes, which may change what all have in common.
    others: bool,
}

impl Outlook for Standstill<'_, '_> {
    fn goes_on(&mut self, thread: u32) -> Result<(), Unknown> {
        let Some(seat) = self.table.seats.get(&thread) else { return Ok(()) };
        if self.shared.serves(seat) {
            return Err(Unknown);
        }
        mark_seat(&mut self.marks, seat)?;
        // What comes back from its processes may be functions, too.
        if self.marks.has_process_pools() {
            return Err(Unknown);
        }
        self.lost.as_mut().map_or(Ok(()), |lost| mark_seat(lost, seat))
    }

    fn reaches(&self, thing: u32) -> bool {
        let loses = |lost: &Marks<'_>| self.lines.may_lose(thing) && lost.has(thing);
        self.marks.has(thing) || self.lost.as_ref().is_some_and(loses)
    }

    fn may_change(&mut self, thread: u32) -> bool {
        let condition = self.conditions.of(thread, || {
            let mut condition = (self.no_marks)();
            mark_condition(&mut condition, self.table.seats.get(&thread).ok_or(Unknown)?)?;
            Ok(condition)
        });
        let others = self.others;
        condition.is_none_or(|condition| others && condition.is_common() || self.marks.may_change(condition))
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

/// Marks all that the condition depends on that the thread awaits.
pub(super) fn mark_condition(marks: &mut Marks<'_>, seat: &Seat) -> Result<(), Unknown> {
    match &*seat.standing.lock() {
        Standing::At { snapshot, inside } => marks.condition(snapshot, *inside),
        Standing::Begins | Standing::Ended | Standing::Untold | Standing::Hidden => Err(Unknown),
    }
}
