//! The table of commands in the reader's language, and what clap says in that.
//!
//! Our own texts are translated in the table, so that clap lays them out. Its own words (headings, complaints) are
//! translated in what it has written, line by line.

use super::language::said;
use clap::builder::StyledStr;
use clap::{Arg, Command};
use conc::report::render;

/// How wide a text of Chinese is made: clap does not break what has no spaces.
const WIDTH: usize = 88;

/// The table with all its texts translated.
pub fn table(command: Command) -> Command {
    let text = |text: Option<&StyledStr>| text.map(|text| said(text.to_string()));
    let (about, long_about) = (text(command.get_about()), text(command.get_long_about()));
    let after = text(command.get_after_help());
    let mut command = command;
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(about) = long_about {
        command = command.long_about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    command.mut_args(argument).mut_subcommands(table)
}

fn argument(argument: Arg) -> Arg {
    let text =
        |text: Option<&StyledStr>| text.map(|text| render::wrap(&said(text.to_string()), WIDTH).join("\n"));
    let (help, long_help) = (text(argument.get_help()), text(argument.get_long_help()));
    let argument = match help {
        Some(help) => argument.help(help),
        None => argument,
    };
    match long_help {
        Some(help) => argument.long_help(help),
        None => argument,
    }
}

/// What clap has written, help or complaint, with its own words translated.
pub fn written(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

fn line(line: &str) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    let body = plain.trim();
    if let Some((heading, _)) = body.split_once(':').filter(|(heading, _)| HEADINGS.contains(heading)) {
        let heading = format!("{heading}:");
        return line.replacen(&heading, &said(&heading), 1);
    }
    if let Some(complaint) = body.strip_prefix("error: ") {
        return format!("{} {}\n", said("error:"), said(complaint));
    }
    if let Some(tip) = body.strip_prefix("tip: ") {
        return format!("  {} {}\n", said("help:"), said(tip));
    }
    if body.starts_with("For more information, try") {
        return format!("{}\n", said(body));
    }
    let own = VALUES.iter().chain(&OWN).find(|own| line.contains(**own));
    own.map_or(line.to_string(), |own| line.replacen(own, &said(own), 1))
}

/// Over the parts of a help.
const HEADINGS: [&str; 6] = [
    "Usage",
    "Commands",
    "Arguments",
    "Options",
    "Flags",
    "Reductions switched off (slower, with the same verdicts)",
];
/// What stands behind an argument's text, before the values themselves.
const VALUES: [&str; 3] = ["[default:", "[possible values:", "[subcommands:"];
/// Texts of arguments that clap adds.
const OWN: [&str; 5] = [
    "Print help",
    "Print version",
    "Print help (see more with '--help')",
    "Print help (see a summary with '-h')",
    "Possible values:",
];
