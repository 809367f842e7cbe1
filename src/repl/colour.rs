//! Colours for a line that is being typed. Looks at words, numbers, texts and comments only: most lines are not whole yet.

use conc::syntax;
use std::borrow::Cow;

const KEYWORD: &str = "1;34";
const DECLARES: &str = "36";
const NUMBER: &str = "33";
const TEXT: &str = "32";
const COMMENT: &str = "2";
const COMMAND: &str = "1;35";

/// The line with colours, of the same width.
pub fn paint(line: &str) -> Cow<'_, str> {
    if line.is_empty() {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + 32);
    let mut rest = line;
    if line.starts_with(':') {
        let end = line.find(char::is_whitespace).unwrap_or(line.len());
        push(&mut out, COMMAND, &line[..end]);
        rest = &line[end..];
    }
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        let (length, colour) = token(rest, first, after_dot);
        let (part, tail) = rest.split_at(length);
        match colour {
            Some(colour) => push(&mut out, colour, part),
            None => out.push_str(part),
        }
        after_dot = first == '.' || (after_dot && first.is_whitespace());
        rest = tail;
    }
    Cow::Owned(out)
}

fn push(out: &mut String, colour: &str, part: &str) {
    out.push_str(&format!("\x1b[{colour}m{part}\x1b[0m"));
}

/// How long the first thing is, and its colour.
fn token(rest: &str, first: char, after_dot: bool) -> (usize, Option<&'static str>) {
    match first {
        '#' => (rest.find('\n').unwrap_or(rest.len()), Some(COMMENT)),
        '"' => (text(rest), Some(TEXT)),
        '0'..='9' => (while_matches(rest, |c| c.is_alphanumeric() || c == '_'), Some(NUMBER)),
        c if c.is_alphabetic() || c == '_' => {
            let length = while_matches(rest, |c| c.is_alphanumeric() || c == '_');
            let colour = match &rest[..length] {
                _ if after_dot => None,
                word if syntax::DECLARING.contains(&word) => Some(DECLARES),
                word if syntax::is_reserved(word) => Some(KEYWORD),
                _ => None,
            };
            (length, colour)
        }
        other => (other.len_utf8(), None),
    }
}

fn while_matches(rest: &str, matches: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !matches(c)).unwrap_or(rest.len())
}

/// Up to the closing quote, or to the end of the line.
fn text(rest: &str) -> usize {
    if let Some(inside) = rest.strip_prefix("\"\"\"") {
        return inside.find("\"\"\"").map_or(rest.len(), |end| end + 6);
    }
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return at,
            '"' if !escaped => return at + 1,
            c => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without colours.
    fn plain(painted: &str) -> String {
        let colour = |part: &'_ str| part.split_once('m').map_or(String::new(), |(_, text)| text.to_string());
        let mut parts = painted.split("\x1b[");
        parts.next().unwrap_or_default().to_string() + &parts.map(colour).collect::<String>()
    }

    #[test]
    fn words_numbers_texts_and_comments_have_colours() {
        for (line, coloured) in [
            ("let x = 12", vec!["let", "12"]),
            ("lock 余额", vec!["lock"]),
            ("t.start # go", vec!["# go"]),
            ("\"a \\\" b\" in xs", vec!["\"a \\\" b\"", "in"]),
            (":load lock", vec![":load", "lock"]),
            ("\"\"\"a\nb\"\"\"", vec!["\"\"\"a\nb\"\"\""]),
            ("\"open", vec!["\"open"]),
        ] {
            let painted = paint(line);
            assert_eq!(plain(&painted), line);
            let parts: Vec<&str> = painted
                .split("\x1b[0m")
                .filter_map(|part| Some(part.split_once("\x1b[")?.1.split_once('m')?.1))
                .collect();
            assert_eq!(parts, coloured, "{line}");
        }
    }
}
