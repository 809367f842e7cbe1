//! What is said when a run has ended.

use super::super::Style;
use super::super::runtime::{Astray, Ending, Left, Unasked, status};
use super::{at_line, clauses, clean, count, label, listed, pad, widest};
use crate::source::Source;
use crate::value::error::Error;
use std::sync::Arc;

/// Of several long lists, how many entries are shown.
const SHOWN: usize = 10;

/// Everything about the end that has not been reported before it; empty for a run that simply ended.
pub fn ending(ending: &Ending, source: &Source, style: &Style) -> String {
    let mut text = String::new();
    if let Some(deadlock) = &ending.deadlock {
        text += &super::deadlock(deadlock, source, style);
    }
    text += &ending.astray.as_ref().map_or(String::new(), |astray| strayed(astray, style));
    text += &interrupted(ending, style);
    text += &unmet(&ending.unmet, source, style);
    text += &unasked(&ending.unasked, style);
    text += &races(ending, source, style);
    if ending.failed > 0 && ending.started > 1 {
        text += &style.say(format!("{} of {} failed\n", ending.failed, count(ending.started, "thread")));
    }
    text += &abandoned(&ending.abandoned, ending.exited, style);
    text += &programs(&ending.programs, style);
    text += &ended(&ending.processes, style);
    text += &copies(&ending.copies, style);
    if let Some(gil) = &ending.gil {
        text += &super::gil(gil, style);
    }
    if let Some(stats) = &ending.stats {
        text += &super::stats(stats, style);
    }
    match &ending.process {
        Some(process) if !text.is_empty() => style.say(format!("process {}:\n", clean(process))) + &text,
        Some(_) | None => text,
    }
}

/// Each data race, and how many there are.
fn races(ending: &Ending, source: &Source, style: &Style) -> String {
    let found = ending.races.len() + ending.more_races;
    let shown = ending.races.iter().take(SHOWN);
    let mut text: String = shown.map(|found| super::race::race(found, source, style)).collect();
    if found > SHOWN {
        text += &style.say(format!("… and {} more data races\n", found - SHOWN));
    }
    if ending.unseen_uses > 0 {
        let uses = ending.unseen_uses;
        let said =
            format!("--race had no room for {uses} uses of what is shared: there may be more data races");
        text += &note(&said, style);
    }
    text
}

fn strayed(astray: &Astray, style: &Style) -> String {
    let Astray { step, steps, thread, line, what } = astray;
    let said = format!("the run cannot keep to the schedule: step {step} of {steps} cannot be made");
    let hint =
        "see that nothing differs from the check (such as --max-threads); `conc replay` shows all its steps";
    format!(
        "{} {}\n  {}{}\n  = {} {}\n",
        style.error(&style.say("error:")),
        style.bold(&style.say(said)),
        style.say(format!("thread \"{}\" {what}", clean(thread))),
        at_line(*line, style),
        style.say("help:"),
        style.say(hint)
    )
}

/// After Ctrl-C or `--timeout`: one line a thread.
fn interrupted(ending: &Ending, style: &Style) -> String {
    if ending.interrupted.is_empty() {
        return String::new();
    }
    let why = match ending.status {
        status::TIMEOUT => ("timeout:", "the time of --timeout was over, and the threads stood here"),
        _ => ("interrupted:", "the threads stood here"),
    };
    let mut text = format!("{} {}\n", style.error(&style.say(why.0)), style.bold(&style.say(why.1)));
    let groups = grouped(&ending.interrupted);
    let names: Vec<String> =
        groups.iter().map(|(first, _)| style.say(format!("thread \"{}\"", clean(&first.thread)))).collect();
    let width = widest(names.iter().take(SHOWN).map(String::as_str));
    for ((first, times), name) in groups.iter().zip(&names).take(SHOWN) {
        let mut said = vec![clean(&style.say(&first.doing)) + &at_line(first.line, style)];
        let holds: Vec<String> =
            first.holds.iter().map(|(it, line)| label(it, style) + &at_line(*line, style)).collect();
        if !holds.is_empty() {
            said.push(style.say("holds ") + &listed(&holds, style));
        }
        if *times > 1 {
            said.push(style.say(format!("and {} more like it", times - 1)));
        }
        text += &format!("  {}  {}\n", pad(name, width), clauses(&said, style));
    }
    if groups.len() > SHOWN {
        let rest: usize = groups[SHOWN..].iter().map(|(_, times)| times).sum();
        let more = if rest == 1 { "1 more thread".to_string() } else { format!("{rest} more threads") };
        text += &style.say(format!("  … and {more}\n"));
    }
    text
}

