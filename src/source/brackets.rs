//! Brackets and texts that open and close: what to say when they do not match, and how to go on.
//!
//! Part of the scan in `prepare`. After every mistake the prepared text is in balance again.

use super::Span;
use super::prepare::{Last, Scan};
use crate::report::{Code, Diagnostic};
use pest::unicode::XID_START;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Parenthesis,
    Bracket,
    Brace,
    /// `{` inside a text.
    Hole,
    Text,
    /// `"""`.
    LongText,
}

impl Kind {
    fn opening(self) -> &'static str {
        match self {
            Kind::Parenthesis => "(",
            Kind::Bracket => "[",
            Kind::Brace | Kind::Hole => "{",
            Kind::Text => "\"",
            Kind::LongText => "\"\"\"",
        }
    }

    fn closing(self) -> u8 {
        match self {
            Kind::Parenthesis => b')',
            Kind::Bracket => b']',
            Kind::Brace | Kind::Hole => b'}',
            Kind::Text | Kind::LongText => b'"',
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::LongText)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Open {
    pub kind: Kind,
    pub at: usize,
    /// Where the statement began that this stands in.
    pub statement: usize,
    /// The holding words before it, to go on counting when it is closed.
    pub holding: usize,
}

impl Open {
    pub fn closer(&self) -> u8 {
        self.kind.closing()
    }

    fn span(&self) -> Span {
        Span::new(self.at, self.at + self.kind.opening().len())
    }
}

impl Scan<'_> {
    pub fn close(&mut self, closer: u8) {
        let own_line = self.is_first_on_line();
        self.begin(true);
        match self.stack.last().copied() {
            Some(open) if open.kind.closing() == closer => {
                if own_line && closer == b'}' {
                    self.compare_indentation(open);
                }
                self.pop();
                let end = self.at + 1;
                self.token(end, Last::Ends);
            }
            Some(open) => self.mismatch(closer, open),
            None => {
                let message = format!("`{}` closes nothing", closer as char);
                self.stray(Diagnostic::error(Code::Unclosed, self.here(), message));
            }
        }
    }

    fn here(&self) -> Span {
        Span::new(self.at, self.at + 1)
    }

    pub fn pop(&mut self) -> Option<Open> {
        let open = self.stack.pop()?;
        self.release();
        self.holding = open.holding;
        self.statement = open.statement;
        self.short_texts -= usize::from(open.kind == Kind::Text);
        Some(open)
    }

    /// A closing bracket that is too many: said once, and then as if it were not there.
    fn stray(&mut self, diagnostic: Diagnostic) {
        self.problems.push(diagnostic);
        self.blank(self.at, self.at + 1);
        self.at += 1;
    }

    fn mismatch(&mut self, closer: u8, open: Open) {
        let around = self.stack.iter().rposition(|o| o.kind.is_text()).map_or(0, |i| i + 1);
        let partner =
            self.stack[around..].iter().rposition(|o| o.kind.closing() == closer).map(|i| around + i);
        let closer_text = closer as char;
        let Some(partner) = partner else {
            let message = format!("`{closer_text}` does not close `{}`", open.kind.opening());
            let diagnostic = Diagnostic::error(Code::Unclosed, self.here(), message)
                .other(open.span(), "the bracket that is open here")
                .hint(format!("`{}` is closed by `{}`", open.kind.opening(), open.kind.closing() as char));
            if open.kind == Kind::Brace || open.kind == Kind::Hole {
                return self.stray(diagnostic);
            }
            // Most likely the wrong key: taken for the right one.
            self.problems.push(diagnostic);
            self.out[self.at] = open.kind.closing();
            self.pop();
            let end = self.at + 1;
            return self.token(end, Last::Ends);
        };
        self.problems.push(
            Diagnostic::error(
                Code::Unclosed,
                open.span(),
                format!("`{}` is never closed", open.kind.opening()),
            )
            .label("opened here")
            .other(self.here(), format!("this `{closer_text}` belongs to a bracket around it")),
        );
        let holder = self.stack[partner];
        let first = self.stack[partner + 1];
        while self.stack.len() > partner + 1 {
            self.pop();
        }
        match holder.kind {
            // The block goes on without the statement that was broken.
            Kind::Brace => {
                self.blank(first.statement, self.at);
                self.last = Last::Nothing;
            }
            Kind::Parenthesis | Kind::Bracket | Kind::Hole | Kind::Text | Kind::LongText => {
                self.harmless(holder.at + 1, self.at, b'0', b' ');
            }
        }
        self.pop();
        let end = self.at + 1;
        self.token(end, Last::Ends);
    }

    /// Words that only ever begin a statement, as the first of a line.
    pub fn begins_statement(&self, word: &str, end: usize) -> bool {
        match word {
            "let" | "var" | "while" | "loop" | "repeat" | "break" | "continue" | "return" | "throw"
            | "try" | "assert" | "defer" | "class" | "monitor" | "await" | "select" | "parallel" | "with"
            | "join" | "sleep" => true,
            "fn" => {
                let rest = self.text[end..].trim_start_matches([' ', '\t']);
                rest.starts_with(|c: char| XID_START(c) || c == '_')
            }
            _ => false,
        }
    }

    /// A statement begins inside `(` or `[`: they were left open on a line before.
    pub fn close_before_statement(&mut self) {
        if !self.inside(Kind::Parenthesis) && !self.inside(Kind::Bracket) || self.short_texts > 0 {
            return;
        }
        if self.stack.iter().any(|open| open.kind == Kind::LongText) {
            return;
        }
        let mut first = None;
        let mut last = None;
        while self.inside(Kind::Parenthesis) || self.inside(Kind::Bracket) {
            let open = self.pop();
            last = last.or(open);
            first = open;
        }
        if let (Some(first), Some(last)) = (first, last) {
            self.problems.push(
                Diagnostic::error(
                    Code::Unclosed,
                    last.span(),
                    format!("`{}` is never closed", last.kind.opening()),
                )
                .label("opened here")
                .other(self.here(), "a new statement begins here"),
            );
            self.blank(first.statement, self.at);
            self.end_statement();
        }
    }

    /// A brace that stands under another line than the one that opened it may be the wrong one.
    fn compare_indentation(&mut self, open: Open) {
        if self.suspect.is_none() && self.indentation(open.at) != self.indentation(self.at) {
            self.suspect = Some((open.at, self.at));
        }
    }

    fn indentation(&self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        self.bytes[line..at].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    pub fn end_of_text(&mut self) {
        let Some(&innermost) = self.stack.last() else {
            self.incomplete = self.problems.is_empty() && matches!(self.last, Last::Continues | Last::Dot);
            return;
        };
        self.incomplete = self.problems.is_empty();
        let text = self.stack.iter().find(|open| open.kind == Kind::LongText).copied();
        let open = text.unwrap_or(innermost);
        let message = match open.kind {
            Kind::LongText | Kind::Text => "this text is never closed".to_string(),
            Kind::Parenthesis | Kind::Bracket | Kind::Brace | Kind::Hole => {
                format!("`{}` is never closed", open.kind.opening())
            }
        };
        let mut diagnostic = Diagnostic::error(Code::Unclosed, open.span(), message).label("opened here");
        if let (Kind::Brace, Some((opened, closed))) = (open.kind, self.suspect) {
            diagnostic.span = Span::new(opened, opened + 1);
            diagnostic = diagnostic
                .other(Span::new(closed, closed + 1), "this `}` closes it, but stands under another line");
        }
        // Whose closing bracket may be in a text that had no end has been told enough.
        let after_text = self.problems.last().is_some_and(|problem| {
            let start = problem.span.start as usize;
            problem.code == Code::BadText && open.at < start && !self.text[open.at..start].contains('\n')
        });
        if !after_text {
            self.problems.push(diagnostic);
        }
        let braces = self.stack.iter().take_while(|open| open.kind == Kind::Brace).count();
        if let Some(open) = self.stack.get(braces).copied() {
            self.blank(open.statement, self.bytes.len());
        }
        self.out.extend(std::iter::repeat_n(b'}', braces));
    }
}
