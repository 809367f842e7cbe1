//! `conc run --schedule` from outside: what a check has found happens on real threads, every time.

mod common;
#[path = "common/directory.rs"]
mod directory;

use directory::{directory, run};
use serde_json::Value;
use std::fs;
use std::time::{Duration, Instant};

const LOST: &str = "var total = 0
thread teller(n) {
  let before = total
  total = before + n
}
start teller(1)
start teller(10)
ensure total == 11
";

const CROSSED: &str = "lock left
lock right
thread forth { with left { with right { print(\"forth\") } } }
thread back { with right { with left { print(\"back\") } } }
start forth()
start back()
";

/// Scripts that use each kind of thing, with several outcomes.
const SCRIPTS: [(&str, &str); 15] = [
    ("a lost update", "var n = 0\nlet ts = [start { n += 1 } for i in 0..2]\njoin ts\nprint(n)"),
    (
        "a queue",
        "queue jobs(1)
        thread worker(name) { for job in jobs { print(name, job) } }
        start worker(\"a\")
        start worker(\"b\")
        for job in 1..=2 { jobs.put(job) }
        jobs.close()",
    ),
    (
        "a semaphore",
        "semaphore permits(1)\nvar n = 0
        thread guest(k) { with permits { let seen = n; n = seen * 3 + k }; print(n) }
        start guest(1)\nstart guest(2)",
    ),
    (
        "sleeping",
        "var log = \"\"
        let ts = [start { sleep 20ms; log += \"a\" }, start { sleep 10ms; log += \"b\" }]
        join ts\nprint(log, now() >= 20ms)",
    ),
    (
        "giving up",
        "lock guard
        thread busy { with guard { sleep 30ms } }
        thread hasty { if guard.acquire(timeout: 10ms) { print(\"in\"); guard.release() } else { print(\"gave up\") } }
        start busy()\nstart hasty()",
    ),
    (
        "timers",
        "var n = 1\ntimer once after 10ms { n *= 10 }
        start once\nlet t = start { n += 1 }\njoin t\nprint(n)",
    ),
    (
        "a timer that ends itself",
        "var n = 0\ntimer beat every 10ms { n += 1; if n > 1 { beat.cancel() } }
        start beat\nlet t = start { n += 1 }\njoin t, beat\nprint(n)",
    ),
    (
        "a timer that was cancelled",
        "timer never after 10ms { print(\"once\") }
        start never\nnever.cancel()\nprint(never.state)",
    ),
    (
        "choices",
        "queue a\nqueue b\nlet face = choose([1, 2, 3])
        start { a.put(face) }\nstart { b.put(10 * face) }
        select { a.get() => { print(\"a first\") }  b.get() => { print(\"b first\") } }
        print(randint(1, 1000), random() < 2.0)",
    ),
    (
        "a condition",
        "lock m\ncondition c for m\nvar go = 0
        thread guest(name) { with m { while go == 0 { c.wait() }; go -= 1; print(name) } }
        start guest(\"a\")\nstart guest(\"b\")
        with m { go = 2; c.notify(); c.notify() }",
    ),
    (
        "await",
        "var n = 0\nstart { await n >= 2; print(\"two\", n) }\nstart { n += 1; n += 1; n += 1; print(\"three\") }",
    ),
    (
        "a pool",
        "pool p(2)\nvar n = 0
        let fs = [p.submit(fn() { n += 1; return n }) for i in 0..2]
        print([f.result for f in fs])",
    ),
    (
        "a text that is read in parts",
        "class Pair { var x = 0; var y = [0] }\nlet c = Pair()\nlet all = {\"c\": c, \"xs\": [[0], [0]]}
        start { c.x = 1; c.y[0] = 1; all[\"xs\"][0][0] = 1; c.y = [2] }\nstart { print(all, c) }",
    ),
    (
        "comparing and joining in parts",
        "let xs = [[1], [0]]\nlet ys = [0]
        start { xs[1][0] = 1; ys.push(5); xs[0][0] = 0; xs.sort() }
        start { print(xs == [[0], [0]], sorted(xs), xs[0] + ys); ys.extend(xs[1]) }",
    ),
    (
        "errors and exit",
        "var n = 0\nstart { if n == 1 { throw \"too late\" }; print(\"in time\") }
        start { n = 1 }\nstart { if n == 1 { atomically { print(\"leaves\") }; exit(7) } }",
    ),
];

#[test]
fn an_update_is_lost_every_time() {
    let directory = directory("lost", LOST);
    let (status, ..) = run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    assert_eq!(status, Some(1));
    let first = run(&directory, &["run", "--schedule", "@x.schedule"]);
    assert_eq!((first.0, first.1.as_str()), (Some(1), ""));
    assert!(first.2.contains("the `ensure` does not hold at the end of the program"), "{}", first.2);
    assert!(first.2.contains("a.conc:8:8"), "{}", first.2);
    for _ in 0..40 {
        assert_eq!(run(&directory, &["--schedule", "@x.schedule"]), first);
    }
}

/// Time alone makes the condition true: the looks at it are turns, too.
#[test]
fn what_awaits_the_time_goes_on() {
    let script = "let until = now() + 30ms\nawait now() > until\nprint(\"awake\")\nassert false\n";
    let directory = directory("time", script);
    let (status, ..) = run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    assert_eq!(status, Some(1));
    for words in [&["replay"][..], &["run", "--schedule"]] {
        let (status, out, err) = run(&directory, &[words, &["@x.schedule"]].concat());
        assert_eq!(status, Some(1), "{err}");
        assert!(
            out.contains("awake") && err.contains("a.conc:4:1") || out.contains("a.conc:4:1"),
            "{out}{err}"
        );
    }
}

#[test]
fn a_deadlock_happens_every_time() {
    let directory = directory("deadlock", CROSSED);
    run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    for _ in 0..20 {
        let (status, out, err) = run(&directory, &["run", "--schedule", "@x.schedule"]);
        assert_eq!((status, out.as_str()), (Some(3), ""), "{err}");
        for part in [
            "deadlock: 2 threads wait for each other",
            "holds left  (line 3), waits for right (line 3)",
            "holds right (line 4), waits for left (line 4)",
        ] {
            assert!(err.contains(part), "{err}");
        }
    }
}

/// Every outcome of every script.
#[test]
fn real_threads_come_to_every_outcome() {
    let mut several = 0;
    for (name, script) in SCRIPTS {
        let directory = directory(&format!("outcomes-{}", name.replace(' ', "-")), script);
        let words = ["check", "--outcomes", "--format", "json", "--seed", "5", "@a.conc"];
        let (_, found, err) = run(&directory, &words);
        let found: Value = serde_json::from_str(&found).unwrap_or_else(|_| panic!("{name}: {err}"));
        let outcomes = found["outcomes"].as_array().expect("outcomes");
        several += usize::from(outcomes.len() > 1);
        for (index, outcome) in outcomes.iter().enumerate() {
            let number = (index + 1).to_string();
            let words = ["check", "--seed", "5", "--save-outcome", &number, "@x.schedule", "@a.conc"];
            run(&directory, &words);
            for _ in 0..3 {
                let (status, out, err) = run(&directory, &["run", "--schedule", "@x.schedule"]);
                assert_eq!(Some(out.as_str()), outcome["output"].as_str(), "{name}, outcome {number}: {err}");
                assert_eq!(
                    status.map(i64::from),
                    outcome["status"].as_i64(),
                    "{name}, outcome {number}: {err}"
                );
            }
        }
    }
    assert_eq!(several, SCRIPTS.len(), "each script has several outcomes");
}

/// What decides what a step is goes with the schedule: whether a container changes.
#[test]
fn a_replay_comes_to_the_outcome_that_was_saved() {
    let script = "let xs = []\nstart { print(\"has {xs[0]}\") }\nxs.push(2)";
    let directory = directory("changing", script);
    for (number, status, output) in [("1", 1, ""), ("2", 0, "has 2\n")] {
        run(&directory, &["check", "--save-outcome", number, "@x.schedule", "@a.conc"]);
        assert!(fs::read_to_string(directory.join("x.schedule")).unwrap().contains("\nchanging xs\n"));
        let (again, shown, err) = run(&directory, &["replay", "--format", "json", "@x.schedule"]);
        let shown: Value = serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{err}"));
        assert_eq!(shown["outcomes"][0]["output"], output);
        assert_eq!((again, shown["outcomes"][0]["status"].as_i64()), (Some(status), Some(i64::from(status))));
        let (real, out, err) = run(&directory, &["run", "--schedule", "@x.schedule"]);
        assert_eq!((real, out.as_str()), (Some(status), output), "{err}");
    }
}

/// So does whether somebody looks at what locks guard, or at how threads are, in whatever run.
/// An outcome to which a run comes after something was false on the way: the whole run is told, and what was false.
#[test]
fn a_replay_tells_an_invariant_that_was_false_on_the_way() {
    let script = "var n = 0\ninvariant n >= 0\nn = -1\nn = 1\nprint(n)";
    let directory = directory("on-the-way", script);
    run(&directory, &["check", "--save-outcome", "1", "@x.schedule", "@a.conc"]);
    let (status, out, err) = run(&directory, &["replay", "@x.schedule"]);
    assert_eq!(status, Some(1), "{out}{err}");
    assert!(out.contains("How this run goes:") && out.contains("output: 1"), "{out}");
    assert!(out.contains("does not hold"), "{out}");
}

#[test]
fn a_schedule_goes_through_where_monitors_and_threads_are_looked_at() {
    let monitor = "monitor M() { var a = 0; fn both() { a += 1 } }\nlet o = M()\njoin start o.both()\n";
    let scripts = [
        ("seen-locks", format!("{monitor}ensure o.a == 0, \"nobody comes\"")),
        ("seen-threads", format!("{monitor}let t = start {{ o.both() }}\nprint(\"{{t}}\")\nassert o.a == 9")),
    ];
    for (line, script) in scripts {
        let directory = directory(line, &script);
        let (found, _, err) = run(&directory, &["check", "--no-memo", "--save", "@x.schedule", "@a.conc"]);
        assert_eq!(found, Some(1), "{line}: {err}");
        assert!(fs::read_to_string(directory.join("x.schedule")).unwrap().contains(&format!("\n{line}\n")));
        for words in [&["replay", "@x.schedule"][..], &["run", "--schedule", "@x.schedule"]] {
            let (status, _, err) = run(&directory, words);
            assert_eq!(status, Some(1), "{line}, {words:?}: {err}");
        }
    }
}

/// The limit of threads is the schedule's unless told: how many are too many decides what the run is.
#[test]
fn the_limit_of_threads_is_that_of_the_check() {
    let script = "start { }\ntry { start { print(\"room\") } } catch e { print(e.kind) }";
    let directory = directory("limited", script);
    for (number, printed) in [("1", "refused\n"), ("2", "room\n")] {
        let words = ["check", "--max-threads", "1", "--save-outcome", number, "@x.schedule", "@a.conc"];
        run(&directory, &words);
        let (status, out, err) = run(&directory, &["run", "--schedule", "@x.schedule"]);
        assert_eq!((status, out.as_str()), (Some(0), printed), "{err}");
    }
}

#[test]
fn sleeping_really_takes_its_time_and_can_be_cut_short() {
    let directory = directory("sleep", "start { sleep 150ms; sleep 150ms }\nsleep 200ms\nprint(now())");
    run(&directory, &["check", "--time", "idle", "--save-outcome", "1", "@x.schedule", "@a.conc"]);
    let began = Instant::now();
    let (status, out, err) = run(&directory, &["run", "--schedule", "@x.schedule"]);
    let (took, least) = (began.elapsed(), Duration::from_millis(300));
    assert_eq!((status, out.as_str(), err.as_str()), (Some(0), "200ms\n", ""));
    assert!(took >= least, "{took:?}");

    fs::write(directory.join("a.conc"), "lock m\nstart { with m { sleep 60min } }\nsleep 60min\nprint(1)")
        .unwrap();
    run(&directory, &["check", "--save-outcome", "1", "@y.schedule", "@a.conc"]);
    let (status, out, err) = run(&directory, &["run", "--timeout", "200ms", "--schedule", "@y.schedule"]);
    assert_eq!((status, out.as_str()), (Some(124), ""), "{err}");
    assert!(err.contains("thread \"main\"") && err.contains("sleeps (line 3)"), "{err}");
}

#[test]
fn the_outside_is_that_of_the_check() {
    let script = "print(args, env(\"HOME\"), clock(), cpu_count())
        try { input() } catch e { print(e.kind) }
        try { open(\"a.conc\") } catch e { print(e.kind) }
        start { print(current_thread().id) }";
    let directory = directory("outside", script);
    let (_, found, err) =
        run(&directory, &["check", "--save-outcome", "1", "@x.schedule", "--format", "json", "@a.conc", "7"]);
    let found: Value = serde_json::from_str(&found).unwrap_or_else(|_| panic!("{err}"));
    let (status, out, err) = run(&directory, &["run", "--schedule", "@x.schedule"]);
    assert_eq!((status, Some(out.as_str())), (Some(0), found["outcomes"][0]["output"].as_str()), "{err}");
    assert!(out.starts_with("[\"7\"] nil 00:00:00.000 2\nclosed\nrefused\n"), "{out}");
}

#[test]
fn a_schedule_that_cannot_be_read_or_does_not_fit_is_refused() {
    let directory = directory("refused", LOST);
    run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    let good = fs::read_to_string(directory.join("x.schedule")).unwrap();
    let refused = |text: &str, part: &str| {
        fs::write(directory.join("y.schedule"), text).unwrap();
        let (status, out, err) = run(&directory, &["run", "--schedule", "@y.schedule"]);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(part) && err.contains("help: "), "{part}: {err}");
    };
    refused("", "this is no schedule of conc");
    refused(&good.replace("conc schedule 1", "conc schedule 9"), "not of version 1");
    refused(
        &good.replacen("threads main teller-1", "threads main nobody", 1),
        "there is no thread \"teller-1\"",
    );
    refused(&format!("{good}\nmain*3\n"), "the schedule does not fit the script: at step");
    let (status, _, err) = run(&directory, &["run", "--schedule", "@nosuch.schedule"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("nosuch.schedule: there is no such file"), "{err}");
    fs::write(directory.join("a.conc"), LOST.replace("before + n", "n + before")).unwrap();
    refused(&good, "a.conc has changed since");
}

#[test]
fn a_run_that_cannot_keep_to_its_schedule_says_where() {
    let directory = directory("astray", LOST);
    run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    let (status, out, err) = run(&directory, &["run", "--max-threads", "1", "--schedule", "@x.schedule"]);
    assert_eq!((status, out.as_str()), (Some(2), ""), "{err}");
    for part in [
        "thread \"teller-2\" cannot be started: 1 thread lives already",
        "error: the run cannot keep to the schedule: step 1 of ",
        "thread \"main\" ends too early",
        "= help: ",
    ] {
        assert!(err.contains(part), "{part}: {err}");
    }
}
