//! `conc check`, `conc replay` and `conc sim` from outside: what they end with, what they save, and what comes of it.
//! What an exploration finds is tested where it is made.

mod common;
#[path = "common/directory.rs"]
mod directory;

use common::{conc, text};
use directory::{directory, run};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
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

/// More states than anybody waits for.
const BIG: &str = "lock guard
var n = 0
thread adder(k) { for i in 0..30 { with guard { n = (n * 7 + k) % 1000003 } } }
for k in [1, 2, 3, 5, 7, 11] { start adder(k) }
";

/// How the first failure comes about, and what it comes to: not the verdicts, outcomes and numbers around it, which say
/// more of a whole exploration than of one run.
fn first_failure(report: &str) -> &str {
    let (_, rest) = report.split_once("\n\n").expect("a blank line after the verdicts");
    let next = rest.find("\nHow ").or_else(|| rest.find("\noutcomes: "));
    &rest[..next.unwrap_or_else(|| rest.trim_end().rfind('\n').expect("a summary"))]
}

#[test]
fn every_verdict_has_its_status() {
    let cases = [
        ("lock m\nstart { with m { } }", 0),
        ("start { throw \"x\" }", 1),
        ("start { assert false }", 1),
        (LOST, 1),
        ("var n = 0\ninvariant n < 2\nn = 2", 1),
        ("lock a\nlock b\nstart { with a { with b { } } }\nstart { with b { with a { } } }", 3),
        ("var n = 0\nstart { n = 1 }\nstart { n = 1 }", 4),
        ("lock m\nvar n = 0\nstart { while true { with m { n = 1 - n } } }", 5),
    ];
    for (script, status) in cases {
        let output = conc(&["check", "-e", script], "");
        assert_eq!(output.status.code(), Some(status), "{script}\n{}", text(&output.stdout));
        // A deadlock is no wait: it is told as in a real run.
        assert_eq!(
            status == 3,
            text(&output.stdout).contains("deadlock: "),
            "{script}\n{}",
            text(&output.stdout)
        );
    }
}

#[test]
fn a_limit_leaves_what_is_known() {
    let output = conc(&["check", "--max-states", "10", "-e", BIG], "");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("not known: deadlock") && said.contains("--max-states"), "{said}");
    assert!(said.contains("states, ") && said.contains(" steps, depth "), "{said}");
    // What has failed before the limit is known.
    let script = format!("throw \"at once\"\n{BIG}");
    assert_eq!(conc(&["check", "--max-states", "10", "-e", &script], "").status.code(), Some(1));
    let with_failure = format!("var m = 0\nstart {{ m = 1 }}\nstart {{ m = 1 }}\n{BIG}");
    let output = conc(&["check", "--max-states", "2000", "-e", &with_failure], "");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("not known: deadlock"), "{}", text(&output.stdout));
}

