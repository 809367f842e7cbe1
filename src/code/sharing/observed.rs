//! What a script asks about its own run, by the names it uses anywhere: of builtins, methods and properties.

use crate::code::{Instruction as I, Program};
use crate::value::Value;
use std::collections::BTreeSet;

const THREADS: [&str; 12] = [
    "current_thread",
    "main_thread",
    "threads",
    "active_count",
    "name",
    "id",
    "thread",
    "state",
    "alive",
    "waiting_on",
    "daemon",
    "owner",
];
const TIME: [&str; 2] = ["now", "clock"];
const LOCK_STATE: [&str; 7] = ["try_acquire", "locked", "owner", "depth", "readers", "permits", "waiting"];
const RANDOM: [&str; 6] = ["random", "randint", "choose", "shuffle", "sample", "seed"];

/// Every name by which a builtin, a method or a property is asked for.
pub struct Names<'p> {
    names: BTreeSet<&'p str>,
    pub lock_state: bool,
}

pub fn names(program: &Program) -> Names<'_> {
    let mut found = Names { names: BTreeSet::new(), lock_state: false };
    for instruction in program.functions.iter().flat_map(|function| &function.code) {
        found.instruction(program, instruction);
    }
    found.lock_state |= found.any(&LOCK_STATE);
    found
}

impl<'p> Names<'p> {
    pub fn threads(&self) -> bool {
        self.any(&THREADS)
    }

    pub fn time(&self) -> bool {
        self.any(&TIME)
    }

    pub fn random(&self) -> bool {
        self.any(&RANDOM)
    }

    fn any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.names.contains(word))
    }

    fn instruction(&mut self, program: &'p Program, instruction: &I) {
        match *instruction {
            I::CallBuiltin { row, .. } | I::CallBuiltinOn { row, .. } => {
                self.names.insert(program.rows[usize::from(row)].name);
            }
            I::Constant { index, .. } => {
                if let Value::Builtin(row) = &program.constants[index as usize] {
                    self.names.insert(row.name);
                }
            }
            I::GetField { name, .. } | I::SetField { name, .. } => {
                let name = &**program.symbol(name);
                self.names.insert(name);
                // Taken as a value, it may be called with a timeout.
                self.lock_state |= name == "acquire";
            }
            I::CallMethod { shape, .. } => self.method(program, shape as usize),
            I::CallMethodOf { shape, .. } | I::CallMethodFixed { shape, .. } => {
                self.method(program, usize::from(shape));
            }
            I::EnterTimed { .. } | I::Select { .. } => self.lock_state = true,
            _ => {}
        }
    }

    fn method(&mut self, program: &'p Program, shape: usize) {
        let shape = &program.shapes[shape];
        let name = &**program.symbol(shape.method);
        self.names.insert(name);
        self.lock_state |= name == "acquire" && shape.count > 0;
    }
}
