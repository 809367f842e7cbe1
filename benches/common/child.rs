//! conc as a process of its own: what it says, and how much memory it needs.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// The command, which is told nothing.
pub fn conc() -> Command {
    let mut conc = Command::new(env!("CARGO_BIN_EXE_conc"));
    conc.stdin(Stdio::null());
    conc
}

/// Lets it come to its end: its standard output, and the memory in bytes that it had at its peak.
pub fn run(command: &mut Command) -> (String, u64) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("conc can be started");
    let status = format!("/proc/{}/status", child.id());
    let mut output = child.stdout.take().expect("it is a pipe");
    // What it says may be more than fits into the pipe: then it would wait for whoever reads.
    let reader = spawn(move || {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    });
    let mut memory = 0;
    while child.try_wait().expect("it is our child").is_none() {
        memory = peak(&status).unwrap_or(0).max(memory);
        sleep(Duration::from_millis(1));
    }
    let bytes = reader.join().expect("whoever reads does not fail");
    (String::from_utf8_lossy(&bytes).into_owned(), memory)
}

fn peak(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
