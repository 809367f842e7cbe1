//! What the child of a fork may still do, by the code alone: there the call returns 0, so of `if child == 0 { … exit(0) }`
//! it does the block, and after an `exit` nothing but cleaning up.

use super::flow;
use super::{Function, Instruction as I, Program, Register};
use crate::value::Value;
use std::collections::HashMap;

/// Of each call of a thread that stands in `fork`, outermost first (the function, and the instruction after the one that it is
/// at): which instructions the child may do.
pub fn reached_by_child(program: &Program, calls: &[(u32, u32)]) -> Vec<Vec<bool>> {
    let mut returns = true;
    let mut reached = Vec::with_capacity(calls.len());
    for (depth, &(function, pc)) in calls.iter().enumerate().rev() {
        let function = &program.functions[function as usize];
        let at = (pc as usize).saturating_sub(1);
        let ahead = if depth + 1 == calls.len() {
            vec![goes_on_with_zero(program, function, at)]
        } else if returns {
            flow::ways(function, at).collect()
        } else {
            flow::handlers(function, at).map(|handler| handler.target as usize).collect()
        };
        let these = onward(program, function, ahead);
        let ends = |at: usize| matches!(function.code[at], I::Return { .. } | I::ReturnNil);
        returns = (0..these.len()).any(|at| these[at] && ends(at));
        reached.push(these);
    }
    reached.reverse();
    reached
}

/// The instruction from which on more has to be known than that the one at `at` has returned 0.
fn goes_on_with_zero(program: &Program, function: &Function, at: usize) -> usize {
    let next = at + 1;
    let I::CallBuiltin { at: result, row, .. } = function.code[at] else { return next };
    if program.rows[usize::from(row)].name != "fork" {
        return next;
    }
    let mut known: HashMap<Register, i64> = HashMap::from([(result, 0)]);
    let mut fixed: HashMap<u32, i64> = HashMap::new();
    let mut at = next;
    // Jumps that go back are none of these, so this comes to an end.
    while let Some(instruction) = function.code.get(at) {
        let mut sets = |register, value: Option<i64>| match value {
            Some(value) => _ = known.insert(register, value),
            None => _ = known.remove(&register),
        };
        let mut to = Some(at + 1);
        match *instruction {
            I::Int { d, value } => sets(d, Some(i64::from(value))),
            I::Nil { d } | I::Bool { d, .. } | I::Constant { d, .. } => sets(d, None),
            I::Move { d, s } => {
                let value = known.get(&s).copied();
                known.remove(&d);
                known.extend(value.map(|value| (d, value)));
            }
            I::LoadFixed { d, index } => sets(d, fixed.get(&index).copied()),
            I::StoreFixed { s, index } => fixed.extend(known.get(&s).map(|value| (index, *value))),
            I::Name { .. } | I::Called { .. } => {}
            I::Jump { to: there } => to = Some(there as usize),
            I::UnlessEqualInt { a, value, to: there } => {
                to = branch(&known, a, |it| it == i64::from(value), at, usize::from(there));
            }
            I::UnlessNotEqualInt { a, value, to: there } => {
                to = branch(&known, a, |it| it != i64::from(value), at, usize::from(there));
            }
            I::JumpUnless { a, to: there } => {
                to = branch(&known, a, |it| Value::Int(it).truthy(), at, there as usize);
            }
            I::JumpIf { a, to: there } => {
                to = branch(&known, a, |it| !Value::Int(it).truthy(), at, there as usize);
            }
            _ => to = None, // anything else is left to those who follow every way
        }
        match to {
            Some(to) => at = to,
            None => return at,
        }
    }
    at
}

/// Where it goes on: after `at`, or `there` unless the condition holds. None when the value is not known.
fn branch(
    known: &HashMap<Register, i64>,
    a: Register,
    holds: impl Fn(i64) -> bool,
    at: usize,
    there: usize,
) -> Option<usize> {
    known.get(&a).map(|value| if holds(*value) { at + 1 } else { there })
}

