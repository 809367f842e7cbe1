//! What code can come to by itself, and what it mentions on the way: for the search for knots.
//!
//! A thread comes to a thing to wait for by its registers, by the variables of the top level that its code mentions,
//! and from those through all that values hold. This is the part of it that the code alone tells; what the values
//! are, and what they hold, is followed by `world::real::marks`.

mod sent;

use self::sent::signals_by_name;
use super::flow::{self, Place};
use super::live::Rows;
use super::operands::Entry;
use super::{Function, FunctionKind, Instruction as I, Program};
use crate::builtin::{Body, Row};
use crate::sync::process::{KILL, TERMINATE};
use crate::value::Value;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

/// What one instruction brings within reach of the thread that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mention {
    /// A write-once variable of the top level, by number.
    Fixed(u32),
    /// The same, of which nothing is asked but to wait for it; or to wait and then take something.
    Awaited { index: u32, takes: bool },
    /// One that can change.
    Global(u32),
    /// A change of one.
    Sets(u32),
    /// A function that it may call, start, or hand over.
    Function(u32),
    /// A method or field of whatever has one of this name.
    Symbol(u16),
    /// A field of the instances of a class, by number; of all classes when the class is not known.
    Field { class: Option<u32>, index: u16 },
    /// The threads that live.
    Threads,
    /// The end of the program by `exit`.
    Exit,
    /// A signal to a process: this one, or any.
    Signals(Option<i32>),
    /// What a signal does is said anew.
    Handles,
    /// Processes of which it need not have a handle.
    AnyProcess,
    /// A start of a thread, a timer, a process, or what may start some.
    Starts,
    /// A connection to a server, wherever that is.
    Connects,
    /// A builtin whose answer depends on more than its arguments: the clock, chance, files.
    Outside,
}

/// Native builtins whose answer depends on what they are given alone. One that is missing here is only taken for less
/// than it is.
const PURE: [&str; 22] = [
    "len",
    "sum",
    "min",
    "max",
    "any",
    "all",
    "abs",
    "bool",
    "int",
    "float",
    "str",
    "round",
    "type",
    "same",
    "list",
    "set",
    "reversed",
    "enumerate",
    "zip",
    "range",
    "copy",
    "error",
];

/// Methods of things to wait for that let nobody else go on, of most that have them, and whether they take something.
const WAITING: [(&str, bool); 4] = [("wait", false), ("join", false), ("acquire", true), ("get", true)];

/// What is known of a program's code.
#[derive(Debug)]
pub struct Reach {
    /// Whether it has an `await`.
    pub awaits: bool,
    /// For each function and each of its instructions.
    mentions: Vec<Vec<Vec<Mention>>>,
    /// All of a function, each once.
    whole: Vec<Vec<Mention>>,
    live: Vec<OnceLock<Rows>>,
}

/// The builtins that make something whose waiters nobody in particular has to release.
const MAKERS: [&str; 8] =
    ["semaphore", "condition", "event", "barrier", "latch", "queue", "pipe", "as_completed"];

/// Whether it is worth while to look: the program has something that threads may wait for in a knot.
pub fn worth_while(program: &Program) -> bool {
    mentions(program, &MAKERS) || makes_connections(program) || awaits(program)
}

fn awaits(program: &Program) -> bool {
    let awaits = |function: &Function| function.code.iter().any(|i| matches!(i, I::AwaitWait));
    program.functions.iter().any(awaits)
}

/// Whether the program may have pipes.
pub fn makes_pipes(program: &Program) -> bool {
    mentions(program, &["pipe"])
}

/// Whether the program may have servers or connections.
pub fn makes_connections(program: &Program) -> bool {
    mentions(program, &["listen", "connect"])
}

/// Whether the program may have something that closes itself, and others learn it, when nobody has it any more: also what
/// leads to the worker of a process pool.
pub fn makes_ends(program: &Program) -> bool {
    makes_pipes(program) || makes_connections(program) || makes_process_pools(program)
}

/// Whether the program may have process pools: what a task is goes from one process to another.
pub fn makes_process_pools(program: &Program) -> bool {
    mentions(program, &["process_pool"])
}

/// Whether the program may send signals to processes by their numbers, its own among them.
pub fn sends_by_number(program: &Program) -> bool {
    mentions(program, &["send_signal"])
}

