//! Statements that wait or start threads: `with`, `join`, `parallel`, `select`, `await`, `atomically`.

use super::function::{Builder, Cleanup, Lowered};
use super::storage::{Storage, variable_of};
use crate::code::{Instruction, Register, Shape};
use crate::syntax::tree::{
    Arm, ArmWait, Block, Branch, Expression, ExpressionKind, NodeId, Pattern, Select, StatementKind, TextPart,
};

impl<'t> Builder<'_, '_, 't> {
    // `with`.

    pub fn with(
        &mut self,
        items: &'t [Expression],
        timeout: Option<&'t Expression>,
        body: &'t Block,
        otherwise: Option<&'t Block>,
    ) -> Lowered {
        let mut given_up = Vec::new();
        let limit = match timeout {
            Some(timeout) => {
                let register = self.temporary();
                self.duration(timeout, register, false)?;
                Some(register)
            }
            None => None,
        };
        self.with_items(items, limit, &mut given_up, body)?;
        if let Some(block) = otherwise {
            let over = self.emit(Instruction::Jump { to: 0 });
            self.land_all(given_up);
            self.block(block)?;
            self.land(over);
        } else {
            self.land_all(given_up);
        }
        Ok(())
    }

    /// How long something may take. What is none is a mistake of these words, and not of what waits.
    fn duration(&mut self, duration: &'t Expression, d: Register, after: bool) -> Lowered {
        self.into(duration, d)?;
        if !matches!(duration.kind, ExpressionKind::Duration(_)) {
            let before = self.at(duration.span);
            self.emit(Instruction::Lasts { a: d, after });
            self.at(before);
        }
        Ok(())
    }

    /// Enters the items in order, one inside the other. `given_up` gets the jumps of those whose time ran out.
    fn with_items(
        &mut self,
        items: &'t [Expression],
        limit: Option<Register>,
        given_up: &mut Vec<usize>,
        body: &'t Block,
    ) -> Lowered {
        let Some((item, rest)) = items.split_first() else {
            return self.block(body);
        };
        let before = self.at(item.span);
        let fixed = self.fixed_global(item).filter(|_| limit.is_none());
        let cleanup = match fixed {
            Some(index) => {
                self.emit(Instruction::EnterFixed { index });
                Cleanup::LeaveFixed(index)
            }
            None => {
                // A variable that never changes can be left where it was entered.
                let a = match self.unchanging_register(item) {
                    Some(register) => register,
                    None => {
                        let a = self.temporary();
                        self.into(item, a)?;
                        a
                    }
                };
                match limit {
                    Some(timeout) => {
                        let d = self.temporary();
                        self.emit(Instruction::EnterTimed { d, a, timeout });
                        given_up.push(self.emit(Instruction::JumpUnless { a: d, to: 0 }));
                    }
                    None => {
                        self.emit(Instruction::Enter { a });
                    }
                }
                Cleanup::Leave(a)
            }
        };
        self.begin_cleanup(cleanup);
        self.at(before);
        let mut inner = Vec::new();
        self.with_items(rest, limit, &mut inner, body)?;
        // Giving up on an inner item leaves the outer ones: it goes on after their cleanup.
        let flag = (!inner.is_empty()).then(|| self.temporary());
        if let Some(d) = flag {
            self.emit(Instruction::Bool { d, value: true });
            let skip = self.emit(Instruction::Jump { to: 0 });
            self.land_all(inner);
            self.emit(Instruction::Bool { d, value: false });
            self.land(skip);
        }
        let before = self.at(item.span);
        self.end_cleanup()?;
        self.at(before);
        if let Some(a) = flag {
            given_up.push(self.emit(Instruction::JumpUnless { a, to: 0 }));
        }
        Ok(())
    }

    // Threads.

    /// All threads are evaluated (and perhaps started) before the first is waited for.
    pub fn join(&mut self, threads: &'t [Expression]) -> Lowered {
        let at = self.temporaries(2);
        let list = at + 1;
        if let [thread] = threads {
            self.into(thread, list)?;
        } else {
            self.emit(Instruction::List { d: list, at, count: 0 });
            for thread in threads {
                let mark = self.mark();
                let s = self.value(thread)?;
                self.emit(Instruction::Push { list, s });
                self.release_to(mark);
            }
        }
        self.call_internal("__join", at);
        let shape = self.plain_shape(1);
        self.emit(Instruction::Call { at, shape });
        Ok(())
    }

    pub fn plain_shape(&mut self, count: u16) -> u32 {
        self.lowering.shape(Shape { count, names: Vec::new(), method: 0 })
    }

    pub fn start_block(&mut self, body: &'t Block, id: NodeId, d: Register) -> Lowered {
        let at = self.prepare_block(body, id)?;
        self.emit(Instruction::Start { a: at });
        self.emit(Instruction::Move { d, s: at });
        Ok(())
    }

