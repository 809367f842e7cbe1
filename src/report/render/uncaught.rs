//! An error that nothing caught, at the moment when it ends its thread.

use super::super::{Style, hints};
use super::{at_line, clean, label, listed, snippet};
use crate::explore::verdict::Uncaught;
use crate::source::Source;
use crate::value::Value;
use crate::value::error::{Error, Kind, OUTERMOST, Place};
use crate::value::superseded::Lost;
use annotate_snippets::{AnnotationKind, Group, Level, normalize_untrusted_str};
use std::sync::Arc;

/// A longer chain of calls is shown by its first and last ones.
const CALLS_SHOWN: usize = 10;
/// Of the errors attached by `parallel`, how many are shown.
const ATTACHED_SHOWN: usize = 5;

/// `thread` is the one that ends; `held` the label and line of acquisition of each lock it held then.
pub fn uncaught(
    error: &Error,
    thread: &str,
    held: &[(String, u32)],
    source: &Source,
    style: &Style,
) -> String {
    uncaught_in(None, error, thread, held, source, style)
}

/// The same, of a simulated run.
pub fn uncaught_by(uncaught: &Uncaught, source: &Source, style: &Style) -> String {
    let process = uncaught.process.as_ref().map(|name| format!("\"{name}\""));
    uncaught_in(process.as_deref(), &uncaught.error, &uncaught.thread, &uncaught.holds, source, style)
}

/// The same in a process that the script has started: `"worker-1" (pid 1234)`.
pub fn uncaught_in(
    process: Option<&str>,
    error: &Error,
    thread: &str,
    held: &[(String, u32)],
    source: &Source,
    style: &Style,
) -> String {
    let place = error.place.get();
    let origin = place.map_or(thread, |place| &place.thread);
    let function = place.and_then(|place| place.calls.first()).filter(|(name, _)| !name.starts_with('<'));
    let mut within = match process {
        Some(process) if origin == "main" => format!("in process {}", clean(process)),
        Some(process) => format!("in thread \"{}\" of process {}", clean(origin), clean(process)),
        None => format!("in thread \"{}\"", clean(origin)),
    };
    if let Some((name, _)) = function {
        within = format!("in {}, {within}", clean(name));
    }
    let title = snippet::error(style).primary_title(message(error, style)).id(error.kind.code().to_string());
    let mut group = Group::with_title(title);
    group = match place {
        Some(place) => group.element(snippet::of(source).annotation(snippet::mark(
            AnnotationKind::Primary,
            source,
            snippet::first_line(place.span, &source.text),
            &within,
            style,
        ))),
        None => group.element(snippet::line(Level::NOTE.no_name(), &within, style)),
    };
    if let Some(place) = place {
        let line = |call: &String| Level::NOTE.no_name().message(normalize_untrusted_str(call));
        group = group.elements(chain(place, style).iter().map(line));
    }
    // What is to be done about an error of the script's own only the script knows.
    let hints = if error.hints.is_empty() && !error.of_script {
        hints::hint(&error.kind).map(String::from).into_iter().collect()
    } else {
        error.hints.clone()
    };
    group = group
        .elements(notes(error, thread, held, origin, style).iter().map(|note| snippet::note(note, style)))
        .elements(hints.iter().map(|hint| snippet::help(hint, style)));
    snippet::renderer(style).render(&[group]) + "\n"
}

/// What an error says: as the script said it, where that made it.
pub fn message(error: &Error, style: &Style) -> String {
    said(&error.message, error.of_script, style)
}

fn said(message: &str, of_script: bool, style: &Style) -> String {
    clean(&if of_script { message.to_string() } else { style.say(message) })
}

fn notes(error: &Error, thread: &str, held: &[(String, u32)], origin: &str, style: &Style) -> Vec<String> {
    let mut notes = Vec::new();
    if thread != origin {
        notes.push(format!("it reached thread \"{thread}\" from there, and was not caught"));
    }
    if let Kind::Other(word) = &error.kind {
        notes.push(format!("its kind is \"{word}\""));
    }
    notes.extend(error.notes.iter().cloned());
    if let Some(superseded) = &error.superseded {
        notes.extend(superseded.named.iter().map(|lost| superseded_note(lost, style)));
        if superseded.more > 0 {
            notes.push(format!("… and {} more", superseded.more));
        }
    }
    if !held.is_empty() {
        let held: Vec<String> =
            held.iter().map(|(it, line)| label(it, style) + &at_line(*line, style)).collect();
        notes.push(format!("it held {}", listed(&held, style)));
    }
    let attached = error.attached.lock();
    notes.extend(attached.iter().take(ATTACHED_SHOWN).map(|value| attached_note(value, style)));
    if attached.len() > ATTACHED_SHOWN {
        notes.push(format!("… and {} more", attached.len() - ATTACHED_SHOWN));
    }
    notes
}

/// An error that was on its way when this one happened in a `finally`.
fn superseded_note(lost: &Lost, style: &Style) -> String {
    let said = said(&lost.message, lost.of_script, style);
    match lost.line {
        0 => format!("it took the place of another error: {said}"),
        line => format!("it took the place of another error (line {line}): {said}"),
    }
}

/// Another branch of the same `parallel`.
fn attached_note(value: &Value, style: &Style) -> String {
    match value {
        Value::Error(error) => match error.place.get() {
            Some(place) if place.line > 0 => {
                let (thread, line, said) = (&place.thread, place.line, message(error, style));
                format!("thread \"{thread}\" failed too (line {line}): {said}")
            }
            Some(Place { thread, .. }) => {
                format!("thread \"{thread}\" failed too: {}", message(error, style))
            }
            None => format!("another branch failed too: {}", message(error, style)),
        },
        other => format!("another branch failed too, with {}", other.kind().word()),
    }
}

/// `called from area (line 7)`, for each call but the innermost, which the caret shows. Equal ones in a row are
/// counted, and of a long chain the middle is left out.
fn chain(place: &Place, style: &Style) -> Vec<String> {
    let callers = place.calls.get(1..).unwrap_or_default();
    if place.left_out > 0 {
        let (inner, outer) = callers.split_at(callers.len().saturating_sub(OUTERMOST));
        let mut lines = shortened(inner, style);
        lines.push(style.say(format!("… {} more calls …", place.left_out)));
        lines.extend(shortened(outer, style));
        return lines;
    }
    shortened(callers, style)
}

fn shortened(callers: &[(Arc<str>, u32)], style: &Style) -> Vec<String> {
    let mut runs: Vec<(&str, u32, usize)> = Vec::new();
    for (name, line) in callers {
        match runs.last_mut() {
            Some((last, at, times)) if **last == **name && at == line => *times += 1,
            _ => runs.push((name, *line, 1)),
        }
    }
    let text = |(name, line, times): &(&str, u32, usize)| {
        let called = match *name {
            "<script>" => style.say("called from the script"),
            name => style.say(format!("called from {}", clean(name))),
        };
        let repeated = if *times > 1 { style.say(format!(", {times} times")) } else { String::new() };
        called + &at_line(*line, style) + &repeated
    };
    if runs.len() <= CALLS_SHOWN {
        return runs.iter().map(text).collect();
    }
    let half = CALLS_SHOWN / 2;
    let (first, rest) = runs.split_at(half);
    let (middle, last) = rest.split_at(rest.len() - half);
    let left_out: usize = middle.iter().map(|(_, _, times)| times).sum();
    let mut lines: Vec<String> = first.iter().map(text).collect();
    lines.push(style.say(format!("… {left_out} more calls …")));
    lines.extend(last.iter().map(text));
    lines
}
