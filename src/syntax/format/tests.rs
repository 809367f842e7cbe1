//! What the formatter makes of texts, and what holds for all it makes.

use super::document::WIDTH;
use super::{Refused, format};
use crate::source::Source;
use crate::source::prepare::prepare;
use crate::syntax::parse::marks::marks;
use crate::syntax::{parse, properties};
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    format(&Source::new("test", text)).unwrap_or_else(|refused| panic!("{refused:?}\n{text}"))
}

/// The cases of `styles.txt`: a text, and what becomes of it, without its indentation.
fn cases() -> Vec<(String, String)> {
    let mut cases = vec![(String::new(), String::new())];
    for line in include_str!("styles.txt").lines().skip(2) {
        let (text, expected) = cases.last_mut().expect("never empty");
        if let Some(line) =
            line.strip_prefix("=> ").or(line.strip_prefix("   ").filter(|_| !expected.is_empty()))
        {
            *expected += &format!("{line}\n");
        } else if expected.is_empty() || line.is_empty() {
            let into = if expected.is_empty() { text } else { expected };
            *into += &format!("{line}\n");
        } else {
            cases.push((format!("{line}\n"), String::new()));
        }
    }
    let trim = |text: String| text.trim_end().to_string() + "\n";
    cases.into_iter().map(|(text, expected)| (text, trim(expected))).collect()
}

#[test]
fn texts_get_the_style() {
    let cases = cases();
    assert!(cases.len() > 20);
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, expected)| formatted(text) != *expected)
        .map(|(text, expected)| format!("{text}expected:\n{expected}found:\n{}", formatted(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
    for (_, expected) in cases {
        holds(&expected);
    }
}

/// What holds for every text that can be parsed.
fn holds(text: &str) {
    if !parse(&Source::new("test", text)).1.is_empty() {
        assert!(matches!(format(&Source::new("test", text)), Err(Refused::Errors(_))));
        return;
    }
    let once = formatted(text);
    assert_eq!(formatted(&once), once, "the second time is different, of\n{text}");
    assert_eq!(comments(&once), comments(text), "comments, of\n{text}");
    let is_good = |line: &str| !line.ends_with([' ', '\t']);
    // Spaces at the end of a line may be part of a text.
    assert!(text.contains("\"\"\"") || once.lines().all(is_good), "{once}");
    assert!(!once.starts_with('\n') && !once.ends_with("\n\n"), "{once:?}");
}

fn comments(text: &str) -> Vec<&str> {
    let prepared = prepare(text);
    let tokens = super::token::tokens(text, &prepared.text, &marks(&prepared.text));
    tokens.iter().flat_map(|token| token.comments.iter().map(|comment| comment.text)).collect()
}

#[test]
fn the_whole_language_is_formatted() {
    holds(include_str!("../whole.conc"));
    // With a comment behind every line, and then with everything on lines of its own.
    let text = include_str!("../whole.conc");
    let (before, in_text) = text.split_once("let s = \"\"\"").expect("the text of several lines");
    holds(&before.lines().map(|line| format!("{line} # c\n")).collect::<String>());
    let broken: String = before
        .chars()
        .map(|c| if matches!(c, '(' | '[' | ',') { format!("{c} # c\n") } else { c.into() })
        .collect();
    holds(&broken);
    holds(&format!("let s = \"\"\"{in_text}"));
}

#[test]
fn carriage_returns_and_tabs_go() {
    assert_eq!(formatted("\u{feff}if a {\r\n\tb # c\r\n}\r\n\r\n\r\n"), "if a {\n    b # c\n}\n");
    // Inside a text they are part of it.
    assert_eq!(formatted("x = \"\"\"a\r\n\tb\"\"\"\r\n"), "x = \"\"\"a\r\n\tb\"\"\"\n");
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\n\n"), "");
    assert_eq!(formatted("\n# c"), "# c\n");
}

#[test]
fn a_text_with_mistakes_is_left_alone() {
    let refused = format(&Source::new("test", "let = 3\nx = (")).expect_err("no script");
    assert!(matches!(refused, Refused::Errors(errors) if errors.len() == 2));
}

#[test]
fn deep_nesting_takes_no_time() {
    for (open, close) in [("f(", ")"), ("[", "]"), ("{\"a\": ", "}"), ("f(fn() { ", " })"), ("(1 + ", ")")] {
        let text = format!("x = {}1{}", open.repeat(90), close.repeat(90));
        let once = formatted(&text);
        assert_eq!(formatted(&once), once);
        assert!(once.lines().count() > 90 || once.len() < WIDTH);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_row_of_pieces_is_formatted(text in properties::pieces()) {
        holds(&text);
    }

    #[test]
    fn any_change_of_a_valid_script_is_formatted(text in properties::mutated()) {
        holds(&text);
    }

    /// However the spaces and newlines stand that mean nothing.
    #[test]
    fn spaces_do_not_matter(text in properties::respaced()) {
        holds(&text);
    }
}
