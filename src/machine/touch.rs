//! What an instruction is about to touch of what other threads may touch too: variables, fields, elements, things to
//! wait for. Asked before each instruction by worlds that are `Scheduler::STEPWISE`.
//!
//! It says at least what the instruction touches. Whether anybody else can reach it is the world's to know.

mod builtins;
mod depth;
mod elements;
pub mod names;
mod told;

use super::call;
use super::image::Member;
use super::{Fiber, Image};
use crate::code::Instruction as I;
use crate::state::Shared;
use crate::sync::{Kind, Sync};
use crate::syntax::tree::CompareOperator;
use crate::value::reads::{Read, What};
use crate::value::{Value, object::Object};
pub use depth::container;
use depth::{admitted, deep, ordered, shallow, shape, shown, tells};
use elements::{element, key, slice};
use std::sync::Arc;
pub use told::{Act, Look, Part, Place, Run, Touch, Touches};

/// What is read to put values in order.
pub fn read_to_order(values: &[Value]) -> Vec<Touch> {
    let mut touches = Touches::new();
    ordered(values, &mut touches);
    touches.list
}

/// Adds what the instruction at `pc` (of the innermost frame, with its registers at `base`) is about to touch.
pub(super) fn touches(image: &Image, fiber: &Fiber, base: usize, instruction: I, out: &mut Touches) {
    let r = |register: u16| &fiber.stack[base + register as usize];
    let native = |first: u16, count: u16, row: u16, out: &mut Touches| {
        let start = base + first as usize;
        let arguments = &fiber.stack[start..start + count as usize];
        builtins::native(image, image.program.rows[row as usize], None, arguments, out);
    };
    match instruction {
        I::LoadGlobal { index, .. } | I::LoadShared { index, .. } => {
            out.add(Place::Global(index), Part::All, false)
        }
        I::StoreGlobal { index, .. } => out.add(Place::Global(index), Part::All, true),
        I::StoreShared { s, index } => {
            out.add(Place::Global(index), Part::All, true);
            deep(r(s), out); // a copy goes there
        }
        I::LoadFixed { index, .. } => fixed(image, index, out),
        I::StoreFixed { index, .. } => out.add(Place::Fixed(index), Part::All, true),
        I::LoadCell { cell, name, .. } => captured(r(cell), name, false, out),
        I::StoreCell { cell, name, .. } => captured(r(cell), name, true, out),

        // What comes of two containers is a new one, of what they hold.
        I::Add { a, b, .. }
        | I::Subtract { a, b, .. }
        | I::Multiply { a, b, .. }
        | I::Modulo { a, b, .. }
        | I::Binary { a, b, .. } => {
            shallow(r(a), false, out);
            shallow(r(b), false, out);
            if out.list.len() > 1 {
                // The right one before the left one (`value/operate.rs`).
                out.looks.extend([Look::Items(r(b).clone()), Look::Items(r(a).clone())]);
            }
        }
        I::Compare { operator, a, b, .. } => tells(operator, r(a), r(b), out),
        I::UnlessEqual { a, b, .. } | I::UnlessNotEqual { a, b, .. } => {
            tells(CompareOperator::Equal, r(a), r(b), out);
        }
        I::UnlessLess { a, b, .. }
        | I::UnlessLessEqual { a, b, .. }
        | I::LoopLess { a, b, .. }
        | I::LoopLessEqual { a, b, .. } => tells(CompareOperator::Less, r(a), r(b), out),
        I::Unary { a, .. } | I::JumpIf { a, .. } | I::JumpUnless { a, .. } | I::LoopIf { a, .. } => {
            shape(r(a), false, out);
        }
        I::Iterate { at } => shallow(r(at), false, out),
        I::LoopItems { at, .. } => match r(at) {
            Value::Sync(queue) => sync(queue, out),
            // A copy of its own, which nobody changes.
            Value::List(items) => out.quiet.push(Shared::List(items.clone())),
            _ => {}
        },
        I::Unpack { s, .. } => shallow(r(s), false, out),
        I::Slice { object, at, .. } => slice(r(object), r(at), r(at + 1), out),
        I::GetIndex { object, index, .. } => element(r(object), r(index), false, out),
        I::SetIndex { object, index, s } => {
            element(r(object), r(index), true, out);
            admitted(r(object), r(s), out);
        }
        I::SetIndexConstant { object, index, .. } => element(r(object), r(index), true, out),
        I::Push { list, s } => {
            shape(r(list), true, out);
            admitted(r(list), r(s), out);
        }
        I::Text { at, count, .. } => (0..count).for_each(|i| shown(image, r(at + i), out)),
        I::Format { s, .. } => shown(image, r(s), out),
        I::AssertCompared { message, at } => {
            shown(image, r(at), out);
            shown(image, r(at + 1), out);
            shown(image, r(message), out);
        }
        I::AssertFailed { message } => shown(image, r(message), out),

        I::GetOwn { object, index, .. } => own_field(image, r(object), index, false, out),
        I::SetOwn { object, index, .. } => own_field(image, r(object), index, true, out),
        I::GetField { object, name, .. } => field(image, r(object), name, false, out),
        I::SetField { object, name, s } => {
            field(image, r(object), name, true, out);
            admitted(r(object), r(s), out);
        }

        I::Call { at, shape } => builtins::call(image, r(at), fiber, base + at as usize + 1, shape, out),
        I::CallMethod { at, shape } => {
            let shape = &image.program.shapes[shape as usize];
            builtins::method(image, r(at), fiber, base + at as usize + 1, shape, out);
        }
        I::CallMethodOf { at, shape, object } => {
            let shape = &image.program.shapes[shape as usize];
            builtins::method(image, r(object), fiber, base + at as usize + 1, shape, out);
        }
        I::CallMethodFixed { at, shape, index } => {
            let shape = &image.program.shapes[shape as usize];
            fixed(image, u32::from(index), out);
            if let Some(receiver) = image.fixed(u32::from(index)) {
                // Others know it by its name, however few references there are to it.
                if let Value::Thread(handle) = receiver
                    && handle.process.is_none()
                {
                    thread(handle, out);
                }
                builtins::method(image, receiver, fiber, base + at as usize + 1, shape, out);
            }
        }
        I::CallBuiltin { at, count, row } => native(at, count, row, out),
        I::CallBuiltinOn { count, at: _, first, row } => native(first, count.into(), row, out),
        I::CallSpread { at } => {
            // What a thread begins with is its own.
            if fiber.frames.len() > 1 {
                shallow(r(at + 1), false, out);
            }
            if let Value::List(list) = r(at + 1) {
                builtins::called(image, r(at), &list.snapshot(), out);
            }
        }

        I::Enter { a } | I::EnterTimed { a, .. } => entered(r(a), out),
        I::EnterFixed { index } => {
            fixed(image, index, out);
            if let Some(value) = image.fixed(index) {
                entered(value, out);
            }
        }
        I::Leave { a } | I::LeaveTo { a, .. } => left(r(a), out),
        I::LeaveFixed { index } | I::LeaveFixedTo { index, .. } => {
            if let Some(value) = image.fixed(index) {
                left(value, out);
            }
        }
        I::Return { .. } | I::ReturnNil => {
            if fiber.frames.len() == 1 {
                out.act = Act::End;
            }
        }
        // Until when it sleeps depends on when it begins.
        I::Sleep { .. } => out.add(Place::Clock, Part::All, false),
        I::HoldOthers => out.act = Act::Atomic,
        I::AwaitBegin => out.act = Act::Await,
        I::Select { .. } => {
            out.act = Act::Sync;
            for arm in &fiber.arms {
                // Containers are only looked into, to find the first of a queue.
                let only_read =
                    |object: &Shared| matches!(object, Shared::List(_) | Shared::Map(_) | Shared::Set(_));
                arm.touches(&mut |object| {
                    let write = !only_read(&object);
                    out.object(object, Part::All, write);
                });
            }
        }
        // Nobody else can tell when it happens.
        I::Start { a } => starts(r(a), out),
        I::Name { a, .. } | I::NameElement { a, .. } => named(r(a), out),
        I::Prepare { at, .. } => receiver(r(at), out),
        I::CallMember { at, .. } => instance(r(at), out),
        I::Monitor { object, .. } => instance(r(object), out),
        I::Arm { .. } | I::Called { .. } | I::Lasts { .. } => {}

        I::Move { .. }
        | I::Nil { .. }
        | I::Bool { .. }
        | I::Int { .. }
        | I::Constant { .. }
        | I::Unset { .. }
        | I::NewCell { .. }
        | I::CheckSet { .. }
        | I::LoadLocal { .. }
        | I::StoreLocal { .. }
        | I::AddInt { .. }
        | I::MultiplyInt { .. }
        | I::ModuloInt { .. }
        | I::Jump { .. }
        | I::JumpSet { .. }
        | I::Loop { .. }
        | I::UnlessLessInt { .. }
        | I::UnlessLessEqualInt { .. }
        | I::UnlessGreaterInt { .. }
        | I::UnlessGreaterEqualInt { .. }
        | I::UnlessEqualInt { .. }
        | I::UnlessNotEqualInt { .. }
        | I::LoopLessInt { .. }
        | I::LoopLessEqualInt { .. }
        | I::RangeCheck { .. }
        | I::LoopRange { .. }
        | I::CountCheck { .. }
        | I::LoopCount { .. }
        | I::CallFunction { .. }
        | I::OwnMethod { .. }
        | I::List { .. }
        | I::Map { .. }
        | I::Range { .. }
        | I::Closure { .. }
        | I::Throw { .. }
        | I::Watch { .. }
        | I::Rethrow { .. }
        | I::Supersede { .. }
        | I::IsKind { .. }
        | I::Yield
        | I::ResumeOthers
        | I::AwaitWait
        | I::AwaitEnd => {}
    }
}

