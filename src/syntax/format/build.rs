//! From tokens to documents: statements, and what stands between two tokens.

use super::document::{Document, Line, lay_out};
use super::nest::{self, Node};
use super::token::Token;
use crate::syntax::parse::marks::Sign;

/// How far a block's statements are indented, and a statement's further lines.
pub const INDENT: usize = 4;
/// The further lines of what stands before a block, to be told from the block.
const HEADER: usize = 8;

pub struct Builder<'t> {
    pub tokens: &'t [Token<'t>],
}

/// The lines of a whole script.
pub fn lines<'t>(tokens: &'t [Token<'t>]) -> Vec<Line<'t>> {
    let builder = Builder { tokens };
    let mut lines = Vec::new();
    let mut at = 0;
    loop {
        // Statement by statement: a document is much larger than its text.
        let nodes = nest::statement(tokens, at);
        let mut parts = builder.comments(at, at > 0);
        let end = Document::Newline { blank: tokens[at].blank && (at > 0 || builder.has_comments(at)) };
        if nodes.is_empty() {
            if !parts.is_empty() {
                lay_out(&Document::row(parts), &mut lines);
            }
            return lines;
        }
        parts.extend([end, builder.statement(&nodes)]);
        lay_out(&Document::row(parts), &mut lines);
        at = nodes.last().map_or(tokens.len() - 1, |node| node.last() + 1);
    }
}

impl<'t> Builder<'t> {
    /// The comments before a token, without the end of the last one's line. The first of a block has no blank line
    /// above it.
    pub fn comments(&self, token: usize, blank: bool) -> Vec<Document<'t>> {
        let mut parts = Vec::new();
        for (i, comment) in self.tokens[token].comments.iter().enumerate() {
            if comment.own_line {
                parts.push(Document::Newline { blank: comment.blank && (blank || i > 0) });
                parts.push(Document::Text(comment.text));
            } else {
                parts.push(Document::Comment(comment.text, comment.column));
            }
        }
        parts
    }

    pub fn has_comments(&self, token: usize) -> bool {
        !self.tokens[token].comments.is_empty()
    }

    /// What stands before a token that may begin a line: `line`, unless there are comments or a blank line. The first
    /// of a block has no blank line above it (`inner` is false).
    pub fn break_before(&self, token: usize, line: Document<'t>, inner: bool) -> Document<'t> {
        let blank = self.tokens[token].blank;
        if self.has_comments(token) {
            let mut parts = self.comments(token, inner);
            parts.push(Document::Newline { blank });
            Document::row(parts)
        } else if blank && inner {
            Document::Newline { blank }
        } else {
            line
        }
    }

    /// What stands before a token that goes on with its line: nothing or a space, unless there are comments.
    pub fn gap(&self, before: usize, token: usize) -> Document<'t> {
        let space = if self.is_apart(before, token) { Document::Text(" ") } else { Document::Nothing };
        if self.has_comments(token) { self.break_before(token, space, false).indent(INDENT) } else { space }
    }

    /// Whether a space stands between two tokens of a line.
    fn is_apart(&self, before: usize, token: usize) -> bool {
        let (before, token) = (&self.tokens[before], &self.tokens[token]);
        let is_range = |token: &Token| token.text.starts_with("..");
        let sticks = matches!(token.text, "," | ":" | "." | ")" | "]")
            || matches!(token.sign, Some(Sign::Call | Sign::Index))
            || is_range(token);
        let holds = matches!(before.text, "(" | "[" | ".")
            || before.sign == Some(Sign::Prefix) && before.text != "not"
            || is_range(before);
        !sticks && !holds
    }

    /// What is to be read in one go, with the blocks in it and behind it.
    pub fn statement(&self, nodes: &[Node]) -> Document<'t> {
        let mut parts = Vec::new();
        let mut rest = nodes;
        let mut before = None;
        let mut has_blocks = false;
        while let Some(first) = rest.first() {
            if let Some(before) = before {
                let space = self.gap(before, first.first());
                // What goes on behind a block's `}` stands under it.
                let comments = self.has_comments(first.first());
                let line = Document::Text(" ");
                parts.push(if comments { self.break_before(first.first(), line, true) } else { space });
            }
            let length = rest.iter().position(|node| node.block().is_some());
            let (header, others) = rest.split_at(length.unwrap_or(rest.len()));
            if !header.is_empty() {
                let further = if others.is_empty() { INDENT } else { HEADER };
                parts.push(self.levels(header, further));
                before = header.last().map(Node::last);
            }
            rest = others;
            if let Some(block) = others.first().and_then(Node::block) {
                if !header.is_empty()
                    && let Some(before) = before
                {
                    parts.push(self.gap(before, block.open));
                }
                parts.push(self.block(block));
                has_blocks = true;
                before = Some(block.close);
                rest = &others[1..];
            }
        }
        let whole = Document::row(parts);
        // The blocks of one statement are all on its line, or all broken.
        if has_blocks { whole.group() } else { whole }
    }

    /// Tokens and brackets without an operator between them.
    pub fn operand(&self, nodes: &[Node], further: usize) -> Document<'t> {
        let dots: Vec<usize> = (0..nodes.len()).filter(|i| self.is_called_member(nodes, *i)).collect();
        let Some(first) = dots.first().filter(|_| dots.len() > 1) else { return self.run(nodes, None) };
        let (head, chain) = nodes.split_at(*first);
        let mut before = head.last().map(Node::last);
        let mut links = Vec::new();
        for (i, dot) in dots.iter().enumerate() {
            let end = dots.get(i + 1).copied().unwrap_or(nodes.len());
            let link = &chain[dot - first..end - first];
            links.push(self.break_before(link[0].first(), Document::Line(""), false));
            links.push(self.run(link, None));
            before = link.last().map(Node::last).or(before);
        }
        let links = Document::row(links).indent(further);
        Document::row(vec![self.run(head, None), links]).group()
    }

    /// Whether a dot stands there, with a name and a call behind it.
    fn is_called_member(&self, nodes: &[Node], at: usize) -> bool {
        matches!(nodes[at], Node::Token(token) if self.tokens[token].text == ".")
            && nodes.get(at + 2).is_some_and(Node::is_call)
    }

    /// Nodes one after the other, behind the token `before`.
    pub fn run(&self, nodes: &[Node], mut before: Option<usize>) -> Document<'t> {
        let mut parts = Vec::new();
        for node in nodes {
            if let Some(before) = before {
                parts.push(self.gap(before, node.first()));
            }
            parts.push(match node {
                Node::Token(token) => Document::Text(self.tokens[*token].text),
                Node::Bracket(bracket) => self.bracket(bracket),
            });
            before = Some(node.last());
        }
        Document::row(parts)
    }
}
