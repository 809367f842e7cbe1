//! A call where a function was meant to be handed over: `p.submit(f(), x)` runs `f` at once, and hands over what
//! it returned.

use super::Findings;
use super::facts::Holds;
use super::visit::{Visitor, walk_expression, walk_statement};
use crate::report::{Code, Diagnostic};
use crate::syntax::tree::{Argument, Expression, ExpressionKind, FunctionBody, Statement, StatementKind};
use crate::value::Type;

pub struct HandedOver<'a, 'f, 't> {
    pub found: &'a mut Findings<'f, 't>,
}

/// What takes a function as its first argument, and how the others follow.
#[derive(Clone, Copy, PartialEq)]
enum Taker {
    /// `submit(f, x)`: the arguments of the function come after it.
    Submit,
    /// `map(f, xs)`.
    Map,
    /// `wait_until(f)`, `timer(f, after: 1s)`: it is called without arguments.
    Ready,
}

impl<'t> Visitor<'t> for HandedOver<'_, '_, 't> {
    fn expression(&mut self, expression: &'t Expression) {
        if let ExpressionKind::Call { callee, arguments } = &expression.kind
            && let Some(taker) = self.taker(callee)
        {
            self.call(taker, callee, arguments);
        }
        walk_expression(self, expression);
    }
}

impl HandedOver<'_, '_, '_> {
    fn taker(&self, callee: &Expression) -> Option<Taker> {
        let facts = self.found.facts;
        if let ExpressionKind::Field { object, name } = &callee.kind {
            let Some(Holds::Thing { kind, .. }) = facts.holds(object) else { return None };
            let takers = [
                (Type::Pool, "submit", Taker::Submit),
                (Type::Pool, "map", Taker::Map),
                (Type::Condition, "wait_until", Taker::Ready),
            ];
            let taker = takers.into_iter().find(|(of, method, _)| *of == kind && *method == &*name.text);
            return taker.map(|(_, _, taker)| taker);
        }
        let Some(Holds::Builtin(index)) = facts.holds(callee) else { return None };
        let takers = [("map", Taker::Map), ("filter", Taker::Map), ("timer", Taker::Ready)];
        let name = facts.builtins.functions[index as usize].name;
        takers.into_iter().find(|(builtin, _)| *builtin == name).map(|(_, taker)| taker)
    }

    fn call(&mut self, taker: Taker, callee: &Expression, arguments: &[Argument]) {
        let Some(first) = arguments.first() else { return };
        let ExpressionKind::Call { callee: function, arguments: inner } = &first.value.kind else { return };
        let facts = self.found.facts;
        let returns_function = if let Some(Holds::Function(id)) = facts.holds(function) {
            facts.bodies.get(&id).is_none_or(|body| may_return_function(body))
        } else if let Some(Holds::Builtin(index)) = facts.holds(function) {
            facts.builtins.functions[index as usize].name != "print"
        } else {
            true
        };
        if returns_function {
            return;
        }
        let Some(name) = self.found.written(function.span) else { return };
        let method = self.found.written(callee.span).unwrap_or("…");
        let text = |argument: &Argument| {
            let value = self.found.written(argument.value.span).unwrap_or("…");
            match &argument.name {
                Some(name) => format!("{}: {value}", name.text),
                None => value.to_string(),
            }
        };
        let call = self.found.written(first.value.span).unwrap_or("…");
        let mut handed = vec![name.to_string()];
        match taker {
            Taker::Submit => handed.extend(inner.iter().map(text)),
            Taker::Map if inner.is_empty() => {}
            Taker::Map => handed = vec![format!("fn(x) => {call}")],
            Taker::Ready if inner.is_empty() => {}
            Taker::Ready => handed = vec![format!("fn() => {call}")],
        }
        handed.extend(arguments.iter().skip(1).map(text));
        let message = format!("`{call}` is called here, and what it returns is handed over");
        let report = Diagnostic::error(Code::CallHandedOver, first.value.span, message)
            .label("runs at once, in this thread")
            .hint(format!("hand over `{name}` itself: `{method}({})`", handed.join(", ")));
        self.found.unless_caught(report);
    }
}

/// Whether what it returns may be a function: only then handing over a call of it makes sense.
fn may_return_function(body: &FunctionBody) -> bool {
    match body {
        FunctionBody::Value(value) => may_be_function(value),
        FunctionBody::Block(block) => {
            let mut search = Returns { found: false };
            search.block(block);
            search.found
        }
    }
}

fn may_be_function(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Nil
        | ExpressionKind::Bool(_)
        | ExpressionKind::Int(_)
        | ExpressionKind::Float(_)
        | ExpressionKind::Duration(_)
        | ExpressionKind::Text(_)
        | ExpressionKind::List(_)
        | ExpressionKind::Map(_)
        | ExpressionKind::Comprehension { .. }
        | ExpressionKind::Range { .. }
        | ExpressionKind::Unary { .. }
        | ExpressionKind::Binary { .. }
        | ExpressionKind::Compare { .. }
        | ExpressionKind::Start(_)
        | ExpressionKind::StartBlock { .. } => false,
        ExpressionKind::Invalid
        | ExpressionKind::Name(_)
        | ExpressionKind::SelfReference(_)
        | ExpressionKind::Call { .. }
        | ExpressionKind::Index { .. }
        | ExpressionKind::Field { .. }
        | ExpressionKind::Function(_) => true,
        ExpressionKind::And(left, right) | ExpressionKind::Or(left, right) => {
            may_be_function(left) || may_be_function(right)
        }
        ExpressionKind::Conditional { value, otherwise, .. } => {
            may_be_function(value) || may_be_function(otherwise)
        }
        ExpressionKind::Atomically(value) => may_be_function(value),
    }
}

/// Looks for a `return` of what may be a function, not into functions inside.
struct Returns {
    found: bool,
}

impl<'t> Visitor<'t> for Returns {
    fn statement(&mut self, statement: &'t Statement) {
        if let StatementKind::Return(Some(value)) = &statement.kind {
            self.found |= may_be_function(value);
        } else if !matches!(
            statement.kind,
            StatementKind::Function(_) | StatementKind::Class(_) | StatementKind::Thread(_)
        ) {
            walk_statement(self, statement);
        }
    }

    fn expression(&mut self, _: &'t Expression) {}
}
