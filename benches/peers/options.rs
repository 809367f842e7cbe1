//! What stands after `cargo bench --`.

use crate::measure::Run;
use crate::programs::BENCHES;
use std::path::PathBuf;

pub const HELP: &str = "cargo bench [-- [BENCH…] [-n RUNS] [--metric inner|cpu] [--busy] [--conc PROGRAM]]
  BENCH…         only these (B1 B7a …)
  -n RUNS        runs of each program (5)
  --metric M     inner: the time each program takes for its own work (the default)
                 cpu: processor time of the whole process
  --busy         keep every core busy meanwhile: the ratio to a peer under the same load, where a target holds for it
  --conc PROGRAM another conc than the one just built";

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    Inner,
    Cpu,
}

impl Metric {
    pub fn of(self, run: &Run) -> f64 {
        match self {
            Metric::Inner => run.inner_ms,
            Metric::Cpu => run.cpu_ms,
        }
    }

    pub fn describe(self) -> &'static str {
        match self {
            Metric::Inner => "time of own work (of B14 processor time)",
            Metric::Cpu => "processor time",
        }
    }
}

#[derive(Debug)]
pub struct Options {
    /// Empty for all.
    pub benches: Vec<String>,
    pub runs: usize,
    pub metric: Metric,
    pub busy: bool,
    pub conc: PathBuf,
    /// cargo says `--bench` when it is to measure and not only to test.
    pub measure: bool,
}

pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        benches: Vec::new(),
        runs: 5,
        metric: Metric::Inner,
        busy: false,
        conc: PathBuf::from(env!("CARGO_BIN_EXE_conc")),
        measure: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => options.measure = true,
            "--busy" => options.busy = true,
            "--conc" => options.conc = value()?.into(),
            "-n" => match value()?.parse() {
                Ok(runs) if runs > 0 => options.runs = runs,
                _ => return Err("-n needs a number of runs".to_string()),
            },
            "--metric" => match value()?.as_str() {
                "inner" => options.metric = Metric::Inner,
                "cpu" => options.metric = Metric::Cpu,
                other => return Err(format!("no such metric: {other}")),
            },
            name if BENCHES.iter().any(|bench| bench.name == name) => options.benches.push(argument),
            other => return Err(format!("no such benchmark or option: {other}")),
        }
    }
    Ok(options)
}
