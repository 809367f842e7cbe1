//! What is touched of lists and maps, element by element: each is a cell of its own, and how many there are is one more.

use super::{Part, Touches};
use crate::state::Shared;
use crate::value::Value;
use crate::value::index::bounds;
use crate::value::list::List;
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
            let known = crate::value::compare::hashable(index).is_ok() && map.lock().contains_key(index);
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
    some.for_each(|index| out.object(node(), Part::Element(index as u64), write));
}

/// The part of a map that belongs to a key.
pub(super) fn key(key: &Value) -> Part {
    Part::Key(KEYS.hash_one(key))
}
