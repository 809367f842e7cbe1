//! `pool` and futures, `as_completed`, `wait`.
//!
//! A worker is a thread of the script that runs `__worker`, which is written in conc: so the tasks it calls can be
//! suspended like any other call.

use super::threads::{Kindred, Naming};
use super::{
    NAME, argument, begin, deadline, int, is_given, native, property, receiver, script, sync_in, wrong,
};
use crate::builtin::{Context, Outcome, Property, Row, Wait};
use crate::code::Program;
use crate::sync::future::{Failure, Future, Several};
use crate::sync::pool::{Crew, Pool, copied::Copies};
use crate::sync::queue::{self, Order, Queue};
use crate::sync::thread::{Arguments, Entry};
use crate::sync::{Kind, Op, Sync};
use crate::value::object::Method;
use crate::value::{
    Value,
    error::{self, Error},
};
use smallvec::smallvec;
use std::borrow::Cow;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, LazyLock};

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native("pool", &["workers"], make, "Makes a pool of at most so many threads for tasks."),
        native(
            "as_completed",
            &["futures"],
            as_completed,
            "The futures, each as soon as it has ended: for a `for`.",
        ),
        native(
            "wait",
            &["futures", "any:", "timeout:"],
            wait,
            "Waits for all the futures, or any; `[done, pending]`.",
        ),
        native(
            "__submit",
            &["p", "f", "arguments", "worker", "keeper"],
            submit_list,
            "Gives a task; makes a worker if one is needed.",
        ),
        script(
            "__worker",
            &["crew"],
            "fn __worker(crew) {
                loop {
                    let task = __task(crew)
                    if not task { break }
                    try {
                        let value = __call(task)
                        __done(crew, task, value)
                    } catch e { __failed(crew, task, e) }
                }
            }",
            "What a worker runs: one task after the other.",
        ),
        native("__task", &["crew"], task, "Waits for a task; nil when there will be none."),
        native("__call", &["task"], call, "Calls what the task is."),
        native("__done", &["crew", "task", "value"], done, "The task has returned."),
        native("__failed", &["crew", "task", "error"], failed, "The task has ended with an error."),
        native(
            "__result_by",
            &["future", "deadline"],
            result_by,
            "A future's value; an error after the deadline.",
        ),
    ]
}

pub static METHODS: [Row; 3] = [
    native("submit", &["f", "*arguments"], submit, "Has a worker call f with the arguments; a future."),
    script(
        "map",
        &["f", "xs", "timeout?"],
        "fn map(p, f, xs, timeout) {
            __must_fit(xs)
            let deadline = __deadline(timeout)
            let futures = [__submit(p, f, [x], __worker, __keeper) for x in xs]
            return [__result_by(future, deadline) for future in futures]
        }",
        "Has workers call f with each; the results, in the order of xs.",
    ),
    native(
        "close",
        &["cancel:"],
        close,
        "No more tasks; those given are done, or cancelled with `cancel: true`.",
    ),
];

pub static PROPERTIES: [Property; 4] = [
    NAME,
    property("workers", workers, "The most tasks that are done at once."),
    property("unfinished", unfinished, "How many tasks were given and have not ended."),
    property("closed", closed, "Whether it takes no more tasks."),
];

pub static FUTURE_METHODS: [Row; 2] = [
    native("cancel", &[], cancel, "Cancels it if no worker has begun it; whether it did."),
    native("wait", &["timeout?"], wait_one, "Waits until it has ended; false after the timeout."),
];

pub static FUTURE_PROPERTIES: [Property; 6] = [
    NAME,
    property("result", result, "Waits; its value, or the error of its task."),
    property("error", error, "Waits; the error of its task, or nil."),
    property("done", is_done, "Whether it has ended."),
    property("running", running, "Whether a worker has begun it and not ended it."),
    property("cancelled", cancelled, "Whether it was cancelled."),
];

fn made(sync: Arc<Sync>) -> Done {
    Ok(Value::Sync(sync).into())
}

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let crew = Crew::new(int(argument(arguments, 0), "workers")?)?;
    let crew = context.make(Kind::Crew(Box::new(crew)));
    made(context.make(Kind::Pool(Pool { crew })))
}

/// What a worker runs. Whoever names `submit` has it compiled (`builtin::helpers`).
static WORKER: LazyLock<Value> =
    LazyLock::new(|| Value::Builtin(crate::builtin::function("__worker").expect("it is in the table")));

/// What a worker of a process pool runs: the keeper of a process.
static KEEPER: LazyLock<Value> =
    LazyLock::new(|| Value::Builtin(crate::builtin::function("__keeper").expect("it is in the table")));

