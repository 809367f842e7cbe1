//! One step: what one thread does between two moments at which others may move. It is one operation that others can
//! tell (a read of a shared variable, an acquire, a put), and everything after it that they cannot.

use super::choices::Choices;
use super::course::Course;
use super::log::{Fault, Log, Met};
use super::record::Record;
use super::rules::Rules;
use super::signals::until_continued;
use super::universe::{Seat, Universe};
use crate::builtin::Wait;
use crate::code::verify::Verified;
use crate::event::deeds;
use crate::machine::saved::Rest;
use crate::machine::touch::Act;
use crate::machine::{self, Exit, Fiber, Image, Judged, Space};
use crate::report::runtime::status;
use crate::state::Shared;
use crate::sync::thread::{Entry, Thread};
use crate::sync::{Op, Who, named};
use crate::value::Value;
use crate::value::error::Error;
use std::cell::Cell;
use std::sync::Arc;

/// How a thread moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It does its operation and goes on.
    Run,
    /// The time of its wait is over. Of one that waits without end: its process ends, as some of its threads wait for ever
    /// (whoever lets it has to know that they do).
    TimeOut,
}

/// What came of a step.
#[derive(Debug)]
pub struct Step {
    pub ends: Ends,
    pub log: Log,
}

#[derive(Debug)]
pub enum Ends {
    /// The thread stands somewhere else, or has ended.
    Moved,
    /// It could not do its operation: nothing has changed (the universe is to be thrown away).
    Blocked(Op),
    /// The same in a run that goes on (`course`): it rests in its operation.
    Waits,
}

/// A universe while one of its threads takes a step.
pub(super) struct Stepper<'u> {
    pub universe: &'u mut Universe,
    pub rules: &'u Rules,
    pub program: Arc<Verified>,
    pub seat: usize,
    pub thread: Arc<Thread>,
    pub choices: Choices,
    pub log: Log,
    /// The operation that others can tell is still to come.
    pub fresh: bool,
    /// Something may have been made known to others since `shared` was found.
    pub published: bool,
    /// It has read what is taken to stay as it is, which was no step: so it has to be there for as long as that may come, for
    /// whoever changes it to find that it is not alone.
    pub looked: bool,
    /// It begins with the condition of an `await`, which it waits in.
    pub looks_again: bool,
    /// The condition of an `await` has looked at what changes by itself.
    pub looked_outside: Cell<bool>,
    pub instructions: u64,
    /// Where the fiber was suspended.
    pub line: u32,
    /// It asked for more than it met.
    pub looked_around: Cell<bool>,
    /// The thread's process; None for the first.
    pub space: Option<Arc<Space>>,
}

impl Universe {
    /// Whether a step of the thread is in vain, as can be told without trying it.
    pub fn stands_still(&self, seat: usize, way: Way, rules: &Rules) -> bool {
        let stopped = rules.signals && self.is_stopped(seat);
        let may_die = || self.may_die(seat, rules);
        match way {
            Way::Run => (stopped || !self.is_ready(seat)) && !may_die(),
            Way::TimeOut => stopped,
        }
    }

    /// Lets a thread take a step, with these choices; further ones are the first each time.
    pub fn step(&mut self, seat: usize, way: Way, choices: Vec<u32>, rules: &Rules) -> Step {
        named::take();
        let drawn = self.drawn;
        if drawn {
            deeds::begin();
        }
        let mut step = self.stepper(seat, choices, rules).whole(way);
        if drawn {
            deeds::end();
        }
        step.log.told_names(rules);
        step
    }

