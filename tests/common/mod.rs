//! Runs the `conc` command, for the tests of it from outside.

use std::io::Write;
use std::process::{Command, Output, Stdio};

pub fn conc(arguments: &[&str], stdin: &str) -> Output {
    conc_in("en", arguments, stdin)
}

/// The same in another language.
pub fn conc_in(language: &str, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conc"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("CONC_LANG", language)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("conc starts");
    // A command that reads nothing may have closed its input already.
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    child.wait_with_output().expect("conc ends")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
