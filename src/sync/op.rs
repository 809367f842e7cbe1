//! Operations that may have to wait, as data; what each does is in the file of its construct.
//!
//! An operation that was polled (or made by `Op::acquire`) and is given up must be ended by `timed_out` or `abandon`. Who
//! could end its wait is in `releasers.rs`, what is told of one that waits in `told.rs`.

mod releasers;
mod told;

use super::barrier;
use super::condition;
use super::event::{self, Event};
use super::future::{Future, Several};
use super::latch::Latch;
use super::outside;
use super::pipe;
use super::pool::{Crew, Leaving};
use super::put::Put;
use super::queue::{Got, Queue, closed};
use super::rwlock;
use super::select::Select;
use super::semaphore::Semaphore;
use super::thread::Thread;
use super::wait::WaitQueue;
use super::{Kind, Releasers, Sync, Who};
use crate::race::channels;
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::Arc;

/// An operation that may have to wait, with what it needs to remember meanwhile.
#[derive(Debug)]
pub enum Op {
    /// Nothing but its deadline ends it.
    Sleep,
    /// `await`: until something has changed since the thread began to evaluate the condition. What has changed
    /// is the world's to know, so this is never done by `poll`.
    Change,
    /// A timer's wait for its next beat (its deadline): true then, false when it is cancelled before.
    Beat(Arc<Thread>),
    /// Until the thread has ended: true.
    Join(Arc<Thread>),
    /// Until all of them have ended: true.
    JoinAll(Vec<Arc<Thread>>),
    /// Until the thread has ended: its value.
    ThreadResult(Arc<Thread>),
    /// A lock, an rlock, a semaphore: true.
    Acquire(Arc<Sync>),
    /// A side of an rwlock: true.
    Enter(rwlock::Enter),
    Condition(condition::Wait),
    Event(event::Wait),
    Barrier(barrier::Wait),
    Latch(Arc<Sync>),
    Put(Put),
    Get(Arc<Sync>),
    /// As `Get`, but what ends with the queue ends with `Value::Unset`: `for x in q { }`.
    Next(Arc<Sync>),
    /// Until everything put has been dealt with.
    Finished(Arc<Sync>),
    /// A future's value.
    Result(Arc<Sync>),
    /// A future's error, or nil.
    FutureError(Arc<Sync>),
    /// Until a future has ended: true.
    Ended(Arc<Sync>),
    Several(Several),
    /// A worker's next future (begun), or nil when there will be none.
    Task(Arc<Sync>),
    /// Until a pool's tasks and workers have ended: nil.
    Idle(Leaving),
    Select(Box<Select>),
    Pipe(pipe::Wait),
    /// For something outside the program. In a box, since it is large.
    Outside(Box<outside::Wait>),
    /// `fork()`: done by the world, which alone has the fiber: the child's handle, and in the child 0.
    Fork,
}

