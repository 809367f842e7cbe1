//! One thread's frames and registers, as plain data.

use super::Image;
use super::call;
use crate::code::effects::{Effect, effects};
use crate::code::{Function, Program};
use crate::source::Span;
use crate::sync::thread::{Entry, Thread};
use crate::sync::{Kind, Op};
use crate::value::{Value, error::Error};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Calls within calls; more is an error of kind `recursion`.
pub(super) const MOST_FRAMES: usize = 100_000;

#[derive(Debug)]
pub struct Fiber {
    pub(super) stack: Vec<Value>,
    pub(super) frames: Vec<Frame>,
    /// Its own values of the `threadlocal`s.
    pub(super) locals: Vec<Value>,
    /// Its own references to top-level things whose methods it calls.
    pub(super) fixed: Vec<Value>,
    /// `exit(n)` is on its way through the `finally` blocks.
    pub(super) exiting: Option<i32>,
    /// The arms of the `select` that is being made.
    pub(super) arms: Vec<Op>,
    /// How deep it is in `atomically`.
    pub(super) holding: u32,
    /// It evaluates the condition of an `await`.
    pub(super) in_condition: bool,
    /// The locks held when the error was raised that nothing will catch: label and line of acquisition.
    pub held: Vec<(String, u32)>,
    /// What the operation that it stands before has read already, where each read is a step of its own (`apart`).
    pub(super) read: Vec<Value>,
    /// The error that is on its way, while it is known who will catch it.
    pub(super) on_its_way: Option<OnItsWay>,
    /// Where its outermost call stood when an error (or what ends the thread) left it.
    pub left: Option<Span>,
    /// Where its thread was made, if that calls a builtin.
    pub(super) origin: Span,
    /// The line of that, once somebody has asked: a worker of a pool does with each of its tasks.
    pub(super) origin_line: OnceCell<u32>,
}

/// An error that has been raised and passes through frames.
#[derive(Debug)]
pub(super) struct OnItsWay {
    pub error: Arc<Error>,
    /// The innermost frame with a `catch` around it (it may still not take this kind); None when nothing catches it.
    pub frame: Option<usize>,
}

/// One call in progress.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub function: u32,
    /// The next instruction.
    pub pc: u32,
    /// Where its registers begin in the stack.
    pub base: u32,
    /// Where in the stack its value goes.
    pub result: u32,
}

impl Fiber {
    /// A fiber about to call `entry.callee`; for a `run` block or a method, the receiver is the first argument.
    ///
    /// # Errors
    /// When the arguments do not fit the callee.
    pub fn new(image: &Image, entry: Entry) -> Result<Fiber, Error> {
        let mut fiber = Fiber {
            stack: vec![Value::Nil; 16],
            frames: Vec::with_capacity(8),
            locals: vec![Value::Unset; image.program.locals],
            fixed: Vec::new(),
            exiting: None,
            arms: Vec::new(),
            read: Vec::new(),
            holding: 0,
            in_condition: false,
            held: Vec::new(),
            on_its_way: None,
            left: None,
            origin: Span::default(),
            origin_line: OnceCell::new(),
        };
        call::begin(image, &mut fiber, entry)?;
        Ok(fiber)
    }

    /// A fiber about to run the script itself.
    pub fn main(image: &Image) -> Fiber {
        let entry = Entry::to_call(Value::Function(0));
        Fiber::new(image, entry).expect("the script takes no arguments")
    }

    /// To be called before a fiber goes on in a larger image than the one it was put aside in.
    pub fn goes_on_in(&mut self, image: &Image) {
        self.locals.resize(image.program.locals, Value::Unset);
        if !self.fixed.is_empty() {
            self.fixed.resize(image.fixed.len(), Value::Unset);
        }
    }

    /// Whether it is inside `atomically`.
    pub fn holding(&self) -> bool {
        self.holding > 0
    }

    /// Whether it evaluates the condition of an `await`.
    pub fn in_condition(&self) -> bool {
        self.in_condition
    }

    /// Makes room for the registers of a frame.
    #[inline]
    pub(super) fn reserve(&mut self, until: usize) {
        if self.stack.len() < until {
            self.grow(until);
        }
    }

    #[cold]
    fn grow(&mut self, until: usize) {
        self.stack.resize(until.max(self.stack.len() * 2), Value::Nil);
    }

