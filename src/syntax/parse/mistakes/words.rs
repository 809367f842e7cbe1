//! The words of the language, and those of others, by what they are for.

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
