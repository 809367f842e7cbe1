//! Which registers of a frame may still be read. One analysis, for two users:
//!
//! - Whoever writes down or compares the states of threads (`machine/saved.rs`): what nobody will read again is no
//!   difference. A register too many would tell equal states apart, which costs states; one too few would take different
//!   states for one, and verdicts would be wrong.
//! - The search for knots (`world::real::marks`): what nobody will read again leads nowhere. A register too many hides a
//!   knot for a while; one too few would report a knot that is none.
//!
//! So both ask the same: when in doubt a register is live. They differ in where a frame stands. The states know whether
//! an instruction has read its operands (`before`, `during`); the knots see a thread from outside, in the midst of
//! an instruction that may begin again, or be complete (`may_read` at a `Place`).
//!
//! A backward dataflow over the code of each function, with jumps and handlers. What the values in live registers lead
//! to is not asked here.

use super::effects::{Effect, effects};
use super::flow::{self, Place};
use super::{Function, Handler, Instruction, Program, Register};
use std::collections::BTreeSet;

/// The live registers of every function at every instruction.
#[derive(Debug)]
pub struct Liveness {
    functions: Vec<Rows>,
}

/// The live registers of a function: two rows of bits for each instruction.
#[derive(Debug)]
pub struct Rows {
    /// How many words a row has.
    words: usize,
    before: Vec<u64>,
    during: Vec<u64>,
}

/// A set of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live<'l>(&'l [u64]);

impl Live<'_> {
    #[inline]
    pub fn contains(self, register: Register) -> bool {
        let (word, bit) = place(usize::from(register));
        self.0.get(word).is_some_and(|row| row & bit != 0)
    }

    /// In ascending order.
    pub fn iter(self) -> impl Iterator<Item = Register> {
        self.0.iter().enumerate().flat_map(|(word, &row)| {
            let rest = std::iter::successors((row != 0).then_some(row), |row| {
                Some(row & (row - 1)).filter(|rest| *rest != 0)
            });
            rest.map(move |row| (word * 64 + row.trailing_zeros() as usize) as Register)
        })
    }
}

impl Liveness {
    pub fn of(program: &Program) -> Liveness {
        Liveness { functions: program.functions.iter().map(|function| Rows::of(program, function)).collect() }
    }

    /// A deliberate mistake (`explore::flaw`): of each row the last register that is live is taken to be dead.
    pub(crate) fn spoil(&mut self) {
        for rows in &mut self.functions {
            for row in rows.before.chunks_mut(rows.words.max(1)) {
                if let Some(word) = row.iter_mut().rev().find(|word| **word != 0) {
                    *word &= !(1 << (63 - word.leading_zeros()));
                }
            }
        }
    }

    /// Of a frame that is about to do the instruction at `pc`.
    pub fn before(&self, function: u32, pc: u32) -> Live<'_> {
        self.functions[function as usize].before(pc as usize)
    }

    /// Of a frame in the midst of the instruction before `pc`, a call or a wait: it has read its operands, and its value
    /// is still to come (or an error).
    pub fn during(&self, function: u32, pc: u32) -> Live<'_> {
        let rows = &self.functions[function as usize];
        match pc.checked_sub(1) {
            Some(at) => rows.during(at as usize),
            None => rows.before(0),
        }
    }
}

impl Rows {
    pub fn of(program: &Program, function: &Function) -> Rows {
        let words = function.registers.div_ceil(64).max(1);
        let size = words * function.code.len();
        let mut rows = Rows { words, before: vec![0; size], during: vec![0; size] };
        let count = function.code.len();
        let handlers: Vec<Vec<&Handler>> =
            (0..count).map(|at| flow::handlers(function, at).collect()).collect();
        let mut row = vec![0; words];
        // Against the flow of the code, so that only loops take another round.
        loop {
            let mut changed = false;
            for at in (0..count).rev() {
                let own = at * words..(at + 1) * words;
                after(program, function, &rows, at, &mut row);
                for handler in &handlers[at] {
                    let held = Live(&row).contains(handler.error);
                    join(&mut row, &rows.before, handler.target as usize);
                    if !held {
                        remove(&mut row, usize::from(handler.error), 1);
                    }
                }
                operands(program, function, at, &mut row, &mut rows.during[own.clone()]);
                if rows.before[own.clone()] != row {
                    rows.before[own].copy_from_slice(&row);
                    changed = true;
                }
            }
            if !changed {
                return rows;
            }
        }
    }

