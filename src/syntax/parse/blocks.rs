//! Statements with blocks, and blocks.

use super::super::tree::{
    Block, Branch, Catch, Expression, ExpressionKind, Pattern, Statement, StatementKind, TextPart,
};
use super::{Pair, Parser, Rule, parts};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use std::sync::Arc;

impl Parser<'_> {
    pub fn block(&mut self, pair: Pair) -> Block {
        let span = self.span(&pair);
        self.after_invalid = false;
        let statements = parts(pair).map(|item| self.item(item)).collect();
        Block { statements, span }
    }

    pub fn next_block<'i>(&mut self, parts: &mut impl Iterator<Item = Pair<'i>>) -> Block {
        parts.next().map_or_else(Block::default, |pair| self.block(pair))
    }

    pub fn only_block(&mut self, pair: Pair) -> Block {
        self.next_block(&mut parts(pair))
    }

    pub fn header_and_block(&mut self, pair: Pair) -> (Expression, Block) {
        let mut parts = parts(pair);
        let header = self.next_expression(&mut parts);
        (header, self.next_block(&mut parts))
    }

    pub fn for_parts(&mut self, pair: Pair) -> (Pattern, Expression, Block) {
        let mut parts = parts(pair);
        let pattern = self.next_pattern(&mut parts);
        let items = self.next_expression(&mut parts);
        (pattern, items, self.next_block(&mut parts))
    }

    pub fn if_statement(&mut self, pair: Pair) -> StatementKind {
        let mut branches = Vec::new();
        let mut otherwise = None;
        let mut parts = parts(pair);
        while let Some(part) = parts.next() {
            if part.as_rule() == Rule::block {
                otherwise = Some(self.block(part));
            } else {
                let condition = self.expression(part);
                branches.push((condition, self.next_block(&mut parts)));
            }
        }
        StatementKind::If { branches, otherwise }
    }

    pub fn try_statement(&mut self, pair: Pair) -> StatementKind {
        let span = self.span(&pair);
        let end = pair.as_span().end();
        let mut parts = parts(pair);
        let body = self.next_block(&mut parts);
        let mut catches = Vec::new();
        let mut finally = None;
        for part in parts {
            if part.as_rule() == Rule::finally_clause {
                finally = Some(self.only_block(part));
            } else {
                catches.push(self.catch_clause(part));
            }
        }
        let rest = self.text[self.base + end..].trim_start();
        // A `catch` that could not be understood has a message of its own.
        if catches.is_empty()
            && finally.is_none()
            && !rest.starts_with("catch")
            && !rest.starts_with("except")
        {
            let place = Span { start: span.start, end: span.start + 3 };
            self.syntax_error(place, "`try` needs a `catch` or a `finally` after its block");
        }
        StatementKind::Try { body, catches, finally }
    }

    fn catch_clause(&mut self, pair: Pair) -> Catch {
        let mut kinds = Vec::new();
        let mut name = None;
        let mut body = Block::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::text => kinds.extend(self.catch_kind(part)),
                Rule::name => name = Some(self.name(&part)),
                _ => body = self.block(part),
            }
        }
        Catch { kinds, name, body }
    }

    fn catch_kind(&mut self, pair: Pair) -> Option<(Arc<str>, Span)> {
        let text = self.text(pair);
        let ExpressionKind::Text(parts) = text.kind else { return None };
        let [TextPart::Literal(kind)] = parts.as_slice() else {
            self.syntax_error(text.span, "`catch` takes an error's kind as plain text, such as \"timeout\"");
            return None;
        };
        Some((kind.clone(), text.span))
    }

    pub fn with_statement(&mut self, pair: Pair) -> StatementKind {
        let mut items = Vec::new();
        let mut timeout = None;
        let mut blocks = Vec::new();
        let mut timed = false;
        for part in parts(pair) {
            match part.as_rule() {
                Rule::kw_timeout => timed = true,
                Rule::block => blocks.push(self.block(part)),
                _ if timed => timeout = Some(self.expression(part)),
                _ => items.push(self.expression(part)),
            }
        }
        let otherwise = if blocks.len() > 1 { blocks.pop() } else { None };
        if let (Some(block), None) = (&otherwise, &timeout) {
            let span = block.span.at_start();
            self.syntax_error(
                span,
                "`with` has an `else` only when it has a `timeout`, for when that has passed",
            );
        }
        StatementKind::With { items, timeout, body: blocks.pop().unwrap_or_default(), otherwise }
    }

    pub fn parallel(&mut self, pair: Pair) -> StatementKind {
        let statements = self.only_block(pair).statements;
        let mut branches = Vec::new();
        for statement in statements {
            self.check_branch(&statement);
            branches.push(Branch { statement, id: self.node() });
        }
        StatementKind::Parallel(branches)
    }

    fn check_branch(&mut self, statement: &Statement) {
        let what = match &statement.kind {
            StatementKind::Let { .. } => "let",
            StatementKind::Var { .. } => "var",
            StatementKind::Break => "break",
            StatementKind::Continue => "continue",
            StatementKind::Return(_) => "return",
            StatementKind::Invalid
            | StatementKind::Expression(_)
            | StatementKind::ThreadLocal { .. }
            | StatementKind::Assign { .. }
            | StatementKind::Function(_)
            | StatementKind::Class(_)
            | StatementKind::Thread(_)
            | StatementKind::Declare(_)
            | StatementKind::Timer(_)
            | StatementKind::OnSignal { .. }
            | StatementKind::UseGil { .. }
            | StatementKind::If { .. }
            | StatementKind::While { .. }
            | StatementKind::Loop { .. }
            | StatementKind::Repeat { .. }
            | StatementKind::For { .. }
            | StatementKind::Throw(_)
            | StatementKind::Try { .. }
            | StatementKind::Defer(_)
            | StatementKind::Assert { .. }
            | StatementKind::Watch { .. }
            | StatementKind::With { .. }
            | StatementKind::Join(_)
            | StatementKind::Sleep(_)
            | StatementKind::Yield
            | StatementKind::Await(_)
            | StatementKind::Atomically(_)
            | StatementKind::Parallel(_)
            | StatementKind::ParallelFor { .. }
            | StatementKind::Select(_)
            | StatementKind::Block(_) => return,
        };
        let length = what.len() as u32;
        let place = Span { start: statement.span.start, end: statement.span.start + length };
        let message = format!(
            "`{what}` cannot stand directly in `parallel`: each of its statements runs in a thread of its own"
        );
        let hint = match what {
            "let" | "var" => "declare it before: `var a = nil`, then `parallel { a = f(); … }`",
            _ => "put it into the function or block that a statement runs, or behind the `parallel`",
        };
        self.problem(Diagnostic::error(Code::Syntax, place, message).hint(hint));
    }
}
