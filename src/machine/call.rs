//! Calls: of functions, builtins, methods, classes and templates, as they are found while running.

mod prepare;

use super::arguments;
use super::fault::Fault;
use super::fiber::MOST_FRAMES;
use super::image::Member;
use super::{Fiber, Frame, Image, Scheduler, look, wait};
use crate::builtin::{Body, Context, Outcome, Row, Wait, disturbing};
use crate::code::{FunctionKind, Program, Shape};
use crate::sync::Kind;
use crate::sync::rlock::RLock;
use crate::sync::thread::Entry;
use crate::value::{
    Value,
    cell::Cell,
    error::{self, Error},
    object::{Bound, Method, Object},
    put, show,
};
use std::sync::Arc;

pub(super) use prepare::prepare;

/// How the dispatch loop goes on after a call.
pub(super) enum Flow {
    /// With the next instruction of the same frame.
    Next,
    /// With another frame, that is on top now.
    Frame,
    /// After the operation has been done; its value is the call's.
    Wait(Wait),
}

/// Something that can be called, taken apart.
enum Callee {
    Function { function: u32, captured: Option<Arc<[Value]>>, receiver: Option<Value> },
    Builtin { row: &'static Row, receiver: Option<Value> },
}

/// Lets the first instruction of a new fiber call its entry.
pub(super) fn begin(image: &Image, fiber: &mut Fiber, entry: Entry) -> Result<(), Error> {
    let function = image.program.functions.len() as u32 - 1;
    fiber.reserve(image.program.functions[function as usize].registers);
    fiber.stack[0] = entry.callee;
    fiber.stack[1] = Value::list(entry.arguments.into_vec());
    fiber.frames.push(Frame { function, pc: 0, base: 0, result: 0 });
    Ok(())
}

/// Calls the value at `at` of the stack with the arguments after it; the value comes to `at`.
pub(super) fn value<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
) -> Result<Flow, Fault> {
    match callee(&fiber.stack[at], image)? {
        Callee::Function { function, captured, receiver } => {
            call_function(image, fiber, world, at, shape, function, captured, receiver)
        }
        Callee::Builtin { row, receiver } => call_builtin(image, fiber, world, at, shape, row, receiver),
    }
}

/// The same, but a thread template's own code runs: what a new thread begins with. The arguments are in a list.
pub(super) fn spread<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
) -> Result<Flow, Fault> {
    let Value::List(list) = &fiber.stack[at + 1] else { return Ok(Flow::Next) };
    let values = list.snapshot();
    let shape = place_arguments(fiber, at + 1, values);
    match callee(&fiber.stack[at], image)? {
        Callee::Function { function, captured, receiver } => {
            let start = place_receiver(fiber, at, receiver);
            enter(image, fiber, function, captured, start, at, &shape)
        }
        Callee::Builtin { row, receiver } => call_builtin(image, fiber, world, at, &shape, row, receiver),
    }
}

fn place_arguments<V: IntoIterator<Item = Value>>(fiber: &mut Fiber, start: usize, values: V) -> Shape
where
    V::IntoIter: ExactSizeIterator,
{
    let values = values.into_iter();
    let count = values.len();
    fiber.reserve(start + count + 1);
    for (slot, value) in fiber.stack[start..].iter_mut().zip(values) {
        *slot = value;
    }
    Shape { count: count as u16, names: Vec::new(), method: 0 }
}

/// The receiver takes the callee's place; where the callee's registers begin.
fn place_receiver(fiber: &mut Fiber, at: usize, receiver: Option<Value>) -> usize {
    match receiver {
        Some(receiver) => {
            fiber.stack[at] = receiver;
            at
        }
        None => at + 1,
    }
}

