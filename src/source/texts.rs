//! Texts in quotes, as far as the scan in `prepare` must know them: where they end, and where `{` holds a value.

use super::Span;
use super::brackets::Kind;
use super::prepare::{Last, Scan};
use crate::report::{Code, Diagnostic};

/// How far a text that should have ended on its line is looked for its end.
const MOST_LINES: usize = 50;

impl Scan<'_> {
    pub fn inside_text(&mut self) {
        match self.next_in_text() {
            Some(b'"') => {
                self.pop();
                let end = self.at + 1;
                self.token(end, Last::Ends);
            }
            Some(b'{') => self.push(Kind::Hole, 1),
            Some(b'\\') => self.escape(),
            Some(b'\n') | None => {
                self.unterminated_text();
            }
            Some(_) => self.at += 1,
        }
    }

    pub fn inside_long_text(&mut self) {
        match self.next_in_text() {
            Some(b'"') if self.bytes[self.at..].starts_with(b"\"\"\"") => {
                self.pop();
                let end = self.at + 3;
                self.token(end, Last::Ends);
            }
            Some(b'{') => self.push(Kind::Hole, 1),
            Some(b'\\') => self.escape(),
            Some(_) => self.at += 1,
            None => {}
        }
    }

    /// Moves to the next character that may mean something in a text.
    fn next_in_text(&mut self) -> Option<u8> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| matches!(b, b'"' | b'{' | b'\\' | b'\n'));
        self.at += length.unwrap_or(rest.len());
        self.bytes.get(self.at).copied()
    }

    fn escape(&mut self) {
        let rest = &self.text[self.at + 1..];
        let length = if rest.starts_with("u{") {
            // Without its brace it is no such escape, and the `{` is left for the grammar to refuse.
            rest.find(['}', '"', '\n']).filter(|i| rest.as_bytes()[*i] == b'}').map_or(1, |i| i + 1)
        } else {
            rest.chars().next().filter(|c| *c != '\n' || self.short_texts == 0).map_or(0, char::len_utf8)
        };
        self.at += 1 + length;
    }

    /// The line ends inside a one-line text. The text is taken to end there, or before the closing brackets at
    /// the line's end. False when what is open is no such text.
    pub fn unterminated_text(&mut self) -> bool {
        let Some(index) = self.stack.iter().position(|open| open.kind == Kind::Text) else { return false };
        let open = self.stack[index];
        let has_hole = self.stack.len() > index + 1;
        let line_end = self.at;
        let mut diagnostic = Diagnostic::error(
            Code::BadText,
            Span::new(open.at, open.at + 1),
            "this text has no closing `\"` on its line",
        )
        .label("opened here")
        .hint("a text of several lines stands between `\"\"\"` and `\"\"\"`");
        if has_hole {
            diagnostic =
                diagnostic.note("`{` in a text begins a value; to write the brace itself, write `\\{`");
        }
        self.problems.push(diagnostic);
        while self.stack.len() > index {
            self.pop();
        }
        let tail = match self.closed_further_down(line_end) {
            Some(end) => end,
            None => self.closing_tail(open.at + 1, line_end),
        };
        self.harmless(open.at, tail, b'"', b'"');
        self.token(tail, Last::Ends);
        true
    }

    /// Where a text ends that was meant to have several lines: behind the first `"` below, if nothing but closing
    /// brackets follows it on its line. So what stands between is not taken for statements.
    fn closed_further_down(&self, line_end: usize) -> Option<usize> {
        let mut at = line_end + 1;
        for line in self.text.get(at..)?.split('\n').take(MOST_LINES) {
            if let Some(quote) = line.find('"') {
                let rest = line[quote + 1..].trim_start();
                let ends = rest.is_empty() || rest.starts_with([')', ']', '}', ',', ';']);
                // One that begins its line, or follows what a value follows, opens a text.
                let before = line[..quote].trim_end();
                let opens = before.is_empty() || before.ends_with(['(', '[', '{', ',', '=', '+']);
                return (ends && !opens).then_some(at + quote + 1);
            }
            at += line.len() + 1;
        }
        None
    }

    /// Where the brackets begin, at the end of a line, that close what is open around a text.
    fn closing_tail(&self, from: usize, to: usize) -> usize {
        let tail = &self.bytes[from..to];
        let length = tail.iter().rev().take_while(|b| b" \t\r,;)]}{".contains(b)).count();
        let mut start = to - length;
        while start < to {
            let mut expected: Vec<u8> = self.stack.iter().rev().map(|open| open.closer()).collect();
            expected.reverse();
            let fits = self.bytes[start..to].iter().all(|b| match b {
                b'{' => {
                    expected.push(b'}');
                    true
                }
                b')' | b']' | b'}' => expected.pop() == Some(*b),
                _ => true,
            });
            if fits {
                return start;
            }
            start += 1;
        }
        to
    }

    /// `'text'`, of which other languages make a text: said once, and then taken for one.
    pub fn single_quotes(&mut self) {
        self.begin(false);
        let rest = &self.text[self.at + 1..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let Some(length) = line.find('\'') else {
            let span = Span::new(self.at, self.at + 1);
            self.problems.push(
                Diagnostic::error(Code::BadText, span, "`'` means nothing here")
                    .hint("texts stand in `\"` and `\"`"),
            );
            self.blank(self.at, self.at + 1);
            self.at += 1;
            return;
        };
        let end = self.at + length + 2;
        let inside = line[..length].replace('"', "\\\"");
        self.problems.push(
            Diagnostic::error(Code::BadText, Span::new(self.at, end), "texts stand in double quotes")
                .hint(format!("write `\"{inside}\"`")),
        );
        self.harmless(self.at, end, b'"', b'"');
        self.token(end, Last::Ends);
    }

    /// Replaces a piece by something that parses: `first`, blanks, `last`.
    pub fn harmless(&mut self, from: usize, to: usize, first: u8, last: u8) {
        match to - from {
            0 => {}
            1 => self.out[from] = b'0',
            _ => {
                self.blank(from, to);
                self.out[from] = first;
                self.out[to - 1] = last;
            }
        }
    }
}
