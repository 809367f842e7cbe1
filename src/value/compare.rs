//! Equality and order of values.

use super::Value;
use super::error::{Error, Kind};
use std::cmp::Ordering;

/// `a == b`.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Sync(a), Value::Sync(b)) => std::sync::Arc::ptr_eq(a, b),
        (a, b) => order(a, b).is_ok_and(|ordering| ordering == Ordering::Equal),
    }
}

/// A total order for sorting.
pub fn order(a: &Value, b: &Value) -> Result<Ordering, Error> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) | (Value::Duration(a), Value::Duration(b)) => Ok(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => Ok(a.total_cmp(b)),
        (Value::Int(a), Value::Float(b)) => Ok((*a as f64).total_cmp(b)),
        (Value::Float(a), Value::Int(b)) => Ok(a.total_cmp(&(*b as f64))),
        (Value::List(a), Value::List(b)) => {
            let (a, b) = (a.snapshot(), b.snapshot());
            for (a, b) in a.iter().zip(&b) {
                match order(a, b)? {
                    Ordering::Equal => {}
                    unequal => return Ok(unequal),
                }
            }
            Ok(a.len().cmp(&b.len()))
        }
        (a, b) => match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => Ok(a.cmp(b)),
            _ => Err(Error::new(
                Kind::Type,
                format!("{} and {} have no order", a.kind().word(), b.kind().word()),
            )),
        },
    }
}
