//! The pages of the reference, with all names that lead to them.

use crate::report::Language;
use crate::value::Type;

/// One file of `docs/reference`, which is called like its topic.
pub struct Page {
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// Markdown: a title `# NAME: what it is`, blocks ```` ```conc FLAGS ```` with scripts, each followed by what it
    /// prints, and for types a section `## Members: TYPE`.
    pub text: &'static str,
    /// The same in Chinese: `# NAME：what it is`, `## 成员：TYPE`.
    pub chinese: &'static str,
}

/// A page in English and in Chinese.
macro_rules! texts {
    ($name:literal) => {
        [
            include_str!(concat!("../../docs/reference/", $name, ".md")),
            include_str!(concat!("../../docs/zh/reference/", $name, ".md")),
        ]
    };
}

impl Page {
    /// What it is, in a few words.
    pub fn gloss(&self, language: Language) -> &'static str {
        let title = self.text(language).lines().next().unwrap_or_default();
        let after = if language.is_chinese() { "：" } else { ": " };
        title.split_once(after).map_or(title, |(_, gloss)| gloss)
    }

    pub fn text(&self, language: Language) -> &'static str {
        if language.is_chinese() { self.chinese } else { self.text }
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

const fn page(
    name: &'static str,
    aliases: &'static [&'static str],
    [text, chinese]: [&'static str; 2],
) -> Page {
    Page { name, aliases, text, chinese }
}

/// In the order in which they are best read.
pub const GROUPS: &[(&str, &[Page])] = &[
    (
        "The language",
        &[
            page(
                "syntax",
                &["comments", "operators", "and", "or", "not", "in", "nil", "true", "false", "is"],
                texts!("syntax"),
            ),
            page("variables", &["names", "let", "var", "scope"], texts!("variables")),
            page("functions", &["function", "fn", "return", "closures"], texts!("functions")),
            page(
                "for",
                &["loops", "while", "loop", "repeat", "break", "continue", "if", "else"],
                texts!("for"),
            ),
            page(
                "try",
                &["error", "exception", "catch", "finally", "throw", "defer", "assert"],
                texts!("try"),
            ),
            page("class", &["object", "self"], texts!("class")),
            page("with", &[], texts!("with")),
        ],
    ),
    (
        "Values",
        &[
            page("numbers", &["int", "float", "bool"], texts!("numbers")),
            page("strings", &["string", "str", "text", "texts", "format"], texts!("strings")),
            page("lists", &["list", "range"], texts!("lists")),
            page("maps", &["map"], texts!("maps")),
            page("sets", &["set"], texts!("sets")),
            page("durations", &["duration", "sleep", "time"], texts!("durations")),
            page("random", &["choose"], texts!("random")),
            page("json", &[], texts!("json")),
            page("builtins", &[], texts!("builtins")),
        ],
    ),
    (
        "Threads",
        &[
            page("thread", &["threads", "start", "join", "yield"], texts!("thread")),
            page("daemon", &[], texts!("daemon")),
            page("parallel", &[], texts!("parallel")),
            page("pool", &["pools", "process pool", "process pools"], texts!("pool")),
            page("future", &["futures", "submit"], texts!("future")),
            page("timer", &["timers", "after", "every"], texts!("timer")),
            page("threadlocal", &[], texts!("threadlocal")),
            page("gil", &["use"], texts!("gil")),
        ],
    ),
    (
        "Things to wait for",
        &[
            page("lock", &["mutex"], texts!("lock")),
            page("rlock", &[], texts!("rlock")),
            page("rwlock", &[], texts!("rwlock")),
            page("semaphore", &[], texts!("semaphore")),
            page("monitor", &[], texts!("monitor")),
            page("condition", &[], texts!("condition")),
            page("event", &[], texts!("event")),
            page("barrier", &[], texts!("barrier")),
            page("latch", &[], texts!("latch")),
            page("queue", &["channel", "chan", "producer", "consumer"], texts!("queue")),
            page("atomic", &[], texts!("atomic")),
            page("await", &[], texts!("await")),
            page("select", &[], texts!("select")),
            page("atomically", &[], texts!("atomically")),
        ],
    ),
    (
        "The outside",
        &[
            page("process", &["processes", "fork"], texts!("process")),
            page("shared", &["sharing", "array", "arrays"], texts!("shared")),
            page("run", &["command", "programs"], texts!("run")),
            page("signal", &["signals", "on", "ignore", "default"], texts!("signal")),
            page("pipe", &["pipes"], texts!("pipe")),
            page("socket", &["listen", "connect", "connection", "server", "stream"], texts!("socket")),
            page("files", &["file", "open", "read", "write"], texts!("files")),
        ],
    ),
    (
        "What can happen",
        &[
            page(
                "check",
                &["deadlock", "deadlocks", "livelock", "timeout", "explore", "exploring"],
                texts!("check"),
            ),
            page("invariant", &["ensure"], texts!("invariant")),
            page("race", &["data race", "data-race", "lost update"], texts!("race")),
            page("jitter", &[], texts!("jitter")),
            page("trace", &["stats", "timeline"], texts!("trace")),
        ],
    ),
    (
        "The tool",
        &[
            page("session", &["repl"], texts!("session")),
            page("lesson", &["lessons", "mdbook"], texts!("lesson")),
            page("data", &["schema"], texts!("data")),
        ],
    ),
];
