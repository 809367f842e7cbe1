//! Declarations of things to wait for: their arguments, and what they are declared for.

use super::facts::{Holds, with_article};
use super::visit::{Visitor, walk_expression, walk_statement};
use super::{Findings, signature};
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{
    DeclarationItem, DeclarationKind, Expression, ExpressionKind, NodeId, Statement, StatementKind,
};
use crate::value::Type;

pub struct Declarations<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
    /// The names of the conditions that are members of a monitor, whose lock is the monitor's.
    pub in_monitor: Vec<NodeId>,
}

impl<'t> Visitor<'t> for Declarations<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Declare(declaration) = &statement.kind {
            for item in &declaration.items {
                self.item(declaration.kind, item);
            }
        } else if let StatementKind::Class(class) = &statement.kind
            && class.monitor
        {
            for member in &class.members {
                if let StatementKind::Declare(declaration) = &member.kind {
                    self.in_monitor.extend(declaration.items.iter().map(|item| item.name.id));
                }
            }
        } else if let StatementKind::With { items, .. } = &statement.kind {
            items.iter().for_each(|item| self.with(item));
        } else if let StatementKind::Join(threads) = &statement.kind {
            threads.iter().for_each(|thread| self.joined(thread));
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && let Some(Holds::Builtin(index)) = self.found.facts.holds(callee)
            && self.found.facts.builtins.functions[index as usize].name == "condition"
            && let Some(lock) = arguments.first()
        {
            self.lock_of_condition(&lock.value);
        }
        walk_expression(self, expression);
    }
}

impl Declarations<'_, '_, '_> {
    fn item(&mut self, kind: DeclarationKind, item: &DeclarationItem) {
        let of_monitor = kind == DeclarationKind::Condition && self.in_monitor.contains(&item.name.id);
        if let Some(lock) = &item.lock {
            self.lock_of_condition(lock);
        }
        let unlocked = item.lock.is_none() && item.arguments.is_empty() && !of_monitor;
        if kind == DeclarationKind::Condition && unlocked {
            let message = format!("condition {} has no lock", item.name.text);
            let report = Diagnostic::error(Code::WrongArguments, item.name.span, message)
                .note("a condition belongs to a lock; only in a monitor it is the monitor's own")
                .hint(format!("name the lock: `condition {} for m`", item.name.text));
            return self.found.always(report);
        }
        let functions = self.found.facts.builtins.functions;
        let Some(row) = functions.iter().find(|row| row.name == kind.maker()) else { return };
        let signature = signature::of_row(format!("{} {}", kind.word(), item.name.text), row);
        let before = usize::from(item.value.is_some() || item.lock.is_some() || of_monitor);
        let mut reports = Vec::new();
        signature.check(&item.arguments, before, item.name.span, &mut reports);
        // What the declaration gives itself leaves no room for arguments: no run would miss it.
        for report in reports {
            if before == 0 { self.found.unless_caught(report) } else { self.found.always(report) }
        }
    }

    fn lock_of_condition(&mut self, lock: &Expression) {
        let fits = match self.found.facts.holds(lock) {
            None => true,
            Some(Holds::Thing { kind, .. }) => matches!(kind, Type::Lock | Type::RLock),
            Some(
                Holds::Things { .. }
                | Holds::Function(_)
                | Holds::Builtin(_)
                | Holds::Class(_)
                | Holds::Template(_)
                | Holds::Instance(_)
                | Holds::Thread(_)
                | Holds::Timer
                | Holds::Plain(_),
            ) => false,
        };
        if fits {
            return;
        }
        let held = self.found.facts.holds(lock).map_or(String::new(), |held| self.found.facts.describe(held));
        let what = self.found.written(lock.span).unwrap_or("this").to_string();
        let report = Diagnostic::error(
            Code::WrongThing,
            lock.span,
            format!("a condition belongs to a lock, and {what} is {held}"),
        );
        self.found.unless_caught(report.label("no lock").hint("declare one: `lock m` or `rlock m`"));
    }

    /// `join a and b`.
    fn joined(&mut self, item: &Expression) {
        let (ExpressionKind::And(left, right) | ExpressionKind::Or(left, right)) = &item.kind else { return };
        // (`join t or u`, where `t` may be nil, is meant.)
        let runs =
            |side: &Expression| matches!(self.found.facts.holds(side), Some(Holds::Thread(_) | Holds::Timer));
        if !runs(left) || !runs(right) {
            return;
        }
        let written = |side: &Expression| self.found.written(side.span).unwrap_or("…").to_string();
        let (left, right) = (written(left), written(right));
        let message = "`and` and `or` give one of the two, so only that one would be waited for";
        let hint = format!("write `join {left}, {right}`");
        self.found.unless_caught(Diagnostic::error(Code::WrongThing, item.span, message).hint(hint));
    }

    /// What stands after `with`.
    fn with(&mut self, item: &Expression) {
        if let ExpressionKind::And(left, right) | ExpressionKind::Or(left, right) = &item.kind
            && let (Some(Holds::Thing { .. }), Some(Holds::Thing { .. })) =
                (self.found.facts.holds(left), self.found.facts.holds(right))
        {
            let written = |side: &Expression| self.found.written(side.span).unwrap_or("…").to_string();
            let (left, right) = (written(left), written(right));
            let message = "`and` and `or` give one of the two, so only that one would be held";
            let hint = format!("write `with {left}, {right} {{ … }}`");
            let report = Diagnostic::error(Code::WrongThing, item.span, message).hint(hint);
            return self.found.unless_caught(report);
        }
        // `with m(timeout: 1s)`.
        if let ExpressionKind::Call { callee, arguments } = &item.kind
            && !arguments.is_empty()
            && let Some(Holds::Thing { .. }) = self.found.facts.holds(callee)
        {
            let what = self.found.written(callee.span).unwrap_or("m").to_string();
            let message = format!("{what} is held as it is, and not called");
            let hint = format!("to give up in time: `with {what} timeout 1s {{ … }} else {{ … }}`");
            return self
                .found
                .unless_caught(Diagnostic::error(Code::WrongThing, item.span, message).hint(hint));
        }
        let Some(Holds::Thing { kind, .. }) = self.found.facts.holds(item) else { return };
        let what = self.found.written(item.span).unwrap_or("this").to_string();
        let hint = if kind == Type::RwLock {
            format!("say which side: `with {what}.read {{ }}` or `with {what}.write {{ }}`")
        } else if matches!(kind, Type::Event | Type::Barrier | Type::Latch) {
            format!("`{what}.wait()` waits for it; there is nothing to give back afterwards")
        } else if kind == Type::Condition {
            "what is held is the lock it belongs to: `with m { … }`".to_string()
        } else if matches!(kind, Type::Queue | Type::Atomic) {
            "`with` takes a lock, a semaphore or a pool".to_string()
        } else {
            return;
        };
        let message = format!("{what} is {}, which `with` cannot take", with_article(kind));
        self.found.unless_caught(Diagnostic::error(Code::WrongThing, item.span, message).hint(hint));
    }
}
