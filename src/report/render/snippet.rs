//! The frame around a place in a script: line number, text, caret.

use super::super::Style;
use super::clean;
use crate::source::{Source, Span};
use annotate_snippets::{Annotation, AnnotationKind, Level, Message, Renderer, Snippet};
use std::ops::Range;

pub fn renderer(style: &Style) -> Renderer {
    if style.is_coloured() { Renderer::styled() } else { Renderer::plain() }
}

/// The source with its name, ready for annotations.
pub fn of(source: &Source) -> Snippet<'_, Annotation<'_>> {
    Snippet::source(&*source.text).line_start(1).path(clean(&source.name))
}

/// The caret of the report, or of another place that explains it. The label is conc's own, not said yet.
pub fn mark<'a>(
    kind: AnnotationKind,
    source: &Source,
    span: Span,
    label: &str,
    style: &Style,
) -> Annotation<'a> {
    let annotation = kind.span(fit(span, &source.text));
    if label.is_empty() { annotation } else { annotation.label(style.say(label)) }
}

/// The word of a level, such as `error`.
pub fn word(level: Level<'static>, english: &'static str, style: &Style) -> Level<'static> {
    if style.language().is_chinese() { level.with_name(style.say(english)) } else { level }
}

pub fn error(style: &Style) -> Level<'static> {
    word(Level::ERROR, "error", style)
}

/// A line below the source, of conc's own: `= note: …`.
pub fn note<'a>(text: &str, style: &Style) -> Message<'a> {
    line(word(Level::NOTE, "note", style), text, style)
}

/// `= help: …`.
pub fn help<'a>(text: &str, style: &Style) -> Message<'a> {
    line(word(Level::HELP, "help", style), text, style)
}

/// A line without such a word.
pub fn line<'a>(level: Level<'a>, text: &str, style: &Style) -> Message<'a> {
    level.message(annotate_snippets::normalize_untrusted_str(&style.say(text)))
}

/// The span's part on its first line: what a caret should show of a block.
pub fn first_line(span: Span, text: &str) -> Span {
    let Range { start, end } = fit(span, text);
    let length = text[start..end].find(['\n', '\r']).unwrap_or(end - start);
    Span::new(start, start + length)
}

/// The span as a range that lies within the text and begins and ends between characters, whatever it was. The
/// end of the text is shown behind its last visible character, not on an empty line after it.
pub fn fit(span: Span, text: &str) -> Range<usize> {
    if span.start as usize >= text.len() {
        let end = text.trim_end().len();
        return end..end;
    }
    let between_characters = |&offset: &usize| text.is_char_boundary(offset);
    let start = (0..=span.start as usize).rev().find(between_characters).unwrap_or(0);
    let end = (span.end as usize).clamp(start, text.len());
    start..(end..=text.len()).find(between_characters).unwrap_or(text.len())
}
