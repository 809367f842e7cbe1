//! Reports as text. Pure functions from data to text, with colour or plain; each text ends with a newline,
//! or is empty when there is nothing to say. Nothing here writes anywhere.

mod advice;
mod check;
mod columns;
mod covered;
mod deadlock;
mod diagnostics;
mod ending;
mod json;
mod outcomes;
mod page;
mod race;
mod reflow;
mod snippet;
mod stats;
mod stats_json;
mod story;
mod uncaught;

pub use check::{DEFAULT_WIDTH, check};
pub use columns::{fold, wrap};
pub use deadlock::deadlock;
pub use diagnostics::diagnostics;
pub use ending::ending;
pub use json::json;
pub use page::page;
pub use reflow::reflow;
pub use stats::{gil, stats, time};
pub use stats_json::stats_json;
pub use story::story;
pub use uncaught::{message, uncaught, uncaught_by, uncaught_in};

use super::Style;
use unicode_width::UnicodeWidthStr;

/// The text, followed by as many spaces as make it `width` columns wide (Chinese characters have two).
fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// `1 thread`, `3 threads`: to be said, like all English that is made here.
fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// ` (line 7)`, as it follows something, or nothing for a line that is not known.
fn at_line(line: u32, style: &Style) -> String {
    match (line, style.language().is_chinese()) {
        (0, _) => String::new(),
        (_, false) => format!(" (line {line})"),
        // Its brackets bring their space along.
        (_, true) => style.say(format!("(line {line})")),
    }
}

/// What a report calls a thing: a name of the script's, or words of conc's where it has none (`lock (line 3)`).
fn label(text: &str, style: &Style) -> String {
    clean(&if text.contains(' ') { style.say_or_keep(text) } else { text.to_string() })
}

/// The parts of an enumeration.
fn listed(parts: &[String], style: &Style) -> String {
    parts.join(if style.language().is_chinese() { "、" } else { ", " })
}

/// The parts of a sentence, each said already.
fn clauses(parts: &[String], style: &Style) -> String {
    parts.join(if style.language().is_chinese() { "，" } else { ", " })
}

/// Text from outside, fit for a terminal: no control characters, on one line.
pub fn clean(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(text).replace('\n', " ")
}

#[cfg(test)]
mod tests;
