//! What one process tells for the search for knots between processes (`knot`): what those of its threads that can go on can
//! come to; and of each that waits, who could release it, and what it could come to then.

use super::super::knot::{Lines, mark_condition, mark_seat};
use super::super::run::{Code, Shared};
use super::super::sides::{Listening, Open};
use super::super::threads::{Seat, Table};
use super::ring::uses;
use super::ways::Ways;
use crate::code::reach::Mention;
use crate::mapped::Memory;
use crate::report::runtime::Stuck;
use crate::sync::future::Future;
use crate::sync::outside::system::Ends;
use crate::sync::pool::Crew;
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Sync, Who};
use crate::world::marks::{Common, MOST_VALUES, Marks};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a process is kept waiting for those of its threads that are long in coming to a safe point.
const PATIENCE: Duration = Duration::from_millis(40);

/// What one process tells.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// Its number among those that share memory.
    pub process: usize,
    /// Of the threads that can go on.
    pub free: Reach,
    pub waiting: Vec<Waiting>,
    /// The sides of connections that it has.
    pub sides: Vec<Open>,
    /// Where it listens.
    pub doors: Vec<Listening>,
    /// It does not end by itself before all of these threads have ended, or have done their tasks.
    pub keeps: Vec<u32>,
    /// Nor with its parent, unless it is a daemon.
    pub daemon: bool,
    /// The pipes to other processes of which it has an open end, which closes itself when the process ends.
    pub pipes: Vec<Key>,
}

/// What threads can come to, and do.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    pub things: Vec<Key>,
    /// They may end their process.
    pub exits: bool,
    /// They may send signals to these processes, which the system knows by these numbers; to any.
    pub signals: Vec<i32>,
    pub any: bool,
}

/// A thing to wait for. What processes share has its place for a number, a pipe between them its own, a connection and a server
/// one made of addresses; anything else is of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub u64);

impl Key {
    /// Whatever anybody awaits.
    const CONDITIONS: Key = Key(1 << 57);

    fn there(place: u64) -> Key {
        Key(1 << 63 | place)
    }

    fn pipe(number: u32) -> Key {
        Key(1 << 62 | u64::from(number))
    }

    /// The same for both sides.
    pub fn line(ends: Ends) -> Key {
        let (less, more) = (ends.own.min(ends.peer), ends.own.max(ends.peer));
        Key::address(less.rotate_left(21) ^ more)
    }

    pub fn door(place: u64) -> Key {
        Key::address(place)
    }

    /// What all processes have in common, beside things to wait for. None where it has no number.
    fn common(common: Common) -> Option<Key> {
        match common {
            Common::Global(index) => Some(Key(1 << 60 | u64::from(index))),
            Common::Container(number) => Some(Key(1 << 59 | number as u64)),
            Common::Unplaced => None,
        }
    }

    /// What the condition depends on that this thread awaits, of all that its own process can change.
    fn condition(thread: u32) -> Key {
        Key(1 << 58 | u64::from(thread))
    }

    fn address(number: u64) -> Key {
        Key(1 << 61 | number >> 3)
    }

    fn of(process: usize, thing: u32) -> Key {
        Key((process as u64) << 32 | u64::from(thing))
    }
}

/// A thread that waits until a thread of this run does something.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub id: u32,
    pub rests: u64,
    /// Worth a report: what it does is waited for.
    pub minded: bool,
    /// It waits for what processes share, or for what one of them does.
    pub afar: bool,
    /// Its process may end without it.
    pub mortal: bool,
    /// It has nothing to do, which is no fault of its own.
    pub idle: bool,
    /// Of one that awaits something and was told of a change since it has looked: which of the changes in any process that look
    /// was after. None of one that rests.
    pub looked: Option<u64>,
    pub ways: Ways,
    pub reach: Reach,
    pub stuck: Stuck,
    pub notes: Vec<String>,
}

