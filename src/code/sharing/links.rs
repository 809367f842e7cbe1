//! What one function touches, calls, starts and hands on, instruction by instruction.

use crate::builtin::{Body, Row};
use crate::code::effects::effects;
use crate::code::{Function, FunctionKind, Instruction as I, Program, Register, flow};
use crate::source::Span;
use crate::value::Value;
use std::collections::BTreeSet;

/// Native builtins and methods that start a thread; that of a handler begins with `on signal`.
pub const STARTERS: [&str; 5] = ["start", "__start_at", "submit", "__submit", "__on_signal"];

#[derive(Debug, Default)]
pub struct Links {
    /// Top-level variables: the instruction, the number, and whether it is written.
    pub touches: Vec<(usize, u32, bool)>,
    /// Functions that are called by their name: they run in the same thread.
    pub calls: Vec<(usize, u32)>,
    /// Functions that a thread is made to run.
    pub threads: Vec<(usize, u32)>,
    /// Instructions that start a thread.
    pub starts_at: Vec<usize>,
    pub starts_by_itself: bool,
    /// Instructions that may call whatever function is used as a value.
    pub unknown: BTreeSet<usize>,
    /// Functions that are used as values: stored, handed over, captured.
    pub escapes: Vec<u32>,
}

pub fn of(program: &Program, function: &Function) -> Links {
    let mut links = Links::default();
    let ways = ways_in(function);
    // Where a function is made only to be called or started: by the instruction that makes it.
    let mut made = BTreeSet::new();
    for (at, instruction) in function.code.iter().enumerate() {
        if let I::Call { at: callee, .. } | I::Prepare { at: callee, .. } = *instruction {
            made.extend(maker(program, function, &ways, at, callee).inspect(|made| {
                links.called(program, function, at, *made);
            }));
        }
    }
    for at in 0..function.code.len() {
        links.instruction(program, function, at, made.contains(&at));
    }
    links.starts_by_itself = !links.starts_at.is_empty();
    links
}

/// What a thread template with members runs.
pub fn run_of(program: &Program, function: u32) -> Option<u32> {
    match program.functions[function as usize].kind {
        FunctionKind::ThreadWithMembers { class, .. } => program.classes[class as usize].run,
        FunctionKind::Plain
        | FunctionKind::Class(_)
        | FunctionKind::Thread { .. }
        | FunctionKind::Watch { .. } => None,
    }
}

impl Links {
    fn instruction(&mut self, program: &Program, function: &Function, at: usize, made_for_call: bool) {
        match function.code[at] {
            I::LoadGlobal { index, .. } | I::LoadShared { index, .. } => {
                self.touches.push((at, index, false))
            }
            I::StoreGlobal { index, .. } | I::StoreShared { index, .. } => {
                self.touches.push((at, index, true))
            }
            I::Constant { index, .. } if !made_for_call => match program.constants[index as usize] {
                Value::Function(function) => self.escapes.push(function),
                Value::Builtin(row) => self.escapes.extend(scripted(program, row.name)),
                _ => {}
            },
            I::Closure { site, .. } if !made_for_call => {
                self.escapes.push(program.sites[site as usize].function);
            }
            I::CallFunction { function, .. } | I::CallMember { function, .. } => {
                self.calls.push((at, function));
            }
            I::CallBuiltin { row, .. } | I::CallBuiltinOn { row, .. } => {
                self.builtin(program, at, program.rows[row as usize])
            }
            I::CallMethod { shape, .. } => self.method(program, at, shape as usize),
            I::CallMethodOf { shape, .. } | I::CallMethodFixed { shape, .. } => {
                self.method(program, at, usize::from(shape));
            }
            // A method taken from its object: whoever gets it may call it.
            I::GetField { name, .. } => {
                let name = program.symbol(name);
                self.escapes.extend(methods(program, name));
                if STARTERS.contains(&&**name) {
                    self.starts_at.push(at);
                }
            }
            I::OwnMethod { index, .. } => {
                let methods =
                    program.classes.iter().filter_map(|class| class.methods.get(usize::from(index)));
                self.escapes.extend(methods.map(|(_, function)| *function));
            }
            I::Call { .. } | I::CallSpread { .. } => {
                self.unknown.insert(at);
            }
            I::Start { .. } => self.starts_at.push(at),
            _ => {}
        }
    }

