//! "Did you mean": the known name closest to one that is not known.
//!
//! Says nothing about what names are visible; the caller hands them over.

/// Names that people bring along from other languages, and what they are called here.
const FOREIGN: &[(&str, &str)] = &[
    ("currentThread", "current_thread"),
    ("current", "current_thread"),
    ("get_current_thread", "current_thread"),
    ("activeCount", "active_count"),
    ("mainThread", "main_thread"),
    ("enumerateThreads", "threads"),
    ("asCompleted", "as_completed"),
    ("println", "print"),
    ("printf", "print"),
    ("echo", "print"),
    ("puts", "print"),
    ("quit", "exit"),
    ("length", "len"),
    ("size", "len"),
    ("True", "true"),
    ("False", "false"),
    ("None", "nil"),
    ("null", "nil"),
    ("undefined", "nil"),
    ("this", "self"),
    ("string", "str"),
    ("integer", "int"),
    ("Timer", "timer"),
    ("BoundedSemaphore", "semaphore"),
    ("Lock", "lock"),
    ("RLock", "rlock"),
    ("Mutex", "lock"),
    ("mutex", "lock"),
    ("RWLock", "rwlock"),
    ("Semaphore", "semaphore"),
    ("Condition", "condition"),
    ("Event", "event"),
    ("Barrier", "barrier"),
    ("CountDownLatch", "latch"),
    ("Queue", "queue"),
    ("channel", "queue"),
    ("ThreadPoolExecutor", "pool"),
    ("Pool", "pool"),
    ("Pipe", "pipe"),
    ("subprocess", "run"),
    ("Popen", "command"),
    ("system", "run"),
    ("socket", "connect"),
    ("kill", "send_signal"),
    ("打印", "print"),
    ("输入", "input"),
    ("真", "true"),
    ("假", "false"),
    ("空", "nil"),
    ("长度", "len"),
    ("getpid", "pid"),
    ("getppid", "ppid"),
    ("ReentrantLock", "rlock"),
    ("ReentrantReadWriteLock", "rwlock"),
    ("CyclicBarrier", "barrier"),
    ("AtomicInteger", "atomic"),
    ("AtomicLong", "atomic"),
    ("BlockingQueue", "queue"),
    ("LinkedBlockingQueue", "queue"),
    ("ArrayBlockingQueue", "queue"),
    ("SimpleQueue", "queue"),
    ("JoinableQueue", "queue"),
    ("NULL", "nil"),
    ("nullptr", "nil"),
    ("typeof", "type"),
    ("strlen", "len"),
    ("raw_input", "input"),
    ("readline", "input"),
    ("gets", "input"),
    ("prompt", "input"),
    ("randrange", "randint"),
    ("monotonic", "now"),
    ("perf_counter", "now"),
];

/// What to write instead of what a module of another language, which people type before a dot, is for.
pub(super) fn module(foreign: &str) -> Option<&'static str> {
    Some(match foreign {
        "threading" | "multiprocessing" | "asyncio" | "concurrent" | "sync" => {
            "nothing has to be imported: `let t = start { … }`, `lock m`, `queue q`"
        }
        "console" | "System" | "fmt" | "cout" => "what prints is `print(x)`",
        "Exception" | "Error" | "RuntimeError" | "ValueError" | "TypeError" | "KeyError" | "IndexError"
        | "ZeroDivisionError" | "TimeoutError" => {
            "errors are texts or made by `error`: `throw \"what happened\"`, `throw error(\"value\", \"what happened\")`"
        }
        "usleep" | "msleep" | "delay" | "nanosleep" => "`sleep 10ms` sleeps: a number with its unit",
        "dict" | "Map" | "HashMap" | "OrderedDict" => "a map stands in braces: `{}`, or `{\"key\": value}`",
        "start_new_thread" => "a thread is started with `start`: `let t = start f(x)`, or `start { … }`",
        "Timer" => "`timer t after 100ms { … }` declares a timer, and `start t` starts it",
        "unlock" => "`m.release()` gives a lock back; `with m { … }` does so by itself",
        "isinstance" => "`type(x) == \"int\"` asks for a type by its name",
        "pthread_create" | "threading_start" | "CreateThread" => {
            "a thread is started with `start`: `let t = start f(x)`, or `start { … }`"
        }
        "pthread_join" => "`join t` waits for a thread",
        "pthread_mutex_lock" | "pthread_mutex_unlock" | "pthread_mutex_t" => {
            "`lock m` declares a lock, and `with m { … }` holds it"
        }
        "signal" => {
            "`on signal \"USR1\" { … }` says what is done, and `send_signal(pid, \"USR1\")` sends one"
        }
        "Future" | "future" | "CompletableFuture" => {
            "a pool gives futures: `pool p(4)`, and `let f = p.submit(g, x)`; `f.result` waits"
        }
        "current_process" => "a process knows its `pid()` and `ppid()`",
        "pow" => "powers are written `a ** b`",
        "sprintf" | "format" => "a text holds values itself: `\"{x} items\"`, or `\"{x:8.2}\"` with a format",
        "__name__" => "a script begins with its first line, and a process with its own body: leave it out",
        "Process" | "process" => {
            "a process is declared and started: `process work(n) { … }`, and `let p = start work(1)`"
        }
        "WaitGroup" => {
            "threads are awaited by `join ts`; `latch l(3)` waits until it was counted down three times"
        }
        "Executors" | "ExecutorService" => {
            "`pool p(4)` declares a pool of four threads, and `p.submit(f, x)` hands it a task"
        }
        "Promise" => {
            "`let t = start f(x)` runs a call in a thread of its own, and `t.result` waits for its value"
        }
        "make" | "chan" => "what threads hand over goes through a queue: `queue q(3)`",
        "setTimeout" => "`timer t after 100ms { … }` declares a timer, and `start t` starts it",
        "setInterval" => "`timer t every 100ms { … }` declares a timer, and `start t` starts it",
        "parseInt" => "`int(x)` makes an int of a text",
        "parseFloat" | "double" => "`float(x)` makes a float of a text",
        "time" => "`sleep 1s` sleeps, and `now()` is the time since the start",
        "math" | "Math" => "they stand alone: `sqrt(x)`, `floor(x)`, `max(a, b)`, `pi`",
        "sys" => "they stand alone: `exit(1)`, and `args` for the script's arguments",
        "os" => "they stand alone: `pid()`, `fork()`, `env(name)`, `list_dir(path)`, `run(program)`",
        _ => return None,
    })
}

