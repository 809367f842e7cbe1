//! Equality, order, membership and identity of any two values, and what may be the key of a map.
//!
//! Lists, maps, sets and ranges are equal when what they hold is; functions, objects, errors, threads and
//! things to wait for only when they are the same one. Never holds two containers' locks, nor the Rust stack
//! for nested ones: values may be nested to any depth, and may contain themselves.

use super::error::{Error, Kind};
use super::object::Method;
use super::{Type, Value, number, reads, show};
use crate::syntax::tree::CompareOperator;
use foldhash::fast::RandomState;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Pairs of containers that have been met already: comparing them again can tell nothing new.
type Met = HashSet<(usize, usize), RandomState>;

/// `a == b`.
#[inline]
pub fn equal(a: &Value, b: &Value) -> bool {
    match shallow(a, b) {
        Some(equal) => equal,
        None => deep_equal(a.clone(), b.clone(), &mut |_| {}),
    }
}

/// The same, telling each container that it goes through.
pub(crate) fn equal_seen(a: &Value, b: &Value, each: &mut dyn FnMut(&Value)) -> bool {
    shallow(a, b).unwrap_or_else(|| deep_equal(a.clone(), b.clone(), each))
}

/// Whether they are the same thing; for what cannot change, whether they are equal and of one type.
pub fn same(a: &Value, b: &Value) -> bool {
    a.kind() == b.kind()
        && match (address(a), address(b)) {
            (Some(a), Some(b)) => a == b,
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => shallow(a, b).unwrap_or(false),
        }
}

/// `a < b` and the like, `a in b`.
pub fn compare(operator: CompareOperator, a: &Value, b: &Value) -> Result<bool, Error> {
    let ordering = match operator {
        CompareOperator::Equal => return Ok(equal(a, b)),
        CompareOperator::NotEqual => return Ok(!equal(a, b)),
        CompareOperator::In => return contains(b, a),
        CompareOperator::NotIn => return contains(b, a).map(|found| !found),
        CompareOperator::Less
        | CompareOperator::LessEqual
        | CompareOperator::Greater
        | CompareOperator::GreaterEqual => partial(a, b, operator.sign())?,
    };
    Ok(ordering.is_some_and(|ordering| holds(operator, ordering)))
}

/// A total order for sorting, where NaN comes after all other numbers.
pub fn order(a: &Value, b: &Value) -> Result<Ordering, Error> {
    if let (Value::Set(_), Value::Set(_)) = (a, b) {
        return Err(unordered("<", a, b).note("between sets, < means \"is a part of\""));
    }
    Ok(partial(a, b, "<")?.unwrap_or_else(|| is_nan(a).cmp(&is_nan(b))))
}

/// `item in container`.
pub fn contains(container: &Value, item: &Value) -> Result<bool, Error> {
    match container {
        Value::List(list) => {
            if address(item).is_none() {
                return Ok(list.lock().iter().any(|element| shallow(element, item).unwrap_or(false)));
            }
            Ok(reads::list(list).iter().any(|element| equal(element, item)))
        }
        Value::Map(map) => {
            hashable(item)?;
            Ok(map.lock().contains_key(item))
        }
        Value::Set(set) => {
            hashable(item)?;
            Ok(set.lock().contains(item))
        }
        Value::Range(range) => Ok(match item {
            Value::Int(n) => range.contains(*n),
            Value::Float(x) => number::whole(*x).is_some_and(|n| range.contains(n)),
            _ => false,
        }),
        _ => match (container.as_text(), item.as_text()) {
            (Some(text), Some(part)) => Ok(text.contains(part)),
            (Some(_), None) => Err(Error::new(
                Kind::Type,
                format!("what is looked for in a str must be a str, not {}", show::with_article(item.kind())),
            )
            .hint("use str(x) in text")),
            (None, _) => Err(Error::new(
                Kind::Type,
                format!(
                    "`in` looks in a list, map, set, str or range, not in {}",
                    show::with_article(container.kind())
                ),
            )),
        },
    }
}

