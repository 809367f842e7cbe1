//! The pages of the reference, with all names that lead to them.

use crate::value::Type;

/// One file of `docs/reference`, which is called like its topic.
pub struct Page {
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// Markdown: a title `# NAME: what it is`, blocks ```` ```conc FLAGS ```` with scripts, each followed by what it
    /// prints, and for types a section `## Members: TYPE`.
    pub text: &'static str,
}

impl Page {
    /// What it is, in a few words.
    pub fn gloss(&self) -> &'static str {
        let title = self.text.lines().next().unwrap_or_default();
        title.split_once(": ").map_or(title, |(_, gloss)| gloss)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }
}

pub fn named(topic: &str) -> Option<&'static Page> {
    let mut pages = GROUPS.iter().flat_map(|(_, pages)| *pages);
    pages.find(|page| page.names().any(|name| name == topic))
}

/// The page with the members of a type.
pub fn of_type(kind: Type) -> Option<&'static Page> {
    let heading = format!("## Members: {}\n", kind.word());
    GROUPS.iter().flat_map(|(_, pages)| *pages).find(|page| page.text.contains(&heading))
}

const fn page(name: &'static str, aliases: &'static [&'static str], text: &'static str) -> Page {
    Page { name, aliases, text }
}

/// In the order in which they are best read.
pub const GROUPS: &[(&str, &[Page])] = &[
    (
        "The language",
        &[
            page(
                "syntax",
                &["comments", "operators", "and", "or", "not", "in", "nil", "true", "false", "is"],
                include_str!("../../docs/reference/syntax.md"),
            ),
            page(
                "variables",
                &["names", "let", "var", "scope"],
                include_str!("../../docs/reference/variables.md"),
            ),
            page(
                "functions",
                &["function", "fn", "return", "closures"],
                include_str!("../../docs/reference/functions.md"),
            ),
            page(
                "for",
                &["loops", "while", "loop", "repeat", "break", "continue", "if", "else"],
                include_str!("../../docs/reference/for.md"),
            ),
            page(
                "try",
                &["errors", "error", "catch", "finally", "throw", "defer", "assert"],
                include_str!("../../docs/reference/try.md"),
            ),
            page("class", &["object", "self"], include_str!("../../docs/reference/class.md")),
            page("with", &[], include_str!("../../docs/reference/with.md")),
        ],
    ),
    (
        "Values",
        &[
            page("numbers", &["int", "float", "bool"], include_str!("../../docs/reference/numbers.md")),
            page(
                "strings",
                &["string", "str", "text", "texts", "format"],
                include_str!("../../docs/reference/strings.md"),
            ),
            page("lists", &["list", "range"], include_str!("../../docs/reference/lists.md")),
            page("maps", &["map"], include_str!("../../docs/reference/maps.md")),
            page("sets", &["set"], include_str!("../../docs/reference/sets.md")),
            page(
                "durations",
                &["duration", "sleep", "time"],
                include_str!("../../docs/reference/durations.md"),
            ),
            page("random", &["choose"], include_str!("../../docs/reference/random.md")),
            page("json", &[], include_str!("../../docs/reference/json.md")),
            page("builtins", &[], include_str!("../../docs/reference/builtins.md")),
        ],
    ),
    (
        "Threads",
        &[
            page(
                "thread",
                &["threads", "start", "join", "yield"],
                include_str!("../../docs/reference/thread.md"),
            ),
            page("daemon", &[], include_str!("../../docs/reference/daemon.md")),
            page("parallel", &[], include_str!("../../docs/reference/parallel.md")),
            page(
                "pool",
                &["pools", "process pool", "process pools"],
                include_str!("../../docs/reference/pool.md"),
            ),
            page("future", &["futures", "submit"], include_str!("../../docs/reference/future.md")),
            page("timer", &["timers", "after", "every"], include_str!("../../docs/reference/timer.md")),
            page("threadlocal", &[], include_str!("../../docs/reference/threadlocal.md")),
            page("gil", &["use"], include_str!("../../docs/reference/gil.md")),
        ],
    ),
    (
        "Things to wait for",
        &[
            page("lock", &["locks"], include_str!("../../docs/reference/lock.md")),
            page("rlock", &[], include_str!("../../docs/reference/rlock.md")),
            page("rwlock", &[], include_str!("../../docs/reference/rwlock.md")),
            page("semaphore", &[], include_str!("../../docs/reference/semaphore.md")),
            page("monitor", &[], include_str!("../../docs/reference/monitor.md")),
            page("condition", &[], include_str!("../../docs/reference/condition.md")),
            page("event", &[], include_str!("../../docs/reference/event.md")),
            page("barrier", &[], include_str!("../../docs/reference/barrier.md")),
            page("latch", &[], include_str!("../../docs/reference/latch.md")),
            page("queue", &["queues"], include_str!("../../docs/reference/queue.md")),
            page("atomic", &[], include_str!("../../docs/reference/atomic.md")),
            page("await", &[], include_str!("../../docs/reference/await.md")),
            page("select", &[], include_str!("../../docs/reference/select.md")),
            page("atomically", &[], include_str!("../../docs/reference/atomically.md")),
        ],
    ),
    (
        "The outside",
        &[
            page("process", &["processes", "fork"], include_str!("../../docs/reference/process.md")),
            page("shared", &["sharing", "array", "arrays"], include_str!("../../docs/reference/shared.md")),
            page("run", &["command", "programs"], include_str!("../../docs/reference/run.md")),
            page(
                "signal",
                &["signals", "on", "ignore", "default"],
                include_str!("../../docs/reference/signal.md"),
            ),
            page("pipe", &["pipes"], include_str!("../../docs/reference/pipe.md")),
            page(
                "socket",
                &["sockets", "listen", "connect", "server", "stream"],
                include_str!("../../docs/reference/socket.md"),
            ),
            page("files", &["file", "open", "read", "write"], include_str!("../../docs/reference/files.md")),
        ],
    ),
    (
        "What can happen",
        &[
            page(
                "check",
                &["deadlock", "deadlocks", "livelock", "timeout", "explore", "exploring"],
                include_str!("../../docs/reference/check.md"),
            ),
            page("invariant", &["ensure"], include_str!("../../docs/reference/invariant.md")),
            page("race", &["races", "data race"], include_str!("../../docs/reference/race.md")),
            page("jitter", &[], include_str!("../../docs/reference/jitter.md")),
            page("trace", &["stats", "timeline"], include_str!("../../docs/reference/trace.md")),
        ],
    ),
    (
        "The tool",
        &[
            page("session", &["repl"], include_str!("../../docs/reference/session.md")),
            page("lesson", &["lessons", "mdbook"], include_str!("../../docs/reference/lesson.md")),
        ],
    ),
];
