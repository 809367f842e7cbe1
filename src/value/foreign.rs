//! Methods that the values of other languages have, and what is written here instead.
//!
//! For hints alone: nothing here is a method of anything.

use super::Type;

/// What is written for a method that things of this type do not have; for habits that the type alone explains.
pub fn native_of(kind: Type, name: &str) -> Option<&'static str> {
    as_it_is(kind, name).or_else(|| {
        // Go begins its methods with a capital letter.
        let first = name.chars().next().filter(char::is_ascii_uppercase)?;
        as_it_is(kind, &format!("{}{}", first.to_ascii_lowercase(), &name[1..]))
    })
}

fn as_it_is(kind: Type, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (Type::Queue, "push" | "append" | "add" | "send" | "offer") => "put(…)",
        (Type::Queue, "pop" | "take" | "poll" | "recv" | "receive") => "get()",
        (Type::Queue, "empty") => "size == 0",
        (Type::Queue, "len" | "length" | "count") => "size",
        (Type::Queue, "full" | "isFull" | "is_full") => "size == capacity",
        (Type::Queue, "shutdown" | "done" | "end") => "close()",
        (Type::Lock | Type::RLock | Type::Side, "lock") => "acquire()",
        (Type::Lock | Type::RLock | Type::Side, "unlock") => "release()",
        (Type::Semaphore, "wait" | "down" | "p" | "P") => "acquire()",
        (Type::Semaphore, "signal" | "post" | "up" | "v" | "V") => "release()",
        (Type::Semaphore, "value" | "count") => "permits",
        (Type::Condition, "signal") => "notify()",
        (Type::RwLock, "acquire" | "lock" | "write_lock") => "write.acquire()",
        (Type::RwLock, "read_lock" | "acquire_read" | "rlock") => "read.acquire()",
        (Type::RwLock, "readLock") => "read",
        (Type::RwLock, "writeLock") => "write",
        (Type::RwLock, "release" | "unlock") => "write.release()",
        (Type::RLock, "count" | "level" | "getHoldCount") => "depth",
        (Type::Thread | Type::Process, "wait") => "join()",
        (Type::Thread, "value" | "get" | "get_result") => "result",
        (Type::Future, "get" | "value") => "result",
        (Type::Future, "exception") => "error",
        (Type::Future, "join") => "wait()",
        (Type::Thread, "exception") => "error",
        (Type::Thread, "ident" | "native_id" | "get_ident") => "id",
        (Type::Atomic, "load" | "get") => "value",
        (Type::Atomic, "store" | "set") => "value = …",
        (Type::Atomic, "increment" | "inc" | "fetch_add" | "incr") => "add(1)",
        (Type::Atomic, "decrement" | "dec" | "fetch_sub" | "decr" | "decrementAndGet") => "add(-1)",
        (Type::Atomic, "exchange" | "getAndSet") => "swap(…)",
        (Type::Atomic, "compare_and_swap" | "compare_and_set" | "cas") => "compare_exchange(…)",
        (Type::Pipe, "send" | "write" | "put") => "ends[0].send(…)",
        (Type::Pipe, "recv" | "receive" | "read" | "get") => "ends[1].recv()",
        (Type::End, "receive" | "read" | "get" | "take") => "recv()",
        (Type::End, "write" | "put") => "send(…)",
        (Type::Error, "msg" | "text" | "what" | "description") => "message",
        (Type::Error, "type" | "code" | "name") => "kind",
        (Type::Pool, "join" | "wait" | "awaitTermination") => "close()",
        (Type::Pool, "apply" | "apply_async" | "execute" | "run" | "start") => "submit(f, …)",
        (Type::Latch, "await") => "wait()",
        (Type::Latch, "done" | "Done") => "count_down()",
        (Type::Event, "notify" | "notify_all" | "signal" | "fire" | "trigger") => "set()",
        (Type::Event, "reset") => "clear()",
        (Type::Process, "getPid" | "get_pid" | "getpid") => "pid",
        (Type::Process, "exitcode" | "returncode" | "status") => "exit_code",
        (Type::Process, "stop" | "cancel" | "interrupt") => "terminate()",
        (Type::List, name) => return of_list(name),
        (Type::Map, name) => return of_map(name),
        (Type::Set, name) => return of_set(name),
        (Type::Str, name) => return of_str(name),
        (Type::Int | Type::Float | Type::Bool | Type::Nil, "toString" | "to_string" | "to_s") => "str(x)",
        _ => return None,
    })
}

fn of_list(name: &str) -> Option<&'static str> {
    Some(match name {
        "add" | "append" | "push_back" | "put" => "push(…)",
        "addAll" | "concat" | "push_all" => "extend(…)",
        "unshift" | "push_front" | "appendleft" => "insert(0, …)",
        "shift" | "popleft" | "pop_front" => "pop(0)",
        "delete" | "removeAt" | "remove_at" => "pop(index)",
        "indexOf" | "index_of" | "find" => "index(…)",
        "contains" | "includes" | "has" => "x in xs",
        "get" => "xs[i]",
        "set" => "xs[i] = x",
        "first" => "xs[0]",
        "last" => "xs[-1]",
        "slice" | "subList" => "xs[1..3]",
        "join" => "\", \".join(xs)",
        "map" => "[f(x) for x in xs]",
        "filter" => "[x for x in xs if f(x)]",
        "forEach" | "foreach" | "each" => "for x in xs { … }",
        "sorted" => "sorted(xs)",
        "start" => "for t in xs { start t }",
        "join_all" | "joinAll" => "join xs",
        "isEmpty" | "is_empty" | "empty" => "len == 0",
        "size" | "length" => "len",
        _ => return None,
    })
}

