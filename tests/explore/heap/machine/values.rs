//! The values of a heap program: made, copied, compared, shown.

use super::{Object, State, Value};
use std::collections::BTreeMap;

pub(super) fn make(state: &mut State, object: Object) -> Value {
    state.heap.push(object);
    Value::Object(state.heap.len() - 1)
}

pub(super) fn add(values: &mut Vec<Value>, value: i64) {
    if !values.contains(&Value::Int(value)) {
        values.push(Value::Int(value));
    }
}

/// A copy of all that an object leads to; `known` are those of objects that were met before.
pub(super) fn apart(state: &mut State, object: usize, known: &mut BTreeMap<usize, usize>) -> Value {
    if let Some(copy) = known.get(&object) {
        return Value::Object(*copy);
    }
    let Value::Object(place) = make(state, state.heap[object].clone()) else { panic!("an object") };
    known.insert(object, place);
    let mut copy = state.heap[object].clone();
    let held: Vec<&mut Value> = match &mut copy {
        Object::List(values) | Object::Fields(values) | Object::Map(values) | Object::Set(values) => {
            values.iter_mut().collect()
        }
        Object::Queue(values) => values.iter_mut().collect(),
        Object::Smallest(values) => values.values_mut().collect(),
        Object::Lock(holder) => {
            *holder = None;
            Vec::new()
        }
        Object::RwLock { writer, readers } => {
            (*writer, *readers) = (false, 0);
            Vec::new()
        }
        Object::Condition(waiting) => {
            waiting.clear();
            Vec::new()
        }
        Object::Barrier(waiting) => {
            waiting.clear();
            Vec::new()
        }
        Object::Event(_) | Object::Pool(_) | Object::Count(_) => Vec::new(),
    };
    for value in held {
        if let Value::Object(inner) = value {
            *value = apart(state, *inner, known);
        }
    }
    state.heap[place] = copy;
    Value::Object(place)
}

pub(super) fn values(state: &mut State, object: usize) -> &mut Vec<Value> {
    match &mut state.heap[object] {
        Object::List(values) | Object::Fields(values) | Object::Map(values) | Object::Set(values) => values,
        other => panic!("{other:?} holds no values"),
    }
}

/// What these programs make holds no object twice, nor itself.
pub(super) fn copied(state: &mut State, object: usize, deep: bool) -> Value {
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