/// Whether a value can be the key of a map or the member of a set: what can change cannot.
#[inline]
pub fn hashable(value: &Value) -> Result<(), Error> {
    match value {
        Value::List(_) | Value::Map(_) | Value::Set(_) => Err(unhashable(value)),
        _ => Ok(()),
    }
}

#[cold]
fn unhashable(value: &Value) -> Error {
    let word = value.kind().word();
    Error::new(Kind::Type, format!("a {word} cannot be a key of a map or a member of a set"))
        .note(format!("a {word} can change, and could then no longer be found"))
        .hint("use what identifies it: a number, a str, or str(x)")
}

/// As keys of maps are compared: `1` and `1.0` are one key, and so is NaN with itself.
impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Short(a), Value::Short(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            _ => equal(self, other),
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Value::Int(n) => state.write_u64(*n as u64),
            // Equal texts are kept alike, so a short one need not agree with a long one.
            Value::Short(text) => text.words().into_iter().for_each(|word| state.write_u64(word)),
            Value::Long(text) => state.write(text.as_str().as_bytes()),
            _ => state.write_u64(hash_rest(self)),
        }
    }
}

/// Values that are equal have the same number here.
fn hash_rest(value: &Value) -> u64 {
    match value {
        Value::Int(n) | Value::Duration(n) => *n as u64,
        Value::Float(x) if x.is_nan() => f64::NAN.to_bits(),
        Value::Float(x) => number::whole(*x).map_or(x.to_bits(), |n| n as u64),
        Value::Unset | Value::Nil => u64::MAX / 3,
        Value::Bool(b) => u64::MAX / 5 + u64::from(*b),
        Value::Function(id) => u64::MAX / 7 + u64::from(*id),
        Value::Builtin(row) => std::ptr::from_ref(*row) as usize as u64,
        Value::Range(range) => (range.start as u64).rotate_left(32) ^ range.end as u64,
        Value::Bound(bound) => address(&bound.receiver).unwrap_or(0) as u64,
        // Not hashed by scripts; equal ones must still agree.
        Value::List(_) | Value::Map(_) | Value::Set(_) => 0,
        Value::Short(_) | Value::Long(_) => 0,
        Value::Closure(_)
        | Value::Object(_)
        | Value::Error(_)
        | Value::Thread(_)
        | Value::Sync(_)
        | Value::File(_)
        | Value::Cell(_) => address(value).unwrap_or(0) as u64,
    }
}

/// Where it is kept, for what is compared by identity or can contain others.
pub(crate) fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Closure(it) => Some(Arc::as_ptr(it) as usize),
        Value::Bound(it) => Some(Arc::as_ptr(it) as usize),
        Value::List(it) => Some(Arc::as_ptr(it) as usize),
        Value::Map(it) => Some(Arc::as_ptr(it) as usize),
        Value::Set(it) => Some(Arc::as_ptr(it) as usize),
        Value::Object(it) => Some(Arc::as_ptr(it) as usize),
        Value::Error(it) => Some(Arc::as_ptr(it) as usize),
        Value::Thread(it) => Some(Arc::as_ptr(it) as usize),
        Value::Sync(it) => Some(Arc::as_ptr(it) as usize),
        Value::File(it) => Some(Arc::as_ptr(it) as usize),
        Value::Cell(it) => Some(Arc::as_ptr(it) as usize),
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
        | Value::Range(_) => None,
    }
}

