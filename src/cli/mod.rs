//! The command line: what was asked for, and which room does it. Returns exit statuses, never exits itself.

mod arguments;
mod check;
pub mod colour;
pub mod columns;
mod completing;
mod explain;
mod exploring;
mod fmt;
mod generated;
mod help;
pub mod language;
mod lesson;
mod mdbook;
pub mod memory;
mod parse;
mod progress;
mod run;
mod schedule;
mod script;
mod sim;
mod trace;
mod translated;

use arguments::Command;
use conc::code::verify::Verified;
use conc::pipeline;
use conc::report::render;
use conc::report::runtime::status;
use conc::source::Source;
use language::said;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Does what the arguments (without the program's name) ask for; the exit status.
pub fn main(words: Vec<OsString>) -> i32 {
    let fallback = parse::color(&words);
    if parse::is_session(&words) {
        colour::choose(fallback);
        return crate::repl::run();
    }
    let asked = parse::parse(words);
    colour::choose(asked.as_ref().map_or(fallback, |line| line.color));
    match done(asked.map(|line| line.command)) {
        status::FINE if UNWRITTEN.load(Ordering::Relaxed) => status::FAILED,
        status => status,
    }
}

fn done(asked: Result<Command, clap::Error>) -> i32 {
    match asked {
        Ok(Command::Run(run)) => run::run(run),
        Ok(Command::Check(check)) => check::check(check),
        Ok(Command::Sim(sim)) => sim::sim(sim),
        Ok(Command::Replay(replay)) => check::replay(replay),
        Ok(Command::Fmt(asked)) => fmt::fmt(&asked),
        Ok(Command::Explain(asked)) => explain::explain(asked),
        Ok(Command::Lesson(asked)) => lesson::lesson(asked),
        Ok(Command::Mdbook(asked)) => mdbook::mdbook(&asked),
        Ok(Command::Help(asked)) => help::help(&asked),
        Ok(Command::Completions(asked)) => generated::completions(&asked),
        Ok(Command::Man(asked)) => generated::manual(&asked),
        // Also `--help` and `--version`.
        Err(answer) => {
            let text = answer.render().ansi().to_string();
            let text = if language::chosen().is_chinese() { translated::written(&text) } else { text };
            written(match answer.use_stderr() {
                true => anstream::stderr().lock().write_all(text.as_bytes()),
                false => anstream::stdout().lock().write_all(columns::fitted_list(&text).as_bytes()),
            });
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
        let line = |word: &str, text: &str| format!("{} {}\n", said(word), render::clean(&said(text)));
        let mut text = line("error:", &self.message);
        text += &self.hint.as_ref().map_or(String::new(), |hint| line("help:", hint));
        say(&text);
        status::MISUNDERSTOOD
    }
}

/// What to say of a file that cannot be read, in one line.
pub fn unreadable(path: &std::path::Path, error: &std::io::Error) -> String {
    script::refused(path, error).message
}

/// The program of a script, after its warnings were said; or, after what is wrong with it was, the exit status.
fn compile(source: Source) -> Result<Arc<Verified>, i32> {
    compile_keeping(source, &[])
}

/// The same, with variables of the top level that are to be looked at.
fn compile_keeping(source: Source, names: &[String]) -> Result<Arc<Verified>, i32> {
    let source = Arc::new(source);
    let style = colour::stderr();
    match pipeline::compile_keeping(source.clone(), names) {
        Ok((program, warnings)) => {
            say(&render::diagnostics(&warnings, &source, &style));
            Ok(Arc::new(program))
        }
        Err(errors) => {
            say(&render::diagnostics(&errors, &source, &style));
            Err(status::MISUNDERSTOOD)
        }
    }
}

/// Something that was to be printed is lost: the command has failed.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Writes to standard output.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Tells, once, that it could not be written. That nobody reads it is no failure: `conc --help | head` closes its end.
fn written(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
        && !UNWRITTEN.swap(true, Ordering::Relaxed)
    {
        let hint = "see whether it is closed, or its disk full";
        Failure::new(format!("cannot write to standard output: {error}")).hint(hint).report();
    }
}

/// Writes to standard error; there is nowhere to complain when that fails.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
