//! Things to wait for: what each one is, and what each operation on it does. One file a construct.
//!
//! Nothing here blocks. An operation that may have to wait is an `Op`: `poll` does it if it can be done now.
//! A world decides what happens until then: the real one parks the OS thread in the `WaitQueue`s that the
//! operation names, the simulated one runs another thread. What changes a thing so that somebody else's
//! operation may be possible wakes from its queue: one waiter where one can go on, all where all can.
//!
//! A world may ask `ready`, `releasers` and the rest at any time, holding locks of its own. So nothing here asks
//! a world while a thing's state is locked.

pub(crate) mod apart;
pub mod atomic;
pub mod barrier;
pub mod condition;
pub mod counts;
pub mod event;
pub mod future;
mod heap;
pub mod label;
pub mod latch;
pub mod lock;
pub mod named;
mod noted;
pub mod op;
pub mod outside;
pub mod owner;
mod permits;
pub mod pipe;
pub mod pool;
pub mod process;
mod put;
pub mod queue;
pub mod rlock;
pub mod rwlock;
pub mod select;
pub mod semaphore;
mod state;
#[cfg(test)]
mod tests;
mod there;
pub mod thread;
mod touch;
pub mod untold;
pub mod wait;

pub use op::Op;

use crate::value::{
    Type,
    error::{self, Error},
};
use crate::world::World;
use label::Label;
use noted::Noted;
use owner::Owner;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use thread::Thread;

/// A lock, a queue, a future…
#[derive(Debug)]
pub struct Sync {
    pub id: u32,
    /// The name it was declared with, which every report uses.
    pub name: Label,
    /// Where it was made.
    pub line: u32,
    pub kind: Kind,
    /// Declared `shared`: one for all processes of the run. 0 when it is not; else where it is in memory that they share,
    /// or 1 when there is no such memory.
    shared: AtomicU64,
    /// For `--stats`, `--race` and `--trace`; not set unless a run asks for one of them.
    noted: OnceLock<Box<Noted>>,
}

/// The largest are in boxes, so that the others need not be as large: of futures there may be many.
#[derive(Debug)]
pub enum Kind {
    Lock(lock::Lock),
    RLock(rlock::RLock),
    RwLock(Box<rwlock::RwLock>),
    Side(rwlock::Side),
    Semaphore(semaphore::Semaphore),
    Condition(condition::Condition),
    Event(event::Event),
    Barrier(barrier::Barrier),
    Latch(latch::Latch),
    Queue(queue::Queue),
    Atomic(atomic::Atomic),
    Pool(pool::Pool),
    /// What the workers of a pool hold; never seen by a script.
    Crew(Box<pool::Crew>),
    Future(future::Future),
    Pipe(pipe::Pipe),
    /// One end of a pipe.
    End(pipe::End),
    /// Something whose other side is outside the program.
    Outside(Box<outside::Thing>),
}

