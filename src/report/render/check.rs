//! What an exploration found: verdicts first, then for each failure how it comes about and what it comes to.

use super::super::Style;
use super::columns::wrap;
use super::story::{PREEMPTED, preemptions};
use super::{advice, at_line, clauses, clean, covered, listed, outcomes, race, snippet};
use crate::explore::covered::Covered;
use crate::explore::verdict::{Failure, Findings, Limit, Plainest, Property, Verdict};
use crate::source::Source;
use annotate_snippets::{AnnotationKind, Group};

/// For what is no terminal, and for terminals that do not tell.
pub const DEFAULT_WIDTH: usize = 100;
/// Narrower terminals are not believed: nothing would fit.
const NARROWEST: usize = 40;

/// The whole report of `conc check`. Tables and sentences keep to `width`; the script's own lines are shown as long
/// as they are.
pub fn check(findings: &Findings, source: &Source, style: &Style, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut blocks = vec![verdicts(findings, source, style, width)];
    blocks.extend(findings.failures().map(|failure| explain(failure, source, style, width)));
    if let Some(found) = &findings.outcomes {
        blocks.push(outcomes::outcomes(found, findings.complete(), style, width));
    }
    blocks.push(end(findings, style, width));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

/// What is said to fail.
fn name(property: Property) -> &'static str {
    match property {
        Property::Assertion => "assertion",
        Property::Invariant => "invariant",
        Property::Ensure => "ensure",
        other @ (Property::Deadlock | Property::Error | Property::Livelock | Property::Race) => noun(other),
    }
}

/// What it is called that must not be.
fn noun(property: Property) -> &'static str {
    match property {
        Property::Deadlock => "deadlock",
        Property::Error => "uncaught error",
        Property::Assertion => "failed assertion",
        Property::Invariant => "false invariant",
        Property::Ensure => "false ensure",
        Property::Livelock => "livelock",
        Property::Race => "data race",
    }
}

/// A line for each property that fails, one for those that hold, and one for those of which it is not known.
fn verdicts(findings: &Findings, source: &Source, style: &Style, width: usize) -> String {
    let mut text = String::new();
    for failure in findings.failures() {
        let line = failure.place.map_or(0, |span| source.line(span.start));
        let (what, name) = (what(failure, style), name(failure.property));
        let said = match clean(&failure.what).starts_with(name) {
            true => what,
            false => format!("{}: {what}", style.say(name)),
        };
        let mut said = vec![said + &at_line(line, style)];
        said.extend(covered::how_often(&findings.covered, failure.property).map(|often| style.say(often)));
        text += &sentence("fails:", Style::error, &clauses(&said, style), style, width);
    }
    let of = |wanted: fn(&Verdict) -> bool| {
        let matching = findings.verdicts.iter().filter(move |(_, verdict)| wanted(verdict));
        matching.map(|(property, _)| *property).collect::<Vec<_>>()
    };
    let hold = of(|verdict| matches!(verdict, Verdict::Holds));
    if !hold.is_empty() {
        let mut said = vec![named(true, &hold, style)];
        if findings.limit.is_none() {
            said.push(style.say(format!("in all {}", states(findings.states))));
        }
        text += &sentence("holds:", Style::bold, &clauses(&said, style), style, width);
    }
    let unknown = of(|verdict| matches!(verdict, Verdict::Unknown));
    if !unknown.is_empty() {
        let why = findings.limit.map(|hit| style.say(limit(hit)));
        for said in covered::unknown(findings, &unknown, why, style) {
            text += &sentence("not known:", Style::remark, &style.say(said), style, width);
        }
    }
    text
}

/// What is said of a failure in one sentence: the script's own words where an error of its own says it.
fn what(failure: &Failure, style: &Style) -> String {
    let of_script = failure.error.as_ref().is_some_and(|uncaught| uncaught.error.of_script);
    clean(&if of_script { failure.what.clone() } else { style.say(&failure.what) })
}

/// `deadlock, uncaught error, false invariant or ensure`, or of those that hold, `no deadlock, no uncaught error, …`.
pub(super) fn named(hold: bool, properties: &[Property], style: &Style) -> String {
    let both = [Property::Invariant, Property::Ensure].iter().all(|p| properties.contains(p));
    let named = properties.iter().filter_map(|property| match property {
        Property::Invariant if both => Some("false invariant or ensure"),
        Property::Ensure if both => None,
        other => Some(noun(*other)),
    });
    let said = named.map(|noun| style.say(if hold { format!("no {noun}") } else { noun.to_string() }));
    listed(&said.collect::<Vec<_>>(), style)
}

