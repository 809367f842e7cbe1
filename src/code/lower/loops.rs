//! `if`, and the loops.

use super::function::{Builder, Lowered};
use crate::code::{Instruction, Register};
use crate::syntax::tree::{Block, Expression, ExpressionKind, Pattern};

impl<'t> Builder<'_, '_, 't> {
    pub fn if_statement(
        &mut self,
        branches: &'t [(Expression, Block)],
        otherwise: Option<&'t Block>,
    ) -> Lowered {
        let mut over = Vec::new();
        for (index, (condition, block)) in branches.iter().enumerate() {
            let unless = self.jump_unless(condition)?;
            self.block(block)?;
            if index + 1 < branches.len() || otherwise.is_some() {
                over.push(self.emit(Instruction::Jump { to: 0 }));
            }
            self.land_all(unless);
        }
        if let Some(block) = otherwise {
            self.block(block)?;
        }
        self.land_all(over);
        Ok(())
    }

    pub fn while_loop(&mut self, condition: &'t Expression, body: &'t Block) -> Lowered {
        // The condition stands twice: once before the loop, once at its end, so that a round has one jump.
        let kept = self.keep_constant(condition);
        let unless = self.jump_unless(condition)?;
        let top = self.here();
        self.begin_loop();
        self.block(body)?;
        self.continues_here();
        self.loop_while(condition, kept, top)?;
        self.land_all(unless);
        self.end_loop();
        Ok(())
    }

    pub fn endless_loop(&mut self, body: &'t Block) -> Lowered {
        let top = self.here();
        self.begin_loop();
        self.block(body)?;
        self.continues_here();
        self.emit(Instruction::Loop { to: top as u32 });
        self.end_loop();
        Ok(())
    }

    pub fn repeat(&mut self, count: &'t Expression, body: &'t Block) -> Lowered {
        let a = self.temporary();
        self.into(count, a)?;
        let before = self.at(count.span);
        self.emit(Instruction::CountCheck { a });
        self.at(before);
        let enter = self.emit(Instruction::Jump { to: 0 });
        let top = self.here();
        self.begin_loop();
        self.block(body)?;
        self.continues_here();
        self.land(enter);
        self.emit(Instruction::LoopCount { a, to: top as u32 });
        self.end_loop();
        Ok(())
    }

    /// A `for` over `items` whose body is emitted by `body`.
    pub fn for_each(
        &mut self,
        pattern: &'t Pattern,
        items: &'t Expression,
        body: impl FnOnce(&mut Self) -> Lowered,
    ) -> Lowered {
        let mark = self.mark();
        let at = self.temporaries(3);
        let before = self.at(items.span);
        let range = match &items.kind {
            ExpressionKind::Range { start: Some(start), end: Some(end), inclusive } => {
                self.into(start, at)?;
                self.into(end, at + 1)?;
                self.emit(Instruction::RangeCheck { at, inclusive: *inclusive });
                true
            }
            _ => {
                self.into(items, at)?;
                self.emit(Instruction::Iterate { at });
                false
            }
        };
        let enter = self.emit(Instruction::Jump { to: 0 });
        self.at(before);
        let top = self.here();
        self.begin_loop();
        let inner = self.mark();
        self.bind_round(pattern, at + 2)?;
        body(self)?;
        self.release_to(inner);
        self.continues_here();
        self.land(enter);
        let before = self.at(items.span);
        let to = top as u32;
        self.emit(if range { Instruction::LoopRange { at, to } } else { Instruction::LoopItems { at, to } });
        self.at(before);
        self.end_loop();
        self.release_to(mark);
        Ok(())
    }

    /// The variables of one round; a single one is kept where the loop puts it.
    pub fn bind_round(&mut self, pattern: &'t Pattern, s: Register) -> Lowered {
        if let Pattern::Name(name) = pattern {
            let variable = self.variable(name);
            if self.storage(variable).in_frame() {
                self.keep_in(variable, s);
                self.make_cell(variable, s);
                return Ok(());
            }
        }
        self.declare_pattern(pattern);
        self.take_apart(pattern, s)
    }
}
