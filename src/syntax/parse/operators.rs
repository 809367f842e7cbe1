//! Operators: from a flat row of operands and operators to a tree, by precedence.

use super::super::tree::{BinaryOperator, CompareOperator, Expression, ExpressionKind, UnaryOperator};
use super::expressions::hollow;
use super::{Pair, Parser, Rule, numbers};
use crate::report::{Code, Diagnostic};
use std::iter::Peekable;
use std::vec::IntoIter;

/// From the loosest to the tightest, as in Python.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Compare,
    Range,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    /// `-x`, and what may stand on either side of `**`.
    Sign,
    Power,
}

impl Level {
    /// For what stands to the right of an operator that groups to the left.
    fn tighter(self) -> Level {
        match self {
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::Range,
            Level::Range => Level::BitOr,
            Level::BitOr => Level::BitXor,
            Level::BitXor => Level::BitAnd,
            Level::BitAnd => Level::Shift,
            Level::Shift => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Sign,
            Level::Sign | Level::Power => Level::Power,
        }
    }
}

fn compare(sign: &str) -> Option<CompareOperator> {
    Some(match sign {
        "==" => CompareOperator::Equal,
        "!=" => CompareOperator::NotEqual,
        "<" => CompareOperator::Less,
        "<=" => CompareOperator::LessEqual,
        ">" => CompareOperator::Greater,
        ">=" => CompareOperator::GreaterEqual,
        "in" => CompareOperator::In,
        // The one operator with blanks in it: `not in`.
        _ if sign.starts_with("not") => CompareOperator::NotIn,
        _ => return None,
    })
}

fn level(sign: &str) -> Level {
    match sign {
        "or" => Level::Or,
        "and" => Level::And,
        ".." | "..=" => Level::Range,
        _ => match BinaryOperator::of(sign) {
            None => Level::Compare,
            Some(BinaryOperator::Or) => Level::BitOr,
            Some(BinaryOperator::Xor) => Level::BitXor,
            Some(BinaryOperator::And) => Level::BitAnd,
            Some(BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight) => Level::Shift,
            Some(BinaryOperator::Add | BinaryOperator::Subtract) => Level::Sum,
            Some(
                BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::FloorDivide
                | BinaryOperator::Modulo,
            ) => Level::Product,
            Some(BinaryOperator::Power) => Level::Power,
        },
    }
}

type Row<'i> = Peekable<IntoIter<Pair<'i>>>;

impl Parser<'_> {
    /// `operation` or `header_operation`.
    pub fn operation(&mut self, pair: Pair) -> Expression {
        let span = self.span(&pair);
        let mut row: Vec<Pair> = pair.into_inner().collect();
        if row.len() == 1 {
            return row.pop().map_or_else(|| hollow(span), |only| self.operand(only));
        }
        // Each sign may make the tree one higher; which one does is not known before.
        let levels =
            row.iter().filter(|part| matches!(part.as_rule(), Rule::prefix | Rule::operator)).count();
        if !self.deeper(levels, span) {
            return hollow(span);
        }
        let value = self.climb(&mut row.into_iter().peekable(), Level::Or);
        self.up(levels);
        value
    }

    /// One operand with all operators after it that bind at least as tightly as `least`.
    fn climb(&mut self, row: &mut Row, least: Level) -> Expression {
        let mut left = self.prefixed(row, least);
        while let Some(sign) = row.peek().map(|pair| pair.as_str()) {
            let level = level(sign);
            if level < least {
                break;
            }
            left = match level {
                Level::Compare => self.comparison(left, row),
                Level::Or | Level::And => self.logical(left, row, level),
                Level::Range => self.range(left, row),
                Level::Power => self.arithmetic(left, row, Level::Sign),
                Level::Not
                | Level::BitOr
                | Level::BitXor
                | Level::BitAnd
                | Level::Shift
                | Level::Sum
                | Level::Product
                | Level::Sign => self.arithmetic(left, row, level.tighter()),
            };
        }
        left
    }

    fn prefixed(&mut self, row: &mut Row, least: Level) -> Expression {
        let Some(pair) = row.next() else { return hollow(self.place(0, 0)) };
        if pair.as_rule() != Rule::prefix {
            return self.operand(pair);
        }
        let span = self.span(&pair);
        let (operator, level) = match pair.as_str() {
            "-" => (UnaryOperator::Negate, Level::Sign),
            "+" => (UnaryOperator::Plus, Level::Sign),
            "~" => (UnaryOperator::Invert, Level::Sign),
            _ => (UnaryOperator::Not, Level::Not),
        };
        if operator == UnaryOperator::Not && least > Level::Not {
            self.not_in_operand(span);
        }
        if operator == UnaryOperator::Negate
            && let Some(number) = row.next_if(|pair| numbers::is_least_integer(pair.as_str()))
        {
            return Expression { kind: ExpressionKind::Int(i64::MIN), span: span.to(self.span(&number)) };
        }
        let operand = Box::new(self.climb(row, level));
        let span = span.to(operand.span);
        Expression { kind: ExpressionKind::Unary { operator, operand }, span }
    }

    fn comparison(&mut self, first: Expression, row: &mut Row) -> Expression {
        let mut rest = Vec::new();
        let mut span = first.span;
        while let Some(operator) = row.peek().and_then(|pair| compare(pair.as_str())) {
            row.next();
            let right = self.climb(row, Level::Range);
            span = span.to(right.span);
            rest.push((operator, right));
        }
        Expression { kind: ExpressionKind::Compare { first: Box::new(first), rest }, span }
    }

    fn logical(&mut self, left: Expression, row: &mut Row, level: Level) -> Expression {
        row.next();
        let right = self.climb(row, level.tighter());
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = if level == Level::Or {
            ExpressionKind::Or(left, right)
        } else {
            ExpressionKind::And(left, right)
        };
        Expression { kind, span }
    }

    fn range(&mut self, start: Expression, row: &mut Row) -> Expression {
        let Some(dots) = row.next() else { return start };
        if matches!(start.kind, ExpressionKind::Range { .. }) {
            let place = self.span(&dots);
            let message = "a range has two ends, not three";
            let hint = "steps other than 1 are written `range(0, 10, 2)`";
            self.problem(Diagnostic::error(Code::Syntax, place, message).hint(hint));
        }
        let end = self.climb(row, Level::BitOr);
        let span = start.span.to(end.span);
        let inclusive = dots.as_str() == "..=";
        let kind =
            ExpressionKind::Range { start: Some(Box::new(start)), end: Some(Box::new(end)), inclusive };
        Expression { kind, span }
    }

    fn arithmetic(&mut self, left: Expression, row: &mut Row, right: Level) -> Expression {
        let sign = row.next();
        let right = self.climb(row, right);
        let span = left.span.to(right.span);
        let Some(operator) = sign.and_then(|sign| BinaryOperator::of(sign.as_str())) else {
            return hollow(span);
        };
        let kind = ExpressionKind::Binary { operator, left: Box::new(left), right: Box::new(right) };
        Expression { kind, span }
    }
}