/// As `flow::reached`, but that an `exit` does not return.
fn onward(program: &Program, function: &Function, mut ahead: Vec<usize>) -> Vec<bool> {
    let mut reached = vec![false; function.code.len()];
    while let Some(at) = ahead.pop() {
        if at >= reached.len() || std::mem::replace(&mut reached[at], true) {
            continue;
        }
        let is_exit = |row: u16| program.rows[usize::from(row)].name == "exit";
        let exits = matches!(function.code[at], I::CallBuiltin { row, .. } if is_exit(row));
        if !exits {
            ahead.extend(flow::successors(function, at));
        }
        ahead.extend(flow::handlers(function, at).map(|handler| handler.target as usize));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::samples;

    /// The instruction of a function that calls a builtin, if there is one.
    fn calls_builtin(program: &Program, function: usize, name: &str) -> Option<usize> {
        let is_it = |row: u16| program.rows[usize::from(row)].name == name;
        let code = &program.functions[function].code;
        code.iter().position(|i| matches!(i, I::CallBuiltin { row, .. } if is_it(*row)))
    }

    fn calls(program: &Program, function: usize, name: &str) -> Option<usize> {
        let is_it = |number: u32| *program.functions[number as usize].name == *name;
        let code = &program.functions[function].code;
        code.iter().position(|i| matches!(i, I::CallFunction { function, .. } if is_it(*function)))
    }

    /// Whether the child of the only `fork` of a script, at its top level, may come to the call of `here`.
    fn comes_to(text: &str) -> bool {
        let program = samples::program(&format!("fn here() {{ }}\n{text}"));
        let fork = calls_builtin(&program, 0, "fork").expect("it forks");
        let reached = &reached_by_child(&program, &[(0, fork as u32 + 1)])[0];
        let is_here = |number: u32| *program.functions[number as usize].name == *"here";
        let mut may_be_done = program.functions[0].code.iter().zip(reached).filter(|(_, reached)| **reached);
        may_be_done.any(|(i, _)| matches!(i, I::CallFunction { function, .. } if is_here(*function)))
    }

    #[test]
    fn a_child_does_its_own_part() {
        for (text, comes) in [
            ("let c = fork()\nif c == 0 { exit(0) }\nhere()", false),
            ("for n in 0..9 { let c = fork(); if c == 0 { print(1); exit(n) }; here() }", false),
            ("if fork() == 0 { exit(0) } else { here() }", false),
            ("if fork() { here() }", false),
            ("let c = fork()\nif c != 0 { here() }", false),
            ("let c = fork()\nif c == 0 { here(); exit(0) }", true),
            ("let c = fork()\nif c == 0 { print(1) }\nhere()", true),
            ("let c = fork()\nif c == 1 { exit(0) }\nhere()", true),
            ("var c = fork()\nfn f() { c = 1 }\nif c == 0 { exit(0) }\nhere()", true),
            ("try { if fork() == 0 { exit(0) } } finally { here() }", true),
            ("try { if fork() == 0 { print(1); exit(0) } } catch { here() }", true),
            ("loop { if fork() == 0 { break }; here() }", false),
            ("loop { here(); if fork() == 0 { continue }; exit(0) }", true),
        ] {
            assert_eq!(comes_to(text), comes, "{text}");
        }
    }

    #[test]
    fn who_never_returns_comes_to_nothing_of_its_callers() {
        let program = samples::program(
            "fn here() { }\nfn forks(n) { let c = fork(); if c == 0 { exit(n) }; return c }\nforks(1)\nhere()",
        );
        let forks = program.functions.iter().position(|function| *function.name == *"forks");
        let forks = forks.expect("it is there");
        let outer = calls(&program, 0, "forks").expect("it is called");
        let inner = calls_builtin(&program, forks, "fork").expect("it forks");
        let stands = [(0, outer as u32 + 1), (forks as u32, inner as u32 + 1)];
        let reached = reached_by_child(&program, &stands);
        assert!(!reached[0].contains(&true));
        assert!(reached[1].contains(&true));
    }
}