    /// A call (or the making of a thread) of what the instruction `made` has made.
    fn called(&mut self, program: &Program, function: &Function, at: usize, made: usize) {
        let callee = match function.code[made] {
            I::Constant { index, .. } => match program.constants[index as usize] {
                Value::Function(function) => function,
                Value::Builtin(row) => return self.builtin(program, at, row),
                _ => return,
            },
            I::Closure { site, .. } => program.sites[site as usize].function,
            _ => return,
        };
        let is_call = matches!(function.code[at], I::Call { .. });
        match program.functions[callee as usize].kind {
            // A process has variables of its own.
            FunctionKind::Thread { process: true, .. } => {}
            FunctionKind::ThreadWithMembers { process: true, .. } => self.calls.push((at, callee)),
            FunctionKind::Thread { process: false, .. } => self.threads.push((at, callee)),
            FunctionKind::ThreadWithMembers { process: false, .. } => {
                self.calls.push((at, callee));
                self.threads.extend(run_of(program, callee).map(|run| (at, run)));
            }
            FunctionKind::Plain | FunctionKind::Class(_) | FunctionKind::Watch { .. } if is_call => {
                self.calls.push((at, callee))
            }
            FunctionKind::Plain | FunctionKind::Class(_) | FunctionKind::Watch { .. } => {
                self.threads.push((at, callee));
            }
        }
    }

    fn builtin(&mut self, program: &Program, at: usize, row: &Row) {
        match row.body {
            Body::Script(_) => self.calls.extend(scripted(program, row.name).map(|function| (at, function))),
            // It may call what it is given.
            Body::Native(_) => {
                self.unknown.insert(at);
            }
            Body::Constant(_) => {}
        }
        if STARTERS.contains(&row.name) {
            self.starts_at.push(at);
        }
    }

    fn method(&mut self, program: &Program, at: usize, shape: usize) {
        let name = program.symbol(program.shapes[shape].method);
        self.calls.extend(methods(program, name).map(|function| (at, function)));
        // A builtin's method, or a field that holds a function.
        self.unknown.insert(at);
        if STARTERS.contains(&&**name) {
            self.starts_at.push(at);
        }
    }
}

/// The methods of this name, whatever they are of.
fn methods<'p>(program: &'p Program, name: &'p str) -> impl Iterator<Item = u32> + 'p {
    let of_classes = program.classes.iter().flat_map(|class| &class.methods);
    let named = of_classes.filter(move |(method, _)| **method == *name).map(|(_, function)| *function);
    named.chain(scripted(program, name))
}

fn scripted<'p>(program: &'p Program, name: &'p str) -> impl Iterator<Item = u32> + 'p {
    program.scripted.iter().filter(move |(row, _)| row.name == name).map(|(_, function)| *function)
}

/// The instruction that has put a known function into the register of a callee, on every way there.
fn maker(
    program: &Program,
    function: &Function,
    ways: &[Vec<usize>],
    at: usize,
    callee: Register,
) -> Option<usize> {
    let made = (0..at).rev().find(|before| names(program, &function.code[*before], callee))?;
    let known = match function.code[made] {
        I::Constant { d, index } => {
            let constant = &program.constants[index as usize];
            d == callee && matches!(constant, Value::Function(_) | Value::Builtin(_))
        }
        I::Closure { d, .. } => d == callee,
        _ => false,
    };
    let inside = made + 1..at + 1;
    let alone = ways[inside.clone()].iter().flatten().all(|from| inside.contains(from));
    (known && alone).then_some(made)
}

fn names(program: &Program, instruction: &I, register: Register) -> bool {
    let mut named = false;
    effects(instruction, program, &mut |effect| {
        let (first, count) = effect.registers();
        named |= (first..first + count).contains(&usize::from(register));
    });
    named
}

/// For each instruction from where it is jumped to; `usize::MAX` stands for an error.
fn ways_in(function: &Function) -> Vec<Vec<usize>> {
    let mut ways = vec![Vec::new(); function.code.len()];
    for (at, instruction) in function.code.iter().enumerate() {
        if let Some(to) = instruction.target() {
            ways[to as usize].push(at);
        }
    }
    for handler in &function.handlers {
        ways[handler.target as usize].push(usize::MAX);
    }
    ways
}

/// Whether some way leads from an instruction back to it.
pub fn in_loop(function: &Function, at: usize) -> bool {
    flow::reached(function, flow::ways(function, at).collect())[at]
}

/// The line at which the loop begins that an operation at this place is part of; None when it is part of none.
pub fn loop_around(program: &Program, place: Span) -> Option<u32> {
    let functions = program.functions.iter().filter(|function| !function.internal);
    let mut found = functions.filter_map(|function| {
        // The condition of a loop stands in the code twice: before the first round, and at its end.
        let mut there = (0..function.code.len()).filter(|at| function.spans[*at] == place);
        let at = there.find(|at| in_loop(function, *at))?;
        let after = flow::reached(function, vec![at]);
        let around = (0..function.code.len())
            .filter(|other| after[*other] && flow::reached(function, vec![*other])[at]);
        around.map(|other| function.lines[other]).filter(|line| *line > 0).min()
    });
    found.next()
}
