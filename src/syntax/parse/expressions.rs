//! Expressions: operands, what follows them, and what needs no precedence.

use super::super::tree::{Argument, Clause, Expression, ExpressionKind};
use super::{Pair, Parser, Rule, parts};
use crate::report::{Code, Diagnostic};
use crate::source::Span;

impl Parser<'_> {
    /// `expression` or `header`; the rules that are made of nothing else are looked through.
    pub fn expression(&mut self, pair: Pair) -> Expression {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::operation | Rule::header_operation => return self.operation(pair),
            _ => {}
        }
        let mut operations: Vec<Pair> = parts(pair).collect();
        if operations.len() == 1 {
            return operations.pop().map_or_else(|| hollow(span), |only| self.operation(only));
        }
        let levels = operations.len() / 2;
        if !self.deeper(levels, span) {
            return hollow(span);
        }
        let values: Vec<Expression> = operations.into_iter().map(|part| self.operation(part)).collect();
        self.up(levels);
        conditional(values).unwrap_or_else(|| hollow(span))
    }

    /// `operand` and its likes: a primary with calls, fields and indexes.
    pub fn operand(&mut self, pair: Pair) -> Expression {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let Some(primary) = inner.next() else { return hollow(span) };
        let postfixes: Vec<Pair> = inner.collect();
        let levels = postfixes.len() + 1;
        if !self.deeper(levels, span) {
            return hollow(span);
        }
        let mut value = self.primary(primary);
        for postfix in postfixes {
            value = self.postfix(value, postfix);
        }
        self.up(levels);
        value
    }

    fn postfix(&mut self, object: Expression, pair: Pair) -> Expression {
        let span = object.span.to(self.span(&pair));
        let object = Box::new(object);
        let kind = match pair.as_rule() {
            Rule::call => ExpressionKind::Call { callee: object, arguments: self.arguments(pair) },
            Rule::field => match parts(pair).next() {
                Some(word) => ExpressionKind::Field { object, name: self.name(&word) },
                None => ExpressionKind::Invalid,
            },
            _ => ExpressionKind::Index { object, index: Box::new(self.index(pair)) },
        };
        Expression { kind, span }
    }

    pub fn arguments(&mut self, pair: Pair) -> Vec<Argument> {
        let mut arguments: Vec<Argument> = Vec::new();
        for part in parts(pair) {
            let span = self.span(&part);
            let mut name = None;
            let mut value = None;
            for inner in parts(part) {
                match inner.as_rule() {
                    Rule::name | Rule::given_start => name = Some(self.name(&inner)),
                    _ => value = Some(self.expression(inner)),
                }
            }
            if name.is_none() && arguments.last().is_some_and(|before| before.name.is_some()) {
                self.syntax_error(span, "an argument without a name cannot follow one with a name");
            }
            arguments.push(Argument { name, value: value.unwrap_or_else(|| hollow(span)) });
        }
        arguments
    }

    /// What stands in `xs[…]`: a value, or a range of which an end may be left out.
    fn index(&mut self, pair: Pair) -> Expression {
        let whole = self.span(&pair);
        let mut start = None;
        let mut end = None;
        let mut dots: Option<(Span, bool)> = None;
        for part in parts(pair) {
            match part.as_rule() {
                Rule::range_operator => dots = Some((self.span(&part), part.as_str() == "..=")),
                _ if dots.is_some() => end = Some(Box::new(self.expression(part))),
                _ => start = Some(Box::new(self.expression(part))),
            }
        }
        let Some((place, inclusive)) = dots else {
            return start.map_or_else(|| hollow(whole), |start| *start);
        };
        if inclusive && end.is_none() {
            self.syntax_error(
                place,
                "`..=` needs an end, which is included; write `..` to go on to the last",
            );
        }
        let mut span = place;
        for bound in start.iter().chain(&end) {
            span = span.to(bound.span);
        }
        Expression { kind: ExpressionKind::Range { start, end, inclusive }, span }
    }

    fn primary(&mut self, pair: Pair) -> Expression {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::name => ExpressionKind::Name(self.name(&pair)),
            Rule::number => self.number(&pair),
            Rule::text => return self.text(pair),
            Rule::parenthesized => {
                let inner = self.only_expression(pair);
                return Expression { kind: inner.kind, span };
            }
            Rule::constant => match pair.as_str().trim_end() {
                "true" => ExpressionKind::Bool(true),
                "false" => ExpressionKind::Bool(false),
                _ => ExpressionKind::Nil,
            },
            Rule::self_reference => ExpressionKind::SelfReference(self.node()),
            Rule::list => self.list(pair),
            Rule::map => self.map(pair),
            Rule::function_value | Rule::header_function => {
                ExpressionKind::Function(Box::new(self.function(pair)))
            }
            Rule::start_block => {
                let body = self.only_block(pair);
                ExpressionKind::StartBlock { body, id: self.node() }
            }
            Rule::start | Rule::header_start => match parts(pair).next() {
                Some(operand) => ExpressionKind::Start(Box::new(self.operand(operand))),
                None => ExpressionKind::Invalid,
            },
            Rule::atomically_value | Rule::header_atomically => {
                ExpressionKind::Atomically(Box::new(self.only_expression(pair)))
            }
            _ => ExpressionKind::Invalid,
        };
        Expression { kind, span }
    }

    fn list(&mut self, pair: Pair) -> ExpressionKind {
        let mut elements = Vec::new();
        let mut clauses = Vec::new();
        for part in parts(pair) {
            if part.as_rule() == Rule::clause {
                clauses.push(self.clause(part));
            } else {
                elements.push(self.expression(part));
            }
        }
        if clauses.is_empty() {
            return ExpressionKind::List(elements);
        }
        match elements.pop() {
            Some(element) => ExpressionKind::Comprehension { element: Box::new(element), clauses },
            None => ExpressionKind::Invalid,
        }
    }

    fn clause(&mut self, pair: Pair) -> Clause {
        let mut parts = parts(pair);
        let pattern = self.next_pattern(&mut parts);
        let items = self.next_expression(&mut parts);
        let conditions = parts.map(|part| self.expression(part)).collect();
        Clause { pattern, items, conditions }
    }

    fn map(&mut self, pair: Pair) -> ExpressionKind {
        let mut entries = Vec::new();
        for part in parts(pair) {
            let mut both = parts(part);
            let key = self.next_expression(&mut both);
            entries.push((key, self.next_expression(&mut both)));
        }
        ExpressionKind::Map(entries)
    }

    pub fn not_in_operand(&mut self, span: Span) {
        self.problem(
            Diagnostic::error(Code::Syntax, span, "`not` needs parentheses after an operator")
                .hint("write `(not …)`"),
        );
    }
}

pub fn hollow(span: Span) -> Expression {
    Expression { kind: ExpressionKind::Invalid, span }
}

/// `a if c else b if d else e` means `a if c else (b if d else e)`: put together from its end.
fn conditional(mut values: Vec<Expression>) -> Option<Expression> {
    let mut result = values.pop()?;
    while let (Some(condition), Some(value)) = (values.pop(), values.pop()) {
        let span = value.span.to(result.span);
        let kind = ExpressionKind::Conditional {
            condition: Box::new(condition),
            value: Box::new(value),
            otherwise: Box::new(result),
        };
        result = Expression { kind, span };
    }
    Some(result)
}
