//! The operators `+ - * / // % ** & | ^ << >>` and unary `- + ~ not`, on any two values.
//!
//! The machine does the common cases on integers itself and comes here for the rest. Comparing is in
//! `compare`; what numbers and durations do among themselves is in `number` and `duration`.

use super::error::{Error, Kind};
use super::set::{Members, Set};
use super::{Type, Value, duration, list::List, number, reads, show, text};
use crate::memory;
use crate::syntax::tree::{BinaryOperator, UnaryOperator};
use std::sync::Arc;

/// The most that one text or container made by an operation may take, in bytes: beyond it is an error of kind
/// `memory`, where asking the system would end the whole program.
pub const LARGEST: usize = 1 << 30;

/// Of so many bytes it is asked whether they fit into what is left of the memory.
const LARGE: usize = 1 << 20;

/// `left operator right`.
pub fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, Error> {
    let done = match (left, right) {
        (Value::Int(a), Value::Int(b)) => return ints(operator, *a, *b),
        (Value::Float(a), Value::Float(b)) => floats(operator, *a, *b)?,
        (Value::Int(a), Value::Float(b)) => floats(operator, *a as f64, *b)?,
        (Value::Float(a), Value::Int(b)) => floats(operator, *a, *b as f64)?,
        (Value::Bool(a), Value::Bool(b)) => bools(operator, *a, *b),
        (Value::Duration(a), Value::Duration(b)) => durations(operator, *a, *b)?,
        (Value::Duration(a), Value::Int(b)) => scaled(operator, *a, *b)?,
        (Value::Duration(a), Value::Float(b)) => scaled_float(operator, *a, *b)?,
        (Value::Int(a), Value::Duration(b)) if operator == BinaryOperator::Multiply => {
            Some(duration::times(*b, *a)?)
        }
        (Value::Float(a), Value::Duration(b)) if operator == BinaryOperator::Multiply => {
            Some(duration::times_float(*b, *a)?)
        }
        (Value::Short(left), Value::Short(right))
            if operator == BinaryOperator::Add
                && let Some(joined) = left.joined(right) =>
        {
            return Ok(Value::Short(joined));
        }
        (Value::Short(_) | Value::Long(_), Value::Short(_) | Value::Long(_))
            if operator == BinaryOperator::Add =>
        {
            left.as_text().zip(right.as_text()).map(|(left, right)| text::join(left, right))
        }
        (Value::Set(a), Value::Set(b)) => sets(operator, a, b),
        _ => sequences(operator, left, right)?,
    };
    done.ok_or_else(|| mismatch(operator, left, right))
}

/// `operator operand`.
pub fn unary(operator: UnaryOperator, operand: &Value) -> Result<Value, Error> {
    match (operator, operand) {
        (UnaryOperator::Not, _) => Ok(Value::Bool(!operand.truthy())),
        (UnaryOperator::Negate, Value::Int(n)) => number::negate(*n),
        (UnaryOperator::Negate, Value::Float(x)) => Ok(Value::Float(-x)),
        (UnaryOperator::Negate, Value::Duration(d)) => duration::negate(*d),
        (UnaryOperator::Plus, Value::Int(_) | Value::Float(_) | Value::Duration(_)) => Ok(operand.clone()),
        (UnaryOperator::Invert, Value::Int(n)) => Ok(Value::Int(!n)),
        (UnaryOperator::Negate, _) => Err(unary_mismatch("-", "a number or a duration", operand)),
        (UnaryOperator::Plus, _) => Err(unary_mismatch("+", "a number or a duration", operand)),
        (UnaryOperator::Invert, _) => Err(unary_mismatch("~", "an int", operand)),
    }
}

/// An error when something of this many elements, each of `size` bytes, would be larger than `LARGEST`, or than the
/// memory that is left to the program.
pub fn check_size(count: Option<usize>, size: usize, what: &str) -> Result<usize, Error> {
    let count = check_largest(count, size, what)?;
    check_memory(count, size, what)?;
    Ok(count)
}

