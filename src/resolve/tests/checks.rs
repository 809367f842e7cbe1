//! What is said before running about calls, declarations, assignments and places. Every subject has scripts of which
//! nothing must be said.

use super::expect;

#[test]
fn arguments_of_the_scripts_own_functions() {
    let area = "fn area(w, h = 1) => w * h\n";
    let cases: &[(&str, &[&str])] = &[
        ("area()", &["2:1 error: area needs its argument \"w\" (it is written `area(w, h: …)`)"]),
        ("area(1, 2, 3)", &["2:12 error: area takes 2 arguments, but 3 are given"]),
        ("area(1, 2, 3, 4)", &["2:12 error: area takes 2 arguments, but 4 are given"]),
        ("area(1, hh: 2)", &["2:9 error: area has no parameter \"hh\""]),
        ("area(1, w: 2)", &["2:9 error: argument \"w\" is given twice"]),
        ("area(1, h: 2, h: 3)", &["2:15 error: argument \"h\" is given twice"]),
        ("area(1)\narea(w: 1)\narea(1, h: 2)\narea(h: 1, w: 2)", &[]),
        ("let t = start area()", &["2:15 error: area needs its argument \"w\""]),
        ("parallel { area(1, 2, 3) }", &["2:23 error: area takes 2 arguments"]),
        ("print(\"{area()}\")", &["2:9 error: area needs"]),
        // Another name for it is a value like any other.
        ("let other = area\nother()", &[]),
    ];
    for (text, expected) in cases {
        expect(&[(&format!("{area}{text}"), expected)]);
    }
    expect(&[
        ("fn f() { }\nf(1)", &["2:3 error: f takes no arguments"]),
        ("fn f() { }\nf(x: 1)", &["2:3 error: f takes no argument \"x\""]),
        (
            "fn f(width) { }\nf(widht: 1)",
            &["2:3 error: f has no parameter \"widht\"…did you mean \"width\"?"],
        ),
        ("fn f(a, b, c) { }\nf(1)", &["2:1 error: f needs its arguments \"b\" and \"c\""]),
        ("let f = fn(x) => x\nf()", &["2:1 error: f needs its argument \"x\""]),
    ]);
}

#[test]
fn arguments_of_classes_threads_and_methods() {
    expect(&[
        ("class C(a) { }\nC()", &["2:1 error: C needs its argument \"a\""]),
        ("thread t(n) { }\nstart t", &["2:7 error: t needs its argument \"n\""]),
        ("thread t(n) { }\nstart t(1, 2)", &["2:12 error: t takes 1 argument, but 2 are given"]),
        ("thread t { }\nstart t\nstart t()", &[]),
        ("class C { fn put(x) { }\nfn two() { put() } }", &["2:12 error: C.put needs its argument \"x\""]),
        ("class C { fn put(x) { }\nfn two() { self.put() } }", &["2:12 error: C.put needs"]),
        ("class C { fn put(x) { } }\nlet c = C()\nc.put()\nc.put(1)", &["3:1 error: C.put needs"]),
        // What may be assigned again is not known.
        ("class C { fn put(x) { } }\nvar c = C()\nc = 1\nc.put()", &[]),
        ("var f = fn(x) => x\nf = print\nf()", &[]),
    ]);
}

#[test]
fn arguments_of_builtins() {
    expect(&[
        ("len()", &["1:1 error: len needs its argument \"x\" (it is written `len(x)`)"]),
        ("print(enumerate())", &["1:7 error: enumerate needs its argument \"xs\"…`threads()`"]),
        ("print(1, 2, sep: 3)\nprint()", &[]),
        ("print(1, sepp: 3)", &["1:10 error: print has no parameter \"sepp\"…did you mean \"sep\"?"]),
        ("queue(1, \"lifo\")", &["1:10 error: queue takes 1 argument, but 2 are given"]),
        ("lock m\nm.acquire(timeuot: 1s)", &["2:11 error: m.acquire has no parameter \"timeuot\"…timeout"]),
        ("lock m\nm.acquire(1s)", &["2:11 error: m.acquire takes its arguments by name only"]),
        ("lock m[2]\nm[0].release(1)", &["2:14 error: m[0].release takes no arguments"]),
        ("let q = queue()\nq.put()", &["2:1 error: q.put needs its argument \"value\""]),
        ("monitor B { condition c\nfn f() { c.notify(1, 2) } }", &["2:22 error: c.notify takes 1 argument"]),
    ]);
}