impl Shared {
    /// The threads that wait for what processes share, if one whose waiting for ever would be a mistake does, or may wait for
    /// them, each with the number of its rest.
    pub(super) fn who_waits_afar(&self) -> HashMap<u32, u64> {
        if self.memory().is_none() {
            return HashMap::new();
        }
        let table = self.table.lock();
        let shares = self.code().image.program.shares();
        let awaits = |seat: &Seat| shares && is_awaiting(seat);
        let waits = |seat: &Seat| self.may_wait_within(seat) && (leads_afar(seat) || awaits(seat));
        let is_minded =
            |(id, seat): (&u32, &Arc<Seat>)| self.minds(&table, *id) && self.may_wait_within(seat);
        if !table.seats.iter().any(is_minded) {
            return HashMap::new();
        }
        let those = table.seats.iter().filter(|(id, seat)| !self.idles(&table, **id) && waits(seat));
        those.map(|(id, seat)| (*id, seat.rests.load(Ordering::SeqCst))).collect()
    }

    /// None when it cannot be told what somebody may come to.
    pub(super) fn view(&self) -> Option<View> {
        let code = self.code();
        let memory = self.memory()?;
        self.while_all_stand(PATIENCE, |table| self.view_of(table, &code, memory)).flatten()
    }

    fn view_of(&self, table: &Table, code: &Code, memory: &Memory) -> Option<View> {
        if table.seats.values().any(|seat| seat.reads_input.load(Ordering::SeqCst)) {
            return None; // nobody knows what it holds
        }
        let process = memory.own().number;
        let (mut free, mut waiting) = (Vec::new(), Vec::new());
        let mut left = MOST_VALUES;
        let conditions = self.conditions(table, code, &mut left);
        for seat in table.seats.values() {
            match self.ways_anywhere(seat, process, &conditions) {
                Some(ways) => waiting.push((seat, ways)),
                None => free.push(seat),
            }
        }
        let mut awaited = HashSet::new();
        waiting.iter().for_each(|(_, ways)| ways.things(&mut |key| awaited.extend([key])));
        awaited.retain(|key| key.0 >> 32 == process as u64);
        let pool_lines: Vec<Key> = waiting.iter().filter_map(|(seat, _)| line_of_pool(seat)).collect();
        let open = self.doors.open_pipes().into_iter().map(|(number, ends)| (Key::pipe(number), ends));
        let open: Vec<(Key, [u32; 2])> = open.collect();
        let pipes = open.iter().copied().filter(|(key, _)| !pool_lines.contains(key)).collect();
        let lines = Lines::of(waiting.iter().map(|(seat, _)| *seat));
        let (sides, doors) = (self.doors.sides.open(), self.doors.sides.listening());
        let connected = Connected { sides: &sides, doors: &doors, lines };
        let mut outlook =
            Outlook { shared: self, table, code, awaited, pipes, pool_lines, conditions, connected, left };
        let free = outlook.of(&free)?;
        let waiting = waiting.into_iter().map(|(seat, ways)| {
            let reach = outlook.of(&[seat])?;
            let condition = outlook.conditions.get(&seat.thread.id);
            let afar = leads_afar(seat) || condition.is_some_and(Marks::is_common);
            let mortal = !self.stays(memory, seat);
            Some(Waiting { mortal, ..self.waiting(table, seat, afar, (ways, reach)) })
        });
        let waiting = waiting.collect::<Option<_>>()?;
        let keeps = table.seats.values().filter(|seat| self.is_waited_for(seat));
        let keeps = keeps.map(|seat| seat.thread.id).collect();
        let daemon = self.processes.own.as_ref().is_some_and(|own| own.daemon);
        let pipes = open.into_iter().map(|(key, _)| key).collect();
        Some(View { process, free, waiting, sides, doors, keeps, daemon, pipes })
    }

