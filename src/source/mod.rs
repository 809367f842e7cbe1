//! A script's text and places in it: spans, lines and columns.
//!
//! Knows nothing of the language; the pass that prepares text for the parser is in `prepare`.

mod brackets;
pub mod prepare;
mod texts;

use std::fmt;
use std::sync::Arc;

/// A half-open range of byte offsets into one source text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// `{:+?}` leaves the numbers out, also of a whole tree: for what is to be compared without its places.
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if f.sign_plus() { f.write_str("Span") } else { write!(f, "{}..{}", self.start, self.end) }
    }
}

impl Span {
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at the first byte.
    pub fn at_start(self) -> Span {
        Span { start: self.start, end: self.start }
    }
}

/// One text with a name to show for it (`bank.conc`, `<stdin>`, `-e`).
#[derive(Debug)]
pub struct Source {
    pub name: Arc<str>,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl Source {
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        Source { name: name.into(), text, line_starts }
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|&start| start <= offset) as u32
    }

    /// The 1-based line and the 1-based column, in characters, of a byte offset.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.line_starts[line as usize - 1] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count());
        (line, column as u32 + 1)
    }

    /// The text of a 1-based line, without its newline.
    pub fn line_text(&self, line: u32) -> &str {
        let start = self.line_starts[line as usize - 1] as usize;
        let rest = &self.text[start..];
        rest.split('\n').next().unwrap_or(rest)
    }

    /// What stands in a 1-based line, from its first character that is no space to the last; nothing if there is no such line.
    pub fn line_span(&self, line: u32) -> Span {
        let Some(&start) = (line as usize).checked_sub(1).and_then(|at| self.line_starts.get(at)) else {
            return Span::default();
        };
        let text = self.line_text(line);
        let start = start as usize + text.len() - text.trim_start().len();
        Span::new(start, start + text.trim().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters() {
        let source = Source::new("t", "a\n余额 = 1\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(2 + "余额 ".len() as u32), (2, 4));
        assert_eq!(source.line_text(2), "余额 = 1");
        assert_eq!(source.line_span(2), Span::new(2, 2 + "余额 = 1".len()));
        assert_eq!((source.line_span(0), source.line_span(9)), (Span::default(), Span::default()));
        assert_eq!(source.line_column(1000).0, 3);
    }
}
