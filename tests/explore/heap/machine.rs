//! The states of a heap program, and every order of its operations: plain and slow, without any reduction, and nothing of it
//! is conc's. What an operation does is in `machine/steps.rs`.
//!
//! A reference is a number of an object; objects are never taken away. Every operation is a step, but for what only a
//! thread's own registers take part in.

mod steps;

use std::collections::{BTreeSet, HashSet, VecDeque};
use steps::{contains, equal};

pub type Register = usize;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    Nil,
    Int(i64),
    Bool(bool),
    Object(usize),
    Thread(usize),
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
    Queue(VecDeque<Value>),
    Lock(Option<usize>),
    /// How many threads it has.
    Pool(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum New {
    List,
    Fields,
    Map,
    Queue,
    Lock,
    Pool(usize),
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
    Put(Register, Register),
    Get(Register, Register),
    /// The body, and what its first registers hold.
    Start(Register, usize, Vec<Register>),
    /// The same as a task of a pool.
    Submit(Register, Register, usize, Vec<Register>),
    Join(Register),
    Result(Register, Register),
    IsDone(Register, Register),
    Return(Register),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Thread {
    body: usize,
    at: usize,
    registers: Vec<Value>,
    /// The pool whose task it is, while it has not begun.
    queued: Option<usize>,
    pool: Option<usize>,
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
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub outcomes: BTreeSet<String>,
    pub race: bool,
    pub deadlock: bool,
    pub states: usize,
}

/// Which part of an object is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Shape,
    One(usize),
}

/// Everything that a program can do; None when there are more states. Body 0 is `main`.
pub fn explore(bodies: &[Vec<Op>], registers: usize, most: usize, flaw: Flaw) -> Option<Answer> {
    let machine = Machine { bodies, registers, flaw };
    let mut state = State { heap: Vec::new(), threads: Vec::new(), output: String::new() };
    state.threads.push(machine.thread(0, Vec::new()));
    machine.settle(&mut state, 0);
    let mut answer = Answer::default();
    let mut seen = HashSet::from([state.clone()]);
    let mut pending = vec![state];
    while let Some(state) = pending.pop() {
        let able: Vec<usize> =
            (0..state.threads.len()).filter(|thread| machine.is_able(&state, *thread)).collect();
        if able.is_empty() {
            match state.threads.iter().all(|thread| thread.result.is_some()) {
                true => _ = answer.outcomes.insert(state.output.clone()),
                false => answer.deadlock = true,
            }
        }
        answer.race |= machine.races(&state, &able);
        for thread in able {
            let mut next = state.clone();
            machine.step(&mut next, thread);
            if !seen.contains(&next) {
                seen.insert(next.clone());
                pending.push(next);
            }
        }
        if seen.len() > most {
            return None;
        }
    }
    answer.states = seen.len();
    Some(answer)
}

struct Machine<'p> {
    bodies: &'p [Vec<Op>],
    registers: usize,
    flaw: Flaw,
}

