//! What `conc check` says of data races.

use super::*;

#[test]
fn a_race_tells_who_holds_which_lock() {
    let (source, findings) = race_on_a_list();
    let expected = r#"fails: data race on element 0 of xs
holds: no deadlock, no uncaught error, no failed assertion, no false invariant or ensure, no
  livelock, in all 1,135 states

How the data race comes about (no thread is interrupted on the way):

   line | main              | parallel-1                         | parallel-2
   -----+-------------------+------------------------------------+----------------------------------
      3 | starts parallel-1 |                                    |
        | starts parallel-2 |                                    |
      4 |                   | acquires guard                     |
        |                   | … is about to write element 0 of   |
        |                   |   xs                               |
      5 |                   |                                    | … is about to read element 0 of
        |                   |                                    |   xs

error: data race on element 0 of xs
 --> bank.conc:4:16
  |
4 |   with guard { xs[0] = 5 }
  |                ^^^^^^^^^ thread "parallel-1" writes it, holding guard
5 |   print(xs[0])
  |         ^^^^^^ thread "parallel-2" reads it, holding no lock
  |
  = note: nothing orders the two: either may come first
  = help: only thread "parallel-1" holds guard there; let thread "parallel-2" hold it too

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings, &source, 100), expected);
}

#[test]
fn the_cure_of_a_race_depends_on_what_the_threads_hold() {
    let source = src("var n = 0\nn += 1\n");
    let access = |thread: &str, holds: &[&str]| Access {
        thread: thread.into(),
        line: 2,
        span: find(&source, "n += 1"),
        write: true,
        holds: holds.iter().map(|label| label.to_string()).collect(),
    };
    let told = |a: &[&str], b: &[&str], shared: bool| {
        let race = Race { cell: "n".into(), shared, accesses: [access("a", a), access("b", b)] };
        let failure = failure(Property::Race, "data race on n", &["main"], Vec::new());
        plain(&findings(vec![Failure { race: Some(race), ..failure }]), &source, 100)
    };
    let said = |a: &[&str], b: &[&str]| told(a, b, false);
    let text = said(&["left"], &["right"]);
    let both = "  | ^^^^^^ thread \"a\" writes it, holding left; thread \"b\" writes it, holding right\n";
    assert!(text.contains(both), "{text}");
    assert!(
        text.contains("help: left and right are different locks: both have to hold the same one\n"),
        "{text}"
    );
    let text = said(&[], &["right"]);
    assert!(
        text.contains("help: only thread \"b\" holds right there; let thread \"a\" hold it too\n"),
        "{text}"
    );
    let text = said(&["book"], &["book"]);
    assert!(text.contains("help: both hold book, but it lets both in at once, or "), "{text}");
    let text = said(&[], &[]);
    assert!(text.contains("help: let both hold the same lock around it, or make it an `atomic`; "), "{text}");
    // A lock that is not shared each process has for itself.
    let text = told(&[], &[], true);
    assert!(
        text.contains("help: let both hold the same `shared lock` around it, or make it a `shared "),
        "{text}"
    );
    let text = told(&[], &["right"], true);
    assert!(
        text.contains("let thread \"a\" hold it too: between processes it has to be a `shared lock`\n"),
        "{text}"
    );
    let text = told(&["book"], &["book"], true);
    assert!(
        text.contains("or each process has a `book` of its own: let both hold one and the same `shared "),
        "{text}"
    );
}
