//! One run of a script: its own time, the processor's, its memory.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// `/proc` counts processor time in hundredths of a second on every Linux that conc runs on.
const TICKS_PER_SECOND: f64 = 100.0;

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
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .arg("run")
        .args(flags)
        .arg(script)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("conc can be started");
    let status = format!("/proc/{}/status", child.id());
    // What it prints is short enough for the pipe.
    let mut memory = 0;
    while child.try_wait().expect("it is our child").is_none() {
        memory = peak(&status).unwrap_or(0).max(memory);
        sleep(Duration::from_millis(2));
    }
    let mut out = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("it can be read");
    let seconds = out.lines().find_map(|line| line.strip_prefix("TIME ")?.trim().parse().ok());
    Run {
        seconds: seconds.unwrap_or_else(|| panic!("{}: no TIME in {out}", script.display())),
        cpu: children_cpu_seconds() - before,
        memory,
    }
}

fn peak(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// The processor time of all children that have been waited for. Zero where there is no `/proc`.
fn children_cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; after it the user and system time of the children are 14th and 15th.
    let after_name = stat.rsplit(')').next().unwrap_or("");
    after_name.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / TICKS_PER_SECOND
}
