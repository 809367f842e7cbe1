//! `pool`: threads that do the tasks given to them, at most so many at once.
//!
//! What scripts hold is a thin `Pool`; the tasks and workers are in its `Crew`, which the workers hold. So a pool
//! that nobody can reach any more closes, its workers end, and it is freed.

pub mod copied;
mod offers;

use super::future::{Future, Origin};
use super::queue::closed;
use super::thread::Thread;
use super::wait::WaitQueue;
use super::{Kind, Op, Releasers, Sync, Who};
use crate::mapped::Board;
use crate::state::{Reader, Writer};
use crate::value::{
    Value,
    error::{self, Error},
    step::Brief,
};
use offers::Offers;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Pool {
    /// Of kind `Crew`.
    pub crew: Arc<Sync>,
}

#[derive(Debug, Default)]
pub struct Crew {
    /// The most workers there will be.
    pub size: u32,
    /// Tasks are done by processes; the workers are their keepers.
    pub processes: bool,
    /// Where its processes find tasks, if they take some by themselves.
    board: Option<Arc<Board>>,
    state: Brief<State>,
    /// Whether asking for a task is of use: there is one, or there will be none. Written under the lock, read by
    /// workers that look for a task, who would only keep the lock from others.
    has_task: AtomicBool,
    /// Tasks given and not ended; more of them under the lock only.
    unfinished: AtomicUsize,
    /// Workers without a task wait here.
    pub work: WaitQueue,
    /// Those who wait until all tasks are done.
    pub idle: WaitQueue,
    /// What its futures have in common: the crew itself, and the name of what was first submitted, which most of them call.
    /// They count their references here, where no worker counts any.
    origin: OnceLock<Arc<Origin>>,
}

/// Whoever has this locked may lock a future's state; never the other way round.
#[derive(Debug, Default)]
struct State {
    /// Futures whose tasks nobody has begun.
    tasks: VecDeque<Arc<Sync>>,
    offers: Offers,
    workers: Vec<Arc<Thread>>,
    /// The ids of those of them that have a task.
    busy: Vec<u32>,
    /// How often a task was given or begun. No part of what is saved.
    steps: u64,
    /// The ids of workers that were told to end. No part of what is saved: nothing depends on them.
    dismissed: Vec<u32>,
    closed: bool,
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Ok(crew) = Crew::of(&self.crew) {
            crew.close();
        }
    }
}

impl Pool {
    pub fn of(sync: &Sync) -> Result<&Pool, Error> {
        if let Kind::Pool(pool) = &sync.kind { Ok(pool) } else { Err(sync.is_no("pool")) }
    }

    /// Its crew, which from now on has its name.
    pub fn crew(&self, sync: &Sync) -> Result<&Crew, Error> {
        if let Some(name) = sync.name.get() {
            self.crew.name.get_or_init(|| name.clone());
        }
        Crew::of(&self.crew)
    }
}

impl Pool {
    pub fn enter(&self, sync: &Sync) -> Result<bool, Error> {
        if self.crew(sync)?.closed() { Err(closed(sync, "enter")) } else { Ok(true) }
    }

    /// The end of `with p { }`: closes it, and waits for its tasks and its workers. (Of a pool that was closed before, those that
    /// have been told to end are on their way already: nobody knows them any more.)
    pub fn leave(&self, sync: &Sync, who: Who<'_>) -> Result<Option<Op>, Error> {
        let crew = self.crew(sync)?;
        // Before it is closed: one that ends then at once is waited for, too.
        let workers = crew.state.lock().workers.clone();
        crew.close();
        let mut wait = Leaving { crew: self.crew.clone(), workers };
        let left = wait.poll(who)?.is_some();
        Ok((!left).then(|| Op::Idle(wait)))
    }
}

/// Waits until a closed crew has no unfinished task, and until its workers, who have none to wait for then, have ended.
#[derive(Debug)]
pub struct Leaving {
    pub crew: Arc<Sync>,
    pub workers: Vec<Arc<Thread>>,
}

impl Leaving {
    pub fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        if !self.ready() {
            return Ok(None);
        }
        for worker in &self.workers {
            worker.join(who)?;
        }
        self.crew.order().met();
        Ok(Some(Value::Nil))
    }

    pub fn ready(&self) -> bool {
        self.is_idle() && self.workers.iter().all(|worker| worker.ended())
    }

    fn is_idle(&self) -> bool {
        Crew::of(&self.crew).is_ok_and(|crew| crew.unfinished() == 0)
    }

    pub fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        if let Ok(crew) = Crew::of(&self.crew) {
            each(&crew.idle);
        }
        self.workers.iter().for_each(|worker| each(&worker.done));
    }

    /// The threads that are doing a task; when all are done, those that have not ended.
    pub fn releasers(&self) -> Releasers {
        if !self.is_idle() {
            return Crew::of(&self.crew).map_or_else(|_| Releasers::All(Vec::new()), Crew::busy);
        }
        let living = self.workers.iter().filter(|worker| !worker.ended());
        Releasers::All(living.map(|worker| worker.id).collect())
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.crew);
        w.group(&self.workers);
    }

    pub fn load(r: &mut Reader<'_>) -> Leaving {
        Leaving { crew: r.sync(), workers: r.group() }
    }
}

