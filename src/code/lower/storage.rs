//! Where each variable is kept: register, cell, global, or nowhere because its value is known.

use super::Lowering;
use crate::resolve::{Meaning, Resolution, Variable, VariableId, VariableKind};
use crate::syntax::tree::{
    Expression, ExpressionKind, Pattern, Script, Statement, StatementKind, TextPart, UnaryOperator,
};
use crate::value::Value;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Storage {
    /// A register of the function it lives in; captured by value.
    Register,
    /// A cell, whose reference is in a register; captured with the cell.
    Cell,
    /// A cell of the whole program.
    Global(u32),
    /// The same, and one for all processes of the run.
    Shared(u32),
    /// A variable of the whole program that is written once.
    Fixed(u32),
    /// One for each thread.
    Local(u32),
    /// Its value is known.
    Constant(u32),
    /// A function that captures nothing.
    Function(u32),
}

impl Storage {
    /// Whether it needs a register in the frame of its function.
    pub fn in_frame(self) -> bool {
        matches!(self, Storage::Register | Storage::Cell)
    }
}

pub(super) fn assign(
    lowering: &mut Lowering,
    script: &Script,
    first: usize,
    resolution: &Resolution,
    functions: &[u32],
    earlier: Vec<Storage>,
) -> Vec<Storage> {
    let known = known_constants(lowering, &script.body.statements[first..], resolution);
    // Functions first: whether one captures anything depends on where the others are kept, so begin by
    // believing that none does and take back what proves false, until nothing changes.
    let (new, mut storage) = (earlier.len(), earlier);
    for (id, variable) in resolution.variables.iter().enumerate().skip(new) {
        storage.push(match known[id] {
            Some(constant) => Storage::Constant(constant),
            None => first_choice(lowering, variable, resolution, functions),
        });
    }
    loop {
        let mut changed = false;
        for (id, variable) in resolution.variables.iter().enumerate().skip(new) {
            let Storage::Function(_) = storage[id] else { continue };
            let Some(function) = resolution.declared_function(variable.kind) else { continue };
            let captures = &resolution.functions[function as usize].captures;
            if captures.iter().any(|&captured| storage[captured as usize].in_frame()) {
                storage[id] = if variable.captured { Storage::Cell } else { Storage::Register };
                changed = true;
            }
        }
        if !changed {
            return storage;
        }
    }
}

fn first_choice(
    lowering: &mut Lowering,
    variable: &Variable,
    resolution: &Resolution,
    functions: &[u32],
) -> Storage {
    let program = &mut lowering.program;
    if let Some(function) = resolution.declared_function(variable.kind) {
        return Storage::Function(functions[function as usize]);
    }
    if variable.kind == VariableKind::ThreadLocal {
        program.locals += 1;
        return Storage::Local(program.locals as u32 - 1);
    }
    if variable.interprocess {
        program.shared.push(program.globals.len() as u32);
        program.globals.push(variable.name.clone());
        Storage::Shared(program.globals.len() as u32 - 1)
    } else if !variable.captured {
        Storage::Register
    } else if variable.top_level && !variable.assigned {
        program.fixed.push(variable.name.clone());
        Storage::Fixed(program.fixed.len() as u32 - 1)
    } else if variable.top_level {
        program.globals.push(variable.name.clone());
        Storage::Global(program.globals.len() as u32 - 1)
    } else if variable.assigned || variable.early {
        Storage::Cell
    } else {
        Storage::Register
    }
}

/// Top-level `let NAME = LITERAL` before anything that could run other code: nobody can see the name unset, so the
/// literal can stand for it everywhere.
fn known_constants(
    lowering: &mut Lowering,
    statements: &[Statement],
    resolution: &Resolution,
) -> Vec<Option<u32>> {
    let mut known = vec![None; resolution.variables.len()];
    for statement in statements {
        match &statement.kind {
            StatementKind::Let { pattern: Pattern::Name(name), value } => {
                let Some(constant) = literal(value) else {
                    if simple(value) {
                        continue;
                    }
                    break;
                };
                if let Meaning::Variable(id) = resolution.meanings[name.id as usize]
                    && !resolution.variables[id as usize].assigned
                {
                    known[id as usize] = Some(lowering.constant(constant));
                }
            }
            StatementKind::Var { value, .. } if simple(value) => {}
            StatementKind::Function(_)
            | StatementKind::Class(_)
            | StatementKind::Thread(_)
            | StatementKind::Declare(_)
            | StatementKind::ThreadLocal { .. } => {}
            _ => break,
        }
    }
    known
}

fn simple(value: &Expression) -> bool {
    literal(value).is_some()
        || match &value.kind {
            ExpressionKind::List(items) => items.iter().all(simple),
            ExpressionKind::Map(pairs) => pairs.iter().all(|(key, value)| simple(key) && simple(value)),
            ExpressionKind::Function(_) => true,
            _ => false,
        }
}

/// The value of a literal that is the same for ever.
pub(super) fn literal(expression: &Expression) -> Option<Value> {
    match &expression.kind {
        ExpressionKind::Nil => Some(Value::Nil),
        ExpressionKind::Bool(value) => Some(Value::Bool(*value)),
        ExpressionKind::Int(value) => Some(Value::Int(*value)),
        ExpressionKind::Float(value) => Some(Value::Float(*value)),
        ExpressionKind::Duration(ns) => Some(Value::Duration(*ns)),
        ExpressionKind::Text(parts) => match parts.as_slice() {
            [] => Some(Value::text("")),
            [TextPart::Literal(text)] => Some(Value::text(text)),
            _ => None,
        },
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => match literal(operand)? {
            Value::Int(n) => n.checked_neg().map(Value::Int),
            Value::Float(x) => Some(Value::Float(-x)),
            Value::Duration(ns) => ns.checked_neg().map(Value::Duration),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn variable_of(meaning: Meaning) -> Option<VariableId> {
    match meaning {
        Meaning::Variable(id) => Some(id),
        Meaning::None | Meaning::Member { .. } | Meaning::Builtin(_) => None,
    }
}
