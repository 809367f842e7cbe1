//! What holds for every text: no panic, spans inside the text and on characters, nodes numbered without gaps.

use super::{dump, is_incomplete, parse};
use crate::source::Source;
use proptest::prelude::*;

fn check(text: &str) {
    let source = Source::new("test", text);
    let (script, problems) = parse(&source);
    for problem in &problems {
        let places = problem.others.iter().map(|(span, _)| *span).chain([problem.span]);
        for span in places {
            let range = span.start as usize..span.end as usize;
            assert!(source.text.get(range.clone()).is_some(), "{range:?} {}", problem.message);
        }
        for rule in ["kw_", "_statement", "_operand", "header", "operation"] {
            assert!(!problem.message.contains(rule), "{}", problem.message);
        }
    }
    let tree = dump::script(&script);
    assert!(!tree.contains("INVALID") || !problems.is_empty(), "nothing is said about {text:?}");
    let debug = format!("{script:?}");
    let mut ids: Vec<u32> = node_ids(&debug);
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "a node's number is there twice");
    assert!(ids.last().is_none_or(|last| *last < script.nodes));
    if problems.is_empty() {
        assert_eq!(ids.len(), script.nodes as usize, "a node's number is missing");
    }
    is_incomplete(text);
}

/// The numbers after `id: `, `run_id: ` and `SelfReference(` in a tree as Rust shows it.
fn node_ids(debug: &str) -> Vec<u32> {
    let after = |mark: &str| {
        let number =
            |rest: &str| rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok();
        debug.split(mark).skip(1).filter_map(number).collect::<Vec<u32>>()
    };
    [after("id: "), after("SelfReference(")].concat()
}

const PIECES: &[&str] = &[
    "let ",
    "var ",
    "fn ",
    "fn(x) ",
    "=> ",
    "class A ",
    "thread t",
    "if ",
    "else ",
    "while ",
    "for x in ",
    "try ",
    "catch e ",
    "finally ",
    "select ",
    "with ",
    "timeout ",
    "join ",
    "start ",
    "defer ",
    "atomically ",
    "lock ",
    "timer ",
    "after ",
    "run ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\"\"\"",
    "'",
    "\n",
    ";",
    ",",
    ":",
    ".",
    "..",
    "=",
    "==",
    "+=",
    "+",
    "-",
    "**",
    "not ",
    "and ",
    "in ",
    "1",
    "2.5",
    "1s",
    "3x",
    "x",
    "y",
    "余额",
    " ",
    "#",
    "\\",
    "\\n",
    "\\u{",
    "self ",
    "true ",
    "\r\n",
    "!",
    "&&",
    "\u{301}",
    "\u{a0}",
    "，",
    "é",
    "shared ",
    "process ",
    "process w",
    "++",
    "\u{feff}",
];

/// The valid script with a few pieces put in, taken out or doubled.
pub fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..60usize, 0..PIECES.len());
    prop::collection::vec(change, 1..4).prop_map(|changes| {
        let mut text: Vec<char> = include_str!("whole.conc").chars().collect();
        for (place, length, piece) in changes {
            let start = place.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, PIECES[piece].chars());
        }
        text.into_iter().collect()
    })
}

pub fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(0..PIECES.len(), 0..60)
        .prop_map(|p| p.into_iter().map(|piece| PIECES[piece]).collect())
}

/// The valid script with some of its spaces and newlines made fewer, more, or comments.
pub fn respaced() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..5usize);
    prop::collection::vec(change, 1..20).prop_map(|changes| {
        let text = include_str!("whole.conc");
        let blanks: Vec<usize> =
            text.char_indices().filter(|(_, c)| matches!(c, ' ' | '\n')).map(|(at, _)| at).collect();
        let mut changed: Vec<(usize, usize)> =
            changes.into_iter().map(|(place, what)| (blanks[place.index(blanks.len())], what)).collect();
        changed.sort_unstable();
        changed.dedup_by_key(|(at, _)| *at);
        let mut text = text.to_string();
        for (at, what) in changed.into_iter().rev() {
            text.replace_range(at..=at, ["   ", "\n", "\n\n\n", " # c\n", "\n# c\n\n  # d\n"][what]);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_row_of_pieces_is_survived(text in pieces()) {
        check(&text);
    }

    #[test]
    fn any_change_of_a_valid_script_is_survived(text in mutated()) {
        check(&text);
    }
}

#[test]
fn the_trees_are_numbered_without_gaps() {
    check(include_str!("whole.conc"));
    check(include_str!("trees.txt"));
}

#[test]
fn more_lines_can_make_it_whole() {
    for (text, incomplete) in [
        ("", false),
        ("x = 1", false),
        ("x = 1 +", true),
        ("f(", true),
        ("f(1,\n", true),
        ("if a {\n b\n", true),
        ("if a { }", false),
        ("\"\"\"abc\n", true),
        ("\"abc\n", false),
        ("f(]", false),
        (")", false),
        ("x = 1 # (", false),
    ] {
        assert_eq!(is_incomplete(text), incomplete, "{text:?}");
    }
}
