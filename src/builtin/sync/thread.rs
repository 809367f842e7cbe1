//! Threads and timers, as scripts see them.

use super::threads::Naming;
use super::{argument, begin, deadline, duration, is_given, native, property, script, wrong};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::Op;
use crate::sync::thread::{Entry, Thread, Timer};
use crate::value::{
    Value,
    error::{self, Error},
    show,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native("current_thread", &[], current, "The thread that asks."),
        native("main_thread", &[], main, "The thread that runs the script's top level."),
        native("threads", &[], threads, "The threads that have started and not ended, main included."),
        native("active_count", &[], active_count, "How many there are of them."),
        native(
            "timer",
            &["f", "after:", "every:", "daemon:"],
            timer,
            "A timer, not started: calls f once after a time, or every so often.",
        ),
        native("__timer", &["body", "delay", "repeats", "daemon"], declared_timer, "Makes a timer."),
        native("__join", &["threads"], join_statement, "Waits for a thread, or for a list of threads."),
        native(
            "__join_each",
            &["items"],
            join_each,
            "Waits for all threads of a list, if that is what it holds.",
        ),
        native("__joined", &["thread"], joined_in_select, "The thread that an arm of a `select` joins."),
        script(
            "__parallel",
            &["threads"],
            "fn __parallel(threads) {
                for at in 0..len(threads) { __start_at(threads, at) }
                __join(threads)
                __raise_first(threads)
            }",
            "Starts the threads, waits for all, and raises the first error.",
        ),
        native("__start_at", &["threads", "at"], start_at, "Starts a thread whose error will be asked for."),
        native("__raise_first", &["threads"], raise_first, "Raises the first error, the others attached."),
    ]
}

pub static METHODS: [Row; 3] = [
    native("start", &[], start, "Starts it; the thread itself."),
    native("join", &["timeout?"], join, "Waits until it has ended; false after the timeout."),
    native("cancel", &[], cancel, "Of a timer: it will not run its body again."),
];

pub static PROPERTIES: [Property; 8] = [
    Property::new("name", name, "Its name.").set_by(set_name),
    property("id", id, "Its number."),
    Property::new("daemon", daemon, "Whether the program ends without it.").set_by(set_daemon),
    property("alive", alive, "Whether it has started and not ended."),
    property("state", state, "new, running, blocked, sleeping, finished or failed."),
    property("result", result, "Waits; its value, or the error that ended it."),
    property("error", error, "The error that ended it, or nil."),
    property("waiting_on", waiting_on, "What it waits for, or nil."),
];

fn thread_in(value: &Value) -> Result<&Arc<Thread>, Error> {
    if let Value::Thread(thread) = value { Ok(thread) } else { Err(wrong("a thread", "", value)) }
}

fn receiver(arguments: &[Value]) -> Result<&Arc<Thread>, Error> {
    thread_in(argument(arguments, 0))
}

fn current(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::Thread(context.world.thread().clone()).into())
}

fn main(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::Thread(context.world.main()).into())
}

fn threads(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::list(context.world.threads().into_iter().map(Value::Thread).collect()).into())
}

fn active_count(context: &mut Context<'_>, _: &[Value]) -> Done {
    Ok(Value::Int(context.world.threads().len() as i64).into())
}

fn timer(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (after, every) = (argument(arguments, 1), argument(arguments, 2));
    let repeats = is_given(every);
    if repeats == is_given(after) {
        return Err(Error::new(
            error::Kind::Value,
            "a timer is for `after:` a time or for `every:` time, one of them",
        )
        .hint("timer(f, after: 2s) or timer(f, every: 1s)"));
    }
    let delay = if repeats { every } else { after };
    make_timer(context, argument(arguments, 0), delay, repeats, argument(arguments, 3))
}

fn declared_timer(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let repeats = argument(arguments, 2).truthy();
    make_timer(context, argument(arguments, 0), argument(arguments, 1), repeats, argument(arguments, 3))
}

