//! JSON: `json(x)` writes it, `parse_json(s)` reads it.
//!
//! Reading is serde_json's, which knows every corner of the format, keeps the order of keys and limits the
//! depth. Writing is done here: values may be nested to any depth, and may contain themselves.

use super::{Body, Context, Outcome, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::map::Entries;
use crate::value::{Value, number, reads, show, text};
use std::collections::HashSet;
use std::sync::Arc;

pub const FUNCTIONS: &[Row] = &[
    Row {
        name: "json",
        parameters: &["x"],
        body: Body::Native(json),
        doc: "The value as JSON: nil, bools, numbers, texts, lists, and maps with keys that are texts.",
    },
    Row {
        name: "parse_json",
        parameters: &["s"],
        body: Body::Native(parse_json),
        doc: "The value that a text in JSON says.",
    },
];

fn json(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(text::from_string(write(&args[0])?).into())
}

fn parse_json(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let source = arg::text(&args[0], "parse_json(s)", "s")?;
    match serde_json::from_str(source) {
        Ok(json) => Ok(from_json(json).into()),
        Err(error) => Err(Error::new(Kind::Value, format!("this is not JSON: {error}"))),
    }
}

/// The parser allows 128 levels, so this may call itself.
fn from_json(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => match n.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(s) => text::from_string(s),
        serde_json::Value::Array(items) => Value::list(items.into_iter().map(from_json).collect()),
        serde_json::Value::Object(entries) => {
            let entries: Entries =
                entries.into_iter().map(|(key, value)| (text::from_string(key), from_json(value))).collect();
            Value::map(entries)
        }
    }
}

/// A list or map that is being written.
struct Frame {
    /// Elements, or values with their keys.
    items: std::vec::IntoIter<(Option<Value>, Value)>,
    close: char,
    address: usize,
    first: bool,
    /// The container itself, so that nothing else takes its place in memory.
    _value: Value,
}

fn write(value: &Value) -> Result<String, Error> {
    let mut out = String::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut open = HashSet::new();
    begin(value, &mut out, &mut frames, &mut open)?;
    while let Some(frame) = frames.last_mut() {
        let Some((key, item)) = frame.items.next() else {
            out.push(frame.close);
            open.remove(&frame.address);
            frames.pop();
            continue;
        };
        if !std::mem::replace(&mut frame.first, false) {
            out.push_str(", ");
        }
        if let Some(key) = key {
            quote(&key_text(&key)?, &mut out);
            out.push_str(": ");
        }
        crate::value::operate::check_growth(out.len(), 0, 1, "a str")?;
        begin(&item, &mut out, &mut frames, &mut open)?;
    }
    Ok(out)
}

/// Writes a plain value; of a container the beginning, and notes the rest in `frames`.
fn begin(
    value: &Value,
    out: &mut String,
    frames: &mut Vec<Frame>,
    open: &mut HashSet<usize>,
) -> Result<(), Error> {
    let (address, items, brackets): (usize, Vec<_>, _) = match value {
        Value::List(list) => {
            let items = reads::list(list).into_iter().map(|item| (None, item)).collect();
            (Arc::as_ptr(list) as usize, items, ['[', ']'])
        }
        Value::Map(map) => {
            let items = reads::map(map).into_iter().map(|(key, item)| (Some(key), item)).collect();
            (Arc::as_ptr(map) as usize, items, ['{', '}'])
        }
        plain => return write_plain(plain, out),
    };
    if !open.insert(address) {
        let message = format!("json(x): the {} contains itself, which JSON cannot say", value.kind().word());
        return Err(Error::new(Kind::Value, message));
    }
    out.push(brackets[0]);
    let items = items.into_iter();
    frames.push(Frame { items, close: brackets[1], address, first: true, _value: value.clone() });
    Ok(())
}

fn write_plain(value: &Value, out: &mut String) -> Result<(), Error> {
    match value {
        Value::Nil | Value::Unset => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => show::push_int(out, *n),
        Value::Float(x) if x.is_finite() => out.push_str(&number::float_text(*x)),
        Value::Float(x) => {
            let message = format!("json(x): {} is no number of JSON", number::float_text(*x));
            return Err(Error::new(Kind::Value, message));
        }
        other => match other.as_text() {
            Some(text) => quote(text, out),
            None => return Err(no_json(other)),
        },
    }
    Ok(())
}

fn no_json(value: &Value) -> Error {
    let error = Error::new(Kind::Type, format!("JSON has no form for {}", show::with_article(value.kind())));
    match value {
        Value::Duration(_) => error.hint("d.seconds is a number"),
        Value::Set(_) | Value::Range(_) => error.hint("list(x) makes a list of it"),
        Value::Object(_) => error.hint("make a map of its fields: {\"name\": x.name}"),
        _ => error.hint("str(x) makes a text of it"),
    }
}

/// Numbers, bools and nil become texts as keys, as in Python.
fn key_text(key: &Value) -> Result<String, Error> {
    match key.as_text() {
        Some(text) => Ok(text.into()),
        None => {
            let mut out = String::new();
            write_plain(key, &mut out)?;
            Ok(out)
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}
