//! What is wrong with a script before it runs.

use super::super::{Diagnostic, Level, Style};
use super::{clauses, clean, count, snippet};
use crate::source::Source;
use annotate_snippets::{AnnotationKind, Group, Level as Heading};
use std::borrow::Cow;

/// More than this many are only counted: a reader begins with the first ones.
const SHOWN: usize = 20;

/// Characters of one message.
const LONGEST: usize = 400;
/// The same of an advice, which may list what there is.
const LONGEST_HINT: usize = 2_000;

/// All of them, errors first, each kind in order of place; a line that counts them when there are several.
pub fn diagnostics(diagnostics: &[Diagnostic], source: &Source, style: &Style) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|d| (d.level, d.span.start, d.span.end));
    let mut blocks: Vec<String> = sorted.iter().take(SHOWN).map(|d| one(d, source, style)).collect();
    if sorted.len() > SHOWN {
        blocks.push(style.say(format!("… and {} more\n", sorted.len() - SHOWN)));
    }
    if sorted.len() > 1 {
        blocks.push(format!("{}\n", style.bold(&summary(diagnostics, style))));
    }
    blocks.join("\n")
}

fn one(diagnostic: &Diagnostic, source: &Source, style: &Style) -> String {
    let heading = match diagnostic.level {
        Level::Error => snippet::error(style),
        Level::Warning => snippet::word(Heading::WARNING, "warning", style),
        Level::Note => snippet::word(Heading::NOTE, "note", style),
    };
    let mut places = snippet::of(source).annotation(snippet::mark(
        AnnotationKind::Primary,
        source,
        diagnostic.span,
        &diagnostic.label,
        style,
    ));
    for (span, label) in &diagnostic.others {
        places = places.annotation(snippet::mark(AnnotationKind::Context, source, *span, label, style));
    }
    let message = style.say(&diagnostic.message);
    let title = heading.primary_title(clean(&shortened(&message, LONGEST))).id(diagnostic.code.to_string());
    let group = Group::with_title(title)
        .element(places)
        .elements(diagnostic.notes.iter().map(|note| snippet::note(note, style)))
        .elements(diagnostic.hints.iter().map(|hint| snippet::help(&shortened(hint, LONGEST_HINT), style)));
    snippet::renderer(style).render(&[group]) + "\n"
}

/// A message that names something without end (a name of a million letters) shows how it begins and ends.
fn shortened(message: &str, longest: usize) -> Cow<'_, str> {
    let Some((from, _)) = message.char_indices().nth(longest / 2) else { return Cow::Borrowed(message) };
    let Some((to, _)) = message.char_indices().rev().nth(longest / 2) else { return Cow::Borrowed(message) };
    if to <= from {
        Cow::Borrowed(message)
    } else {
        Cow::Owned(format!("{}…{}", &message[..from], &message[to..]))
    }
}

/// `3 errors, 1 warning`.
fn summary(diagnostics: &[Diagnostic], style: &Style) -> String {
    let words = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")];
    let counted = words.map(|(level, word)| (diagnostics.iter().filter(|d| d.level == level).count(), word));
    let said = counted.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| style.say(count(n, word)));
    clauses(&said.collect::<Vec<_>>(), style)
}
