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

#[test]
#[ignore]
fn show() {
    let text = std::fs::read_to_string("/tmp/bad.txt").unwrap();
    for case in text.split("\n---\n") {
        let source = Source::new("test", case);
        let (_, found) = parse(&source);
        println!("{case}");
        for p in found {
            let (line, column) = source.line_column(p.span.start);
            let (line2, column2) = source.line_column(p.span.end);
            println!(
                "      => {line}:{column}-{line2}:{column2} {} | {:?} {:?}",
                p.message, p.hints, p.others
            );
        }
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
        texts.push(format!("x = {}x\n", piece.repeat(60)));
    }
    for text in texts {
        let started = std::time::Instant::now();
        let (script, found) = parse(&Source::new("t", text.as_str()));
        for problem in &found {
            assert!(problem.span.start <= problem.span.end && problem.span.end as usize <= text.len());
        }
        drop(script.clone());
        let shown: String = text.chars().take(20).collect();
        assert!(started.elapsed().as_secs_f64() < 5.0, "{shown:?} took {:?}", started.elapsed());
        if started.elapsed().as_secs_f64() > 0.3 {
            println!("{shown:?} {} took {:?}", text.len(), started.elapsed());
        }
    }
}
