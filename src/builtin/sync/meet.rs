//! `condition`, `event`, `barrier`, `latch`: where threads wait for each other.

use super::{
    NAME, argument, begin, constant, deadline, int, int_or, native, property, receiver, script, sync_in,
    wrong,
};
use crate::builtin::{Context, Outcome, Property, Row};
use crate::sync::barrier::{self, Barrier};
use crate::sync::condition::{self, Condition};
use crate::sync::event::{self, Event};
use crate::sync::latch::Latch;
use crate::sync::{Kind, Op, Sync, Who};
use crate::value::{
    Value,
    error::{self, Error},
};

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native(
            "condition",
            &["lock?"],
            make_condition,
            "Makes a condition of a lock, for threads that hold it.",
        ),
        native("event", &[], make_event, "Makes an event: not set."),
        native("barrier", &["parties"], make_barrier, "Makes a barrier for so many threads."),
        native("latch", &["count"], make_latch, "Makes a latch: waiting ends when it was counted down to 0."),
        native("__must_hold", &["c"], must_hold, "Fails unless the thread holds the condition's lock."),
        native(
            "__deadline",
            &["timeout"],
            deadline_of,
            "When a timeout that begins now will have passed, or nil.",
        ),
        native(
            "__wait_by",
            &["c", "deadline"],
            wait_by,
            "Waits on a condition; false when the deadline passed.",
        ),
    ]
}

const WAIT: &[&str] = &["timeout?"];

pub static CONDITION_METHODS: [Row; 4] = [
    native(
        "wait",
        WAIT,
        wait,
        "Gives up the lock, waits to be notified, takes it again; false after the timeout.",
    ),
    script(
        "wait_until",
        &["predicate", "timeout?"],
        "fn wait_until(c, predicate, timeout) {
            __must_hold(c)
            let deadline = __deadline(timeout)
            loop {
                let value = predicate()
                if value { return value }
                if not __wait_by(c, deadline) { return predicate() }
            }
        }",
        "Waits until the predicate holds; its last value.",
    ),
    native("notify", &["n?"], notify, "Lets one of those who wait go on, or n."),
    native("notify_all", &[], notify_all, "Lets all who wait go on."),
];

pub static CONDITION_PROPERTIES: [Property; 3] = [
    NAME,
    constant("lock", lock, "The lock that must be held."),
    property("waiting", condition_waiting, "How many wait and are not notified yet."),
];

pub static EVENT_METHODS: [Row; 3] = [
    native("set", &[], set, "Lets all who wait go on, and all who come, until `clear`."),
    native("clear", &[], clear, "Makes it not set."),
    native("wait", WAIT, wait_event, "Waits until it is set; false after the timeout."),
];

pub static EVENT_PROPERTIES: [Property; 2] = [NAME, property("is_set", is_set, "Whether it is set.")];

pub static BARRIER_METHODS: [Row; 3] = [
    native(
        "wait",
        WAIT,
        wait_barrier,
        "Waits until all parties have come; as which one this thread came, from 0.",
    ),
    native("abort", &[], abort, "Breaks it: waiting is an error, until `reset`."),
    native("reset", &[], reset, "Makes it as new; those who wait get an error."),
];

pub static BARRIER_PROPERTIES: [Property; 4] = [
    NAME,
    constant("parties", parties, "How many threads it takes to pass."),
    property("waiting", barrier_waiting, "How many have come and wait."),
    property("broken", broken, "Whether waiting is an error."),
];

pub static LATCH_METHODS: [Row; 2] = [
    native("count_down", &["n?"], count_down, "Counts down by one, or by n."),
    native("wait", WAIT, wait_latch, "Waits until it is at 0; false after the timeout."),
];

pub static LATCH_PROPERTIES: [Property; 2] =
    [NAME, property("count", count, "How much is left to count down.")];

fn nil() -> Done {
    Ok(Value::Nil.into())
}

