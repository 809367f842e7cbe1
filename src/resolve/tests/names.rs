//! What is said about names.

use super::expect;

#[test]
fn unknown_names() {
    expect(&[
        ("var count = 1\nprint(cuont)", &["2:7 error: undefined name \"cuont\"… | did you mean \"count\"?"]),
        ("prnt(1)", &["1:1 error: undefined name \"prnt\" | did you mean \"print\"?"]),
        ("x = 1", &["1:1 error: undefined name \"x\"…a new variable is declared with `var`: `var x = …`"]),
        (
            "ensure(1 == 1)",
            &["1:1 error: undefined name \"ensure\"…followed by a space and a condition: `ensure x == 1`"],
        ),
        ("print(zebra)", &["1:7 error: undefined name \"zebra\""]),
        ("currentThread()", &["1:1 error: undefined name…did you mean \"current_thread\"?"]),
        ("print(True)", &["1:7 error: undefined name…did you mean \"true\"?"]),
        ("let m = Lock()", &["1:9 error: undefined…did you mean \"lock\"?"]),
        ("class C { var size = 0\nfn f() => sise }", &["2:11 error: undefined…did you mean \"size\"?"]),
        ("zebra\nzebra\n\nzebra", &["1:1 error: undefined name \"zebra\" (also in lines 2 and 4)"]),
        // Names of the machinery are not for scripts.
        ("__secret(1)", &["1:1 error: undefined name \"__secret\""]),
        ("__secre(1)", &["1:1 error: undefined name \"__secre\""]),
        ("{ let a = 1 }\nprint(a)", &["2:7 error: undefined name \"a\""]),
        ("let f = fn() => 1\nf()", &[]),
    ]);
}

#[test]
fn builtins_in_conc_see_the_names_of_the_machinery() {
    use super::{builtins, resolve_with};
    let source = crate::source::Source::new("test", "fn f(x) => __secret(x)");
    let (script, _) = crate::syntax::parse(&source);
    let internal = super::Builtins { internal: true, ..builtins() };
    assert!(resolve_with(&script, &source, &internal).1.is_empty());
    assert!(!resolve_with(&script, &source, &builtins()).1.is_empty());
}

#[test]
fn duplicates() {
    expect(&[
        ("var a = 1\nvar a = 2", &["2:5 error: \"a\" is declared twice…line 1: `a = …`"]),
        ("let a = 1\nvar a = 2", &["2:5 error: \"a\" is declared twice…choose another name"]),
        ("let [a, [b, a]] = [1, [2, 3]]", &["1:13 error: \"a\" is declared twice"]),
        ("fn f(a, b, a) { }", &["1:12 error: \"a\" is declared twice"]),
        ("lock m, m", &["1:9 error: \"m\" is declared twice"]),
        ("fn f() { }\nthread f { }", &["2:8 error: \"f\" is declared twice"]),
        ("class C { var a = 1\nvar a = 2 }", &["2:5 error: \"a\" is declared twice…line 1: `a = …`"]),
        ("class C(a) { var a = 1 }", &["1:18 error: \"a\" is declared twice"]),
        ("class C { var a = 1\nfn a() { } }", &["2:4 error: \"a\" is declared twice"]),
        ("class C(a, a) { }", &["1:12 error: \"a\" is declared twice"]),
        ("let a = 1\n{ let a = 2 }", &[]),
        ("for i in [1] { }\nfor i in [2] { }", &[]),
    ]);
}

#[test]
fn uses_before_the_declaration() {
    expect(&[
        ("print(a)\n\nlet a = 1", &["1:7 error: \"a\" is used before its declaration in line 3"]),
        ("let a = a", &["1:9 error: \"a\" is used before its declaration in line 1"]),
        ("a = 1\nvar a = 2", &["1:1 error: \"a\" is used before its declaration in line 2"]),
        ("m.acquire()\nlock m", &["1:1 error: \"m\" is used before"]),
        ("class C { var a = b\nvar b = 1 }", &["1:19 error: \"b\" is used before its declaration in line 2"]),
        ("fn f(a = b, b = 1) { }", &["1:10 error: \"b\" is used before"]),
        // The outer one is meant, or the builtin.
        ("let a = 1\n{ print(a)\nlet a = 2 }", &[]),
        ("{ let n = len(\"x\")\nprint(n) }", &[]),
        // A body runs later.
        ("fn f() => a\nlet a = 1", &[]),
        ("start { print(a) }\nlet a = 1", &[]),
        ("class C { fn f() => b\nvar b = 1 }", &[]),
        ("f()\nfn f() { }", &[]),
        ("start t\nthread t { }", &[]),
        ("let c = C()\nclass C { }", &[]),
    ]);
}

#[test]
fn members_and_locals() {
    expect(&[
        ("class C { var a = 1\nfn f() { let a = 2 } }", &["2:14 error: \"a\" is already a member of C"]),
        ("class C(a) { fn f(a) { } }", &["1:19 error: \"a\" is already a member of C"]),
        ("class C { var a = 1\nfn f() { for a in [1] { } } }", &["2:14 error: \"a\" is already"]),
        ("class C { var a = 1\nfn f() => [a for a in [1]] }", &["2:18 error: \"a\" is already"]),
        ("class C { var a = 1\nfn f() { start { let a = 1 } } }", &["2:22 error: \"a\" is already"]),
        ("thread T { var a = 1\nrun { let a = 2 } }", &["2:11 error: \"a\" is already a member of T"]),
        ("class C { fn f() { let x = f } }\nlet f = 1", &[]),
        ("class C { var a = 1\nclass D(a) { } }", &[]),
        ("class C(a) { }\nlet a = C(1)", &[]),
    ]);
}

#[test]
fn members_of_threads_have_names_of_their_own() {
    expect(&[
        (
            "thread T { var name = 1\nrun { } }",
            &["1:16 error: a member of thread T cannot be called \"name\""],
        ),
        (
            "thread T { fn alive() { }\nrun { } }",
            &["1:15 error: a member of thread T cannot be called \"alive\""],
        ),
        ("thread T { var result = 1\nlock state\nrun { } }", &["1:16 error…result", "2:6 error…state"]),
        // Parameters stay inside; a body without members has locals.
        ("thread T(name) { var a = name\nrun { } }", &[]),
        ("thread T { var name = 1 }", &[]),
        ("class C { var name = 1 }", &[]),
    ]);
}

#[test]
fn self_needs_an_object() {
    expect(&[
        ("print(self)", &["1:7 error: \"self\" outside a class…current_thread()"]),
        ("fn f() => self", &["1:11 error: \"self\" outside a class"]),
        ("thread t { print(self) }", &["1:18 error: \"self\" outside a class"]),
        ("class C { fn f() => self\nlet me = self }", &[]),
        ("thread t { var a = 1\nrun { print(self) } }", &[]),
    ]);
}

#[test]
fn builtins_may_be_hidden_with_a_note() {
    expect(&[
        ("let len = 1", &["1:5 note: \"len\" hides the builtin of that name"]),
        ("fn f() { var len = 1 }", &["1:14 note: \"len\" hides"]),
        ("lock lock", &["1:6 note: \"lock\" hides"]),
        ("fn f(len) { for map in [len] { } }", &[]),
        ("class C { fn len() => 1 }", &[]),
    ]);
}
