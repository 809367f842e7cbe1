//! How far an operation looks into values: at how many there are, at all that a container has, or also into what that
//! holds. What is compared is looked into no further than comparing goes: a list that lies behind a number by which two
//! others differ is nobody's business.

use super::elements::{KEYS, element, find, member};
use super::{Look, Part, Touches, class_field, itself};
use crate::machine::Image;
use crate::state::Shared;
use crate::syntax::tree::CompareOperator;
use crate::value::list::List;
use crate::value::nature::Nature;
use crate::value::{Value, compare};
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The container itself, with all its elements, but not what they hold.
pub(super) fn shallow(value: &Value, write: bool, out: &mut Touches) {
    if let Some(object) = container(value) {
        out.object(object, Part::All, write);
    }
}

pub(super) fn shape(value: &Value, write: bool, out: &mut Touches) {
    if let Some(object) = container(value) {
        out.object(object, Part::Shape, write);
    }
}

/// The container that a value is.
pub fn container(value: &Value) -> Option<Shared> {
    match value {
        Value::List(list) => Some(Shared::List(list.clone())),
        Value::Map(map) => Some(Shared::Map(map.clone())),
        Value::Set(set) => Some(Shared::Set(set.clone())),
        _ => None,
    }
}

/// The elements of a container, or what a map has for its keys; keys hold nothing themselves.
fn held(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.snapshot(),
        Value::Map(map) => map.snapshot().into_iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

/// Everything that is read when the value is shown as `value/show.rs` does it: of an object that is in no other one also what
/// its fields hold, and how a thread is.
pub(super) fn shown(image: &Image, value: &Value, out: &mut Touches) {
    if is_plain(value) {
        return; // as it is for nearly all
    }
    out.looks.push(Look::Text(value.clone()));
    let mut seen = HashSet::new();
    let mut pending = vec![(value.clone(), false)];
    while let Some((value, inside)) = pending.pop() {
        match &value {
            Value::Object(object) if !inside => {
                if seen.insert((compare::address(&value), inside)) {
                    for (index, field) in object.fields.iter().enumerate() {
                        class_field(image, object, index as u16, false, out);
                        pending.push((field.get(), true));
                    }
                }
            }
            Value::Thread(handle) => itself(handle, out),
            _ => {
                let Some(object) = container(&value) else { continue };
                if seen.insert((Some(object.address()), inside)) {
                    pending.extend(members_of(&value).into_iter().map(|member| (member, inside)));
                    out.object(object, Part::All, false);
                }
            }
        }
    }
}

/// All that a container has, also what a map has as keys: a thread or an object may be one.
fn members_of(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(map) => map.snapshot().into_iter().flat_map(|(key, value)| [key, value]).collect(),
        Value::Set(set) => set.snapshot().iter().cloned().collect(),
        other => held(other),
    }
}

fn is_plain(value: &Value) -> bool {
    let holds = matches!(value, Value::Object(_) | Value::Thread(_));
    !holds && container(value).is_none()
}

/// Everything that is read of plain data when it is copied, or turned into other data: objects are refused there.
pub(super) fn deep(value: &Value, out: &mut Touches) {
    let mut seen = HashSet::new();
    let mut pending = vec![value.clone()];
    while let Some(value) = pending.pop() {
        let Some(object) = container(&value) else { continue };
        if seen.insert(object.address()) {
            pending.extend(held(&value));
            out.object(object, Part::All, false);
        }
    }
}

/// Everything that is read by `copy`: also what objects have in their fields and functions have captured.
pub(super) fn copied(value: &Value, out: &mut Touches) {
    let mut seen = HashSet::new();
    let mut pending = vec![value.clone()];
    while let Some(value) = pending.pop() {
        if compare::address(&value).is_some_and(|address| !seen.insert(address)) {
            continue;
        }
        match &value {
            Value::Object(object) => {
                for (index, field) in object.fields.iter().enumerate() {
                    out.object(Shared::Object(object.clone()), Part::Field(index as u32), false);
                    pending.push(field.get());
                }
                pending.extend(object.captured.iter().cloned());
            }
            Value::Cell(cell) => {
                out.object(Shared::Cell(cell.clone()), Part::All, false);
                pending.push(cell.get());
            }
            Value::Closure(closure) => pending.extend(closure.captured.iter().cloned()),
            Value::Bound(bound) => pending.push(bound.receiver.clone()),
            _ => {
                shallow(&value, false, out);
                pending.extend(held(&value));
            }
        }
    }
}

