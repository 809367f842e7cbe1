//! Things to wait for, and operations on them, as parts of a state: written, and made again from what was written.
//!
//! Each construct writes its own parts, in its file. Wait queues are not written: in a world that writes states
//! nobody is in them.

use super::future::Several;
use super::label::Label;
use super::outside::{self, Thing};
use super::put::Put;
use super::select::Select;
use super::{Kind, Op, Sync};
use super::{
    atomic, barrier, condition, event, future, latch, lock, pipe, pool, queue, rlock, rwlock, semaphore,
};
use crate::mapped::{self, Place};
use crate::state::{Reader, Writer};
use crate::sync::thread::Thread;
use crate::value::Value;
use std::sync::Arc;

/// What a thing is; the tag before its head.
const LOCK: u8 = 0;
const RLOCK: u8 = 1;
const RWLOCK: u8 = 2;
const SIDE: u8 = 3;
const SEMAPHORE: u8 = 4;
const CONDITION: u8 = 5;
const EVENT: u8 = 6;
const BARRIER: u8 = 7;
const LATCH: u8 = 8;
const QUEUE: u8 = 9;
const ATOMIC: u8 = 10;
const POOL: u8 = 11;
const CREW: u8 = 12;
const FUTURE: u8 = 13;
const PIPE: u8 = 14;
const END: u8 = 15;
const OUTSIDE: u8 = 16;
/// The `rlock` of a monitor.
const MONITOR: u8 = 17;

