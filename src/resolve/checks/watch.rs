//! What the condition of an `invariant`, an `ensure` or an `await` does beyond looking: it may not wait, change anything or
//! start threads.
//!
//! Functions of the script that it calls by name are looked into. Locks are left to the run there: `with m { }` waits only
//! while somebody holds m.

use super::super::{FunctionId, Meaning, Member};
use super::Findings;
use super::facts::{Facts, Holds};
use super::visit::{Visitor, walk_expression, walk_statement};
use super::waits;
use crate::builtin::disturbing;
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind, FunctionBody, Name, Statement, StatementKind};
use std::collections::HashSet;

pub struct Watches<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

/// Whose condition it is.
#[derive(Clone, Copy)]
enum Of {
    Invariant,
    Ensure,
    Await,
}

impl<'t> Visitor<'t> for Watches<'_, '_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        match &statement.kind {
            StatementKind::Watch { condition, message, ensure, .. } => {
                let of = if *ensure { Of::Ensure } else { Of::Invariant };
                self.only_looks(condition, statement.span, of);
                message.iter().for_each(|message| self.only_looks(message, statement.span, of));
            }
            StatementKind::Await(condition) => self.only_looks(condition, statement.span, Of::Await),
            _ => {}
        }
        walk_statement(self, statement);
    }
}

impl<'t> Watches<'_, '_, 't> {
    fn only_looks(&mut self, part: &'t Expression, home: Span, of: Of) {
        let facts = self.found.facts;
        let mut effects = Effects { facts, home, called: false, seen: HashSet::new(), first: None };
        effects.expression(part);
        if let Some(effect) = effects.first {
            self.refuse(effect, of);
        }
    }

    fn refuse(&mut self, effect: Effect, of: Of) {
        let (word, note) = match of {
            Of::Ensure => ("an `ensure`", "it is evaluated when the program has ended"),
            Of::Invariant => ("an `invariant`", "a check evaluates it after every step"),
            Of::Await => (
                "the condition of an `await`",
                "the condition is evaluated again after every change, as often as need be",
            ),
        };
        let written = match self.found.written(effect.span) {
            Some(written) => format!("`{written}`"),
            None => "this".into(),
        };
        let message = format!("{written} in {word}, which may not wait or change anything");
        let report = Diagnostic::error(Code::WaitInOneStep, effect.span, message).note(note);
        let report = match effect.within {
            Some(span) => report.other(span, "it does this"),
            None => report,
        };
        match of {
            Of::Ensure | Of::Invariant => self.found.always(report),
            Of::Await => self.found.unless_caught(report),
        }
    }
}

/// Something that a condition may not do.
struct Effect {
    /// In the condition.
    span: Span,
    /// In a function that it calls.
    within: Option<Span>,
}

/// Looks for the first effect of a condition, or of a function that it calls.
struct Effects<'f, 't> {
    facts: &'f Facts<'t>,
    /// What is declared in here is its own, and may be changed.
    home: Span,
    /// It is a function that the condition calls.
    called: bool,
    /// The functions that were looked into.
    seen: HashSet<FunctionId>,
    first: Option<Effect>,
}

impl<'t> Effects<'_, 't> {
    fn found(&mut self, span: Span, within: Option<Span>) {
        self.first.get_or_insert(Effect { span, within });
    }

    /// Whether the variable was declared in here.
    fn is_own(&self, name: &Name) -> bool {
        match self.facts.meaning(name) {
            Meaning::Variable(id) => {
                let declared = self.facts.answers.variables[id as usize].span;
                self.home.start <= declared.start && declared.end <= self.home.end
            }
            // What cannot be assigned is reported as such.
            Meaning::None | Meaning::Builtin(_) | Meaning::Member { member: Member::Method(_), .. } => true,
            Meaning::Member { member: Member::Field(_), .. } => false,
        }
    }

    /// Whether it is (part of) a value that others can see.
    fn is_shared(&self, place: &Expression) -> bool {
        match &place.kind {
            ExpressionKind::Name(name) => !self.is_own(name),
            ExpressionKind::SelfReference(_) => true,
            ExpressionKind::Field { object, .. } | ExpressionKind::Index { object, .. } => {
                self.is_shared(object)
            }
            ExpressionKind::List(parts) => parts.iter().any(|part| self.is_shared(part)),
            _ => false,
        }
    }

    fn call(&mut self, call: &'t Expression, callee: &'t Expression) {
        match self.facts.holds(callee) {
            Some(Holds::Builtin(index)) => {
                let name = self.facts.builtins.functions[index as usize].name;
                if disturbing::function(name) {
                    self.found(call.span, None);
                }
            }
            Some(Holds::Function(function)) => self.look_into(call, function),
            Some(_) | None => {
                if let ExpressionKind::Field { object, name } = &callee.kind
                    && let Some(held) = self.facts.holds(object)
                {
                    let changes = matches!(held, Holds::Plain("a list" | "a map"))
                        && disturbing::changes(&name.text)
                        && self.is_shared(object);
                    // In a function that it calls, a lock is left to the run.
                    let disturbs = !self.called && waits::disturbs(held, &name.text);
                    if changes || disturbs {
                        self.found(call.span, None);
                    }
                }
            }
        }
    }

    fn look_into(&mut self, call: &'t Expression, function: FunctionId) {
        let Some(body) = self.facts.bodies.get(&function).copied() else { return };
        if !self.seen.insert(function) {
            return;
        }
        let home = self.facts.answers.functions[function as usize].span;
        let seen = std::mem::take(&mut self.seen);
        let mut inner = Effects { facts: self.facts, home, called: true, seen, first: None };
        match body {
            FunctionBody::Block(block) => inner.block(block),
            FunctionBody::Value(value) => inner.expression(value),
        }
        self.seen = inner.seen;
        if let Some(Effect { span, within }) = inner.first {
            self.found(call.span, within.or(Some(span)));
        }
    }
}

impl<'t> Visitor<'t> for Effects<'_, 't> {
    fn statement(&mut self, statement: &'t Statement) {
        if self.first.is_some() {
            return;
        }
        match &statement.kind {
            StatementKind::Assign { target, .. } if self.is_shared(target) => {
                self.found(statement.span, None)
            }
            StatementKind::Sleep(_)
            | StatementKind::Join(_)
            | StatementKind::Await(_)
            | StatementKind::Select(_)
            | StatementKind::Parallel(_)
            | StatementKind::ParallelFor { .. } => self.found(statement.span, None),
            _ => walk_statement(self, statement),
        }
    }

    fn expression(&mut self, expression: &'t Expression) {
        if self.first.is_some() {
            return;
        }
        match &expression.kind {
            ExpressionKind::Start(_) | ExpressionKind::StartBlock { .. } => {
                return self.found(expression.span, None);
            }
            ExpressionKind::Call { callee, .. } => self.call(expression, callee),
            _ => {}
        }
        walk_expression(self, expression);
    }
}