    /// Lets go of what calls that have ended have left behind, also where the call will stand that comes next; or that waits,
    /// if this is `within` it. (The arguments that it leaves out would take the place of some of that.) There only what may lead to
    /// something else goes: who does not come to rest on the way keeps the rest, and would be in another state.
    pub fn clear_rest(&mut self, program: &Program, within: bool) {
        let top = self.top(program);
        let rest = self.stack.get_mut(top..).unwrap_or_default();
        rest.iter_mut().for_each(|value| *value = Value::Nil);
        let Some(frame) = self.frames.last() else { return };
        let base = frame.base as usize;
        let code = &program.functions[frame.function as usize].code;
        let Some(call) = (frame.pc as usize).checked_sub(within.into()).and_then(|at| code.get(at)) else {
            return;
        };
        let (mut from, mut read) = (usize::MAX, BTreeSet::new());
        effects(call, program, &mut |effect| {
            if let Effect::Clobbers(at) = effect {
                from = at;
            }
            read.extend(effect.read());
        });
        for register in (from..top.saturating_sub(base)).filter(|register| !read.contains(register)) {
            if let Some(value) = self.stack.get_mut(base + register)
                && !(value.is_plain() || matches!(value, Value::Long(_) | Value::Range(_)))
            {
                *value = Value::Nil;
            }
        }
    }

    /// Where the registers of the calls in progress end.
    pub(super) fn top(&self, program: &Program) -> usize {
        self.frames
            .last()
            .map_or(0, |frame| frame.base as usize + program.functions[frame.function as usize].registers)
    }

    /// Its calls in progress, outermost first: the function and the next instruction of each.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        self.frames.iter().map(|frame| (frame.function, frame.pc))
    }

    /// Says where its thread was made, if what that calls stands in no line of the script.
    pub fn starts_at(&mut self, thread: &Thread) {
        self.origin = thread.origin.get().copied().unwrap_or_default();
        self.origin_line = OnceCell::new();
    }

    /// The place in the script where it stands: of the innermost call that is not conc's own.
    pub fn span(&self, program: &Program) -> Span {
        self.outer(program).map_or(self.origin, |(function, at)| function.spans[at])
    }

    /// Whether it stands in the script at all.
    pub(super) fn stands_somewhere(&self, program: &Program) -> bool {
        self.outer(program).is_some() || self.origin != Span::default()
    }

    /// The innermost call that is not conc's own, and the number of the instruction that it is at.
    fn outer<'p>(&self, program: &'p Program) -> Option<(&'p Function, usize)> {
        let mut calls =
            self.frames.iter().rev().map(|frame| (&program.functions[frame.function as usize], frame.pc));
        let (function, pc) = calls.find(|(function, _)| !function.internal)?;
        Some((function, (pc as usize).saturating_sub(1).min(function.spans.len() - 1)))
    }

    /// The same as the function and the number of the instruction, of one (of the innermost frame) that is conc's own. A
    /// builtin that is all that the thread runs stands where that was started.
    pub(super) fn place_in_script(&self, program: &Program, at: (u32, u32)) -> (u32, u32) {
        if !program.functions[at.0 as usize].internal {
            return at;
        }
        let is_known = |frame: &&Frame| !program.functions[frame.function as usize].internal;
        if let Some(frame) = self.frames.iter().rev().find(is_known) {
            return (frame.function, frame.pc.saturating_sub(1));
        }
        self.begun_at(program).unwrap_or(at)
    }

    /// Where the builtin was started that is all that it runs, or given to the pool whose worker it is.
    #[cold]
    fn begun_at(&self, program: &Program) -> Option<(u32, u32)> {
        let functions = (0..).zip(&program.functions).filter(|(_, function)| !function.internal);
        let places = functions.flat_map(|(number, function)| {
            (0..).zip(function.spans.iter().zip(&function.lines)).map(move |(pc, at)| ((number, pc), at))
        });
        let task = self.stack.iter().find_map(|value| match value {
            Value::Sync(thing) if matches!(thing.kind, Kind::Future(_)) => Some(thing),
            _ => None,
        });
        let line = match task {
            Some(task) => task.line,
            None if self.origin == Span::default() => return None,
            None => program.source.line(self.origin.start),
        };
        if let Some((place, _)) = places.clone().find(|(_, (span, _))| **span == self.origin) {
            return Some(place);
        }
        let on_its_line = places.filter(|(_, (_, at))| **at == line);
        on_its_line.max_by_key(|(_, (span, _))| span.end - span.start).map(|(place, _)| place)
    }

    /// The place in the script of the instruction that it would do next.
    pub fn next_span(&self, program: &Program) -> Span {
        let outer =
            self.frames.iter().rev().find(|frame| !program.functions[frame.function as usize].internal);
        let Some(frame) = outer else {
            let begun = self.begun_at(program);
            return begun
                .map_or(self.origin, |(number, pc)| program.functions[number as usize].spans[pc as usize]);
        };
        let function = &program.functions[frame.function as usize];
        let innermost = self.frames.last().is_some_and(|last| std::ptr::eq(last, frame));
        let at = if innermost { frame.pc as usize } else { (frame.pc as usize).saturating_sub(1) };
        function.spans[at.min(function.spans.len() - 1)]
    }

    pub fn next_line(&self, program: &Program) -> u32 {
        program.source.line(self.next_span(program).start)
    }

    /// The line of the script where it stands.
    pub fn line(&self, program: &Program) -> u32 {
        match self.outer(program) {
            Some((function, at)) => function.lines[at],
            None => *self.origin_line.get_or_init(|| program.source.line(self.origin.start)),
        }
    }
}
