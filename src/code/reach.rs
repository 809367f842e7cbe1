//! Which things of the top level a thread may ever touch again, by its code alone: for the search for deadlocks.
//!
//! A thing is *private* here when the script made it in a declaration at top level and names it only to use it
//! (`q.get()`, `with s`, `for x in q`, an arm of a `select`): it is never copied, handed over or stored, so
//! whoever touches it comes by its name in the code. Of other things nothing is claimed. When in doubt, a
//! function may touch everything that any function which is used as a value may touch.

use super::verify::{registers, target};
use super::{Function, FunctionKind, Instruction as I, Program, Register};
use crate::builtin::{self, Body};
use crate::value::{Type, Value};
use std::collections::BTreeSet;

/// A set of private things, a bit each.
pub type Things = u64;

/// Stands in a set for the end of the program by `exit`.
pub const EXIT: Things = 1 << 63;

/// More private things than this are treated as if they were not.
const MOST: usize = 63;

/// The declarations whose things are looked at.
const MAKERS: [&str; 6] = ["semaphore", "condition", "event", "barrier", "latch", "queue"];

/// Properties of things that give away no reference to them.
const PLAIN_PROPERTIES: [&str; 14] = [
    "name",
    "size",
    "capacity",
    "closed",
    "unfinished",
    "locked",
    "owner",
    "depth",
    "permits",
    "waiting",
    "is_set",
    "parties",
    "broken",
    "count",
];

/// Native builtins that call no function they are given, and start no thread. One that is missing here is only
/// taken for less harmless than it is.
const HARMLESS: &str = " print str int float bool list set type len error copy same sum any all reversed \
    enumerate zip range abs round sqrt sin cos tan atan2 exp log floor ceil pi inf bin hex chr ord upper lower \
    strip split lines join replace find count startswith endswith isdigit ljust rjust center push pop insert \
    remove extend clear index reverse get keys values items setdefault update add discard union intersection \
    difference now clock choose random randint shuffle sample seed current_thread main_thread threads \
    active_count args env json parse_json acquire try_acquire release wait notify notify_all put try_put \
    try_get task_done close count_down abort reset swap compare_exchange cancel lock rlock rwlock semaphore \
    condition event barrier latch queue atomic pool as_completed __timer __join __must_hold __deadline \
    __wait_by __raise_first __task __done __failed __result_by ";

/// What is known of a program.
#[derive(Debug)]
pub struct Reach {
    /// The write-once globals that hold private things; the place is the bit.
    pub private: Vec<u32>,
    /// For each function, what it may touch, with all it may call or start.
    whole: Vec<Things>,
    /// The same from each instruction on, without what the function returns to.
    onward: Vec<Vec<Things>>,
    /// What each instruction itself uses.
    used: Vec<Vec<Things>>,
    /// What any function may touch that is used as a value.
    anything: Things,
}

/// Whether it is worth while to look: the program makes something that could be private.
pub fn worth_while(program: &Program) -> bool {
    program.rows.iter().any(|row| MAKERS.contains(&row.name))
}

impl Reach {
    pub fn of(program: &Program) -> Reach {
        let (private, used) = private_things(program);
        let calls: Vec<Vec<Calls>> = program.functions.iter().map(|f| calls_of(program, f)).collect();
        let values = used_as_values(program);
        let mut whole = vec![0; program.functions.len()];
        let mut anything: Things = 0;
        loop {
            let before = (whole.clone(), anything);
            for (index, function) in program.functions.iter().enumerate() {
                let mut things = runs_later(program, function).map_or(0, |run| whole[run as usize]);
                for at in 0..function.code.len() {
                    things |= used[index][at] | calls[index][at].things(&whole, anything);
                }
                whole[index] |= things;
            }
            anything = values.iter().fold(anything, |all, function| all | whole[*function as usize]);
            if before == (whole.clone(), anything) {
                break;
            }
        }
        let onward = program.functions.iter().enumerate().map(|(index, function)| {
            let own: Vec<Things> = (0..function.code.len())
                .map(|at| used[index][at] | calls[index][at].things(&whole, anything))
                .collect();
            onward(function, own)
        });
        let onward = onward.collect();
        Reach { private, whole, onward, used, anything }
    }

    /// What a thread may touch that begins with this function; None for one that is not known.
    pub fn from_start(&self, function: Option<u32>) -> Things {
        function.map_or(self.anything | EXIT, |function| self.whole[function as usize])
    }

