//! Compares what a run wrote with what its script expects, and shows the difference. Knows nothing of files.

use super::expectation::Stream;

/// Stands for any number of lines.
const ANY_LINES: &str = "...";

/// The lines of a stream, without the newline that ends the last one.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_string).collect()
}

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

/// Whether the lines are those of the pattern, in this order.
pub fn matches(pattern: &[String], actual: &[String]) -> bool {
    match pattern.split_first() {
        None => actual.is_empty(),
        Some((first, rest)) if first == ANY_LINES => {
            (0..=actual.len()).any(|skip| matches(rest, &actual[skip..]))
        }
        Some((first, rest)) => {
            actual.split_first().is_some_and(|(line, others)| line == first && matches(rest, others))
        }
    }
}

/// Whether they are the same lines, each as often; with `...` there may be others.
pub fn matches_in_any_order(pattern: &[String], actual: &[String]) -> bool {
    let mut left = actual.to_vec();
    let mut others_allowed = false;
    for line in pattern {
        if line == ANY_LINES {
            others_allowed = true;
            continue;
        }
        match left.iter().position(|candidate| candidate == line) {
            Some(at) => drop(left.swap_remove(at)),
            None => return false,
        }
    }
    others_allowed || left.is_empty()
}

/// Both sides as one list: `-` is missing, `+` is too much.
pub fn difference(expected: &[String], actual: &[String], any_order: bool) -> String {
    let (mut expected, mut actual) = (expected.to_vec(), actual.to_vec());
    if any_order {
        expected.sort();
        actual.sort();
    }
    let common = common_lengths(&expected, &actual);
    let (mut i, mut j) = (0, 0);
    let mut out = String::new();
    while i < expected.len() || j < actual.len() {
        if i < expected.len() && j < actual.len() && expected[i] == actual[j] {
            out.push_str(&format!("      {}\n", expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == actual.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            out.push_str(&format!("    - {}\n", expected[i]));
            i += 1;
        } else {
            out.push_str(&format!("    + {}\n", actual[j]));
            j += 1;
        }
    }
    out
}

/// For each pair of places the length of the longest common subsequence from there on.
fn common_lengths(a: &[String], b: &[String]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i][j] =
                if a[i] == b[j] { table[i + 1][j + 1] + 1 } else { table[i + 1][j].max(table[i][j + 1]) };
        }
    }
    table
}

fn indented(text: &str) -> String {
    if text.is_empty() {
        return "      (empty)\n".to_string();
    }
    text.lines().map(|line| format!("      {line}\n")).collect()
}
