//! Fields, methods and properties by name: `value.name`.

use super::call::{self, Flow};
use super::fault::Fault;
use super::image::Member;
use super::{Fiber, Image, Scheduler, look, watch};
use crate::builtin::{Context, Outcome, Wait};
use crate::code::FunctionKind;
use crate::sync::{Op, Who};
use crate::value::{
    Type, Value,
    error::{Error, Kind},
    foreign, near,
    object::{Method, Object},
    show,
};
use std::sync::Arc;

/// `stack[object].name` into `stack[d]`.
pub(super) fn get<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    object: usize,
    name: u16,
    d: usize,
) -> Result<Flow, Fault> {
    let receiver = &fiber.stack[object];
    let kind = receiver.kind();
    if let Some(property) = image.property(kind, name) {
        let line = call::line_of(fiber, &image.program);
        let mut context = Context { world, program: &image.program, line };
        return match (property.get)(&mut context, receiver)? {
            Outcome::Value(value) => {
                if S::EYES {
                    look::looked_at(receiver);
                }
                fiber.stack[d] = value;
                Ok(Flow::Next)
            }
            Outcome::Wait(wait) => Ok(Flow::Wait(wait)),
            Outcome::Exit(status) => Err(Fault::Exit(status)),
            Outcome::Call(..) => unreachable!("no property calls a function"),
        };
    }
    if let Some(members) = call::members(receiver) {
        if let Some(monitor) = &members.monitor
            && let Some(Member::Field { .. }) = image.member(members.class, name)
        {
            return locked_read(image, fiber, world, monitor.clone(), object, name, d);
        }
        let value = own(image, receiver, members, name)?;
        fiber.stack[d] = value;
        return Ok(Flow::Next);
    }
    if let Some(linked) = image.method(kind, name) {
        fiber.stack[d] = call::bound(receiver, Method::Builtin(linked.row));
        return Ok(Flow::Next);
    }
    Err(no_member(image, receiver, name, false).into())
}

/// Reading a monitor's field from outside waits for the monitor, and lets it go at once.
fn locked_read<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    monitor: Arc<crate::sync::Sync>,
    object: usize,
    name: u16,
    d: usize,
) -> Result<Flow, Fault> {
    if watch::evaluated_by(fiber, &image.program).is_some() {
        // Looking is one step, whoever is in the monitor meanwhile.
        let receiver = &fiber.stack[object];
        if let Some(members) = call::members(receiver) {
            fiber.stack[d] = own(image, receiver, members, name)?;
        }
        return Ok(Flow::Next);
    }
    let line = call::line_of(fiber, &image.program);
    let entered = monitor.enter(Who { thread: world.thread(), line })?;
    if entered {
        finish_locked_read(image, fiber, world, object, name, d)?;
        return Ok(Flow::Next);
    }
    Ok(Flow::Wait(Wait { op: Op::acquire(monitor), deadline: None }))
}

/// The monitor's lock is held: reads the field, and lets the lock go.
pub(super) fn finish_locked_read<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    object: usize,
    name: u16,
    d: usize,
) -> Result<(), Fault> {
    let receiver = fiber.stack[object].clone();
    let Some(members) = call::members(&receiver) else { return Ok(()) };
    let value = own(image, &receiver, members, name);
    if let Some(monitor) = &members.monitor {
        let line = call::line_of(fiber, &image.program);
        monitor.leave(Who { thread: world.thread(), line }, world)?;
        // A read changes nothing, but it may have been in the way of a condition's look.
        if world.awaited() && world.turned_away() {
            world.changed();
        }
    }
    fiber.stack[d] = value?;
    Ok(())
}

/// Whether `stack[object].name` is a monitor's field, so that a wait there was for its lock.
pub(super) fn is_locked_read(image: &Image, fiber: &Fiber, object: usize, name: u16) -> bool {
    let receiver = &fiber.stack[object];
    image.property(receiver.kind(), name).is_none()
        && call::members(receiver).is_some_and(|members| members.monitor.is_some())
}

