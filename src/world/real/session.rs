//! A session: a run whose `main` does one entry after the other, which come from outside, while other threads go on.
//!
//! The program grows with each entry. It does so while no thread takes a step, and every thread goes over to the new
//! image before its next instruction (`Scheduler::outgrown`): so there is one image at any time, variables need no place
//! of their own in memory, and the machine pays nothing for it.
//!
//! `main` stands at a desk between two entries. It can go on there at any time, so it is no part of a deadlock. One among
//! the others is reported and ends nothing: `end` ends the threads in it.

use super::RealWorld;
use super::clock::Clock;
use super::deadlock::Knot;
use super::ground::Ground;
use super::ids::Ids;
use super::interrupt::Bell;
use super::options::Options;
use super::outside::Doors;
use super::process::{self, Growth, Processes};
use super::run::{self, Beginning, Cause, Code, END, MAIN, Shared};
use super::standing::{Here, Standing};
use super::threads;
use crate::code::verify::Verified;
use crate::machine::{Exit, Image};
use crate::mapped::Slot;
use crate::report::runtime::{Deadlock, Ending};
use crate::source::Span;
use crate::sync::Sync;
use crate::sync::thread::{Entry, State, Thread, Waiting};
use crate::value::{Value, error::Error};
use parking_lot::{Condvar, Mutex};
use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What became of an entry.
#[derive(Debug)]
pub enum Answer {
    Value(Value),
    /// With what `main` held when the error was raised (label and line of acquisition), and where in the entry that was.
    Failed(Arc<Error>, Held, Option<Span>),
    /// It was ended from outside, at this place of it.
    Ended(Option<Span>),
    /// The run has ended.
    Over,
}

/// Called when threads are found that wait for ever, once for each such thread.
pub type OnDeadlock = Box<dyn Fn(&Deadlock) + Send + std::marker::Sync>;

/// Called when the run has ended, by a thread of its own.
pub type OnEnd = Box<dyn Fn(&Ending) + Send>;

pub struct Session {
    shared: Arc<Shared>,
    /// Where its processes come from; None when it can have none.
    ground: Option<Arc<Ground>>,
    ending: Receiver<Ending>,
}

/// Where `main` gets its entries.
pub(super) struct Desk {
    slip: Mutex<Slip>,
    told: Condvar,
    on_deadlock: OnDeadlock,
    /// The threads of deadlocks that were told.
    stuck: Mutex<HashSet<u32>>,
    /// All things to wait for.
    things: Mutex<Vec<Weak<Sync>>>,
}

#[derive(Default)]
struct Slip {
    /// The function to be called next.
    entry: Option<u32>,
    answer: Option<Answer>,
    /// `main` does an entry.
    busy: bool,
    /// No more entries come.
    closed: bool,
}

impl Session {
    /// Begins with a program whose top level is not run: that of no text.
    ///
    /// # Errors
    /// When the system refuses what every run needs.
    pub fn begin(
        program: Arc<Verified>,
        options: Options,
        on_deadlock: OnDeadlock,
        on_end: OnEnd,
        ground: Option<Arc<Ground>>,
    ) -> io::Result<Session> {
        let bell = Arc::new(Bell::new(options.signals)?);
        let desk = Desk {
            slip: Mutex::default(),
            told: Condvar::new(),
            on_deadlock,
            stuck: Mutex::default(),
            things: Mutex::default(),
        };
        let entry = Entry::to_call(Value::Function(0));
        let mut image = Image::new(program);
        image.memory = ground.as_ref().map(|ground| ground.memory().clone());
        let beginning = Beginning {
            image,
            options,
            main: Arc::new(Thread::new(MAIN, "main", false, entry)),
            next_id: ground.as_ref().map_or_else(|| Ids::from(MAIN + 1), |ground| ground.ids()),
            clock: Clock::start(),
            processes: Processes::new(ground.as_ref().map(|ground| ground.server().clone()), None),
            doors: Doors::new(ground.as_ref().map(|ground| ground.register())),
        };
        let shared = run::share(beginning, bell, Some(desk));
        let relay = process::relay(&shared);
        shared
            .start(&shared.main, |world| world.do_entries())
            .map_err(|error| io::Error::other(error.message))?;
        let (tell, ending) = mpsc::channel();
        let attended = shared.clone();
        std::thread::Builder::new().name("attendant".into()).spawn(move || {
            let ending = attended.see_it_end();
            on_end(&ending);
            // Nobody may want to know.
            let _ = tell.send(ending);
            if let Some(relay) = relay {
                relay.end();
            }
        })?;
        Ok(Session { shared, ground, ending })
    }

