//! Which lists hold threads that are joined together, and are good for nothing else: the order of such a list means
//! nothing, so whoever compares states may take equal threads in it one for another (`machine/saved.rs`).
//!
//! A list is followed from where it is made, through the registers of its function. As long as it is only added to and
//! joined it is a crew; whatever else is done with it, an element that is read, a call that gets it, a loop over it, tells
//! its order, and then it is none. (A variable of the top level that no other function mentions is a register, too.)
//! Two lists that are put together (`a + b`) are one more crew, as long as none of the three is used otherwise.
//! Two kinds of loops tell nothing: `for t in ts { start t }`, since threads that are not started make no crew yet, and
//! `for t in ts { join t }`, which waits for all at once if it can (`__join_each`).
//!
//! A forward dataflow over the code of each function. What is not certain is no crew: that costs states and no truth.

use super::effects::{Effect, effects};
use super::flow;
use super::{Function, Instruction as I, Program, Register};
use crate::value::Value;

/// What a register may hold: a bit for each list that is made in the function, and `OTHER`.
type Held = u64;
const OTHER: Held = 1 << 63;
/// Lists beyond that are not followed.
const MOST: usize = 63;

/// For each function which registers hold a crew.
#[derive(Debug)]
pub struct Crews {
    functions: Vec<Rows>,
    /// A deliberate mistake (`explore::flaw`): every list is taken for a crew.
    spoilt: bool,
}

/// Which registers hold a crew before each instruction of a function; empty when none ever does.
#[derive(Debug, Default)]
struct Rows {
    registers: usize,
    holds: Vec<bool>,
}

impl Crews {
    pub fn of(program: &Program) -> Crews {
        let rows = |function| Follower { program, function, lists: lists(function), told: 0 }.rows();
        Crews { functions: program.functions.iter().map(rows).collect(), spoilt: false }
    }

    pub(crate) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// Whether a register of a frame that is about to do an instruction, or does it, can hold nothing but a crew.
    pub fn holds(&self, function: u32, at: u32, register: Register) -> bool {
        let rows = &self.functions[function as usize];
        let place = at as usize * rows.registers + usize::from(register);
        self.spoilt || rows.holds.get(place).is_some_and(|holds| *holds)
    }
}

/// The number of the list that each instruction makes, if it makes one.
fn lists(function: &Function) -> Vec<Option<usize>> {
    let mut numbers = 0..MOST;
    let number = |instruction: &I| match instruction {
        I::List { .. } => numbers.next(),
        _ => None,
    };
    function.code.iter().map(number).collect()
}

struct Follower<'p> {
    program: &'p Program,
    function: &'p Function,
    lists: Vec<Option<usize>>,
    /// The lists whose order somebody is told.
    told: Held,
}

