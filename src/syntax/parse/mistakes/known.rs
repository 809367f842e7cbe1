//! Mistakes that people are known to make, by the words of the statement: habits from other languages.

use super::tokens::{first_token, innermost, is_open, is_word, last_token, second_token, shown};
use super::words::{DECLARING, is_reserved};
use super::{Say, Stuck};
use crate::resolve::suggest;
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
        // As Go declares a method.
        "func" if second == "(" && is_word(stuck.token()) => Say::new(
            "a function is declared with `fn`, not `func`",
            format!("a method stands in its class: `class Name {{ fn {}(…) {{ … }} }}`", stuck.token()),
        ),
        "elif" | "elseif" | "elsif" => {
            Say::new(format!("`{word}` is not a word of conc"), "write `else if`, after the `}` of the `if`")
        }
        "else" if second == "if" && rest["if".len()..].trim_start().starts_with('{') => Say::new(
            "expected a condition after `else if`",
            "what is done in every other case stands in `else { … }`",
        ),
        "else" if stuck.before() == word => Say::new(
            format!("expected `=>` after `{word}`"),
            "what a `select` does when nothing is ready is its arm `else => { … }`",
        ),
        "else" => Say::new("`else` without an `if` before it", "`else` follows the `}` of an `if`"),
        "catch" if second == "(" => {
            Say::new("`catch` takes a name without parentheses", "write `catch e { … }`")
        }
        "catch" if followed_by_name && is_word(first_token(rest[second.len()..].trim_start())) => Say::new(
            "the kinds of errors to catch are texts",
            match suggest::kind_of_error(second) {
                Some("") => "every error is caught by `catch e { … }`".to_string(),
                kind => format!("write `catch \"{}\" e {{ … }}`", kind.unwrap_or(second)),
            },
        ),
        "catch" if followed_by_name && rest[second.len()..].trim_start().starts_with(':') => {
            Say::new("`catch` takes a name without a `:`", format!("write `catch {second} {{ … }}`"))
        }
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
        "import" | "from" | "include" | "require" | "package"
            if is_word(second) || second.starts_with('"') =>
        {
            Say::new(format!("there is no `{word}`"), "everything conc has is there without importing it")
        }
        "const" | "val" | "final" if followed_by_name => Say::new(
            format!("a name that never changes is declared with `let`, not `{word}`"),
            format!("write `let {second} = …`"),
        ),
        "int" | "float" | "string" | "str" | "bool" | "void" | "auto"
            if followed_by_name && rest[second.len()..].trim_start().starts_with('(') =>
        {
            Say::new(
                format!("a function is declared with `fn`, not `{word}`"),
                format!("write `fn {second}(…) {{ … }}`"),
            )
        }
        "local" | "mut" | "auto" | "int" | "float" | "double" | "long" | "string" | "String" | "str"
        | "bool" | "boolean"
            if followed_by_name =>
        {
            Say::new(
                format!("a variable is declared with `var`, not `{word}`"),
                format!("write `var {second} = …`"),
            )
        }
        "global" | "nonlocal" if followed_by_name => Say::new(
            format!("there is no `{word}`"),
            format!("a function may change a variable outside it as it is: leave out `{word}`"),
        ),
        "public" | "private" | "protected" if is_word(second) && second != "static" => Say::new(
            format!("there is no `{word}`"),
            "leave it out: whoever has an object may use its members; a function is `fn name(…) { … }`",
        ),
        "static" if matches!(second, "var" | "let" | "fn") => Say::new(
            "there is no `static`",
            "what all objects have in common is declared outside of the class",
        ),
        "public" | "private" | "protected" | "static" | "void" if is_word(second) => Say::new(
            format!("there is no `{word}`"),
            "a script begins with its first line: a function is `fn name(…) { … }`",
        ),
        "enum" if followed_by_name => Say::new("there is no `enum`", "use texts: `let color = \"red\"`"),
        "interface" | "trait" | "protocol" | "abstract" if followed_by_name => Say::new(
            format!("there is no `{word}`"),
            "leave it out: a method is found by its name, whatever the object's class",
        ),
        "type" if followed_by_name && first_token(rest[second.len()..].trim_start()) == "struct" => Say::new(
            "a class is declared with `class`, not `type`",
            format!("write `class {second}(…) {{ … }}`"),
        ),
        "type" | "typedef" if followed_by_name => {
            Say::new(format!("there is no `{word}`"), "variables have no types: leave it out")
        }
        "default" if is_word(first_token(stuck.text)) && second == ":" => Say::new(
            "there is no `default`",
            "what a `select` does when nothing is ready is its arm `else => { … }`",
        ),
        "sleep" if stuck.before().is_empty() && stuck.text.contains("=>") => gives_up_with(word),
        "timeout" if stuck.token() != "=>" && !second.is_empty() && stuck.text.contains("=>") => {
            gives_up_with(word)
        }
        "case" if is_word(second) => {
            Say::new("there is no `case`", "an arm of a `select` is `let x = q.get() => { … }`")
        }
        "del" if followed_by_name => {
            Say::new("there is no `del`", "take an element out with `m.pop(key)` or `xs.remove(x)`")
        }
        "async" if matches!(second, "def" | "fn" | "func" | "function") => {
            let name = first_token(rest[second.len()..].trim_start());
            Say::new(
                "there is no `async`: whoever calls a function decides whether to wait for it",
                format!(
                    "declare it with `fn {name}(…) {{ … }}`; `start {name}(…)` runs it in a thread of its own"
                ),
            )
        }
        "async" | "spawn" | "go" if is_word(second) || second == "{" => Say::new(
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

fn is_number(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
}

/// What is said of a `for` of three parts.
pub const COUNTING: &str = "this is not how `for` counts here";

/// Whether this is the class from which another one inherits, as `class A: B { }` says it elsewhere.
fn names_another(rest: &str) -> bool {
    let rest = rest.trim_start();
    let name = first_token(rest);
    is_word(name) && !is_reserved(name) && rest[name.len()..].trim_start().starts_with(['{', ','])
}

/// What to write for a thing whose type in Go a text begins with.
pub fn of_go(kind: &str, name: &str) -> Option<String> {
    let kind = kind.trim_start();
    let kind = kind.strip_prefix("make(").unwrap_or(kind).trim_start_matches(['&', '*']);
    Some(match kind {
        _ if kind.starts_with("sync.Mutex") => format!("write `lock {name}`"),
        _ if kind.starts_with("sync.RWMutex") => format!("write `rwlock {name}`"),
        _ if kind.starts_with("sync.WaitGroup") => "threads are awaited by `join ts`".to_string(),
        _ if kind.starts_with("chan") => format!("write `queue {name}`"),
        _ => return None,
    })
}

/// Mistakes of one kind of statement.
fn in_statement(stuck: &Stuck, word: &str, second: &str) -> Option<Say> {
    let rest = stuck.text[word.len()..].trim_start();
    match word {
        "for" if stuck.token() == ":=" && first_token(stuck.rest()[2..].trim_start()) == "range" => Some(
            Say::new(COUNTING, "write `for x in xs { … }`, also for a queue: until it is closed and empty")
                .at(0, word.len()),
        ),
        "for"
            if second == "(" && rest.contains(';')
                || matches!(stuck.token(), "=" | ":=") && !stuck.before().contains(" in ") =>
        {
            Some(Say::new(COUNTING, "write `for i in 0..10 { … }`, or a `while` loop").at(0, word.len()))
        }
        "for" if matches!(stuck.token(), "step" | "by") && stuck.before().contains("..") => Some(Say::new(
            format!("`{}` means nothing here", stuck.token()),
            "steps other than 1 are written `range(0, 10, 2)`",
        )),
        "for" if stuck.previous() == "range" && is_number(stuck.token()) => Some(Say::new(
            "a call needs parentheses",
            format!("write `range({0})`, or `0..{0}`", stuck.token()),
        )),
        "for" if second == "(" && stuck.before() == word => {
            Some(Say::new("`for` has no parentheses", "write `for x in xs { … }`"))
        }
        "for" | "parallel" if stuck.token() == "," && !stuck.before().contains(" in ") => {
            let rest = rest.strip_prefix("for").unwrap_or(rest);
            let names = rest.split(" in ").next().unwrap_or("").trim();
            Some(Say::new("several names stand in brackets", format!("write `for [{}] in …`", shown(names))))
        }
        "let" | "var" if stuck.token() == "," && !stuck.before().contains('=') => {
            let names = rest.split('=').next().unwrap_or("").trim();
            Some(Say::new(
                "several names stand in brackets",
                format!("write `{word} [{}] = …`", shown(names)),
            ))
        }
        "assert" if stuck.token() == "," && rest.starts_with('(') => Some(Say::new(
            "the condition and the text of `assert` stand in no parentheses",
            "write `assert condition, \"why it should hold\"`",
        )),
        "let" | "var" if stuck.token() == "(" && stuck.before() == word => Some(Say::new(
            "several names stand in brackets",
            format!("write `{word} [{}] = …`", shown(rest[1..].split(')').next().unwrap_or("").trim())),
        )),
        "let" | "var" if second == "mut" && is_word(stuck.token()) => Some(
            Say::new(
                "a variable that can change is declared with `var`, not `let mut`",
                format!("write `var {} = …`", stuck.token()),
            )
            .at(0, word.len()),
        ),
        "let" | "var"
            if stuck.previous() == second && stuck.before().len() > word.len() && is_word(stuck.token()) =>
        {
            let hint = of_go(stuck.rest(), second).unwrap_or_else(|| format!("write `{word} {second} = …`"));
            Some(Say::new("a declaration has no type", hint))
        }
        "join"
            if stuck.token() == "timeout"
                || stuck.previous() == "timeout"
                || stuck.before().starts_with("join(") =>
        {
            Some(Say::new(
                "`join` waits until all have ended",
                "to give up in time: `t.join(timeout: 1s)`, which tells whether it has ended",
            ))
        }
        "start" if stuck.previous() == second && is_word(stuck.token()) && !DECLARING.contains(&second) => {
            Some(Say::new(
                "what a thread is given stands in the parentheses of the call",
                format!("write `start {second}({})`", shown(stuck.rest())),
            ))
        }
        "sleep" if matches!(stuck.token(), "s" | "ms" | "us" | "min") && is_number(stuck.previous()) => {
            let number = stuck.before()["sleep".len()..].trim_matches([' ', '(']);
            Some(Say::new(
                "a unit follows its number without a space",
                format!("write `{}{}`", shown(number), stuck.token()),
            ))
        }
        "sleep" if is_word(stuck.token()) && is_number(stuck.previous()) => Some(Say::new(
            format!("`{}` is no unit of time", stuck.token()),
            format!(
                "write `{}s`; the units of time are `us`, `ms`, `s` and `min`",
                shown(stuck.before()["sleep".len()..].trim_matches([' ', '(']))
            ),
        )),
        "with" if second == "timeout" && stuck.previous() == second && is_number(stuck.token()) => {
            Some(Say::new(
                "expected something to hold after `with`",
                format!("write `with m timeout {} {{ … }} else {{ … }}`", stuck.token()),
            ))
        }
        "with" if stuck.token() == ":" && stuck.previous() == "timeout" => Some(Say::new(
            "the `timeout` of a `with` has no `:`",
            "write `with m timeout 1s { … } else { … }`",
        )),
        "with"
            if stuck.previous() == "timeout"
                && stuck.before()[..stuck.before().len() - 7].trim_end().ends_with(',') =>
        {
            Some(Say::new(
                "the `timeout` of a `with` follows without a `,`",
                "write `with m timeout 1s { … } else { … }`",
            ))
        }
        "with"
            if stuck.token() == "and"
                || !DECLARING.contains(&second)
                    && is_word(stuck.token())
                    && stuck.before() != word
                    && is_word(stuck.previous())
                    && stuck.token() != "as" =>
        {
            Some(Say::new("several things to hold have a `,` between them", "write `with a, b { … }`"))
        }
        "start" if stuck.token() == "," && !stuck.before().ends_with([')', '}']) => Some(Say::new(
            "what a thread is given stands in the parentheses of the call",
            format!("write `start {second}(x, y)`"),
        )),
        "repeat" if stuck.token() == "{" && stuck.before() == word => Some(Say::new(
            "expected a count after `repeat`",
            "write `repeat 3 { … }`; without an end it is `loop { … }`",
        )),
        "repeat" if matches!(stuck.token(), "times" | "time") => {
            Some(Say::new(format!("`repeat` needs no `{}`", stuck.token()), "write `repeat 3 { … }`"))
        }
        "loop" if second != "{" && second != ":" && stuck.before() == word && !second.is_empty() => {
            Some(Say::new(
                "`loop` has no count: it goes on until a `break`",
                "write `repeat 3 { … }`, or `while … { … }`",
            ))
        }
        "if" | "while" | "assert" | "return" | "ensure" | "invariant" | "await" if stuck.token() == "is" => {
            Some(Say::new(
                "`is` means nothing here",
                "write `a == b`; `same(a, b)` tells whether both are one object",
            ))
        }
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
        "let" | "var" if stuck.token() == "," && starts_a_name(stuck.before()) => Some(Say::new(
            "what a thread is given stands in the parentheses of the call",
            format!("write `start {}(x, y)`", stuck.previous()),
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
        // `with pool(4) as p`: made and named at once, as Python does.
        "threadlocal" if matches!(second, "var" | "let") => Some(Say::new(
            format!("`threadlocal` declares a variable without `{second}`"),
            "write `threadlocal x = 1`",
        )),
        "daemon" if stuck.before() == word && matches!(stuck.token(), "{" | "fn") => Some(Say::new(
            "`daemon` is followed by `thread`, `process` or `timer`",
            "write `daemon thread NAME { … }`, and start it",
        )),
        "with" if stuck.token() == "as" && DECLARING.contains(&second) && stuck.before().ends_with(')') => {
            let name = second_token(stuck.rest());
            let arguments = stuck.before().find('(').map_or("()", |at| &stuck.before()[at..]);
            let name = if is_word(name) { name } else { "x" };
            let declared = match arguments {
                "()" => format!("{second} {name}"),
                _ => format!("{second} {name}{arguments}"),
            };
            Some(Say::new(
                "`with` gives no name to what it takes",
                format!("write `{}` on a line before, then `with {name} {{ … }}`", shown(&declared)),
            ))
        }
        "with" if DECLARING.contains(&second) && is_word(stuck.token()) => Some(Say::new(
            format!("`with` takes what has been declared before, and declares no {second} itself"),
            format!("write `{second} {0}` on a line before, then `with {0} {{ … }}`", stuck.token()),
        )),
        "fn" if is_open(stuck.before(), '(') && stuck.token() == "self" && makes_an_object(second) => {
            Some(Say::new(
                format!("a class has no `{second}`: what it needs stands behind its name"),
                "write `class NAME(n) { … }`; a member begins with its value, `var count = n`",
            ))
        }
        "fn" if is_open(stuck.before(), '(') && stuck.token() == "self" => Some(Say::new(
            "`self` is no parameter: every method knows its object",
            "leave it out; fields are seen by their bare names: `count += 1`",
        )),
        "fn" if matches!(stuck.token(), "->" | ":")
            && stuck.before().ends_with(')')
            && stuck.token() == "->"
            || word == "fn" && stuck.token() == ">" && stuck.before().ends_with('-') =>
        {
            Some(Say::new("what a function returns has no type", format!("write `fn {second}(…) {{ … }}`")))
        }
        "fn" if is_open(stuck.before(), '(') && (stuck.token() == ":" || is_word(stuck.token())) => {
            Some(Say::new("a parameter has no type", format!("write `fn {second}(…)` with names alone")))
        }
        "with" if stuck.token() == "as" => Some(Say::new(
            "`with` gives no name to what it takes",
            "name it before: `let f = …`, then `with f { … }`",
        )),
        "class" | "monitor" if stuck.token() == ":" && !names_another(&stuck.rest()[1..]) => {
            Some(Say::new("a block stands in braces, it does not follow a `:`", "write `{ … }`"))
        }
        "class" | "monitor" if stuck.token() == "implements" => Some(Say::new(
            "a class implements no interface",
            "leave it out: a method is found by its name, whatever the object's class",
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

/// Whether a text ends with `start` and a name: `let t = start work`.
fn starts_a_name(text: &str) -> bool {
    let name = last_token(text);
    is_word(name) && last_token(&text[..text.len() - name.len()]) == "start"
}

/// An arm of a `select` that is there for the time.
fn gives_up_with(word: &str) -> Say {
    Say::new(format!("an arm of a `select` gives up with `after`, not `{word}`"), "write `after 1s => { … }`")
}

/// Whether a method of this name is what makes an object in other languages.
fn makes_an_object(name: &str) -> bool {
    matches!(name, "__init__" | "constructor" | "initialize")
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
