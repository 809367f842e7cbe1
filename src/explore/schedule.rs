//! The schedule file: the decisions that make one run, as text to keep, to read, and to run again.
//!
//! ```text
//! conc schedule 1
//! script  bank.conc
//! meaning 5f0c2d1e9a8b7c63
//! seed    0
//! time    any
//! fails   ensure: total is 101 at the end
//! threads main teller teller
//!
//! main*3                    # line 7: starts teller
//!                           # line 8: starts teller
//! teller                    # line 4: reads balance = 100
//! teller/2(choice 1)*2      # line 4: reads balance = 100
//! main(timeout)             # line 9: gives up
//! ```
//!
//! Each line of turns is what one thread does without a switch; `*3` says how often. A thread is called by its name,
//! and `teller/2` is the second thread of that name to be started; names that are no plain words stand in quotes. What
//! follows `#` is for people only. A script that came from no file is in here itself: `text` and its name instead of
//! `script` and its path, then each of its lines behind `| `. A line `changing accounts` names what is no variable but
//! holds a container that changes: that decides what a step is. So do `seen-locks` and `seen-threads`, of what is seen of
//! locks and of threads in some other run (`Seen`). `limit 20` is the limit of threads, unless it is the
//! usual one. Reading is in `read`, what was asked of the exploration in `settings`; what runs a schedule, and whether
//! it fits, is said elsewhere.

mod read;
mod settings;
#[cfg(test)]
mod tests;

pub use read::read;
pub use settings::Settings;

use super::verdict::{Moment, Property, Schedule, Turn};
use crate::value::show;
use std::collections::HashMap;
use std::fmt::Write;

/// The first words of every schedule file; the number changes when its meaning does.
const TITLE: &str = "conc schedule ";
const VERSION: u32 = 1;
/// Before the names whose containers change.
const CHANGING: &str = "changing";
/// A line of its own, when it is seen whether locks are free; and when it is seen how threads are.
const SEEN_LOCKS: &str = "seen-locks";
const SEEN_THREADS: &str = "seen-threads";
/// Before each line of a script that is in the schedule.
const BAR: &str = "| ";
/// How wide the turns are before the comments, if they can be.
const WIDTH: usize = 25;
/// A run of turns of one thread that is longer than this goes on in the next line.
const LONGEST: usize = 60;
/// Of the steps of one line, how many are told.
const TOLD: usize = 20;

/// A schedule, with what is needed to run it again and to know what should come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub script: Script,
    /// Its `fingerprint`.
    pub meaning: u64,
    pub settings: Settings,
    /// What fails in this run, and how (on one line); None for a run that was asked for as an outcome.
    pub fails: Option<(Property, String)>,
    /// The names of the threads, in the order of their starts.
    pub threads: Vec<String>,
    pub schedule: Schedule,
}

/// Where the script is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// In a file: its path, from the directory of the schedule on.
    File(String),
    /// In the schedule: it came from `-e` or from standard input.
    Here { name: String, text: String },
}

