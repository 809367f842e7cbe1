//! Mistakes that people are known to make: habits from other languages, and slips of the finger.

use super::tokens::{first_token, is_word, second_token};
use super::{Say, Stuck};
use crate::syntax::parse::declarations::GIL_HINT;

/// The reserved words, which can be no names. The grammar's `reserved` is what decides.
pub const RESERVED: [&str; 38] = [
    "let",
    "var",
    "fn",
    "class",
    "monitor",
    "if",
    "else",
    "while",
    "loop",
    "repeat",
    "for",
    "in",
    "break",
    "continue",
    "return",
    "try",
    "catch",
    "finally",
    "throw",
    "defer",
    "assert",
    "with",
    "start",
    "join",
    "sleep",
    "yield",
    "await",
    "select",
    "parallel",
    "atomically",
    "shared",
    "true",
    "false",
    "nil",
    "and",
    "or",
    "not",
    "self",
];

/// Words that begin a declaration where another name follows. But for `shared` they are names elsewhere.
pub const DECLARING: [&str; 20] = [
    "lock",
    "rlock",
    "rwlock",
    "semaphore",
    "condition",
    "event",
    "barrier",
    "latch",
    "queue",
    "atomic",
    "timer",
    "pool",
    "pipe",
    "thread",
    "process",
    "daemon",
    "shared",
    "threadlocal",
    "invariant",
    "ensure",
];

pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Words that make sense only after the statement before them.
pub fn depends_on_previous(word: &str) -> bool {
    matches!(word, "else" | "elif" | "elseif" | "elsif" | "catch" | "except" | "finally")
}

