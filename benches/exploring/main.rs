//! Whether `conc check` is as fast and as small as it is meant to be, beside the figures of other tools on the same programs:
//! `cargo bench --bench exploring`. Each row tells its target and whether it is met; some minutes for all of them, or for
//! some: `cargo bench --bench exploring -- states rate`.
//!
//! Processor time is that of the whole process, from `/proc` (in hundredths of a second, so a short run is repeated), and
//! memory its peak beyond that of an empty script. What is told of other tools was measured once, on a machine like this
//! one, on one core: none of them is run here.

#[path = "../common/child.rs"]
mod child;
#[path = "../common/cpu.rs"]
mod cpu;
mod measure;
mod programs;
mod rows;
mod states;
mod work;

use rows::Rows;

/// A part of the benchmark: its name, and what adds its rows.
type Part = (&'static str, fn(&mut Rows));

/// The parts, each with what is measured in it.
const PARTS: [Part; 7] = [
    ("states", states::measure),
    ("process", work::whole_processes),
    ("rate", work::rates),
    ("memory", work::memory),
    ("tools", work::other_tools),
    ("bugs", work::bugs),
    ("random", work::random),
];

fn main() {
    let mut asked: Vec<String> = std::env::args().skip(1).collect();
    asked.retain(|word| word != "--bench");
    if asked.iter().any(|word| PARTS.iter().all(|(name, _)| name != word)) {
        // Whatever else stands after `cargo bench --` is for another benchmark.
        println!("`cargo bench --bench exploring -- PART…`: {}", PARTS.map(|(name, _)| name).join(", "));
        return;
    }
    let mut rows = Rows::begin();
    for (name, measure) in PARTS {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            rows.part(name);
            measure(&mut rows);
        }
    }
    rows.end();
}
