//! One exploration as a process of its own: what it says, how long it takes, how much memory it needs.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A short run is repeated for so long.
const AT_LEAST: Duration = Duration::from_millis(1500);
/// `/proc` counts processor time in hundredths of a second on every Linux that conc runs on.
const TICKS_PER_SECOND: f64 = 100.0;

pub struct Run {
    pub states: u64,
    /// Seconds of processor time, and of the clock.
    pub cpu: f64,
    pub wall: f64,
    /// Bytes, at the peak.
    pub memory: u64,
}

pub fn run(script: &str, flags: &[&str]) -> Run {
    let (began, before) = (Instant::now(), children_cpu_seconds());
    let (mut times, mut states, mut memory) = (0, 0, 0);
    while times == 0 || began.elapsed() < AT_LEAST {
        let (found, peak) = once(script, flags);
        (states, memory) = (found, peak.max(memory));
        times += 1;
    }
    let mean = |seconds: f64| seconds / f64::from(times);
    let cpu = mean(children_cpu_seconds() - before);
    Run { states, cpu, wall: mean(began.elapsed().as_secs_f64()), memory }
}

/// How many states it found, and the memory that it took.
fn once(script: &str, flags: &[&str]) -> (u64, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .args(["check", "--format", "json"])
        .args(flags)
        .args(["-e", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("conc can be started");
    // Its report is short enough for the pipe, or it is read when the process waits for that.
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    while child.try_wait().expect("it is our child").is_none() {
        memory = peak(&status).unwrap_or(0).max(memory);
        sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().expect("it has ended");
    let text = String::from_utf8_lossy(&output.stdout);
    let states = text.lines().find_map(|line| line.trim().strip_prefix("\"states\":"));
    let states = states.and_then(|rest| rest.trim().trim_end_matches(',').parse().ok());
    (states.unwrap_or_else(|| panic!("{script}\nsays no number of states: {text}")), memory)
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
