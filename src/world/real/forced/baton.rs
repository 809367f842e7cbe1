//! Whose turn it is: the legs of a recorded run, given out one by one. Exactly one thread goes on at any moment, until
//! the last leg is made; from then on all do.

use crate::report::runtime::Astray;
use crate::sync::thread::Thread;
use crate::world::legs::{End, Leg, Legs};
use crate::world::sealed;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::sync::Arc;
use std::time::Instant;

pub(in crate::world::real) struct Baton {
    legs: Arc<Legs>,
    state: Mutex<State>,
}

struct State {
    /// The present leg.
    at: usize,
    /// Nobody waits for a turn any more: all legs are made, or one cannot be.
    free: bool,
    /// The thread whose turn it is has done all that belongs to it, and is on its way out.
    leaving: bool,
    /// In the order of their starts, as in `Legs::threads`.
    members: Vec<Member>,
    /// The time of the recorded run, in nanoseconds since it began.
    now: i64,
    /// Where its random numbers are.
    random: u64,
}

struct Member {
    thread: Arc<Thread>,
    /// Told when it is its turn, when all are free, and when the run has ended.
    turn: Arc<Condvar>,
    lives: bool,
}

/// What a thread is to do now.
pub(super) enum Turn {
    Leg(Leg),
    /// What it would do without a schedule.
    Free,
    /// The run has ended.
    Over,
}

impl Baton {
    /// The turn is that of `main`, which has not started.
    pub fn new(legs: Arc<Legs>, main: Arc<Thread>, seed: u64) -> Baton {
        let state = State { at: 0, free: false, leaving: false, members: Vec::new(), now: 0, random: seed };
        let baton = Baton { legs, state: Mutex::new(state) };
        baton.seat(main);
        baton
    }

    /// A thread is about to start: its number.
    pub fn seat(&self, thread: Arc<Thread>) -> usize {
        let mut state = self.state.lock();
        state.members.push(Member { thread, turn: Arc::new(Condvar::new()), lives: true });
        state.members.len() - 1
    }

    /// A thread has not started after all.
    pub fn unseat(&self, number: usize) {
        self.state.lock().members[number].lives = false;
    }

    /// The time of the recorded run.
    pub fn now(&self) -> i64 {
        self.state.lock().now
    }

    /// A wait has come to its end at this time.
    pub fn passes(&self, time: i64) {
        let mut state = self.state.lock();
        state.now = state.now.max(time);
    }

    pub fn random(&self) -> u64 {
        sealed::random(&mut self.state.lock().random)
    }

    pub fn seed(&self, seed: u64) {
        self.state.lock().random = seed;
    }

    /// Waits for the turn of this thread. `stopping` says whether the run has ended.
    pub(super) fn await_turn(&self, number: usize, stopping: impl Fn() -> bool) -> Turn {
        let mut state = self.state.lock();
        let turn = state.members[number].turn.clone();
        loop {
            // A run that has ended is over for those who have become free by that, too.
            if stopping() {
                return Turn::Over;
            }
            if state.free {
                return Turn::Free;
            }
            match self.legs.legs.get(state.at) {
                Some(leg) if leg.thread == number && !state.leaving => return Turn::Leg(leg.clone()),
                Some(_) | None => turn.wait(&mut state),
            }
        }
    }

    /// Lets real time pass until then, or until the run has ended. The turn stays where it is.
    pub fn sleep_until(&self, number: usize, until: Instant, stopping: impl Fn() -> bool) {
        let mut state = self.state.lock();
        let turn = state.members[number].turn.clone();
        while !stopping() && !turn.wait_until(&mut state, until).timed_out() {}
    }

    /// The first leg begins.
    ///
    /// # Errors
    /// There is nobody who could make it.
    pub fn begin(&self) -> Result<(), Box<Astray>> {
        self.begin_leg(&mut self.state.lock())
    }

