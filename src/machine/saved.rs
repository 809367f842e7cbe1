//! A fiber as part of a stored state.
//!
//! Written is what its future depends on: its calls, and the registers that may still be read. What is kept for speed
//! or for reports is not.

use super::{Fiber, Frame};
use crate::code::live::Liveness;
use crate::code::{Program, Register};
use crate::state::{Reader, Writer};
use crate::sync::Op;
use crate::sync::thread::{State, Thread};
use crate::value::Value;
use std::sync::Arc;

/// Where a fiber stands that is at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Before its next instruction.
    Before,
    /// In the operation of the instruction that its `pc` is past.
    Within,
    /// About to do the instruction that its `pc` is past already.
    About,
}

impl Fiber {
    /// Writes it. Without `live` every register is kept.
    pub fn save(&self, w: &mut Writer<'_>, program: &Program, live: Option<&Liveness>, rest: Rest) {
        w.option(self.exiting, |w, status| w.int(i64::from(status)));
        w.values(&self.locals);
        w.count(self.arms.len() as u64);
        self.arms.iter().for_each(|arm| arm.save(w));
        w.count(self.frames.len() as u64);
        for (depth, frame) in self.frames.iter().enumerate() {
            let above = self.frames.get(depth + 1);
            w.count(u64::from(frame.function));
            w.count(u64::from(frame.pc));
            w.count(u64::from(frame.base));
            w.count(u64::from(frame.result));
            let count = registers_of(program, frame, above);
            w.count(count as u64);
            for register in 0..count {
                let kept = live.is_none_or(|live| {
                    let (function, pc, register) = (frame.function, frame.pc, register as Register);
                    match (above, rest) {
                        (Some(_), _) => live.during(function, pc).contains(register),
                        (None, Rest::Before) => live.before(function, pc).contains(register),
                        (None, Rest::About) => live.before(function, pc - 1).contains(register),
                        (None, Rest::Within) => live.during(function, pc).contains(register),
                    }
                });
                let value = if kept { &self.stack[frame.base as usize + register] } else { &Value::Nil };
                match crew(program, frame, value) {
                    Some(threads) => {
                        w.byte(GROUP);
                        w.group(&threads);
                    }
                    None => w.value(value),
                }
            }
        }
    }

    pub fn load(r: &mut Reader<'_>, program: &Program) -> Fiber {
        let exiting = r.option(|r| r.int() as i32);
        let locals = r.values();
        let arms = (0..r.count()).map(|_| Op::load(r)).collect();
        let count = r.count();
        let mut frames: Vec<Frame> = Vec::new();
        let mut stack: Vec<Value> = Vec::new();
        for _ in 0..count {
            let frame = Frame {
                function: r.count() as u32,
                pc: r.count() as u32,
                base: r.count() as u32,
                result: r.count() as u32,
            };
            let base = frame.base as usize;
            let registers = program.functions[frame.function as usize].registers;
            if stack.len() < base + registers {
                stack.resize(base + registers, Value::Nil);
            }
            let written = r.count() as usize;
            for slot in &mut stack[base..base + written] {
                *slot = if r.bytes.first() == Some(&GROUP) {
                    r.byte();
                    Value::list((0..r.count()).map(|_| Value::Thread(r.thread())).collect())
                } else {
                    r.value()
                };
            }
            frames.push(frame);
        }
        Fiber {
            stack,
            frames,
            locals,
            fixed: Vec::new(),
            exiting,
            arms,
            holding: 0,
            in_condition: false,
            held: Vec::new(),
            on_its_way: None,
        }
    }
}

/// Stands before a group of threads in place of a value's tag.
const GROUP: u8 = u8::MAX;

/// The threads of a `parallel`, as it waits for them: which comes first means nothing, as long as none has failed.
fn crew(program: &Program, frame: &Frame, value: &Value) -> Option<Vec<Arc<Thread>>> {
    let function = &program.functions[frame.function as usize];
    if !function.internal || *function.name != *"__parallel" {
        return None;
    }
    let Value::List(list) = value else { return None };
    let thread = |value: &Value| match value {
        Value::Thread(thread) if thread.state() != State::Failed => Some(thread.clone()),
        _ => None,
    };
    list.snapshot().iter().map(thread).collect()
}

/// How many registers belong to the frame alone: those of the call above it begin inside its own.
fn registers_of(program: &Program, frame: &Frame, above: Option<&Frame>) -> usize {
    let own = program.functions[frame.function as usize].registers;
    above.map_or(own, |above| own.min((above.base - frame.base) as usize))
}
