//! Arms of `select` that cannot be waited for.

use super::Findings;
use super::facts::{Holds, with_article};
use super::visit::{Visitor, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{ArmWait, Expression, ExpressionKind, Statement, StatementKind};
use crate::value::Type;

pub struct Arms<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

/// What `select` can wait for.
const ARMS: &[(Type, &[&str])] = &[
    (Type::Queue, &["get", "put"]),
    (Type::Event, &["wait"]),
    (Type::Latch, &["wait"]),
    (Type::Semaphore, &["acquire"]),
    (Type::Lock, &["acquire"]),
    (Type::RLock, &["acquire"]),
    (Type::Side, &["acquire"]),
];

impl<'t> Visitor<'t> for Arms<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Select(select) = &statement.kind {
            if select.arms.is_empty() && select.after.is_none() && select.otherwise.is_none() {
                let message = "this `select` has no arms: it would wait for nothing, for ever";
                let report = Diagnostic::error(Code::WrongThing, statement.span, message);
                self.found.always(report.hint("an arm is `let x = q.get() => { … }`"));
            }
            for arm in &select.arms {
                match &arm.wait {
                    ArmWait::Call(call) => self.call(call),
                    ArmWait::Join(_) => {}
                }
            }
        }
        walk_statement(self, statement);
    }
}

impl Arms<'_, '_, '_> {
    fn call(&mut self, call: &Expression) {
        let ExpressionKind::Call { callee, .. } = &call.kind else { return };
        let ExpressionKind::Field { object, name } = &callee.kind else { return };
        let facts = self.found.facts;
        let Some(Holds::Thing { kind, .. }) = facts.holds(object) else { return };
        if ARMS.iter().any(|(of, methods)| *of == kind && methods.contains(&&*name.text)) {
            return;
        }
        // What it does not have at all is reported as such.
        if !(facts.builtins.methods)(kind).iter().any(|row| row.name == &*name.text) {
            return;
        }
        let message = format!("`select` cannot wait for `{}` of {}", name.text, with_article(kind));
        let report = Diagnostic::error(Code::WrongThing, call.span, message);
        let near = ARMS.iter().find(|(of, _)| *of == kind).map(|(_, methods)| {
            let methods: Vec<String> = methods.iter().map(|method| format!("`{method}`")).collect();
            super::super::list_of(&methods)
        });
        self.found.unless_caught(match near {
            Some(methods) => report.hint(format!("of {} it can wait for {methods}", with_article(kind))),
            None => {
                report.hint("it waits for queues, events, latches, semaphores, locks, and `join` of a thread")
            }
        });
    }
}
