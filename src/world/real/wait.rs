//! How a thread waits: it looks for a short while, registers with everything that could wake it, looks again, and parks.
//!
//! An operation changes nothing while its thread is registered: the thread asks `ready`, leaves all queues, and
//! only then polls. So it leaves just the queues that it joined, and each wake-up it was given is either
//! followed by a poll, which is what it was for, or passed on.

use super::RealWorld;
use super::awaits::Looks;
use super::run::Shared;
use super::spin::{self, Spin};
use super::standing::Here;
use super::threads::{Beat, Blocked};
use super::trace::Told;
use crate::builtin::Wait;
use crate::machine::{Fiber, Scheduler, Waited};
use crate::report::runtime::Happened;
use crate::sync::future::Future;
use crate::sync::pool::Crew;
use crate::sync::queue::{Handful, Queue};
use crate::sync::thread::State;
use crate::sync::{Op, Releasers, Sync, Who};
use crate::value::{Value, error::Error};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// An operation while its thread waits for it.
struct Pending {
    op: Op,
    /// Nanoseconds since the run began.
    deadline: Option<i64>,
    line: u32,
}

impl RealWorld {
    pub(super) fn wait_at(&mut self, wait: Wait, line: u32, fiber: Option<&Fiber>) -> Waited {
        let awaits = matches!(wait.op, Op::Change);
        let answer = self.wait_until_done(wait, line, fiber);
        // Others see that it waits until it has what it waits for. At the end of the run what it waited for stays known.
        let begins_again = awaits && self.looks.again;
        if !self.shared.stopping() && !begins_again && self.seat.thread.state() != State::Running {
            self.seat.thread.goes_on();
        }
        answer
    }

    fn wait_until_done(&mut self, wait: Wait, line: u32, fiber: Option<&Fiber>) -> Waited {
        let mut pending = Pending { op: wait.op, deadline: wait.deadline, line };
        if matches!(pending.op, Op::Change) {
            self.looked_in_vain();
        }
        if self.shared.stopping() {
            return self.give_up(pending);
        }
        if self.is_ended() {
            return self.end_here(pending);
        }
        if let Some(answer) = self.look(&mut pending) {
            self.offer_rest(&pending);
            return answer;
        }
        loop {
            let rest = self.rest(pending, fiber);
            pending = rest.pending;
            if self.shared.stopping() {
                return self.give_up(pending);
            }
            if self.is_ended() {
                pass_on(&pending.op, rest.given);
                return self.end_here(pending);
            }
            match self.poll(&mut pending) {
                Ok(Some(value)) => {
                    // Of several wake-ups only one was for what has been done.
                    if rest.queues > 1 {
                        pass_on(&pending.op, rest.given);
                    }
                    self.offer_rest(&pending);
                    return Waited::Done(value);
                }
                Err(error) => {
                    pass_on(&pending.op, rest.given);
                    self.offer_rest(&pending);
                    return Waited::Failed(error);
                }
                Ok(None) => {}
            }
            if pending.deadline.is_some_and(|deadline| self.shared.clock.now() >= deadline) {
                match pending.op.timed_out(self.asker(line)) {
                    Ok(Some(value)) => return Waited::Done(value),
                    Err(error) => return Waited::Failed(error),
                    Ok(None) => pending.deadline = None,
                }
            }
        }
    }

