//! What the grammar had expected, in words: no rule's name is ever shown.

use super::tokens::{first_token, innermost, is_word, last_token, shown};
use super::words::{has_block, is_reserved};
use super::{Say, Stuck};
use crate::syntax::parse::Rule;

pub fn say(stuck: &Stuck, rule: Rule) -> Say {
    let before = stuck.before();
    let token = stuck.token();
    let expects = |rules: &[Rule]| rules.iter().any(|rule| stuck.expected.contains(rule));
    let after = if before.is_empty() { String::new() } else { format!(" after `{}`", shown(before)) };
    let value_is_missing = expects(&[
        Rule::operation,
        Rule::expression,
        Rule::header,
        Rule::header_operation,
        Rule::operand,
        Rule::header_operand,
        Rule::prefix,
        Rule::number,
        Rule::start_operand,
        Rule::header_start_operand,
    ]);
    let value_has_ended = expects(&[Rule::operator, Rule::call, Rule::field, Rule::index]);

    if expects(&[Rule::name, Rule::pattern]) && !value_is_missing && is_reserved(token) && token != "in" {
        return Say::new(
            format!("`{token}` is a word of the language and cannot be a name"),
            match token {
                "self" => "a method knows its object without a parameter for it",
                _ => "choose another name",
            },
        );
    }
    if before.ends_with('.') && !before.ends_with("..") {
        return Say::new(format!("expected a name{after}{}", found(token)), "");
    }
    if expects(&[Rule::pattern, Rule::name])
        && !value_is_missing
        && !value_has_ended
        && !expects(&[Rule::block])
    {
        return Say::new(format!("expected a name{after}{}", found(token)), no_name(token));
    }
    if value_is_missing && !value_has_ended {
        return missing_value(stuck, &after);
    }
    if expects(&[Rule::kw_after, Rule::kw_every]) && first_token(stuck.text) != "select" {
        return Say::new(
            format!("expected `after` or `every`{after}{}", found(token)),
            "a timer is `timer t after 2s { … }` or `timer t every 1s { … }`",
        );
    }
    if expects(&[Rule::kw_in]) && first_token(before) != "select" {
        return Say::new(format!("expected `in`{after}{}", found(token)), "write `for x in xs { … }`");
    }
    if expects(&[Rule::kw_else]) && before.contains(" if ") {
        return Say::new(format!("expected `else`{after}{}", found(token)), "write `a if condition else b`");
    }
    if let Some(say) = inside_brackets(stuck, &after) {
        return say;
    }
    if expects(&[Rule::block, Rule::open_brace]) && has_header(first_token(stuck.text)) {
        return Say::new(
            format!("expected a block `{{`{after}{}", found(token)),
            "a block stands in braces: `{ … }`",
        );
    }
    if expects(&[Rule::equals]) && matches!(first_token(stuck.text), "let" | "var" | "threadlocal") {
        return Say::new(
            format!("expected `=` and a value{after}{}", found(token)),
            "every variable begins with a value",
        );
    }
    if expects(&[Rule::parameters, Rule::open_parenthesis]) {
        return Say::new(
            format!("expected `(` and parameters{after}{}", found(token)),
            "a function has parentheses even without parameters: `fn f() { … }`",
        );
    }
    if expects(&[Rule::arrow]) && rule == Rule::alone_arm {
        let hint = match token {
            "as" => "what is taken gets its name before it: `let x = q.get() => { … }`",
            _ => "an arm is `q.get() => { … }`",
        };
        return Say::new(format!("expected `=>`{after}{}", found(token)), hint);
    }
    if rule == Rule::alone_arm {
        return Say::new(
            if token.is_empty() {
                format!("expected `=>`{after}")
            } else {
                format!("unexpected `{}`{after}", shown(token))
            },
            "an arm of `select` is `let x = q.get() => { … }`, `join t => …`, `after 1s => …` or `else => …`",
        );
    }
    leftover(stuck, &after)
}

/// Words of the language that have a block after a header.
fn has_header(word: &str) -> bool {
    has_block(word) || word == "select"
}

fn found(token: &str) -> String {
    match token {
        "" => String::new(),
        _ => format!(", found `{}`", shown(token)),
    }
}