#[test]
fn what_may_be_caught_is_left_to_the_run() {
    expect(&[
        ("fn f() { }\ntry { f(1) } catch { }", &[]),
        ("lock m\ntry { start m } catch e { }", &[]),
        ("fn kind(g) { try { g() } catch e { return e.kind } }\nprint(kind(fn() => len()))", &[]),
        ("fn f() { }\ntry { f(1) } finally { }", &["2:9 error: f takes no arguments"]),
        ("fn f() { }\ntry { } catch { f(1) }", &["2:19 error: f takes no arguments"]),
        // Names are not a matter of the run.
        ("try { zebra } catch { }", &["1:7 error: undefined name"]),
    ]);
}

#[test]
fn declarations() {
    expect(&[
        ("lock m(3)", &["1:8 error: lock m takes no arguments"]),
        (
            "barrier b",
            &["1:9 error: barrier b needs its argument \"parties\" (it is written `barrier b(parties)`)"],
        ),
        (
            "queue q(10, ordr: \"lifo\")",
            &["1:13 error: queue q has no parameter \"ordr\"…did you mean \"order\"?"],
        ),
        ("semaphore s", &["1:11 error: semaphore s needs its argument \"permits\""]),
        ("semaphore s[3](0, bounded: true)\nqueue q\nqueue r(3)\natomic a\natomic b = 0\npool p", &[]),
        ("atomic a(1) = 2", &["1:10 error: atomic a takes 1 argument, but 2 are given"]),
    ]);
}

#[test]
fn conditions_belong_to_locks() {
    expect(&[
        ("condition c", &["1:11 error: condition c has no lock…`condition c for m`"]),
        ("lock m\ncondition c for m", &[]),
        ("lock m\ncondition c(m)", &[]),
        ("monitor B { condition c }", &[]),
        ("class B { condition c }", &["1:21 error: condition c has no lock"]),
        ("monitor B { fn f() { condition d } }", &["1:32 error: condition d has no lock"]),
        ("class B { rlock m\ncondition c for m }", &[]),
        ("queue q\ncondition c for q", &["2:17 error: a condition belongs to a lock, and q is a queue"]),
        ("let n = 1\ncondition c for n", &["2:17 error: a condition belongs to a lock, and n is a number"]),
        ("lock m[2]\ncondition c for m", &["2:17 error…m is a list of locks"]),
        ("lock m[2]\ncondition c for m[0]", &[]),
        ("event e\nlet c = condition(e)", &["2:19 error: a condition belongs to a lock, and e is an event"]),
    ]);
}

#[test]
fn with_takes_what_can_be_given_back() {
    expect(&[
        ("rwlock m\nwith m { }", &["2:6 error: m is a rwlock, which `with` cannot take…`with m.read { }`"]),
        ("rwlock m\nwith m.read { }\nlock a\nsemaphore s(1)\nwith a, s { }\npool p\nwith p { }", &[]),
        ("event e\nwith e { }", &["2:6 error: e is an event…`e.wait()`"]),
        ("queue q\nwith q { }", &["2:6 error: q is a queue"]),
    ]);
}