/// A timer is a thread that the world lets wait before it runs its body.
fn make_timer(context: &mut Context<'_>, body: &Value, delay: &Value, repeats: bool, daemon: &Value) -> Done {
    let word = if repeats { "every" } else { "after" };
    let delay = duration(delay, word)?;
    if delay < 0 || (repeats && delay == 0) {
        let least = if repeats { "longer than 0s" } else { "0s or longer" };
        return Err(Error::new(
            error::Kind::Value,
            format!("the time of a timer's `{word}` must be {least}"),
        ));
    }
    // Not told to be one, a timer is a daemon when its maker is, like any thread.
    let daemon = daemon.truthy().then_some(true);
    let entry = Entry::to_call(body.clone());
    let mut thread = context.unstarted(Naming::Counted("timer"), daemon, entry);
    thread.timer = Some(Timer::new(delay, repeats));
    // Of a builtin that is its body there is no other place.
    let _ = thread.origin.set(context.program.source.line_span(context.line)); // it is new
    Ok(Value::Thread(Arc::new(thread)).into())
}

pub(super) fn start(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let thread = receiver(arguments)?;
    context.world.start(thread)?;
    Ok(Value::Thread(thread.clone()).into())
}

pub(super) fn join(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let thread = receiver(arguments)?;
    let timeout = argument(arguments, 1);
    // A join that may not wait asks whether it has ended, so a negative timeout is none longer than that.
    let deadline = if let Value::Duration(..=0) = timeout {
        Some(context.world.now())
    } else {
        deadline(context, timeout)?
    };
    begin(context, Op::Join(thread.clone()), deadline)
}

fn join_statement(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let what = argument(arguments, 0);
    if let Value::Thread(thread) = what {
        return begin(context, Op::Join(thread.clone()), None);
    }
    begin(context, Op::JoinAll(threads_in(what)?), None)
}

/// What a loop goes over that only joins: when they are threads that can be joined, all are waited for at once, and that
/// is `true`; else it is given back, for the loop to join one after another and fail where it must.
fn join_each(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let items = argument(arguments, 0);
    let who = context.who();
    let joinable = |value: &Value| thread_in(value).ok().filter(|thread| thread.can_be_joined(who)).cloned();
    let threads: Option<Vec<Arc<Thread>>> = match items {
        Value::List(list) => list.snapshot().iter().map(joinable).collect(),
        _ => None,
    };
    match threads {
        Some(threads) => begin(context, Op::JoinAll(threads), None),
        None => Ok(items.clone().into()),
    }
}

fn joined_in_select(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let what = argument(arguments, 0);
    if let Value::Thread(_) = what {
        return Ok(what.clone().into());
    }
    threads_in(what)?;
    Err(Error::new(error::Kind::Type, "an arm of a `select` joins one thread, not a list of them")
        .hint("give each thread an arm, or join them in a thread of its own"))
}

/// Those of a list, and of the lists in it: `join ts, t`.
fn threads_in(value: &Value) -> Result<Vec<Arc<Thread>>, Error> {
    let wanted = |value: &Value| {
        wrong("a thread or a list of threads", "what is joined", value).hint(match value {
            Value::Map(_) => "those of a map are a list: `join m.values()`",
            _ => "`start` gives the thread: `let t = start f()`, and then `join t`",
        })
    };
    let one = |value: &Value| thread_in(value).cloned().map_err(|_| wanted(value));
    let Value::List(list) = value else { return Err(wanted(value)) };
    let mut threads = Vec::new();
    for value in list.snapshot().iter() {
        match value {
            Value::List(several) => {
                for value in several.snapshot().iter() {
                    threads.push(one(value)?);
                }
            }
            other => threads.push(one(other)?),
        }
    }
    Ok(threads)
}

/// The thread of a list that stands at an index. Each is started by an operation of its own: between two of them, the first may
/// have ended, and be seen to be the only one.
fn start_at(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let found = match (argument(arguments, 0), argument(arguments, 1)) {
        (Value::List(list), Value::Int(at)) => list.get(*at),
        _ => None,
    };
    let thread = thread_in(found.as_ref().unwrap_or(&Value::Nil))?;
    // Its error will be raised here, so it is not to be reported as one that nobody caught.
    thread.raised_elsewhere.store(true, Ordering::SeqCst);
    context.world.start(thread)?;
    Ok(Value::Nil.into())
}

