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

use crate::code::{self, Code, Kind, Operand, Step};
use crate::model::*;

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
    registers: [i16; code::REGISTERS],
    pub waiting: Waiting,
    /// Levels of the lock that it gave up to wait in a condition.
    levels: u8,
    /// Seconds from now; only with `idle`.
    deadline: Option<i64>,
    error: Option<Kind>,
    cancelled: bool,
}

impl Thread {
    fn get(&self, register: usize) -> i64 {
        i64::from(self.registers[register])
    }

    fn set(&mut self, register: usize, value: i64) {
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
    own: Vec<Vec<i64>>,
    doomed: Vec<bool>,
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
    program: &'a Program,
    /// `main`'s, then each handle's.
    codes: Vec<Code>,
    flaw: Flaw,
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
        Machine { program, codes, flaw }
    }

    pub fn first(&self) -> State {
        let thread = Thread {
            life: Life::New,
            at: 0,
            registers: [0; code::REGISTERS],
            waiting: Waiting::No,
            levels: 0,
            deadline: None,
            error: None,
            cancelled: false,
        };
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
        };
        let mut state = State {
            threads: vec![thread; self.codes.len()],
            vars: self.program.vars.clone(),
            own: vec![Vec::new(); self.codes.len()],
            doomed: vec![false; self.codes.len()],
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
        threads.all(|(thread, code)| code.daemon || thread.life != Life::Alive)
    }

    pub fn is_daemon(&self, thread: usize) -> bool {
        self.codes[thread].daemon
    }

    /// The thread that this one is waiting for, in a plain `join`.
    pub fn joins(&self, state: &State, thread: usize) -> Option<usize> {
        match self.step(state, thread)? {
            Step::Join { handle, .. } => Some(handle + 1),
            _ => None,
        }
    }

    fn step(&self, state: &State, thread: usize) -> Option<&Step> {
        let alive = state.threads[thread].life == Life::Alive;
        alive.then(|| &self.codes[thread].steps[state.threads[thread].at].0)
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
        let Some(step) = self.step(state, me) else { return };
        let known = moves.len();
        self.steps(state, me, step, &mut |state| moves.push(Move { thread: me, timed: false, state }));
        let thread = &state.threads[me];
        let due = if self.program.idle { thread.deadline.is_some_and(|d| d <= 0) } else { true };
        if moves.len() == known && step.timeout().is_some() && due && self.flaw != Flaw::TimeoutsNever {
            self.time_out(state, me, step, &mut |state| moves.push(Move { thread: me, timed: true, state }));
        }
        if state.doomed[me] {
            moves.push(Move { thread: me, timed: true, state: self.die(state, me) });
        }
    }