    /// A thread, not started, that will run a block.
    fn prepare_block(&mut self, body: &'t Block, id: NodeId) -> Lowered<Register> {
        let at = self.temporary();
        let function = self.function_of(id);
        self.lower_block_function(function, body)?;
        self.closure(function, at);
        let shape = self.plain_shape(0);
        self.emit(Instruction::Prepare { at, shape });
        Ok(at)
    }

    pub fn parallel(&mut self, branches: &'t [Branch]) -> Lowered {
        let (at, list) = (self.temporary(), self.temporary());
        self.emit(Instruction::List { d: list, at: list, count: 0 });
        for branch in branches {
            let mark = self.mark();
            let before = self.at(branch.statement.span);
            let thread = match &branch.statement.kind {
                StatementKind::Expression(expression) if is_call(expression) => self.prepare(expression)?,
                StatementKind::Block(block) => self.prepare_block(block, branch.id)?,
                _ => self.prepare_statement(branch)?,
            };
            self.emit(Instruction::Push { list, s: thread });
            self.at(before);
            self.release_to(mark);
        }
        self.run_all(at);
        Ok(())
    }

    /// A statement that is no call and no block runs as a block of its own.
    fn prepare_statement(&mut self, branch: &'t Branch) -> Lowered<Register> {
        let at = self.temporary();
        let function = self.function_of(branch.id);
        self.lower_statement_function(function, &branch.statement)?;
        self.closure(function, at);
        let shape = self.plain_shape(0);
        self.emit(Instruction::Prepare { at, shape });
        Ok(at)
    }

    pub fn parallel_for(
        &mut self,
        pattern: &'t Pattern,
        items: &'t Expression,
        body: &'t Block,
        id: NodeId,
    ) -> Lowered {
        let (at, list) = (self.temporary(), self.temporary());
        self.emit(Instruction::List { d: list, at: list, count: 0 });
        self.for_each(pattern, items, |builder| {
            let mark = builder.mark();
            let s = builder.prepare_block(body, id)?;
            builder.emit(Instruction::Push { list, s });
            builder.release_to(mark);
            Ok(())
        })?;
        self.run_all(at);
        Ok(())
    }

    /// Starts the threads of the list after `at`, and waits for all.
    fn run_all(&mut self, at: Register) {
        self.call_internal("__parallel", at);
        let shape = self.plain_shape(1);
        self.emit(Instruction::Call { at, shape });
    }

    // `atomically` and `await`.

    pub fn atomically_block(&mut self, body: &'t Block) -> Lowered {
        self.emit(Instruction::HoldOthers);
        self.begin_cleanup(Cleanup::ResumeOthers);
        self.block(body)?;
        self.end_cleanup()
    }

    pub fn atomically_value(&mut self, value: &'t Expression, d: Register) -> Lowered {
        let t = self.temporary();
        self.emit(Instruction::HoldOthers);
        self.begin_cleanup(Cleanup::ResumeOthers);
        self.into(value, t)?;
        self.end_cleanup()?;
        self.emit(Instruction::Move { d, s: t });
        Ok(())
    }

    /// Evaluates the condition as one step, again after any change, until it holds.
    pub fn await_statement(&mut self, condition: &'t Expression) -> Lowered {
        let d = self.temporary();
        let top = self.here();
        self.emit(Instruction::AwaitBegin);
        self.begin_cleanup(Cleanup::AwaitEnd);
        // A condition that reads one variable is one step already.
        if self.shared_reads(condition) > 1 {
            self.atomically_value(condition, d)?;
        } else {
            self.into(condition, d)?;
        }
        let met = self.emit(Instruction::JumpIf { a: d, to: 0 });
        self.emit(Instruction::AwaitWait);
        self.land(met);
        self.end_cleanup()?;
        let done = self.emit(Instruction::JumpIf { a: d, to: 0 });
        self.emit(Instruction::Loop { to: top as u32 });
        self.land(done);
        Ok(())
    }

