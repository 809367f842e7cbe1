//! Mistakes that people are known to make, by the words of the statement: habits from other languages.

use super::tokens::{first_token, innermost, is_open, is_word, second_token};
use super::words::{DECLARING, is_reserved};
use super::{Say, Stuck};
use crate::syntax::parse::declarations::GIL_HINT;

/// What the first word of the statement gives away.
pub fn by_first_word(stuck: &Stuck) -> Option<Say> {
    let word = first_token(stuck.text);
    let second = second_token(stuck.text);
    let rest = stuck.text[word.len()..].trim_start();
    let followed_by_name = is_word(second) && !is_reserved(second);
    let say = match word {
        "shared" => shared(second)?,
        "def" | "function" | "func" | "fun" | "proc" if followed_by_name => Say::new(
            format!("a function is declared with `fn`, not `{word}`"),
            format!("write `fn {second}(…) {{ … }}`"),
        ),
        "elif" | "elseif" | "elsif" => {
            Say::new(format!("`{word}` is not a word of conc"), "write `else if`, after the `}` of the `if`")
        }
        "else" if second == "if" && rest["if".len()..].trim_start().starts_with('{') => {
            Say::new("expected a condition after `else if`", "a map needs parentheses here: `({ … })`")
        }
        "else" => Say::new("`else` without an `if` before it", "`else` follows the `}` of an `if`"),
        "catch" if second == "(" => {
            Say::new("`catch` takes a name without parentheses", "write `catch e { … }`")
        }
        "catch" if followed_by_name && is_word(first_token(rest[second.len()..].trim_start())) => Say::new(
            "the kinds of errors to catch are texts",
            format!("write `catch \"{second}\" e {{ … }}`"),
        ),
        "catch" | "finally" => Say::new(
            format!("`{word}` without a `try` before it"),
            format!("`{word}` follows the `}}` of a `try`"),
        ),
        "except" => {
            Say::new("an error is caught with `catch`, not `except`", "write `try { … } catch e { … }`")
        }
        "raise" if !rest.is_empty() => {
            Say::new("an error is thrown with `throw`, not `raise`", "write `throw \"what happened\"`")
        }
        "use" if second == "gil" => {
            Say::new("only an interval that is written out can follow `use gil`", GIL_HINT)
                .at(0, stuck.text.len())
        }
        "use" if is_word(second) || second.starts_with('"') => Say::new(
            "there is nothing to `use` but `gil`",
            "everything conc has is there without importing it",
        ),
        "import" | "from" | "include" | "require" if is_word(second) || second.starts_with('"') => {
            Say::new(format!("there is no `{word}`"), "everything conc has is there without importing it")
        }
        "const" | "val" | "final" if followed_by_name => Say::new(
            format!("a name that never changes is declared with `let`, not `{word}`"),
            format!("write `let {second} = …`"),
        ),
        "local" | "mut" | "auto" | "int" | "float" | "string" | "str" | "bool" if followed_by_name => {
            Say::new(
                format!("a variable is declared with `var`, not `{word}`"),
                format!("write `var {second} = …`"),
            )
        }
        "global" | "nonlocal" if followed_by_name => Say::new(
            format!("there is no `{word}`"),
            format!("a function may change a variable outside it as it is: leave out `{word}`"),
        ),
        "public" | "private" | "protected" | "static" | "void" if is_word(second) => Say::new(
            format!("there is no `{word}`"),
            "a script begins with its first line: a function is `fn name(…) { … }`",
        ),
        "case" if is_word(second) => {
            Say::new("there is no `case`", "an arm of a `select` is `let x = q.get() => { … }`")
        }
        "del" if followed_by_name => {
            Say::new("there is no `del`", "take an element out with `m.pop(key)` or `xs.remove(x)`")
        }
        "async" | "spawn" | "go" if is_word(second) => Say::new(
            format!("a thread is started with `start`, not `{word}`"),
            "write `start f(x)`, or `start { … }`",
        ),
        "synchronized" => Say::new("a lock is held with `with`, not `synchronized`", "write `with m { … }`"),
        "mutex" if followed_by_name => {
            Say::new("a lock is declared with `lock`, not `mutex`", format!("write `lock {second}`"))
        }
        "chan" | "channel" if followed_by_name => Say::new(
            format!("what threads hand over goes through a `queue`, not a `{word}`"),
            format!("write `queue {second}`"),
        ),
        "struct" | "record" | "object" if followed_by_name => Say::new(
            format!("a class is declared with `class`, not `{word}`"),
            format!("write `class {second}(…) {{ … }}`"),
        ),
        "switch" | "match" => {
            Say::new(format!("there is no `{word}`"), "write `if … { } else if … { } else { }`")
        }
        "foreach" => Say::new("there is no `foreach`", "write `for x in xs { … }`"),
        "until" => Say::new("there is no `until`", "write `while not … { … }`"),
        "unless" => Say::new("there is no `unless`", "write `if not … { … }`"),
        "do" if second == "{" => Say::new("there is no `do`", "write `loop { … if done { break } }`"),
        _ => return in_statement(stuck, word, second),
    };
    Some(say.at(0, word.len()))
}

