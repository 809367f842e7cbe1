use super::*;
use crate::code::{Handler, Instruction as I, samples};
use std::collections::BTreeSet;

const NONE: [Register; 0] = [];

/// What is live before the first instruction of this kind in a function of a text.
fn before(text: &str, function: &str, kind: fn(&I) -> bool) -> Vec<Register> {
    let program = samples::program(text);
    let index = samples::function(&program, function);
    let at = program.functions[index as usize].code.iter().position(kind).expect("it is there");
    Liveness::of(&program).before(index, at as u32).iter().collect()
}

/// What is live while the first instruction of this kind is not complete.
fn during(text: &str, function: &str, kind: fn(&I) -> bool) -> Vec<Register> {
    let program = samples::program(text);
    let index = samples::function(&program, function);
    let at = program.functions[index as usize].code.iter().position(kind).expect("it is there");
    Liveness::of(&program).during(index, at as u32 + 1).iter().collect()
}

#[test]
fn a_variable_is_live_until_it_is_read_last() {
    let text = "fn f(n, m) { n += 1\nlet k = n\nlet unread = m\nreturn k }";
    assert_eq!(before(text, "f", |i| matches!(i, I::AddInt { .. })), [0, 1]);
    assert_eq!(before(text, "f", |i| matches!(i, I::Return { .. })), [2]);
    // A variable of the top level is loaded, changed and stored: between those nothing else is live.
    let text = "var n = 0\nfn f(a) { n += 1 }\nstart f(1)";
    assert_eq!(before(text, "f", |i| matches!(i, I::LoadGlobal { .. })), NONE);
    assert_eq!(before(text, "f", |i| matches!(i, I::AddInt { .. })), [1]);
    assert_eq!(before(text, "f", |i| matches!(i, I::StoreGlobal { .. })), [1]);
    assert_eq!(before(text, "f", |i| matches!(i, I::ReturnNil)), NONE);
}

#[test]
fn a_loop_needs_in_the_next_round_what_it_reads() {
    let text = "fn f(n, step) { var total = 0\nwhile n > 0 { total += step\nn -= 1 }\nreturn total }";
    assert_eq!(before(text, "f", |i| matches!(i, I::LoopIf { .. })), [0, 1, 2, 4]);
    // The items and the place among them; not the item of the last round.
    let text = "fn f(xs, k) { for x in xs { print(x) } }";
    assert_eq!(before(text, "f", |i| matches!(i, I::LoopItems { .. })), [2, 3]);
    assert_eq!(during(text, "f", |i| matches!(i, I::LoopItems { .. })), [2, 3]);
    assert_eq!(during(text, "f", |i| matches!(i, I::CallBuiltin { .. })), [2, 3]);
    let text = "fn f(k) { for i in 1..9 { print(i) } }";
    assert_eq!(before(text, "f", |i| matches!(i, I::LoopRange { .. })), [1, 2]);
    let text = "fn f(k) { repeat k { print(k) } }";
    assert_eq!(before(text, "f", |i| matches!(i, I::LoopCount { .. })), [0, 1]);
}

#[test]
fn what_a_call_is_given_is_not_live_in_it() {
    let text = "fn g(a) { return a }\nfn f(x, y, z) { let r = g(y)\nreturn r + x }";
    assert_eq!(before(text, "f", |i| matches!(i, I::CallFunction { .. })), [0, 4]);
    assert_eq!(during(text, "f", |i| matches!(i, I::CallFunction { .. })), [0]);
    // What lends its receiver: the variable is live because it is read later.
    let text = "fn f(q, r) { q.put(r)\nr.get()\nprint(q) }";
    assert_eq!(before(text, "f", |i| matches!(i, I::CallMethodOf { .. })), [0, 1, 3]);
    assert_eq!(during(text, "f", |i| matches!(i, I::CallMethodOf { .. })), [0, 1]);
    let text = "fn f(q) { q.get() }";
    assert_eq!(during(text, "f", |i| matches!(i, I::CallMethodOf { .. })), NONE);
    // The field of a monitor is read when its lock is held.
    let text = "fn f(m, k) { return m.n }";
    assert_eq!(during(text, "f", |i| matches!(i, I::GetField { .. })), [0]);
}

