//! The real world with eyes: it sees what threads share as it is used, to find data races (`--race`), delays threads
//! to make rare interleavings common (`--jitter`), lets threads change between a read and a write (`--gil`), and has every
//! use of a lock told (`--trace`) or counted (`--stats`).
//!
//! It is another world for the machine, so that the ordinary one pays nothing. Both are the same run: what is not about
//! seeing is done by the `RealWorld` inside. Where things are to be told or counted, or threads to change, and nothing is to be
//! seen, it is a third one, `LOOKS` being false: it looks at no instruction. So is that of a thread that is alone while races
//! are looked for: what it does then is before all that others do. When it has started another, it goes on in the one that looks.

use super::RealWorld;
use super::jitter::Jitter;
use super::run::Shared;
use crate::builtin::Wait;
use crate::code::Program;
use crate::event::breath;
use crate::machine::touch::Part;
use crate::machine::{self, Exit, Fiber, Image, Interrupted, Scheduler, Stopped, Visible, Waited, Watch};
use crate::race::channels::{self, Channel};
use crate::race::common::There;
use crate::race::shadow::{self, Met};
use crate::race::{Detector, mine};
use crate::sync::outside::{Outside, Way};
use crate::sync::process::{Born, Process};
use crate::sync::queue::{Handful, Queue};
use crate::sync::{Op, Sync, future::Failure, thread::Thread};
use crate::value::error::Error;
use crate::value::{Value, error};
use crate::world::{Read, Stream, World};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

pub(super) struct Eyes<'w, const LOOKS: bool> {
    real: &'w mut RealWorld,
    /// Of `real`, at hand.
    thread: Arc<Thread>,
    shared: Arc<Shared>,
    trap: Arc<AtomicU8>,
    detector: Option<Arc<Detector>>,
    jitter: Option<Jitter>,
    /// How deep it is in `atomically`.
    holds: u32,
}

/// Runs a fiber in the world that its run asks for: with an answer for the operation that it stands before, or from its
/// beginning.
pub(super) fn run(
    world: &mut RealWorld,
    image: &Image,
    fiber: &mut Fiber,
    answer: Option<Result<Value, Error>>,
) -> Exit {
    let detector = world.shared.detector.clone();
    let jitter = world.shared.delays.as_ref().map(|delays| Jitter::new(delays, world.seat.thread.id));
    let alone = jitter.is_none() && detector.as_ref().is_some_and(|detector| !detector.many());
    let looks = detector.is_some() || jitter.is_some();
    let options = &world.shared.options;
    let tells = options.trace.is_some()
        || options.stats.is_some()
        || world.shared.gil.is_some()
        // What it got as copies is counted (`process::child`).
        || world.shared.processes.own.is_some();
    if alone {
        let mut eyes = Eyes::<false>::new(world, detector, jitter);
        let exit = go(image, fiber, &mut eyes, answer);
        let Exit::Paused = exit else { return exit };
        let Eyes { real, detector, jitter, holds, .. } = eyes;
        return go(image, fiber, &mut Eyes::<true> { holds, ..Eyes::new(real, detector, jitter) }, None);
    }
    match (looks, tells) {
        (true, _) => go(image, fiber, &mut Eyes::<true>::new(world, detector, jitter), answer),
        (false, true) => go(image, fiber, &mut Eyes::<false>::new(world, detector, jitter), answer),
        (false, false) => go(image, fiber, world, answer),
    }
}

fn go<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    answer: Option<Result<Value, Error>>,
) -> Exit {
    match answer {
        None => machine::run(image, fiber, world),
        Some(answer) => machine::resume(image, fiber, world, answer),
    }
}

impl<'w, const LOOKS: bool> Eyes<'w, LOOKS> {
    fn new(real: &'w mut RealWorld, detector: Option<Arc<Detector>>, jitter: Option<Jitter>) -> Self {
        let (thread, shared, trap) = (real.seat.thread.clone(), real.shared.clone(), real.trap.clone());
        Eyes { real, thread, shared, trap, detector, jitter, holds: 0 }
    }

    /// Whether what it touches from here on can race with what others touch in the same way.
    fn atomic(&self, atomic: bool) {
        mine::with(|mine| mine.set_atomic(atomic));
    }

    /// A wait has come to nothing in its time: the thread has seen what kept it waiting.
    fn saw_it_taken(on: &[Value]) {
        for value in on {
            match value {
                Value::Sync(thing) => thing.looked_at(),
                Value::Thread(handle) => handle.looked_at(),
                _ => {}
            }
        }
    }
}