/// One read of a container, an object's field, a captured variable or how a thread is.
pub(super) fn read(image: &Image, read: &Read, out: &mut Touches) {
    match (&read.of, read.what) {
        (Value::Object(object), What::Field(field)) => class_field(image, object, field as u16, false, out),
        (Value::Cell(cell), _) => out.object(Shared::Cell(cell.clone()), Part::All, false),
        (Value::Thread(handle), _) => itself(handle, out),
        (container, What::Length) => shape(container, false, out),
        (container, What::All | What::Field(_)) => shallow(container, false, out),
    }
}

/// What gets a name, if it has none yet.
fn named(value: &Value, out: &mut Touches) {
    match value {
        Value::Object(object) => {
            out.quiet.push(Shared::Object(object.clone()));
            out.quiet.extend(object.monitor.iter().map(|monitor| Shared::Sync(monitor.clone())));
            out.quiet.extend(super::check::members_to_name(object).map(Shared::Sync));
        }
        Value::List(list) if matches!(list.get(0), Some(Value::Sync(_) | Value::Object(_))) => {
            out.quiet.push(Shared::List(list.clone()));
            list.snapshot().iter().for_each(|element| named(element, out));
        }
        other => quiet(other, out),
    }
}

fn quiet(value: &Value, out: &mut Touches) {
    match value {
        Value::Thread(handle) => out.quiet.push(Shared::Thread(handle.clone())),
        Value::Sync(thing) => out.quiet.push(Shared::Sync(thing.clone())),
        _ => {}
    }
}