/// The kind of an error that another language names so; empty for one that means every error.
pub fn kind_of_error(foreign: &str) -> Option<&'static str> {
    Some(match foreign {
        "Exception" | "BaseException" | "Error" | "Throwable" | "StandardError" => "",
        "ValueError" | "NumberFormatException" | "IllegalArgumentException" => "value",
        "TypeError" | "AttributeError" | "NullPointerException" | "ClassCastException" => "type",
        "KeyError" | "NoSuchElementException" => "key",
        "IndexError" | "RangeError" | "IndexOutOfBoundsException" | "ArrayIndexOutOfBoundsException" => {
            "index"
        }
        "ZeroDivisionError" | "ArithmeticException" => "zero",
        "OverflowError" => "overflow",
        "RecursionError" | "StackOverflowError" => "recursion",
        "MemoryError" | "OutOfMemoryError" => "memory",
        "TimeoutError" | "TimeoutException" => "timeout",
        "AssertionError" => "assertion",
        "FileNotFoundError" | "FileNotFoundException" => "not_found",
        "PermissionError" | "SecurityException" => "refused",
        "BrokenBarrierError" | "BrokenBarrierException" => "broken",
        "CancelledError" | "CancellationException" => "cancelled",
        "IllegalMonitorStateException" => "not_owner",
        "IllegalStateException" => "state",
        _ => return None,
    })
}

/// Whether somebody may take the name for a unit of time: `5 * s`.
pub(super) fn is_unit(name: &str) -> bool {
    matches!(name, "s" | "ms" | "us" | "min" | "h" | "second" | "seconds" | "milliseconds")
}

/// The name of conc for a name of another language.
pub fn native(foreign: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(theirs, _)| *theirs == foreign).map(|(_, ours)| *ours)
}

/// The candidate that `wanted` most likely is a misspelling of; none when all are too different.
pub fn closest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters: Vec<char> = wanted.chars().collect();
    // Nobody misspells a hundred letters, and the comparison is quadratic.
    if letters.len() > 100 {
        return None;
    }
    let limit = letters.len() / 3;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == wanted {
            continue;
        }
        let distance = if same_but_for_case(wanted, candidate) {
            0
        } else {
            distance(&letters, &candidate.chars().take(110).collect::<Vec<_>>())
        };
        // The name breaks ties, so that the answer does not depend on the order of the candidates.
        let better = best.is_none_or(|known| (distance, candidate) < known);
        if better && distance <= limit {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// `setName`, `set_name` and `Set_Name` are one word to a person.
fn same_but_for_case(a: &str, b: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect::<String>();
    plain(a) == plain(b)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour (Damerau-Levenshtein, each
/// place edited once).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let of = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(of("count", "count"), 0);
        assert_eq!(of("cuont", "count"), 1);
        assert_eq!(of("coun", "count"), 1);
        assert_eq!(of("kount", "count"), 1);
        assert_eq!(of("", "abc"), 3);
        assert_eq!(of("余額", "余额"), 1);
    }

    #[test]
    fn the_closest_name_wins_and_strangers_are_not_suggested() {
        assert_eq!(closest("cuont", ["mount", "count", "court"]), Some("count"));
        assert_eq!(closest("timeuot", ["closed", "timeout"]), Some("timeout"));
        assert_eq!(closest("notFull", ["not_full", "full"]), Some("not_full"));
        assert_eq!(closest("x", ["y", "z"]), None);
        assert_eq!(closest("zebra", ["count", "len"]), None);
        assert_eq!(closest("bat", ["cat", "bar"]), Some("bar"));
        assert_eq!(closest("count", ["count"]), None);
    }
}
