//! What is said when a run has ended.

use super::super::Style;
use super::super::runtime::{Astray, Ending, Left, Unasked, status};
use super::{at_line, clean, count, pad, widest};
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
        text += &format!("{} of {} failed\n", ending.failed, count(ending.started, "thread"));
    }
    let noun = if ending.exited { "thread" } else { "daemon thread" };
    text += &abandoned(&ending.abandoned, noun, style);
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
        Some(process) if !text.is_empty() => format!("process {}:\n{text}", clean(process)),
        Some(_) | None => text,
    }
}

/// Each data race, and how many there are.
fn races(ending: &Ending, source: &Source, style: &Style) -> String {
    let found = ending.races.len() + ending.more_races;
    if found == 0 {
        return String::new();
    }
    let shown = ending.races.iter().take(SHOWN);
    let mut text: String = shown.map(|found| super::race::race(found, source, style)).collect();
    if found > SHOWN {
        text += &format!("… and {} more data races\n", found - SHOWN);
    }
    text
}

fn strayed(astray: &Astray, style: &Style) -> String {
    let Astray { step, steps, thread, line, what } = astray;
    format!(
        "{} {}\n  thread \"{}\" {what}{}\n{}\n",
        style.error("error:"),
        style.bold(&format!("the run cannot keep to the schedule: step {step} of {steps} cannot be made")),
        clean(thread),
        at_line(*line),
        "  = help: see that nothing differs from the check (such as --max-threads); `conc replay` shows all its steps"
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
    let mut text = format!("{} {}\n", style.error(why.0), style.bold(why.1));
    let groups = grouped(&ending.interrupted);
    let names: Vec<String> =
        groups.iter().map(|(first, _)| format!("thread \"{}\"", clean(&first.thread))).collect();
    let width = widest(names.iter().take(SHOWN).map(String::as_str));
    for ((first, times), name) in groups.iter().zip(&names).take(SHOWN) {
        let more = if *times > 1 { format!(", and {} more like it", times - 1) } else { String::new() };
        let name = pad(name, width);
        let holds: Vec<String> =
            first.holds.iter().map(|(label, line)| clean(label) + &at_line(*line)).collect();
        let holds = if holds.is_empty() { String::new() } else { format!(", holds {}", holds.join(", ")) };
        text += &format!("  {name}  {}{}{holds}{more}\n", clean(&first.doing), at_line(first.line));
    }
    if groups.len() > SHOWN {
        let rest: usize = groups[SHOWN..].iter().map(|(_, times)| times).sum();
        text += &format!("  … and {}\n", count(rest, "more thread"));
    }
    text
}

/// `2 daemon threads were abandoned: beat (sleeps, line 7), …; their cleanup did not run`
fn abandoned(left: &[Left], noun: &str, style: &Style) -> String {
    if left.is_empty() {
        return String::new();
    }
    let groups = grouped(left);
    let mut items: Vec<String> = groups
        .iter()
        .take(SHOWN)
        .map(|(first, times)| {
            let line = if first.line == 0 { String::new() } else { format!(", line {}", first.line) };
            let more = if *times > 1 { format!(" and {} more like it", times - 1) } else { String::new() };
            format!("{} ({}{line}){more}", clean(&first.thread), clean(&first.doing))
        })
        .collect();
    if groups.len() > SHOWN {
        let rest: usize = groups[SHOWN..].iter().map(|(_, times)| times).sum();
        items.push(format!("… and {rest} more"));
    }
    let (verb, whose) = if left.len() == 1 { ("was", "its") } else { ("were", "their") };
    format!(
        "{} {} {verb} abandoned: {}; {whose} cleanup did not run\n",
        style.remark("note:"),
        count(left.len(), noun),
        items.join(", ")
    )
}

/// `2 programs were ended with the run: sleep, cat`
fn programs(names: &[String], style: &Style) -> String {
    if names.is_empty() {
        return String::new();
    }
    let verb = if names.len() == 1 { "was" } else { "were" };
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| clean(name)).collect();
    if names.len() > SHOWN {
        shown.push(format!("… and {} more", names.len() - SHOWN));
    }
    let (note, count) = (style.remark("note:"), count(names.len(), "program"));
    format!("{note} {count} {verb} ended with the run: {}\n", shown.join(", "))
}

/// `2 processes were ended: ticker-1, ticker-2`
fn ended(processes: &[Left], style: &Style) -> String {
    if processes.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = processes.iter().take(SHOWN).map(|left| clean(&left.thread)).collect();
    if processes.len() > SHOWN {
        names.push(format!("… and {} more", processes.len() - SHOWN));
    }
    let (noun, verb) = if processes.len() == 1 { ("process", "was") } else { ("processes", "were") };
    let (count, names) = (processes.len(), names.join(", "));
    format!("{} {count} {noun} {verb} ended with the program: {names}\n", style.remark("note:"))
}

/// `guard was this process's own copy: …`
fn copies(labels: &[String], style: &Style) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let (verb, copies, them) =
        if labels.len() == 1 { ("was", "copy", "it") } else { ("were", "copies", "them") };
    let labels: Vec<String> = labels.iter().map(|label| clean(label)).collect();
    format!(
        "{} {} {verb} this process's own {copies}: no other process sees what is done with {them}\n",
        style.remark("note:"),
        labels.join(", ")
    )
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
        text += &format!("… and {} more `ensure`s that do not hold\n", errors.len() - SHOWN);
    }
    text
}

/// `future of fetch (line 12) failed with "division by zero" (line 4), and nobody asked for its result`
fn unasked(errors: &[Unasked], style: &Style) -> String {
    let mut text = String::new();
    for Unasked { what, error } in errors.iter().take(SHOWN) {
        let line = error.place.get().map_or(String::new(), |place| at_line(place.line));
        text += &format!(
            "{} {} failed with \"{}\"{line}, and nobody asked for its result\n",
            style.error(&format!("error[{}]:", error.kind.code())),
            clean(what),
            clean(&error.message)
        );
    }
    if errors.len() > SHOWN {
        text += &format!("… and {} more whose result nobody asked for\n", errors.len() - SHOWN);
    }
    text
}