impl Crew {
    pub fn new(size: i64) -> Result<Crew, Error> {
        match u32::try_from(size) {
            Ok(size) if size > 0 => Ok(Crew { size, ..Crew::default() }),
            _ => {
                let message = format!("a pool cannot have {size} workers");
                Err(Error::new(error::Kind::Value, message).hint("give a number from 1 up"))
            }
        }
    }

    /// The same with processes.
    pub fn of_processes(self) -> Crew {
        Crew { processes: true, ..self }
    }

    pub fn of(sync: &Sync) -> Result<&Crew, Error> {
        if let Kind::Crew(crew) = &sync.kind { Ok(crew) } else { Err(sync.is_no("pool")) }
    }

    /// What a future that calls `what` has in common with others.
    pub fn origin(sync: &Arc<Sync>, what: &Arc<str>) -> Arc<Origin> {
        let new = || Arc::new(Origin { what: what.clone(), crew: Arc::downgrade(sync) });
        let Ok(crew) = Crew::of(sync) else { return new() };
        let first = crew.origin.get_or_init(new);
        if Arc::ptr_eq(&first.what, what) || first.what == *what { first.clone() } else { new() }
    }

    /// Gives a task. True when a worker is to be made for it (`join` it then).
    pub fn submit(&self, sync: &Sync, future: Arc<Sync>) -> Result<bool, Error> {
        let mut state = self.state();
        if state.closed {
            return Err(closed(sync, "submit"));
        }
        state.tasks.push_back(future);
        state.steps += 1;
        self.unfinished.fetch_add(1, Ordering::SeqCst);
        self.offer(&mut state);
        self.note(&state);
        let free = state.free();
        let grow = state.tasks.len() > free && state.workers.len() < self.size as usize;
        drop(state);
        self.work.offer();
        Ok(grow)
    }

    /// A new worker belongs to it; false when there are enough by now.
    pub fn enlist(&self, worker: &Arc<Thread>) -> bool {
        let mut state = self.state.lock();
        let room = state.workers.len() < self.size as usize;
        if room {
            state.workers.push(worker.clone());
        }
        room
    }

    /// A worker could not be started.
    pub fn dismiss(&self, worker: u32) {
        self.state.lock().workers.retain(|other| other.id != worker);
    }

    /// A worker's next future (begun: `Future::take_task` tells what to call), or nil when there will be none; None when it
    /// has to wait.
    pub fn next(&self, worker: u32) -> Option<Value> {
        let mut state = self.state();
        while let Some(future) = self.first(&mut state, worker) {
            // A future that is being cancelled at this moment is not begun; it counts as ended here.
            if Future::of(&future).is_ok_and(|future| future.begin(worker)) {
                state.busy.push(worker);
                state.steps += 1;
                self.offer(&mut state);
                self.note(&state);
                drop(state);
                future.order().acquired();
                return Some(Value::Sync(future));
            }
            self.ended(1);
        }
        self.note(&state);
        if !state.closed || !state.tasks.is_empty() {
            return None;
        }
        // It ends now, while others may still have tasks.
        state.workers.retain(|other| other.id != worker);
        state.dismissed.push(worker);
        Some(Value::Nil)
    }

    /// The worker is free again (said before its result is known, so that who learns it finds a free worker).
    pub fn free(&self, worker: u32) {
        let mut state = self.state();
        if let Some(at) = state.busy.iter().position(|id| *id == worker) {
            state.busy.swap_remove(at);
        }
        self.offer(&mut state);
    }

    /// A task has ended, and its result is known.
    pub fn finished(&self) {
        self.ended(1);
    }

    fn ended(&self, n: usize) {
        if n > 0 && self.unfinished.fetch_sub(n, Ordering::SeqCst) == n {
            self.idle.wake_all();
        }
    }

    /// Takes a cancelled future out, if no worker has met it.
    pub fn forget(crew: &Sync, future: &Arc<Sync>) {
        let Ok(crew) = Crew::of(crew) else { return };
        let mut state = crew.state();
        if let Some(at) = state.tasks.iter().position(|other| Arc::ptr_eq(other, future)) {
            state.tasks.remove(at);
            state.offers.count -= usize::from(at < state.offers.count);
            crew.note(&state);
            drop(state);
            crew.ended(1);
        }
    }