fn callee(value: &Value, image: &Image) -> Result<Callee, Error> {
    let row_callee = |row: &'static Row, receiver: Option<Value>| match image.scripted(row) {
        Some(function) => Callee::Function { function, captured: None, receiver },
        None => Callee::Builtin { row, receiver },
    };
    Ok(match value {
        Value::Function(function) => Callee::Function { function: *function, captured: None, receiver: None },
        Value::Closure(closure) => Callee::Function {
            function: closure.function,
            captured: Some(closure.captured.clone()),
            receiver: None,
        },
        Value::Builtin(row) => row_callee(row, None),
        Value::Bound(bound) => {
            let receiver = Some(bound.receiver.clone());
            match bound.method {
                Method::Function(function) => {
                    Callee::Function { function, captured: captured_of(&bound.receiver), receiver }
                }
                Method::Builtin(row) => row_callee(row, receiver),
            }
        }
        other => {
            return Err(Error::new(
                error::Kind::Type,
                format!("{} cannot be called", show::with_article(other.kind())),
            )
            .hint(match other {
                Value::Sync(sync) => format!("a thing is named without parentheses: `{}`", sync.label()),
                _ => "only functions, methods, classes and thread templates can be called".into(),
            }));
        }
    })
}

/// What the class of an instance captured.
pub(super) fn captured_of(receiver: &Value) -> Option<Arc<[Value]>> {
    let object = members(receiver)?;
    (!object.captured.is_empty()).then(|| object.captured.clone())
}

/// The members of an object, or of a thread that has some.
pub(super) fn members(value: &Value) -> Option<&Arc<Object>> {
    match value {
        Value::Object(object) => Some(object),
        Value::Thread(thread) => thread.object.as_ref(),
        _ => None,
    }
}

#[expect(clippy::too_many_arguments)]
fn call_function<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
    function: u32,
    captured: Option<Arc<[Value]>>,
    receiver: Option<Value>,
) -> Result<Flow, Fault> {
    match image.program.functions[function as usize].kind {
        FunctionKind::Plain | FunctionKind::Watch { .. } => {
            if let Some(receiver) = receiver.as_ref()
                && image.row_of(function).is_some()
            {
                // A method written in conc: the receiver is its first parameter.
                fiber.stack[at] = receiver.clone();
                return scripted_method(image, fiber, at, shape, function);
            }
            if image.row_of(function).is_some() {
                absent_as_nil(image, fiber, at + 1, shape, function)?;
                let full = full_shape(image, function);
                return enter(image, fiber, function, captured, at + 1, at, &full);
            }
            let start = place_receiver(fiber, at, receiver);
            enter(image, fiber, function, captured, start, at, shape)
        }
        FunctionKind::Class(class) => {
            let object = Value::Object(Arc::new(instance(image, fiber, world, class, captured.clone())));
            let start = place_receiver(fiber, at, Some(object));
            enter(image, fiber, function, captured, start, at, shape)
        }
        FunctionKind::Thread { .. } | FunctionKind::ThreadWithMembers { .. } => {
            prepare(image, fiber, world, at, shape)
        }
    }
}

/// A shape that gives every parameter by position.
fn full_shape(image: &Image, function: u32) -> Shape {
    let count = image.program.functions[function as usize].parameters.len();
    Shape { count: count as u16, names: Vec::new(), method: 0 }
}

/// Binds the arguments of a builtin written in conc; what was left out is nil there.
fn absent_as_nil(
    image: &Image,
    fiber: &mut Fiber,
    start: usize,
    shape: &Shape,
    function: u32,
) -> Result<(), Fault> {
    let known = &image.program.functions[function as usize];
    fiber.reserve(start + known.registers + shape.count as usize + 1);
    let Some(linked) = image.row_of(function) else { unreachable!("{} is a builtin", known.name) };
    // A method's row does not name the receiver.
    let receiver =
        known.parameters.len() - linked.signature.parameters.len() - usize::from(linked.signature.rest);
    let count = linked.bind(&mut fiber.stack, start + receiver, shape, &image.program)?;
    let fixed = linked.signature.parameters.len();
    if linked.signature.rest {
        let rest = &mut fiber.stack[start + receiver + fixed..start + receiver + count];
        let rest = rest.iter_mut().map(|value| std::mem::replace(value, Value::Nil)).collect();
        fiber.stack[start + receiver + fixed] = Value::list(rest);
    }
    for slot in &mut fiber.stack[start + receiver..start + receiver + fixed] {
        if let Value::Unset = slot {
            *slot = Value::Nil;
        }
    }
    Ok(())
}

