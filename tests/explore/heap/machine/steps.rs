//! What each operation of a heap program does to a state.

use super::{Flaw, Machine, New, Object, Op, Register, State, Value};

impl Machine<'_> {
    pub(super) fn perform(&self, state: &mut State, number: usize) {
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

    pub(super) fn begin(&self, state: &mut State, by: usize, body: usize, arguments: &[Register]) -> usize {
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
pub(super) fn equal(heap: &[Object], a: &Value, b: &Value, met: &mut Vec<usize>) -> bool {
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

pub(super) fn contains(heap: &[Object], value: &Value, list: usize, met: &mut Vec<usize>) -> bool {
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
