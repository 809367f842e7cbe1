//! What an operation, or the use of a thing, depends on and may change, for a world that has to know which steps of threads
//! could be exchanged.

use super::barrier::Barrier;
use super::condition::Condition;
use super::future::Future;
use super::pool::{Crew, Pool};
use super::queue::Queue;
use super::rwlock::Side;
use super::{Kind, Op, Sync};
use crate::state::Shared;
use crate::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

impl Sync {
    /// What whoever uses this uses with it, that others may have without this.
    pub fn beneath(&self) -> Option<Shared> {
        let thing = match &self.kind {
            Kind::End(end) => return Some(Shared::Between(end.between().clone())),
            Kind::Outside(thing) => return thing.wire().map(Shared::Wire),
            Kind::Side(side) => &side.lock,
            Kind::Condition(condition) => &condition.lock,
            Kind::Pool(pool) => &pool.crew,
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Semaphore(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_) => return None,
        };
        Some(Shared::Sync(thing.clone()))
    }
}

impl Op {
    /// Whether a `poll` in vain has left something behind that another `poll` needs: a place in a condition, an arrival
    /// at a barrier, a writer counted, a reader's turn, an event's look; or has changed something for others: a pool that is
    /// left is closed. A wait without can be begun anew instead.
    pub fn leaves_trace(&self) -> bool {
        match self {
            Op::Enter(_) | Op::Idle(_) => true,
            Op::Condition(wait) => wait.begun(),
            Op::Event(wait) => wait.begun(),
            Op::Barrier(wait) => wait.round().is_some(),
            Op::Select(select) => select.arms.iter().any(Op::leaves_trace),
            Op::Sleep
            | Op::Change
            | Op::Fork
            | Op::Beat(_)
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
            | Op::Acquire(_)
            | Op::Latch(_)
            | Op::Put(_)
            | Op::Get(_)
            | Op::Next(_)
            | Op::Finished(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Task(_) => false,
            Op::Pipe(wait) => wait.leaves_trace(),
            Op::Outside(wait) => wait.leaves_trace(),
        }
    }

    /// Whether a wait is written, as part of a state, with what has happened to its thing since it began: a set of the
    /// event, a turn of the rwlock. Then it changes although its thread does not move.
    pub fn remembers(&self) -> bool {
        match self {
            Op::Select(select) => select.arms.iter().any(Op::remembers),
            Op::Pipe(wait) => wait.leaves_trace(),
            other => matches!(other, Op::Enter(_) | Op::Event(_)),
        }
    }

    /// Calls `each` with the things and threads on which its `poll` depends, and that it may change; one may come more
    /// than once. What `Change` depends on is the world's to know.
    pub fn touches(&self, each: &mut dyn FnMut(Shared)) {
        match self {
            Op::Sleep | Op::Change | Op::Fork => {}
            Op::Beat(thread) | Op::Join(thread) | Op::ThreadResult(thread) => {
                each(Shared::Thread(thread.clone()));
            }
            Op::JoinAll(threads) => threads.iter().for_each(|thread| each(Shared::Thread(thread.clone()))),
            Op::Acquire(sync) => entered(sync, each),
            Op::Enter(enter) => entered(&enter.side, each),
            Op::Condition(wait) => {
                thing(&wait.condition, each);
                if let Ok(condition) = Condition::of(&wait.condition) {
                    thing(&condition.lock, each);
                }
                if let Some(ticket) = wait.ticket() {
                    each(Shared::Ticket(ticket.clone()));
                }
            }
            Op::Event(wait) => thing(&wait.event, each),
            Op::Barrier(wait) => {
                thing(&wait.barrier, each);
                if let Ok(barrier) = Barrier::of(&wait.barrier) {
                    each(Shared::Round(barrier.round()));
                }
                if let Some(round) = wait.round() {
                    each(Shared::Round(round.clone()));
                }
            }
            Op::Latch(sync) | Op::Finished(sync) | Op::Ended(sync) => thing(sync, each),
            Op::Idle(wait) => {
                thing(&wait.crew, each);
                wait.workers.iter().for_each(|worker| each(Shared::Thread(worker.clone())));
            }
            Op::Put(put) => {
                thing(&put.queue, each);
                compared(&put.queue, Some(put.value()), each);
            }
            Op::Get(queue) | Op::Next(queue) => {
                thing(queue, each);
                compared(queue, None, each);
            }
            Op::Result(sync) | Op::FutureError(sync) => {
                thing(sync, each);
                if let Some(failure) = Future::of(sync).ok().and_then(Future::failure) {
                    each(Shared::Failure(failure));
                }
            }
            Op::Several(several) => several.futures.iter().for_each(|future| thing(future, each)),
            Op::Task(sync) => {
                thing(sync, each);
                if let Ok(crew) = Crew::of(sync) {
                    crew.tasks().iter().for_each(|future| thing(future, each));
                }
            }
            Op::Select(select) => select.arms.iter().for_each(|arm| arm.touches(each)),
            Op::Pipe(wait) => {
                thing(wait.end(), each);
                if let Kind::End(end) = &wait.end().kind {
                    each(Shared::Between(end.between().clone()));
                }
            }
            Op::Outside(wait) => {
                if let Value::Sync(sync) = wait.on() {
                    thing(&sync, each);
                    if let Kind::Outside(outside) = &sync.kind
                        && let Some(wire) = outside.wire()
                    {
                        each(Shared::Wire(wire));
                    }
                }
            }
        }
    }
}

fn thing(sync: &Arc<Sync>, each: &mut dyn FnMut(Shared)) {
    each(Shared::Sync(sync.clone()));
}

/// What is entered by `with` or `acquire`, and what it is a part of.
fn entered(sync: &Arc<Sync>, each: &mut dyn FnMut(Shared)) {
    thing(sync, each);
    if let Ok(side) = Side::of(sync) {
        thing(&side.lock, each);
    }
    if let Ok(pool) = Pool::of(sync) {
        thing(&pool.crew, each);
    }
}

/// The containers into which comparing the values of a priority queue may look.
fn compared(queue: &Arc<Sync>, put: Option<&Value>, each: &mut dyn FnMut(Shared)) {
    let Ok(queue) = Queue::of(queue) else { return };
    let mut pending = queue.compared();
    if !pending.is_empty() {
        pending.extend(put.cloned());
    }
    let mut met = HashSet::new();
    while let Some(value) = pending.pop() {
        let container = match &value {
            Value::List(list) => Shared::List(list.clone()),
            Value::Map(map) => Shared::Map(map.clone()),
            Value::Set(set) => Shared::Set(set.clone()),
            _ => continue, // equal by what they are, or by their content, which never changes
        };
        if !met.insert(container.address()) {
            continue;
        }
        each(container);
        match value {
            Value::List(list) => pending.extend(list.snapshot()),
            Value::Map(map) => pending.extend(map.values()), // keys never change
            _ => {}
        }
    }
}
