mod check;
mod stats;

use super::*;
use crate::report::runtime::{Deadlock, Ending, Left, Stuck, Unasked, status};
use crate::report::{Code, Diagnostic, Style};
use crate::source::{Source, Span};
use crate::value::Value;
use crate::value::error::{Error, Kind, Place};
use std::sync::Arc;

fn src(text: &str) -> Source {
    Source::new("bank.conc", text)
}

/// The span of the first occurrence of `part`.
fn find(source: &Source, part: &str) -> Span {
    let start = source.text.find(part).expect("the part is in the text");
    Span::new(start, start + part.len())
}

fn plain(list: &[Diagnostic], source: &Source) -> String {
    diagnostics(list, source, &Style::plain())
}

#[test]
fn a_diagnostic_points_under_chinese_text_and_explains() {
    let source = src("let a = 1\nlet 余额 = cuont + 1\n");
    let diagnostic =
        Diagnostic::error(Code::UndefinedName, find(&source, "cuont"), "undefined name \"cuont\"")
            .label("not known here")
            .other(find(&source, "a"), "declared here")
            .note("a note")
            .hint("did you mean \"count\"?");
    let expected = r#"error[E0201]: undefined name "cuont"
 --> bank.conc:2:10
  |
1 | let a = 1
  |     - declared here
2 | let 余额 = cuont + 1
  |            ^^^^^ not known here
  |
  = note: a note
  = help: did you mean "count"?
"#;
    assert_eq!(plain(&[diagnostic], &source), expected);
}

#[test]
fn a_tab_is_four_columns_for_the_caret_too() {
    let source = src("if x {\n\tlet y = z\n}");
    let diagnostic = Diagnostic::error(Code::UndefinedName, find(&source, "z"), "undefined name \"z\"");
    let expected = r#"error[E0201]: undefined name "z"
 --> bank.conc:2:10
  |
2 |     let y = z
  |             ^
"#;
    assert_eq!(plain(&[diagnostic], &source), expected);
}

#[test]
fn the_end_of_the_text_is_behind_its_last_character() {
    let source = src("fn f() {\n  x\n\n");
    for beyond in [source.text.len(), 500] {
        let span = Span { start: beyond as u32, end: 300 };
        let diagnostic = Diagnostic::error(Code::Syntax, span, "a `}` is missing").label("here");
        let expected = r#"error[E0101]: a `}` is missing
 --> bank.conc:2:4
  |
2 |   x
  |    ^ here
"#;
        assert_eq!(plain(&[diagnostic], &source), expected);
    }
    let nothing = Diagnostic::error(Code::Syntax, Span::default(), "nothing here");
    assert_eq!(
        plain(&[nothing], &src("")),
        "error[E0101]: nothing here\n --> bank.conc:1:1\n  |\n1 |\n  | ^\n"
    );
}

#[test]
fn a_span_over_several_lines_is_drawn_as_one() {
    let source = src("fn f() {\n  x\n}\n");
    let diagnostic = Diagnostic::error(Code::Syntax, find(&source, "{\n  x\n}"), "bad block").label("this");
    let expected = r#"error[E0101]: bad block
 --> bank.conc:1:8
  |
1 |   fn f() {
  |  ________^
2 | |   x
3 | | }
  | |_^ this
"#;
    assert_eq!(plain(&[diagnostic], &source), expected);
}

#[test]
fn errors_come_first_in_order_of_place_and_are_counted() {
    let source = src("a\nb\nc\n");
    let list = [
        Diagnostic::warning(Code::UndefinedName, find(&source, "a"), "first line"),
        Diagnostic::error(Code::Syntax, find(&source, "c"), "third line"),
        Diagnostic::error(Code::Syntax, find(&source, "b"), "second line"),
    ];
    let expected = r#"error[E0101]: second line
 --> bank.conc:2:1
  |
2 | b
  | ^

error[E0101]: third line
 --> bank.conc:3:1
  |
3 | c
  | ^

warning[E0201]: first line
 --> bank.conc:1:1
  |
1 | a
  | ^

2 errors, 1 warning
"#;
    assert_eq!(plain(&list, &source), expected);
    assert_eq!(plain(&[], &source), "");
}

