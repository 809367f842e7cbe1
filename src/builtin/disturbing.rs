//! Which builtins wait for somebody or change what others can see: nothing for a condition, which is evaluated as often as need
//! be. All others only look.

use super::Row;
use crate::value::Type;

/// Functions that write, wait for somebody, or draw from the generator of random numbers.
const FUNCTIONS: &[&str] = &[
    "print", "input", "exit", "write", "append", "remove", "open", "seed", "choose", "random", "randint",
    "shuffle", "sample",
];

/// Methods that change a list, a map or a set.
const CHANGING: &[&str] = &[
    "push",
    "pop",
    "insert",
    "remove",
    "extend",
    "clear",
    "sort",
    "reverse",
    "setdefault",
    "update",
    "add",
    "discard",
];

/// Methods that wait for a thing or change it.
const OF_THINGS: &[(Type, &[&str])] = &[
    (Type::Lock, &["acquire", "try_acquire", "release"]),
    (Type::RLock, &["acquire", "try_acquire", "release"]),
    (Type::Side, &["acquire", "try_acquire", "release"]),
    (Type::Semaphore, &["acquire", "try_acquire", "release"]),
    (Type::Queue, &["put", "get", "try_put", "try_get", "join", "task_done", "close"]),
    (Type::Event, &["wait", "set", "clear"]),
    (Type::Barrier, &["wait", "abort", "reset"]),
    (Type::Latch, &["wait", "count_down"]),
    (Type::Condition, &["wait", "wait_until", "notify", "notify_all"]),
    (Type::Atomic, &["add", "swap", "compare_exchange"]),
    (Type::Pool, &["submit", "map", "close"]),
    (Type::End, &["send", "recv", "close"]),
    (Type::Stream, &["write", "read", "read_line", "send", "recv", "close"]),
    (Type::Server, &["accept", "close"]),
    (Type::Command, &["wait", "terminate", "kill", "send_signal"]),
];

/// Methods of threads and timers.
const OF_THREADS: &[&str] = &["join", "cancel"];

pub fn function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

/// Whether the method changes its list, map or set.
pub fn changes(method: &str) -> bool {
    CHANGING.contains(&method)
}

pub fn method_of(kind: Type, method: &str) -> bool {
    OF_THINGS.iter().any(|(of, methods)| *of == kind && methods.contains(&method))
}

pub fn method_of_thread(method: &str) -> bool {
    OF_THREADS.contains(&method)
}

/// Whether it may, whatever it is called with.
pub fn may(row: &Row) -> bool {
    let name = row.name;
    let of_things = || OF_THINGS.iter().any(|(_, methods)| methods.contains(&name));
    function(name) || changes(name) || method_of_thread(name) || of_things()
}
