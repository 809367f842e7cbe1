//! What the parser makes of texts: tables of text and tree, text and message.

use super::{dump, parse};
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

/// The cases of a table: a text, and the lines under it that begin with `=>` or follow such a line.
fn cases(table: &str) -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = Vec::new();
    for line in table.lines().skip_while(|line| line.starts_with("# ")).chain([""]) {
        match cases.last_mut() {
            Some((_, expected)) if !expected.is_empty() && line.is_empty() => cases.push(Default::default()),
            Some((_, expected)) if line.starts_with("=>") || !expected.is_empty() => {
                expected.push_str(line);
                expected.push('\n');
            }
            Some((text, _)) => {
                text.push_str(line);
                text.push('\n');
            }
            None => cases.push(Default::default()),
        }
    }
    cases.retain(|(_, expected)| !expected.is_empty());
    cases
}

#[test]
fn texts_become_trees() {
    for (text, expected) in cases(include_str!("trees.txt")) {
        let (script, _) = parse(&Source::new("test", text.as_str()));
        assert_eq!(problems(&text), Vec::<String>::new(), "{text}");
        assert_eq!(format!("=> {}\n", dump::script(&script)), expected, "{text}");
    }
}

#[test]
fn mistakes_have_messages() {
    for (text, expected) in cases(include_str!("mistakes.txt")) {
        let found: String = problems(&text).iter().map(|line| format!("=> {line}\n")).collect();
        assert_eq!(found, expected, "{text}");
    }
}

/// Texts that would exhaust a careless parser's stack or time.
#[test]
fn nothing_nests_too_deeply() {
    let n = 100_000;
    let open_and_close = [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("{\"a\": ", "}")];
    let mut texts = Vec::new();
    for (open, close) in open_and_close {
        texts.push(format!("x = {}1{}", open.repeat(n), close.repeat(n)));
        texts.push(open.repeat(n));
        texts.push(close.repeat(n));
        texts.push(format!("x = {}", open.repeat(190)));
        texts.push(format!("x = {}1{}", open.repeat(190), close.repeat(190)));
    }
    for piece in [
        "not ",
        "- ",
        "~",
        "a ** ",
        "1 + ",
        "a and ",
        "x if a else ",
        "fn() => ",
        "atomically ",
        "start ",
        "defer ",
        "a < ",
        "a.",
        "a()",
        "a[1]",
        "\"{",
        "\"{\"{",
        "fn() { ",
        "if a { } else ",
        "if a { ",
        "select { q.get() => ",
        "let x = [",
        "x = ",
        "1..",
        "[x for x in ",
        "a, ",
        "lock ",
        "\"",
        "'",
        "#",
        "\\",
        "$",
        "a b ",
        "a;",
        "{}",
        "()",
        "if a {} ",
        "while ",
        "\"\"\"",
        "thread f() {",
        "class A { fn f() { ",
        "parallel for i in 1..2 { ",
        "f(fn() => ",
        "(1+1+",
        "余",
        "\u{301}",
        "try { } catch ",
        "await ",
        "with a { ",
        "with a, ",
        "case ",
        "\n",
        "\n(",
        ")\n",
        "{\n",
        "}\n",
        "[1,2,3].map(fn(x) { if x in ",
        "f(a: ",
        "{\"a\": [",
        "return ",
        "x[..",
        "lock a(fn() { lock b(fn() { ",
    ] {
        texts.push(piece.repeat(n));
        texts.push(format!("{}x", piece.repeat(n)));
        texts.push(format!("{}x", piece.repeat(150)));
        texts.push(format!("{}x", piece.repeat(490)));
        texts.push(format!("x = {}x\n", piece.repeat(60)));
    }
    // Broken at every level, with brackets that match: whatever is tried twice a level takes for ever here.
    for (open, close) in [
        ("x = f(fn() { ", " }) y"),
        ("x = {\"a\": fn() { ", " } }"),
        ("if a { ", " } b c"),
        ("while a b { ", " }"),
        ("thread t(a = fn() { ", " }) z"),
        ("select { q.get() => { ", " } }"),
        ("select { q.get(fn() { ", " }) x }"),
        ("select { after fn() { ", " } x }"),
        ("lock a(fn() { ", " }) c"),
        ("print(\"{f(fn() { ", " })} {\")"),
        ("print(\"{f(fn() { ", " })}\") 1"),
        ("(x if ", ")"),
        ("x = [x if ", "]"),
        ("x = {a: ", " b}"),
        ("def f() { ", " }"),
        ("defer f(fn() { ", " }) c"),
        ("x = start f(fn() { ", " }) c"),
        ("with f(fn() { ", " }) c { }"),
        ("if f(fn() { ", " }) c { }"),
        ("for [a] in f(fn() { ", " }) c { }"),
        ("[f(fn() { ", " }), a] 3"),
        ("timer t after f(fn() { ", " }) c { }"),
        ("(", "))"),
        ("{ (", " }"),
    ] {
        for depth in [10, 60, 95] {
            texts.push(format!("{}x{}", open.repeat(depth), close.repeat(depth)));
        }
    }
    let plain = time_to_parse(&"a = 1\n".repeat(n / 6)) / n as f64; // a byte
    for text in texts {
        let took = time_to_parse(&text);
        let shown: String = text.chars().take(20).collect();
        let times = took / (plain * text.len().max(n / 10) as f64);
        assert!(times < 100.0, "{shown:?}: {times} times as long as plain text of its length");
    }
}

/// Nanoseconds of this thread's own time; what is found has to lie within the text.
fn time_to_parse(text: &str) -> f64 {
    // The first number is the nanoseconds that the thread has run.
    let now = || {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        told.split(' ').next().and_then(|run| run.parse::<f64>().ok()).unwrap_or_default()
    };
    let started = now();
    let (script, found) = parse(&Source::new("t", text));
    for problem in &found {
        assert!(problem.span.start <= problem.span.end && problem.span.end as usize <= text.len());
    }
    drop(script);
    now() - started
}
