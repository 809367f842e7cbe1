//! Processes of the simulated world other than the first: each has variables of its own and threads that see them.
//!
//! What a new one begins with is in `copies.rs`.

use super::step::Stepper;
use super::universe::{Seat, Universe};
use crate::code::live::Liveness;
use crate::machine::saved::{Kept, Rest};
use crate::machine::{Fiber, Judged, Space};
use crate::state::Shared;
use crate::sync::pool::Crew;
use crate::sync::process::{Born, Process, daemon_starts, failure, started_already};
use crate::sync::thread::{Entry, State, Thread};
use crate::sync::{Op, Who};
use crate::value::Value;
use crate::value::error::{self, Error};
use crate::world::World;
use crate::world::copying::{MOST_CALLS, Signals, load_signals, save_signals};
use crate::world::sim::Fault;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

/// What a fork's child is called, with a number.
const NAME: &str = "fork";
/// How a process ends that is killed with its parent.
const KILLED: i32 = -crate::sync::process::KILL;

impl Stepper<'_> {
    /// The threads of its process, itself among them.
    pub fn neighbours(&self) -> impl Iterator<Item = &Seat> {
        self.universe.seats.iter().filter(|seat| seat.is_in(self.space.as_ref()))
    }

    /// The handles of the processes that its own has started and that have not ended.
    pub(super) fn children(&self) -> Vec<Arc<Thread>> {
        self.looked_around.set(true);
        let mut children: Vec<Arc<Thread>> = Vec::new();
        for space in self.universe.spaces() {
            let own = space.parent.as_ref().map(Arc::as_ptr) == self.space.as_ref().map(Arc::as_ptr);
            if own && !children.iter().any(|known| Arc::ptr_eq(known, &space.handle)) {
                children.push(space.handle.clone());
            }
        }
        children.sort_by_key(|handle| handle.id);
        children
    }

    /// Starts a process of a template.
    pub(super) fn start_process(&mut self, handle: &Arc<Thread>) -> Result<(), Error> {
        self.may_have(&handle.name())?;
        let (new, running) = (State::New as u8, State::Running as u8);
        if handle.state.compare_exchange(new, running, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(started_already(&handle.name()));
        }
        let entry = handle.entry.lock().take().unwrap_or(Entry::to_call(Value::Nil));
        let of_pool = handle.process.as_ref().is_some_and(Process::is_of_pool);
        let copied =
            if of_pool { self.copy_for_worker(handle, &entry) } else { self.copy_for(handle, &entry) };
        let name = handle.name();
        let copied = match copied
            .and_then(|copied| self.live(&copied, Some(&name), |r| (load_signals(r), Entry::load(r))))
        {
            Ok(copied) => copied,
            Err(error) => {
                *handle.entry.lock() = Some(entry);
                handle.state.store(new, Ordering::SeqCst);
                return Err(error);
            }
        };
        let (signals, entry) = copied.first;
        let main = Arc::new(Thread::new(self.next_id(), "main", false, entry));
        let body = main.entry.lock().take();
        let space = Space::new(copied.image, handle.clone(), main.clone(), self.space.clone());
        self.begin_process(space, copied.objects, signals, |seat| seat.body = body);
        Ok(())
    }

    /// A copy of the thread goes on in a new process: the child's handle.
    pub(super) fn fork(&mut self, fiber: &Fiber) -> Result<Value, Error> {
        let name = format!("{NAME}-{}", self.count_name(NAME));
        self.may_have(&name)?;
        let mut handle = Thread::new(self.next_id(), &name, false, Entry::to_call(Value::Nil));
        *handle.entry.get_mut() = None;
        handle.process = Some(Process::default());
        handle.state.store(State::Running as u8, Ordering::SeqCst);
        let handle = Arc::new(handle);
        let (thread, program, rules) = (self.thread.clone(), self.program.clone(), self.rules);
        let signals = self.signals();
        let copied = self.copy(true, &signals, |marks, packing| {
            let snapshot = fiber.snapshot(&program, MOST_CALLS);
            let all = snapshot.is_none_or(|snapshot| marks.stands(&snapshot, true).is_err());
            let liveness = rules.copied.get_or_init(|| Liveness::of(&program));
            packing.root(format!("a variable of thread \"{}\"", thread.name()), |w| {
                save_signals(&signals, w);
                w.thread(&thread);
                fiber.save(
                    w,
                    &program,
                    Kept { live: Some(liveness), crews: None, parallels: false },
                    Rest::Within,
                );
            });
            all
        })?;
        let copied = self.live(&copied, None, |r| (load_signals(r), r.thread(), Fiber::load(r, &program)))?;
        let (signals, main, fiber) = copied.first;
        main.daemon.store(false, Ordering::SeqCst); // nobody else keeps this process alive
        let mut space = Space::new(copied.image, handle.clone(), main.clone(), self.space.clone());
        for object in &copied.objects {
            if let Shared::Thread(other) = object
                && !Arc::ptr_eq(other, &main)
                && let Some(absent) = is_not_here(other)
            {
                self.universe.absent.push(absent.clone());
                space.absent.push(absent);
            }
        }
        self.begin_process(space, copied.objects, signals, |seat| {
            seat.fiber = Some(fiber);
            seat.answer = Some(Value::Int(0));
        });
        Ok(Value::Thread(handle))
    }

    fn may_have(&self, child: &str) -> Result<(), Error> {
        match self.space.as_ref().filter(|space| space.is_daemon()) {
            Some(own) => Err(daemon_starts(&own.handle.name(), child)),
            None => Ok(()),
        }
    }

    /// A process has been made: its first thread begins in this step.
    fn begin_process(
        &mut self,
        space: Space,
        objects: Vec<Shared>,
        signals: Signals,
        begin: impl FnOnce(&mut Seat),
    ) {
        let pid = if self.rules.pids { self.universe.next_pid } else { 0 };
        let parent = if self.rules.pids { self.pids().map_or(0, |own| own.pid) } else { 0 };
        self.universe.next_pid += i32::from(self.rules.pids);
        let born = Born { pid, parent };
        space.process().begin(born);
        // What it has of its own handle is a copy that was made before.
        for object in &objects {
            if let Shared::Thread(copy) = object
                && let Some(process) =
                    copy.process.as_ref().filter(|it| Arc::ptr_eq(it.original(copy), &space.handle))
            {
                process.begin(born);
            }
        }
        self.register_all(objects);
        if let Some(own) = self.space.as_ref().filter(|_| !space.is_daemon()) {
            own.children.fetch_add(1, Ordering::SeqCst);
        }
        self.published = true;
        // From here on there is somebody who can tell, even if nobody could tell what this step began with.
        self.fresh = false;
        let main = space.main.clone();
        main.state.store(State::Running as u8, Ordering::SeqCst);
        space.threads.store(1, Ordering::SeqCst);
        let space = Arc::new(space);
        let mut seat = Seat { space: Some(space.clone()), ..Seat::new(main.clone()) };
        begin(&mut seat);
        self.universe.seats.push(seat);
        self.universe.record.iter_mut().for_each(|record| record.started(&main));
        self.begin_handlers(&space, signals);
    }

    /// One of its threads has ended: the process may have, too.
    pub(super) fn thread_of_process_ends(&mut self, space: &Arc<Space>) {
        if !self.thread.daemon.load(Ordering::SeqCst) {
            space.threads.fetch_sub(1, Ordering::SeqCst);
        }
        self.may_end(space);
    }

    /// Ends the process if nothing keeps it alive any more.
    pub(super) fn may_end(&mut self, space: &Arc<Space>) {
        if !space.has_nothing_left() || space.handle.ended() {
            return;
        }
        // Whether a pool has tasks left is asked of all pools.
        self.log.opaque |= self.rules.pools;
        if !self.universe.has_tasks(space) {
            self.ensured(space);
            self.process_ends(space, i32::from(space.failed.load(Ordering::SeqCst)));
        }
    }

    /// Evaluates what the process has stated with `ensure`: whether all holds.
    pub(super) fn ensured(&mut self, space: &Arc<Space>) -> bool {
        let mut all = true;
        let watches = space.watches.lock().clone();
        let own = self.space.replace(space.clone());
        for watch in watches.into_iter().filter(|watch| watch.ensure) {
            let (error, raised) = match watch.evaluate(&space.image, self) {
                Judged::Holds | Judged::Stopped => continue,
                Judged::Fails(error) => (error, false),
                Judged::Raised(error) => (error, true),
            };
            space.failed.store(true, Ordering::SeqCst);
            all = false;
            let process = Some(space.handle.name());
            self.log.faults.push(Fault::Watch { watch, process, error, raised });
        }
        self.space = own;
        all
    }

    /// The process ends, with all that is left of it: the others learn it from its handle.
    pub(super) fn process_ends(&mut self, space: &Arc<Space>, exit: i32) {
        let of_it = |seat: &Seat| seat.space.as_ref().is_some_and(|of| of.comes_from(space));
        for at in 0..self.universe.seats.len() {
            let seat = &self.universe.seats[at];
            if of_it(seat) && !seat.thread.ended() {
                // What it does, and who is left, depends on them.
                let leaves_trace = seat.wait.as_ref().is_some_and(|wait| wait.op.leaves_trace());
                self.log.opaque |=
                    at != self.seat || leaves_trace || seat.thread.held.load(Ordering::SeqCst) > 0;
                if let Some(own) = seat.space.clone().filter(|own| !Arc::ptr_eq(own, space)) {
                    make_known(&own, KILLED);
                }
                self.universe.vanish(at);
            }
        }
        self.meet(&Shared::Thread(space.handle.clone()));
        make_known(space, exit);
        let Some(parent) = space.parent.clone() else { return };
        self.meet(&Shared::Space(parent.clone()));
        if !space.is_daemon() {
            parent.children.fetch_sub(1, Ordering::SeqCst);
            self.may_end(&parent);
        }
    }
}