/// Words, ours and others', after which a `{` begins a block.
pub fn has_block(word: &str) -> bool {
    matches!(
        word,
        "if" | "while"
            | "for"
            | "repeat"
            | "loop"
            | "fn"
            | "class"
            | "monitor"
            | "thread"
            | "daemon"
            | "timer"
            | "with"
            | "try"
            | "parallel"
            | "atomically"
            | "else"
            | "catch"
            | "finally"
            | "elif"
            | "elseif"
            | "elsif"
            | "except"
            | "def"
            | "function"
            | "func"
            | "fun"
            | "foreach"
            | "until"
            | "unless"
            | "synchronized"
            | "struct"
            | "process"
            | "on"
            | "defer"
    )
}

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
        "fn" if stuck.token() == ":" && is_open(stuck.before(), '(') => {
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

/// What the thing that did not fit gives away.
pub fn by_token(stuck: &Stuck) -> Option<Say> {
    let token = stuck.token();
    let first = first_token(stuck.text);
    let previous = stuck.previous();
    let joined = |sign: &str| stuck.text[..stuck.at].ends_with(sign);
    if let Some(say) = by_previous(stuck, previous) {
        return Some(say);
    }
    Some(match token {
        _ if token.starts_with('"')
            && matches!(previous, "f" | "F" | "r" | "b" | "u")
            && joined(previous) =>
        {
            Say::new(
                format!("a text has no `{previous}` before it"),
                "any text may hold values: `\"x is {x}\"`",
            )
            .at(stuck.at - 1, 1)
        }
        "&&" => Say::new("`&&` is written `and`", "write `a and b`"),
        "||" => Say::new("`||` is written `or`", "write `a or b`"),
        "&" if joined("&") => Say::new("`&&` is written `and`", "write `a and b`").at(stuck.at - 1, 2),
        "|" if joined("|") => Say::new("`||` is written `or`", "write `a or b`").at(stuck.at - 1, 2),
        "!" if is_word(previous) && !is_reserved(previous) => Say::new("`!` means nothing here", ""),
        "!" => Say::new("`!` is written `not`", "write `not a`"),
        "===" | "!==" => Say::new(format!("there is no `{token}`"), format!("write `{}`", &token[..2])),
        "=" if joined("==") || joined("!=") => Say::new(
            format!("there is no `{}=`", &stuck.text[stuck.at - 2..stuck.at]),
            format!("write `{}`", &stuck.text[stuck.at - 2..stuck.at]),
        )
        .at(stuck.at - 2, 3),
        "<>" => Say::new("`<>` is written `!=`", "write `a != b`"),
        ">" if joined("<") => Say::new("`<>` is written `!=`", "write `a != b`").at(stuck.at - 1, 2),
        ">" if joined("-") => {
            Say::new("`->` means nothing here", "a short function is `fn(x) => x + 1`").at(stuck.at - 1, 2)
        }
        "->" => Say::new("`->` means nothing here", "a short function is `fn(x) => x + 1`"),
        "<-" => Say::new("`<-` means nothing here", "a queue has `q.put(x)` and `q.get()`"),
        "=>" if first != "select" => Say::new(
            "`=>` means nothing here",
            "a short function is `fn(x) => x + 1`; at least is written `>=`",
        ),
        ":=" => Say::new(
            "`:=` means nothing here",
            "declare with `let x = 1` or `var x = 1`, change with `x = 2`",
        ),
        "?" | "??" | "?." => {
            Say::new(format!("`{token}` means nothing here"), "write `a if condition else b`")
        }
        "join" if !first.is_empty() && (previous == "=" || previous == "return" || previous == "(") => {
            Say::new(
                "`join` is a statement, and has no value",
                "join first, then ask for the thread's value: `join t`, and `t.result`",
            )
        }
        "sleep" | "yield" | "await" | "throw" | "select" | "assert" | "defer" | "return"
            if first != "select"
                && (matches!(previous, "=" | "return" | "(" | "[" | ",")
                    || stuck.before().ends_with("=>")) =>
        {
            Say::new(
                format!("`{token}` is a statement, and has no value"),
                match previous {
                    "=" | "return" | "(" | "[" | "," => "put it on a line of its own",
                    _ => "a function of statements is `fn(x) { … }`",
                },
            )
        }
        _ if block_after_arrow(stuck) => Say::new(
            "after the `=>` of a function stands a value, and `{` begins a map there",
            "a function of statements is `fn(x) { … }`",
        ),
        "++" | "--" => step(stuck, token, stuck.at),
        "..." => Say::new("`...` means nothing here", "a range is `0..5` or `0..=5`"),
        "::" => Say::new("`::` means nothing here", "a field or method follows a `.`"),
        "\\" => Say::new(
            "`\\` means nothing here",
            "a line goes on by itself after an operator and inside brackets",
        ),
        "@" => Say::new("`@` means nothing here", "conc has no decorators"),
        "`" => Say::new("`` ` `` means nothing here", "texts stand in `\"` and `\"`"),
        "." if stuck.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            let number = first_token(&stuck.rest()[1..]);
            Say::new("a float needs a digit before its dot", format!("write `0.{number}`"))
        }
        "" if joined("++") || joined("--") => {
            step(stuck, &stuck.before()[stuck.before().len() - 2..], stuck.before().len() - 2)
        }
        "=" | "==" if matches!(first, "let" | "var") && !stuck.before()[3..].contains('=') => {
            if token == "==" {
                Say::new("a value is given with one `=`", "`==` compares")
            } else {
                return None;
            }
        }
        "=" if assigning(&stuck.text[..=stuck.at]).is_some() => {
            let sign = assigning(&stuck.text[..=stuck.at]).unwrap_or(token);
            statement_no_value(sign).at(stuck.at + 1 - sign.len(), sign.len())
        }
        "=" if matches!(
            first,
            "if" | "while" | "assert" | "invariant" | "ensure" | "await" | "return" | "repeat"
        ) =>
        {
            Say::new("`=` gives a value and compares nothing", "did you mean `==`?")
        }
        "=" if is_open(stuck.before(), '(') && is_word(previous) => Say::new(
            "an argument's name is followed by `:`",
            format!("write `{previous}: …` for a named argument, `==` to compare"),
        ),
        "=" if !stuck.before().is_empty() => {
            Say::new("`=` cannot stand here: an assignment is a statement, not a value", "did you mean `==`?")
        }
        _ if ASSIGNING.contains(&token) => statement_no_value(token),
        ":" if has_block(first) && !is_open(stuck.before(), '(') => {
            Say::new("a block stands in braces, it does not follow a `:`", "write `{ … }`")
        }
        _ => return wide_sign(token),
    })
}

