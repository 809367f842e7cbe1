//! Which instructions may follow which in a function, and which registers still matter from a place on.
//!
//! By the code alone: every jump may be taken, every instruction may raise an error.

use super::verify::{registers, target};
use super::{Function, Handler, Instruction as I, Program, Register};
use std::collections::BTreeSet;
use std::ops::Range;

/// Where the code may go on after an instruction, errors aside.
pub fn successors(function: &Function, at: usize) -> impl Iterator<Item = usize> + use<> {
    let instruction = &function.code[at];
    let ends = matches!(instruction, I::Return { .. } | I::ReturnNil | I::Throw { .. } | I::Rethrow { .. });
    let leaves = ends || matches!(instruction, I::Jump { .. } | I::Loop { .. });
    let next = (!leaves && at + 1 < function.code.len()).then_some(at + 1);
    next.into_iter().chain(target(instruction).map(|to| to as usize))
}

/// The handlers of an error that an instruction raises.
pub fn handlers(function: &Function, at: usize) -> impl Iterator<Item = &Handler> {
    let covers = move |handler: &&Handler| (handler.start..handler.end).contains(&(at as u32));
    function.handlers.iter().filter(covers)
}

/// Where a frame may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The instruction is about to be done.
    Before(u32),
    /// It is being done: it may do its work still, go on, go back in a loop, or fail.
    In(u32),
    /// It has called a function, which will return or fail.
    Calls(u32),
}

impl Place {
    /// The instructions that may come next.
    pub fn ahead(self, function: &Function) -> Vec<usize> {
        match self {
            Place::Before(at) | Place::In(at) => vec![at as usize],
            Place::Calls(at) => {
                let at = at as usize;
                successors(function, at).chain(handlers(function, at).map(|h| h.target as usize)).collect()
            }
        }
    }

    /// All instructions that may still be done.
    pub fn onward(self, function: &Function) -> Vec<usize> {
        let mut seen = vec![false; function.code.len()];
        let mut found = Vec::new();
        let mut ahead = self.ahead(function);
        while let Some(at) = ahead.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                found.push(at);
                ahead.extend(successors(function, at));
                ahead.extend(handlers(function, at).map(|handler| handler.target as usize));
            }
        }
        found
    }
}

/// For each instruction of a function, the registers whose values may still be read when it is about to be done.
#[derive(Debug)]
pub struct Live {
    /// Words of 64 registers for each instruction.
    words: usize,
    bits: Vec<u64>,
}

impl Live {
    pub fn of(program: &Program, function: &Function) -> Live {
        let words = function.registers.div_ceil(64).max(1);
        let count = function.code.len();
        let mut live = Live { words, bits: vec![0; words * count] };
        let (mut reads, mut writes) = (live.bits.clone(), vec![None; count]);
        for at in 0..count {
            let row = &mut reads[at * words..(at + 1) * words];
            writes[at] = written(&function.code[at]);
            each_read(program, &function.code[at], &mut |register| set(row, register));
        }
        loop {
            let before = live.bits.clone();
            for at in (0..count).rev() {
                let mut row = vec![0; words];
                for next in successors(function, at) {
                    live.add(&mut row, next);
                }
                if let Some(register) = writes[at] {
                    clear(&mut row, register);
                }
                for handler in handlers(function, at) {
                    let mut caught = vec![0; words];
                    live.add(&mut caught, handler.target as usize);
                    clear(&mut caught, handler.error);
                    unite(&mut row, &caught);
                }
                unite(&mut row, &reads[at * words..(at + 1) * words]);
                live.bits[at * words..(at + 1) * words].copy_from_slice(&row);
            }
            if before == live.bits {
                return live;
            }
        }
    }

    fn add(&self, row: &mut [u64], at: usize) {
        unite(row, &self.bits[at * self.words..(at + 1) * self.words]);
    }

    /// Whether what the register holds may still be read from this place on.
    pub fn is_live(&self, function: &Function, place: Place, register: usize) -> bool {
        let bit = |at: usize| {
            let word = self.bits.get(at * self.words + register / 64).copied().unwrap_or(u64::MAX);
            register / 64 < self.words && word >> (register % 64) & 1 == 1
        };
        let ahead = place.ahead(function).into_iter().any(bit);
        match place {
            Place::Before(_) => ahead,
            // The value of the call comes there.
            Place::Calls(at) => {
                ahead && written(&function.code[at as usize]).map(usize::from) != Some(register)
            }
            Place::In(at) => ahead || Place::Calls(at).ahead(function).into_iter().any(bit),
        }
    }
}

fn set(row: &mut [u64], register: usize) {
    if let Some(word) = row.get_mut(register / 64) {
        *word |= 1 << (register % 64);
    }
}