/// As `check_size`, for what is there already and grows: of that the memory is counted.
pub fn check_growth(count: usize, more: usize, size: usize, what: &str) -> Result<usize, Error> {
    let total = check_largest(count.checked_add(more), size, what)?;
    check_memory(more, size, what)?;
    Ok(total)
}

fn check_largest(count: Option<usize>, size: usize, what: &str) -> Result<usize, Error> {
    match count {
        Some(count) if count.saturating_mul(size) <= LARGEST => Ok(count),
        _ => {
            let count = count.map_or(String::new(), |count| of(count, size));
            Err(Error::new(Kind::Memory, format!("{what}{count} would take more than 1 GB"))
                .hint("make it piece by piece, or go over a range instead of a list"))
        }
    }
}

/// It was not found to be larger than `LARGEST`.
#[inline]
fn check_memory(count: usize, size: usize, what: &str) -> Result<(), Error> {
    // What is smaller is left to the next safe point: the sum need not be looked at for each.
    if count * size < LARGE { Ok(()) } else { check_room(count, size, what) }
}

/// An error when there is no room for something, however small.
pub fn check_room(count: usize, size: usize, what: &str) -> Result<(), Error> {
    if memory::has_room_for(count * size) {
        return Ok(());
    }
    let (count, limit) = (of(count, size), memory::shown(memory::limit()));
    Err(Error::new(
        Kind::Memory,
        format!("{what}{count} would take the program beyond its {limit} of memory"),
    )
    .hint("make it piece by piece, let go of what is no longer needed, or allow more with --max-memory"))
}

/// ` of 3 bytes`.
fn of(count: usize, size: usize) -> String {
    let unit = if size == 1 { "bytes" } else { "elements" };
    format!(" of {count} {unit}")
}

fn ints(operator: BinaryOperator, a: i64, b: i64) -> Result<Value, Error> {
    match operator {
        BinaryOperator::Add => number::add(a, b),
        BinaryOperator::Subtract => number::subtract(a, b),
        BinaryOperator::Multiply => number::multiply(a, b),
        BinaryOperator::Divide => number::divide(a, b),
        BinaryOperator::FloorDivide => number::floor_divide(a, b),
        BinaryOperator::Modulo => number::modulo(a, b),
        BinaryOperator::Power => number::power(a, b),
        BinaryOperator::And => Ok(Value::Int(a & b)),
        BinaryOperator::Or => Ok(Value::Int(a | b)),
        BinaryOperator::Xor => Ok(Value::Int(a ^ b)),
        BinaryOperator::ShiftLeft => number::shift_left(a, b),
        BinaryOperator::ShiftRight => number::shift_right(a, b),
    }
}

/// None when floats have no such operation.
fn floats(operator: BinaryOperator, a: f64, b: f64) -> Result<Option<Value>, Error> {
    let value = match operator {
        BinaryOperator::Add => a + b,
        BinaryOperator::Subtract => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide => number::float_divide(a, b)?,
        BinaryOperator::FloorDivide => number::float_floor_divide(a, b)?,
        BinaryOperator::Modulo => number::float_modulo(a, b)?,
        BinaryOperator::Power => number::float_power(a, b)?,
        BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Xor
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight => return Ok(None),
    };
    Ok(Some(Value::Float(value)))
}

/// Only the logical ones: `true + 1` is a mistake more often than not.
fn bools(operator: BinaryOperator, a: bool, b: bool) -> Option<Value> {
    match operator {
        BinaryOperator::And => Some(Value::Bool(a & b)),
        BinaryOperator::Or => Some(Value::Bool(a | b)),
        BinaryOperator::Xor => Some(Value::Bool(a ^ b)),
        BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::FloorDivide
        | BinaryOperator::Modulo
        | BinaryOperator::Power
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight => None,
    }
}