#[test]
fn what_never_changes_is_not_assigned() {
    expect(&[
        ("let a = 1\na = 2", &["2:1 error: \"a\" is declared with `let`…`var a = …`"]),
        ("let a = 1\na += 2", &["2:1 error: \"a\" is declared with `let`"]),
        ("let a = 1\nvar b = 2\n[a, b] = [b, a]", &["3:2 error: \"a\" is declared with `let`"]),
        ("lock m\nm = 1", &["2:1 error: \"m\" is declared, so it never changes"]),
        ("fn f() { f = 1 }", &["1:10 error: \"f\" is a function"]),
        ("class C { }\nC = 1", &["2:1 error: \"C\" is a class"]),
        ("thread t { }\nt = 1", &["2:1 error: \"t\" is a thread template"]),
        ("print = 1", &["1:1 error: \"print\" is a builtin…`var print = …`"]),
        ("class C(a) { fn f() { a = 1 } }", &["1:23 error: \"a\" is a parameter of C, so it never changes"]),
        ("class C { let a = 1\nfn f() { a += 1 } }", &["2:10 error: \"a\" is not declared with `var` in C"]),
        ("class C { let a = 1\nfn f() { self.a = 1 } }", &["2:15 error: \"a\" is not declared with `var`"]),
        ("class C { fn f() { f = 1 } }", &["1:20 error: \"f\" is a method"]),
        (
            "monitor B { var a = 1 }\nlet b = B()\nb.a = 2",
            &["3:3 error: \"a\" of monitor B cannot be written"],
        ),
        ("queue q\nq.size = 1", &["2:3 error: \"size\" of a queue cannot be assigned"]),
        // These may change.
        (
            "fn f(a) { a = 1 }\nfor i in [1] { i += 1 }\ntry { } catch e { e = 1 }\nthreadlocal d = 0\nd = 1",
            &[],
        ),
        ("class C { var a = 1\nfn f() { a = 2\nself.a = 3 } }\nlet c = C()\nc.a = 4", &[]),
        ("monitor B { var a = 1\nfn f() { self.a = 2 } }", &[]),
        ("let xs = [1]\nxs[0] = 2", &[]),
    ]);
}

#[test]
fn places_of_break_and_return() {
    expect(&[
        ("break", &["1:1 error: `break` outside a loop"]),
        ("continue", &["1:1 error: `continue` outside a loop"]),
        ("loop { fn f() { break } }", &["1:17 error: `break` outside a loop…not in this function"]),
        ("loop { start { break } }", &["1:16 error: `break` outside a loop…`return` ends the thread"]),
        ("loop { parallel for i in [1] { break } }", &["1:32 error: `break` outside a loop"]),
        ("loop { defer break }", &["1:14 error: `break` outside a loop…after the loop"]),
        ("return 5", &["1:1 error: `return` outside a function…`exit(0)`"]),
        ("if true { return }", &["1:11 error: `return` outside a function"]),
        ("loop { if true { break } else { continue } }", &[]),
        ("while true { break }\nfor i in [1] { continue }\nrepeat 2 { break }", &[]),
        ("queue q\nloop { select { q.get() => { break }\nafter 1s => { continue } } }", &[]),
        (
            "thread t { return 1 }\nstart { return }\nfn f() { loop { return } }\ntimer w after 1s { return }",
            &[],
        ),
        ("thread t { var a = 1\nrun { return a } }", &[]),
        ("loop { start { loop { break } } }", &[]),
    ]);
}

#[test]
fn declarations_directly_in_parallel_are_seen_by_nobody() {
    expect(&[
        ("parallel { lock m }", &["1:12 error: a declaration directly in `parallel`"]),
        ("parallel { fn f() { } }", &["1:12 error: a declaration directly in `parallel`"]),
        ("parallel { { let a = 1\nprint(a) }\nprint(2)\nfor i in [1] { break } }", &[]),
    ]);
}

#[test]
fn threadlocals_stand_at_the_top_level() {
    expect(&[
        ("fn f() { threadlocal d = 0 }", &["1:22 error: threadlocal d is not at the top level"]),
        ("{ threadlocal d = 0 }", &["1:15 error: threadlocal d is not at the top level"]),
        ("class C { threadlocal d = 0 }", &["1:23 error: threadlocal d is not at the top level"]),
        ("threadlocal d = 0", &[]),
    ]);
}