/// A member that the class declares: a field's value, or a method as a value.
pub(super) fn own(image: &Image, receiver: &Value, members: &Arc<Object>, name: u16) -> Result<Value, Error> {
    match image.member(members.class, name) {
        Some(Member::Method(function)) => Ok(call::bound(receiver, Method::Function(function))),
        Some(Member::Field { index, private: false, .. }) => read(image, members, index),
        Some(Member::Field { private: true, .. }) => {
            let class = &image.program.classes[members.class as usize];
            let name = image.program.symbol(name);
            Err(Error::new(
                Kind::Type,
                format!("{name} is a parameter of {}, seen only inside its body", class.name),
            )
            .hint(format!("to show it outside, keep it in a member: `let shown = {name}`")))
        }
        None => Err(no_member(image, receiver, name, false)),
    }
}

/// The value of a field by its number.
pub(super) fn read(image: &Image, members: &Object, index: u16) -> Result<Value, Error> {
    match members.fields[index as usize].get() {
        Value::Unset => {
            let class = &image.program.classes[members.class as usize];
            let field = &class.fields[index as usize];
            Err(Error::new(Kind::State, format!("{} of {} is used before it is set", field.name, class.name))
                .hint("members are set in the order in which they are declared"))
        }
        value => Ok(value),
    }
}

/// `stack[object].name = value`.
pub(super) fn set<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    object: usize,
    name: u16,
    s: usize,
) -> Result<(), Fault> {
    let (receiver, value) = (&fiber.stack[object], &fiber.stack[s]);
    let text = image.program.symbol(name);
    if let Some(property) = image.property(receiver.kind(), name) {
        let Some(set) = property.set else {
            return Err(Error::new(
                Kind::Type,
                format!("{text} of {} cannot be assigned", show::with_article(receiver.kind())),
            )
            .into());
        };
        let line = call::line_of(fiber, &image.program);
        let mut context = Context { world, program: &image.program, line };
        return Ok(set(&mut context, receiver, value)?);
    }
    let Some(members) = call::members(receiver) else {
        return Err(no_member(image, receiver, name, false).into());
    };
    let class = &image.program.classes[members.class as usize];
    match image.member(members.class, name) {
        Some(Member::Field { .. }) if members.monitor.is_some() => {
            Err(Error::new(Kind::State, format!("{text} of monitor {} is written from outside", class.name))
                .hint("only a monitor's own methods may change its fields: write a method that does it")
                .into())
        }
        Some(Member::Field { index, mutable: true, private: false }) => {
            members.fields[index as usize].set(value.clone());
            Ok(())
        }
        Some(Member::Field { .. }) => {
            Err(Error::new(Kind::Type, format!("{text} of {} never changes", class.name))
                .hint("declare it with `var` to let it change")
                .into())
        }
        Some(Member::Method(_)) => Err(Error::new(
            Kind::Type,
            format!("{text} is a method of {} and cannot be assigned", class.name),
        )
        .into()),
        None => Err(no_member(image, receiver, name, false).into()),
    }
}

/// Whether a builtin of this name takes a value, as a method would have it: `sum`, `floor`.
fn is_function_of_a_value(name: &str) -> bool {
    let row = crate::builtin::functions().iter().find(|row| row.name == name);
    row.is_some_and(|row| !row.parameters.is_empty())
}

