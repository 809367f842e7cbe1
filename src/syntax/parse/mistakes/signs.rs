//! Mistakes that people are known to make, by what did not fit: signs of other languages, full-width signs, statements for
//! values.

use super::known::of_go;
use super::tokens::{first_token, is_open, is_word, last_token, open_brackets, second_token};
use super::words::{has_block, is_reserved};
use super::{Say, Stuck};

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
        _ if first == "--" && stuck.text[2..].starts_with(' ') => {
            Say::new("there is no `--`", "a comment begins with `#` and ends with its line").at(0, 2)
        }
        "&&" => Say::new("`&&` is written `and`", "write `a and b`"),
        "||" => Say::new("`||` is written `or`", "write `a or b`"),
        "&" if joined("&") => Say::new("`&&` is written `and`", "write `a and b`").at(stuck.at - 1, 2),
        "|" if joined("|") => Say::new("`||` is written `or`", "write `a or b`").at(stuck.at - 1, 2),
        "!" if matches!(previous, "print" | "println") && stuck.rest().starts_with("!(") => {
            Say::new("`!` means nothing here", "what prints is `print(x)`")
        }
        "!" if is_word(previous) && !is_reserved(previous) => Say::new("`!` means nothing here", ""),
        "!" if ["!r}", "!s}", "!a}"].iter().any(|form| stuck.rest().starts_with(form)) => {
            Say::new("`!` means nothing here", "")
        }
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
            of_go(&stuck.rest()[2..], previous).unwrap_or_else(|| {
                "declare with `let x = 1` or `var x = 1`, change with `x = 2`".to_string()
            }),
        ),
        "?." => {
            Say::new(format!("`{token}` means nothing here"), "ask before: `a.name if a != nil else nil`")
        }
        "??" => Say::new(format!("`{token}` means nothing here"), "write `a if a != nil else b`"),
        "?" => Say::new(format!("`{token}` means nothing here"), "write `a if condition else b`"),
        "join" if !first.is_empty() && (previous == "=" || previous == "return" || previous == "(") => {
            Say::new(
                "`join` is a statement, and has no value",
                "join first, then ask for the thread's value: `join t`, and `t.result`",
            )
        }
        "sleep" | "yield" | "await" | "throw" | "select" | "assert" | "defer" | "return" | "parallel"
            if first != "select"
                && (matches!(previous, "=" | "return" | "(" | "[" | ",")
                    || stuck.before().ends_with("=>")) =>
        {
            Say::new(
                format!("`{token}` is a statement, and has no value"),
                match previous {
                    _ if token == "parallel" => "start each: `let t = start f(x)`, and ask for `t.result`",
                    _ if token == "await" => "a thread or a future has its value: `t.result` waits for it",
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
        "..." if is_open(stuck.before(), '[') => Say::new(
            format!("`{token}` takes nothing apart here"),
            "lists are put together with `+`: `[1] + xs`; a copy is `xs.copy()`",
        ),
        "..." => Say::new("`...` means nothing here", "a range is `0..5` or `0..=5`"),
        "::" if is_open(stuck.before(), '[') => Say::new(
            "a part of a list is written with `..`",
            "write `xs[1..3]`; each second element is `[xs[i] for i in range(0, xs.len, 2)]`",
        ),
        "::" if previous == "std"
            && ["cout", "cerr", "print", "printf"].contains(&first_token(stuck.rest()[2..].trim_start())) =>
        {
            Say::new("`::` means nothing here", "what prints is `print(x)`")
        }
        "::" if previous == "std" => Say::new(
            "`::` means nothing here",
            "nothing has to be imported: `let t = start { … }`, `lock m`, `queue q`",
        ),
        "*" | "/" | "%" | "**" | "//" if joined("=") && is_word(first) && !is_reserved(first) => {
            Say::new(format!("`={token}` means nothing here"), format!("did you mean `{token}=`?"))
                .at(stuck.at - 1, 1 + token.len())
        }
        "*" | "**" if matches!(previous, "(" | ",") && is_open(stuck.before(), '(') => Say::new(
            format!("`{token}` takes nothing apart here"),
            "arguments are given one by one, or as one list",
        ),
        "::" if matches!(previous, "Arc" | "Mutex" | "RwLock" | "Rc") => Say::new(
            "`::` means nothing here",
            "a variable is shared as it is, `var n = 0`; a lock is declared, `lock m`, and held by `with m { … }`",
        ),
        "::" if previous == "thread" => Say::new(
            "`::` means nothing here",
            "a thread is started with `start`: `let t = start f(x)`, or `start { … }`",
        ),
        "::" => Say::new("`::` means nothing here", "a field or method follows a `.`"),
        "\\" => Say::new(
            "`\\` means nothing here",
            "a line goes on by itself after an operator and inside brackets",
        ),
        "@" => Say::new("`@` means nothing here", "conc has no decorators"),
        "`" => Say::new("`` ` `` means nothing here", "texts stand in `\"` and `\"`"),
        "." if stuck.before().ends_with("..") => {
            Say::new("`...` means nothing here", "a range is `0..5` or `0..=5`")
                .at(stuck.before().len() - 2, 3)
        }
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
        ) && !is_argument(stuck.before(), previous) =>
        {
            Say::new("`=` gives a value and compares nothing", "did you mean `==`?")
        }
        "=" if is_open(stuck.before(), '(')
            && matches!(previous, "target" | "args" | "daemon" | "name")
            && ["Thread(", "Process("].iter().any(|call| stuck.before().contains(call)) =>
        {
            let call = if stuck.before().contains("Thread(") { "Thread(" } else { "Process(" };
            let at = stuck.text.find(call).unwrap_or(0);
            let say = match call {
                "Thread(" => Say::new(
                    "a thread is started with `start`, not made by `Thread`",
                    "write `let t = start f(x)`, or `start { … }`",
                ),
                _ => Say::new(
                    "a process is declared and started, not made by `Process`",
                    "write `process work(n) { … }`, and `let p = start work(1)`",
                ),
            };
            say.at(at, call.len() - 1)
        }
        "=" if is_open(stuck.before(), '(')
            && is_word(previous)
            && !stuck.before()[..stuck.before().len() - previous.len()].trim_end().ends_with('.') =>
        {
            Say::new(
                "an argument's name is followed by `:`",
                format!("write `{previous}: …` for a named argument, `==` to compare"),
            )
        }
        // Anywhere else it would have been an assignment.
        "=" if matches!(first, "thread" | "process")
            && stuck.before().ends_with(second_token(stuck.text)) =>
        {
            Say::new(
                format!(
                    "`{first} {0}` declares what a {first} runs, and has no value",
                    second_token(stuck.text)
                ),
                format!("write `let {} = start f(x)`", second_token(stuck.text)),
            )
        }
        "=" if stuck.before() == first && is_word(first) && stuck.rest().contains("=>") => Say::new(
            "what an arm of a `select` takes gets a new name",
            format!("write `let {first} = q.get() => {{ … }}`"),
        ),
        "=" if !stuck.before().is_empty() => {
            Say::new("`=` cannot stand here: an assignment is a statement, not a value", "did you mean `==`?")
        }
        _ if ASSIGNING.contains(&token) => statement_no_value(token),
        "&" if is_word(first_token(stuck.rest()[1..].trim_start()))
            && (matches!(previous, "(" | "," | "=" | "[") || previous == "return") =>
        {
            Say::new(
                "`&` stands between two values",
                "leave it out: a name hands over the thing itself, not a copy",
            )
        }
        "|" if matches!(previous, "(" | "," | "=") => {
            Say::new("`|` stands between two values", "a short function is `fn(x) => x + 1`")
        }
        _ if previous == "daemon" && is_word(token) && first != previous => Say::new(
            "`daemon` begins a declaration, which is a statement of its own",
            format!("write `daemon thread {token} {{ … }}` on a line before, then `start {token}()`"),
        ),
        _ if matches!(previous, "thread" | "process") && is_word(token) && first != previous => Say::new(
            format!("`{previous}` begins a declaration, which is a statement of its own"),
            format!("write `{previous} {token} {{ … }}` on a line before, then `start {token}()`"),
        ),
        ":" if computes_format(stuck) => Say::new(
            "a format is written out, and holds no values",
            "`str(x).rjust(width)` takes any width, `round(x, digits)` any number of digits",
        ),
        ":" if is_function(stuck) => {
            Say::new("`:` means nothing here", "a short function is `fn(x) => x + 1`")
        }
        ":" if has_block(first) && !is_open(stuck.before(), '(') => {
            Say::new("a block stands in braces, it does not follow a `:`", "write `{ … }`")
        }
        _ => return wide_sign(token),
    })
}

