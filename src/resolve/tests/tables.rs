//! The tables: what each name means, and what the code generator is told of variables and functions.

use super::super::{ClassKind, Function, Meaning, Member, Resolution, Variable, VariableKind};
use super::{builtins, resolved};
use crate::source::Source;
use crate::syntax::tree::{Name, Script, StatementKind};
use crate::{resolve::resolve_with, syntax};

/// One variable: its name, where it lives, and what is true of it.
fn variable(answers: &Resolution, variable: &Variable) -> String {
    let mut text = format!("{}@{}", variable.name, answers.functions[variable.function as usize].name);
    for (holds, word) in [
        (variable.top_level, "top"),
        (variable.assigned, "assigned"),
        (variable.captured, "captured"),
        (variable.shared, "shared"),
        (variable.early, "early"),
    ] {
        if holds {
            text += " ";
            text += word;
        }
    }
    text
}

fn variables(text: &str) -> Vec<String> {
    let (answers, found, _) = resolved(text);
    assert!(found.iter().all(|report| report.level != crate::report::Level::Error), "{found:#?}");
    answers.variables.iter().map(|each| variable(&answers, each)).collect()
}

/// `name(captures) < parent`
fn functions(text: &str) -> Vec<String> {
    let (answers, _, _) = resolved(text);
    let one = |function: &Function| {
        let captures: Vec<&str> =
            function.captures.iter().map(|id| &*answers.variables[*id as usize].name).collect();
        let parent = function.parent.map_or("", |id| &*answers.functions[id as usize].name);
        format!("{} {:?} [{}] < {parent}", function.name, function.kind, captures.join(" "))
    };
    answers.functions.iter().map(one).collect()
}

#[test]
fn every_name_of_the_whole_language_has_a_meaning_or_is_reported() {
    let text = include_str!("../../syntax/whole.conc");
    let source = Source::new("whole", text);
    let (script, problems) = syntax::parse(&source);
    assert!(problems.is_empty(), "{problems:?}");
    let (answers, found) = resolve_with(&script, &source, &builtins());
    let mut uses = Vec::new();
    every_name(&script, &mut |name| uses.push((name.text.clone(), name.id)));
    assert!(uses.len() > 35, "{}", uses.len());
    for (text, id) in uses {
        let reported = found.iter().any(|report| report.message.contains(&format!("\"{text}\"")));
        assert!(answers.meanings[id as usize] != Meaning::None || reported, "{text}");
    }
}

