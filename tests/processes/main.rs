//! Processes from outside: that nothing of a run is left, however it or its children end, and that it works from
//! wherever a script comes. What scripts see of processes is tested by the golden scripts.

#[path = "../common/mod.rs"]
mod common;
mod knots;
mod run;

use common::{conc, text};
use run::{Run, wait_until};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// Killed while they begin, while they run, while they end, while they start others.
#[test]
fn children_killed_at_any_moment_leave_nothing() {
    let mut run = Run::of(
        "process grandchild { sleep 60s }
        process child(n) {
            var sum = 0
            if n % 5 == 0 { start grandchild }
            if n % 3 == 0 { start { sleep 60s } }
            for i in 0..2000 { sum += i }
            if n % 2 == 0 { sleep 60s }
        }
        var codes = []
        lock m
        fn lead(part) {
            for n in 0..40 {
                let p = start child(n)
                sleep randint(0, 4000) * 1us
                p.kill()
                assert p.join(timeout: 50s)
                with m { codes.push(p.exit_code) }
            }
        }
        parallel for part in 0..3 { lead(part) }
        assert all([code in [0, -9] for code in codes]), str(codes)
        print(len(codes), len(processes()))
        input()",
    );
    assert_eq!(run.line(), "120 0");
    // What is left is the server that makes the children.
    assert_eq!(run.children().len(), 1, "{:?}", run.children());
    assert!(!run.children().contains(&"Z".to_string()));
    wait_until("grandchildren end with their parents", || run.living().len() == 2);
    run.input.write_all(b"\n").expect("it reads");
    assert!(run.child.wait().expect("it ends").success());
    run.nothing_is_left();
}

