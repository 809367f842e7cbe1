//! What is wrong with text that is no statement, in a person's words.

use super::{Grammar, Pair, Parser, Rule};
use pest::Parser as _;
use pest::error::InputLocation;

impl Parser<'_> {
    /// Reports one mistake in an `invalid` piece of text, which was meant as `rule`.
    pub fn diagnose(&mut self, pair: &Pair, rule: Rule) {
        let text = pair.as_str();
        let start = pair.as_span().start();
        let at = match Grammar::parse(rule, text) {
            Ok(_) => 0,
            Err(error) => match error.location {
                InputLocation::Pos(at) => at,
                InputLocation::Span((at, _)) => at,
            },
        };
        let found = text[at..].trim_start();
        let span = self.place(start + at, start + at + found.chars().next().map_or(0, char::len_utf8));
        self.syntax_error(span, "this cannot be understood");
    }
}