/// A thread that was not copied: it has ended here, for all who look at it.
fn is_not_here(thread: &Arc<Thread>) -> Option<Arc<Thread>> {
    if thread.process.is_some() || !thread.alive() {
        return None;
    }
    let message =
        format!("thread \"{}\" does not exist here: `fork` copies the calling thread alone", thread.name());
    // It ran, so it had no outcome.
    let _ = thread.outcome.set(Err(Arc::new(Error::new(error::Kind::State, message))));
    thread.state.store(State::Failed as u8, Ordering::SeqCst);
    Some(thread.clone())
}

/// How a process has ended, to all who look at its handle.
fn make_known(space: &Space, exit: i32) {
    let (handle, process) = (&space.handle, space.process());
    if handle.ended() {
        return;
    }
    process.end(exit);
    let (state, outcome) = match exit {
        0 => (State::Finished, Ok(Value::Nil)),
        _ => (State::Failed, Err(Arc::new(failure(handle, process, exit)))),
    };
    let _ = handle.outcome.set(outcome); // a process ends once
    handle.state.store(state as u8, Ordering::SeqCst);
}

impl Universe {
    /// The processes other than the first that have threads, or children that have.
    pub fn spaces(&self) -> Vec<Arc<Space>> {
        let mut known: Vec<Arc<Space>> = Vec::new();
        for seat in &self.seats {
            let mut at = seat.space.as_ref();
            while let Some(space) = at {
                if !known.iter().any(|known| Arc::ptr_eq(known, space)) {
                    known.push(space.clone());
                }
                at = space.parent.as_ref();
            }
        }
        known
    }