fn submit(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let given = match arguments.get(2..).unwrap_or_default() {
        // The most frequent case: made where it stands.
        [one] => Arguments::from_buf([one.clone()]),
        more => more.into(),
    };
    let task = Entry { callee: argument(arguments, 1).clone(), arguments: given };
    give(context, receiver(arguments)?, task, &WORKER)
}

fn submit_list(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let Value::List(list) = argument(arguments, 2) else {
        return Err(wrong("a list", "arguments", argument(arguments, 2)));
    };
    let task = Entry { callee: argument(arguments, 1).clone(), arguments: list.snapshot().into() };
    let pool = receiver(arguments)?;
    // Who has it given here has called `map`.
    give(context, pool, task, argument(arguments, 3))
        .map_err(|error| if error.kind == error::Kind::Closed { queue::closed(pool, "map") } else { error })
}

/// Gives a task to a pool; its future.
fn give(context: &mut Context<'_>, sync: &Arc<Sync>, task: Entry, worker: &Value) -> Done {
    let pool = Pool::of(sync)?;
    let crew = pool.crew(sync)?;
    let what = &*function_name(context.program, &task.callee)?;
    let future = match crew.processes {
        false => Future::new(what, &pool.crew, task),
        true => match context.world.copied(&task.into_parts(), &format!("the task {what}"))? {
            Copies::Packed(bytes) => Future::packed(what, &pool.crew, bytes),
            Copies::Living(values) => Future::new(what, &pool.crew, Entry::of(values)),
        },
    };
    let future = context.make(Kind::Future(future));
    future.order().released();
    pool.crew.order().notified();
    if crew.submit(&pool.crew, future.clone())? {
        let (base, worker) = match crew.processes {
            false => (pool.crew.label(), worker),
            true => (format!("keeper of {}", pool.crew.label()), &*KEEPER),
        };
        let entry = Entry { callee: worker.clone(), arguments: smallvec![Value::Sync(pool.crew.clone())] };
        hire(context, &pool.crew, &base, entry, &future)?;
    }
    made(future)
}

/// Makes a worker. Without any the task could never be done; then it is taken back.
fn hire(
    context: &mut Context<'_>,
    sync: &Arc<Sync>,
    base: &str,
    entry: Entry,
    future: &Arc<Sync>,
) -> Result<(), Error> {
    let crew = Crew::of(sync)?;
    let thread = context.new_thread(
        Naming::Counted(base),
        Kindred { daemon: Some(true), process: false },
        entry,
        None,
    );
    if !crew.enlist(&thread) {
        return Ok(());
    }
    if let Err(error) = context.world.start(&thread) {
        crew.dismiss(thread.id);
        if Crew::workers(sync).is_empty() {
            Future::of(future)?.cancel(future);
            return Err(error);
        }
    }
    Ok(())
}

/// Whether a function of conc's own has tasks to see to: what workers run, and the keepers of processes.
pub fn cares_for_tasks(function: &str) -> bool {
    matches!(function, "__worker" | "__keeper" | "__delegate")
}

/// The name of what a task calls.
fn function_name<'p>(program: &'p Program, callee: &Value) -> Result<Cow<'p, Arc<str>>, Error> {
    let made = |name: &str| Cow::Owned(name.into());
    let script = |number: u32| {
        let function = program.functions.get(number as usize);
        function.map_or_else(|| made("function"), |function| Cow::Borrowed(&function.name))
    };
    if let Value::Function(number) = callee {
        return Ok(script(*number));
    }
    if let Value::Closure(closure) = callee {
        return Ok(script(closure.function));
    }
    if let Value::Builtin(row) = callee {
        return Ok(made(row.name));
    }
    if let Value::Bound(bound) = callee {
        return Ok(match bound.method {
            Method::Function(number) => script(number),
            Method::Builtin(row) => made(row.name),
        });
    }
    Err(wrong("a function", "f", callee)
        .hint("give the function itself and its arguments: p.submit(f, x), not p.submit(f(x))"))
}

/// (An operation would hold the crew: all workers, and who gives them tasks, would fight over its count of references.)
fn task(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let crew = receiver(arguments)?;
    Ok(match Crew::of(crew)?.next(context.who().thread.id) {
        Some(task) => task.into(),
        None => Outcome::Wait(Wait { op: Op::Task(crew.clone()), deadline: None }),
    })
}

fn call(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    match Future::of(receiver(arguments)?)?.take_task() {
        Some(entry) => Ok(Outcome::Call(entry.callee, entry.arguments)),
        None => Err(Error::new(error::Kind::State, "a task is called once")),
    }
}

fn done(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    end(context, arguments, |future, sync| future.finish(sync, argument(arguments, 2).clone()))
}

