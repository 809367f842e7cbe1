//! Expressions: their value into a register.

use super::function::{Builder, Lowered};
use super::storage::{Storage, literal, variable_of};
use crate::builtin::{self, Body};
use crate::code::{Instruction, Register};
use crate::resolve::{Meaning, Member, VariableId};
use crate::syntax::tree::{
    BinaryOperator, Clause, Expression, ExpressionKind, Name, TextPart, UnaryOperator,
};
use crate::value::Value;

/// More elements than this are not gathered in registers but pushed one by one.
const IN_REGISTERS: usize = 32;

impl<'t> Builder<'_, '_, 't> {
    /// The register that holds the value: the variable's own where it is one, else a temporary.
    pub fn value(&mut self, expression: &'t Expression) -> Lowered<Register> {
        if let Some(register) = self.own_register(expression) {
            return Ok(register);
        }
        if let ExpressionKind::Call { callee, arguments } = &expression.kind {
            // The value is left where the call was made: in the first free register.
            let mark = self.mark();
            let before = self.at(expression.span);
            let at = self.call_at(callee, arguments)?;
            self.at(before);
            self.release_to(mark);
            self.temporary();
            return Ok(at);
        }
        let d = self.temporary();
        self.into(expression, d)?;
        Ok(d)
    }

    /// The register of a plain local variable, or `self`.
    pub fn own_register(&self, expression: &Expression) -> Option<Register> {
        let id = match &expression.kind {
            ExpressionKind::Name(name) => name.id,
            ExpressionKind::SelfReference(id) => *id,
            _ => return None,
        };
        let variable = variable_of(self.meaning(id))?;
        let known = &self.unit.resolution.variables[variable as usize];
        (self.storage(variable) == Storage::Register && !known.early).then(|| self.register(variable))
    }

    /// The same, of a variable that is never assigned.
    pub fn unchanging_register(&self, expression: &Expression) -> Option<Register> {
        let ExpressionKind::Name(name) = &expression.kind else { return None };
        let variable = variable_of(self.meaning(name.id))?;
        let changes = self.unit.resolution.variables[variable as usize].assigned;
        if changes { None } else { self.own_register(expression) }
    }

    /// Evaluates into the given register. It is written last, so it may be a variable that the expression reads,
    /// except for expressions that evaluate part after part into it (see `writes_early`).
    pub fn into(&mut self, expression: &'t Expression, d: Register) -> Lowered {
        let before = self.at(expression.span);
        let mark = self.mark();
        self.kind_into(expression, d)?;
        self.release_to(mark);
        self.at(before);
        Ok(())
    }

