//! What the machine sees of the simulated world while one thread takes a step.

use super::log::Met;
use super::rules::{Assumption, Rules};
use super::step::Stepper;
use super::universe::{FIRST_PID, OUTER_PID, Universe};
use super::visible::{gives_a_task, may_publish, takes};
use crate::builtin::Wait;
use crate::code::Program;
use crate::machine::touch::{Act, Place, Touches};
use crate::machine::{self, Fiber, Interrupted, Scheduler, Stopped, Waited, Watch};
use crate::memory;
use crate::race::order::Watched;
use crate::source::Span;
use crate::sync::named;
use crate::sync::outside::{Outside, Way};
use crate::sync::pool::copied::Copies;
use crate::sync::process::Born;
use crate::sync::thread::{State, Thread};
use crate::sync::{Op, Sync, future::Failure};
use crate::value::Value;
use crate::value::error::{self, Error};
use crate::world::too_many_threads;
use crate::world::{Read, Stream, World, sealed};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// So many instructions without anything that others could see, and the thread is put aside all the same: it may never
/// come to an end by itself.
const MOST_INSTRUCTIONS: u64 = 200_000;
/// The same for a thread that is the only one: it is seen sooner that it only goes round.
const MOST_ALONE: u64 = 10_000;

/// What is said of a script that takes more memory than it may while it is simulated: nothing can catch that.
pub fn too_much_memory() -> Error {
    let limit = memory::shown(memory::limit());
    let message = format!("the program uses more than {limit} of memory in the simulated world");
    Error::new(error::Kind::Memory, message).hint(
        "let go of what is no longer needed (a list that only grows, a queue that is filled faster than emptied); \
         `conc run` can do with more",
    )
}