fn clear(row: &mut [u64], register: Register) {
    if let Some(word) = row.get_mut(usize::from(register) / 64) {
        *word &= !(1 << (register % 64));
    }
}

fn unite(row: &mut [u64], other: &[u64]) {
    for (word, more) in row.iter_mut().zip(other) {
        *word |= more;
    }
}

/// The registers that some of a function's instructions may read.
pub fn read_by(program: &Program, function: &Function, part: Range<usize>) -> BTreeSet<usize> {
    let mut read = BTreeSet::new();
    for instruction in function.code.get(part).unwrap_or_default() {
        each_read(program, instruction, &mut |register| {
            read.insert(register);
        });
    }
    read
}

/// Calls `each` with every register that the instruction may read; too many rather than too few.
fn each_read(program: &Program, instruction: &I, each: &mut dyn FnMut(usize)) {
    let only_written = written(instruction).filter(|register| !reads_what_it_writes(instruction, *register));
    registers(instruction, &mut |first, count| {
        let named = usize::from(first)..usize::from(first) + count;
        named.filter(|register| only_written.map(usize::from) != Some(*register)).for_each(&mut *each);
    });
    // What is called finds its arguments from `at` on, or after it.
    let (at, count) = match *instruction {
        I::Call { at, shape }
        | I::CallMethod { at, shape }
        | I::Prepare { at, shape }
        | I::Arm { at, shape } => (at + 1, program.shapes[shape as usize].count),
        I::CallMethodOf { at, shape, .. } | I::CallMethodFixed { at, shape, .. } => {
            (at + 1, program.shapes[usize::from(shape)].count)
        }
        I::CallFunction { at, function } => {
            (at, program.functions[function as usize].parameters.len() as u16)
        }
        I::CallMember { at, function } => {
            (at, program.functions[function as usize].parameters.len() as u16 + 1)
        }
        _ => (0, 0),
    };
    (usize::from(at)..usize::from(at) + usize::from(count)).for_each(&mut *each);
    if let I::Closure { site, .. } = *instruction {
        program.sites[site as usize].captures.iter().for_each(|register| each(usize::from(*register)));
    }
}

/// The register that the instruction always puts a new value into when it does not fail, where that is plain to see.
fn written(instruction: &I) -> Option<Register> {
    match *instruction {
        I::Nil { d }
        | I::Bool { d, .. }
        | I::Int { d, .. }
        | I::Constant { d, .. }
        | I::Unset { d }
        | I::LoadGlobal { d, .. }
        | I::LoadFixed { d, .. }
        | I::LoadLocal { d, .. }
        | I::Closure { d, .. }
        | I::Move { d, .. }
        | I::LoadCell { d, .. }
        | I::Add { d, .. }
        | I::Subtract { d, .. }
        | I::Multiply { d, .. }
        | I::Modulo { d, .. }
        | I::AddInt { d, .. }
        | I::MultiplyInt { d, .. }
        | I::ModuloInt { d, .. }
        | I::Binary { d, .. }
        | I::Unary { d, .. }
        | I::Compare { d, .. }
        | I::GetOwn { d, .. }
        | I::GetField { d, .. }
        | I::GetIndex { d, .. }
        | I::OwnMethod { d, .. }
        | I::Monitor { d, .. }
        | I::Format { d, .. }
        | I::IsKind { d, .. } => Some(d),
        I::CallMethodOf { at, .. } | I::CallMethodFixed { at, .. } => Some(at),
        I::CallFunction { at, .. }
        | I::Call { at, .. }
        | I::CallMethod { at, .. }
        | I::CallBuiltin { at, .. }
        | I::CallMember { at, .. }
        | I::CallSpread { at }
        | I::Prepare { at, .. } => Some(at),
        // A list or a map may be written where its items begin; others are taken to keep what they find.
        _ => None,
    }
}

