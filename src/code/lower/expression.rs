//! Expressions: their value into a register.

use super::function::{Builder, Lowered};
use super::storage::{Storage, literal, variable_of};
use crate::code::{Instruction, Register};
use crate::syntax::tree::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};
use crate::value::Value;

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

    /// The number of the constant that an expression is; None for anything else, and where there are too many.
    pub fn constant(&mut self, expression: &Expression) -> Option<u16> {
        u16::try_from(self.lowering.constant(literal(expression)?)).ok()
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