#[test]
fn a_handler_needs_what_it_reads_wherever_the_error_is_raised() {
    let text = "fn f(a, b, c) { try { g(c)\nb = 2\ng(1) } catch e { print(a, b) } }\nfn g(x) { throw x }";
    assert_eq!(before(text, "f", |i| matches!(i, I::CallFunction { .. })), [0, 1, 3]);
    assert_eq!(during(text, "f", |i| matches!(i, I::CallFunction { .. })), [0, 1]);
    let text = "fn f(a, b) { try { g(b) } finally { print(a) } }\nfn g(x) { throw x }";
    assert_eq!(during(text, "f", |i| matches!(i, I::CallFunction { .. })), [0]);
    // The error is what the handler finds; it is not needed before.
    let text = "fn f(a) { try { g(a) } catch e { print(e) } }\nfn g(x) { throw x }";
    assert_eq!(during(text, "f", |i| matches!(i, I::CallFunction { .. })), NONE);
    assert_eq!(before(text, "f", |i| matches!(i, I::Rethrow { .. } | I::Jump { .. })), NONE);
}

#[test]
fn what_with_has_entered_is_needed_to_leave_it() {
    let text = "fn f(m, a) { with m { print(a) } }";
    assert_eq!(before(text, "f", |i| matches!(i, I::Enter { .. })), [0, 1]);
    assert_eq!(during(text, "f", |i| matches!(i, I::CallBuiltin { .. })), [0]);
    // A variable that may change meanwhile is kept apart.
    let text = "fn f(m, a) { m = m\nwith m { print(a) } }";
    assert_eq!(during(text, "f", |i| matches!(i, I::Enter { .. })), [1, 2]);
    assert_eq!(during(text, "f", |i| matches!(i, I::CallBuiltin { .. })), [2]);
}

#[test]
fn a_closure_needs_what_it_captures() {
    let text = "fn f(a, b, c) { let k = fn() => a + c\nreturn k }";
    assert_eq!(before(text, "f", |i| matches!(i, I::Closure { .. })), [0, 2]);
    // A cell of one round is no matter to the next.
    let text = "fn f(xs) { let out = []\nfor x in xs { out.push(fn() { x += 1 }) }\nreturn out }";
    assert_eq!(before(text, "f", |i| matches!(i, I::LoopItems { .. })), [1, 2, 3]);
}

#[test]
fn registers_beyond_the_first_word() {
    let variables: Vec<String> = (0..200).map(|n| format!("var v{n} = {n}")).collect();
    let all: Vec<String> = (0..200).map(|n| format!("v{n}")).collect();
    let text = format!("fn f() {{ {}\nprint(1)\nreturn [{}] }}", variables.join("\n"), all.join(", "));
    let live = during(&text, "f", |i| matches!(i, I::CallBuiltin { .. }));
    assert_eq!(live, (0..200).collect::<Vec<_>>());
}

/// A function begins with its arguments alone, and nothing of what a call may have written over is looked at after
/// it: a read too many or a write too few in the table of effects, or a mistake in `lower`, would show here.
#[test]
fn nothing_is_live_that_was_never_written() {
    for (path, program) in samples::programs() {
        let liveness = Liveness::of(&program);
        for (index, function) in program.functions.iter().enumerate() {
            let given = usize::from(function.member) + function.parameters.len() + function.captures;
            let index = index as u32;
            let name = &function.name;
            // The thread's own first call finds the callee and a list in its registers.
            if &**name != "<thread>" {
                for register in liveness.before(index, 0).iter() {
                    assert!(usize::from(register) < given, "{path}: {name} begins with {register}");
                }
            }
            for (at, instruction) in function.code.iter().enumerate() {
                let mut from = None;
                effects(instruction, &program, &mut |effect| {
                    if let Effect::Clobbers(first) = effect {
                        from = Some(first);
                    }
                });
                let Some(from) = from else { continue };
                let live = liveness.before(index, at as u32 + 1);
                let survives = |register: &Register| usize::from(*register) > from;
                assert_eq!(live.iter().find(survives), None, "{path}: {name} {at} {instruction:?}");
                let live = liveness.during(index, at as u32 + 1);
                let lost = |register: &Register| usize::from(*register) >= from;
                assert_eq!(live.iter().find(lost), None, "{path}: {name} {at} {instruction:?}");
            }
        }
    }
}

// Random code against a search along all ways.

const REGISTERS: u16 = 70;

fn random_function(random: &mut fastrand::Rng) -> Function {
    let program = samples::program("print(1)");
    let size = random.u32(2..30);
    let code: Vec<I> =
        (0..size).map(|at| random_instruction(random, at, size)).chain([I::ReturnNil]).collect();
    let mut handlers = Vec::new();
    for _ in 0..random.usize(0..4) {
        let start = random.u32(0..size);
        let end = random.u32(start..=size);
        let (target, error) = (random.u32(0..size), register(random));
        handlers.push(Handler { start, end, target, error, cleanup: random.bool() });
    }
    Function {
        name: "random".into(),
        span: program.functions[0].span,
        kind: program.functions[0].kind,
        parameters: Vec::new(),
        required: 0,
        member: false,
        captures: 0,
        registers: usize::from(REGISTERS),
        spans: Vec::new(),
        lines: Vec::new(),
        code,
        handlers,
        internal: false,
    }
}

