//! Instructions that are not worth a place in the dispatch loop, and the rare cases of those that are.

use super::call::{self, Flow};
use super::fault::{self, Fault};
use super::{Fiber, Image, Scheduler, Watch, check, field, select, wait, watch};
use crate::builtin::{self, Body, Context, Wait};
use crate::code::{Instruction as I, Program, Shape};
use crate::mapped::{Memory, Slot};
use crate::sync::Op;
use crate::syntax::tree::BinaryOperator;
use crate::value::{
    Type, Value, compare,
    error::{Error, Kind},
    format, index,
    map::Entries,
    nature::admit,
    object::{Closure, Method},
    operate, show, text,
};
use std::sync::Arc;

/// Does one instruction; the fiber's `pc` is past it.
pub(super) fn instruction<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    base: usize,
    instruction: I,
) -> Result<Flow, Fault> {
    let program = &**image.program;
    let at = |register: u16| base + register as usize;
    match instruction {
        I::StoreFixed { s, index } => {
            // Each is declared once, at the top level; a second time cannot be.
            let _ = image.fixed[index as usize].set(fiber.stack[at(s)].clone());
        }
        I::NewCell { d } => {
            let value = std::mem::replace(&mut fiber.stack[at(d)], Value::Nil);
            fiber.stack[at(d)] = Value::Cell(Arc::new(crate::value::cell::Cell::new(value)));
        }
        I::CheckSet { a, name } => {
            if let Value::Unset = fiber.stack[at(a)] {
                let name = program.constants[name as usize].as_text().unwrap_or_default();
                return Err(unset(name).into());
            }
        }
        I::LoadLocal { d, index } => fiber.stack[at(d)] = fiber.locals[index as usize].clone(),
        I::StoreLocal { s, index } => fiber.locals[index as usize] = fiber.stack[at(s)].clone(),
        I::Binary { operator, d, a, b } => {
            fiber.stack[at(d)] = operate::binary(operator, &fiber.stack[at(a)], &fiber.stack[at(b)])?;
        }
        I::Unary { operator, d, a } => fiber.stack[at(d)] = operate::unary(operator, &fiber.stack[at(a)])?,
        I::RangeCheck { at: first, inclusive } => {
            check::range_check(&mut fiber.stack[at(first)..at(first) + 2], inclusive)?
        }
        I::CountCheck { a } => check::count_check(&fiber.stack[at(a)])?,
        I::Iterate { at: first } => {
            fiber.stack[at(first)] = wait::iterate(&fiber.stack[at(first)])?;
            fiber.stack[at(first) + 1] = Value::Int(0);
        }
        I::CallSpread { at: first } => return call::spread(image, fiber, world, at(first)),
        I::GetField { d, object, name } => return field::get(image, fiber, world, at(object), name, at(d)),
        I::SetField { object, name, s } => {
            field::set(image, fiber, world, at(object), name, at(s))?;
            if world.awaited() {
                wait::changed(fiber, world, program)?;
            }
        }
        I::OwnMethod { d, object, index } => {
            let receiver = &fiber.stack[at(object)];
            if let Some(members) = call::members(receiver) {
                let function = program.classes[members.class as usize].methods[index as usize].1;
                fiber.stack[at(d)] = call::bound(receiver, Method::Function(function));
            }
        }
        I::Slice { d, object, at: first } => {
            let start = check::slice_end(&fiber.stack[at(first)])?;
            let end = check::slice_end(&fiber.stack[at(first) + 1])?;
            fiber.stack[at(d)] = index::slice(&fiber.stack[at(object)], start, end)?;
        }
        I::List { d, at: first, count } => {
            fiber.stack[at(d)] = Value::list(fiber.stack[at(first)..at(first) + count as usize].to_vec());
        }
        I::Map { d, at: first, count } => {
            let mut entries = Entries::default();
            for pair in fiber.stack[at(first)..at(first) + 2 * count as usize].chunks(2) {
                compare::hashable(&pair[0])?;
                entries.insert(pair[0].clone(), pair[1].clone());
            }
            fiber.stack[at(d)] = Value::map(entries);
        }
        I::Range { d, at: first, inclusive } => {
            check::range_check(&mut fiber.stack[at(first)..at(first) + 2], inclusive)?;
            if let (Value::Int(start), Value::Int(end)) =
                (&fiber.stack[at(first)], &fiber.stack[at(first) + 1])
            {
                fiber.stack[at(d)] = Value::range(*start, *end);
            }
        }
        I::Text { d, at: first, count } => {
            let parts = &fiber.stack[at(first)..at(first) + count as usize];
            let joined = text::join_short(parts);
            fiber.stack[at(d)] = joined.unwrap_or_else(|| {
                let mut whole = String::new();
                parts.iter().for_each(|value| show::append(value, &mut whole, program));
                text::from_string(whole)
            });
        }
        I::Format { d, s, format } => {
            let text = format::format(&fiber.stack[at(s)], program.symbol(format), program)?;
            fiber.stack[at(d)] = Value::text(&text);
        }
        I::Closure { d, site } => {
            let site = &program.sites[site as usize];
            let captured = site.captures.iter().map(|&register| fiber.stack[at(register)].clone()).collect();
            fiber.stack[at(d)] = Value::Closure(Arc::new(Closure { function: site.function, captured }));
        }
        I::Unpack { s, at: first, count } => check::unpack(fiber, at(s), at(first), count as usize)?,
        I::Name { a, name } => {
            let name = || program.constants[name as usize].as_text().unwrap_or_default().into();
            check::name_thing(&fiber.stack[at(a)], &name);
        }
        I::Called { a, name } => {
            let name = program.constants[name as usize].as_text().unwrap_or_default();
            image.called.remember(name, &fiber.stack[at(a)]);
        }
        I::NameElement { a, list, name } => {
            if let Value::List(list) = &fiber.stack[at(list)] {
                let name = || format!("{}[{}]", program.symbol(name), list.len()).into();
                check::name_thing(&fiber.stack[at(a)], &name);
            }
        }
        I::Throw { s } => return Err(fault::thrown(&fiber.stack[at(s)])),
        I::Rethrow { s } => return Err(fault::going_on(fiber, &fiber.stack[at(s)])),
        I::Supersede { s, earlier } => return Err(fault::superseding(fiber, at(s), at(earlier))),
        I::IsKind { d, s, kind } => {
            let is = match &fiber.stack[at(s)] {
                Value::Error(error) => error.kind.word() == &**program.symbol(kind),
                _ => false,
            };
            fiber.stack[at(d)] = Value::Bool(is);
        }
        I::AssertFailed { message } => {
            return Err(check::assertion(program, fiber, at(message), None));
        }
        I::AssertCompared { message, at: first } => {
            let sides = (&fiber.stack[at(first)], &fiber.stack[at(first) + 1]);
            let found = format!(
                "the two sides are {} and {}",
                show::repr(sides.0, program),
                show::repr(sides.1, program)
            );
            return Err(check::assertion(program, fiber, at(message), Some(found)));
        }
        I::Watch { s, ensure } => {
            let body = fiber.stack[at(s)].clone();
            let function = watch::function_of(&body);
            world.watch(Watch { body, ensure, span: fiber.span(program), function });
        }
        I::EnterTimed { d, a, timeout } => {
            let deadline = wait::deadline(world, &fiber.stack[at(timeout)], "a timeout")?;
            let flow = wait::enter(fiber, image, world, &fiber.stack[at(a)], Some(deadline))?;
            if let Flow::Next = flow {
                fiber.stack[at(d)] = Value::Bool(true);
            }
            return Ok(flow);
        }
        I::Monitor { d, object } => {
            let monitor = call::members(&fiber.stack[at(object)]).and_then(|members| members.monitor.clone());
            fiber.stack[at(d)] = monitor.map_or(Value::Nil, Value::Sync);
        }
        I::Prepare { at: first, shape } => {
            return call::prepare(image, fiber, world, at(first), &program.shapes[shape as usize]);
        }
        I::Start { a } => {
            let line = fiber.line(program);
            start(&mut Context { world, program, line }, &fiber.stack[at(a)])?;
        }
        I::Sleep { a } => {
            let deadline = wait::deadline(world, &fiber.stack[at(a)], "`sleep`")?;
            return Ok(Flow::Wait(Wait { op: Op::Sleep, deadline: Some(deadline) }));
        }
        I::Yield => world.yield_now(),
        I::HoldOthers => {
            world.hold_others(fiber, program)?;
            fiber.holding += 1;
            // It may have stood still before.
            if world.outgrown() {
                return Err(Fault::Paused);
            }
        }
        I::ResumeOthers => {
            fiber.holding = fiber.holding.saturating_sub(1);
            world.resume_others();
            // What has changed meanwhile was told when it did.
            if world.awaited() {
                wait::let_others_look(fiber, world, program)?;
            }
        }
        I::AwaitBegin => {
            fiber.in_condition = true;
            world.await_begin();
        }
        I::AwaitWait => {
            fiber.in_condition = false;
            return Ok(Flow::Wait(Wait { op: Op::Change, deadline: None }));
        }
        I::AwaitEnd => {
            fiber.in_condition = false;
            world.await_end();
        }
        I::Lasts { a, after } => {
            wait::duration(&fiber.stack[at(a)], if after { "`after`" } else { "a timeout" })?;
        }
        I::Arm { at: first, shape } => {
            let op = select::make_arm(image, fiber, world, at(first), &program.shapes[shape as usize])?;
            fiber.arms.push(op);
        }
        I::Select { d, limit } => return select::select(image, fiber, world, at(d), at(limit)),
        I::Move { .. }
        | I::Nil { .. }
        | I::Bool { .. }
        | I::Int { .. }
        | I::Constant { .. }
        | I::Unset { .. }
        | I::LoadGlobal { .. }
        | I::StoreGlobal { .. }
        | I::LoadShared { .. }
        | I::StoreShared { .. }
        | I::LoadFixed { .. }
        | I::LoadCell { .. }
        | I::StoreCell { .. }
        | I::Add { .. }
        | I::Subtract { .. }
        | I::Multiply { .. }
        | I::Modulo { .. }
        | I::AddInt { .. }
        | I::MultiplyInt { .. }
        | I::ModuloInt { .. }
        | I::Compare { .. }
        | I::Jump { .. }
        | I::JumpIf { .. }
        | I::JumpUnless { .. }
        | I::JumpSet { .. }
        | I::Loop { .. }
        | I::LoopIf { .. }
        | I::UnlessLess { .. }
        | I::UnlessLessEqual { .. }
        | I::UnlessEqual { .. }
        | I::UnlessNotEqual { .. }
        | I::UnlessLessInt { .. }
        | I::UnlessLessEqualInt { .. }
        | I::UnlessGreaterInt { .. }
        | I::UnlessGreaterEqualInt { .. }
        | I::UnlessEqualInt { .. }
        | I::UnlessNotEqualInt { .. }
        | I::LoopLess { .. }
        | I::LoopLessEqual { .. }
        | I::LoopLessInt { .. }
        | I::LoopLessEqualInt { .. }
        | I::LoopRange { .. }
        | I::LoopItems { .. }
        | I::LoopCount { .. }
        | I::CallFunction { .. }
        | I::Call { .. }
        | I::CallMethod { .. }
        | I::CallMethodOf { .. }
        | I::CallMethodFixed { .. }
        | I::CallBuiltin { .. }
        | I::CallBuiltinOn { .. }
        | I::CallMember { .. }
        | I::Return { .. }
        | I::ReturnNil
        | I::GetOwn { .. }
        | I::SetOwn { .. }
        | I::GetIndex { .. }
        | I::SetIndex { .. }
        | I::SetIndexConstant { .. }
        | I::Push { .. }
        | I::Enter { .. }
        | I::EnterFixed { .. }
        | I::Leave { .. }
        | I::LeaveFixed { .. }
        | I::LeaveTo { .. }
        | I::LeaveFixedTo { .. } => unreachable!("{instruction:?} is done by the dispatch loop"),
    }
    Ok(Flow::Next)
}

