//! `atomic`.

use super::{NAME, argument, is_given, native, receiver, sync_in};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::atomic::Atomic;
use crate::sync::{Kind, Sync};
use crate::value::{Value, error::Error, nature::admit};

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
    [NAME, Property::new("value", value, "What it holds.").set_by(set_value)];

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let value = match argument(arguments, 0) {
        Value::Unset => Value::Int(0),
        given => given.clone(),
    };
    Ok(Value::Sync(context.make(Kind::Atomic(Atomic::new(value)))).into())
}

/// What is held for a value: by an atomic that is shared between processes, a copy.
fn held(atomic: &Sync, value: &Value) -> Result<Value, Error> {
    if atomic.is_shared() { admit(value) } else { Ok(value.clone()) }
}

fn add(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let n = argument(arguments, 1);
    let n = if is_given(n) { n } else { &Value::Int(1) };
    let mut order = sync.order();
    let sum = Atomic::of(sync)?.add(sync, n)?;
    order.exchanged();
    Ok(sum.into())
}

fn swap(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let mut order = sync.order();
    let old = Atomic::of(sync)?.swap(held(sync, argument(arguments, 1))?)?;
    order.exchanged();
    Ok(old.into())
}

fn compare_exchange(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let new = held(sync, argument(arguments, 2))?;
    let mut order = sync.order();
    let exchanged = Atomic::of(sync)?.compare_exchange(argument(arguments, 1), &new)?;
    match exchanged {
        true => order.exchanged(),
        false => order.acquired(),
    }
    Ok(Value::Bool(exchanged).into())
}

fn value(_: &mut Context<'_>, value: &Value) -> Done {
    let sync = sync_in(value)?;
    let mut order = sync.order();
    let value = Atomic::of(sync)?.get();
    order.acquired();
    Ok(value.into())
}

fn set_value(_: &mut Context<'_>, atomic: &Value, value: &Value) -> Result<(), Error> {
    let sync = sync_in(atomic)?;
    let mut order = sync.order();
    Atomic::of(sync)?.set(held(sync, value)?)?;
    order.released();
    Ok(())
}
