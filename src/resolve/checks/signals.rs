//! Signals by names that are written down: those there are not, and those that nobody can handle.

use super::Findings;
use super::facts::Holds;
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::sync::outside::signal::Signal;
use crate::syntax::tree::{Expression, ExpressionKind, OnSignal, Statement, StatementKind, TextPart};
use crate::value::error::Error;

pub struct Signals<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

impl<'t> Visitor<'t> for Signals<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::OnSignal { signal, action, .. } = &statement.kind {
            let known = match action {
                OnSignal::Handler(_) | OnSignal::Ignore => Signal::handled,
                OnSignal::Default => Signal::named,
            };
            self.check(signal, known);
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && let Some(Holds::Builtin(row)) = self.found.facts.holds(callee)
            && self.found.facts.builtins.functions[row as usize].name == "send_signal"
        {
            let named =
                |name: &str| arguments.iter().find(|a| a.name.as_ref().is_some_and(|n| *n.text == *name));
            let by_place = arguments.get(1).filter(|argument| argument.name.is_none());
            if let Some(argument) = named("name").or(by_place) {
                self.check(&argument.value, Signal::named);
            }
        }
        walk_expression(self, expression);
    }
}

impl Signals<'_, '_, '_> {
    fn check(&mut self, name: &Expression, known: impl Fn(&str) -> Result<Signal, Error>) {
        let ExpressionKind::Text(parts) = &name.kind else { return };
        let text = match &parts[..] {
            [] => "",
            [TextPart::Literal(text)] => text,
            _ => return, // what it will be is not known
        };
        if let Err(error) = known(text) {
            let report = Diagnostic::error(Code::WrongSignal, name.span, error.message.clone());
            let report = error.hints.iter().fold(report, |report, hint| report.hint(hint.clone()));
            self.found.unless_caught(report);
        }
    }
}
