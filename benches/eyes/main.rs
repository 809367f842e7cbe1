//! What it costs to look: `--race`, `--trace` and `--gil` beside plain runs of the same scripts. `cargo bench --bench eyes`, or
//! with `-- -n 9` so many rounds.
//!
//! In each round every script runs once plain and once with each flag, one after the other, so that whatever else the machine
//! does falls on all of them alike; told are medians of the rounds' ratios. What a flag may cost is about the time that the script
//! measures; on a machine that is busy with something else, the processor's time beside it tells more.

mod measure;

use measure::{Run, run};
use std::path::{Path, PathBuf};

const SCRIPTS: [&str; 5] = ["B5", "B6", "B7a", "B7b", "B11b"];
const ROUNDS: usize = 5;

/// A flag beside a plain run, and what it may cost at most.
struct Case {
    script: &'static str,
    beside: &'static str,
    flag: &'static str,
    time: f64,
    memory: Option<f64>,
    /// Of each event in the file.
    bytes: Option<f64>,
}

fn cases() -> Vec<Case> {
    let race =
        |script| Case { script, beside: script, flag: "--race", time: 2.5, memory: Some(3.0), bytes: None };
    let trace = |script| Case {
        script,
        beside: script,
        flag: "--trace",
        time: 1.5,
        memory: None,
        bytes: Some(100.0),
    };
    // Two threads beside the same two jobs one after the other, both with the lock.
    let gil = Case { script: "B11b", beside: "B11a", flag: "--gil", time: 1.15, memory: None, bytes: None };
    SCRIPTS.map(race).into_iter().chain(SCRIPTS.map(trace)).chain([gil]).collect()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let rounds = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ROUNDS,
        ["-n", n] if n.parse().is_ok_and(|n: usize| n > 0) => n.parse().unwrap_or(ROUNDS),
        _ => return println!("cargo bench --bench eyes [-- -n ROUNDS]"),
    };
    println!(
        "{:6} {:8} {:>6} {:>7} {:>9} {:>7} {:>7} {:>12}",
        "script", "flag", "time", "at most", "processor", "memory", "at most", "bytes/event"
    );
    let missed = cases().iter().filter(|case| !measure_case(case, rounds)).count();
    println!("{missed} of {} cost more than they may", cases().len());
}

/// Whether it costs no more than it may.
fn measure_case(case: &Case, rounds: usize) -> bool {
    let path = |script: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/{script}.conc"));
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("eyes.json");
    let traced = format!("--trace={}", file.display());
    let flag = if case.flag == "--trace" { &traced } else { case.flag };
    let before: &[&str] = if case.flag == "--gil" { &["--gil"] } else { &[] };
    let both: Vec<(Run, Run)> =
        (0..rounds).map(|_| (run(before, &path(case.beside)), run(&[flag], &path(case.script)))).collect();
    let median_of = |ratio: &dyn Fn(&(Run, Run)) -> f64| median(both.iter().map(ratio).collect());
    let time = median_of(&|(plain, seen)| seen.seconds / plain.seconds);
    let memory = median_of(&|(plain, seen)| seen.memory as f64 / plain.memory.max(1) as f64);
    let cpu = median_of(&|(plain, seen)| seen.cpu / plain.cpu.max(0.01));
    let bytes = case.bytes.map(|_| bytes_of_an_event(&file));
    let within =
        |value: Option<f64>, most: Option<f64>| value.zip(most).is_none_or(|(value, most)| value <= most);
    let fine = time <= case.time && within(Some(memory), case.memory) && within(bytes, case.bytes);
    let shown = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
    println!(
        "{:6} {:8} {time:>6.2} {:>7.2} {cpu:>9.2} {memory:>7.2} {:>7} {:>12}{}",
        case.script,
        case.flag,
        case.time,
        shown(case.memory),
        shown(bytes),
        if fine { "" } else { "  too much" }
    );
    fine
}

/// Each event stands on a line of its own, with a phase.
fn bytes_of_an_event(file: &Path) -> f64 {
    let text = std::fs::read_to_string(file).expect("the trace was written");
    let _ = std::fs::remove_file(file); // it is in the way of nobody
    text.len() as f64 / text.matches("\"ph\":").count().max(1) as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