impl Machine<'_> {
    fn thread(&self, body: usize, first: Vec<Value>) -> Thread {
        let mut registers = first;
        registers.resize(self.registers, Value::Nil);
        Thread { body, at: 0, registers, queued: None, pool: None, result: None }
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
                _ => break,
            }
            self.perform(state, thread);
        }
    }

    fn is_able(&self, state: &State, number: usize) -> bool {
        let thread = &state.threads[number];
        if thread.result.is_some() {
            return false;
        }
        if let Some(pool) = thread.queued {
            let Object::Pool(size) = state.heap[pool] else { panic!("no pool") };
            let of_pool = |other: &&Thread| other.pool == Some(pool);
            let others = || state.threads.iter().filter(of_pool);
            let working = others().filter(|other| other.queued.is_none() && other.result.is_none()).count();
            // The first that was given begins first.
            let first = state.threads.iter().position(|other| other.queued == Some(pool));
            return self.flaw == Flaw::PoolHasRoom || working < size && first == Some(number);
        }
        let object = |register: &Register| match &thread.registers[*register] {
            Value::Object(object) => &state.heap[*object],
            other => panic!("{other:?} is no object"),
        };
        let ended = |register: &Register| match thread.registers[*register] {
            Value::Thread(other) => state.threads[other].result.is_some(),
            ref other => panic!("{other:?} is no thread"),
        };
        match self.op(state, number) {
            Some(Op::Acquire(lock)) => {
                self.flaw == Flaw::LockNeverBlocks || matches!(object(lock), Object::Lock(None))
            }
            Some(Op::Get(_, queue)) => matches!(object(queue), Object::Queue(values) if !values.is_empty()),
            Some(Op::Join(other) | Op::Result(_, other)) => ended(other),
            _ => true,
        }
    }

    fn step(&self, state: &mut State, thread: usize) {
        if state.threads[thread].queued.take().is_none() {
            self.perform(state, thread);
        }
        self.settle(state, thread);
    }

    fn races(&self, state: &State, able: &[usize]) -> bool {
        let used: Vec<Vec<(usize, Part, bool)>> =
            able.iter().map(|thread| self.uses(state, *thread)).collect();
        let clash = |(object, part, write): (usize, Part, bool), other: &(usize, Part, bool)| {
            let meets = part == other.1 || part == Part::All || other.1 == Part::All;
            object == other.0 && meets && (write || other.2)
        };
        (0..used.len()).any(|one| {
            used[one + 1..].iter().flatten().any(|theirs| used[one].iter().any(|ours| clash(*ours, theirs)))
        })
    }

    /// What the next operation uses: the object, which part of it, and whether it writes.
    fn uses(&self, state: &State, number: usize) -> Vec<(usize, Part, bool)> {
        let thread = &state.threads[number];
        if thread.queued.is_some() {
            return Vec::new();
        }
        let at = |register: &Register| match thread.registers[*register] {
            Value::Object(object) => object,
            ref other => panic!("{other:?} is no object"),
        };
        let read =
            |objects: Vec<usize>| objects.into_iter().map(|object| (object, Part::All, false)).collect();
        match self.op(state, number) {
            Some(Op::Element(_, list, index)) => vec![(at(list), Part::One(*index), false)],
            Some(Op::SetElement(list, index, _)) => vec![(at(list), Part::One(*index), true)],
            Some(Op::Field(_, object, index)) => vec![(at(object), Part::One(*index), false)],
            Some(Op::SetField(object, index, _)) => vec![(at(object), Part::One(*index), true)],
            Some(Op::Key(_, map, key)) => vec![(at(map), Part::One(*key), false)],
            // Where there is no such key, that is told by which keys there are.
            Some(Op::HasKey(_, map, key)) => self.key(state, at(map), *key, false),
            Some(Op::SetKey(map, key, _)) => self.key(state, at(map), *key, true),
            Some(Op::Push(list, _)) => vec![(at(list), Part::Shape, true)],
            Some(Op::Length(_, list)) => vec![(at(list), Part::Shape, false)],
            Some(Op::Sort(list)) => vec![(at(list), Part::All, true)],
            Some(Op::Copy(_, list) | Op::Iterate(_, list) | Op::Sum(_, list)) => read(vec![at(list)]),
            Some(Op::Joined(_, a, b)) => read(vec![at(a), at(b)]),
            Some(Op::DeepCopy(_, object)) => read(self.reached(state, &thread.registers[*object])),
            Some(Op::Print(value)) => read(self.reached(state, &thread.registers[*value])),
            Some(Op::Equal(_, a, b)) => {
                let mut met = Vec::new();
                equal(&state.heap, &thread.registers[*a], &thread.registers[*b], &mut met);
                read(met)
            }
            Some(Op::Contains(_, value, list)) => {
                let mut met = vec![at(list)];
                contains(&state.heap, &thread.registers[*value], at(list), &mut met);
                read(met)
            }
            _ => Vec::new(),
        }
    }

    fn key(&self, state: &State, map: usize, key: usize, write: bool) -> Vec<(usize, Part, bool)> {
        let Object::Map(values) = &state.heap[map] else { panic!("no map") };
        let mut used = vec![(map, Part::One(key), write)];
        if values[key] == Value::Nil {
            used.push((map, Part::Shape, write));
        }
        used
    }

    /// All containers and instances that a value leads to.
    fn reached(&self, state: &State, value: &Value) -> Vec<usize> {
        let mut reached = Vec::new();
        let mut pending = vec![value.clone()];
        while let Some(value) = pending.pop() {
            let Value::Object(object) = value else { continue };
            if reached.contains(&object) {
                continue;
            }
            if let Object::List(values) | Object::Fields(values) | Object::Map(values) = &state.heap[object] {
                pending.extend(values.iter().cloned());
                reached.push(object);
            }
        }
        reached
    }
}
