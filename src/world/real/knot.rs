//! Threads that wait for ever while others go on: nobody who can go on will ever touch what they wait for.
//!
//! What the others may touch is known from the code alone (`code::reach`): from where a parked thread stands,
//! from its first function for one that runs. This costs too much for each time a thread blocks, so it is not
//! done there but by whoever attends to the run, a few times a second, and only for programs that have such
//! things. What it finds is certain: a thread that is parked was parked when the picture was drawn, and those
//! that go on do nothing that could wake it.

use super::RealWorld;
use super::deadlock::Picture;
use super::graph;
use super::run::{Cause, Shared};
use super::threads::{Seat, Table};
use crate::code::Program;
use crate::code::reach::{self, EXIT, Reach, Things};
use crate::machine::Fiber;
use crate::report::runtime::Deadlock;
use crate::sync::{Op, Releasers};
use crate::value::{Value, object::Method};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long between two looks, at least.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Looking takes at most one part in so many of the time.
const SHARE: u32 = 50;
/// Of a thread in more calls than this only the first function is known.
const MOST_CALLS: usize = 64;

pub(super) struct Knots {
    worth_while: bool,
    /// Made at the first look: most runs have ended by then.
    reach: OnceLock<Reach>,
}

impl Knots {
    pub fn new(program: &Program) -> Knots {
        Knots { worth_while: reach::worth_while(program), reach: OnceLock::new() }
    }

    pub fn first_look(&self) -> Option<Instant> {
        self.worth_while.then(|| Instant::now() + LOOK_EVERY)
    }
}

impl RealWorld {
    /// Where a thread stands that is about to park.
    pub(super) fn calls_of(&mut self, fiber: Option<&Fiber>) -> Vec<(u32, u32)> {
        let mut calls = std::mem::take(&mut self.calls);
        calls.clear();
        if let Some(fiber) = fiber
            && self.shared.knots.worth_while
            && fiber.calls().len() <= MOST_CALLS
        {
            calls.extend(fiber.calls());
        }
        calls
    }
}

impl Shared {
    /// Ends the run if some threads wait for ever. When to look again; None if that is of no use.
    pub(super) fn look_for_knots(&self) -> Option<Instant> {
        let begin = Instant::now();
        let reach = self.knots.reach.get_or_init(|| Reach::of(&self.image.program));
        if reach.private.is_empty() {
            return None;
        }
        let deadlock = self.find_knot(&self.table.lock(), reach);
        if let Some(deadlock) = deadlock {
            self.finish(Cause::Deadlock(deadlock));
        }
        let now = Instant::now();
        Some(now + LOOK_EVERY.max((now - begin) * SHARE))
    }

    fn find_knot(&self, table: &Table, reach: &Reach) -> Option<Deadlock> {
        let Picture { blocked, free } = self.picture(table);
        // When nobody is free, the last who blocked has looked.
        if free.is_empty() || blocked.is_empty() {
            return None;
        }
        let bits = self.bits(reach);
        let touches: HashMap<u32, Things> =
            table.seats.iter().map(|(id, seat)| (*id, self.may_touch(seat, reach, &bits))).collect();
        let of = |id: &u32| touches.get(id).copied().unwrap_or(Things::MAX);
        let touched = free.iter().fold(0, |all, id| all | of(id));
        // A thread that waits for ever is no matter where another ends the program.
        if touched & EXIT != 0 || !blocked.values().any(|releasers| is_untouched(releasers, touched, &bits)) {
            return None;
        }
        // Those found to be released come one after the other: only the new ones are looked at.
        let (touched, counted) = (Cell::new(touched), Cell::new(0));
        let stuck = graph::stuck(&blocked, &|things, freed| {
            let new = freed[counted.get()..].iter().fold(0, |all, id| all | of(id));
            touched.set(touched.get() | new);
            counted.set(freed.len());
            things_in(things, &bits).is_none_or(|things| things & touched.get() != 0)
        });
        let matters =
            |id: &u32| table.seats.get(id).is_some_and(|seat| !seat.daemon) && !self.idles(table, *id);
        if touched.get() & EXIT != 0 || !stuck.iter().any(matters) {
            return None;
        }
        self.confirm(table, &blocked, stuck)
    }

    /// The bit of each private thing that has been made, by the number of the thing.
    fn bits(&self, reach: &Reach) -> HashMap<u32, Things> {
        let things = reach.private.iter().enumerate();
        let made = things.filter_map(|(bit, index)| match self.image.fixed(*index) {
            Some(Value::Sync(sync)) => Some((sync.id, 1 << bit)),
            _ => None,
        });
        made.collect()
    }

    /// Which private things the thread may touch from now on, and whether it may end the program.
    fn may_touch(&self, seat: &Seat, reach: &Reach, bits: &HashMap<u32, Things>) -> Things {
        let repeats = seat.thread.timer.as_ref().is_some_and(|timer| timer.repeats);
        let whole = || reach.from_start(seat.begins_with);
        let blocked = seat.blocked.lock();
        let Some(blocked) = blocked.as_ref().filter(|blocked| !blocked.calls.is_empty() && !repeats) else {
            return whole();
        };
        let calls = blocked.calls.iter();
        let program = &self.image.program;
        let onward = calls.fold(0, |all, (function, pc)| all | reach.from_frame(program, *function, *pc));
        onward | waits_on(&blocked.op, bits)
    }

    /// The function of the program that a call of a value begins with.
    pub(super) fn function_of(&self, callee: &Value) -> Option<u32> {
        match callee {
            Value::Function(function) => Some(*function),
            Value::Closure(closure) => Some(closure.function),
            Value::Bound(bound) => match bound.method {
                Method::Function(function) => Some(function),
                Method::Builtin(_) => None,
            },
            // A worker of a pool, or some other builtin: it may call anything.
            _ => None,
        }
    }
}

/// The private things that an operation is about: it touches them when its time is over.
fn waits_on(op: &Op, bits: &HashMap<u32, Things>) -> Things {
    let bit = |value: &Value| match value {
        Value::Sync(sync) => bits.get(&sync.id).copied().unwrap_or(0),
        _ => 0,
    };
    match op.on() {
        Value::List(list) => list.snapshot().iter().fold(0, |all, value| all | bit(value)),
        other => bit(&other),
    }
}

/// The set of these things; None unless all of them are private.
fn things_in(things: &[u32], bits: &HashMap<u32, Things>) -> Option<Things> {
    if things.is_empty() {
        return None;
    }
    things.iter().try_fold(0, |all, thing| Some(all | bits.get(thing)?))
}

/// Whether somebody waits for a private thing that none of the free threads may touch.
fn is_untouched(releasers: &Releasers, touched: Things, bits: &HashMap<u32, Things>) -> bool {
    match releasers {
        Releasers::Anyone(things) => things_in(things, bits).is_some_and(|things| things & touched == 0),
        Releasers::Either(ways) => ways.iter().any(|way| is_untouched(way, touched, bits)),
        Releasers::All(_) | Releasers::Outside => false,
    }
}
