//! `if`, and the loops.

use super::function::{Builder, Lowered};
use crate::code::{Instruction, Register};
use crate::source::Span;
use crate::syntax::tree::{Block, CompareOperator, Expression, ExpressionKind, Pattern, StatementKind};

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

    /// A `for` over `items`.
    pub fn for_loop(&mut self, pattern: &'t Pattern, items: &'t Expression, body: &'t Block) -> Lowered {
        let joins = self.joined_in(pattern, body);
        self.for_each_or_join(pattern, items, joins, |builder| builder.block(body))
    }

    /// A `for` over `items` whose body is emitted by `body`.
    pub fn for_each(
        &mut self,
        pattern: &'t Pattern,
        items: &'t Expression,
        body: impl FnOnce(&mut Self) -> Lowered,
    ) -> Lowered {
        self.for_each_or_join(pattern, items, None, body)
    }

    /// The same; with the place of the `join` when the body does nothing but join the item.
    fn for_each_or_join(
        &mut self,
        pattern: &'t Pattern,
        items: &'t Expression,
        joins: Option<Span>,
        body: impl FnOnce(&mut Self) -> Lowered,
    ) -> Lowered {
        let mark = self.mark();
        let mut joined = None;
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
                joined = match joins {
                    Some(place) => Some(self.join_each(items, at, place)?),
                    None => {
                        self.into(items, at)?;
                        None
                    }
                };
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
        joined.into_iter().for_each(|jump| self.land(jump));
        self.release_to(mark);
        Ok(())
    }

    /// Where a body that does nothing but join the loop's variable does that.
    fn joined_in(&self, pattern: &Pattern, body: &Block) -> Option<Span> {
        let (Pattern::Name(variable), [statement]) = (pattern, &*body.statements) else { return None };
        let thread = match &statement.kind {
            StatementKind::Join(threads) => match &**threads {
                [thread] => thread,
                _ => return None,
            },
            StatementKind::Expression(Expression {
                kind: ExpressionKind::Call { callee, arguments },
                ..
            }) => match &callee.kind {
                ExpressionKind::Field { object, name } if *name.text == *"join" && arguments.is_empty() => {
                    object
                }
                _ => return None,
            },
            _ => return None,
        };
        let ExpressionKind::Name(name) = &thread.kind else { return None };
        let is_it = self.meaning(name.id) == self.meaning(variable.id);
        is_it.then_some(statement.span)
    }

    /// The items of a loop that only joins, into `at`. When they are threads that can be joined, all are waited for at
    /// once: in whatever order they end, nobody could tell the difference. The jump that is taken then.
    fn join_each(&mut self, items: &'t Expression, at: Register, place: Span) -> Lowered<usize> {
        let list = at + 1;
        self.into(items, list)?;
        self.emit(Instruction::Iterate { at: list });
        let before = self.at(place);
        self.call_internal("__join_each", at);
        let shape = self.plain_shape(1);
        self.emit(Instruction::Call { at, shape });
        self.at(before);
        self.emit(Instruction::Bool { d: list, value: true });
        self.emit(Instruction::Compare { operator: CompareOperator::Equal, d: list, a: at, b: list });
        Ok(self.emit(Instruction::JumpIf { a: list, to: 0 }))
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
