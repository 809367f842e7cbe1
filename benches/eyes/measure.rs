//! One run of a script: its own time, the processor's, its memory.

use crate::child;
use crate::cpu::children_cpu_seconds;
use std::path::Path;
use std::process::Stdio;

pub struct Run {
    /// What the script measures itself.
    pub seconds: f64,
    /// Of all its processors.
    pub cpu: f64,
    /// Bytes, at the peak.
    pub memory: u64,
}

pub fn run(flags: &[&str], script: &Path) -> Run {
    let before = children_cpu_seconds();
    let mut command = child::conc();
    command.arg("run").args(flags).arg(script).stderr(Stdio::null());
    let (out, memory) = child::run(&mut command);
    let seconds = out.lines().find_map(|line| line.strip_prefix("TIME ")?.trim().parse().ok());
    Run {
        seconds: seconds.unwrap_or_else(|| panic!("{}: no TIME in {out}", script.display())),
        cpu: children_cpu_seconds() - before,
        memory,
    }
}