    /// What a thread may touch that waits in this frame, or in a call that the frame has made: `pc` is the next instruction.
    pub fn from_frame(&self, program: &Program, function: u32, pc: u32) -> Things {
        let known = &program.functions[function as usize];
        let onward = &self.onward[function as usize];
        let next = onward.get(pc as usize).copied().unwrap_or(0);
        let Some(at) = pc.checked_sub(1) else { return next };
        // The instruction it stands in may still use its thing, go back in a loop, or raise an error.
        let mut things = next | self.used[function as usize][at as usize];
        if let Some(to) = target(&known.code[at as usize]) {
            things |= onward[to as usize];
        }
        for handler in &known.handlers {
            if (handler.start..handler.end).contains(&at) {
                things |= onward[handler.target as usize];
            }
        }
        things
    }
}

/// What an instruction may call or start.
#[derive(Default, Clone)]
struct Calls {
    known: Vec<u32>,
    /// Any function that is used as a value.
    unknown: bool,
    exits: bool,
}

impl Calls {
    fn things(&self, whole: &[Things], anything: Things) -> Things {
        let known = self.known.iter().fold(0, |all, function| all | whole[*function as usize]);
        let unknown = if self.unknown { anything } else { 0 };
        known | unknown | if self.exits { EXIT } else { 0 }
    }
}

/// The `run` block of a thread template with members.
fn runs_later(program: &Program, function: &Function) -> Option<u32> {
    match function.kind {
        FunctionKind::ThreadWithMembers { class, .. } => program.classes[class as usize].run,
        FunctionKind::Plain
        | FunctionKind::Watch { .. }
        | FunctionKind::Class(_)
        | FunctionKind::Thread { .. } => None,
    }
}

/// The functions that may be called without their name: closures, methods, templates, builtins in conc.
fn used_as_values(program: &Program) -> BTreeSet<u32> {
    let mut values = BTreeSet::new();
    for class in &program.classes {
        values.extend(class.methods.iter().map(|(_, function)| *function));
        values.extend(class.run);
    }
    values.extend(program.sites.iter().map(|site| site.function));
    for constant in &program.constants {
        values.extend(function_in(program, constant));
    }
    values
}

fn function_in(program: &Program, value: &Value) -> Option<u32> {
    match value {
        Value::Function(function) => Some(*function),
        Value::Builtin(row) => scripted(program, row.name),
        _ => None,
    }
}

/// The function that a builtin written in conc became. (Of several with one name there is one receiver each; any will do
/// that the code mentions, so all are taken by `method`.)
fn scripted(program: &Program, name: &str) -> Option<u32> {
    program.scripted.iter().find(|(row, _)| row.name == name).map(|(_, function)| *function)
}

fn calls_of(program: &Program, function: &Function) -> Vec<Calls> {
    (0..function.code.len()).map(|at| calls_at(program, function, at)).collect()
}