    /// No more tasks; those given are done still.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        self.note(&state);
        drop(state);
        self.work.wake_all();
    }

    /// Takes out the tasks that nobody has begun, and cancels them.
    pub fn cancel(&self) {
        let mut state = self.state();
        let offered = state.offers.count;
        let tasks = state.tasks.split_off(offered);
        let offered = state.tasks.clone();
        self.note(&state);
        drop(state);
        let cancel = |sync: &Arc<Sync>| Future::of(sync).is_ok_and(|future| future.cancel(sync));
        tasks.iter().for_each(|sync| _ = cancel(sync));
        self.ended(tasks.len());
        // The last first, so that none is begun after one that was cancelled. Those that are leave by themselves.
        offered.iter().rev().for_each(|sync| _ = cancel(sync));
    }

    pub fn closed(&self) -> bool {
        self.state.lock().closed
    }

    /// The futures whose tasks nobody has begun.
    pub fn tasks(&self) -> Vec<Arc<Sync>> {
        self.state().tasks.iter().cloned().collect()
    }

    /// How often a task was given or begun: a number for how much is done.
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }

    /// Tasks that wait or that a worker is at. Who has learnt a task's result does not find it here any more.
    pub fn pending(&self) -> usize {
        let state = self.state();
        state.tasks.len() + state.busy.len()
    }

    /// Tasks whose end is not known to everybody yet: while there are any, the program does not end.
    pub fn unfinished(&self) -> usize {
        self.unfinished.load(Ordering::SeqCst)
    }

    pub fn has_task(&self) -> bool {
        self.has_task.load(Ordering::SeqCst)
    }

    /// To be called when there may be more or fewer tasks, or it was closed.
    fn note(&self, state: &State) {
        let has_task = !state.tasks.is_empty() || state.closed;
        if self.has_task.load(Ordering::Relaxed) != has_task {
            self.has_task.store(has_task, Ordering::SeqCst);
        }
    }

    /// For tests of the order of locks.
    #[cfg(test)]
    pub fn while_locked<T>(&self, act: impl FnOnce() -> T) -> T {
        let _state = self.state.lock();
        act()
    }

    /// The ids of its threads.
    pub fn workers(crew: &Sync) -> Vec<u32> {
        let ids = |crew: &Crew| crew.state.lock().workers.iter().map(|worker| worker.id).collect();
        Crew::of(crew).map(ids).unwrap_or_default()
    }

    /// Whether this is one of its workers, also one that is about to end, and has no task.
    pub fn idles(&self, worker: u32) -> bool {
        let state = self.state();
        let mut workers = state.workers.iter().map(|other| other.id).chain(state.dismissed.iter().copied());
        workers.any(|id| id == worker) && !state.busy.contains(&worker)
    }

    /// Whether this is one of its workers, and does a task.
    pub fn works(&self, worker: u32) -> bool {
        self.state().busy.contains(&worker)
    }

    /// For those who wait until all tasks are done: the threads that are doing one.
    pub fn busy(&self) -> Releasers {
        Releasers::All(self.state().busy.clone())
    }

    /// Why a task that waits for another one of the same pool may wait for ever.
    pub fn starved(crew: &Sync, thread: u32) -> Option<String> {
        let label = crew.label();
        let crew = Crew::of(crew).ok()?;
        let state = crew.state.lock();
        let full = state.busy.len() == crew.size as usize;
        (full && state.busy.contains(&thread)).then(|| {
            let (workers, them) = match crew.size {
                1 => ("the only worker".to_string(), "waits for tasks queued behind it"),
                n => (format!("all {n} workers"), "wait for tasks queued behind them"),
            };
            let advice = "give the pool more workers, or let no task wait for another";
            format!("{workers} of {label} {them}: {advice}")
        })
    }
}

impl Pool {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.crew);
    }

    pub fn load(r: &mut Reader<'_>) -> Pool {
        Pool { crew: r.sync() }
    }
}

impl Crew {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.count(u64::from(self.size));
        w.flag(self.processes);
    }

    pub fn load(r: &mut Reader<'_>) -> Crew {
        let size = r.count() as u32;
        Crew {
            size,
            processes: r.flag(),
            board: None,
            state: Brief::default(),
            has_task: AtomicBool::new(false),
            unfinished: AtomicUsize::new(0),
            work: WaitQueue::new(),
            idle: WaitQueue::new(),
            origin: OnceLock::new(),
        }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        let state = self.state.lock();
        w.count(state.tasks.len() as u64);
        state.tasks.iter().for_each(|future| w.sync(future));
        // Which comes first means nothing, neither of those that have a task nor of the others.
        let is_busy = |worker: &Arc<Thread>| state.busy.contains(&worker.id);
        let (busy, free): (Vec<_>, Vec<_>) = state.workers.iter().cloned().partition(is_busy);
        w.group(&busy);
        w.group(&free);
        w.count(self.unfinished() as u64);
        w.flag(state.closed);
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let tasks = r.syncs().into();
        let mut workers = r.group();
        let busy = workers.iter().map(|worker| worker.id).collect();
        workers.extend(r.group());
        self.unfinished.store(r.count() as usize, Ordering::SeqCst);
        let state = State {
            tasks,
            offers: Offers::default(),
            workers,
            busy,
            steps: 0,
            dismissed: Vec::new(),
            closed: r.flag(),
        };
        self.has_task.store(!state.tasks.is_empty() || state.closed, Ordering::SeqCst);
        *self.state.lock() = state;
    }
}
