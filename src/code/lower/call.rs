//! Calls, and the binding of arguments where the callee is known.

use super::function::{Builder, Lowered};
use super::storage::{Storage, variable_of};
use crate::builtin::{self, Body, Row, Signature};
use crate::code::{FunctionKind, Instruction, Register, Shape};
use crate::resolve::{Meaning, Member};
use crate::source::Span;
use crate::syntax::tree::{Argument, Expression, ExpressionKind, Name};
use crate::value::Value;

impl<'t> Builder<'_, '_, 't> {
    pub fn call(
        &mut self,
        callee: &'t Expression,
        arguments: &'t [Argument],
        span: Span,
        d: Register,
    ) -> Lowered {
        let before = self.at(span);
        if !self.call_on_variables(callee, arguments, d) {
            let at = self.call_at(callee, arguments)?;
            if at != d {
                self.emit(Instruction::Move { d, s: at });
            }
        }
        self.at(before);
        Ok(())
    }

    /// Emits the call if it is one of `CallBuiltinOn` and its value may go to `d` at once: no register after that is in use.
    fn call_on_variables(&mut self, callee: &Expression, arguments: &[Argument], d: Register) -> bool {
        if let ExpressionKind::Name(name) = &callee.kind
            && let Meaning::Builtin(index) = self.meaning(name.id)
            && let row = &builtin::functions()[index as usize]
            && usize::from(d) + 1 == self.mark()
            && let Some((first, count)) = self.variables_in_a_row(row, arguments)
        {
            let row = self.lowering.row(row);
            self.emit(Instruction::CallBuiltinOn { count, at: d, first, row });
            return true;
        }
        false
    }

    /// Emits the call; returns the register with its value, the first free one.
    pub fn call_at(&mut self, callee: &'t Expression, arguments: &'t [Argument]) -> Lowered<Register> {
        match &callee.kind {
            ExpressionKind::Name(name) => self.call_name(name, callee, arguments),
            ExpressionKind::Field { object, name } => self.call_method(object, name, arguments),
            _ => self.call_value(callee, arguments),
        }
    }

    fn call_name(
        &mut self,
        name: &'t Name,
        callee: &'t Expression,
        arguments: &'t [Argument],
    ) -> Lowered<Register> {
        match self.meaning(name.id) {
            Meaning::Member { self_variable, class, member: Member::Method(index) } => {
                let method = &self.unit.resolution.classes[class as usize].methods[index as usize];
                let function = self.program_function(method.function);
                let at = self.temporary();
                let object = self.register(self_variable);
                self.emit(Instruction::Move { d: at, s: object });
                if self.bind_function(function, arguments)? {
                    self.emit(Instruction::CallMember { at, function });
                } else {
                    let method = self.symbol(&name.text);
                    let shape = self.arguments(arguments, method)?;
                    self.emit(Instruction::CallMethod { at, shape });
                }
                Ok(at)
            }
            Meaning::Builtin(index) => self.call_row(&builtin::functions()[index as usize], arguments),
            Meaning::Variable(variable) => {
                if let Storage::Function(function) = self.storage(variable)
                    && self.lowering.program.functions[function as usize].kind == FunctionKind::Plain
                    && !self.is_template(function)
                {
                    let at = self.mark() as Register;
                    if self.bind_function(function, arguments)? {
                        self.reserve(at);
                        self.emit(Instruction::CallFunction { at, function });
                        return Ok(at);
                    }
                }
                self.call_value(callee, arguments)
            }
            Meaning::None | Meaning::Member { .. } => self.call_value(callee, arguments),
        }
    }

    /// Whether the function is the body of a thread template (its kind may not be noted yet).
    fn is_template(&self, function: u32) -> bool {
        // In the order of their numbers, but for the first, which is the text itself.
        let id = self.unit.functions[1..].binary_search(&function).ok();
        let known = id.and_then(|id| self.unit.resolution.functions.get(id + 1));
        known.is_some_and(|known| {
            matches!(
                known.kind,
                crate::resolve::FunctionKind::ThreadBody | crate::resolve::FunctionKind::Initialiser
            )
        })
    }

    /// Makes sure that the register counts as used even when a call has no arguments.
    fn reserve(&mut self, at: Register) {
        if self.mark() == at as usize {
            self.temporary();
        }
    }

