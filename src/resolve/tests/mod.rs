//! Scripts and what is said of them. The builtins are a small table of the tests' own, so that a test says all it
//! depends on.

mod checks;
mod names;
mod properties;
mod tables;

use super::{Builtins, Resolution, resolve_with};
use crate::builtin::{Body, Property, Row};
use crate::report::{Diagnostic, Level};
use crate::source::Source;
use crate::value::Type;

const fn row(name: &'static str, parameters: &'static [&'static str]) -> Row {
    Row { name, parameters, body: Body::Script(""), doc: "" }
}

static FUNCTIONS: &[Row] = &[
    row("print", &["sep:", "end:", "err:", "*xs"]),
    row("len", &["x"]),
    row("threads", &[]),
    row("current_thread", &[]),
    row("error", &["kind", "text"]),
    row("map", &["f", "xs"]),
    row("enumerate", &["xs", "start?"]),
    row("timer", &["f", "after:", "every:", "daemon:"]),
    row("lock", &[]),
    row("rlock", &[]),
    row("rwlock", &[]),
    row("semaphore", &["permits", "bounded:"]),
    row("condition", &["lock"]),
    row("event", &[]),
    row("barrier", &["parties"]),
    row("latch", &["count"]),
    row("queue", &["size?", "order:"]),
    row("atomic", &["value?"]),
    row("pool", &["workers?"]),
    row("__secret", &["x"]),
];

static OF_LOCKS: &[Row] = &[row("acquire", &["timeout:"]), row("try_acquire", &[]), row("release", &[])];
static OF_SEMAPHORES: &[Row] =
    &[row("acquire", &["timeout:"]), row("try_acquire", &[]), row("release", &["n?"])];
static OF_QUEUES: &[Row] = &[
    row("put", &["value", "timeout:"]),
    row("get", &["timeout:"]),
    row("try_put", &["value"]),
    row("try_get", &["default?"]),
    row("join", &[]),
    row("close", &[]),
];
static OF_CONDITIONS: &[Row] =
    &[row("wait", &["timeout:"]), row("wait_until", &["ready", "timeout:"]), row("notify", &["n?"])];
static OF_POOLS: &[Row] = &[row("submit", &["f", "*xs"]), row("map", &["f", "xs"]), row("close", &[])];
static OF_THREADS: &[Row] = &[row("join", &["timeout:"])];

fn methods(kind: Type) -> &'static [Row] {
    match kind {
        Type::Lock | Type::RLock => OF_LOCKS,
        Type::Semaphore => OF_SEMAPHORES,
        Type::Queue => OF_QUEUES,
        Type::Condition => OF_CONDITIONS,
        Type::Pool => OF_POOLS,
        Type::Thread => OF_THREADS,
        _ => &[],
    }
}

static SIZE: &[Property] = &[Property::new("size", |_, value| Ok(value.clone().into()), "")];

fn properties(kind: Type) -> &'static [Property] {
    match kind {
        Type::Queue => SIZE,
        _ => &[],
    }
}

fn builtins() -> Builtins {
    Builtins { functions: FUNCTIONS, methods, properties, internal: false }
}

/// The answers for a text that the parser has nothing to say against.
fn resolved(text: &str) -> (Resolution, Vec<Diagnostic>, Source) {
    let source = Source::new("test", text);
    let (script, problems) = crate::syntax::parse(&source);
    assert!(problems.is_empty(), "{text}\n{problems:?}");
    let (answers, found) = resolve_with(&script, &source, &builtins());
    (answers, found, source)
}

/// What is said of a script, one line for each: `3:7 error: …`. (That a template is never started is left out: few of
/// these scripts start any. `thread/what-nothing-starts` of the golden scripts is about it.)
fn said(text: &str) -> Vec<String> {
    let (_, mut found, source) = resolved(text);
    found.retain(|report| !report.message.ends_with("is declared here, and never started"));
    let line = |report: &Diagnostic| {
        let (line, column) = source.line_column(report.span.start);
        let level = match report.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let hints: String = report.hints.iter().map(|hint| format!(" | {hint}")).collect();
        let notes: String = report.notes.iter().map(|note| format!(" ({note})")).collect();
        format!("{line}:{column} {level}: {}{notes}{hints}", report.message)
    };
    found.iter().map(line).collect()
}

/// Holds every script against what must be said of it: exactly these, in this order; each given by its beginning and
/// anything that must also stand in it, after `…`.
#[track_caller]
fn expect(table: &[(&str, &[&str])]) {
    let mut wrong = String::new();
    for (text, expected) in table {
        let said = said(text);
        let fits = said.len() == expected.len()
            && said.iter().zip(*expected).all(|(said, expected)| {
                let mut parts = expected.split('…');
                said.starts_with(parts.next().unwrap_or_default()) && parts.all(|part| said.contains(part))
            });
        if !fits {
            wrong += &format!("\n--- {text}\nexpected {expected:#?}\nsaid     {said:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