/// `2 daemon threads were abandoned: beat (sleeps, line 7), …; their cleanup did not run`
fn abandoned(left: &[Left], exited: bool, style: &Style) -> String {
    if left.is_empty() {
        return String::new();
    }
    let groups = grouped(left);
    let mut items: Vec<String> = groups
        .iter()
        .take(SHOWN)
        .map(|(first, times)| {
            let mut doing = vec![clean(&style.say(&first.doing))];
            if first.line > 0 {
                doing.push(style.say(format!("line {}", first.line)));
            }
            let more = if *times > 1 {
                style.say(format!(" and {} more like it", times - 1))
            } else {
                String::new()
            };
            format!("{}{}{more}", clean(&first.thread), style.in_brackets(&clauses(&doing, style)))
        })
        .collect();
    if groups.len() > SHOWN {
        let rest: usize = groups[SHOWN..].iter().map(|(_, times)| times).sum();
        items.push(style.say(format!("… and {rest} more")));
    }
    let (all, items) = (left.len(), listed(&items, style));
    let said = match (all, exited) {
        (1, true) => format!("1 thread was abandoned: {items}; its cleanup did not run"),
        (_, true) => format!("{all} threads were abandoned: {items}; their cleanup did not run"),
        (1, false) => format!("1 daemon thread was abandoned: {items}; its cleanup did not run"),
        (_, false) => format!("{all} daemon threads were abandoned: {items}; their cleanup did not run"),
    };
    note(&said, style)
}

/// `2 programs were ended with the run: sleep, cat`
fn programs(names: &[String], style: &Style) -> String {
    if names.is_empty() {
        return String::new();
    }
    let shown = first_of(names.iter().map(String::as_str), style);
    let said = match names.len() {
        1 => format!("1 program was ended with the run: {shown}"),
        n => format!("{n} programs were ended with the run: {shown}"),
    };
    note(&said, style)
}

/// `2 processes were ended: ticker-1, ticker-2`
fn ended(processes: &[Left], style: &Style) -> String {
    if processes.is_empty() {
        return String::new();
    }
    let names = first_of(processes.iter().map(|left| &*left.thread), style);
    let said = match processes.len() {
        1 => format!("1 process was ended with the program: {names}"),
        n => format!("{n} processes were ended with the program: {names}"),
    };
    note(&said, style)
}

/// The first of the names, and how many more there are.
fn first_of<'a>(names: impl ExactSizeIterator<Item = &'a str>, style: &Style) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = names.take(SHOWN).map(clean).collect();
    if more > 0 {
        shown.push(style.say(format!("… and {more} more")));
    }
    listed(&shown, style)
}

/// `note: …`
fn note(said: &str, style: &Style) -> String {
    format!("{} {}\n", style.remark(&style.say("note:")), style.say(said))
}

/// `guard was this process's own copy: …`
fn copies(labels: &[String], style: &Style) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let names: Vec<String> = labels.iter().map(|it| label(it, style)).collect();
    let names = listed(&names, style);
    let said = match labels.len() {
        1 => format!("{names} was this process's own copy: no other process sees what is done with it"),
        _ => format!("{names} were this process's own copies: no other process sees what is done with them"),
    };
    note(&said, style)
}

/// Threads that do the same at the same line, and hold the same, as the first of them and how many they are.
fn grouped(left: &[Left]) -> Vec<(&Left, usize)> {
    let mut groups: Vec<(&Left, usize)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for thread in left {
        let index = *known.entry((&thread.doing, thread.line, &thread.holds)).or_insert(groups.len());
        match groups.get_mut(index) {
            Some((_, times)) => *times += 1,
            None => groups.push((thread, 1)),
        }
    }
    groups
}

/// Each `ensure` that does not hold, as an error that nothing caught.
fn unmet(errors: &[Arc<Error>], source: &Source, style: &Style) -> String {
    let shown = errors.iter().take(SHOWN);
    let mut text: String = shown.map(|error| super::uncaught(error, "main", &[], source, style)).collect();
    if errors.len() > SHOWN {
        text += &style.say(format!("… and {} more `ensure`s that do not hold\n", errors.len() - SHOWN));
    }
    text
}

/// `future of fetch (line 12) failed with "division by zero" (line 4), and nobody asked for its result`
fn unasked(errors: &[Unasked], style: &Style) -> String {
    let mut text = String::new();
    for Unasked { what, error, in_parallel } in errors.iter().take(SHOWN) {
        let what = label(what, style);
        let message = super::uncaught::message(error, style);
        let said = match error.place.get().map(|place| place.line).filter(|line| *line > 0) {
            Some(line) if *in_parallel => {
                format!("{what} failed with \"{message}\" (line {line}), and its `parallel` has not ended")
            }
            Some(line) => {
                format!("{what} failed with \"{message}\" (line {line}), and nobody asked for its result")
            }
            None => format!("{what} failed with \"{message}\", and nobody asked for its result"),
        };
        let heading = format!("{}[{}]:", style.say("error"), error.kind.code());
        text += &format!("{} {}\n", style.error(&heading), style.say(said));
    }
    if errors.len() > SHOWN {
        text += &style.say(format!("… and {} more whose result nobody asked for\n", errors.len() - SHOWN));
    }
    text
}
