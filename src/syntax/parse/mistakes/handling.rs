//! Mistakes in what is done with threads and with things to wait for, and in the names that they are given: `join a b`,
//! `start t(1), t(2)`, `release m`, `let my-var = 1`.
//!
//! Only what is certain from the words; everything else is for the modules that are asked after this one.

use super::tokens::{first_token, innermost, is_open, is_word, last_token, second_token, shown};
use super::words::{DECLARING, has_block, is_reserved};
use super::{Say, Stuck};
use crate::resolve::suggest;

pub fn say(stuck: &Stuck) -> Option<Say> {
    let first = first_token(stuck.text);
    let second = second_token(stuck.text);
    match first {
        "join" => joined(stuck, second),
        "throw" if stuck.token() == "," && innermost(stuck.before()).is_none() => Some(Say::new(
            "`throw` throws one value",
            "an error with a kind of its own: `throw error(\"kind\", \"what happened\")`",
        )),
        "with" if stuck.token() == "," && is_open(stuck.before(), '(') && second == "(" => {
            Some(Say::new("several things to hold stand in no parentheses", "write `with a, b { … }`"))
        }
        "await" if stuck.token() == "," && innermost(stuck.before()).is_none() => Some(Say::new(
            "an `await` waits as long as it takes",
            "a condition gives up: `c.wait_until(fn() => …, timeout: 1s)`",
        )),
        "daemon" if stuck.before() == first && stuck.rest()[second.len()..].trim_start().starts_with('=') => {
            Some(Say::new(
                "`daemon` is followed by `thread`, `process` or `timer`",
                format!("write `daemon thread NAME {{ … }}`, and `let {second} = start NAME`"),
            ))
        }
        "thread" | "process" | "timer" if stuck.token() == "=>" => {
            Some(Say::new(format!("what a {first} runs stands in a block"), "write `{ … }`"))
        }
        _ if DECLARING.contains(&first) && stuck.before() == first && stuck.token().starts_with('"') => {
            text_for_name(stuck, first)
        }
        _ => None,
    }
    .or_else(|| started(stuck, second))
    .or_else(|| made_as_elsewhere(stuck, first, second))
    .or_else(|| method_without_thing(stuck, first, second))
    .or_else(|| function(stuck, first))
    .or_else(|| name(stuck, first))
    .or_else(|| operator(stuck))
    .or_else(|| wide_colon(stuck, first))
}

/// `join a b`, `join all ts`.
fn joined(stuck: &Stuck, second: &str) -> Option<Say> {
    let token = stuck.token();
    let name = is_word(token) && !is_reserved(token) && token != "timeout";
    if stuck.before() == "join" && matches!(token, "*" | "...") {
        let list = second_token(stuck.text[stuck.at..].trim_start());
        let list = if is_word(list) { list } else { "ts" };
        return Some(Say::new(
            format!("`{token}` takes nothing apart here"),
            format!("a list is joined as it is: `join {list}`"),
        ));
    }
    if !name || innermost(stuck.before()).is_some() {
        return None;
    }
    if second == "all" && stuck.previous() == second {
        return Some(
            Say::new("`join` needs no `all`", format!("a list is joined as it is: `join {token}`"))
                .at(stuck.before().len() - second.len(), second.len()),
        );
    }
    let before = stuck.before()["join".len()..].trim();
    Some(Say::new(
        "several things to wait for have a `,` between them",
        format!("write `join {}, {token}`", shown(before)),
    ))
}

/// `start t(1), t(2)`, `start t(1) as a`, `start t 3`, `start daemon { }`, `start sleep 1s`.
fn started(stuck: &Stuck, second: &str) -> Option<Say> {
    let (before, token) = (stuck.before(), stuck.token());
    let previous = stuck.previous();
    let start = before.rfind("start").filter(|at| {
        let outside = |text: &str| !text.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        outside(&before[..*at])
    })?;
    let what = before[start + "start".len()..].trim();
    if what.is_empty() {
        return match token {
            "sleep" | "print" | "with" | "for" | "while" | "if" | "loop" | "repeat" | "join" | "return" => {
                Some(Say::new(
                    format!("expected a thread, a call or a block after `{}`", shown(before)),
                    format!("statements are started as a block: `start {{ {token} … }}`"),
                ))
            }
            _ => None,
        };
    }
    if what == "daemon" && token == "{" {
        return Some(
            Say::new(
                "`daemon` begins a declaration, which is a statement of its own",
                "write `daemon thread NAME { … }` on a line before, then `start NAME()`",
            )
            .at(before.len() - what.len(), what.len()),
        );
    }
    if innermost(before).is_some() {
        return None;
    }
    let begins = first_token(stuck.text) == "start";
    let complete = what.ends_with([')', '}']);
    if token == "as" && begins && (complete || is_word(what)) {
        let name = second_token(stuck.rest());
        let name = if is_word(name) { name } else { "t" };
        return Some(Say::new(
            "`start` gives no name to what it starts",
            format!("write `let {name} = start {}`", shown(what)),
        ));
    }
    let goes_on = second_token(stuck.rest());
    let next_is_call = is_word(goes_on) && (goes_on == "start" || followed_by(stuck.rest(), goes_on, "("));
    if token == "," && begins && next_is_call {
        return Some(Say::new(
            "each thread has a `start` of its own",
            "write them on lines of their own, or all at once: `parallel { f(1); f(2) }`",
        ));
    }
    let value = token.starts_with(|c: char| c.is_ascii_digit()) || token.starts_with('"');
    (value
        && begins
        && what == second
        && previous == second
        && is_word(second)
        && !DECLARING.contains(&second))
    .then(|| {
        Say::new(
            "what a thread is given stands in the parentheses of the call",
            format!("write `start {second}({})`", shown(stuck.rest())),
        )
    })
}

