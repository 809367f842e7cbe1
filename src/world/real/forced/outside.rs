//! What the machine sees of the world while a run is forced: real threads, things and output; but the clock, chance
//! and the outside of the recorded run.

use super::{Forced, Pace, body};
use crate::builtin::Wait;
use crate::code::Program;
use crate::machine::touch::Touches;
use crate::machine::{Fiber, Interrupted, Scheduler, Stopped, Waited, Watch};
use crate::sync::outside::{Outside, Way};
use crate::sync::{Sync, future::Failure, process, thread::Thread};
use crate::value::error::Error;
use crate::world::legs::End;
use crate::world::{Read, Stream, World, sealed};
use std::sync::Arc;

impl World for Forced<'_> {
    fn thread(&self) -> &Arc<Thread> {
        self.real.thread()
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
        let (baton, started) = (self.baton.clone(), self.moment());
        let number = baton.seat(thread.clone());
        let begun = self.real.shared.start(thread, move |real| body(real, baton, number, started));
        if begun.is_err() {
            self.baton.unseat(number);
        }
        begun
    }

    fn count_name(&mut self, base: &str) -> u32 {
        self.real.count_name(base)
    }

    fn now(&self) -> i64 {
        self.baton.now()
    }

    fn clock(&self) -> String {
        sealed::clock(self.baton.now())
    }

    fn pick(&mut self, count: usize) -> usize {
        self.choice(u32::try_from(count).unwrap_or(u32::MAX)) as usize
    }

    fn choose(&mut self, count: u64) -> u64 {
        u64::from(self.choice(u32::try_from(count).unwrap_or(u32::MAX)))
    }

    fn random(&mut self) -> u64 {
        self.baton.random()
    }

    fn seed(&mut self, seed: u64) {
        self.baton.seed(seed);
    }

    fn write(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        self.real.write(stream, text)
    }

    fn read_line(&mut self) -> Result<Read, Error> {
        Ok(Read::End)
    }

    fn arguments(&self) -> Vec<String> {
        self.real.arguments()
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn allow_file(&self, path: &str, _: bool) -> Result<(), Error> {
        Err(sealed::no_file(path))
    }

    fn outside(&mut self, way: Way<'_>) -> Result<&mut dyn Outside, Error> {
        Err(sealed::nothing_outside(way))
    }

    fn cpu_count(&self) -> usize {
        sealed::PROCESSORS
    }

    fn pids(&self) -> Result<process::Born, Error> {
        Err(process::not_simulated("pid() and ppid()"))
    }

    fn processes(&self) -> Result<Vec<Arc<Thread>>, Error> {
        Err(process::not_simulated("processes()"))
    }

    fn process_lives(&self, _: &Arc<Thread>) -> bool {
        false
    }

    fn send_signal(&self, _: &Arc<Thread>, _: i32) -> Result<(), Error> {
        Err(process::not_simulated("a signal"))
    }
}

impl Scheduler for Forced<'_> {
    const STEPWISE: bool = true;

    /// Stays here until it is this thread's turn to go on; true when it is to go on in the ordinary real world, or not
    /// at all.
    fn before(&mut self, _: &Touches, fiber: &Fiber) -> bool {
        loop {
            match self.pace {
                Pace::Turn(_) if self.left > 0 => {
                    self.left -= 1;
                    return false;
                }
                Pace::Turn(_) | Pace::Waiting => {
                    let line = fiber.line(&self.real.code().image.program);
                    self.rest(End::Stands, line);
                    if let Pace::Over = self.pace {
                        self.real.shared.stopped_here(&self.real.seat.thread, "runs", line);
                    }
                }
                Pace::Free | Pace::Over => return true,
            }
        }
    }

    fn others_moved(&self) -> bool {
        true
    }

    fn trapped(&self) -> bool {
        self.real.trapped()
    }

    fn safepoint(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Interrupted> {
        self.real.safepoint(fiber, program)
    }

    fn let_others_look(&mut self, fiber: &Fiber, program: &Program) -> Result<(), Stopped> {
        self.real.let_others_look(fiber, program)
    }

    fn wait(&mut self, wait: Wait, fiber: &Fiber, program: &Program) -> Waited {
        let (line, began) = (fiber.line(program), self.moment());
        let wait = wait.looks_again(self.real.looks.outside.get(), || self.baton.now());
        let measured = self.real.measure(&wait);
        let waited = self.wait_from(began, wait, line, Some(fiber));
        if let Some(measured) = measured {
            measured.over(line);
        }
        waited
    }

    fn yield_now(&mut self) {}

    // The others stand still anyway, unless they are free.
    fn hold_others(&mut self, _: &Fiber, _: &Program) -> Result<(), Stopped> {
        self.holds += 1;
        Ok(())
    }

    fn resume_others(&mut self) {
        self.holds = self.holds.saturating_sub(1);
    }

    fn awaited(&self) -> bool {
        self.real.awaited()
    }

    fn changed(&mut self) {
        self.real.changed();
    }

    fn turn_away(&mut self) {
        self.real.turn_away();
    }

    fn turned_away(&mut self) -> bool {
        self.real.turned_away()
    }

    fn await_begin(&mut self) {
        self.real.await_begin();
    }

    fn await_end(&mut self) {
        self.real.await_end();
    }

    fn watch(&mut self, watch: Watch) {
        self.real.watch(watch);
    }
}
