//! A fiber as part of a stored state.
//!
//! Written is what its future depends on: its calls, and the registers that may still be read. What is kept for speed
//! or for reports is not.

use super::{Fiber, Frame};
use crate::code::crews::Crews;
use crate::code::live::Liveness;
use crate::code::{Program, Register};
use crate::source::Span;
use crate::state::{NO_VALUE, Reader, Writer};
use crate::sync::Op;
use crate::sync::thread::Thread;
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

/// What is left out of a fiber that is written.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'k> {
    /// Which registers may still be read; without, every register is kept.
    pub live: Option<&'k Liveness>,
    /// Which lists of threads have no order, and the fiber's own thread.
    pub crews: Option<(&'k Crews, &'k Thread)>,
    /// The threads of a `parallel` have no order.
    pub parallels: bool,
}

impl Fiber {
    /// The instruction that a frame is about to do, or does.
    fn place(&self, depth: usize, rest: Rest) -> u32 {
        let pc = self.frames[depth].pc;
        match rest {
            Rest::Before if depth + 1 == self.frames.len() => pc,
            Rest::Before | Rest::Within | Rest::About => pc.saturating_sub(1),
        }
    }

    /// Whether a register may still be read.
    fn keeps(&self, depth: usize, register: Register, live: Option<&Liveness>, rest: Rest) -> bool {
        let Some(live) = live else { return true };
        let Frame { function, pc, .. } = self.frames[depth];
        let live = match (depth + 1 < self.frames.len(), rest) {
            (true, _) | (false, Rest::Within) => live.during(function, pc),
            (false, Rest::Before) => live.before(function, pc),
            (false, Rest::About) => live.before(function, pc - 1),
        };
        live.contains(register)
    }

    /// The addresses of the lists that are written in place, as groups: of threads that are only joined, where one register
    /// alone leads to them.
    fn groups(&self, program: &Program, kept: Kept<'_>, rest: Rest) -> Vec<usize> {
        let Some((crews, thread)) = kept.crews else { return Vec::new() };
        // Each list that registers lead to: how many, and whether it is a crew.
        let mut lists: Vec<(usize, usize, bool)> = Vec::new();
        for (depth, frame) in self.frames.iter().enumerate() {
            for register in 0..registers_of(program, frame, self.frames.get(depth + 1)) {
                let Value::List(list) = &self.stack[frame.base as usize + register] else { continue };
                let register = register as Register;
                if !self.keeps(depth, register, kept.live, rest) {
                    continue;
                }
                let address = Arc::as_ptr(list).addr();
                if let Some((_, times, _)) = lists.iter_mut().find(|(known, _, _)| *known == address) {
                    *times += 1;
                    continue;
                }
                let crew = crews.holds(frame.function, self.place(depth, rest), register);
                lists.push((address, 1, crew && are_joined(&list.snapshot(), thread)));
            }
        }
        lists.into_iter().filter(|(_, times, crew)| *times == 1 && *crew).map(|it| it.0).collect()
    }

    pub fn save(&self, w: &mut Writer<'_>, program: &Program, kept: Kept<'_>, rest: Rest) {
        let groups = self.groups(program, kept, rest);
        w.option(self.exiting, |w, status| w.int(i64::from(status)));
        w.values(&self.locals);
        w.count(self.arms.len() as u64);
        self.arms.iter().for_each(|arm| arm.save(w));
        w.values(&self.read);
        w.count(self.frames.len() as u64);
        for (depth, frame) in self.frames.iter().enumerate() {
            let above = self.frames.get(depth + 1);
            w.count(u64::from(frame.function));
            w.count(u64::from(frame.pc));
            w.count(u64::from(frame.base));
            w.count(u64::from(frame.result));
            let count = registers_of(program, frame, above);
            w.count(count as u64);
            let own = |register: &usize| {
                *register == 0
                    || kept.live.is_some() && self.keeps(depth, *register as Register, kept.live, rest)
            };
            let registers = (0..count).filter(own);
            let parallel = if kept.parallels { self.parallel(program, frame, registers) } else { Vec::new() };
            for register in 0..count {
                let keeps = self.keeps(depth, register as Register, kept.live, rest);
                let value = if keeps { &self.stack[frame.base as usize + register] } else { &Value::Nil };
                match group(value, &groups, &parallel) {
                    Some(threads) => {
                        w.byte(GROUP);
                        w.group(&threads);
                    }
                    None => w.value(value),
                }
            }
        }
    }

