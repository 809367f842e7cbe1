//! Values as they go between a script and the program around it: copies, plain data.

use crate::value::{self, Value as Inner, show, text};
use crate::value::{map, set};

/// A value of a script, outside of it. What has no form outside (a function, a lock, an object) comes as the text that
/// `str(x)` would give.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// In nanoseconds; may be negative.
    Duration(i64),
    List(Vec<Value>),
    /// In the order of the map.
    Map(Vec<(Value, Value)>),
    Set(Vec<Value>),
    /// Something else, as text. Only on the way out of a script: on the way in it is a text.
    Other(String),
}

/// Values within values; more come from a value that contains itself. The stacks of a script's threads are small.
const DEEPEST: usize = 64;

/// Nested too deeply to be handed over.
#[derive(Debug)]
pub(super) struct TooDeep;

impl Value {
    pub(super) fn from_inner(inner: &Inner, depth: usize) -> Result<Value, TooDeep> {
        if depth > DEEPEST {
            return Err(TooDeep);
        }
        let outer = |inner: &Inner| Value::from_inner(inner, depth + 1);
        Ok(match inner {
            Inner::Nil | Inner::Unset => Value::Nil,
            Inner::Bool(b) => Value::Bool(*b),
            Inner::Int(n) => Value::Int(*n),
            Inner::Float(x) => Value::Float(*x),
            Inner::Duration(ns) => Value::Duration(*ns),
            Inner::List(list) => Value::List(list.snapshot().iter().map(outer).collect::<Result<_, _>>()?),
            Inner::Map(map) => {
                let pairs = map.snapshot();
                let pair = |(key, value): &(Inner, Inner)| Ok((outer(key)?, outer(value)?));
                Value::Map(pairs.iter().map(pair).collect::<Result<_, _>>()?)
            }
            Inner::Set(set) => Value::Set(set.snapshot().iter().map(outer).collect::<Result<_, _>>()?),
            other => match other.as_text() {
                Some(text) => Value::Text(text.to_string()),
                None => Value::Other(show::brief(other)),
            },
        })
    }

    /// Err with what cannot be handed over, and why.
    pub(super) fn into_inner(self, depth: usize) -> Result<Inner, String> {
        if depth > DEEPEST {
            return Err("a value that is nested too deeply".into());
        }
        Ok(match self {
            Value::Nil => Inner::Nil,
            Value::Bool(b) => Inner::Bool(b),
            Value::Int(n) => Inner::Int(n),
            Value::Float(x) => Inner::Float(x),
            Value::Duration(ns) => Inner::Duration(ns),
            Value::Text(text) | Value::Other(text) => text::from_string(text),
            Value::List(items) => Inner::list(inner_all(items, depth)?),
            Value::Set(items) => {
                let mut members = set::Members::default();
                for item in items {
                    members.insert(item.into_key()?.into_inner(depth + 1)?);
                }
                Inner::set(members)
            }
            Value::Map(pairs) => {
                let mut entries = map::Entries::default();
                for (key, value) in pairs {
                    entries.insert(key.into_key()?.into_inner(depth + 1)?, value.into_inner(depth + 1)?);
                }
                Inner::map(entries)
            }
        })
    }

    /// Itself, if it never changes in a script.
    fn into_key(self) -> Result<Value, String> {
        match self {
            Value::List(_) => Err("a list as a key".into()),
            Value::Map(_) => Err("a map as a key".into()),
            Value::Set(_) => Err("a set as a key".into()),
            plain => Ok(plain),
        }
    }
}

fn inner_all(items: Vec<Value>, depth: usize) -> Result<Vec<value::Value>, String> {
    items.into_iter().map(|item| item.into_inner(depth + 1)).collect()
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Nil
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Int(n)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Value {
        Value::Float(x)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