    fn asker(&self, line: u32) -> Who<'_> {
        Who { thread: &self.seat.thread, line }
    }

    fn poll(&mut self, pending: &mut Pending) -> Result<Option<Value>, Error> {
        if matches!(pending.op, Op::Change) {
            let changed = self.shared.has_changed(self.looks.changes_seen);
            self.looks.again |= changed;
            return Ok(changed.then_some(Value::Nil));
        }
        let done = pending.op.poll(self.asker(pending.line));
        if let (Op::Outside(_), Ok(Some(Value::Sync(connection)))) = (&pending.op, &done) {
            self.shared.register(connection);
        }
        done
    }

    fn ready(&self, pending: &Pending) -> bool {
        self.shared.ready(&pending.op, self.asker(pending.line), self.looks.changes_seen)
    }

    /// Looks for a while without registering, so that those who change the thing need not wake anybody.
    fn look(&mut self, pending: &mut Pending) -> Option<Waited> {
        // Nobody could change the thing while this thread holds the interpreter.
        if takes_long(&pending.op) || self.has_gil() {
            return None;
        }
        let expected = std::mem::take(&mut self.expected);
        let (thread, shared, seen) = (&self.seat.thread, &self.shared, self.looks.changes_seen);
        let who = Who { thread, line: pending.line };
        let mut ready = || shared.ready(&pending.op, who, seen);
        let progress = || progress(&pending.op);
        let done = if is_join(&pending.op) {
            self.joins.until(&mut ready, &progress)
        } else if !one_at_a_time(&pending.op) {
            self.spin.glance(&mut ready) || self.spin.until(&mut ready, &progress)
        } else if !expected && look_for_handful(&self.spin, &pending.op) || self.spin.glance(&mut ready) {
            true
        } else {
            look_at_one(&mut self.spin, &pending.op, &mut ready)
        };
        if !done {
            return None;
        }
        match self.poll(pending) {
            Ok(Some(value)) => Some(Waited::Done(value)),
            Ok(None) => None,
            Err(error) => Some(Waited::Failed(error)),
        }
    }

    /// Those who changed the thing while this thread looked have woken nobody: what it has not taken is for others.
    fn offer_rest(&self, pending: &Pending) {
        let op = &pending.op;
        if op.lock().is_some() || !(one_at_a_time(op) || matches!(op, Op::Select(_))) {
            return;
        }
        let mut others = false;
        op.queues(&mut |queue| others |= queue.has_waiters());
        if others {
            op.pass();
            if self.ready(pending) {
                op.queues(&mut |queue| queue.offer());
            }
        }
    }

    /// Registers, and parks until it is woken or late, unless the operation is possible now. Leaves all queues.
    fn rest(&mut self, mut pending: Pending, fiber: Option<&Fiber>) -> Rested {
        // The others need not come to their safe points for it while this one waits.
        self.forget_memory();
        let waiter = self.seat.waiter.clone();
        waiter.begin();
        let mut queues = 0;
        pending.op.queues(&mut |queue| {
            queue.register(&waiter);
            queues += 1;
        });
        if matches!(pending.op, Op::Change) {
            self.shared.changed.register(&waiter);
        }
        pending.op.pass();
        if !self.ready(&pending) {
            pending = self.park(pending, fiber);
        }
        let mut given = 0;
        let mut place = 0;
        pending.op.queues(&mut |queue| {
            if !queue.leave(&waiter) {
                given |= bit(place);
            }
            place += 1;
        });
        debug_assert_eq!(queues, place, "an operation leaves the queues that it joined");
        if given != 0 {
            pending.op.pass();
        }
        if matches!(pending.op, Op::Change) {
            self.shared.changed.leave(&waiter);
        }
        Rested { pending, queues, given }
    }

    fn park(&mut self, pending: Pending, fiber: Option<&Fiber>) -> Pending {
        let Pending { op, deadline, line } = pending;
        let who = self.asker(line);
        let releasers = op.releasers(who);
        let thread = &self.seat.thread;
        let told = Told::of(&op, &releasers);
        // Nobody outside can end it, whatever is under way now.
        let near = matches!(&op, Op::Outside(wait) if wait.is_near());
        let awaits = matches!(op, Op::Change);
        let was_seen = thread.state() == State::Blocked;
        op.rests(thread, line, deadline.is_some());
        let idle = op.is_idle();
        let for_owner = op.lock().is_some();
        let joins = is_join(&op);
        let Looks { changes_seen, afar_seen, .. } = self.looks;
        *self.seat.blocked.lock() = Some(Blocked { op, line, changes_seen, afar_seen });
        // Somebody may `await` the state of this thread. (If it awaits something itself, it tells that once: else two would
        // wake each other for ever.)
        let tells = if awaits { !was_seen && self.shared.states_are_asked() } else { self.awaited() };
        if tells {
            self.changed();
        }
        self.keep_still();

        if !awaits {
            self.rests += 1;
            self.seat.rests.store(self.rests, Ordering::Relaxed);
        }
        let until = deadline.map(|deadline| self.shared.clock.instant(deadline));
        // Another process may change what is awaited, if any has anything in common with this one.
        let elsewhere = awaits && self.shared.memory().is_some() && self.shared.code().image.program.shares();
        // Also where processes have it in common, threads of one may wait for each other.
        let outside = releasers == Releasers::Outside && !for_owner && !near;
        let dozing = until.is_some() || elsewhere || outside;
        // Of which kind they are stays the same as long as the thread waits, who they are does not.
        let by_name = for_owner
            || matches!(releasers, Releasers::All(_) | Releasers::Either(_) | Releasers::Unless(..));
        let waiter = &self.seat.waiter;
        let down = if dozing { waiter.lie_down(true) } else { self.shared.block(&self.seat, by_name, near) };
        // The end of the run wakes all after it has set its flag: seen here, or woken.
        if down && self.shared.stopping() {
            waiter.wake();
        }
        if down {
            // Through what processes share, the thread that is waited for may be one of another process, and so may the next.
            if until.is_none() && (by_name || joins) && self.shared.memory().is_some() {
                self.shared.look_for_ring_afar(&self.seat);
            }
            self.tell_wait(line);
            self.trace_wait(&told, line);
            let parked = self.tells_how_long().then(Instant::now);
            let delays = self.shared.delays.clone().filter(|delays| dozing && delays.rests(until));
            self.lie(until, Here::inside(fiber), idle);
            self.shared.waits_to_be_killed();
            delays.iter().for_each(|delays| delays.got_up());
            self.shared.takes_back_what_it_told(&self.seat);
            self.waits += 1;
            let waited = parked.map_or(Duration::ZERO, |parked| parked.elapsed());
            self.waited += waited;
            if told.sleeps() {
                self.slept += waited;
            }
            self.trace_goes_on();
            self.shared.tell_event(&self.seat.thread, line, || Happened::GoesOn { waited });
        }

        self.move_again(Here::inside(fiber));
        let blocked = self.seat.blocked.lock().take();
        // Nobody else takes it from there.
        let op = blocked.map_or(Op::Sleep, |blocked| blocked.op);
        Pending { op, deadline, line }
    }

    /// Whether anybody wants to know how long it waits.
    fn tells_how_long(&self) -> bool {
        self.shared.options.stats.is_some() || self.shared.options.events.is_some()
    }

    fn tell_wait(&self, line: u32) {
        self.shared.tell_event(&self.seat.thread, line, || {
            let waiting = self.seat.thread.waiting.lock().clone();
            let held_by = match waiting.as_ref().map(|waiting| &waiting.on) {
                Some(Value::Sync(sync)) => self.shared.holders(sync),
                Some(_) | None => Vec::new(),
            };
            Happened::Waits {
                what: waiting.map_or_else(String::new, |waiting| waiting.text.to_string()),
                held_by,
            }
        });
    }

    /// The run has ended.
    fn give_up(&mut self, mut pending: Pending) -> Waited {
        let who = Who { thread: &self.seat.thread, line: pending.line };
        // A worker without a task has nothing to abandon.
        if !pending.op.is_idle() {
            self.shared.stopped_here(who.thread, &pending.op.describe(), pending.line);
        }
        pending.op.abandon(who);
        Waited::Stopped
    }

    /// Somebody ends the thread.
    fn end_here(&mut self, mut pending: Pending) -> Waited {
        pending.op.abandon(self.asker(pending.line));
        Waited::Ended
    }

    /// A timer waits for its next beat, or to be cancelled.
    pub(super) fn wait_for_beat(&mut self, due: i64) -> Beat {
        let op = Op::Beat(self.seat.thread.clone());
        match self.wait_at(Wait { op, deadline: Some(due) }, 0, None) {
            Waited::Done(Value::Bool(true)) => Beat::Due,
            Waited::Done(_) | Waited::Failed(_) => Beat::Cancelled,
            Waited::Ended => Beat::Ended,
            Waited::Suspended(_) | Waited::Stopped => Beat::Stopped,
        }
    }
}

