//! `conc fmt`: scripts in the one style, in place or from standard input to standard output.

mod files;
mod replace;

use super::arguments::Fmt;
use super::language::said;
use super::{Failure, colour, print, say, script};
use conc::report::render;
use conc::report::runtime::status;
use conc::source::Source;
use conc::syntax::format::{self, Refused};
use similar::TextDiff;
use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::Path;

/// What came of one text, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Fine,
    /// It would change, and `--check` was asked for.
    Differs,
    /// It is left as it is.
    Refused,
}

/// Formats what is named; the exit status.
pub fn fmt(asked: &Fmt) -> i32 {
    if asked.files.is_empty() && std::io::stdin().is_terminal() {
        return Failure::new("nothing to format is named")
            .hint("name files or directories: `conc fmt bank.conc`, `conc fmt .`; `-` is standard input")
            .report();
    }
    if asked.files.is_empty() || asked.files.iter().any(|file| file == "-") {
        if asked.files.len() > 1 {
            return Failure::new("`-` is standard input, and goes with no other name").report();
        }
        return code(standard_input(asked.check));
    }
    let mut worst = Outcome::Fine;
    for named in &asked.files {
        match files::scripts(Path::new(named)) {
            Ok(paths) => {
                let outcomes = paths.iter().map(|path| file(path, asked.check));
                worst = outcomes.fold(worst, Outcome::max);
            }
            Err(failure) => {
                failure.report();
                worst = Outcome::Refused;
            }
        }
    }
    code(worst)
}

fn code(outcome: Outcome) -> i32 {
    match outcome {
        Outcome::Fine => status::FINE,
        Outcome::Differs => status::FAILED,
        Outcome::Refused => status::MISUNDERSTOOD,
    }
}

fn standard_input(check: bool) -> Outcome {
    let source = match script::from_file(OsStr::new("-")) {
        Ok(source) => source,
        Err(failure) => return refused(&failure),
    };
    match formatted(&source) {
        Ok(text) if !check => print(&text),
        Ok(text) if *text == *source.text => {}
        Ok(text) => {
            print(&difference(&source, &text));
            return Outcome::Differs;
        }
        Err(outcome) => return outcome,
    }
    Outcome::Fine
}

fn file(path: &Path, check: bool) -> Outcome {
    let source = match script::from_path(path) {
        Ok(source) => source,
        Err(failure) => return refused(&failure),
    };
    match formatted(&source) {
        Ok(text) if *text == *source.text => Outcome::Fine,
        Ok(text) if check => {
            print(&difference(&source, &text));
            Outcome::Differs
        }
        Ok(text) => match replace::replace(path, &source.text, &text) {
            Ok(()) => {
                say(&said(format!("formatted {}\n", render::clean(&source.name))));
                Outcome::Fine
            }
            Err(failure) => refused(&failure),
        },
        Err(outcome) => outcome,
    }
}

fn refused(failure: &Failure) -> Outcome {
    failure.report();
    Outcome::Refused
}

/// The text formatted, or what is wrong with it is said.
fn formatted(source: &Source) -> Result<String, Outcome> {
    format::format(source).map_err(|why| match why {
        Refused::Errors(errors) => {
            say(&render::diagnostics(&errors, source, &colour::stderr()));
            Outcome::Refused
        }
        Refused::Changed => {
            let message =
                format!("{} is left as it is: formatted, it would mean something else", source.name);
            refused(
                &Failure::new(message).hint("this is a mistake in conc; please report it with the script"),
            )
        }
    })
}

/// What would change, as `diff -u` shows it.
fn difference(source: &Source, text: &str) -> String {
    let name = render::clean(&source.name);
    let diff = TextDiff::from_lines(&*source.text, text);
    let shown = diff.unified_diff().header(&name, &format!("{name} (formatted)")).to_string();
    let style = colour::stdout();
    if !style.is_coloured() {
        return shown;
    }
    shown.split_inclusive('\n').map(|line| style.difference(line)).collect()
}
