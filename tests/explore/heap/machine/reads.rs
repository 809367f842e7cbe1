//! Operations that read several objects: each read is a step, and what was read stays with the thread until the operation is
//! done. An instance is read field by field, everything else at once.

use super::values::make;
use super::{Machine, Object, Op, State, Value};
use std::collections::BTreeMap;

/// An object, and which of its fields; None: all that it holds.
pub(super) type Place = (usize, Option<usize>);

/// Gives what was read before, then what is there now, or nothing more.
pub(super) struct Reading<'s> {
    heap: &'s [Object],
    read: std::slice::Iter<'s, Vec<Value>>,
    /// Goes on with what is there now.
    live: bool,
    /// What it was to read and has not.
    wanted: Option<Place>,
}

impl<'s> Reading<'s> {
    pub(super) fn new(heap: &'s [Object], read: &'s [Vec<Value>], live: bool) -> Reading<'s> {
        Reading { heap, read: read.iter(), live, wanted: None }
    }

    fn read(&mut self, place: Place) -> Option<Vec<Value>> {
        if let Some(known) = self.read.next() {
            return Some(known.clone());
        }
        if self.live {
            return Some(now(self.heap, place));
        }
        self.wanted = Some(place);
        None
    }

    pub(super) fn all(&mut self, object: usize) -> Option<Vec<Value>> {
        self.read((object, None))
    }

    pub(super) fn text(&mut self, value: &Value) -> Option<String> {
        Some(match value {
            Value::Nil => "nil".into(),
            Value::Int(number) => number.to_string(),
            Value::Bool(so) => so.to_string(),
            Value::Key(key) => ["a", "b"][*key].into(),
            Value::Object(object) => match &self.heap[*object] {
                Object::List(_) => format!("[{}]", self.texts(*object)?.join(", ")),
                Object::Set(_) => format!("set([{}])", self.texts(*object)?.join(", ")),
                Object::Map(_) => {
                    let values = self.all(*object)?;
                    let there = ["a", "b"].iter().zip(&values).filter(|(_, value)| **value != Value::Nil);
                    let mut pairs = Vec::new();
                    for (key, value) in there {
                        pairs.push(format!("\"{key}\": {}", self.text(value)?));
                    }
                    format!("{{{}}}", pairs.join(", "))
                }
                other => panic!("{other:?} is not shown"),
            },
            other => panic!("{other:?} is not shown"),
        })
    }

    fn texts(&mut self, object: usize) -> Option<Vec<String>> {
        self.all(object)?.iter().map(|value| self.text(value)).collect()
    }

    /// Numbers beside each other differ before any list there is looked into, and then the last lists are first.
    pub(super) fn equal(&mut self, a: &Value, b: &Value) -> Option<bool> {
        let mut pending = vec![(a.clone(), b.clone())];
        while let Some((a, b)) = pending.pop() {
            let lists = match (&a, &b) {
                (Value::Object(one), Value::Object(other)) if one != other => {
                    match (&self.heap[*one], &self.heap[*other]) {
                        (Object::List(_), Object::List(_)) => Some((*one, *other)),
                        _ => None,
                    }
                }
                _ => None,
            };
            let Some((one, other)) = lists else {
                if a != b {
                    return Some(false);
                }
                continue;
            };
            let (left, right) = (self.all(one)?, self.all(other)?);
            let plain = |value: &Value| !matches!(value, Value::Object(_));
            let mut pairs = left.iter().zip(&right);
            if left.len() != right.len() || pairs.any(|(x, y)| (plain(x) || plain(y)) && x != y) {
                return Some(false);
            }
            pending.extend(left.into_iter().zip(right));
        }
        Some(true)
    }

    pub(super) fn contains(&mut self, value: &Value, list: usize) -> Option<bool> {
        for element in self.all(list)? {
            if self.equal(&element, value)? {
                return Some(true);
            }
        }
        Some(false)
    }

    /// What a copy has to hold: each object that is read for it, with what that holds.
    pub(super) fn parts(&mut self, object: usize, deep: bool) -> Option<Vec<(usize, Vec<Value>)>> {
        let (mut parts, mut pending) = (Vec::new(), vec![object]);
        while let Some(object) = pending.pop() {
            let held = match &self.heap[object] {
                Object::List(_) | Object::Map(_) | Object::Set(_) => self.all(object)?,
                Object::Fields(fields) => {
                    let mut held = Vec::new();
                    for field in 0..fields.len() {
                        held.extend(self.read((object, Some(field)))?);
                    }
                    held
                }
                _ => continue,
            };
            if deep {
                pending.extend(held.iter().filter_map(|value| match value {
                    Value::Object(inner) => Some(*inner),
                    _ => None,
                }));
            }
            parts.push((object, held));
        }
        Some(parts)
    }
}

fn now(heap: &[Object], (object, field): Place) -> Vec<Value> {
    match &heap[object] {
        Object::List(values) | Object::Fields(values) | Object::Map(values) | Object::Set(values) => {
            field.map_or_else(|| values.clone(), |field| vec![values[field].clone()])
        }
        other => panic!("{other:?} holds no values"),
    }
}

/// A new object made of these parts, the first of which is the whole.
pub(super) fn copied(state: &mut State, parts: Vec<(usize, Vec<Value>)>) -> Value {
    let mut copies = BTreeMap::new();
    for (object, _) in &parts {
        let Value::Object(copy) = make(state, state.heap[*object].clone()) else { panic!("an object") };
        copies.insert(*object, copy);
    }
    for (object, mut held) in parts.iter().cloned() {
        for value in &mut held {
            if let Value::Object(inner) = value
                && let Some(copy) = copies.get(inner)
            {
                *value = Value::Object(*copy);
            }
        }
        match &mut state.heap[copies[&object]] {
            Object::List(values) | Object::Fields(values) | Object::Map(values) | Object::Set(values) => {
                *values = held
            }
            other => panic!("{other:?} holds no values"),
        }
    }
    Value::Object(copies[&parts[0].0])
}

impl Machine<'_> {
    /// What the operation reads next, if it is one of those; whether it has something to do when it has read all.
    pub(super) fn next_read(&self, state: &State, number: usize, op: &Op) -> Option<Place> {
        let thread = &state.threads[number];
        let get = |register: &usize| thread.registers[*register].clone();
        let at = |register: &usize| match thread.registers[*register] {
            Value::Object(object) => object,
            ref other => panic!("{other:?} is no object"),
        };
        let mut reading = Reading::new(&state.heap, &thread.read, false);
        match op {
            Op::Print(s) => drop(reading.text(&get(s))),
            Op::Equal(_, a, b) => _ = reading.equal(&get(a), &get(b)),
            Op::Contains(_, value, list) => _ = reading.contains(&get(value), at(list)),
            Op::DeepCopy(_, s) => drop(reading.parts(at(s), true)),
            Op::Joined(_, a, b) => drop(reading.all(at(b)).and_then(|_| reading.all(at(a)))),
            Op::Extend(_, s) => drop(reading.all(at(s))),
            _ => {}
        }
        reading.wanted
    }

    /// Reads once, if there is anything to read. Whether that was the whole step.
    pub(super) fn reads(&self, state: &mut State, number: usize, op: &Op) -> bool {
        let Some(place) = self.next_read(state, number, op) else { return false };
        let held = now(&state.heap, place);
        state.threads[number].read.push(held);
        matches!(op, Op::Print(_) | Op::Extend(..)) || self.next_read(state, number, op).is_some()
    }
}