/// Whether the word before is an argument's name: `(timeout` of a call, but not the `(x` of `if (x = 3)`.
fn is_argument(before: &str, word: &str) -> bool {
    if !is_word(word) || !is_open(before, '(') {
        return false;
    }
    let call = before[..before.len() - word.len()].trim_end();
    let callee = call.strip_suffix('(').map(last_token);
    call.ends_with(',') || callee.is_some_and(|callee| is_word(callee) && !is_reserved(callee))
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
            Say::new(
                "there is no `new`",
                match stuck.token() {
                    "Thread" | "Promise" => "write `start f(x)`, or `start { … }`".to_string(),
                    error if error.ends_with("Error") || error.ends_with("Exception") => {
                        "write `throw \"what happened\"`".to_string()
                    }
                    class => match crate::resolve::suggest::native(class) {
                        Some(own) => format!("write `{own}(…)`"),
                        None => format!("write `{class}(…)`"),
                    },
                },
            )
            .at(before.len() - previous.len(), previous.len()),
        ),
        "go" | "async" | "spawn" if before != previous && stuck.token() == "{" => Some(
            Say::new(
                format!("a thread is started with `start`, not `{previous}`"),
                "write `start f(x)`, or `start { … }`",
            )
            .at(before.len() - previous.len(), previous.len()),
        ),
        "thread" | "process"
            if stuck.token() == "{" && last_token(&before[..before.len() - previous.len()]) == "start" =>
        {
            Some(match previous {
                "thread" => Say::new(
                    "a thread without a name is no declaration",
                    "a block is started as it is: `start { … }`",
                ),
                _ => Say::new(
                    "a process without a name is no declaration",
                    "give it a name first: `process work { … }`, then `start work`",
                ),
            })
        }
        "." => {
            let number = last_token(&before[..before.len() - 1]);
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
    let name = if before.is_empty() { second_token(stuck.text) } else { last_token(before) };
    let name = if is_word(name) { name } else { "x" };
    Say::new(format!("there is no `{sign}`"), format!("write `{name} {}= 1`", &sign[..1])).at(at, 2)
}