fn calls_at(program: &Program, function: &Function, at: usize) -> Calls {
    let mut calls = Calls::default();
    match function.code[at] {
        // To mention a function is to call it.
        I::Constant { index, .. } => {
            let constant = &program.constants[index as usize];
            calls.known.extend(function_in(program, constant));
            if let Value::Builtin(row) = constant {
                builtin(program, row, &mut calls);
            }
        }
        I::Closure { site, .. } => calls.known.push(program.sites[site as usize].function),
        I::CallFunction { function, .. } | I::CallMember { function, .. } => calls.known.push(function),
        I::CallBuiltin { row, .. } => builtin(program, program.rows[row as usize], &mut calls),
        I::CallMethod { shape, .. } => method(program, program.shapes[shape as usize].method, &mut calls),
        I::CallMethodOf { shape, .. } | I::CallMethodFixed { shape, .. } => {
            method(program, program.shapes[shape as usize].method, &mut calls);
        }
        I::Call { at: callee, .. } | I::Prepare { at: callee, .. } => {
            calls.unknown = !is_named(program, function, at, callee);
        }
        // What was prepared just before was mentioned there.
        I::Start { a } => {
            let before = at.checked_sub(1).map(|before| function.code[before]);
            calls.unknown = !matches!(before, Some(I::Prepare { at, .. }) if at == a);
        }
        I::CallSpread { .. } => calls.unknown = true,
        // None of these calls anything, or starts a thread.
        I::Move { .. }
        | I::Nil { .. }
        | I::Bool { .. }
        | I::Int { .. }
        | I::Unset { .. }
        | I::LoadGlobal { .. }
        | I::StoreGlobal { .. }
        | I::LoadFixed { .. }
        | I::StoreFixed { .. }
        | I::NewCell { .. }
        | I::LoadCell { .. }
        | I::StoreCell { .. }
        | I::CheckSet { .. }
        | I::LoadLocal { .. }
        | I::StoreLocal { .. }
        | I::Add { .. }
        | I::Subtract { .. }
        | I::Multiply { .. }
        | I::Modulo { .. }
        | I::AddInt { .. }
        | I::MultiplyInt { .. }
        | I::ModuloInt { .. }
        | I::Binary { .. }
        | I::Unary { .. }
        | I::Compare { .. }
        | I::Jump { .. }
        | I::JumpIf { .. }
        | I::JumpUnless { .. }
        | I::JumpSet { .. }
        | I::Loop { .. }
        | I::LoopIf { .. }
        | I::UnlessLess { .. }
        | I::UnlessLessEqual { .. }
        | I::UnlessEqual { .. }
        | I::UnlessNotEqual { .. }
        | I::UnlessLessInt { .. }
        | I::UnlessLessEqualInt { .. }
        | I::UnlessGreaterInt { .. }
        | I::UnlessGreaterEqualInt { .. }
        | I::UnlessEqualInt { .. }
        | I::UnlessNotEqualInt { .. }
        | I::LoopLess { .. }
        | I::LoopLessEqual { .. }
        | I::LoopLessInt { .. }
        | I::LoopLessEqualInt { .. }
        | I::RangeCheck { .. }
        | I::LoopRange { .. }
        | I::Iterate { .. }
        | I::LoopItems { .. }
        | I::CountCheck { .. }
        | I::LoopCount { .. }
        | I::Return { .. }
        | I::ReturnNil
        | I::GetField { .. }
        | I::SetField { .. }
        | I::GetOwn { .. }
        | I::SetOwn { .. }
        | I::OwnMethod { .. }
        | I::GetIndex { .. }
        | I::SetIndex { .. }
        | I::Slice { .. }
        | I::List { .. }
        | I::Map { .. }
        | I::Range { .. }
        | I::Push { .. }
        | I::Text { .. }
        | I::Format { .. }
        | I::Unpack { .. }
        | I::Name { .. }
        | I::NameElement { .. }
        | I::Throw { .. }
        | I::Rethrow { .. }
        | I::IsKind { .. }
        | I::AssertFailed { .. }
        | I::AssertCompared { .. }
        | I::Watch { .. }
        | I::Enter { .. }
        | I::EnterFixed { .. }
        | I::EnterTimed { .. }
        | I::Leave { .. }
        | I::LeaveFixed { .. }
        | I::Monitor { .. }
        | I::Sleep { .. }
        | I::Yield
        | I::HoldOthers
        | I::ResumeOthers
        | I::AwaitBegin
        | I::AwaitWait
        | I::AwaitEnd
        | I::Arm { .. }
        | I::Select { .. } => {}
    }
    calls
}

fn builtin(program: &Program, row: &builtin::Row, calls: &mut Calls) {
    match row.body {
        Body::Script(_) => match scripted(program, row.name) {
            Some(function) => calls.known.push(function),
            None => calls.unknown = true,
        },
        Body::Native(_) => {
            calls.exits |= row.name == "exit";
            // It starts what a `parallel` has prepared, and mentioned.
            let started_here = row.name == "__start_all" || row.name == "exit";
            calls.unknown |= !started_here && !is_harmless(row.name);
        }
        Body::Constant(_) => {}
    }
}

fn is_harmless(name: &str) -> bool {
    HARMLESS.split_whitespace().any(|known| known == name)
}

/// A call by the name of a method, of whatever has one.
fn method(program: &Program, symbol: u16, calls: &mut Calls) {
    let name = program.symbol(symbol);
    for class in &program.classes {
        let methods = class.methods.iter().filter(|(known, _)| known == name);
        calls.known.extend(methods.map(|(_, function)| *function));
        calls.unknown |= class.fields.iter().any(|field| field.name == *name);
    }
    let rows = Type::ALL.into_iter().flat_map(builtin::methods).filter(|row| *row.name == **name);
    for row in rows {
        match row.body {
            Body::Script(_) => {
                let known = program.scripted.iter().filter(|(known, _)| known.name == row.name);
                calls.known.extend(known.map(|(_, function)| *function));
            }
            Body::Native(_) => calls.unknown |= !is_harmless(row.name),
            Body::Constant(_) => {}
        }
    }
}