/// Whether looking for a moment is of no use: time has to pass, or something outside to happen.
fn takes_long(op: &Op) -> bool {
    if let Op::Pipe(wait) = op {
        return wait.is_outside();
    }
    matches!(op, Op::Sleep | Op::Beat(_) | Op::Outside(_))
}

/// Whether a thread has to end.
fn is_join(op: &Op) -> bool {
    matches!(op, Op::Join(_) | Op::JoinAll(_) | Op::ThreadResult(_))
}

/// Looks for several values, or room for several, where they go from thread to thread in handfuls.
fn look_for_handful(spin: &Spin, op: &Op) -> bool {
    let (queue, what) = match op {
        Op::Put(put) => (&put.queue, Handful::Room),
        Op::Get(queue) | Op::Next(queue) => (queue, Handful::Values),
        _ => return false,
    };
    Queue::of(queue).is_ok_and(|queue| spin.handful_of(queue, what))
}

/// Looks for what each change makes possible for one thread.
fn look_at_one(spin: &mut Spin, op: &Op, ready: &mut impl FnMut() -> bool) -> bool {
    let held_for_a_moment = matches!(op, Op::Acquire(_));
    // Others who look at the same thing all the time would only keep those from it who change it.
    let mut looks = true;
    op.queues(&mut |queue| looks = queue.begin_looking(spin::most_at_once()));
    let done = looks && if held_for_a_moment { spin.until_free(&mut *ready) } else { spin.look(ready) };
    if done || held_for_a_moment {
        op.queues(&mut |queue| {
            if looks {
                queue.end_looking()
            }
        });
        return done;
    }
    // But to let them run is of use.
    op.queues(&mut |queue| {
        queue.begin_giving_way();
        if looks {
            queue.end_looking();
        }
    });
    let done = spin.soon(ready) || spin.give_way(true, ready, &|| progress(op));
    op.queues(&mut |queue| queue.end_giving_way());
    done
}

