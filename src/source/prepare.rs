//! The pass before the grammar: one scan that makes a script safe and simple to parse.
//!
//! Every change keeps all offsets: comments and newlines that mean nothing become spaces, and what cannot be
//! mended (a text that never ends, a bracket that is never closed) is reported and replaced by something
//! harmless of the same length, so that the rest can still be parsed. It knows texts, brackets, words and
//! operators; what they mean together is the grammar's business.

use super::Span;
use super::brackets::{Kind, Open};
use crate::report::{Code, Diagnostic};
use pest::unicode::{XID_CONTINUE, XID_START};

/// How deep brackets, and words that hold something (`=>`, `defer`, …), may be nested: the parser and all that
/// walk the tree use the Rust stack.
pub const DEPTH_LIMIT: usize = 200;

pub struct Prepared {
    /// As long as the script's text, plus the braces that were missing at its end.
    pub text: String,
    pub problems: Vec<Diagnostic>,
    /// The deepest nesting there is.
    pub depth: usize,
    /// The text ends inside a bracket, a text or after an operator: more lines could make it whole.
    pub incomplete: bool,
}

pub fn prepare(text: &str) -> Prepared {
    let mut scan = Scan::new(text);
    scan.run();
    Prepared {
        // Only whole characters are replaced, so this is always UTF-8.
        text: String::from_utf8(scan.out).unwrap_or_default(),
        problems: scan.problems,
        depth: scan.deepest,
        incomplete: scan.incomplete,
    }
}

/// What the last thing before a newline says about the newline.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Nothing yet in this statement.
    Nothing,
    /// A `{`, after which a statement may begin.
    Opened,
    /// An operator, a comma, an opening bracket: the line goes on.
    Continues,
    /// A dot: what follows is a name even if it looks like a reserved word.
    Dot,
    Ends,
}

