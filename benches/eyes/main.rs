//! What it costs to look: `--race`, `--trace` and `--gil` beside other runs. `cargo bench --bench eyes`, or with `-- -n 9` so
//! many rounds.
//!
//! Each row is a script with a flag, beside what stands under `beside`: the same script without the flag, or, for `--gil`, the
//! same two jobs one after the other in one thread, without the lock and with it. In each round both run once, one after the
//! other, so that whatever else the machine does falls on both alike; told are medians of the rounds' ratios. Of a script that
//! is done in a few milliseconds, in which the start of its threads and a moment's wait are all that is measured, a copy runs
//! that does the same to so many times as many items (`×10`). What a flag may
//! cost is about the time that the script measures; on a machine that is busy with something else, the processor's time
//! beside it tells more.

#[path = "../common/child.rs"]
mod child;
#[path = "../common/cpu.rs"]
mod cpu;
mod measure;

use measure::{Run, run};
use std::path::{Path, PathBuf};

const SCRIPTS: [Script; 5] = [
    Script::new("B5"),
    Script::new("B6"),
    Script::longer("B7a", 10),
    Script::longer("B7b", 10),
    Script::new("B11b"),
];
const ROUNDS: usize = 5;

/// A script of `benches/`, with so many times the items that stand there.
#[derive(Clone, Copy)]
struct Script {
    name: &'static str,
    times: u32,
}

/// A script with a flag beside another run, and what it may cost at most.
struct Case {
    script: Script,
    flag: &'static str,
    /// The other script, and its flag.
    beside: (Script, Option<&'static str>),
    time: f64,
    memory: Option<f64>,
    /// Of each event in the file.
    bytes: Option<f64>,
}

fn cases() -> Vec<Case> {
    let case =
        |script, flag, time| Case { script, flag, beside: (script, None), time, memory: None, bytes: None };
    let race = |script| Case { memory: Some(3.0), ..case(script, "--race", 2.5) };
    let trace = |script| Case { bytes: Some(100.0), ..case(script, "--trace", 1.5) };
    // Two threads beside the same two jobs one after the other.
    let gil = |lock| Case { beside: (Script::new("B11a"), lock), ..case(Script::new("B11b"), "--gil", 1.15) };
    let gil = [None, Some("--gil")].map(gil);
    SCRIPTS.map(race).into_iter().chain(SCRIPTS.map(trace)).chain(gil).collect()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let rounds = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ROUNDS,
        ["-n", n] if n.parse().is_ok_and(|n: usize| n > 0) => n.parse().unwrap_or(ROUNDS),
        _ => return println!("cargo bench --bench eyes [-- -n ROUNDS]"),
    };
    println!(
        "{:8} {:8} {:11} {:>6} {:>7} {:>9} {:>7} {:>7} {:>12}",
        "script", "flag", "beside", "time", "at most", "processor", "memory", "at most", "bytes/event"
    );
    let cases = cases();
    let missed = cases.iter().filter(|case| !measure_case(case, rounds)).count();
    println!("{missed} of {} cost more than they may", cases.len());
}

/// Whether it costs no more than it may.
fn measure_case(case: &Case, rounds: usize) -> bool {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("eyes.json");
    let traced = format!("--trace={}", file.display());
    let flag = if case.flag == "--trace" { &traced } else { case.flag };
    let (other, lock) = case.beside;
    let both: Vec<(Run, Run)> = (0..rounds)
        .map(|_| (run(lock.as_slice(), &other.path()), run(&[flag], &case.script.path())))
        .collect();
    let median_of = |ratio: &dyn Fn(&(Run, Run)) -> f64| median(both.iter().map(ratio).collect());
    let time = median_of(&|(other, seen)| seen.seconds / other.seconds);
    let memory = median_of(&|(other, seen)| seen.memory as f64 / other.memory.max(1) as f64);
    let cpu = median_of(&|(other, seen)| seen.cpu / other.cpu.max(0.01));
    let bytes = case.bytes.map(|_| bytes_of_an_event(&file));
    let within =
        |value: Option<f64>, most: Option<f64>| value.zip(most).is_none_or(|(value, most)| value <= most);
    let fine = time <= case.time && within(Some(memory), case.memory) && within(bytes, case.bytes);
    let shown = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
    println!(
        "{:8} {:8} {:11} {time:>6.2} {:>7.2} {cpu:>9.2} {memory:>7.2} {:>7} {:>12}{}",
        case.script.told(),
        case.flag,
        [other.told().as_str()].into_iter().chain(lock).collect::<Vec<_>>().join(" "),
        case.time,
        shown(case.memory),
        shown(bytes),
        if fine { "" } else { "  too much" }
    );
    fine
}

impl Script {
    const fn new(name: &'static str) -> Script {
        Script::longer(name, 1)
    }

    const fn longer(name: &'static str, times: u32) -> Script {
        Script { name, times }
    }

    fn told(self) -> String {
        if self.times == 1 { self.name.into() } else { format!("{} ×{}", self.name, self.times) }
    }

    /// Where it is: of a longer one a copy, whose `let number = …` says so many times as much.
    fn path(self) -> PathBuf {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/{}.conc", self.name));
        if self.times == 1 {
            return original;
        }
        let text = std::fs::read_to_string(&original).expect("the script is there");
        let number = "let number = ";
        assert!(text.contains(number), "{} says how many items there are", original.display());
        let longer = text.replacen(number, &format!("{number}{} * ", self.times), 1);
        let copy =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{}.conc", self.name, self.times));
        std::fs::write(&copy, longer).expect("the copy is written");
        copy
    }
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