/// Whether what is called at `at` was put into its register by name, on every way there.
fn is_named(program: &Program, function: &Function, at: usize, callee: Register) -> bool {
    let Some(made) = (0..at).rev().find(|before| names(&function.code[*before], callee)) else {
        return false;
    };
    let named = match function.code[made] {
        I::Constant { d, index } => {
            let constant = &program.constants[index as usize];
            d == callee && matches!(constant, Value::Function(_) | Value::Builtin(_))
        }
        I::Closure { d, .. } => d == callee,
        _ => false,
    };
    let inside = made + 1..at + 1;
    let from_elsewhere = |(from, instruction): (usize, &I)| {
        target(instruction).is_some_and(|to| inside.contains(&(to as usize)) && !inside.contains(&from))
    };
    let entered = function.code.iter().enumerate().any(from_elsewhere)
        || function.handlers.iter().any(|handler| inside.contains(&(handler.target as usize)));
    named && !entered
}

fn names(instruction: &I, register: Register) -> bool {
    let mut named = false;
    registers(instruction, &mut |first, count| {
        named |= (usize::from(first)..usize::from(first) + count).contains(&usize::from(register));
    });
    named
}

/// Where the code may go on after an instruction, errors aside.
fn successors(function: &Function, at: usize) -> impl Iterator<Item = usize> {
    let instruction = &function.code[at];
    let ends = matches!(instruction, I::Return { .. } | I::ReturnNil | I::Throw { .. } | I::Rethrow { .. });
    let leaves = ends || matches!(instruction, I::Jump { .. } | I::Loop { .. });
    let next = (!leaves && at + 1 < function.code.len()).then_some(at + 1);
    next.into_iter().chain(target(instruction).map(|to| to as usize))
}

/// Where an error raised by an instruction may lead.
fn handled(function: &Function, at: usize) -> impl Iterator<Item = usize> {
    handlers_of(function, at).map(|handler| handler.target as usize)
}

fn handlers_of(function: &Function, at: usize) -> impl Iterator<Item = &super::Handler> {
    let covers = move |handler: &&super::Handler| (handler.start..handler.end).contains(&(at as u32));
    function.handlers.iter().filter(covers)
}

/// From what each instruction may touch: what it and all that may follow it may touch.
fn onward(function: &Function, mut things: Vec<Things>) -> Vec<Things> {
    loop {
        let mut changed = false;
        for at in (0..function.code.len()).rev() {
            let follow = successors(function, at).chain(handled(function, at));
            let all = follow.fold(things[at], |all, next| all | things[next]);
            changed |= all != things[at];
            things[at] = all;
        }
        if !changed {
            return things;
        }
    }
}

/// The private things, and for each function and instruction which of them it uses.
fn private_things(program: &Program) -> (Vec<u32>, Vec<Vec<Things>>) {
    let mut uses: Vec<Uses> = Vec::new();
    // Whoever asks what a thread waits on gets the thing itself.
    let gives_away = program.symbols.iter().any(|symbol| **symbol == *"waiting_on");
    for index in 0..program.fixed.len() as u32 {
        if gives_away || uses.len() == MOST {
            break;
        }
        uses.extend(uses_of(program, index));
    }
    let mut used: Vec<Vec<Things>> = program.functions.iter().map(|f| vec![0; f.code.len()]).collect();
    for (bit, uses) in uses.iter().enumerate() {
        for (function, at) in &uses.places {
            used[*function][*at] |= 1 << bit;
        }
    }
    (uses.iter().map(|uses| uses.index).collect(), used)
}

/// Where a private thing is used: function and instruction.
struct Uses {
    index: u32,
    places: BTreeSet<(usize, usize)>,
}

/// None if the global holds no private thing.
fn uses_of(program: &Program, index: u32) -> Option<Uses> {
    let mut places = BTreeSet::new();
    let mut made = false;
    for (number, function) in program.functions.iter().enumerate() {
        for (at, instruction) in function.code.iter().enumerate() {
            match *instruction {
                I::LoadFixed { d, index: it } if it == index => {
                    places.insert((number, at));
                    follow(program, index, (number, at, d), &mut places)?;
                }
                I::StoreFixed { s, index: it } if it == index => {
                    places.insert((number, at));
                    let maker = maker(program, function, at, s)?;
                    follow(program, index, (number, maker, s), &mut places)?;
                    made = true;
                }
                I::CallMethodFixed { index: it, .. } if u32::from(it) == index => {
                    places.insert((number, at));
                }
                I::EnterFixed { index: it } | I::LeaveFixed { index: it } if it == index => {
                    places.insert((number, at));
                }
                _ => {}
            }
        }
    }
    made.then_some(Uses { index, places })
}