impl Sync {
    /// Where it was made, its name, its kind and what never changes of it; then its content.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.line(self.line);
        self.name.save(w);
        w.count(self.place());
        if self.is_there() {
            return self.save_there(w);
        }
        match &self.kind {
            Kind::Lock(lock) => {
                w.byte(LOCK);
                lock.owner.save(w);
            }
            Kind::RLock(lock) => {
                w.byte(if lock.monitor.is_some() { MONITOR } else { RLOCK });
                lock.monitor.iter().for_each(|class| w.text(class));
                lock.save(w);
            }
            Kind::RwLock(lock) => {
                w.byte(RWLOCK);
                lock.save(w);
            }
            Kind::Side(side) => {
                w.byte(SIDE);
                side.save(w);
            }
            Kind::Semaphore(semaphore) => {
                w.byte(SEMAPHORE);
                semaphore.save_head(w);
                semaphore.save(w);
            }
            Kind::Condition(condition) => {
                w.byte(CONDITION);
                condition.save_head(w);
                condition.save(w);
            }
            Kind::Event(event) => {
                w.byte(EVENT);
                event.save(w);
            }
            Kind::Barrier(barrier) => {
                w.byte(BARRIER);
                barrier.save_head(w);
                barrier.save(w);
            }
            Kind::Latch(latch) => {
                w.byte(LATCH);
                latch.save(w);
            }
            Kind::Queue(queue) => {
                w.byte(QUEUE);
                queue.save_head(w);
                queue.save(w);
            }
            Kind::Atomic(atomic) => {
                w.byte(ATOMIC);
                atomic.save(w);
            }
            Kind::Pool(pool) => {
                w.byte(POOL);
                pool.save(w);
            }
            Kind::Crew(crew) => {
                w.byte(CREW);
                crew.save_head(w);
                crew.save(w);
            }
            Kind::Future(future) => {
                w.byte(FUTURE);
                future.save_head(w);
                future.save(w);
            }
            Kind::Pipe(pipe) => {
                w.byte(PIPE);
                pipe.save(w);
            }
            Kind::End(end) => {
                w.byte(END);
                end.save(w);
            }
            Kind::Outside(thing) => {
                w.byte(OUTSIDE);
                // Of a real one nobody reads more: what leads to it is refused.
                if w.numbering.simulated() {
                    thing.save(w);
                }
            }
        }
    }

    /// Of one that is in memory that processes share: its kind and what never changes of it.
    fn save_there(&self, w: &mut Writer<'_>) {
        match &self.kind {
            Kind::Lock(_) => w.byte(LOCK),
            Kind::RLock(_) => w.byte(RLOCK),
            Kind::Semaphore(semaphore) => {
                w.byte(SEMAPHORE);
                semaphore.save_head(w);
            }
            Kind::Condition(condition) => {
                w.byte(CONDITION);
                condition.save_head(w);
            }
            Kind::Event(_) => w.byte(EVENT),
            Kind::Barrier(barrier) => {
                w.byte(BARRIER);
                barrier.save_head(w);
            }
            Kind::Latch(_) => w.byte(LATCH),
            Kind::Queue(queue) => {
                w.byte(QUEUE);
                queue.save_head(w);
            }
            Kind::Atomic(_) => w.byte(ATOMIC),
            Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Pool(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => unreachable!("{} cannot be declared shared", self.label()),
        }
    }

    /// Makes it with what never changes of it; `fill` reads the rest.
    pub fn load(id: u32, r: &mut Reader<'_>) -> Sync {
        let line = r.line();
        let name = Label::load(r);
        let shared = r.count();
        let kind = match r.byte() {
            LOCK => Kind::Lock(lock::Lock::default()),
            RLOCK => Kind::RLock(rlock::RLock::default()),
            MONITOR => Kind::RLock(rlock::RLock::of_monitor(r.text().into())),
            RWLOCK => Kind::RwLock(Box::default()),
            SIDE => Kind::Side(rwlock::Side::load(r)),
            SEMAPHORE => Kind::Semaphore(semaphore::Semaphore::load(r)),
            CONDITION => Kind::Condition(condition::Condition::load(r)),
            EVENT => Kind::Event(event::Event::default()),
            BARRIER => Kind::Barrier(barrier::Barrier::load(r)),
            LATCH => Kind::Latch(latch::Latch::load(r)),
            QUEUE => Kind::Queue(queue::Queue::load(r)),
            ATOMIC => Kind::Atomic(atomic::Atomic::new(Value::Nil)),
            POOL => Kind::Pool(pool::Pool::load(r)),
            CREW => Kind::Crew(Box::new(pool::Crew::load(r))),
            FUTURE => Kind::Future(future::Future::load(r)),
            PIPE => Kind::Pipe(pipe::Pipe::load(r)),
            END => Kind::End(pipe::End::load(id, r)),
            OUTSIDE => Kind::Outside(Box::new(Thing::load(r))),
            tag => unreachable!("no thing has the tag {tag}"),
        };
        let sync = Sync { name, shared: shared.into(), ..Sync::new(id, line, kind) };
        match mapped::here().filter(|_| sync.is_there()) {
            Some(memory) => {
                let place = Place { memory, at: shared as usize };
                sync.found(&place).unwrap_or(sync) // it was made with no more parties than it may have
            }
            None => sync,
        }
    }

    /// Reads its content, from where `load` stopped.
    pub fn fill(&self, r: &mut Reader<'_>) {
        if self.is_there() {
            return; // its content is where all find it
        }
        match &self.kind {
            Kind::Lock(lock) => lock.owner.fill(r),
            Kind::RLock(lock) => lock.fill(r),
            Kind::RwLock(lock) => lock.fill(r),
            Kind::Semaphore(semaphore) => semaphore.fill(r),
            Kind::Condition(condition) => condition.fill(r),
            Kind::Event(event) => event.fill(r),
            Kind::Barrier(barrier) => barrier.fill(r),
            Kind::Latch(latch) => latch.fill(r),
            Kind::Queue(queue) => queue.fill(r),
            Kind::Atomic(atomic) => atomic.fill(r),
            Kind::Crew(crew) => crew.fill(r),
            Kind::Future(future) => future.fill(r),
            Kind::Outside(thing) => thing.fill(r),
            // Nothing of these changes.
            Kind::Side(_) | Kind::Pool(_) | Kind::Pipe(_) | Kind::End(_) => {}
        }
    }
}