pub(super) struct Scan<'t> {
    pub text: &'t str,
    pub bytes: &'t [u8],
    pub out: Vec<u8>,
    pub at: usize,
    pub stack: Vec<Open>,
    pub problems: Vec<Diagnostic>,
    pub last: Last,
    /// The first newline since the last thing on a line.
    newline: Option<usize>,
    /// Where the statement began that is being read.
    pub statement: usize,
    /// Holding words since the statement began, in the innermost bracket and in all.
    pub holding: usize,
    pub all_holding: usize,
    deepest: usize,
    /// How many one-line texts are open.
    pub short_texts: usize,
    /// A closing brace that stands under another line than the one that opened it.
    pub suspect: Option<(usize, usize)>,
    pub incomplete: bool,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Scan<'t> {
        Scan {
            text,
            bytes: text.as_bytes(),
            out: text.as_bytes().to_vec(),
            at: 0,
            stack: Vec::new(),
            problems: Vec::new(),
            last: Last::Nothing,
            newline: None,
            statement: 0,
            holding: 0,
            all_holding: 0,
            deepest: 0,
            short_texts: 0,
            suspect: None,
            incomplete: false,
        }
    }

    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.blank(0, 3);
            self.at = 3;
        }
        loop {
            while self.at < self.bytes.len() {
                match self.stack.last().map(|open| open.kind) {
                    Some(Kind::Text) => self.inside_text(),
                    Some(Kind::LongText) => self.inside_long_text(),
                    Some(Kind::Parenthesis | Kind::Bracket | Kind::Brace | Kind::Hole) | None => self.code(),
                }
            }
            // A one-line text that is open here ends like one before a newline, and there may be more to read.
            if self.short_texts == 0 || !self.unterminated_text() {
                break;
            }
        }
        self.end_of_text();
    }

    /// One thing outside texts.
    fn code(&mut self) {
        let byte = self.bytes[self.at];
        match byte {
            b' ' | b'\t' => self.at += 1,
            b'\r' => self.blank_to(self.at + 1),
            b'\n' => self.line_end(),
            b'#' => {
                let end = self.text[self.at..].find('\n').map_or(self.bytes.len(), |i| self.at + i);
                self.blank_to(end);
            }
            b'"' => {
                self.begin(false);
                let long = self.bytes[self.at..].starts_with(b"\"\"\"");
                self.push(if long { Kind::LongText } else { Kind::Text }, if long { 3 } else { 1 });
            }
            b'\'' => self.single_quotes(),
            b'(' => self.open(Kind::Parenthesis),
            b'[' => self.open(Kind::Bracket),
            b'{' => self.open(Kind::Brace),
            b')' | b']' | b'}' => self.close(byte),
            b';' => {
                self.begin(false);
                self.at += 1;
                self.end_statement();
            }
            b'0'..=b'9' => {
                self.begin(false);
                let end = self.word_end(self.at);
                self.token(end, Last::Ends);
            }
            b':' if self.inside(Kind::Hole) => self.format(),
            byte if byte.is_ascii_alphabetic() || byte == b'_' => self.word(),
            byte if byte.is_ascii() => self.operator(byte),
            _ => self.beyond_ascii(),
        }
    }

    fn beyond_ascii(&mut self) {
        let Some(c) = self.text[self.at..].chars().next() else { return };
        let end = self.at + c.len_utf8();
        if XID_START(c) {
            self.word();
        } else if c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}') {
            self.blank_to(end);
        } else {
            self.begin(false);
            self.token(end, Last::Ends);
        }
    }

    fn word(&mut self) {
        let end = self.word_end(self.at);
        let word = &self.text[self.at..end];
        if self.last == Last::Dot {
            return self.token(end, Last::Ends);
        }
        if self.newline.is_some() && self.begins_statement(word, end) {
            self.close_before_statement();
        }
        self.begin(matches!(word, "else" | "catch" | "finally"));
        match word {
            "not" | "and" | "or" | "in" | "if" | "else" => self.token(end, Last::Continues),
            "start" | "atomically" | "defer" => {
                self.token(end, Last::Ends);
                self.hold();
            }
            _ => self.token(end, Last::Ends),
        }
    }

    fn operator(&mut self, byte: u8) {
        let rest = &self.bytes[self.at..];
        match byte {
            b'.' => {
                self.begin(true);
                let dots = rest.iter().take_while(|b| **b == b'.').count();
                self.token(self.at + dots, if dots == 1 { Last::Dot } else { Last::Continues });
            }
            b'=' if rest.starts_with(b"=>") => {
                self.begin(false);
                self.token(self.at + 2, Last::Continues);
                self.hold();
            }
            // `i++` is a mistake that must not swallow the next line.
            b'+' | b'-'
                if rest.get(1) == Some(&byte) && self.last == Last::Ends && self.newline.is_none() =>
            {
                self.token(self.at + 2, Last::Ends);
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'=' | b','
            | b':' => {
                self.begin(false);
                if byte == b',' && !self.inside(Kind::Brace) && !self.stack.is_empty() {
                    self.release();
                }
                self.token(self.at + 1, Last::Continues);
            }
            _ => {
                self.begin(false);
                self.token(self.at + 1, Last::Ends);
            }
        }
    }

    /// The text after `:` in `{x:8.2}`: nothing in it counts, up to the brace.
    fn format(&mut self) {
        self.begin(false);
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|b| matches!(b, b'}' | b'{' | b'"' | b'\n')) {
            Some(length) if rest[length] == b'}' => self.token(self.at + length, Last::Ends),
            Some(_) | None => self.token(self.at + 1, Last::Ends),
        }
    }

    fn line_end(&mut self) {
        if self.short_texts > 0 && self.unterminated_text() {
            return;
        }
        match self.stack.last().map(|open| open.kind) {
            Some(Kind::Brace) | None => {}
            Some(Kind::Parenthesis | Kind::Bracket | Kind::Hole | Kind::Text | Kind::LongText) => {
                self.out[self.at] = b' ';
            }
        }
        if self.newline.is_none() {
            self.newline = Some(self.at);
        }
        self.at += 1;
    }

    /// Called at every thing that is not blank, to decide about the newlines before it.
    pub fn begin(&mut self, joins: bool) {
        if let Some(newline) = self.newline.take() {
            if joins || matches!(self.last, Last::Opened | Last::Continues | Last::Dot) {
                self.blank_newlines(newline);
            } else if matches!(self.stack.last(), None | Some(Open { kind: Kind::Brace, .. })) {
                self.end_statement();
            }
        }
        if matches!(self.last, Last::Nothing | Last::Opened) {
            self.statement = self.at;
        }
    }

    /// Moves on to `end`, the end of the thing at the current place.
    pub fn token(&mut self, end: usize, last: Last) {
        self.at = end;
        self.last = last;
    }

    pub fn end_statement(&mut self) {
        self.last = Last::Nothing;
        self.release();
    }

    /// A word or sign that holds what follows it, so that many of them nest like brackets do.
    fn hold(&mut self) {
        self.holding += 1;
        self.all_holding += 1;
        self.deeper("this");
    }

    pub fn release(&mut self) {
        self.all_holding -= self.holding;
        self.holding = 0;
    }

    fn open(&mut self, kind: Kind) {
        self.begin(false);
        self.push(kind, 1);
        if kind == Kind::Brace {
            self.last = Last::Opened;
        }
    }

    pub fn push(&mut self, kind: Kind, length: usize) {
        self.stack.push(Open { kind, at: self.at, statement: self.statement, holding: self.holding });
        self.holding = 0;
        self.short_texts += usize::from(kind == Kind::Text);
        self.token(self.at + length, Last::Continues);
        self.deeper("this bracket");
    }

    /// Stops the scan where nesting gets too deep for anything that walks the tree.
    fn deeper(&mut self, what: &str) {
        let depth = self.stack.len() + self.all_holding;
        self.deepest = self.deepest.max(depth);
        if depth <= DEPTH_LIMIT {
            return;
        }
        let from = self.stack.first().map_or(self.statement, |open| open.statement);
        self.problems.push(
            Diagnostic::error(
                Code::TooDeep,
                Span::new(self.at - 1, self.at),
                format!("{what} is nested more than {DEPTH_LIMIT} levels deep"),
            )
            .hint("give the inner parts names of their own, with `let` or `fn`"),
        );
        self.deepest = DEPTH_LIMIT;
        self.blank(from, self.bytes.len());
        self.stack.clear();
        self.short_texts = 0;
        self.at = self.bytes.len();
        self.last = Last::Nothing;
    }

    pub fn inside(&self, kind: Kind) -> bool {
        self.stack.last().is_some_and(|open| open.kind == kind)
    }

    pub fn word_end(&self, from: usize) -> usize {
        let rest = &self.text[from..];
        from + rest.find(|c: char| !XID_CONTINUE(c)).unwrap_or(rest.len())
    }

    pub fn is_first_on_line(&self) -> bool {
        self.newline.is_some()
    }

    fn blank_newlines(&mut self, from: usize) {
        for byte in &mut self.out[from..self.at] {
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
    }

    pub fn blank(&mut self, from: usize, to: usize) {
        self.out[from..to].fill(b' ');
    }

    fn blank_to(&mut self, end: usize) {
        self.blank(self.at, end);
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::prepare;

    /// Newlines that still end something are shown as `|`.
    fn prepared(text: &str) -> String {
        let prepared = prepare(text);
        assert_eq!(prepared.text.len(), text.len(), "offsets are kept");
        assert!(prepared.problems.is_empty(), "{:?}", prepared.problems);
        let lines: Vec<String> =
            prepared.text.split('\n').map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        lines.join("|")
    }

    #[test]
    fn newlines_that_mean_nothing_are_blanks() {
        for (text, expected) in [
            ("a\nb", "a|b"),
            ("a +\n\n b", "a + b"),
            ("a,\r\nb\r\nc", "a, b|c"),
            ("a # x\n# y\nb", "a||b"),
            ("f(a\n)\nb", "f(a )|b"),
            ("f(fn() {\n a\n b\n})", "f(fn() { a|b })"),
            ("m = {\n1: 2,\n}\nb", "m = { 1: 2, }|b"),
            ("a\n.b\n  .c", "a .b .c"),
            ("a\nelse b\ncatch c\nfinally d\nelsewhere", "a else b catch c finally d|elsewhere"),
            ("x not\nin y", "x not in y"),
            ("x.not\nin y", "x.not|in y"),
            ("x =\n1", "x = 1"),
            ("fn(x) =>\n1", "fn(x) => 1"),
            ("i++\nb", "i++|b"),
            ("\"\"\"a\n# b {c\n+ d}\"\"\"\nd", "\"\"\"a|# b {c + d}\"\"\"|d"),
            ("\"# {x:#>5} \\\"\" # c", "\"# {x:#>5} \\\"\""),
            ("\u{feff}#!/usr/bin/env conc\nx\u{a0}= 1", "|x = 1"),
        ] {
            assert_eq!(prepared(text), expected, "{text:?}");
        }
    }

    #[test]
    fn missing_braces_are_added_at_the_end() {
        let prepared = prepare("if a {\n b\n");
        assert_eq!(prepared.text, "if a {  b\n}");
        assert_eq!(prepared.problems.len(), 1);
        assert!(prepared.incomplete);
    }
}
