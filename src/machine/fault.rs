//! What interrupts the flow of a fiber, and where it goes on: handlers, `finally`, the end of the thread.

use super::Fiber;
use super::fiber::OnItsWay;
use crate::code::{Handler, Instruction, Program, Register};
use crate::value::{
    Value,
    error::{Error, Kind, OUTERMOST, Place},
    show,
};
use crate::world::World;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Calls named in an error's report, at most.
const CALLS_SHOWN: usize = 50;

#[derive(Debug)]
pub(super) enum Fault {
    /// An error that happens here.
    Error(Box<Error>),
    /// An error that was raised before and goes on.
    Raised(Arc<Error>),
    /// `exit(n)`.
    Exit(i32),
    /// The run has ended.
    Stopped,
    /// The fiber is put aside before its next instruction.
    Paused,
    /// The condition of the innermost `await` cannot be told now, since others are in a monitor that it asks: it does not
    /// hold yet, and is looked at again after any change.
    NotYet,
}

/// The status of a thread that somebody has ended.
const ENDED: i32 = crate::report::runtime::status::INTERRUPTED;

impl Fault {
    /// Somebody ends the thread.
    pub fn ended() -> Fault {
        Fault::Exit(ENDED)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Error(Box::new(error))
    }
}

impl From<super::Stopped> for Fault {
    fn from(_: super::Stopped) -> Fault {
        Fault::Stopped
    }
}

impl From<super::Interrupted> for Fault {
    fn from(interrupted: super::Interrupted) -> Fault {
        match interrupted {
            super::Interrupted::Stopped => Fault::Stopped,
            super::Interrupted::Failed(error) => Fault::Error(error),
            super::Interrupted::Ended => Fault::ended(),
            super::Interrupted::Outgrown => Fault::Paused,
        }
    }
}

/// What a thread meets at the safe point of a backward jump: an error is raised at the jump (`past` is after it), not
/// where it leads, which may be before the first instruction of a `try` around it.
pub(super) fn interrupted(fiber: &mut Fiber, past: u32, interrupted: super::Interrupted) -> Fault {
    let here = match interrupted {
        super::Interrupted::Failed(_) | super::Interrupted::Ended => true,
        super::Interrupted::Stopped | super::Interrupted::Outgrown => false,
    };
    if let (true, Some(frame)) = (here, fiber.frames.last_mut()) {
        frame.pc = past;
    }
    interrupted.into()
}

/// Sends the fault to the innermost handler that takes it. Err when there is none: how the fiber ends.
///
/// The frames' `pc`s must be up to date.
pub(super) fn raise(
    fiber: &mut Fiber,
    program: &Program,
    world: &dyn World,
    fault: Fault,
) -> Result<(), super::Exit> {
    // What goes into the register of a handler, and whether a `catch` takes it.
    let (value, caught) = match fault {
        Fault::Stopped => return Err(super::Exit::Stopped),
        Fault::Paused => return Err(super::Exit::Paused),
        Fault::Exit(status) => {
            fiber.exiting = Some(status);
            (Value::Unset, false)
        }
        Fault::NotYet => (Value::Nil, false),
        Fault::Error(error) => {
            let error = error.raise();
            note_place(fiber, program, world, &error);
            (Value::Error(error), true)
        }
        Fault::Raised(error) => {
            note_place(fiber, program, world, &error);
            (Value::Error(error), true)
        }
    };
    if let Value::Error(error) = &value {
        note_held(fiber, program, world, error);
    }
    while let Some(frame) = fiber.frames.last_mut() {
        let function = &program.functions[frame.function as usize];
        let at = frame.pc.saturating_sub(1);
        let takes = |handler: &&crate::code::Handler| {
            handler.start <= at && at < handler.end && (handler.cleanup || caught)
        };
        if let Some(handler) = function.handlers.iter().find(takes) {
            if matches!(value, Value::Nil)
                && let Some((wait, condition)) = unmet(&function.code, handler)
            {
                frame.pc = wait;
                fiber.stack[frame.base as usize + condition as usize] = Value::Bool(false);
                return Ok(());
            }
            frame.pc = handler.target;
            let register = frame.base as usize + handler.error as usize;
            fiber.stack[register] = value;
            return Ok(());
        }
        if !function.internal {
            fiber.left = function.spans.get(at as usize).copied();
        }
        fiber.frames.pop();
    }
    Err(match (value, fiber.exiting) {
        (Value::Error(error), _) => super::Exit::Failed(error),
        (_, Some(status)) => super::Exit::Exited(status),
        (_, None) => super::Exit::Stopped,
    })
}

