//! What each operation of a heap program does to a state, and every order of them: plain and slow, without any
//! reduction, and nothing of it is conc's.
//!
//! A reference is a number of an object; objects are never taken away. Every operation is a step, but for what only a
//! thread's own registers take part in.

use std::collections::{BTreeSet, HashSet, VecDeque};

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

    fn perform(&self, state: &mut State, number: usize) {
        let Some(op) = self.op(state, number).cloned() else {
            state.threads[number].result = Some(Value::Nil);
            return;
        };
        state.threads[number].at += 1;
        let get = |state: &State, register: Register| state.threads[number].registers[register].clone();
        let at = |state: &State, register: Register| match get(state, register) {
            Value::Object(object) => object,
            other => panic!("{other:?} is no object"),
        };
        let list = |state: &State, register: Register| match &state.heap[at(state, register)] {
            Object::List(values) | Object::Fields(values) | Object::Map(values) => values.clone(),
            other => panic!("{other:?} holds no values"),
        };
        let set = |state: &mut State, register: Register, value: Value| {
            state.threads[number].registers[register] = value;
        };
        match op {
            Op::Int(d, value) => set(state, d, Value::Int(value)),
            Op::Add(d, a, b) => {
                let Value::Int(a) = get(state, a) else { panic!("no number") };
                set(state, d, Value::Int(a + b));
            }
            Op::New(d, new, parts) => {
                let parts: Vec<Value> = parts.iter().map(|part| get(state, *part)).collect();
                let object = match new {
                    New::List => Object::List(parts),
                    New::Fields => Object::Fields(parts),
                    New::Map => Object::Map(parts),
                    New::Queue => Object::Queue(parts.into()),
                    New::Lock => Object::Lock(None),
                    New::Pool(size) => Object::Pool(size),
                };
                let object = make(state, object);
                set(state, d, object);
            }
            Op::Element(d, s, index) | Op::Field(d, s, index) | Op::Key(d, s, index) => {
                let value = list(state, s)[index].clone();
                set(state, d, value);
            }
            Op::HasKey(d, s, key) => {
                let has = list(state, s)[key] != Value::Nil;
                set(state, d, Value::Bool(has));
            }
            Op::Load(d, s) => {
                let value = list(state, s)[0].clone();
                set(state, d, value);
            }
            Op::Store(object, s) => {
                let value = get(state, s);
                values(state, at(state, object))[0] = value;
            }
            Op::Swap(d, object, s) => {
                let value = get(state, s);
                let old = std::mem::replace(&mut values(state, at(state, object))[0], value);
                set(state, d, old);
            }
            Op::SetElement(object, index, s)
            | Op::SetField(object, index, s)
            | Op::SetKey(object, index, s) => {
                let value = get(state, s);
                values(state, at(state, object))[index] = value;
            }
            Op::Push(object, s) => {
                let value = get(state, s);
                values(state, at(state, object)).push(value);
            }
            Op::Length(d, s) => {
                let length = list(state, s).iter().filter(|value| **value != Value::Nil).count() as i64;
                set(state, d, Value::Int(length));
            }
            Op::Sum(d, s) => {
                let number = |value: &Value| {
                    if let Value::Int(number) = value { *number } else { panic!("no number") }
                };
                let sum = list(state, s).iter().map(number).sum();
                set(state, d, Value::Int(sum));
            }
            Op::Sort(object) => {
                let number = |value: &Value| {
                    if let Value::Int(number) = value { *number } else { panic!("no number") }
                };
                values(state, at(state, object)).sort_by_key(number);
            }
            Op::Copy(d, s) => {
                let copy = Object::List(list(state, s));
                let copy = make(state, copy);
                set(state, d, copy);
            }
            Op::DeepCopy(d, s) => {
                let copy = copied(state, at(state, s), self.flaw != Flaw::CopyIsShallow);
                set(state, d, copy);
            }
            Op::Joined(d, a, b) => {
                let joined = [list(state, a), list(state, b)].concat();
                let joined = make(state, Object::List(joined));
                set(state, d, joined);
            }
            Op::Equal(d, a, b) => {
                let same = equal(&state.heap, &get(state, a), &get(state, b), &mut Vec::new());
                set(state, d, Value::Bool(same));
            }
            Op::Contains(d, value, whole) => {
                let found = contains(&state.heap, &get(state, value), at(state, whole), &mut Vec::new());
                set(state, d, Value::Bool(found));
            }
            Op::Iterate(d, s) => {
                let rest = list(state, s);
                set(state, d, Value::Rest(rest));
            }
            Op::Next(d, rest, end) => match get(state, rest) {
                Value::Rest(mut values) if !values.is_empty() => {
                    let next = values.remove(0);
                    set(state, rest, Value::Rest(values));
                    set(state, d, next);
                }
                _ => state.threads[number].at = end,
            },
            Op::Goto(to) => state.threads[number].at = to,
            Op::Print(s) => {
                let text = shown(&state.heap, &get(state, s));
                state.output.push_str(&text);
                state.output.push('\n');
            }
            Op::Acquire(lock) => {
                let lock = at(state, lock);
                state.heap[lock] = Object::Lock(Some(number));
            }
            Op::Release(lock) => {
                let lock = at(state, lock);
                state.heap[lock] = Object::Lock(None);
            }
            Op::Put(queue, s) => {
                let mut value = get(state, s);
                if let (Flaw::QueueCopies, Value::Object(object)) = (self.flaw, &value) {
                    value = copied(state, *object, true);
                }
                let queue = at(state, queue);
                let Object::Queue(values) = &mut state.heap[queue] else { panic!("no queue") };
                values.push_back(value);
            }
            Op::Get(d, queue) => {
                let queue = at(state, queue);
                let Object::Queue(values) = &mut state.heap[queue] else { panic!("no queue") };
                let value = values.pop_front().expect("it was asked");
                set(state, d, value);
            }
            Op::Start(d, body, arguments) => {
                let thread = self.begin(state, number, body, &arguments);
                set(state, d, Value::Thread(thread));
                self.settle(state, thread);
            }
            Op::Submit(d, pool, body, arguments) => {
                let thread = self.begin(state, number, body, &arguments);
                let pool = at(state, pool);
                (state.threads[thread].queued, state.threads[thread].pool) = (Some(pool), Some(pool));
                set(state, d, Value::Thread(thread));
            }
            Op::Join(_) => {}
            Op::Result(d, s) => {
                let Value::Thread(other) = get(state, s) else { panic!("no thread") };
                let value = state.threads[other].result.clone().expect("it was asked");
                set(state, d, value);
            }
            Op::IsDone(d, s) => {
                let Value::Thread(other) = get(state, s) else { panic!("no thread") };
                let done = state.threads[other].result.is_some();
                set(state, d, Value::Bool(done));
            }
            Op::Return(s) => state.threads[number].result = Some(get(state, s)),
        }
    }

    fn begin(&self, state: &mut State, by: usize, body: usize, arguments: &[Register]) -> usize {
        let mut first = Vec::new();
        for register in arguments {
            let mut value = state.threads[by].registers[*register].clone();
            if let (Flaw::ArgumentsCopied, Value::Object(object)) = (self.flaw, &value)
                && matches!(state.heap[*object], Object::List(_) | Object::Fields(_) | Object::Map(_))
            {
                value = copied(state, *object, true);
            }
            first.push(value);
        }
        state.threads.push(self.thread(body, first));
        state.threads.len() - 1
    }
}