/// A process begins with what there is at this moment. That a thread has started is told by its handle, if anybody else
/// has that; one that was made just now is known to nobody.
fn starts(value: &Value, out: &mut Touches) {
    match value {
        Value::Thread(handle) if handle.process.is_some() => {
            quiet(value, out);
            out.act = Act::Process;
        }
        Value::Thread(handle) if Arc::strong_count(handle) > 1 => {
            itself(handle, out);
            out.act = Act::Start;
        }
        _ => {
            quiet(value, out);
            out.act = Act::Start;
        }
    }
}

/// A name that is written once: only before it is set can it matter when it is read.
fn fixed(image: &Image, index: u32, out: &mut Touches) {
    if image.fixed(index).is_none() {
        out.add(Place::Fixed(index), Part::All, false);
    }
}

fn captured(value: &Value, name: u16, write: bool, out: &mut Touches) {
    if let Value::Cell(cell) = value {
        out.object(Shared::Cell(cell.clone()), Part::Variable(name), write);
    }
}

fn sync(thing: &Arc<Sync>, out: &mut Touches) {
    thing.beneath().into_iter().for_each(|beneath| out.object(beneath, Part::All, true));
    alone(thing, out);
}

/// Not what is beneath it: to enter or leave a pool, or to give it a task, tells nothing of its workers, and nobody can
/// tell when it was done. (If each task were a step, spaces would be four times as large.)
fn alone(thing: &Arc<Sync>, out: &mut Touches) {
    out.act = Act::Sync;
    out.object(Shared::Sync(thing.clone()), Part::All, true);
}