/// If the handler ends an `await`: where that waits for a change, and the register of its condition.
fn unmet(code: &[Instruction], handler: &Handler) -> Option<(u32, Register)> {
    if !matches!(code[handler.target as usize], Instruction::AwaitEnd) {
        return None;
    }
    (handler.start + 1..handler.end).find_map(|at| match code[at as usize - 1..=at as usize] {
        [Instruction::JumpIf { a, .. }, Instruction::AwaitWait] => Some((at, a)),
        _ => None,
    })
}

/// The innermost frame in which some `catch` stands between the error and the end of the thread (it may still not take
/// this kind).
fn catching(fiber: &Fiber, program: &Program) -> Option<usize> {
    fiber.frames.iter().rposition(|frame| {
        let at = frame.pc.saturating_sub(1);
        let function = &program.functions[frame.function as usize];
        function.handlers.iter().any(|handler| !handler.cleanup && handler.start <= at && at < handler.end)
    })
}

/// What the thread holds, before unwinding lets it go, if nothing will catch the error.
fn note_held(fiber: &mut Fiber, program: &Program, world: &dyn World, error: &Arc<Error>) {
    let thread = world.thread();
    if thread.held.load(Ordering::Relaxed) == 0 {
        return;
    }
    // An error may come through a hundred thousand calls, each with a cleanup that raises it again: who will catch it is
    // looked for once.
    let inside = |known: &&OnItsWay| {
        Arc::ptr_eq(&known.error, error) && known.frame.is_none_or(|at| at + 1 < fiber.frames.len())
    };
    if fiber.on_its_way.as_ref().filter(inside).is_some() {
        return;
    }
    let frame = catching(fiber, program);
    fiber.on_its_way = Some(OnItsWay { error: error.clone(), frame });
    if frame.is_some() {
        return;
    }
    let held = world.held_by(thread);
    if !held.is_empty() {
        fiber.held = held.into_iter().map(|(sync, line)| (sync.label(), line)).collect();
    }
}

/// Notes where an error was raised, unless it was raised before.
pub fn note_place(fiber: &Fiber, program: &Program, world: &dyn World, error: &Error) {
    // A builtin that a pool calls stands nowhere: the place is where its result is asked for.
    if error.place.get().is_some() || !fiber.stands_somewhere(program) {
        return;
    }
    // Of very many calls the middle is not looked at: an error may be raised in each of them.
    let is_internal = |frame: &&super::Frame| program.functions[frame.function as usize].internal;
    let frames = &fiber.frames[fiber.frames.iter().take_while(is_internal).count()..];
    let left_out = frames.len().saturating_sub(CALLS_SHOWN);
    let outermost = if left_out > 0 { &frames[..OUTERMOST] } else { &[] };
    let innermost = &frames[outermost.len() + left_out..];
    let called = innermost.iter().rev().chain(outermost.iter().rev());
    let called = called.map(|frame| (frame, &program.functions[frame.function as usize]));
    let calls = called.filter(|(_, function)| !function.internal).map(|(frame, function)| {
        let at = (frame.pc as usize).saturating_sub(1).min(function.lines.len() - 1);
        (function.name.clone(), function.lines[at])
    });
    let calls = calls.collect();
    let span = fiber.span(program);
    let thread = world.thread().name.lock().clone();
    let left_out = u32::try_from(left_out).unwrap_or(u32::MAX);
    // Somebody else may have noted it in the meantime: the first place counts.
    let _ = error.place.set(Place { thread, span, line: program.source.line(span.start), calls, left_out });
}