/// Full-width signs, which Chinese keyboards write.
fn wide_sign(token: &str) -> Option<Say> {
    let digit = token.chars().next().and_then(|c| u32::from(c).checked_sub(u32::from('０')));
    if let Some(digit @ 0..10) = digit {
        return Some(Say::new(
            format!("`{token}` is not the digit the language knows"),
            format!("write `{digit}`"),
        ));
    }
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

/// Whether what stands before are the parameters of a function without a name.
fn is_function(stuck: &Stuck) -> bool {
    let before = stuck.before();
    before.ends_with(')') && before.rsplit_once('(').is_some_and(|(head, _)| last_token(head) == "fn")
}

/// `"{x:{width}}"`, as Python has it.
fn computes_format(stuck: &Stuck) -> bool {
    let format = stuck.rest().split('}').next().unwrap_or("");
    let open = open_brackets(stuck.before(), |_, _| false);
    format.contains('{') && open.ends_with(&['"', '{'])
}

/// Whether the braces in which the grammar got stuck were meant as the body of a short function.
fn block_after_arrow(stuck: &Stuck) -> bool {
    let before = stuck.before();
    let Some((head, tail)) = before.rsplit_once("=>") else { return false };
    let within = tail.trim_start();
    head.contains("fn") && within.starts_with('{') && !within.contains(':') && is_open(before, '{')
}
