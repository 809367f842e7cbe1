//! The programs, and what others need for them: states of a plain hashing explorer and of one with thread symmetry whose
//! threads stand ready at the start, and of SPIN 6.5.2 with and without partial order reduction; times on one core.

pub struct Case {
    pub name: &'static str,
    pub script: fn() -> String,
    pub flags: &'static [&'static str],
    pub others: &'static str,
    /// Large enough to tell the rate and the memory of a state, and to use all cores.
    pub large: bool,
}

const fn small(name: &'static str, script: fn() -> String, others: &'static str) -> Case {
    Case { name, script, flags: &[], others, large: false }
}

const fn large(name: &'static str, script: fn() -> String, others: &'static str) -> Case {
    Case { name, script, flags: &[], others, large: true }
}

fn racy(threads: u32, rounds: u32) -> String {
    format!("var n = 0\nparallel for i in 0..{threads} {{ repeat {rounds} {{ n += 1 }} }}\n")
}

fn mutex(threads: u32, rounds: u32) -> String {
    let body = format!("repeat {rounds} {{ with m {{ n += 1 }} }}");
    let all = threads * rounds;
    format!("var n = 0\nlock m\nparallel for i in 0..{threads} {{ {body} }}\nassert n == {all}\n")
}

/// Each takes the fork with the smaller number first.
fn philosophers(count: u32, meals: u32) -> String {
    let seat = |at: u32| {
        let (left, right) = (at.min((at + 1) % count), at.max((at + 1) % count));
        format!("    philosopher({left}, {right})\n")
    };
    let seats: String = (0..count).map(seat).collect();
    let meal = "with forks[left], forks[right] { }";
    let philosopher = format!("thread philosopher(left, right) {{ repeat {meals} {{ {meal} }} }}");
    format!("lock forks[{count}]\n{philosopher}\nparallel {{\n{seats}}}\n")
}

fn one_must_come_last() -> String {
    "var n = 0
lock m
thread one { with m { n += 1 } }
thread last { with m { assert n < 19 } }
start last()
repeat 19 { start one() }
"
    .into()
}

fn two_stages() -> String {
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

fn history() -> String {
    "lock m\nlet log = []\nthread say(i) { for round in 0..3 { with m { log.push(i) } } }\n\
     join [start say(i) for i in 0..4]\n"
        .into()
}

pub const CASES: &[Case] = &[
    small("racy counter 2x1", || racy(2, 1), "16, 12 with symmetry; SPIN 72 / 134; loom 90 runs"),
    small("racy counter 2x3", || racy(2, 3), "263, 144 with symmetry; SPIN 1,114 / 2,152; loom 19,134 runs"),
    small("racy counter 3x2", || racy(3, 2), "1,404, 309 with symmetry; SPIN 14,681 / 51,732; shuttle 74 s"),
    small("racy counter 3x3", || racy(3, 3), "15,404, 2,902 with symmetry; SPIN 126,339 / 458,550"),
    small(
        "mutex counter 3x2",
        || mutex(3, 2),
        "93, 22 with symmetry; SPIN 2,210 / 12,116; loom 7.4 s, shuttle 47 s",
    ),
    small("mutex counter 4x3", || mutex(4, 3), "12,129, 606 with symmetry; SPIN 620,919 / 8,786,215"),
    small("6 philosophers", || philosophers(6, 1), "648; SPIN 21,474 / 909,480"),
    small("5 philosophers, 2 meals", || philosophers(5, 2), "2,625; SPIN 66,241 / 848,543"),
    small("8 philosophers", || philosophers(8, 1), "Harmony 2,040,548 states, 4.9 s"),
    small("10 philosophers", || philosophers(10, 1), "SPIN 235,814 states, 0.7 s / 5,878,784, 23 s"),
    small("20 threads, one last", one_must_come_last, "random testers need thousands of runs"),
    small("100 threads in two stages", two_stages, "random testers never find it"),
    large(
        "12 philosophers",
        || philosophers(12, 1),
        "SPIN 0.25 M states/s, 160 bytes; Harmony 0.2-0.4 M, 220 bytes",
    ),
    large("13 philosophers", || philosophers(13, 1), ""),
    large("7 philosophers, 3 meals", || philosophers(7, 3), ""),
    large("a history", history, "nothing comes again: for partial order reduction, not for hashing"),
];
