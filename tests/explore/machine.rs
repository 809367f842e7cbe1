//! What each step of language.md does to a state: the oracle's own, plain and slow.
//!
//! Where language.md leaves something open, this is how it is read here:
//! - The end of a thread is a step of its own, after its last one.
//! - A wait with a timeout, a sleep or a timer may end by its time at any moment after it began (`idle`: only when
//!   nothing else can move, the earliest first), but not while what it waits for is there: then it gets that.
//! - Beginning to wait is a step for events (who waits is let go by `set` even when `clear` follows at once),
//!   conditions (it gives up the lock) and barriers (it arrives). Other waits begin without anybody noticing.
//! - An end of a pipe, or a side of a connection, is open until its process ends, or closes it. What is on the way in a pipe
//!   has 64 KiB of room. Who sends over a connection that the other side has closed
//!   may succeed once.
//! - The program ends the moment its last non-daemon thread has; daemons make no further step.

mod looks;
mod steps;
mod waits;

use crate::code::{self, Code, Kind, Operand, Step};
use crate::model::*;
use crate::pools::{Crew, EXIT};
use waits::notify;

/// A deliberate mistake of the oracle, to see that the comparison notices it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    None,
    LockNeverBlocks,
    OneStepUpdate,
    NotifyLost,
    TimeoutsNever,
    FirstArmOnly,
    EndMerged,
    /// A process that is killed gives back its locks.
    DeathReleases,
    /// What is `shared` is not.
    SharedApart,
    /// Who has the other end of a pipe is not told that this one is closed.
    EndKeptOpen,
    /// There is always room on the way.
    RoomForAll,
    /// Each task of a pool begins with a copy of its own.
    WorkerForgets,
    /// A pool's tasks are done one after the other.
    OneWorker,
    /// The result of a task that failed is no error.
    FailureLost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Life {
    New,
    Alive,
    Ended,
    Failed(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// About to do its step.
    No,
    /// It has begun; for a barrier, as which arrival.
    Begun(i64),
    /// What it waits for has come (or, for a condition, not: 0, and it needs the lock again).
    Over(i64),
    /// The barrier broke.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thread {
    pub life: Life,
    pub at: usize,
    pub registers: [i16; code::REGISTERS],
    pub waiting: Waiting,
    /// Levels of the lock that it gave up to wait in a condition.
    levels: u8,
    /// Seconds from now; only with `idle`.
    deadline: Option<i64>,
    pub error: Option<Kind>,
    cancelled: bool,
}

impl Thread {
    /// Before its first step.
    pub fn new() -> Thread {
        Thread {
            life: Life::New,
            at: 0,
            registers: [0; code::REGISTERS],
            waiting: Waiting::No,
            levels: 0,
            deadline: None,
            error: None,
            cancelled: false,
        }
    }

    pub fn get(&self, register: usize) -> i64 {
        i64::from(self.registers[register])
    }

    pub fn set(&mut self, register: usize, value: i64) {
        // Numbers of these programs are small; one that is not is a mistake of the generator.
        self.registers[register] = i16::try_from(value).expect("a small number");
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Thing {
    Lock {
        holder: Option<usize>,
        levels: u8,
        abandoned: bool,
    },
    RwLock {
        writer: Option<usize>,
        readers: Vec<usize>,
    },
    Number(i64),
    Event(bool),
    Barrier {
        arrived: u8,
        broken: bool,
    },
    Queue {
        values: Vec<i64>,
        closed: bool,
    },
    Condition,
    /// Each side: `main`'s and the process's.
    Channel([Side; 2]),
    /// What it has is in `crew`.
    Pool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Side {
    open: bool,
    /// It can be used: of a connection, it has connected, or accepted.
    there: bool,
    inbox: Vec<i64>,
    /// How many of these are not on the way any more: who takes one from a connection takes in all that has come.
    taken_in: usize,
    /// The other side has gone with something unread.
    reset: bool,
    /// It has sent to the other side after that had closed.
    told: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub threads: Vec<Thread>,
    pub vars: Vec<i64>,
    /// Of each thread that is a process: its own variables, and whether it has been killed and does not know it yet.
    pub own: Vec<Vec<i64>>,
    doomed: Vec<bool>,
    /// Of the pool.
    pub crew: Crew,
    pub list: Vec<i64>,
    things: Vec<Thing>,
    pub output: String,
}

/// One thread's next step, and what comes of it.
pub struct Move {
    pub thread: usize,
    /// Its wait ends by its time.
    pub timed: bool,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Var(usize),
    Element(usize),
    Shape,
}

#[derive(Debug, Clone, Copy)]
pub struct Access {
    pub cell: Cell,
    pub write: bool,
    /// In `atomically` or `await`.
    pub atomic: bool,
    /// language.md says clearly that it is one.
    pub certain: bool,
}

pub struct Machine<'a> {
    pub program: &'a Program,
    /// `main`'s, then each handle's.
    pub codes: Vec<Code>,
    /// Each body's, as a task.
    tasks: Vec<Code>,
    pub flaw: Flaw,
}

impl<'a> Machine<'a> {
    pub fn new(program: &'a Program, flaw: Flaw) -> Machine<'a> {
        let one_step = flaw == Flaw::OneStepUpdate;
        let mut codes = vec![code::code(&program.main, None, false, one_step)];
        for body in &program.handles {
            let body = &program.bodies[*body];
            let timer = if let BodyKind::Timer(seconds) = body.kind { Some(seconds) } else { None };
            codes.push(code::code(&body.statements, timer, body.daemon, one_step));
        }
        let task = |body: &Body| code::code(&body.statements, None, true, one_step);
        Machine { program, codes, tasks: program.bodies.iter().map(task).collect(), flaw }
    }

    /// What a thread runs; a worker's process, the task that it has.
    fn code(&self, state: &State, thread: usize) -> &Code {
        match self.codes.get(thread) {
            Some(code) => code,
            None => &self.tasks[state.crew.body_of(self.worker(thread))],
        }
    }

    pub fn first(&self) -> State {
        let thing = |thing: &crate::model::Thing| match *thing {
            crate::model::Thing::Lock | crate::model::Thing::RLock => {
                Thing::Lock { holder: None, levels: 0, abandoned: false }
            }
            crate::model::Thing::RwLock => Thing::RwLock { writer: None, readers: Vec::new() },
            crate::model::Thing::Semaphore { permits: n, .. }
            | crate::model::Thing::Latch(n)
            | crate::model::Thing::Atomic(n) => Thing::Number(n),
            crate::model::Thing::Condition(_) => Thing::Condition,
            crate::model::Thing::Event => Thing::Event(false),
            crate::model::Thing::Barrier(_) => Thing::Barrier { arrived: 0, broken: false },
            crate::model::Thing::Queue(_) => Thing::Queue { values: Vec::new(), closed: false },
            crate::model::Thing::Pipe => Thing::Channel([Side::new(true), Side::new(true)]),
            crate::model::Thing::Connection => Thing::Channel([Side::new(false), Side::new(false)]),
            crate::model::Thing::ProcessPool(_) => Thing::Pool,
        };
        let mut state = State {
            threads: vec![Thread::new(); self.threads()],
            vars: self.program.vars.clone(),
            own: vec![Vec::new(); self.threads()],
            doomed: vec![false; self.threads()],
            crew: Crew::new(self.program),
            list: self.program.list.clone().unwrap_or_default(),
            things: self.program.things.iter().map(thing).collect(),
            output: String::new(),
        };
        state.threads[0].life = Life::Alive;
        self.settle(&mut state, 0);
        state
    }

    /// Every thread that is no daemon has ended.
    pub fn is_over(&self, state: &State) -> bool {
        let mut threads = state.threads.iter().zip(&self.codes);
        threads.all(|(thread, code)| code.daemon || thread.life != Life::Alive) && state.crew.is_idle()
    }

    pub fn is_daemon(&self, thread: usize) -> bool {
        self.codes.get(thread).is_none_or(|code| code.daemon)
    }

    /// Whether it waits and would go on by itself at some time.
    pub fn waits_for_time(&self, state: &State, thread: usize) -> bool {
        let thread = &state.threads[thread];
        thread.life == Life::Alive && thread.deadline.is_some()
    }

    /// The threads that this one is waiting for, in a `join`.
    pub fn joins(&self, state: &State, thread: usize) -> Vec<usize> {
        match self.step(state, thread) {
            Some(Step::Join { handle, others, .. }) => {
                [handle].into_iter().chain(others).map(|handle| handle + 1).collect()
            }
            _ => Vec::new(),
        }
    }

    pub fn step(&self, state: &State, thread: usize) -> Option<&Step> {
        let alive = state.threads[thread].life == Life::Alive;
        alive.then(|| &self.code(state, thread).steps[state.threads[thread].at].0)
    }

    /// All that can happen next. A program that is over does nothing.
    pub fn moves(&self, state: &State) -> Vec<Move> {
        let mut moves = Vec::new();
        if self.is_over(state) {
            return moves;
        }
        let all = |state: &State, moves: &mut Vec<Move>| {
            for thread in 0..state.threads.len() {
                self.moves_of(state, thread, moves);
            }
        };
        all(state, &mut moves);
        let next = state.threads.iter().filter(|thread| thread.life == Life::Alive);
        if moves.is_empty()
            && let Some(seconds) = next.filter_map(|thread| thread.deadline).min()
        {
            let mut later = state.clone();
            for deadline in later.threads.iter_mut().filter_map(|thread| thread.deadline.as_mut()) {
                *deadline -= seconds;
            }
            all(&later, &mut moves);
        }
        moves
    }

    fn moves_of(&self, state: &State, me: usize, moves: &mut Vec<Move>) {
        let mut other = |state| moves.push(Move { thread: me, timed: false, state });
        if self.is_keeper(me) {
            return self.keeper_moves(state, me, &mut other);
        }
        if self.is_worker(me) {
            self.receive(state, me, &mut other);
        }
        let Some(step) = self.step(state, me) else { return };
        let known = moves.len();
        self.steps(state, me, step, &mut |state| moves.push(Move { thread: me, timed: false, state }));
        let thread = &state.threads[me];
        let due = if self.program.idle { thread.deadline.is_some_and(|d| d <= 0) } else { true };
        if moves.len() == known && step.timeout().is_some() && due && self.flaw != Flaw::TimeoutsNever {
            self.time_out(state, me, step, &mut |state| moves.push(Move { thread: me, timed: true, state }));
        }
        if state.doomed[me] || self.waits_for_itself(state, me) {
            moves.push(Move { thread: me, timed: true, state: self.die(state, me) });
        }
    }

    /// Whether it is a process that waits for a lock that it holds itself: nobody else can end that, so it ends with the deadlock.
    pub fn waits_for_itself(&self, state: &State, me: usize) -> bool {
        let Some(Step::Acquire { target, timeout: None, .. }) = self.step(state, me) else { return false };
        let lock = self.program.things[target.thing] == crate::model::Thing::Lock;
        let held = matches!(state.things[target.thing],
            Thing::Lock { holder: Some(holder), abandoned: false, .. } if holder == me);
        lock && held && self.is_process(me)
    }

    /// A process is killed where it stands. The barrier at which it waits breaks; a notify that was meant for it goes to
    /// another.
    fn die(&self, state: &State, me: usize) -> State {
        let mut next = state.clone();
        if let Some(Step::Wait { thing, .. }) = self.step(state, me) {
            match (&state.things[*thing], state.threads[me].waiting) {
                (Thing::Barrier { .. }, Waiting::Begun(_)) => self.shatter(&mut next, state, *thing),
                (Thing::Condition, Waiting::Over(1)) => {
                    let waits = |other: &usize| {
                        let in_it = matches!(self.step(state, *other), Some(Step::Wait { thing: its, .. }) if its == thing);
                        in_it && matches!(state.threads[*other].waiting, Waiting::Begun(_))
                    };
                    if let Some(other) = (0..state.threads.len()).find(waits) {
                        notify(&mut next.threads[other]);
                    }
                }
                _ => {}
            }
        }
        if self.flaw == Flaw::DeathReleases {
            for thing in &mut next.things {
                match thing {
                    Thing::Lock { holder, levels, .. } if *holder == Some(me) => {
                        (*holder, *levels) = (None, 0)
                    }
                    _ => {}
                }
            }
        }
        if self.is_worker(me) {
            // What it was to do fails as by an `exit`.
            next.threads[me].error = Some(EXIT);
            self.reply(&mut next, me);
            return next;
        }
        ended(next, me, Life::Ended)
    }

    /// The step is done: its value, and on to the next.
    fn done(&self, mut next: State, me: usize, to: Option<usize>, value: i64) -> State {
        if let Some(to) = to {
            next.threads[me].set(to, value);
        }
        next.threads[me].at += 1;
        self.settle(&mut next, me);
        next
    }

    fn go(&self, mut next: State, me: usize, label: usize) -> State {
        next.threads[me].at = self.code(&next, me).labels[label];
        self.settle(&mut next, me);
        next
    }

    fn fail(&self, mut next: State, me: usize, kind: Kind) -> State {
        self.raise(&mut next, me, kind);
        self.settle(&mut next, me);
        next
    }

    fn raise(&self, next: &mut State, me: usize, kind: Kind) {
        let code = self.code(next, me);
        let thread = &mut next.threads[me];
        thread.error = Some(kind);
        thread.at = match code.steps[thread.at].1 {
            Some(label) => code.labels[label],
            None => code.steps.len() - 1,
        };
    }

    /// Does all local steps, up to one that others can notice.
    pub fn settle(&self, next: &mut State, me: usize) {
        next.threads[me].waiting = Waiting::No;
        while self.code(next, me).steps[next.threads[me].at].0.is_local() {
            self.local(next, me);
        }
        let step = &self.code(next, me).steps[next.threads[me].at].0;
        next.threads[me].deadline = step.timeout().filter(|_| self.program.idle);
        if self.flaw == Flaw::EndMerged && matches!(step, Step::End) {
            let state = next.clone();
            self.steps(&state, me, &Step::End, &mut |ended| *next = ended);
        }
    }

    pub fn is_process(&self, thread: usize) -> bool {
        let body = thread.checked_sub(1).and_then(|handle| self.program.handles.get(handle));
        body.is_some_and(|body| self.program.bodies[*body].kind == BodyKind::Process)
            || self.is_worker(thread)
    }

    /// Whether this variable is the thread's own process's, and no other's.
    fn is_own(&self, thread: usize, var: usize) -> bool {
        let shared =
            self.flaw != Flaw::SharedApart && self.program.shared.get(var).is_some_and(|shared| *shared);
        self.is_process(thread) && !shared
    }

    /// Where a variable is for a thread.
    pub fn place<'s>(&self, state: &'s mut State, thread: usize, var: usize) -> &'s mut i64 {
        if self.is_own(thread, var) { &mut state.own[thread][var] } else { &mut state.vars[var] }
    }
}

/// The locks that a thread holds are nobody's any more.
pub fn abandon(next: &mut State, me: usize) {
    for thing in &mut next.things {
        match thing {
            Thing::Lock { holder, abandoned, .. } if *holder == Some(me) => *abandoned = true,
            _ => {}
        }
    }
}

/// A thread is no more: what it holds is abandoned.
fn ended(mut next: State, me: usize, life: Life) -> State {
    next.threads[me].life = life;
    // Of a process nobody sees what it had.
    (next.own[me], next.doomed[me]) = (Vec::new(), false);
    abandon(&mut next, me);
    for thing in &mut next.things {
        match thing {
            // Nobody else has that side.
            Thing::Channel(sides) if me < 2 => {
                let [own, other] = own_first(sides, me);
                other.reset |= own.open && own.inbox.len() > own.taken_in;
                own.close();
            }
            _ => {}
        }
    }
    next
}

/// `main` has the first side, the process of the first handle the second.
fn side_of(thread: usize) -> usize {
    thread
}

fn sides(state: &mut State, channel: usize, own: usize) -> [&mut Side; 2] {
    match &mut state.things[channel] {
        Thing::Channel(sides) => own_first(sides, own),
        thing => unreachable!("{thing:?}"),
    }
}

fn own_first(sides: &mut [Side; 2], own: usize) -> [&mut Side; 2] {
    let [first, second] = sides;
    if own == 0 { [first, second] } else { [second, first] }
}

impl Side {
    fn new(there: bool) -> Side {
        Side { open: true, there, inbox: Vec::new(), taken_in: 0, reset: false, told: false }
    }

    fn close(&mut self) {
        (self.open, self.inbox, self.taken_in) = (false, Vec::new(), 0);
    }
}
