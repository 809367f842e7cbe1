//! How an operation that looks into several places reads them: one after the other, each read one step. The text of a list
//! of lists, whether two of them are equal, and their order are made of many reads, and others may write in between.
//!
//! Each function here is one read. Where each is to be a step that others may come before, the machine has the operation's
//! reads noted first (`noted`), and gives the operation what was read at its time (`give`; `machine/apart.rs`).

use super::Value;
use super::list::List;
use super::map::{Entries, Map};
use super::object::Object;
use super::set::{Members, Set};
use crate::sync::thread::Thread;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A read, and what it gave: a value of the same kind as the container; the value of a field; a number.
#[derive(Debug, Clone)]
pub struct Read {
    /// The container, object, thread or captured variable.
    pub of: Value,
    pub what: What,
    pub was: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// All that it holds; how a thread is.
    All,
    /// The field of this number.
    Field(usize),
    /// Whether a container holds anything.
    Length,
}

#[derive(Debug, Default)]
struct Tape {
    /// What the next reads give.
    kept: VecDeque<Value>,
    /// Those that were not kept, where they are noted.
    noted: Option<Vec<Read>>,
}

thread_local! {
    /// Whether there is anything on the tape, or is to be.
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    static TAPE: RefCell<Tape> = const { RefCell::new(Tape { kept: VecDeque::new(), noted: None }) };
}

/// The next operation of this thread of the system has read this, in this order.
pub fn give(kept: Vec<Value>) {
    IS_ON.set(!kept.is_empty());
    TAPE.set(Tape { kept: kept.into(), noted: None });
}

/// That operation is over.
#[inline]
pub fn is_over() {
    if IS_ON.get() {
        give(Vec::new());
    }
}

/// What the operation reads next that has read this already, as it is now.
pub fn noted(kept: Vec<Value>, operation: impl FnOnce()) -> Vec<Read> {
    TAPE.set(Tape { kept: kept.into(), noted: Some(Vec::new()) });
    IS_ON.set(true);
    operation();
    IS_ON.set(false);
    TAPE.take().noted.unwrap_or_default()
}

/// What was kept of the next read; `read` says what it gives otherwise.
#[cold]
fn on_tape(of: impl FnOnce() -> Value, what: What, read: impl FnOnce() -> Value) -> Value {
    let kept = TAPE.with_borrow_mut(|tape| tape.kept.pop_front());
    kept.unwrap_or_else(|| {
        let was = read();
        TAPE.with_borrow_mut(|tape| match &mut tape.noted {
            Some(noted) => noted.push(Read { of: of(), what, was: was.clone() }),
            None => IS_ON.set(false),
        });
        was
    })
}

/// The elements.
#[inline]
pub fn list(list: &Arc<List>) -> Vec<Value> {
    if !IS_ON.get() {
        return list.snapshot();
    }
    match on_tape(|| Value::List(list.clone()), What::All, || Value::list(list.snapshot())) {
        Value::List(kept) => kept.snapshot(),
        _ => list.snapshot(),
    }
}

pub fn map(map: &Arc<Map>) -> Entries {
    if !IS_ON.get() {
        return map.lock().clone();
    }
    match on_tape(|| Value::Map(map.clone()), What::All, || Value::map(map.lock().clone())) {
        Value::Map(kept) => kept.lock().clone(),
        _ => map.lock().clone(),
    }
}

pub fn set(set: &Arc<Set>) -> Members {
    if !IS_ON.get() {
        return set.snapshot();
    }
    match on_tape(|| Value::Set(set.clone()), What::All, || Value::set(set.snapshot())) {
        Value::Set(kept) => kept.snapshot(),
        _ => set.snapshot(),
    }
}

/// A field's value.
pub fn field(object: &Arc<Object>, index: usize) -> Value {
    let read = || object.fields[index].get();
    if !IS_ON.get() { read() } else { on_tape(|| Value::Object(object.clone()), What::Field(index), read) }
}

/// The number of the state in which a thread is.
pub fn state(thread: &Arc<Thread>) -> u8 {
    let read = || thread.state.load(Ordering::SeqCst);
    if !IS_ON.get() {
        return read();
    }
    match on_tape(|| Value::Thread(thread.clone()), What::All, || Value::Int(read().into())) {
        Value::Int(state) => state as u8,
        _ => read(),
    }
}

/// A captured variable's value.
pub fn cell(cell: &Arc<super::cell::Cell>) -> Value {
    if !IS_ON.get() { cell.get() } else { on_tape(|| Value::Cell(cell.clone()), What::All, || cell.get()) }
}

/// As `Value::truthy`, for one of many values.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Map(_) | Value::Set(_) if IS_ON.get() => {
            on_tape(|| value.clone(), What::Length, || Value::Bool(value.truthy())).truthy()
        }
        other => other.truthy(),
    }
}

/// A look at the elements that needs no copy of them.
pub fn in_list<R>(list: &Arc<List>, look: impl FnOnce(&[Value]) -> R) -> R {
    if IS_ON.get() { look(&self::list(list)) } else { look(&list.lock()) }
}

pub fn in_map<R>(map: &Arc<Map>, look: impl FnOnce(&Entries) -> R) -> R {
    if IS_ON.get() { look(&self::map(map)) } else { look(&map.lock()) }
}

pub fn in_set<R>(set: &Arc<Set>, look: impl FnOnce(&Members) -> R) -> R {
    if IS_ON.get() { look(&self::set(set)) } else { look(&set.lock()) }
}