    /// Every way in which the step can be done now; none when it has to wait.
    fn steps(&self, state: &State, me: usize, step: &Step, each: &mut dyn FnMut(State)) {
        let thread = &state.threads[me];
        let mut next = state.clone();
        let taken = |thing: usize| &state.things[thing];
        match step {
            step if step.is_data() => {
                self.data(&mut next, me, step);
                self.settle(&mut next, me);
                each(next);
            }
            Step::AtomicBegin => {
                self.atomically(&mut next, me, &mut Vec::new());
                self.settle(&mut next, me);
                each(next);
            }
            Step::Print(values) => {
                let texts: Vec<String> = values.iter().map(|v| operand(thread, *v).to_string()).collect();
                next.output.push_str(&texts.join(" "));
                next.output.push('\n');
                each(self.done(next, me, None, 0));
            }
            Step::Choose { count, to } => {
                (0..*count).for_each(|value| each(self.done(state.clone(), me, Some(*to), value)));
            }
            Step::Await(test) => {
                if self.test(state, me, test) {
                    each(self.done(next, me, None, 0));
                }
            }
            Step::Yield => each(self.done(next, me, None, 0)),
            Step::Sleep(_) => {}
            Step::Beat { cancelled, .. } => {
                if thread.cancelled {
                    each(self.go(next, me, *cancelled));
                }
            }
            Step::Kill(handle) => match state.threads[handle + 1].life {
                Life::New => each(self.fail(next, me, "state")),
                Life::Alive => {
                    next.doomed[handle + 1] = true;
                    each(self.done(next, me, None, 0));
                }
                Life::Ended | Life::Failed(_) => each(self.done(next, me, None, 0)),
            },
            Step::Start(handle) => {
                if self.is_process(handle + 1) {
                    next.own[handle + 1] =
                        (0..state.vars.len()).map(|var| *self.place(&mut next, me, var)).collect();
                }
                next.threads[handle + 1].life = Life::Alive;
                self.settle(&mut next, handle + 1);
                each(self.done(next, me, None, 0));
            }
            Step::Cancel(handle) => {
                next.threads[handle + 1].cancelled = true;
                each(self.done(next, me, None, 0));
            }
            Step::Join { handle, to, .. } => match state.threads[handle + 1].life {
                Life::Ended | Life::Failed(_) => each(self.done(next, me, *to, 1)),
                Life::New => each(self.fail(next, me, "state")),
                Life::Alive => {}
            },
            Step::Acquire { target, to, .. } => match self.acquire(&mut next, me, *target) {
                Ok(true) => each(self.done(next, me, *to, 1)),
                Ok(false) => {}
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::TryAcquire { target, to } => match self.acquire(&mut next, me, *target) {
                Ok(acquired) => each(self.done(next, me, Some(*to), i64::from(acquired))),
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::Release(target) => match self.release(&mut next, me, *target) {
                Ok(()) => each(self.done(next, me, None, 0)),
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::Wait { thing, to, .. } => self.wait(state, me, *thing, *to, each),
            Step::Notify { thing, all } => {
                if !self.holds_lock_of(state, me, *thing) {
                    return each(self.fail(next, me, "not_owner"));
                }
                let waits = |i: &usize| {
                    let in_it =
                        matches!(self.step(state, *i), Some(Step::Wait { thing: its, .. }) if its == thing);
                    in_it && matches!(state.threads[*i].waiting, Waiting::Begun(_))
                };
                let waiters: Vec<usize> = (0..state.threads.len()).filter(waits).collect();
                if *all || waiters.is_empty() || self.flaw == Flaw::NotifyLost {
                    let lost = self.flaw == Flaw::NotifyLost && !all;
                    for waiter in waiters.into_iter().filter(|_| !lost) {
                        notify(&mut next.threads[waiter]);
                    }
                    return each(self.done(next, me, None, 0));
                }
                for waiter in waiters {
                    let mut next = state.clone();
                    notify(&mut next.threads[waiter]);
                    each(self.done(next, me, None, 0));
                }
            }
            Step::SetEvent(thing) => {
                next.things[*thing] = Thing::Event(true);
                for i in 0..state.threads.len() {
                    let waits = match self.step(state, i) {
                        Some(Step::Wait { thing: its, .. }) => its == thing,
                        Some(Step::Select { arms, .. }) => {
                            arms.iter().any(|(arm, _)| matches!(arm, Arm::Wait(its) if its == thing))
                        }
                        _ => false,
                    };
                    if waits && matches!(state.threads[i].waiting, Waiting::Begun(_)) {
                        next.threads[i].waiting = Waiting::Over(1);
                    }
                }
                each(self.done(next, me, None, 0));
            }
            Step::ClearEvent(thing) => {
                next.things[*thing] = Thing::Event(false);
                each(self.done(next, me, None, 0));
            }
            Step::CountDown(thing) => match &mut next.things[*thing] {
                Thing::Number(0) => each(self.fail(next, me, "state")),
                Thing::Number(count) => {
                    *count -= 1;
                    each(self.done(next, me, None, 0));
                }
                _ => unreachable!("a latch"),
            },
            Step::Put { queue, value } => match self.put(&mut next, *queue, operand(thread, *value)) {
                Ok(true) => each(self.done(next, me, None, 0)),
                Ok(false) => {}
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::Get { queue, to, .. } => match take(&mut next, *queue) {
                Ok(Some(value)) => each(self.done(next, me, Some(*to), value)),
                Ok(None) => {}
                Err(kind) => each(self.fail(next, me, kind)),
            },
            Step::TryGet { queue, to } => {
                let value = take(&mut next, *queue).ok().flatten().unwrap_or(-1);
                each(self.done(next, me, Some(*to), value));
            }
            Step::Next { queue, to, end } => match take(&mut next, *queue) {
                Ok(Some(value)) => each(self.done(next, me, Some(*to), value)),
                Ok(None) => {}
                Err(_) => each(self.go(next, me, *end)),
            },
            Step::Close(queue) => {
                if let Thing::Queue { closed, .. } = &mut next.things[*queue] {
                    *closed = true;
                }
                each(self.done(next, me, None, 0));
            }
            Step::Send { channel, value } => self.send(state, me, *channel, operand(thread, *value), each),
            Step::Receive { channel, to } => {
                let [own, other] = sides(&mut next, *channel, side_of(me));
                match own.inbox.first() {
                    _ if !own.open => each(self.fail(next, me, "closed")),
                    Some(&value) => {
                        if own.taken_in == 0 {
                            own.taken_in = own.inbox.len();
                        }
                        own.taken_in -= 1;
                        own.inbox.remove(0);
                        each(self.done(next, me, Some(*to), value));
                    }
                    None if own.reset || !other.open && self.flaw != Flaw::EndKeptOpen => {
                        own.reset = false;
                        each(self.fail(next, me, "closed"));
                    }
                    None => {}
                }
            }
            Step::CloseSide(channel) => {
                let [own, _] = sides(&mut next, *channel, side_of(me));
                own.close();
                each(self.done(next, me, None, 0));
            }
            Step::Connect(channel) => {
                let [own, _] = sides(&mut next, *channel, side_of(me));
                own.there = true;
                each(self.done(next, me, None, 0));
            }
            Step::Accept(channel) => {
                let [own, other] = sides(&mut next, *channel, side_of(me));
                if other.there {
                    own.there = true;
                    each(self.done(next, me, None, 0));
                }
            }
            Step::Select { arms, otherwise, .. } => {
                let mut ready = false;
                for (arm, label) in arms {
                    let mut next = state.clone();
                    let done = match *arm {
                        Arm::Get(queue, to) => take(&mut next, queue).map(|got| {
                            got.is_some_and(|value| {
                                next.threads[me].set(to, value);
                                true
                            })
                        }),
                        Arm::Put(queue, value) => self.put(&mut next, queue, value),
                        Arm::Wait(thing) => Ok(match taken(thing) {
                            Thing::Event(set) => *set || thread.waiting == Waiting::Over(1),
                            Thing::Number(count) => *count == 0,
                            _ => unreachable!("an event or a latch"),
                        }),
                        Arm::Acquire(thing) => self.acquire(&mut next, me, Target { thing, write: false }),
                        Arm::Join(handle) => match state.threads[handle + 1].life {
                            Life::Ended | Life::Failed(_) => Ok(true),
                            Life::New => Err("state"),
                            Life::Alive => Ok(false),
                        },
                    };
                    match done {
                        Ok(true) => each(self.go(next, me, *label)),
                        Ok(false) => continue,
                        Err(kind) => each(self.fail(next, me, kind)),
                    }
                    ready = true;
                    if self.flaw == Flaw::FirstArmOnly {
                        return;
                    }
                }
                if let (false, Some(label)) = (ready, otherwise) {
                    return each(self.go(next, me, *label));
                }
                let event =
                    |arm: &Arm| matches!(*arm, Arm::Wait(thing) if matches!(taken(thing), Thing::Event(_)));
                if !ready && thread.waiting == Waiting::No && arms.iter().any(|(arm, _)| event(arm)) {
                    next.threads[me].waiting = Waiting::Begun(0);
                    each(next);
                }
            }
            Step::End => {
                each(ended(next, me, thread.error.map_or(Life::Ended, Life::Failed)));
            }
            step => unreachable!("{step:?}"),
        }
    }

    /// Sends over a pipe or a connection.
    fn send(&self, state: &State, me: usize, channel: usize, value: i64, each: &mut dyn FnMut(State)) {
        let is_pipe = self.program.things[channel] == crate::model::Thing::Pipe;
        let mut next = state.clone();
        let [own, other] = sides(&mut next, channel, side_of(me));
        if !own.open {
            return each(self.fail(next, me, "closed"));
        }
        if !other.open {
            if !is_pipe && !own.reset && !own.told {
                let mut lost = state.clone();
                sides(&mut lost, channel, side_of(me))[0].told = true;
                each(self.done(lost, me, None, 0));
            }
            own.reset = false;
            return each(self.fail(next, me, "closed"));
        }
        let full = value == MUCH && other.inbox.contains(&MUCH) && self.flaw != Flaw::RoomForAll;
        if !full {
            other.inbox.push(value);
            each(self.done(next, me, None, 0));
        }
    }

    /// `wait` of an event, a latch, a barrier or a condition.
    fn wait(&self, state: &State, me: usize, thing: usize, to: Option<usize>, each: &mut dyn FnMut(State)) {
        let thread = &state.threads[me];
        let mut next = state.clone();
        match &state.things[thing] {
            Thing::Number(count) => {
                if *count == 0 {
                    each(self.done(next, me, to, 1));
                }
            }
            Thing::Event(set) => match thread.waiting {
                Waiting::Over(_) => each(self.done(next, me, to, 1)),
                _ if *set => each(self.done(next, me, to, 1)),
                Waiting::No => {
                    next.threads[me].waiting = Waiting::Begun(0);
                    each(next);
                }
                Waiting::Begun(_) | Waiting::Broken => {}
            },
            Thing::Barrier { arrived, broken } => match thread.waiting {
                Waiting::Over(index) => each(self.done(next, me, to, index)),
                Waiting::Broken => each(self.fail(next, me, "broken")),
                Waiting::Begun(_) => {}
                Waiting::No if *broken => each(self.fail(next, me, "broken")),
                Waiting::No => {
                    let crate::model::Thing::Barrier(parties) = self.program.things[thing] else { return };
                    next.threads[me].waiting = Waiting::Begun(i64::from(*arrived));
                    let all = arrived + 1 == parties;
                    let arrived = if all { 0 } else { arrived + 1 };
                    next.things[thing] = Thing::Barrier { arrived, broken: false };
                    if all {
                        self.let_go(&mut next, thing);
                        // The last one need not wait.
                        let Waiting::Over(index) = next.threads[me].waiting else { return };
                        return each(self.done(next, me, to, index));
                    }
                    each(next);
                }
            },
            Thing::Condition => match thread.waiting {
                Waiting::Over(notified) => self.wake(next, me, thing, to, notified, each),
                Waiting::Begun(_) | Waiting::Broken => {}
                Waiting::No if !self.holds_lock_of(state, me, thing) => {
                    each(self.fail(next, me, "not_owner"))
                }
                Waiting::No => {
                    let lock = self.lock_of(thing);
                    let Thing::Lock { holder, levels, .. } = &mut next.things[lock] else { return };
                    next.threads[me].levels = *levels;
                    (*holder, *levels) = (None, 0);
                    next.threads[me].waiting = Waiting::Begun(0);
                    each(next);
                }
            },
            Thing::Lock { .. } | Thing::RwLock { .. } | Thing::Queue { .. } | Thing::Channel(_) => {
                unreachable!("no wait")
            }
        }
    }

    /// Takes the condition's lock again, if it can.
    fn wake(
        &self,
        mut next: State,
        me: usize,
        condition: usize,
        to: Option<usize>,
        notified: i64,
        each: &mut dyn FnMut(State),
    ) {
        let all_levels = next.threads[me].levels;
        match &mut next.things[self.lock_of(condition)] {
            Thing::Lock { abandoned: true, .. } => each(self.fail(next, me, "abandoned")),
            Thing::Lock { holder: holder @ None, levels, .. } => {
                (*holder, *levels) = (Some(me), all_levels);
                next.threads[me].levels = 0;
                each(self.done(next, me, to, notified));
            }
            _ => {}
        }
    }

    /// Those who wait at a barrier go on.
    fn let_go(&self, next: &mut State, barrier: usize) {
        for i in 0..next.threads.len() {
            let here = matches!(self.step(next, i), Some(Step::Wait { thing, .. }) if *thing == barrier);
            if let (true, Waiting::Begun(index)) = (here, next.threads[i].waiting) {
                next.threads[i].waiting = Waiting::Over(index);
            }
        }
    }

    /// The wait of this step ends by its time, and what it waits for is not there.
    fn time_out(&self, state: &State, me: usize, step: &Step, each: &mut dyn FnMut(State)) {
        let mut next = state.clone();
        match step {
            Step::Sleep(_) | Step::Beat { .. } => each(self.done(next, me, None, 0)),
            Step::Join { to, .. } | Step::Acquire { to, .. } => each(self.done(next, me, *to, 0)),
            Step::Get { .. } => each(self.fail(next, me, "timeout")),
            Step::Select { after: Some((_, label)), .. } => each(self.go(next, me, *label)),
            Step::Wait { thing, to, .. } => match (&state.things[*thing], state.threads[me].waiting) {
                (Thing::Condition, Waiting::Begun(_)) => {
                    next.threads[me].waiting = Waiting::Over(0);
                    next.threads[me].deadline = None;
                    let mut woken = false;
                    self.wake(next.clone(), me, *thing, *to, 0, &mut |state| {
                        woken = true;
                        each(state);
                    });
                    if !woken {
                        each(next);
                    }
                }
                // Too late already; only the lock is missing.
                (Thing::Condition, _) => {}
                (Thing::Barrier { .. }, _) => {
                    self.shatter(&mut next, state, *thing);
                    each(self.fail(next, me, "broken"));
                }
                _ => each(self.done(next, me, *to, 0)),
            },
            _ => {}
        }
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
        ended(next, me, Life::Ended)
    }

    fn shatter(&self, next: &mut State, state: &State, barrier: usize) {
        for i in 0..next.threads.len() {
            let here = matches!(self.step(state, i), Some(Step::Wait { thing, .. }) if *thing == barrier);
            if here && matches!(state.threads[i].waiting, Waiting::Begun(_)) {
                next.threads[i].waiting = Waiting::Broken;
            }
        }
        next.things[barrier] = Thing::Barrier { arrived: 0, broken: true };
    }

    fn lock_of(&self, condition: usize) -> usize {
        match self.program.things[condition] {
            crate::model::Thing::Condition(lock) => lock,
            _ => unreachable!("a condition"),
        }
    }

    fn holds_lock_of(&self, state: &State, me: usize, condition: usize) -> bool {
        let lock = &state.things[self.lock_of(condition)];
        matches!(lock, Thing::Lock { holder, abandoned: false, .. } if *holder == Some(me))
    }

    fn acquire(&self, next: &mut State, me: usize, target: Target) -> Result<bool, Kind> {
        let reentrant = self.program.things[target.thing] == crate::model::Thing::RLock;
        let flawed = self.flaw == Flaw::LockNeverBlocks;
        match &mut next.things[target.thing] {
            Thing::Lock { abandoned: true, .. } => Err("abandoned"),
            Thing::Lock { holder, levels, .. } => {
                let mine = *holder == Some(me) && reentrant;
                let free = holder.is_none() || mine || flawed;
                if free {
                    *holder = Some(me);
                    *levels += 1;
                }
                Ok(free)
            }
            Thing::RwLock { writer, readers } => {
                let free = writer.is_none() && (!target.write || readers.is_empty());
                match (free, target.write) {
                    (false, _) => {}
                    (true, true) => *writer = Some(me),
                    (true, false) => {
                        readers.push(me);
                        readers.sort_unstable();
                    }
                }
                Ok(free)
            }
            Thing::Number(permits) => {
                let free = *permits > 0;
                *permits -= i64::from(free);
                Ok(free)
            }
            thing => unreachable!("{thing:?}"),
        }
    }

    fn release(&self, next: &mut State, me: usize, target: Target) -> Result<(), Kind> {
        match &mut next.things[target.thing] {
            Thing::Lock { holder, levels, .. } => {
                if *holder != Some(me) {
                    return if self.flaw == Flaw::LockNeverBlocks { Ok(()) } else { Err("not_owner") };
                }
                *levels -= 1;
                if *levels == 0 {
                    *holder = None;
                }
            }
            Thing::RwLock { writer, readers } => match target.write {
                true if *writer == Some(me) => *writer = None,
                true => return Err("not_owner"),
                false => match readers.iter().position(|reader| *reader == me) {
                    Some(at) => drop(readers.remove(at)),
                    None => return Err("not_owner"),
                },
            },
            Thing::Number(permits) => {
                let most = match self.program.things[target.thing] {
                    crate::model::Thing::Semaphore { permits, bounded: true } => permits,
                    _ => i64::MAX,
                };
                if *permits >= most {
                    return Err("value");
                }
                *permits += 1;
            }
            thing => unreachable!("{thing:?}"),
        }
        Ok(())
    }

    fn put(&self, next: &mut State, queue: usize, value: i64) -> Result<bool, Kind> {
        let crate::model::Thing::Queue(capacity) = self.program.things[queue] else { return Ok(false) };
        match &mut next.things[queue] {
            Thing::Queue { closed: true, .. } => Err("closed"),
            Thing::Queue { values, .. } if capacity.is_none_or(|most| values.len() < most) => {
                values.push(value);
                Ok(true)
            }
            _ => Ok(false),
        }
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
        next.threads[me].at = self.codes[me].labels[label];
        self.settle(&mut next, me);
        next
    }

    fn fail(&self, mut next: State, me: usize, kind: Kind) -> State {
        self.raise(&mut next, me, kind);
        self.settle(&mut next, me);
        next
    }

    fn raise(&self, next: &mut State, me: usize, kind: Kind) {
        let code = &self.codes[me];
        let thread = &mut next.threads[me];
        thread.error = Some(kind);
        thread.at = match code.steps[thread.at].1 {
            Some(label) => code.labels[label],
            None => code.steps.len() - 1,
        };
    }

    /// Does all local steps, up to one that others can notice.
    fn settle(&self, next: &mut State, me: usize) {
        next.threads[me].waiting = Waiting::No;
        while self.codes[me].steps[next.threads[me].at].0.is_local() {
            self.local(next, me);
        }
        let step = &self.codes[me].steps[next.threads[me].at].0;
        next.threads[me].deadline = step.timeout().filter(|_| self.program.idle);
        if self.flaw == Flaw::EndMerged && matches!(step, Step::End) {
            let state = next.clone();
            self.steps(&state, me, &Step::End, &mut |ended| *next = ended);
        }
    }

    fn local(&self, next: &mut State, me: usize) {
        let code = &self.codes[me];
        let thread = &mut next.threads[me];
        match code.steps[thread.at].0 {
            Step::Add { to, left, right } => {
                thread.set(to, operand(thread, left) + operand(thread, right));
            }
            Step::Jump(label) => {
                thread.at = code.labels[label];
                return;
            }
            Step::Unless(left, comparison, right, label)
                if !comparison.holds(operand(thread, left), operand(thread, right)) =>
            {
                thread.at = code.labels[label];
                return;
            }
            Step::Raise(kind) => return self.raise(next, me, kind),
            Step::Reraise => {
                let kind = thread.error.unwrap_or("error");
                return self.raise(next, me, kind);
            }
            Step::Caught => thread.error = None,
            _ => {}
        }
        next.threads[me].at += 1;
    }

    /// One access to data, without what comes after it.
    fn data(&self, next: &mut State, me: usize, step: &Step) {
        let thread = &next.threads[me];
        let (to, value) = match *step {
            Step::Read { var, to } => (Some(to), *self.place(next, me, var)),
            Step::Write { var, value } => {
                *self.place(next, me, var) = operand(&next.threads[me], value);
                (None, 0)
            }
            Step::Push(value) => {
                next.list.push(operand(thread, value));
                (None, 0)
            }
            Step::Pop { to } => match next.list.pop() {
                Some(value) => (Some(to), value),
                None => return self.raise(next, me, "index"),
            },
            Step::Len { to } => (Some(to), next.list.len() as i64),
            Step::At { index, to } => match next.list.get(index) {
                Some(value) => (Some(to), *value),
                None => return self.raise(next, me, "index"),
            },
            Step::SetAt { index, value } => match next.list.get_mut(index) {
                Some(element) => {
                    *element = operand(thread, value);
                    (None, 0)
                }
                None => return self.raise(next, me, "index"),
            },
            Step::AtomicGet { thing, to } => match &next.things[thing] {
                Thing::Number(n) => (Some(to), *n),
                _ => unreachable!("an atomic"),
            },
            Step::AtomicAdd { thing, n, to } => match &mut next.things[thing] {
                Thing::Number(now) => {
                    *now += n;
                    (to, *now)
                }
                _ => unreachable!("an atomic"),
            },
            Step::CompareExchange { thing, old, new, to } => match &mut next.things[thing] {
                Thing::Number(now) => {
                    let same = *now == old;
                    *now = if same { new } else { *now };
                    (Some(to), i64::from(same))
                }
                _ => unreachable!("an atomic"),
            },
            Step::Size { thing, to } => match &next.things[thing] {
                Thing::Queue { values, .. } => (Some(to), values.len() as i64),
                _ => unreachable!("a queue"),
            },
            _ => unreachable!("{step:?}"),
        };
        let thread = &mut next.threads[me];
        if let Some(to) = to {
            thread.set(to, value);
        }
        thread.at += 1;
    }

    pub fn is_process(&self, thread: usize) -> bool {
        let body = thread.checked_sub(1).map(|handle| self.program.handles[handle]);
        body.is_some_and(|body| self.program.bodies[body].kind == BodyKind::Process)
    }

    /// Whether this variable is the thread's own process's, and no other's.
    fn is_own(&self, thread: usize, var: usize) -> bool {
        let shared =
            self.flaw != Flaw::SharedApart && self.program.shared.get(var).is_some_and(|shared| *shared);
        self.is_process(thread) && !shared
    }

    /// Where a variable is for a thread.
    fn place<'s>(&self, state: &'s mut State, thread: usize, var: usize) -> &'s mut i64 {
        if self.is_own(thread, var) { &mut state.own[thread][var] } else { &mut state.vars[var] }
    }

    /// Runs an `atomically` block to its end, and tells what it touches.
    fn atomically(&self, next: &mut State, me: usize, touched: &mut Vec<Access>) {
        next.threads[me].at += 1;
        loop {
            match &self.codes[me].steps[next.threads[me].at].0 {
                Step::AtomicEnd => return,
                step if step.is_local() => self.local(next, me),
                step => {
                    let atomic = self.flaw != Flaw::OneStepUpdate;
                    touched.extend(cells(next, step).into_iter().map(|access| Access { atomic, ..access }));
                    self.data(next, me, step);
                    if next.threads[me].error.is_some() {
                        return;
                    }
                }
            }
        }
    }

    /// What the thread's next step reads and writes.
    pub fn accesses(&self, state: &State, me: usize) -> Vec<Access> {
        match self.step(state, me) {
            Some(Step::AtomicBegin) => {
                let mut touched = Vec::new();
                self.atomically(&mut state.clone(), me, &mut touched);
                touched
            }
            Some(Step::Await(test)) => {
                let mut touched = Vec::new();
                self.looked_at(state, me, test, &mut touched);
                let access = |var| Access { cell: Cell::Var(var), write: false, atomic: true, certain: true };
                touched.into_iter().map(access).collect()
            }
            Some(step) => {
                let own = |access: &Access| matches!(access.cell, Cell::Var(var) if self.is_own(me, var));
                cells(state, step).into_iter().filter(|access| !own(access)).collect()
            }
            None => Vec::new(),
        }
    }

    /// A condition of `await`, `invariant` or `ensure`: of variables (and the thread's locals), as one step.
    pub fn test(&self, state: &State, me: usize, test: &Test) -> bool {
        let thread = &state.threads[me];
        match test {
            Test::Compare(left, comparison, right) => {
                comparison.holds(value(state, thread, left), value(state, thread, right))
            }
            Test::Flag(local) => thread.get(*local) == 1,
            Test::And(a, b) => self.test(state, me, a) && self.test(state, me, b),
        }
    }

    /// The variables that an evaluation looks at.
    fn looked_at(&self, state: &State, me: usize, test: &Test, found: &mut Vec<usize>) {
        match test {
            Test::Compare(a, _, b) => {
                vars(a, found);
                vars(b, found);
            }
            Test::Flag(_) => {}
            Test::And(a, b) => {
                self.looked_at(state, me, a, found);
                if self.test(state, me, a) {
                    self.looked_at(state, me, b, found);
                }
            }
        }
    }
}

/// From now on it is the lock only that it waits for, without a timeout.
fn notify(waiter: &mut Thread) {
    waiter.waiting = Waiting::Over(1);
    waiter.deadline = None;
}

fn operand(thread: &Thread, operand: Operand) -> i64 {
    match operand {
        Operand::Number(n) => n,
        Operand::Register(register) => thread.get(register),
    }
}

fn value(state: &State, thread: &Thread, of: &Value) -> i64 {
    match of {
        Value::Number(n) => *n,
        Value::Var(var) => state.vars[*var],
        Value::Local(local) => thread.get(*local),
        Value::Sum(a, b) => value(state, thread, a) + value(state, thread, b),
        Value::Len => state.list.len() as i64,
        Value::Atomic(_) | Value::Size(_) | Value::At(_) => unreachable!("not in such conditions"),
    }
}

fn vars(of: &Value, found: &mut Vec<usize>) {
    match of {
        Value::Var(var) => found.push(*var),
        Value::Sum(a, b) => {
            vars(a, found);
            vars(b, found);
        }
        Value::Number(_)
        | Value::Local(_)
        | Value::Atomic(_)
        | Value::Size(_)
        | Value::Len
        | Value::At(_) => {}
    }
}

/// A value of the queue, if there is one.
fn take(next: &mut State, queue: usize) -> Result<Option<i64>, Kind> {
    match &mut next.things[queue] {
        Thing::Queue { values, .. } if !values.is_empty() => Ok(Some(values.remove(0))),
        Thing::Queue { closed: true, .. } => Err("closed"),
        _ => Ok(None),
    }
}

fn cells(state: &State, step: &Step) -> Vec<Access> {
    let access = |cell, write| Access { cell, write, atomic: false, certain: true };
    match *step {
        Step::Read { var, .. } => vec![access(Cell::Var(var), false)],
        Step::Write { var, .. } => vec![access(Cell::Var(var), true)],
        Step::Push(_) => vec![access(Cell::Shape, true)],
        Step::Pop { .. } => {
            let mut touched = vec![access(Cell::Shape, true)];
            if let Some(last) = state.list.len().checked_sub(1) {
                // Whether taking an element out is an access of the element too is not said.
                touched.push(Access { certain: false, ..access(Cell::Element(last), true) });
            }
            touched
        }
        Step::Len { .. } => vec![access(Cell::Shape, false)],
        Step::At { index, .. } | Step::SetAt { index, .. } if index >= state.list.len() => {
            vec![access(Cell::Shape, false)]
        }
        Step::At { index, .. } => vec![access(Cell::Element(index), false)],
        Step::SetAt { index, .. } => vec![access(Cell::Element(index), true)],
        _ => Vec::new(),
    }
}

/// A thread is no more: what it holds is abandoned.
fn ended(mut next: State, me: usize, life: Life) -> State {
    next.threads[me].life = life;
    // Of a process nobody sees what it had.
    (next.own[me], next.doomed[me]) = (Vec::new(), false);
    for thing in &mut next.things {
        match thing {
            Thing::Lock { holder, abandoned, .. } if *holder == Some(me) => *abandoned = true,
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