#[test]
fn many_diagnostics_are_cut_short() {
    let source = src("a\n");
    let list = vec![Diagnostic::error(Code::Syntax, find(&source, "a"), "again"); 50];
    let text = plain(&list, &source);
    assert_eq!(text.matches("again").count(), 20);
    assert!(text.ends_with("\n… and 30 more\n\n50 errors\n"), "{text}");
}

fn raised(error: Error, source: &Source, part: &str, thread: &str, calls: &[(&str, u32)]) -> Error {
    let span = find(source, part);
    let calls = calls.iter().map(|(name, line)| (Arc::from(*name), *line)).collect();
    let place = Place { thread: thread.into(), span, line: source.line(span.start), calls, left_out: 0 };
    error.place.set(place).expect("a new error has no place");
    error
}

#[test]
fn an_uncaught_error_tells_thread_calls_and_locks() {
    let source = src("fn share(n) {\n  return 10 / n\n}\nlock guard\nwith guard { share(0) }\n");
    let error = Error::new(Kind::Zero, "division by zero");
    let error = raised(error, &source, "10 / n", "teller-1", &[("share", 2), ("teller", 5), ("<script>", 9)]);
    let expected = r#"error[E0313]: division by zero
 --> bank.conc:2:10
  |
2 |   return 10 / n
  |          ^^^^^^ in share, in thread "teller-1"
  |
  = called from teller (line 5)
  = called from the script (line 9)
  = note: it held guard (line 5)
  = help: check the divisor before dividing
"#;
    assert_eq!(uncaught(&error, "teller-1", &[("guard".into(), 5)], &source, &Style::plain()), expected);
}

#[test]
fn an_uncaught_error_keeps_its_first_place_and_its_own_hint() {
    let source = src("let t = start {\n  throw error(\"mine\", \"no money\")\n}\nprint(t.result)\n");
    let error = Error::new(Kind::Other("mine".into()), "no money").note("why").hint("earn some");
    let error = raised(error, &source, "throw error(\"mine\", \"no money\")", "thread-1 (line 1)", &[]);
    let other = Error::new(Kind::Index, "index 7 out of range");
    let other = raised(other, &source, "start", "thread-2 (line 1)", &[]);
    error.attached.lock().push(Value::Error(Arc::new(other)));
    let expected = r#"error[E0300]: no money
 --> bank.conc:2:3
  |
2 |   throw error("mine", "no money")
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ in thread "thread-1 (line 1)"
  |
  = note: it reached thread "main" from there, and was not caught
  = note: its kind is "mine"
  = note: why
  = note: thread "thread-2 (line 1)" failed too (line 1): index 7 out of range
  = help: earn some
"#;
    assert_eq!(uncaught(&error, "main", &[], &source, &Style::plain()), expected);
}

#[test]
fn an_error_without_a_place_is_still_told() {
    let error = Error::new(Kind::State, "odd\nthing");
    let expected = "error[E0319]: odd thing\n |\n = in thread \"main\"\n";
    assert_eq!(uncaught(&error, "main", &[], &src(""), &Style::plain()), expected);
}