/// Why an exploration ended early: follows "as".
fn limit(limit: Limit) -> String {
    match limit {
        Limit::States => "the limit of states was reached (--max-states)".to_string(),
        Limit::Time => "the time was over (--max-time)".to_string(),
        Limit::Memory => "the limit of memory was reached (--max-memory)".to_string(),
        Limit::Stopped => "the search was stopped".to_string(),
    }
}

/// How it comes about, and what it comes to.
fn explain(failure: &Failure, source: &Source, style: &Style, width: usize) -> String {
    let how = match failure.property {
        Property::Deadlock => "How the deadlock comes about",
        Property::Error => "How it comes to the error",
        Property::Assertion => "How the assertion comes to fail",
        Property::Invariant => "How the invariant becomes false",
        Property::Ensure => "How the ensure becomes false",
        Property::Livelock => "How the livelock comes about",
        Property::Race => "How the data race comes about",
    };
    let drawn = super::story::story(&failure.story, failure.loop_from, style, width);
    let mut text = String::new();
    if !drawn.is_empty() {
        let switches = match preemptions(&failure.story) {
            0 => "no thread is interrupted on the way".to_string(),
            1 => format!("a thread is interrupted once, at {PREEMPTED}"),
            times => format!("threads are interrupted {times} times, at {PREEMPTED}"),
        };
        let switches = match super::story::plainest(failure) {
            Plainest::OfAll => switches,
            Plainest::OfShort => format!("{switches}; a plainer story may exist that takes more steps"),
            Plainest::Unknown => {
                format!("{switches}; a plainer story may exist, there were too many to go through")
            }
        };
        for line in wrap(&style.say(format!("{how} ({switches}):")), width) {
            text += &format!("{}\n", style.bold(&line));
        }
        text += &format!("\n{drawn}");
    }
    let parts = [text, conclusion(failure, source, style, width)];
    parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("\n")
}

/// Who waits for what, which accesses race, or what is false where.
fn conclusion(failure: &Failure, source: &Source, style: &Style, width: usize) -> String {
    let mut text = String::new();
    if let Some(deadlock) = &failure.deadlock {
        text += &super::deadlock(deadlock, source, style);
    }
    if let Some(uncaught) = &failure.error {
        text += &super::uncaught_by(uncaught, source, style);
    }
    if let Some(found) = &failure.race {
        text += &race::race(found, source, style);
    }
    if failure.property == Property::Livelock {
        let said = "whatever the threads do from the loop on, they never come to an end";
        text += &sentence("livelock:", Style::error, &style.say(said), style, width);
    }
    match failure.place {
        Some(span) if text.is_empty() => {
            let label = match failure.property {
                Property::Invariant => "this is false after the last step",
                Property::Ensure => "this is false at the end",
                Property::Deadlock | Property::Error | Property::Assertion => "",
                Property::Livelock | Property::Race => "",
            };
            let span = snippet::first_line(span, &source.text);
            let mark = snippet::mark(AnnotationKind::Primary, source, span, label, style);
            let title = snippet::error(style).primary_title(what(failure, style));
            let group = Group::with_title(title).element(snippet::of(source).annotation(mark));
            snippet::renderer(style).render(&[group]) + "\n"
        }
        Some(_) | None => text,
    }
}

/// Advice, and what the exploration came to.
fn end(findings: &Findings, style: &Style, width: usize) -> String {
    let mut text = String::new();
    for advice in &findings.advice {
        text += &sentence("help:", Style::bold, &style.say(advice::sentence(advice)), style, width);
    }
    if let Covered::Sample(sample) = &findings.covered {
        return text + &covered::sample(sample, findings.steps, style, width);
    }
    let steps = grouped(findings.steps);
    let steps = if findings.steps == 1 { "1 step".to_string() } else { format!("{steps} steps") };
    let depth = grouped(findings.depth.into());
    let states = states(findings.states);
    let summary = match findings.covered {
        Covered::Answered => {
            format!("{states}, {steps}, depth {depth}, until all that was asked for had failed")
        }
        Covered::Everything | Covered::Preemptions(_) | Covered::Sample(_) => {
            format!("{states}, {steps}, depth {depth}")
        }
    };
    text + &wrap(&style.say(summary), width).join("\n") + "\n"
}

/// A word, which may be coloured and is said here, and what it says, wrapped.
pub(super) fn sentence(
    word: &str,
    paint: fn(&Style, &str) -> String,
    said: &str,
    style: &Style,
    width: usize,
) -> String {
    let word = style.say(word);
    let text = wrap(&format!("{word} {said}"), width).join("\n");
    format!("{}{}\n", paint(style, &word), text.strip_prefix(&*word).unwrap_or(&text))
}

pub(super) fn states(n: u64) -> String {
    if n == 1 { "1 state".to_string() } else { format!("{} states", grouped(n)) }
}

/// `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