    /// The threads of a `parallel`, if this is its frame: the first list of these registers. (It was given one in the first.
    /// Where that will not be read again, a fiber that was loaded has it only in the place from which it is handed on.)
    fn parallel(
        &self,
        program: &Program,
        frame: &Frame,
        mut registers: impl Iterator<Item = usize>,
    ) -> Vec<Arc<Thread>> {
        let function = &program.functions[frame.function as usize];
        if !function.internal || *function.name != *"__parallel" {
            return Vec::new();
        }
        let list = registers.find_map(|register| match self.stack.get(frame.base as usize + register)? {
            Value::List(list) => Some(list.snapshot()),
            _ => None,
        });
        let threads: Vec<Arc<Thread>> = list.iter().flatten().filter_map(thread_in).cloned().collect();
        // As long as one of them is to be started, it stands where it will be looked for.
        if threads.iter().all(|thread| thread.started()) { threads } else { Vec::new() }
    }

    pub fn load(r: &mut Reader<'_>, program: &Program) -> Fiber {
        let exiting = r.option(|r| r.int() as i32);
        let locals = r.values();
        let arms = (0..r.count()).map(|_| Op::load(r)).collect();
        let read = r.values();
        let count = r.count();
        let mut frames: Vec<Frame> = Vec::with_capacity(count as usize);
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
            read,
            holding: 0,
            in_condition: false,
            held: Vec::new(),
            on_its_way: None,
            left: None,
            origin: Span::default(),
            origin_line: Default::default(),
        }
    }
}

/// Stands before a group of threads in place of a value's tag.
const GROUP: u8 = NO_VALUE;

/// The threads of one of these lists, or of a list of just these threads. (Without liveness, the frame of a `parallel` may
/// have lists of the script in other registers. The one that it was given may be there several times.)
fn group(value: &Value, groups: &[usize], parallel: &[Arc<Thread>]) -> Option<Vec<Arc<Thread>>> {
    let Value::List(list) = value else { return None };
    let is_known = groups.contains(&Arc::as_ptr(list).addr());
    if !is_known && (parallel.is_empty() || list.len() != parallel.len()) {
        return None;
    }
    let threads: Vec<Arc<Thread>> = list.snapshot().iter().filter_map(thread_in).cloned().collect();
    let same = || threads.iter().map(Arc::as_ptr).eq(parallel.iter().map(Arc::as_ptr));
    (is_known || same()).then_some(threads)
}

fn thread_in(value: &Value) -> Option<&Arc<Thread>> {
    if let Value::Thread(thread) = value { Some(thread) } else { None }
}

/// Whether these are threads, each there once, that this one can wait for in any order.
fn are_joined(elements: &[Value], by: &Thread) -> bool {
    let plain = |thread: &&Arc<Thread>| {
        thread.started() && thread.id != by.id && thread.timer.is_none() && thread.process.is_none()
    };
    let address = |value| thread_in(value).filter(plain).map(|thread| Arc::as_ptr(thread).addr());
    let addresses: Option<Vec<usize>> = elements.iter().map(address).collect();
    addresses.is_some_and(|mut addresses| {
        addresses.sort_unstable();
        addresses.windows(2).all(|two| two[0] != two[1])
    })
}

/// How many registers belong to the frame alone: those of the call above it begin inside its own.
fn registers_of(program: &Program, frame: &Frame, above: Option<&Frame>) -> usize {
    let own = program.functions[frame.function as usize].registers;
    above.map_or(own, |above| own.min((above.base - frame.base) as usize))
}
