//! What instructions ask of their operands, with the errors when it is not so; and small things done with them.

use super::fault::Fault;
use super::{Fiber, watch};
use crate::code::Program;
use crate::sync::Sync;
use crate::value::{
    Type, Value,
    error::{Error, Kind},
    object::Object,
    show,
};
use std::sync::Arc;

pub(super) fn range_check(ends: &mut [Value], inclusive: bool) -> Result<(), Error> {
    for end in ends.iter() {
        if !matches!(end, Value::Int(_)) {
            return Err(Error::new(
                Kind::Type,
                format!("a range goes from an int to an int, not {}", show::with_article(end.kind())),
            ));
        }
    }
    if let (true, Value::Int(end)) = (inclusive, &mut ends[1]) {
        *end = end.checked_add(1).ok_or_else(|| {
            Error::new(Kind::Overflow, format!("a range cannot include {end}, the largest int"))
        })?;
    }
    Ok(())
}

pub(super) fn count_check(count: &Value) -> Result<(), Error> {
    match count {
        Value::Int(0..) => Ok(()),
        Value::Int(n) => Err(Error::new(Kind::Value, format!("a count cannot be negative: {n}"))),
        other => Err(Error::new(
            Kind::Type,
            format!("a count is an int, not {}", show::with_article(other.kind())),
        )),
    }
}

pub(super) fn slice_end(end: &Value) -> Result<Option<i64>, Error> {
    match end {
        Value::Nil => Ok(None),
        Value::Int(n) => Ok(Some(*n)),
        other => Err(Error::new(
            Kind::Type,
            format!("a slice goes from an int to an int, not {}", show::with_article(other.kind())),
        )),
    }
}

pub(super) fn unpack(fiber: &mut Fiber, s: usize, first: usize, count: usize) -> Result<(), Error> {
    let values = match &fiber.stack[s] {
        Value::List(list) => list.snapshot(),
        other => {
            let error = Error::new(
                Kind::Type,
                format!("only a list can be taken apart, not {}", show::with_article(other.kind())),
            );
            return Err(match other.kind() {
                Type::Pipe => error.hint("its two ends are: `let [a, b] = p.ends`"),
                // What a `for` over a map takes are its keys.
                Type::Str => error.hint("a map's keys and values are `for [key, value] in m.items() { … }`"),
                _ => error,
            });
        }
    };
    if values.len() != count {
        let names = if count == 1 { "1 name".into() } else { format!("{count} names") };
        return Err(Error::new(Kind::Value, format!("{names} for a list of {}", values.len()))
            .hint("as many names as elements are needed"));
    }
    for (slot, value) in fiber.stack[first..].iter_mut().zip(values) {
        *slot = value;
    }
    Ok(())
}

/// A condition is false: of an `assert`, or of the `invariant` or `ensure` that the innermost function is.
pub(super) fn assertion(program: &Program, fiber: &Fiber, message: usize, found: Option<String>) -> Fault {
    let function = fiber.frames.last().map_or(0, |frame| frame.function);
    let (kind, text) = watch::failure(program, function);
    let error = match &fiber.stack[message] {
        Value::Nil => Error::new(kind, text),
        message => Error::of_script(kind, show::display(message, program)),
    };
    match found {
        Some(found) => error.note(found),
        None => error,
    }
    .into()
}

/// Things that are members of an object, and are called after it. (Of a monitor's the methods speak, and nobody else.)
pub(super) fn members_to_name(object: &Object) -> impl Iterator<Item = Arc<Sync>> {
    let things =
        object.fields.iter().filter(|_| object.monitor.is_none()).flat_map(|field| match field.get() {
            Value::Sync(sync) => vec![sync],
            Value::List(list) if matches!(list.get(0), Some(Value::Sync(_))) => {
                let sync =
                    |value: &Value| if let Value::Sync(sync) = value { Some(sync.clone()) } else { None };
                list.snapshot().iter().filter_map(sync).collect()
            }
            _ => Vec::new(),
        });
    things.filter(|sync| sync.kind.kind() != Type::Future)
}

/// The first name stays.
pub(super) fn name_thing(value: &Value, name: &dyn Fn() -> Arc<str>) {
    match value {
        // Its task may have failed already and be reported: always as that of its function and line.
        Value::Sync(sync) if sync.kind.kind() == Type::Future => {}
        Value::Sync(sync) => {
            sync.name.get_or_init(name);
        }
        Value::Object(object) => match &object.monitor {
            Some(monitor) => _ = monitor.name.get_or_init(name),
            None => members_to_name(object).for_each(|sync| sync.name.member_of(name)),
        },
        // (Of a list of timers the order would be told.)
        Value::List(list) if matches!(list.get(0), Some(Value::Sync(_) | Value::Object(_))) => {
            let name = name();
            for (i, element) in list.snapshot().iter().enumerate() {
                if let Value::Sync(_) | Value::Object(_) = element {
                    name_thing(element, &|| format!("{name}[{i}]").into());
                }
            }
        }
        Value::Thread(thread) if thread.timer.is_some() => *thread.name.lock() = name(),
        _ => {}
    }
}
