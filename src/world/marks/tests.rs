//! What is within reach of values, registers and conditions.

use super::*;
use crate::source::Source;
use crate::sync::event::Event;
use crate::sync::queue::{Order, Queue};
use crate::sync::thread::Entry;
use crate::sync::{Kind, Sync};
use crate::value::cell::Cell;
use crate::value::object::{Bound, Closure, Method};

struct Program {
    image: Image,
    reach: Reach,
}

fn program(text: &str) -> Program {
    let source = Arc::new(Source::new("test.conc", text));
    let (program, _) = crate::pipeline::compile(source).expect("it is understood");
    let reach = Reach::of(&program);
    Program { image: Image::new(Arc::new(program)), reach }
}

impl Program {
    fn marks(&self) -> Marks<'_> {
        Marks::new(&self.image, &self.reach, Vec::new())
    }

    fn function(&self, name: &str) -> u32 {
        let functions = &self.image.program.functions;
        functions.iter().position(|function| *function.name == *name).expect("a function") as u32
    }

    /// Whether the event 1 is marked after this value.
    fn finds(&self, value: Value) -> bool {
        let mut marks = self.marks();
        marks.value(value).expect("it is known");
        marks.has(1)
    }
}

fn sync(id: u32, kind: Kind) -> Arc<Sync> {
    Arc::new(Sync::new(id, 1, kind))
}

fn event() -> Value {
    Value::Sync(sync(1, Kind::Event(Event::default())))
}

fn closure(function: u32, captured: Value) -> Value {
    Value::Closure(Arc::new(Closure { function, captured: Arc::from([captured]) }))
}

fn object(class: u32, fields: &[Value]) -> Value {
    let fields = fields.iter().map(|value| Cell::new(value.clone())).collect();
    Value::Object(Arc::new(Object { class, fields, captured: Arc::from([]), monitor: None }))
}

#[test]
fn what_values_hold_is_within_reach() {
    let program = program("fn f() { }");
    let entry = Entry { callee: Value::Nil, arguments: vec![event()].into() };
    let queue = sync(2, Kind::Queue(Queue::new(Some(2), Order::Fifo)));
    let Kind::Queue(inside) = &queue.kind else { unreachable!() };
    inside.put(&queue, event()).expect("there is room");
    let list = Value::list(vec![Value::Int(1), event()]);
    for value in [
        event(),
        list.clone(),
        Value::list(vec![Value::list(vec![list])]),
        closure(program.function("f"), Value::Cell(Arc::new(Cell::new(event())))),
        Value::Bound(Arc::new(Bound { receiver: event(), method: Method::Function(0) })),
        Value::Thread(Arc::new(Thread::new(7, "t", false, entry))),
        Value::Sync(queue.clone()),
    ] {
        assert!(program.finds(value.clone()), "{value:?}");
    }
    assert_eq!(inside.size(), 1);
    assert!(!program.finds(Value::list(vec![Value::Int(1)])));
    assert!(!program.finds(Value::Sync(sync(3, Kind::Event(Event::default())))));
}

#[test]
fn a_ring_of_values_is_gone_through_once() {
    let program = program("fn f() { }");
    let list = Value::list(vec![event()]);
    if let Value::List(inner) = &list {
        inner.push(list.clone());
    }
    assert!(program.finds(list.clone()));
    if let Value::List(inner) = &list {
        inner.replace(Vec::new()); // else it would never be freed
    }
}

#[test]
fn a_field_counts_when_code_within_reach_reads_it() {
    let program = program(
        "class C { var thing = 1
            var n = 1
            fn uses() { thing.set() }
            fn counts() => n }
        fn opens(c) { c.uses() }
        fn asks(c) { return c.counts() }
        fn reads(c) { return c.thing }",
    );
    for (name, found) in [("opens", true), ("asks", false), ("reads", true)] {
        for object_first in [true, false] {
            let mut both = [object(0, &[event(), Value::Int(1)]), Value::Function(program.function(name))];
            if !object_first {
                both.reverse();
            }
            let mut marks = program.marks();
            both.into_iter().for_each(|value| marks.value(value).expect("it is known"));
            assert_eq!(marks.has(1), found, "{name}");
        }
    }
}

#[test]
fn a_register_counts_while_it_is_live() {
    let program = program("fn f(e) { sleep 1s\ne.set()\nsleep 2s }");
    let function = program.function("f");
    let code = &program.image.program.functions[function as usize].code;
    let sleeps = (0..code.len() as u32).filter(|at| matches!(code[*at as usize], Instruction::Sleep { .. }));
    let found: Vec<bool> = sleeps
        .map(|at| {
            let call = Call { function, pc: at + 1, registers: vec![event()] };
            let snapshot = Snapshot { calls: vec![call], ..Snapshot::default() };
            let mut marks = program.marks();
            marks.stands(&snapshot, true).expect("it is known");
            marks.has(1)
        })
        .collect();
    assert_eq!(found, [true, false]);
}

#[test]
fn too_much_to_look_at_is_unknown() {
    let program = program("fn f() { }");
    let mut marks = program.marks();
    assert!(marks.value(Value::list(vec![Value::Int(1); MOST_VALUES + 1])).is_err());
}

#[test]
fn conditions_depend_on_what_they_read() {
    let program = program(
        "var turn = 0
        var other = 0
        fn waits(xs) { await turn == 1 and xs[0] == 2 }
        fn sets() { turn = 1 }
        fn sets_another() { other = turn }
        fn waits_for_time() { await now() > 1s }",
    );
    let list = Value::list(vec![Value::Int(0)]);
    let standing = |name: &str| {
        let function = program.function(name);
        let code = &program.image.program.functions[function as usize].code;
        let at = code.iter().position(|i| matches!(i, Instruction::AwaitWait)).expect("an await") as u32;
        Snapshot {
            calls: vec![Call { function, pc: at + 1, registers: vec![list.clone()] }],
            others: Vec::new(),
            left: Vec::new(),
        }
    };
    // Between two looks, when something has changed, it stands before the condition.
    let mut again = standing("waits");
    let code = &program.image.program.functions[again.calls[0].function as usize].code;
    let begin = code.iter().position(|i| matches!(i, Instruction::AwaitBegin)).expect("an await");
    again.calls[0].pc = begin as u32;
    program.marks().condition(&again, false).expect("it is known");
    assert!(program.marks().condition(&again, true).is_err());
    let mut condition = program.marks();
    condition.condition(&standing("waits"), true).expect("it is known");
    let changed_by = |value: Value| {
        let mut marks = program.marks();
        marks.value(value).expect("it is known");
        marks.may_change(&condition)
    };
    assert!(changed_by(Value::Function(program.function("sets"))));
    assert!(!changed_by(Value::Function(program.function("sets_another"))));
    assert!(changed_by(list.clone()));
    assert!(!changed_by(Value::list(vec![Value::Int(0)])));
    assert!(program.marks().condition(&standing("waits_for_time"), true).is_err());
}