#[test]
fn flags_of_samples_and_bounds_that_mean_nothing_are_refused() {
    for words in [
        &["--strategy", "pos"][..],
        &["--max-steps", "9"],
        &["--random", "0"],
        &["--random", "9", "--preemptions", "1"],
        &["--random", "9", "--max-states", "9"],
        &["--preemptions", "-1"],
        &["--random", "9", "--strategy", "best"],
        &["--random", "9", "--strategy", "pct:0"],
        &["--random", "9", "--strategy", "pct:21"],
        &["--random", "9", "--strategy", "pos:2"],
    ] {
        let output = conc(&[&["check"], words, &["-e", "print(1)"]].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{words:?}");
    }
    let output = conc(&["check", "--random", "9", "--strategy", "best", "-e", "print(1)"], "");
    let said = text(&output.stderr);
    assert!(said.contains("the strategies are walk, uniform, pos, pct, pct:D"), "{said}");
}

#[test]
fn what_a_sample_finds_can_be_saved_and_run_again() {
    let directory = directory("sample", LOST);
    let words = [
        "check",
        "--random",
        "200",
        "--seed",
        "4",
        "--format",
        "json",
        "--save",
        "@lost.schedule",
        "@a.conc",
    ];
    let (status, first, _) = run(&directory, &words);
    assert_eq!(status, Some(1), "{first}");
    let (_, again, _) = run(&directory, &words);
    assert_eq!(first, again, "same seed, same runs");
    let found: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(found["sample"]["runs"], 200);
    assert_eq!(found["complete"], false);
    assert!(found["verdicts"].as_array().is_some_and(|all| all.iter().all(|one| one["verdict"] != "holds")));
    let (status, told, said) = run(&directory, &["replay", "@lost.schedule"]);
    assert_eq!(status, Some(1), "{told}{said}");
    assert!(told.contains("fails: ensure"), "{told}");
}

#[test]
fn time_ends_a_check() {
    let began = Instant::now();
    let output = conc(&["check", "--max-time", "300ms", "-e", BIG], "");
    assert_eq!(output.status.code(), Some(6));
    assert!(text(&output.stdout).contains("--max-time"), "{}", text(&output.stdout));
    assert!(began.elapsed() < Duration::from_secs(60));
}

/// A beat may come ever later: each number of them is another outcome, and to tell how each comes about took minutes.
#[test]
fn time_ends_a_check_of_many_outcomes() {
    let begun = Instant::now();
    let script = "timer t every 10ms { print(1) }\nstart t\nsleep 25ms\nt.cancel()\njoin t";
    let output = conc(&["check", "--outcomes", "--max-time", "2s", "-e", script], "");
    let said = text(&output.stdout);
    assert!(said.contains("different ones were found, there may be more"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

/// Whether a process has a handler for SIGINT by now.
#[cfg(target_os = "linux")]
fn catches_interrupts(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 2 != 0)
}

#[test]
fn time_ends_a_sample() {
    let output = conc(&["check", "--random", "100G", "--max-time", "300ms", "-e", BIG], "");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("--max-time") && said.contains(" of 100,000,000,000 runs with seed 0"), "{said}");
}

/// What a long check says that is interrupted; its status is that of an interrupted command.
#[cfg(target_os = "linux")]
fn interrupted(words: &[&str]) -> String {
    ended_by_interrupt(words, BIG, false).0
}

/// What it prints and what it says on standard error.
#[cfg(target_os = "linux")]
fn ended_by_interrupt(words: &[&str], script: &str, until_it_prints: bool) -> (String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .env("CONC_LANG", "en")
        .args(words)
        .args(["-e", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("conc starts");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !catches_interrupts(child.id()) {
        assert!(Instant::now() < deadline, "it never watches for Ctrl-C");
        std::thread::sleep(Duration::from_millis(5));
    }
    if until_it_prints {
        let mut byte = [0];
        child.stdout.as_mut().expect("a pipe").read_exact(&mut byte).expect("something is printed");
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("conc ends");
    // Without the ends of lines, which may be anywhere.
    let said = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(130), "{said}");
    (said, text(&output.stderr).to_string())
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_simulated_run_and_tells_where_the_threads_stand() {
    let script = r#"
lock m
var n = 0
daemon thread polite { with m { } }
with m {
    let polite_waits = start polite
    await polite_waits.waiting_on != nil
    print("spins")
    loop { n += 1 }
}"#;
    let trace = std::env::temp_dir().join(format!("conc-interrupted-{}.json", std::process::id()));
    let (_, said) = ended_by_interrupt(&["sim", "--trace", trace.to_str().expect("UTF-8")], script, true);
    let written = fs::read_to_string(&trace).expect("the trace is written");
    fs::remove_file(&trace).expect("it is there");
    assert!(said.contains("interrupted: the threads stood here"), "{said}");
    assert!(said.contains("thread \"main\"      runs (line 9), holds m (line 5)"), "{said}");
    assert!(said.contains("thread \"polite-1\"  waits for m (line 4)"), "{said}");
    assert!(serde_json::from_str::<Value>(&written).is_ok(), "{written}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_check_with_what_is_known() {
    // The whole space, a sample, and a bound.
    for words in [&["check"][..], &["check", "--random", "100G"], &["check", "--preemptions", "9"]] {
        let said = interrupted(words);
        assert!(said.contains("not known: ") && said.contains("the search was stopped"), "{said}");
    }
    let said = interrupted(&["check", "--format", "json"]);
    let found: Value = serde_json::from_str(&said).expect("JSON and nothing else");
    assert_eq!((&found["status"], &found["limit"]), (&130.into(), &"stopped".into()), "{said}");
}

/// The limit is hit because of the values of `n` and the loop: both are named.
#[test]
fn a_limit_says_what_makes_the_space_large() {
    let output = conc(&["check", "--max-states", "20000", "--format", "json", "-e", BIG], "");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    let growth = found["growth"].as_array().expect("a list");
    let of = |cause: &str| growth.iter().find(|one| one["cause"] == cause).expect(cause);
    assert_eq!(of("values")["name"], "n", "{found:#}");
    assert!(of("values")["count"].as_u64() > Some(100), "{found:#}");
    assert_eq!(of("loop")["line"], 3, "{found:#}");
    let advice = found["advice"].as_array().expect("a list");
    assert_eq!(advice.len(), growth.len() + 1, "{found:#}");
    // No limit, no advice.
    let output = conc(&["check", "--format", "json", "-e", LOST], "");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
    assert!(found["advice"].as_array().is_some_and(Vec::is_empty), "{found:#}");
    assert!(found["growth"].as_array().is_some_and(Vec::is_empty), "{found:#}");
}

#[test]
fn json_is_json() {
    for (script, status) in
        [(LOST, 1), ("print(\"\\u{1}\\\"余\")", 0), ("lock m\nm.acquire()\nm.acquire()", 3)]
    {
        let output = conc(&["check", "--format", "json", "--outcomes", "-e", script], "");
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON and nothing else");
        assert_eq!(output.status.code(), Some(status));
        assert_eq!(found["status"], status, "{found:#}");
        assert_eq!(found["verdicts"].as_array().map(Vec::len), Some(7));
        assert!(found["outcomes"].is_array() && found["complete"] == true, "{found:#}");
    }
}

#[test]
fn variables_must_be_known() {
    let (status, out, err) = run(&directory("vars", LOST), &["check", "--vars", "total,nosuch", "@a.conc"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(err.contains("no variable `nosuch`") && err.contains("help: "), "{err}");
}

/// It is told before the search, which may take long.
#[test]
fn a_folder_for_a_schedule_has_to_be_there() {
    let directory = directory("no_folder", LOST);
    for flags in [&["--save", "@no/x.schedule"][..], &["--outcomes", "--save-outcome", "1", "@no/x.schedule"]]
    {
        let (status, out, err) = run(&directory, &[&["check"], flags, &["@a.conc", "1"]].concat());
        assert_eq!((status, &*out), (Some(2), ""), "{err}");
        assert!(
            err.contains("cannot save the schedule in") && err.contains("there is no directory"),
            "{err}"
        );
    }
}

#[test]
fn a_saved_schedule_shows_the_same_failure() {
    let cases = [
        LOST,
        "lock a\nlock b\nstart { with a { with b { } } }\nstart { with b { with a { } } }",
        "var n = 0\nstart { n = 1 }\nstart { n = 1 }",
        "let face = choose(1..=6)\nstart { assert face != 4 }",
        "var n = 0\ninvariant n < 2\nstart { n += 1 }\nstart { n += 1 }",
        "queue q\nstart { print(q.get(timeout: 5s)) }\nstart { sleep 1s; q.put(len(args)) }",
    ];
    let settings: [&[&str]; 5] = [
        &[],
        &["--outcomes"],
        &["--no-merge", "--no-private"],
        &["--no-symmetry", "--no-liveness", "--no-memo"],
        &["--time", "idle", "--seed", "7"],
    ];
    for (script, flags) in cases.iter().flat_map(|script| settings.iter().map(move |flags| (script, flags))) {
        let directory = directory("same", script);
        let words = [&["check", "--save", "@x.schedule"], *flags, &["@a.conc", "-x", "a b"]].concat();
        let (status, found, err) = run(&directory, &words);
        if status == Some(0) {
            assert!(err.contains("nothing was saved") && !directory.join("x.schedule").exists(), "{err}");
            continue;
        }
        assert!(err.contains("conc replay"), "{script} {flags:?}\n{found}\n{err}");
        let (again, shown, err) = run(&directory, &["replay", "@x.schedule"]);
        assert_eq!((status, err.as_str()), (again, ""), "{script} {flags:?}\n{shown}");
        assert_eq!(first_failure(&found), first_failure(&shown), "{script} {flags:?}");
    }
}

#[test]
fn a_script_without_a_file_goes_with_its_schedule() {
    let directory = directory("text", "");
    let (status, ..) = run(&directory, &["check", "--save", "@x.schedule", "-e", LOST, "1"]);
    let (again, shown, err) = run(&directory, &["replay", "@x.schedule", "--format", "json"]);
    assert_eq!((status, again, err.as_str()), (Some(1), Some(1), ""));
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let fails = |name: &str| {
        shown["verdicts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["property"] == name && it["verdict"] == "fails")
    };
    assert!(fails("ensure") && !fails("deadlock"), "{shown:#}");
}

#[test]
fn a_schedule_is_found_with_its_script_from_anywhere() {
    let directory = directory("place", LOST);
    fs::create_dir(directory.join("out")).unwrap();
    run(&directory, &["check", "--save", "@out/x.schedule", "@a.conc"]);
    assert!(fs::read_to_string(directory.join("out/x.schedule")).unwrap().contains("\nscript  ../a.conc\n"));
    assert_eq!(run(&directory, &["replay", "@out/x.schedule"]).0, Some(1));
    fs::remove_file(directory.join("a.conc")).unwrap();
    let (status, _, err) = run(&directory, &["replay", "@out/x.schedule"]);
    assert!(status == Some(2) && err.contains("a.conc: there is no such file"), "{err}");
}

#[test]
fn a_changed_script_is_told_once() {
    let directory = directory("changed", LOST);
    run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    fs::write(directory.join("a.conc"), LOST.replace("  total", "\n  # Here it goes wrong.\n  total"))
        .unwrap();
    assert_eq!(run(&directory, &["replay", "@x.schedule"]).0, Some(1), "comments make no difference");
    fs::write(directory.join("a.conc"), LOST.replace("before + n", "n + before")).unwrap();
    let (status, out, err) = run(&directory, &["replay", "@x.schedule"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(err.contains("a.conc has changed since") && err.contains("help: "), "{err}");
    assert_eq!(err.matches("error").count(), 1, "{err}");
}

#[test]
fn what_is_no_schedule_is_refused_with_its_place() {
    let directory = directory("garbage", LOST);
    run(&directory, &["check", "--save", "@x.schedule", "@a.conc"]);
    let good = fs::read_to_string(directory.join("x.schedule")).unwrap();
    let cases = [
        (String::new(), "this is no schedule of conc"),
        (LOST.to_string(), "this is no schedule of conc"),
        (good.replace("conc schedule 1", "conc schedule 9"), "not of version 1"),
        (good.replace("\nteller", "\nnobody"), "there is no thread \"nobody"),
        (good.replace("\nmain", "\nmain*99 main"), "does not fit the script"),
        (good.replace("script  a.conc", "script  nosuch.conc"), "nosuch.conc: there is no such file"),
    ];
    for (file, told) in cases {
        fs::write(directory.join("y.schedule"), file).unwrap();
        let (status, out, err) = run(&directory, &["replay", "@y.schedule"]);
        assert!(status == Some(2) && out.is_empty() && err.contains(told), "{told}: {status:?}\n{out}{err}");
    }
    fs::write(directory.join("y.schedule"), [0xff, 0xfe]).unwrap();
    let (status, _, err) = run(&directory, &["replay", "@y.schedule"]);
    assert!(status == Some(2) && err.contains("UTF-8"), "{err}");
}

#[test]
fn any_outcome_can_be_saved() {
    let directory = directory("outcomes", "start { print(1) }\nstart { print(2) }\n");
    let (status, found, _) = run(&directory, &["check", "--outcomes", "--format", "json", "@a.conc"]);
    assert_eq!(status, Some(0));
    let found: Value = serde_json::from_str(&found).expect("JSON");
    let outcomes = found["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 2);
    for (number, outcome) in ["1", "2"].iter().zip(outcomes) {
        let (status, ..) = run(&directory, &["check", "--save-outcome", number, "@o.schedule", "@a.conc"]);
        assert_eq!(status, Some(0));
        let (_, shown, err) = run(&directory, &["replay", "--format", "json", "@o.schedule"]);
        let shown: Value = serde_json::from_str(&shown).unwrap_or_else(|_| panic!("{shown}{err}"));
        assert_eq!(shown["outcomes"][0]["output"], outcome["output"]);
        let (_, shown, _) = run(&directory, &["replay", "@o.schedule"]);
        assert!(shown.starts_with("How this run goes:\n"), "{shown}");
    }
    for number in ["3", "0", "two"] {
        let (status, _, err) =
            run(&directory, &["check", "--save-outcome", number, "@n.schedule", "@a.conc"]);
        assert!(status == Some(2) && err.contains("--save-outcome") && err.contains("help: "), "{err}");
        assert!(!directory.join("n.schedule").exists());
    }
}

#[test]
fn the_seed_decides_a_simulated_run() {
    let script = "var n = 0
thread adder(k) { for i in 0..3 { let m = n; n = m + k; print(k, n, random()) } }
for k in [1, 10, 100] { start adder(k) }";
    let mut seen = HashSet::new();
    for seed in 0..50 {
        let seed = seed.to_string();
        let words = ["sim", "--seed", &seed, "-e", script];
        let (first, second) = (conc(&words, ""), conc(&words, ""));
        assert_eq!(first.stdout, second.stdout);
        assert_eq!(first.stderr, second.stderr);
        assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
        // What the three have done, without the random numbers.
        let order: Vec<String> =
            text(&first.stdout).lines().map(|l| l.rsplit_once(' ').unwrap().0.to_string()).collect();
        seen.insert(order);
    }
    assert!(seen.len() > 10, "only {} different orders", seen.len());
}

#[test]
fn sleeping_in_a_simulation_costs_no_time() {
    let began = Instant::now();
    let script = "start { sleep 1000s; print(\"first\", now()) }\nsleep 100_000s\nprint(now())";
    let output = conc(&["sim", "-e", script], "");
    assert_eq!(text(&output.stdout), "first 1000s\n100000s\n");
    assert!(began.elapsed() < Duration::from_secs(60));
}