#[test]
fn waiting_in_one_step() {
    expect(&[
        ("atomically { sleep 1s }", &["1:14 error: `sleep` waits, which `atomically` cannot"]),
        ("atomically { parallel { print(1) } }", &["1:14 error: `parallel` waits"]),
        ("lock m\nawait m.acquire()", &["2:7 error: `m.acquire()` in the condition of an `await`"]),
        ("queue q\nawait q.try_get() == 1", &["2:7 error: `q.try_get()` in the condition"]),
        ("await start { }", &["1:7 error: `start { }` in the condition of an `await`"]),
        ("await print(1) == nil", &["1:7 error: `print(1)` in the condition of an `await`"]),
        ("let xs = []\nfn f() => xs.pop()\nawait f()", &["3:7 error: `f()` in the condition of an `await`"]),
        ("let xs = []\ntry { await xs.pop() } catch { }", &[]),
        ("queue q\nawait q.size == 1", &[]),
        // Whether these wait only the run can tell; a body made here runs elsewhere.
        ("lock m\nqueue q\natomically { q.put(1)\nwith m { print(q.get()) } }", &[]),
        ("atomically { start { sleep 1s } }", &[]),
        ("atomically { fn f() { sleep 1s } }", &[]),
        ("sleep 1s", &[]),
    ]);
}

#[test]
fn what_cannot_be_started() {
    expect(&[
        ("start \"x\"", &["1:7 error: a text cannot be started"]),
        ("let n = 5\nstart n", &["2:7 error: a number cannot be started"]),
        ("lock m\nstart m", &["2:7 error: a lock cannot be started"]),
        ("let n = \"x\"\nstart n", &["2:7 error: a text cannot be started"]),
        ("start [1]", &["1:7 error: a list cannot be started…one by one"]),
        ("fn f() { }\nstart f", &["2:7 error: the function f cannot be started…`start f()`"]),
        ("start fn() { }", &["1:7 error: the function fn cannot be started…`start { … }`"]),
        ("class C { }\nstart C", &["2:7 error: the class C cannot be started"]),
        ("thread t { }\nlet a = t()\nstart a\nstart t\ntimer w after 1s { }\nstart w\nstart { }", &[]),
        ("fn f(x) { start x }\nvar t = 1\nt = 2\nstart t", &[]),
    ]);
}

#[test]
fn calls_where_a_function_was_meant() {
    let work = "pool p\nlock m\ncondition c for m\nfn f(x = 1) { print(x) }\nfn made() { return fn() => 1 }\nfn is_ready() => 1 == 2\n";
    let cases: &[(&str, &[&str])] = &[
        ("p.submit(f(), 2)", &["7:10 error: `f()` is called here…hand over `f` itself: `p.submit(f, 2)`"]),
        ("p.submit(f(3))", &["7:10 error…`p.submit(f, 3)`"]),
        ("p.map(f(), [1])", &["7:7 error…`p.map(f, [1])`"]),
        ("map(f(2), [1])", &["7:5 error…`map(fn(x) => f(2), [1])`"]),
        ("let w = timer(f(), after: 1s)", &["7:15 error…`timer(f, after: 1s)`"]),
        ("let w = timer(f(1), after: 1s)", &["7:15 error…`timer(fn() => f(1), after: 1s)`"]),
        ("start timer(f, after: 1s)", &[]),
        ("c.wait_until(is_ready())", &["7:14 error…`c.wait_until(is_ready)`"]),
        ("p.submit(print(1))", &["7:10 error…`p.submit(print, 1)`"]),
        ("p.submit(f, 2)\np.map(f, [1])\nc.wait_until(is_ready)", &[]),
        // What returns a function may be called.
        ("p.submit(made())", &[]),
    ];
    for (text, expected) in cases {
        expect(&[(&format!("{work}{text}"), expected)]);
    }
}

