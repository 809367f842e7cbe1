//! How fast programs are covered, how much memory that takes, and how soon a bug is found.

use crate::measure::{Run, field, once, run, wall};
use crate::programs::{COUNTER, history, mutex, one_must_come_last, philosophers, racy, two_stages};
use crate::rows::{Rows, Target};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A program with fewer states is small, and a check of it is to be over in so much processor time, in seconds.
const SMALL: u64 = 20_000;
const AT_ONCE: f64 = 0.1;

/// Nobody would measure longer: a small program that takes so long has missed its target by far.
const LONGEST: [&str; 2] = ["--max-time", "3s"];

/// All of the small programs of explorer tools, and all examples.
pub fn whole_processes(rows: &mut Rows) {
    let programs = [
        ("racy counter 2x1", racy(2, 1)),
        ("racy counter 3x3", racy(3, 3)),
        ("mutex counter 3x2", mutex(3, 2)),
        ("mutex counter 4x3", mutex(4, 3)),
        ("6 philosophers", philosophers(6, 1)),
        ("5 philosophers, 2 meals", philosophers(5, 2)),
        ("8 philosophers", philosophers(8, 1)),
        ("20 threads, one last", one_must_come_last()),
        ("100 threads in two stages", two_stages()),
    ];
    for (name, script) in programs {
        let one = run(&["--cores", "1"], &["-e", &script]);
        let of = format!("{} states; Harmony 0.15-0.25 s for the smallest", one.states);
        rows.add(name, (one.cpu, " s CPU"), Target::AtMost(AT_ONCE), &of);
    }
    let mut large = Vec::new();
    let most = SMALL.to_string();
    for path in examples() {
        let flags = [&["--cores", "1", "--max-states", &most], &LONGEST[..]].concat();
        let path = path.display().to_string();
        let one = once(&flags, &[&path]);
        let name = path.rsplit('/').next().unwrap_or(&path);
        match one.complete || field(&one.text, "limit") == Some("\"time\"") {
            true => {
                let of = format!("{} states{}", one.states, if one.complete { "" } else { ", not all" });
                rows.add(name, (one.cpu, " s CPU"), Target::AtMost(AT_ONCE), &of);
            }
            false => large.push(name.to_string()),
        }
    }
    rows.note(&format!("More states, or refused: {}.", large.join(", ")));
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(folder).expect("the examples can be listed");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut scripts: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "conc")).collect();
    scripts.sort();
    scripts
}

/// Of so many runs the best counts: others may have used the machine meanwhile.
const RUNS: usize = 5;

/// The least processor time.
fn best(flags: &[&str], script: &str) -> Run {
    let mut best = once(flags, &["-e", script]);
    for _ in 1..RUNS {
        best.cpu = best.cpu.min(once(flags, &["-e", script]).cpu);
    }
    assert!(best.complete, "{script} is not covered: {}", best.text);
    best
}

/// The least times of the clock of a search on one core, of two of these at the same time, and of one on two cores. In turn,
/// so that what others do on the machine meanwhile is the same for all.
fn side_by_side(script: &str) -> [f64; 3] {
    let one = || wall(&["--cores", "1"], script);
    let both = || {
        let began = Instant::now();
        std::thread::scope(|scope| {
            let other = scope.spawn(one);
            one();
            other.join().expect("it was measured");
        });
        began.elapsed().as_secs_f64()
    };
    let two = || wall(&["--cores", "2"], script);
    let mut least = [f64::INFINITY; 3];
    for _ in 0..RUNS {
        let now = [one(), both(), two()];
        least.iter_mut().zip(now).for_each(|(least, now)| *least = now.min(*least));
    }
    least
}

