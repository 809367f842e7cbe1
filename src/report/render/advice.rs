//! What makes a space too large, and what to try, in a sentence each, to be said.

use super::check::grouped;
use super::clean;
use crate::explore::verdict::Advice;
use crate::memory;

pub fn sentence(advice: &Advice) -> String {
    match advice {
        Advice::Values { name, values } => format!(
            "`{}` took {} different values; with fewer of them (smaller numbers, fewer rounds) there are fewer states",
            clean(name),
            grouped(*values)
        ),
        Advice::Loop { line, ways } => format!(
            "threads stood in the loop at line {line} in {} different ways; try fewer rounds",
            grouped(*ways)
        ),
        Advice::Large { thread, line, bytes } => {
            let at = if *line == 0 { String::new() } else { format!(" (line {line})") };
            format!(
                "one step of thread \"{}\"{at} makes more than {} of values, which is more than a state may have: a \
                 quarter of what --max-memory allows; does it add to something for ever?",
                clean(thread),
                memory::shown(usize::try_from(*bytes).unwrap_or(usize::MAX))
            )
        }
        Advice::Part => "part of it is looked at with `--random 10000` (so many runs, drawn at random) or with \
            `--preemptions 2` (all runs in which threads are interrupted at most twice): most mistakes show there"
            .to_string(),
    }
}
