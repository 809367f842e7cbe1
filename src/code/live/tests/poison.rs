//! Scripts do what they do although every register that is not live is written over before every instruction.

use super::*;
use crate::code::operands::Target;
use crate::code::verify::Verified;
use crate::source::Source;
use crate::value::Value;
use crate::world::Stream;
use crate::world::real::{self, Options, Sink};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Kept(Mutex<String>);

impl Sink for Kept {
    fn write(&self, _: Stream, text: &str) -> std::io::Result<()> {
        self.0.lock().expect("no panic").push_str(text);
        Ok(())
    }
}

/// Folders of golden scripts that print the same each time, and fast.
const FOLDERS: [&str; 18] = [
    "atomic",
    "class",
    "closure",
    "condition",
    "control",
    "error",
    "format",
    "list",
    "lock",
    "map",
    "monitor",
    "parallel",
    "queue",
    "rlock",
    "select",
    "set",
    "str",
    "value",
];

#[test]
fn nobody_reads_what_is_not_live() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut changed = 0;
    for folder in FOLDERS {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder").flatten() {
            let path = entry.path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let Some(plain) = lowered(&text) else { continue };
            let Some(mut poisoned) = lowered(&text) else { continue };
            changed += poison(&mut poisoned);
            let any_order = text.contains("# expect: any-order");
            let expected = outcome(plain, any_order);
            assert_eq!(outcome(poisoned, any_order), expected, "{}", path.display());
        }
    }
    assert!(changed > 10_000, "only {changed} registers were written over");
}

fn lowered(text: &str) -> Option<Program> {
    let source = Arc::new(Source::new("test.conc", text));
    crate::pipeline::compile(source.clone()).ok()?;
    let (script, _) = crate::syntax::parse(&source);
    let (resolution, _) = crate::resolve::resolve(&script, &source);
    crate::code::lower::lower(&source, &script, &resolution).ok()
}

/// The lines that a run prints, sorted where the threads may print them in any order, and its status.
fn outcome(program: Program, any_order: bool) -> (Vec<String>, i32) {
    let sink = Arc::new(Kept::default());
    let program = Arc::new(Verified::new(program).expect("sound"));
    let timeout = Some(Duration::from_secs(20));
    let options = Options { sink: sink.clone(), seed: Some(1), timeout, ..Options::default() };
    let status = real::run(program, options).status;
    let mut printed: Vec<String> = sink.0.lock().expect("no panic").lines().map(str::to_string).collect();
    if any_order {
        printed.sort_unstable();
    }
    (printed, status)
}

/// Puts before each instruction others that write over what is not live there; how many.
fn poison(program: &mut Program) -> usize {
    let liveness = Liveness::of(program);
    let index = program.constants.len() as u32;
    program.constants.push(Value::text("poison"));
    let mut count = 0;
    for (number, function) in program.functions.iter_mut().enumerate() {
        let (mut code, mut from, mut place) = (Vec::new(), Vec::new(), Vec::new());
        for (at, instruction) in function.code.iter().enumerate() {
            place.push(code.len() as u32);
            let live = liveness.before(number as u32, at as u32);
            for d in (0..function.registers as Register).filter(|d| !live.contains(*d)) {
                code.push(I::Constant { d, index });
                from.push(at);
            }
            code.push(*instruction);
            from.push(at);
        }
        // Short jumps do not reach further.
        if code.len() > usize::from(u16::MAX) {
            continue;
        }
        place.push(code.len() as u32);
        count += code.len() - function.code.len();
        code.iter_mut().for_each(|instruction| move_target(instruction, &place));
        function.spans = from.iter().map(|&at| function.spans[at]).collect();
        function.lines = from.iter().map(|&at| function.lines[at]).collect();
        function.code = code;
        for handler in &mut function.handlers {
            for at in [&mut handler.start, &mut handler.end, &mut handler.target] {
                *at = place[*at as usize];
            }
        }
    }
    count
}

fn move_target(instruction: &mut I, place: &[u32]) {
    match instruction.target_mut() {
        Some(Target::Long(to)) => *to = place[*to as usize],
        Some(Target::Short(to)) => *to = place[usize::from(*to)] as u16,
        None => {}
    }
}