    /// The arguments of a known function into the next registers, one for each parameter; or nothing at all when they
    /// do not fit. (The resolver lets such a call pass where its error may be caught: it is bound while running, which
    /// raises the error.)
    fn bind_function(&mut self, function: u32, arguments: &'t [Argument]) -> Lowered<bool> {
        let function = &self.lowering.program.functions[function as usize];
        let names: Vec<&str> = function.parameters.iter().map(|name| &**name).collect();
        let positional: Vec<usize> = (0..names.len()).collect();
        let Some(slots) = slots(&names, &positional, false, arguments) else { return Ok(false) };
        if (0..function.required).any(|slot| !slots.contains(&Some(slot))) {
            return Ok(false);
        }
        let parameters = names.len();
        self.bind(parameters, arguments, &slots)?;
        Ok(true)
    }

    /// Each argument into the register of its parameter, or after them all. Arguments are evaluated in the order they
    /// are written in.
    fn bind(&mut self, parameters: usize, arguments: &'t [Argument], slots: &[Option<usize>]) -> Lowered {
        let at = self.temporaries(parameters);
        for (argument, slot) in arguments.iter().zip(slots) {
            let d = match slot {
                Some(slot) => at + *slot as Register,
                None => self.temporary(),
            };
            self.into(&argument.value, d)?;
        }
        for slot in (0..parameters).filter(|&slot| !slots.contains(&Some(slot))) {
            let d = at + slot as Register;
            self.emit(Instruction::Unset { d });
        }
        Ok(())
    }

    /// A known builtin.
    pub fn call_row(&mut self, row: &'static Row, arguments: &'t [Argument]) -> Lowered<Register> {
        let at = self.mark() as Register;
        let slots = match row.body {
            Body::Native(_) | Body::Constant(_) => row_slots(row, arguments),
            // Its function has no number yet: it is called as a value.
            Body::Script(_) => None,
        };
        match slots {
            Some(_) if let Some((first, count)) = self.variables_in_a_row(row, arguments) => {
                let at = self.temporary();
                let row = self.lowering.row(row);
                self.emit(Instruction::CallBuiltinOn { count, at, first, row });
            }
            Some(slots) => {
                let count = self.bind_row(row, arguments, &slots)?;
                self.reserve(at);
                let row = self.lowering.row(row);
                self.emit(Instruction::CallBuiltin { at, count: count as u16, row });
            }
            None => {
                self.lowering.scripted(row);
                let callee = self.temporary();
                let index = self.lowering.constant(Value::Builtin(row));
                self.emit(Instruction::Constant { d: callee, index });
                let shape = self.arguments(arguments, 0)?;
                self.emit(Instruction::Call { at: callee, shape });
            }
        }
        Ok(at)
    }

    /// Where the arguments are, and how many, if there is one for each parameter of the row and all of them are variables of a
    /// function of conc's own, in registers one after the other.
    fn variables_in_a_row(&self, row: &'static Row, arguments: &[Argument]) -> Option<(Register, u8)> {
        let native = matches!(row.body, Body::Native(_) | Body::Constant(_));
        let slots = row_slots(row, arguments).filter(|_| self.unit.internal && native)?;
        let in_order = slots.iter().enumerate().all(|(place, slot)| *slot == Some(place));
        if !in_order || slots.len() != Signature::of(row).parameters.len() {
            return None;
        }
        let first = self.own_register(&arguments.first()?.value)?;
        let stands = |(argument, register)| self.own_register(argument) == Some(register);
        let all_stand = arguments.iter().map(|argument| &argument.value).zip(first..).all(stands);
        let count = u8::try_from(arguments.len()).ok()?;
        all_stand.then_some((first, count))
    }

    /// A value for each parameter of the row, then the rest; how many.
    fn bind_row(
        &mut self,
        row: &'static Row,
        arguments: &'t [Argument],
        slots: &[Option<usize>],
    ) -> Lowered<usize> {
        for name in arguments.iter().filter_map(|argument| argument.name.as_ref()) {
            self.lowering.helpers(&name.text);
        }
        let parameters = Signature::of(row).parameters.len();
        self.bind(parameters, arguments, slots)?;
        Ok(parameters + slots.iter().filter(|slot| slot.is_none()).count())
    }

    fn call_method(
        &mut self,
        object: &'t Expression,
        name: &'t Name,
        arguments: &'t [Argument],
    ) -> Lowered<Register> {
        let method = self.symbol(&name.text);
        if let Some(index) = self.fixed_global(object) {
            let at = self.temporary();
            let shape = self.arguments(arguments, method)?;
            if let (Ok(shape), Ok(index)) = (u16::try_from(shape), u16::try_from(index)) {
                self.emit(Instruction::CallMethodFixed { at, shape, index });
            } else {
                self.emit(Instruction::LoadFixed { d: at, index });
                self.emit(Instruction::CallMethod { at, shape });
            }
            return Ok(at);
        }
        let lender = self.own_register(object);
        let at = self.temporary();
        if lender.is_none() {
            self.into(object, at)?;
        }
        let shape = self.arguments(arguments, method)?;
        match (lender, u16::try_from(shape)) {
            (Some(object), Ok(shape)) => {
                self.emit(Instruction::CallMethodOf { at, shape, object });
            }
            (Some(s), Err(_)) => {
                self.emit(Instruction::Move { d: at, s });
                self.emit(Instruction::CallMethod { at, shape });
            }
            (None, _) => {
                self.emit(Instruction::CallMethod { at, shape });
            }
        }
        Ok(at)
    }