/// Whether in a text the sign follows the word, which is the second thing in it.
fn followed_by(text: &str, word: &str, sign: &str) -> bool {
    let after = &text[first_token(text).len()..];
    after.trim_start()[word.len()..].trim_start().starts_with(sign)
}

/// `Thread t = new Thread(r)`, `Lock l = …`, `Thread(target: f, args: (1,))`.
fn made_as_elsewhere(stuck: &Stuck, first: &str, second: &str) -> Option<Say> {
    let (before, token) = (stuck.before(), stuck.token());
    if let Some(at) = before.find("start_new_thread(") {
        return Some(
            Say::new(
                "a thread is started with `start`, not made by `start_new_thread`",
                "write `let t = start f(x)`, or `start { … }`",
            )
            .at(at, "start_new_thread".len()),
        );
    }
    // `with ThreadPoolExecutor(4) as p`: as of a pool.
    if first == "with" && token == "as" && before.ends_with(')') {
        let word = suggest::native(second).filter(|word| DECLARING.contains(word))?;
        let name = second_token(stuck.rest());
        let name = if is_word(name) { name } else { "p" };
        let arguments = before.find('(').map_or("", |at| &before[at..]);
        return Some(Say::new(
            "`with` gives no name to what it takes",
            format!(
                "write `{}` on a line before, then `with {name} {{ … }}`",
                shown(&format!("{word} {name}{arguments}"))
            ),
        ));
    }
    if token == "," && is_open(before, '(') && before.contains("args") {
        let at = before.find("Thread(").or_else(|| before.find("Process("))?;
        return Some(if before[at..].starts_with("Thread") {
            Say::new(
                "a thread is started with `start`, not made by `Thread`",
                "write `let t = start f(x)`, or `start { … }`",
            )
            .at(at, "Thread".len())
        } else {
            Say::new(
                "a process is declared and started, not made by `Process`",
                "write `process work(n) { … }`, and `let p = start work(1)`",
            )
            .at(at, "Process".len())
        });
    }
    let typed = before == first && is_word(second) && !is_reserved(second) && token == second;
    if !typed
        || !stuck.rest()[second.len()..].trim_start().starts_with(['=', ';'])
            && !stuck.rest()[second.len()..].trim().is_empty()
    {
        return None;
    }
    if first == "Thread" {
        return Some(
            Say::new(
                "a thread is started with `start`, not made by `Thread`",
                format!("write `let {second} = start f(x)`, or `start {{ … }}`"),
            )
            .at(0, first.len()),
        );
    }
    let word = suggest::native(first).filter(|word| DECLARING.contains(word) && first != *word)?;
    Some(
        Say::new(
            format!("what is to be waited for is declared by its own word, not as a `{first}`"),
            format!("write `{word} {second}`"),
        )
        .at(0, first.len()),
    )
}

/// `release m`, `kill t`: methods, and what no thread has, written as statements.
fn method_without_thing(stuck: &Stuck, first: &str, second: &str) -> Option<Say> {
    let whole = stuck.rest()[stuck.token().len()..].trim_start();
    let alone = whole.is_empty() || whole.starts_with([';', '}']);
    if stuck.before() != first || stuck.token() != second || !is_word(second) || is_reserved(second) || !alone
    {
        return None;
    }
    let method = match first {
        "release" | "unlock" => "release()",
        "acquire" => "acquire()",
        "notify" | "signal" | "wake" => "notify()",
        "notifyAll" | "notify_all" | "broadcast" => "notify_all()",
        "wait" => "wait()",
        "set" => "set()",
        "clear" => "clear()",
        "close" => "close()",
        "cancel" => "cancel()",
        "stop" | "kill" | "terminate" | "interrupt" => {
            return Some(Say::new(
                format!("there is no `{first}`"),
                "no thread can be ended from outside: let it look at an event, and set that; a process has `p.kill()`",
            )
            .at(0, first.len()));
        }
        _ => return None,
    };
    Some(
        Say::new(
            format!("`{first}` is no statement: it is asked of the thing itself"),
            format!("write `{second}.{method}`"),
        )
        .at(0, first.len()),
    )
}