#[test]
fn members_that_are_not_there() {
    expect(&[
        ("lock m\nm.aquire()", &["2:3 error: lock has no \"aquire\" | did you mean \"acquire\"?"]),
        ("queue q\nprint(q.sise)", &["2:9 error: queue has no \"sise\" | did you mean \"size\"?"]),
        ("queue q\nprint(q.qsize())", &["2:9 error: queue has no \"qsize\" | did you mean \"size\"?"]),
        ("class C { var count = 1 }\nprint(C().cuont)", &["2:11 error: C has no \"cuont\"…\"count\""]),
        ("class C { fn f() => self.x }", &["1:26 error: C has no \"x\""]),
        ("let t = start { }\nt.joni()", &["2:3 error: thread has no \"joni\" | did you mean \"join\"?"]),
        (
            "thread t(a) { var b = 1\nrun { } }\nlet u = start t(1)\nprint(u.a, u.b)",
            &["4:9 error: the parameter \"a\" of t"],
        ),
        (
            "thread t(a) { var b = a\nrun { } }\nlet u = t(1)\nu.run()",
            &["4:3 error: t has no \"run\"…`start u`"],
        ),
        ("fn f() { }\nlet u = start f()\nu.start()", &["3:3 error: thread has no \"start\"…`start u`"]),
        ("fn f(t) { t.setName(1) }", &["1:13 warning: nothing in conc has a method \"setName\"…`name = …`"]),
        ("class C { fn setName(n) { } }\nfn f(c) { c.setName(1) }", &[]),
        ("fn f(x) { x.zebra }", &[]),
        ("event e\ne.anything()", &[]),
    ]);
}

#[test]
fn statements_that_do_nothing() {
    expect(&[
        ("var x = 1\nx == 1", &["2:1 warning: this compares…`x = 1`"]),
        ("var xs = [1]\nxs[0] == 1", &["2:1 warning: this compares…`xs[0] = 1`"]),
        ("fn f() { }\nf", &["2:1 warning: f is only named here, and not called | did you mean `f()`?"]),
        ("lock m\nm.release", &["2:1 warning: m.release is only named here"]),
        ("thread t(n) { }\nt(3)", &["2:1 warning: this makes a thread t, and never starts it…`start t(3)`"]),
        ("thread t { }\nt", &["2:1 warning: the thread t is only named here, and not started"]),
        ("thread t { }\nparallel { t }", &["2:12 warning: the thread t is only named"]),
        ("thread t { }\nparallel { t() }\nlet a = t()", &[]),
        ("var x = 1\nx != 1\nx\nlet y = x == 1", &[]),
    ]);
}

#[test]
fn kinds_of_errors() {
    expect(&[
        (
            "try { } catch \"timeuot\" { }",
            &["1:15 warning: no error has the kind \"timeuot\" | did you mean \"timeout\"?"],
        ),
        ("try { } catch \"mine\" { }", &["1:15 warning: no error has the kind \"mine\""]),
        ("try { } catch \"mine\", \"timeout\", \"error\" { }\nfn f() { throw error(\"mine\", \"x\") }", &[]),
        ("fn f(kind) { throw error(kind, \"x\") }\ntry { } catch \"mine\" { }", &[]),
        ("let make = error\ntry { } catch \"mine\" { }", &[]),
    ]);
}

#[test]
fn everything_is_said_at_once_in_the_order_of_the_text() {
    expect(&[(
        "print(aa)\nlet limit = 1\nlimit = 2\nbreak\nlock m(1)\nprint(bb)",
        &[
            "1:7 error: undefined name \"aa\"",
            "3:1 error: \"limit\"",
            "4:1 error: `break`",
            "5:8 error: lock m takes no arguments",
            "6:7 error: undefined name \"bb\"",
        ],
    )]);
}

#[test]
fn arms_of_select() {
    expect(&[
        (
            "queue q\nselect { q.try_get() => { } }",
            &["2:10 error: `select` cannot wait for `try_get` of a queue…`get` and `put`"],
        ),
        (
            "pool p\nselect { p.submit(print) => { } }",
            &["2:10 error: `select` cannot wait for `submit` of a pool…`join`"],
        ),
        (
            "queue q\nlock m\nselect { let x = q.get() => { print(x) }\nq.put(1) => { }\nm.acquire() => { } }",
            &[],
        ),
        ("fn f(q) { select { q.anything() => { } } }", &[]),
    ]);
}
