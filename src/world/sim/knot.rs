//! Threads of a simulated run that wait for ever while others go on (`world::knot`).
//!
//! Processes have variables of their own, so what somebody can come to is marked for each process; what they share is the
//! same thing for all. Where it is not known what a process may do to another (signals, pools), nothing is said.

use super::rules::Rules;
use super::universe::{Seat, Universe};
use crate::code::reach::{Mention, Reach};
use crate::machine::{Image, Space};
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Who};
use crate::value::Value;
use crate::world::graph::Blocked;
use crate::world::knot::{Conditions, Outlook, waits_for_ever};
use crate::world::marks::{Marks, Unknown};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of a thread in more calls than this nothing is known.
const MOST_CALLS: usize = 1000;

impl Universe {
    /// The seats of those that wait for ever, whatever those do that go on; empty when nobody does whom the program waits
    /// for, or that cannot be told. `rests`: whether the thread in this seat, which waits, has been found to do so in vain
    /// since anything has changed.
    pub fn knot(&self, rules: &Rules, rests: &dyn Fn(usize) -> bool) -> Vec<usize> {
        if rules.pools || rules.signals && (rules.processes || self.signals != 0) {
            return Vec::new();
        }
        let (mut blocked, mut free, mut places) = (Blocked::new(), Vec::new(), BTreeMap::new());
        for (at, seat) in self.seats.iter().enumerate() {
            places.insert(seat.thread.id, at);
            match self.released_by(at).filter(|_| rests(at)) {
                Some(releasers) => drop(blocked.insert(seat.thread.id, releasers)),
                None => free.push(seat.thread.id),
            }
        }
        if !blocked.keys().any(|id| self.is_missed(&self.seats[places[id]])) {
            return Vec::new();
        }
        let reach = rules.reach.get_or_init(|| Reach::of(&self.image.program));
        let images = std::iter::once((None, self.image.clone()));
        let spaces = self.spaces().into_iter().map(|space| (Some(space.clone()), space.image.clone()));
        let images: Vec<(Option<Arc<Space>>, Arc<Image>)> = images.chain(spaces).collect();
        let marks = images.iter().map(|(space, image)| self.no_marks(space.as_ref(), image, reach)).collect();
        let mut outlook = Moment {
            universe: self,
            images: &images,
            reach,
            places: &places,
            marks,
            holding: rules.pipes && images.len() > 1,
            others: false,
            unopened: vec![true; images.len()],
            conditions: Conditions::default(),
        };
        let Ok(stuck) = waits_for_ever(&blocked, &free, &mut outlook) else { return Vec::new() };
        // A thread that waits for ever is no matter where another ends the program.
        let ends =
            |marks: &Marks<'_>| marks.may(Mention::Exit) || rules.signals && marks.may(Mention::Signals);
        let stuck: Vec<usize> = stuck.iter().map(|id| places[id]).collect();
        if outlook.marks.iter().any(ends) || !stuck.iter().any(|at| self.is_missed(&self.seats[*at])) {
            return Vec::new();
        }
        stuck
    }

    /// The same within one process other than the first: which of those of its threads that wait for what is its alone wait for
    /// ever, whatever the others of it do. (Other processes may change whatever they have in common with it.)
    pub fn knot_within(&self, rules: &Rules, space: &Arc<Space>, blocked: &Blocked) -> Vec<u32> {
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
            marks: vec![self.no_marks(Some(space), &images[0].1, reach)],
            holding: false,
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

    /// Who could release a thread that waits without a deadline; None for one that may go on by itself, or that its process
    /// takes with it when it ends.
    fn released_by(&self, at: usize) -> Option<Releasers> {
        let seat = &self.seats[at];
        let wait = seat.wait.as_ref().filter(|wait| wait.deadline.is_none() && !seat.lets_go)?;
        if seat.space.is_some() && seat.is_daemon() {
            return None;
        }
        let ends_of = |thread: &Arc<Thread>| match &thread.process {
            Some(process) => self.last_of(process.original(thread)),
            None => vec![thread.id],
        };
        Some(match &wait.op {
            Op::Join(thread) | Op::ThreadResult(thread) => Releasers::All(ends_of(thread)),
            Op::JoinAll(threads) => {
                Releasers::All(threads.iter().filter(|thread| !thread.ended()).flat_map(ends_of).collect())
            }
            op => op.releasers_of_all(Who { thread: &seat.thread, line: seat.line }),
        })
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
        !seat.is_daemon() && !seat.wait.as_ref().is_some_and(|wait| wait.op.is_idle())
    }

    fn no_marks<'m>(&self, space: Option<&Arc<Space>>, image: &'m Image, reach: &'m Reach) -> Marks<'m> {
        let mut threads: Vec<Arc<Thread>> =
            self.seats.iter().filter(|seat| seat.is_in(space)).map(|seat| seat.thread.clone()).collect();
        threads.push(space.map_or_else(|| self.main.clone(), |space| space.main.clone()));
        Marks::new(image, reach, threads)
    }
}

/// What all can come to, in a state of the run.
struct Moment<'u> {
    universe: &'u Universe,
    images: &'u [(Option<Arc<Space>>, Arc<Image>)],
    reach: &'u Reach,
    /// The seat of each thread.
    places: &'u BTreeMap<u32, usize>,
    /// What those who go on can come to, for each process.
    marks: Vec<Marks<'u>>,
    /// A process that goes on may end, and closes then what it has in its variables: the ends of pipes. Those of which nobody has
    /// gone on yet.
    holding: bool,
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
        let program = &self.images[process].1.program;
        let image = &self.images[process].1;
        let marks = &mut self.marks[process];
        let mut values = Vec::new();
        if self.holding && std::mem::take(&mut self.unopened[process]) {
            values.extend((0..program.globals.len()).filter_map(|index| image.global(index as u32)));
            values.extend((0..program.fixed.len()).filter_map(|index| image.fixed(index as u32).cloned()));
        }
        if let Some(wait) = &seat.wait {
            wait.op.values(&mut |value| values.push(value));
        }
        if let Some(body) = &seat.body {
            values.push(body.callee.clone());
            values.extend(body.arguments.iter().cloned());
        }
        values.extend(seat.failing.iter().map(|error| Value::Error(error.clone())));
        values.into_iter().try_for_each(|value| marks.value(value))?;
        match &seat.fiber {
            Some(fiber) => {
                let snapshot = fiber.snapshot(program, MOST_CALLS).ok_or(Unknown)?;
                marks.stands(&snapshot, seat.wait.is_some())
            }
            None => Ok(()),
        }
    }

    fn reaches(&self, thing: u32) -> bool {
        self.marks.iter().any(|marks| marks.has(thing))
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
