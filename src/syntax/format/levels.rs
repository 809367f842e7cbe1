//! Operators: a row of operands is broken at those that bind loosest, all of them, and only then inside its operands.

use super::build::{Builder, INDENT};
use super::document::Document;
use super::nest::Node;
use crate::syntax::parse::marks::Sign;

/// From the loosest to the tightest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Comma,
    Clause,
    Assign,
    Otherwise,
    Condition,
    Or,
    And,
    Compare,
    Range,
    BitOr,
    BitXor,
    BitAnd,
    Shift,
    Sum,
    Product,
    Power,
}

impl<'t> Builder<'t> {
    /// What stands between two commas or blocks, or around commas without brackets. Its further lines are indented so
    /// far.
    pub fn levels(&self, nodes: &[Node], further: usize) -> Document<'t> {
        let Some(level) = nodes.iter().filter_map(|node| self.level(node)).min() else {
            return self.operand(nodes, further);
        };
        match level {
            // `fn(x) => fn(y) => x` nests to the right.
            Level::Assign => self.assignment(nodes, further),
            Level::Range | Level::Condition => self.split(nodes, level, Break::Never, further),
            Level::Otherwise | Level::Clause => self.split(nodes, level, Break::Before, further),
            Level::Comma
            | Level::Or
            | Level::And
            | Level::Compare
            | Level::BitOr
            | Level::BitXor
            | Level::BitAnd
            | Level::Shift
            | Level::Sum
            | Level::Product
            | Level::Power => self.split(nodes, level, Break::After, further),
        }
    }

    fn level(&self, node: &Node) -> Option<Level> {
        let Node::Token(number) = node else { return None };
        let token = &self.tokens[*number];
        match token.sign {
            None if token.text == "," => Some(Level::Comma),
            Some(Sign::Assign) => Some(Level::Assign),
            Some(Sign::Otherwise) => Some(Level::Otherwise),
            Some(Sign::Condition) => Some(Level::Condition),
            Some(Sign::Clause) => Some(Level::Clause),
            Some(Sign::Operator) => Some(match token.text {
                "or" => Level::Or,
                "and" => Level::And,
                ".." | "..=" => Level::Range,
                "|" => Level::BitOr,
                "^" => Level::BitXor,
                "&" => Level::BitAnd,
                "<<" | ">>" => Level::Shift,
                "+" | "-" => Level::Sum,
                "*" | "/" | "//" | "%" => Level::Product,
                "**" => Level::Power,
                _ => Level::Compare,
            }),
            _ => None,
        }
    }

    fn assignment(&self, nodes: &[Node], further: usize) -> Document<'t> {
        let at = nodes.iter().position(|node| self.level(node) == Some(Level::Assign)).unwrap_or(0);
        let (left, right) = nodes.split_at(at);
        let (sign, right) = right.split_at(1);
        let mut parts = vec![self.levels(left, further), self.run(sign, left.last().map(Node::last))];
        if let Some(first) = right.first() {
            parts.push(self.gap(sign[0].last(), first.first()));
            parts.push(self.levels(right, further));
        }
        Document::row(parts)
    }

    fn split(&self, nodes: &[Node], level: Level, place: Break, further: usize) -> Document<'t> {
        let signs: Vec<usize> = (0..nodes.len()).filter(|i| self.level(&nodes[*i]) == Some(level)).collect();
        let first = self.levels(&nodes[..signs[0]], further);
        let mut rest = Vec::new();
        for (i, at) in signs.iter().enumerate() {
            let end = signs.get(i + 1).copied().unwrap_or(nodes.len());
            let sign = &nodes[*at..=*at];
            let operand = &nodes[at + 1..end];
            let before = at.checked_sub(1).map(|before| nodes[before].last());
            match (place, before) {
                (Break::Before, Some(_)) => {
                    rest.push(self.break_before(sign[0].first(), Document::Line(" "), false));
                    rest.push(self.run(sign, None));
                }
                (Break::After | Break::Never, _) | (Break::Before, None) => {
                    rest.push(self.run(sign, before));
                }
            }
            if let Some(next) = operand.first() {
                rest.push(match place {
                    Break::After => self.break_before(next.first(), Document::Line(" "), false),
                    Break::Before | Break::Never => self.gap(sign[0].last(), next.first()),
                });
                rest.push(self.levels(operand, INDENT));
            }
        }
        // The clauses of a comprehension stand in their bracket like its elements.
        let rest = Document::row(rest);
        let rest = if level == Level::Clause { rest } else { rest.indent(further) };
        let whole = Document::row(vec![first, rest]);
        if place == Break::Never || level == Level::Clause { whole } else { whole.group() }
    }
}

/// Where a line may end around an operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Break {
    Before,
    After,
    Never,
}
