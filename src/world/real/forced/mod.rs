//! A recorded run on real threads: everyone goes on only when it is its turn, for as many instructions as were counted
//! when it was recorded, so that the same happens again. After the last leg all threads go on as they please.
//!
//! In reading order: here what such a thread does in its turns, `baton` (whose turn it is), `outside` (what the machine
//! sees of the world meanwhile). The machine asks before each instruction; when the threads are free they go on in the
//! ordinary real world, which is not asked.
//!
//! Time: the script sees the clock of the recorded run. Where a wait ended there because its time was over, it is
//! waited for here, until it has really lasted so long. So the real time is never behind the recorded one, and when
//! the threads are free the script's clock goes on with the real time, never back.
//!
//! Nobody looks for deadlocks before the threads are free: who waits for a turn counts as a thread that can go on.

mod baton;
mod outside;

pub(super) use baton::Baton;

use super::RealWorld;
use super::run::{Cause, Shared};
use super::{eyes, threads};
use crate::builtin::Wait;
use crate::machine::{self, Exit, Fiber, Scheduler, Waited};
use crate::report::runtime::Astray;
use crate::sync::thread::{Entry, Timer};
use crate::sync::{Op, Who};
use crate::value::{Value, error::Error};
use crate::world::legs::{End, Leg};
use baton::{Turn, difference, too_early};
use std::sync::Arc;
use std::time::Instant;

/// What one thread sees of the world while its run is forced.
pub(super) struct Forced<'w> {
    real: &'w mut RealWorld,
    baton: Arc<Baton>,
    /// Its number in the order of starts.
    number: usize,
    pace: Pace,
    /// What is left of the instructions and of the choices of its turn.
    left: u64,
    choices: std::vec::IntoIter<(u32, u32)>,
    /// A choice was not the one that was recorded.
    strays: bool,
    /// How many times it has begun to hold the others, who stand still anyway.
    holds: u32,
}

enum Pace {
    /// It does not do anything until its turn comes.
    Waiting,
    /// It is its turn.
    Turn(Box<Leg>),
    /// All threads go on as they please.
    Free,
    /// The run has ended.
    Over,
}

/// A moment, by the clock of the recorded run and by the real one.
#[derive(Clone, Copy)]
struct Moment {
    recorded: i64,
    real: i64,
}

impl Moment {
    /// When a deadline that was set at this moment is really over.
    fn really(self, deadline: i64) -> i64 {
        self.real.saturating_add(deadline.saturating_sub(self.recorded))
    }
}

/// What `main` runs, if its run is forced.
pub(super) fn main_body(real: &mut RealWorld) -> Exit {
    let Some(baton) = real.shared.forced.clone() else { return threads::script_body(real) };
    if let Err(astray) = baton.begin() {
        real.shared.finish(Cause::Astray(*astray));
    }
    body(real, baton, 0, Moment { recorded: 0, real: 0 })
}

/// What a thread runs that was started at this moment.
fn body(real: &mut RealWorld, baton: Arc<Baton>, number: usize, started: Moment) -> Exit {
    let thread = real.seat.thread.clone();
    let Some(entry) = thread.entry.lock().take() else {
        return Exit::Finished(Value::Nil);
    };
    let mut forced = Forced {
        real,
        baton,
        number,
        pace: Pace::Waiting,
        left: 0,
        choices: Vec::new().into_iter(),
        strays: false,
        holds: 0,
    };
    let exit = match &thread.timer {
        None => {
            forced.await_turn();
            forced.call(entry)
        }
        Some(timer) => forced.beat(timer, entry, started),
    };
    forced.leave(&exit);
    exit
}

/// A thread has left the table of those that live.
pub(super) fn gone(shared: &Shared, thread: u32) {
    if let Some(baton) = &shared.forced
        && let Err(astray) = baton.leave(thread)
    {
        shared.finish(Cause::Astray(*astray));
    }
}

