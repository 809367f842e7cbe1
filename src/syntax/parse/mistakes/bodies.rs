//! Mistakes around blocks: a declaration without its name (`thread { }`), a block that something else should have before it
//! (`lock m { }`, `after 1s { }`, `atomic { }`), and brackets that mean something in other languages (`set{1, 2}`, `[0; 5]`).

use super::tokens::{first_token, innermost, is_open, is_word, last_token, second_token, shown};
use super::words::is_reserved;
use super::{Say, Stuck};

pub fn say(stuck: &Stuck) -> Option<Say> {
    let first = first_token(stuck.text);
    let second = second_token(stuck.text);
    block(stuck, first, second)
        .or_else(|| header(stuck, first, second))
        .or_else(|| brackets(stuck))
        .or_else(|| function(stuck, first))
}

/// A `{` that opens a block where none can be.
fn block(stuck: &Stuck, first: &str, second: &str) -> Option<Say> {
    let before = stuck.before();
    if stuck.token() != "{" {
        return None;
    }
    match stuck.previous() {
        "thread" if before == first || last_token(&before[..before.len() - "thread".len()]) == "=" => {
            return Some(Say::new(
                "a thread without a name is no declaration",
                "a block is started as it is: `start { … }`",
            ));
        }
        "process" if before == first || last_token(&before[..before.len() - "process".len()]) == "=" => {
            return Some(Say::new(
                "a process without a name is no declaration",
                "give it a name first: `process work { … }`, then `start work`",
            ));
        }
        "atomic" if before == first => {
            return Some(
                Say::new("what is done in one step stands behind `atomically`", "write `atomically { … }`")
                    .at(0, first.len()),
            );
        }
        _ => {}
    }
    let held = matches!(first, "lock" | "rlock" | "semaphore");
    if held && is_word(second) && before.ends_with(second) && second_part(before) == second {
        return Some(Say::new(
            format!("`{first} {second}` declares a {first}, and holds nothing"),
            format!("declare it once, outside; it is held by `with {second} {{ … }}`"),
        ));
    }
    if let Some(thing) = before.strip_suffix("()").and_then(|call| {
        [".acquire", ".lock", ".try_acquire"].into_iter().find_map(|method| call.strip_suffix(method))
    }) && is_word(first_token(thing))
        && !thing.contains(' ')
    {
        return Some(Say::new(
            "a call has no block behind it",
            format!("`with` acquires and releases: `with {} {{ … }}`", shown(thing)),
        ));
    }
    None
}

/// What stands behind the first word, without blanks around it.
fn second_part(text: &str) -> &str {
    text[first_token(text).len()..].trim()
}