    /// Evaluates every `invariant`, or every `ensure`; with what the evaluations touched.
    pub fn look(&mut self, ensure: bool, rules: &Rules) -> (Vec<Fault>, Log) {
        let mut faults = Vec::new();
        named::take();
        let mut stepper = self.stepper(0, Vec::new(), rules);
        stepper.space = None;
        stepper.thread = stepper.universe.main.clone();
        for watch in stepper.universe.watches.clone() {
            if watch.ensure != ensure {
                continue;
            }
            let image = stepper.universe.image.clone();
            match watch.evaluate(&image, &mut stepper) {
                Judged::Holds | Judged::Stopped => {}
                Judged::Fails(error) => {
                    faults.push(Fault::Watch { watch, process: None, error, raised: false })
                }
                Judged::Raised(error) => {
                    faults.push(Fault::Watch { watch, process: None, error, raised: true })
                }
            }
        }
        // What other processes state is about variables of theirs. (An `ensure` of theirs is looked at where they end.)
        let spaces = if ensure || !rules.processes { Vec::new() } else { stepper.universe.spaces() };
        for space in spaces {
            let watches = space.watches.lock().clone();
            (stepper.space, stepper.thread) = (Some(space.clone()), space.main.clone());
            for watch in watches.into_iter().filter(|watch| !watch.ensure) {
                let (error, raised) = match watch.evaluate(&space.image, &mut stepper) {
                    Judged::Holds | Judged::Stopped => continue,
                    Judged::Fails(error) => (error, false),
                    Judged::Raised(error) => (error, true),
                };
                faults.push(Fault::Watch { watch, process: Some(space.handle.name()), error, raised });
            }
        }
        let mut log = std::mem::take(&mut stepper.log);
        // Which processes there are is told by all threads.
        log.opaque |= stepper.looked_around.get() || rules.processes && !ensure;
        log.told_names(rules);
        (faults, log)
    }

    fn stepper<'u>(&'u mut self, seat: usize, choices: Vec<u32>, rules: &'u Rules) -> Stepper<'u> {
        let thread = self.seats.get(seat).map_or_else(|| self.main.clone(), |seat| seat.thread.clone());
        let program = self.image.program.clone();
        let space = self.seats.get(seat).and_then(|seat| seat.space.clone());
        let dice = self.course.as_mut().map(Course::fork);
        Stepper {
            universe: self,
            rules,
            program,
            seat,
            thread,
            choices: Choices::new(choices, dice),
            log: Log::default(),
            fresh: false,
            published: false,
            looked: false,
            looks_again: false,
            looked_outside: Cell::new(false),
            instructions: 0,
            line: 0,
            looked_around: Cell::new(false),
            space,
        }
    }
}

