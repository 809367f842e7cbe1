//! One run of one program: what it printed, how long it took, how much processor time it used.

use crate::cpu::children_cpu_seconds;
use std::io::Read;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A run that takes longer is stopped, and has failed.
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub struct Run {
    /// What followed `RESULT`.
    pub result: String,
    /// The time of its own work, as it says (of the whole process when it says none).
    pub inner_ms: f64,
    /// User and system time of the process.
    pub cpu_ms: f64,
}

/// Runs a program once, and then again until `at_least` has passed; the times are means. Processor time is
/// counted in hundredths of a second over the whole row, so it takes a while to be exact.
pub fn run(command: &[String], at_least: Duration) -> Result<Run, String> {
    let cpu_before = children_cpu_seconds();
    let began = Instant::now();
    let mut inner = 0.0;
    let mut times = 0.0;
    loop {
        let (text, seconds) = once(command)?;
        let word = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let result = word("RESULT").ok_or_else(|| format!("printed no RESULT: {text}"))?.to_string();
        inner += word("TIME").and_then(|time| time.parse().ok()).unwrap_or(seconds);
        times += 1.0;
        if began.elapsed() >= at_least {
            let cpu = children_cpu_seconds() - cpu_before;
            return Ok(Run { result, inner_ms: inner * 1000.0 / times, cpu_ms: cpu * 1000.0 / times });
        }
    }
}

fn once(command: &[String]) -> Result<(String, f64), String> {
    let began = Instant::now();
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", command[0]))?;
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take();
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stdout) = stdout {
            let _ = stdout.read_to_string(&mut text);
        }
        let _ = sender.send(text);
    });
    let text = receiver.recv_timeout(LIMIT);
    if text.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let seconds = began.elapsed().as_secs_f64();
    match text {
        Ok(text) if status.success() => Ok((text, seconds)),
        Ok(text) => Err(format!("ended with {status}: {text}")),
        Err(_) => Err(format!("stopped after {} s", LIMIT.as_secs())),
    }
}

/// Processes that keep every core busy until this is dropped.
pub struct Busy {
    spinners: Vec<(Child, Option<ChildStdin>)>,
}

impl Busy {
    pub fn start() -> std::io::Result<Busy> {
        let program = std::env::current_exe()?;
        let cores = thread::available_parallelism()?.get();
        let mut spinners = Vec::new();
        for _ in 0..cores {
            let mut child = Command::new(&program).arg("--spin").stdin(Stdio::piped()).spawn()?;
            let stdin = child.stdin.take();
            spinners.push((child, stdin));
        }
        Ok(Busy { spinners })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for (child, stdin) in &mut self.spinners {
            drop(stdin.take());
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a spinner does: keeps a core busy until its standard input ends, however the runner ends.
pub fn spin() {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        let _ = sender.send(());
    });
    while receiver.try_recv().is_err() {
        for _ in 0..100_000 {
            std::hint::spin_loop();
        }
    }
}
