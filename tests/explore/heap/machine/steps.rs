//! What each operation of a heap program does to a state.

use super::reads::{self, Reading};
use super::values::{add, apart, copied, make, values};
use super::{A_SECOND, Flaw, Machine, New, Object, Of, Op, Register, State, Value};
use std::collections::BTreeMap;

impl Machine<'_> {
    pub(super) fn perform(&self, state: &mut State, number: usize) {
        let Some(op) = self.op(state, number).cloned() else {
            state.threads[number].result = Some(Value::Nil);
            return;
        };
        if self.reads(state, number, &op) {
            return;
        }
        match op {
            Op::Atomically(end) => {
                while state.threads[number].at + 1 < end {
                    state.threads[number].at += 1;
                    let op = self.op(state, number).expect("up to its end").clone();
                    self.perform_op(state, number, op);
                }
                state.threads[number].at = end;
            }
            Op::Await(ops, ..) => {
                self.evaluate(state, number, &ops, &mut Vec::new());
                state.threads[number].at += 1;
            }
            Op::Wait(condition, lock) => self.wait(state, number, condition, lock),
            Op::Meet(barrier) => self.meet(state, number, barrier),
            op => {
                state.threads[number].at += 1;
                self.perform_op(state, number, op);
            }
        }
    }

    /// Gives the lock back and waits, or takes it again.
    fn wait(&self, state: &mut State, number: usize, condition: Register, lock: Register) {
        let at = |state: &State, register: Register| match state.threads[number].registers[register] {
            Value::Object(object) => object,
            ref other => panic!("{other:?} is no object"),
        };
        let (condition, lock) = (at(state, condition), at(state, lock));
        let Object::Condition(waiting) = &mut state.heap[condition] else { panic!("no condition") };
        match waiting.iter().position(|(waiter, _)| *waiter == number) {
            Some(place) => {
                waiting.remove(place);
                state.heap[lock] = Object::Lock(Some(number));
                state.threads[number].at += 1;
            }
            None => {
                waiting.push((number, false));
                state.heap[lock] = Object::Lock(None);
            }
        }
    }

    /// Comes to a barrier and waits for another, or leaves it.
    fn meet(&self, state: &mut State, number: usize, barrier: Register) {
        let thread = &mut state.threads[number];
        let Value::Object(barrier) = thread.registers[barrier] else { panic!("no object") };
        let Object::Barrier(waiting) = &mut state.heap[barrier] else { panic!("no barrier") };
        if let Some(place) = waiting.iter().position(|(waiter, _)| *waiter == number) {
            waiting.remove(place);
        } else if let Some((_, met)) = waiting.iter_mut().find(|(_, met)| !met) {
            *met = true;
        } else {
            return waiting.push((number, false));
        }
        thread.at += 1;
    }

    pub(super) fn take(&self, state: &mut State, number: usize, d: Register, queue: Register) {
        self.perform_op(state, number, Op::Get(d, queue));
    }

    /// What an operation does, but for where the thread goes on.
    pub(super) fn perform_op(&self, state: &mut State, number: usize, op: Op) {
        let get = |state: &State, register: Register| state.threads[number].registers[register].clone();
        let at = |state: &State, register: Register| match get(state, register) {
            Value::Object(object) => object,
            other => panic!("{other:?} is no object"),
        };
        let list = |state: &State, register: Register| match &state.heap[at(state, register)] {
            Object::List(values) | Object::Fields(values) | Object::Map(values) | Object::Set(values) => {
                values.clone()
            }
            other => panic!("{other:?} holds no values"),
        };
        let set = |state: &mut State, register: Register, value: Value| {
            state.threads[number].registers[register] = value;
        };
        let read = std::mem::take(&mut state.threads[number].read);
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
                    New::Set => Object::Set(parts),
                    New::Smallest => Object::Smallest(BTreeMap::new()),
                    New::RwLock => Object::RwLock { writer: false, readers: 0 },
                    New::Event => Object::Event(false),
                    New::Condition => Object::Condition(Vec::new()),
                    New::Queue => Object::Queue(parts.into()),
                    New::Lock => Object::Lock(None),
                    New::Pool(size) => Object::Pool(size),
                    New::Permits(count) | New::Latch(count) => Object::Count(count),
                    New::Barrier => Object::Barrier(Vec::new()),
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
            Op::KeyOr(d, s, key, or) | Op::SetDefault(d, s, key, or) | Op::PopKey(d, s, key, or) => {
                let found = list(state, s)[key].clone();
                let value = if found == Value::Nil { Value::Int(or) } else { found };
                match op {
                    Op::SetDefault(..) => values(state, at(state, s))[key] = value.clone(),
                    Op::PopKey(..) => values(state, at(state, s))[key] = Value::Nil,
                    _ => {}
                }
                set(state, d, value);
            }
            Op::IterateMap(d, s, of) => {
                let there = list(state, s).into_iter().enumerate().filter(|(_, value)| *value != Value::Nil);
                let rest = there.map(|(key, value)| if of == Of::Keys { Value::Key(key) } else { value });
                set(state, d, Value::Rest(rest.collect()));
            }
            Op::FromEnd(d, s, back) => {
                let all = list(state, s);
                set(state, d, all[all.len() - back].clone());
            }
            Op::First(d, s, count) => {
                let part = make(state, Object::List(list(state, s)[..count].to_vec()));
                set(state, d, part);
            }
            Op::Last(d, s, count) => {
                let all = list(state, s);
                let part = make(state, Object::List(all[all.len() - count..].to_vec()));
                set(state, d, part);
            }
            Op::Insert(object, index, s) => {
                let value = get(state, s);
                let values = values(state, at(state, object));
                values.insert(index.min(values.len()), value);
            }
            Op::Remove(object, value, to) => match self.place_of(state, at(state, object), value) {
                Some(place) => _ = values(state, at(state, object)).remove(place),
                None => state.threads[number].at = to,
            },
            Op::PopFirst(d, s) => {
                let value = values(state, at(state, s)).remove(0);
                set(state, d, value);
            }
            Op::PopLast(d, s) => {
                let value = values(state, at(state, s)).pop().expect("it has some");
                set(state, d, value);
            }
            Op::Extend(object, s) => {
                let more = Reading::new(&state.heap, &read, true).all(at(state, s)).expect("all of it");
                values(state, at(state, object)).extend(more);
            }
            Op::AddTo(object, value) => add(values(state, at(state, object)), value),
            Op::Discard(object, value) => {
                values(state, at(state, object)).retain(|other| *other != Value::Int(value))
            }
            Op::Has(d, s, value) => {
                let has = list(state, s).contains(&Value::Int(value));
                set(state, d, Value::Bool(has));
            }
            Op::With(d, s, value) => {
                let mut all = list(state, s);
                add(&mut all, value);
                let more = make(state, Object::Set(all));
                set(state, d, more);
            }
            Op::Own(d) => {
                if get(state, d) == Value::Nil {
                    let own = make(state, Object::List(vec![Value::Int(0), Value::Int(0)]));
                    set(state, d, own);
                }
            }
            Op::Fresh(d) => set(state, d, Value::Nil),
            Op::Say(what) => state.output.push_str(["", "event\n", "late\n"][what]),
            Op::Unless(s, least, to) => {
                let Value::Int(now) = get(state, s) else { panic!("no number") };
                if now <= least {
                    state.threads[number].at = to;
                }
            }
            Op::AcquireSide(lock, write) => {
                let lock = at(state, lock);
                let Object::RwLock { writer, readers } = &mut state.heap[lock] else { panic!("no rwlock") };
                if write { *writer = true } else { *readers += 1 }
            }
            Op::ReleaseSide(lock, write) => {
                let lock = at(state, lock);
                let Object::RwLock { writer, readers } = &mut state.heap[lock] else { panic!("no rwlock") };
                if write { *writer = false } else { *readers -= 1 }
            }
            Op::SetEvent(event) => {
                let event = at(state, event);
                state.heap[event] = Object::Event(true);
            }
            Op::WaitEvent(_) => {}
            Op::Notify(condition) => {
                let condition = at(state, condition);
                let Object::Condition(waiting) = &mut state.heap[condition] else { panic!("no condition") };
                // Only `main` waits.
                waiting.iter_mut().for_each(|(_, notified)| *notified = true);
            }
            Op::PutAt(queue, key, s) => {
                let value = get(state, s);
                let queue = at(state, queue);
                let Object::Smallest(values) = &mut state.heap[queue] else { panic!("no queue") };
                values.insert(key, value);
            }
            Op::GetSmallest(d, queue) => {
                let queue = at(state, queue);
                let Object::Smallest(values) = &mut state.heap[queue] else { panic!("no queue") };
                let (_, value) = values.pop_first().expect("it was asked");
                set(state, d, value);
            }
            Op::Atomically(_) | Op::Await(..) | Op::Wait(..) | Op::Select(..) => unreachable!("{op:?}"),
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
                let deep = self.flaw != Flaw::CopyIsShallow;
                let parts = Reading::new(&state.heap, &read, true).parts(at(state, s), deep);
                let copy = reads::copied(state, parts.expect("all of it"));
                set(state, d, copy);
            }
            Op::Joined(d, a, b) => {
                let mut reading = Reading::new(&state.heap, &read, true);
                let right = reading.all(at(state, b)).expect("all of it");
                let joined = [reading.all(at(state, a)).expect("all of it"), right].concat();
                let joined = make(state, Object::List(joined));
                set(state, d, joined);
            }
            Op::Equal(d, a, b) => {
                let mut reading = Reading::new(&state.heap, &read, true);
                let same = reading.equal(&get(state, a), &get(state, b)).expect("all of it");
                set(state, d, Value::Bool(same));
            }
            Op::Contains(d, value, whole) => {
                let mut reading = Reading::new(&state.heap, &read, true);
                let found = reading.contains(&get(state, value), at(state, whole)).expect("all of it");
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
                let text = Reading::new(&state.heap, &read, true).text(&get(state, s));
                state.output.push_str(&text.expect("all of it"));
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
            Op::Try(lock, to) | Op::TryFor(lock, to) => {
                let lock = at(state, lock);
                match state.heap[lock] {
                    Object::Lock(None) => state.heap[lock] = Object::Lock(Some(number)),
                    _ => state.threads[number].at = to,
                }
            }
            Op::GetFor(d, queue, to) => {
                match matches!(&state.heap[at(state, queue)], Object::Queue(values) if values.is_empty()) {
                    true => state.threads[number].at = to,
                    false => self.perform_op(state, number, Op::Get(d, queue)),
                }
            }
            Op::JoinFor(other, to) => {
                let Value::Thread(other) = get(state, other) else { panic!("no thread") };
                if state.threads[other].result.is_none() {
                    state.threads[number].at = to;
                }
            }
            Op::TakePermit(counted) | Op::CountDown(counted) => {
                let counted = at(state, counted);
                let Object::Count(count) = &mut state.heap[counted] else { panic!("no count") };
                *count = count.saturating_sub(1);
            }
            Op::GivePermit(counted) => {
                let counted = at(state, counted);
                let Object::Count(count) = &mut state.heap[counted] else { panic!("no count") };
                *count += 1;
            }
            Op::WaitLatch(_) | Op::Meet(_) => {}
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
            Op::Arm(d, body, arguments) => {
                let thread = self.begin(state, number, body, &arguments);
                let armed = self.flaw != Flaw::TimersComeAtOnce;
                state.threads[thread].armed = armed;
                state.threads[thread].deadline = (armed && self.idle).then_some(A_SECOND);
                set(state, d, Value::Thread(thread));
            }
            Op::Cancel(timer) => {
                let Value::Thread(timer) = get(state, timer) else { panic!("no timer") };
                let timer = &mut state.threads[timer];
                if std::mem::take(&mut timer.armed) {
                    (timer.cancelled, timer.deadline) = (true, None);
                }
            }
            Op::Fork(d, body, arguments) => {
                let thread = self.begin(state, number, body, &arguments);
                let mut known = BTreeMap::new();
                let copied = if self.flaw == Flaw::ProcessShares { 0 } else { arguments.len() };
                for register in 0..copied {
                    if let Value::Object(object) = state.threads[thread].registers[register] {
                        let copy = apart(state, object, &mut known);
                        state.threads[thread].registers[register] = copy;
                    }
                }
                set(state, d, Value::Thread(thread));
                self.settle(state, thread);
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
