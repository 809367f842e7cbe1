//! Numbers that are written down and that no thing to wait for can have: a queue for less than nothing.

use super::Findings;
use super::facts::Holds;
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::sync::queue::Queue;
use crate::sync::semaphore::Semaphore;
use crate::syntax::tree::{
    Argument, DeclarationKind, Expression, ExpressionKind, Statement, StatementKind, UnaryOperator,
};

pub struct Counts<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

impl<'t> Visitor<'t> for Counts<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Declare(declaration) = &statement.kind
            && matches!(declaration.kind, DeclarationKind::Queue | DeclarationKind::Semaphore)
        {
            for item in &declaration.items {
                self.check(declaration.kind.maker(), &item.arguments);
            }
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && let Some(Holds::Builtin(row)) = self.found.facts.holds(callee)
        {
            self.check(self.found.facts.builtins.functions[row as usize].name, arguments);
        }
        walk_expression(self, expression);
    }
}

impl Counts<'_, '_, '_> {
    /// Of what makes something with a number, its arguments.
    fn check(&mut self, maker: &str, arguments: &[Argument]) {
        let is_the_count = |argument: &&Argument| {
            argument.name.as_ref().is_none_or(|name| matches!(&*name.text, "capacity" | "permits"))
        };
        let Some(argument) = arguments.first().filter(is_the_count) else { return };
        let Some(count) = written(&argument.value) else { return };
        let error = match maker {
            "queue" => Queue::with_capacity(count).err(),
            "semaphore" => Semaphore::new(count, false).err(),
            _ => None,
        };
        if let Some(error) = error {
            let report = Diagnostic::error(Code::WrongArguments, argument.value.span, error.message.clone());
            let report = error.hints.iter().fold(report, |report, hint| report.hint(hint.clone()));
            self.found.unless_caught(report);
        }
    }
}

/// The number that is written there.
fn written(value: &Expression) -> Option<i64> {
    match &value.kind {
        ExpressionKind::Int(number) => Some(*number),
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => written(operand)?.checked_neg(),
        _ => None,
    }
}