/// There is no such field, property or method.
pub(super) fn no_member(image: &Image, receiver: &Value, name: u16, called: bool) -> Error {
    let text = image.program.symbol(name);
    let kind = receiver.kind();
    let what = match call::members(receiver) {
        Some(members) => image.program.classes[members.class as usize].name.to_string(),
        None => show::with_article(kind),
    };
    if called && image.property(kind, name).is_some() {
        return Error::new(Kind::Type, format!("{text} of {what} is a property, not a method"))
            .hint(format!("write it without the brackets: `.{text}`"));
    }
    let what = of_kind(image, receiver).unwrap_or(what);
    let error = Error::new(
        Kind::Type,
        format!("{what} has no {} `{text}`", if called { "method" } else { "member" }),
    );
    if let Some(hint) = of_function(image, receiver, text) {
        return error.hint(hint);
    }
    let methods = crate::builtin::methods(kind).iter().map(|row| row.name);
    let properties = crate::builtin::properties(kind).iter().map(|property| property.name);
    let mut known: Vec<&str> = methods.chain(properties).filter(|name| !name.starts_with("__")).collect();
    if let Some(members) = call::members(receiver) {
        let class = &image.program.classes[members.class as usize];
        known.extend(class.fields.iter().map(|field| &*field.name));
        known.extend(class.methods.iter().map(|(name, _)| &**name));
    }
    if kind == Type::List && &**text == "join" {
        return error.hint("threads are awaited by `join xs`, texts put together by `\", \".join(xs)`");
    }
    if kind == Type::Thread && foreign::ends_threads(text) {
        return error.hint("no thread can be ended from outside: let it look at an event, and set that");
    }
    if let Some(hint) = foreign::gives_back(kind, text) {
        return error.hint(hint);
    }
    if let Some(native) = foreign::native_of(kind, text) {
        return error.hint(format!("here it is `{native}`"));
    }
    let nearest = near::nearest(text, known.iter().copied());
    if let Some(native) = foreign::native(text).filter(|_| nearest.is_none()) {
        return error.hint(format!("here it is `{native}`"));
    }
    // (Of `p.map(f, xs)`, whose list holds what was given, and no futures.)
    let plain = matches!(kind, Type::Bool | Type::Int | Type::Float | Type::Str | Type::List | Type::Map);
    match nearest {
        _ if plain && &**text == "result" => {
            error.hint("this is a value already, and nothing that is to come: `pool.map` and `t.result` give the values themselves")
        }
        _ if kind == Type::Nil => {
            error.hint("this is nil: has the function returned a value, is the variable set?")
        }
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        // (Whether there is such a key is nothing to be looked up for a hint.)
        None if kind == Type::Map && !called => {
            error.hint(format!("a key stands in brackets: `m[\"{text}\"]`"))
        }
        None if called && is_function_of_a_value(text) => {
            error.hint(format!("a function does that, and stands alone: `{text}(x)`"))
        }
        None if known.is_empty() => error,
        None => error.hint(format!("it has: {}", known.join(", "))),
    }
}

/// What a function of the script is, where it is not called for what it returns.
fn of_kind(image: &Image, receiver: &Value) -> Option<String> {
    let number = match receiver {
        Value::Function(number) => *number,
        Value::Closure(closure) => closure.function,
        _ => return None,
    };
    let function = &image.program.functions[number as usize];
    Some(match function.kind {
        FunctionKind::Class(_) => format!("the class {}", function.name),
        FunctionKind::Thread { .. } | FunctionKind::ThreadWithMembers { .. } => {
            format!("the template {}", function.name)
        }
        FunctionKind::Plain | FunctionKind::Watch { .. } => return None,
    })
}

/// What is asked of a function that what it makes has, or that is a function itself.
fn of_function(image: &Image, receiver: &Value, name: &str) -> Option<String> {
    let class = |number: u32| {
        let function = &image.program.functions[number as usize];
        if let FunctionKind::Thread { .. } | FunctionKind::ThreadWithMembers { .. } = function.kind {
            return Some(match name {
                "start" | "run" => {
                    let name = &function.name;
                    format!("it is what they are made of: `let t = start {name}` makes one and starts it")
                }
                _ => format!(
                    "what is made of it may have: `let t = start {}(…)`, then `t.{name}`",
                    function.name
                ),
            });
        }
        let makes = matches!(function.kind, FunctionKind::Class(_));
        makes.then(|| format!("an object of it may: `let x = {}(…)`, then `x.{name}`", function.name))
    };
    let row = match receiver {
        Value::Function(number) => return class(*number),
        Value::Closure(closure) => return class(closure.function),
        Value::Builtin(row) => row,
        _ => return None,
    };
    let of_its_own = crate::builtin::functions().iter().any(|row| row.name == name);
    Some(match row.name {
        // (What has a length has it as `x.len`, too.)
        _ if of_its_own && name != "len" => format!("`{name}(…)` stands alone"),
        "lock" | "rlock" | "rwlock" | "semaphore" | "condition" | "event" | "barrier" | "latch" | "queue"
        | "atomic" | "timer" | "pool" | "pipe" => {
            format!("`{} x` declares one: then it is `x.{name}`", row.name)
        }
        own if row.parameters.is_empty() => format!("call it first: `{own}().{name}`"),
        _ => return None,
    })
}
