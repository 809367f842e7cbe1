//! What an instruction uses of what threads share, told to a world that has eyes for it (`Scheduler::EYES`).
//!
//! Which cells those are is said by `touch`, here as in a check; what is used most often is told without its list.

use super::call::members;
use super::touch::{self, Act, Part, Place, Run, Touch, Touches, names};
use super::{Fiber, Image, Scheduler, Visible};
use crate::builtin::Row;
use crate::code::Instruction as I;
use crate::race::channels;
use crate::race::common::There;
use crate::race::{mine, shadow::Met};
use crate::state::Shared;
use crate::sync::Kind;
use crate::value::Value;
use std::sync::atomic::AtomicU32;

/// Whether it may use anything that threads share, whatever its registers hold. (What locks are, and variables of the top
/// level, is looked at where it is done: it is done most often.)
#[inline(always)]
pub(super) fn is_worth_it(instruction: I) -> bool {
    !matches!(
        instruction,
        I::Move { .. }
            | I::Nil { .. }
            | I::Bool { .. }
            | I::Int { .. }
            | I::Constant { .. }
            | I::Unset { .. }
            | I::NewCell { .. }
            | I::CheckSet { .. }
            | I::LoadFixed { .. }
            | I::LoadGlobal { .. }
            | I::StoreGlobal { .. }
            | I::Enter { .. }
            | I::EnterFixed { .. }
            | I::Leave { .. }
            | I::LeaveFixed { .. }
            | I::LeaveTo { .. }
            | I::LeaveFixedTo { .. }
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
            | I::CallMember { .. }
            | I::Return { .. }
            | I::ReturnNil
    )
}

/// Whether it writes something that threads may share: a place where others may come in between.
#[inline(always)]
pub(super) fn writes(instruction: I) -> bool {
    matches!(
        instruction,
        I::StoreGlobal { .. }
            | I::StoreShared { .. }
            | I::StoreCell { .. }
            | I::SetOwn { .. }
            | I::SetField { .. }
            | I::SetIndex { .. }
            | I::SetIndexConstant { .. }
            | I::Push { .. }
    )
}

/// Tells the world what the instruction (of the innermost frame, whose `pc` is past it) is about to use; or, of what has been
/// told already, that it races.
#[inline(never)]
pub(super) fn look<S: Scheduler>(
    image: &Image,
    fiber: &Fiber,
    world: &mut S,
    base: usize,
    at: (u32, u32),
    instruction: I,
    met: Option<Box<Met>>,
) {
    let at = fiber.place_in_script(&image.program, at);
    if let Some(met) = met {
        return meet(image, fiber, world, base, instruction, *met);
    }
    let r = |register: u16| &fiber.stack[base + register as usize];
    let used = match instruction {
        // What is `shared` has a shadow here, too, for where there are no other processes.
        I::LoadGlobal { index, .. } | I::LoadShared { index, .. } => {
            Some((image.globals[index as usize].shadow(), Part::All, false))
        }
        I::StoreGlobal { index, .. } | I::StoreShared { index, .. } => {
            Some((image.globals[index as usize].shadow(), Part::All, true))
        }
        I::LoadCell { cell, .. } => variable(r(cell)).map(|word| (word, Part::All, false)),
        I::StoreCell { cell, .. } => variable(r(cell)).map(|word| (word, Part::All, true)),
        I::GetOwn { object, index, .. } => {
            field(image, r(object), index).map(|word| (word, Part::All, false))
        }
        I::SetOwn { object, index, .. } => field(image, r(object), index).map(|word| (word, Part::All, true)),
        I::GetIndex { object, index, .. } => {
            element(r(object), r(index)).map(|(word, part)| (word, part, false))
        }
        I::SetIndex { object, index, .. } | I::SetIndexConstant { object, index, .. } => {
            element(r(object), r(index)).map(|(word, part)| (word, part, true))
        }
        I::Add { a, b, .. }
        | I::Subtract { a, b, .. }
        | I::Multiply { a, b, .. }
        | I::Modulo { a, b, .. }
        | I::Compare { a, b, .. }
        | I::UnlessLess { a, b, .. }
        | I::UnlessLessEqual { a, b, .. }
        | I::UnlessEqual { a, b, .. }
        | I::UnlessNotEqual { a, b, .. }
        | I::LoopLess { a, b, .. }
        | I::LoopLessEqual { a, b, .. }
            if touch::container(r(a)).is_none() && touch::container(r(b)).is_none() =>
        {
            return;
        }
        I::JumpIf { a, .. } | I::JumpUnless { a, .. } | I::LoopIf { a, .. }
            if touch::container(r(a)).is_none() =>
        {
            return;
        }
        // Things are no cells.
        I::Enter { .. } | I::EnterFixed { .. } | I::EnterTimed { .. } => {
            return world.visible(Visible::Enter);
        }
        I::Leave { .. } | I::LeaveFixed { .. } | I::LeaveTo { .. } | I::LeaveFixedTo { .. } => {
            return world.visible(Visible::Other);
        }
        I::CallMethodOf { object, shape, .. } if matches!(r(object), Value::Sync(_)) => {
            if is_in_order(r(object)) {
                world.stands(at);
            }
            return world.visible(method(image, shape));
        }
        I::CallMethodFixed { index, shape, .. }
            if matches!(image.fixed(u32::from(index)), Some(Value::Sync(_))) =>
        {
            if image.fixed(u32::from(index)).is_some_and(is_in_order) {
                world.stands(at);
            }
            return world.visible(method(image, shape));
        }
        _ => None, // what `touches` says
    };
    let Some((word, part, write)) = used else { return all(image, fiber, world, at, base, instruction) };
    world.visible(if write { Visible::Write } else { Visible::Other });
    let there = match instruction {
        I::LoadShared { index, .. } | I::StoreShared { index, .. } => shared_variable(image, index),
        I::GetIndex { object, .. } | I::SetIndex { object, .. } | I::SetIndexConstant { object, .. } => {
            shared_object(r(object))
        }
        _ => None, // nothing else that is told here can be shared
    };
    if let Some(met) = uses(world, (word, there), part, write, at) {
        meet(image, fiber, world, base, instruction, *met);
    }
}

