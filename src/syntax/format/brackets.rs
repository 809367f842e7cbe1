//! Brackets: what the author opened onto a line of its own stays open, everything else is one line if it fits.

use super::build::{Builder, INDENT};
use super::document::Document;
use super::nest::{Bracket, Node};
use crate::syntax::parse::marks::Sign;

impl<'t> Builder<'t> {
    pub fn bracket(&self, bracket: &Bracket) -> Document<'t> {
        match bracket.sign {
            Some(Sign::Block | Sign::ValueBlock) => self.block(bracket).group(),
            _ if bracket.inner.is_empty() => self.empty(bracket, Document::Nothing),
            _ => self.elements(bracket),
        }
    }

    fn token(&self, number: usize) -> Document<'t> {
        Document::Text(self.tokens[number].text)
    }

    fn empty(&self, bracket: &Bracket, inside: Document<'t>) -> Document<'t> {
        let (open, close) = (self.token(bracket.open), self.token(bracket.close));
        if !self.has_comments(bracket.close) {
            return Document::row(vec![open, inside, close]);
        }
        let comments = Document::row(self.comments(bracket.close, false)).indent(INDENT);
        Document::row(vec![open, comments, Document::Newline { blank: false }, close])
    }

    /// Its lines belong to the group around it.
    pub fn block(&self, bracket: &Bracket) -> Document<'t> {
        if bracket.inner.is_empty() {
            return self.empty(bracket, Document::Text(" "));
        }
        let statements = self.statements(&bracket.inner);
        let starts = statements.iter().map(|nodes| nodes[0].first());
        let open = starts.chain([bracket.close]).any(|token| self.tokens[token].newline);
        let mut inside = Vec::new();
        for (i, nodes) in statements.iter().enumerate() {
            let flat = if i == 0 { Document::Line(" ") } else { Document::Line("; ") };
            let line = if open { Document::Newline { blank: false } } else { flat };
            inside.push(self.break_before(nodes[0].first(), line, i > 0));
            inside.push(self.statement(nodes));
        }
        self.closed(
            bracket,
            inside,
            if open { Document::Newline { blank: false } } else { Document::Line(" ") },
        )
    }

    /// The bracket with what is inside, which begins with a line; and the line before its end.
    fn closed(&self, bracket: &Bracket, mut inside: Vec<Document<'t>>, line: Document<'t>) -> Document<'t> {
        let comments = self.comments(bracket.close, true);
        let line = if comments.is_empty() { line } else { Document::Newline { blank: false } };
        inside.extend(comments);
        let inside = Document::row(inside).indent(INDENT);
        Document::row(vec![self.token(bracket.open), inside, line, self.token(bracket.close)])
    }

    fn statements<'n>(&self, nodes: &'n [Node]) -> Vec<&'n [Node]> {
        let mut starts: Vec<usize> =
            (1..nodes.len()).filter(|i| self.tokens[nodes[*i].first()].begins).collect();
        starts.insert(0, 0);
        let ends = starts[1..].iter().copied().chain([nodes.len()]);
        starts.iter().zip(ends).map(|(start, end)| &nodes[*start..end]).collect()
    }

    /// Calls, lists, maps, parentheses.
    fn elements(&self, bracket: &Bracket) -> Document<'t> {
        let elements = self.between_commas(&bracket.inner);
        let open = self.tokens[bracket.inner[0].first()].newline;
        let shown: Vec<_> = elements.iter().map(|(nodes, _)| self.levels(nodes, INDENT)).collect();
        let others = &shown[..shown.len().saturating_sub(1)];
        let hugs = bracket.sign == Some(Sign::Call)
            && !open
            && shown.last().is_some_and(Document::is_forced)
            && !others.iter().any(Document::is_forced)
            && !self.has_comments(bracket.close)
            && elements.iter().all(|(nodes, _)| !self.stands_apart(nodes[0].first()));
        let mut inside = Vec::new();
        for (i, (element, (nodes, comma))) in shown.into_iter().zip(&elements).enumerate() {
            let line = match i {
                0 if open => Document::Newline { blank: false },
                0 => Document::Line(""),
                _ => Document::Line(" "),
            };
            inside.push(self.break_before(nodes[0].first(), line, i > 0));
            inside.push(element);
            if let Some(comma) = comma {
                inside.push(self.gap(nodes[nodes.len() - 1].last(), *comma));
                inside.push(Document::Text(","));
            }
        }
        if self.may_end_with_comma(bracket) {
            inside.push(Document::IfBroken(","));
        }
        if !hugs {
            return self.closed(bracket, inside, Document::Line("")).group();
        }
        let end = Document::row(vec![Document::Line(""), self.token(bracket.close)]);
        let hug = Document::Hug(INDENT, Box::new(Document::row(inside)), Box::new(end));
        Document::row(vec![self.token(bracket.open), hug])
    }

    /// With a comment or a blank line before it.
    fn stands_apart(&self, token: usize) -> bool {
        self.has_comments(token) || self.tokens[token].blank
    }

    /// The elements, each with the comma behind it.
    fn between_commas<'n>(&self, nodes: &'n [Node]) -> Vec<(&'n [Node], Option<usize>)> {
        let is_comma = |node: &Node| matches!(node, Node::Token(token) if self.tokens[*token].text == ",");
        let mut elements = Vec::new();
        let mut rest = nodes;
        while !rest.is_empty() {
            let end = rest.iter().position(is_comma);
            let (nodes, others) = rest.split_at(end.unwrap_or(rest.len()));
            let comma = others.first().map(Node::first);
            if !nodes.is_empty() {
                elements.push((nodes, comma));
            }
            rest = others.get(1..).unwrap_or_default();
        }
        elements
    }

    fn may_end_with_comma(&self, bracket: &Bracket) -> bool {
        let is_clause = |node: &Node| matches!(node, Node::Token(token) if self.tokens[*token].sign == Some(Sign::Clause));
        matches!(bracket.sign, Some(Sign::Call | Sign::List | Sign::Map))
            && !bracket.inner.iter().any(is_clause)
    }
}