fn made(context: &mut Context<'_>, kind: Kind) -> Done {
    Ok(Value::Sync(context.make(kind)).into())
}

fn make_condition(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let lock = argument(arguments, 0);
    if let Value::Unset | Value::Nil = lock {
        return Err(Error::new(error::Kind::Type, "a condition needs a lock").hint(
            "`condition c for m`; in an expression, `condition(m)`; in a monitor, its own lock is taken",
        ));
    }
    let Value::Sync(lock) = lock else { return Err(wrong("a lock or an rlock", "lock", lock)) };
    let condition = Condition::new(lock.clone())?;
    made(context, Kind::Condition(condition))
}

fn must_hold(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    Condition::of(sync)?.must_hold(sync, context.who(), "wait_until")?;
    nil()
}

fn deadline_of(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 0))?;
    Ok(deadline.map_or(Value::Nil, Value::Duration).into())
}

fn wait_by(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let deadline = if let Value::Duration(ns) = argument(arguments, 1) { Some(*ns) } else { None };
    begin(context, Op::Condition(condition::Wait::new(sync.clone())), deadline)
}

fn wait(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Condition(condition::Wait::new(receiver(arguments)?.clone())), deadline)
}

fn notify(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let n = int_or(argument(arguments, 1), 1, "n")?;
    let n = usize::try_from(n).map_err(|_| {
        Error::new(error::Kind::Value, format!("{}.notify({n}): n cannot be negative", sync.label()))
    })?;
    notify_some(context, sync, n)
}

fn notify_all(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    notify_some(context, receiver(arguments)?, usize::MAX)
}

fn notify_some(context: &mut Context<'_>, sync: &Sync, n: usize) -> Done {
    let thread = context.world.thread().clone();
    let who = Who { thread: &thread, line: context.line };
    Condition::of(sync)?.notify(sync, who, n, context.world)?;
    nil()
}

fn lock(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Sync(Condition::of(sync_in(value)?)?.lock.clone()).into())
}

fn condition_waiting(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(Condition::of(sync_in(value)?)?.waiting() as i64).into())
}

fn make_event(context: &mut Context<'_>, _: &[Value]) -> Done {
    made(context, Kind::Event(Event::default()))
}

fn set(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let event = Event::of(sync)?;
    let mut order = sync.order();
    // A set of what is set already lets nobody go on.
    match event.is_set() {
        true => order.changed(),
        false => order.released(),
    }
    order.notified();
    event.set();
    nil()
}

fn clear(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let mut order = sync.order();
    Event::of(sync)?.clear();
    order.changed();
    nil()
}

fn wait_event(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Event(event::Wait::new(receiver(arguments)?.clone())), deadline)
}

fn is_set(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Event::of(sync_in(value)?)?.is_set()).into())
}

fn make_barrier(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let barrier = Barrier::new(int(argument(arguments, 0), "parties")?)?;
    made(context, Kind::Barrier(barrier))
}

fn wait_barrier(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Barrier(barrier::Wait::new(receiver(arguments)?.clone())), deadline)
}

fn abort(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    sync.order().changed();
    Barrier::of(sync)?.abort(context.who());
    nil()
}

fn reset(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    sync.order().changed();
    Barrier::of(sync)?.reset(context.who());
    nil()
}

fn parties(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(i64::from(Barrier::of(sync_in(value)?)?.parties)).into())
}

fn barrier_waiting(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(i64::from(Barrier::of(sync_in(value)?)?.waiting())).into())
}

fn broken(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Barrier::of(sync_in(value)?)?.broken()).into())
}

fn make_latch(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let latch = Latch::new(int(argument(arguments, 0), "count")?)?;
    made(context, Kind::Latch(latch))
}

fn count_down(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    Latch::of(sync)?.count_down(sync, int_or(argument(arguments, 1), 1, "n")?)?;
    nil()
}

fn wait_latch(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Latch(receiver(arguments)?.clone()), deadline)
}

fn count(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(Latch::of(sync_in(value)?)?.count()).into())
}