// Variables.

#[cold]
pub(super) fn unset(name: &str) -> Error {
    Error::new(Kind::State, format!("{name} is used before it is set"))
        .hint("its declaration has not run yet: call this after it")
}

/// The same of a name that is written once.
#[cold]
pub(super) fn unset_name(program: &Program, index: u32) -> Error {
    let error = unset(&program.fixed[index as usize]);
    match program.process() {
        Some(_) => error.note(
            "a process begins with what was set when it was started: what is declared later it never has",
        ),
        None => error,
    }
}

#[cold]
pub(super) fn unset_field(program: &Program, object: &Value, index: u16) -> Error {
    let name = call::members(object)
        .map(|members| program.classes[members.class as usize].fields[index as usize].name.clone());
    unset(&name.unwrap_or_else(|| "a member".into()))
}

/// A variable that is written once.
pub(super) fn fixed(image: &Image, index: u32) -> Result<&Value, Error> {
    image.fixed[index as usize].get().ok_or_else(|| unset_name(&image.program, index))
}

// Numbers.

/// `a + value`; a negative constant stands for a subtraction.
#[cold]
pub(super) fn add_int(a: &Value, value: i16) -> Result<Value, Error> {
    if value < 0 {
        return operate::binary(BinaryOperator::Subtract, a, &Value::Int(-i64::from(value)));
    }
    operate::binary(BinaryOperator::Add, a, &Value::Int(i64::from(value)))
}

