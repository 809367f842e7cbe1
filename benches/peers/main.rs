//! conc beside its peers: the same work in each language, run in turn, medians compared. `cargo bench -- -h`.
//!
//! Each program prints `RESULT <checksum>` and `TIME <seconds of its own work>`; the checksums must agree. The
//! programs of conc are `benches/B*.conc`, those of the peers `benches/peers/B*/main.*` and `native`.

#[path = "../common/cpu.rs"]
mod cpu;
mod measure;
mod native;
mod options;
mod programs;
mod table;

use options::{Metric, Options};
use programs::{BENCHES, Bench, Peer, Target};
use std::process::ExitCode;
use std::time::Duration;
use table::Results;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, bench] if flag == "--native" => {
            return if native::run(bench) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        [flag] if flag == "--spin" => {
            measure::spin();
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
        println!("{}", options::HELP);
        return ExitCode::SUCCESS;
    }
    match options::parse(arguments.into_iter()) {
        Ok(options) if options.measure => compare(&options),
        Ok(_) => {
            println!("only `cargo bench` measures");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}\n{}", options::HELP);
            ExitCode::from(2)
        }
    }
}

/// Runs every program in turn and prints the table. Fails when checksums differ or conc has no result.
fn compare(options: &Options) -> ExitCode {
    let peers = programs::peers(&options.conc);
    let benches: Vec<&Bench> = BENCHES.iter().filter(|bench| is_wanted(options, bench)).collect();
    let busy = if options.busy { measure::Busy::start().ok() } else { None };
    if options.busy && busy.is_none() {
        eprintln!("cannot keep the cores busy");
        return ExitCode::FAILURE;
    }
    let mut results = Results::new();
    let mut wrong = false;
    for bench in &benches {
        run_in_turn(bench, &peers, options, &mut results);
        wrong |= !agree(bench, &peers, &results);
    }
    drop(busy);
    table::print(&results, &benches, &peers, options);
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Those named, and those whose time another one's target needs.
fn is_wanted(options: &Options, bench: &Bench) -> bool {
    let named =
        |name: &str| options.benches.is_empty() || options.benches.iter().any(|wanted| wanted == name);
    let needed =
        |other: &Bench| matches!(other.target, Target::TimesBench(_, needed) if needed == bench.name);
    named(bench.name) || BENCHES.iter().any(|other| named(other.name) && needed(other))
}

/// A B C, A B C: so that a slow moment of the machine meets all of them. A program that fails once is given up.
fn run_in_turn(bench: &Bench, peers: &[Peer], options: &Options, results: &mut Results) {
    // Processor time is counted coarsely: over several runs of a short program.
    let by_cpu = options.metric == Metric::Cpu || matches!(bench.target, Target::CpuMs(_));
    let at_least = if by_cpu { Duration::from_millis(500) } else { Duration::ZERO };
    let mut programs: Vec<_> =
        peers.iter().filter_map(|peer| Some((peer.name, peer.command(bench.name)?))).collect();
    eprintln!("{} {}", bench.name, bench.about);
    for _ in 0..options.runs {
        programs.retain(|(peer, command)| match measure::run(command, at_least) {
            Ok(run) => {
                results.entry((bench.name, peer)).or_default().push(run);
                true
            }
            Err(reason) => {
                eprintln!("{} {peer}: {reason}", bench.name);
                results.remove(&(bench.name, *peer));
                false
            }
        });
    }
}

/// Whether conc has a result and all programs have the same.
fn agree(bench: &Bench, peers: &[Peer], results: &Results) -> bool {
    let of = |peer: &str| results.iter().find(|((b, p), _)| *b == bench.name && *p == peer);
    let Some((_, conc)) = of("conc") else { return false };
    let expected = &conc[0].result;
    let mut same = true;
    for peer in peers {
        let runs = of(peer.name).map(|(_, runs)| runs.as_slice()).unwrap_or_default();
        if let Some(run) = runs.iter().find(|run| run.result != *expected) {
            eprintln!("{}: conc has {expected}, {} has {}", bench.name, peer.name, run.result);
            same = false;
        }
    }
    same
}