    /// The present leg is made: the next one begins.
    ///
    /// # Errors
    /// There is nobody who could make it.
    pub fn hand_over(&self) -> Result<(), Box<Astray>> {
        self.next(&mut self.state.lock())
    }

    fn next(&self, state: &mut MutexGuard<'_, State>) -> Result<(), Box<Astray>> {
        state.leaving = false;
        state.at += 1;
        self.begin_leg(state)
    }

    /// Tells whoever makes the present leg.
    fn begin_leg(&self, state: &mut MutexGuard<'_, State>) -> Result<(), Box<Astray>> {
        let Some(leg) = self.legs.legs.get(state.at) else {
            state.free = true;
            wake_all(state);
            return Ok(());
        };
        match state.members.get(leg.thread).filter(|member| member.lives) {
            Some(member) => {
                member.turn.notify_all();
                Ok(())
            }
            None => {
                let name = self.legs.threads.get(leg.thread).map_or("", |name| name);
                Err(Box::new(self.astray(state.at, name, 0, "is to go on, but it does not live")))
            }
        }
    }

    /// The thread whose turn it is has done all that belongs to it: `leave` will give the turn to the next.
    pub fn leaves(&self) {
        self.state.lock().leaving = true;
    }

    /// A thread is gone. If it was its turn, the next leg begins.
    ///
    /// # Errors
    /// It has not done all that belongs to its turn, or nobody could make the next leg.
    pub fn leave(&self, thread: u32) -> Result<(), Box<Astray>> {
        let mut state = self.state.lock();
        // Threads that were started by free ones are not known.
        let Some(number) = state.members.iter().position(|member| member.thread.id == thread) else {
            return Ok(());
        };
        state.members[number].lives = false;
        let turn = self.legs.legs.get(state.at).is_some_and(|leg| leg.thread == number);
        if state.free || !turn {
            return Ok(());
        }
        if state.leaving {
            return self.next(&mut state);
        }
        let name = state.members[number].thread.name();
        Err(Box::new(self.astray(state.at, &name, 0, "has ended too early")))
    }

    /// The present leg cannot be made.
    pub fn cannot(&self, thread: &str, line: u32, what: &str) -> Astray {
        self.astray(self.state.lock().at, thread, line, what)
    }

    fn astray(&self, at: usize, thread: &str, line: u32, what: &str) -> Astray {
        let step = self.legs.legs.get(at).map_or(self.legs.steps, |leg| leg.step + 1);
        Astray { step, steps: self.legs.steps, thread: thread.into(), line, what: what.into() }
    }

    /// Something has happened that everybody has to look at: the run has ended.
    pub fn tell(&self) {
        wake_all(&self.state.lock());
    }
}

fn wake_all(state: &State) {
    state.members.iter().for_each(|member| _ = member.turn.notify_all());
}

/// What is wrong with a leg that ends before all its instructions are done.
pub(super) fn too_early(found: End) -> &'static str {
    match found {
        End::Stands => "stands still too early",
        End::Waits => "waits too early",
        End::Fails | End::Over => "ends too early",
    }
}

/// What is wrong with a leg that is to end in one way and ends in another.
pub(super) fn difference(expected: End, found: End) -> &'static str {
    match (expected, found) {
        (End::Stands, End::Waits) => "waits where others were to go on before it",
        (End::Stands, End::Over | End::Fails) => "ends where others were to go on before it",
        (End::Waits, End::Stands) => "goes on where it was to wait",
        (End::Waits, End::Over | End::Fails) => "ends where it was to wait",
        (End::Fails | End::Over, End::Stands) => "goes on where it was to end",
        (End::Fails | End::Over, End::Waits) => "waits where it was to end",
        (End::Over, End::Fails | End::Over) | (End::Fails, End::Over | End::Fails) => "ends in another way",
        (End::Stands, End::Stands) | (End::Waits, End::Waits) => "goes on for longer",
    }
}
