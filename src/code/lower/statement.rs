//! Blocks, what each kind of statement becomes, and errors: `try`, `assert`.

use super::function::{Builder, Cleanup, Lowered};
use crate::code::{GIL_INTERVAL, Instruction, Register};
use crate::syntax::tree::{Block, Catch, Expression, ExpressionKind, Statement, StatementKind};

impl<'t> Builder<'_, '_, 't> {
    /// The whole script: `main` runs it.
    pub fn script(&mut self) -> Lowered {
        let unit = self.unit;
        let statements = &unit.script.body.statements[unit.first..];
        let Some(Statement { kind: StatementKind::Expression(_), .. }) = statements.last() else {
            return self.sequence(statements, None);
        };
        let value = unit.shows.then(|| self.temporary());
        self.sequence(statements, value)?;
        if let Some(s) = value {
            self.emit(Instruction::Return { s });
        }
        Ok(())
    }

    /// The body of a function.
    pub fn body(&mut self, block: &'t Block) -> Lowered {
        self.block(block)
    }

    /// A block: what it defers runs when it ends, however it ends, last first.
    pub fn block(&mut self, block: &'t Block) -> Lowered {
        self.sequence(&block.statements, None)
    }

    /// The value of the last statement, if asked for, goes into that register.
    fn sequence(&mut self, statements: &'t [Statement], value: Option<Register>) -> Lowered {
        let mark = self.mark();
        let mut deferred = 0;
        self.hoist(statements)?;
        for (place, statement) in statements.iter().enumerate() {
            let before = self.at(statement.span);
            let asked = value.filter(|_| place + 1 == statements.len());
            if let StatementKind::Defer(later) = &statement.kind {
                self.begin_cleanup(Cleanup::Finally(&later.body));
                deferred += 1;
            } else if let (Some(d), StatementKind::Expression(expression)) = (asked, &statement.kind) {
                self.into(expression, d)?;
            } else {
                self.statement(statement)?;
            }
            self.at(before);
        }
        for _ in 0..deferred {
            self.end_cleanup()?;
        }
        self.release_to(mark);
        Ok(())
    }

    pub fn statement(&mut self, statement: &'t Statement) -> Lowered {
        let mark = self.mark();
        match &statement.kind {
            StatementKind::Invalid => unreachable!("a script with errors is not lowered"),
            StatementKind::Expression(expression) => {
                self.value(expression)?;
            }
            // Variables keep their registers until the block ends.
            StatementKind::Var { pattern, value, shared: true } => {
                self.ask_for_memory();
                self.declaration(pattern, value)?;
            }
            StatementKind::Let { pattern, value } | StatementKind::Var { pattern, value, .. } => {
                return self.declaration(pattern, value);
            }
            StatementKind::ThreadLocal { .. } => {}
            StatementKind::Declare(declaration) => return self.declare_things(declaration),
            StatementKind::Timer(timer) => return self.declare_timer(timer),
            StatementKind::UseGil { interval } => {
                self.lowering.program.gil = Some(interval.unwrap_or(GIL_INTERVAL));
            }
            StatementKind::OnSignal { signal, action, id } => self.on_signal(signal, action, *id)?,
            StatementKind::Function(_) | StatementKind::Class(_) | StatementKind::Thread(_) => {
                // Made at the start of the block.
            }
            StatementKind::Assign { target, operator, value } => self.assign(target, *operator, value)?,
            StatementKind::If { branches, otherwise } => self.if_statement(branches, otherwise.as_ref())?,
            StatementKind::While { condition, body } => self.while_loop(condition, body)?,
            StatementKind::Loop { body } => self.endless_loop(body)?,
            StatementKind::Repeat { count, body } => self.repeat(count, body)?,
            StatementKind::For { pattern, items, body } => self.for_loop(pattern, items, body)?,
            StatementKind::Break => self.leave_loop(false)?,
            StatementKind::Continue => self.leave_loop(true)?,
            StatementKind::Return(value) => {
                let s = match value {
                    // What is cleaned up on the way out may write the variable that is returned.
                    Some(value) if !self.cleans_up() => self.value(value)?,
                    _ => {
                        let s = self.temporary();
                        self.or_nil_into(value.as_ref(), s)?;
                        s
                    }
                };
                self.leave_function(s)?;
            }
            StatementKind::Throw(value) => {
                let s = self.value(value)?;
                self.emit(Instruction::Throw { s });
            }
            StatementKind::Try { body, catches, finally } => {
                self.try_statement(body, catches, finally.as_ref())?
            }
            StatementKind::Defer(_) => {
                // The block sees to it.
            }
            StatementKind::Assert { condition, message } => self.assert(condition, message.as_ref())?,
            StatementKind::Watch { condition, message, ensure, id } => {
                let function = self.function_of(*id);
                self.lower_watch(function, condition, message.as_ref(), *ensure)?;
                let s = self.temporary();
                self.closure(function, s);
                self.emit(Instruction::Watch { s, ensure: *ensure });
            }
            StatementKind::With { items, timeout, body, otherwise } => {
                self.with(items, timeout.as_ref(), body, otherwise.as_ref())?;
            }
            StatementKind::Join(threads) => self.join(threads)?,
            StatementKind::Sleep(duration) => {
                let a = self.value(duration)?;
                self.emit(Instruction::Sleep { a });
            }
            StatementKind::Yield => {
                self.emit(Instruction::Yield);
            }
            StatementKind::Await(condition) => self.await_statement(condition)?,
            StatementKind::Atomically(body) => self.atomically_block(body)?,
            StatementKind::Parallel(branches) => self.parallel(branches)?,
            StatementKind::ParallelFor { pattern, items, body, id } => {
                self.parallel_for(pattern, items, body, *id)?;
            }
            StatementKind::Select(select) => self.select(select)?,
            StatementKind::Block(block) => self.block(block)?,
        }
        self.release_to(mark);
        Ok(())
    }

