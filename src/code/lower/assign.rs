//! Assignment to names, elements, fields and lists of them.

use super::function::{Builder, Lowered};
use super::storage::{Storage, variable_of};
use crate::code::{Instruction, Register};
use crate::resolve::{Meaning, Member};
use crate::syntax::tree::{BinaryOperator, Expression, ExpressionKind, Name};

impl<'t> Builder<'_, '_, 't> {
    pub fn assign(
        &mut self,
        target: &'t Expression,
        operator: Option<BinaryOperator>,
        value: &'t Expression,
    ) -> Lowered {
        match &target.kind {
            ExpressionKind::Name(name) => self.assign_name(name, operator, value),
            ExpressionKind::Index { object, index } => {
                let object = self.value(object)?;
                let index = self.value(index)?;
                let set = match operator {
                    None => match self.constant(value) {
                        Some(constant) => Instruction::SetIndexConstant { object, index, constant },
                        None => Instruction::SetIndex { object, index, s: self.value(value)? },
                    },
                    Some(operator) => {
                        let d = self.temporary();
                        let before = self.at(target.span);
                        self.emit(Instruction::GetIndex { d, object, index });
                        self.at(before);
                        self.combine(operator, d, value)?;
                        Instruction::SetIndex { object, index, s: d }
                    }
                };
                let before = self.at(target.span);
                self.emit(set);
                self.at(before);
                Ok(())
            }
            ExpressionKind::Field { object, name } => {
                let object = self.value(object)?;
                let name = self.symbol(&name.text);
                let s = match operator {
                    None => self.value(value)?,
                    Some(operator) => {
                        let d = self.temporary();
                        self.emit(Instruction::GetField { d, object, name });
                        self.combine(operator, d, value)?;
                        d
                    }
                };
                self.emit(Instruction::SetField { object, name, s });
                Ok(())
            }
            ExpressionKind::List(targets) => {
                let s = self.value(value)?;
                let at = self.temporaries(targets.len());
                self.emit(Instruction::Unpack { s, at, count: targets.len() as u16 });
                for (target, t) in targets.iter().zip(at..) {
                    self.assign_register(target, t)?;
                }
                Ok(())
            }
            _ => unreachable!("the resolver refuses other targets"),
        }
    }

    /// `d = d operator value`.
    fn combine(&mut self, operator: BinaryOperator, d: Register, value: &'t Expression) -> Lowered {
        if let Some(instruction) = self.binary_constant(operator, d, value, d) {
            self.emit(instruction);
            return Ok(());
        }
        let b = self.value(value)?;
        self.emit(Self::binary_instruction(operator, d, d, b));
        Ok(())
    }

    fn assign_name(
        &mut self,
        name: &'t Name,
        operator: Option<BinaryOperator>,
        value: &'t Expression,
    ) -> Lowered {
        // A plain local is computed where it is kept.
        if let Some(variable) = variable_of(self.meaning(name.id))
            && self.storage(variable) == Storage::Register
        {
            let d = self.register(variable);
            return match operator {
                Some(operator) => self.combine(operator, d, value),
                None if Self::writes_early(value) => {
                    let s = self.value(value)?;
                    self.store_variable(variable, s);
                    Ok(())
                }
                None => self.into(value, d),
            };
        }
        let s = match operator {
            None => self.value(value)?,
            Some(operator) => {
                let d = self.temporary();
                self.load_named(name, d);
                self.combine(operator, d, value)?;
                d
            }
        };
        self.store_named(name, s);
        Ok(())
    }

    fn load_named(&mut self, name: &Name, d: Register) {
        match self.meaning(name.id) {
            Meaning::Variable(variable) => self.load_variable(variable, d),
            Meaning::Member { self_variable, member: Member::Field(index), .. } => {
                let object = self.register(self_variable);
                self.emit(Instruction::GetOwn { d, object, index: index as u16 });
            }
            Meaning::None | Meaning::Member { .. } | Meaning::Builtin(_) => {
                unreachable!("the resolver refuses assigning {}", name.text)
            }
        }
    }

    fn store_named(&mut self, name: &Name, s: Register) {
        match self.meaning(name.id) {
            Meaning::Variable(variable) => self.store_variable(variable, s),
            Meaning::Member { self_variable, member: Member::Field(index), .. } => {
                let object = self.register(self_variable);
                self.emit(Instruction::SetOwn { object, index: index as u16, s });
            }
            Meaning::None | Meaning::Member { .. } | Meaning::Builtin(_) => {
                unreachable!("the resolver refuses assigning {}", name.text)
            }
        }
    }

    /// One target of `[a, b[0], c.d] = …`.
    fn assign_register(&mut self, target: &'t Expression, s: Register) -> Lowered {
        match &target.kind {
            ExpressionKind::Name(name) => self.store_named(name, s),
            ExpressionKind::Index { object, index } => {
                let object = self.value(object)?;
                let index = self.value(index)?;
                self.emit(Instruction::SetIndex { object, index, s });
            }
            ExpressionKind::Field { object, name } => {
                let object = self.value(object)?;
                let name = self.symbol(&name.text);
                self.emit(Instruction::SetField { object, name, s });
            }
            ExpressionKind::List(targets) => {
                let at = self.temporaries(targets.len());
                self.emit(Instruction::Unpack { s, at, count: targets.len() as u16 });
                for (target, t) in targets.iter().zip(at..) {
                    self.assign_register(target, t)?;
                }
            }
            _ => unreachable!("the resolver refuses other targets"),
        }
        Ok(())
    }
}