/// Whether processes of the program may have something in common by which they wait for each other: what is `shared`, pipes,
/// connections, workers of process pools.
pub fn may_meet(program: &Program) -> bool {
    program.shares() || makes_ends(program)
}

/// Whether the program mentions one of these builtins.
fn mentions(program: &Program, names: &[&str]) -> bool {
    let is_one = |value: &Value| matches!(value, Value::Builtin(row) if names.contains(&row.name));
    program.rows.iter().any(|row| names.contains(&row.name)) || program.constants.iter().any(is_one)
}

impl Reach {
    pub fn of(program: &Program) -> Reach {
        let classes = classes_of(program);
        let mentions: Vec<Vec<Vec<Mention>>> = program
            .functions
            .iter()
            .zip(&classes)
            .map(|(function, class)| {
                let each = function.code.iter().enumerate();
                each.map(|(at, i)| signals_by_name(program, function, at, mentioned(program, *class, i)))
                    .collect()
            })
            .collect();
        let whole = mentions.iter().zip(&program.functions).map(|(each, function)| {
            let mut all: BTreeSet<Mention> = each.iter().flatten().copied().collect();
            if let FunctionKind::ThreadWithMembers { class, .. } = function.kind {
                all.extend(program.classes[class as usize].run.map(Mention::Function));
            }
            all.into_iter().collect()
        });
        let whole = whole.collect();
        let live = program.functions.iter().map(|_| OnceLock::new()).collect();
        Reach { awaits: awaits(program), mentions, whole, live }
    }

    /// What a function mentions, wherever.
    pub fn of_function(&self, function: u32) -> &[Mention] {
        &self.whole[function as usize]
    }

    /// What a frame may still mention.
    pub fn of_frame(&self, program: &Program, function: u32, place: Place) -> BTreeSet<Mention> {
        let code = &program.functions[function as usize];
        let reached = flow::reached(code, place.ahead(code));
        self.of_these(function, &reached).collect()
    }

    /// What the instructions of a function mention that are set.
    pub fn of_these<'r>(&'r self, function: u32, these: &'r [bool]) -> impl Iterator<Item = Mention> + 'r {
        let each = self.mentions[function as usize].iter().zip(these);
        each.filter(|(_, this)| **this).flat_map(|(mentions, _)| mentions.iter().copied())
    }

    /// What some of a function's instructions mention.
    pub fn of_part(&self, function: u32, part: Range<usize>) -> impl Iterator<Item = Mention> {
        self.mentions[function as usize].get(part).unwrap_or_default().iter().flatten().copied()
    }

    pub fn live(&self, program: &Program, function: u32) -> &Rows {
        self.live[function as usize].get_or_init(|| Rows::of(program, &program.functions[function as usize]))
    }
}

/// For each function, the class whose instance its register for `self` (or a captured one) holds, if that is known.
fn classes_of(program: &Program) -> Vec<Option<u32>> {
    let mut classes = vec![None; program.functions.len()];
    for (index, function) in program.functions.iter().enumerate() {
        if let FunctionKind::Class(class) | FunctionKind::ThreadWithMembers { class, .. } = function.kind {
            classes[index] = Some(class);
        }
    }
    for (number, class) in program.classes.iter().enumerate() {
        for function in class.methods.iter().map(|(_, function)| *function).chain(class.run) {
            classes[function as usize] = Some(number as u32);
        }
    }
    classes
}