/// The call that makes a thing which a declaration then names and stores, with nothing in between.
fn maker(program: &Program, function: &Function, stored: usize, s: Register) -> Option<usize> {
    let (name, call) = (stored.checked_sub(1)?, stored.checked_sub(2)?);
    let I::Name { a, .. } = function.code[name] else { return None };
    let I::CallBuiltin { at, row, .. } = function.code[call] else { return None };
    (a == s && at == s && MAKERS.contains(&program.rows[row as usize].name)).then_some(call)
}

/// Follows the reference that an instruction of a function has put into a register, on all ways, until it is written
/// over. None if it is used other than as the receiver of something (or to store it in its own global).
fn follow(
    program: &Program,
    index: u32,
    (number, from, register): (usize, usize, Register),
    places: &mut BTreeSet<(usize, usize)>,
) -> Option<()> {
    let function = &program.functions[number];
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<usize> = successors(function, from).collect();
    while let Some(at) = ahead.pop() {
        if !seen.insert(at) {
            continue;
        }
        match use_of(program, &function.code[at], register, index) {
            Use::None => ahead.extend(successors(function, at)),
            Use::Receiver => {
                places.insert((number, at));
                ahead.extend(successors(function, at));
            }
            Use::LastReceiver => {
                places.insert((number, at));
            }
            Use::Overwritten => {}
            Use::Other => return None,
        }
        // When it fails, nothing may have been written but the error itself.
        ahead.extend(handlers_of(function, at).filter(|h| h.error != register).map(|h| h.target as usize));
    }
    Some(())
}

/// What an instruction does with a reference in a register.
enum Use {
    None,
    Receiver,
    /// And then the register holds something else.
    LastReceiver,
    Overwritten,
    Other,
}

fn use_of(program: &Program, instruction: &I, register: Register, index: u32) -> Use {
    let shape = |shape: usize| program.shapes[shape].count;
    let arguments = |at: Register, count: u16| (at..=at.saturating_add(count)).contains(&register);
    let receives = match *instruction {
        I::GetField { d, object, name } if object == register => {
            if !PLAIN_PROPERTIES.contains(&&**program.symbol(name)) {
                return Use::Other;
            }
            return if d == register { Use::LastReceiver } else { Use::Receiver };
        }
        I::CallMethod { at, shape: s } => {
            if at == register {
                return Use::LastReceiver;
            }
            return other_if(arguments(at, shape(s as usize)));
        }
        I::CallMethodOf { object, .. } if object == register => return Use::Receiver,
        I::CallMethodOf { at, shape: s, .. } | I::CallMethodFixed { at, shape: s, .. } => {
            if at == register {
                return Use::Overwritten;
            }
            return other_if(arguments(at, shape(usize::from(s))));
        }
        I::Arm { at, shape: s } => {
            if at == register {
                return Use::Receiver;
            }
            return other_if(arguments(at, shape(s as usize)));
        }
        // Without arguments there is only the place for the value.
        I::CallBuiltin { at, count: 0, .. } if at == register => return Use::Overwritten,
        I::Call { at, shape: s } | I::Prepare { at, shape: s } => {
            return other_if(arguments(at, shape(s as usize)));
        }
        I::CallFunction { at, function } | I::CallMember { at, function } => {
            let parameters = program.functions[function as usize].parameters.len() as u16;
            return other_if(arguments(at, parameters));
        }
        I::Iterate { at } | I::LoopItems { at, .. } => at == register,
        I::Enter { a } | I::Leave { a } | I::Name { a, .. } => a == register,
        I::EnterTimed { d, a, timeout } => a == register && d != register && timeout != register,
        I::StoreFixed { s, index: stored } => s == register && stored == index,
        _ => false,
    };
    if receives {
        return Use::Receiver;
    }
    if !names(instruction, register) {
        return Use::None;
    }
    if writes_only(instruction, register) { Use::Overwritten } else { Use::Other }
}

fn other_if(named: bool) -> Use {
    if named { Use::Other } else { Use::None }
}

