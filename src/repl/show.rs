//! What is shown of values, and of what threads, locks and queues do at this moment.

use conc::code::Program;
use conc::report::{Style, render};
use conc::sync::future::End;
use conc::sync::pool::Crew;
use conc::sync::process::Process;
use conc::sync::thread::{State, Thread};
use conc::sync::{Kind, Sync};
use conc::value::error::Error;
use conc::value::{Value, show};
use conc::world::real::Handle;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The most characters of a value that is shown.
const LONGEST: usize = 10_000;

/// The value of an entry.
pub fn value(value: &Value, program: &Program, handle: &Handle, style: &Style) -> String {
    match value {
        Value::Thread(it) => thread(it, handle, style),
        Value::Sync(it) => thing(it, handle, style),
        other => data(other, program, style),
    }
}

fn data(value: &Value, program: &Program, style: &Style) -> String {
    let whole = show::repr(value, program);
    match whole.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            let long = style.say(format!("({} characters)", whole.chars().count()));
            format!("{}… {long}", &whole[..end])
        }
        None => whole,
    }
}

pub fn is_daemon(thread: &Thread) -> bool {
    thread.daemon.load(Ordering::SeqCst)
}

/// `thread teller-1: blocked on guard, held by teller-2`.
pub fn thread(thread: &Arc<Thread>, handle: &Handle, style: &Style) -> String {
    let word = match (&thread.process, &thread.timer, is_daemon(thread)) {
        (Some(_), _, false) => "process",
        (Some(_), _, true) => "daemon process",
        (None, Some(_), false) => "timer",
        (None, Some(_), true) => "daemon timer",
        (None, None, false) => "thread",
        (None, None, true) => "daemon thread",
    };
    let born = thread.process.as_ref().and_then(Process::born);
    let pid = born.map_or(String::new(), |born| format!(" (pid {})", born.pid));
    format!("{} {}{pid}: {}", style.say(word), thread.name(), doing(thread, handle, style))
}

fn doing(thread: &Arc<Thread>, handle: &Handle, style: &Style) -> String {
    match (thread.state(), thread.outcome.get()) {
        (_, Some(Ok(Value::Nil))) => style.say("finished"),
        (_, Some(Ok(value))) => style.say(format!("finished with {}", show::brief(value))),
        (_, Some(Err(error))) => failed(error, style),
        (State::New, None) => style.say("not started"),
        (State::Running | State::Finished | State::Failed, None) => style.say("running"),
        (State::Blocked | State::Sleeping, None) => waits(thread, handle, style),
    }
}

fn failed(error: &Error, style: &Style) -> String {
    format!("{} {}", style.say("failed:"), render::message(error, style))
}

/// Something of the script and its line: `teller-1 (line 3)`.
pub fn since(name: &str, line: u32, style: &Style) -> String {
    style.say(format!("{name} (line {line})"))
}

/// What a thread waits for.
fn waits(thread: &Arc<Thread>, handle: &Handle, style: &Style) -> String {
    let Some(waiting) = thread.waiting.lock().clone() else { return style.say("running") };
    let with_line = |text: &str| match waiting.line {
        0 => text.to_string(),
        line => since(text, line, style),
    };
    let Value::Sync(sync) = &waiting.on else { return with_line(&style.say(waiting.text.to_string())) };
    // A condition or an event is not held by anybody.
    let holders: Vec<String> = holders(sync, handle)
        .into_iter()
        .filter(|(name, _)| *name != thread.name())
        .map(|(name, _)| name.to_string())
        .collect();
    let label = sync.label();
    with_line(&style.say(match &holders[..] {
        [] => format!("blocked on {label}"),
        held => format!("blocked on {label}, held by {}", held.join(", ")),
    }))
}

/// Who holds the thing, since which line.
fn holders(sync: &Sync, handle: &Handle) -> Vec<(Arc<str>, u32)> {
    let threads = handle.threads();
    threads.iter().filter_map(|(thread, _)| Some((thread.name(), sync.held_since(thread)?))).collect()
}

