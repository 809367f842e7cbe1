//! Sessions through a pipe: entries in, answers out. What happens in a terminal is tested in `terminal.rs`.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What a session of these lines says, and its status.
struct Said {
    out: String,
    err: String,
    status: Option<i32>,
}

fn begun() -> Child {
    Command::new(env!("CARGO_BIN_EXE_conc"))
        .env("CONC_LANG", "en")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("conc is there")
}

fn session(text: &str) -> Said {
    let mut child = begun();
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let Output { stdout, stderr, status } = child.wait_with_output().expect("it ends");
    Said {
        out: String::from_utf8(stdout).expect("text"),
        err: String::from_utf8(stderr).expect("text"),
        status: status.code(),
    }
}

/// The answers to these entries, which are all fine.
fn answers(text: &str) -> String {
    let said = session(text);
    assert_eq!((&*said.err, said.status), ("", Some(0)), "{text}");
    said.out
}

/// A place for a file of this test.
fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("conc-repl-{}-{name}", std::process::id()))
}

#[test]
fn the_value_of_an_expression_is_shown() {
    for (entries, shown) in [
        ("1 + 2", "3\n"),
        ("\"a\\tb\"", "\"a\\tb\"\n"),
        ("[1, \"x\", nil]", "[1, \"x\", nil]\n"),
        ("nil", ""),
        ("print(1)", "1\n"),
        ("let 余额 = 100\n余额", "100\n"),
        ("1; 2; 3", "3\n"),
        ("let f = fn(x) => x\nf(2)\n", "2\n"),
        ("\n\n  # only a comment\n7", "7\n"),
    ] {
        assert_eq!(answers(entries), shown, "{entries}");
    }
}

#[test]
fn brackets_and_blocks_go_on_in_the_next_line() {
    let entries = "fn area(w, h) {\n    return w *\n        h\n}\narea(\n  2,\n  3\n)\nlet text = \"\"\"one\ntwo\"\"\"\ntext.len";
    assert_eq!(answers(entries), "6\n7\n");
    // What the end of the input leaves open is told.
    let said = session("fn area(w, h) {\n    return w");
    assert!(said.err.contains("never closed") && said.status == Some(2), "{}", said.err);
}

#[test]
fn what_other_sessions_know_is_told_as_it_is_here() {
    let said = session("help\nquit()\n?\nprint(1)\n:q\nprint(2)");
    assert_eq!(said.out, "1\n");
    assert_eq!(said.err.matches("`:help` lists").count(), 2, "{}", said.err);
    assert!(said.err.contains("`:quit` ends the session"), "{}", said.err);
    for line in ["help", "help lock", "help(lock)"] {
        let said = session(line);
        assert!(said.err.contains("`:help lock` explains one thing"), "{line}: {}", said.err);
    }
    assert_eq!(answers("let helper = 2\nhelper"), "2\n");
    // A name that was declared here means itself.
    let said = session("check\nload lesson.conc\nlocks").err;
    for meant in [":check", ":load lesson.conc", ":locks"] {
        assert!(said.contains(&format!("a command begins with a colon: `{meant}`")), "{said}");
    }
    assert_eq!(answers("let check = 3\ncheck\nlen(threads())"), "3\n1\n");
    assert_eq!(answers("let quit = 5\nquit\nfn help() => 6\nhelp()"), "5\n6\n");
}

#[test]
fn a_comparison_that_is_typed_is_a_question() {
    assert_eq!(answers("let x = 5\nx == 5\nx == 6"), "true\nfalse\n");
    let said = session("let x = 5\nx == 6; print(x)");
    assert!(said.err.contains("this compares, and the answer is not used"), "{}", said.err);
}

#[test]
fn an_entry_reads_the_lines_behind_it() {
    assert_eq!(
        answers("let name = input()\nAnn\nname\nlet t = start { return input() }; join t\nBen\nt.result"),
        "\"Ann\"\n\"Ben\"\n"
    );
    let said = session("1\ninput()");
    assert!(said.err.contains("standard input has ended") && said.status == Some(1), "{}", said.err);
}