impl Follower<'_> {
    fn rows(mut self) -> Rows {
        if self.lists.iter().all(Option::is_none) {
            return Rows::default();
        }
        let rows = self.flow();
        let holds: Vec<bool> =
            rows.iter().map(|held| *held != 0 && held & (self.told | OTHER) == 0).collect();
        if holds.contains(&true) {
            Rows { registers: self.function.registers, holds }
        } else {
            Rows::default()
        }
    }

    /// What each register may hold before each instruction.
    fn flow(&mut self) -> Vec<Held> {
        let (count, registers) = (self.function.code.len(), self.function.registers);
        let mut rows: Vec<Held> = vec![0; count * registers];
        rows[..registers].fill(OTHER);
        let mut reached = vec![false; count];
        reached[0] = true;
        let mut pending = vec![0];
        while let Some(at) = pending.pop() {
            let before = rows[at * registers..(at + 1) * registers].to_vec();
            let after = self.step(at, &before);
            let mut join = |next: usize, row: &[Held]| {
                let there = &mut rows[next * registers..(next + 1) * registers];
                let mut changed = !std::mem::replace(&mut reached[next], true);
                for (known, more) in there.iter_mut().zip(row) {
                    changed |= *more & !*known != 0;
                    *known |= more;
                }
                if changed {
                    pending.push(next);
                }
            };
            flow::successors(self.function, at).for_each(|next| join(next, &after));
            for handler in flow::handlers(self.function, at) {
                // It may have failed before it has written anything, or after.
                let mut row: Vec<Held> = before.iter().zip(&after).map(|(a, b)| a | b).collect();
                row[usize::from(handler.error)] = OTHER;
                join(handler.target as usize, &row);
            }
        }
        rows
    }

    /// What the registers hold after an instruction.
    fn step(&mut self, at: usize, before: &[Held]) -> Vec<Held> {
        let instruction = &self.function.code[at];
        let harmless = self.harmless(at, before);
        let mut after = before.to_vec();
        let mut told = 0;
        effects(instruction, self.program, &mut |effect| {
            let read = effect.read().filter(|register| !harmless.contains(&Some(*register)));
            read.for_each(|register| told |= before[register]);
            match effect {
                Effect::Writes(first, count) | Effect::WritesOnJump(first, count) => {
                    after[first..first + count].fill(OTHER);
                }
                Effect::Clobbers(first) => after[first..].fill(OTHER),
                Effect::Reads(..) | Effect::ReadsLate(_) => {}
            }
        });
        self.told |= told & !OTHER;
        match *instruction {
            I::Move { d, s } => after[usize::from(d)] = before[usize::from(s)],
            // Whoever is told the order of this one learns that of both.
            I::Add { d, a, b } if are_followed(before, a, b) => {
                after[usize::from(d)] = before[usize::from(a)] | before[usize::from(b)];
            }
            I::List { d, .. } => after[usize::from(d)] = self.lists[at].map_or(OTHER, |list| 1 << list),
            // The same threads in a list of their own.
            I::Iterate { at: list } if self.goes_to_join(at, list) => {
                after[usize::from(list)] = before[usize::from(list)];
            }
            _ => {}
        }
        after
    }

    /// The registers out of which an instruction reads a list without telling its order.
    fn harmless(&self, at: usize, before: &[Held]) -> [Option<usize>; 2] {
        let one = match self.function.code[at] {
            I::Add { a, b, .. } if are_followed(before, a, b) => {
                return [Some(usize::from(a)), Some(usize::from(b))];
            }
            I::Move { s, .. } => Some(usize::from(s)),
            I::CheckSet { a, .. } | I::Name { a, .. } | I::Called { a, .. } => Some(usize::from(a)),
            I::Push { list, s } if list != s => Some(usize::from(list)),
            I::CallMethodOf { shape, object, .. } if self.is_method(shape, "push") => {
                Some(usize::from(object))
            }
            I::Call { at: callee, .. } if self.joins(at, callee) => Some(usize::from(callee) + 1),
            I::Iterate { at: list } if self.goes_to_join(at, list) || self.starts_each(at, list) => {
                Some(usize::from(list))
            }
            _ => None,
        };
        [one, None]
    }

    /// Whether the call is that of a `join`: what it calls is put there just before, and nothing jumps in between.
    fn joins(&self, at: usize, callee: Register) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let calls = |name| self.puts(before, callee, name);
        (calls("__join") || calls("__join_each")) && !self.is_target(at)
    }

    /// Whether an instruction puts this builtin there.
    fn puts(&self, at: usize, callee: Register, name: &str) -> bool {
        let Some(I::Constant { d, index }) = self.function.code.get(at) else { return false };
        let constant = &self.program.constants[*index as usize];
        *d == callee && matches!(constant, Value::Builtin(row) if row.name == name)
    }

    fn is_target(&self, at: usize) -> bool {
        self.function.code.iter().any(|other| other.target() == Some(at as u32))
    }

    /// Whether the list that a loop is to go over is joined as a whole.
    fn goes_to_join(&self, at: usize, list: Register) -> bool {
        let Some(callee) = list.checked_sub(1) else { return false };
        let calls = matches!(self.function.code.get(at + 2), Some(I::Call { at, .. }) if *at == callee);
        calls
            && self.puts(at + 1, callee, "__join_each")
            && !self.is_target(at + 1)
            && !self.is_target(at + 2)
    }

    /// Whether the loop over the list does nothing but start each thread, and keeps none of them.
    fn starts_each(&self, at: usize, list: Register) -> bool {
        let code = &self.function.code;
        let Some(&I::Jump { to }) = code.get(at + 1) else { return false };
        let round = at + 2..to as usize;
        let (Some(body), Some(I::LoopItems { at: over, to: top })) =
            (code.get(round.clone()), code.get(round.end))
        else {
            return false;
        };
        let is_own = |register: Register| register > list + 2;
        let starts = |instruction: &I| match *instruction {
            I::Move { d, .. } => is_own(d),
            I::Start { a } => is_own(a),
            I::CallMethodOf { at, shape, .. } => is_own(at) && self.is_method(shape, "start"),
            _ => false,
        };
        *over == list && *top as usize == round.start && body.iter().all(starts)
    }

    fn is_method(&self, shape: u16, name: &str) -> bool {
        let method = self.program.shapes[usize::from(shape)].method;
        *self.program.symbols[usize::from(method)] == *name
    }
}

/// Whether these registers hold nothing but lists that are followed.
fn are_followed(before: &[Held], a: Register, b: Register) -> bool {
    (before[usize::from(a)] | before[usize::from(b)]) & OTHER == 0
}

#[cfg(test)]
mod tests;