/// The one cell that it uses in this way races.
#[cold]
fn meet<S: Scheduler>(image: &Image, fiber: &Fiber, world: &mut S, base: usize, instruction: I, met: Met) {
    let (_, write) = met.now;
    let told = told(image, fiber, base, instruction);
    let touch = told.list.iter().find(|touch| touch.write == write).or(told.list.first());
    name(image, world, met, touch);
}

/// It uses what has this word, here or there.
fn uses<S: Scheduler>(
    world: &mut S,
    (word, there): (&AtomicU32, Option<There>),
    part: Part,
    write: bool,
    at: (u32, u32),
) -> Option<Box<Met>> {
    match there.filter(|_| world.sees_there()) {
        Some(cell) => world.used_there(cell, part, write, at),
        None => world.used(word, part, write, at),
    }
}

/// Whatever it uses, as `touches` tells it.
#[cold]
#[inline(never)]
fn all<S: Scheduler>(
    image: &Image,
    fiber: &Fiber,
    world: &mut S,
    at: (u32, u32),
    base: usize,
    instruction: I,
) {
    world.stands(at);
    let mut touches = Touches::with_runs();
    touch::touches(image, fiber, base, instruction, &mut touches);
    let runs = touches.runs.take().unwrap_or_default();
    if !touches.list.is_empty() || !runs.is_empty() || !matches!(touches.act, Act::Plain | Act::Start) {
        let writes = touches.list.iter().any(|touch| touch.write && word(image, touch).is_some())
            || runs.iter().any(|run| run.write);
        world.visible(if writes { Visible::Write } else { Visible::Other });
    }
    for touch in &touches.list {
        let Some((word, part)) = word(image, touch) else { continue };
        if let Some(met) = uses(world, (word, there(image, touch)), part, touch.write, at) {
            name(image, world, *met, Some(touch));
        }
    }
    for run in runs {
        many(image, world, at, &run);
    }
}

/// Many elements of one list.
fn many<S: Scheduler>(image: &Image, world: &mut S, at: (u32, u32), run: &Run) {
    if run.list.place().is_some() && world.sees_there() {
        for element in run.elements.clone() {
            let touch = run.touch(element);
            let there = there(image, &touch);
            if let Some(met) = uses(world, (run.list.shadow(), there), touch.part, run.write, at) {
                name(image, world, *met, Some(&touch));
            }
        }
        return;
    }
    for (element, met) in world.used_elements(run.list.shadow(), run.elements.clone(), run.write, at) {
        name(image, world, met, Some(&run.touch(element)));
    }
}

