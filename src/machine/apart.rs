//! Operations that read several places, where each read is a step that others may come before: a text of a list of lists, a
//! comparison of two of them, `xs.extend(ys)`.
//!
//! The world is asked about each read as about an instruction. If it puts the fiber aside in between, what has been read
//! stays with that. The reads are found by doing the part of the operation that reads, with what has been read already
//! (`value/reads.rs`); in the end the operation itself gets all of it.

use super::touch::{self, Act, Look, Place, Touches};
use super::{Fiber, Image, Scheduler};
use crate::builtin::{Body, Context};
use crate::state::Shared;
use crate::value::reads::{self, Read};
use crate::value::{Value, compare, iterate, show, sort};

/// Whether what the next instruction touches is to be told read by read.
pub fn is_apart(touches: &Touches, fiber: &Fiber) -> bool {
    if touches.looks.is_empty() {
        return false;
    }
    if !fiber.read.is_empty() || touches.act == Act::Print {
        return true;
    }
    // What takes elements to change something else with them, which may be the same list. (What sorts a list of numbers does it
    // at once.)
    let takes = |look: &Look| matches!(look, Look::Items(_) | Look::Pairs(_));
    if touches.looks.iter().any(takes) && touches.list.iter().any(|touch| touch.write) {
        return true;
    }
    let mut first = None;
    touches.list.iter().any(|touch| match &touch.place {
        // Elements of one list are read at once; each field by itself.
        Place::Object(object) => {
            let one = (object.address(), matches!(object, Shared::Object(_)).then_some(touch.part));
            *first.get_or_insert(one) != one
        }
        Place::Global(_) | Place::Fixed(_) | Place::Threads | Place::Random | Place::Clock => false,
    })
}

/// Asks the world about each read, and in the end about the rest. True puts the fiber aside.
pub fn before<S: Scheduler>(image: &Image, fiber: &mut Fiber, world: &mut S, touches: &Touches) -> bool {
    let mut read = std::mem::take(&mut fiber.read);
    // What comes of the next step depends on what it has read in earlier ones.
    let mut known: Vec<Shared> = read.iter().filter_map(touch::container).collect();
    let mut next = next_reads(image, fiber, world, touches, &read).into_iter();
    while let Some(one) = next.next() {
        let mut about = told(image, &one, touches, read.is_empty());
        about.quiet.append(&mut known);
        if world.before(&about, fiber) {
            fiber.read = read;
            return true;
        }
        if !world.others_moved() {
            read.push(one.was);
            continue;
        }
        // It is read now, and what comes after it may be something else.
        let mut now = next_reads(image, fiber, world, touches, &read).into_iter();
        read.extend(now.next().map(|one| one.was));
        next = now;
    }
    let mut rest = rest(touches);
    rest.quiet.append(&mut known);
    if world.before(&rest, fiber) {
        fiber.read = read;
        return true;
    }
    reads::give(read);
    false
}

fn next_reads<S: Scheduler>(
    image: &Image,
    fiber: &Fiber,
    world: &mut S,
    touches: &Touches,
    read: &[Value],
) -> Vec<Read> {
    let line = fiber.line(&image.program);
    reads::noted(read.to_vec(), || touches.looks.iter().for_each(|look| run(image, world, look, line)))
}

/// Does what reads. What comes of it, also an error, comes again when the operation is done.
fn run<S: Scheduler>(image: &Image, world: &mut S, look: &Look, line: u32) {
    match look {
        Look::Text(value) => drop(show::display(value, &image.program)),
        Look::Compare(operator, a, b) => _ = compare::compare(*operator, a, b),
        Look::Items(value) => _ = iterate::sequence(value),
        Look::Pairs(value) => {
            let pairs = iterate::sequence(value).and_then(Result::ok).unwrap_or_default();
            if let Value::List(_) = value {
                pairs.iter().for_each(|pair| _ = iterate::sequence(pair));
            }
        }
        Look::Order(value, reverse) => {
            if let Some(Ok(items)) = iterate::sequence(value) {
                _ = sort::sorted(items, *reverse);
            }
        }
        Look::Builtin(row, arguments) => {
            if let Body::Native(run) = row.body {
                _ = run(&mut Context { world, program: &image.program, line }, arguments);
            }
        }
    }
}

/// What a read touches: of the first one, which is done as things are now, only the parts that the operation is about.
fn told(image: &Image, read: &Read, all: &Touches, first: bool) -> Touches {
    let mut touches = Touches::new();
    touch::read(image, read, &mut touches);
    let Some(container) = touch::container(&read.of).filter(|_| first) else { return touches };
    let of_it = |place: &Place| matches!(place, Place::Object(one) if one.address() == container.address());
    let parts = all.list.iter().filter(|touch| !touch.write && of_it(&touch.place));
    let parts: Vec<_> = parts.cloned().collect();
    if !parts.is_empty() {
        touches.list = parts;
    }
    touches
}

/// What is left when all has been read.
fn rest(touches: &Touches) -> Touches {
    let is_rest = |place: &Place| !matches!(place, Place::Object(Shared::Thread(_)));
    let list = touches.list.iter().filter(|touch| touch.write && is_rest(&touch.place));
    Touches {
        list: list.cloned().collect(),
        quiet: touches.quiet.clone(),
        act: touches.act,
        ..Touches::new()
    }
}
