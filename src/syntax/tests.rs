//! What the parser makes of texts: tables of text and tree, text and message.

use super::parse;
use crate::source::Source;

/// Each problem as `line:column message`.
fn problems(text: &str) -> Vec<String> {
    let source = Source::new("test", text);
    let (_, problems) = parse(&source);
    let line = |p: &crate::report::Diagnostic| {
        let (line, column) = source.line_column(p.span.start);
        format!("{line}:{column} {}", p.message)
    };
    problems.iter().map(line).collect()
}

#[test]
fn the_whole_language_is_understood() {
    let text = include_str!("whole.conc");
    assert_eq!(problems(text), Vec::<String>::new());
}