impl Op {
    /// To acquire what `Sync::enter` has found taken. It counts as waiting from now on.
    pub fn acquire(sync: Arc<Sync>) -> Op {
        match &sync.kind {
            Kind::Side(_) => Op::Enter(rwlock::Enter::new(sync)),
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Semaphore(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => Op::Acquire(sync),
        }
    }

    /// Whether it waits to enter a monitor: to call its method, or to read a field.
    pub fn enters_monitor(&self) -> bool {
        matches!(self, Op::Acquire(sync) if sync.is_monitor())
    }

    pub fn put(queue: Arc<Sync>, value: Value) -> Op {
        Op::Put(Put::new(queue, value))
    }

    /// Does the operation if it can be done now: its value, or None if it has to wait. An error ends it.
    pub fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        let yes = |done: bool| done.then_some(Value::Bool(true));
        Ok(match self {
            Op::Sleep | Op::Change | Op::Fork => None,
            Op::Beat(timer) => timer.is_cancelled().then_some(Value::Bool(false)),
            Op::Join(thread) => yes(thread.join(who)?),
            Op::JoinAll(threads) => {
                // Those that have ended are let go, so that only one has to be watched at a time.
                let mut failed = None;
                threads.retain(|thread| match thread.join(who) {
                    Ok(ended) => !ended,
                    Err(error) => {
                        failed.get_or_insert(error);
                        true
                    }
                });
                match failed {
                    Some(error) => return Err(error),
                    None => yes(threads.is_empty()),
                }
            }
            Op::ThreadResult(thread) => thread.result(who)?,
            Op::Acquire(sync) => yes(sync.enter(who)?),
            Op::Enter(enter) => yes(enter.poll(who)?),
            Op::Condition(wait) => wait.poll(who)?,
            Op::Event(wait) => {
                let set = wait.poll()?;
                if set {
                    wait.event.order().acquired();
                }
                yes(set)
            }
            Op::Barrier(wait) => wait.poll(who)?,
            Op::Latch(latch) => met(latch, Latch::of(latch)?.ready()),
            Op::Put(put) => put.poll()?,
            Op::Get(sync) => match Queue::of(sync)?.get(sync)? {
                Got::Value(value) => Some(value),
                Got::Empty => None,
                Got::End => return Err(closed(sync, "get")),
            },
            Op::Next(sync) => match Queue::of(sync)?.get(sync)? {
                Got::Value(value) => Some(value),
                Got::Empty => None,
                Got::End => Some(Value::Unset),
            },
            Op::Finished(queue) => met(queue, Queue::of(queue)?.unfinished() == 0),
            Op::Result(future) => Future::of(future)?.result(future)?,
            Op::FutureError(future) => Future::of(future)?.error(future)?,
            Op::Ended(future) => met(future, Future::of(future)?.is_done()),
            Op::Several(several) => {
                let done = several.poll();
                if done.is_some() {
                    several.futures.iter().for_each(|future| future.order().met());
                }
                done
            }
            Op::Task(crew) => Crew::of(crew)?.next(who.thread.id),
            Op::Idle(wait) => wait.poll(who)?,
            Op::Select(select) => select.poll(who)?,
            Op::Pipe(wait) => channels::through_a_pipe(wait.pipe(), || wait.poll())?,
            Op::Outside(wait) => {
                let done = wait.poll()?;
                if done.is_some() && matches!(**wait, outside::Wait::Signal(_)) {
                    channels::signalled();
                }
                done
            }
        })
    }

    /// Whether `poll` would do it (or fail, or come a step nearer to it) now; changes nothing.
    pub fn ready(&self, who: Who<'_>) -> bool {
        match self {
            Op::Sleep | Op::Change | Op::Fork => false,
            Op::Beat(timer) => timer.is_cancelled(),
            Op::Join(thread) | Op::ThreadResult(thread) => thread.join_ready(who),
            Op::JoinAll(threads) => threads.first().is_none_or(|thread| thread.join_ready(who)),
            Op::Acquire(sync) => sync.ready(who),
            Op::Enter(enter) => enter.ready(who),
            Op::Condition(wait) => wait.ready(who),
            Op::Event(wait) => wait.ready(),
            Op::Barrier(wait) => wait.ready(),
            Op::Latch(latch) => Latch::of(latch).is_ok_and(Latch::ready),
            Op::Put(put) => Queue::of(&put.queue).is_ok_and(Queue::put_ready),
            Op::Get(queue) | Op::Next(queue) => Queue::of(queue).is_ok_and(Queue::get_ready),
            Op::Finished(queue) => Queue::of(queue).is_ok_and(|queue| queue.unfinished() == 0),
            Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => {
                Future::of(future).is_ok_and(Future::is_done)
            }
            Op::Several(several) => several.ready(),
            Op::Task(crew) => Crew::of(crew).is_ok_and(Crew::has_task),
            Op::Idle(wait) => wait.ready(),
            Op::Select(select) => select.arms.iter().any(|arm| arm.ready(who)),
            Op::Pipe(wait) => wait.ready(),
            Op::Outside(wait) => wait.ready(),
        }
    }