    /// Whether a pool of the process has tasks that have not ended: they are known by its workers.
    fn has_tasks(&self, space: &Arc<Space>) -> bool {
        let works_here = |id: &u32| {
            let worker = self.seats.iter().find(|seat| seat.thread.id == *id);
            worker.is_some_and(|seat| seat.is_in(Some(space)))
        };
        let crews = self.things.iter().filter_map(Weak::upgrade).filter(|sync| sync.unfinished_tasks() > 0);
        crews.into_iter().any(|crew| Crew::workers(&crew).iter().any(works_here))
    }

    /// The seat of who does the tasks in the worker process of the keeper in this seat, which has it in a variable (`__keeper`).
    pub fn process_kept_by(&self, keeper: usize) -> Option<usize> {
        let fiber = self.seats[keeper].fiber.as_ref()?;
        let snapshot = fiber.snapshot(&self.image.program, MOST_CALLS)?;
        let registers = snapshot.calls.iter().flat_map(|call| &call.registers);
        let workers = registers.filter_map(|value| {
            let Value::List(worker) = value else { return None };
            worker.snapshot().into_iter().next()
        });
        let handles: Vec<Arc<Thread>> = workers
            .filter_map(|handle| {
                let Value::Thread(handle) = handle else { return None };
                let process = handle.process.as_ref().filter(|process| process.is_of_pool())?;
                Some(process.original(&handle).clone())
            })
            .collect();
        self.seats.iter().position(|seat| {
            let of_it = |space: &Arc<Space>| handles.iter().any(|handle| Arc::ptr_eq(handle, &space.handle));
            seat.space.as_ref().is_some_and(|space| of_it(space) && Arc::ptr_eq(&space.main, &seat.thread))
        })
    }

    /// A thread is no more, wherever it stands: what it held is abandoned.
    fn vanish(&mut self, at: usize) {
        let (thread, space) = (self.seats[at].thread.clone(), self.seats[at].space.clone());
        if let Some(mut wait) = self.seats[at].wait.take() {
            let who = Who { thread: &thread, line: self.seats[at].line };
            match &mut wait.op {
                Op::Barrier(wait) => wait.leave(who, &|| {
                    let process = space.as_ref().map_or_else(|| thread.name(), |space| space.handle.name());
                    format!("process \"{process}\" ended while it waited")
                }),
                other => other.abandon(who),
            }
        }
        for (sync, _) in self.held_by(&thread) {
            sync.abandon(thread.id, &self.seats[at].label());
        }
        // What is left of its process may still name it, until that is forgotten.
        self.absent.push(thread.clone());
        self.seats[at].fiber = None;
        self.seats[at].failing = None;
        self.seats[at].exiting = None;
        let _ = thread.outcome.set(Ok(Value::Nil)); // it has none yet
        thread.state.store(State::Finished as u8, Ordering::SeqCst);
    }
}