/// States a second, on one core and on two. How much two cores can give at most on this machine, just now, is told beside
/// it: what two searches that know nothing of each other come to.
pub fn rates(rows: &mut Rows) {
    let two_cores = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
    for (name, script) in [
        ("12 philosophers", philosophers(12, 1)),
        ("13 philosophers", philosophers(13, 1)),
        ("7 philosophers, 3 meals", philosophers(7, 3)),
    ] {
        let one = best(&["--cores", "1"], &script);
        let rate = one.states as f64 / one.cpu;
        let others = "SPIN 0.25 M without POR, Harmony 0.2-0.4 M";
        let what = format!("{name}: states a CPU second");
        rows.add(&what, (rate, ""), Target::AtLeast(1e6), others);
        if two_cores {
            let [one, both, two] = side_by_side(&script);
            let what = format!("{name}: as fast on two cores");
            let of = format!(
                "two searches at once {:.2} times; Harmony's worker made it slower",
                2.0 * one / both
            );
            rows.add(&what, (one / two, " times"), Target::AtLeast(1.7), &of);
        }
    }
    if !two_cores {
        rows.note("This machine has one core: how much faster two are was not measured.");
    }
}

/// The peak for each state that is kept.
pub fn memory(rows: &mut Rows) {
    // It is over so soon that one look may miss its peak.
    let empty = run(&[], &["-e", ""]).memory;
    for (name, script) in [
        ("12 philosophers", philosophers(12, 1)),
        ("13 philosophers", philosophers(13, 1)),
        ("7 philosophers, 3 meals", philosophers(7, 3)),
        ("a history", history()),
    ] {
        for (on, flags) in [("one core", &["--cores", "1"][..]), ("all cores", &[][..])] {
            let run = once(flags, &["-e", &script]);
            let bytes = run.memory.saturating_sub(empty) as f64 / run.states as f64;
            let what = format!("{name}, {on}: a state");
            let of = format!("{} states in {:.2} s; Harmony 220, SPIN 160", run.states, run.wall);
            rows.add(&what, (bytes.round(), " bytes"), Target::AtMost(100.0), &of);
        }
    }
}

/// What others need for the same programs. None of them is here: what is told of them was measured before.
pub fn other_tools(rows: &mut Rows) {
    for (name, script, most, others) in [
        ("8 philosophers", philosophers(8, 1), 0.49, "a tenth of Harmony's 4.9 s (2,040,548 states)"),
        ("10 philosophers", philosophers(10, 1), 0.7, "SPIN's 0.7 s with POR (235,814 states)"),
        ("mutex counter 3x2", mutex(3, 2), 0.0074, "a thousandth of loom's 7.4 s; shuttle 47 s"),
    ] {
        let one = run(&["--cores", "1"], &["-e", &script]);
        let of = format!("{} states; {others}", one.states);
        rows.add(name, (one.cpu, " s CPU"), Target::AtMost(most), &of);
    }
    rows.note("Harmony, SPIN, loom and shuttle were not run: their figures are from another day.");
}

/// Bugs that show in few of very many runs.
pub fn bugs(rows: &mut Rows) {
    for (name, script, others) in [
        ("20 threads, one last", one_must_come_last(), "random testers need thousands of runs"),
        ("100 threads in two stages", two_stages(), "random testers never find it"),
    ] {
        let flags = ["--cores", "1", "--max-states", "5000"];
        let one = run(&flags, &["-e", &script]);
        let found = one.text.contains("\"verdict\": \"fails\"");
        let what = format!("{name}: bugs found");
        let of = format!("{} states were met", one.states);
        rows.add(&what, (f64::from(u8::from(found)), ""), Target::AtLeast(1.0), &of);
        let what = format!("{name}: until then");
        rows.add(&what, (one.wall, " s"), Target::AtMost(1.0), others);
    }
}

/// Runs drawn at random.
pub fn random(rows: &mut Rows) {
    let runs = 1_000_000;
    for strategy in ["walk", "uniform", "pos", "pct", "turns"] {
        let flags = ["--cores", "1", "--random", &runs.to_string(), "--strategy", strategy];
        let one = once(&flags, &["-e", COUNTER]);
        assert_eq!(field(&one.text, "runs"), Some(&*runs.to_string()), "all were drawn: {}", one.text);
        let rate = f64::from(runs) / one.cpu;
        let what = format!("runs a CPU second by {strategy}");
        rows.add(&what, (rate, ""), Target::AtLeast(1e5), "shuttle 100-270 k, loom 12-22 k");
    }
}