fn missing_value(stuck: &Stuck, after: &str) -> Say {
    let token = stuck.token();
    let first = first_token(stuck.text);
    if stuck.before().is_empty() {
        return match token {
            "//" | "/" if stuck.rest().starts_with("//") || stuck.rest().starts_with("/*") => Say::new(
                format!("`{}` cannot begin a statement", &stuck.rest()[..2]),
                "a comment begins with `#` and ends with its line",
            ),
            "and" | "or" | "in" | "*" | "/" | "//" | "%" | "**" | "==" | "!=" | "<" | ">" | "<=" | ">="
            | "|" | "&" => Say::new(
                format!("`{token}` cannot begin a statement"),
                "put the operator at the end of the line before, or the whole in parentheses",
            ),
            _ if is_reserved(token) => Say::new(format!("`{token}` cannot begin a statement"), ""),
            _ => Say::new(format!("unexpected `{}`", shown(token)), ""),
        };
    }
    if token == "{" && matches!(first, "if" | "while" | "await") && stuck.before() == first {
        return Say::new(format!("expected a condition{after}"), "");
    }
    if token == "{" && has_header(first) && stuck.before() != first && innermost(stuck.before()).is_none() {
        return Say::new(
            format!("expected a value{after}, found `{{`"),
            "a map needs parentheses here: `({ … })`",
        );
    }
    // `"{}"`, and `"{:.2f}"`, to be filled in later.
    if matches!(token, "}" | ":") && innermost(stuck.before()) == Some('{') && stuck.before().ends_with('{') {
        return Say::new(
            "there is no value between these braces",
            "write the value itself there: `\"x is {x}\"`; a brace in a text is written `\\{`",
        );
    }
    if is_reserved(token) {
        let hint = match token {
            "if" => "a choice between two values is `a if condition else b`",
            "for" => "a list made by a loop stands in brackets: `[x * x for x in xs]`",
            _ => "",
        };
        return Say::new(format!("expected a value{after}, found the word `{token}`"), hint);
    }
    if stuck.previous() == "start" {
        let message = format!("expected a thread, a call or a block{after}{}", found(token));
        return Say::new(message, "write `start f(x)`, or `start { … }`");
    }
    let hint = match stuck.previous() {
        "throw" => "write `throw \"what happened\"`, or `throw e` again in a `catch e`",
        "join" if stuck.before() == "join" => "write `join t`, or `join ts` for all of a list",
        "await" if stuck.before() == "await" => "write `await x == 1`",
        "assert" if stuck.before() == "assert" => "write `assert x == 1`",
        _ => "",
    };
    Say::new(format!("expected a value{after}{}", found(token)), hint)
}

/// Something between brackets that does not go on as it should.
fn inside_brackets(stuck: &Stuck, after: &str) -> Option<Say> {
    let token = stuck.token();
    let open = innermost(stuck.before())?;
    let ends = stuck.expected.contains(&Rule::comma)
        || stuck.expected.contains(&Rule::colon)
        || stuck.expected.contains(&Rule::close_parenthesis)
        || stuck.expected.contains(&Rule::close_bracket)
        || stuck.expected.contains(&Rule::operator);
    if !ends {
        return None;
    }
    if token == "for" && open == '(' {
        return Some(Say::new(
            "a list made by a loop stands in brackets",
            "write `[… for x in xs]`, also among arguments",
        ));
    }
    if token == ":" && open == '[' {
        return Some(Say::new(
            "a part of a list is written with `..`",
            "write `xs[1..3]`, `xs[1..]` or `xs[..3]`",
        ));
    }
    if token == "=" || token == ":" && open != '{' {
        return Some(Say::new(format!("unexpected `{token}`{after}"), ""));
    }
    Some(match open {
        '(' => Say::new(
            match token {
                "," if stuck.before().ends_with([',', '(']) => format!("expected a value{after}, found `,`"),
                "," => format!("unexpected `,`{after}"),
                _ => format!("expected `,` or `)`{after}{}", found(token)),
            },
            match token {
                "," if stuck.before().ends_with([',', '(']) => "",
                "," if makes_function(stuck) => "a short function is `fn(x, y) => x + y`",
                "," => "a list stands in brackets: `[1, 2]`",
                _ if token == ";" || is_operand(token) => "arguments have a `,` between them",
                _ => "",
            },
        ),
        '[' => Say::new(
            format!("expected `,` or `]`{after}{}", found(token)),
            if token == "else" {
                "what is listed is chosen before the `for`: `[a if c else b for x in xs]`"
            } else {
                ""
            },
        ),
        _ if stuck.expected.contains(&Rule::colon) && !stuck.expected.contains(&Rule::comma) => Say::new(
            format!("expected `:` and a value{after}{}", found(token)),
            if token == "}" && stuck.rest().starts_with("}}") && stuck.before().contains('"') {
                "braces in a text are written `\\{` and `\\}`, not twice"
            } else if token == "," || token == "}" {
                "a map is `{\"key\": value}`, a set `set([1, 2])`"
            } else {
                "a map is `{\"key\": value}`"
            },
        ),
        _ => Say::new(
            format!("expected `,` or `}}`{after}{}", found(token)),
            if token == "for" {
                "only lists have this form: `[f(x) for x in xs]`; fill a map in a loop"
            } else {
                ""
            },
        ),
    })
}