/// Equality where one look tells it; None for two containers of one type that have to be gone through.
#[inline]
fn shallow(a: &Value, b: &Value) -> Option<bool> {
    Some(match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => {
            number::compare_int_float(*a, *b) == Some(Ordering::Equal)
        }
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Short(a), Value::Short(b)) => a.as_bytes() == b.as_bytes(),
        (Value::Long(a), Value::Long(b)) => a.as_str() == b.as_str(),
        (Value::Nil | Value::Unset, Value::Nil | Value::Unset) => true,
        (Value::Function(a), Value::Function(b)) => a == b,
        (Value::Builtin(a), Value::Builtin(b)) => std::ptr::eq(*a, *b),
        (Value::Range(a), Value::Range(b)) => a == b,
        (Value::Bound(a), Value::Bound(b)) => same_method(a.method, b.method) && same_receiver(a, b),
        (Value::List(a), Value::List(b)) if !Arc::ptr_eq(a, b) => return None,
        (Value::Map(a), Value::Map(b)) if !Arc::ptr_eq(a, b) => return None,
        (Value::Set(a), Value::Set(b)) if !Arc::ptr_eq(a, b) => return None,
        _ => match (address(a), address(b)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        },
    })
}

fn same_method(a: Method, b: Method) -> bool {
    match (a, b) {
        (Method::Function(a), Method::Function(b)) => a == b,
        (Method::Builtin(a), Method::Builtin(b)) => std::ptr::eq(a, b),
        (Method::Function(_), Method::Builtin(_)) | (Method::Builtin(_), Method::Function(_)) => false,
    }
}

/// One step only: a receiver that is itself a bound method counts by its place.
fn same_receiver(a: &super::object::Bound, b: &super::object::Bound) -> bool {
    match (address(&a.receiver), address(&b.receiver)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => shallow(&a.receiver, &b.receiver).unwrap_or(false),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Goes through two containers and all they contain, with a list of what is still to be compared; tells each of them.
fn deep_equal(a: Value, b: Value, each: &mut dyn FnMut(&Value)) -> bool {
    let mut met = Met::default();
    let mut kept = Vec::new(); // what is in `met` stays alive, so that nothing else takes its place in memory
    let mut pending = vec![(a, b)];
    while let Some((a, b)) = pending.pop() {
        if let (Some(one), Some(other)) = (address(&a), address(&b))
            && !met.insert((one, other))
        {
            continue;
        }
        each(&a);
        each(&b);
        kept.push((a.clone(), b.clone()));
        let same_elements = match (&a, &b) {
            (Value::List(a), Value::List(b)) => {
                let left = reads::list(a);
                reads::in_list(b, |right| {
                    left.len() == right.len()
                        && left.into_iter().zip(right).all(|(x, y)| settle(x, y, &mut pending))
                })
            }
            (Value::Map(a), Value::Map(b)) => {
                let left = reads::map(a);
                reads::in_map(b, |right| {
                    left.len() == right.len()
                        && left
                            .into_iter()
                            .all(|(key, x)| right.get(&key).is_some_and(|y| settle(x, y, &mut pending)))
                })
            }
            (Value::Set(a), Value::Set(b)) => {
                let left = reads::set(a);
                reads::in_set(b, |right| {
                    left.len() == right.len() && left.iter().all(|member| right.contains(member))
                })
            }
            _ => shallow(&a, &b).unwrap_or(false),
        };
        if !same_elements {
            return false;
        }
    }
    true
}

/// Compares two elements now, or notes them as still to be compared. Locks nothing.
fn settle(a: Value, b: &Value, pending: &mut Vec<(Value, Value)>) -> bool {
    shallow(&a, b).unwrap_or_else(|| {
        pending.push((a, b.clone()));
        true
    })
}

/// None where neither is before the other, as with NaN. `sign` is for the error.
fn partial(a: &Value, b: &Value, sign: &str) -> Result<Option<Ordering>, Error> {
    match (a, b) {
        (Value::List(one), Value::List(other)) => order_lists(reads::list(one), reads::list(other), sign),
        (Value::Set(one), Value::Set(other)) => {
            let right = reads::set(other);
            let left = reads::set(one);
            let part_of_right = left.iter().all(|member| right.contains(member));
            let part_of_left = right.iter().all(|member| left.contains(member));
            Ok(match (part_of_right, part_of_left) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            })
        }
        _ => plain(a, b).ok_or_else(|| unordered(sign, a, b)),
    }
}

/// The order of two values that are no containers; None when they have none.
#[inline]
pub(crate) fn plain(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Some(a.partial_cmp(b)),
        (Value::Int(a), Value::Float(b)) => Some(number::compare_int_float(*a, *b)),
        (Value::Float(a), Value::Int(b)) => Some(number::compare_int_float(*b, *a).map(Ordering::reverse)),
        (Value::Duration(a), Value::Duration(b)) => Some(Some(a.cmp(b))),
        (Value::Bool(a), Value::Bool(b)) => Some(Some(a.cmp(b))),
        _ => match (bytes(a), bytes(b)) {
            (Some(a), Some(b)) => Some(Some(a.cmp(b))), // UTF-8 orders as its characters do
            _ => None,
        },
    }
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Short(text) => Some(text.as_bytes()),
        Value::Long(text) => Some(text.as_str().as_bytes()),
        _ => None,
    }
}

