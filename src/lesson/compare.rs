//! Compares output with what was expected of it, line by line, and shows the difference.
//!
//! In what is expected a line `...` stands for any number of lines, and `...` within a line for any text.

/// Stands for what may vary.
const ANY: &str = "...";

/// Outputs with more pairs of lines are compared from their first difference on, and so many lines of each are shown.
const MOST_PAIRS: usize = 4_000_000;
const SHOWN_LINES: usize = 20;

/// The lines of a stream, without the newline that ends the last one.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_string).collect()
}

/// Whether the lines are those of the pattern, in this order.
pub fn matches(pattern: &[String], actual: &[String]) -> bool {
    align(pattern, actual).is_some()
}

/// The pattern with what came in place of `...` within its lines; a line `...` stays. The lines must match.
pub fn filled(pattern: &[String], actual: &[String]) -> Vec<String> {
    let Some(places) = align(pattern, actual) else { return pattern.to_vec() };
    let line =
        |(line, place): (&String, usize)| if line == ANY { line.clone() } else { actual[place].clone() };
    pattern.iter().zip(places).map(line).collect()
}

/// For each line of the pattern the line that it is; for a line `...` any number. None when they do not match.
fn align(pattern: &[String], actual: &[String]) -> Option<Vec<usize>> {
    let mut places = vec![0; pattern.len()];
    let (mut p, mut a) = (0, 0);
    // The last `...` that was met, and the line up to which it stands for all.
    let mut any: Option<(usize, usize)> = None;
    while a < actual.len() {
        match pattern.get(p) {
            Some(line) if line == ANY => {
                any = Some((p, a));
                p += 1;
            }
            Some(line) if same(line, &actual[a]) => {
                places[p] = a;
                (p, a) = (p + 1, a + 1);
            }
            Some(_) | None => {
                // What does not fit behind it, it stands for.
                let (at, up_to) = any?;
                any = Some((at, up_to + 1));
                (p, a) = (at + 1, up_to + 1);
            }
        }
    }
    pattern[p..].iter().all(|line| line == ANY).then_some(places)
}

/// Whether a line is the one that is expected.
fn same(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split(ANY);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    // Without `...` there is nothing but the line itself.
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether they are the same lines, each as often; with `...` there may be others.
pub fn matches_in_any_order(pattern: &[String], actual: &[String]) -> bool {
    let mut left = actual.to_vec();
    let mut others_allowed = false;
    for line in pattern {
        if line == ANY {
            others_allowed = true;
            continue;
        }
        match left.iter().position(|candidate| same(line, candidate)) {
            Some(at) => drop(left.swap_remove(at)),
            None => return false,
        }
    }
    others_allowed || left.is_empty()
}

/// Both sides as one list: `-` is missing, `+` is too much. Of long outputs, from where they differ.
pub fn difference(expected: &[String], actual: &[String], any_order: bool) -> String {
    let (mut expected, mut actual) = (expected.to_vec(), actual.to_vec());
    if any_order {
        expected.sort();
        actual.sort();
    }
    let mut out = String::new();
    if expected.len().saturating_mul(actual.len()) > MOST_PAIRS {
        let alike = expected.iter().zip(&actual).take_while(|(line, other)| same(line, other)).count();
        out.push_str(&format!("      (the first {alike} lines are as expected)\n"));
        for side in [&mut expected, &mut actual] {
            side.drain(..alike);
            side.truncate(SHOWN_LINES);
        }
    }
    // In any order a line `...` has no place: what nothing else is like is what it stands for.
    let others_allowed = any_order && expected.iter().any(|line| line == ANY);
    expected.retain(|line| !others_allowed || line != ANY);
    let steps = steps(&expected, &actual);
    let (mut i, mut j) = (0, 0);
    while i < expected.len() || j < actual.len() {
        let step = steps[i][j].1;
        if matches!(step, Step::Missing | Step::Other) {
            out.push_str(&format!("    - {}\n", expected[i]));
        }
        if matches!(step, Step::TooMuch | Step::Other) && !others_allowed {
            out.push_str(&format!("    + {}\n", actual[j]));
        }
        if matches!(step, Step::Same | Step::AnyEnds) {
            out.push_str(&format!("      {}\n", expected[i]));
        }
        i += usize::from(matches!(step, Step::Missing | Step::Other | Step::Same | Step::AnyEnds));
        j += usize::from(matches!(step, Step::TooMuch | Step::Other | Step::Same | Step::Any));
    }
    if others_allowed {
        out.push_str(&format!("      {ANY}\n"));
    }
    out
}

/// How a comparison goes on from a place in either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Same,
    /// A line is in the place of the expected one.
    Other,
    Missing,
    TooMuch,
    /// One of the lines for which a `...` stands, and that there is no other.
    Any,
    AnyEnds,
}