/// A method written in conc: the receiver, at `at`, is its first parameter.
fn scripted_method(
    image: &Image,
    fiber: &mut Fiber,
    at: usize,
    shape: &Shape,
    function: u32,
) -> Result<Flow, Fault> {
    absent_as_nil(image, fiber, at, shape, function)?;
    let full = full_shape(image, function);
    enter(image, fiber, function, None, at, at, &full)
}

/// Pushes the frame of a function whose arguments (after `self`, if it has one) stand at `start`.
fn enter(
    image: &Image,
    fiber: &mut Fiber,
    function: u32,
    captured: Option<Arc<[Value]>>,
    start: usize,
    result: usize,
    shape: &Shape,
) -> Result<Flow, Fault> {
    let known = &image.program.functions[function as usize];
    fiber.reserve(start + known.registers + shape.count as usize);
    let first = start + usize::from(known.member);
    arguments::bind(known, &mut fiber.stack, first, shape, &image.program)?;
    if let Some(captured) = captured {
        let slots = &mut fiber.stack[first + known.parameters.len()..];
        for (slot, value) in slots.iter_mut().zip(captured.iter()) {
            *slot = value.clone();
        }
    }
    push(fiber, function, start, result)?;
    Ok(Flow::Frame)
}

/// Pushes a frame whose registers are complete.
#[inline]
pub(super) fn push(fiber: &mut Fiber, function: u32, base: usize, result: usize) -> Result<(), Fault> {
    if fiber.frames.len() >= MOST_FRAMES {
        return Err(too_deep().into());
    }
    fiber.frames.push(Frame { function, pc: 0, base: base as u32, result: result as u32 });
    Ok(())
}

#[cold]
pub(super) fn too_deep() -> Error {
    Error::new(error::Kind::Recursion, format!("more than {MOST_FRAMES} calls inside one another"))
        .hint("a function that calls itself needs a case in which it does not")
}

fn instance<S: Scheduler>(
    image: &Image,
    fiber: &Fiber,
    world: &mut S,
    class: u32,
    captured: Option<Arc<[Value]>>,
) -> Object {
    let known = &image.program.classes[class as usize];
    let monitor = known.monitor.then(|| {
        let line = fiber.line(&image.program);
        let mut context = Context { world, program: &image.program, line };
        context.make(Kind::RLock(RLock::of_monitor(known.name.clone())))
    });
    Object {
        class,
        fields: known.fields.iter().map(|_| Cell::new(Value::Unset)).collect(),
        captured: captured.unwrap_or_else(|| Arc::from([])),
        monitor,
    }
}

fn call_builtin<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
    row: &'static Row,
    receiver: Option<Value>,
) -> Result<Flow, Fault> {
    let linked = arguments::Linked::new(row);
    let count = linked.bind(&mut fiber.stack, at + 1, shape, &image.program)?;
    let start = place_receiver(fiber, at, receiver);
    native(image, fiber, world, row, start, at + 1 + count, at)
}

/// Calls a builtin with the values from `start` to before `end`; its value comes to `result`.
#[inline(never)]
pub(super) fn native<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    row: &'static Row,
    start: usize,
    end: usize,
    result: usize,
) -> Result<Flow, Fault> {
    let outcome = native_outcome(image, fiber, world, row, start, end);
    done(image, fiber, world, row, outcome, result)
}

/// Gives a builtin what it asks for, or raises its error.
#[inline]
pub(super) fn done<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    row: &'static Row,
    outcome: Result<Outcome, Error>,
    result: usize,
) -> Result<Flow, Fault> {
    match outcome {
        // The common case, here: an outcome is large, and is neither taken out of the result nor handed on.
        Ok(Outcome::Value(value)) => done_at_once(image, fiber, world, row, value, result),
        Ok(other) => settle(image, fiber, world, row, other, result),
        Err(error) => Err(error.into()),
    }
}

/// A builtin's value goes to `result`, and who awaits a change is told.
#[inline]
fn done_at_once<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    row: &'static Row,
    value: Value,
    result: usize,
) -> Result<Flow, Fault> {
    put(&mut fiber.stack[result], value);
    if world.awaited() {
        may_have_changed(image, fiber, world, row)?;
    }
    Ok(Flow::Next)
}

