//! Holds a stream's output against what its script expects. How lines are compared is `conc::lesson::compare`'s.

use super::expectation::Stream;
pub use conc::lesson::compare::{difference, lines, matches, matches_in_any_order};

/// What is wrong with one stream's output; None when it is as expected.
pub fn mismatch(name: &str, expected: &Stream, actual: &str, any_order: bool) -> Option<String> {
    let mut wrong = Vec::new();
    if let Some(lines_expected) = &expected.lines {
        let actual = lines(actual);
        let same = if any_order {
            matches_in_any_order(lines_expected, &actual)
        } else {
            matches(lines_expected, &actual)
        };
        if !same {
            let order = if any_order { " (in any order)" } else { "" };
            wrong.push(format!("{name} differs{order}:\n{}", difference(lines_expected, &actual, any_order)));
        }
    }
    for text in expected.has.iter().filter(|text| !actual.contains(text.as_str())) {
        wrong.push(format!("{name} lacks `{text}`; it is:\n{}", indented(actual)));
    }
    for text in expected.lacks.iter().filter(|text| actual.contains(text.as_str())) {
        wrong.push(format!("{name} should not have `{text}`; it is:\n{}", indented(actual)));
    }
    (!wrong.is_empty()).then(|| wrong.join("\n"))
}

fn indented(text: &str) -> String {
    if text.is_empty() {
        return "      (empty)\n".to_string();
    }
    text.lines().map(|line| format!("      {line}\n")).collect()
}
