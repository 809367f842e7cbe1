//! What is touched of lists, maps and sets, element by element: each is a cell of its own, and how many there are is one
//! more.

use super::depth::{compared, container};
use super::{Part, Touches};
use crate::state::Shared;
use crate::value::index::bounds;
use crate::value::list::List;
use crate::value::set::Set;
use crate::value::{Value, compare};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::ops::Range;
use std::sync::Arc;

/// The same in all processes of a run.
pub(super) static KEYS: BuildHasherDefault<DefaultHasher> = BuildHasherDefault::new();

pub(super) fn element(object: &Value, index: &Value, write: bool, out: &mut Touches) {
    match object {
        Value::List(list) => {
            let length = list.len() as i64;
            let node = Shared::List(list.clone());
            match index {
                Value::Int(i) if (0..length).contains(i) => {
                    out.object(node, Part::Element(*i as u64), write);
                }
                // Counted from the end, or outside: how long it is matters.
                Value::Int(i) if (-length..0).contains(i) => {
                    out.object(node.clone(), Part::Shape, false);
                    out.object(node, Part::Element((length + i) as u64), write);
                }
                _ => out.object(node, Part::Shape, false),
            }
        }
        Value::Map(map) => {
            let node = Shared::Map(map.clone());
            let key = key(index);
            let known = compare::hashable(index).is_ok() && map.lock().contains_key(index);
            if !known {
                out.object(node.clone(), Part::Shape, write);
            }
            out.object(node, key, write);
        }
        _ => {}
    }
}

/// Of the elements it reads those that it takes.
pub(super) fn slice(object: &Value, start: &Value, end: &Value, out: &mut Touches) {
    let Value::List(list) = object else { return };
    let bound = |value: &Value| if let Value::Int(at) = value { Some(*at) } else { None };
    let length = list.len();
    let (start, end) = bounds(bound(start), bound(end), length);
    some_elements(list, start..end, length, false, out);
}

/// Some of so many elements, which are told by how many there are; several that are all of them are the whole list.
pub(super) fn some_elements(
    list: &Arc<List>,
    some: Range<usize>,
    length: usize,
    write: bool,
    out: &mut Touches,
) {
    let node = || Shared::List(list.clone());
    if some.len() == length && length > 1 {
        return out.object(node(), Part::All, write);
    }
    out.object(node(), Part::Shape, write);
    out.elements(list, some, write);
}

/// A change of the elements from this one on: they move, or one more comes or goes.
pub(super) fn from_here_on(list: &Arc<List>, first: usize, out: &mut Touches) {
    let length = list.len();
    some_elements(list, first.min(length)..length, length, true, out);
}

/// What is looked at of a list to find the first element that equals a value, and where that is: none behind it, and how many
/// there are only when there is none.
pub(super) fn find(list: &Arc<List>, value: &Value, out: &mut Touches) -> Option<usize> {
    let values = list.snapshot();
    let found = values.iter().position(|element| compare::equal(element, value));
    match found {
        Some(at) => out.elements(list, 0..at + 1, false),
        None => out.object(Shared::List(list.clone()), Part::All, false),
    }
    if container(value).is_some() {
        let met = found.map_or(&values[..], |at| &values[..=at]);
        met.iter().for_each(|element| compared(element, value, out));
    }
    found
}

/// A member of a set, that is looked at, or comes or goes: then it is another which members there are.
pub(super) fn member(set: &Arc<Set>, value: &Value, changes: bool, out: &mut Touches) {
    let there = compare::hashable(value).is_ok() && set.lock().contains(value);
    let node = || Shared::Set(set.clone());
    out.object(node(), key(value), changes);
    if changes || !there {
        out.object(node(), Part::Shape, changes);
    }
}

/// The part of a map or a set that belongs to a key.
pub(super) fn key(key: &Value) -> Part {
    Part::Key(KEYS.hash_one(key))
}
