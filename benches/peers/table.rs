//! The results as a Markdown table: milliseconds, how conc compares with each peer, and whether targets are met.

use crate::measure::Run;
use crate::options::{Metric, Options};
use crate::programs::{BENCHES, Bench, Peer, Target};
use std::collections::HashMap;

/// All runs of each program (`None` for one that failed), by benchmark and peer.
pub type Results = HashMap<(&'static str, &'static str), Vec<Run>>;

pub fn print(results: &Results, benches: &[&Bench], peers: &[Peer], options: &Options) {
    let metric = options.metric;
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    println!("\nMedian {} in ms; in brackets: conc's time as a multiple of it.", metric.describe());
    if options.busy {
        println!(
            "Every core was kept busy by another program meanwhile: a target stands where it holds then, too."
        );
    }
    println!();
    println!("| | | {} | target | reached | met |", names.join(" | "));
    println!("|{}", "---|".repeat(names.len() + 5));
    for bench in benches {
        let cells: Vec<String> = peers.iter().map(|peer| cell(results, bench, peer.name, metric)).collect();
        let nothing = || (String::new(), String::new(), "");
        let asked = !options.busy || bench.holds_when_busy();
        let (target, reached, met) = if asked { judge(results, bench, metric) } else { nothing() };
        println!(
            "| {} | {} | {} | {target} | {reached} | {met} |",
            bench.name,
            bench.about,
            cells.join(" | ")
        );
    }
}

/// The middle one of a program's runs.
pub fn median_ms(results: &Results, bench: &str, peer: &str, metric: Metric) -> Option<f64> {
    let bench = BENCHES.iter().find(|known| known.name == bench)?;
    // A target of processor time is measured so, whatever the rest is measured by.
    let metric = if matches!(bench.target, Target::CpuMs(_)) { Metric::Cpu } else { metric };
    let runs = results.iter().find(|((b, p), _)| *b == bench.name && *p == peer)?.1;
    let mut times: Vec<f64> = runs.iter().map(|run| metric.of(run)).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

fn cell(results: &Results, bench: &Bench, peer: &str, metric: Metric) -> String {
    let Some(time) = median_ms(results, bench.name, peer, metric) else { return "-".to_string() };
    let shown = if time < 10.0 { format!("{time:.2}") } else { format!("{time:.0}") };
    match median_ms(results, bench.name, "conc", metric) {
        Some(conc) if peer != "conc" => format!("{shown} (x{:.2})", conc / time),
        _ => shown,
    }
}

/// The target, what was reached, and whether that is enough.
fn judge(results: &Results, bench: &Bench, metric: Metric) -> (String, String, &'static str) {
    let conc = median_ms(results, bench.name, "conc", metric);
    let (limit, reference, target) = match bench.target {
        Target::TimesPeer(times, peer) => {
            (times, median_ms(results, bench.name, peer, metric), format!("{times} x {peer}"))
        }
        Target::TimesBench(times, other) => {
            (times, median_ms(results, other, "conc", metric), format!("{times} x {other}"))
        }
        Target::CpuMs(ms) => (ms, Some(1.0), format!("{ms} ms CPU")),
        Target::None => return (String::new(), String::new(), ""),
    };
    match (conc, reference) {
        (Some(conc), Some(reference)) => {
            let reached = conc / reference;
            (target, format!("{reached:.2}"), if reached <= limit { "yes" } else { "**no**" })
        }
        _ => (target, "-".to_string(), "not measured"),
    }
}