fn thread(handle: &Arc<crate::sync::thread::Thread>, out: &mut Touches) {
    out.act = Act::Sync;
    itself(handle, out);
}

fn itself(handle: &Arc<crate::sync::thread::Thread>, out: &mut Touches) {
    // What happens to a process is learnt from the handle with which it was started.
    let handle = handle.process.as_ref().map_or(handle, |process| process.original(handle));
    out.object(Shared::Thread(handle.clone()), Part::All, true);
}

fn entered(value: &Value, out: &mut Touches) {
    if let Value::Sync(thing) = value {
        used_by_with(thing, out);
        if thing.can_be_held() || matches!(thing.kind, Kind::Side(_)) {
            out.act = Act::Enter;
        }
    }
}

fn used_by_with(thing: &Arc<Sync>, out: &mut Touches) {
    match thing.kind {
        Kind::Pool(_) => alone(thing, out),
        _ => sync(thing, out),
    }
}

fn left(value: &Value, out: &mut Touches) {
    if let Value::Sync(thing) = value {
        used_by_with(thing, out);
        if gives_back(thing) {
            out.act = Act::Release;
        }
    }
}

/// Whether leaving it can only let others go on: of a bounded semaphore it can fail, or make another fail.
fn gives_back(thing: &Sync) -> bool {
    match &thing.kind {
        Kind::Lock(_) | Kind::RLock(_) | Kind::Side(_) => true,
        Kind::Semaphore(semaphore) => !semaphore.is_bounded(),
        Kind::RwLock(_)
        | Kind::Condition(_)
        | Kind::Event(_)
        | Kind::Barrier(_)
        | Kind::Latch(_)
        | Kind::Queue(_)
        | Kind::Atomic(_)
        | Kind::Pool(_)
        | Kind::Crew(_)
        | Kind::Future(_)
        | Kind::Pipe(_)
        | Kind::End(_)
        | Kind::Outside(_) => false,
    }
}

fn own_field(image: &Image, object: &Value, index: u16, write: bool, out: &mut Touches) {
    if let Some(members) = call::members(object) {
        class_field(image, members, index, write, out);
    }
}

fn class_field(image: &Image, members: &Arc<Object>, index: u16, write: bool, out: &mut Touches) {
    let class = &image.program.classes[members.class as usize];
    let object = Shared::Object(members.clone());
    match class.fields[index as usize].mutable {
        true => out.object(object, Part::Field(u32::from(index)), write),
        false => out.quiet.push(object),
    }
}

/// What never changes of an instance: its monitor, what its class has captured.
fn instance(value: &Value, out: &mut Touches) {
    out.quiet.extend(call::members(value).cloned().map(Shared::Object));
}

/// The instance whose method is called.
fn receiver(callee: &Value, out: &mut Touches) {
    if let Value::Bound(bound) = callee {
        instance(&bound.receiver, out);
    }
}

fn field(image: &Image, object: &Value, name: u16, write: bool, out: &mut Touches) {
    if let Some(property) = image.property(object.kind(), name) {
        match object {
            Value::Sync(_) if property.constant => quiet(object, out),
            Value::Sync(thing) => sync(thing, out),
            Value::Thread(handle) => thread(handle, out),
            other => shape(other, write, out),
        }
        return;
    }
    let Some(members) = call::members(object) else { return };
    let Some(Member::Field { index, .. }) = image.member(members.class, name) else { return };
    match &members.monitor {
        Some(monitor) => {
            sync(monitor, out);
            instance(object, out);
        }
        None => class_field(image, members, index, write, out),
    }
}
