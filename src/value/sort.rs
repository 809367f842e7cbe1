//! Sorting: stable, by the order of `compare`, with an error for what has no order.
//!
//! The standard library's sort may panic when an order contradicts itself, which it can where another thread
//! changes the lists being compared. So it sorts plain values only; the rest is merged here.

use super::error::Error;
use super::{Type, Value, compare};
use std::cmp::Ordering;

/// Something to sort, with the key that it is sorted by.
pub type Keyed<T> = (Value, T);

/// Sorts where that can be done without looking into other containers; false (and nothing done) otherwise.
pub fn sort_plain<T>(items: &mut [Keyed<T>], reverse: bool) -> bool {
    if !uniform(items.iter().map(|(key, _)| key)) {
        return false;
    }
    items.sort_by(|(a, _), (b, _)| directed(plain_order(a, b), reverse));
    true
}

/// As `sort_plain`, for values that are their own keys.
pub fn sort_values(values: &mut [Value], reverse: bool) -> bool {
    if !uniform(values.iter()) {
        return false;
    }
    values.sort_by(|a, b| directed(plain_order(a, b), reverse));
    true
}

/// Sorts by the keys. `reverse` keeps equal ones in their order, as Python does.
pub fn sort<T>(mut items: Vec<Keyed<T>>, reverse: bool) -> Result<Vec<Keyed<T>>, Error> {
    if sort_plain(&mut items, reverse) { Ok(items) } else { merge_sort(items, reverse) }
}

/// The values in order.
pub fn sorted(mut values: Vec<Value>, reverse: bool) -> Result<Vec<Value>, Error> {
    if sort_values(&mut values, reverse) {
        return Ok(values);
    }
    let items = values.into_iter().map(|value| (value, ())).collect();
    Ok(merge_sort(items, reverse)?.into_iter().map(|(value, ())| value).collect())
}

/// Whether all are numbers, or all texts, durations or bools: then they have a total order.
fn uniform<'a>(values: impl Iterator<Item = &'a Value>) -> bool {
    let mut class = None;
    values.into_iter().all(|value| {
        let kind = match value.kind() {
            Type::Float => Type::Int,
            kind => kind,
        };
        matches!(kind, Type::Int | Type::Str | Type::Duration | Type::Bool)
            && *class.get_or_insert(kind) == kind
    })
}

/// The order of two values of one class of `uniform`; NaN comes last.
fn plain_order(a: &Value, b: &Value) -> Ordering {
    let is_nan = |value: &Value| matches!(value, Value::Float(x) if x.is_nan());
    compare::plain(a, b).flatten().unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}

fn directed(ordering: Ordering, reverse: bool) -> Ordering {
    if reverse { ordering.reverse() } else { ordering }
}

fn merge_sort<T>(mut items: Vec<Keyed<T>>, reverse: bool) -> Result<Vec<Keyed<T>>, Error> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = merge_sort(items.split_off(items.len() / 2), reverse)?;
    let left = merge_sort(items, reverse)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let from_right = directed(compare::order(a, b)?, reverse) == Ordering::Greater;
        merged.extend(if from_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::error::Kind;

    #[test]
    fn sorts_are_stable_in_both_directions() {
        let pairs = |keys: &[i64]| {
            keys.iter().enumerate().map(|(at, key)| (Value::Int(*key), at)).collect::<Vec<_>>()
        };
        let places = |items: Vec<Keyed<usize>>| items.into_iter().map(|(_, at)| at).collect::<Vec<_>>();
        assert_eq!(places(sort(pairs(&[2, 1, 2, 1]), false).unwrap()), [1, 3, 0, 2]);
        assert_eq!(places(sort(pairs(&[2, 1, 2, 1]), true).unwrap()), [0, 2, 1, 3]);
        assert_eq!(places(merge_sort(pairs(&[2, 1, 2, 1]), true).unwrap()), [0, 2, 1, 3]);
    }

    #[test]
    fn lists_sort_by_elements_and_mixtures_are_errors() {
        let list = |values: &[i64]| Value::list(values.iter().copied().map(Value::Int).collect());
        let sorted_lists = sorted(vec![list(&[2]), list(&[1, 5]), list(&[1])], false).unwrap();
        assert_eq!(sorted_lists, [list(&[1]), list(&[1, 5]), list(&[2])]);
        assert_eq!(sorted(vec![Value::Int(1), Value::text("a")], false).unwrap_err().kind, Kind::Type);
    }

    #[test]
    fn nan_comes_last() {
        let values = sorted(vec![Value::Float(f64::NAN), Value::Int(2), Value::Float(1.5)], false).unwrap();
        assert_eq!(values, [Value::Float(1.5), Value::Int(2), Value::Float(f64::NAN)]);
    }
}