/// By the first elements that differ, at whatever depth. Each frame is two lists, gone through in step.
fn order_lists(a: Vec<Value>, b: Vec<Value>, sign: &str) -> Result<Option<Ordering>, Error> {
    let mut met = Met::default();
    let mut frames = vec![(a.into_iter(), b.into_iter())];
    let mut kept = Vec::new();
    while let Some((left, right)) = frames.last_mut() {
        let (x, y) = match (left.next(), right.next()) {
            (Some(x), Some(y)) => (x, y),
            (Some(_), None) => return Ok(Some(Ordering::Greater)),
            (None, Some(_)) => return Ok(Some(Ordering::Less)),
            (None, None) => {
                frames.pop();
                continue;
            }
        };
        if let (Value::List(one), Value::List(other)) = (&x, &y) {
            // Lists met before were equal, or are being compared further out.
            if !Arc::ptr_eq(one, other)
                && met.insert((Arc::as_ptr(one) as usize, Arc::as_ptr(other) as usize))
            {
                let (left, right) = (reads::list(one), reads::list(other));
                frames.push((left.into_iter(), right.into_iter()));
                kept.push((x, y));
            }
        } else if !equal(&x, &y) {
            return partial(&x, &y, sign);
        }
    }
    Ok(Some(Ordering::Equal))
}

fn holds(operator: CompareOperator, ordering: Ordering) -> bool {
    match operator {
        CompareOperator::Less => ordering.is_lt(),
        CompareOperator::LessEqual => ordering.is_le(),
        CompareOperator::Greater => ordering.is_gt(),
        CompareOperator::GreaterEqual => ordering.is_ge(),
        CompareOperator::Equal | CompareOperator::In => ordering.is_eq(),
        CompareOperator::NotEqual | CompareOperator::NotIn => ordering.is_ne(),
    }
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(x) if x.is_nan())
}

fn unordered(sign: &str, a: &Value, b: &Value) -> Error {
    let error = Error::new(
        Kind::Type,
        format!("cannot use {sign} between {} and {}", a.kind().word(), b.kind().word()),
    );
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_));
    if a.as_text().is_some() && is_number(b) || b.as_text().is_some() && is_number(a) {
        return error.hint("turn the text into a number first: int(text) or float(text)");
    }
    if let (Value::Duration(_), _) | (_, Value::Duration(_)) = (a, b)
        && (is_number(a) || is_number(b))
    {
        return error.hint("write the number as a duration: n * 1s");
    }
    if let (Value::Nil, _) | (_, Value::Nil) = (a, b) {
        return error.hint("one side is nil: has the function returned a value, is the variable set?");
    }
    match (a.kind(), b.kind()) {
        (Type::Atomic, _) | (_, Type::Atomic) => {
            return error.hint("what an atomic holds is its value: a.value");
        }
        (Type::Thread | Type::Future, _) | (_, Type::Thread | Type::Future) => {
            return error.hint("what a thread or a task gives is its result: t.result");
        }
        (Type::Queue, _) => {
            return error.hint("a queue has `q.put(x)` and `q.get()`; how much it holds is `q.size`");
        }
        _ => {}
    }
    error.note("numbers, texts, durations, bools and lists have an order, each among themselves")
}
