//! Threads and waits that work, but otherwise than they look: notes only, as they may be meant.

use super::Findings;
use super::facts::{Facts, Holds};
use super::visit::{Visitor, call_of, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{Block, Expression, ExpressionKind, Name, Pattern, Statement, StatementKind};
use crate::value::Type;

pub struct Orders<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

impl<'t> Visitor<'t> for Orders<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::While { body, .. }
        | StatementKind::Repeat { body, .. }
        | StatementKind::For { body, .. }
        | StatementKind::Loop { body } = &statement.kind
        {
            self.one_after_another(body);
        } else if let StatementKind::If { branches, otherwise: None } = &statement.kind {
            branches.iter().for_each(|(_, block)| self.waited_for_once(block));
        } else if let StatementKind::Parallel(branches) = &statement.kind
            && branches.len() > 1
        {
            branches.iter().filter_map(call_of).for_each(|call| self.waits_before_all(call));
        }
        walk_statement(self, statement);
    }
}

impl Orders<'_, '_, '_> {
    /// Each round starts a thread and waits for it at once.
    fn one_after_another(&mut self, body: &Block) {
        let mut before: Option<&Name> = None;
        for statement in &body.statements {
            let joined = joined(statement);
            let at_once = joined.is_some_and(|thread| match &thread.kind {
                ExpressionKind::Name(name) => before.is_some_and(|started| started.text == name.text),
                kind => starts(kind),
            });
            if at_once {
                let message =
                    "each round waits here for the thread that it has started, so they run one after another";
                let report = Diagnostic::remark(Code::OneAfterAnother, statement.span, message);
                let hint = "to let them run together start all, then wait for all: `let ts = [start f(x) for x in xs]`, and `join ts`";
                self.found.always(report.hint(hint));
            }
            before = started(statement);
        }
    }

    /// A branch of `parallel` is started like `start f(x)`: who starts it computes `x`.
    fn waits_before_all(&mut self, call: &Expression) {
        let ExpressionKind::Call { arguments, .. } = &call.kind else { return };
        let mut waits = FirstWait { facts: self.found.facts, at: None };
        arguments.iter().for_each(|argument| waits.expression(&argument.value));
        let Some(at) = waits.at else { return };
        let name = self.found.written(at).unwrap_or("this").to_string();
        let message = format!("`{name}` waits before any branch begins, since arguments are computed first");
        let report = Diagnostic::remark(Code::OneAfterAnother, at, message);
        let written = self.found.written(call.span).unwrap_or("…");
        let report = report.hint(format!("to have the branch wait write `{{ {written} }}`"));
        self.found.always(report);
    }

    /// A block that is entered when a condition does not hold, and waits for it.
    fn waited_for_once(&mut self, block: &Block) {
        if let Some(Statement { kind: StatementKind::Continue, .. }) = block.statements.last() {
            return; // it does look again
        }
        for statement in &block.statements {
            let StatementKind::Expression(value) = &statement.kind else { continue };
            let Some(object) = called_on(value, "wait") else { continue };
            if !matches!(self.found.facts.holds(object), Some(Holds::Thing { kind: Type::Condition, .. })) {
                continue;
            }
            let condition = self.found.written(object.span).unwrap_or("c").to_string();
            let report = Diagnostic::remark(
                Code::LooksOnce,
                statement.span,
                "`if` does not look again after this wait, when another thread may have been faster",
            );
            let report = report
                .note("a notify says that something has changed, not that what is waited for holds still");
            let hint = format!("write `while` for `if`, or `{condition}.wait_until(fn() => …)`");
            self.found.always(report.hint(hint));
        }
    }
}

/// The first place in an expression that waits in whoever computes it.
struct FirstWait<'f, 't> {
    facts: &'f Facts<'t>,
    at: Option<Span>,
}

impl<'t> Visitor<'t> for FirstWait<'_, 't> {
    fn expression(&mut self, expression: &'t Expression) {
        let waited = ["get", "wait", "acquire", "join"].iter().find_map(|name| called_on(expression, name));
        let held = waited.and_then(|object| self.facts.holds(object));
        if matches!(held, Some(Holds::Thing { .. } | Holds::Thread(_))) {
            self.at.get_or_insert(expression.span);
        }
        // What functions and blocks do waits when they run.
        if !matches!(expression.kind, ExpressionKind::Function(_) | ExpressionKind::StartBlock { .. }) {
            walk_expression(self, expression);
        }
    }
}

/// The one thread that the statement waits for without a timeout.
fn joined(statement: &Statement) -> Option<&Expression> {
    match &statement.kind {
        StatementKind::Join(threads) => match &threads[..] {
            [one] => Some(one),
            _ => None,
        },
        StatementKind::Expression(value) => called_on(value, "join"),
        _ => None,
    }
}

/// The name of the thread that the statement starts.
fn started(statement: &Statement) -> Option<&Name> {
    match &statement.kind {
        StatementKind::Let { pattern: Pattern::Name(name), value }
        | StatementKind::Var { pattern: Pattern::Name(name), value, .. }
            if starts(&value.kind) =>
        {
            Some(name)
        }
        StatementKind::Expression(value) => match &value.kind {
            ExpressionKind::Start(thread) => match &thread.kind {
                ExpressionKind::Name(name) => Some(name),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn starts(kind: &ExpressionKind) -> bool {
    matches!(kind, ExpressionKind::Start(_) | ExpressionKind::StartBlock { .. })
}

/// The object of a call of this method without arguments.
fn called_on<'e>(value: &'e Expression, method: &str) -> Option<&'e Expression> {
    let ExpressionKind::Call { callee, arguments } = &value.kind else { return None };
    let ExpressionKind::Field { object, name } = &callee.kind else { return None };
    (arguments.is_empty() && &*name.text == method).then_some(object)
}