/// The error that `throw value` raises.
pub(super) fn thrown(value: &Value) -> Fault {
    match value {
        Value::Error(error) => Fault::Raised(error.clone()),
        Value::Short(_) | Value::Long(_) => {
            Error::of_script(Kind::Error, value.as_text().unwrap_or_default()).into()
        }
        other => Error::new(
            Kind::Type,
            format!("`throw` takes a text or an error, not {}", show::with_article(other.kind())),
        )
        .hint("write `throw \"what happened\"` or `throw error(\"kind\", \"what happened\")`")
        .into(),
    }
}

/// How a fault goes on that a handler for cleaning up has put into a register.
pub(super) fn going_on(fiber: &Fiber, value: &Value) -> Fault {
    match value {
        Value::Error(error) => Fault::Raised(error.clone()),
        Value::Nil => Fault::NotYet,
        _ => fiber.exiting.map_or(Fault::Stopped, Fault::Exit),
    }
}

/// How one goes on that happened in a `finally`. The error that had led there is lost: the later one says so.
pub(super) fn superseding(fiber: &mut Fiber, later: usize, earlier: usize) -> Fault {
    let (later, earlier) = (&fiber.stack[later], &fiber.stack[earlier]);
    let (Value::Error(error), Value::Error(lost)) = (later, earlier) else { return going_on(fiber, later) };
    if Arc::ptr_eq(error, lost) {
        return going_on(fiber, later);
    }
    let superseding = Arc::new(error.superseding(lost));
    // What was held when it was raised is known already.
    if let Some(known) = fiber.on_its_way.as_mut().filter(|known| Arc::ptr_eq(&known.error, error)) {
        known.error = superseding.clone();
    }
    Fault::Raised(superseding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::test_world::TestWorld;
    use crate::machine::{Exit, Frame};
    use crate::source::Source;
    use crate::sync::{self, Sync};

    const TEXT: &str = "fn inner() {
    1 / 0
}
try {
    inner()
} catch e { }
try {
    inner()
} finally { }
inner()
";

    fn program() -> Program {
        let source = Arc::new(Source::new("test", TEXT));
        let (script, _) = crate::syntax::parse(&source);
        let (resolution, _) = crate::resolve::resolve(&script, &source);
        crate::code::lower::lower(&source, &script, &resolution).expect("it is small")
    }

    /// In the middle of `inner`, called from this line.
    fn fiber(program: &Program, line: u32) -> Fiber {
        let inner = program.functions.iter().position(|f| &*f.name == "inner").expect("it is there");
        let frame = |function: usize, line: u32, base: u32| {
            let at = program.functions[function].lines.iter().position(|&l| l == line).expect("a line of it");
            Frame { function: function as u32, pc: at as u32 + 1, base, result: base }
        };
        let base = program.functions[0].registers as u32;
        Fiber {
            origin: crate::source::Span::default(),
            origin_line: Default::default(),
            stack: vec![Value::Nil; 64],
            frames: vec![frame(0, line, 0), frame(inner, 2, base)],
            locals: Vec::new(),
            fixed: Vec::new(),
            exiting: None,
            arms: Vec::new(),
            read: Vec::new(),
            holding: 0,
            in_condition: false,
            held: Vec::new(),
            on_its_way: None,
            left: None,
        }
    }

    fn error() -> Fault {
        Error::new(Kind::Zero, "by zero").into()
    }

    /// The error that the handler of this kind has got: the fiber goes on there.
    fn handled(program: &Program, fiber: &Fiber, cleanup: bool) -> Value {
        let [frame] = fiber.frames[..] else { panic!("{:?}", fiber.frames) };
        let handler = program.functions[0].handlers.iter().find(|handler| handler.cleanup == cleanup);
        let handler = handler.expect("one of each");
        assert_eq!(frame.pc, handler.target);
        fiber.stack[usize::from(handler.error)].clone()
    }

    #[test]
    fn an_error_goes_to_the_catch_around_the_call() {
        let (program, world) = (program(), TestWorld::new());
        let mut fiber = fiber(&program, 5);
        raise(&mut fiber, &program, &world, error()).expect("it is caught");
        let Value::Error(error) = handled(&program, &fiber, false) else { panic!("an error") };
        let place = error.place.get().expect("it was noted");
        assert_eq!((&*place.thread, place.line), ("main", 2));
        assert_eq!(place.calls, [("inner".into(), 2), ("<script>".into(), 5)]);
    }

    #[test]
    fn a_cleanup_takes_errors_and_exits_and_a_catch_takes_no_exit() {
        let (program, world) = (program(), TestWorld::new());
        let mut cleaned = fiber(&program, 8);
        raise(&mut cleaned, &program, &world, error()).expect("it is cleaned up");
        assert!(matches!(handled(&program, &cleaned, true), Value::Error(_)));
        let mut cleaned = fiber(&program, 8);
        raise(&mut cleaned, &program, &world, Fault::Exit(3)).expect("it is cleaned up");
        assert!(matches!(handled(&program, &cleaned, true), Value::Unset));
        assert_eq!(cleaned.exiting, Some(3));
        let exit = raise(&mut fiber(&program, 5), &program, &world, Fault::Exit(3));
        assert!(matches!(exit, Err(Exit::Exited(3))), "{exit:?}");
    }

    #[test]
    fn what_nothing_takes_ends_the_fiber() {
        let (program, world) = (program(), TestWorld::new());
        let mut ended = fiber(&program, 10);
        let exit = raise(&mut ended, &program, &world, error());
        assert!(matches!(&exit, Err(Exit::Failed(error)) if error.place.get().is_some()), "{exit:?}");
        assert!(ended.frames.is_empty());
        let mut stopped = fiber(&program, 5);
        let exit = raise(&mut stopped, &program, &world, Fault::Stopped);
        assert!(matches!(exit, Err(Exit::Stopped)), "{exit:?}");
        assert_eq!(stopped.frames.len(), 2, "it stops where it stands");
    }

    #[test]
    fn an_error_that_goes_on_keeps_its_place() {
        let (program, world) = (program(), TestWorld::new());
        let raised = Arc::new(Error::new(Kind::Zero, "by zero"));
        let place = Place {
            thread: "other".into(),
            span: Default::default(),
            line: 77,
            calls: Vec::new(),
            left_out: 0,
        };
        raised.place.set(place).expect("it has none");
        let mut fiber = fiber(&program, 5);
        raise(&mut fiber, &program, &world, Fault::Raised(raised.clone())).expect("it is caught");
        let Value::Error(error) = handled(&program, &fiber, false) else { panic!("an error") };
        assert!(Arc::ptr_eq(&error, &raised));
        assert_eq!(error.place.get().map(|place| place.line), Some(77));
    }

    #[test]
    fn what_was_held_is_noted_unless_somebody_may_catch_it() {
        let (program, mut world) = (program(), TestWorld::new());
        let lock = Sync::new(9, 1, sync::Kind::Lock(sync::lock::Lock::default()));
        lock.name.set("guard".into());
        world.held = vec![(Arc::new(lock), 4)];
        world.thread().held.store(1, Ordering::Relaxed);
        for (line, expected) in
            [(5, vec![]), (8, vec![("guard".to_string(), 4)]), (10, vec![("guard".to_string(), 4)])]
        {
            let mut fiber = fiber(&program, line);
            let _ = raise(&mut fiber, &program, &world, error());
            assert_eq!(fiber.held, expected, "called from line {line}");
        }
    }

    #[test]
    fn texts_and_errors_can_be_thrown() {
        let kind = |fault: Fault| match fault {
            Fault::Error(error) => (error.kind, error.message),
            other => panic!("{other:?}"),
        };
        assert_eq!(kind(thrown(&Value::text("no"))), (Kind::Error, "no".to_string()));
        let (wrong, message) = kind(thrown(&Value::Int(1)));
        assert_eq!((wrong, &*message), (Kind::Type, "`throw` takes a text or an error, not an int"));
        let error = Arc::new(Error::new(Kind::Zero, "by zero"));
        let again = thrown(&Value::Error(error.clone()));
        assert!(matches!(&again, Fault::Raised(raised) if Arc::ptr_eq(raised, &error)), "{again:?}");
    }
}