/// Signs that change a variable; the longer ones first.
const ASSIGNING: [&str; 12] = ["**=", "//=", "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="];

/// The one with which a text ends.
fn assigning(text: &str) -> Option<&'static str> {
    ASSIGNING.into_iter().find(|sign| text.ends_with(sign))
}

fn statement_no_value(sign: &str) -> Say {
    Say::new(
        format!("`{sign}` cannot stand here: it is a statement, not a value"),
        "put it on a line of its own",
    )
}

/// What the thing before gives away.
fn by_previous(stuck: &Stuck, previous: &str) -> Option<Say> {
    let before = stuck.before();
    match previous {
        "lambda" => Some(
            Say::new("there is no `lambda`", "a short function is `fn(x) => x + 1`")
                .at(before.len() - previous.len(), previous.len()),
        ),
        "new" if is_word(stuck.token()) => Some(
            Say::new("there is no `new`", format!("write `{}(…)`", stuck.token()))
                .at(before.len() - previous.len(), previous.len()),
        ),
        "." => {
            let number = super::tokens::last_token(&before[..before.len() - 1]);
            (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'_')).then(|| {
                Say::new("a float needs a digit after its dot", format!("write `{number}.0`"))
                    .at(before.len() - 1 - number.len(), number.len() + 1)
            })
        }
        _ => None,
    }
}

/// `i++`, which other languages have.
fn step(stuck: &Stuck, sign: &str, at: usize) -> Say {
    let before = stuck.text[..at].trim_end();
    let name = if before.is_empty() { second_token(stuck.text) } else { super::tokens::last_token(before) };
    let name = if is_word(name) { name } else { "x" };
    Say::new(format!("there is no `{sign}`"), format!("write `{name} {}= 1`", &sign[..1])).at(at, 2)
}

/// Full-width signs, which Chinese keyboards write.
fn wide_sign(token: &str) -> Option<Say> {
    let narrow = match token {
        "，" | "、" => ",",
        "（" => "(",
        "）" => ")",
        "：" => ":",
        "；" => ";",
        "。" | "．" => ".",
        "“" | "”" | "＂" => "\"",
        "‘" | "’" => "\"",
        "【" | "［" => "[",
        "】" | "］" => "]",
        "｛" => "{",
        "｝" => "}",
        "＝" => "=",
        "＋" => "+",
        "－" | "−" | "–" | "—" => "-",
        "＊" | "×" => "*",
        "／" | "÷" => "/",
        "＜" => "<",
        "＞" => ">",
        "！" => "!",
        "≠" => "!=",
        "≤" => "<=",
        "≥" => ">=",
        "…" => "..",
        _ => return None,
    };
    Some(Say::new(format!("`{token}` is not the sign the language knows"), format!("write `{narrow}`")))
}

/// Whether the braces in which the grammar got stuck were meant as the body of a short function.
fn block_after_arrow(stuck: &Stuck) -> bool {
    let before = stuck.before();
    let Some((head, tail)) = before.rsplit_once("=>") else { return false };
    let within = tail.trim_start();
    head.contains("fn") && within.starts_with('{') && !within.contains(':') && is_open(before, '{')
}

/// Whether the innermost bracket that is open at the end is this one.
pub fn is_open(before: &str, bracket: char) -> bool {
    innermost(before) == Some(bracket)
}

pub fn innermost(before: &str) -> Option<char> {
    super::tokens::open_brackets(before, |_, _| false).pop().filter(|c| *c != '"')
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
