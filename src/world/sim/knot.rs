//! Threads of a simulated run that wait for ever while others go on (`world::knot`).
//!
//! Processes have variables of their own, so what somebody can come to is marked for each process; what they share is the
//! same thing for all. Nobody is outside of such a run: so who accepts connections waits for those who can make one, and who
//! handles a signal does nothing as long as nobody can send that one. Where it is not known what a process may do to another
//! (one that may go on with the tasks of a process pool), nothing is said.

use super::rules::Rules;
use super::universe::{Seat, Universe};
use crate::code::reach::{Mention, Reach};
use crate::machine::{Image, Space};
use crate::sync::outside::signal::{Default, Signal};
use crate::sync::outside::simulated::Held;
use crate::sync::process::Process;
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Who};
use crate::value::Value;
use crate::world::graph::{self, Blocked};
use crate::world::knot::{Conditions, Outlook, waits_for_ever};
use crate::world::marks::{Marks, Unknown};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Of a thread in more calls than this nothing is known.
const MOST_CALLS: usize = 1000;

impl Universe {
    /// The seats of those that wait for ever, whatever those do that go on; empty when nobody does whom the program waits
    /// for, or that cannot be told. `rests`: whether the thread in this seat, which waits, has been found to do so in vain
    /// since anything has changed.
    pub fn knot(&self, rules: &Rules, rests: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let mut waiting = Waiting::default();
        for (at, seat) in self.seats.iter().enumerate() {
            let wait = seat.wait.as_ref().filter(|wait| wait.deadline.is_none() && rests(at));
            match wait {
                Some(wait) => self.waits(at, &wait.op, &mut waiting),
                None => waiting.free.push(seat.thread.id),
            }
        }
        self.for_ever(rules, &waiting).unwrap_or_default()
    }

    /// A thread waits in this seat without a deadline, and in vain as things are.
    pub fn waits(&self, at: usize, op: &Op, waiting: &mut Waiting) {
        let seat = &self.seats[at];
        if seat.handles.is_some() && op.is_for_a_signal() {
            return;
        }
        let end_is_apart = seat.space.as_ref().is_some_and(|space| {
            // It would be taken with its process, which ends without it.
            let ends_alone = space.is_daemon() && space.parent.is_some();
            seat.thread.daemon.load(Ordering::SeqCst) || ends_alone
        });
        if seat.lets_go || end_is_apart {
            waiting.free.push(seat.thread.id);
            return;
        }
        let releasers = self.released_by(at, op, &mut waiting.sides);
        waiting.blocked.insert(seat.thread.id, releasers);
    }

    /// The seats of those that wait for ever, whatever those do that go on; empty when nobody does whom the program waits for.
    /// None where that cannot be told.
    pub fn for_ever(&self, rules: &Rules, waiting: &Waiting) -> Option<Vec<usize>> {
        let Waiting { blocked, free, sides } = waiting;
        let (mut blocked, mut free) = (blocked.clone(), free.clone());
        let places: BTreeMap<u32, usize> =
            self.seats.iter().enumerate().map(|(at, seat)| (seat.thread.id, at)).collect();
        if !blocked.keys().any(|id| self.is_missed(&self.seats[places[id]])) {
            return Some(Vec::new());
        }
        let reach = rules.reach.get_or_init(|| Reach::of(&self.image.program));
        let images = std::iter::once((None, self.image.clone()));
        let spaces = self.spaces().into_iter().map(|space| (Some(space.clone()), space.image.clone()));
        let images: Vec<(Option<Arc<Space>>, Arc<Image>)> = images.chain(spaces).collect();
        let fresh = || images.iter().map(|(space, image)| self.no_marks(space.as_ref(), image, reach));
        let loses = !sides.own.is_empty() || rules.pipes && images.len() > 1;
        let stuck = loop {
            let mut outlook = Moment {
                universe: self,
                images: &images,
                reach,
                places: &places,
                sides,
                marks: fresh().collect(),
                lost: if loses { fresh().map(Marks::holding).collect() } else { Vec::new() },
                unopened: vec![images.len() > 1; images.len()],
                others: false,
                conditions: Conditions::default(),
            };
            let stuck = waits_for_ever(&blocked, &free, &mut outlook).ok()?;
            // A thread that waits for ever is no matter where another ends the program.
            if outlook.marks.iter().any(|marks| marks.may(Mention::Exit)) {
                return None;
            }
            // Whom a signal may set going, or end, does not wait for ever; and may do something that sends others.
            let mut told = if rules.signals {
                self.told_by_signals(&outlook.marks, &images, &blocked)?
            } else {
                Vec::new()
            };
            told.retain(|id| !free.contains(id));
            if told.is_empty() {
                break stuck;
            }
            told.iter().for_each(|id| drop(blocked.remove(id)));
            free.append(&mut told);
        };
        let stuck: Vec<usize> = stuck.iter().map(|id| places[id]).collect();
        let is_missed = |at: &usize| self.is_missed(&self.seats[*at]);
        Some(if stuck.iter().any(is_missed) { stuck } else { Vec::new() })
    }

