//! Which registers of a frame may still be read: for whoever writes down or compares the states of threads, to whom
//! what nobody will read again is no difference.
//!
//! A backward dataflow over the code of each function, with jumps and handlers. When in doubt a register is live. What
//! the values in live registers lead to is not asked here.

use super::effects::{Effect, effects, goes_on};
use super::verify::target;
use super::{Function, Program, Register};

/// The live registers of every function at every instruction. Two rows of bits for each instruction.
#[derive(Debug)]
pub struct Liveness {
    functions: Vec<Rows>,
}

#[derive(Debug)]
struct Rows {
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
        Liveness { functions: program.functions.iter().map(|function| rows(program, function)).collect() }
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
        let rows = &self.functions[function as usize];
        rows.row(&rows.before, pc as usize)
    }

    /// Of a frame in the midst of the instruction before `pc`, a call or a wait: it has read its operands, and its value
    /// is still to come (or an error).
    pub fn during(&self, function: u32, pc: u32) -> Live<'_> {
        let rows = &self.functions[function as usize];
        match pc.checked_sub(1) {
            Some(at) => rows.row(&rows.during, at as usize),
            None => rows.row(&rows.before, 0),
        }
    }
}

impl Rows {
    fn row<'l>(&self, all: &'l [u64], at: usize) -> Live<'l> {
        Live(&all[at * self.words..(at + 1) * self.words])
    }
}

fn rows(program: &Program, function: &Function) -> Rows {
    let words = function.registers.div_ceil(64).max(1);
    let size = words * function.code.len();
    let mut rows = Rows { words, before: vec![0; size], during: vec![0; size] };
    let handled = handled(function);
    let mut row = vec![0; words];
    // Against the flow of the code, so that only loops take another round.
    loop {
        let mut changed = false;
        for at in (0..function.code.len()).rev() {
            let own = at * words..(at + 1) * words;
            after(program, function, &rows, at, &mut row);
            for handler in handled[at].iter().flatten() {
                let handler = &function.handlers[*handler];
                let held = row_has(&row, handler.error);
                join(&mut row, &rows.before, handler.target as usize);
                if !held {
                    remove(&mut row, handler.error, 1);
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

/// What is live when the instruction is complete and goes on, less what it writes itself.
fn after(program: &Program, function: &Function, rows: &Rows, at: usize, row: &mut [u64]) {
    let instruction = &function.code[at];
    row.fill(0);
    if let Some(to) = target(instruction) {
        join(row, &rows.before, to as usize);
        effects(instruction, program, &mut |effect| {
            if let Effect::WritesOnJump(first, count) = effect {
                remove(row, first, count);
            }
        });
    }
    if goes_on(instruction) && at + 1 < function.code.len() {
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

/// For each instruction the handlers that it may lead to: of an error, and of an exit, which only cleans up.
fn handled(function: &Function) -> Vec<[Option<usize>; 2]> {
    let mut handled = vec![[None; 2]; function.code.len()];
    // The first in the list takes it: so it is written last.
    for (index, handler) in function.handlers.iter().enumerate().rev() {
        let covered = handler.start as usize..(handler.end as usize).min(handled.len());
        for [error, exit] in handled.get_mut(covered).unwrap_or_default() {
            *error = Some(index);
            if handler.cleanup {
                *exit = Some(index);
            }
        }
    }
    handled
}

// Rows of bits. A register past the frame is nobody's.

fn place(register: usize) -> (usize, u64) {
    (register / 64, 1 << (register % 64))
}

fn row_has(row: &[u64], register: Register) -> bool {
    Live(row).contains(register)
}

fn join(row: &mut [u64], all: &[u64], at: usize) {
    let other = &all[at * row.len()..(at + 1) * row.len()];
    row.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
}

fn insert(row: &mut [u64], first: Register, count: usize) {
    each_word(row, first, count, |word, bits| *word |= bits);
}

fn remove(row: &mut [u64], first: Register, count: usize) {
    each_word(row, first, count, |word, bits| *word &= !bits);
}

/// Calls `change` with each word of the row and the bits of it that belong to the registers.
fn each_word(row: &mut [u64], first: Register, count: usize, change: impl Fn(&mut u64, u64)) {
    let mut register = usize::from(first);
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