fn of_map(name: &str) -> Option<&'static str> {
    Some(match name {
        "put" | "set" | "add" | "insert" => "m[key] = x",
        "containsKey" | "contains_key" | "has" | "has_key" | "contains" | "includes" => "key in m",
        "remove" | "delete" | "discard" => "pop(key)",
        "getOrDefault" | "get_or" => "get(key, default)",
        "putIfAbsent" | "computeIfAbsent" => "setdefault(…)",
        "keySet" => "keys()",
        "entries" | "entrySet" => "items()",
        "forEach" | "foreach" | "each" => "for [key, x] in m.items() { … }",
        "isEmpty" | "is_empty" | "empty" => "len == 0",
        "size" | "length" | "count" => "len",
        _ => return None,
    })
}

fn of_set(name: &str) -> Option<&'static str> {
    Some(match name {
        "push" | "append" | "put" | "insert" => "add(…)",
        "delete" => "discard(…)",
        "contains" | "includes" | "has" => "x in s",
        "isEmpty" | "is_empty" | "empty" => "len == 0",
        "size" | "length" | "count" => "len",
        _ => return None,
    })
}

fn of_str(name: &str) -> Option<&'static str> {
    Some(match name {
        "toUpperCase" | "to_upper" | "upcase" | "ToUpper" => "upper()",
        "toLowerCase" | "to_lower" | "downcase" | "ToLower" => "lower()",
        "trim" => "strip()",
        "repeat" => "s * 3",
        "title" => "capitalize()",
        "chars" | "toCharArray" => "for c in s { … }",
        "substring" | "substr" | "slice" => "s[1..3]",
        "charAt" | "char_at" | "at" | "get" => "s[i]",
        "indexOf" | "index_of" | "index" => "find(…)",
        "contains" | "includes" | "has" => "part in s",
        "replaceAll" | "replace_all" => "replace(…)",
        "append" | "concat" | "add" => "s + t",
        "padStart" | "pad_start" => "rjust(…)",
        "padEnd" | "pad_end" => "ljust(…)",
        "splitlines" => "lines()",
        "isnumeric" | "isdecimal" => "isdigit()",
        "format" => "\"{x:8.2}\"",
        "reverse" | "reversed" => "\"\".join(reversed(s))",
        "toString" | "to_string" => "str(x)",
        "isEmpty" | "is_empty" | "empty" => "len == 0",
        "size" | "length" => "len",
        _ => return None,
    })
}

/// What to do instead of asking a process for a value of this name; None for names that mean something else.
pub fn gives_back(kind: Type, name: &str) -> Option<&'static str> {
    (kind == Type::Process && matches!(name, "result" | "value" | "output")).then_some(
        "a process gives back its `exit_code` alone: it can put more into a `shared queue`, or send it through a pipe",
    )
}

/// Whether a method of this name ends a thread in other languages.
pub fn ends_threads(name: &str) -> bool {
    matches!(name, "stop" | "kill" | "terminate" | "interrupt" | "suspend" | "destroy")
}

/// Methods that other languages' threads and locks have, whatever they are called on.
const ANYWHERE: &[(&str, &str)] = &[
    ("setName", "name = …"),
    ("set_name", "name = …"),
    ("getName", "name"),
    ("get_name", "name"),
    ("setDaemon", "daemon = …"),
    ("set_daemon", "daemon = …"),
    ("isDaemon", "daemon"),
    ("is_daemon", "daemon"),
    ("isAlive", "alive"),
    ("is_alive", "alive"),
    ("notifyAll", "notify_all()"),
    ("signalAll", "notify_all()"),
    ("waitFor", "wait_until(…)"),
    ("tryAcquire", "try_acquire()"),
    ("tryLock", "try_acquire()"),
    ("put_nowait", "try_put(…)"),
    ("get_nowait", "try_get()"),
    ("qsize", "size"),
    ("countDown", "count_down()"),
    ("isSet", "is_set"),
    ("unlock", "release()"),
    ("wait_for", "wait_until(…)"),
    ("broadcast", "notify_all()"),
    ("shutdown", "close()"),
    ("isEmpty", "size == 0"),
    ("enqueue", "put(…)"),
    ("dequeue", "get()"),
    ("n_waiting", "waiting"),
    ("append", "push(…)"),
    ("length", "len"),
    ("compareAndSet", "compare_exchange(…)"),
    ("incrementAndGet", "add(1)"),
];

/// What is written in conc for a method of another language, where the type of what has it is not known.
pub fn native(name: &str) -> Option<&'static str> {
    ANYWHERE.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours)
}