/// The text of the file. The moments, one for each turn, become comments; there may be none.
pub fn write(recorded: &Recorded, moments: &[Moment]) -> String {
    let mut text = format!("{TITLE}{VERSION}\n");
    // Writing to a text cannot fail, here and below.
    match &recorded.script {
        Script::File(name) => _ = writeln!(text, "script  {}", path(name)),
        Script::Here { name, text: script } => {
            let _ = writeln!(text, "text    {}", word(name));
            script.split('\n').for_each(|line| _ = writeln!(text, "{BAR}{line}"));
        }
    }
    let _ = writeln!(text, "meaning {:016x}", recorded.meaning);
    recorded.settings.write(&mut text);
    if !recorded.schedule.changing.is_empty() {
        let _ = writeln!(text, "{CHANGING} {}", words(&recorded.schedule.changing));
    }
    let seen = recorded.schedule.seen;
    for (name, _) in [(SEEN_LOCKS, seen.locks), (SEEN_THREADS, seen.threads)].iter().filter(|(_, is)| *is) {
        let _ = writeln!(text, "{name}");
    }
    if let Some((property, what)) = &recorded.fails {
        let _ = writeln!(text, "fails   {}: {}", property.word(), on_one_line(what));
    }
    let turns = &recorded.schedule.turns;
    let mut threads = recorded.threads.clone();
    let most = turns.iter().map(|turn| turn.thread as usize + 1).max().unwrap_or(0);
    threads.extend((threads.len()..most).map(|index| format!("thread-{index}")));
    let _ = writeln!(text, "threads {}\n", words(&threads));

    let labels = numbered(&threads, word);
    let mut from = 0;
    while from < turns.len() {
        let (line, to) = run(turns, from, &labels);
        let told = if moments.len() == turns.len() { comments(&moments[from..to]) } else { Vec::new() };
        let rows = told.len().max(1);
        for row in 0..rows {
            let before = if row == 0 { line.as_str() } else { "" };
            match told.get(row) {
                Some(comment) => {
                    let _ = writeln!(text, "{before:WIDTH$} # {comment}");
                }
                None => {
                    let _ = writeln!(text, "{before}");
                }
            }
        }
        from = to;
    }
    text
}

/// The names, told apart: `teller`, `teller/2`.
pub fn labels(threads: &[String]) -> Vec<String> {
    numbered(threads, str::to_string)
}

fn numbered(threads: &[String], shown: impl Fn(&str) -> String) -> Vec<String> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut labels = Vec::with_capacity(threads.len());
    for name in threads {
        let times = times.entry(name).or_insert(0);
        *times += 1;
        labels.push(if *times == 1 { shown(name) } else { format!("{}/{times}", shown(name)) });
    }
    labels
}

/// The turns from `from` on that one thread takes without a switch, as a line, and where they end.
fn run(turns: &[Turn], from: usize, labels: &[String]) -> (String, usize) {
    let thread = turns[from].thread;
    let mut line = String::new();
    let mut at = from;
    while at < turns.len() && turns[at].thread == thread && line.len() < LONGEST {
        let same = turns[at..].iter().take_while(|turn| **turn == turns[at]).count();
        let space = if line.is_empty() { "" } else { " " };
        let times = if same == 1 { String::new() } else { format!("*{same}") };
        let _ = write!(line, "{space}{}{}{times}", labels[thread as usize], decisions(&turns[at]));
        at += same;
    }
    (line, at)
}

/// `(timeout, choice 2)`.
fn decisions(turn: &Turn) -> String {
    let timeout = turn.times_out.then(|| "timeout".to_string());
    let choices = turn.choices.iter().map(|choice| format!("choice {choice}"));
    let all: Vec<String> = timeout.into_iter().chain(choices).collect();
    if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) }
}

/// One comment a moment.
fn comments(moments: &[Moment]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for moment in moments {
        let parts: Vec<&str> = moment.did.iter().chain(&moment.next).map(String::as_str).collect();
        if !parts.is_empty() {
            told.push(format!("line {}: {}", moment.line, on_one_line(&parts.join(", "))));
        }
    }
    if told.len() > TOLD {
        let more = told.len() - TOLD;
        told.truncate(TOLD);
        told.push(format!("… and {more} more"));
    }
    told
}

/// A name as it is, or in quotes.
fn word(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) { text.to_string() } else { show::quoted(text) }
}

fn words(texts: &[String]) -> String {
    texts.iter().map(|text| word(text)).collect::<Vec<_>>().join(" ")
}

/// The same for a path, in which slashes are nothing special.
fn path(text: &str) -> String {
    let plain = |c: char| is_plain(c) || c == '/';
    if !text.is_empty() && text.chars().all(plain) { text.to_string() } else { show::quoted(text) }
}

/// A character of a name that needs no quotes.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "-_.[]".contains(character)
}

fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect()
}
