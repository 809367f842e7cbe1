//! Two accesses that nothing orders: where they stand, what each thread holds, and what would have ordered them.

use super::super::Style;
use super::{clean, snippet};
use crate::report::race::{Access, Race};
use crate::source::Source;
use annotate_snippets::{AnnotationKind, Group, Level};

pub fn race(race: &Race, source: &Source, style: &Style) -> String {
    let [first, second] = &race.accesses;
    let labels = [label(first), label(second)];
    let mut places = snippet::of(source);
    if first.span == second.span {
        let both = format!("{}; {}", labels[0], labels[1]);
        places = places.annotation(mark(AnnotationKind::Primary, source, first, &both));
        return report(race, places, style);
    }
    places = places.annotation(mark(AnnotationKind::Primary, source, first, &labels[0]));
    places = places.annotation(mark(AnnotationKind::Primary, source, second, &labels[1]));
    report(race, places, style)
}

fn mark<'a>(
    kind: AnnotationKind,
    source: &Source,
    access: &Access,
    label: &'a str,
) -> annotate_snippets::Annotation<'a> {
    snippet::mark(kind, source, snippet::first_line(access.span, &source.text), label)
}

fn report(
    race: &Race,
    places: annotate_snippets::Snippet<'_, annotate_snippets::Annotation<'_>>,
    style: &Style,
) -> String {
    let title = Level::ERROR.primary_title(format!("data race on {}", clean(&race.cell)));
    let why = "nothing orders the two: either may come first";
    let group = Group::with_title(title)
        .element(places)
        .element(snippet::remark(Level::NOTE, why))
        .element(snippet::remark(Level::HELP, &cure(&race.accesses)));
    snippet::renderer(style).render(&[group]) + "\n"
}

/// `thread "teller-1" writes it, holding guard`.
fn label(access: &Access) -> String {
    let verb = if access.write { "writes" } else { "reads" };
    let holds = match &access.holds[..] {
        [] => "holding no lock".to_string(),
        held => format!("holding {}", clean(&held.join(", "))),
    };
    format!("thread \"{}\" {verb} it, {holds}", clean(&access.thread))
}

/// What would have ordered them.
fn cure([first, second]: &[Access; 2]) -> String {
    if let Some(shared) = first.holds.iter().find(|label| second.holds.contains(label)) {
        return format!(
            "both hold {shared}, but it lets both in at once, or each has a `{shared}` of its own: let both hold one and \
             the same lock, for writing"
        );
    }
    match (&first.holds[..], &second.holds[..]) {
        ([], []) => "let both hold the same lock around it, or make it an `atomic`; a `join`, a queue or a \
                     condition between the two orders them too"
            .to_string(),
        ([], held) => half(&held[0], &second.thread, &first.thread),
        (held, []) => half(&held[0], &first.thread, &second.thread),
        (one, other) => {
            format!("{} and {} are different locks: both have to hold the same one", one[0], other[0])
        }
    }
}

fn half(lock: &str, holder: &str, other: &str) -> String {
    format!("only thread \"{holder}\" holds {lock} there; let thread \"{other}\" hold it too")
}