#[test]
fn entries_see_what_was_declared_before() {
    let entries = "var n = 0
fn bump(by = 1) { n += by }
class Account(owner) { var balance = 0; fn put(n) { balance += n } }
monitor Counter { var count = 0; fn up() { count += 1 } }
threadlocal depth = 7
bump(); bump(by: 4)
n
let a = Account(\"ann\")
a.put(n)
[a.owner, a.balance, depth]
let c = Counter()
parallel for i in 0..10 { c.up() }
c.count
sorted([3, 1, 2], key: fn(x) => -x)
[x * n for x in 0..3]";
    assert_eq!(answers(entries), "5\n[\"ann\", 5, 7]\n10\n[3, 2, 1]\n[0, 5, 10]\n");
}

#[test]
fn a_name_can_be_declared_again_and_what_was_made_with_the_old_one_keeps_it() {
    let entries = "let x = 1\nfn f() => x\nlet g = fn() => x\nlet x = [2]\n[f(), g(), x]\nfn f() => \"new\"\nf()\nvar x = 9\nx += 1\n[g(), x]";
    assert_eq!(answers(entries), "[1, 1, [2]]\n\"new\"\n[1, 10]\n");
}

#[test]
fn an_error_leaves_what_was_defined_before() {
    let said = session("let x = 1\nvar n = 5\nlet x = [1][9]\nx\nn = 6; throw \"no\"\nn\nlet y = z\nx +\nx");
    assert_eq!(said.out, "1\n6\n2\n");
    for part in ["session:3:9", "index 9", "session:5", "no", "undefined name \"z\""] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    assert_eq!(said.status, Some(2));
    // A name that never got a value is none.
    let said = session("let fresh = [1][9]\nfresh");
    assert!(said.err.contains("undefined name \"fresh\""), "{}", said.err);
}

#[test]
fn threads_go_on_and_meet_what_is_typed_later() {
    let entries = "queue jobs, done
let worker = start { for job in jobs { done.put(job()) } }
fn late() => \"typed later\"
class Late { fn name() => \"of a later class\" }
jobs.put(late)
done.get()
let made = Late()
jobs.put(fn() => made.name())
done.get()
jobs.put(Late)
done.get().name()
jobs.close()
join worker
worker";
    assert_eq!(
        answers(entries).lines().filter(|line| *line != "true").collect::<Vec<_>>(),
        [
            "\"typed later\"",
            "\"of a later class\"",
            "\"of a later class\"",
            "thread thread-1 (line 2): finished"
        ]
    );
}

#[test]
fn running_threads_go_over_to_the_grown_program() {
    // Busy, waiting, sleeping, in `atomically`, and in an `await`, all at once while the program grows.
    let mut entries = String::from(
        "var stop = false
var table = []
atomic counted = 0
threadlocal own = 0
fn turn(f) { counted.add(1); own += 1; return f(own) }
let a = start { while not stop { for f in table { turn(f) } } }
let b = start { while not stop { sleep 100us; for f in table { turn(f) } } }
let c = start { while not stop { atomically { for f in table { turn(f) } } } }
let d = start { await table.len == 40 }
",
    );
    for n in 0..40 {
        entries += &format!(
            "threadlocal local{n} = {n}\nlet name{n} = \"{n}\"\nfn typed{n}(x) => x + local{n} + name{n}.len\ntable.push(typed{n})\n"
        );
    }
    entries += "stop = true\njoin a, b, c, d\n[a.error, b.error, c.error, d.error, counted.value > 0]";
    assert_eq!(answers(&entries), "[nil, nil, nil, nil, true]\n");
}

#[test]
fn a_deadlock_in_the_background_is_told_and_can_be_ended() {
    let said = session(
        "lock left, right
latch both(2)
thread first { with left { both.count_down(); both.wait(); with right { print(\"first has both\") } } }
thread second { with right { both.count_down(); both.wait(); with left { print(\"second has both\") } } }
let a = start first
let b = start second
while a.state != \"blocked\" or b.state != \"blocked\" or not left.locked or not right.locked { sleep 1ms }
sleep 100ms
a
:locks
:end first-1
join b
b
1 + 1",
    );
    // The second goes on at once.
    let (ended, printed) = ("first-1 is ended\n", "second has both\n");
    assert!(said.out.contains(ended) && said.out.contains(printed), "{}", said.out);
    assert_eq!(
        said.out.replace(ended, "").replace(printed, ""),
        "thread first-1: blocked on right, held by second-1 (line 3)
lock left: held by first-1 (line 3), second-1 waits
lock right: held by second-1 (line 4), first-1 waits
thread second-1: finished
2
"
    );
    assert!(said.err.contains("deadlock: 2 threads wait for each other"), "{}", said.err);
    assert!(said.err.contains("`:end first-1`") || said.err.contains("`:end second-1`"), "{}", said.err);
    assert_eq!(said.err.matches("deadlock:").count(), 1, "it is told once");
}

/// At the prompt, not only at the end of the session: whoever else has the locks, these threads cannot go on.
#[cfg(target_os = "linux")]
#[test]
fn a_deadlock_over_what_is_shared_is_told_at_the_prompt() {
    let mut child = begun();
    let mut input = child.stdin.take().expect("it is piped");
    let entries = "process waits { sleep 60min }
let p = start waits
shared lock left
shared rlock right
shared latch both(2)
thread first { with left { both.count_down(); both.wait(); with right { } } }
thread second { with right { both.count_down(); both.wait(); with left { } } }
let a = start first
let b = start second\n";
    input.write_all(entries.as_bytes()).expect("it reads");
    let (tell, told) = std::sync::mpsc::channel();
    let errors = BufReader::new(child.stderr.take().expect("it is piped"));
    std::thread::spawn(move || errors.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    let mut report = Vec::new();
    while !report.last().is_some_and(|line: &String| line.contains("the session goes on; `:end ")) {
        report.push(told.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("only {report:?}")));
    }
    assert_eq!(report[0], "deadlock: 2 threads wait for each other", "{report:?}");
    input.write_all(b":end first-1\njoin b\n[p.alive]\n:end p\n").expect("it reads");
    drop(input);
    let said = child.wait_with_output().expect("it ends");
    let out = String::from_utf8(said.stdout).expect("text");
    assert_eq!((&*out, said.status.code()), ("first-1 is ended\n[true]\np is ended\n", Some(0)));
}

#[test]
fn what_things_are_at_is_shown() {
    let said = session(
        "semaphore s(3)\ns\nlock m\nm\natomic a = [1]\na\nlatch l(2)\nl\nl.count_down(2)\nl
barrier b(2)\nb\nb.abort()\nb\npool p(1)\np
let f = p.submit(fn() => 7)\nf.wait()\nf\nlet g = p.submit(fn() { throw \"no\" })\ng.wait()\ng",
    );
    let shown =
        "semaphore s: 3 permits\nlock m: free\natomic a: [1]\nlatch l: 2 to be counted down\nlatch l: open
barrier b: 0 of 2 have arrived\nbarrier b: broken\npool p: 0 tasks unfinished\ntrue\n";
    let rest = said.out.strip_prefix(shown).unwrap_or_else(|| panic!("{}{}", said.out, said.err));
    assert_eq!(rest, "future of fn (line 17): 7\ntrue\nfuture of fn (line 20): failed: no\n");
}

#[test]
fn an_entry_that_would_wait_for_ever_is_ended() {
    let said = session("queue q\nq.get()\n1 + 1\nlock m\nm.acquire()\nm.acquire()\n2 + 2");
    assert_eq!(said.out, "2\ntrue\n4\n");
    assert_eq!(said.err.matches("deadlock:").count(), 2, "{}", said.err);
}

#[test]
fn ended_threads_clean_up() {
    let entries = "lock m
event begun
let t = start { with m { try { begun.set(); loop { sleep 1h } } catch { print(\"not caught\") } finally { print(\"cleaned up\") } } }
begun.wait()
m.locked
:end thread-1
m.locked
t.state
let u = start { loop { } }
:end u
u.state";
    let said = session(&entries.replace("1h", "60min"));
    assert_eq!(
        said.out, "true\ntrue\ncleaned up\nthread-1 is ended\nfalse\n\"failed\"\nu is ended\n\"failed\"\n",
        "{}",
        said.err
    );
}

#[test]
fn the_end_of_the_input_ends_the_session_as_a_program() {
    let began = Instant::now();
    let said = session(
        "let t = start { sleep 300ms; print(\"done\") }\ndaemon thread d { loop { sleep 1s } }\nstart d",
    );
    assert!(said.out.ends_with("done\n"), "{}", said.out);
    assert!(said.err.contains("waiting for these to end"), "{}", said.err);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!(session("exit(7)\nprint(\"never\")").status, Some(7));
    assert_eq!(session("let t = start { exit(3) }\njoin t\nsleep 10s").status, Some(3));
    assert_eq!(session(":quit\nprint(\"never\")").out, "");
}

#[test]
fn commands_work_on_the_session() {
    let file = place("saved.conc");
    let name = file.display();
    let said = session(&format!(
        "let x = 2\nlet y = [1][5]\nfn f() => x\n:save {name}\n:reset\nx\n:load {name}\nf()"
    ));
    let saved = std::fs::read_to_string(&file).expect("it was saved");
    assert_eq!(saved, "let x = 2\nfn f() => x\n");
    assert!(
        said.out.ends_with("2\n") && said.err.contains("undefined name \"x\""),
        "{}{}",
        said.out,
        said.err
    );
    let again = session(&format!("let z = 1\n:save {name}"));
    assert!(again.err.contains("is there already"), "{}", again.err);
    std::fs::remove_file(&file).expect("it is there");
    for (command, part) in [
        (":help", ":threads"),
        (":help check", "explore"),
        (":help E0301 # its page", "E0301"),
        (":time 1 + 1", "took"),
        (":threads", "thread main"),
        (":locks   # who waits", "no locks"),
        ("queue q\nq.put(1)\n:queues", "queue q: 1 item"),
        (":processes", "there are no processes"),
    ] {
        let said = session(command);
        assert!(said.out.contains(part), "{command}: {}{}", said.out, said.err);
    }
    for (command, part) in [
        (":nonsense", "there is no command :nonsense"),
        (":check no-file.conc", "cannot read no-file.conc: there is no such file"),
        (":load no/such/file", "cannot read no/such/file"),
        (":save /no/such/place", "cannot write"),
        (":end", "the name of a thread"),
        (":end nobody", "no thread nobody"),
        (":help nonsense", "no help about nonsense"),
        (":reste", "there is no command :reste; did you mean :reset?"),
        (":t", ":t may be :threads or :time"),
        (":locks x", ":locks takes nothing behind it"),
        ("let kept = 3\n:reset now\nassert kept == 3", ":reset takes nothing behind it"),
        (":time", ":time takes something to run"),
    ] {
        let said = session(command);
        assert!(said.err.contains(part), "{command}: {}{}", said.out, said.err);
        assert_eq!(said.status, Some(1), "{command}");
    }
    let said = session(":time 1 +");
    assert!(said.err.contains("E0101") && !said.out.contains("took"), "{}{}", said.out, said.err);
}

/// A process begins with what was typed so far, and its functions are those that had the names by then.
#[cfg(target_os = "linux")]
#[test]
fn processes_begin_with_what_was_typed() {
    let entries = "var n = 5
let x = [1][9]
fn area(w, h) => w * h
process worker(f) { n += 1; print(\"child\", n, area(2, 3), f(1), pid() != ppid()) }
join start worker(fn(x) => x + n)
fn area(w, h) => -1
class Late(a) { fn double() => a * 2 }
process late(it) { print(\"late\", area(2, 3), it.double()); exit(it.double()) }
let p = start late(Late(21))
join p
[n, p.exit_code]
let child = fork(); if child == 0 { n = 7; print(\"forked\", n); exit(3) } else { join child }
[n, child.exit_code]
process pool twice(2)
twice.map(fn(x) => x * n, [1, 2])
twice.close()
let u = start { join start worker(fn(x) => x) }
join u";
    let said = session(entries);
    let lines: Vec<&str> = said.out.lines().filter(|line| *line != "true").collect();
    assert_eq!(
        lines,
        ["child 6 6 7 true", "late -1 42", "[5, 42]", "forked 7", "[5, 3]", "[5, 10]", "child 6 6 1 true"],
        "{}",
        said.err
    );
    assert_eq!(said.err.matches("error").count(), 1, "that of `let x`: {}", said.err);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_shared_is_one_for_the_processes_of_a_session() {
    let entries = "shared var total = 0
shared lock guard
shared queue jobs
process adds(k) { repeat k { with guard { total += 1 } }; jobs.put(k) }
let adders = [start adds(100) for i in 0..3]
join adders
[total, jobs.size]
shared list book
process tells { book.push(\"from below\") }
join start tells
book
:reset
shared var total = 7
total
process sees { print(\"sees\", total); total = 8 }
join start sees
total";
    let said = answers(entries);
    let lines: Vec<&str> = said.lines().filter(|line| *line != "true").collect();
    assert_eq!(lines, ["[300, 3]", "[\"from below\"]", "7", "sees 7", "8"]);
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_wait_for_ever_are_told_while_others_go_on() {
    let entries = "shared event go
process ticker() { loop { sleep 10ms } }
let t = start ticker()
go.wait()
print(\"after\")
pipe p
let [x, y] = p.ends
process reads(e) { e.recv() }
let readers = [start reads(x), start reads(y)]
sleep 1s
let late = start { go.wait(); print(\"released\") }
sleep 500ms
go.set()
join late
t.kill()";
    let said = session(entries);
    assert_eq!(said.out, "after\nreleased\n", "{}", said.err);
    let told = said.err.matches("waits in p.ends[").count();
    assert!(told >= 2, "both readers are told: {}", said.err);
    let of_main = said.err.matches("thread \"main\" waits, and no thread is left").count();
    assert_eq!(of_main, 1, "who types may set it later: {}", said.err);
}

#[cfg(target_os = "linux")]
#[test]
fn processes_are_listed_ended_and_awaited() {
    let said = session(
        "shared queue q
process waits { print(q.get()) }
let w = start waits
:processes
join w
1 + 1
:end waits-1
w.exit_code
:processes
process slow { sleep 2s; print(\"slow is done\") }
let s = start slow
process fails { throw \"no\" }
join start fails",
    );
    for part in ["process waits-1 (pid ", "2\nwaits-1 is ended\n-9\nthere are no processes\n", "slow is done"]
    {
        assert!(said.out.contains(part), "{part}: {}{}", said.out, said.err);
    }
    for part in [
        "deadlock: 2 threads wait",
        "the session goes on; `:end waits-1` ends a process",
        "interrupted",
        "session:9:17",
        "in process \"fails-1\"",
        "waiting for these to end",
    ] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
}

#[test]
fn what_was_typed_can_be_explored() {
    let said = session(
        "var n = 0\nfn bump() { n += 1 }\nlet x = 1\nlet x = [1][9]\nlet x = 2\nparallel { bump(); bump() }\n:check",
    );
    assert!(said.out.contains("race") && said.out.contains("session"), "{}{}", said.out, said.err);
    let file = place("checked.conc");
    std::fs::write(&file, "lock m\nwith m { }\n").expect("a file can be written");
    // What an error kept from being done is left out, and the rest of its entry is there.
    let said = session("var n = 1; n = [2][7]; n = 9\nlet b = n\nensure b == 9\n:check");
    assert!(
        said.out.contains("session:3:8") && said.out.contains("the two sides are 1 and 9"),
        "{}",
        said.out
    );
    // What a statement did before it failed in its middle is there, too.
    let said = session("var n = 0\nthread w { n += 1 }\nfor i in 0..3 { start w(); assert i < 1 }\n:check");
    assert!(said.out.contains("fails: data race on n"), "{}{}", said.out, said.err);
    let said = session(&format!(":check {}", file.display()));
    std::fs::remove_file(&file).expect("it is there");
    assert!(said.out.contains("holds"), "{}{}", said.out, said.err);
}

#[test]
fn bad_input_breaks_nothing() {
    for bad in
        ["}", ")", "\"open", ":", ": help", "{", "\u{1}", "let", "fn f(", "'x'", "a.b.c", "((((", "余 额"]
    {
        let said = session(&format!("{bad}\n1"));
        assert!(said.status.is_some_and(|status| status <= 2), "{bad}: {}", said.err);
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .env("CONC_LANG", "en")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("conc is there");
    child.stdin.take().expect("it is piped").write_all(b"1\n\xff\xfe\n2\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n2\n");
}
