//! What the steps of a heap program use, and which of them race.

use super::values::{contains, equal};
use super::{Machine, Object, Op, Register, State, Value};

/// Which part of an object is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    Shape,
    One(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub object: usize,
    pub part: Part,
    pub write: bool,
    /// In what runs as one step.
    pub atomic: bool,
}

impl Machine<'_> {
    pub(super) fn races(&self, state: &State, able: &[usize]) -> bool {
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
            Some(op) => {
                used = match self.next_read(state, number, op) {
                    Some((object, field)) => {
                        let part = field.map_or(Part::All, Part::One);
                        vec![Use { object, part, write: false, atomic: false }]
                    }
                    None => self.rest_of(state, number, op),
                }
            }
            None => {}
        }
        used
    }

    /// What an operation uses when it has read all that it reads step by step.
    fn rest_of(&self, state: &State, number: usize, op: &Op) -> Vec<Use> {
        let mut uses = self.uses_of(state, number, op);
        if let Op::Print(_) | Op::Extend(..) = op {
            uses.retain(|used| used.write);
        }
        uses
    }

    /// What an operation uses: the object, which part of it, and whether it writes.
    pub(super) fn uses_of(&self, state: &State, number: usize, op: &Op) -> Vec<Use> {
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
    pub(super) fn place_of(&self, state: &State, object: usize, number: i64) -> Option<usize> {
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
