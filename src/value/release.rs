//! Letting go of nested values without using the Rust stack for each level.
//!
//! What holds other values hands them over here when it is dropped: a list that nobody else holds gives up its
//! elements before it is itself dropped, so that a list nested a million deep needs no deep recursion.

use super::Value;
use std::sync::Arc;

/// Whether dropping this value may drop others in turn.
pub(super) fn nests(value: &Value) -> bool {
    match value {
        Value::Closure(_)
        | Value::Bound(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Set(_)
        | Value::Object(_)
        | Value::Error(_)
        | Value::Thread(_)
        | Value::Sync(_)
        | Value::Cell(_) => true,
        Value::Unset
        | Value::Nil
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Short(_)
        | Value::Long(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::Range(_)
        | Value::File(_) => false,
    }
}

/// Drops the values and all that only they hold, one after the other.
pub(super) fn release(mut pending: Vec<Value>) {
    while let Some(value) = pending.pop() {
        take_apart(value, &mut pending);
    }
}

/// Moves what the value holds to `pending`, if nobody else holds the value.
fn take_apart(value: Value, pending: &mut Vec<Value>) {
    match value {
        Value::List(list) => {
            if let Some(mut list) = Arc::into_inner(list) {
                pending.append(list.inner());
            }
        }
        Value::Map(map) => {
            if let Some(mut map) = Arc::into_inner(map) {
                for (key, value) in std::mem::take(map.inner()) {
                    pending.extend([key, value].into_iter().filter(nests));
                }
            }
        }
        Value::Set(set) => {
            if let Some(mut set) = Arc::into_inner(set) {
                pending.extend(std::mem::take(set.inner()).into_iter().filter(nests));
            }
        }
        Value::Object(object) => {
            if let Some(mut object) = Arc::into_inner(object) {
                pending.extend(
                    object.fields.iter_mut().map(|field| std::mem::replace(field.inner(), Value::Nil)),
                );
                take_captured(&mut object.captured, pending);
            }
        }
        Value::Closure(closure) => {
            if let Some(mut closure) = Arc::into_inner(closure) {
                take_captured(&mut closure.captured, pending);
            }
        }
        Value::Bound(bound) => {
            if let Some(mut bound) = Arc::into_inner(bound) {
                pending.push(std::mem::replace(&mut bound.receiver, Value::Nil));
            }
        }
        Value::Error(error) => {
            if let Some(mut error) = Arc::into_inner(error) {
                pending.append(error.attached.get_mut());
            }
        }
        Value::Cell(cell) => {
            if let Some(mut cell) = Arc::into_inner(cell) {
                pending.push(std::mem::replace(cell.inner(), Value::Nil));
            }
        }
        // Threads and things to wait for drop what they hold themselves.
        Value::Thread(_) | Value::Sync(_) | Value::File(_) => {}
        Value::Unset
        | Value::Nil
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Short(_)
        | Value::Long(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::Range(_) => {}
    }
}

/// Captured variables, if nobody else has captured them.
pub(super) fn take_captured(captured: &mut Arc<[Value]>, pending: &mut Vec<Value>) {
    if let Some(values) = Arc::get_mut(captured) {
        pending.extend(values.iter_mut().map(|value| std::mem::replace(value, Value::Nil)));
    }
}
