//! The states of a heap program, and every order of its operations: plain and slow, without any reduction, and nothing of it
//! is conc's. Who can move is in `machine/able.rs`, what an operation does in `machine/steps.rs`, what of it may race in
//! `machine/uses.rs`, and which are made of several reads in `machine/reads.rs`.
//!
//! A reference is a number of an object; objects are never taken away. Every operation is a step, but for what only a
//! thread's own registers take part in.

mod able;
mod reads;
mod steps;
mod uses;
mod values;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use uses::Use;

pub type Register = usize;

/// How long whoever gives up waits, and a timer; there is no other time in these programs.
const A_SECOND: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    Nil,
    Int(i64),
    Bool(bool),
    Object(usize),
    Thread(usize),
    /// A key of a map.
    Key(usize),
    /// The rest of what a loop goes over.
    Rest(Vec<Value>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Object {
    List(Vec<Value>),
    /// An instance with its fields, or a captured variable or an atomic, which have one.
    Fields(Vec<Value>),
    /// What a map has for "a", "b" and so on; nil where it has nothing.
    Map(Vec<Value>),
    /// In the order in which they came.
    Set(Vec<Value>),
    Queue(VecDeque<Value>),
    /// A queue that gives the smallest number first, each with what was put there with it.
    Smallest(BTreeMap<i64, Value>),
    Lock(Option<usize>),
    RwLock {
        writer: bool,
        readers: usize,
    },
    Event(bool),
    /// Who waits, and whether he was notified.
    Condition(Vec<(usize, bool)>),
    /// How many threads it has.
    Pool(usize),
    /// Of a semaphore that are left, or until a latch opens.
    Count(usize),
    /// Who waits, and whether all have come.
    Barrier(Vec<(usize, bool)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    List,
    Fields,
    Map,
    Set,
    Queue,
    Smallest,
    Lock,
    RwLock,
    Event,
    Condition,
    Pool(usize),
    Permits(usize),
    Latch(usize),
    /// For two.
    Barrier,
}

/// What a loop goes over of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Keys,
    Values,
}

#[derive(Debug, Clone)]
pub enum Arm {
    Get(Register, Register),
    Event(Register),
}

/// In `d` stands the register that it sets.
#[derive(Debug, Clone)]
pub enum Op {
    Int(Register, i64),
    Add(Register, Register, i64),
    New(Register, New, Vec<Register>),
    Element(Register, Register, usize),
    SetElement(Register, usize, Register),
    Field(Register, Register, usize),
    SetField(Register, usize, Register),
    Key(Register, Register, usize),
    SetKey(Register, usize, Register),
    HasKey(Register, Register, usize),
    /// The value of a key, or the number given.
    KeyOr(Register, Register, usize, i64),
    /// The same, and then it is there, or it is gone.
    SetDefault(Register, Register, usize, i64),
    PopKey(Register, Register, usize, i64),
    IterateMap(Register, Register, Of),
    /// An element counted from the end; so many from the start, or from the end.
    FromEnd(Register, Register, usize),
    First(Register, Register, usize),
    Last(Register, Register, usize),
    /// Before the element with this number, or at the end; and the first that equals a number taken away, or on to the place
    /// given.
    Insert(Register, usize, Register),
    Remove(Register, i64, usize),
    PopFirst(Register, Register),
    PopLast(Register, Register),
    Extend(Register, Register),
    AddTo(Register, i64),
    Discard(Register, i64),
    Has(Register, Register, i64),
    /// A new set with one more.
    With(Register, Register, i64),
    /// The thread's own list; and that there is none yet.
    Own(Register),
    Fresh(Register),
    /// Writes what a thread says without looking at anything.
    Say(usize),
    /// All up to the place given runs as one step.
    Atomically(usize),
    /// Waits until what these tell is more than that.
    Await(Vec<Op>, Register, i64),
    Unless(Register, i64, usize),
    /// Of an atomic; and an exchange: what it held, and what it is to hold.
    Load(Register, Register),
    Store(Register, Register),
    Swap(Register, Register, Register),
    Push(Register, Register),
    Length(Register, Register),
    Sum(Register, Register),
    Sort(Register),
    /// A new list of what it has.
    Copy(Register, Register),
    DeepCopy(Register, Register),
    /// The sum of two lists: a new one.
    Joined(Register, Register, Register),
    Equal(Register, Register, Register),
    Contains(Register, Register, Register),
    /// What a loop goes over.
    Iterate(Register, Register),
    /// The next of it, or on to the place given.
    Next(Register, Register, usize),
    Goto(usize),
    Print(Register),
    Acquire(Register),
    Release(Register),
    /// Or on to the place given, if it cannot be done now.
    Try(Register, usize),
    /// The same where somebody waits for a time, which may be over at any moment, or when nobody can move (`idle`).
    TryFor(Register, usize),
    GetFor(Register, Register, usize),
    JoinFor(Register, usize),
    TakePermit(Register),
    GivePermit(Register),
    CountDown(Register),
    WaitLatch(Register),
    Meet(Register),
    AcquireSide(Register, bool),
    ReleaseSide(Register, bool),
    SetEvent(Register),
    WaitEvent(Register),
    /// Of a condition, with the register of its lock.
    Wait(Register, Register),
    Notify(Register),
    Put(Register, Register),
    Get(Register, Register),
    PutAt(Register, i64, Register),
    GetSmallest(Register, Register),
    /// The arms with where they lead, and where time leads.
    Select(Vec<(Arm, usize)>, Option<usize>),
    /// The body, and what its first registers hold.
    Start(Register, usize, Vec<Register>),
    /// The same as a task of a pool.
    Submit(Register, Register, usize, Vec<Register>),
    Join(Register),
    Result(Register, Register),
    IsDone(Register, Register),
    /// A thread that begins at some time, if it is not cancelled.
    Arm(Register, usize, Vec<Register>),
    Cancel(Register),
    /// A thread with copies of what it is given.
    Fork(Register, usize, Vec<Register>),
    Return(Register),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Thread {
    body: usize,
    at: usize,
    registers: Vec<Value>,
    /// What the operation that it is in has read.
    read: Vec<Vec<Value>>,
    /// The pool whose task it is, while it has not begun.
    queued: Option<usize>,
    /// A timer that has not fired; and one that was cancelled before, and has to come to its end.
    armed: bool,
    cancelled: bool,
    pool: Option<usize>,
    /// How long it waits yet, where time is not everybody's.
    deadline: Option<u32>,
    result: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    heap: Vec<Object>,
    threads: Vec<Thread>,
    output: String,
}

/// A deliberate mistake, to see that the comparison notices it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// What a thread is started with is a copy.
    ArgumentsCopied,
    /// What comes out of a queue is a copy of what was put there.
    QueueCopies,
    /// What an instance holds is copied as it is.
    CopyIsShallow,
    LockNeverBlocks,
    /// A task begins when it is given.
    PoolHasRoom,
    /// A process is given what its parent has, and no copies.
    ProcessShares,
    /// A timer can not be cancelled.
    TimersComeAtOnce,
    /// Time passes while others can move, where it must not.
    TimePasses,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub outcomes: BTreeSet<String>,
    pub race: bool,
    pub deadlock: bool,
    pub states: usize,
}

/// Everything that a program can do; None when there are more states. Body 0 is `main`. `idle`: time passes only when nobody
/// can move.
pub fn explore(
    bodies: &[Vec<Op>],
    registers: usize,
    most: usize,
    (idle, flaw): (bool, Flaw),
) -> Option<Answer> {
    let machine = Machine { bodies, registers, idle: idle && flaw != Flaw::TimePasses, flaw };
    let mut state = State { heap: Vec::new(), threads: Vec::new(), output: String::new() };
    state.threads.push(machine.thread(0, Vec::new()));
    machine.settle(&mut state, 0);
    let mut answer = Answer::default();
    let mut seen = HashSet::from([state.clone()]);
    let mut pending = vec![state];
    while let Some(state) = pending.pop() {
        let able: Vec<usize> =
            (0..state.threads.len()).filter(|thread| machine.is_able(&state, *thread)).collect();
        if let (true, Some(later)) = (able.is_empty(), later(&state)) {
            if seen.insert(later.clone()) {
                pending.push(later);
            }
        } else if able.is_empty() {
            match state.threads.iter().all(|thread| thread.result.is_some()) {
                true => _ = answer.outcomes.insert(state.output.clone()),
                false => answer.deadlock = true,
            }
        }
        answer.race |= machine.races(&state, &able);
        for thread in able {
            for next in machine.steps(&state, thread) {
                if !seen.contains(&next) {
                    seen.insert(next.clone());
                    pending.push(next);
                }
            }
        }
        if seen.len() > most {
            return None;
        }
    }
    answer.states = seen.len();
    Some(answer)
}

/// At the next time that somebody waits for; None when nobody does.
fn later(state: &State) -> Option<State> {
    let passes = state.threads.iter().filter_map(|thread| thread.deadline).min()?;
    let mut later = state.clone();
    later.threads.iter_mut().filter_map(|thread| thread.deadline.as_mut()).for_each(|left| *left -= passes);
    Some(later)
}

struct Machine<'p> {
    bodies: &'p [Vec<Op>],
    registers: usize,
    idle: bool,
    flaw: Flaw,
}

