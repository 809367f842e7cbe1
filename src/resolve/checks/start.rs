//! `start` of something that cannot be started.

use super::Findings;
use super::facts::Holds;
use super::signature::Signature;
use super::visit::{Visitor, walk_expression};
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{Expression, ExpressionKind};

pub struct Starts<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

impl<'t> Visitor<'t> for Starts<'_, '_, 't> {
    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Start(what) = &expression.kind
            && !matches!(what.kind, ExpressionKind::Call { .. })
        {
            self.started(what);
        }
        walk_expression(self, expression);
    }
}

impl Starts<'_, '_, '_> {
    fn started(&mut self, what: &Expression) {
        let Some(held) = self.found.facts.holds(what) else { return };
        let text = self.found.written(what.span).unwrap_or("…").to_string();
        if let Holds::Template(function) = held {
            return self.template(what, function);
        }
        let facts = self.found.facts;
        let hint = match held {
            Holds::Thread(_) | Holds::Timer | Holds::Template(_) => return,
            Holds::Function(_) if matches!(what.kind, ExpressionKind::Function(_)) => {
                "a block needs no `fn`: `start { … }`".to_string()
            }
            Holds::Function(function) => {
                let call = facts.signature(function).map(Signature::usage);
                let call = call.unwrap_or_else(|| format!("{}()", text.trim_matches(['(', ')'])));
                // A method is called on its object.
                let call = match (&what.kind, call.split_once('.')) {
                    (ExpressionKind::Field { object, .. }, Some((_, method))) => {
                        format!("{}.{method}", self.found.written(object.span).unwrap_or("x"))
                    }
                    _ => call,
                };
                format!("call it, with its arguments: `start {call}`")
            }
            Holds::Builtin(_) => {
                let name = text.trim_matches(['(', ')']);
                format!("call it, with its arguments: `start {name}()`")
            }
            Holds::Instance(class)
                if facts.answers.classes[class as usize].methods.iter().any(|it| &*it.name == "run") =>
            {
                format!("a method is started by its call: `start {text}.run()`")
            }
            Holds::Plain("a list") => "start them one by one: `for t in … { start t }`".to_string(),
            Holds::Plain("a map") => "a block stands directly after `start`: `start { … }`".to_string(),
            Holds::Class(_)
            | Holds::Instance(_)
            | Holds::Thing { .. }
            | Holds::Things { .. }
            | Holds::Plain(_) => {
                "what can be started: a thread, a process, a timer, a call `start f(x)`, a block `start { … }`"
                    .to_string()
            }
        };
        let message = format!("{} cannot be started", self.found.facts.describe(held));
        let report = Diagnostic::error(Code::CannotStart, what.span, message);
        self.found.unless_caught(report.hint(hint));
    }

    /// Its brackets may be left out only when it has no parameters.
    fn template(&mut self, what: &Expression, function: u32) {
        let Some(signature) = self.found.facts.signature(function).cloned() else { return };
        let mut reports = Vec::new();
        signature.check(&[], 0, what.span, &mut reports);
        reports.into_iter().for_each(|report| self.found.unless_caught(report));
    }
}
