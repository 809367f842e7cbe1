//! Two accesses that nothing orders: where they stand, what each thread holds, and what would have ordered them.

use super::super::Style;
use super::{clean, snippet};
use crate::report::race::{Access, Race};
use crate::source::Source;
use annotate_snippets::{AnnotationKind, Group};

pub fn race(race: &Race, source: &Source, style: &Style) -> String {
    let [first, second] = &race.accesses;
    let labels = [access(first), access(second)];
    let mut places = snippet::of(source);
    if first.span == second.span {
        let between = if style.language().is_chinese() { "；" } else { "; " };
        let both = format!("{}{between}{}", style.say(&labels[0]), style.say(&labels[1]));
        places = places.annotation(mark(AnnotationKind::Primary, source, first, &both, style));
        return report(race, places, style);
    }
    places = places.annotation(mark(AnnotationKind::Primary, source, first, &labels[0], style));
    places = places.annotation(mark(AnnotationKind::Primary, source, second, &labels[1], style));
    report(race, places, style)
}

fn mark<'a>(
    kind: AnnotationKind,
    source: &Source,
    access: &Access,
    label: &str,
    style: &Style,
) -> annotate_snippets::Annotation<'a> {
    snippet::mark(kind, source, snippet::first_line(access.span, &source.text), label, style)
}

fn report(
    race: &Race,
    places: annotate_snippets::Snippet<'_, annotate_snippets::Annotation<'_>>,
    style: &Style,
) -> String {
    let title = format!("data race on {}", clean(&race.cell));
    let title = snippet::error(style).primary_title(style.say(title));
    let why = "nothing orders the two: either may come first";
    let group = Group::with_title(title)
        .element(places)
        .element(snippet::note(why, style))
        .element(snippet::help(&cure(race), style));
    snippet::renderer(style).render(&[group]) + "\n"
}

/// `thread "teller-1" writes it, holding guard`.
fn access(access: &Access) -> String {
    let (thread, held) = (clean(&access.thread), clean(&access.holds.join(", ")));
    match (access.write, access.holds.is_empty()) {
        (true, true) => format!("thread \"{thread}\" writes it, holding no lock"),
        (false, true) => format!("thread \"{thread}\" reads it, holding no lock"),
        (true, false) => format!("thread \"{thread}\" writes it, holding {held}"),
        (false, false) => format!("thread \"{thread}\" reads it, holding {held}"),
    }
}

/// What would have ordered them. What is not `shared` each process has for itself.
fn cure(race: &Race) -> String {
    let [first, second] = &race.accesses;
    if let Some(lock) = first.holds.iter().find(|label| second.holds.contains(label)) {
        return match race.shared {
            true => format!(
                "both hold {lock}, but it lets both in at once, or each process has a `{lock}` of its own: let both hold one \
                 and the same `shared lock`, for writing"
            ),
            false => format!(
                "both hold {lock}, but it lets both in at once, or each has a `{lock}` of its own: let both hold one and \
                 the same lock, for writing"
            ),
        };
    }
    match (&first.holds[..], &second.holds[..]) {
        ([], []) if race.shared => {
            "let both hold the same `shared lock` around it, or make it a `shared atomic`; a `join`, a \
                                    `shared queue` or a pipe between the two orders them too"
                .to_string()
        }
        ([], []) => "let both hold the same lock around it, or make it an `atomic`; a `join`, a queue or a \
                     condition between the two orders them too"
            .to_string(),
        ([], held) => half(&held[0], &second.thread, &first.thread, race.shared),
        (held, []) => half(&held[0], &first.thread, &second.thread, race.shared),
        (one, other) => {
            format!("{} and {} are different locks: both have to hold the same one", one[0], other[0])
        }
    }
}

fn half(lock: &str, holder: &str, other: &str, shared: bool) -> String {
    match shared {
        true => format!(
            "only thread \"{holder}\" holds {lock} there; let thread \"{other}\" hold it too: between processes it has to be \
             a `shared lock`"
        ),
        false => format!("only thread \"{holder}\" holds {lock} there; let thread \"{other}\" hold it too"),
    }
}