/// Who awaits something looks again. What a condition looks with has changed nothing: it would wake itself for ever.
#[cold]
fn may_have_changed<S: Scheduler>(
    image: &Image,
    fiber: &Fiber,
    world: &mut S,
    row: &'static Row,
) -> Result<(), Fault> {
    match !fiber.in_condition || disturbing::may(row) {
        true => wait::changed(fiber, world, &image.program),
        false => Ok(()),
    }
}

/// What a builtin asks for.
#[inline]
pub(super) fn native_outcome<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    row: &'static Row,
    start: usize,
    end: usize,
) -> Result<Outcome, Error> {
    let line = line_of(fiber, &image.program);
    let mut context = Context { world, program: &image.program, line };
    match row.body {
        Body::Native(run) => {
            let outcome = run(&mut context, &fiber.stack[start..end]);
            if S::EYES {
                look::called(row);
                if matches!(row.name, "put" | "get" | "try_put" | "try_get") {
                    look::done(image, world);
                }
            }
            outcome
        }
        Body::Constant(value) => Ok(Outcome::Value(value(&mut context))),
        Body::Script(_) => {
            let Some(function) = image.scripted(row) else {
                unreachable!("{} is mentioned, so it is compiled", row.name)
            };
            Ok(Outcome::Call(Value::Function(function), fiber.stack[start..end].into()))
        }
    }
}

/// Gives a builtin what it asks for.
#[inline]
fn settle<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    row: &'static Row,
    outcome: Outcome,
    result: usize,
) -> Result<Flow, Fault> {
    match outcome {
        Outcome::Value(value) => {
            fiber.stack[result] = value;
            if world.awaited() {
                may_have_changed(image, fiber, world, row)?;
            }
            Ok(Flow::Next)
        }
        Outcome::Wait(wait) => Ok(Flow::Wait(wait)),
        Outcome::Exit(status) => Err(Fault::Exit(status)),
        Outcome::Call(callee, arguments) => {
            // The arguments stand at `result` and after it, which the builtin has no more use for.
            fiber.reserve(result + 1);
            fiber.stack[result] = callee;
            let shape = place_arguments(fiber, result + 1, arguments);
            value(image, fiber, world, result, &shape)
        }
    }
}

/// The line of the instruction that the innermost frame stands at.
#[inline]
pub(super) fn line_of(fiber: &Fiber, program: &Program) -> u32 {
    let Some(frame) = fiber.frames.last() else { return 0 };
    let function = &program.functions[frame.function as usize];
    if function.internal {
        fiber.line(program)
    } else {
        function.lines[(frame.pc as usize).saturating_sub(1)]
    }
}

/// Calls a method of what is at `at`.
pub(super) fn method<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
) -> Result<Flow, Fault> {
    let receiver = &fiber.stack[at];
    let kind = receiver.kind();
    if let Some(linked) = image.method(kind, shape.method) {
        if let Body::Script(_) = linked.row.body {
            let function = image.scripted(linked.row).expect("a named method is compiled");
            return scripted_method(image, fiber, at, shape, function);
        }
        let count = linked.bind(&mut fiber.stack, at + 1, shape, &image.program)?;
        return native(image, fiber, world, linked.row, at, at + 1 + count, at);
    }
    let Some(object) = members(receiver) else {
        return Err(super::field::no_member(image, receiver, shape.method, true).into());
    };
    let Some(Member::Method(function)) = image.member(object.class, shape.method) else {
        // A field that holds a function.
        let field = super::field::own(image, receiver, object, shape.method)?;
        fiber.stack[at] = field;
        return value(image, fiber, world, at, shape);
    };
    let captured = (!object.captured.is_empty()).then(|| object.captured.clone());
    enter(image, fiber, function, captured, at, at, shape)
}

/// A method taken from its object.
pub(super) fn bound(receiver: &Value, method: Method) -> Value {
    Value::Bound(Arc::new(Bound { receiver: receiver.clone(), method }))
}