/// Whether it puts a new value into the register without a look at the old one.
fn writes_only(instruction: &I, register: Register) -> bool {
    let d = match *instruction {
        I::Nil { d }
        | I::Bool { d, .. }
        | I::Int { d, .. }
        | I::Constant { d, .. }
        | I::Unset { d }
        | I::LoadGlobal { d, .. }
        | I::LoadFixed { d, .. }
        | I::LoadLocal { d, .. }
        | I::Closure { d, .. } => d,
        I::Move { d, s } if s != register => d,
        I::LoadCell { d, cell } if cell != register => d,
        I::GetOwn { d, object, .. } if object != register => d,
        I::GetField { d, object, .. } if object != register => d,
        I::AddInt { d, a, .. } | I::MultiplyInt { d, a, .. } | I::ModuloInt { d, a, .. } if a != register => {
            d
        }
        // A list may be written where its items begin.
        I::List { d, count: 0, .. } => d,
        _ => return false,
    };
    d == register
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use std::sync::Arc;

    /// The names of the private things of a script, of which a function uses `q` too: what only the top level uses is no
    /// global.
    fn private(text: &str) -> Vec<String> {
        let text = format!("{text}\nfn other() {{ return q.name }}");
        let source = Arc::new(Source::new("test.conc", &*text));
        let (program, _) = crate::pipeline::compile(source).expect("it is understood");
        let reach = Reach::of(&program);
        reach.private.iter().map(|index| program.fixed[*index as usize].to_string()).collect()
    }

    #[test]
    fn things_that_are_only_used_are_private() {
        assert_eq!(private("queue q\nq.put(1)\nfor x in q { print(x) }\nprint(q.size)"), ["q"]);
        assert_eq!(private("semaphore q(1)\nwith q { }\nwith q timeout 1s { } else { }"), ["q"]);
        assert_eq!(private("event q\nselect { q.wait() => { } after 1s => { } }\nfn f() { q.set() }"), ["q"]);
        assert_eq!(private("lock m\ncondition q for m\nwith m { q.notify() }"), ["q"]);
    }

    #[test]
    fn things_that_are_copied_are_not() {
        for text in [
            "queue q\nlet r = q\nlet all = [r]",
            "queue q\nvar r = nil\nr = q\nr = [r]",
            "queue q\nlet all = [q]",
            "queue q\nlet all = {\"q\": q}",
            "queue q\nfn f(x) { x.put(1) }\nf(q)",
            "queue q\nstart f(q)\nfn f(x) { x.put(1) }",
            "queue q\nlet put = q.put",
            "queue q\nlet [a] = [q]\na.put(1)",
            "queue q\nfn f() { return q }\nf().put(1)",
            "queue q\nfn f() { let r = q\nprint(r.size)\nreturn r }",
            "queue q, r\nq.put(r)\nq.put(q)",
            "let q = queue()\nq.put(1)",
            "queue q\nlet r = q if q.size == 0 else nil\nlet all = [r]",
            "queue q\nprint(current_thread().waiting_on, q.size)",
            "queue q\nfn f() { throw q }",
            "class C(x) { }\nqueue q\nC(q)",
            "queue q\nlet f = fn(x = q) => x\nf().put(1)",
        ] {
            assert_eq!(private(text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn threads_touch_what_their_code_can_come_to() {
        let text = "event e, f, g
            thread setter { e.set() }
            fn idle() { sleep 1s }
            fn by_value(h) { h() }
            thread late { f.set() }
            fn starts() { start late() }
            class Gate(n) { fn open() { g.set() } }
            fn opens(gate) { gate.open() }
            fn leaves() { exit(1) }
            fn polls(xs) { xs.push(1); print(len(xs)) }";
        let (program, _) = crate::pipeline::compile(Arc::new(Source::new("test.conc", text))).expect("fine");
        let reach = Reach::of(&program);
        let of = |name: &str| {
            let function = program.functions.iter().position(|function| *function.name == *name);
            reach.from_start(function.map(|function| function as u32))
        };
        assert_eq!(reach.private.len(), 3);
        assert_eq!((of("setter"), of("idle"), of("polls")), (0b001, 0, 0));
        assert_eq!((of("late"), of("starts"), of("opens")), (0b010, 0b010, 0b100));
        assert_eq!(of("leaves"), EXIT);
        assert_eq!(of("by_value") & 0b100, 0b100);
        assert_eq!(reach.from_start(None) & EXIT, EXIT);
    }
}
