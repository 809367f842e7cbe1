//! Texts: their pieces, escapes, and the values in them.

use super::super::tree::{Expression, ExpressionKind, TextPart};
use super::{Pair, Parser, Rule, parts};
use crate::report::{Code, Diagnostic};

impl Parser<'_> {
    pub fn text(&mut self, pair: Pair) -> Expression {
        let span = self.span(&pair);
        let mut found = Vec::new();
        let mut literal = String::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::escape => literal.extend(self.escape(&part)),
                Rule::hole => {
                    push_literal(&mut found, &mut literal);
                    found.push(self.hole(part));
                }
                _ => literal.push_str(&part.as_str().replace("\r\n", "\n")),
            }
        }
        push_literal(&mut found, &mut literal);
        Expression { kind: ExpressionKind::Text(found), span }
    }

    fn hole(&mut self, pair: Pair) -> TextPart {
        let mut value = None;
        let mut format = None;
        for part in parts(pair) {
            if part.as_rule() == Rule::format {
                format = part.into_inner().next().map(|text| (text.as_str().into(), self.span(&text)));
            } else {
                value = Some(self.expression(part));
            }
        }
        TextPart::Value { value: Box::new(value.unwrap_or_else(super::statements::invalid)), format }
    }

    fn escape(&mut self, pair: &Pair) -> Option<char> {
        let text = pair.as_str();
        let found = match &text[1..] {
            "n" => Some('\n'),
            "t" => Some('\t'),
            "r" => Some('\r'),
            "0" => Some('\0'),
            "\\" => Some('\\'),
            "\"" => Some('"'),
            "{" => Some('{'),
            "}" => Some('}'),
            other => other
                .strip_prefix("u{")
                .and_then(|code| code.strip_suffix('}'))
                .filter(|code| code.chars().all(|c| c.is_ascii_hexdigit()))
                .and_then(|code| u32::from_str_radix(code, 16).ok())
                .and_then(char::from_u32),
        };
        if found.is_none() {
            let span = self.span(pair);
            let (message, hint) = if text.starts_with("\\u") {
                ("this is no character's number", "write it in hexadecimal, as in `\\u{1F512}`")
            } else {
                (
                    "no such escape in a text",
                    "there are `\\n \\t \\r \\0 \\\\ \\\" \\{ \\}` and `\\u{1F512}`; `\\` itself is `\\\\`",
                )
            };
            self.problem(Diagnostic::error(Code::BadText, span, message).hint(hint));
        }
        found
    }
}

fn push_literal(found: &mut Vec<TextPart>, literal: &mut String) {
    if !literal.is_empty() {
        found.push(TextPart::Literal(std::mem::take(literal).into()));
    }
}
