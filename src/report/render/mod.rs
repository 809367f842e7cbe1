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
mod snippet;
mod stats;
mod stats_json;
mod story;
mod uncaught;

pub use check::{DEFAULT_WIDTH, check};
pub use deadlock::deadlock;
pub use diagnostics::diagnostics;
pub use ending::ending;
pub use json::json;
pub use page::page;
pub use stats::{gil, stats};
pub use stats_json::stats_json;
pub use story::story;
pub use uncaught::{uncaught, uncaught_by, uncaught_in};

use unicode_width::UnicodeWidthStr;

/// The text, followed by as many spaces as make it `width` columns wide (Chinese characters have two).
fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// `1 thread`, `3 threads`.
fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `(line 7)`, or nothing for a line that is not known.
fn at_line(line: u32) -> String {
    if line == 0 { String::new() } else { format!(" (line {line})") }
}

/// Text from outside, fit for a terminal: no control characters, on one line.
pub fn clean(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(text).replace('\n', " ")
}

#[cfg(test)]
mod tests;