impl Op {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.byte(self.tag());
        match self {
            Op::Sleep | Op::Change | Op::Fork => {}
            Op::Beat(thread) | Op::Join(thread) | Op::ThreadResult(thread) => w.thread(thread),
            Op::JoinAll(threads) => {
                // None of them was refused, or it would not wait: which comes first means nothing.
                let once = |(at, thread): (usize, &Arc<Thread>)| {
                    threads[..at].iter().all(|other| !Arc::ptr_eq(other, thread)) && thread.process.is_none()
                };
                let unordered = threads.iter().enumerate().all(once);
                w.flag(unordered);
                match unordered {
                    true => w.group(threads),
                    false => {
                        w.count(threads.len() as u64);
                        threads.iter().for_each(|thread| w.thread(thread));
                    }
                }
            }
            Op::Acquire(sync)
            | Op::Latch(sync)
            | Op::Get(sync)
            | Op::Next(sync)
            | Op::Finished(sync)
            | Op::Result(sync)
            | Op::FutureError(sync)
            | Op::Ended(sync)
            | Op::Task(sync) => w.sync(sync),
            Op::Idle(wait) => wait.save(w),
            Op::Enter(enter) => enter.save(w),
            Op::Condition(wait) => wait.save(w),
            Op::Event(wait) => wait.save(w),
            Op::Barrier(wait) => wait.save(w),
            Op::Put(put) => put.save(w),
            Op::Several(several) => several.save(w),
            Op::Select(select) => select.save(w),
            Op::Outside(wait) => wait.save(w),
            Op::Pipe(wait) => wait.save(w),
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Op {
        match r.byte() {
            0 => Op::Sleep,
            1 => Op::Change,
            2 => Op::Beat(r.thread()),
            3 => Op::Join(r.thread()),
            4 => {
                r.flag();
                Op::JoinAll(r.group())
            }
            5 => Op::ThreadResult(r.thread()),
            6 => Op::Acquire(r.sync()),
            7 => Op::Enter(rwlock::Enter::load(r)),
            8 => Op::Condition(condition::Wait::load(r)),
            9 => Op::Event(event::Wait::load(r)),
            10 => Op::Barrier(barrier::Wait::load(r)),
            11 => Op::Latch(r.sync()),
            12 => Op::Put(Put::load(r)),
            13 => Op::Get(r.sync()),
            14 => Op::Next(r.sync()),
            15 => Op::Finished(r.sync()),
            16 => Op::Result(r.sync()),
            17 => Op::FutureError(r.sync()),
            18 => Op::Ended(r.sync()),
            19 => Op::Several(Several::load(r)),
            20 => Op::Task(r.sync()),
            21 => Op::Idle(pool::Leaving::load(r)),
            22 => Op::Select(Box::new(Select::load(r))),
            23 => Op::Outside(Box::new(outside::Wait::load(r))),
            24 => Op::Pipe(pipe::Wait::load(r)),
            25 => Op::Fork,
            tag => unreachable!("no operation has the tag {tag}"),
        }
    }

    /// What `load` knows it by.
    fn tag(&self) -> u8 {
        match self {
            Op::Sleep => 0,
            Op::Change => 1,
            Op::Beat(_) => 2,
            Op::Join(_) => 3,
            Op::JoinAll(_) => 4,
            Op::ThreadResult(_) => 5,
            Op::Acquire(_) => 6,
            Op::Enter(_) => 7,
            Op::Condition(_) => 8,
            Op::Event(_) => 9,
            Op::Barrier(_) => 10,
            Op::Latch(_) => 11,
            Op::Put(_) => 12,
            Op::Get(_) => 13,
            Op::Next(_) => 14,
            Op::Finished(_) => 15,
            Op::Result(_) => 16,
            Op::FutureError(_) => 17,
            Op::Ended(_) => 18,
            Op::Several(_) => 19,
            Op::Task(_) => 20,
            Op::Idle(_) => 21,
            Op::Select(_) => 22,
            Op::Outside(_) => 23,
            Op::Pipe(_) => 24,
            Op::Fork => 25,
        }
    }
}