/// Whether what the register holds before matters to the instruction that writes it.
fn reads_what_it_writes(instruction: &I, register: Register) -> bool {
    match *instruction {
        I::Nil { .. }
        | I::Bool { .. }
        | I::Int { .. }
        | I::Constant { .. }
        | I::Unset { .. }
        | I::LoadGlobal { .. }
        | I::LoadFixed { .. }
        | I::LoadLocal { .. }
        | I::CallMethodFixed { .. } => false,
        I::Closure { .. } => false, // what it captures is added apart
        I::Move { s, .. } | I::Format { s, .. } | I::IsKind { s, .. } => s == register,
        I::LoadCell { cell, .. } => cell == register,
        I::GetOwn { object, .. }
        | I::GetField { object, .. }
        | I::OwnMethod { object, .. }
        | I::Monitor { object, .. }
        | I::CallMethodOf { object, .. } => object == register,
        I::GetIndex { object, index, .. } => object == register || index == register,
        I::Add { a, b, .. }
        | I::Subtract { a, b, .. }
        | I::Multiply { a, b, .. }
        | I::Modulo { a, b, .. }
        | I::Binary { a, b, .. }
        | I::Compare { a, b, .. } => a == register || b == register,
        I::AddInt { a, .. } | I::MultiplyInt { a, .. } | I::ModuloInt { a, .. } | I::Unary { a, .. } => {
            a == register
        }
        I::CallBuiltin { count, .. } => count > 0,
        I::CallFunction { .. } => false, // its parameters are added apart
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use std::sync::Arc;

    /// At each instruction of the function `f` that `wanted` picks: the names of the parameters that are live there.
    fn live(text: &str, wanted: fn(&I) -> bool, place: fn(u32) -> Place) -> Vec<String> {
        let source = Arc::new(Source::new("test.conc", text));
        let (program, _) = crate::pipeline::compile(source).expect("it is understood");
        let function = program.functions.iter().find(|function| *function.name == *"f").expect("f");
        let live = Live::of(&program, function);
        let at = (0..function.code.len()).filter(|at| wanted(&function.code[*at]));
        let names = at.map(|at| {
            let place = place(at as u32);
            let named = function.parameters.iter().enumerate();
            named
                .filter(|(register, _)| live.is_live(function, place, *register))
                .map(|(_, n)| &**n)
                .collect()
        });
        names.collect()
    }

    fn sleeps(instruction: &I) -> bool {
        matches!(instruction, I::Sleep { .. })
    }

    #[test]
    fn a_register_is_live_until_it_is_read_for_the_last_time() {
        let text = "fn f(a, b) { print(a, b)\nsleep 1s\nprint(a)\nsleep 1s }";
        assert_eq!(live(text, sleeps, Place::In), ["a", ""]);
    }

    #[test]
    fn what_is_written_before_it_is_read_is_not_live() {
        assert_eq!(live("fn f(a, b) { sleep 1s\nreturn b }", sleeps, Place::In), ["b"]);
        let text = "fn f(a, n) { sleep 1s\nvar c = n\nif n > 1 { c = a }\nreturn c }";
        assert_eq!(live(text, sleeps, Place::In), ["an"]);
    }

    #[test]
    fn loops_and_handlers_lead_on() {
        let text = "fn f(a, b) { loop { sleep 1s\nif a > 1 { break } }\nreturn b }";
        assert_eq!(live(text, sleeps, Place::In), ["ab"]);
        let text = "fn f(a, b) { try { sleep 1s } catch e { print(a) } finally { print(b) } }";
        assert_eq!(live(text, sleeps, Place::In), ["ab"]);
        let text = "fn f(a, b) { print(a)\nloop { sleep 1s } }";
        assert_eq!(live(text, sleeps, Place::In), [""]);
    }

    #[test]
    fn arguments_matter_to_the_call_alone() {
        fn calls(instruction: &I) -> bool {
            matches!(instruction, I::CallFunction { .. })
        }
        let text = "fn g(x, y) { return x }\nfn f(a, b) { let r = g(a, b)\nreturn [r, b] }";
        assert_eq!(live(text, calls, Place::Calls), ["b"]);
    }

    #[test]
    fn onward_leaves_out_what_is_past() {
        let code = vec![
            I::Bool { d: 0, value: true },
            I::LoopIf { a: 0, to: 0 },
            I::JumpIf { a: 0, to: 4 },
            I::Yield,
            I::ReturnNil,
        ];
        let source = Arc::new(Source::new("test.conc", "fn f() { }"));
        let (program, _) = crate::pipeline::compile(source).expect("it is understood");
        let known = &program.functions[0];
        let function = Function {
            name: known.name.clone(),
            span: known.span,
            kind: known.kind,
            parameters: Vec::new(),
            required: 0,
            member: false,
            captures: 0,
            registers: 1,
            spans: vec![known.span; code.len()],
            lines: vec![1; code.len()],
            handlers: Vec::new(),
            internal: false,
            code,
        };
        let onward = |place: Place| {
            let mut found = place.onward(&function);
            found.sort_unstable();
            found
        };
        assert_eq!(onward(Place::Before(0)), [0, 1, 2, 3, 4]);
        assert_eq!(onward(Place::Before(3)), [3, 4]);
        assert_eq!(onward(Place::Calls(3)), [4]);
        assert_eq!(onward(Place::Calls(1)), [0, 1, 2, 3, 4]);
    }
}
