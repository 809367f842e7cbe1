//! One exploration as a process of its own: what it says, how long it takes, how much memory it needs.

use crate::child;
use crate::cpu::children_cpu_seconds;
use std::time::{Duration, Instant};

/// A short run is repeated for so long.
const AT_LEAST: Duration = Duration::from_millis(1500);

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
    let mut command = child::conc();
    command.args(["check", "--format", "json"]).args(flags).args(["-e", script]);
    let (text, memory) = child::run(&mut command);
    let states = text.lines().find_map(|line| line.trim().strip_prefix("\"states\":"));
    let states = states.and_then(|rest| rest.trim().trim_end_matches(',').parse().ok());
    (states.unwrap_or_else(|| panic!("{script}\nsays no number of states: {text}")), memory)
}
