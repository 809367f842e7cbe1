//! The command line: what was asked for, and which room does it. Returns exit statuses, never exits itself.

mod arguments;
mod run;
mod script;
mod value;

use arguments::Command;
use conc::report::render;
use conc::report::runtime::status;
use std::ffi::OsString;
use std::io::Write;

/// Does what the arguments (without the program's name) ask for; the exit status.
pub fn main(words: Vec<OsString>) -> i32 {
    match arguments::parse(words) {
        Ok(Command::Run(run)) => run::run(run),
        // Also `--help` and `--version`. Failing to print is no failure: `conc --help | head` closes its end.
        Err(answer) => {
            let _ = answer.print();
            answer.exit_code()
        }
    }
}

/// A command that cannot be carried out: why, and what to do about it.
#[derive(Debug, PartialEq)]
struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// Says it, in the form of clap's own messages; the exit status.
    fn report(&self) -> i32 {
        let mut text = format!("error: {}\n", render::clean(&self.message));
        if let Some(hint) = &self.hint {
            text += &format!("help: {}\n", render::clean(hint));
        }
        say(&text);
        status::MISUNDERSTOOD
    }
}

/// Writes to standard error; there is nowhere to complain when that fails.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
