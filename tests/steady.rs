//! Memory of a run, from outside: that it stays the same in a long run, and what blocked threads cost. As Linux tells it
//! in `/proc`, so it is tested there only.
//!
//! A longer soak: `CONC_SOAK=600 CONC_SEED=7 cargo test --release --test steady -- --nocapture`.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Starts conc with a script of `tests/steady`; the child, and what it prints.
fn start(script: &str, arguments: &[String]) -> (Child, BufReader<ChildStdout>) {
    let script = format!("{}/tests/steady/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .env("CONC_LANG", "en")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("conc starts");
    let printed = BufReader::new(child.stdout.take().expect("it is piped"));
    (child, printed)
}

/// The memory of a process that is in use now, in kilobytes: `VmRSS`. None when it is gone.
fn resident(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => otherwise,
    }
}

/// What the rounds after the first ones take at most beyond those, in kilobytes: an allocator that keeps what was given
/// back, and rounds that are larger than others.
const MORE: u64 = 64 * 1024;

#[test]
fn memory_is_steady_in_a_long_run() {
    let (seconds, seed) = (number("CONC_SOAK", 4), number("CONC_SEED", 1));
    let (mut child, printed) = start("soak.conc", &[seconds.to_string(), seed.to_string()]);
    let mut each_round = Vec::new();
    let mut last = String::new();
    for line in printed.lines() {
        last = line.expect("it prints text");
        each_round.extend(resident(&child));
    }
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{status}");
    assert_eq!(last, "ended 1", "only `main` lives at the end");
    let first = each_round.iter().take(each_round.len().div_ceil(4)).max().copied().unwrap_or(0);
    let most = each_round.iter().max().copied().unwrap_or(0);
    println!("{} rounds: at most {first} kB in the first quarter, {most} kB in all", each_round.len());
    assert!(most < first + MORE, "{each_round:?}");
}

/// A million ints in a queue take little more than what they are, and the second million takes the place of the first.
#[test]
fn a_million_items_are_in_a_queue_once() {
    let (mut child, mut printed) = start("million.conc", &[]);
    let mut input = child.stdin.take().expect("it is piped");
    let used = [(); 2].map(|()| {
        let mut line = String::new();
        printed.read_line(&mut line).expect("it prints text");
        assert_eq!(line, "full 1000000\n");
        let used = resident(&child).expect("it waits for input");
        input.write_all(b"go on\n").expect("it reads");
        used
    });
    assert!(child.wait().expect("it ends").success());
    assert!(used[0] < 96 * 1024 && used[1] < used[0] + 16 * 1024, "{used:?} kB");
}

/// A stack of the system and all that conc has for it: less than 64 kB for each of a thousand threads.
#[test]
fn a_thousand_blocked_threads_are_small() {
    let (mut child, mut printed) = start("thousand.conc", &[]);
    let mut line = String::new();
    printed.read_line(&mut line).expect("it prints text");
    let used = resident(&child).expect("it waits for input");
    child.stdin.take().expect("it is piped").write_all(b"go on\n").expect("it reads");
    let status = child.wait().expect("it ends");
    assert_eq!((line.as_str(), status.success()), ("1000 wait\n", true));
    assert!(used < 64 * 1024, "{used} kB");
}
