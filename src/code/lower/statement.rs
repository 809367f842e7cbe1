//! Statements, save those that wait or declare.

use super::function::{Builder, Cleanup, Lowered};
use super::storage::{Storage, variable_of};
use crate::code::{Instruction, Register};
use crate::resolve::{Meaning, Member, VariableId};
use crate::syntax::tree::{
    BinaryOperator, Block, Catch, Expression, ExpressionKind, Name, Pattern, Statement, StatementKind,
};

impl<'t> Builder<'_, '_, 't> {
    /// The whole script: `main` runs it.
    pub fn script(&mut self) -> Lowered {
        let script = self.unit.script;
        self.body(&script.body)
    }

    /// The body of a function.
    pub fn body(&mut self, block: &'t Block) -> Lowered {
        self.block(block)
    }

    /// A block: what it defers runs when it ends, however it ends, last first.
    pub fn block(&mut self, block: &'t Block) -> Lowered {
        let mark = self.mark();
        let mut deferred = 0;
        self.hoist(block)?;
        for statement in &block.statements {
            let before = self.at(statement.span);
            if let StatementKind::Defer(later) = &statement.kind {
                self.begin_cleanup(Cleanup::Finally(&later.body));
                deferred += 1;
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
            StatementKind::Let { pattern, value } | StatementKind::Var { pattern, value } => {
                return self.declaration(pattern, value);
            }
            StatementKind::ThreadLocal { .. } => {}
            StatementKind::Declare(declaration) => return self.declare_things(declaration),
            StatementKind::Timer(timer) => return self.declare_timer(timer),
            StatementKind::Function(_) | StatementKind::Class(_) | StatementKind::Thread(_) => {
                // Made at the start of the block.
            }
            StatementKind::Assign { target, operator, value } => self.assign(target, *operator, value)?,
            StatementKind::If { branches, otherwise } => self.if_statement(branches, otherwise.as_ref())?,
            StatementKind::While { condition, body } => self.while_loop(condition, body)?,
            StatementKind::Loop { body } => self.endless_loop(body)?,
            StatementKind::Repeat { count, body } => self.repeat(count, body)?,
            StatementKind::For { pattern, items, body } => {
                self.for_each(pattern, items, |builder| builder.block(body))?;
            }
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

    // Variables.

    fn declaration(&mut self, pattern: &'t Pattern, value: &'t Expression) -> Lowered {
        match pattern {
            Pattern::Name(name) => {
                let variable = self.variable(name);
                // The value is computed before the name exists.
                if let Storage::Constant(_) = self.storage(variable) {
                    return Ok(());
                }
                if let Some(register) = self.new_variable(variable) {
                    self.into(value, register)?;
                    self.name_thing(value, register, name);
                    self.make_cell(variable, register);
                    return Ok(());
                }
                let mark = self.mark();
                let s = self.temporary();
                self.into(value, s)?;
                self.name_thing(value, s, name);
                self.initialise(variable, s);
                self.release_to(mark);
                Ok(())
            }
            Pattern::List(..) => {
                // The variables come first: they stay when the temporaries go.
                self.declare_pattern(pattern);
                let mark = self.mark();
                let s = self.value(value)?;
                self.take_apart(pattern, s)?;
                self.release_to(mark);
                Ok(())
            }
        }
    }

    pub fn variable(&self, name: &Name) -> VariableId {
        variable_of(self.meaning(name.id)).expect("a declared name is a variable")
    }

    /// A register for a variable that does not have one yet (an early one has had its cell since the block began).
    fn new_variable(&mut self, variable: VariableId) -> Option<Register> {
        if self.has_register(variable) && self.is_early_cell(variable) {
            return None;
        }
        self.declare(variable)
    }

    pub fn is_early_cell(&self, variable: VariableId) -> bool {
        self.storage(variable) == Storage::Cell && self.unit.resolution.variables[variable as usize].early
    }

    /// Puts what the register holds into a cell, when the variable is kept in one.
    pub fn make_cell(&mut self, variable: VariableId, register: Register) {
        if self.storage(variable) == Storage::Cell {
            self.emit(Instruction::NewCell { d: register });
        }
    }

    /// Gives a declared variable its first value.
    pub fn initialise(&mut self, variable: VariableId, s: Register) {
        if self.storage(variable) == Storage::Cell && !self.is_early_cell(variable) {
            let d = self.register(variable);
            self.emit(Instruction::Move { d, s });
            self.emit(Instruction::NewCell { d });
        } else {
            self.store_variable(variable, s);
        }
    }

    pub fn declare_pattern(&mut self, pattern: &Pattern) {
        pattern.names(&mut |name| {
            let variable = self.variable(name);
            self.new_variable(variable);
        });
    }

    /// Gives the variables of a pattern, already declared, their values.
    pub fn take_apart(&mut self, pattern: &Pattern, s: Register) -> Lowered {
        match pattern {
            Pattern::Name(name) => {
                let variable = self.variable(name);
                self.initialise(variable, s);
            }
            Pattern::List(patterns, span) => {
                let mark = self.mark();
                let before = self.at(*span);
                let at = self.temporaries(patterns.len());
                self.emit(Instruction::Unpack { s, at, count: patterns.len() as u16 });
                for (pattern, t) in patterns.iter().zip(at..) {
                    self.take_apart(pattern, t)?;
                }
                self.at(before);
                self.release_to(mark);
            }
        }
        Ok(())
    }

    /// `let guard = lock()` names the lock like `lock guard`.
    fn name_thing(&mut self, value: &Expression, a: Register, name: &Name) {
        if let ExpressionKind::Call { .. } = value.kind {
            let name = self.lowering.text_constant(&name.text);
            self.emit(Instruction::Name { a, name });
        }
    }

    // Assignment.

    fn assign(
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
                let s = match operator {
                    None => self.value(value)?,
                    Some(operator) => {
                        let d = self.temporary();
                        let before = self.at(target.span);
                        self.emit(Instruction::GetIndex { d, object, index });
                        self.at(before);
                        self.combine(operator, d, value)?;
                        d
                    }
                };
                let before = self.at(target.span);
                self.emit(Instruction::SetIndex { object, index, s });
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

    // Branches and loops.

    fn if_statement(&mut self, branches: &'t [(Expression, Block)], otherwise: Option<&'t Block>) -> Lowered {
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

    fn while_loop(&mut self, condition: &'t Expression, body: &'t Block) -> Lowered {
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

    fn endless_loop(&mut self, body: &'t Block) -> Lowered {
        let top = self.here();
        self.begin_loop();
        self.block(body)?;
        self.continues_here();
        self.emit(Instruction::Loop { to: top as u32 });
        self.end_loop();
        Ok(())
    }

    fn repeat(&mut self, count: &'t Expression, body: &'t Block) -> Lowered {
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

    // Errors.

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

    fn assert(&mut self, condition: &'t Expression, message: Option<&'t Expression>) -> Lowered {
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
