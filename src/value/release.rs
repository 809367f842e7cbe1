//! Letting go of nested values without using the Rust stack for each level.
//!
//! What holds other values hands them over here when it is dropped: a list that nobody else holds gives up its
//! elements before it is itself dropped, so that a list nested a million deep needs no deep recursion.

use super::Value;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

thread_local! {
    /// Whether `release` is at work on this OS thread, further out.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
    /// What is handed over while it is.
    static HANDED_OVER: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Whether dropping this value may drop others in turn.
pub(crate) fn nests(value: &Value) -> bool {
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
///
/// Dropping one may call this again, for what it holds: that is left to the outermost call.
pub(crate) fn release(mut pending: Vec<Value>) {
    // At the end of an OS thread, when its variables are gone, nothing is left to the outermost call.
    let outermost = AT_WORK.try_with(|at_work| !at_work.replace(true)).unwrap_or(true);
    if !outermost {
        HANDED_OVER.with_borrow_mut(|handed_over| handed_over.append(&mut pending));
        return;
    }
    loop {
        while let Some(value) = pending.pop() {
            take_apart(value, &mut pending);
        }
        match HANDED_OVER.try_with(RefCell::take) {
            Ok(handed_over) if !handed_over.is_empty() => pending = handed_over,
            _ => break,
        }
    }
    let _ = AT_WORK.try_with(|at_work| at_work.set(false));
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
        // Threads and things to wait for hand over what they hold when they are dropped.
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