fn durations(operator: BinaryOperator, a: i64, b: i64) -> Result<Option<Value>, Error> {
    let value = match operator {
        BinaryOperator::Add => duration::add(a, b)?,
        BinaryOperator::Subtract => duration::subtract(a, b)?,
        BinaryOperator::Divide => duration::ratio(a, b)?,
        BinaryOperator::FloorDivide => duration::whole_ratio(a, b)?,
        BinaryOperator::Modulo => duration::modulo(a, b)?,
        BinaryOperator::Multiply
        | BinaryOperator::Power
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Xor
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight => return Ok(None),
    };
    Ok(Some(value))
}

fn scaled(operator: BinaryOperator, a: i64, b: i64) -> Result<Option<Value>, Error> {
    if operator == BinaryOperator::Multiply {
        duration::times(a, b).map(Some)
    } else if operator == BinaryOperator::FloorDivide {
        duration::floor_divide(a, b).map(Some)
    } else {
        scaled_float(operator, a, b as f64)
    }
}

fn scaled_float(operator: BinaryOperator, a: i64, b: f64) -> Result<Option<Value>, Error> {
    match operator {
        BinaryOperator::Multiply => duration::times_float(a, b).map(Some),
        BinaryOperator::Divide => duration::divide_float(a, b).map(Some),
        BinaryOperator::Add
        | BinaryOperator::Subtract
        | BinaryOperator::FloorDivide
        | BinaryOperator::Modulo
        | BinaryOperator::Power
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Xor
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight => Ok(None),
    }
}

fn sets(operator: BinaryOperator, a: &Arc<Set>, b: &Arc<Set>) -> Option<Value> {
    let right = reads::set(b); // before the other is locked
    let left = reads::set(a);
    let members: Members = match operator {
        BinaryOperator::Or => left.into_iter().chain(right).collect(),
        BinaryOperator::And => left.into_iter().filter(|member| right.contains(member)).collect(),
        BinaryOperator::Subtract => left.into_iter().filter(|member| !right.contains(member)).collect(),
        BinaryOperator::Xor => {
            let only_right = right.iter().filter(|member| !left.contains(*member)).cloned();
            let only_left = left.iter().filter(|member| !right.contains(*member)).cloned();
            only_left.chain(only_right).collect()
        }
        BinaryOperator::Add
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::FloorDivide
        | BinaryOperator::Modulo
        | BinaryOperator::Power
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight => return None,
    };
    Some(Value::Set(Arc::new(Set::new(members))))
}

