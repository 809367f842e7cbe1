//! The states of a heap program, and every order of its operations: plain and slow, without any reduction, and nothing of it
//! is conc's. What an operation does is in `machine/steps.rs`.
//!
//! A reference is a number of an object; objects are never taken away. Every operation is a step, but for what only a
//! thread's own registers take part in.

mod steps;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use steps::{contains, equal};

pub type Register = usize;

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
    /// Or on to the place given, if it cannot be done now: somebody waits for a time, which may be over at any moment.
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
    /// The pool whose task it is, while it has not begun.
    queued: Option<usize>,
    /// A timer that has not fired; and one that was cancelled before, and has to come to its end.
    armed: bool,
    cancelled: bool,
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
    /// A process is given what its parent has, and no copies.
    ProcessShares,
    /// A timer can not be cancelled.
    TimersComeAtOnce,
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

#[derive(Debug, Clone, Copy)]
struct Use {
    object: usize,
    part: Part,
    write: bool,
    /// In what runs as one step.
    atomic: bool,
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

struct Machine<'p> {
    bodies: &'p [Vec<Op>],
    registers: usize,
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
            queued: None,
            armed: false,
            cancelled: false,
            pool: None,
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

    fn is_able(&self, state: &State, number: usize) -> bool {
        let thread = &state.threads[number];
        if thread.result.is_some() {
            return false;
        }
        if thread.armed || thread.cancelled {
            return true;
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
            Some(Op::AcquireSide(lock, write)) => {
                let Object::RwLock { writer, readers } = object(lock) else { panic!("no rwlock") };
                !writer && (!write || *readers == 0)
            }
            Some(Op::WaitEvent(event)) => matches!(object(event), Object::Event(true)),
            Some(Op::TakePermit(semaphore)) => *object(semaphore) != Object::Count(0),
            Some(Op::WaitLatch(latch)) => *object(latch) == Object::Count(0),
            Some(Op::Meet(barrier)) => {
                let Object::Barrier(waiting) = object(barrier) else { panic!("no barrier") };
                waiting.iter().find(|(waiter, _)| *waiter == number).is_none_or(|(_, met)| *met)
            }
            Some(Op::Wait(condition, lock)) => {
                let Object::Condition(waiting) = object(condition) else { panic!("no condition") };
                match waiting.iter().find(|(waiter, _)| *waiter == number) {
                    Some((_, notified)) => *notified && matches!(object(lock), Object::Lock(None)),
                    None => true,
                }
            }
            Some(Op::Get(_, queue)) => matches!(object(queue), Object::Queue(values) if !values.is_empty()),
            Some(Op::GetSmallest(_, queue)) => {
                matches!(object(queue), Object::Smallest(values) if !values.is_empty())
            }
            Some(Op::Select(arms, after)) => {
                after.is_some() || arms.iter().any(|(arm, _)| self.is_ready(state, number, arm))
            }
            Some(Op::Await(ops, register, least)) => {
                let mut then = state.clone();
                self.evaluate(&mut then, number, ops, &mut Vec::new());
                matches!(then.threads[number].registers[*register], Value::Int(now) if now > *least)
            }
            Some(Op::Join(other) | Op::Result(_, other)) => ended(other),
            _ => true,
        }
    }

    fn is_ready(&self, state: &State, number: usize, arm: &Arm) -> bool {
        let object = |register: &Register| match state.threads[number].registers[*register] {
            Value::Object(object) => &state.heap[object],
            ref other => panic!("{other:?} is no object"),
        };
        match arm {
            Arm::Get(_, queue) => matches!(object(queue), Object::Queue(values) if !values.is_empty()),
            Arm::Event(event) => matches!(object(event), Object::Event(true)),
        }
    }