    /// The threads, by id, that signals may set going that somebody may send who can come to what is marked, or that have come:
    /// those of handlers, and all of a process that may end by one. None where that may be the whole run, or cannot be told.
    ///
    /// That a handler fails, so that the next signal ends its process, is not thought of: it is a mistake that is told.
    fn told_by_signals(
        &self,
        marks: &[Marks<'_>],
        images: &[(Option<Arc<Space>>, Arc<Image>)],
        blocked: &Blocked,
    ) -> Option<Vec<u32>> {
        let mut told = Vec::new();
        for (target, (space, _)) in images.iter().enumerate() {
            let mut signals = self.signals_come(space.as_ref())?;
            for (sender, marks) in marks.iter().enumerate() {
                if self.may_tell(marks, images[sender].0.as_ref(), space.as_ref()) {
                    signals.extend(marks.signals().flat_map(Signal::this_or_any));
                }
            }
            for signal in signals {
                match self.handler_of(space.as_ref(), signal.number) {
                    // (One that waits for something else does not come to the next signal.)
                    Some(handler) => {
                        told.extend(handler.map(|it| it.id).filter(|id| !blocked.contains_key(id)))
                    }
                    None if signal.by_default() != Default::Ends => {}
                    None => self.ended_with(space.as_ref()?, &mut told),
                }
                // Those who go on there may take the handler away.
                if signal.by_default() == Default::Ends && marks[target].may(Mention::Handles) {
                    self.ended_with(space.as_ref()?, &mut told);
                }
            }
        }
        Some(told)
    }

    /// Whether who can come to what is marked, in one process, may send signals to another, or to its own.
    fn may_tell(&self, marks: &Marks<'_>, from: Option<&Arc<Space>>, to: Option<&Arc<Space>>) -> bool {
        if marks.signals().next().is_none() {
            return false;
        }
        let born = to.and_then(|space| space.process().born()).map(|born| born.pid);
        if marks.processes().any(|pid| born == Some(pid)) {
            return true;
        }
        let same = |one: Option<&Arc<Space>>, other: Option<&Arc<Space>>| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        fn parent(space: Option<&Arc<Space>>) -> Option<Option<&Arc<Space>>> {
            space.map(|space| space.parent.as_ref())
        }
        let is_next = same(from, to)
            || parent(from).is_some_and(|parent| same(parent, to))
            || parent(to).is_some_and(|parent| same(parent, from));
        is_next && marks.may(Mention::AnyProcess)
    }

    /// All threads of a process, and those of the processes that end with it.
    fn ended_with(&self, space: &Arc<Space>, told: &mut Vec<u32>) {
        let is_of_it = |seat: &Seat| {
            let mut at = seat.space.as_ref();
            while let Some(known) = at {
                if Arc::ptr_eq(known, space) {
                    return true;
                }
                at = known.parent.as_ref();
            }
            false
        };
        told.extend(self.seats.iter().filter(|seat| is_of_it(seat)).map(|seat| seat.thread.id));
    }

    /// The same within one process other than the first: which of those of its threads that wait for what is its alone wait for
    /// ever, whatever the others of it do. (Other processes may change whatever they have in common with it.)
    pub fn knot_within(
        &self,
        rules: &Rules,
        space: &Arc<Space>,
        blocked: &Blocked,
        sides: &Sides,
    ) -> Vec<u32> {
        let reach = rules.reach.get_or_init(|| Reach::of(&self.image.program));
        let places = self.seats.iter().enumerate().map(|(at, seat)| (seat.thread.id, at)).collect();
        let images = [(Some(space.clone()), space.image.clone())];
        let others = self.seats.iter().filter(|seat| seat.is_in(Some(space))).map(|seat| seat.thread.id);
        let free: Vec<u32> = others.filter(|id| !blocked.contains_key(id)).collect();
        let mut outlook = Moment {
            universe: self,
            images: &images,
            reach,
            places: &places,
            sides,
            marks: vec![self.no_marks(Some(space), &images[0].1, reach)],
            lost: match sides.own.is_empty() {
                true => Vec::new(),
                false => vec![self.no_marks(Some(space), &images[0].1, reach).holding()],
            },
            others: true,
            unopened: vec![true],
            conditions: Conditions::default(),
        };
        let stuck = waits_for_ever(blocked, &free, &mut outlook);
        match stuck {
            // One that goes on may end its process.
            Ok(stuck) if !outlook.marks[0].may(Mention::Exit) => stuck,
            Ok(_) | Err(_) => Vec::new(),
        }
    }

    /// The same as `released_by` of who waits at a connection whose other side the same process has, so that it is no matter of
    /// any other. (No connection goes from one process to another.)
    pub fn released_within(&self, rules: &Rules, at: usize, op: &Op, sides: &mut Sides) -> Option<Releasers> {
        let Op::Outside(wait) = op else { return None };
        let (_, other) = wait.sides()?;
        let space = self.seats[at].space.as_ref()?;
        self.has_side(rules, space, other?).then(|| self.released_by(at, op, sides))
    }

    /// Whether somebody has this side of a connection in this process, or a server that has not accepted it yet.
    fn has_side(&self, rules: &Rules, space: &Arc<Space>, side: Held) -> bool {
        let reach = rules.reach.get_or_init(|| Reach::of(&self.image.program));
        let places = self.seats.iter().enumerate().map(|(at, seat)| (seat.thread.id, at)).collect();
        let images = [(Some(space.clone()), space.image.clone())];
        let marks = || vec![self.no_marks(Some(space), &images[0].1, reach).holding()];
        let mut moment = Moment {
            universe: self,
            images: &images,
            reach,
            places: &places,
            sides: &Sides::default(),
            marks: marks(),
            lost: marks(),
            others: true,
            unopened: vec![true],
            conditions: Conditions::default(),
        };
        let mut seats = self.seats.iter().filter(|seat| seat.is_in(Some(space)));
        seats.all(|seat| moment.goes_on(seat.thread.id).is_ok()) && moment.lost[0].has_side(side)
    }

    /// Who could release the thread in this seat, which waits in this operation without a deadline.
    fn released_by(&self, at: usize, op: &Op, sides: &mut Sides) -> Releasers {
        let seat = &self.seats[at];
        let ends_of = |thread: &Arc<Thread>| match &thread.process {
            Some(process) => self.last_of(process.original(thread)),
            None => vec![thread.id],
        };
        match op {
            Op::Join(thread) | Op::ThreadResult(thread) => Releasers::All(ends_of(thread)),
            Op::JoinAll(threads) => {
                Releasers::All(threads.iter().filter(|thread| !thread.ended()).flat_map(ends_of).collect())
            }
            Op::Outside(wait) => {
                let Some((own, other)) = wait.sides() else { return Releasers::Outside };
                sides.own.insert(own);
                let other = other.map_or(CALLER, |other| sides.number(other));
                Releasers::Anyone(vec![sides.number(own), other])
            }
            op => op.releasers_of_all(Who { thread: &seat.thread, line: seat.line }),
        }
    }

    /// The threads that all have to end before a process does.
    fn last_of(&self, handle: &Arc<Thread>) -> Vec<u32> {
        let of_it = |seat: &&Seat| {
            let mut at = seat.space.as_ref();
            while let Some(space) = at {
                if Arc::ptr_eq(&space.handle, handle) {
                    return true;
                }
                at = space.parent.as_ref().filter(|_| !space.is_daemon());
            }
            false
        };
        let waited_for = self.seats.iter().filter(of_it).filter(|seat| !seat.is_daemon());
        waited_for.map(|seat| seat.thread.id).collect()
    }

    /// Whether it is a mistake that this thread waits for ever.
    fn is_missed(&self, seat: &Seat) -> bool {
        self.is_waited_for(seat) && !seat.wait.as_ref().is_some_and(|wait| wait.op.is_idle())
    }

    fn no_marks<'m>(&self, space: Option<&Arc<Space>>, image: &'m Image, reach: &'m Reach) -> Marks<'m> {
        let mut threads: Vec<Arc<Thread>> =
            self.seats.iter().filter(|seat| seat.is_in(space)).map(|seat| seat.thread.clone()).collect();
        threads.push(space.map_or_else(|| self.main.clone(), |space| space.main.clone()));
        Marks::new(image, reach, threads).releasing()
    }
}

/// Numbers of what is waited for: from here on of `Sides::all`. Things to wait for have smaller ones.
const SIDES: u32 = 1 << 31;
/// Any server: whoever can connect comes to it.
const CALLER: u32 = u32::MAX;

/// The threads of a run, and who could release those that wait.
#[derive(Default)]
pub struct Waiting {
    blocked: Blocked,
    /// By their ids.
    pub free: Vec<u32>,
    sides: Sides,
}

/// Of connections and servers at which some wait.
#[derive(Default)]
pub struct Sides {
    /// By their numbers.
    all: Vec<Held>,
    /// Those at which somebody waits, who has them as long as that lasts.
    own: HashSet<Held>,
}

impl Sides {
    fn number(&mut self, side: Held) -> u32 {
        let known = self.all.iter().position(|known| *known == side).unwrap_or_else(|| {
            self.all.push(side);
            self.all.len() - 1
        });
        SIDES + known as u32
    }
}

impl Waiting {
    /// The blocked threads that wait for ever whatever others do, by id: those in rings, and who waits for them by name.
    pub fn in_rings(&self) -> Vec<u32> {
        graph::stuck(&self.blocked, &|_, _, _| true)
    }
}

/// What all can come to, in a state of the run.
struct Moment<'u> {
    universe: &'u Universe,
    images: &'u [(Option<Arc<Space>>, Arc<Image>)],
    reach: &'u Reach,
    /// The seat of each thread.
    places: &'u BTreeMap<u32, usize>,
    sides: &'u Sides,
    /// What those who go on can come to, for each process.
    marks: Vec<Marks<'u>>,
    /// The same of what they may lose, which closes itself then: ends of pipes, sides of connections. Also those in the
    /// variables of a process, which may end when somebody of it goes on. Empty where that does nothing.
    lost: Vec<Marks<'u>>,
    /// The processes of which nobody has gone on yet.
    unopened: Vec<bool>,
    /// There are other processes, which may change what all have in common.
    others: bool,
    conditions: Conditions<'u>,
}