    /// How many reads of what other threads may change an expression makes, at most; 2 stands for "more than one".
    fn shared_reads(&self, expression: &Expression) -> usize {
        let all = |expressions: &[&Expression]| expressions.iter().map(|e| self.shared_reads(e)).sum();
        match &expression.kind {
            ExpressionKind::Invalid
            | ExpressionKind::Nil
            | ExpressionKind::Bool(_)
            | ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_)
            | ExpressionKind::SelfReference(_) => 0,
            ExpressionKind::Text(parts) => {
                usize::from(parts.iter().any(|part| matches!(part, TextPart::Value { .. }))) * 2
            }
            ExpressionKind::Name(name) => match variable_of(self.meaning(name.id)) {
                Some(variable) => match self.storage(variable) {
                    Storage::Register
                    | Storage::Fixed(_)
                    | Storage::Constant(_)
                    | Storage::Function(_)
                    | Storage::Local(_) => 0,
                    Storage::Cell | Storage::Global(_) | Storage::Shared(_) => 1,
                },
                None => 1,
            },
            ExpressionKind::Unary { operand, .. } => self.shared_reads(operand),
            ExpressionKind::Binary { left, right, .. } => all(&[left, right]),
            ExpressionKind::And(left, right) | ExpressionKind::Or(left, right) => all(&[left, right]),
            ExpressionKind::Compare { first, rest } => {
                self.shared_reads(first)
                    + rest.iter().map(|(_, right)| self.shared_reads(right)).sum::<usize>()
            }
            ExpressionKind::Conditional { condition, value, otherwise } => {
                all(&[condition, value, otherwise])
            }
            ExpressionKind::Index { object, index } => 1 + all(&[object, index]),
            ExpressionKind::Field { object, .. } => 1 + self.shared_reads(object),
            ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::Comprehension { .. }
            | ExpressionKind::Range { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Function(_)
            | ExpressionKind::Start(_)
            | ExpressionKind::StartBlock { .. }
            | ExpressionKind::Atomically(_) => 2,
        }
    }

    // `select`.

    pub fn select(&mut self, select: &'t Select) -> Lowered {
        // First everything that the arms evaluate, then the arms themselves, in one go.
        let mut prepared = Vec::new();
        for arm in &select.arms {
            prepared.push(self.arm_operands(arm)?);
        }
        let limit = self.temporary();
        match (&select.after, &select.otherwise) {
            (Some((duration, _)), _) => self.duration(duration, limit, true)?,
            (None, Some(_)) => {
                self.emit(Instruction::Unset { d: limit });
            }
            (None, None) => {
                self.emit(Instruction::Nil { d: limit });
            }
        }
        for (arm, (at, shape)) in select.arms.iter().zip(prepared) {
            let before = self.at(arm.span);
            self.emit(Instruction::Arm { at, shape });
            self.at(before);
        }
        let d = self.temporaries(2);
        self.emit(Instruction::Select { d, limit });
        let mut over = Vec::new();
        for (index, arm) in select.arms.iter().enumerate() {
            let next = self.unless_number(d, index as i16);
            let mark = self.mark();
            if let Some(pattern) = &arm.pattern {
                self.declare_pattern(pattern);
                self.take_apart(pattern, d + 1)?;
            }
            self.block(&arm.body)?;
            self.release_to(mark);
            over.push(self.emit(Instruction::Jump { to: 0 }));
            self.land(next);
        }
        if let Some((_, block)) = &select.after {
            self.block(block)?;
        } else if let Some(block) = &select.otherwise {
            self.block(block)?;
        }
        self.land_all(over);
        Ok(())
    }

    /// A jump taken unless the register holds this number.
    fn unless_number(&mut self, a: Register, value: i16) -> usize {
        if self.fused {
            return self.emit(Instruction::UnlessEqualInt { a, value, to: 0 });
        }
        let (b, d) = (self.temporary(), self.temporary());
        self.emit(Instruction::Int { d: b, value: i32::from(value) });
        self.emit(Instruction::Compare { operator: crate::syntax::tree::CompareOperator::Equal, d, a, b });
        self.emit(Instruction::JumpUnless { a: d, to: 0 })
    }

    fn arm_operands(&mut self, arm: &'t Arm) -> Lowered<(Register, u32)> {
        let at = self.temporary();
        match &arm.wait {
            ArmWait::Join(thread) => {
                // So that what cannot be joined is told as by the statement `join`.
                let mark = self.mark();
                let first = self.temporaries(2);
                self.into(thread, first + 1)?;
                self.call_internal("__joined", first);
                let joined = self.plain_shape(1);
                self.emit(Instruction::Call { at: first, shape: joined });
                self.emit(Instruction::Move { d: at, s: first });
                self.release_to(mark);
                let method = self.symbol(&"join".into());
                let shape = self.lowering.shape(Shape { count: 0, names: Vec::new(), method });
                Ok((at, shape))
            }
            ArmWait::Call(call) => {
                let ExpressionKind::Call { callee, arguments } = &call.kind else {
                    unreachable!("the parser takes only calls")
                };
                let ExpressionKind::Field { object, name } = &callee.kind else {
                    unreachable!("the resolver takes only calls of methods")
                };
                self.into(object, at)?;
                let method = self.symbol(&name.text);
                let shape = self.arguments(arguments, method)?;
                Ok((at, shape))
            }
        }
    }
}

fn is_call(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Call { .. })
}