    /// Has `main` call a function of the program, to which the one before has grown by a text; waits until it is done.
    pub fn enter(&self, text: &str, program: Arc<Verified>, function: u32) -> Answer {
        let Some(desk) = &self.shared.desk else { return Answer::Over };
        if let Some(ground) = &self.ground {
            ground.server().tell(Growth::Entry(text.to_string()));
            if let Err(error) = ground.has_room(program.globals.len()) {
                return Answer::Failed(Arc::new(error), Held::new(), None);
            }
        }
        if !self.shared.grow(program) {
            return Answer::Over;
        }
        let mut slip = desk.slip.lock();
        slip.entry = Some(function);
        slip.busy = true;
        desk.told.notify_all();
        loop {
            if let Some(answer) = slip.answer.take() {
                return answer;
            }
            if self.shared.stopping() {
                return Answer::Over;
            }
            desk.told.wait(&mut slip);
        }
    }

    /// These names of the last entry mean what they meant before it.
    pub fn forget(&self, names: &[Arc<str>]) {
        if let Some(ground) = &self.ground {
            ground.server().tell(Growth::Forgotten(names.iter().map(ToString::to_string).collect()));
        }
    }

    /// A hand on the session for another thread, or a handler of Ctrl-C.
    pub fn handle(&self) -> Handle {
        Handle(self.shared.clone())
    }

    /// No more entries come: the run ends as a program does whose top level has ended.
    pub fn close(&self) {
        self.shared.close_desk();
    }

    /// Ends the run where its threads stand.
    pub fn stop(&self) {
        self.shared.finish(Cause::Interrupted);
    }

    /// The run's ending, if it comes within this time.
    pub fn wait(&self, time: Duration) -> Option<Ending> {
        self.ending.recv_timeout(time).ok()
    }

    pub fn over(&self) -> bool {
        self.shared.stopping()
    }
}

/// The label and the line of acquisition of each thing that a thread holds.
pub type Held = Vec<(String, u32)>;

/// What can be done to a session from anywhere.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Ends the entry that `main` does, if any; true if there is one.
    pub fn interrupt(&self) -> bool {
        let busy = self.0.desk.as_ref().is_some_and(|desk| desk.slip.lock().busy);
        busy && self.0.end_threads(&|thread| thread.id == MAIN) > 0
    }

    /// Ends the threads and processes among those that live; how many there are. Of `main` only the entry is ended that it does.
    pub fn end(&self, which: &dyn Fn(&Thread) -> bool) -> usize {
        let main = which(&self.0.main) && self.interrupt();
        let processes = self.processes().into_iter().filter(|process| which(process));
        // One that has ended meanwhile is what was asked for.
        let killed = processes.filter(|process| self.0.send_signal(process, libc::SIGKILL).is_ok()).count();
        usize::from(main) + killed + self.0.end_threads(&|thread| thread.id != MAIN && which(thread))
    }

    pub fn program(&self) -> Arc<Verified> {
        self.0.code().image.program.clone()
    }

    /// The variable at this place of the program's table of those written once.
    pub fn fixed(&self, index: u32) -> Option<Value> {
        self.0.code().image.fixed(index).cloned()
    }

    /// The same of those that can change.
    pub fn global(&self, index: u32) -> Option<Value> {
        let code = self.0.code();
        let value = match self.0.memory().filter(|_| code.image.program.is_shared(index)) {
            Some(memory) => Some(Slot::at(memory, memory.variable(index)).get()),
            None => code.image.global(index),
        };
        value.filter(|value| !matches!(value, Value::Unset))
    }

    /// The processes that live.
    pub fn processes(&self) -> Vec<Arc<Thread>> {
        self.0.processes.living()
    }

    /// The threads that live, `main` first, each with what it holds and the lines where it has taken it.
    pub fn threads(&self) -> Vec<(Arc<Thread>, Held)> {
        let threads: Vec<Arc<Thread>> =
            self.0.table.lock().seats.values().map(|seat| seat.thread.clone()).collect();
        let held = |thread: &Thread| {
            self.0.things.held_by(thread).into_iter().map(|(sync, line)| (sync.label(), line))
        };
        threads.into_iter().map(|thread| (thread.clone(), held(&thread).collect())).collect()
    }

    /// The things to wait for that still exist, in the order of their making.
    pub fn things(&self) -> Vec<Arc<Sync>> {
        let things = self.0.desk.iter().flat_map(|desk| desk.living());
        let mut things: Vec<Arc<Sync>> = things.collect();
        things.sort_by_key(|thing| thing.id);
        things
    }
}

impl Desk {
    pub fn tell(&self) {
        // With the mutex, so that nobody misses it between looking and sleeping.
        let _slip = self.slip.lock();
        self.told.notify_all();
    }

    pub fn closed(&self) -> bool {
        self.slip.lock().closed
    }

    /// Whether the next entry is awaited: what is typed belongs to it, not to a thread that reads.
    pub fn is_typed_at(&self) -> bool {
        let slip = self.slip.lock();
        !slip.busy && !slip.closed
    }

    pub fn add(&self, sync: &Arc<Sync>) {
        let mut things = self.things.lock();
        if things.len() == things.capacity() {
            things.retain(|thing| thing.strong_count() > 0);
            let room = things.len().max(64);
            things.reserve(room);
        }
        things.push(Arc::downgrade(sync));
    }

