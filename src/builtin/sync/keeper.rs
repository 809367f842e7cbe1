//! `process pool`: the interface of a pool, with workers that are processes.
//!
//! Each worker has a keeper: a thread that takes tasks as the workers of any pool do, sends each to its process, and
//! makes known what comes back. So futures, cancelling, timeouts and unasked errors are those of every pool. When the
//! process dies, its task fails, and the keeper makes another process for the next. When there will be no more tasks,
//! the keeper ends after its process: so who waits for the keepers waits for the processes. Keepers, and what the
//! processes run, are written in conc, so that they wait as any thread does.

use super::threads::Naming;
use super::{argument, begin, int, native, receiver, script, sync_in, wrong};
use crate::builtin::{Context, Outcome, Row};
use crate::sync::outside::Way;
use crate::sync::pipe::{End, Pipe, Sending, Wait, What};
use crate::sync::pool::{Crew, Pool, copied::Copies};
use crate::sync::process::Process;
use crate::sync::thread::{Entry, Thread};
use crate::sync::{Kind, Op, Sync, future::Future};
use crate::value::{
    Value,
    error::{self, Error},
};
use std::sync::Arc;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native("process_pool", &["workers"], make, "Makes a pool of at most so many processes for tasks."),
        script(
            "__keeper",
            &["crew"],
            "fn __keeper(crew) {
                var worker = nil
                loop {
                    let task = __task(crew)
                    if task == nil { break }
                    worker = __delegate(crew, task, worker)
                }
                if worker != nil {
                    worker[1].close()
                    worker[0].join()
                }
            }",
            "What the keeper of a worker process runs.",
        ),
        script(
            "__delegate",
            &["crew", "task", "worker"],
            "fn __delegate(crew, task, worker) {
                var at = worker
                try {
                    if at == nil { at = __recruit(crew, __serve) }
                    __order(at, task)
                    let answer = __answer(at)
                    if answer[0] { __done(crew, task, answer[1]) } else { __failed(crew, task, __placed(at, answer[1])) }
                } catch \"closed\" {
                    at[0].join()
                    __failed(crew, task, __lost(at))
                    return nil
                } catch e {
                    __failed(crew, task, e)
                }
                return at
            }",
            "Has a worker process do a task; the worker for the next, nil when it has died.",
        ),
        native("__recruit", &["crew", "serve"], recruit, "Starts a worker process: its handle, and our end of the line."),
        native("__order", &["worker", "task"], order, "Sends a task."),
        native("__answer", &["worker"], answer, "Waits for the answer: whether it went well, and the value or error."),
        native("__placed", &["worker", "error"], placed, "The error, with the process where it happened."),
        native("__lost", &["worker"], lost, "The error of a task whose process has died."),
        script(
            "__serve",
            &["end"],
            "fn __serve(end) {
                try { loop { __serve_one(end, __take(end)) } } catch \"closed\" { }
            }",
            "What a worker process runs.",
        ),
        script(
            "__serve_one",
            &["end", "task"],
            "fn __serve_one(end, task) {
                try { __reply(end, true, __apply(task)) } catch e { __reply(end, false, e) }
            }",
            "One task.",
        ),
        native("__take", &["end"], take, "Waits for a task."),
        native("__apply", &["task"], apply, "Calls what the task is."),
        native("__reply", &["end", "fine", "value"], reply, "Sends a result, or an error."),
    ]
}

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let workers = int(argument(arguments, 0), "workers")?;
    context.world.outside(Way::ProcessPool)?;
    let crew = context.make(Kind::Crew(Box::new(Crew::new(workers)?.of_processes())));
    Ok(Value::Sync(context.make(Kind::Pool(Pool { crew }))).into())
}

fn recruit(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let crew = receiver(arguments)?;
    let empty = Entry { callee: argument(arguments, 1).clone(), arguments: Vec::new() };
    let mut worker = context.unstarted(Naming::Counted(&crew.label()), Some(true), empty);
    let ids = [context.world.next_id(), context.world.next_id()];
    let simulated = context.world.writes_states();
    let make = if simulated { Pipe::simulated } else { Pipe::new };
    let pipe = Kind::Pipe(make(true, ids, context.line));
    let line = Sync::new(context.world.next_id(), context.line, pipe);
    // Where states are compared, equal lines have equal names.
    let to = if simulated { format!("a worker of {}", crew.label()) } else { worker.name().to_string() };
    line.name.get_or_init(|| format!("the line to {to}").into());
    let [near, far] = Pipe::of(&line)?.ends(&line)?;
    if let Some(entry) = worker.entry.get_mut() {
        entry.arguments.push(Value::Sync(far));
    }
    worker.process = Some(Process::of_pool());
    let worker = Arc::new(worker);
    context.world.start(&worker)?;
    Ok(Value::list(vec![Value::Thread(worker), Value::Sync(near)]).into())
}

