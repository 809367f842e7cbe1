//! Waiting in what runs as one step: `atomically`.
//!
//! Most operations wait only if they cannot be done at once, which only the run can tell. Reported here is what waits
//! in any case. (What an `await` looks at may not change anything either: `watch.rs`.)

use super::Findings;
use super::facts::Holds;
use super::visit::{Body, Visitor, walk_expression, walk_statement};
use crate::builtin::disturbing;
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind, Statement, StatementKind};

pub struct Waits<'a, 'f, 't> {
    found: &'a mut Findings<'f, 't>,
    in_one_step: bool,
    /// The same of the bodies that are around.
    outer: Vec<bool>,
}

impl<'a, 'f, 't> Waits<'a, 'f, 't> {
    pub fn new(found: &'a mut Findings<'f, 't>) -> Self {
        Waits { found, in_one_step: false, outer: Vec::new() }
    }

    fn in_one_step(&mut self, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.in_one_step, true);
        walk(self);
        self.in_one_step = outer;
    }

    fn refuse(&mut self, span: Span, what: &str) {
        if self.in_one_step {
            let message = format!("{what} waits, which `atomically` cannot");
            let note = "no other thread moves until it ends, so nothing could end the wait";
            self.found.unless_caught(Diagnostic::error(Code::WaitInOneStep, span, message).note(note));
        }
    }
}

/// Whether the method waits for, or changes, a thing of that type: nothing for the condition of an `await`.
pub fn disturbs(held: Holds, method: &str) -> bool {
    match held {
        Holds::Thing { kind, .. } => disturbing::method_of(kind, method),
        Holds::Thread(_) | Holds::Timer => disturbing::method_of_thread(method),
        Holds::Things { .. }
        | Holds::Function(_)
        | Holds::Builtin(_)
        | Holds::Class(_)
        | Holds::Template(_)
        | Holds::Instance(_)
        | Holds::Plain(_) => false,
    }
}

impl<'t> Visitor<'t> for Waits<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Atomically(body) = &statement.kind {
            return self.in_one_step(|waits| waits.block(body));
        }
        if let StatementKind::Sleep(delay) = &statement.kind {
            if !matches!(delay.kind, ExpressionKind::Duration(0)) {
                self.refuse(statement.span, "`sleep`");
            }
        } else if let StatementKind::Parallel(branches) = &statement.kind
            && !branches.is_empty()
        {
            self.refuse(
                Span::new(statement.span.start as usize, statement.span.start as usize + 8),
                "`parallel`",
            );
        }
        walk_statement(self, statement);
    }

    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Atomically(value) = &expression.kind {
            return self.in_one_step(|waits| waits.expression(value));
        }
        walk_expression(self, expression);
    }

    fn enter(&mut self, _body: Body) {
        self.outer.push(std::mem::replace(&mut self.in_one_step, false));
    }

    fn leave(&mut self) {
        self.in_one_step = self.outer.pop().unwrap_or(false);
    }
}