impl World for Stepper<'_> {
    fn thread(&self) -> &Arc<Thread> {
        &self.thread
    }

    fn main(&self) -> Arc<Thread> {
        self.space.as_ref().map_or(&self.universe.main, |space| &space.main).clone()
    }

    fn next_id(&mut self) -> u32 {
        // As in the real world, where a script can tell.
        let id = self.universe.next_id;
        self.universe.next_id += 1;
        id
    }

    fn register(&mut self, sync: &Arc<Sync>) {
        self.universe.register(sync);
    }

    fn task_failed(&mut self, failure: Arc<Failure>) {
        self.universe.failures.push(failure);
    }

    fn held_by(&self, thread: &Thread) -> Vec<(Arc<Sync>, u32)> {
        if thread.id == self.thread.id && self.thread.held.load(Ordering::SeqCst) == 0 {
            return Vec::new();
        }
        self.looked_around.set(true);
        self.universe.held_by(thread)
    }

    fn threads(&self) -> Vec<Arc<Thread>> {
        self.looked_around.set(true);
        let mut threads: Vec<Arc<Thread>> = self.neighbours().map(|seat| seat.thread.clone()).collect();
        let main = self.main().id;
        threads.sort_by_key(|thread| (thread.id != main, thread.id));
        threads
    }

    // Whether anybody does is known of the whole script (`Rules::watched`).
    fn asks_for_states(&self) {}

    fn looks_outside(&self) {
        self.looked_outside.set(true);
    }

    fn thread_elsewhere(&self, thread: u32) -> Option<String> {
        self.looked_around.set(true);
        let seat = self.universe.seats.iter().find(|seat| seat.thread.id == thread)?;
        let name = seat.thread.name();
        Some(match &seat.space {
            None => format!("\"{name}\" of the first process{}", with_pid(Some(FIRST_PID), self.rules)),
            Some(space) => {
                let pid = space.process().born().map(|born| born.pid);
                format!("\"{name}\" of process \"{}\"{}", space.handle.name(), with_pid(pid, self.rules))
            }
        })
    }

    fn start(&mut self, thread: &Arc<Thread>) -> Result<(), Error> {
        if thread.process.is_some() {
            return named::for_errors(|| self.start_process(thread));
        }
        let (new, running) = (State::New as u8, State::Running as u8);
        if thread.state.compare_exchange(new, running, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(Error::new(
                error::Kind::State,
                format!("thread \"{}\" has been started already", thread.name()),
            )
            .hint("a thread runs once; make a new one to run it again"));
        }
        if self.universe.living_in(self.space.as_ref(), self.rules) > self.rules.max_threads {
            thread.state.store(new, Ordering::SeqCst);
            // How many live is not met: who remembers a step asks `may_refuse`.
            self.log.opaque = true;
            return Err(too_many_threads(thread, self.rules.max_threads));
        }
        self.begin(thread);
        Ok(())
    }

    fn count_name(&mut self, base: &str) -> u32 {
        if let Some(space) = &self.space {
            let mut names = space.names.lock();
            let count = names.entry(base.into()).or_insert(0);
            *count += 1;
            return *count;
        }
        let count = self.universe.names.entry(base.into()).or_insert(0);
        *count += 1;
        *count
    }

    fn now(&self) -> i64 {
        self.universe.now
    }

    fn clock(&self) -> String {
        sealed::clock(self.universe.now)
    }

    fn random(&mut self) -> u64 {
        let Some(space) = &self.space else { return sealed::random(&mut self.universe.random) };
        let mut state = space.random.load(Ordering::SeqCst);
        let random = sealed::random(&mut state);
        space.random.store(state, Ordering::SeqCst);
        random
    }

    fn seed(&mut self, seed: u64) {
        match &self.space {
            Some(space) => space.random.store(seed, Ordering::SeqCst),
            None => self.universe.random = seed,
        }
    }

    fn choose(&mut self, count: u64) -> u64 {
        u64::from(self.choices.next(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    fn pick(&mut self, count: usize) -> usize {
        self.choices.next(u32::try_from(count).unwrap_or(u32::MAX)) as usize
    }

    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        match stream {
            Stream::Out => self.log.output.push_str(text),
            Stream::Err => self.log.errors.push_str(text),
        }
        Ok(())
    }

    fn read_line(&mut self) -> Result<Read, Error> {
        Ok(Read::End)
    }

    fn arguments(&self) -> Vec<String> {
        self.rules.arguments.clone()
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn allow_file(&self, path: &str, _: bool) -> Result<(), Error> {
        Err(sealed::no_file(path))
    }

    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error> {
        match way {
            Way::Signals => Ok(self),
            Way::Pipe | Way::Server | Way::Connection | Way::ProcessPool => {
                // Whether anybody has its ends is asked of everybody.
                self.log.opaque = true;
                Ok(self)
            }
            Way::Program(_) | Way::Host(_) => Err(sealed::nothing_outside(way)),
        }
    }

    fn share(&mut self, thing: &Value) -> Result<Value, Error> {
        Ok(thing.clone()) // all processes are in one memory
    }

    fn copied(&mut self, values: &[Value], what: &str) -> Result<Copies, Error> {
        self.copies(values, what).map(Copies::Living)
    }

    fn writes_states(&self) -> bool {
        true
    }

    fn several_fail(&mut self) {
        if self.rules.assumed.one_fails {
            self.log.refuted = Some(Assumption::OneFails);
        }
    }

    fn cpu_count(&self) -> usize {
        sealed::PROCESSORS
    }

    fn pids(&self) -> Result<Born, Error> {
        let first = Born { pid: FIRST_PID, parent: OUTER_PID };
        Ok(self.space.as_ref().and_then(|space| space.process().born()).unwrap_or(first))
    }

    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error> {
        Ok(self.children())
    }

    fn process_lives(&self, handle: &Arc<Thread>) -> bool {
        // It is asked for only where the ends of processes are steps of their own.
        self.looked_around.set(true);
        handle.process.as_ref().is_some_and(|process| process.original(handle).alive())
    }

    fn send_signal(&self, handle: &Arc<Thread>, signal: i32) -> Result<(), Error> {
        self.send_to(handle, signal)
    }
}

impl Scheduler for Stepper<'_> {
    const STEPWISE: bool = true;

    fn before(&mut self, touches: &Touches, fiber: &Fiber) -> bool {
        self.instructions += 1;
        let alone = self.universe.seats.len() == 1;
        let most = if alone { MOST_ALONE } else { MOST_INSTRUCTIONS };
        let inside = fiber.holding() || fiber.in_condition();
        if self.instructions > most || self.choices.are_many(alone) && !inside {
            self.log.long = true;
            return true;
        }
        if memory::is_beyond() {
            // Other threads are asked afterwards where they stand; it is not they.
            if self.log.beyond.is_none() {
                let error = too_much_memory();
                machine::note_place(fiber, &self.program, self, &error);
                self.log.beyond = Some(error.into());
            }
            return true;
        }
        for object in &touches.quiet {
            self.meet(object);
        }
        let is_start = touches.act == Act::Start && !self.rules.sees_starts();
        if touches.list.is_empty() && (touches.act == Act::Plain || is_start) {
            return false;
        }
        for touch in &touches.list {
            match &touch.place {
                // Whoever has variables of its own has met all of them.
                Place::Global(index) if self.is_of_all(*index) => self.log.met.push(Met::Global(*index)),
                Place::Global(_) => {}
                Place::Object(object) => self.meet(object),
                Place::Threads => self.log.opaque = true,
                // Parts of the roots, on which everything depends.
                Place::Fixed(_) | Place::Random | Place::Clock => {}
            }
        }
        if inside {
            self.refute_frozen(touches);
            if self.rules.merges() && takes(touches) {
                self.log.refuted = Some(Assumption::LocksApart);
            }
            // What is put there here is where others find it, once this is over.
            self.published |= may_publish(touches);
            self.note(touches, true);
            return false;
        }
        // A condition that does not hold yet leaves nothing behind of its step: what came before is one of its own.
        if touches.act == Act::Await && self.instructions > 1 && !self.looks_again {
            return true;
        }
        let visible = self.is_visible(touches, fiber);
        if visible && touches.act == Act::Process && self.rules.merges() {
            self.log.refuted = Some(Assumption::LocksApart);
        }
        if self.fresh && self.log.line == 0 && touches.act != Act::End {
            self.log.line = fiber.line(&self.program);
            self.log.span = fiber.span(&self.program);
            self.log.act = touches.act;
            self.log.told.clone_from(&touches.list);
        }
        if touches.act == Act::Join {
            self.log.joins |= self.fresh;
            self.log.passed_join |= !self.fresh && !visible;
        }
        if !visible {
            // Workers find what a pool is given, also where nobody else has the pool: from here on they can tell.
            if gives_a_task(touches) {
                (self.published, self.fresh) = (true, false);
            }
            return false;
        }
        if self.fresh {
            self.fresh = false;
            self.published = may_publish(touches);
            self.note(touches, matches!(touches.act, Act::Atomic | Act::Await));
            self.log.line = fiber.line(&self.program);
            self.log.span = fiber.span(&self.program);
            self.log.told.clone_from(&touches.list);
            return false;
        }
        !(touches.act == Act::Release && self.is_merged(touches))
    }

    fn selected(&mut self, line: u32, arm: Span) {
        // Else it was not the operation that others can tell.
        if self.log.line == line {
            self.log.selected = true;
            (self.log.line, self.log.span) = (self.program.source.line(arm.start), arm);
        }
    }

    fn trapped(&self) -> bool {
        false
    }

    fn safepoint(&mut self, _: &Fiber, _: &Program) -> Result<(), Interrupted> {
        Ok(())
    }

    fn let_others_look(&mut self, _: &Fiber, _: &Program) -> Result<(), Stopped> {
        Ok(())
    }

    fn wait(&mut self, wait: Wait, fiber: &Fiber, program: &Program) -> Waited {
        if let Op::Fork = wait.op {
            return match named::for_errors(|| self.fork(fiber)) {
                Ok(handle) => Waited::Done(handle),
                Err(error) => Waited::Failed(error),
            };
        }
        self.line = fiber.line(program);
        Waited::Suspended(wait.looks_again(self.looked_outside.get(), || self.universe.now))
    }

    fn yield_now(&mut self) {}

    fn hold_others(&mut self, _: &Fiber, _: &Program) -> Result<(), Stopped> {
        Ok(())
    }

    fn resume_others(&mut self) {}

    fn awaited(&self) -> bool {
        false
    }

    fn changed(&mut self) {}

    fn turn_away(&mut self) {}

    fn turned_away(&mut self) -> bool {
        false
    }

    fn await_begin(&mut self) {
        self.looked_outside.set(false);
    }

    fn await_end(&mut self) {}

    fn watch(&mut self, watch: Watch) {
        // From here on it is looked at what it leads to.
        self.published |= !watch.ensure;
        match &self.space {
            Some(space) => space.watches.lock().push(watch),
            None => self.universe.watches.push(watch),
        }
    }
}

impl Universe {
    pub fn register(&mut self, sync: &Arc<Sync>) {
        if self.drawn {
            let watch = |sync: &Sync| {
                sync.watch(Watched::simulated);
            };
            watch(sync);
            sync.each_end(&mut |end| watch(end));
        }
        if sync.can_be_held() || matches!(sync.kind, crate::sync::Kind::Crew(_)) {
            if self.things.len() == self.things.capacity() {
                // A run that goes on may make any number of them.
                self.things.retain(|thing| thing.strong_count() > 0);
                self.things.reserve(self.things.len() + 1);
            }
            self.things.push(Arc::downgrade(sync));
        }
    }
}

/// What a message says of a process's number, where processes have numbers.
fn with_pid(pid: Option<i32>, rules: &Rules) -> String {
    pid.filter(|_| rules.pids).map_or_else(String::new, |pid| format!(" (pid {pid})"))
}
