//! What is wrong with text that is no statement, in a person's words.
//!
//! First come the mistakes that people are known to make (`handling`, `bodies`, `known`, `signs`) and words with a slip of the finger (`misspelt`), then what
//! the grammar had expected at the place where it got stuck (`expected`). One piece of text gets one message.

mod bodies;
mod expected;
mod handling;
mod known;
mod misspelt;
mod signs;
mod tokens;
mod words;

pub use words::{DECLARING, RESERVED, is_reserved};

use super::{Grammar, PROBLEM_LIMIT, Pair, Parser, Rule};
use crate::report::{Code, Diagnostic};
use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};
use tokens::first_token;

/// An `invalid` piece of text and where the grammar got stuck in it.
struct Stuck<'i> {
    text: &'i str,
    /// The first thing that did not fit; the end of the text when something was missing there.
    at: usize,
    /// What would have been possible instead.
    expected: Vec<Rule>,
}

impl<'i> Stuck<'i> {
    fn new(text: &'i str, rule: Rule) -> Stuck<'i> {
        let (at, expected) = match Grammar::parse(rule, text) {
            Ok(_) => (0, Vec::new()),
            Err(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
                match error.variant {
                    ErrorVariant::ParsingError { positives, .. } => (at, positives),
                    ErrorVariant::CustomError { .. } => (at, Vec::new()),
                }
            }
        };
        let rest = &text[at..];
        let blanks = rest.len() - rest.trim_start().len();
        Stuck { text, at: at + blanks, expected }
    }

    fn before(&self) -> &'i str {
        self.text[..self.at].trim()
    }

    fn rest(&self) -> &'i str {
        &self.text[self.at..]
    }

    fn token(&self) -> &'i str {
        first_token(self.rest())
    }

    /// The last thing before the place.
    fn previous(&self) -> &'i str {
        tokens::last_token(self.before())
    }
}

/// Takes out what a bracket that is missing before has caused: a `}` that closes nothing where the `{` of a header is missing,
/// an `else` behind a block that was not closed. `problems` are in the order of the text.
pub(super) fn without_consequences(problems: &mut Vec<Diagnostic>) {
    let (mut blocks_missing, mut open) = (0, false);
    problems.retain(|problem| {
        let says = |beginnings: &[&str]| beginnings.iter().any(|text| problem.message.starts_with(text));
        if says(&["`}` closes nothing"]) && blocks_missing > 0 {
            blocks_missing -= 1;
            return false;
        }
        let follows =
            ["unexpected `else`", "unexpected `catch`", "unexpected `finally`", "expected `,` or `}`"];
        if open && says(&follows) {
            return false;
        }
        blocks_missing += usize::from(says(&["expected a block `{`"]));
        open |= says(&["`{` is never closed"]);
        true
    });
}

/// What to say, before it has a place in the script.
struct Say {
    code: Code,
    message: String,
    hint: String,
    /// From the start of the text, when the mistake is not where the grammar got stuck.
    place: Option<(usize, usize)>,
}

impl Say {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Say {
        Say { code: Code::Syntax, message: message.into(), hint: hint.into(), place: None }
    }

    fn at(mut self, start: usize, length: usize) -> Say {
        self.place = Some((start, start + length));
        self
    }
}

impl Parser<'_> {
    /// Reports one mistake in an `invalid` piece of text, which was meant as `rule`.
    pub fn diagnose(&mut self, pair: &Pair, rule: Rule) {
        if self.problems.len() >= 10 * PROBLEM_LIMIT {
            return;
        }
        let text = pair.as_str().trim_end();
        let offset = pair.as_span().start();
        let stuck = Stuck::new(text, rule);
        let say = handling::say(&stuck)
            .or_else(|| bodies::say(&stuck))
            .or_else(|| known::by_first_word(&stuck))
            .or_else(|| misspelt::say(&stuck))
            .or_else(|| signs::by_token(&stuck))
            .unwrap_or_else(|| expected::say(&stuck, rule));
        let (start, end) = say.place.unwrap_or((stuck.at, stuck.at + stuck.token().len()));
        // A missing thing is shown right after what it is missing from.
        let (start, end) =
            if start >= text.len() { (text.len().saturating_sub(1), text.len()) } else { (start, end) };
        let start = (0..=start).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        // What depends on a broken statement is not broken by itself.
        let part_of_for = self.base + offset < self.counting;
        let consequence = self.after_invalid && words::depends_on_previous(first_token(text)) || part_of_for;
        if say.message == known::COUNTING {
            let line = &self.text[self.base + offset..];
            self.counting = self.base + offset + line.find('\n').unwrap_or(line.len());
        }
        if !consequence {
            let mut say = say;
            if say.message.starts_with("expected a block") && self.brace_follows(offset + text.len()) {
                say.hint = "the `{` stands on the same line".to_string();
            }
            let span = self.place(offset + start, offset + end);
            let mut diagnostic = Diagnostic::error(say.code, span, say.message);
            if !say.hint.is_empty() {
                diagnostic = diagnostic.hint(say.hint);
            }
            self.problem(diagnostic);
        }
        if part_of_for || words::has_block(first_token(text)) {
            let counting = std::mem::take(&mut self.counting);
            self.look_into_block(text, offset, if part_of_for { 0 } else { stuck.at.min(start) });
            self.counting = counting;
        }
    }

    fn brace_follows(&self, at: usize) -> bool {
        self.text[self.base + at..].trim_start().starts_with('{')
    }

    /// The statements in the block of a broken header may have mistakes of their own.
    fn look_into_block(&mut self, text: &str, offset: usize, from: usize) {
        let Some(brace) = tokens::first_brace(text, from) else { return };
        let (base, nodes) = (self.base, self.nodes);
        self.base += offset + brace;
        if let Ok(mut pairs) = Grammar::parse(Rule::block, &text[brace..])
            && let Some(block) = pairs.next()
            && self.deeper(1, self.place(0, 1))
        {
            // Only for its problems: the statement is no part of the tree, and its nodes are not counted.
            for item in super::parts(block) {
                self.item(item);
            }
            self.up(1);
        }
        self.base = base;
        self.nodes = nodes;
    }
}