// Calls.

/// A method of a fixed global. The thread keeps a reference of its own, so that threads do not fight over the
/// count of references with each call.
pub(super) fn call_method_fixed<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    at: usize,
    shape: &Shape,
    index: u16,
) -> Result<Flow, Fault> {
    let index = usize::from(index);
    if fiber.fixed.is_empty() {
        fiber.fixed.resize(image.fixed.len(), Value::Unset);
    }
    if let Value::Unset = fiber.fixed[index] {
        fiber.fixed[index] = fixed(image, index as u32)?.clone();
    }
    if let Some(linked) = image.method(fiber.fixed[index].kind(), shape.method)
        && let Body::Native(_) = linked.row.body
    {
        let count = linked.bind(&mut fiber.stack, at + 1, shape, &image.program)?;
        std::mem::swap(&mut fiber.stack[at], &mut fiber.fixed[index]);
        let outcome = call::native_outcome(image, fiber, world, linked.row, at, at + 1 + count);
        std::mem::swap(&mut fiber.stack[at], &mut fiber.fixed[index]);
        return call::done(image, fiber, world, linked.row, outcome, at);
    }
    fiber.stack[at] = fiber.fixed[index].clone();
    call::method(image, fiber, world, at, shape)
}

/// A method of what a register holds, which is lent for the time of the call.
pub(super) fn call_method_of<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    object: usize,
    at: usize,
    shape: &Shape,
) -> Result<Flow, Fault> {
    if let Some(linked) = image.method(fiber.stack[object].kind(), shape.method)
        && let Body::Native(_) = linked.row.body
    {
        let count = linked.bind(&mut fiber.stack, at + 1, shape, &image.program)?;
        fiber.stack.swap(at, object);
        let outcome = call::native_outcome(image, fiber, world, linked.row, at, at + 1 + count);
        fiber.stack.swap(at, object);
        return call::done(image, fiber, world, linked.row, outcome, at);
    }
    fiber.stack[at] = fiber.stack[object].clone();
    call::method(image, fiber, world, at, shape)
}

