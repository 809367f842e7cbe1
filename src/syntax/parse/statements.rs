//! Statements that are one line, and patterns.

use super::super::tree::{
    BinaryOperator, Block, Deferred, Expression, ExpressionKind, Pattern, Statement, StatementKind,
};
use super::{Pair, Parser, Rule, begins_with, parts};
use crate::report::{Code, Diagnostic};
use crate::source::Span;

impl Parser<'_> {
    /// A statement, or what is none.
    pub fn item(&mut self, pair: Pair) -> Statement {
        let span = self.span(&pair);
        if !self.deeper(1, span) {
            return Statement { kind: StatementKind::Invalid, span };
        }
        let kind = self.statement_kind(pair);
        self.up(1);
        self.after_invalid = matches!(kind, StatementKind::Invalid);
        Statement { kind, span }
    }

    fn statement_kind(&mut self, pair: Pair) -> StatementKind {
        match pair.as_rule() {
            Rule::expression_statement => self.expression_statement(pair),
            Rule::let_statement => {
                let (pattern, value) = self.binding(pair);
                StatementKind::Let { pattern, value }
            }
            Rule::var_statement => {
                let shared = begins_with(&pair, "shared");
                let (pattern, value) = self.binding(pair);
                StatementKind::Var { pattern, value, shared }
            }
            Rule::if_statement => self.if_statement(pair),
            Rule::while_statement => {
                let (condition, body) = self.header_and_block(pair);
                StatementKind::While { condition, body }
            }
            Rule::loop_statement => StatementKind::Loop { body: self.only_block(pair) },
            Rule::repeat_statement => {
                let (count, body) = self.header_and_block(pair);
                StatementKind::Repeat { count, body }
            }
            Rule::for_statement => {
                let (pattern, items, body) = self.for_parts(pair);
                StatementKind::For { pattern, items, body }
            }
            Rule::break_statement => StatementKind::Break,
            Rule::continue_statement => StatementKind::Continue,
            Rule::return_statement => StatementKind::Return(self.expressions(pair).pop()),
            Rule::throw_statement => StatementKind::Throw(self.only_expression(pair)),
            Rule::assert_statement => {
                let mut both = self.expressions(pair);
                let message = if both.len() > 1 { both.pop() } else { None };
                StatementKind::Assert { condition: first(both), message }
            }
            Rule::watch_statement => {
                let ensure = begins_with(&pair, "ensure");
                let mut both = self.expressions(pair);
                let message = if both.len() > 1 { both.pop() } else { None };
                StatementKind::Watch { condition: first(both), message, ensure, id: self.node() }
            }
            Rule::defer_block | Rule::defer_statement => self.defer(pair),
            Rule::try_statement => self.try_statement(pair),
            Rule::with_statement => self.with_statement(pair),
            Rule::join_statement => StatementKind::Join(self.expressions(pair)),
            Rule::sleep_statement => StatementKind::Sleep(self.only_expression(pair)),
            Rule::yield_statement => StatementKind::Yield,
            Rule::await_statement => StatementKind::Await(self.only_expression(pair)),
            Rule::atomically_block => StatementKind::Atomically(self.only_block(pair)),
            Rule::parallel => self.parallel(pair),
            Rule::parallel_for => {
                let (pattern, items, body) = self.for_parts(pair);
                StatementKind::ParallelFor { pattern, items, body, id: self.node() }
            }
            Rule::select => self.select(pair),
            Rule::block => StatementKind::Block(self.block(pair)),
            Rule::function => StatementKind::Function(self.function(pair)),
            Rule::class => self.class(pair),
            Rule::thread => self.thread(pair),
            Rule::timer => self.timer(pair),
            Rule::on_signal | Rule::on_signal_word => self.on_signal(pair),
            Rule::use_gil => self.use_gil(pair),
            Rule::thread_local => self.thread_local(pair),
            Rule::declaration => self.declaration(pair),
            Rule::run_block => {
                let span = self.span(&pair);
                let body = self.only_block(pair);
                self.syntax_error(
                    Span { start: span.start, end: span.start + 3 },
                    "`run` is the body of a thread: it stands directly in `thread NAME { … }`, once",
                );
                StatementKind::Block(body)
            }
            _ => {
                self.diagnose(&pair, Rule::alone);
                StatementKind::Invalid
            }
        }
    }

    fn expression_statement(&mut self, pair: Pair) -> StatementKind {
        if begins_with(&pair, "++") || begins_with(&pair, "--") {
            let sign = &pair.as_str()[..2];
            let span = self.span(&pair);
            let place = Span { start: span.start, end: span.start + 2 };
            let behind = &pair.as_str()[2..];
            let hint = match sign {
                "--" if behind.starts_with(' ') => "a comment begins with `#` and ends with its line".into(),
                _ => format!("write `{} {}= 1`", behind.trim(), &sign[..1]),
            };
            self.problem(Diagnostic::error(Code::Syntax, place, format!("there is no `{sign}`")).hint(hint));
        }
        let mut inner = pair.into_inner();
        let target = inner.next().map(|first| self.expression(first));
        let target = target.unwrap_or_else(invalid);
        let (Some(sign), Some(value)) = (inner.next(), inner.next()) else {
            if matches!(target.kind, ExpressionKind::Function(_)) {
                let place = Span { start: target.span.start, end: target.span.start + 2 };
                self.syntax_error(
                    place,
                    "expected a name after `fn`: a function without one is of use only as a value",
                );
            }
            return StatementKind::Expression(target);
        };
        let value = self.expression(value);
        let operator = assign_operator(sign.as_str());
        self.check_target(&target, operator.is_some());
        StatementKind::Assign { target, operator, value }
    }

    fn check_target(&mut self, target: &Expression, compound: bool) {
        match &target.kind {
            ExpressionKind::Name(_)
            | ExpressionKind::Field { .. }
            | ExpressionKind::Index { .. }
            | ExpressionKind::Invalid => {}
            ExpressionKind::List(targets) if !compound && !targets.is_empty() => {
                for target in targets {
                    self.check_target(target, false);
                }
            }
            ExpressionKind::Compare { .. } | ExpressionKind::And(..) | ExpressionKind::Or(..) => self
                .syntax_error(
                    target.span,
                    "only a name, a field or an element can be assigned to: was `==` meant for `=`?",
                ),
            // `start a = f()`.
            ExpressionKind::Start(what) => {
                let name = match &what.kind {
                    ExpressionKind::Name(name) => &*name.text,
                    _ => "t",
                };
                let message = "only a name, a field or an element can be assigned to";
                let hint =
                    format!("what is started gets its name before the `start`: `let {name} = start f(x)`");
                self.problem(Diagnostic::error(Code::Syntax, target.span, message).hint(hint));
            }
            // `atomically n += 1`.
            ExpressionKind::Atomically(_) => {
                let message = "what `atomically` does stands in a block, unless it is a value";
                let report = Diagnostic::error(Code::Syntax, target.span, message);
                self.problem(report.hint("write `atomically { … }`"));
            }
            ExpressionKind::Nil
            | ExpressionKind::Bool(_)
            | ExpressionKind::Int(_)
            | ExpressionKind::Float(_)
            | ExpressionKind::Duration(_)
            | ExpressionKind::Text(_)
            | ExpressionKind::SelfReference(_)
            | ExpressionKind::List(_)
            | ExpressionKind::Map(_)
            | ExpressionKind::Comprehension { .. }
            | ExpressionKind::Range { .. }
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary { .. }
            | ExpressionKind::Conditional { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Function(_)
            | ExpressionKind::StartBlock { .. } => {
                self.syntax_error(target.span, "only a name, a field or an element can be assigned to")
            }
        }
    }

    fn binding(&mut self, pair: Pair) -> (Pattern, Expression) {
        let mut parts = parts(pair);
        // The value first in the tree's numbering would be as good: names mean nothing yet.
        let pattern = self.next_pattern(&mut parts);
        let value = self.next_expression(&mut parts);
        (pattern, value)
    }

    pub fn next_pattern<'i>(&mut self, parts: &mut impl Iterator<Item = Pair<'i>>) -> Pattern {
        match parts.next() {
            Some(pair) => self.pattern(pair),
            None => Pattern::List(Vec::new(), self.place(0, 0)),
        }
    }

    pub fn pattern(&mut self, pair: Pair) -> Pattern {
        let span = self.span(&pair);
        let is_list = pair.as_str().starts_with('[');
        let mut inner = Vec::new();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::name if !is_list => return Pattern::Name(self.name(&part)),
                _ => inner.push(self.pattern(part)),
            }
        }
        Pattern::List(inner, span)
    }

    fn defer(&mut self, pair: Pair) -> StatementKind {
        let span = self.span(&pair);
        let Some(inner) = parts(pair).next() else { return StatementKind::Invalid };
        let body = if inner.as_rule() == Rule::block {
            self.block(inner)
        } else {
            Block { span: self.span(&inner), statements: vec![self.item(inner)] }
        };
        if body.statements.len() == 1 && matches!(body.statements[0].kind, StatementKind::Let { .. }) {
            self.syntax_error(span, "`defer` puts off something to do; a name declared there is of no use");
        }
        StatementKind::Defer(Deferred { body, id: self.node() })
    }

    /// All the expressions among a pair's parts.
    pub fn expressions(&mut self, pair: Pair) -> Vec<Expression> {
        parts(pair).map(|part| self.expression(part)).collect()
    }

    pub fn only_expression(&mut self, pair: Pair) -> Expression {
        self.next_expression(&mut parts(pair))
    }

    pub fn next_expression<'i>(&mut self, parts: &mut impl Iterator<Item = Pair<'i>>) -> Expression {
        parts.next().map_or_else(invalid, |pair| self.expression(pair))
    }
}

fn first(expressions: Vec<Expression>) -> Expression {
    expressions.into_iter().next().unwrap_or_else(invalid)
}

pub fn invalid() -> Expression {
    Expression { kind: ExpressionKind::Invalid, span: Default::default() }
}

fn assign_operator(sign: &str) -> Option<BinaryOperator> {
    BinaryOperator::of(sign.strip_suffix('=')?)
}
