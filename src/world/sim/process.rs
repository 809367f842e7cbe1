//! Processes of the simulated world other than the first: each has variables of its own and threads that see them.
//!
//! A new one begins with a copy of what its code can come to, made within the state: what `world::copying` says of real
//! ones holds here.

use super::step::Stepper;
use super::universe::{Seat, Universe};
use crate::code::live::Liveness;
use crate::code::reach::{Mention, Reach};
use crate::machine::saved::{Kept, Rest};
use crate::machine::{Fiber, Image, Judged, Space};
use crate::state::living::{Living, slices};
use crate::state::packed::Packing;
use crate::state::{Reader, Shared};
use crate::sync::pipe::End;
use crate::sync::pool::Crew;
use crate::sync::pool::copied::cannot_go;
use crate::sync::process::{Born, Process, daemon_starts, failure, started_already};
use crate::sync::thread::{Entry, State, Thread};
use crate::sync::{Kind, Op, Who};
use crate::value::Value;
use crate::value::error::{self, Error};
use crate::world::World;
use crate::world::copying::{
    MOST_CALLS, Signals, cannot_begin_with, cannot_fork_with, for_handlers, load_signals, pack_variables,
    save_signals,
};
use crate::world::marks::Marks;
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
        let entry = handle.entry.lock().take().unwrap_or(Entry { callee: Value::Nil, arguments: Vec::new() });
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

    /// What a process of a template begins with.
    fn copy_for(&mut self, handle: &Arc<Thread>, entry: &Entry) -> Result<Copied, Error> {
        let signals = self.signals();
        self.copy(false, &signals, |marks, packing| {
            let values = entry.arguments.iter().chain([&entry.callee]);
            // When it is too much to follow, everything counts as mentioned.
            let all = values.map(|value| marks.value(value.clone())).any(|followed| followed.is_err());
            packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
                save_signals(&signals, w);
                entry.save(w);
            });
            all
        })
    }

    /// What a worker of a process pool begins with: all variables, since nobody can tell what its tasks will call, but
    /// for those that lead to what cannot be copied.
    fn copy_for_worker(&mut self, handle: &Arc<Thread>, entry: &Entry) -> Result<Copied, Error> {
        self.log.opaque = true;
        let image = self.image();
        let program = &image.program;
        let packing = || {
            let roots = 1 + program.fixed.len() + program.globals.len();
            Packing::new(roots, false, self.universe.known_threads())
        };
        let is_shared = |mention| matches!(mention, Mention::Global(index) if program.is_shared(index));
        let mut trial = packing();
        trial.root(String::new(), |_| {});
        pack_variables(&mut trial, &image, &|mention| !is_shared(mention));
        let left_out = trial.refused(&|node| cannot_go(node).is_some());
        let mut packing = packing();
        packing.root(format!("what \"{}\" was started with", handle.name()), |w| {
            save_signals(&self.signals(), w);
            entry.save(w);
        });
        pack_variables(&mut packing, &image, &|mention| {
            !is_shared(mention)
                && match mention {
                    Mention::Fixed(number) => !left_out[1 + number as usize],
                    Mention::Global(number) => !left_out[1 + program.fixed.len() + number as usize],
                    _ => true, // no variable
                }
        });
        let (nodes, objects) = packing.nodes(&stays, &|_| None)?;
        Ok(Copied { nodes, objects })
    }

    /// A copy of the thread goes on in a new process: the child's handle.
    pub(super) fn fork(&mut self, fiber: &Fiber) -> Result<Value, Error> {
        let name = format!("{NAME}-{}", self.count_name(NAME));
        self.may_have(&name)?;
        let mut handle =
            Thread::new(self.next_id(), &name, false, Entry { callee: Value::Nil, arguments: Vec::new() });
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

    /// What a new process begins with, as a graph: the first root is what `first` writes, which also tells whether
    /// everything counts as mentioned.
    fn copy(
        &mut self,
        holders: bool,
        signals: &Signals,
        first: impl FnOnce(&mut Marks<'_>, &mut Packing) -> bool,
    ) -> Result<Copied, Error> {
        // It depends on everything that is copied.
        self.log.opaque = true;
        let image = self.image();
        let program = &image.program;
        let reach = self.rules.reach.get_or_init(|| Reach::of(program));
        let mut marks = Marks::new(&image, reach, Vec::new());
        let packing = || {
            let roots = 1 + program.fixed.len() + program.globals.len();
            Packing::new(roots, holders, self.universe.known_threads())
        };
        let trial = packing();
        let mut packing = packing();
        let all = first(&mut marks, &mut packing);
        let is_shared = |mention| matches!(mention, Mention::Global(index) if program.is_shared(index));
        let of_code = |mention| is_shared(mention) || all || marks.may(mention);
        let stays_here = |node: &Shared| {
            if holders { cannot_fork_with(node).is_some() } else { cannot_go(node).is_some() }
        };
        let of_handlers = Marks::new(&image, reach, Vec::new());
        let of_handlers = for_handlers(&image, of_handlers, signals, trial, &of_code, &stays_here);
        pack_variables(&mut packing, &image, &|mention| {
            !is_shared(mention) && (of_code(mention) || of_handlers.contains(&mention))
        });
        let refused = |node: &Shared| {
            if holders { cannot_fork_with(node) } else { cannot_begin_with(node) }
        };
        let (nodes, objects) = packing.nodes(&stays, &refused)?;
        Ok(Copied { nodes, objects })
    }

    /// Copies of values, for a process that is there already.
    pub(super) fn copies(&mut self, values: &[Value], what: &str) -> Result<Vec<Value>, Error> {
        self.log.opaque = true;
        let mut packing = Packing::new(1, false, self.universe.known_threads());
        packing.root(what.to_string(), |w| w.values(values));
        let is_one_for_all = |object: &Shared| stays(object) && cannot_go(object).is_none();
        let (nodes, objects) = packing.nodes(&is_one_for_all, &cannot_go)?;
        let (contents, refs) = slices(&nodes);
        let mut living = Living::new(&contents, &refs, true).with_fresh_ids(self.universe.next_id);
        self.universe.next_id += nodes.len() as u32;
        let roots = nodes.len() - objects.len();
        for (at, object) in objects.iter().enumerate().filter(|(_, object)| is_one_for_all(object)) {
            living.stays((roots + at) as u32, object.clone());
        }
        let values = living.root(0, |r| r.values());
        let made = living.into_objects();
        let made = new_ones(&objects, made.into_iter().skip(roots), &is_one_for_all);
        self.register_all(made);
        Ok(values)
    }

    fn register_all(&mut self, objects: Vec<Shared>) {
        for object in objects {
            match object {
                Shared::Sync(sync) => self.universe.register(&sync),
                Shared::Failure(failure) => self.universe.failures.push(failure),
                _ => {} // the others are asked for by nobody
            }
        }
    }

    /// Makes the copy: its first root as `first` reads it, its variables, and every object of it. With a name the ends of
    /// pipes go to the process of that name; without, they are copied.
    fn live<T>(
        &mut self,
        copied: &Copied,
        to: Option<&Arc<str>>,
        first: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Result<Alive<T>, Error> {
        let image = Arc::new(Image::beside(&self.universe.image));
        let roots = copied.nodes.len() - copied.objects.len();
        let (contents, refs) = slices(&copied.nodes);
        let mut living = Living::new(&contents, &refs, true).with_fresh_ids(self.universe.next_id);
        self.universe.next_id += copied.nodes.len() as u32;
        for (at, object) in copied.objects.iter().enumerate().filter(|(_, object)| stays(object)) {
            // An end of a pipe has a part in each process.
            let there = if let Shared::Sync(sync) = object {
                End::for_another(sync, self.next_id(), to).map(Arc::new)
            } else {
                None
            };
            living.stays((roots + at) as u32, there.map_or_else(|| object.clone(), Shared::Sync));
        }
        let first = living.root(0, first);
        let fixed = image.program.fixed.len() as u32;
        for index in 0..fixed {
            match living.root(1 + index, |r| r.value()) {
                Value::Unset => {}
                value => image.set_fixed(index, value),
            }
        }
        for index in 0..image.program.globals.len() as u32 {
            image.set_global(index, living.root(1 + fixed + index, |r| r.value()));
        }
        let objects = new_ones(&copied.objects, living.into_objects().into_iter().skip(roots), &stays);
        Ok(Alive { first, image, objects })
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
        space.process().begin(Born { pid, parent });
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
            let exit = self.ensured(space);
            self.process_ends(space, exit);
        }
    }

    /// Evaluates what the process has stated with `ensure`: with what it ends.
    fn ensured(&mut self, space: &Arc<Space>) -> i32 {
        let watches = space.watches.lock().clone();
        let own = self.space.replace(space.clone());
        for watch in watches.into_iter().filter(|watch| watch.ensure) {
            let (error, raised) = match watch.evaluate(&space.image, self) {
                Judged::Holds | Judged::Stopped => continue,
                Judged::Fails(error) => (error, false),
                Judged::Raised(error) => (error, true),
            };
            space.failed.store(true, Ordering::SeqCst);
            self.log.faults.push(Fault::Watch { watch, error, raised });
        }
        self.space = own;
        i32::from(space.failed.load(Ordering::SeqCst))
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

/// What a new process is given, not living yet.
struct Copied {
    nodes: Vec<crate::state::graph::Node>,
    objects: Vec<Shared>,
}

/// The same, living.
struct Alive<T> {
    first: T,
    image: Arc<Image>,
    objects: Vec<Shared>,
}

/// The copies among what was made of these objects; those of handles know what they are copies of.
fn new_ones(
    originals: &[Shared],
    made: impl Iterator<Item = Option<Shared>>,
    stays: &dyn Fn(&Shared) -> bool,
) -> Vec<Shared> {
    let mut objects = Vec::new();
    for (original, object) in originals.iter().zip(made) {
        let Some(object) = object.filter(|_| !stays(original)) else { continue };
        if let (Shared::Thread(original), Shared::Thread(copy)) = (original, &object)
            && let Some(process) = &copy.process
        {
            process.is_copy_of(original);
        }
        objects.push(object);
    }
    objects
}

/// Whether it is the same in all processes, or leads to the same.
fn stays(object: &Shared) -> bool {
    match object {
        Shared::Sync(sync) => sync.is_shared() || matches!(sync.kind, Kind::End(_)),
        Shared::List(list) => list.nature.is_one_for_all(),
        Shared::Map(map) => map.nature.is_one_for_all(),
        Shared::Set(set) => set.nature.is_one_for_all(),
        Shared::Cell(_)
        | Shared::Object(_)
        | Shared::Closure(_)
        | Shared::Bound(_)
        | Shared::Error(_)
        | Shared::Thread(_)
        | Shared::File(_)
        | Shared::Ticket(_)
        | Shared::Round(_)
        | Shared::Failure(_)
        | Shared::Left(_)
        | Shared::Space(_)
        | Shared::Between(_)
        | Shared::Wire(_) => false,
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

    /// Every thread by which something may be held.
    fn known_threads(&self) -> Vec<Arc<Thread>> {
        self.seats.iter().map(|seat| seat.thread.clone()).chain(self.absent.iter().cloned()).collect()
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
