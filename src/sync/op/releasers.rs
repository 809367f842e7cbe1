//! Who could end the wait of an operation, for the search for deadlocks.

use super::Op;
use crate::sync::future::Future;
use crate::sync::thread::Thread;
use crate::sync::{Releasers, Sync, Who};
use std::sync::Arc;

impl Op {
    /// The thing that it waits for, if that is one that processes share.
    pub fn there(&self) -> Option<&Arc<Sync>> {
        let thing = match self {
            Op::Acquire(thing)
            | Op::Latch(thing)
            | Op::Get(thing)
            | Op::Next(thing)
            | Op::Finished(thing) => thing,
            Op::Condition(wait) => &wait.condition,
            Op::Event(wait) => &wait.event,
            Op::Barrier(wait) => &wait.barrier,
            Op::Put(put) => &put.queue,
            Op::Sleep
            | Op::Change
            | Op::Beat(_)
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
            | Op::Enter(_)
            | Op::Result(_)
            | Op::FutureError(_)
            | Op::Ended(_)
            | Op::Several(_)
            | Op::Task(_)
            | Op::Idle(_)
            | Op::Select(_)
            | Op::Pipe(_)
            | Op::Outside(_)
            | Op::Fork => return None,
        };
        Some(thing).filter(|thing| thing.is_there())
    }

    /// The lock or rlock that it waits for: it is taken whole, and who holds it is known.
    pub fn lock(&self) -> Option<&Arc<Sync>> {
        match self {
            Op::Acquire(sync) => sync.owner().map(|_| sync),
            Op::Condition(wait) => wait.acquires(),
            Op::Sleep
            | Op::Change
            | Op::Fork
            | Op::Beat(_)
            | Op::Join(_)
            | Op::JoinAll(_)
            | Op::ThreadResult(_)
            | Op::Enter(_)
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
            | Op::Select(_)
            | Op::Pipe(_)
            | Op::Outside(_) => None,
        }
    }

    /// Who of this process could end it.
    pub fn releasers(&self, who: Who<'_>) -> Releasers {
        // Other processes may do what this one's threads cannot.
        match self.there() {
            Some(_) => Releasers::Outside,
            None => self.releasers_of_all(who),
        }
    }

    /// The same where what processes share counts as anything else: whoever can end it, of whatever process.
    pub fn releasers_of_all(&self, who: Who<'_>) -> Releasers {
        let nobody = || Releasers::All(Vec::new());
        match self {
            Op::Sleep | Op::Beat(_) | Op::Fork => Releasers::Outside,
            Op::Outside(wait) => wait.releasers(),
            Op::Change => Releasers::Anyone(Vec::new()),
            // Processes go on by themselves, whatever the threads here do.
            Op::Join(thread) | Op::ThreadResult(thread) if thread.process.is_some() => Releasers::Outside,
            Op::Join(thread) | Op::ThreadResult(thread) => Releasers::All(vec![thread.id]),
            Op::JoinAll(threads) => {
                let running: Vec<&Arc<Thread>> = threads.iter().filter(|thread| !thread.ended()).collect();
                let here = running.iter().filter(|thread| thread.process.is_none());
                let here: Vec<u32> = here.map(|thread| thread.id).collect();
                if here.is_empty() && !running.is_empty() { Releasers::Outside } else { Releasers::All(here) }
            }
            Op::Acquire(sync) => match &sync.owner() {
                Some(owner) => Releasers::All(owner.holder().map(|(holder, _)| holder).into_iter().collect()),
                None => Releasers::Anyone(vec![sync.id]),
            },
            Op::Enter(enter) => enter.releasers(),
            Op::Condition(wait) => wait.releasers(),
            Op::Event(wait) => Releasers::Anyone(vec![wait.event.id]),
            Op::Barrier(wait) => Releasers::Anyone(vec![wait.barrier.id]),
            Op::Put(put) => Releasers::Anyone(vec![put.queue.id]),
            Op::Latch(thing) | Op::Get(thing) | Op::Next(thing) | Op::Finished(thing) | Op::Task(thing) => {
                Releasers::Anyone(vec![thing.id])
            }
            Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => {
                Future::of(future).map_or_else(|_| nobody(), |it| it.releasers(future.id))
            }
            Op::Several(several) => several.releasers(),
            Op::Pipe(wait) => wait.releasers(),
            Op::Idle(wait) => wait.releasers(),
            Op::Select(select) => select.releasers(who),
        }
    }
}
