//! Binding arguments to parameters where the callee is known only while running.

use crate::builtin::{Row, Signature};
use crate::code::{Function, Program, Shape};
use crate::value::{
    Value,
    error::{Error, Kind},
};
use std::sync::Arc;

/// A builtin with its signature read.
#[derive(Debug)]
pub(super) struct Linked {
    pub row: &'static Row,
    pub signature: Signature,
    /// Arguments by position stand where they are to be: nothing by name comes before them, and there is no rest.
    in_order: bool,
    /// How many can be given by position.
    by_position: usize,
    required: usize,
}

impl Linked {
    pub fn new(row: &'static Row) -> Linked {
        let signature = Signature::of(row);
        let by_position = signature.parameters.iter().filter(|parameter| !parameter.by_name).count();
        let in_order = !signature.rest && signature.parameters[..by_position].iter().all(|p| !p.by_name);
        let required = signature.parameters.iter().filter(|parameter| !parameter.optional).count();
        Linked { row, signature, in_order, by_position, required }
    }

    /// Binds the arguments that stand in the stack from `start`; how many values the builtin gets.
    pub fn bind(
        &self,
        stack: &mut Vec<Value>,
        start: usize,
        shape: &Shape,
        program: &Program,
    ) -> Result<usize, Error> {
        let count = shape.count as usize;
        let parameters = self.signature.parameters.len();
        if self.in_order && shape.names.is_empty() && count >= self.required && count <= self.by_position {
            if stack.len() < start + parameters {
                stack.resize(start + parameters + 8, Value::Nil);
            }
            for slot in &mut stack[start + count..start + parameters] {
                *slot = Value::Unset;
            }
            return Ok(parameters);
        }
        self.bind_slowly(stack, start, shape, program)
    }

    fn bind_slowly(
        &self,
        stack: &mut Vec<Value>,
        start: usize,
        shape: &Shape,
        program: &Program,
    ) -> Result<usize, Error> {
        let names: Vec<&str> = self.signature.parameters.iter().map(|parameter| parameter.name).collect();
        let positions: Vec<usize> =
            (0..names.len()).filter(|&slot| !self.signature.parameters[slot].by_name).collect();
        let mut given: Vec<Value> = stack[start..start + shape.count as usize].to_vec();
        let named = given.split_off(given.len() - shape.names.len());
        let mut bound = vec![Value::Unset; names.len()];
        let mut rest = Vec::new();
        for (index, value) in given.into_iter().enumerate() {
            match positions.get(index) {
                Some(&slot) => bound[slot] = value,
                None => rest.push(value),
            }
        }
        if !rest.is_empty() && !self.signature.rest {
            return Err(too_many(self.row.name, positions.len(), shape.count as usize - shape.names.len()));
        }
        for (&symbol, value) in shape.names.iter().zip(named) {
            let name = program.symbol(symbol);
            let slot = find(self.row.name, &names, name)?;
            if !matches!(bound[slot], Value::Unset) {
                return Err(twice(self.row.name, name));
            }
            bound[slot] = value;
        }
        for (slot, parameter) in self.signature.parameters.iter().enumerate() {
            if !parameter.optional && matches!(bound[slot], Value::Unset) {
                return Err(missing(self.row.name, parameter.name));
            }
        }
        bound.append(&mut rest);
        let count = bound.len();
        if stack.len() < start + count {
            stack.resize(start + count + 8, Value::Nil);
        }
        for (slot, value) in stack[start..].iter_mut().zip(bound) {
            *slot = value;
        }
        Ok(count)
    }
}

/// Binds the arguments of a function of the script, in the stack from `start`: a value for each parameter.
pub(super) fn bind(
    function: &Function,
    stack: &mut [Value],
    start: usize,
    shape: &Shape,
    program: &Program,
) -> Result<(), Error> {
    let parameters = function.parameters.len();
    let positional = shape.count as usize - shape.names.len();
    if positional > parameters {
        return Err(too_many(&function.name, parameters, positional));
    }
    if !shape.names.is_empty() || positional < parameters {
        let named: Vec<Value> = stack[start + positional..start + shape.count as usize].to_vec();
        for slot in &mut stack[start + positional..start + parameters] {
            *slot = Value::Unset;
        }
        for (&symbol, value) in shape.names.iter().zip(named) {
            let name = program.symbol(symbol);
            let names: Vec<&str> = function.parameters.iter().map(|name| &**name).collect();
            let slot = find(&function.name, &names, name)?;
            if !matches!(stack[start + slot], Value::Unset) {
                return Err(twice(&function.name, name));
            }
            stack[start + slot] = value;
        }
        for slot in 0..function.required {
            if matches!(stack[start + slot], Value::Unset) {
                return Err(missing(&function.name, &function.parameters[slot]));
            }
        }
    }
    Ok(())
}

fn find(callee: &str, names: &[&str], name: &Arc<str>) -> Result<usize, Error> {
    names.iter().position(|known| *known == &**name).ok_or_else(|| {
        let known = if names.is_empty() { "none".into() } else { names.join(", ") };
        Error::new(Kind::Type, format!("{callee} has no parameter called {name}"))
            .hint(format!("its parameters: {known}"))
    })
}

fn too_many(callee: &str, most: usize, given: usize) -> Error {
    let arguments = if most == 1 { "1 argument".into() } else { format!("{most} arguments") };
    Error::new(Kind::Type, format!("{callee} takes {arguments}, but got {given}"))
}

fn twice(callee: &str, name: &str) -> Error {
    Error::new(Kind::Type, format!("{callee} got its argument {name} twice"))
}

fn missing(callee: &str, name: &str) -> Error {
    Error::new(Kind::Type, format!("{callee} needs its argument {name}"))
}