/// What is read of a value that is put into something: all of it, if that is shared by processes and holds copies.
pub(super) fn admitted(into: &Value, value: &Value, out: &mut Touches) {
    let copies = match into {
        Value::List(list) => list.nature != Nature::Own,
        Value::Map(map) => map.nature != Nature::Own,
        Value::Sync(thing) => thing.is_shared(),
        _ => false,
    };
    if copies {
        deep(value, out);
    }
}

/// What a comparison of two values reads.
pub(super) fn tells(operator: CompareOperator, a: &Value, b: &Value, out: &mut Touches) {
    if container(a).is_some() && container(b).is_some() {
        out.looks.push(Look::Compare(operator, a.clone(), b.clone()));
    }
    match operator {
        CompareOperator::In | CompareOperator::NotIn => found_in(a, b, out),
        CompareOperator::Equal | CompareOperator::NotEqual => compared(a, b, out),
        CompareOperator::Less
        | CompareOperator::LessEqual
        | CompareOperator::Greater
        | CompareOperator::GreaterEqual => ordered(&[a.clone(), b.clone()], out),
    }
}

/// What is read to tell whether two values are equal: only two containers of one kind are looked into, and only up to
/// the first difference.
pub(super) fn compared(a: &Value, b: &Value, out: &mut Touches) {
    compare::equal_seen(a, b, &mut |value| shallow(value, false, out));
}

/// What is read to tell whether a value is in another.
pub(super) fn found_in(value: &Value, whole: &Value, out: &mut Touches) {
    match whole {
        Value::Map(_) => element(whole, value, false, out),
        Value::Set(set) => member(set, value, false, out),
        Value::List(list) => _ = find(list, value, out),
        _ => {}
    }
}

/// What is read to put values in order. Lists are read up to where all of them differ, which may be more than it takes.
pub(super) fn ordered(values: &[Value], out: &mut Touches) {
    let contained = |value: &&Value| matches!(value, Value::List(_) | Value::Set(_));
    if values.iter().filter(contained).count() < 2 {
        return; // as it is for nearly all
    }
    let mut seen = HashSet::new();
    let mut pending = vec![values.to_vec()];
    while let Some(values) = pending.pop() {
        values.iter().filter(|value| matches!(value, Value::Set(_))).for_each(|set| shallow(set, false, out));
        let lists: Vec<&Arc<List>> = values.iter().filter_map(list_in).collect();
        let fresh = lists.iter().filter(|list| seen.insert(Arc::as_ptr(list).addr())).count();
        if lists.len() < 2 || fresh == 0 {
            continue;
        }
        lists.iter().for_each(|list| out.object(Shared::List(Arc::clone(list)), Part::All, false));
        let rows: Vec<Vec<Value>> = lists.iter().map(|list| list.snapshot()).collect();
        for at in 0.. {
            let column: Vec<Value> = rows.iter().filter_map(|row| row.get(at)).cloned().collect();
            if column.len() < 2 {
                break;
            }
            column.iter().filter(|value| matches!(value, Value::Map(_) | Value::Set(_))).for_each(|value| {
                deep(value, out); // whether they are equal is asked first
            });
            let plain = column.iter().all(|value| container(value).is_none());
            let mut met = HashSet::new();
            if plain && column.iter().all(|value| met.insert(KEYS.hash_one(value))) {
                break; // they differ
            }
            if !plain {
                pending.push(column);
            }
        }
    }
}

fn list_in(value: &Value) -> Option<&Arc<List>> {
    if let Value::List(list) = value { Some(list) } else { None }
}

/// What a function reads that puts the elements of its arguments in order, or the arguments; `key` is one of them if what it
/// gives is put in order instead.
pub(super) fn in_order(arguments: &[Value], out: &mut Touches) {
    let calls = |value: &Value| {
        matches!(value, Value::Function(_) | Value::Builtin(_) | Value::Closure(_) | Value::Bound(_))
    };
    arguments.iter().for_each(|argument| shallow(argument, false, out));
    if arguments.iter().any(calls) {
        return;
    }
    arguments.iter().for_each(|argument| ordered(&held(argument), out));
    let several: Vec<Value> = arguments.iter().filter(|value| container(value).is_some()).cloned().collect();
    ordered(&several, out);
}
