//! Arguments of builtins, taken as what they should be, with one form of error for all.
//!
//! `function` is how the function is written in messages, `sqrt(x)`; `name` is the parameter, `x`.

use crate::value::error::{Error, Kind};
use crate::value::{Value, iterate, show};

/// None for an argument that was left out.
pub fn given(value: &Value) -> Option<&Value> {
    match value {
        Value::Unset => None,
        value => Some(value),
    }
}

/// As `given`, where nil means the same as leaving it out.
pub fn some(value: &Value) -> Option<&Value> {
    match value {
        Value::Unset | Value::Nil => None,
        value => Some(value),
    }
}

pub fn int(value: &Value, function: &str, name: &str) -> Result<i64, Error> {
    match value {
        Value::Int(n) => Ok(*n),
        _ => Err(wrong(value, function, name, "an int")),
    }
}

pub fn int_or(value: &Value, default: i64, function: &str, name: &str) -> Result<i64, Error> {
    given(value).map_or(Ok(default), |value| int(value, function, name))
}

/// An int or a float, as a float.
pub fn number(value: &Value, function: &str, name: &str) -> Result<f64, Error> {
    match value {
        Value::Int(n) => Ok(*n as f64),
        Value::Float(x) => Ok(*x),
        _ => Err(wrong(value, function, name, "a number")),
    }
}

pub fn text<'a>(value: &'a Value, function: &str, name: &str) -> Result<&'a str, Error> {
    value.as_text().ok_or_else(|| wrong(value, function, name, "a str"))
}

/// The elements of anything that a `for` goes over.
pub fn items(value: &Value, function: &str, name: &str) -> Result<Vec<Value>, Error> {
    iterate::sequence(value)
        .unwrap_or_else(|| Err(wrong(value, function, name, "a list, map, set, str or range")))
}

/// `sqrt(x) takes a number, not a str`; `randint(a, b) takes an int as b, not a str`.
pub fn wrong(value: &Value, function: &str, name: &str, wanted: &str) -> Error {
    let alone = function.ends_with(&format!("({name})"));
    let which = if alone { String::new() } else { format!(" as {name}") };
    Error::new(
        Kind::Type,
        format!("{function} takes {wanted}{which}, not {}", show::with_article(value.kind())),
    )
}

/// The receiver of a method was not what the table of methods says: another method's table was asked.
pub fn receiver(value: &Value, wanted: &str) -> Error {
    Error::new(Kind::Type, format!("this method belongs to a {wanted}, not to {}", value.kind().word()))
}