/// What stands between the first word and its block.
fn header(stuck: &Stuck, first: &str, second: &str) -> Option<Say> {
    let (before, token) = (stuck.before(), stuck.token());
    let duration = second.starts_with(|c: char| c.is_ascii_digit());
    match first {
        // `const sleep = …`.
        "const" | "val" | "final" if before == first && is_reserved(token) => Some(Say::new(
            format!("`{token}` is a word of the language and cannot be a name"),
            "choose another name",
        )),
        "import" if second == "(" => Some(
            Say::new(format!("there is no `{first}`"), "everything conc has is there without importing it")
                .at(0, first.len()),
        ),
        "public" | "private" | "abstract" if second == "class" => Some(
            Say::new(
                format!("there is no `{first}`"),
                "a script begins with its first line, outside of every class; a class is `class Name { … }`",
            )
            .at(0, first.len()),
        ),
        "pthread_mutex_t" | "mtx_t" if before == first => Some(
            Say::new(
                "a lock is declared with `lock`, not `pthread_mutex_t`",
                format!("write `lock {second}`"),
            )
            .at(0, first.len()),
        ),
        "after" | "every" if before == first && duration => Some(
            Say::new(
                format!("a timer has a name before its `{first}`"),
                format!("write `timer t {first} {second} {{ … }}`, and `start t`"),
            )
            .at(0, first.len()),
        ),
        "atomic" if token.ends_with('=') && token.len() > 1 && second_part(before) == second => Some(
            Say::new("what is done in one step stands behind `atomically`", "write `atomically { … }`")
                .at(0, first.len()),
        ),
        "try" if before == first && is_word(token) && stuck.rest().contains("acquire") => Some(Say::new(
            "`try` has a block behind it, and then `catch`",
            "whether a lock was got in time is a condition: `if m.acquire(timeout: 1s) { … }`",
        )),
        "parallel" if before == first && (is_word(token) && !is_reserved(token) || token == "[") => {
            Some(Say::new(
                "what `parallel` runs stands in a block, a statement a line",
                "write `parallel { f(); g() }`, or `parallel for x in xs { f(x) }`",
            ))
        }
        "parallel" if second == "for" && before.ends_with("for") && token == "(" => {
            Some(Say::new("`for` has no parentheses", "write `for x in xs { … }`"))
        }
        "for" if before == first && matches!(token, "let" | "var") => {
            Some(Say::new("a `for` declares its names by itself", "write `for x in xs { … }`"))
        }
        "for" if token == "of" || second == "each" && is_word(token) && before.ends_with("each") => {
            Some(Say::new(
                format!("`{}` means nothing here", if token == "of" { token } else { "each" }),
                "write `for x in xs { … }`",
            ))
        }
        "monitor" if before == first && token == "class" => Some(Say::new(
            "a monitor is a class of its own kind, without the word `class`",
            format!("write `monitor {} {{ … }}`", second_token(stuck.rest())),
        )),
        "assert" if token == ":" && innermost(before).is_none() => Some(Say::new(
            "the text of an `assert` follows a `,`",
            "write `assert condition, \"why it should hold\"`",
        )),
        _ => None,
    }
}

/// `set{1, 2}`, `[0; 5]`, `new int[5]`.
fn brackets(stuck: &Stuck) -> Option<Say> {
    let (before, token) = (stuck.before(), stuck.token());
    let previous = stuck.previous();
    if token == "{" && matches!(previous, "set" | "list" | "map") && before.len() > previous.len() {
        return Some(match previous {
            "map" => Say::new("a map stands in braces alone", "write `{\"key\": value}`"),
            _ => Say::new(format!("a {previous} is made by a call"), format!("write `{previous}([1, 2])`")),
        });
    }
    if token == ";" && is_open(before, '[') {
        let element = before.rsplit_once('[').map_or("0", |(_, element)| element.trim());
        return Some(Say::new(
            "`;` repeats nothing here",
            format!("a list of equal elements is `[{}] * 5`", shown(element)),
        ));
    }
    if previous == "new" && is_word(token) && stuck.rest()[token.len()..].starts_with('[') {
        return Some(
            Say::new("there is no `new`", "a list of equal elements is `[0] * 5`").at(before.len() - 3, 3),
        );
    }
    None
}

/// `fn(x) x + 1`, `fn f => 1`.
fn function(stuck: &Stuck, first: &str) -> Option<Say> {
    let (before, token) = (stuck.before(), stuck.token());
    if token == "=>" && first == "fn" && second_part(before) == stuck.previous() && is_word(stuck.previous())
    {
        let name = stuck.previous();
        return Some(Say::new(
            "a function has parentheses, even without parameters",
            format!("write `fn {name}() => …`"),
        ));
    }
    let value = token.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '"' | '[' | '_'));
    if value && !is_reserved(token) && before.ends_with(')') {
        let head = before[..before.rfind('(')?].trim_end();
        let parameters = &before[head.len()..];
        if last_token(head) == "fn" && !parameters[1..parameters.len() - 1].contains(['(', ')']) {
            return Some(Say::new(
                "a function that only gives a value has `=>` before it",
                format!("write `fn{} => …`", shown(parameters.trim())),
            ));
        }
    }
    None
}