impl Moment<'_> {
    fn process_of(&self, seat: &Seat) -> Result<usize, Unknown> {
        self.images.iter().position(|(space, _)| seat.is_in(space.as_ref())).ok_or(Unknown)
    }
}

impl Outlook for Moment<'_> {
    fn goes_on(&mut self, thread: u32) -> Result<(), Unknown> {
        let seat = self.places.get(&thread).map(|at| &self.universe.seats[*at]).ok_or(Unknown)?;
        let process = self.process_of(seat)?;
        // The tasks that come to it are functions that nobody may have come to yet in its process.
        let serves = |space: &Arc<Space>| {
            let of_pool = space.handle.process.as_ref().is_some_and(Process::is_of_pool);
            of_pool && Arc::ptr_eq(&space.main, &seat.thread)
        };
        if seat.space.as_ref().is_some_and(serves) {
            return Err(Unknown);
        }
        let program = &self.images[process].1.program;
        let image = &self.images[process].1;
        // It does not end as long as somebody is stuck whom it waits for.
        let waited_for = |seat: &Seat| self.universe.is_waited_for(seat);
        let is_of_it = |seat: &&Seat| seat.is_in(self.images[process].0.as_ref());
        let may_end = waited_for(seat) || !self.universe.seats.iter().filter(is_of_it).any(waited_for);
        if may_end
            && std::mem::take(&mut self.unopened[process])
            && let Some(lost) = self.lost.get_mut(process)
        {
            let globals = (0..program.globals.len()).filter_map(|index| image.global(index as u32));
            let fixed = (0..program.fixed.len()).filter_map(|index| image.fixed(index as u32).cloned());
            globals.chain(fixed).try_for_each(|value| lost.value(value))?;
        }
        let mut values = Vec::new();
        if let Some(wait) = &seat.wait {
            wait.op.values(&mut |value| values.push(value));
        }
        if let Some(body) = &seat.body {
            values.push(body.callee.clone());
            values.extend(body.arguments.iter().cloned());
        }
        values.extend(seat.failing.iter().map(|error| Value::Error(error.clone())));
        let snapshot = seat.fiber.as_ref().map(|fiber| fiber.snapshot(program, MOST_CALLS).ok_or(Unknown));
        let snapshot = snapshot.transpose()?;
        for marks in self.marks.get_mut(process).into_iter().chain(self.lost.get_mut(process)) {
            values.iter().try_for_each(|value| marks.value(value.clone()))?;
            snapshot.as_ref().map_or(Ok(()), |snapshot| marks.stands(snapshot, seat.wait.is_some()))?;
        }
        if self.marks[process].has_process_pools() { Err(Unknown) } else { Ok(()) }
    }

    fn reaches(&self, thing: u32) -> bool {
        let used = |has: &dyn Fn(&Marks<'_>) -> bool| self.marks.iter().any(has);
        let lost = |has: &dyn Fn(&Marks<'_>) -> bool| self.lost.iter().any(has);
        match thing.checked_sub(SIDES) {
            _ if thing == CALLER => used(&|marks| marks.may(Mention::Connects)),
            Some(number) => {
                let Some(side) = self.sides.all.get(number as usize) else { return true };
                let has = |marks: &Marks<'_>| marks.has_side(*side);
                used(&has) || !self.sides.own.contains(side) && lost(&has)
            }
            None => used(&|marks| marks.has(thing)) || lost(&|marks| marks.has_end(thing)),
        }
    }

    fn may_change(&mut self, thread: u32) -> bool {
        let (universe, images, reach) = (self.universe, self.images, self.reach);
        let Some(seat) = self.places.get(&thread).map(|at| &universe.seats[*at]) else { return true };
        let Ok(process) = self.process_of(seat) else { return true };
        let condition = self.conditions.of(thread, || {
            let (space, image) = &images[process];
            let snapshot = seat.fiber.as_ref().and_then(|fiber| fiber.snapshot(&image.program, MOST_CALLS));
            let mut condition = universe.no_marks(space.as_ref(), image, reach);
            condition.condition(&snapshot.ok_or(Unknown)?, true)?;
            Ok(condition)
        });
        condition.is_none_or(|condition| {
            self.others && condition.is_common() || self.marks.iter().any(|marks| marks.may_change(condition))
        })
    }
}
