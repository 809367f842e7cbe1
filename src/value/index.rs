//! `object[index]`, read and written, and slices.

use super::error::{Error, Kind};
use super::nature::Nature;
use super::operate::check_size;
use super::{Range, Type, Value, compare, near, show, text};
use std::sync::Arc;

/// The common cases of `get`: an element that is there, of a list by its position or of a map by a plain key.
/// False for anything else.
#[inline(always)]
pub fn copy_element(object: &Value, index: &Value, slot: &mut Value) -> bool {
    match (object, index) {
        (Value::List(list), Value::Int(n)) => list.copy_to(*n, slot),
        (Value::Map(map), key) if key.is_plain() => match map.lock().get(key) {
            Some(value) => {
                value.copy_to(slot);
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// The common cases of `set`, as for `copy_element`: the element is there and gets another value.
#[inline(always)]
pub fn replace_element(object: &Value, index: &Value, value: &Value) -> bool {
    match (object, index) {
        (Value::List(list), Value::Int(n)) => list.copy_from(*n, value),
        (Value::Map(map), key) if key.is_plain() && map.nature == Nature::Own => {
            match map.lock().get_mut(key) {
                // Freeing the old value takes no step of anybody's: it waits until the lock is let go.
                Some(old) if old.is_plain() => {
                    value.copy_to(old);
                    true
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// `object[index]`. A range as index takes a slice.
pub fn get(object: &Value, index: &Value) -> Result<Value, Error> {
    if let Value::Map(map) = object {
        compare::hashable(index)?;
        let found = map.lock().get(index).cloned();
        return found.ok_or_else(|| missing_key(map.keys(), index));
    }
    if let Value::Range(range) = index {
        return slice(object, Some(range.start), Some(range.end));
    }
    match object {
        Value::List(list) => {
            let what = list.nature.word();
            let index = number(index, what)?;
            let values = list.lock();
            match position(index, values.len()) {
                Some(at) => Ok(values[at].clone()),
                None => Err(out_of_range(what, index, values.len())),
            }
        }
        Value::Range(range) => {
            let index = number(index, "range")?;
            let length = range.len();
            let at = if index < 0 { (length as i128) + i128::from(index) } else { i128::from(index) };
            if (0..i128::from(length)).contains(&at) {
                Ok(Value::Int((i128::from(range.start) + at) as i64))
            } else {
                Err(out_of_range("range", index, length))
            }
        }
        _ => match object.as_text() {
            Some(whole) => character(object, whole, number(index, "str")?),
            None => Err(Error::new(Kind::Type, format!("{} has no elements to index", a(object))).hint(
                match object.kind() {
                    Type::Function => "a function is called with parentheses: `f(0)`, or `f()[0]`",
                    _ => "lists, maps, texts and ranges have: xs[0], m[\"key\"]",
                },
            )),
        },
    }
}

/// `object[index] = value`.
pub fn set(object: &Value, index: &Value, value: Value) -> Result<(), Error> {
    match object {
        Value::List(list) => {
            if let Value::Range(_) = index {
                return Err(Error::new(Kind::Type, "a slice of a list cannot be assigned")
                    .hint("assign element by element, or make a new list: xs[..a] + ys + xs[b..]"));
            }
            let what = list.nature.word();
            let index = number(index, what)?;
            list.nature.may_change("list")?;
            let length = list.len();
            // The list may become shorter meanwhile.
            let done = match position(index, length) {
                Some(at) => list.set(at, value)?,
                None => false,
            };
            if !done {
                let error = out_of_range(what, index, length);
                return Err(if list.nature == Nature::Array {
                    error
                } else {
                    error.hint("to add an element, use xs.push(x)")
                });
            };
            Ok(())
        }
        Value::Map(map) => {
            compare::hashable(index)?;
            map.nature.may_change("map")?;
            let (key, value) = (map.nature.admit(index)?, map.nature.admit(&value)?);
            let mut old = None; // dropped outside the lock
            map.edit(&mut |entries| {
                old = entries.insert(key.clone(), value.clone());
                Ok(())
            })
        }
        _ => {
            let error = Error::new(Kind::Type, format!("the elements of {} cannot be assigned", a(object)));
            Err(if object.as_text().is_some() {
                error.note("a str never changes").hint("make a new one: text[..i] + \"x\" + text[i + 1..]")
            } else {
                error.hint("lists and maps have elements that can change")
            })
        }
    }
}

/// `object[start..end]`: negative ends count from the end; beyond the ends is cut off, as in Python.
pub fn slice(object: &Value, start: Option<i64>, end: Option<i64>) -> Result<Value, Error> {
    match object {
        Value::List(list) => {
            let values = list.lock();
            let (start, end) = bounds(start, end, values.len());
            let part = values[start..end].to_vec();
            drop(values);
            Ok(Value::list(part))
        }
        Value::Range(range) => {
            let length = i64::try_from(range.len()).unwrap_or(i64::MAX);
            let (start, end) = bounds(start, end, length as usize);
            let (start, end) = (range.start.wrapping_add(start as i64), range.start.wrapping_add(end as i64));
            Ok(Value::Range(Arc::new(Range { start, end })))
        }
        _ => match object.as_text() {
            Some(whole) => {
                let (start, end) = bounds(start, end, text::length(object).unwrap_or(0));
                Ok(text::make(characters(object, whole, start, end)))
            }
            None => Err(Error::new(Kind::Type, format!("{} cannot be sliced", a(object)))
                .hint("lists, texts and ranges can: xs[1..3]")),
        },
    }
}

/// Where a slice begins and ends, in a sequence of this length; never beyond it, never backwards.
pub fn bounds(start: Option<i64>, end: Option<i64>, length: usize) -> (usize, usize) {
    let place = |at: i64| {
        let at = if at < 0 { at.saturating_add(length as i64) } else { at };
        at.clamp(0, length as i64) as usize
    };
    let start = start.map_or(0, place);
    let end = end.map_or(length, place);
    (start, end.max(start))
}

/// The position that an index means.
fn position(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 { index.checked_add(length as i64)? } else { index };
    usize::try_from(at).ok().filter(|at| *at < length)
}

fn number(index: &Value, object: &str) -> Result<i64, Error> {
    let article = if object == "array" { "an" } else { "a" };
    match index {
        Value::Int(index) => Ok(*index),
        Value::Float(_) => {
            Err(Error::new(Kind::Type, format!("the index of {article} {object} is an int, not a float"))
                .hint("use // to divide without a fraction, or int(x)"))
        }
        _ => Err(Error::new(
            Kind::Type,
            format!("the index of {article} {object} is an int, not {}", show::with_article(index.kind())),
        )),
    }
}

fn character(object: &Value, whole: &str, index: i64) -> Result<Value, Error> {
    let length = text::length(object).unwrap_or(0);
    match position(index, length) {
        Some(at) => Ok(text::make(characters(object, whole, at, at + 1))),
        None => Err(out_of_range("str", index, length)),
    }
}

/// The characters `start..end`, which are within the text.
fn characters<'a>(object: &Value, whole: &'a str, start: usize, end: usize) -> &'a str {
    if text::length(object) == Some(whole.len()) {
        return &whole[start..end]; // ASCII: a character is a byte
    }
    let mut places = whole.char_indices().map(|(at, _)| at).skip(start);
    let from = places.next().unwrap_or(whole.len());
    if end <= start {
        return "";
    }
    let to = if end == start + 1 { places.next() } else { places.nth(end - start - 1) };
    &whole[from..to.unwrap_or(whole.len())]
}

fn out_of_range(what: &str, index: i64, length: impl std::fmt::Display) -> Error {
    let length = length.to_string();
    let has = match (what, &*length) {
        ("str", "1") => "1 character".to_string(),
        ("str", length) => format!("{length} characters"),
        (_, "1") => "1 element".to_string(),
        (_, length) => format!("{length} elements"),
    };
    let message = format!("index {index} is outside the {what}, which has {has}");
    let error = Error::new(Kind::Index, message);
    if length == "0" { error } else { error.note("the first is [0], the last is [-1]") }
}

fn missing_key(keys: Vec<Value>, key: &Value) -> Error {
    let shown = show::brief(key);
    let error = Error::new(Kind::Key, format!("the map has no key {shown}"));
    let texts = keys.iter().filter_map(Value::as_text);
    let error = match key.as_text().and_then(|key| near::nearest(key, texts)) {
        Some(near) => error.hint(format!("did you mean \"{near}\"?")),
        None => error,
    };
    error.hint("m.get(key, default) gives a default; `key in m` asks first")
}

/// `a list`, `an int`, `nil`.
fn a(value: &Value) -> String {
    show::with_article(value.kind())
}

/// The numbers of a range as a list.
pub fn numbers(range: &Range) -> Result<Vec<Value>, Error> {
    check_size(usize::try_from(range.len()).ok(), size_of::<Value>(), "a list")?;
    Ok((range.start..range.end).map(Value::Int).collect())
}
