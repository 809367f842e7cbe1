//! The golden harness itself: what it reads from comments, and that it notices every difference.

#[path = "harness/expectation.rs"]
mod expectation;
#[path = "harness/matching.rs"]
mod matching;

use expectation::{Stream, parse, update, verdict};
use matching::{difference, lines, matches, matches_in_any_order, mismatch};

fn strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| line.to_string()).collect()
}

#[test]
fn every_directive_is_read() {
    let script = "# expect: status 3\n# expect: args a b\n# expect: flags --timeout 2s\n\
                  # expect: command check --outcomes\n\
                  # expect: language zh\n\
                  # expect: stdin one\\ntwo\\n\n# expect: any-order\n# expect: repeat 20\nprint(1)\n\
                  # stdout:\n#   1\n#\n#     indented\n# stdout has: x\n# stdout lacks: y\n# stderr has: z: w\n";
    let found = parse(script).unwrap();
    assert_eq!(found.status, 3);
    assert_eq!(found.arguments, ["a", "b"]);
    assert_eq!(found.flags, ["--timeout", "2s"]);
    assert_eq!(found.command, ["check", "--outcomes"]);
    assert_eq!(found.language, "zh");
    assert_eq!(found.stdin, "one\ntwo\n");
    assert!(found.any_order);
    assert_eq!(found.repeat, 20);
    assert_eq!(found.stdout.lines, Some(strings(&["1", "", "  indented"])));
    assert_eq!(found.stdout.has, ["x"]);
    assert_eq!(found.stdout.lacks, ["y"]);
    assert_eq!(found.stderr.has, ["z: w"]);
}

#[test]
fn the_verdict_of_a_check_is_read() {
    let words = |script| verdict(script).unwrap().unwrap_or_default();
    assert_eq!(words("# check: race, deadlock\nprint(1)\n"), ["deadlock", "race"]);
    assert_eq!(words("print(1)\n# check: not known\n"), ["not known"]);
    assert_eq!(verdict("print(1)\n"), Ok(None));
    assert!(verdict("# check:\n").is_err());
    assert!(verdict("# check: race,\n").is_err());
    assert!(verdict("# check: holds\n# check: race\n").is_err());
}

#[test]
fn a_script_that_expects_nothing_is_refused() {
    assert!(parse("print(1)\n").unwrap_err().contains("never fail"));
    assert!(parse("# expect: any-order\nprint(1)\n").is_err());
    assert!(parse("print(1)\n# stdout:\n").is_ok(), "an empty block expects silence");
}

#[test]
fn mistakes_in_directives_are_named() {
    assert!(parse("\n# expect: statsu 3\n").unwrap_err().contains("line 2: unknown expectation `statsu`"));
    assert!(parse("# expect: repeat 0\n").is_err());
    assert!(parse("# expect: status three\n").is_err());
    assert!(parse("# stdout:\n#   1\n# stdout:\n#   2\n").unwrap_err().contains("second block"));
    assert!(parse("# stdout has:\n").is_err());
}

#[test]
fn comments_that_only_look_alike_are_comments() {
    let found = parse("# stdout is not a terminal\n# stdout:\n#   1\n# stderr goes elsewhere\n").unwrap();
    assert_eq!(found.stdout.lines, Some(strings(&["1"])));
    assert!(found.stderr.is_empty());
}

#[test]
fn lines_are_compared_exactly() {
    assert!(matches(&strings(&["a", "b"]), &strings(&["a", "b"])));
    assert!(!matches(&strings(&["a", "b"]), &strings(&["a"])));
    assert!(!matches(&strings(&["a"]), &strings(&["a", "b"])));
    assert!(!matches(&strings(&["a "]), &strings(&["a"])));
}

#[test]
fn dots_stand_for_any_lines() {
    assert!(matches(&strings(&["a", "...", "d"]), &strings(&["a", "b", "c", "d"])));
    assert!(matches(&strings(&["a", "..."]), &strings(&["a"])));
    assert!(!matches(&strings(&["a", "...", "d"]), &strings(&["a", "b"])));
    assert!(!matches(&strings(&["...", "a"]), &strings(&["a", "b"])));
}

#[test]
fn any_order_counts_each_line() {
    assert!(matches_in_any_order(&strings(&["a", "b", "a"]), &strings(&["b", "a", "a"])));
    assert!(!matches_in_any_order(&strings(&["a", "b", "a"]), &strings(&["b", "a", "b"])));
    assert!(!matches_in_any_order(&strings(&["a"]), &strings(&["a", "a"])));
    assert!(matches_in_any_order(&strings(&["a", "..."]), &strings(&["b", "a"])));
}

#[test]
fn has_and_lacks_look_anywhere() {
    let stream = Stream { lines: None, has: strings(&["wor"]), lacks: strings(&["bye"]) };
    assert_eq!(mismatch("stdout", &stream, "hello world\n", false), None);
    assert!(mismatch("stdout", &stream, "hello\n", false).unwrap().contains("lacks `wor`"));
    assert!(mismatch("stdout", &stream, "world, bye\n", false).unwrap().contains("should not have `bye`"));
}

#[test]
fn a_difference_marks_what_is_missing_and_what_is_too_much() {
    let shown = difference(&strings(&["a", "b", "c"]), &strings(&["a", "x", "c"]), false);
    assert_eq!(shown, "      a\n    - b\n    + x\n      c\n");
    assert_eq!(lines("a\n\nb\n"), ["a", "", "b"]);
}

#[test]
fn an_update_replaces_blocks_and_nothing_else() {
    let script = "print(1)\n# stdout:\n#   0\n#   old\n# a comment\n# stderr has: x\n";
    let new = update(script, Some(&strings(&["1", "", "2"])), None);
    assert_eq!(new, "print(1)\n# stdout:\n#   1\n#\n#   2\n# a comment\n# stderr has: x\n");
    let added = update("print(1)\n", Some(&strings(&["1"])), None);
    assert_eq!(added, "print(1)\n\n# stdout:\n#   1\n");
}

#[test]
fn what_needs_text_is_not_met_by_silence() {
    let needs = |script: &str| parse(script).expect("it is understood").stderr.needs_text();
    assert!(needs("# stderr:\n#   a line\n") && needs("# stderr has: a text\n"));
    assert!(!needs("# stderr:\n#   ...\n") && !needs("# stderr lacks: a text\n"));
}
