//! Threads that would wait for ever: who holds what, who waits for whom, and the lines concerned.

use super::super::Style;
use super::super::runtime::{Deadlock, Stuck};
use super::{at_line, clauses, clean, count, label, listed, pad, widest};
use crate::source::Source;

/// Of threads that hold and wait alike, how many are shown.
const ALIKE_SHOWN: usize = 3;
const THREADS_SHOWN: usize = 20;
const LINES_SHOWN: usize = 12;

pub fn deadlock(deadlock: &Deadlock, source: &Source, style: &Style) -> String {
    let mut text =
        format!("{} {}\n", style.error(&style.say("deadlock:")), style.bold(&style.say(headline(deadlock))));
    let shown = table(&deadlock.threads, &mut text, style);
    lines(&shown, source, style, &mut text);
    if let Some(name) = namesakes(deadlock) {
        let note = format!("{name} is the name of several things here: each object has its own");
        text += &format!("  {} {}\n", style.bold(&style.say("note:")), clean(&style.say(note)));
    }
    for note in &deadlock.notes {
        text += &format!("  {} {}\n", style.bold(&style.say("note:")), clean(&style.say(note)));
    }
    if deadlock.notes.is_empty()
        && let Some(hint) = hint(deadlock)
    {
        text += &format!("  {} {}\n", style.bold(&style.say("help:")), style.say(hint));
    }
    text
}

/// The name of what somebody holds and also waits for: in a ring of several that is another thing, as a member of an
/// object is called like that of any other.
fn namesakes(deadlock: &Deadlock) -> Option<&str> {
    if !deadlock.cycle || deadlock.threads.len() < 2 {
        return None;
    }
    deadlock.threads.iter().find_map(|thread| {
        let awaited = thread.waits.strip_prefix("waits for ")?;
        thread.holds.iter().map(|(name, _)| &**name).find(|name| *name == awaited)
    })
}

fn headline(deadlock: &Deadlock) -> String {
    match (&deadlock.threads[..], deadlock.cycle) {
        ([one], true) => format!("thread \"{}\" waits for itself", clean(&one.thread)),
        ([one], false) => {
            format!("thread \"{}\" waits, and no thread is left that could release it", clean(&one.thread))
        }
        (several, true) => format!("{} wait for each other", count(several.len(), "thread")),
        (several, false) => {
            format!("{} wait, and no thread is left that could release them", count(several.len(), "thread"))
        }
    }
}

/// One line a thread, in columns; returns the threads that were shown.
fn table<'a>(threads: &'a [Stuck], text: &mut String, style: &Style) -> Vec<&'a Stuck> {
    let (shown, alike) = shorten(threads);
    let names: Vec<String> =
        shown.iter().map(|t| style.say(format!("thread \"{}\"", clean(&t.thread)))).collect();
    let name_width = widest(names.iter().map(String::as_str));
    // With one lock each, the labels make a column of their own.
    let single = shown.iter().all(|t| t.holds.len() <= 1);
    let labels: Vec<String> = shown.iter().flat_map(|t| &t.holds).map(|(it, _)| label(it, style)).collect();
    let label_width = if single { widest(labels.iter().map(String::as_str)) } else { 0 };
    for (thread, name) in shown.iter().zip(&names) {
        let holds: Vec<String> = thread
            .holds
            .iter()
            .map(|(it, line)| pad(&label(it, style), label_width) + &at_line(*line, style))
            .collect();
        let waits = clean(&style.say(&thread.waits)) + &at_line(thread.line, style);
        let mut doing = vec![waits];
        if !holds.is_empty() {
            doing.insert(0, style.say("holds ") + &listed(&holds, style));
        }
        *text += &format!("  {}  {}\n", pad(name, name_width), clauses(&doing, style));
    }
    if alike > 0 {
        let more = match shown.len() {
            1 => format!("  … and {alike} more like it\n"),
            _ => format!("  … and {alike} more like these\n"),
        };
        *text += &style.say(more);
    }
    shown
}

/// The threads to show, and how many are left out.
fn shorten(threads: &[Stuck]) -> (Vec<&Stuck>, usize) {
    let mut shown: Vec<&Stuck> = Vec::new();
    for thread in threads {
        let same = |other: &&&Stuck| {
            other.holds == thread.holds && other.waits == thread.waits && other.line == thread.line
        };
        if shown.len() < THREADS_SHOWN && shown.iter().filter(same).count() < ALIKE_SHOWN {
            shown.push(thread);
        }
    }
    let left_out = threads.len() - shown.len();
    (shown, left_out)
}

/// The script's lines that the threads stand at, or took something at.
fn lines(threads: &[&Stuck], source: &Source, style: &Style, text: &mut String) {
    let mut numbers: Vec<u32> = threads
        .iter()
        .flat_map(|t| t.holds.iter().map(|(_, line)| *line).chain([t.line]))
        .filter(|line| (1..=source.line(u32::MAX)).contains(line))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(LINES_SHOWN);
    let Some(last) = numbers.last() else { return };
    let width = last.to_string().len();
    let arrow = format!("{}-->", " ".repeat(width));
    *text += &format!("{} {}\n", style.frame(&arrow), clean(&source.name));
    for number in numbers {
        let framed = style.frame(&format!("{number:width$} |"));
        *text += format!("{framed} {}", clean(source.line_text(number))).trim_end();
        text.push('\n');
    }
}

fn hint(deadlock: &Deadlock) -> Option<&'static str> {
    if !deadlock.cycle || deadlock.threads.iter().any(|t| t.holds.is_empty()) {
        return None;
    }
    match &deadlock.threads[..] {
        [alone] => {
            let awaited = alone.waits.strip_prefix("waits for ")?;
            alone
                .holds
                .iter()
                .any(|(label, _)| label == awaited)
                .then_some("it holds what it waits for; an `rlock` may be acquired again by its holder")
        }
        _ => Some("let every thread take them in the same order, or give up with a timeout"),
    }
}