/// A member function that is known: `self` and the arguments stand at `start`.
pub(super) fn call_member(
    image: &Image,
    fiber: &mut Fiber,
    start: usize,
    function: u32,
) -> Result<(), Fault> {
    let known = &image.program.functions[function as usize];
    fiber.reserve(start + known.registers);
    if let Some(captured) = call::captured_of(&fiber.stack[start]) {
        let slots = &mut fiber.stack[start + 1 + known.parameters.len()..];
        for (slot, value) in slots.iter_mut().zip(captured.iter()) {
            *slot = value.clone();
        }
    }
    call::push(fiber, function, start, start)
}

// Threads and waiting.

fn start(context: &mut Context<'_>, value: &Value) -> Result<(), Error> {
    match value {
        Value::Thread(thread) => context.world.start(thread),
        Value::Sync(sync) if sync.kind.kind() == Type::Command => {
            builtin::sync::programs::start(context, sync)
        }
        other => Err(Error::new(
            Kind::Type,
            format!(
                "`start` takes a thread, a timer, a command, a call or a block, not {}",
                show::with_article(other.kind())
            ),
        )
        .hint("write `start f(x)` to call f in a thread of its own")),
    }
}

/// Copies what a `shared var` holds to a place; false when there is nothing yet.
#[inline(never)]
pub(super) fn load_shared(memory: &Memory, index: u32, slot: &mut Value) -> bool {
    let value = Slot::at(memory, memory.variable(index)).get();
    let set = !matches!(value, Value::Unset);
    if set {
        crate::value::put(slot, value);
    }
    set
}

/// It comes to hold a copy.
#[inline(never)]
pub(super) fn store_shared(image: &Image, index: u32, value: &Value) -> Result<(), Error> {
    let value = admit(value)?;
    match &image.memory {
        Some(memory) => Slot::at(memory, memory.variable(index)).set(&value)?,
        None => image.shared(index).set(value),
    }
    Ok(())
}
