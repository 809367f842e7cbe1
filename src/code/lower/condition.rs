//! Conditions: jumps without a value in between.

use super::function::{Builder, Lowered};
use super::storage::literal;
use crate::code::{Instruction as I, Register};
use crate::syntax::tree::{CompareOperator, Expression, ExpressionKind, UnaryOperator};

impl<'t> Builder<'_, '_, 't> {
    /// Jumps when the condition is false; the jumps are still to land. Goes on when it is true.
    pub fn jump_unless(&mut self, condition: &'t Expression) -> Lowered<Vec<usize>> {
        let before = self.at(condition.span);
        let mark = self.mark();
        let jumps = match &condition.kind {
            ExpressionKind::And(left, right) => {
                let mut jumps = self.jump_unless(left)?;
                jumps.append(&mut self.jump_unless(right)?);
                jumps
            }
            ExpressionKind::Or(left, right) => {
                let left = self.jump_unless(left)?;
                let over = self.emit(I::Jump { to: 0 });
                self.land_all(left);
                let right = self.jump_unless(right)?;
                self.land(over);
                right
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                let inner = self.jump_unless(operand)?;
                let over = self.emit(I::Jump { to: 0 });
                self.land_all(inner);
                vec![over]
            }
            ExpressionKind::Compare { first, rest } if self.fused && rest.len() == 1 => {
                vec![self.unless_compare(first, rest[0].0, &rest[0].1)?]
            }
            ExpressionKind::Bool(true) => Vec::new(),
            _ => {
                let a = self.value(condition)?;
                vec![self.emit(I::JumpUnless { a, to: 0 })]
            }
        };
        self.release_to(mark);
        self.at(before);
        Ok(jumps)
    }

    /// One jump, taken unless the comparison holds.
    fn unless_compare(
        &mut self,
        left: &'t Expression,
        operator: CompareOperator,
        right: &'t Expression,
    ) -> Lowered<usize> {
        let to = 0;
        let a = self.value(left)?;
        if let Some(value) = self.small_int(right) {
            let instruction = match operator {
                CompareOperator::Less => Some(I::UnlessLessInt { a, value, to }),
                CompareOperator::LessEqual => Some(I::UnlessLessEqualInt { a, value, to }),
                CompareOperator::Greater => Some(I::UnlessGreaterInt { a, value, to }),
                CompareOperator::GreaterEqual => Some(I::UnlessGreaterEqualInt { a, value, to }),
                CompareOperator::Equal => Some(I::UnlessEqualInt { a, value, to }),
                CompareOperator::NotEqual => Some(I::UnlessNotEqualInt { a, value, to }),
                CompareOperator::In | CompareOperator::NotIn => None,
            };
            if let Some(instruction) = instruction {
                return Ok(self.emit(instruction));
            }
        }
        let b = self.value(right)?;
        let instruction = match operator {
            CompareOperator::Less => I::UnlessLess { a, b, to },
            CompareOperator::LessEqual => I::UnlessLessEqual { a, b, to },
            CompareOperator::Equal => I::UnlessEqual { a, b, to },
            CompareOperator::NotEqual => I::UnlessNotEqual { a, b, to },
            CompareOperator::Greater
            | CompareOperator::GreaterEqual
            | CompareOperator::In
            | CompareOperator::NotIn => {
                let d = self.temporary();
                self.emit(I::Compare { operator, d, a, b });
                I::JumpUnless { a: d, to: 0 }
            }
        };
        Ok(self.emit(instruction))
    }

    /// The right side of a loop's comparison, in a register for as long as the loop runs, when it is a constant that
    /// does not fit the instruction.
    pub fn keep_constant(&mut self, condition: &'t Expression) -> Option<Register> {
        let ExpressionKind::Compare { rest, .. } = &condition.kind else { return None };
        let [(CompareOperator::Less | CompareOperator::LessEqual, right)] = rest.as_slice() else {
            return None;
        };
        if self.small_int(right).is_some() {
            return None;
        }
        let value = literal(right)?;
        let register = self.temporary();
        self.load_constant(value, register);
        Some(register)
    }

    fn kept_or_value(&mut self, kept: Option<Register>, right: &'t Expression) -> Lowered<Register> {
        match kept {
            Some(register) => Ok(register),
            None => self.value(right),
        }
    }

    /// The jump at the end of a loop's body: back to `top` when the condition holds, else on.
    pub fn loop_while(&mut self, condition: &'t Expression, kept: Option<Register>, top: usize) -> Lowered {
        let before = self.at(condition.span);
        let mark = self.mark();
        match &condition.kind {
            ExpressionKind::Compare { first, rest } if self.fused && rest.len() == 1 => {
                let (operator, right) = &rest[0];
                let to = top as u16;
                let a = self.value(first)?;
                let small = self.small_int(right);
                match (operator, small) {
                    (CompareOperator::Less, Some(value)) => self.emit(I::LoopLessInt { a, value, to }),
                    (CompareOperator::LessEqual, Some(value)) => {
                        self.emit(I::LoopLessEqualInt { a, value, to })
                    }
                    (CompareOperator::Less, None) => {
                        let b = self.kept_or_value(kept, right)?;
                        self.emit(I::LoopLess { a, b, to })
                    }
                    (CompareOperator::LessEqual, None) => {
                        let b = self.kept_or_value(kept, right)?;
                        self.emit(I::LoopLessEqual { a, b, to })
                    }
                    (operator, _) => {
                        let b = self.value(right)?;
                        let d = self.temporary();
                        self.emit(I::Compare { operator: *operator, d, a, b });
                        self.emit(I::LoopIf { a: d, to: top as u32 })
                    }
                };
            }
            _ => {
                let jumps = self.jump_unless(condition)?;
                self.emit(I::Loop { to: top as u32 });
                self.land_all(jumps);
            }
        }
        self.release_to(mark);
        self.at(before);
        Ok(())
    }
}
