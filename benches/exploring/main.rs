//! How large the spaces of small programs are, and how fast and in how much memory `conc check` covers them, beside the
//! figures of other tools on the same programs: `cargo bench --bench exploring`.
//!
//! Processor time is that of the whole process, from `/proc` (in hundredths of a second, so a short run is repeated), and
//! memory its peak beyond that of an empty script.

#[path = "../common/child.rs"]
mod child;
#[path = "../common/cpu.rs"]
mod cpu;
mod measure;
mod programs;

use measure::{Run, run};
use programs::{CASES, Case};

fn main() {
    // What else stands after `cargo bench --` is for another benchmark.
    if std::env::args().skip(1).collect::<Vec<_>>() != ["--bench"] {
        println!("only `cargo bench --bench exploring`, without arguments, measures");
        return;
    }
    let empty = run("", &[]).memory;
    println!(
        "{:26} {:>5} {:>9} {:>9} {:>9} {:>11} {:>7}  of others",
        "program", "cores", "states", "CPU s", "wall s", "states/s", "bytes"
    );
    for case in CASES {
        // The second row is for all cores.
        for cores in if case.large { ["1", ""].iter() } else { ["1"].iter() } {
            measure(case, cores, empty);
        }
    }
}

fn measure(case: &Case, cores: &str, empty: u64) {
    let mut flags: Vec<&str> = case.flags.to_vec();
    if !cores.is_empty() {
        flags.extend(["--cores", cores]);
    }
    let Run { states, cpu, wall, memory } = run(&(case.script)(), &flags);
    let bytes = match case.large {
        true => (memory.saturating_sub(empty) / states.max(1)).to_string(),
        false => String::new(),
    };
    let rate = (states as f64 / cpu) as u64;
    let cores = if cores.is_empty() { "all" } else { cores };
    println!(
        "{:26} {cores:>5} {states:>9} {cpu:>9.4} {wall:>9.4} {rate:>11} {bytes:>7}  {}",
        case.name, case.others
    );
}