/// Whether it waits in one queue only, from which each change lets one go on.
fn one_at_a_time(op: &Op) -> bool {
    match op {
        Op::Acquire(_) | Op::Put(_) | Op::Get(_) | Op::Next(_) | Op::Task(_) => true,
        Op::Sleep
        | Op::Change
        | Op::Fork
        | Op::Beat(_)
        | Op::Join(_)
        | Op::JoinAll(_)
        | Op::ThreadResult(_)
        | Op::Enter(_)
        | Op::Condition(_)
        | Op::Event(_)
        | Op::Barrier(_)
        | Op::Latch(_)
        | Op::Finished(_)
        | Op::Result(_)
        | Op::FutureError(_)
        | Op::Ended(_)
        | Op::Several(_)
        | Op::Idle(_)
        | Op::Select(_)
        | Op::Pipe(_)
        | Op::Outside(_) => false,
    }
}

/// A number that differs the more from the one before, the more others have done of what a thread waits for some of: tasks given
/// and begun. Always the same where nobody counts that.
fn progress(op: &Op) -> u64 {
    match op {
        Op::Task(crew) => Crew::of(crew).map_or(0, Crew::steps),
        Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => {
            Future::of(future).map_or(0, Future::steps_of_its_pool)
        }
        Op::Sleep
        | Op::Change
        | Op::Fork
        | Op::Beat(_)
        | Op::Join(_)
        | Op::JoinAll(_)
        | Op::ThreadResult(_)
        | Op::Acquire(_)
        | Op::Enter(_)
        | Op::Condition(_)
        | Op::Event(_)
        | Op::Barrier(_)
        | Op::Latch(_)
        | Op::Put(_)
        | Op::Get(_)
        | Op::Next(_)
        | Op::Finished(_)
        | Op::Several(_)
        | Op::Idle(_)
        | Op::Select(_)
        | Op::Pipe(_)
        | Op::Outside(_) => 0,
    }
}

struct Rested {
    pending: Pending,
    queues: u32,
    /// In which of the operation's queues it was given a wake-up, a bit each.
    given: u64,
}

/// The bit of a queue; those beyond the last bit share it, which passes on too much rather than too little.
fn bit(place: u32) -> u64 {
    1 << place.min(63)
}

fn pass_on(op: &Op, given: u64) {
    let mut place = 0;
    op.queues(&mut |queue| {
        if given & bit(place) != 0 {
            queue.wake_one();
        }
        place += 1;
    });
}

impl Shared {
    /// A run of several processes that ends by a deadlock kills one after the other: who wakes because another one is gone
    /// goes on no more.
    fn waits_to_be_killed(&self) {
        while self.memory().is_some_and(|memory| memory.own().number != 0 && memory.is_over()) {
            std::thread::park();
        }
    }

    /// The names of the threads that hold a thing.
    fn holders(&self, sync: &Sync) -> Vec<Arc<str>> {
        let table = self.table.lock();
        let seats = table.seats.values();
        seats.filter(|seat| sync.held_since(&seat.thread).is_some()).map(|seat| seat.thread.name()).collect()
    }

    /// Whether an operation can be done now, or fails.
    pub(super) fn ready(&self, op: &Op, who: Who<'_>, changes_seen: u64) -> bool {
        match op {
            Op::Change => self.has_changed(changes_seen),
            other => other.ready(who),
        }
    }

    pub(super) fn has_changed(&self, changes_seen: u64) -> bool {
        self.changes.load(Ordering::SeqCst) != changes_seen
    }
}
