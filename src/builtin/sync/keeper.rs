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
use crate::mapped::{Board, Place};
use crate::sync::outside::Way;
use crate::sync::pipe::{End, Pipe, Sending, Wait, What};
use crate::sync::pool::{
    Crew, Pool,
    copied::{self, Copies},
};
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
                var now = task
                try {
                    if at == nil { at = __recruit(crew, __serve) }
                    __order(at, now)
                    loop {
                        let answer = __answer(at)
                        if now == nil { now = __taken(crew, at) }
                        if now == nil { return at }
                        if answer[1] { __done(crew, now, answer[2]) } else { __failed(crew, now, __placed(at, answer[2])) }
                        if not answer[0] { return at }
                        now = nil
                    }
                } catch \"closed\" {
                    at[0].join()
                    if now == nil { now = __taken(crew, at) }
                    if now != nil { __failed(crew, now, __lost(at)) }
                    return nil
                } catch e {
                    if now != nil { __failed(crew, now, e) }
                    if at == nil { return nil }
                    at[1].close()
                    at[0].join()
                    loop {
                        now = __taken(crew, at)
                        if now == nil { return nil }
                        __failed(crew, now, e)
                    }
                }
            }",
            "Has a worker process do a task, and those that it begins by itself then; the worker for the next, nil when it has died.",
        ),
        native("__recruit", &["crew", "serve"], recruit, "Starts a worker process: its handle, and our end of the line."),
        native("__order", &["worker", "task"], order, "Sends a task."),
        native(
            "__answer",
            &["worker"],
            answer,
            "Waits for an answer: whether another will come by itself, whether it went well, and the value or error.",
        ),
        native("__taken", &["crew", "worker"], taken, "The task that the worker has begun by itself, or nil."),
        native("__placed", &["worker", "error"], placed, "The error, with the process where it happened."),
        native("__lost", &["worker"], lost, "The error of a task whose process has died."),
        script(
            "__serve",
            &["end", "offers"],
            "fn __serve(end, offers) {
                try {
                    loop {
                        var task = __take(end)
                        while task != nil {
                            if not __serve_one(end, offers, task) { break }
                            task = __next(end, offers)
                            if task == nil { __rest(end) }
                        }
                    }
                } catch \"closed\" { }
            }",
            "What a worker process runs.",
        ),
        script(
            "__serve_one",
            &["end", "offers", "task"],
            "fn __serve_one(end, offers, task) {
                try {
                    let value = __apply(task)
                    let more = __more(offers)
                    __reply(end, more, true, value)
                    return more
                } catch e {
                    let more = __more(offers)
                    __reply(end, more, false, e)
                    return more
                }
            }",
            "One task; whether to look for one that is offered.",
        ),
        native("__take", &["end"], take, "Waits for a task."),
        native("__apply", &["task"], apply, "Calls what the task is."),
        native("__more", &["offers"], more, "Whether there seems to be a task that is offered."),
        native("__next", &["end", "offers"], next, "Begins a task that is offered; nil when there is none."),
        native("__rest", &["end"], rest, "Tells the keeper that there was none."),
        native("__reply", &["end", "more", "fine", "value"], reply, "Sends a result, or an error."),
    ]
}

fn make(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let workers = int(argument(arguments, 0), "workers")?;
    context.world.outside(Way::ProcessPool)?;
    let mut crew = Crew::new(workers)?.of_processes();
    if let Some(memory) = context.world.memory_for_tasks() {
        crew = crew.with_board(Board::make(&memory)?);
    }
    let crew = context.make(Kind::Crew(Box::new(crew)));
    Ok(Value::Sync(context.make(Kind::Pool(Pool { crew }))).into())
}

fn recruit(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let crew = receiver(arguments)?;
    // Where the worker finds tasks, and whose they are then.
    let offers = match Crew::of(crew)?.board() {
        Some(board) => {
            let words = [board.place().at as i64, i64::from(context.who().thread.id)];
            Value::list(words.map(Value::Int).to_vec())
        }
        None => Value::Nil,
    };
    let empty = Entry::to_call(argument(arguments, 1).clone());
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
        entry.arguments.extend([Value::Sync(far), offers]);
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

fn taken(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (_, end) = worker_in(argument(arguments, 1))?;
    let Some(sync) = Crew::of(receiver(arguments)?)?.taken(context.who().thread.id) else {
        return Ok(Value::Nil.into());
    };
    if let Some(bytes) = Future::of(&sync)?.take_packed() {
        end.count_sent(bytes.len());
    }
    Ok(Value::Sync(sync).into())
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
    begin(context, Op::Pipe(Wait::Receive { end: receiver(arguments)?.clone(), what: What::Task }), None)
}

/// The board, and whose the tasks are that are taken from it.
fn board(context: &Context<'_>, offers: &Value) -> Option<(Board, u32)> {
    let Value::List(list) = offers else { return None };
    let [Value::Int(at), Value::Int(keeper)] = list.snapshot()[..] else { return None };
    let memory = context.world.memory_for_tasks()?;
    Some((Board::at(Place { memory, at: at as usize }), keeper as u32))
}

fn more(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let more = board(context, argument(arguments, 0)).is_some_and(|(board, _)| board.has_some());
    Ok(Value::Bool(more).into())
}

fn next(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let task = board(context, argument(arguments, 1)).and_then(|(board, keeper)| board.take(keeper));
    let Some(bytes) = task else { return Ok(Value::Nil.into()) };
    receiver(arguments)?.count_received(bytes.len());
    Ok(Value::list(copied::unpack(&bytes)).into())
}

fn rest(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let nothing = copied::pack(&[Value::Nil], "nothing")?;
    send(context, receiver(arguments)?.clone(), Copies::Packed(nothing))
}

fn apply(_: &mut Context<'_>, arguments: &[Value]) -> Done {
    let Value::List(task) = argument(arguments, 0) else {
        return Err(wrong("a task", "task", argument(arguments, 0)));
    };
    let task = Entry::of(task.snapshot());
    Ok(Outcome::Call(task.callee, task.arguments))
}

fn reply(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let (more, fine, value) = (argument(arguments, 1), argument(arguments, 2), argument(arguments, 3));
    let answer = |value: Value| [more.clone(), fine.clone(), value];
    let copies = context.world.copied(&answer(value.clone()), "the result of the task");
    let copies = match (copies, value) {
        (Ok(copies), _) => copies,
        // Its parts cannot be copied; what it says can.
        (Err(_), Value::Error(error)) => {
            let bare = Value::Error(Arc::new(Error::new(error.kind.clone(), error.message.clone())));
            context.world.copied(&answer(bare), "the error of the task")?
        }
        (Err(error), _) => return Err(error),
    };
    send(context, receiver(arguments)?.clone(), copies)
}