/// For each pair of places the best way on, and how good it is: as many lines as possible are as expected (as in the
/// longest common subsequence), then as many as possible are what a `...` stands for.
fn steps(a: &[String], b: &[String]) -> Vec<Vec<(usize, Step)>> {
    const SAME: usize = 4;
    const OTHER: usize = 2;
    const ANY_LINE: usize = 1;
    let mut table = vec![vec![(0, Step::TooMuch); b.len() + 1]; a.len() + 1];
    for i in (0..=a.len()).rev() {
        for j in (0..=b.len()).rev() {
            let mut ways: Vec<(usize, Step)> = Vec::with_capacity(3);
            let is_any = a.get(i).is_some_and(|line| line == ANY);
            if i < a.len() && j < b.len() && !is_any && same(&a[i], &b[j]) {
                ways.push((table[i + 1][j + 1].0 + SAME, Step::Same));
            } else if i < a.len() && j < b.len() && !is_any && a.get(i + 1).is_some_and(|next| next == ANY) {
                // The `...` behind it would swallow the line in its place, and nobody would see that.
                ways.push((table[i + 1][j + 1].0 + OTHER, Step::Other));
            }
            if i < a.len() {
                ways.push((table[i + 1][j].0, if is_any { Step::AnyEnds } else { Step::Missing }));
            }
            if j < b.len() {
                let swallowed = table[i][j + 1].0 + if is_any { ANY_LINE } else { 0 };
                ways.push((swallowed, if is_any { Step::Any } else { Step::TooMuch }));
            }
            // Of equally good ways the first.
            if let Some(best) = ways.into_iter().reduce(|best, way| if way.0 > best.0 { way } else { best }) {
                table[i][j] = best;
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_take_no_time() {
        let actual: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let mut expected = actual.clone();
        expected[70_000] = "x".to_string();
        let many = vec![ANY.to_string(); 1000];
        assert!(matches(&actual, &actual) && !matches(&expected, &actual) && matches(&many, &actual));
        let shown = difference(&expected, &actual, false);
        assert!(
            shown.starts_with("      (the first 70000 lines are as expected)\n    - x\n    + 70000\n"),
            "{shown}"
        );
    }

    #[test]
    fn what_any_lines_stand_for_is_no_difference() {
        let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
        let shown = |expected: &str, actual: &str| difference(&lines(expected), &lines(actual), false);
        assert_eq!(shown("a\n...\nz", "b\n1\n2\nz"), "    - a\n    + b\n      ...\n      z\n");
        assert_eq!(shown("...\nm\n...\nz", "1\n2\nm\n3\ny"), "      ...\n      m\n      ...\n    - z\n");
        assert_eq!(shown("a\nb\nc", "a\nc\nd"), "      a\n    - b\n      c\n    + d\n");
        assert_eq!(shown("...", ""), "      ...\n");
        let unordered = difference(&lines("b\n...\na"), &lines("x\na\nc"), true);
        assert_eq!(unordered, "      a\n    - b\n      ...\n");
    }

    #[test]
    fn what_came_is_filled_in() {
        let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
        let (pattern, actual) = (lines("a ... b\n...\nlast ..."), lines("a 12 b\nx\nlast one\nlast two"));
        assert_eq!(filled(&pattern, &actual), lines("a 12 b\n...\nlast two"));
        assert_eq!(filled(&pattern, &lines("z")), pattern, "what does not match stays");
    }

    #[test]
    fn dots_within_a_line_stand_for_any_text() {
        assert!(same("child ... of ...", "child 12 of 7") && same("a...", "a") && same("...b", "ab"));
        assert!(same("a...b...c", "abbc") && same("x", "x") && same("a...a", "aa"));
        assert!(!same("child ... of 7", "child 12 of 8") && !same("a...a", "a") && !same("x", "xy"));
    }
}