/// Killed in the middle of whatever can be done with what is shared: those who live on go on with it.
#[test]
fn children_killed_while_they_use_what_is_shared() {
    let mut run = Run::of(
        "shared var n = 0
        shared array cells[16] = 0
        shared lock locks[501]
        shared rlock rlocks[501]
        shared semaphore s(3)
        shared queue q(20)
        shared queue endless
        shared queue least(order: \"priority\")
        shared atomic a = 0
        shared list book
        shared map table
        shared event go
        shared barrier b(2)
        shared latch l(1_000_000_000)

        fn hammer(i) {
            n = [i, \"a text that needs a block of its own\"]
            cells[i % 16] = \"text number {i}\"
            a.add(1)
            book.push(i)
            if len(book) > 20 { book.clear() }
            table[i % 7] = [i]
            q.try_put([i, \"x\"])
            q.try_get()
            endless.put(i)
            endless.try_get()
            least.put(i)
            if least.size > 20 { least.try_get() }
            if s.try_acquire() { s.release() }
            go.set()
            go.clear()
            l.count_down()
            with locks[i], rlocks[i], rlocks[i] { cells[0] = i }
        }

        process child(i) {
            if i % 10 == 0 { try { b.wait() } catch \"broken\" { b.reset() } }
            loop { hammer(i) }
        }

        var codes = []
        lock m
        fn lead(part) {
            for i in part * 125..(part + 1) * 125 {
                let p = start child(i)
                let until = now() + randint(0, 6000) * 1us
                while now() < until { hammer(500) }
                try { with locks[i] { } } catch \"abandoned\" { }
                p.kill()
                assert p.join(timeout: 50s)
                try { with locks[i] { } } catch \"abandoned\" { }
                with m { codes.push(p.exit_code) }
            }
        }
        parallel for part in 0..4 { lead(part) }
        assert all([code == -9 for code in codes]), str(codes)

        while q.try_get() != nil { }
        q.put(1)
        endless.put(2)
        book.clear()
        book.push(3)
        table[1] = 4
        cells[1] = 5
        n = 6
        assert b.waiting == 0
        print(len(codes), q.get(timeout: 5s), book, table[1], cells[1], n, s.permits <= 3)
        input()",
    );
    assert_eq!(run.line(), "500 1 [3] 4 5 6 true");
    run.shares_nothing_by_name();
    assert!(!run.children().contains(&"Z".to_string()));
    run.input.write_all(b"\n").expect("it reads");
    assert!(run.child.wait().expect("it ends").success());
    run.nothing_is_left();
}

/// Killed while they have servers and talk with others: no file of a socket is left.
#[test]
fn children_killed_while_they_listen_leave_no_file() {
    for end in ["over.set()", "exit(3)", "loop { sleep 1s }"] {
        let mut run = Run::of(&format!(
            "shared latch up(4)
            shared event over
            daemon process listens(n) {{
                let server = listen(\"./socket-{{n}}\")
                up.count_down()
                loop {{ server.accept() }}
            }}
            process outer {{ start listens(3); over.wait() }}
            let killed = [start listens(n) for n in 0..2]
            start outer
            let last = start listens(2)
            up.wait()
            for p in killed {{ p.kill(); join p }}
            # It is free again.
            let again = listen(\"./socket-0\")
            connect(\"./socket-0\")
            print(last.alive)
            input()
            last.kill()
            {end}"
        ));
        assert_eq!(run.line(), "true");
        match end.starts_with("loop") {
            true => run.signal("INT"),
            false => run.input.write_all(b"\n").expect("it reads"),
        }
        run.child.wait().expect("it ends");
        run.nothing_is_left();
    }
}

/// Ctrl-C in a terminal goes to all processes of a run.
#[test]
fn each_process_handles_what_comes_to_all() {
    let mut run = Run::of(
        "shared atomic handled = 0
        shared latch ready(3)
        event asked
        on signal \"INT\" { handled.add(1); asked.set() }
        process child { ready.count_down(); asked.wait(); exit(5) }
        let all = [start child for n in 0..3]
        ready.wait()
        print(\"ready\")
        asked.wait()
        join all
        print(handled.value, [p.exit_code for p in all])",
    );
    assert_eq!(run.line(), "ready");
    run.signal_to_all("INT");
    assert_eq!(run.line(), "4 [5, 5, 5]");
    assert!(run.child.wait().expect("it ends").success());
    run.nothing_is_left();
}

const FAMILY: &str = "
    process grandchild { print(\"ready\"); sleep 60s }
    process child { start grandchild; start grandchild; print(\"ready\"); sleep 60s }
    daemon process beside { print(\"ready\"); sleep 60s }
    repeat 3 { start child }
    start beside
    start { fork(); print(\"ready\"); sleep 60s }
    sleep 60s";

/// How many lines the family above writes.
const MEMBERS: usize = 12;

#[test]
fn the_family_of_a_killed_process_ends() {
    for signal in ["KILL", "INT", "TERM"] {
        let mut run = Run::of(FAMILY);
        for _ in 0..MEMBERS {
            assert_eq!(run.line(), "ready");
        }
        assert!(run.living().len() > MEMBERS);
        run.signal(signal);
        assert!(!run.child.wait().expect("it ends").success());
        run.nothing_is_left();
    }
}

/// Also while children are still being made.
#[test]
fn a_run_killed_at_any_moment_leaves_nothing() {
    for pause in (0..40).step_by(4) {
        let mut run = Run::of(FAMILY);
        std::thread::sleep(Duration::from_millis(pause));
        run.signal("KILL");
        run.child.wait().expect("it ends");
        run.nothing_is_left();
    }
}

#[test]
fn a_run_that_ends_early_ends_its_children() {
    for (end, status) in
        [("exit(4)", 4), ("throw \"bad\"", 1), ("lock m; m.acquire(); m.acquire()", 3), ("", 0)]
    {
        let wait = if status == 1 { "" } else { "daemon " };
        let mut run = Run::of(&format!(
            "{wait}process child(time) {{ print(\"ready\"); sleep time }}
            start child({})
            input()
            {end}",
            if status == 1 { "10ms" } else { "60s" }
        ));
        assert_eq!(run.line(), "ready");
        run.input.write_all(b"\n").expect("it reads");
        assert_eq!(run.child.wait().expect("it ends").code(), Some(status));
        run.nothing_is_left();
    }
}

#[test]
fn wherever_the_script_comes_from() {
    let script = "process child(n) { print(\"child\", n) }\njoin start child(5)\nprint(\"end\")\n";
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("process.conc");
    std::fs::write(&path, script).expect("written");
    for (arguments, input) in
        [(vec!["-e", script], ""), (vec!["-"], script), (vec![path.to_str().expect("a text")], "")]
    {
        let output = conc(&arguments, input);
        assert_eq!(text(&output.stdout), "child 5\nend\n", "{}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(0));
    }
}

/// A program that embeds conc: one run after the other, in a thread of its own.
#[test]
fn from_within_a_program() {
    let script = "
        var n = 1
        process child { n += 1; exit(n) }
        let p = start child
        let q = fork()
        if q == 0 { exit(n + 40) }
        join p, q
        assert p.exit_code == 2 and q.exit_code == 41 and n == 1";
    let source = Arc::new(conc::source::Source::new("embedded", script));
    let (program, _) = conc::pipeline::compile(source).expect("it has no mistakes");
    let program = Arc::new(program);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..10 {
                let ending = conc::world::real::run(program.clone(), Default::default());
                assert_eq!((ending.status, ending.failed), (0, 0));
            }
        });
    });
}

/// Killed while they send, receive, and do tasks: whoever is left learns it, and nothing is left over.
#[test]
fn children_killed_while_they_use_pipes_and_pools_leave_nothing() {
    let mut run = Run::of(
        "process writer(end) { loop { end.send(\"x\" * randint(0, 30_000)) } }
        process reader(end) { for x in end { } }
        lock m
        var ended = 0
        fn lead(part) {
            for n in 0..40 {
                pipe p
                let [near, far] = p.ends
                let child = start (writer(far) if n % 2 == 0 else reader(far))
                let other = start {
                    try {
                        if n % 2 == 0 { for x in near { } } else { loop { near.send(\"y\" * 9000) } }
                    } catch \"closed\" { }
                }
                sleep randint(0, 6000) * 1us
                child.kill()
                assert child.join(timeout: 50s)
                assert other.join(timeout: 50s)
                with m { ended += 1 }
            }
        }
        parallel for part in 0..2 { lead(part) }
        fn task(n) { sleep n % 3 * 1ms; return n }
        process pool workers(2)
        let futures = [workers.submit(task, n) for n in 0..300]
        let killer = start {
            repeat 30 { sleep randint(0, 6000) * 1us; for worker in processes() { worker.kill() } }
        }
        join killer
        var done = 0
        for f in futures {
            if f.error == nil { done += 1 } else { assert f.error.kind == \"broken\", f.error.message }
        }
        workers.close()
        print(ended, len(futures), done > 0)
        input()",
    );
    assert_eq!(run.line(), "80 300 true");
    wait_until("the workers end", || run.living().len() == 2);
    assert!(!run.children().contains(&"Z".to_string()));
    run.input.write_all(b"\n").expect("it reads");
    assert!(run.child.wait().expect("it ends").success());
    run.nothing_is_left();
}
