//! `atomic`.

use super::{NAME, argument, is_given, native, receiver, sync_in};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::Kind;
use crate::sync::atomic::Atomic;
use crate::value::{Value, error::Error};

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![native(
        "atomic",
        &["value?"],
        make,
        "Makes a variable whose operations are each one step; 0 unless told.",
    )]
}

pub static METHODS: [Row; 3] = [
    native("add", &["n?"], add, "Adds n, or 1; the new value."),
    native("swap", &["value"], swap, "Puts a value in; the old value."),
    native(
        "compare_exchange",
        &["old", "new"],
        compare_exchange,
        "Puts `new` in if it equals `old`; whether it did.",
    ),
];

pub static PROPERTIES: [Property; 2] =
    [NAME, Property { name: "value", get: value, set: Some(set_value), doc: "What it holds." }];

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let value = match argument(arguments, 0) {
        Value::Unset => Value::Int(0),
        given => given.clone(),
    };
    Ok(Value::Sync(context.make(Kind::Atomic(Atomic::new(value)))).into())
}

fn add(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let n = argument(arguments, 1);
    let n = if is_given(n) { n } else { &Value::Int(1) };
    Ok(Atomic::of(sync)?.add(sync, n)?.into())
}

fn swap(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    Ok(Atomic::of(receiver(arguments)?)?.swap(argument(arguments, 1).clone()).into())
}

fn compare_exchange(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let atomic = Atomic::of(receiver(arguments)?)?;
    Ok(Value::Bool(atomic.compare_exchange(argument(arguments, 1), argument(arguments, 2))).into())
}

fn value(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Atomic::of(sync_in(value)?)?.get().into())
}

fn set_value(_: &mut Context<'_>, atomic: &Value, value: &Value) -> Result<(), Error> {
    Atomic::of(sync_in(atomic)?)?.set(value.clone());
    Ok(())
}
