//! The programs.

pub fn racy(threads: u32, rounds: u32) -> String {
    format!("var n = 0\nparallel for i in 0..{threads} {{ repeat {rounds} {{ n += 1 }} }}\n")
}

pub fn mutex(threads: u32, rounds: u32) -> String {
    let body = format!("repeat {rounds} {{ with m {{ n += 1 }} }}");
    let all = threads * rounds;
    format!("var n = 0\nlock m\nparallel for i in 0..{threads} {{ {body} }}\nassert n == {all}\n")
}

/// Each takes the fork with the smaller number first.
pub fn philosophers(count: u32, meals: u32) -> String {
    let seat = |at: u32| {
        let (left, right) = (at.min((at + 1) % count), at.max((at + 1) % count));
        format!("    philosopher({left}, {right})\n")
    };
    let seats: String = (0..count).map(seat).collect();
    let meal = "with forks[left], forks[right] { }";
    let philosopher = format!("thread philosopher(left, right) {{ repeat {meals} {{ {meal} }} }}");
    format!("lock forks[{count}]\n{philosopher}\nparallel {{\n{seats}}}\n")
}

pub fn one_must_come_last() -> String {
    "var n = 0
lock m
thread one { with m { n += 1 } }
thread last { with m { assert n < 19 } }
start last()
repeat 19 { start one() }
"
    .into()
}

pub fn two_stages() -> String {
    "var first = 0
var second = 0
lock m
fn a() { with m { first += 1 } }
fn b() { with m { if first == 50 { second += 1 } } }
parallel for i in 0..100 { if i < 50 { a() } else { b() } }
assert second < 50
"
    .into()
}

/// No state comes again.
pub fn history() -> String {
    "lock m\nlet log = []\nthread say(i) { for round in 0..3 { with m { log.push(i) } } }\n\
     join [start say(i) for i in 0..4]\n"
        .into()
}

pub const COUNTER: &str = "var n = 0\nthread add { n += 1 }\njoin start add(), start add()\n";