    /// Of a frame that is about to do an instruction.
    pub fn before(&self, at: usize) -> Live<'_> {
        Live(&self.before[at * self.words..(at + 1) * self.words])
    }

    /// Of a frame that has read the operands of an instruction, whose value or error is still to come.
    pub fn during(&self, at: usize) -> Live<'_> {
        Live(&self.during[at * self.words..(at + 1) * self.words])
    }

    /// Whether what the register holds may still be read by a frame that stands here; yes, when in doubt.
    pub fn may_read(&self, function: &Function, place: Place, register: Register) -> bool {
        match place {
            Place::Before(at) => self.before(at as usize).contains(register),
            Place::Calls(at) => self.during(at as usize).contains(register),
            Place::In(at) => {
                let mut after = flow::ways(function, at as usize);
                self.before(at as usize).contains(register)
                    || after.any(|next| self.before(next).contains(register))
            }
        }
    }
}

/// The registers that some of a function's instructions may read.
pub fn read_by(program: &Program, instructions: &[Instruction]) -> BTreeSet<usize> {
    let mut read = BTreeSet::new();
    for instruction in instructions {
        effects(instruction, program, &mut |effect| read.extend(effect.read()));
    }
    read
}

/// What is live when the instruction is complete and goes on, less what it writes itself.
fn after(program: &Program, function: &Function, rows: &Rows, at: usize, row: &mut [u64]) {
    let instruction = &function.code[at];
    row.fill(0);
    if let Some(to) = instruction.target() {
        join(row, &rows.before, to as usize);
        effects(instruction, program, &mut |effect| {
            if let Effect::WritesOnJump(first, count) = effect {
                remove(row, first, count);
            }
        });
    }
    if flow::goes_on(instruction) && at + 1 < function.code.len() {
        join(row, &rows.before, at + 1);
    }
    effects(instruction, program, &mut |effect| match effect {
        Effect::Writes(first, count) => remove(row, first, count),
        Effect::Clobbers(first) => remove(row, first, function.registers),
        Effect::Reads(..) | Effect::ReadsLate(_) | Effect::WritesOnJump(..) => {}
    });
}

/// Adds what the instruction reads; `during` gets the row without what it reads at its beginning only.
fn operands(program: &Program, function: &Function, at: usize, row: &mut [u64], during: &mut [u64]) {
    let instruction = &function.code[at];
    effects(instruction, program, &mut |effect| {
        if let Effect::ReadsLate(register) = effect {
            insert(row, register, 1);
        }
    });
    during.copy_from_slice(row);
    effects(instruction, program, &mut |effect| {
        if let Effect::Reads(first, count) = effect {
            insert(row, first, count);
        }
    });
}

// Rows of bits. A register past the frame is nobody's.

fn place(register: usize) -> (usize, u64) {
    (register / 64, 1 << (register % 64))
}

fn join(row: &mut [u64], all: &[u64], at: usize) {
    let other = &all[at * row.len()..(at + 1) * row.len()];
    row.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
}

fn insert(row: &mut [u64], first: usize, count: usize) {
    each_word(row, first, count, |word, bits| *word |= bits);
}

fn remove(row: &mut [u64], first: usize, count: usize) {
    each_word(row, first, count, |word, bits| *word &= !bits);
}

/// Calls `change` with each word of the row and the bits of it that belong to the registers.
fn each_word(row: &mut [u64], first: usize, count: usize, change: impl Fn(&mut u64, u64)) {
    let mut register = first;
    let end = (register + count).min(row.len() * 64);
    while register < end {
        let (word, low) = (register / 64, register % 64);
        let many = (64 - low).min(end - register);
        change(&mut row[word], (u64::MAX >> (64 - many)) << low);
        register += many;
    }
}

#[cfg(test)]
mod tests;