    /// Whether `into` may write its register before it has read all that the expression reads.
    pub fn writes_early(expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::And(..)
            | ExpressionKind::Or(..)
            | ExpressionKind::Conditional { .. }
            | ExpressionKind::Comprehension { .. }
            | ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::Compare { .. }
            | ExpressionKind::Atomically(_) => true,
            ExpressionKind::Invalid
            | ExpressionKind::Nil
            | ExpressionKind::Bool(_)
            | ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_)
            | ExpressionKind::Name(_)
            | ExpressionKind::SelfReference(_)
            | ExpressionKind::Range { .. }
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Index { .. }
            | ExpressionKind::Field { .. }
            | ExpressionKind::Function(_)
            | ExpressionKind::Start(_)
            | ExpressionKind::StartBlock { .. } => false,
        }
    }

    fn kind_into(&mut self, expression: &'t Expression, d: Register) -> Lowered {
        if let Some(value) = literal(expression) {
            self.load_constant(value, d);
            return Ok(());
        }
        match &expression.kind {
            ExpressionKind::Invalid => unreachable!("a script with errors is not lowered"),
            ExpressionKind::Nil
            | ExpressionKind::Bool(_)
            | ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_) => unreachable!("a literal is a constant"),
            ExpressionKind::Text(parts) => self.text(parts, d)?,
            ExpressionKind::Name(name) => self.load_name(name, d),
            ExpressionKind::SelfReference(id) => {
                let variable = variable_of(self.meaning(*id)).expect("self is a variable");
                self.load_variable(variable, d);
            }
            ExpressionKind::List(items) => self.list(items, d)?,
            ExpressionKind::Map(pairs) => self.map(pairs, d)?,
            ExpressionKind::Comprehension { element, clauses } => {
                let list = self.temporary();
                self.emit(Instruction::List { d: list, at: list, count: 0 });
                self.comprehension(element, clauses, list)?;
                self.emit(Instruction::Move { d, s: list });
            }
            ExpressionKind::Range { start, end, inclusive } => {
                let at = self.temporaries(2);
                self.or_nil_into(start.as_deref(), at)?;
                self.or_nil_into(end.as_deref(), at + 1)?;
                self.emit(Instruction::Range { d, at, inclusive: *inclusive });
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, .. }
            | ExpressionKind::Compare { .. }
            | ExpressionKind::And(..)
            | ExpressionKind::Or(..) => self.logic_into(expression, d)?,
            ExpressionKind::Unary { operator, operand } => {
                let a = self.value(operand)?;
                self.emit(Instruction::Unary { operator: *operator, d, a });
            }
            ExpressionKind::Binary { operator, left, right } => self.binary(*operator, left, right, d)?,
            ExpressionKind::Conditional { condition, value, otherwise } => {
                let unless = self.jump_unless(condition)?;
                self.into(value, d)?;
                let over = self.emit(Instruction::Jump { to: 0 });
                self.land_all(unless);
                self.into(otherwise, d)?;
                self.land(over);
            }
            ExpressionKind::Call { callee, arguments } => self.call(callee, arguments, expression.span, d)?,
            ExpressionKind::Index { object, index } => self.index(object, index, d)?,
            ExpressionKind::Field { object, name } => {
                let object = self.value(object)?;
                let name = self.symbol(&name.text);
                self.emit(Instruction::GetField { d, object, name });
            }
            ExpressionKind::Function(function) => {
                let id = self.function_of(function.id);
                self.lower_function(id, function)?;
                self.closure(id, d);
            }
            ExpressionKind::Start(operand) => self.start(operand, d)?,
            ExpressionKind::StartBlock { body, id } => self.start_block(body, *id, d)?,
            ExpressionKind::Atomically(value) => self.atomically_value(value, d)?,
        }
        Ok(())
    }

    pub fn or_nil_into(&mut self, expression: Option<&'t Expression>, d: Register) -> Lowered {
        match expression {
            Some(expression) => self.into(expression, d),
            None => {
                self.emit(Instruction::Nil { d });
                Ok(())
            }
        }
    }

    pub fn load_constant(&mut self, value: Value, d: Register) {
        let instruction = match value {
            Value::Nil => Instruction::Nil { d },
            Value::Bool(value) => Instruction::Bool { d, value },
            Value::Int(n) if i32::try_from(n).is_ok() => Instruction::Int { d, value: n as i32 },
            value => Instruction::Constant { d, index: self.lowering.constant(value) },
        };
        self.emit(instruction);
    }

    // Names.

    fn load_name(&mut self, name: &Name, d: Register) {
        match self.meaning(name.id) {
            Meaning::None => unreachable!("the resolver refuses unknown names: {}", name.text),
            Meaning::Variable(variable) => self.load_variable(variable, d),
            Meaning::Member { self_variable, member, .. } => {
                let object = self.register(self_variable);
                match member {
                    Member::Field(index) => self.emit(Instruction::GetOwn { d, object, index: index as u16 }),
                    Member::Method(index) => {
                        self.emit(Instruction::OwnMethod { d, object, index: index as u16 })
                    }
                };
            }
            Meaning::Builtin(index) => {
                let row = &builtin::functions()[index as usize];
                match row.body {
                    Body::Native(_) => {
                        let index = self.lowering.constant(Value::Builtin(row));
                        self.emit(Instruction::Constant { d, index });
                    }
                    Body::Constant(_) => {
                        let row = self.lowering.row(row);
                        self.emit(Instruction::CallBuiltin { at: d, count: 0, row });
                    }
                    Body::Script(_) => {
                        self.lowering.scripted(row);
                        let index = self.lowering.constant(Value::Builtin(row));
                        self.emit(Instruction::Constant { d, index });
                    }
                }
            }
        }
    }

    pub fn load_variable(&mut self, variable: VariableId, d: Register) {
        let known = &self.unit.resolution.variables[variable as usize];
        let (early, name) = (known.early, known.name.clone());
        match self.storage(variable) {
            Storage::Register => {
                let s = self.register(variable);
                if s != d {
                    self.emit(Instruction::Move { d, s });
                }
            }
            Storage::Cell => {
                let cell = self.register(variable);
                self.emit(Instruction::LoadCell { d, cell });
                if early {
                    let name = self.lowering.text_constant(&name);
                    self.emit(Instruction::CheckSet { a: d, name });
                }
            }
            Storage::Global(index) => {
                self.emit(Instruction::LoadGlobal { d, index });
            }
            Storage::Fixed(index) => {
                self.emit(Instruction::LoadFixed { d, index });
            }
            Storage::Local(index) => self.load_local(variable, index, d),
            Storage::Constant(index) => {
                let value = self.lowering.program.constants[index as usize].clone();
                self.load_constant(value, d);
            }
            Storage::Function(function) => {
                let index = self.lowering.constant(Value::Function(function));
                self.emit(Instruction::Constant { d, index });
            }
        }
    }

    /// The thread's own value; the first time, the value it begins with.
    fn load_local(&mut self, variable: VariableId, index: u32, d: Register) {
        self.emit(Instruction::LoadLocal { d, index });
        let set = self.emit(Instruction::JumpSet { a: d, to: 0 });
        let initial = self.lowering.local_value(self.unit, variable);
        let at = self.temporary();
        self.emit(Instruction::CallFunction { at, function: initial });
        self.emit(Instruction::Move { d, s: at });
        self.emit(Instruction::StoreLocal { s: d, index });
        self.land(set);
    }

    /// Writes a variable that has been declared.
    pub fn store_variable(&mut self, variable: VariableId, s: Register) {
        match self.storage(variable) {
            Storage::Register => {
                let d = self.register(variable);
                if s != d {
                    self.emit(Instruction::Move { d, s });
                }
            }
            Storage::Cell => {
                let cell = self.register(variable);
                self.emit(Instruction::StoreCell { cell, s });
            }
            Storage::Global(index) => {
                self.emit(Instruction::StoreGlobal { s, index });
            }
            Storage::Fixed(index) => {
                self.emit(Instruction::StoreFixed { s, index });
            }
            Storage::Local(index) => {
                self.emit(Instruction::StoreLocal { s, index });
            }
            Storage::Constant(_) | Storage::Function(_) => unreachable!("the resolver refuses assigning it"),
        }
    }

    // Operators.

    pub fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &'t Expression,
        right: &'t Expression,
        d: Register,
    ) -> Lowered {
        let a = self.value(left)?;
        if let Some(instruction) = self.binary_constant(operator, a, right, d) {
            self.emit(instruction);
            return Ok(());
        }
        let b = self.value(right)?;
        self.emit(Self::binary_instruction(operator, d, a, b));
        Ok(())
    }

    pub fn binary_instruction(
        operator: BinaryOperator,
        d: Register,
        a: Register,
        b: Register,
    ) -> Instruction {
        match operator {
            BinaryOperator::Add => Instruction::Add { d, a, b },
            BinaryOperator::Subtract => Instruction::Subtract { d, a, b },
            BinaryOperator::Multiply => Instruction::Multiply { d, a, b },
            BinaryOperator::Modulo => Instruction::Modulo { d, a, b },
            BinaryOperator::Divide
            | BinaryOperator::FloorDivide
            | BinaryOperator::Power
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Xor
            | BinaryOperator::ShiftLeft
            | BinaryOperator::ShiftRight => Instruction::Binary { operator, d, a, b },
        }
    }

    /// The instruction with a small int as its right operand, if there is one.
    pub fn binary_constant(
        &mut self,
        operator: BinaryOperator,
        a: Register,
        right: &Expression,
        d: Register,
    ) -> Option<Instruction> {
        let value = self.small_int(right)?;
        match operator {
            BinaryOperator::Add => Some(Instruction::AddInt { d, a, value }),
            BinaryOperator::Subtract => {
                // `a - 1` of what is no number must complain of `-`: `AddInt` with a negative int stands for it.
                (value > 0).then_some(Instruction::AddInt { d, a, value: -value })
            }
            BinaryOperator::Multiply => Some(Instruction::MultiplyInt { d, a, value }),
            BinaryOperator::Modulo => (value > 0).then_some(Instruction::ModuloInt { d, a, value }),
            BinaryOperator::Divide
            | BinaryOperator::FloorDivide
            | BinaryOperator::Power
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Xor
            | BinaryOperator::ShiftLeft
            | BinaryOperator::ShiftRight => None,
        }
    }

    /// The value of an int literal, or of a name that stands for one, that fits an instruction.
    pub fn small_int(&self, expression: &Expression) -> Option<i16> {
        let value = match &expression.kind {
            ExpressionKind::Name(name) => {
                let Storage::Constant(index) = self.storage(variable_of(self.meaning(name.id))?) else {
                    return None;
                };
                self.lowering.program.constants[index as usize].clone()
            }
            _ => literal(expression)?,
        };
        let Value::Int(n) = value else { return None };
        i16::try_from(n).ok().filter(|&n| n != i16::MIN)
    }

    /// `not`, `and`, `or` and comparisons, as a value.
    fn logic_into(&mut self, expression: &'t Expression, d: Register) -> Lowered {
        match &expression.kind {
            ExpressionKind::And(left, right) => {
                let t = self.temporary();
                self.into(left, t)?;
                let over = self.emit(Instruction::JumpUnless { a: t, to: 0 });
                self.into(right, t)?;
                self.land(over);
                self.emit(Instruction::Move { d, s: t });
            }
            ExpressionKind::Or(left, right) => {
                let t = self.temporary();
                self.into(left, t)?;
                let over = self.emit(Instruction::JumpIf { a: t, to: 0 });
                self.into(right, t)?;
                self.land(over);
                self.emit(Instruction::Move { d, s: t });
            }
            ExpressionKind::Compare { first, rest } => {
                let mut a = self.value(first)?;
                let mut unless = Vec::new();
                let t = self.temporary();
                for (index, (operator, right)) in rest.iter().enumerate() {
                    let b = self.value(right)?;
                    self.emit(Instruction::Compare { operator: *operator, d: t, a, b });
                    if index + 1 < rest.len() {
                        unless.push(self.emit(Instruction::JumpUnless { a: t, to: 0 }));
                    }
                    a = b;
                }
                self.land_all(unless);
                self.emit(Instruction::Move { d, s: t });
            }
            _ => {
                let unless = self.jump_unless(expression)?;
                self.emit(Instruction::Bool { d, value: true });
                let over = self.emit(Instruction::Jump { to: 0 });
                self.land_all(unless);
                self.emit(Instruction::Bool { d, value: false });
                self.land(over);
            }
        }
        Ok(())
    }

    // Making things.

    fn text(&mut self, parts: &'t [TextPart], d: Register) -> Lowered {
        let mark = self.mark();
        // More parts than registers are cheap for are joined piece by piece.
        let mut joined: Option<Register> = None;
        for chunk in parts.chunks(IN_REGISTERS) {
            let extra = usize::from(joined.is_some());
            let at = self.temporaries(chunk.len() + extra);
            if let Some(s) = joined {
                self.emit(Instruction::Move { d: at, s });
            }
            for (part, d) in chunk.iter().zip(at + extra as Register..) {
                self.text_part(part, d)?;
            }
            let t = at;
            self.emit(Instruction::Text { d: t, at, count: (chunk.len() + extra) as u16 });
            joined = Some(t);
        }
        let s = joined.expect("an empty text is a literal");
        self.emit(Instruction::Move { d, s });
        self.release_to(mark);
        Ok(())
    }

    fn text_part(&mut self, part: &'t TextPart, d: Register) -> Lowered {
        match part {
            TextPart::Literal(text) => {
                let index = self.lowering.text_constant(text);
                self.emit(Instruction::Constant { d, index });
            }
            TextPart::Value { value, format } => {
                self.into(value, d)?;
                if let Some((format, span)) = format {
                    let before = self.at(*span);
                    let format = self.symbol(format);
                    self.emit(Instruction::Format { d, s: d, format });
                    self.at(before);
                }
            }
        }
        Ok(())
    }

    fn list(&mut self, items: &'t [Expression], d: Register) -> Lowered {
        if items.len() <= IN_REGISTERS {
            let at = self.temporaries(items.len());
            for (item, t) in items.iter().zip(at..) {
                self.into(item, t)?;
            }
            self.emit(Instruction::List { d, at, count: items.len() as u16 });
            return Ok(());
        }
        let (list, t) = (self.temporary(), self.temporary());
        self.emit(Instruction::List { d: list, at: list, count: 0 });
        for item in items {
            self.into(item, t)?;
            self.emit(Instruction::Push { list, s: t });
        }
        self.emit(Instruction::Move { d, s: list });
        Ok(())
    }

    fn map(&mut self, pairs: &'t [(Expression, Expression)], d: Register) -> Lowered {
        let map = self.temporary();
        if pairs.len() <= IN_REGISTERS {
            let at = self.temporaries(pairs.len() * 2);
            for ((key, value), index) in pairs.iter().zip(0..) {
                self.into(key, at + 2 * index)?;
                self.into(value, at + 2 * index + 1)?;
            }
            self.emit(Instruction::Map { d: map, at, count: pairs.len() as u16 });
        } else {
            let (k, v) = (self.temporary(), self.temporary());
            self.emit(Instruction::Map { d: map, at: k, count: 0 });
            for (key, value) in pairs {
                self.into(key, k)?;
                self.into(value, v)?;
                self.emit(Instruction::SetIndex { object: map, index: k, s: v });
            }
        }
        self.emit(Instruction::Move { d, s: map });
        Ok(())
    }

    fn comprehension(&mut self, element: &'t Expression, clauses: &'t [Clause], list: Register) -> Lowered {
        let Some((clause, rest)) = clauses.split_first() else {
            let mark = self.mark();
            let s = self.value(element)?;
            self.emit(Instruction::Push { list, s });
            self.release_to(mark);
            return Ok(());
        };
        self.for_each(&clause.pattern, &clause.items, |builder| {
            let mut unless = Vec::new();
            for condition in &clause.conditions {
                unless.append(&mut builder.jump_unless(condition)?);
            }
            builder.comprehension(element, rest, list)?;
            builder.land_all(unless);
            Ok(())
        })
    }

    // Elements.

    fn index(&mut self, object: &'t Expression, index: &'t Expression, d: Register) -> Lowered {
        let object = self.value(object)?;
        match &index.kind {
            ExpressionKind::Range { start, end, inclusive: false } => {
                let at = self.temporaries(2);
                self.or_nil_into(start.as_deref(), at)?;
                self.or_nil_into(end.as_deref(), at + 1)?;
                self.emit(Instruction::Slice { d, object, at });
            }
            _ => {
                let index = self.value(index)?;
                self.emit(Instruction::GetIndex { d, object, index });
            }
        }
        Ok(())
    }
}