/// What `with` can enter, of all things.
enum Door<'a> {
    Lock(&'a lock::Lock),
    RLock(&'a rlock::RLock),
    Semaphore(&'a semaphore::Semaphore),
    Side(&'a rwlock::Side),
    Pool(&'a pool::Pool),
}

/// Who asks: the thread, and the line where it stands.
#[derive(Clone, Copy)]
pub struct Who<'a> {
    pub thread: &'a Arc<Thread>,
    pub line: u32,
}

/// Who could end a wait: for the wait-for graph.
#[derive(Debug, Clone, PartialEq)]
pub enum Releasers {
    /// Every one of these threads has to do something first (the holder of a lock; the thread joined).
    All(Vec<u32>),
    /// Any thread that can reach these things (their ids).
    Anyone(Vec<u32>),
    /// One of several is enough (`select`).
    Either(Vec<Releasers>),
    /// These; or any thread that can reach the things and calls off what these are to do (a task that nobody has begun can
    /// be cancelled).
    Unless(Box<Releasers>, Vec<u32>),
    /// Time, or something outside the program.
    Outside,
}

impl Sync {
    pub fn new(id: u32, line: u32, kind: Kind) -> Sync {
        Sync { id, name: Label::default(), line, kind, shared: AtomicU64::new(0), noted: OnceLock::new() }
    }

    pub fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed) != 0
    }

    /// It is declared `shared`. To be told before anybody else can come to it.
    pub fn share(&self) {
        self.shared.store(1, Ordering::Relaxed);
    }

    /// Its name, or what stands for it: `lock (line 12)`, of an instance of a monitor `Account (line 12)`.
    pub fn label(&self) -> String {
        if let Some(name) = self.name.get() {
            return name.to_string();
        }
        if let Kind::Future(future) = &self.kind {
            return format!("future of {} (line {})", future.what(), self.line);
        }
        if let Kind::Outside(thing) = &self.kind {
            return thing.label();
        }
        if let Kind::RLock(rlock::RLock { monitor: Some(class), .. }) = &self.kind {
            return format!("{class} (line {})", self.line);
        }
        format!("{} (line {})", self.kind.kind().word(), self.line)
    }

    /// Whether it is the lock of an instance of a monitor.
    pub fn is_monitor(&self) -> bool {
        matches!(self.kind, Kind::RLock(rlock::RLock { monitor: Some(_), .. }))
    }

    /// None for what cannot be entered.
    #[inline(always)]
    fn door(&self) -> Option<Door<'_>> {
        match &self.kind {
            Kind::Lock(lock) => Some(Door::Lock(lock)),
            Kind::RLock(lock) => Some(Door::RLock(lock)),
            Kind::Semaphore(semaphore) => Some(Door::Semaphore(semaphore)),
            Kind::Side(side) => Some(Door::Side(side)),
            Kind::Pool(pool) => Some(Door::Pool(pool)),
            Kind::RwLock(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_)
            | Kind::Crew(_)
            | Kind::Future(_)
            | Kind::Pipe(_)
            | Kind::End(_)
            | Kind::Outside(_) => None,
        }
    }

    /// Enters as `with` does, if it can be entered now; false when it has to be waited for: by `Op::acquire`.
    #[inline]
    pub fn enter(&self, who: Who<'_>) -> Result<bool, Error> {
        let Some(door) = self.door() else { return Err(self.not_entered()) };
        let entered = match door {
            Door::Lock(lock) => lock.try_acquire(self, who)?,
            Door::RLock(lock) => lock.try_acquire(self, who)?,
            Door::Semaphore(semaphore) => {
                let mut order = self.order();
                let taken = semaphore.try_acquire(self, who.thread, who.line);
                if taken {
                    order.permit(semaphore.initial());
                }
                taken
            }
            Door::Side(side) => side.try_acquire(who)?,
            Door::Pool(pool) => pool.enter(self)?,
        };
        if entered {
            self.count_acquired();
        }
        Ok(entered)
    }

    /// The common cases of `enter`: a plain lock that is free, a permit that is there. False for anything else, which
    /// `enter` then sees to. `noted`: what this orders is to be noted, and counted.
    #[inline(always)]
    pub fn enter_free(&self, thread: &Thread, line: u32, noted: bool) -> bool {
        let Kind::Lock(lock) = &self.kind else { return !noted && self.take_permit(thread, line) };
        let taken = lock.owner.take(thread.id, line) == owner::Taken::Yes;
        if taken {
            thread.hold(1);
            if noted {
                self.locked();
                self.count_acquired();
            }
        }
        taken
    }

    #[inline(never)]
    fn take_permit(&self, thread: &Thread, line: u32) -> bool {
        if let Kind::Semaphore(semaphore) = &self.kind {
            semaphore.try_acquire(self, thread, line)
        } else {
            false
        }
    }

    #[inline(never)]
    fn give_permit(&self, thread: &Thread) -> bool {
        if let Kind::Semaphore(semaphore) = &self.kind { semaphore.release_one(self, thread) } else { false }
    }

    /// The common cases of `leave`: a plain lock that the thread holds, a permit. False for anything else.
    #[inline(always)]
    pub fn leave_own(&self, thread: &Thread, noted: bool) -> bool {
        let Kind::Lock(lock) = &self.kind else { return !noted && self.give_permit(thread) };
        if !lock.owner.is(thread.id) {
            return false;
        }
        thread.let_go(1);
        if noted {
            self.unlocked();
        }
        lock.owner.free();
        true
    }

    /// Leaves as the end of `with` does. Leaving a pool closes it, and may have to wait for its tasks and workers.
    #[inline]
    pub fn leave(&self, who: Who<'_>, world: &dyn World) -> Result<Option<Op>, Error> {
        let Some(door) = self.door() else { return Err(self.not_entered()) };
        match door {
            Door::Lock(lock) => lock.release(self, who, world).map(|()| None),
            Door::RLock(lock) => lock.release(self, who, world).map(|()| None),
            Door::Semaphore(semaphore) => semaphore.release(self, who, 1).map(|()| None),
            Door::Side(side) => side.release(who, world).map(|()| None),
            Door::Pool(pool) => pool.leave(self, who),
        }
    }

    /// Whether `enter` would enter (or fail) now.
    pub fn ready(&self, who: Who<'_>) -> bool {
        self.door().is_none_or(|door| match door {
            Door::Lock(lock) => lock.ready(),
            Door::RLock(lock) => lock.ready(who),
            Door::Semaphore(semaphore) => semaphore.ready(),
            Door::Side(side) => side.ready(who),
            Door::Pool(_) => true,
        })
    }

    /// Who holds it, for a lock or an rlock.
    pub fn owner(&self) -> Option<&Owner> {
        match self.door()? {
            Door::Lock(lock) => Some(&lock.owner),
            Door::RLock(lock) => Some(&lock.owner),
            Door::Semaphore(_) | Door::Side(_) | Door::Pool(_) => None,
        }
    }

    /// The line since which this thread holds it (a lock, an rwlock, a permit), for reports.
    pub fn held_since(&self, thread: &Thread) -> Option<u32> {
        if let Kind::Semaphore(semaphore) = &self.kind {
            return semaphore.held_since(self, thread);
        }
        self.locked_since(thread.id)
    }

    /// The same of a thread of which only the number is known, which tells nothing of permits.
    pub fn locked_since(&self, thread: u32) -> Option<u32> {
        if let Kind::RwLock(lock) = &self.kind {
            return lock.held_since(thread);
        }
        match self.door()? {
            Door::Lock(_) | Door::RLock(_) => {
                let (holder, line) = self.owner()?.holder()?;
                (holder == thread).then_some(line)
            }
            // Its rwlock tells. A pool is nobody's.
            Door::Semaphore(_) | Door::Side(_) | Door::Pool(_) => None,
        }
    }

    /// Whether a thread can hold it, so that it has to be found when one ends or is stuck.
    pub fn can_be_held(&self) -> bool {
        matches!(self.kind, Kind::Lock(_) | Kind::RLock(_) | Kind::RwLock(_) | Kind::Semaphore(_))
    }

    /// Of a pipe that has just been made, its ends.
    pub fn each_end(&self, each: &mut dyn FnMut(&Sync)) {
        if let Kind::Pipe(pipe) = &self.kind {
            pipe.values(&mut |value| {
                if let crate::value::Value::Sync(end) = value {
                    each(&end);
                }
            });
        }
    }

    /// The thread has ended: what it still holds of this is abandoned, and those who wait for it get an error.
    pub fn abandon(&self, thread: u32, name: &Arc<str>) {
        if let Some(owner) = self.owner() {
            owner.abandon(thread, name);
        }
        if let Kind::RwLock(lock) = &self.kind {
            lock.abandon(thread, name);
        }
    }

    /// How many tasks were given to this pool's crew and have not ended: while there are any, the program goes on.
    pub fn unfinished_tasks(&self) -> usize {
        if let Kind::Crew(crew) = &self.kind { crew.unfinished() } else { 0 }
    }

    /// The error for an operation that this kind of thing does not have.
    #[cold]
    pub fn is_no(&self, wanted: &str) -> Error {
        let word = self.kind.kind().word();
        Error::new(error::Kind::Type, format!("{} is no {wanted} but a thing of type {word}", self.label()))
    }

    #[cold]
    fn not_entered(&self) -> Error {
        let (label, word) = (self.label(), self.kind.kind().word());
        let error = Error::new(error::Kind::Type, format!("`with` cannot enter {label}, of type {word}"));
        if let Kind::RwLock(_) = &self.kind {
            return error
                .hint(format!("say which side: `with {label}.read {{ }}` or `with {label}.write {{ }}`"));
        }
        error.hint("it is for locks, semaphores, the sides of an rwlock, and pools")
    }
}