fn mentioned(program: &Program, class: Option<u32>, instruction: &I) -> Vec<Mention> {
    let mut mentions = Vec::new();
    if let I::Start { .. } = instruction {
        mentions.push(Mention::Starts);
    }
    let waits = match instruction {
        I::CallMethodFixed { shape, .. } => {
            let name = program.symbol(program.shapes[usize::from(*shape)].method);
            WAITING.iter().find(|(waiting, _)| **waiting == **name).map(|(_, takes)| *takes)
        }
        _ => None, // no other names the thing and what is asked of it
    };
    instruction.entries(&mut |entry| match entry {
        Entry::Constant(index) => mentions.extend(of_constant(program, &program.constants[index as usize])),
        Entry::Global(index) => mentions.push(Mention::Global(index)),
        Entry::SetsGlobal(index) => mentions.push(Mention::Sets(index)),
        // Before it is written, which happens once, it holds nothing: so writing it may count as well.
        Entry::Fixed(index) => mentions.push(match waits {
            Some(takes) => Mention::Awaited { index, takes },
            None => Mention::Fixed(index),
        }),
        Entry::Function(function) => mentions.push(Mention::Function(function)),
        Entry::Method(shape) => by_name(program, program.shapes[shape as usize].method, &mut mentions),
        Entry::Row(row) => mentions.extend(of_row(program, program.rows[usize::from(row)])),
        Entry::Member(name) => by_name(program, name, &mut mentions),
        Entry::Site(site) => mentions.push(Mention::Function(program.sites[site as usize].function)),
        Entry::OwnField(index) => mentions.push(Mention::Field { class, index }),
        Entry::OwnMethod(index) => {
            let known = program.classes.iter().enumerate();
            let classes = known.filter(|(number, _)| class.is_none_or(|class| *number == class as usize));
            let named = classes.filter_map(|(_, class)| class.methods.get(usize::from(index)));
            mentions.extend(named.map(|(_, function)| Mention::Function(*function)));
        }
        // A thread's own variables are told with what it holds.
        Entry::Local(_) | Entry::Shape(_) | Entry::Word(_) | Entry::SetsOwnField(_) => {}
    });
    mentions
}

/// To mention a function is to call it.
fn of_constant(program: &Program, value: &Value) -> Vec<Mention> {
    match value {
        Value::Function(function) => vec![Mention::Function(*function)],
        Value::Builtin(row) => of_row(program, row),
        _ => Vec::new(),
    }
}

/// What a builtin may do by itself. (What it calls for others, it has got from them.)
pub fn of_row(program: &Program, row: &'static Row) -> Vec<Mention> {
    match row.body {
        Body::Script(_) => {
            let known = program.scripted.iter().filter(|(known, _)| std::ptr::eq(*known, row));
            known.map(|(_, function)| Mention::Function(*function)).collect()
        }
        Body::Native(_) => match row.name {
            "exit" => vec![Mention::Exit],
            "fork" | "process_pool" | "__start_at" | "__submit" | "__recruit" => {
                vec![Mention::Outside, Mention::Starts]
            }
            "threads" | "main_thread" | "current_thread" => vec![Mention::Threads],
            "kill" | "terminate" => vec![Mention::Outside, Mention::Signals(sent_by(row.name))],
            "__on_signal" => vec![Mention::Outside, Mention::Handles],
            "processes" => vec![Mention::Outside, Mention::AnyProcess],
            // By a number, or by a program that does it.
            "send_signal" | "run" | "command" => {
                vec![Mention::Outside, Mention::Signals(None), Mention::AnyProcess]
            }
            "connect" => vec![Mention::Outside, Mention::Connects],
            name if PURE.contains(&name) => Vec::new(),
            _ => vec![Mention::Outside],
        },
        Body::Constant(_) => Vec::new(),
    }
}

/// Which signal a method sends, if it is always the same.
fn sent_by(name: &str) -> Option<i32> {
    match name {
        "kill" => Some(KILL),
        "terminate" => Some(TERMINATE),
        _ => None,
    }
}

