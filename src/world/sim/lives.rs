//! Threads begin and end: in a step of their own, or in that of another.

use super::log::Fault;
use super::step::{Moved, Stepper, Way};
use super::universe::Seat;
use crate::builtin::Wait;
use crate::machine::{Exit, Fiber};
use crate::report::runtime::status;
use crate::sync::thread::{Entry, State, Thread, Timer};
use crate::sync::{Op, named};
use crate::value::Value;
use crate::value::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Stepper<'_> {
    /// An error that nothing has caught ends the thread, which held so much when it was raised.
    pub(super) fn report(&mut self, error: &Arc<Error>, held: Vec<(String, u32)>) {
        // What `parallel` started raises its error there.
        if self.thread.raised_elsewhere.load(Ordering::SeqCst) {
            return;
        }
        self.uncaught(error, held);
    }

    /// The thread, or one run of a timer's body, has ended.
    pub(super) fn ended(&mut self, exit: Exit) -> Moved {
        if let Exit::Finished(_) = exit
            && self.next_beat()
        {
            return Moved::Rests;
        }
        let mut exited = None;
        self.handler_ends();
        let (state, outcome) = match exit {
            Exit::Finished(value) => (State::Finished, Ok(value)),
            Exit::Failed(error) => (State::Failed, Err(error)),
            Exit::Exited(status) => {
                exited = Some(status);
                (State::Finished, Ok(Value::Nil))
            }
            Exit::Stopped | Exit::Suspended(_) | Exit::Paused => (State::Finished, Ok(Value::Nil)),
        };
        if self.thread.held.load(Ordering::SeqCst) > 0 {
            self.log.opaque = true;
            let name = self.universe.seats[self.seat].label();
            for (sync, _) in self.universe.held_by(&self.thread) {
                sync.abandon(self.thread.id, &name);
            }
        }
        // A thread ends once.
        let _ = self.thread.outcome.set(outcome);
        self.thread.state.store(state as u8, Ordering::SeqCst);
        self.universe.seats[self.seat].fiber = None;
        self.universe.seats[self.seat].wait = None;
        if exited.is_some() {
            // A future may still name the worker that has ended everything.
            self.universe.absent.push(self.thread.clone());
        }
        if self.thread.unraised().is_some() {
            self.universe.branches.push(self.thread.clone());
        }
        match (self.space.clone(), exited) {
            (None, Some(status)) => self.universe.ended = Some(Some(status)),
            (None, None) => {}
            // Who says itself that something is wrong is not asked whether all holds.
            (Some(space), Some(status::FINE)) => {
                let holds = self.ensured(&space);
                self.process_ends(&space, i32::from(!holds));
            }
            (Some(space), Some(status)) => self.process_ends(&space, status),
            (Some(space), None) => self.thread_of_process_ends(&space),
        }
        Moved::Rests
    }

    /// A timer that repeats waits for its next time; false for everything else.
    fn next_beat(&mut self) -> bool {
        if self.universe.seats[self.seat].handles.is_some() {
            return self.next_signal();
        }
        let repeats = |timer: &&Timer| timer.repeats && !self.thread.is_cancelled();
        let Some(timer) = self.thread.timer.as_ref().filter(repeats) else { return false };
        let now = self.universe.now;
        let due = self.universe.seats[self.seat].due.take().unwrap_or(now);
        let deadline = timer.next_beat(due, now);
        self.universe.seats[self.seat].fiber = None;
        self.line = self.universe.seats[self.seat].line;
        self.rest(Wait { op: Op::Beat(self.thread.clone()), deadline: Some(deadline) });
        true
    }

    /// A thread has been started in this step.
    pub fn begin(&mut self, thread: &Arc<Thread>) {
        self.published = true;
        self.log.starts += 1;
        // From here on there is somebody who can tell, even if nobody could tell what this step began with.
        self.fresh = false;
        if let (None, Some(course)) = (&self.space, &mut self.universe.course) {
            course.started += 1;
        }
        let mut seat = Seat { space: self.space.clone(), ..Seat::new(thread.clone()) };
        if let Some(space) = &seat.space
            && !thread.daemon.load(Ordering::SeqCst)
        {
            space.threads.fetch_add(1, Ordering::SeqCst);
        }
        seat.body = thread.entry.lock().take();
        if let Some(timer) = &thread.timer {
            let deadline = self.universe.now.saturating_add(timer.delay);
            seat.wait = Some(Wait { op: Op::Beat(thread.clone()), deadline: Some(deadline) });
            seat.begun = !self.rules.watched();
        }
        self.universe.seats.push(seat);
        self.universe.record.iter_mut().for_each(|record| record.started(thread));
    }

    /// After the own part of the thread at `mover`: those that it started, beyond the first so many, come to their first
    /// operation. `unused`: how many ends nobody can use, where that matters. Who lets go of more closes them in its next step;
    /// whether one has ended before that.
    pub(super) fn settle(&mut self, mover: usize, others: usize, mut unused: Option<u32>) -> bool {
        let mut at = others;
        let mut ended = false;
        while at < self.universe.seats.len() {
            let seat = &mut self.universe.seats[at];
            let waits = seat.wait.is_some() || seat.failing.is_some() || seat.exiting.is_some();
            let is_new = seat.fiber.is_none() || seat.answer.is_some();
            if is_new && !waits && !seat.thread.ended() {
                self.advance(at);
                if let Some(unused) = &mut unused {
                    let now = self.universe.unused_ends(self.rules);
                    let seat = &mut self.universe.seats[at];
                    seat.lets_go |= now > *unused;
                    ended |= now > *unused && seat.thread.ended();
                    *unused = now;
                }
            }
            at += 1;
        }
        self.universe.sweep(mover, others, self.rules);
        ended
    }

    /// A new thread goes on to its first operation that others can tell.
    fn advance(&mut self, at: usize) {
        let seat = &mut self.universe.seats[at];
        (self.seat, self.thread, self.space) = (at, seat.thread.clone(), seat.space.clone());
        (self.fresh, self.published, self.looked, self.instructions) = (false, true, false, 0);
        let moved = match (seat.answer.take(), seat.body.take()) {
            (Some(answer), _) => match seat.fiber.take() {
                Some(fiber) => self.go_on(fiber, Some(Ok(answer))),
                None => unreachable!("what returns from a fork has a fiber"),
            },
            // Nothing to run.
            (None, None) => self.ended(Exit::Finished(Value::Nil)),
            (None, Some(body)) => self.begins(body),
        };
        if let Moved::Waits(wait) = moved {
            self.rest(wait);
        }
        self.recorded(Way::Run);
    }

    /// Goes on to its first operation from the beginning of what it runs.
    fn begins(&mut self, body: Entry) -> Moved {
        match Fiber::new(&self.image(), body) {
            Ok(mut fiber) => {
                fiber.starts_at(&self.thread);
                self.go_on(fiber, None)
            }
            Err(error) => {
                let error = Arc::new(error);
                self.uncaught(&error, Vec::new());
                self.ended(Exit::Failed(error))
            }
        }
    }

    /// The thread has ended with an error that nothing caught, holding so much.
    pub(super) fn uncaught(&mut self, error: &Arc<Error>, holds: Vec<(String, u32)>) {
        match &self.space {
            Some(space) => space.failed.store(true, Ordering::SeqCst),
            None => self.universe.failed = true,
        }
        let process = || self.space.as_ref().map(|space| space.handle.name());
        let (thread, process) = named::aside(|| (self.thread.name(), process()));
        self.log.faults.push(Fault::Uncaught { thread, process, error: error.clone(), holds });
    }
}
