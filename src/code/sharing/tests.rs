use super::*;
use crate::builtin::{self, Body};
use crate::code::samples;
use crate::value::Type;

fn sharing(text: &str) -> (Vec<String>, Vec<String>) {
    let program = samples::program(text);
    let sharing = Sharing::of(&program);
    let names = |which: &[bool]| {
        let named = program.globals.iter().zip(which).filter(|(_, is)| **is);
        named.map(|(name, _)| name.to_string()).collect()
    };
    (names(&sharing.shared_globals), names(&sharing.written_globals))
}

/// The shared variables of a script that begins with `var n = 0`, which some function uses besides.
fn shared(text: &str) -> Vec<String> {
    sharing(&format!("var n = 0\n{text}")).0
}

const NONE: [&str; 0] = [];

#[test]
fn what_two_threads_touch_is_shared() {
    for text in [
        "fn f() { n += 1 }\nstart f()\nstart f()",
        "fn f() { n += 1 }\nlet t = start f()\nn += 1",
        "fn f() { n += 1 }\nlet t = start f()\njoin t\nprint(n)",
        "for i in 1..3 { start { n += 1 } }",
        "thread w { n += 1 }\nstart w()\nstart w()",
        "thread w { n += 1 }\nlet w1 = w()\nlet w2 = w()\nstart w1\nstart w2",
        "thread w(k) { run { n += k } }\nstart w(1)\nstart w(2)",
        "thread w(k) { fn add() { n += k }\nrun { add() } }\nlet t = w(1)\nstart t\nt.add()",
        "parallel { n += 1\nn += 2 }",
        "parallel for i in 1..3 { n += i }",
        "let p = pool(2)\np.submit(fn() { n += 1 })",
        "timer t every 1s { n += 1 }\nstart t",
        "on signal \"USR1\" { n += 1 }\nprint(n)",
        "class C(k) { fn add() { n += k } }\nlet c = C(1)\nstart c.add()\nc.add()",
        "fn f() { n += 1 }\nlet g = f\nstart g()",
        "fn f() { n += 1 }\nfn go(h) { start h() }\ngo(f)",
        "fn f() { n += 1 }\nfn g() { f() }\nstart g()\nf()",
        "fn go() { start { n += 1 } }\ngo()\ngo()",
        "fn go() { start { n += 1 }\nn = 5 }\ngo()",
        "try { start { n += 1 } } catch e { n = 2 }",
    ] {
        assert_eq!(shared(text), ["n"], "{text}");
    }
}

#[test]
fn what_one_thread_touches_is_not() {
    for text in [
        "fn f() { n += 1 }\nf()\nf()",
        "fn f() { n += 1 }\nf()\nstart { print(1) }\nf()",
        "fn f() { n += 1 }\nn = 5\nf()\nstart f()",
        "start { n += 1 }\nprint(1)",
        "thread w { n += 1 }\nstart w()",
        "thread w(k) { run { n += k } }\nstart w(1)",
        "let xs = [2, 1]\nprint(sorted(xs, key: fn(x) { n += 1\nreturn x }))",
    ] {
        assert_eq!(shared(text), NONE, "{text}");
    }
}

#[test]
fn what_is_written_before_the_first_start_is_only_read() {
    let text = "var n = 0\nn = len(args)\nfn f() { print(n) }\nstart f()\nstart f()";
    assert_eq!(sharing(text), (vec!["n".to_string()], vec![]));
    let text = "var n = 0\nfn f() { print(n) }\nstart f()\nstart f()\nn = 2";
    assert_eq!(sharing(text), (vec!["n".to_string()], vec!["n".to_string()]));
}

/// Whether threads, time, the state of locks and chance are observed.
fn observed(text: &str) -> [bool; 4] {
    let sharing = Sharing::of(&samples::program(text));
    [sharing.observes_threads, sharing.observes_time, sharing.observes_lock_state, sharing.observes_random]
}

#[test]
fn what_a_script_asks_about_its_run() {
    assert_eq!(observed("lock m\nwith m { }\nm.acquire()\nm.release()\nsleep 1ms"), [false; 4]);
    assert_eq!(observed("print(current_thread())"), [true, false, false, false]);
    assert_eq!(observed("let t = start { }\nprint(t.state)"), [true, false, false, false]);
    assert_eq!(observed("print(now())"), [false, true, false, false]);
    assert_eq!(observed("let f = now\nprint(f())"), [false, true, false, false]);
    assert_eq!(observed("print(random())"), [false, false, false, true]);
    for text in [
        "lock m\nm.try_acquire()",
        "lock m\nm.acquire(1s)",
        "lock m\nm.acquire(timeout: 1s)",
        "lock m\nlet f = m.acquire\nf(1s)",
        "lock m\nprint(m.locked)",
        "lock m\nwith m timeout 1s { } else { }",
        "queue q\nselect { q.get() => { } after 1s => { } }",
        "semaphore s(2)\nprint(s.permits)",
    ] {
        assert_eq!(observed(text), [false, false, true, false], "{text}");
    }
}

/// A name that is no builtin's any more would be waited for in vain.
#[test]
fn the_starters_are_builtins() {
    for name in links::STARTERS {
        let method = Type::ALL.into_iter().flat_map(builtin::methods).find(|row| row.name == name);
        let row = method.or_else(|| builtin::function(name)).expect("a builtin");
        assert!(matches!(row.body, Body::Native(_)), "{name}");
    }
}