    fn try_statement(
        &mut self,
        body: &'t Block,
        catches: &'t [Catch],
        finally: Option<&'t Block>,
    ) -> Lowered {
        if let Some(finally) = finally {
            self.begin_cleanup(Cleanup::Finally(finally));
        }
        if catches.is_empty() {
            self.block(body)?;
        } else {
            self.begin_catch();
            self.block(body)?;
            let end = self.here();
            let mut over = vec![self.emit(Instruction::Jump { to: 0 })];
            let mark = self.mark();
            let error = self.temporary();
            self.end_catch(end, error);
            for catch in catches {
                self.catch(catch, error, &mut over)?;
            }
            if !catches.iter().any(|catch| catch.kinds.is_empty()) {
                self.emit(Instruction::Rethrow { s: error });
            }
            self.release_to(mark);
            self.land_all(over);
        }
        if finally.is_some() {
            self.end_cleanup()?;
        }
        Ok(())
    }

    fn catch(&mut self, catch: &'t Catch, error: Register, over: &mut Vec<usize>) -> Lowered {
        let mark = self.mark();
        let mut matched = Vec::new();
        for (kind, span) in &catch.kinds {
            let d = self.temporary();
            let before = self.at(*span);
            let kind = self.symbol(kind);
            self.emit(Instruction::IsKind { d, s: error, kind });
            matched.push(self.emit(Instruction::JumpIf { a: d, to: 0 }));
            self.at(before);
        }
        let skip = (!catch.kinds.is_empty()).then(|| self.emit(Instruction::Jump { to: 0 }));
        self.land_all(matched);
        if let Some(name) = &catch.name {
            let variable = self.variable(name);
            if self.declare(variable).is_some() {
                self.initialise(variable, error);
            }
        }
        self.block(&catch.body)?;
        over.push(self.emit(Instruction::Jump { to: 0 }));
        if let Some(skip) = skip {
            self.land(skip);
        }
        self.release_to(mark);
        Ok(())
    }

    pub fn assert(&mut self, condition: &'t Expression, message: Option<&'t Expression>) -> Lowered {
        match &condition.kind {
            // The values on both sides are part of the story.
            ExpressionKind::Compare { first, rest } if rest.len() == 1 => {
                let at = self.temporaries(3);
                self.into(first, at)?;
                self.into(&rest[0].1, at + 1)?;
                let before = self.at(condition.span);
                self.emit(Instruction::Compare { operator: rest[0].0, d: at + 2, a: at, b: at + 1 });
                let fine = self.emit(Instruction::JumpIf { a: at + 2, to: 0 });
                self.or_nil_into(message, at + 2)?;
                self.emit(Instruction::AssertCompared { message: at + 2, at });
                self.at(before);
                self.land(fine);
            }
            _ => {
                let a = self.value(condition)?;
                let fine = self.emit(Instruction::JumpIf { a, to: 0 });
                let message_register = self.temporary();
                self.or_nil_into(message, message_register)?;
                self.emit(Instruction::AssertFailed { message: message_register });
                self.land(fine);
            }
        }
        Ok(())
    }
}