/// Who waits for it.
fn waiters(sync: &Arc<Sync>, handle: &Handle) -> Vec<String> {
    let threads = handle.threads();
    let waits = |thread: &Thread| {
        let waiting = thread.waiting.lock();
        waiting.as_ref().is_some_and(|waiting| mentions(&waiting.on, sync))
    };
    threads.iter().filter(|(thread, _)| waits(thread)).map(|(thread, _)| thread.name().to_string()).collect()
}

/// Whether it is the thing, or a list with it (of a `select`).
fn mentions(value: &Value, sync: &Arc<Sync>) -> bool {
    match value {
        Value::Sync(other) => Arc::ptr_eq(other, sync),
        Value::List(items) => items.snapshot().iter().any(|item| mentions(item, sync)),
        _ => false,
    }
}

/// `lock guard: held by teller-1 (line 3), teller-2 waits`.
pub fn thing(sync: &Arc<Sync>, handle: &Handle, style: &Style) -> String {
    let word = sync.kind.kind().word();
    let label = sync.label();
    // What has no name is called by its kind already.
    let title = if label.starts_with(word) { label } else { format!("{word} {label}") };
    let mut parts = holding(sync, handle, style);
    let waiting = waiters(sync, handle);
    match &waiting[..] {
        [] => {}
        [one] => parts.push(style.say(format!("{one} waits"))),
        several => parts.push(style.say(format!("{} wait", several.join(", ")))),
    }
    if parts.is_empty() { title } else { format!("{title}: {}", parts.join(", ")) }
}

/// What there is in it, or who has it.
fn holding(sync: &Sync, handle: &Handle, style: &Style) -> Vec<String> {
    let mut parts = Vec::new();
    match &sync.kind {
        Kind::Semaphore(semaphore) => {
            parts.push(style.say(count(semaphore.permits().max(0) as usize, "permit")));
        }
        Kind::Queue(queue) => {
            parts.push(style.say(count(queue.size(), "item")));
            if queue.closed() {
                parts.push(style.say("closed"));
            }
        }
        Kind::Event(event) => parts.push(style.say(if event.is_set() { "set" } else { "not set" })),
        Kind::Atomic(atomic) => parts.push(data(&atomic.get(), &handle.program(), style)),
        Kind::Barrier(barrier) if barrier.broken() => parts.push(style.say("broken")),
        Kind::Barrier(barrier) => {
            let arrived = format!("{} of {} have arrived", barrier.waiting(), barrier.parties);
            parts.push(style.say(arrived));
        }
        Kind::Latch(latch) if latch.ready() => parts.push(style.say("open")),
        Kind::Latch(latch) => parts.push(style.say(format!("{} to be counted down", latch.count()))),
        Kind::Pool(pool) => {
            let unfinished = Crew::of(&pool.crew).map_or(0, Crew::unfinished);
            parts.push(style.say(format!("{} unfinished", count(unfinished, "task"))));
        }
        Kind::Future(future) => parts.push(match future.end() {
            None if future.is_running() => style.say("running"),
            None => style.say("waits for a worker"),
            Some(End::Done(value)) => data(&value, &handle.program(), style),
            // Not by its result: then it would count as asked for.
            Some(End::Failed(failure)) => failed(&failure.error, style),
            Some(End::Cancelled) => style.say("cancelled"),
        }),
        Kind::Lock(_) | Kind::RLock(_) | Kind::RwLock(_) | Kind::Side(_) => {}
        Kind::Condition(_) | Kind::Crew(_) | Kind::Pipe(_) | Kind::End(_) | Kind::Outside(_) => return parts,
    }
    let holders = holders(sync, handle);
    let held: Vec<String> = holders.iter().map(|(name, line)| since(name, *line, style)).collect();
    match (held.is_empty(), sync.can_be_held()) {
        (false, _) => parts.push(style.say(format!("held by {}", held.join(", ")))),
        (true, true) if parts.is_empty() => parts.push(style.say("free")),
        (true, _) => {}
    }
    parts
}

fn count(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// Whether it is one of the things that `:locks` tells of: somebody can hold it.
pub fn is_lock(sync: &Sync) -> bool {
    sync.can_be_held() && !matches!(sync.kind, Kind::Crew(_))
}

pub fn is_queue(sync: &Sync) -> bool {
    matches!(sync.kind, Kind::Queue(_))
}