/// A method or field of this name, of whatever has one.
fn by_name(program: &Program, symbol: u16, mentions: &mut Vec<Mention>) {
    mentions.push(Mention::Symbol(symbol));
    let name = program.symbol(symbol);
    if **name == *"submit" {
        // It starts a thread that calls what others have given.
        mentions.push(Mention::Outside);
    }
    if matches!(&**name, "start" | "submit") {
        mentions.push(Mention::Starts);
    }
    if matches!(&**name, "kill" | "terminate" | "send_signal") {
        mentions.push(Mention::Signals(sent_by(name)));
    }
    let scripted = program.scripted.iter().filter(|(row, _)| *row.name == **name);
    mentions.extend(scripted.map(|(_, function)| Mention::Function(*function)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::verify::Verified;
    use crate::source::Source;
    use std::sync::Arc;

    fn compiled(text: &str) -> (Verified, Reach) {
        let source = Arc::new(Source::new("test.conc", text));
        let (program, _) = crate::pipeline::compile(source).expect("it is understood");
        let reach = Reach::of(&program);
        (program, reach)
    }

    /// The names of the write-once variables that a function and those it mentions come to.
    fn comes_to(program: &Program, reach: &Reach, name: &str) -> Vec<String> {
        let start =
            program.functions.iter().position(|function| *function.name == *name).expect("a function");
        let (mut seen, mut ahead, mut found) = (BTreeSet::new(), vec![start as u32], BTreeSet::new());
        while let Some(function) = ahead.pop() {
            if !seen.insert(function) {
                continue;
            }
            for mention in reach.of_function(function) {
                found.extend(match mention {
                    Mention::Function(next) => {
                        ahead.push(*next);
                        None
                    }
                    Mention::Fixed(index) => Some(program.fixed[*index as usize].to_string()),
                    Mention::Awaited { index, takes } => {
                        let what = if *takes { "to take" } else { "to wait" };
                        Some(format!("{} {what}", program.fixed[*index as usize]))
                    }
                    Mention::Exit => Some("exit".into()),
                    Mention::Threads => Some("threads".into()),
                    Mention::Global(_)
                    | Mention::Sets(_)
                    | Mention::Symbol(_)
                    | Mention::Field { .. }
                    | Mention::Signals(_)
                    | Mention::Handles
                    | Mention::AnyProcess
                    | Mention::Starts
                    | Mention::Connects
                    | Mention::Outside => None,
                });
            }
        }
        found.into_iter().collect()
    }

    #[test]
    fn functions_come_to_what_they_and_others_mention() {
        let (program, reach) = compiled(
            "event e, f
            semaphore s(1)
            thread setter { e.set() }
            fn idle() { sleep 1s }
            thread late { f.set() }
            fn starts() { start late() }
            fn hands_over() { return setter }
            fn in_a_closure() { return fn() { with s { } } }
            thread with_members { var n = 0
                run { f.set() } }
            fn starts_it() { start with_members() }
            fn leaves() { exit(1) }
            fn asks() { return threads() }
            fn sorts(xs) { return sorted(xs, key: fn(x) => x) }
            fn waits() { e.wait(); s.acquire() }
            fn gives() { s.acquire(); s.release() }",
        );
        let of = |name: &str| comes_to(&program, &reach, name);
        assert_eq!((of("setter"), of("idle")), (vec!["e".into()], vec![]));
        assert_eq!((of("starts"), of("hands_over")), (vec!["f".into()], vec!["e".into()]));
        assert_eq!((of("in_a_closure"), of("starts_it")), (vec!["s".into()], vec!["f".into()]));
        assert_eq!((of("leaves"), of("asks")), (vec!["exit".into()], vec!["threads".into()]));
        assert_eq!(of("sorts"), [] as [&str; 0]);
        assert_eq!(
            (of("waits"), of("gives")),
            (vec!["e to wait".into(), "s to take".into()], vec!["s".into(), "s to take".into()])
        );
    }

    #[test]
    fn fields_belong_to_the_class_of_the_method() {
        let (program, reach) = compiled(
            "class A { var x = 1
                fn get() => x }
            class B { var y = 1
                fn get() => y }
            print(A().get(), B().get())",
        );
        let method = |class: usize| program.classes[class].methods[0].1;
        let fields = |class: usize| {
            let all = reach.of_function(method(class)).iter();
            all.filter(|mention| matches!(mention, Mention::Field { .. })).copied().collect::<Vec<_>>()
        };
        assert_eq!(fields(0), [Mention::Field { class: Some(0), index: 0 }]);
        assert_eq!(fields(1), [Mention::Field { class: Some(1), index: 0 }]);
    }

    #[test]
    fn what_is_behind_a_frame_is_out_of_its_reach() {
        let (program, reach) = compiled("event a, b\nfn f() { a.set()\nb.set()\nreturn [a, b] }\nf()");
        let function = program.functions.iter().position(|f| *f.name == *"f").expect("f") as u32;
        let code = &program.functions[function as usize].code;
        let calls: Vec<u32> = (0..code.len() as u32)
            .filter(|at| matches!(code[*at as usize], I::CallMethodFixed { .. }))
            .collect();
        let last = code.len() as u32 - 1;
        let count = |place| {
            let mentions = reach.of_frame(&program, function, place);
            mentions.iter().filter(|mention| matches!(mention, Mention::Fixed(_))).count()
        };
        assert_eq!(calls.len(), 2);
        assert_eq!((count(Place::Before(calls[0])), count(Place::Before(last))), (2, 0));
        assert_eq!(count(Place::Calls(calls[1])), 2); // it makes the list
    }
}