    fn living(&self) -> Vec<Arc<Sync>> {
        self.things.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// Threads wait for ever.
    pub fn found(&self, shared: &Shared, knot: Knot) {
        let new = {
            let mut stuck = self.stuck.lock();
            let before = stuck.len();
            stuck.extend(&knot.threads);
            stuck.len() > before
        };
        if new {
            (self.on_deadlock)(&knot.deadlock);
        }
        // The entry cannot be waited for.
        if knot.threads.contains(&MAIN) {
            shared.end_threads(&|thread| thread.id == MAIN);
        }
    }
}

impl Shared {
    /// Lets the program become one that it has grown to. False when the run has ended.
    fn grow(&self, program: Arc<Verified>) -> bool {
        let grown = self.while_nobody_moves(|table| {
            let image = self.code().image.grown(program.clone());
            self.knots.grown(&program);
            self.replace_code(Code::new(image));
            table.seats.values().for_each(|seat| seat.outgrown.store(true, Ordering::Relaxed));
        });
        grown.is_some()
    }

    fn end_threads(&self, which: &dyn Fn(&Thread) -> bool) -> usize {
        let table = self.table.lock();
        let mut ended = 0;
        for seat in table.seats.values().filter(|seat| which(&seat.thread)) {
            seat.ending.store(true, Ordering::SeqCst);
            self.trap.fetch_or(END, Ordering::SeqCst);
            seat.waiter.wake();
            ended += 1;
        }
        ended
    }

    fn close_desk(&self) {
        let Some(desk) = &self.desk else { return };
        desk.slip.lock().closed = true;
        desk.told.notify_all();
        // What was only told while entries could come ends the run now.
        let table = self.table.lock();
        let knot = table.seats.keys().find_map(|id| self.find_ring(&table, *id));
        drop(table);
        if let Some(knot) = knot {
            self.finish(Cause::Deadlock(knot.deadlock));
        }
    }
}

impl RealWorld {
    /// What `main` does in a session.
    fn do_entries(&mut self) -> Exit {
        while let Some(function) = self.next_entry() {
            let entry = Entry::to_call(Value::Function(function));
            let exit = catch_unwind(AssertUnwindSafe(|| threads::call(self, entry)));
            let answer = match exit.unwrap_or_else(|_| threads::failed()) {
                Exit::Finished(value) => Answer::Value(value),
                Exit::Failed(error) => {
                    Answer::Failed(error, std::mem::take(&mut self.held), self.left.take())
                }
                Exit::Exited(_) if std::mem::take(&mut self.ended) => Answer::Ended(self.left.take()),
                other => return other,
            };
            self.shared.hold.release_all(&self.shared, MAIN);
            self.answer(answer);
        }
        Exit::Finished(Value::Nil)
    }

    /// Waits for the next entry; None when there will be none.
    fn next_entry(&mut self) -> Option<u32> {
        let (shared, seat) = (self.shared.clone(), self.seat.clone());
        let desk = shared.desk.as_ref()?;
        let waiting = Waiting { on: Value::Nil, text: "waits at the prompt".into(), line: 0, timed: false };
        *seat.thread.waiting.lock() = Some(waiting);
        seat.thread.state.store(State::Blocked as u8, Ordering::SeqCst);
        // Whatever is typed next may come to anything.
        *seat.standing.lock() = Standing::Hidden;
        self.told.set(true);
        self.keep_still();
        let mut slip = desk.slip.lock();
        while slip.entry.is_none() && !slip.closed && !shared.stopping() {
            desk.told.wait(&mut slip);
        }
        let entry = slip.entry.take();
        drop(slip);
        self.move_again(Here::inside(None));
        seat.thread.state.store(State::Running as u8, Ordering::SeqCst);
        *seat.thread.waiting.lock() = None;
        // What was meant for the entry before.
        self.is_ended();
        self.ended = false;
        if let Some(stuck) = shared.desk.as_ref() {
            stuck.stuck.lock().remove(&MAIN);
        }
        entry.filter(|_| !shared.stopping())
    }

    fn answer(&self, answer: Answer) {
        if let Some(desk) = &self.shared.desk {
            let mut slip = desk.slip.lock();
            slip.answer = Some(answer);
            slip.busy = false;
            desk.told.notify_all();
        }
    }

    /// Whether somebody ends this thread, since the last time that it was asked.
    pub(super) fn is_ended(&mut self) -> bool {
        if !self.seat.ending.load(Ordering::SeqCst) {
            return false;
        }
        let table = self.shared.table.lock();
        self.seat.ending.store(false, Ordering::SeqCst);
        if !table.seats.values().any(|seat| seat.ending.load(Ordering::SeqCst)) {
            self.shared.trap.fetch_and(!END, Ordering::SeqCst);
        }
        self.ended = true;
        true
    }
}