impl<const LOOKS: bool> Scheduler for Eyes<'_, LOOKS> {
    const EYES: bool = LOOKS;
    const NOTES: bool = true;
    const PAUSES: bool = true;
    const IS_REPLACED: bool = !LOOKS;

    #[inline(always)]
    fn goes_back(&mut self) {
        if !LOOKS {
            breath::goes_back();
        }
    }

    #[inline(always)]
    fn goes_away(&mut self) {
        if !LOOKS {
            breath::goes_away();
        }
    }

    #[inline(always)]
    fn sees(&self) -> bool {
        self.jitter.is_some() || self.detector.as_ref().is_some_and(|detector| detector.many())
    }

    #[inline(always)]
    fn delays(&self) -> bool {
        self.jitter.is_some()
    }

    #[inline]
    fn used(
        &mut self,
        word: &AtomicU32,
        part: Part,
        write: bool,
        (function, pc): (u32, u32),
    ) -> Option<Box<Met>> {
        let detector = self.detector.as_ref().filter(|detector| detector.many())?;
        let place = detector.place(function, pc);
        let mut met = None;
        mine::with(|mine| met = shadow::touch(word, part, write, mine.access(place), mine));
        met
    }

    fn used_elements(
        &mut self,
        word: &AtomicU32,
        elements: Range<u64>,
        write: bool,
        (function, pc): (u32, u32),
    ) -> Vec<(u64, Met)> {
        let mut all = Vec::new();
        if let Some(detector) = self.detector.as_ref().filter(|detector| detector.many()) {
            let place = detector.place(function, pc);
            mine::with(|mine| {
                all = shadow::touch_elements(word, elements, write, mine.access(place), mine);
            });
        }
        all
    }

    fn stands(&mut self, (function, pc): (u32, u32)) {
        if let Some(detector) = &self.detector {
            mine::with(|mine| mine.stands(detector.place(function, pc)));
        }
    }

    fn sees_there(&self) -> bool {
        self.detector.as_ref().is_some_and(|detector| detector.common().is_some())
    }

    fn used_there(
        &mut self,
        cell: There,
        part: Part,
        write: bool,
        (function, pc): (u32, u32),
    ) -> Option<Box<Met>> {
        let detector = self.detector.as_ref().filter(|detector| detector.many())?;
        let (common, place) = (detector.common()?, detector.place(function, pc));
        let mut met = None;
        mine::with(|mine| met = common.touch(cell, part, write, place, mine));
        met.map(Box::new)
    }

    fn raced(&mut self, met: Met, cell: &dyn Fn() -> String) {
        if let Some(detector) = &self.detector {
            detector.found(&self.real.shared.code().image.program, met, cell);
        }
    }

    #[inline]
    fn visible(&mut self, step: Visible) {
        if let Some(jitter) = &mut self.jitter {
            let holds = self.real.seat.thread.held.load(Ordering::Relaxed) > 0;
            // All others are held: they would only wait for longer.
            if self.holds == 0 {
                jitter.before(step, holds);
            }
        }
    }

    #[inline(always)]
    fn trapped(&self) -> bool {
        self.trap.load(Ordering::Relaxed) != 0
    }

    fn safepoint(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Interrupted> {
        self.goes_away();
        self.real.safepoint(fiber, program)
    }

    fn let_others_look(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped> {
        self.goes_away();
        self.real.let_others_look(fiber, program)
    }

    fn expects(&mut self, queue: &Queue, what: Handful) -> bool {
        self.goes_away();
        self.real.expects(queue, what)
    }

    fn wait(&mut self, wait: Wait, fiber: &Fiber, program: &Program) -> Waited {
        self.goes_away();
        let Some(detector) = self.detector.clone() else { return self.real.wait(wait, fiber, program) };
        let awaits = matches!(wait.op, Op::Change);
        self.real.seat.thread.published(mine::so_far());
        let mut on = Vec::new();
        if wait.deadline.is_some() && !matches!(wait.op, Op::Sleep) {
            wait.op.values(&mut |value| on.push(value));
        }
        let waited = self.real.wait(wait, fiber, program);
        if awaits {
            let changes = detector.changes();
            mine::with(|mine| mine.join(&changes));
        }
        match &waited {
            Waited::Done(Value::Bool(false) | Value::Nil | Value::List(_)) => Self::saw_it_taken(&on),
            Waited::Failed(error) if error.kind == error::Kind::Timeout => Self::saw_it_taken(&on),
            Waited::Done(_) | Waited::Failed(_) | Waited::Suspended(_) | Waited::Stopped | Waited::Ended => {}
        }
        waited
    }

    fn outgrown(&self) -> bool {
        let alone_no_more = !LOOKS && self.detector.as_ref().is_some_and(|detector| detector.many());
        alone_no_more || self.real.outgrown()
    }

    fn yield_now(&mut self) {
        self.real.yield_now();
    }

    fn hold_others(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped> {
        self.visible(Visible::Other);
        self.real.hold_others(fiber, program)?;
        self.holds += 1;
        self.atomic(true);
        Ok(())
    }

    fn resume_others(&mut self) {
        self.holds = self.holds.saturating_sub(1);
        if self.holds == 0 {
            self.atomic(false);
        }
        self.real.resume_others();
    }

    #[inline(always)]
    fn awaited(&self) -> bool {
        self.shared.awaited()
    }

    fn changed(&mut self) {
        // What lets an `await` look again is before what it sees then.
        mine::with(|mine| {
            let stamp = mine.release();
            mine.detector.give_to_who_awaits(&stamp);
        });
        self.real.changed();
    }

    fn turn_away(&mut self) {
        self.real.turn_away();
    }

    fn turned_away(&mut self) -> bool {
        self.real.turned_away()
    }

    fn await_begin(&mut self) {
        self.atomic(true);
        self.real.await_begin();
    }

    fn await_end(&mut self) {
        self.atomic(self.holds > 0);
        self.real.await_end();
    }

    fn watch(&mut self, watch: Watch) {
        self.real.watch(watch);
    }
}

impl<const LOOKS: bool> World for Eyes<'_, LOOKS> {
    #[inline(always)]
    fn thread(&self) -> &Arc<Thread> {
        &self.thread
    }

    fn looks_outside(&self) {
        self.real.looks_outside();
    }

    fn asks_for_states(&self) {
        self.real.asks_for_states();
    }

    fn main(&self) -> Arc<Thread> {
        self.real.main()
    }

    fn next_id(&mut self) -> u32 {
        self.real.next_id()
    }

    fn register(&mut self, sync: &Arc<Sync>) {
        self.real.register(sync);
    }

    fn task_failed(&mut self, failure: Arc<Failure>) {
        self.real.task_failed(failure);
    }

    fn held_by(&self, thread: &Thread) -> Vec<(Arc<Sync>, u32)> {
        self.real.held_by(thread)
    }

    fn threads(&self) -> Vec<Arc<Thread>> {
        self.real.threads()
    }

    fn start(&mut self, thread: &Arc<Thread>) -> Result<(), Error> {
        self.real.start(thread)
    }

    fn count_name(&mut self, base: &str) -> u32 {
        self.real.count_name(base)
    }

    fn now(&self) -> i64 {
        self.real.now()
    }

    fn clock(&self) -> String {
        self.real.clock()
    }

    fn pick(&mut self, count: usize) -> usize {
        self.real.pick(count)
    }

    fn choose(&mut self, count: u64) -> u64 {
        self.real.choose(count)
    }

    fn wakes_at_release(&mut self, lock: &Arc<Sync>) -> bool {
        self.real.wakes_at_release(lock)
    }

    fn random(&mut self) -> u64 {
        self.real.random()
    }

    fn seed(&mut self, seed: u64) {
        self.real.seed(seed);
    }

    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        self.real.write(stream, text)
    }

    fn read_line(&mut self) -> Result<Read, Error> {
        self.real.read_line()
    }

    fn arguments(&self) -> Vec<String> {
        self.real.arguments()
    }

    fn host(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Error> {
        self.real.host(name, arguments)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.real.variable(name)
    }

    fn allow_file(&self, path: &str, write: bool) -> Result<(), Error> {
        channels::give_to_the_outside();
        self.real.allow_file(path, write)
    }

    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error> {
        channels::give_to_the_outside();
        self.real.outside(way)
    }

    fn share(&mut self, thing: &Value) -> Result<Value, Error> {
        self.real.share(thing)
    }

    fn cpu_count(&self) -> usize {
        self.real.cpu_count()
    }

    fn pids(&self) -> Result<Born, Error> {
        self.real.pids()
    }

    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error> {
        self.real.processes()
    }

    fn process_lives(&self, process: &Arc<Thread>) -> bool {
        self.real.process_lives(process)
    }

    fn send_signal(&self, process: &Arc<Thread>, signal: i32) -> Result<(), Error> {
        if let Some(born) = process.process.as_ref().and_then(Process::born) {
            channels::give_to(Channel::Signals(born.pid));
        }
        World::send_signal(&*self.real, process, signal)
    }
}