impl Machine<'_> {
    fn thread(&self, body: usize, first: Vec<Value>) -> Thread {
        let mut registers = first;
        registers.resize(self.registers, Value::Nil);
        Thread {
            body,
            at: 0,
            registers,
            read: Vec::new(),
            queued: None,
            armed: false,
            cancelled: false,
            pool: None,
            deadline: None,
            result: None,
        }
    }

    fn op(&self, state: &State, thread: usize) -> Option<&Op> {
        let thread = &state.threads[thread];
        self.bodies[thread.body].get(thread.at)
    }

    /// Goes on over what nobody else can tell.
    fn settle(&self, state: &mut State, thread: usize) {
        while let Some(op) = self.op(state, thread) {
            match op {
                Op::Int(..) | Op::Add(..) | Op::New(..) | Op::Next(..) | Op::Goto(_) => {}
                Op::Own(_) | Op::Fresh(_) | Op::Unless(..) => {}
                _ => break,
            }
            self.perform(state, thread);
        }
    }

    /// All that may come of the thread's next step.
    fn steps(&self, state: &State, thread: usize) -> Vec<State> {
        let mut next = state.clone();
        let own = &mut next.threads[thread];
        if self.idle && self.gives_up(state, thread) && own.deadline.is_none() {
            own.deadline = Some(A_SECOND);
            return vec![next];
        }
        own.deadline = None;
        if own.cancelled {
            own.result = Some(Value::Nil);
            return vec![next];
        }
        if own.queued.take().is_some() || std::mem::take(&mut own.armed) {
            self.settle(&mut next, thread);
            return vec![next];
        }
        let Some(Op::Select(arms, after)) = self.op(state, thread) else {
            self.perform(&mut next, thread);
            self.settle(&mut next, thread);
            return vec![next];
        };
        let mut all = Vec::new();
        for (arm, to) in arms.iter().filter(|(arm, _)| self.is_ready(state, thread, arm)) {
            let mut next = state.clone();
            if let Arm::Get(d, queue) = arm {
                self.take(&mut next, thread, *d, *queue);
            }
            next.threads[thread].at = *to;
            all.push(next);
        }
        if let (true, Some(to)) = (all.is_empty(), after) {
            next.threads[thread].at = *to;
            all.push(next);
        }
        all.iter_mut().for_each(|next| self.settle(next, thread));
        all
    }

    /// Does these at once; with what they use.
    fn evaluate(&self, state: &mut State, thread: usize, ops: &[Op], used: &mut Vec<Use>) {
        for op in ops {
            used.extend(self.uses_of(state, thread, op).into_iter().map(|used| Use { atomic: true, ..used }));
            self.perform_op(state, thread, op.clone());
        }
    }
}