    /// `afar`: it waits for what processes share, or for what one of them does.
    fn waiting(&self, table: &Table, seat: &Seat, afar: bool, (ways, reach): (Ways, Reach)) -> Waiting {
        let id = seat.thread.id;
        let mut notes = Vec::new();
        let mut stuck = self.stuck(seat, &mut notes);
        self.name_in_process(&mut stuck);
        let daemon = self.processes.own.as_ref().is_some_and(|own| own.daemon);
        Waiting {
            id,
            rests: seat.rests.load(Ordering::SeqCst),
            // Tasks are waited for.
            minded: (!daemon || self.serves(seat)) && self.minds(table, id),
            afar,
            mortal: false,
            idle: self.idles(table, id),
            looked: if self.may_wait_within(seat) { None } else { Some(seat.awaits.looked_afar()) },
            ways,
            reach,
            stuck,
            notes,
        }
    }

    /// Whether it stays as long as nobody releases it: its process does not end before, but with the whole run.
    fn stays(&self, memory: &Memory, seat: &Seat) -> bool {
        let Some(own) = &self.processes.own else { return true };
        self.is_waited_for(seat) && (!own.daemon || memory.own().parent().number == 0)
    }

    /// What the conditions depend on that threads await, whether or not they were told of a change; of each of which that is
    /// known.
    fn conditions<'m>(&self, table: &Table, code: &'m Code, left: &mut usize) -> HashMap<u32, Marks<'m>> {
        // One that looks outside looks again by itself.
        let timed = |seat: &Seat| seat.thread.waiting.lock().as_ref().is_none_or(|waiting| waiting.timed);
        let awaits = |seat: &Seat| seat.stands_awaiting(&code.image.program) && !timed(seat);
        let those = table.seats.values().filter(|seat| awaits(seat));
        let known = those.filter_map(|seat| {
            let mut condition = self.no_marks(table, code, *left);
            mark_condition(&mut condition, seat).ok()?;
            *left = condition.left();
            let placed = condition.in_common().all(|common| Key::common(common).is_some());
            placed.then_some((seat.thread.id, condition))
        });
        known.collect()
    }

    fn no_marks<'m>(&self, table: &Table, code: &'m Code, left: usize) -> Marks<'m> {
        let mut threads: Vec<_> = table.seats.values().map(|seat| seat.thread.clone()).collect();
        threads.push(self.main.clone());
        Marks::new(&code.image, code.reach(), threads).releasing().sparing(left)
    }

    /// Who of all processes could release a thread; None for one that may go on by itself.
    fn ways_anywhere(
        &self,
        seat: &Seat,
        process: usize,
        conditions: &HashMap<u32, Marks<'_>>,
    ) -> Option<Ways> {
        if let Some(condition) = conditions.get(&seat.thread.id) {
            let id = seat.thread.id;
            let common = condition.in_common().filter_map(Key::common);
            let there = condition.places().map(Key::there);
            let own = [Key::CONDITIONS, Key::condition(id)];
            return Some(Ways::Anyone(common.chain(there).chain(own).collect()));
        }
        if is_awaiting(seat) || !self.may_wait_within(seat) {
            return None;
        }
        let blocked = seat.blocked.lock();
        let blocked = blocked.as_ref()?;
        let who = Who { thread: &seat.thread, line: blocked.line };
        Some(self.ways_of(&blocked.op, who, process)).filter(|ways| *ways != Ways::Outside)
    }

    /// Who has to end before these threads and processes have.
    fn ends_of(&self, those: &[&Arc<Thread>]) -> Ways {
        let going = those.iter().filter(|thread| !thread.ended());
        let (processes, threads): (Vec<&Arc<Thread>>, Vec<&Arc<Thread>>) =
            going.partition(|thread| thread.process.is_some());
        let children = self.processes.children.lock();
        let number = |handle: &Arc<Thread>| {
            let child = children.living.iter().find(|child| Arc::ptr_eq(&child.handle, handle));
            child.map(|child| child.number)
        };
        let threads = threads.into_iter().map(|thread| thread.id).collect();
        Ways::All(threads, processes.into_iter().filter_map(number).collect())
    }

    fn ways_of(&self, op: &Op, who: Who<'_>, process: usize) -> Ways {
        let here = |thing: u32| Key::of(process, thing);
        match op {
            Op::Select(select) => {
                Ways::Either(select.arms.iter().map(|arm| self.ways_of(arm, who, process)).collect())
            }
            Op::Join(thread) | Op::ThreadResult(thread) => self.ends_of(&[thread]),
            Op::JoinAll(threads) => self.ends_of(&threads.iter().collect::<Vec<_>>()),
            Op::Pipe(wait) if wait.is_outside() => Ways::Anyone(vec![Key::pipe(wait.pipe())]),
            Op::Outside(wait) if wait.line().is_some() => wait.line().map_or(Ways::Outside, Ways::Line),
            op => match (op.releasers_of_all(who), op.there()) {
                (Releasers::Anyone(_), Some(thing)) => Ways::Anyone(vec![Key::there(thing.place())]),
                (releasers, _) => Ways::of(&releasers, &here),
            },
        }
    }
}