impl Stepper<'_> {
    fn whole(mut self, way: Way) -> Step {
        let before = self.rules.pipes.then(|| self.before());
        let own = self.space.clone();
        let (mover, others) = (self.seat, self.universe.seats.len());
        let ends = self.take(way);
        let (joins, passed_join) = (self.log.joins, self.log.passed_join);
        if let Ends::Moved = ends {
            self.recorded(way);
            let published = self.published || self.log.starts > 0 || self.thread.ended();
            self.universe.course.iter_mut().for_each(|course| course.stepped(published));
            let alone = before.is_none() || self.universe.left_out;
            let starts = !alone && self.universe.seats.len() > others;
            // What the thread itself has let go of; those that it has started may let go of more.
            let unused = starts.then(|| self.universe.unused_ends(self.rules));
            let one_has_ended = self.settle(mover, others, unused);
            if let Some(space) = own.filter(|_| self.rules.pools) {
                self.may_end(&space); // it may have done the last task
                self.universe.seats.retain(|seat| !seat.thread.ended());
            }
            if let Some(before) = before {
                self.log.opaque |= match self.universe.left_out {
                    true => self.universe.may_see_to_ends(&before, self.log.lets_go),
                    false => {
                        let unused = unused.filter(|_| !one_has_ended);
                        self.universe.see_to_ends(&before, self.log.lets_go, unused, self.rules)
                    }
                };
                self.universe.servers.retain(|(_, server)| !server.is_closed_port());
            }
            self.universe.record.iter_mut().for_each(Record::next_step);
        }
        let mut log = self.log;
        // Not what a thread did that it has started.
        (log.joins, log.passed_join) = (joins, passed_join);
        log.choices = self.choices.into_made();
        log.opaque |= self.looked_around.get();
        Step { ends, log }
    }

    /// The thread's own part of the step.
    fn take(&mut self, way: Way) -> Ends {
        if let Some(space) = self.space.clone() {
            if self.rules.signals {
                self.meet(&Shared::Thread(space.handle.clone()));
            }
            self.meet(&Shared::Space(space));
        }
        if way == Way::Run
            && let Some(signal) = self.struck()
        {
            self.strike(signal);
            return Ends::Moved;
        }
        if self.rules.signals && self.universe.is_stopped(self.seat) {
            return until_continued().map_or(Ends::Moved, Ends::Blocked);
        }
        if way == Way::TimeOut
            && self.universe.deadline(self.seat).is_none()
            && let Some(space) = self.space.clone()
        {
            self.log.act = Act::End;
            self.log.opaque = true;
            self.process_ends(&space, status::DEADLOCK);
            return Ends::Moved;
        }
        if way == Way::Run && std::mem::take(&mut self.universe.seats[self.seat].lets_go) {
            self.log.lets_go = true;
            return Ends::Moved;
        }
        if way == Way::Run && self.comes_to_wait() {
            return Ends::Moved;
        }
        let in_vain = way == Way::Run && !self.universe.is_ready(self.seat);
        let seat = &mut self.universe.seats[self.seat];
        let first = seat.wait.is_none();
        // The script's beginning goes up to the first operation that others can tell, and not beyond.
        if std::mem::replace(&mut seat.begun, true) {
            self.fresh = true;
        }
        let exit = match seat.wait.take() {
            None if seat.failing.is_some() => {
                let error = seat.failing.take().unwrap_or_else(|| unreachable!("it was asked just now"));
                let held = std::mem::take(&mut seat.held);
                self.report(&error, held);
                self.ended(Exit::Failed(error))
            }
            None if seat.exiting.is_some() => {
                let status = seat.exiting.take().unwrap_or_default();
                self.ended(Exit::Exited(status))
            }
            None => match seat.fiber.take() {
                Some(fiber) => self.go_on(fiber, None),
                None => self.ended(Exit::Finished(Value::Nil)), // a timer that was cancelled
            },
            Some(Wait { op: Op::Change, deadline }) => {
                if way == Way::TimeOut {
                    self.universe.now = self.universe.now.max(deadline.unwrap_or_default());
                }
                self.look_again()
            }
            Some(wait) => {
                self.fresh = false;
                self.published = matches!(wait.op, Op::Put(_) | Op::Select(_));
                let met = &mut self.log.met;
                wait.op.touches(&mut |object| met.push(Met::Object(object.address())));
                self.log.act = Act::Sync;
                self.log.joins = matches!(wait.op, Op::Join(_) | Op::JoinAll(_));
                self.log.line = seat.line;
                if in_vain {
                    self.line = seat.line;
                    return self.in_vain(wait);
                }
                self.answer(wait, way)
            }
        };
        match exit {
            Moved::Rests => Ends::Moved,
            Moved::Waits(wait) => {
                // That it waits may be seen, and time may end the wait.
                let (timed, watched) = (wait.deadline.is_some(), self.rules.watched());
                let vain = match (&wait.op, self.looks_again) {
                    // A second look at the same has changed nothing, if no time has passed.
                    (Op::Change, true) => !timed || way == Way::Run,
                    (Op::Change, false) => !timed && !watched,
                    // An operation that could not be done, and has left nothing behind.
                    (op, _) => first && self.instructions == 1 && !timed && !watched && !op.leaves_trace(),
                };
                if vain {
                    return self.in_vain(wait);
                }
                self.rest(wait);
                Ends::Moved
            }
        }
    }

    /// A timer that was started goes to where it waits for its time: before that, others may see that it does not wait yet.
    fn comes_to_wait(&mut self) -> bool {
        let seat = &mut self.universe.seats[self.seat];
        let Some(wait) = seat.wait.take_if(|_| !seat.begun) else { return false };
        seat.begun = true;
        self.line = seat.line;
        self.rest(wait);
        true
    }

    /// It cannot do its operation now.
    fn in_vain(&mut self, wait: Wait) -> Ends {
        if self.universe.course.is_none() {
            return Ends::Blocked(wait.op);
        }
        self.rest(wait);
        Ends::Waits
    }

    /// Something may have changed since the condition of an `await` was evaluated.
    fn look_again(&mut self) -> Moved {
        self.looks_again = true;
        self.thread.goes_on();
        match self.universe.seats[self.seat].fiber.take() {
            Some(fiber) => self.go_on(fiber, Some(Ok(Value::Nil))),
            None => unreachable!("only a timer has no fiber"),
        }
    }

    /// A wait comes to its end, or goes on.
    fn answer(&mut self, mut wait: Wait, way: Way) -> Moved {
        let thread = self.thread.clone();
        let who = Who { thread: &thread, line: self.universe.seats[self.seat].line };
        if wait.op.is_for_a_signal() {
            return self.signal(wait);
        }
        let due = wait.deadline;
        let answer = match way {
            Way::Run => self.poll(&mut wait.op, who),
            Way::TimeOut => {
                let deadline = wait.deadline.take();
                self.universe.now = self.universe.now.max(deadline.unwrap_or_default());
                wait.op.timed_out(who)
            }
        };
        let answer = match answer {
            Ok(None) => return Moved::Waits(wait),
            Ok(Some(value)) => Ok(value),
            Err(error) => Err(error),
        };
        thread.goes_on();
        if let Op::Beat(_) = wait.op {
            return match answer {
                Ok(Value::Bool(true)) => self.beat(due),
                // That it waits no more may be seen before it has ended.
                _ if self.rules.watched() => Moved::Rests,
                _ => self.ended(Exit::Finished(Value::Nil)),
            };
        }
        match self.universe.seats[self.seat].fiber.take() {
            Some(fiber) => self.go_on(fiber, Some(answer)),
            None => unreachable!("only a timer has no fiber"),
        }
    }

    /// Of several arms of a `select` that could be done, each is tried.
    fn poll(&mut self, op: &mut Op, who: Who<'_>) -> Result<Option<Value>, Error> {
        match op {
            Op::Select(select) => select
                .poll_any(who, |ready| self.choices.next(u32::try_from(ready).unwrap_or(u32::MAX)) as usize),
            other => other.poll(who),
        }
    }

    /// A timer's time has come: its body begins.
    pub(super) fn beat(&mut self, due: Option<i64>) -> Moved {
        let repeats = self.thread.timer.as_ref().is_some_and(|timer| timer.repeats);
        self.universe.seats[self.seat].due = due.filter(|_| repeats);
        let Some(body) = &self.universe.seats[self.seat].body else { return Moved::Rests };
        let again = Entry { callee: body.callee.clone(), arguments: body.arguments.clone() };
        match Fiber::new(&self.image(), again) {
            Ok(mut fiber) => {
                fiber.starts_at(&self.thread);
                self.go_on(fiber, None)
            }
            Err(error) => self.ended(Exit::Failed(Arc::new(error))),
        }
    }

    /// Runs the fiber until it rests, waits or ends.
    pub(super) fn go_on(&mut self, mut fiber: Fiber, answer: Option<Result<Value, Error>>) -> Moved {
        let image = self.image();
        let exit = match answer {
            None => machine::run(&image, &mut fiber, self),
            Some(answer) => machine::resume(&image, &mut fiber, self, answer),
        };
        match exit {
            Exit::Paused => {
                // Nothing of what has been left behind is in a state that was stored.
                if self.rules.pipes {
                    fiber.clear_rest(&self.program, false);
                }
                self.universe.seats[self.seat].fiber = Some(fiber);
                Moved::Rests
            }
            Exit::Suspended(wait) => {
                self.universe.seats[self.seat].fiber = Some(fiber);
                Moved::Waits(wait)
            }
            other => {
                if let Exit::Failed(error) = &other {
                    let held = std::mem::take(&mut fiber.held);
                    if (self.rules.ends() || self.looked) && self.universe.seats.len() > 1 {
                        // Others may move before it is known, or end the program so that it never is. (As for whoever
                        // ends without an error: one that has looked at what is taken not to change must be seen to
                        // live until others could have changed it.)
                        let seat = &mut self.universe.seats[self.seat];
                        (seat.failing, seat.held) = (Some(error.clone()), held);
                        return Moved::Rests;
                    }
                    self.report(error, held);
                }
                if let Exit::Exited(status) = other
                    && self.universe.seats.len() > 1
                {
                    // It ends the others, who may move before that.
                    self.universe.seats[self.seat].exiting = Some(status);
                    return Moved::Rests;
                }
                self.ended(other)
            }
        }
    }

    /// The thread waits from now on.
    pub(super) fn rest(&mut self, wait: Wait) {
        wait.op.rests(&self.thread, self.line, wait.deadline.is_some());
        let seat = &mut self.universe.seats[self.seat];
        seat.line = self.line;
        seat.wait = Some(wait);
    }

    /// The variables that the thread sees.
    pub(super) fn image(&self) -> Arc<Image> {
        self.space.as_ref().map_or(&self.universe.image, |space| &space.image).clone()
    }

    /// Keeps what the thread has just done, if somebody wants to know.
    pub(super) fn recorded(&mut self, way: Way) {
        if self.universe.drawn {
            self.log.deeds.extend(deeds::take(self.thread.id));
        }
        if let Some(record) = &mut self.universe.record {
            record.leg(&self.universe.seats[self.seat], way, self.instructions, self.choices.made());
        }
    }
}

/// What became of a thread's own part of a step.
pub(super) enum Moved {
    Rests,
    Waits(Wait),
}

impl Seat {
    /// Where its fiber stands, for storing it.
    pub fn rest(&self) -> Rest {
        if self.wait.is_some() { Rest::Within } else { Rest::Before }
    }
}
