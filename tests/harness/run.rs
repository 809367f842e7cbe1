//! Runs one golden script with the built `conc` and judges the run.

use super::{expectation, expectation::Expectation, expectation::Stream, matching};
use conc::report::language::MISSING;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a script may run before it is stopped.
const WATCHDOG: Duration = Duration::from_secs(30);

/// What a run gave.
struct Output {
    /// None when a signal ended it.
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs the script as its comments say; with `update`, its blocks are rewritten from what the run gave.
pub fn check(script: &Path, update: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(script).map_err(|error| format!("cannot read it: {error}"))?;
    let expected = match expectation::parse(&text) {
        Ok(expected) => expected,
        Err(_) if update => Expectation { repeat: 1, ..Expectation::default() },
        Err(reason) => return Err(reason),
    };
    for round in 1..=expected.repeat {
        let output = run(script, &expected)?;
        let Some(wrong) = judge(&expected, &output) else { continue };
        if update {
            return rewrite(script, &text, &expected, &output);
        }
        let times = if expected.repeat > 1 { format!("in run {round}: ") } else { String::new() };
        return Err(format!("{times}{wrong}"));
    }
    Ok(())
}

/// Whether conc has something to say of this script; so it is where its expectations cannot be read.
pub fn is_spoken_of(script: &Path) -> bool {
    let text = std::fs::read_to_string(script).unwrap_or_default();
    expectation::parse(&text).map_or(true, |expected| {
        !expected.command.is_empty() || !expected.stderr.is_empty() || expected.status != 0
    })
}

/// Runs a script in Chinese. It ends as in English; what conc says of it has to be in the catalogue: what is missing stands
/// between marks then. What the script itself prints stays what it is.
pub fn check_language(script: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(script).map_err(|error| format!("cannot read it: {error}"))?;
    let mut expected = expectation::parse(&text)?;
    expected.language = "zh+missing".to_string();
    let output = run(script, &expected)?;
    let mut wrong: Vec<String> = wrong_status(&expected, &output).into_iter().collect();
    if expected.command.is_empty() {
        wrong.extend(matching::mismatch("stdout", &expected.stdout, &output.stdout, expected.any_order));
    }
    if expected.stderr.needs_text() && output.stderr.is_empty() {
        wrong.push("it says nothing".to_string());
    }
    let lines = output.stdout.lines().chain(output.stderr.lines());
    let missing: Vec<&str> = lines.filter(|line| line.contains(MISSING)).collect();
    if !missing.is_empty() {
        let missing = missing.join("\n");
        wrong.push(format!("messages/zh.po has no translation of what is marked:\n{missing}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Makes a simulated run of a script for real threads: it ends with the same status.
pub fn check_simulated(script: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(script).map_err(|error| format!("cannot read it: {error}"))?;
    let mut expected = expectation::parse(&text)?;
    expected.command = vec!["sim".to_string()];
    let output = run(script, &expected)?;
    wrong_status(&expected, &output).map_or(Ok(()), Err)
}

fn wrong_status(expected: &Expectation, output: &Output) -> Option<String> {
    let ended = output.status.map_or("a signal ended it".to_string(), |status| format!("it is {status}"));
    let is_right = output.status == Some(expected.status);
    (!is_right).then(|| format!("the exit status should be {}; {ended}", expected.status))
}

/// What is wrong with a run; None when it is as expected.
fn judge(expected: &Expectation, output: &Output) -> Option<String> {
    let mut wrong: Vec<String> = wrong_status(expected, output).into_iter().collect();
    wrong.extend(matching::mismatch("stdout", &expected.stdout, &output.stdout, expected.any_order));
    let silent = Stream { lines: Some(Vec::new()), ..Stream::default() };
    let stderr = if expected.stderr.is_empty() { &silent } else { &expected.stderr };
    wrong.extend(matching::mismatch("stderr", stderr, &output.stderr, false));
    let stderr_unseen = expected.stderr.lines.is_some() || output.stderr.is_empty();
    if !wrong.is_empty() && !stderr_unseen && !expected.stderr.is_empty() {
        wrong.push(format!("(stderr was:\n{})", output.stderr));
    }
    (!wrong.is_empty()).then(|| wrong.join("\n"))
}

fn rewrite(script: &Path, text: &str, expected: &Expectation, output: &Output) -> Result<(), String> {
    let wrong = |stream: &Stream, actual: &str, any_order: bool| {
        let exact = stream.lines.is_some();
        let differs = matching::mismatch("", stream, actual, any_order).is_some();
        (exact && differs).then(|| matching::lines(actual))
    };
    let mut stdout = wrong(&expected.stdout, &output.stdout, expected.any_order);
    if expected.stdout.is_empty() && !output.stdout.is_empty() {
        stdout = Some(matching::lines(&output.stdout));
    }
    let mut stderr = wrong(&expected.stderr, &output.stderr, false);
    if expected.stderr.is_empty() && !output.stderr.is_empty() {
        stderr = Some(matching::lines(&output.stderr));
    }
    let new = expectation::update(text, stdout.as_deref(), stderr.as_deref());
    if new == text {
        return Err(format!(
            "no block could put this right: {}",
            judge(expected, output).unwrap_or_default()
        ));
    }
    std::fs::write(script, new).map_err(|error| format!("cannot rewrite it: {error}"))
}

/// Runs the script in its own folder, under its bare name.
fn run(script: &Path, expected: &Expectation) -> Result<Output, String> {
    let (Some(folder), Some(name)) = (script.parent(), script.file_name()) else {
        return Err("it has no folder".to_string());
    };
    let run = vec!["run".to_string()];
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .args(if expected.command.is_empty() { &run } else { &expected.command })
        .args(&expected.flags)
        .arg(name)
        .args(&expected.arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("CONC_LANG", &expected.language)
        .env_remove("COLUMNS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start conc: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A script that reads nothing may be gone by now; that is no failure of its own.
        let _ = stdin.write_all(expected.stdin.as_bytes());
    }
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let deadline = Instant::now() + WATCHDOG;
    let status = wait(&mut child, deadline)?;
    let rest =
        |stream: mpsc::Receiver<String>| stream.recv_timeout(Duration::from_secs(5)).unwrap_or_default();
    match status {
        Some(status) => Ok(Output { status: status.code(), stdout: rest(stdout), stderr: rest(stderr) }),
        None => Err(format!(
            "stopped after {} s; until then stdout was:\n{}\nand stderr:\n{}",
            WATCHDOG.as_secs(),
            rest(stdout),
            rest(stderr)
        )),
    }
}

/// Reads a stream to its end in a thread of its own, so that a full pipe never holds the script up.
fn collect(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Its status, or None when the watchdog had to stop it.
fn wait(child: &mut Child, deadline: Instant) -> Result<Option<std::process::ExitStatus>, String> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().map_err(|error| format!("cannot wait for conc: {error}"))? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}
