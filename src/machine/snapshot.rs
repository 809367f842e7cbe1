//! A copy of what a fiber holds, for others to look at while its thread stands still.

use super::Fiber;
use crate::code::Program;
use crate::code::reach::{makes_connections, makes_pipes};
use crate::sync::thread::Thread;
use crate::value::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The calls in progress, and values that belong to no call.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Outermost first.
    pub calls: Vec<Call>,
    /// Thread-locals, what an operation has read that is not over, and what the arms of a `select` in the making hold.
    pub others: Vec<Value>,
    /// What calls that have ended have left behind, where letting go of something has an effect (the end of a pipe, or a
    /// connection, closes itself).
    pub left: Vec<Value>,
}

#[derive(Debug)]
pub struct Call {
    pub function: u32,
    /// The next instruction.
    pub pc: u32,
    /// Its registers, up to those that a call it has made has as its own.
    pub registers: Vec<Value>,
}

impl Snapshot {
    /// The threads of the `parallel`s that the thread waits in which stands here.
    pub fn branches(&self) -> Vec<Arc<Thread>> {
        let registers = self.calls.iter().flat_map(|call| &call.registers);
        let lists = registers.filter_map(|register| match register {
            Value::List(list) => Some(list.snapshot()),
            _ => None,
        });
        let branch = |value: &Value| match value {
            Value::Thread(thread) if thread.raised_elsewhere.load(Ordering::SeqCst) => Some(thread.clone()),
            _ => None,
        };
        lists.flat_map(|list| list.iter().filter_map(branch).collect::<Vec<_>>()).collect()
    }
}

impl Fiber {
    /// None when it has more calls in progress than `most`.
    pub fn snapshot(&self, program: &Program, most: usize) -> Option<Snapshot> {
        if self.frames.len() > most {
            return None;
        }
        let mut calls = Vec::with_capacity(self.frames.len());
        for (place, frame) in self.frames.iter().enumerate() {
            let base = frame.base as usize;
            let all = base + program.functions[frame.function as usize].registers;
            let end = self.frames.get(place + 1).map_or(all, |inner| all.min(inner.base as usize));
            let registers = self.stack.get(base..end).unwrap_or_default().to_vec();
            calls.push(Call { function: frame.function, pc: frame.pc, registers });
        }
        let mut others = [&self.locals[..], &self.read].concat();
        let left = match makes_pipes(program) || makes_connections(program) {
            true => self.stack.get(self.top(program)..).unwrap_or_default().to_vec(),
            false => Vec::new(),
        };
        self.arms.iter().for_each(|arm| arm.values(&mut |value| others.push(value)));
        Some(Snapshot { calls, others, left })
    }
}
