//! Expressions that make texts, lists, maps.

use super::function::{Builder, Lowered};
use crate::code::{Instruction, Register};
use crate::syntax::tree::{Clause, Expression, TextPart};

/// More elements than this are not gathered in registers but pushed one by one.
const IN_REGISTERS: usize = 32;

impl<'t> Builder<'_, '_, 't> {
    pub fn text(&mut self, parts: &'t [TextPart], d: Register) -> Lowered {
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

    pub fn list(&mut self, items: &'t [Expression], d: Register) -> Lowered {
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

    pub fn map(&mut self, pairs: &'t [(Expression, Expression)], d: Register) -> Lowered {
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

    pub fn comprehension(
        &mut self,
        element: &'t Expression,
        clauses: &'t [Clause],
        list: Register,
    ) -> Lowered {
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
}
