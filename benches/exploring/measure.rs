//! One exploration as a process of its own: what it says, how long it takes, how much memory it needs.

use crate::child;
use crate::cpu::children_cpu_seconds;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A short run is repeated for so long.
const AT_LEAST: Duration = Duration::from_millis(600);

pub struct Run {
    pub states: u64,
    /// Everything was covered.
    pub complete: bool,
    /// What the process said, as JSON.
    pub text: String,
    /// Seconds of processor time, and of the clock.
    pub cpu: f64,
    pub wall: f64,
    /// Bytes, at the peak.
    pub memory: u64,
}

/// Checks a script (after `-e`) or a file, again and again for a while: the mean of the times.
pub fn run(flags: &[&str], script: &[&str]) -> Run {
    let (began, before) = (Instant::now(), children_cpu_seconds());
    let mut first: Option<Run> = None;
    let mut times = 0;
    while times == 0 || began.elapsed() < AT_LEAST {
        let run = once(flags, script);
        let memory = first.as_ref().map_or(0, |first| first.memory).max(run.memory);
        first = Some(Run { memory, ..first.unwrap_or(run) });
        times += 1;
    }
    let mean = |seconds: f64| seconds / f64::from(times);
    let first = first.unwrap_or_else(|| unreachable!("it ran once"));
    let (cpu, wall) = (children_cpu_seconds() - before, began.elapsed().as_secs_f64());
    Run { cpu: mean(cpu), wall: mean(wall), ..first }
}

/// The same once, for what takes long.
pub fn once(flags: &[&str], script: &[&str]) -> Run {
    let mut command = child::conc();
    command.args(["check", "--format", "json"]).args(flags).args(script).stderr(Stdio::null());
    let (began, before) = (Instant::now(), children_cpu_seconds());
    let (text, memory) = child::run(&mut command);
    let (cpu, wall) = (children_cpu_seconds() - before, began.elapsed().as_secs_f64());
    let states = field(&text, "states").and_then(|states| states.parse().ok());
    let states = states.unwrap_or_else(|| panic!("{script:?}\nsays no number of states: {text}"));
    Run { states, complete: field(&text, "complete") == Some("true"), text, cpu, wall, memory }
}

/// Seconds of the clock for a check of a script. Nobody looks at its memory meanwhile: where it has all cores, that would be
/// in its way.
pub fn wall(flags: &[&str], script: &str) -> f64 {
    let mut command = child::conc();
    command.args(["check", "--format", "json"]).args(flags).args(["-e", script]).stderr(Stdio::null());
    let began = Instant::now();
    let said = command.output().expect("conc can be started");
    let seconds = began.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&said.stdout);
    assert_eq!(field(&text, "complete"), Some("true"), "{script} is not covered: {text}");
    seconds
}

/// How many states a script has.
pub fn states(script: &str, flags: &[&str]) -> u64 {
    let run = once(flags, &["-e", script]);
    assert!(run.complete, "{script}\nis not covered: {}", run.text);
    run.states
}

/// What stands first by this name in what was said.
pub fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let name = format!("\"{name}\":");
    let rest = text.lines().find_map(|line| line.trim().strip_prefix(&name))?;
    Some(rest.trim().trim_end_matches(','))
}
