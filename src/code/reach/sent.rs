//! Which signal a `send_signal` sends, where its name is written there.

use super::Mention;
use crate::code::effects::{Effect, effects};
use crate::code::{Function, Instruction as I, Program, flow};
use crate::sync::outside::signal::Signal;
use crate::value::Value;

/// What an instruction mentions. `send_signal` mentions the signal alone whose name is written there.
pub(super) fn signals_by_name(
    program: &Program,
    function: &Function,
    at: usize,
    mentions: Vec<Mention>,
) -> Vec<Mention> {
    let named = || {
        let value = written_in(program, function, at, name_of_signal(program, &function.code[at])?)?;
        Signal::named(value.as_text()?).ok().map(|signal| signal.number)
    };
    let told = |mention| match mention {
        Mention::Signals(None) => Mention::Signals(named()),
        other => other,
    };
    mentions.into_iter().map(told).collect()
}

/// The register with the name of the signal that a `send_signal` sends.
fn name_of_signal(program: &Program, instruction: &I) -> Option<usize> {
    let sends = |shape: u32| {
        let shape = &program.shapes[shape as usize];
        shape.is_one_value() && **program.symbol(shape.method) == *"send_signal"
    };
    match *instruction {
        I::CallBuiltin { at, count: 2, row } if program.rows[usize::from(row)].name == "send_signal" => {
            Some(usize::from(at) + 1)
        }
        I::CallBuiltinOn { first, count: 2, row, .. }
            if program.rows[usize::from(row)].name == "send_signal" =>
        {
            Some(usize::from(first) + 1)
        }
        I::CallMethod { at, shape } if sends(shape) => Some(usize::from(at) + 1),
        I::CallMethodOf { at, shape, .. } | I::CallMethodFixed { at, shape, .. } if sends(shape.into()) => {
            Some(usize::from(at) + 1)
        }
        _ => None,
    }
}

/// The constant that a register holds before an instruction, if it is written on the way there, which no other way joins.
fn written_in<'p>(
    program: &'p Program,
    function: &Function,
    at: usize,
    register: usize,
) -> Option<&'p Value> {
    let writes = |instruction: &I| {
        let mut writes = false;
        effects(instruction, program, &mut |effect| {
            writes |= match effect {
                Effect::Writes(first, count) | Effect::WritesOnJump(first, count) => {
                    (first..first + count).contains(&register)
                }
                Effect::Clobbers(from) => register >= from,
                Effect::Reads(..) | Effect::ReadsLate(_) => false,
            };
        });
        writes
    };
    let from = (0..at).rev().find(|before| writes(&function.code[*before]))?;
    let I::Constant { index, .. } = function.code[from] else { return None };
    let way = from + 1..at + 1;
    let joins = |to: Option<u32>| to.is_some_and(|to| way.contains(&(to as usize)));
    let straight = function.code[from..at].iter().all(flow::goes_on);
    let joined = function.code.iter().any(|other| joins(other.target()))
        || function.handlers.iter().any(|handler| joins(Some(handler.target)));
    (straight && !joined).then(|| &program.constants[index as usize])
}
