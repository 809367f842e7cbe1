//! A script's text as tokens, each with the comments and the blank line before it. What carries no meaning is left
//! out: `;`, the comma before a closing bracket, newlines.

use crate::syntax::parse::marks::{Marks, Sign};
use pest::unicode::{XID_CONTINUE, XID_START};
use unicode_width::UnicodeWidthStr;

#[derive(Debug)]
pub struct Token<'t> {
    pub text: &'t str,
    pub sign: Option<Sign>,
    /// A statement, or an arm of `select`, begins with it.
    pub begins: bool,
    /// What stands between the token before and this one.
    pub comments: Vec<Comment<'t>>,
    /// A newline is among it.
    pub newline: bool,
    /// A blank line stands directly before it.
    pub blank: bool,
}

#[derive(Debug)]
pub struct Comment<'t> {
    pub text: &'t str,
    pub own_line: bool,
    /// A blank line stands directly before it.
    pub blank: bool,
    /// Where it stood in its line.
    pub column: usize,
}

/// How wide a tab is taken to be that stands before a comment.
const TAB: usize = 4;

/// The tokens, and at the end an empty one, for the comments of the last lines. `prepared` is what the parser saw
/// of `text`.
pub fn tokens<'t>(text: &'t str, prepared: &str, marks: &Marks) -> Vec<Token<'t>> {
    let mut tokens = Vec::new();
    let mut before = Before::default();
    let mut at = 0;
    loop {
        let start = at + skip(&prepared[at..]);
        before.take(text, at, start);
        if start == text.len() {
            tokens.push(before.token("", None, false));
            return tokens;
        }
        let end = marks.ends.get(&start).copied().unwrap_or_else(|| start + length(&prepared[start..]));
        let sign = marks.signs.get(&start).copied();
        // The spaces inside are as they please.
        let spaced = sign == Some(Sign::Operator) && text[start..end].starts_with("not");
        let shown = if spaced { "not in" } else { &text[start..end] };
        tokens.push(before.token(shown, sign, marks.statements.contains(&start)));
        at = end;
    }
}

/// How long the text is that means nothing.
fn skip(prepared: &str) -> usize {
    let bytes = prepared.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b';' => at += 1,
            b',' => {
                let rest = prepared[at + 1..].trim_start_matches([' ', '\t', '\n']);
                if !rest.starts_with([')', ']', '}']) {
                    break;
                }
                at += 1;
            }
            _ => break,
        }
    }
    at
}

/// Of a word, or of one character of punctuation.
fn length(prepared: &str) -> usize {
    let mut characters = prepared.chars();
    let Some(first) = characters.next() else { return 0 };
    if XID_START(first) || first == '_' {
        prepared.find(|c: char| !XID_CONTINUE(c)).unwrap_or(prepared.len())
    } else {
        first.len_utf8()
    }
}

/// What has been read since the last token.
#[derive(Default)]
struct Before<'t> {
    comments: Vec<Comment<'t>>,
    newline: bool,
    /// Since the last token or comment.
    newlines: usize,
    /// Something stands before it in the text.
    inside: bool,
}

impl<'t> Before<'t> {
    fn take(&mut self, text: &'t str, from: usize, to: usize) {
        let mut at = from;
        while let Some(found) = text[at..to].find(['\n', '#']) {
            at += found;
            if text.as_bytes()[at] == b'\n' {
                self.newline = true;
                self.newlines += 1;
                at += 1;
                continue;
            }
            let end = text[at..to].find('\n').map_or(to, |length| at + length);
            self.comments.push(Comment {
                text: text[at..end].trim_end(),
                own_line: self.newlines > 0 || !self.inside,
                blank: self.newlines > 1,
                column: column(text, at),
            });
            self.inside = true;
            self.newlines = 0;
            at = end;
        }
    }

    fn token(&mut self, text: &'t str, sign: Option<Sign>, begins: bool) -> Token<'t> {
        let before = std::mem::take(self);
        self.inside = true;
        Token {
            text,
            sign,
            begins,
            comments: before.comments,
            newline: before.newline,
            blank: before.newlines > 1,
        }
    }
}

fn column(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = &text[line..at];
    before.width() + before.matches('\t').count() * (TAB - 1)
}