/// Where a `shared var` is, if there are other processes.
fn shared_variable(image: &Image, index: u32) -> Option<There> {
    let memory = image.memory.as_ref()?;
    Some(There { place: memory.variable(index), len: 0 })
}

fn shared_object(value: &Value) -> Option<There> {
    match value {
        Value::List(list) => list.place().map(|(place, len)| There { place, len }),
        Value::Map(map) => map.place().map(|place| There { place, len: 0 }),
        _ => None, // nothing else is shared and has elements
    }
}

/// Where what is touched is, if processes share it.
fn there(image: &Image, touch: &Touch) -> Option<There> {
    match &touch.place {
        Place::Global(index) if image.program.is_shared(*index) => shared_variable(image, *index),
        Place::Object(Shared::List(list)) => list.place().map(|(place, len)| There { place, len }),
        Place::Object(Shared::Map(map)) => map.place().map(|place| There { place, len: 0 }),
        Place::Global(_)
        | Place::Object(_)
        | Place::Fixed(_)
        | Place::Threads
        | Place::Random
        | Place::Clock => None,
    }
}

/// What calling a method of a thing to wait for is.
fn method(image: &Image, shape: u16) -> Visible {
    let name = image.program.symbol(image.program.shapes[shape as usize].method);
    if **name == *"acquire" { Visible::Enter } else { Visible::Other }
}

fn told(image: &Image, fiber: &Fiber, base: usize, instruction: I) -> Touches {
    let mut touches = Touches::new();
    touch::touches(image, fiber, base, instruction, &mut touches);
    touches
}

#[cold]
fn name<S: Scheduler>(image: &Image, world: &mut S, met: Met, touch: Option<&Touch>) {
    world.raced(met, &|| touch.map_or_else(|| "a variable".into(), |touch| names::cell(touch, image)));
}

fn variable(value: &Value) -> Option<&AtomicU32> {
    if let Value::Cell(cell) = value { Some(cell.shadow()) } else { None }
}

fn field<'v>(image: &Image, object: &'v Value, index: u16) -> Option<&'v AtomicU32> {
    let members = members(object)?;
    let mutable = image.program.classes[members.class as usize].fields[index as usize].mutable;
    mutable.then(|| members.fields[index as usize].shadow())
}

/// An element of a list that is there, counted from the start.
fn element<'v>(object: &'v Value, index: &Value) -> Option<(&'v AtomicU32, Part)> {
    let (Value::List(list), Value::Int(index)) = (object, index) else { return None };
    let index = usize::try_from(*index).ok().filter(|index| *index < list.len())?;
    Some((list.shadow(), Part::Element(index as u64)))
}

/// Where the shadow of what is touched has its number, if it is one of those that can race.
fn word<'t>(image: &'t Image, touch: &'t Touch) -> Option<(&'t AtomicU32, Part)> {
    match (&touch.place, touch.part) {
        (Place::Global(index), _) => Some((image.globals[*index as usize].shadow(), Part::All)),
        (Place::Object(Shared::Cell(cell)), _) => Some((cell.shadow(), Part::All)),
        (Place::Object(Shared::Object(object)), Part::Field(index)) => {
            object.fields.get(index as usize).map(|field| (field.shadow(), Part::All))
        }
        (_, part) => touch.container().map(|word| (word, part)),
    }
}

/// A queue that holds its values against each other.
fn is_in_order(value: &Value) -> bool {
    matches!(value, Value::Sync(thing) if matches!(&thing.kind, Kind::Queue(queue) if queue.compares()))
}

/// An operation has been done: what it has read so that it races.
pub(super) fn done<S: Scheduler>(image: &Image, world: &mut S) {
    let mut all = Vec::new();
    mine::with(|mine| all = mine.take_met());
    all.into_iter().for_each(|(met, touch)| name(image, world, met, Some(&touch)));
}

/// A property of it was read: of what others have done that is seen by.
pub(super) fn looked_at(value: &Value) {
    match value {
        Value::Sync(thing) => thing.looked_at(),
        Value::Thread(handle) => handle.looked_at(),
        _ => {}
    }
}

/// A builtin was called that sees what others have done elsewhere.
pub(super) fn called(row: &Row) {
    match row.name {
        "threads" | "active_count" => mine::with(|mine| {
            let ended = mine.detector.ended();
            mine.join(&ended);
        }),
        "read" | "write" | "append" | "exists" | "remove" | "list_dir" | "open" | "read_line" | "run" => {
            channels::take_from_the_outside();
        }
        _ => {}
    }
}
