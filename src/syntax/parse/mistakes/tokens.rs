//! Words and signs of text that could not be parsed: just enough to talk about it.

use pest::unicode::{XID_CONTINUE, XID_START};

/// Longest first. Also signs of other languages, so that a message can show them whole.
const SIGNS: [&str; 40] = [
    "\"\"\"", "===", "!==", "...", "..=", "**=", "//=", "<<=", ">>=", "&&", "||", "++", "--", "->", "=>",
    "==", "!=", "<=", ">=", "<>", ":=", "**", "//", "<<", ">>", "..", "?.", "??", "::", "+=", "-=", "*=",
    "/=", "%=", "&=", "|=", "^=", "<-", "~=", "!~",
];

/// The first word, number, text or sign; empty at the end.
pub fn first_token(text: &str) -> &str {
    let Some(first) = text.chars().next() else { return "" };
    if is_word_start(first) || first.is_ascii_digit() {
        return &text[..text.find(|c| !XID_CONTINUE(c)).unwrap_or(text.len())];
    }
    if first == '"' {
        let end = text[1..].find(['"', '\n']).map_or(text.len(), |i| i + 2);
        return &text[..end.min(text.len())];
    }
    SIGNS
        .iter()
        .find(|sign| text.starts_with(**sign))
        .map_or(&text[..first.len_utf8()], |sign| &text[..sign.len()])
}

pub fn is_word_start(c: char) -> bool {
    XID_START(c) || c == '_'
}

pub fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(is_word_start)
}

/// The last word, number or character.
pub fn last_token(text: &str) -> &str {
    let text = text.trim_end();
    let word = text.trim_end_matches(XID_CONTINUE);
    if word.len() < text.len() {
        return &text[word.len()..];
    }
    text.char_indices().next_back().map_or("", |(i, _)| &text[i..])
}

/// The word after the first one.
pub fn second_token(text: &str) -> &str {
    first_token(text[first_token(text).len()..].trim_start())
}

/// The first `{` outside other brackets and texts, from an offset on.
pub fn first_brace(text: &str, from: usize) -> Option<usize> {
    let mut found = None;
    open_brackets(text, |at, open| {
        let here = at >= from && open.is_empty() && text[at..].starts_with('{');
        found = here.then_some(at);
        here
    });
    found
}

/// The brackets and quotes that are open at the end, or where `stop` says so.
pub fn open_brackets(text: &str, mut stop: impl FnMut(usize, &[char]) -> bool) -> Vec<char> {
    let mut open = Vec::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if stop(at, &open) {
            break;
        }
        match (c, open.last() == Some(&'"')) {
            ('\\', true) => {
                characters.next();
            }
            ('"', true) | (')' | ']' | '}', false) => {
                open.pop();
            }
            ('"', false) | ('{', _) | ('(' | '[', false) => open.push(c),
            _ => {}
        }
    }
    open
}

/// Whether the innermost bracket that is open at the end is this one.
pub fn is_open(before: &str, bracket: char) -> bool {
    innermost(before) == Some(bracket)
}

pub fn innermost(before: &str) -> Option<char> {
    open_brackets(before, |_, _| false).pop().filter(|c| *c != '"')
}

/// Text to be shown in a message: one line, and short. What stands at its end matters most.
pub fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let whole = words.join(" ");
    let length = whole.chars().count();
    if length <= 32 {
        return whole;
    }
    // From a word's beginning, where there is one.
    let tail: String = whole.chars().skip(length - 28).collect();
    let tail = tail.split_once(' ').map_or(tail.as_str(), |(_, rest)| rest);
    format!("… {tail}")
}
