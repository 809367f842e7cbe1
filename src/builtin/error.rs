//! What an error tells: `e.kind`, `e.message`, and where it was raised. (`error(…)` is in `value`.)

use super::{Context, Outcome, Property, arg};
use crate::value::{Value, error, error::Error, text};
use std::sync::Arc;

pub const PROPERTIES: &[Property] = &[
    Property::new("kind", kind, "The word that `catch` looks for, as in `catch \"timeout\" e`."),
    Property::new("message", message, "What happened."),
    Property::new("line", line, "The line where it was raised; nil before."),
    Property::new("thread", thread, "The name of the thread that raised it; nil before."),
    Property::new("hints", hints, "What to do about it, a list of texts."),
    Property::new("notes", notes, "What is related, a list of texts."),
    Property::new("attached", attached, "The errors of the other branches of a `parallel`, a list."),
];

fn kind(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::text(this(value)?.kind.word()).into())
}

fn message(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::text(&this(value)?.message).into())
}

fn line(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(this(value)?.place.get().map_or(Value::Nil, |place| Value::Int(i64::from(place.line))).into())
}

fn thread(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(this(value)?.place.get().map_or(Value::Nil, |place| Value::text(&place.thread)).into())
}

fn hints(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(texts(&this(value)?.hints).into())
}

fn notes(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(texts(&this(value)?.notes).into())
}

fn attached(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::list(this(value)?.attached.lock().clone()).into())
}

fn texts(texts: &[String]) -> Value {
    Value::list(texts.iter().map(|text| text::make(text)).collect())
}

fn this(value: &Value) -> Result<&Arc<error::Error>, Error> {
    match value {
        Value::Error(error) => Ok(error),
        other => Err(arg::receiver(other, "error")),
    }
}