/// `thread "loader" { }`.
fn text_for_name(stuck: &Stuck, word: &str) -> Option<Say> {
    let text = stuck.token().trim_matches('"');
    let name: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let name = if is_word(&name) { name } else { "a".to_string() };
    Some(Say::new("a name that is declared stands in no quotes", format!("write `{word} {name} …`")))
}

/// `fn f(x) = x * 2`, `fn x => x * 2`, `fn f(n: 1)`, `fn f(...xs)`.
fn function(stuck: &Stuck, first: &str) -> Option<Say> {
    let (before, token) = (stuck.before(), stuck.token());
    let previous = stuck.previous();
    if first == "fn" && token == "=" && before.ends_with(')') && innermost(before).is_none() {
        return Some(Say::new(
            "a function that only gives a value has `=>` before it",
            format!("write `{} => …`", shown(before)),
        ));
    }
    if previous == "fn" && is_word(token) && second_token(stuck.rest()) == "=>" {
        return Some(Say::new(
            "the parameters of a function stand in parentheses",
            format!("write `fn({token}) => …`"),
        ));
    }
    if !is_open(before, '(') {
        return None;
    }
    let head = before[..before.rfind('(')?].trim_end();
    let callee = last_token(head);
    let declares = callee == "fn"
        || is_word(callee)
            && matches!(
                last_token(head[..head.len() - callee.len()].trim_end()),
                "fn" | "thread" | "process" | "class" | "monitor"
            );
    if !declares {
        return None;
    }
    if token == ":" {
        let value = stuck.rest()[1..].trim_start();
        let default = first_token(value);
        let is_value = default.starts_with(|c: char| c == '"' || c == '[' || c.is_ascii_digit())
            || matches!(default, "true" | "false" | "nil");
        return is_value.then(|| {
            Say::new(
                "what a parameter is by default follows a `=`",
                format!("write `{previous} = {default}`"),
            )
        });
    }
    let rest = matches!(token, "..." | "*" | "**" | "&") || token == "." && before.ends_with("..");
    (rest && before.trim_end_matches('.').ends_with(['(', ','])).then(|| {
        Say::new(
            "a parameter takes one value",
            "any number of them is handed over as a list: `fn f(xs)`, called as `f([1, 2])`",
        )
    })
}

/// `let 2x = 1`, `let my-var = 1`.
fn name(stuck: &Stuck, first: &str) -> Option<Say> {
    let declares = matches!(first, "let" | "var" | "fn" | "class") || DECLARING.contains(&first);
    let (before, token) = (stuck.before(), stuck.token());
    if !declares {
        return None;
    }
    if before == first
        && token.starts_with(|c: char| c.is_ascii_digit())
        && !token.bytes().all(|b| b.is_ascii_digit())
    {
        let better = token.trim_start_matches(|c: char| c.is_ascii_digit());
        let better = if is_word(better) { better } else { "x" };
        return Some(Say::new(
            "a name begins with a letter or `_`",
            format!("write `{first} {better} …`, or put the digits behind it"),
        ));
    }
    let name = last_token(before);
    let joined =
        stuck.rest()[token.len()..].starts_with(is_name_start) && stuck.text[..stuck.at].ends_with(name);
    if token == "-" && joined && is_word(name) && before[..before.len() - name.len()].trim() == first {
        let tail = second_token(stuck.rest());
        return Some(
            Say::new("a name has no `-` in it", format!("write `{name}_{tail}`"))
                .at(before.len() - name.len(), name.len() + 1 + tail.len()),
        );
    }
    None
}

fn is_name_start(c: char) -> bool {
    super::tokens::is_word_start(c)
}

/// Operators that are words elsewhere: `7 mod 2`.
fn operator(stuck: &Stuck) -> Option<Say> {
    let previous = stuck.previous();
    let after_value = previous.ends_with([')', ']', '"'])
        || previous.starts_with(|c: char| c.is_ascii_digit())
        || is_word(previous) && !is_reserved(previous) && stuck.before() != first_token(stuck.text);
    let before_value = {
        let next = stuck.rest()[stuck.token().len()..].trim_start();
        next.starts_with(['(', '[', '"', '-']) || next.starts_with(char::is_alphanumeric)
    };
    if !after_value || !before_value || DECLARING.contains(&first_token(stuck.text)) {
        return None;
    }
    let sign = match stuck.token() {
        "mod" | "rem" => "%",
        "div" => "//",
        "xor" => "^",
        "is" => {
            return Some(Say::new(
                "`is` means nothing here",
                "write `a == b`; `same(a, b)` tells whether both are one object",
            ));
        }
        _ => return None,
    };
    Some(Say::new(format!("`{}` is written `{sign}`", stuck.token()), format!("write `a {sign} b`")))
}

/// `if x == 1：`, which a `:` would not mend.
fn wide_colon(stuck: &Stuck, first: &str) -> Option<Say> {
    (stuck.token() == "：" && has_block(first) && innermost(stuck.before()).is_none())
        .then(|| Say::new("a block stands in braces, it does not follow a `：`", "write `{ … }`"))
}