/// Texts and lists: `+` with their like, `*` with an int.
fn sequences(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Option<Value>, Error> {
    match operator {
        BinaryOperator::Add => match (left, right) {
            (Value::List(a), Value::List(b)) => concatenate(a, b).map(Some),
            _ => match (left.as_text(), right.as_text()) {
                (Some(a), Some(b)) => {
                    check_size(a.len().checked_add(b.len()), 1, "a str")?;
                    Ok(Some(text::join(a, b)))
                }
                _ => Ok(None),
            },
        },
        BinaryOperator::Multiply => match (left, right) {
            (Value::Int(count), sequence) | (sequence, Value::Int(count)) => repeat(sequence, *count),
            _ => Ok(None),
        },
        BinaryOperator::Subtract
        | BinaryOperator::Divide
        | BinaryOperator::FloorDivide
        | BinaryOperator::Modulo
        | BinaryOperator::Power
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::Xor
        | BinaryOperator::ShiftLeft
        | BinaryOperator::ShiftRight => Ok(None),
    }
}

fn concatenate(a: &Arc<List>, b: &Arc<List>) -> Result<Value, Error> {
    let right = reads::list(b); // before the other is locked
    reads::in_list(a, |left| {
        let total = check_size(left.len().checked_add(right.len()), size_of::<Value>(), "a list")?;
        let mut values = Vec::with_capacity(total);
        values.extend_from_slice(left);
        values.extend(right);
        Ok(Value::list(values))
    })
}

/// A count below zero gives nothing, as in Python.
fn repeat(sequence: &Value, count: i64) -> Result<Option<Value>, Error> {
    let count = usize::try_from(count).unwrap_or(0);
    if let Some(part) = sequence.as_text() {
        check_size(part.len().checked_mul(count), 1, "a str")?;
        return Ok(Some(text::from_string(part.repeat(count))));
    }
    let Value::List(list) = sequence else {
        return Ok(None);
    };
    let part = list.snapshot();
    let total = check_size(part.len().checked_mul(count), size_of::<Value>(), "a list")?;
    let mut values = Vec::with_capacity(total);
    for _ in 0..if part.is_empty() { 0 } else { count } {
        values.extend_from_slice(&part);
    }
    Ok(Some(Value::list(values)))
}

fn mismatch(operator: BinaryOperator, left: &Value, right: &Value) -> Error {
    let sign = operator.sign();
    let (a, b) = (left.kind().word(), right.kind().word());
    let error = Error::new(Kind::Type, format!("cannot use {sign} between {a} and {b}"));
    match hint(operator, left, right) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// What to do about a mismatch, where it can be guessed.
fn hint(operator: BinaryOperator, left: &Value, right: &Value) -> Option<String> {
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
    let is_bool = |value: &Value| matches!(value, Value::Bool(_));
    let is_nil = |value: &Value| matches!(value, Value::Nil | Value::Unset);
    if is_nil(left) || is_nil(right) {
        return Some("one side is nil: has the function returned a value, is the variable set?".into());
    }
    if operator == BinaryOperator::Add && (left.as_text().is_some() || right.as_text().is_some()) {
        let other = if left.as_text().is_some() { right } else { left };
        let shown = show::brief(other);
        return Some(format!("to join texts, use \"{{x}}\" or str(x): here x is {shown}"));
    }
    if operator == BinaryOperator::Modulo && left.as_text().is_some() {
        return Some("a text holds values itself: \"{x} items\", or \"{x:8.2}\" with a format".into());
    }
    if left.as_text().is_some() && is_number(right) || right.as_text().is_some() && is_number(left) {
        return Some("turn the text into a number first: int(text) or float(text)".into());
    }
    if is_bool(left) && (is_bool(right) || is_number(right)) || is_bool(right) && is_number(left) {
        return Some("turn the bool into a number first: int(true) is 1".into());
    }
    let is_later = |value: &Value| matches!(value.kind(), Type::Thread | Type::Future);
    if is_later(left) || is_later(right) {
        return Some("what a thread or a task gives is its result: t.result".into());
    }
    if left.kind() == Type::Queue && operator == BinaryOperator::ShiftLeft {
        return Some("a queue is given something by `q.put(x)`".into());
    }
    let is_atomic = |value: &Value| value.kind() == Type::Atomic;
    if is_atomic(left) || is_atomic(right) {
        return Some("what an atomic holds is its value: a.value".into());
    }
    match (left, right) {
        (Value::Duration(_), _) if is_number(right) => Some("write the number as a duration: n * 1s".into()),
        (_, Value::Duration(_)) if is_number(left) => Some("write the number as a duration: n * 1s".into()),
        (Value::List(_), _) if operator == BinaryOperator::Add => {
            Some("to add one element, use xs.push(x); a list adds to a list: xs + [x]".into())
        }
        (Value::Map(_), Value::Map(_)) => Some("to join maps, use m.update(other)".into()),
        (Value::Set(_), Value::Set(_)) => Some("sets have |, &, - and ^".into()),
        _ => None,
    }
}

fn unary_mismatch(sign: &str, wanted: &str, operand: &Value) -> Error {
    Error::new(Kind::Type, format!("{sign} takes {wanted}, not {}", show::with_article(operand.kind())))
}