/// Few registers, so that they meet; some of them in the second word.
fn register(random: &mut fastrand::Rng) -> Register {
    random.u16(60..66)
}

fn random_instruction(random: &mut fastrand::Rng, at: u32, size: u32) -> I {
    let (d, a, b) = (register(random), register(random), register(random));
    let forward = random.u32(at + 1..=size);
    let backward = random.u32(0..=at);
    match random.u32(0..11) {
        0 => I::Nil { d },
        1 => I::Move { d, s: a },
        2 => I::Add { d, a, b },
        3 => I::NewCell { d },
        4 => I::JumpIf { a, to: forward },
        5 => I::Jump { to: forward },
        6 => I::LoopIf { a, to: backward },
        7 => I::LoopRange { at: a, to: backward },
        8 => I::CallBuiltin { at: a, count: 2, row: 0 },
        9 => I::Throw { s: a },
        _ => I::GetField { d, object: a, name: 0 },
    }
}

/// What an instruction reads, and where it may lead: the instruction, and what has been written on the way.
struct Step {
    reads: Vec<Register>,
    late: Vec<Register>,
    ways: Vec<(usize, BTreeSet<Register>)>,
}

fn step(function: &Function, at: usize) -> Step {
    let next = at + 1;
    let some = |registers: &[Register]| registers.iter().copied().collect::<BTreeSet<_>>();
    let (reads, mut ways) = match function.code[at] {
        I::Nil { d } => (vec![], vec![(next, some(&[d]))]),
        I::Move { d, s } => (vec![s], vec![(next, some(&[d]))]),
        I::Add { d, a, b } => (vec![a, b], vec![(next, some(&[d]))]),
        I::NewCell { d } => (vec![d], vec![(next, some(&[d]))]),
        I::JumpIf { a, to } | I::LoopIf { a, to } => {
            (vec![a], vec![(next, some(&[])), (to as usize, some(&[]))])
        }
        I::Jump { to } => (vec![], vec![(to as usize, some(&[]))]),
        I::LoopRange { at, to } => {
            (vec![at, at + 1], vec![(next, some(&[])), (to as usize, some(&[at + 2]))])
        }
        I::CallBuiltin { at, .. } => (vec![at, at + 1], vec![(next, (at..REGISTERS).collect())]),
        I::Throw { s } => (vec![s], vec![]),
        I::GetField { d, object, .. } => (vec![object], vec![(next, some(&[d]))]),
        I::ReturnNil => (vec![], vec![]),
        other => unreachable!("{other:?} is not made"),
    };
    let late = match function.code[at] {
        I::GetField { object, .. } => vec![object],
        _ => vec![],
    };
    let covers = |handler: &&Handler| handler.start as usize <= at && at < handler.end as usize;
    let error = function.handlers.iter().find(covers);
    let exit = function.handlers.iter().filter(|handler| handler.cleanup).find(covers);
    ways.extend([error, exit].into_iter().flatten().map(|h| (h.target as usize, some(&[h.error]))));
    Step { reads, late, ways }
}

/// Whether some way from here reads the register before it is written.
fn may_read(function: &Function, at: usize, register: Register, seen: &mut BTreeSet<usize>) -> bool {
    seen.insert(at) && (step(function, at).reads.contains(&register) || later(function, at, register, seen))
}

fn later(function: &Function, at: usize, register: Register, seen: &mut BTreeSet<usize>) -> bool {
    let ways = step(function, at).ways;
    ways.iter().any(|(to, written)| !written.contains(&register) && may_read(function, *to, register, seen))
}

#[test]
fn random_code_as_a_search_along_all_ways_finds_it() {
    let program = samples::program("print(1)");
    let mut random = fastrand::Rng::with_seed(7);
    let mut live = 0;
    for case in 0..2000 {
        let function = random_function(&mut random);
        let rows = Rows::of(&program, &function);
        for at in 0..function.code.len() {
            for register in 58..REGISTERS {
                let before = may_read(&function, at, register, &mut BTreeSet::new());
                let found = rows.before(at).contains(register);
                assert_eq!(found, before, "case {case}: before {at}, register {register}: {function:?}");
                let late = step(&function, at).late.contains(&register);
                let during = late || later(&function, at, register, &mut BTreeSet::new());
                let found = rows.during(at).contains(register);
                assert_eq!(found, during, "case {case}: during {at}, register {register}: {function:?}");
                live += u32::from(before);
            }
        }
    }
    assert!(live > 10_000, "{live}");
}

mod places;
mod poison;