fn make(state: &mut State, object: Object) -> Value {
    state.heap.push(object);
    Value::Object(state.heap.len() - 1)
}

fn values(state: &mut State, object: usize) -> &mut Vec<Value> {
    match &mut state.heap[object] {
        Object::List(values) | Object::Fields(values) | Object::Map(values) => values,
        other => panic!("{other:?} holds no values"),
    }
}

/// What these programs make holds no object twice, nor itself.
fn copied(state: &mut State, object: usize, deep: bool) -> Value {
    let mut copy = state.heap[object].clone();
    if let Object::List(values) | Object::Fields(values) | Object::Map(values) = &mut copy
        && deep
    {
        for value in values {
            if let Value::Object(inner) = value {
                *value = copied(state, *inner, true);
            }
        }
    }
    make(state, copy)
}

/// Whether they are equal, with the lists that are looked into until that is known.
fn equal(heap: &[Object], a: &Value, b: &Value, met: &mut Vec<usize>) -> bool {
    let (Value::Object(one), Value::Object(other)) = (a, b) else { return a == b };
    let (Object::List(left), Object::List(right)) = (&heap[*one], &heap[*other]) else { return one == other };
    if one == other {
        return true;
    }
    met.extend([*one, *other]);
    if left.len() != right.len() {
        return false;
    }
    let plain = |value: &&Value| !matches!(value, Value::Object(_));
    // Numbers beside each other differ before any list there is looked into.
    let pairs = || left.iter().zip(right);
    if pairs().any(|(x, y)| (plain(&x) || plain(&y)) && x != y) {
        return false;
    }
    pairs().all(|(x, y)| equal(heap, x, y, met))
}

fn contains(heap: &[Object], value: &Value, list: usize, met: &mut Vec<usize>) -> bool {
    let Object::List(values) = &heap[list] else { panic!("no list") };
    values.iter().any(|element| equal(heap, element, value, met))
}

fn shown(heap: &[Object], value: &Value) -> String {
    match value {
        Value::Nil => "nil".into(),
        Value::Int(number) => number.to_string(),
        Value::Bool(so) => so.to_string(),
        Value::Object(object) => match &heap[*object] {
            Object::List(values) => {
                let values: Vec<String> = values.iter().map(|value| shown(heap, value)).collect();
                format!("[{}]", values.join(", "))
            }
            Object::Map(values) => {
                let there = ["a", "b"].iter().zip(values).filter(|(_, value)| **value != Value::Nil);
                let pairs: Vec<String> =
                    there.map(|(key, value)| format!("\"{key}\": {}", shown(heap, value))).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            other => panic!("{other:?} is not shown"),
        },
        other => panic!("{other:?} is not shown"),
    }
}
