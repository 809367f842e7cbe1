//! How many runs a second `conc check --random` draws, on one core: `cargo bench --bench sampling`.
//!
//! Two kinds of programs: of the small ones all states are known soon, and a run is a walk through them; of the large
//! ones nearly every step is new. What shuttle and loom draw of the counter: 100,000 to 270,000, and 12,000 to 22,000.

use conc::explore::covered::Covered;
use conc::explore::{Extent, Options, Sampling, Strategy, check};
use conc::source::Source;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

const COUNTER: &str = "var n = 0\nthread add { n += 1 }\njoin start add(), start add()";

const PHILOSOPHERS: &str = "lock forks[5]
fn eat(i) {
    let a = min(i, (i + 1) % 5)
    let b = max(i, (i + 1) % 5)
    repeat 2 { with forks[a] { with forks[b] { } } }
}
parallel for i in 0..5 { eat(i) }";

/// No state comes again: each keeps the order of all that was before it.
const HISTORY: &str = "lock m
let log = []
thread say(i) { for round in 0..10 { with m { log.push(i) } } }
join [start say(i) for i in 0..6]";

/// What is drawn, how often, and by what.
const CASES: [(&str, &str, u64, Strategy); 7] = [
    ("counter 2x1", COUNTER, 1_000_000, Strategy::Walk),
    ("counter 2x1", COUNTER, 1_000_000, Strategy::Uniform),
    ("counter 2x1", COUNTER, 1_000_000, Strategy::Pos),
    ("counter 2x1", COUNTER, 1_000_000, Strategy::PCT),
    ("counter 2x1", COUNTER, 1_000_000, Strategy::Turns),
    ("5 philosophers", PHILOSOPHERS, 200_000, Strategy::Turns),
    ("a history", HISTORY, 500, Strategy::Turns),
];

fn main() {
    // What else stands after `cargo bench --` is for the other benchmark.
    if std::env::args().skip(1).collect::<Vec<_>>() != ["--bench"] {
        println!("only `cargo bench --bench sampling`, without arguments, measures");
        return;
    }
    println!("{:16} {:8} {:>10} {:>12} {:>12}", "program", "strategy", "runs", "runs/s", "steps/s");
    for (name, script, runs, strategy) in CASES {
        measure(name, script, runs, strategy);
    }
}

fn measure(name: &str, script: &str, runs: u64, strategy: Strategy) {
    let source = Arc::new(Source::new(name, script));
    let program = match conc::pipeline::compile(source) {
        Ok((program, _)) => Arc::new(program),
        Err(mistakes) => panic!("{name}: {mistakes:?}"),
    };
    let sampling = Sampling { runs, strategy, most_steps: Sampling::MOST_STEPS };
    let options = Options { extent: Extent::Sample(sampling), ..Options::default() };
    let began = Instant::now();
    let findings = check(program, &options, &mut |_| ControlFlow::Continue(()));
    let seconds = began.elapsed().as_secs_f64();
    let Covered::Sample(sample) = &findings.covered else { panic!("a sample was asked for") };
    let rate = |n: u64| (n as f64 / seconds) as u64;
    println!(
        "{name:16} {:8} {:>10} {:>12} {:>12}",
        strategy.word(),
        sample.runs,
        rate(sample.runs),
        rate(findings.steps)
    );
}