    /// All that may come of the thread's next step.
    fn steps(&self, state: &State, thread: usize) -> Vec<State> {
        let mut next = state.clone();
        let own = &mut next.threads[thread];
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

    fn races(&self, state: &State, able: &[usize]) -> bool {
        let awaits = |thread: &usize| matches!(self.op(state, *thread), Some(Op::Await(..)));
        let looks = (0..state.threads.len()).filter(|thread| able.contains(thread) || awaits(thread));
        let used: Vec<Vec<Use>> = looks.map(|thread| self.uses(state, thread)).collect();
        let clash = |ours: &Use, theirs: &Use| {
            let meets = ours.part == theirs.part || ours.part == Part::All || theirs.part == Part::All;
            let either = (ours.write || theirs.write) && !(ours.atomic && theirs.atomic);
            ours.object == theirs.object && meets && either
        };
        (0..used.len()).any(|one| {
            used[one + 1..].iter().flatten().any(|theirs| used[one].iter().any(|ours| clash(ours, theirs)))
        })
    }

    /// What the next step uses.
    fn uses(&self, state: &State, number: usize) -> Vec<Use> {
        let thread = &state.threads[number];
        if thread.queued.is_some() || thread.armed || thread.cancelled || thread.result.is_some() {
            return Vec::new();
        }
        let (mut then, mut used) = (state.clone(), Vec::new());
        match self.op(state, number) {
            Some(Op::Atomically(end)) => {
                while then.threads[number].at + 1 < *end {
                    then.threads[number].at += 1;
                    let op = self.op(&then, number).expect("up to its end").clone();
                    used.extend(self.uses_of(&then, number, &op));
                    self.perform_op(&mut then, number, op);
                }
                used.iter_mut().for_each(|used| used.atomic = true);
            }
            Some(Op::Await(ops, ..)) => self.evaluate(&mut then, number, ops, &mut used),
            Some(op) => used = self.uses_of(state, number, op),
            None => {}
        }
        used
    }

    /// What an operation uses: the object, which part of it, and whether it writes.
    fn uses_of(&self, state: &State, number: usize, op: &Op) -> Vec<Use> {
        let thread = &state.threads[number];
        let at = |register: &Register| match thread.registers[*register] {
            Value::Object(object) => object,
            ref other => panic!("{other:?} is no object"),
        };
        let used = |object, part, write| Use { object, part, write, atomic: false };
        let one = |register: &Register, part, write| vec![used(at(register), part, write)];
        let read =
            |objects: Vec<usize>| objects.into_iter().map(|object| used(object, Part::All, false)).collect();
        // So many of the elements, and how many there are.
        let some = |list: &Register, elements: std::ops::Range<usize>, write| {
            let element = |index| used(at(list), Part::One(index), write);
            let mut all: Vec<Use> = elements.map(element).collect();
            all.push(used(at(list), Part::Shape, write));
            all
        };
        let length = |list: &Register| match &state.heap[at(list)] {
            Object::List(values) => values.len(),
            other => panic!("{other:?} is no list"),
        };
        match op {
            Op::Element(_, list, index) => one(list, Part::One(*index), false),
            Op::SetElement(list, index, _) => one(list, Part::One(*index), true),
            Op::Field(_, object, index) => one(object, Part::One(*index), false),
            Op::SetField(object, index, _) => one(object, Part::One(*index), true),
            Op::Key(_, map, key) => one(map, Part::One(*key), false),
            // Where there is no such key, that is told by which keys there are.
            Op::HasKey(_, map, key) | Op::KeyOr(_, map, key, _) => self.key(state, at(map), *key, false),
            Op::SetKey(map, key, _) => self.key(state, at(map), *key, true),
            Op::SetDefault(_, map, key, _) => {
                let missing = self.has_not(state, at(map), *key);
                self.key(state, at(map), *key, missing)
            }
            Op::PopKey(_, map, key, _) if self.has_not(state, at(map), *key) => {
                self.key(state, at(map), *key, false)
            }
            Op::PopKey(_, map, key, _) => {
                vec![used(at(map), Part::One(*key), true), used(at(map), Part::Shape, true)]
            }
            Op::FromEnd(_, list, back) => {
                let index = length(list) - back;
                vec![used(at(list), Part::One(index), false), used(at(list), Part::Shape, false)]
            }
            Op::First(_, list, count) => some(list, 0..*count, false),
            Op::Last(_, list, count) => some(list, length(list) - count..length(list), false),
            Op::PopLast(_, list) => some(list, length(list) - 1..length(list), true),
            Op::Push(list, _) => one(list, Part::Shape, true),
            Op::Extend(list, other) => {
                vec![used(at(list), Part::Shape, true), used(at(other), Part::All, false)]
            }
            Op::Length(_, list) => one(list, Part::Shape, false),
            Op::Sort(list) | Op::PopFirst(_, list) => one(list, Part::All, true),
            Op::Insert(list, index, _) => some(list, (*index).min(length(list))..length(list), true),
            Op::Remove(list, number, _) => match self.place_of(state, at(list), *number) {
                Some(place) => {
                    let looks = (0..place).map(|index| used(at(list), Part::One(index), false));
                    looks.chain(some(list, place..length(list), true)).collect()
                }
                None => read(vec![at(list)]),
            },
            // What is there already is only found, and so it is that something is not there to be taken away.
            Op::AddTo(set, number) | Op::Discard(set, number) | Op::Has(_, set, number)
                if matches!(state.heap[at(set)], Object::Set(_)) =>
            {
                let there = self.place_of(state, at(set), *number).is_some();
                let changes = match op {
                    Op::AddTo(..) => !there,
                    Op::Discard(..) => there,
                    _ => false,
                };
                let member = used(at(set), Part::One(*number as usize), changes);
                let which = (changes || !there).then(|| used(at(set), Part::Shape, changes));
                [Some(member), which].into_iter().flatten().collect()
            }
            Op::Has(_, list, number) => match self.place_of(state, at(list), *number) {
                Some(place) => (0..=place).map(|index| used(at(list), Part::One(index), false)).collect(),
                None => read(vec![at(list)]),
            },
            Op::Copy(_, list)
            | Op::Iterate(_, list)
            | Op::IterateMap(_, list, _)
            | Op::Sum(_, list)
            | Op::With(_, list, _) => read(vec![at(list)]),
            Op::Joined(_, a, b) => read(vec![at(a), at(b)]),
            Op::DeepCopy(_, object) => read(self.reached(state, &thread.registers[*object])),
            Op::Print(value) => read(self.reached(state, &thread.registers[*value])),
            Op::Equal(_, a, b) => {
                let mut met = Vec::new();
                equal(&state.heap, &thread.registers[*a], &thread.registers[*b], &mut met);
                read(met)
            }
            Op::Contains(_, value, list) => {
                let mut met = vec![at(list)];
                contains(&state.heap, &thread.registers[*value], at(list), &mut met);
                read(met)
            }
            _ => Vec::new(),
        }
    }

    /// Where the first is that equals the number.
    fn place_of(&self, state: &State, object: usize, number: i64) -> Option<usize> {
        let (Object::List(values) | Object::Set(values)) = &state.heap[object] else { panic!("no values") };
        values.iter().position(|value| *value == Value::Int(number))
    }

    fn has_not(&self, state: &State, map: usize, key: usize) -> bool {
        let Object::Map(values) = &state.heap[map] else { panic!("no map") };
        values[key] == Value::Nil
    }

    fn key(&self, state: &State, map: usize, key: usize, write: bool) -> Vec<Use> {
        let used = |part| Use { object: map, part, write, atomic: false };
        match self.has_not(state, map, key) {
            true => vec![used(Part::One(key)), used(Part::Shape)],
            false => vec![used(Part::One(key))],
        }
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
            if let Object::List(values) | Object::Fields(values) | Object::Map(values) | Object::Set(values) =
                &state.heap[object]
            {
                pending.extend(values.iter().cloned());
                reached.push(object);
            }
        }
        reached
    }
}
