//! What holds for every text: no panic, places inside the text, and tables that fit together.

use super::{builtins, resolve_with};
use crate::resolve::{FunctionKind, Meaning, Member, Resolution};
use crate::source::Source;
use proptest::prelude::*;

fn check(text: &str) {
    let source = Source::new("test", text);
    let (script, _) = crate::syntax::parse(&source);
    let (answers, found) = resolve_with(&script, &source, &builtins());
    for report in &found {
        for span in report.others.iter().map(|(span, _)| *span).chain([report.span]) {
            let range = span.start as usize..span.end as usize;
            assert!(source.text.get(range.clone()).is_some(), "{range:?} {}", report.message);
        }
        assert!(!report.message.is_empty());
    }
    fits_together(&answers, script.nodes as usize);
}

fn fits_together(answers: &Resolution, nodes: usize) {
    assert_eq!(answers.meanings.len(), nodes);
    assert_eq!(answers.function_of.len(), nodes);
    assert_eq!(answers.class_of.len(), nodes);
    assert_eq!(answers.functions[0].kind, FunctionKind::Script);
    for meaning in &answers.meanings {
        match *meaning {
            Meaning::None => {}
            Meaning::Variable(id) => assert!((id as usize) < answers.variables.len()),
            Meaning::Builtin(index) => assert!((index as usize) < builtins().functions.len()),
            Meaning::Member { self_variable, class, member } => {
                let owner = answers.variables[self_variable as usize].function;
                assert_eq!(answers.functions[owner as usize].class, Some(class));
                assert_eq!(answers.functions[owner as usize].self_variable, Some(self_variable));
                let class = &answers.classes[class as usize];
                match member {
                    Member::Field(index) => assert!((index as usize) < class.fields.len()),
                    Member::Method(index) => assert!((index as usize) < class.methods.len()),
                }
            }
        }
    }
    for (id, function) in answers.functions.iter().enumerate() {
        assert!(function.parent.is_none_or(|parent| (parent as usize) < id), "made by one before it");
        for capture in &function.captures {
            let variable = &answers.variables[*capture as usize];
            assert!(variable.captured && !variable.top_level);
            assert!(encloses(answers, variable.function, function.parent), "{}", variable.name);
            // Whoever made it has the variable, or carries it too.
            let Some(parent) = function.parent else { panic!("the script captures {}", variable.name) };
            let maker = &answers.functions[parent as usize];
            let carrier = match maker.kind {
                FunctionKind::Method | FunctionKind::Run => maker.parent.unwrap_or(parent),
                _ => parent,
            };
            assert!(
                variable.function == parent || answers.functions[carrier as usize].captures.contains(capture),
                "{} is lost on its way to {}",
                variable.name,
                function.name
            );
        }
    }
}

fn encloses(answers: &Resolution, outer: u32, mut from: Option<u32>) -> bool {
    while let Some(id) = from {
        if id == outer {
            return true;
        }
        from = answers.functions[id as usize].parent;
    }
    false
}

const PIECES: &[&str] = &[
    "let a = ",
    "var b = ",
    "fn f(x) { ",
    "fn(y) => ",
    "class C(p) { ",
    "monitor M { ",
    "thread t(n) { ",
    "run { ",
    "start ",
    "start { ",
    "parallel { ",
    "parallel for i in xs { ",
    "for i in xs { ",
    "loop { ",
    "try { ",
    "} catch e { ",
    "select { ",
    "q.get() => ",
    "atomically { ",
    "await ",
    "with m { ",
    "lock m",
    "queue q(3)",
    "condition c for m",
    "timer w after 1s { ",
    "threadlocal d = ",
    "defer ",
    "return ",
    "break",
    "a",
    "b",
    "x",
    "self",
    "self.a",
    "f(1)",
    "C(1)",
    "t(2)",
    "p",
    "e",
    "i",
    "d",
    "m",
    "q.put(a)",
    "[a, b] = ",
    "a += ",
    "print(",
    "error(\"k\", \"x\")",
    ")",
    "}",
    "}",
    "}",
    "\n",
    "\n",
    "\n",
    " ",
    "1",
    "\"{a}\"",
    "[z for z in xs if z]",
    " == ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_pieces(picks in prop::collection::vec(0..PIECES.len(), 0..60)) {
        check(&picks.iter().map(|pick| PIECES[*pick]).collect::<String>());
    }

    #[test]
    fn any_part_of_the_whole_language(from in 0usize..200, count in 0usize..200, broken in 0usize..40) {
        let lines: Vec<&str> = include_str!("../../syntax/whole.conc").lines().collect();
        let mut part: Vec<&str> = lines.iter().skip(from).take(count).copied().collect();
        if broken < part.len() {
            part.remove(broken);
        }
        check(&part.join("\n"));
    }
}

#[test]
fn the_highest_trees() {
    check(&format!("let a = {}1{}", "[".repeat(190), "]".repeat(190)));
    check(&format!("{}a{}", "{ var a = 1\nfn f() { a\n".repeat(90), "} }".repeat(90)));
    check(&format!("let a = 1{}", " + a".repeat(3000)));
    check(&format!("let f = {}1", "fn(a) => ".repeat(400)));
    check(&format!("{}{}", "class C { fn f() { ".repeat(60), "} }".repeat(60)));
}

#[test]
fn large_scripts_take_no_longer_than_they_are_long() {
    let mut text = String::new();
    for i in 0..3000 {
        text += &format!("fn f{i}(a) => f{}(a) + v{i}\nvar v{i} = 1\n", (i * 7) % 3000);
    }
    let began = std::time::Instant::now();
    check(&text);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