/// The names that stand at the top of statements: enough to see that the walk leaves no statement out.
fn every_name(script: &Script, each: &mut impl FnMut(&Name)) {
    use crate::syntax::tree::{ExpressionKind, Pattern};
    for statement in &script.body.statements {
        match &statement.kind {
            StatementKind::Let { pattern: Pattern::Name(name), value }
            | StatementKind::Var { pattern: Pattern::Name(name), value, .. } => {
                each(name);
                if let ExpressionKind::Name(name) = &value.kind {
                    each(name);
                }
            }
            StatementKind::Function(function) => function.name.iter().for_each(&mut *each),
            StatementKind::Class(class) => each(&class.name),
            StatementKind::Thread(template) => each(&template.name),
            StatementKind::Timer(timer) => each(&timer.name),
            StatementKind::Declare(declaration) => {
                declaration.items.iter().for_each(|item| each(&item.name));
            }
            StatementKind::Expression(value) => {
                if let ExpressionKind::Call { callee, arguments } = &value.kind {
                    let values = arguments.iter().map(|argument| &argument.value);
                    for value in values.chain([&**callee]) {
                        if let ExpressionKind::Name(name) = &value.kind {
                            each(name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn variables_live_in_their_functions() {
    assert_eq!(
        variables("let a = 1\nvar b = a\n{ let c = b\nb = c }\nfn f(x, y = x) { var z = y\nz += b }\nf(1)"),
        [
            "a@<script> top",
            "b@<script> top assigned captured",
            "f@<script> top",
            "c@<script>",
            "x@f",
            "y@f",
            "z@f assigned",
        ]
    );
}

#[test]
fn what_another_thread_runs_shares_what_it_captures() {
    let shared = "a@<script> captured shared";
    for text in [
        "{ let a = 1\nstart { a } }",
        "{ let a = 1\nfn f() => a\nstart f() }",
        "{ let a = 1\nfn f() => a\nparallel { f() } }",
        "{ let a = 1\nparallel { a } }",
        "{ let a = 1\nfn f() => a\nfn g() => f()\nlet h = g }",
        "{ let a = 1\nthread t { a }\nstart t }",
        "{ let a = 1\ntimer t after 1s { a } }",
        "{ let a = 1\nlet f = fn() => a\nf() }",
        "{ let a = 1\nparallel for i in 0..3 { a } }",
        "{ let a = 1\nif true { class C { fn m() => a } } }",
    ] {
        assert!(variables(text).iter().any(|each| each.starts_with(shared)), "{text}: {:?}", variables(text));
    }
    for text in [
        "{ let a = 1\nif true { fn f() => a\nf() } }",
        "{ let a = 1\ndefer print(a) }",
        "{ let a = 1\nif true { fn f() => a\nfn g() => f()\ng() } }",
    ] {
        assert!(
            variables(text).contains(&"a@<script> captured".to_string()),
            "{text}: {:?}",
            variables(text)
        );
    }
}

#[test]
fn a_closure_made_before_the_declaration_ran_is_early() {
    let early = |text: &str, name: &str| {
        let (answers, _, _) = resolved(text);
        let found = answers.variables.iter().find(|variable| &*variable.name == name).map(|each| each.early);
        found.unwrap_or_else(|| panic!("no variable {name} in {text}"))
    };
    for (text, name) in [
        // Made at the start of the block, so before `a` has its value wherever it stands.
        ("{ let a = 1\nfn f() => a }", "a"),
        ("{ fn f() => a\nlet a = 1 }", "a"),
        ("{ if true { fn f() => a }\nlet a = 1 }", "a"),
        ("{ let f = fn() => a\nlet a = 1 }", "a"),
        ("{ start { a }\nlet a = 1 }", "a"),
        // Its own name, in its own value.
        ("{ let f = fn(n) => f(n - 1) }", "f"),
        ("{ let t = start { t } }", "t"),
        ("{ timer t after 1s { t } }", "t"),
        // Neighbours, and itself.
        ("{ fn f() => g()\nfn g() => 1 }", "g"),
        ("{ fn f() => f() }", "f"),
        // Through a function between, a class, a thread.
        ("{ fn f() { return fn() => a }\nlet a = 1 }", "a"),
        ("{ let a = 1\nclass C { fn m() => a } }", "a"),
        ("{ let a = 1\nthread t { a } }", "a"),
        ("fn f() { let a = 1\nfn g() => a }", "a"),
        // Top-level variables: only if the function can run by then.
        ("fn f() => a\nf()\nlet a = 1", "a"),
        ("fn f() => a\nfn g() => f()\nlet h = g\nlet a = 1", "a"),
        ("thread t { a }\nstart t\nlet a = 1", "a"),
        ("class C { fn m() => a }\nlet c = C()\nlet a = 1", "a"),
        ("start { a }\nlet a = 1", "a"),
        ("fn f() => a\ndefer f()\nlet a = 1", "a"),
        ("{ fn f() => a\nf() }\nlet a = 1", "a"),
        ("fn f() => a\nlet a = f()", "a"),
    ] {
        assert!(early(text, name), "{name} in {text}");
    }
    for (text, name) in [
        ("{ let a = 1\nlet f = fn() => a }", "a"),
        ("{ let a = 1\nstart { a } }", "a"),
        ("{ let a = 1\nif true { fn f() => a } }", "a"),
        ("{ let a = 1\nlet f = fn() { fn g() => a } }", "a"),
        ("fn f(a) { fn g() => a }", "a"),
        ("for a in [1] { fn g() => a }", "a"),
        ("parallel for a in [1] { a }", "a"),
        ("try { } catch e { fn g() => e }", "e"),
        ("{ fn g() => 1\nlet f = fn() => g() }", "g"),
        ("{ lock m\ndefer m.release() }", "m"),
        ("fn f() => g()\nfn g() => f()", "g"),
        ("let a = 1\nstart { a }", "a"),
        ("let a = 1\nfn f() => a\nf()", "a"),
        ("fn f() => a\nlet a = 1\nf()", "a"),
        ("fn g() => f()\nfn f() => a\nlet a = 1\ng()", "a"),
        ("thread t { a }\nlet a = 1\nstart t", "a"),
        ("class C { fn m() => a }\nlet a = 1\nC().m()", "a"),
        ("fn f() => a\nlet a = 1", "a"),
        ("class C { fn m() { return fn() => self } }", "self"),
    ] {
        assert!(!early(text, name), "{name} in {text}");
    }
}

#[test]
fn captures_pass_through_every_function_between() {
    assert_eq!(
        functions("fn outer(a, b) { fn middle() { let c = 1\nreturn fn() => b + a + c }\nreturn middle }"),
        [
            "<script> Script [] < ",
            "outer Function [] < <script>",
            "middle Function [b a] < outer",
            "fn Function [b a c] < middle",
        ]
    );
    // Top-level variables are captured by nobody.
    assert_eq!(
        functions("let a = 1\nfn f() => fn() => a")[1..],
        ["f Function [] < <script>", "fn Function [] < f",]
    );
}

#[test]
fn members_share_the_captures_of_their_initialiser() {
    let text = "fn make(x, y) {
        class Box(n) {
            var sum = n + x
            fn add() { return fn() => sum + y }
            fn me() => self
        }
        return Box
    }";
    assert_eq!(
        functions(text)[1..],
        [
            "make Function [] < <script>",
            "Box Initialiser [x y] < make",
            "Box.add Method [] < Box",
            "Box.me Method [] < Box",
            "fn Function [self y] < Box.add",
        ]
    );
    let (answers, _, _) = resolved(text);
    let class = &answers.classes[0];
    assert_eq!(class.kind, ClassKind::Class);
    let fields: Vec<_> =
        class.fields.iter().map(|field| (&*field.name, field.mutable, field.private)).collect();
    assert_eq!(fields, [("n", false, false), ("sum", true, false)]);
    let methods: Vec<_> = class.methods.iter().map(|method| &*method.name).collect();
    assert_eq!(methods, ["add", "me"]);
}

/// What the names of that text mean, in order of appearance.
fn meanings(text: &str, name: &str) -> Vec<String> {
    let (answers, _, source) = resolved(text);
    let (script, _) = syntax::parse(&source);
    let debug = format!("{script:#?}");
    // The tree's own printout has every name with its id, whatever it stands in.
    let mut found = Vec::new();
    let mut lines = debug.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line != format!("text: {name:?},") {
            continue;
        }
        let id = lines.find_map(|line| line.strip_prefix("id: ")).expect("a name has an id");
        let id: usize = id.trim_end_matches(',').parse().expect("a number");
        found.push(match answers.meanings[id] {
            Meaning::None => "none".to_string(),
            Meaning::Builtin(index) => format!("builtin {}", builtins().functions[index as usize].name),
            Meaning::Variable(id) => {
                let variable = &answers.variables[id as usize];
                format!("{:?} {}", variable.kind, source.line(variable.span.start))
            }
            Meaning::Member { self_variable, class, member } => {
                let owner = answers.variables[self_variable as usize].function;
                let class = &answers.classes[class as usize];
                let member = match member {
                    Member::Field(index) => format!("field {}", class.fields[index as usize].name),
                    Member::Method(index) => format!("method {}", class.methods[index as usize].name),
                };
                format!("{member} of {} in {}", class.name, answers.functions[owner as usize].name)
            }
        });
    }
    found
}

#[test]
fn names_mean_the_nearest_declaration() {
    assert_eq!(
        meanings("let x = 1\n{ let x = x\nx }\nx", "x"),
        ["Let 1", "Let 2", "Let 1", "Let 2", "Let 1"]
    );
    // A body runs later: it means the variable of its own block, although that comes after it.
    assert_eq!(meanings("let x = 1\n{ fn f() => x\nlet x = 2 }", "x"), ["Let 1", "Let 3", "Let 3"]);
    assert_eq!(meanings("fn f(len) => len\nlen", "len"), ["Parameter 1", "Parameter 1", "builtin len"]);
    assert_eq!(meanings("let q = 1\nq.len\nprint(len: q)", "len"), ["none", "none"]);
    assert_eq!(
        meanings("for x in [1] { x }\n[x for x in [2] if x]", "x"),
        ["Loop 1", "Loop 1", "Loop 2", "Loop 2", "Loop 2"].map(str::to_string).to_vec()
    );
    assert_eq!(
        meanings("queue q\nselect { let v = q.get() => { v }\nelse => { } }", "v"),
        ["Loop 2", "Loop 2"]
    );
}

#[test]
fn members_are_reached_through_the_nearest_self() {
    let text = "monitor Box(n) {
        var x = n
        fn get() => fn() => x
        fn put(v) { x = v }
    }";
    assert_eq!(
        meanings(text, "x"),
        ["field x of Box in Box", "field x of Box in Box.get", "field x of Box in Box.put"]
    );
    assert_eq!(meanings(text, "n"), ["Parameter 1", "field n of Box in Box"]);
    assert_eq!(meanings(text, "put"), ["method put of Box in Box"]);
    // A class in a class sees the members around it, through the self of the function where it is made.
    let nested = "class Outer { var a = 1\nclass Inner { fn f() => a } }";
    assert_eq!(meanings(nested, "a"), ["field a of Outer in Outer", "field a of Outer in Outer"]);
    let thread = "thread D(url) { var bytes = 0\nfn more() => bytes\nrun { bytes = url } }";
    assert_eq!(
        meanings(thread, "bytes"),
        ["field bytes of D in D", "field bytes of D in D.more", "field bytes of D in D.run"]
    );
    assert_eq!(meanings(thread, "url"), ["Parameter 1", "field url of D in D.run"]);
    // A timer in a class is a closure of its initialiser.
    let timer = "class C { var n = 0\ntimer t every 1s { n += 1 } }";
    assert_eq!(meanings(timer, "n"), ["field n of C in C", "field n of C in C"]);
    assert!(functions(timer).contains(&"t TimerBody [self] < C".to_string()), "{:?}", functions(timer));
}

#[test]
fn self_is_the_variable_of_the_method_around() {
    let (answers, found, _) = resolved("class C { fn m() { let f = fn() => self } }");
    assert!(found.is_empty(), "{found:?}");
    let method = answers.functions.iter().position(|function| &*function.name == "C.m").expect("C.m");
    let own = answers.functions[method].self_variable.expect("self");
    assert!(answers.meanings.contains(&Meaning::Variable(own)));
    assert_eq!(answers.variables[own as usize].function as usize, method);
    assert!(answers.variables[own as usize].captured);
}

#[test]
fn every_body_is_a_function() {
    assert_eq!(
        functions(
            "threadlocal d = 0
            thread t(n) { }
            thread u { var a = 0
            run { } }
            start { }
            parallel { print(1)
            { } 
            if true { } }
            parallel for i in [1] { }
            timer w after 1s { }
            defer print(2)
            let f = fn() => 1"
        ),
        [
            "<script> Script [] < ",
            "t ThreadBody [] < <script>",
            "u Initialiser [] < <script>",
            "d ThreadLocalValue [] < <script>",
            "u.run Run [] < u",
            "a block StartBlock [] < <script>",
            "a block StartBlock [] < <script>",
            "a block StartBlock [] < <script>",
            "a block StartBlock [] < <script>",
            "w TimerBody [] < <script>",
            "defer Deferred [] < <script>",
            "fn Function [] < <script>",
        ]
    );
}

#[test]
fn the_variables_of_a_parallel_loop_belong_to_the_function_around() {
    let text = "fn f() { parallel for [a, b] in [[1, 2]] { a + b } }";
    assert_eq!(variables(text)[1..], ["a@f captured shared", "b@f captured shared"]);
    assert!(functions(text).contains(&"a block StartBlock [a b] < f".to_string()));
}

#[test]
fn destructuring_and_compound_assignment_assign() {
    assert_eq!(
        variables("var a = 1\nvar b = 2\nvar c = [1]\n[a, b] = [b, a]\nc[0] = 3\nc.x = 1"),
        ["a@<script> top assigned", "b@<script> top assigned", "c@<script> top"]
    );
    let (answers, _, _) = resolved("var a = 1\na += 1");
    assert_eq!(answers.variables[0].kind, VariableKind::Var);
    assert!(answers.variables[0].assigned);
}
