//! Binding arguments to parameters where the callee is known only while running.

use crate::builtin::{self, Row, Signature};
use crate::code::{Function, Program, Shape};
use crate::value::{
    Value,
    error::{Error, Kind},
};
use std::borrow::Cow;
use std::sync::Arc;

/// A builtin with its signature read.
#[derive(Debug)]
pub(super) struct Linked {
    pub row: &'static Row,
    pub signature: Signature,
    /// Arguments by position stand where they are to be: no parameter by name comes before them.
    in_order: bool,
    /// How many can be given by position.
    by_position: usize,
    required: usize,
}

impl Linked {
    pub fn new(row: &'static Row) -> Linked {
        let signature = Signature::of(row);
        let by_position = signature.parameters.iter().filter(|parameter| !parameter.by_name).count();
        // What is given beyond the parameters stands after all of them, too.
        let before = if signature.rest { signature.parameters.len() } else { by_position };
        let in_order = signature.parameters[..before].iter().all(|p| !p.by_name);
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
        let most = if self.signature.rest { usize::MAX } else { self.by_position };
        if self.in_order && shape.names.is_empty() && count >= self.required && count <= most {
            if count > parameters {
                return Ok(count);
            }
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

    /// Arguments as they will be bound, as far as they can be: what is wrong with them is told when they are.
    pub fn arranged<'a>(&self, given: &'a [Value], shape: &Shape, program: &Program) -> Cow<'a, [Value]> {
        let parameters = self.signature.parameters.len();
        if shape.names.is_empty() && self.in_order && given.len() >= parameters {
            return given.into();
        }
        let mut stack = given.to_vec();
        let count = self.bind(&mut stack, 0, shape, program).unwrap_or(given.len());
        stack.truncate(count);
        stack.into()
    }

    fn bind_slowly(
        &self,
        stack: &mut Vec<Value>,
        start: usize,
        shape: &Shape,
        program: &Program,
    ) -> Result<usize, Error> {
        let names: Vec<&str> = self.signature.parameters.iter().map(|parameter| parameter.name).collect();
        let shown = |error: Error| error.hint(written(&self.signature.usage(self.row.name)));
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
            let count = shape.count as usize - shape.names.len();
            return Err(shown(too_many(self.row.name, positions.len(), count)));
        }
        for (&symbol, value) in shape.names.iter().zip(named) {
            let name = program.symbol(symbol);
            let slot = find(self.row.name, &names, name)?;
            if !matches!(bound[slot], Value::Unset) {
                return Err(shown(twice(self.row.name, name)));
            }
            bound[slot] = value;
        }
        for (slot, parameter) in self.signature.parameters.iter().enumerate() {
            if !parameter.optional && matches!(bound[slot], Value::Unset) {
                return Err(shown(missing(self.row.name, parameter.name)));
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
        return Err(too_many(&function.name, parameters, positional).hint(usage(function)));
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
                return Err(twice(&function.name, name).hint(usage(function)));
            }
            stack[start + slot] = value;
        }
        for slot in 0..function.required {
            if matches!(stack[start + slot], Value::Unset) {
                return Err(missing(&function.name, &function.parameters[slot]).hint(usage(function)));
            }
        }
    }
    Ok(())
}

/// How a call of a function of the script is written.
fn usage(function: &Function) -> String {
    let parameters = function.parameters.iter().enumerate();
    let parameters = parameters.map(|(at, name)| (&**name, at >= function.required, false));
    written(&builtin::usage(&function.name, parameters, false))
}

fn written(call: &str) -> String {
    format!("it is written `{call}`")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::functions;
    use crate::source::Source;

    /// `fn f(a, b, c = 3)`, and the symbols `a`, `b`, `c`, `zz`, `sep`, `base`, `x` from the returned number on.
    fn program() -> (Program, u16) {
        let source = Arc::new(Source::new("test", "fn f(a, b, c = 3) { }"));
        let (script, _) = crate::syntax::parse(&source);
        let (resolution, _) = crate::resolve::resolve(&script, &source);
        let mut program = crate::code::lower::lower(&source, &script, &resolution).expect("it is small");
        let first = program.symbols.len() as u16;
        program.symbols.extend(["a", "b", "c", "zz", "sep", "base", "x"].map(Arc::from));
        (program, first)
    }

    /// What stands in the stack after binding arguments 1, 2, 3…, the last of them with these names.
    fn bound(callee: &str, count: u16, names: &[&str]) -> Result<String, String> {
        let (program, first) = program();
        let number = |name: &&str| {
            let at = program.symbols[first as usize..].iter().position(|symbol| &**symbol == *name);
            first + at.expect("a symbol of the tests") as u16
        };
        let shape = Shape { count, names: names.iter().map(number).collect(), method: 0 };
        let mut stack = vec![Value::Nil; 12];
        for (slot, n) in stack[1..].iter_mut().zip(1..=i64::from(count)) {
            *slot = Value::Int(n);
        }
        let function = program.functions.iter().find(|function| &*function.name == callee);
        let got = match function {
            Some(function) => {
                bind(function, &mut stack, 1, &shape, &program).map(|()| function.parameters.len())
            }
            None => {
                let row = functions().iter().find(|row| row.name == callee).expect("a builtin");
                Linked::new(row).bind(&mut stack, 1, &shape, &program)
            }
        };
        let show = |value: &Value| match value {
            Value::Int(n) => n.to_string(),
            Value::Unset => "-".to_string(),
            other => panic!("{other:?}"),
        };
        let words = |count: usize| stack[1..=count].iter().map(show).collect::<Vec<_>>().join(" ");
        got.map(words).map_err(|error| error.message)
    }

    #[test]
    fn arguments_of_functions_find_their_parameters() {
        for (count, names, expected) in [
            (3, &[][..], Ok("1 2 3")),
            (2, &[], Ok("1 2 -")),
            (3, &["c", "b"], Ok("1 3 2")),
            (3, &["c", "b", "a"], Ok("3 2 1")),
            (2, &["b"], Ok("1 2 -")),
            (4, &[], Err("f takes 3 arguments, but got 4")),
            (1, &[], Err("f needs its argument b")),
            (2, &["c"], Err("f needs its argument b")),
            (3, &["a"], Err("f got its argument a twice")),
            (3, &["b", "b"], Err("f got its argument b twice")),
            (3, &["zz"], Err("f has no parameter called zz")),
        ] {
            let found = bound("f", count, names);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{count} {names:?}");
        }
    }

    #[test]
    fn arguments_of_builtins_find_their_parameters() {
        for (callee, count, names, expected) in [
            ("int", 1, &[][..], Ok("1 -")),
            ("int", 2, &[], Ok("1 2")),
            ("int", 2, &["base"], Ok("1 2")),
            ("int", 2, &["base", "x"], Ok("2 1")),
            ("int", 3, &[], Err("int takes 2 arguments, but got 3")),
            ("int", 0, &[], Err("int needs its argument x")),
            ("int", 2, &["x"], Err("int got its argument x twice")),
            ("int", 2, &["zz"], Err("int has no parameter called zz")),
            // `sep:`, `end:` and `err:` come first, by name only; then the rest, as many as there are.
            ("print", 0, &[], Ok("- - -")),
            ("print", 2, &[], Ok("- - - 1 2")),
            ("print", 3, &["sep"], Ok("3 - - 1 2")),
        ] {
            let found = bound(callee, count, names);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{callee} {count} {names:?}");
        }
    }
}