    /// The number of the write-once global that the expression names.
    pub fn fixed_global(&self, expression: &Expression) -> Option<u32> {
        let ExpressionKind::Name(name) = &expression.kind else { return None };
        match self.storage(variable_of(self.meaning(name.id))?) {
            Storage::Fixed(index) => Some(index),
            Storage::Register
            | Storage::Cell
            | Storage::Global(_)
            | Storage::Shared(_)
            | Storage::Local(_)
            | Storage::Constant(_)
            | Storage::Function(_) => None,
        }
    }

    fn call_value(&mut self, callee: &'t Expression, arguments: &'t [Argument]) -> Lowered<Register> {
        let at = self.temporary();
        self.into(callee, at)?;
        let shape = self.arguments(arguments, 0)?;
        self.emit(Instruction::Call { at, shape });
        Ok(at)
    }

    /// The arguments into the next registers, as written; the shape of the call.
    pub fn arguments(&mut self, arguments: &'t [Argument], method: u16) -> Lowered<u32> {
        let at = self.temporaries(arguments.len());
        let mut names = Vec::new();
        for (argument, d) in arguments.iter().zip(at..) {
            self.into(&argument.value, d)?;
            if let Some(name) = &argument.name {
                names.push(self.symbol(&name.text));
            }
        }
        Ok(self.lowering.shape(Shape { count: arguments.len() as u16, names, method }))
    }

    /// What `start EXPRESSION` starts: for a call, the thread that will make it.
    pub fn start(&mut self, operand: &'t Expression, d: Register) -> Lowered {
        let at = self.prepare(operand)?;
        self.emit(Instruction::Start { a: at });
        self.emit(Instruction::Move { d, s: at });
        Ok(())
    }

    /// A thread for a call (not started), or the value of any other expression.
    pub fn prepare(&mut self, operand: &'t Expression) -> Lowered<Register> {
        let at = self.temporary();
        match &operand.kind {
            ExpressionKind::Call { callee, arguments } => {
                self.into(callee, at)?;
                let shape = self.arguments(arguments, 0)?;
                let before = self.at(operand.span);
                self.emit(Instruction::Prepare { at, shape });
                self.at(before);
            }
            _ => {
                self.into(operand, at)?;
                if self.names_template(operand) {
                    let shape = self.arguments(&[], 0)?;
                    self.emit(Instruction::Prepare { at, shape });
                }
            }
        }
        Ok(at)
    }

    /// A template without parameters may be started by its name alone.
    fn names_template(&self, expression: &Expression) -> bool {
        let ExpressionKind::Name(name) = &expression.kind else { return false };
        let Some(variable) = variable_of(self.meaning(name.id)) else { return false };
        let kind = self.unit.resolution.variables[variable as usize].kind;
        matches!(kind, crate::resolve::VariableKind::Template(_))
    }
}

/// Which parameter each argument is for; `None` for one of the rest. Nothing when the arguments do not fit.
fn slots(
    names: &[&str],
    positional: &[usize],
    rest: bool,
    arguments: &[Argument],
) -> Option<Vec<Option<usize>>> {
    let mut slots = Vec::new();
    let mut places = positional.iter().copied();
    for argument in arguments {
        let slot = match &argument.name {
            Some(name) => Some(names.iter().position(|known| *known == &*name.text)?),
            None => places.next(),
        };
        if slot.is_none() && !rest || slot.is_some() && slots.contains(&slot) {
            return None;
        }
        slots.push(slot);
    }
    Some(slots)
}

/// The same for a builtin.
fn row_slots(row: &'static Row, arguments: &[Argument]) -> Option<Vec<Option<usize>>> {
    let Signature { parameters, rest } = Signature::of(row);
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    let positional: Vec<usize> = (0..names.len()).filter(|&slot| !parameters[slot].by_name).collect();
    let slots = slots(&names, &positional, rest, arguments)?;
    let given = |slot: usize| parameters[slot].optional || slots.contains(&Some(slot));
    (0..names.len()).all(given).then_some(slots)
}
