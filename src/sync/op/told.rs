//! What is told of an operation that waits: in reports, to scripts, in the notes of a deadlock.

use super::Op;
use crate::sync::future::Future;
use crate::sync::latch::Latch;
use crate::sync::lock::Lock;
use crate::sync::queue::Queue;
use crate::sync::thread::{State, Text, Thread, Waiting};
use crate::sync::{Sync, Who, named};
use crate::value::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Op {
    /// From now on others see that the thread waits for this, until it goes on (`Thread::goes_on`).
    pub fn rests(&self, thread: &Thread, line: u32, timed: bool) {
        let text = named::aside(|| self.text());
        *thread.waiting.lock() = Some(Waiting { on: self.on(), text, line, timed });
        let state = if matches!(self, Op::Sleep) { State::Sleeping } else { State::Blocked };
        thread.state.store(state as u8, Ordering::SeqCst);
    }

    /// Whether others can tell by what it does first (it gives up a lock, it is counted) that the thread waits.
    pub fn shows_itself(&self) -> bool {
        matches!(self, Op::Condition(_) | Op::Barrier(_))
    }

    /// What a report says after the thread's name: `waits for right`, `waits in jobs.get()`, `joins "teller-1"`.
    pub fn describe(&self) -> String {
        self.text().to_string()
    }

    /// The same, to be made when somebody asks.
    pub fn text(&self) -> Text {
        let of = |sync: &Arc<Sync>, text| Text::Of(sync.clone(), text);
        match self {
            Op::Sleep => "sleeps".into(),
            Op::Change => "awaits its condition".into(),
            Op::Fork => "forks".into(),
            Op::Beat(_) => "waits for its time".into(),
            Op::Join(thread) => format!("joins \"{}\"", thread.name()).into(),
            Op::JoinAll(threads) => {
                let mut running: Vec<&Arc<Thread>> =
                    threads.iter().filter(|thread| !thread.ended()).collect();
                // All have ended in the meantime.
                if running.is_empty() {
                    running.extend(threads.last());
                }
                let names: Vec<String> =
                    running.iter().map(|thread| format!("\"{}\"", thread.name())).collect();
                format!("joins {}", names.join(", ")).into()
            }
            Op::ThreadResult(thread) => format!("waits for the result of \"{}\"", thread.name()).into(),
            Op::Acquire(sync) if sync.owner().is_some() => {
                of(sync, |lock| format!("waits for {}", lock.label()))
            }
            Op::Acquire(sync) => of(sync, |thing| format!("waits for a permit of {}", thing.label())),
            Op::Enter(enter) => of(&enter.side, |side| format!("waits for {}", side.label())),
            Op::Condition(wait) => wait.text(),
            Op::Event(wait) => of(&wait.event, |event| format!("waits for {} to be set", event.label())),
            Op::Barrier(wait) => of(&wait.barrier, |barrier| format!("waits in {}.wait()", barrier.label())),
            Op::Latch(latch) => of(latch, |latch| format!("waits in {}.wait()", latch.label())),
            Op::Put(put) => of(&put.queue, |queue| format!("waits in {}.put()", queue.label())),
            Op::Get(queue) => of(queue, |queue| format!("waits in {}.get()", queue.label())),
            Op::Next(queue) => of(queue, |queue| format!("waits for the next of {}", queue.label())),
            Op::Finished(queue) => of(queue, |queue| format!("waits in {}.join()", queue.label())),
            Op::Result(future) | Op::FutureError(future) => {
                of(future, |future| format!("waits for the result of {}", Future::subject(future)))
            }
            Op::Ended(future) => of(future, |future| format!("waits for {}", future.label())),
            Op::Several(several) => {
                let (which, count) = (if several.any { "one" } else { "all" }, several.futures.len());
                format!("waits for {which} of {count} futures").into()
            }
            Op::Task(crew) => of(crew, |crew| format!("waits for a task of {}", crew.label())),
            Op::Idle(wait) => of(&wait.crew, |crew| format!("waits for the tasks of {}", crew.label())),
            Op::Select(select) => select.describe().into(),
            Op::Pipe(wait) => wait.describe().into(),
            Op::Outside(wait) => wait.describe().into(),
        }
    }

    /// What the thread waits for, as `t.waiting_on` tells it: the thing, the thread, a list of things, or nil.
    pub fn on(&self) -> Value {
        let thing = |sync: &Arc<Sync>| Value::Sync(sync.clone());
        match self {
            Op::Sleep | Op::Change | Op::Fork | Op::Beat(_) | Op::Task(_) | Op::Idle(_) => Value::Nil,
            Op::Join(thread) | Op::ThreadResult(thread) => Value::Thread(thread.clone()),
            Op::JoinAll(threads) => {
                let running = threads.iter().filter(|thread| !thread.ended());
                Value::list(running.map(|thread| Value::Thread(thread.clone())).collect())
            }
            Op::Acquire(sync) => thing(sync),
            Op::Enter(enter) => thing(&enter.side),
            Op::Condition(wait) => thing(&wait.condition),
            Op::Event(wait) => thing(&wait.event),
            Op::Barrier(wait) => thing(&wait.barrier),
            Op::Put(put) => thing(&put.queue),
            Op::Latch(sync) | Op::Get(sync) | Op::Next(sync) | Op::Finished(sync) => thing(sync),
            Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => thing(future),
            Op::Several(several) => Value::list(several.futures.iter().map(thing).collect()),
            Op::Select(select) => Value::list(select.arms.iter().map(Op::on).collect()),
            Op::Pipe(wait) => thing(wait.end()),
            Op::Outside(wait) => wait.on(),
        }
    }

    /// Why it waits for ever, and what to do, where there is more to say than `describe` does: for a deadlock's notes.
    pub fn explain(&self, who: Who<'_>, each: &mut dyn FnMut(String)) {
        let note = match self {
            Op::Change => {
                Some("nobody who still goes on changes what the condition of an `await` looks at".into())
            }
            Op::Sleep | Op::Fork | Op::Beat(_) | Op::Join(_) | Op::JoinAll(_) | Op::ThreadResult(_) => None,
            Op::Acquire(sync) => Lock::of(sync).ok().and_then(|lock| lock.note(sync, who)),
            Op::Enter(enter) => enter.note(who),
            Op::Condition(wait) => wait.note(),
            Op::Pipe(wait) => wait.note(),
            Op::Barrier(wait) => wait.note(),
            Op::Latch(latch) => {
                Latch::of(latch).ok().map(|state| format!("{} is at {}", latch.label(), state.count()))
            }
            Op::Finished(queue) => Queue::of(queue).ok().and_then(|state| state.note(queue)),
            Op::Result(future) | Op::FutureError(future) | Op::Ended(future) => {
                Future::of(future).ok().and_then(|future| future.note(who))
            }
            Op::Several(several) => {
                let mut futures = several.futures.iter().filter_map(|sync| Future::of(sync).ok());
                futures.find_map(|future| future.note(who))
            }
            Op::Put(put) => Queue::of(&put.queue).ok().and_then(|state| state.note_of_put(&put.queue)),
            Op::Get(queue) | Op::Next(queue) => {
                Queue::of(queue).ok().and_then(|state| state.note_of_get(queue))
            }
            Op::Outside(wait) => wait.note(),
            Op::Event(wait) => {
                let label = wait.event.label();
                Some(format!(
                    "{label} is not set: who waits for it goes on when somebody calls {label}.set()"
                ))
            }
            Op::Task(_) | Op::Idle(_) => None,
            Op::Select(select) => return select.arms.iter().for_each(|arm| arm.explain(who, each)),
        };
        if let Some(note) = note {
            each(note);
        }
    }
}