#[test]
fn a_block_that_failed_is_marked_on_its_first_line_only() {
    let source = src("parallel {\n  a()\n}\n");
    let error = raised(Error::new(Kind::Error, "x"), &source, "parallel {\n  a()\n}", "main", &[]);
    let expected = r#"error[E0300]: x
 --> bank.conc:1:1
  |
1 | parallel {
  | ^^^^^^^^^^ in thread "main"
"#;
    assert_eq!(uncaught(&error, "main", &[], &source, &Style::plain()), expected);
}

#[test]
fn recursion_is_counted_and_long_chains_lose_their_middle() {
    let source = src("fn f(n) => f(n + 1)\n");
    let error = Error::new(Kind::Recursion, "too deep");
    let mut calls = vec![("f", 1); 1000];
    calls.push(("<script>", 3));
    let error = raised(error, &source, "f(n + 1)", "main", &calls);
    let text = uncaught(&error, "main", &[], &source, &Style::plain());
    assert!(
        text.contains("= called from f (line 1), 999 times\n  = called from the script (line 3)\n"),
        "{text}"
    );

    let error = Error::new(Kind::Recursion, "too deep");
    let calls: Vec<(&str, u32)> = (0..1000).map(|i| (if i % 2 == 0 { "even" } else { "odd" }, 1)).collect();
    let error = raised(error, &source, "f(n + 1)", "main", &calls);
    let text = uncaught(&error, "main", &[], &source, &Style::plain());
    assert_eq!(text.matches("called from").count(), 10);
    assert!(text.contains("= … 989 more calls …\n"), "{text}");
}

fn stuck(thread: &str, holds: &[(&str, u32)], waits: &str, line: u32) -> Stuck {
    let holds = holds.iter().map(|(label, line)| (label.to_string(), *line)).collect();
    Stuck { thread: thread.into(), holds, waits: waits.into(), line }
}

#[test]
fn a_deadlock_is_told_in_columns() {
    let text: String = (1..=16).map(|i| format!("\tline {i}\n")).collect();
    let report = Deadlock {
        threads: vec![
            stuck("first", &[("left", 6)], "waits for right", 8),
            stuck("second", &[("right", 13)], "waits for left", 15),
        ],
        cycle: true,
        notes: vec![],
    };
    let expected = r#"deadlock: 2 threads wait for each other
  thread "first"   holds left  (line 6), waits for right (line 8)
  thread "second"  holds right (line 13), waits for left (line 15)
  --> bank.conc
 6 |     line 6
 8 |     line 8
13 |     line 13
15 |     line 15
  help: let every thread take them in the same order, or give up with a timeout
"#;
    assert_eq!(deadlock(&report, &src(&text), &Style::plain()), expected);
}

#[test]
fn a_thread_that_waits_for_itself() {
    let report =
        Deadlock { threads: vec![stuck("main", &[("m", 1)], "waits for m", 2)], cycle: true, notes: vec![] };
    let expected = r#"deadlock: thread "main" waits for itself
  thread "main"  holds m (line 1), waits for m (line 2)
 --> bank.conc
1 | with m {
2 | with m { } }
  help: it holds what it waits for; an `rlock` may be acquired again by its holder
"#;
    assert_eq!(deadlock(&report, &src("with m {\nwith m { } }\n"), &Style::plain()), expected);
}

#[test]
fn threads_that_nobody_can_release() {
    let report = Deadlock {
        threads: vec![
            stuck("main", &[], "joins 工人-1", 9),
            stuck("工人-1", &[("a", 1), ("b", 2)], "waits in jobs.get()", 3),
        ],
        cycle: false,
        notes: vec!["nobody is left who could put into jobs".into()],
    };
    let expected = r#"deadlock: 2 threads wait, and no thread is left that could release them
  thread "main"    joins 工人-1 (line 9)
  thread "工人-1"  holds a (line 1), b (line 2), waits in jobs.get() (line 3)
 --> bank.conc
1 | x
  note: nobody is left who could put into jobs
"#;
    assert_eq!(deadlock(&report, &src("x"), &Style::plain()), expected);
    let alone =
        Deadlock { threads: vec![stuck("main", &[], "waits in q.get()", 0)], cycle: false, notes: vec![] };
    let expected = r#"deadlock: thread "main" waits, and no thread is left that could release it
  thread "main"  waits in q.get()
"#;
    assert_eq!(deadlock(&alone, &src(""), &Style::plain()), expected);
}

#[test]
fn threads_stuck_alike_are_counted() {
    let threads = (0..98).map(|i| stuck(&format!("w-{i}"), &[], "waits for go", 2)).collect();
    let report = Deadlock { threads, cycle: false, notes: vec![] };
    let expected = r#"deadlock: 98 threads wait, and no thread is left that could release them
  thread "w-0"  waits for go (line 2)
  thread "w-1"  waits for go (line 2)
  thread "w-2"  waits for go (line 2)
  … and 95 more like these
 --> bank.conc
2 | go.wait()
"#;
    assert_eq!(deadlock(&report, &src("event go\ngo.wait()\n"), &Style::plain()), expected);
}

fn left(thread: &str, doing: &str, line: u32) -> Left {
    Left { thread: thread.into(), doing: doing.into(), line, holds: Vec::new() }
}

fn end(ending: Ending) -> String {
    super::ending(&ending, &src("x\n"), &Style::plain())
}

#[test]
fn nothing_is_said_of_a_run_that_simply_ended() {
    assert_eq!(end(Ending { started: 5, ..Ending::default() }), "");
    assert_eq!(end(Ending { status: 1, failed: 1, started: 1, ..Ending::default() }), "");
    assert_eq!(end(Ending { status: status::TIMEOUT, ..Ending::default() }), "", "that was exit(124)");
}

#[test]
fn what_was_not_looked_at_for_races_is_told() {
    assert_eq!(
        end(Ending { unseen_uses: 7, ..Ending::default() }),
        "note: --race had no room for 7 uses of what is shared: there may be more data races\n"
    );
}

#[test]
fn abandoned_threads_are_named_and_grouped() {
    let abandoned = vec![left("beat", "sleeps", 7)];
    assert_eq!(
        end(Ending { abandoned, ..Ending::default() }),
        "note: 1 daemon thread was abandoned: beat (sleeps, line 7); its cleanup did not run\n"
    );
    let abandoned = vec![left("main", "runs", 2), left("w-1", "sleeps", 7)];
    assert_eq!(
        end(Ending { abandoned, exited: true, ..Ending::default() }),
        "note: 2 threads were abandoned: main (runs, line 2), w-1 (sleeps, line 7); their cleanup did not run\n"
    );
    let mut abandoned: Vec<Left> = (0..96).map(|i| left(&format!("w-{i}"), "waits for go", 3)).collect();
    abandoned.push(left("beat", "sleeps", 7));
    assert_eq!(
        end(Ending { abandoned, ..Ending::default() }),
        "note: 97 daemon threads were abandoned: w-0 (waits for go, line 3) and 95 more like it, \
         beat (sleeps, line 7); their cleanup did not run\n"
    );
    let abandoned = (0..15).map(|i| left(&format!("w-{i}"), "runs", i)).collect();
    let text = end(Ending { abandoned, ..Ending::default() });
    assert!(text.contains("w-9 (runs, line 9), … and 5 more; their cleanup"), "{text}");
}

#[test]
fn failed_threads_and_errors_nobody_asked_for() {
    let source = src("1 / 0\n");
    let error = raised(Error::new(Kind::Zero, "division by zero"), &source, "1 / 0", "p worker 1", &[]);
    let error = Arc::new(error);
    let future =
        Unasked { what: "future of fetch (line 12)".into(), error: error.clone(), in_parallel: false };
    let unasked = vec![future, Unasked::branch("w-2", &error)];
    let text = end(Ending { status: 1, failed: 1, started: 3, unasked, ..Ending::default() });
    let expected = "error[E0313]: future of fetch (line 12) failed with \"division by zero\" (line 1), \
                    and nobody asked for its result\nerror[E0313]: thread \"w-2\" failed with \
                    \"division by zero\" (line 1), and its `parallel` has not ended\n1 of 3 threads failed\n";
    assert_eq!(text, expected);
}

#[test]
fn an_interrupted_run_tells_where_its_threads_stood() {
    let holds = vec![("guard".to_string(), 7), ("log".to_string(), 8)];
    let mut interrupted = vec![Left { holds, ..left("main", "joins teller-1", 9) }];
    interrupted.extend((1..=5).map(|i| left(&format!("teller-{i}"), "sleeps", 4)));
    let ending = Ending { status: status::INTERRUPTED, interrupted, ..Ending::default() };
    let expected = r#"interrupted: the threads stood here
  thread "main"      joins teller-1 (line 9), holds guard (line 7), log (line 8)
  thread "teller-1"  sleeps (line 4), and 4 more like it
"#;
    assert_eq!(end(ending.clone()), expected);
    let text = end(Ending { status: status::TIMEOUT, ..ending });
    assert!(
        text.starts_with("timeout: the time of --timeout was over, and the threads stood here\n"),
        "{text}"
    );
}

#[test]
fn colour_is_used_where_it_is_wanted_only() {
    let source = src("a\n");
    let list = [Diagnostic::error(Code::Syntax, find(&source, "a"), "bad")];
    let report = Deadlock { threads: vec![stuck("main", &[], "waits", 1)], cycle: false, notes: vec![] };
    assert!(diagnostics(&list, &source, &Style::coloured()).contains("\x1b["));
    assert!(deadlock(&report, &source, &Style::coloured()).contains("\x1b["));
    assert!(!diagnostics(&list, &source, &Style::plain()).contains('\x1b'));
    assert!(!deadlock(&report, &source, &Style::plain()).contains('\x1b'));
}

#[test]
fn a_script_cannot_smuggle_control_characters_into_a_report() {
    let source = src("print(\"\x1b[2J\")\n");
    let error = Error::new(Kind::Error, "a\x1b[2Jb").note("c\x1b[2J");
    let error = raised(error, &source, "print", "th\x1bread", &[("f\x1b", 1), ("g\x1b", 1)]);
    assert!(!uncaught(&error, "main", &[("l\x1b".into(), 1)], &source, &Style::plain()).contains('\x1b'));
    let report =
        Deadlock { threads: vec![stuck("\x1b", &[("\x1b", 1)], "\x1b", 1)], cycle: true, notes: vec![] };
    assert!(!deadlock(&report, &source, &Style::plain()).contains('\x1b'));
}

proptest::proptest! {
    /// Whatever the text and wherever the spans: a report, and no panic.
    #[test]
    fn rendering_never_panics(
        text in "(\\PC|[ \t\r\n\u{0}-\u{1f}a余🏳️\u{301}\u{200d}]){0,60}",
        spans in proptest::collection::vec((0u32..150, 0u32..150), 1..5),
        label in "\\PC{0,12}",
        lines in proptest::collection::vec(proptest::prelude::any::<u32>(), 3),
    ) {
        let source = src(&text);
        let spans: Vec<Span> = spans.into_iter().map(|(start, end)| Span { start, end }).collect();
        let mut diagnostic = Diagnostic::error(Code::Syntax, spans[0], &*label).label(&*label);
        for span in &spans[1..] {
            diagnostic = diagnostic.other(*span, &*label);
        }
        let threads = lines.iter().map(|line| stuck(&label, &[(&label, *line)], &label, line % 8)).collect();
        let report = Deadlock { threads, cycle: true, notes: vec![label.clone()] };
        let error = Error::new(Kind::Error, &*label);
        let place = Place { thread: label.as_str().into(), span: spans[0], line: lines[0], calls: vec![], left_out: 0 };
        error.place.set(place).expect("a new error has no place");
        for style in [Style::plain(), Style::coloured()] {
            let text = diagnostics(std::slice::from_ref(&diagnostic), &source, &style);
            proptest::prop_assert!(text.ends_with('\n'));
            deadlock(&report, &source, &style);
            uncaught(&error, &label, &[], &source, &style);
        }
    }
}
