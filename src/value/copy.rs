//! `copy(x)`: a deep copy, in which what was one thing is again one thing, also when it contains itself.
//!
//! Lists, maps, sets, objects, closures (with the variables they captured) and methods taken from objects are
//! copied. Threads, things to wait for, open files and errors are kept as the same thing; so is the lock of a
//! monitor, because the conditions in its fields belong to it.

use super::cell::Cell;
use super::error::Error;
use super::object::{Bound, Closure, Object};
use super::{Value, compare, reads};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// A copy that shares nothing with the original but what cannot be copied.
pub fn deep(value: &Value) -> Result<Value, Error> {
    let mut copier = Copier::default();
    let copy = copier.copy(value);
    while let Some((original, copy)) = copier.unfilled.pop() {
        copier.fill(&original, &copy);
    }
    Ok(copy)
}

#[derive(Default)]
struct Copier {
    /// By the address of the original; the original is kept, so that nothing else takes its place in memory.
    copies: HashMap<usize, (Value, Value), RandomState>,
    /// Copies that have been made, but hold nothing yet: with their originals.
    unfilled: Vec<(Value, Value)>,
}

impl Copier {
    /// The copy of one value, made now if there is none yet. What can change is made empty, to be filled later.
    fn copy(&mut self, value: &Value) -> Value {
        if !nests(value) {
            return value.clone();
        }
        // What never changes must be made after what it holds. (It cannot hold itself: it was made that way.)
        let mut pending = vec![(value.clone(), false)];
        while let Some((value, ready)) = pending.pop() {
            if self.known(&value).is_some() {
                continue;
            }
            if ready || !made_last(&value) {
                self.make(&value);
            } else {
                pending.push((value.clone(), true));
                pending.extend(fixed_parts(&value).into_iter().filter(nests).map(|part| (part, false)));
            }
        }
        self.known(value).unwrap_or_else(|| value.clone())
    }

    fn known(&self, value: &Value) -> Option<Value> {
        let address = compare::address(value)?;
        self.copies.get(&address).map(|(_, copy)| copy.clone())
    }

    fn make(&mut self, value: &Value) {
        let copy = match value {
            Value::List(_) => Value::list(Vec::new()),
            Value::Map(_) => Value::map(Default::default()),
            Value::Set(_) => Value::set(Default::default()),
            Value::Cell(_) => Value::Cell(Arc::new(Cell::new(Value::Unset))),
            Value::Object(object) => Value::Object(Arc::new(Object {
                class: object.class,
                fields: object.fields.iter().map(|_| Cell::new(Value::Nil)).collect(),
                captured: self.all(&object.captured),
                monitor: object.monitor.clone(),
            })),
            Value::Closure(closure) => Value::Closure(Arc::new(Closure {
                function: closure.function,
                captured: self.all(&closure.captured),
            })),
            Value::Bound(bound) => Value::Bound(Arc::new(Bound {
                receiver: self.known(&bound.receiver).unwrap_or_else(|| bound.receiver.clone()),
                method: bound.method,
            })),
            other => other.clone(),
        };
        if !matches!(value, Value::Closure(_) | Value::Bound(_)) {
            self.unfilled.push((value.clone(), copy.clone()));
        }
        if let Some(address) = compare::address(value) {
            self.copies.insert(address, (value.clone(), copy));
        }
    }

    /// The copies of parts that have been made before.
    fn all(&self, parts: &[Value]) -> Arc<[Value]> {
        parts.iter().map(|part| self.known(part).unwrap_or_else(|| part.clone())).collect()
    }

    fn fill(&mut self, original: &Value, copy: &Value) {
        match (original, copy) {
            (Value::List(original), Value::List(copy)) => {
                let values = reads::list(original).iter().map(|value| self.copy(value)).collect();
                copy.replace(values);
            }
            (Value::Map(original), Value::Map(copy)) => {
                let entries = reads::map(original);
                let entries = entries.iter().map(|(key, value)| (self.copy(key), self.copy(value))).collect();
                *copy.lock() = entries;
            }
            (Value::Set(original), Value::Set(copy)) => {
                let members = reads::set(original).iter().map(|member| self.copy(member)).collect();
                *copy.lock() = members;
            }
            (Value::Object(original), Value::Object(copy)) => {
                for (index, to) in copy.fields.iter().enumerate() {
                    to.set(self.copy(&reads::field(original, index)));
                }
            }
            (Value::Cell(original), Value::Cell(copy)) => copy.set(self.copy(&reads::cell(original))),
            _ => {}
        }
    }
}

/// Whether it is copied rather than kept.
fn nests(value: &Value) -> bool {
    match value {
        Value::Closure(_)
        | Value::Bound(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Set(_)
        | Value::Object(_)
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
        | Value::Error(_)
        | Value::Thread(_)
        | Value::Sync(_)
        | Value::File(_) => false,
    }
}

/// Whether it has parts that are set when it is made, and never change.
fn made_last(value: &Value) -> bool {
    matches!(value, Value::Closure(_) | Value::Bound(_) | Value::Object(_))
}

fn fixed_parts(value: &Value) -> Vec<Value> {
    match value {
        Value::Closure(closure) => closure.captured.to_vec(),
        Value::Object(object) => object.captured.to_vec(),
        Value::Bound(bound) => vec![bound.receiver.clone()],
        _ => Vec::new(),
    }
}