    /// Calls `each` with every queue from which a change is made known that may make it possible. They are the
    /// same from one `poll` or `timed_out` to the next, and still after a `poll` that has done it.
    pub fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        let queue = match self {
            Op::Sleep | Op::Change | Op::Fork => None,
            Op::Beat(timer) => timer.timer.as_ref().map(|timer| &timer.changed),
            Op::Join(thread) | Op::ThreadResult(thread) => Some(&thread.done),
            Op::JoinAll(threads) => threads.first().map(|thread| &thread.done),
            Op::Acquire(sync) => match sync.owner() {
                Some(owner) => Some(&owner.waiters),
                None => Semaphore::of(sync).ok().map(|semaphore| &semaphore.waiters),
            },
            Op::Enter(enter) => enter.queue(),
            Op::Condition(wait) => wait.queue(),
            Op::Event(wait) => Event::of(&wait.event).ok().map(|event| &event.waiters),
            Op::Barrier(wait) => wait.queue(),
            Op::Latch(latch) => Latch::of(latch).ok().map(|latch| &latch.waiters),
            Op::Put(put) => Queue::of(&put.queue).ok().map(|queue| queue.putters()),
            Op::Get(queue) | Op::Next(queue) => Queue::of(queue).ok().map(|queue| queue.getters()),
            Op::Finished(queue) => Queue::of(queue).ok().map(|queue| queue.joiners()),
            Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => {
                Future::of(future).ok().map(|future| &future.done)
            }
            Op::Several(several) => {
                let futures = several.futures.iter().filter_map(|sync| Future::of(sync).ok());
                return futures.for_each(|future| each(&future.done));
            }
            Op::Task(crew) => Crew::of(crew).ok().map(|crew| &crew.work),
            Op::Idle(wait) => return wait.queues(each),
            Op::Select(select) => return select.arms.iter().for_each(|arm| arm.queues(each)),
            Op::Pipe(wait) => wait.queue(),
            Op::Outside(wait) => return wait.queues(each),
        };
        if let Some(queue) = queue {
            each(queue);
        }
    }

    /// To be called when the thread has made itself known in those queues, or has left them, before it asks again: for
    /// things that are changed without a fence.
    pub fn pass(&self) {
        match self {
            Op::Put(put) => Queue::of(&put.queue).into_iter().for_each(Queue::pass_getters),
            Op::Get(queue) | Op::Next(queue) => Queue::of(queue).into_iter().for_each(Queue::pass_putters),
            Op::Select(select) => select.arms.iter().for_each(Op::pass),
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
            | Op::Finished(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Task(_)
            | Op::Idle(_)
            | Op::Pipe(_)
            | Op::Outside(_) => {}
        }
    }

    /// Its deadline has passed: what it comes to, or None when it must go on without a deadline (a condition
    /// that has to take its lock again).
    pub fn timed_out(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        Ok(Some(match self {
            Op::Sleep | Op::Change | Op::Fork | Op::Idle(_) | Op::Task(_) => Value::Nil,
            Op::Beat(_) => Value::Bool(true),
            Op::Join(_) | Op::JoinAll(_) | Op::Acquire(_) | Op::Event(_) | Op::Latch(_) => Value::Bool(false),
            Op::Finished(_) | Op::Ended(_) => Value::Bool(false),
            Op::Enter(enter) => {
                enter.stop();
                Value::Bool(false)
            }
            Op::Condition(wait) => return wait.timed_out(who),
            Op::Barrier(wait) => return wait.timed_out(who),
            Op::Put(put) => return Err(timeout(&format!("{}.put()", put.queue.label()), "no room")),
            Op::Get(queue) | Op::Next(queue) => {
                return Err(timeout(&format!("{}.get()", queue.label()), "nothing to get"));
            }
            Op::Result(future) | Op::FutureError(future) => {
                return Err(timeout(&future.label(), "no result"));
            }
            Op::ThreadResult(thread) => {
                return Err(timeout(&format!("the result of \"{}\"", thread.name()), "no result"));
            }
            Op::Several(several) => several.sorted(),
            // `after`: no arm was done.
            Op::Select(select) => {
                select.stop(who, None);
                Value::Nil
            }
            Op::Pipe(wait) => return Err(wait.timed_out()),
            Op::Outside(wait) => wait.timed_out()?,
        }))
    }

    /// The thread gives up the wait for another reason (the run ends, an error is raised in it): undoes what
    /// waiting has left in the thing (a place in a condition, an arrival at a barrier).
    pub fn abandon(&mut self, who: Who<'_>) {
        match self {
            Op::Sleep
            | Op::Change
            | Op::Fork
            | Op::Beat(_)
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
            | Op::Acquire(_)
            | Op::Event(_)
            | Op::Latch(_)
            | Op::Put(_)
            | Op::Get(_)
            | Op::Next(_)
            | Op::Finished(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Task(_)
            | Op::Idle(_)
            | Op::Pipe(_) => {}
            Op::Enter(enter) => enter.stop(),
            Op::Condition(wait) => wait.abandon(),
            Op::Barrier(wait) => wait.abandon(who),
            Op::Select(select) => select.stop(who, None),
            Op::Outside(wait) => wait.abandon(),
        }
    }

    /// Whether only what the processes of this run do can end it: no time, and nobody outside.
    pub fn is_within(&self) -> bool {
        match self {
            Op::Sleep | Op::Beat(_) | Op::Fork => false,
            Op::Outside(wait) => wait.releasers() != Releasers::Outside,
            Op::Join(thread) | Op::ThreadResult(thread) => thread.is_ours(),
            Op::JoinAll(threads) => threads.iter().all(|thread| thread.is_ours()),
            Op::Select(select) => select.arms.iter().all(Op::is_within),
            Op::Acquire(_)
            | Op::Enter(_)
            | Op::Condition(_)
            | Op::Event(_)
            | Op::Barrier(_)
            | Op::Latch(_)
            | Op::Put(_)
            | Op::Get(_)
            | Op::Next(_)
            | Op::Finished(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Task(_)
            | Op::Idle(_)
            | Op::Pipe(_)
            // One that looks at something outside has a deadline: when to look again.
            | Op::Change => true,
        }
    }

    /// The same, where a connection may lead to another process of this run.
    pub fn may_be_within(&self) -> bool {
        match self {
            Op::Outside(wait) => wait.line().is_some() || self.is_within(),
            Op::Select(select) => select.arms.iter().all(Op::may_be_within),
            other => other.is_within(),
        }
    }

    /// Calls `each` with every wait at a connection that it is.
    pub fn at_connections(&self, each: &mut dyn FnMut(&outside::Wait)) {
        match self {
            Op::Outside(wait) => each(wait),
            Op::Select(select) => select.arms.iter().for_each(|arm| arm.at_connections(each)),
            _ => {} // no other leads outside by a connection
        }
    }

    /// Whether it can be done now, also when nobody has been told yet that it can.
    pub fn may_go_on(&self, who: Who<'_>) -> bool {
        match self {
            Op::Select(select) => select.arms.iter().any(|arm| arm.may_go_on(who)),
            Op::Pipe(wait) => wait.may_go_on(),
            other => other.ready(who),
        }
    }

    /// Calls `each` with every value that it holds: what it waits for, and what it puts.
    pub fn values(&self, each: &mut dyn FnMut(Value)) {
        match self {
            Op::Put(put) => each(put.value().clone()),
            Op::Task(crew) | Op::Idle(Leaving { crew, workers: _ }) => each(Value::Sync(crew.clone())),
            Op::Beat(timer) => each(Value::Thread(timer.clone())),
            Op::Select(select) => return select.arms.iter().for_each(|arm| arm.values(each)),
            Op::Sleep
            | Op::Change
            | Op::Fork
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
            | Op::Acquire(_)
            | Op::Enter(_)
            | Op::Condition(_)
            | Op::Event(_)
            | Op::Barrier(_)
            | Op::Latch(_)
            | Op::Get(_)
            | Op::Next(_)
            | Op::Finished(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Pipe(_)
            | Op::Outside(_) => {}
        }
        each(self.on());
    }

    /// Whether the thread is a worker of a pool that waits for its next task, or waits for a signal to handle.
    pub fn is_idle(&self) -> bool {
        match self {
            Op::Task(_) => true,
            Op::Pipe(wait) => wait.is_for_a_task(),
            other => other.is_for_a_signal(),
        }
    }

    /// Whether it is the wait of a handler's thread for its signal.
    pub fn is_for_a_signal(&self) -> bool {
        matches!(self, Op::Outside(wait) if matches!(**wait, outside::Wait::Signal(_)))
    }
}

/// True once it has come to that, and after all that was done for it.
fn met(sync: &Sync, done: bool) -> Option<Value> {
    done.then(|| {
        sync.order().met();
        Value::Bool(true)
    })
}

/// The one error for giving up after a timeout, of what has no false to return.
#[cold]
pub fn timeout(what: &str, why: &str) -> Error {
    Error::new(error::Kind::Timeout, format!("{what}: {why} within the timeout"))
}