fn failed(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let Value::Error(error) = argument(arguments, 2) else {
        return Err(wrong("an error", "error", argument(arguments, 2)));
    };
    let failure = Arc::new(Failure::new(sync_in(argument(arguments, 1))?, error.clone()));
    // Before anybody can ask for it, so that the world knows it when they do.
    context.world.task_failed(failure.clone());
    end(context, arguments, |future, sync| future.fail(sync, failure))
}

fn end(context: &mut Context<'_>, arguments: &[Value], settle: impl FnOnce(&Future, &Arc<Sync>)) -> Done {
    let crew = Crew::of(receiver(arguments)?)?;
    let sync = sync_in(argument(arguments, 1))?;
    crew.free(context.who().thread.id);
    settle(Future::of(sync)?, sync);
    receiver(arguments)?.order().added();
    crew.finished();
    Ok(Value::Nil.into())
}

fn close(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let crew = Pool::of(sync)?.crew(sync)?;
    crew.close();
    if argument(arguments, 1).truthy() {
        crew.cancel();
    }
    Ok(Value::Nil.into())
}

fn workers(_: &mut Context<'_>, value: &Value) -> Done {
    let sync = sync_in(value)?;
    Ok(Value::Int(i64::from(Pool::of(sync)?.crew(sync)?.size)).into())
}

fn unfinished(_: &mut Context<'_>, value: &Value) -> Done {
    let sync = sync_in(value)?;
    Ok(Value::Int(Pool::of(sync)?.crew(sync)?.pending() as i64).into())
}

fn closed(_: &mut Context<'_>, value: &Value) -> Done {
    let sync = sync_in(value)?;
    Ok(Value::Bool(Pool::of(sync)?.crew(sync)?.closed()).into())
}

fn cancel(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    Ok(Value::Bool(Future::of(sync)?.cancel(sync)).into())
}

fn wait_one(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = deadline(context, argument(arguments, 1))?;
    begin(context, Op::Ended(receiver(arguments)?.clone()), deadline)
}

fn result(_: &mut Context<'_>, value: &Value) -> Done {
    let future = sync_in(value)?;
    Ok(match Future::of(future)?.result(future)? {
        Some(value) => value.into(),
        None => Outcome::Wait(Wait { op: Op::Result(future.clone()), deadline: None }),
    })
}

fn result_by(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let deadline = if let Value::Duration(ns) = argument(arguments, 1) { Some(*ns) } else { None };
    begin(context, Op::Result(receiver(arguments)?.clone()), deadline)
}

fn error(context: &mut Context<'_>, value: &Value) -> Done {
    begin(context, Op::FutureError(sync_in(value)?.clone()), None)
}

fn is_done(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Future::of(sync_in(value)?)?.is_done()).into())
}

fn running(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Future::of(sync_in(value)?)?.is_running()).into())
}

fn cancelled(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(Future::of(sync_in(value)?)?.is_cancelled()).into())
}

/// The distinct futures of a list or set.
fn futures(value: &Value) -> Result<Vec<Arc<Sync>>, Error> {
    let values = if let Value::List(list) = value {
        list.snapshot()
    } else if let Value::Set(set) = value {
        set.lock().iter().cloned().collect()
    } else {
        let error = wrong("a list of futures", "futures", value);
        return Err(match value {
            Value::Sync(_) => {
                error.hint("what is not a future is waited for by its own method: `c.wait()`, `join t`")
            }
            _ => error,
        });
    };
    let mut futures: Vec<Arc<Sync>> = Vec::new();
    for value in &values {
        let sync = sync_in(value).map_err(|_| wrong("a future", "each of the futures", value))?;
        Future::of(sync)?;
        futures.push(sync.clone());
    }
    let mut seen = std::collections::HashSet::new();
    futures.retain(|future| seen.insert(future.id));
    Ok(futures)
}

fn as_completed(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let futures = futures(argument(arguments, 0))?;
    let queue = context.make(Kind::Queue(Queue::new(None, Order::Fifo)));
    queue.name.get_or_init(|| "as_completed".into());
    if futures.is_empty() {
        Queue::of(&queue)?.close(false);
    }
    let left = Arc::new(AtomicUsize::new(futures.len()));
    for sync in &futures {
        Future::of(sync)?.watch(sync, &queue, &left);
    }
    made(queue)
}

fn wait(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let futures = futures(argument(arguments, 0))?;
    let any = is_given(argument(arguments, 1)) && argument(arguments, 1).truthy();
    let deadline = deadline(context, argument(arguments, 2))?;
    begin(context, Op::Several(Several { futures, any }), deadline)
}
