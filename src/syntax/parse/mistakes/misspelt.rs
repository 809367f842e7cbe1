//! Words of the language with a slip of the finger, where the grammar got stuck right after them: `whlie true {`.
//!
//! Only there: a word that can be a name, and stands where a name makes sense, is for the resolver to judge.

use super::tokens::{first_token, is_word};
use super::words::{DECLARING, RESERVED, is_reserved};
use super::{Say, Stuck};
use crate::resolve::suggest;

/// What begins a statement as well and is no reserved word: parts of declarations, and what only stands in some places.
const OTHERS: [&str; 5] = ["run", "on", "array", "list", "map"];

/// What statements begin with.
fn beginnings() -> impl Iterator<Item = &'static str> {
    let reserved = RESERVED.into_iter().filter(|word| !matches!(*word, "in" | "and" | "or" | "self"));
    reserved.chain(DECLARING).chain(OTHERS)
}

/// Words of other languages that are misspelt as easily, and what is written here.
const FOREIGN: [(&str, &str); 2] = [("function", "fn"), ("foreach", "for")];

/// Words of the language as they are called in Chinese lessons.
const CHINESE: [(&str, &str); 26] = [
    ("线程", "thread"),
    ("进程", "process"),
    ("锁", "lock"),
    ("互斥锁", "lock"),
    ("可重入锁", "rlock"),
    ("读写锁", "rwlock"),
    ("信号量", "semaphore"),
    ("条件变量", "condition"),
    ("事件", "event"),
    ("屏障", "barrier"),
    ("队列", "queue"),
    ("定时器", "timer"),
    ("守护", "daemon"),
    ("启动", "start"),
    ("等待", "join"),
    ("并行", "parallel"),
    ("变量", "var"),
    ("常量", "let"),
    ("函数", "fn"),
    ("类", "class"),
    ("返回", "return"),
    ("如果", "if"),
    ("否则", "else"),
    ("当", "while"),
    ("循环", "loop"),
    ("重复", "repeat"),
];

pub fn say(stuck: &Stuck) -> Option<Say> {
    let (before, token, first) = (stuck.before(), stuck.token(), first_token(stuck.text));
    if first == "if" && before.ends_with('}') {
        return Some(said(token, nearest(token, ["else"])?));
    }
    // A sign after it would have been an operator: then it is meant as a name.
    let goes_on = is_word(token) || token.starts_with(|c: char| matches!(c, '{' | '"') || c.is_ascii_digit());
    if before != first || !goes_on {
        return None;
    }
    if let Some((_, ours)) = CHINESE.iter().find(|(theirs, _)| *theirs == first) {
        return Some(said(first, ours).at(0, first.len()));
    }
    let meant = nearest(first, beginnings()).or_else(|| {
        let theirs = nearest(first, FOREIGN.map(|(theirs, _)| theirs))?;
        FOREIGN.iter().find(|(known, _)| *known == theirs).map(|(_, ours)| *ours)
    })?;
    Some(said(first, meant).at(0, first.len()))
}

fn said(word: &str, meant: &str) -> Say {
    Say::new(format!("`{word}` is not a word of conc"), format!("did you mean `{meant}`?"))
}

/// The word that was meant; None for one that is right, or that is as well another one.
fn nearest(word: &str, words: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    // `wait(fs)` is a function.
    if !is_word(word) || is_reserved(word) || beginnings().any(|known| known == word) || word == "wait" {
        return None;
    }
    let meant = suggest::closest(word, words)?;
    // Three letters of which one is another are most often a name: `get x`, `bar x`.
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    (word.chars().count() > 3 || letters(word) == letters(meant)).then_some(meant)
}