/// Mistakes of one kind of statement.
fn in_statement(stuck: &Stuck, word: &str, second: &str) -> Option<Say> {
    let rest = stuck.text[word.len()..].trim_start();
    match word {
        "for"
            if second == "(" && rest.contains(';')
                || stuck.token() == "=" && !stuck.before().contains(" in ") =>
        {
            Some(
                Say::new(
                    "this is not how `for` counts here",
                    "write `for i in 0..10 { … }`, or a `while` loop",
                )
                .at(0, word.len()),
            )
        }
        "for" | "parallel" if stuck.token() == "," && !stuck.before().contains(" in ") => {
            let rest = rest.strip_prefix("for").unwrap_or(rest);
            let names = rest.split(" in ").next().unwrap_or("").trim();
            Some(Say::new(
                "several names stand in brackets",
                format!("write `for [{}] in …`", super::tokens::shown(names)),
            ))
        }
        "let" | "var" if stuck.token() == "," && !stuck.before().contains('=') => {
            let names = rest.split('=').next().unwrap_or("").trim();
            Some(Say::new(
                "several names stand in brackets",
                format!("write `{word} [{}] = …`", super::tokens::shown(names)),
            ))
        }
        "assert" if stuck.token() == "," && rest.starts_with('(') => Some(Say::new(
            "the condition and the text of `assert` stand in no parentheses",
            "write `assert condition, \"why it should hold\"`",
        )),
        "invariant" | "ensure" if second == "{" => Some(
            Say::new(
                format!("`{word}` is followed by a condition, not by a block"),
                format!("write `{word} x == 1`"),
            )
            .at(0, word.len()),
        ),
        "await" if stuck.token() == "timeout" => Some(Say::new(
            "an `await` waits as long as it takes",
            "a condition gives up: `c.wait_until(fn() => …, timeout: 1s)`",
        )),
        "let" | "var" | "threadlocal" | "shared"
            if stuck.token() == ","
                && stuck.before().contains('=')
                && innermost(stuck.before()).is_none() =>
        {
            Some(Say::new(
                "each variable has a declaration of its own",
                "begin another line, or take a list apart: `let [a, b] = [1, 2]`",
            ))
        }
        "with" if DECLARING.contains(&second) && is_word(stuck.token()) => Some(Say::new(
            format!("`with` takes what has been declared before, and declares no {second} itself"),
            format!("write `{second} {0}` on a line before, then `with {0} {{ … }}`", stuck.token()),
        )),
        "fn" if is_open(stuck.before(), '(') && (stuck.token() == ":" || is_word(stuck.token())) => {
            Some(Say::new("a parameter has no type", format!("write `fn {second}(…)` with names alone")))
        }
        "with" if stuck.token() == "as" => Some(Say::new(
            "`with` gives no name to what it takes",
            "name it before: `let f = …`, then `with f { … }`",
        )),
        "class" | "monitor" if matches!(stuck.token(), ":" | "extends" | "<") => Some(Say::new(
            "a class does not inherit from another",
            "keep the other object in a field, and call its methods",
        )),
        "let" | "var" if stuck.token() == ":" && !stuck.before().contains('=') => {
            Some(Say::new("a declaration has no type", format!("write `{word} {second} = …`")))
        }
        "if" | "while" if stuck.token() == "then" || stuck.token() == "do" => Some(Say::new(
            format!("`{}` is not a word of conc", stuck.token()),
            "a block stands in braces: `{ … }`",
        )),
        _ => None,
    }
}

/// What cannot be shared, by the word after `shared`; None where that word is right.
fn shared(what: &str) -> Option<Say> {
    let hint = match what {
        "thread" | "process" | "daemon" | "timer" => {
            "threads and processes use what is shared: share a variable, a lock, a queue …"
        }
        "fn" | "class" | "monitor" => {
            "each process has functions and classes of its own; share what they work on"
        }
        "let" => "what never changes need not be shared: each process begins with a copy of it",
        "threadlocal" => "a variable is either each thread's own or one for all",
        "rwlock" | "pool" | "pipe" | "var" | "lock" | "rlock" | "semaphore" | "condition" | "event"
        | "barrier" | "latch" | "queue" | "atomic" | "array" | "list" | "map" => return None,
        _ => {
            "`shared` stands before `var`, `array`, `list`, `map`, `lock`, `rlock`, `semaphore`, `condition`, `event`, `barrier`, `latch`, `queue` or `atomic`"
        }
    };
    let is_word = what.chars().next().is_some_and(char::is_alphabetic);
    let message = if is_word { format!("`{what}` cannot be shared") } else { "what is shared?".into() };
    Some(Say::new(message, hint))
}