/// Its handle, and our end of the line to it.
fn worker_in(value: &Value) -> Result<(Arc<Thread>, Arc<Sync>), Error> {
    if let Value::List(list) = value
        && let [Value::Thread(handle), Value::Sync(end)] = &list.snapshot()[..]
    {
        return Ok((handle.clone(), end.clone()));
    }
    Err(wrong("a worker", "worker", value))
}

fn order(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (_, end) = worker_in(argument(arguments, 0))?;
    let future = Future::of(sync_in(argument(arguments, 1))?)?;
    match (future.take_packed(), future.take_task()) {
        (Some(bytes), _) => send(context, end, Copies::Packed(bytes)),
        (None, Some(task)) => send(context, end, Copies::Living(task.into_parts())),
        (None, None) => Err(Error::new(error::Kind::State, "a task is sent once")),
    }
}

fn send(context: &mut Context<'_>, end: Arc<Sync>, copies: Copies) -> Done {
    match copies {
        Copies::Packed(bytes) => {
            begin(context, Op::Pipe(Wait::Send { end, bytes, put: None, sending: Sending::default() }), None)
        }
        Copies::Living(values) => {
            End::of(&end)?.pass(&end, values)?;
            Ok(Value::Nil.into())
        }
    }
}

fn answer(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (_, end) = worker_in(argument(arguments, 0))?;
    begin(context, Op::Pipe(Wait::Receive { end, what: What::Copies }), None)
}

fn placed(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (handle, _) = worker_in(argument(arguments, 0))?;
    let Value::Error(error) = argument(arguments, 1) else {
        return Err(wrong("an error", "error", argument(arguments, 1)));
    };
    Ok(Value::Error(Arc::new(error.noted(format!("it happened in the process {}", known_as(&handle)))))
        .into())
}

/// `"p-1" (pid 1234)`.
fn known_as(handle: &Thread) -> String {
    // In a simulated run processes may have no numbers.
    let pid = handle.process.as_ref().and_then(Process::born).map_or(0, |born| born.pid);
    let pid = if pid > 0 { format!(" (pid {pid})") } else { String::new() };
    format!("\"{}\"{pid}", handle.name())
}

fn lost(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (handle, _) = worker_in(argument(arguments, 0))?;
    let worker = known_as(&handle);
    let message = match handle.process.as_ref().and_then(Process::exit_code) {
        Some(exit) if exit < 0 => {
            format!("the worker {worker} was killed by signal {} before the task was done", -exit)
        }
        Some(exit) => format!("the worker {worker} ended with exit code {exit} before the task was done"),
        None => format!("the worker {worker} has ended before the task was done"),
    };
    let error = Error::new(error::Kind::Broken, message)
        .note("another process takes its place; the other tasks are done")
        .hint("submit the task again if it does no harm to do a part of it twice");
    Ok(Value::Error(Arc::new(error)).into())
}

fn take(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    begin(context, Op::Pipe(Wait::Receive { end: receiver(arguments)?.clone(), what: What::Copies }), None)
}

fn apply(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let Value::List(task) = argument(arguments, 0) else {
        return Err(wrong("a task", "task", argument(arguments, 0)));
    };
    let task = Entry::of(task.snapshot());
    Ok(Outcome::Call(task.callee, task.arguments))
}

fn reply(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (fine, value) = (argument(arguments, 1), argument(arguments, 2));
    let copies = context.world.copied(&[fine.clone(), value.clone()], "the result of the task");
    let copies = match (copies, value) {
        (Ok(copies), _) => copies,
        // Its parts cannot be copied; what it says can.
        (Err(_), Value::Error(error)) => {
            let bare = Value::Error(Arc::new(Error::new(error.kind.clone(), error.message.clone())));
            context.world.copied(&[fine.clone(), bare], "the error of the task")?
        }
        (Err(error), _) => return Err(error),
    };
    send(context, receiver(arguments)?.clone(), copies)
}