/// The pipe to a worker of a process pool, or from there, at which it waits.
fn line_of_pool(seat: &Seat) -> Option<Key> {
    let blocked = seat.blocked.lock();
    match &blocked.as_ref()?.op {
        Op::Pipe(wait) if wait.is_for_a_task() || wait.is_for_an_answer() => Some(Key::pipe(wait.pipe())),
        _ => None, // no other has one
    }
}

/// Whether it is parked in an `await`.
fn is_awaiting(seat: &Seat) -> bool {
    seat.blocked.lock().as_ref().is_some_and(|blocked| matches!(blocked.op, Op::Change))
}

/// Whether it waits for something that processes share, or that one of them does.
fn leads_afar(seat: &Seat) -> bool {
    fn is_far(future: &Arc<Sync>) -> bool {
        Future::of(future).is_ok_and(Future::is_of_processes)
    }
    fn leads(op: &Op) -> bool {
        match op {
            Op::Select(select) => select.arms.iter().any(leads),
            Op::Pipe(wait) => wait.is_outside(),
            Op::Outside(wait) => wait.line().is_some(),
            Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => is_far(future),
            Op::Several(several) => several.futures.iter().any(is_far),
            Op::Idle(leaving) => Crew::of(&leaving.crew).is_ok_and(|crew| crew.processes),
            op => op.there().or(op.lock()).is_some_and(|thing| thing.is_there()),
        }
    }
    seat.blocked.lock().as_ref().is_some_and(|blocked| leads(&blocked.op))
}

/// The connections and servers of a process, and at which its threads wait.
struct Connected<'v> {
    sides: &'v [Open],
    doors: &'v [Listening],
    lines: Lines,
}

impl Connected<'_> {
    /// All of them.
    fn everything(&self) -> impl Iterator<Item = Key> {
        let sides = self.sides.iter().map(|side| Key::line(side.ends));
        sides.chain(self.doors.iter().map(|door| Key::door(door.place)))
    }

    /// Those that are used, or lost, by who comes to these by the code, and holds these.
    fn within(&self, used: &Marks<'_>, held: &Marks<'_>) -> Vec<Key> {
        let lost = |id: u32| !self.lines.is_held(id) && held.has(id);
        let reached = |id: u32| used.has(id) || lost(id);
        let sides = self.sides.iter().filter(|side| reached(side.id)).map(|side| Key::line(side.ends));
        let doors = self.doors.iter().filter(|door| reached(door.id)).map(|door| Key::door(door.place));
        sides.chain(doors).collect()
    }

    fn is_empty(&self) -> bool {
        self.sides.is_empty() && self.doors.is_empty()
    }
}

/// What threads of one process can come to, that stands still.
struct Outlook<'s> {
    shared: &'s Shared,
    table: &'s Table,
    code: &'s Code,
    /// What is waited for that is of this process alone.
    awaited: HashSet<Key>,
    /// Of pipes to other processes, with the ids of their ends here.
    pipes: Vec<(Key, [u32; 2])>,
    /// Those of them that lead to workers of process pools: who waits there has them alone.
    pool_lines: Vec<Key>,
    /// What threads await.
    conditions: HashMap<u32, Marks<'s>>,
    connected: Connected<'s>,
    /// So many values may still be looked at.
    left: usize,
}

