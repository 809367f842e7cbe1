//! Around the dispatch loop: how a fiber begins to run, goes on after a wait or an error, and comes to rest before an
//! instruction.

use super::apart;
use super::dispatch::frames;
use super::fault::{self, Fault};
use super::touch::{self, Touches};
use super::wait;
use super::{Exit, Fiber, Image, Scheduler};
use crate::code::{Instruction, Program};
use crate::value::{Value, error::Error, reads};

/// Goes on with a fiber that was suspended, with the value of its operation or the error that has ended it.
pub fn resume<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    answer: Result<Value, Error>,
) -> Exit {
    let fault = match answer {
        Ok(value) => match wait::complete(image, fiber, world, value) {
            Ok(()) => return run(image, fiber, world),
            Err(fault) => fault,
        },
        Err(error) => error.into(),
    };
    match fault::raise(fiber, &image.program, world, fault) {
        Ok(()) => run(image, fiber, world),
        Err(exit) => exit,
    }
}

/// Runs the fiber until it ends or the world puts it aside.
pub fn run<S: Scheduler>(image: &Image, fiber: &mut Fiber, world: &mut S) -> Exit {
    if !S::STEPWISE {
        fiber.read.clear(); // of an operation that was to be done step by step, and is done at once now
    }
    let exit = loop {
        let fault = match frames(image, fiber, world) {
            Ok(exit) => break exit,
            Err(fault) => fault,
        };
        if let Err(exit) = fault::raise(fiber, &image.program, world, fault) {
            break exit;
        }
        if world.outgrown() {
            break Exit::Paused;
        }
    };
    reads::is_over();
    exit
}

/// What a fiber at rest before an instruction is about to touch.
pub fn next_touches(image: &Image, fiber: &Fiber) -> Touches {
    let mut touches = Touches::new();
    if let Some(frame) = fiber.frames.last() {
        let instruction = image.program.functions[frame.function as usize].code[frame.pc as usize];
        touch::touches(image, fiber, frame.base as usize, instruction, &mut touches);
    }
    touches
}

/// Asks the world whether the fiber may do its next instruction (the `pc` is past it); if not, goes back to before it.
pub fn before<S: Scheduler>(
    image: &Image,
    fiber: &mut Fiber,
    world: &mut S,
    base: usize,
    instruction: Instruction,
) -> bool {
    reads::is_over();
    let mut touches = Touches::new();
    touch::touches(image, fiber, base, instruction, &mut touches);
    let stops = match apart::is_apart(&touches, fiber) {
        true => apart::before(image, fiber, world, &touches),
        false => world.before(&touches, fiber),
    };
    if stops && let Some(frame) = fiber.frames.last_mut() {
        frame.pc -= 1;
    }
    stops
}

/// The fiber stands before the instruction that its `pc` is past.
#[cold]
pub fn step_back(fiber: &mut Fiber) {
    if let Some(frame) = fiber.frames.last_mut() {
        frame.pc = frame.pc.saturating_sub(1);
    }
}

/// A safe point at which something has to be seen to: the frame, saved, goes back to `to`.
#[cold]
#[inline(never)]
pub fn go_back<S: Scheduler>(
    fiber: &mut Fiber,
    world: &mut S,
    program: &Program,
    to: u32,
) -> Result<(), Fault> {
    let mut past = 0;
    if let Some(frame) = fiber.frames.last_mut() {
        past = std::mem::replace(&mut frame.pc, to);
    }
    world.safepoint(fiber, program).map_err(|interrupted| fault::interrupted(fiber, past, interrupted))
}