impl Forced<'_> {
    fn moment(&self) -> Moment {
        Moment { recorded: self.baton.now(), real: self.real.shared.clock.now() }
    }

    fn await_turn(&mut self) {
        let shared = self.real.shared.clone();
        self.pace = match self.baton.await_turn(self.number, || shared.stopping()) {
            Turn::Leg(leg) => {
                self.left = leg.instructions;
                self.choices = leg.choices.clone().into_iter();
                Pace::Turn(Box::new(leg))
            }
            Turn::Free => Pace::Free,
            Turn::Over => Pace::Over,
        };
    }

    /// It is at the end of its turn, if it has one: gives it away and waits for the next.
    fn rest(&mut self, end: End, line: u32) {
        if let Pace::Turn(_) = self.pace {
            if let Err(what) = self.compare(end) {
                self.go_astray(self.baton.cannot(&self.real.seat.thread.name(), line, what));
                return;
            }
            if let Err(astray) = self.baton.hand_over() {
                self.go_astray(*astray);
                return;
            }
        }
        self.await_turn();
    }

    /// Whether its turn ends as it was recorded; else what is different.
    fn compare(&self, end: End) -> Result<(), &'static str> {
        let Pace::Turn(leg) = &self.pace else { return Ok(()) };
        if self.strays || self.choices.len() > 0 {
            return Err("has other things to choose among");
        }
        match self.left {
            0 if leg.end == end => Ok(()),
            0 => Err(difference(leg.end, end)),
            _ => Err(too_early(end)),
        }
    }

    /// The run ends here, with a report.
    fn go_astray(&mut self, astray: Astray) {
        self.real.shared.finish(Cause::Astray(astray));
        self.pace = Pace::Over;
    }

    /// The next choice of its turn: a number below `count`.
    fn choice(&mut self, count: u32) -> u32 {
        match self.choices.next() {
            Some((choice, of)) if of == count && choice < count => choice,
            Some(_) | None => {
                self.strays = true;
                0
            }
        }
    }

    /// Runs a call to its end.
    fn call(&mut self, entry: Entry) -> Exit {
        match self.pace {
            Pace::Free => return threads::call(self.real, entry),
            Pace::Over => {
                self.real.shared.stopped_here(&self.real.seat.thread, "runs", 0);
                return Exit::Stopped;
            }
            Pace::Turn(_) | Pace::Waiting => {}
        }
        let code = self.real.code();
        let mut fiber = match Fiber::new(&code.image, entry) {
            Ok(fiber) => fiber,
            Err(error) => return Exit::Failed(Arc::new(error)),
        };
        fiber.starts_at(&self.real.seat.thread);
        let mut exit = machine::run(&code.image, &mut fiber, self);
        if let Exit::Paused = exit {
            exit = self.run_freely(&mut fiber);
        }
        let known_later = matches!(&self.pace, Pace::Turn(leg) if leg.end == End::Fails);
        match &exit {
            Exit::Failed(error) if known_later => {
                let line = error.place.get().map_or(0, |place| place.line);
                self.rest(End::Fails, line);
            }
            Exit::Exited(_) if known_later => self.rest(End::Fails, 0),
            _ => {}
        }
        self.real.held = std::mem::take(&mut fiber.held);
        exit
    }

    /// Goes on in the ordinary real world, if there is something to go on with.
    fn run_freely(&mut self, fiber: &mut Fiber) -> Exit {
        let Pace::Free = self.pace else { return Exit::Stopped };
        let code = self.real.code();
        for _ in 0..std::mem::take(&mut self.holds) {
            if self.real.hold_others(fiber, &code.image.program).is_err() {
                return Exit::Stopped;
            }
        }
        eyes::run(self.real, &code.image, fiber, None)
    }

    /// Waits, as it was recorded.
    fn wait_from(&mut self, began: Moment, mut wait: Wait, line: u32, fiber: Option<&Fiber>) -> Waited {
        // A timer that has just begun is seen to wait when its turn has come.
        if !matches!((&wait.op, &self.pace), (Op::Beat(_), Pace::Waiting)) {
            wait.op.rests(&self.real.seat.thread, line, wait.deadline.is_some());
        }
        let rested = Instant::now();
        let answer = loop {
            self.rest(End::Waits, line);
            let (times_out, waits) = match &self.pace {
                Pace::Turn(leg) => (leg.times_out, leg.end == End::Waits),
                Pace::Free | Pace::Over | Pace::Waiting => break None,
            };
            let answer = match &mut wait.op {
                _ if times_out => self.time_out(began, &mut wait, line),
                // It comes to where it waits, and looks afterwards.
                Op::Beat(_) if waits => {
                    wait.op.rests(&self.real.seat.thread, line, wait.deadline.is_some());
                    Ok(None)
                }
                op => self.poll(op, line),
            };
            match answer {
                Ok(None) => {}
                Ok(Some(value)) => break Some(Waited::Done(value)),
                Err(error) => break Some(Waited::Failed(error)),
            }
        };
        self.real.seat.thread.goes_on();
        self.real.waits += 1;
        self.real.waited += rested.elapsed();
        answer.unwrap_or_else(|| {
            wait.deadline = wait.deadline.map(|deadline| began.really(deadline));
            self.real.wait_at(wait, line, fiber)
        })
    }

    fn time_out(&mut self, began: Moment, wait: &mut Wait, line: u32) -> Result<Option<Value>, Error> {
        let shared = self.real.shared.clone();
        if let Some(deadline) = wait.deadline {
            let until: Instant = shared.clock.instant(began.really(deadline));
            self.baton.sleep_until(self.number, until, || shared.stopping());
            if shared.stopping() {
                return Ok(None);
            }
            wait.deadline = None;
            self.baton.passes(deadline);
        }
        wait.op.timed_out(Who { thread: &self.real.seat.thread, line })
    }

    fn poll(&mut self, op: &mut Op, line: u32) -> Result<Option<Value>, Error> {
        let thread = self.real.seat.thread.clone();
        let who = Who { thread: &thread, line };
        match op {
            Op::Select(select) => {
                select.poll_any(who, |ready| self.choice(u32::try_from(ready).unwrap_or(u32::MAX)) as usize)
            }
            // It was recorded only when its condition was true then.
            Op::Change => Ok(Some(Value::Nil)),
            other => other.poll(who),
        }
    }

    /// A timer: what was recorded of it, then it keeps its beat.
    fn beat(&mut self, timer: &Timer, entry: Entry, started: Moment) -> Exit {
        let values = entry.arguments.iter().chain([&entry.callee]).cloned().collect();
        self.real.begins_again_with(values);
        let mut began = started;
        let mut due = began.recorded.saturating_add(timer.delay);
        loop {
            let wait = Wait { op: Op::Beat(self.real.seat.thread.clone()), deadline: Some(due) };
            match self.wait_from(began, wait, 0, None) {
                Waited::Done(Value::Bool(true)) => {}
                Waited::Done(_) | Waited::Failed(_) => {
                    // Where others may have seen that it waits no more.
                    if matches!(&self.pace, Pace::Turn(leg) if leg.end == End::Stands) {
                        self.rest(End::Stands, 0);
                    }
                    return Exit::Finished(Value::Nil);
                }
                Waited::Suspended(_) | Waited::Stopped | Waited::Ended => return Exit::Stopped,
            }
            let again = Entry { callee: entry.callee.clone(), arguments: entry.arguments.clone() };
            match self.call(again) {
                Exit::Finished(_) if timer.repeats && !self.real.seat.thread.is_cancelled() => {}
                other => return other,
            }
            if let Pace::Free = self.pace {
                let next = timer.next_beat(began.really(due), self.real.shared.clock.now());
                return threads::beat_from(self.real, timer, entry, next);
            }
            began = self.moment();
            due = timer.next_beat(due, began.recorded);
        }
    }

    /// It has done everything.
    fn leave(&mut self, exit: &Exit) {
        let Pace::Turn(_) = self.pace else { return };
        match exit {
            Exit::Finished(_) | Exit::Failed(_) | Exit::Exited(_) => match self.compare(End::Over) {
                Ok(()) => self.baton.leaves(),
                Err(what) => self.go_astray(self.baton.cannot(&self.real.seat.thread.name(), 0, what)),
            },
            Exit::Suspended(_) | Exit::Paused | Exit::Stopped => {}
        }
    }
}