impl Outlook<'_> {
    /// None when it cannot be told.
    fn of(&mut self, seats: &[&Arc<Seat>]) -> Option<Reach> {
        if seats.is_empty() {
            return Some(Reach::default());
        }
        // The tasks of a process pool bring functions that may come to anything their process has.
        if seats.iter().any(|seat| self.shared.serves(seat)) {
            return Some(self.anything());
        }
        // So may who types in a session. (That they could end any thread or process is no reason not to tell them.)
        let typed = self.shared.desk.is_some();
        let (main, others): (Vec<_>, Vec<_>) =
            seats.iter().partition(|seat| typed && seat.thread.id == self.shared.main.id);
        let mut reach = self.marked(&others)?;
        if !main.is_empty() {
            reach.things = self.everything();
        }
        Some(reach)
    }

    /// All that anybody of this process could do.
    fn anything(&self) -> Reach {
        let program = &self.code.image.program;
        let any = uses(program, &["kill", "terminate", "send_signal"]);
        let exits = uses(program, &["exit"]);
        let mut things = self.everything();
        things.extend(self.pool_lines.iter().copied());
        Reach { things, exits, any, ..Reach::default() }
    }

    /// All that somebody may wait for.
    fn everything(&self) -> Vec<Key> {
        let there =
            self.shared.there.lock().iter().map(|thing| Key::there(thing.place())).collect::<Vec<_>>();
        let here = self.pipes.iter().map(|(key, _)| *key).chain(self.awaited.iter().copied());
        let all = there.into_iter().chain(here).chain(self.connected.everything());
        all.chain([Key::CONDITIONS]).collect()
    }

    /// What is within reach by the code and the values: of what processes share, any.
    fn marked(&mut self, seats: &[&Arc<Seat>]) -> Option<Reach> {
        if seats.is_empty() {
            return Some(Reach::default());
        }
        let fresh = |left| self.shared.no_marks(self.table, self.code, left);
        let mark = |marks: &mut Marks<'_>| seats.iter().try_for_each(|seat| mark_seat(marks, seat)).ok();
        let mut marks = fresh(self.left);
        mark(&mut marks)?;
        self.left = marks.left();
        // So do the results, of which whoever has a task may get one.
        if marks.has_process_pools() {
            return Some(self.anything());
        }
        let mut connected = Vec::new();
        if !self.connected.is_empty() {
            let mut held = fresh(self.left).holding();
            mark(&mut held)?;
            self.left = held.left();
            connected = self.connected.within(&marks, &held);
            let lost = |key: &Key| self.connected.lines.may_lose(key.0 as u32) && held.has(key.0 as u32);
            connected.extend(self.awaited.iter().copied().filter(lost));
        }
        // Who only holds an end may lose it.
        let pipes = self.pipes.iter().filter(|(_, ends)| ends.iter().any(|end| marks.has_end(*end)));
        let there = marks.places().map(Key::there).chain(pipes.map(|(key, _)| *key));
        let here = self.awaited.iter().copied().filter(|key| marks.has(key.0 as u32));
        let changes = marks.changes_in_common().filter_map(Key::common);
        // One that has no number is awaited by nobody of whom it is known what that depends on.
        let conditions = self.conditions.iter().filter(|(_, condition)| marks.may_change(condition));
        let conditions = conditions.map(|(id, _)| Key::condition(*id));
        let things = there.chain(here).chain(connected).chain(changes).chain(conditions).collect();
        let signals = marks.signals().next().is_some();
        Some(Reach {
            things,
            exits: marks.may(Mention::Exit),
            signals: marks.processes().filter(|_| signals).collect(),
            any: signals && marks.may(Mention::AnyProcess),
        })
    }
}