impl Kind {
    pub fn kind(&self) -> Type {
        match self {
            Kind::Lock(_) => Type::Lock,
            Kind::RLock(_) => Type::RLock,
            Kind::RwLock(_) => Type::RwLock,
            Kind::Side(_) => Type::Side,
            Kind::Semaphore(_) => Type::Semaphore,
            Kind::Condition(_) => Type::Condition,
            Kind::Event(_) => Type::Event,
            Kind::Barrier(_) => Type::Barrier,
            Kind::Latch(_) => Type::Latch,
            Kind::Queue(_) => Type::Queue,
            Kind::Atomic(_) => Type::Atomic,
            Kind::Pool(_) | Kind::Crew(_) => Type::Pool,
            Kind::Future(_) => Type::Future,
            Kind::Pipe(_) => Type::Pipe,
            Kind::End(_) => Type::End,
            Kind::Outside(thing) => thing.kind(),
        }
    }
}

/// The name of a thread that lives, in quotes; for messages.
#[cold]
fn name_of(world: &dyn World, thread: u32) -> String {
    let threads = world.threads();
    match threads.iter().find(|other| other.id == thread) {
        Some(thread) => format!("\"{}\"", thread.name()),
        None => world.thread_elsewhere(thread).unwrap_or_else(|| format!("thread {thread}")),
    }
}