fn raise_first(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let threads = threads_in(argument(arguments, 0))?;
    let mut errors = threads.iter().filter_map(|thread| thread.outcome.get()?.as_ref().err()).peekable();
    let Some(first) = errors.next() else { return Ok(Value::Nil.into()) };
    threads.iter().for_each(|thread| thread.asked.store(true, Ordering::SeqCst));
    if errors.peek().is_some() {
        context.world.several_fail();
    }
    first.attached.lock().extend(errors.map(|error| Value::Error(error.clone())));
    Err(Error::again(first))
}

fn cancel(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let thread = receiver(arguments)?;
    match &thread.timer {
        Some(timer) => {
            timer.cancel();
            Ok(Value::Nil.into())
        }
        None => {
            let message = format!("\"{}\" cannot be cancelled: it is a thread, not a timer", thread.name());
            Err(Error::new(error::Kind::Type, message)
                .hint("a thread ends by itself: let it look at an event, `while not stop.is_set { }`"))
        }
    }
}

pub(super) fn name(_: &mut Context<'_>, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::text(&thread_in(value)?.name()).into())
}

/// A label, which may change at any time: anything becomes a text, and the empty one is the name it began with.
pub(super) fn set_name(context: &mut Context<'_>, thread: &Value, name: &Value) -> Result<(), Error> {
    let thread = thread_in(thread)?;
    let name = show::display(name, context.program);
    *thread.name.lock() = if name.is_empty() { thread.default_name.clone() } else { name.into() };
    Ok(())
}

/// Nil until it has been started.
fn id(_: &mut Context<'_>, value: &Value) -> Done {
    let thread = thread_in(value)?;
    Ok(if thread.started() { Value::Int(i64::from(thread.id)) } else { Value::Nil }.into())
}

pub(super) fn daemon(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(thread_in(value)?.daemon.load(Ordering::SeqCst)).into())
}

pub(super) fn set_daemon(_: &mut Context<'_>, thread: &Value, daemon: &Value) -> Result<(), Error> {
    let thread = thread_in(thread)?;
    let Value::Bool(daemon) = daemon else { return Err(wrong("true or false", "daemon", daemon)) };
    if thread.started() {
        let message = format!("\"{}\" has been started: daemon can be set only before", thread.name());
        let hint = match (&thread.process, &thread.timer) {
            (Some(_), _) => "or declare it so: `daemon process NAME { }`",
            (None, Some(_)) => "or declare it so: `daemon timer NAME after …`",
            (None, None) => "or declare it so: `daemon thread NAME { }`",
        };
        return Err(Error::new(error::Kind::State, message).hint(hint));
    }
    thread.daemon.store(*daemon, Ordering::SeqCst);
    Ok(())
}

fn alive(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(thread_in(value)?.alive()).into())
}

pub(super) fn state(context: &mut Context<'_>, value: &Value) -> Done {
    context.world.asks_for_states();
    Ok(Value::text(thread_in(value)?.state().word()).into())
}

fn result(context: &mut Context<'_>, value: &Value) -> Done {
    begin(context, Op::ThreadResult(thread_in(value)?.clone()), None)
}

pub(super) fn error(_: &mut Context<'_>, value: &Value) -> Done {
    let thread = thread_in(value)?;
    let Some(Err(error)) = thread.outcome.get() else { return Ok(Value::Nil.into()) };
    thread.asked.store(true, Ordering::Relaxed);
    Ok(Value::Error(error.clone()).into())
}

pub(super) fn waiting_on(context: &mut Context<'_>, value: &Value) -> Done {
    context.world.asks_for_states();
    let waiting = thread_in(value)?.waiting.lock();
    Ok(waiting.as_ref().map_or(Value::Nil, |waiting| waiting.on.clone()).into())
}
