//! Numbers from one process to another: each with a write and a read of its own.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

const NUMBERS: i64 = 200_000;

/// What the other process is asked to do.
pub const WRITER: &str = "B13b-writer";

pub fn write_numbers() -> bool {
    let output = std::io::stdout().as_fd().try_clone_to_owned().expect("it is open");
    let mut output = std::io::PipeWriter::from(output);
    (0..NUMBERS).all(|n| output.write_all(&n.to_le_bytes()).is_ok())
}

pub fn through_a_pipe() -> i64 {
    let own = std::env::current_exe().expect("it runs");
    let mut writer =
        Command::new(own).args(["--native", WRITER]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut input = writer.stdout.take().expect("it is piped");
    let mut sum = 0;
    let mut bytes = [0; 8];
    for _ in 0..NUMBERS {
        input.read_exact(&mut bytes).expect("they come");
        sum += i64::from_le_bytes(bytes);
    }
    writer.wait().expect("it ends");
    sum
}