/// A whole statement, and something after it.
fn leftover(stuck: &Stuck, after: &str) -> Say {
    let token = stuck.token();
    let before = stuck.before();
    if token.is_empty() {
        return Say::new(format!("this is not finished{after}"), "");
    }
    if token.starts_with('"') || is_word(token) || token.starts_with(|c: char| c.is_ascii_digit()) {
        if is_word(before) && before == first_token(before) && !is_reserved(before) && !is_reserved(token) {
            let argument = shown(stuck.rest());
            // `Counter c = …`, as languages with types write it.
            if is_word(token) && stuck.rest()[token.len()..].trim_start().starts_with('=') {
                return Say::new(
                    format!("unexpected `{token}` after `{before}`"),
                    format!("a variable has no type: `var {token} = …`"),
                );
            }
            let function = crate::resolve::suggest::native(before).unwrap_or(before);
            return Say::new(
                format!("unexpected `{}` after `{before}`", shown(token)),
                format!("a call needs parentheses: `{function}({argument})`"),
            );
        }
        return Say::new(
            format!("unexpected `{}`{after}", shown(token)),
            match token {
                _ if after_comment(before) => "a comment begins with `#`; `//` divides",
                "yield" => "`yield` stands alone, and offers the processor to other threads",
                _ if declares_things(before) => "several names have a `,` between them: `lock a, b`",
                _ => "one statement ends with its line, or with `;`",
            },
        );
    }
    let hint = match token {
        "{" if before.ends_with(')') => return block_after_call(before, after),
        "," if before == first_token(before) && stuck.rest().contains(" = ") => {
            "several variables are set together in brackets: `[a, b] = [b, a]`"
        }
        "," if before.ends_with(')') => "statements stand on lines of their own, or have a `;` between them",
        "," => "a list stands in brackets: `[1, 2]`",
        ":" if before.starts_with('"') => "`{` begins a block here; a map needs parentheses: `({ … })`",
        _ => "",
    };
    Say::new(format!("unexpected `{}`{after}", shown(token)), hint)
}

/// Whether what is in the open parenthesis are the parameters of a function, as other languages write it: `(x, y) => …`.
fn makes_function(stuck: &Stuck) -> bool {
    let after = stuck.rest().split_once(')').map_or("", |(_, after)| after.trim_start());
    after.starts_with("=>") || after.starts_with("->")
}

/// Whether a value may begin with it.
fn is_operand(token: &str) -> bool {
    token.starts_with('"')
        || token.starts_with(|c: char| c.is_ascii_digit())
        || is_word(token) && !is_reserved(token)
}

/// What other languages write where a name is expected.
fn no_name(token: &str) -> &'static str {
    match token {
        ".." | "..." | "*" | "**" => "as many names as there are values; a rest is a list: `xs[1..]`",
        "{" => "names are taken from a list: `let [a, b] = xs`; a map's values one by one: `m[\"a\"]`",
        _ => "",
    }
}

/// `get() { … }`: how other languages declare methods, constructors and functions without a name, and hold locks.
fn block_after_call(before: &str, after: &str) -> Say {
    let head = call_of(before);
    let callee = last_token(head);
    let alone = head == callee && is_word(callee) && !is_reserved(callee);
    let inside = shown(before[head.len()..].trim().trim_matches(['(', ')']).trim());
    let hint = match callee {
        "function" | "func" | "fun" | "def" | "fn" => {
            format!("a function without a name is `fn({inside}) {{ … }}`")
        }
        "lock" | "rlock" | "mutex" | "synchronized" if alone => {
            format!("a lock is held with `with`: `with {inside} {{ … }}`")
        }
        "run" if alone => {
            "what a thread with members runs is a block without parentheses: `run { … }`".to_string()
        }
        "constructor" | "init" | "__init__" if alone => {
            "a class has no constructor: what it needs stands behind its name, `class A(x) { … }`".to_string()
        }
        _ if alone => format!("a function is declared with `fn`: `fn {callee}({inside}) {{ … }}`"),
        _ => String::new(),
    };
    Say::new(format!("unexpected `{}`{after}", '{'), hint)
}

/// What stands before the parentheses with which a text ends; nothing where none are closed there.
fn call_of(text: &str) -> &str {
    let mut depth = 0;
    for (at, character) in text.char_indices().rev() {
        match character {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text[..at].trim_end();
        }
    }
    ""
}

/// `lock a`: a declaration of a thing with a name, and nothing else yet.
fn declares_things(before: &str) -> bool {
    let [word, name] = before.split_whitespace().collect::<Vec<_>>()[..] else { return false };
    matches!(word, "lock" | "rlock" | "rwlock" | "event" | "semaphore" | "queue" | "atomic") && is_word(name)
}

/// What is a comment in other languages divides here.
fn after_comment(before: &str) -> bool {
    before.contains("//")
}
