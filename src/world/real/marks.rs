//! What some threads can still come to: followed from what they hold and from what their code mentions, through all
//! that values hold. As a garbage collector marks, but with the code in it too.
//!
//! A variable of the top level counts when code that may still run mentions it; a field of an object when code that may
//! run reads fields of this name. A method counts when its name is mentioned and an instance is within reach.
//!
//! To be used while all threads stand still. Too much may be marked, never too little.

use crate::code::Instruction;
use crate::code::flow::Place;
use crate::code::live;
use crate::code::reach::{self, Mention, Reach};
use crate::machine::{Image, Snapshot};
use crate::sync::thread::Thread;
use crate::sync::{Kind, Sync, future::Future, pool::Crew};
use crate::value::object::{Method, Object};
use crate::value::{Value, release};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// So many values are followed in one search: about ten milliseconds' worth.
const MOST_VALUES: usize = 200_000;

/// Why nothing can be said: too much to look at, or something that cannot be looked into.
#[derive(Debug)]
pub(super) struct Unknown;

pub(super) struct Marks<'a> {
    image: &'a Image,
    reach: &'a Reach,
    /// The threads that live.
    threads: Vec<Arc<Thread>>,
    /// By address; kept until the end so that no address is used again.
    seen: HashSet<usize>,
    kept: Vec<Value>,
    pending: Vec<Value>,
    ahead: Vec<Mention>,
    known: HashSet<Mention>,
    /// The classes of which there are, or may come to be, instances within reach.
    classes: BTreeSet<u32>,
    objects: HashMap<u32, Vec<Arc<Object>>>,
    /// Things to wait for, by id.
    things: HashSet<u32>,
    /// Lists, objects, variables and the like that were looked into, by address: what can change.
    changeable: HashSet<usize>,
    /// Something within reach changes without anybody doing anything to it: a thread, a lock whose holder ends, a file.
    changes_by_itself: bool,
    /// Whoever holds a thread may ask what it waits on.
    asks_what_is_waited_on: bool,
    left: usize,
}

impl<'a> Marks<'a> {
    pub fn new(image: &'a Image, reach: &'a Reach, threads: Vec<Arc<Thread>>) -> Marks<'a> {
        let asks_what_is_waited_on = image.program.symbols.iter().any(|symbol| **symbol == *"waiting_on");
        Marks {
            image,
            reach,
            threads,
            seen: HashSet::new(),
            kept: Vec::new(),
            pending: Vec::new(),
            ahead: Vec::new(),
            known: HashSet::new(),
            classes: BTreeSet::new(),
            objects: HashMap::new(),
            things: HashSet::new(),
            changeable: HashSet::new(),
            changes_by_itself: false,
            asks_what_is_waited_on,
            left: MOST_VALUES,
        }
    }

    pub fn has(&self, thing: u32) -> bool {
        self.things.contains(&thing)
    }

    /// Whether code within reach may do this.
    pub fn may(&self, mention: Mention) -> bool {
        self.known.contains(&mention)
    }

    /// A value that a thread holds.
    pub fn value(&mut self, value: Value) -> Result<(), Unknown> {
        self.push(value);
        self.follow()
    }

    /// All that a thread can come to that stands here. `waits`: it is in the middle of the instruction before.
    pub fn stands(&mut self, snapshot: &Snapshot, waits: bool) -> Result<(), Unknown> {
        let program = &**self.image.program;
        snapshot.others.iter().for_each(|value| self.push(value.clone()));
        for (depth, call) in snapshot.calls.iter().enumerate() {
            let innermost = depth + 1 == snapshot.calls.len();
            let place = match (innermost, call.pc.checked_sub(1)) {
                (false, Some(at)) => Place::Calls(at),
                (true, Some(at)) if waits => Place::In(at),
                _ => Place::Before(call.pc),
            };
            let function = &program.functions[call.function as usize];
            let live = self.reach.live(program, call.function);
            for (register, value) in call.registers.iter().enumerate() {
                if leads_on(value) && live.may_read(function, place, register as u16) {
                    self.push(value.clone());
                }
            }
            self.ahead.extend(self.reach.of_frame(program, call.function, place));
        }
        self.follow()
    }

    /// All that the condition of an `await` depends on, of the thread that waits in it. Unknown where more than what is
    /// marked then may change its value.
    pub fn condition(&mut self, snapshot: &Snapshot) -> Result<(), Unknown> {
        let program = &**self.image.program;
        let call = snapshot.calls.last().ok_or(Unknown)?;
        let function = &program.functions[call.function as usize];
        let end = call.pc as usize;
        let code = function.code.get(..end).ok_or(Unknown)?;
        let Some(Instruction::AwaitWait) = code.last() else { return Err(Unknown) };
        let begin = code.iter().rposition(|i| matches!(i, Instruction::AwaitBegin)).ok_or(Unknown)?;
        snapshot.others.iter().for_each(|value| self.push(value.clone()));
        for register in live::read_by(program, &code[begin..]) {
            if let Some(value) = call.registers.get(register) {
                self.push(value.clone());
            }
        }
        self.ahead.extend(self.reach.of_part(call.function, begin..end));
        self.follow()?;
        let by_itself = self.changes_by_itself || self.may(Mention::Outside) || self.may(Mention::Threads);
        if by_itself { Err(Unknown) } else { Ok(()) }
    }

    /// Whether whoever can come to what is marked here can change what a condition depends on.
    pub fn may_change(&self, condition: &Marks<'_>) -> bool {
        let sets = |mention: &Mention| match mention {
            Mention::Global(index) => self.may(Mention::Sets(*index)),
            _ => false,
        };
        condition.known.iter().any(sets) || !self.changeable.is_disjoint(&condition.changeable)
    }

    fn push(&mut self, value: Value) {
        self.changes_by_itself |= matches!(value, Value::File(_));
        if leads_on(&value) {
            self.pending.push(value);
        }
    }

    fn follow(&mut self) -> Result<(), Unknown> {
        loop {
            if let Some(mention) = self.ahead.pop() {
                self.mention(mention);
            } else if let Some(value) = self.pending.pop() {
                self.left = self.left.checked_sub(1).ok_or(Unknown)?;
                self.look_into(value)?;
            } else {
                return Ok(());
            }
        }
    }

    fn mention(&mut self, mention: Mention) {
        if !self.known.insert(mention) {
            return;
        }
        match mention {
            Mention::Fixed(index) => {
                if let Some(value) = self.image.fixed(index) {
                    self.push(value.clone());
                }
            }
            Mention::Global(index) => {
                if let Some(value) = self.image.global(index) {
                    self.push(value);
                }
            }
            Mention::Function(function) => self.function(function),
            Mention::Symbol(symbol) => {
                for class in self.classes.clone() {
                    self.member(class, symbol);
                }
            }
            Mention::Field { class: Some(class), index } => self.open(class, index),
            Mention::Field { class: None, index } => {
                for class in 0..self.image.program.classes.len() as u32 {
                    self.ahead.push(Mention::Field { class: Some(class), index });
                }
            }
            Mention::Threads => {
                let threads = std::mem::take(&mut self.threads);
                threads.iter().for_each(|thread| self.push(Value::Thread(thread.clone())));
                self.threads = threads;
            }
            Mention::Sets(_) | Mention::Exit | Mention::Outside => {}
        }
    }

    fn function(&mut self, function: u32) {
        use crate::code::FunctionKind as F;
        self.ahead.extend(self.reach.of_function(function));
        match self.image.program.functions[function as usize].kind {
            F::Class(class) | F::ThreadWithMembers { class, .. } => self.class(class),
            F::Plain | F::Thread { .. } | F::Watch { .. } => {}
        }
    }

    /// Instances of the class are within reach.
    fn class(&mut self, class: u32) {
        if self.classes.insert(class) {
            let symbols: Vec<u16> = self.known.iter().filter_map(symbol).collect();
            symbols.into_iter().for_each(|symbol| self.member(class, symbol));
        }
    }

    /// A member of this name, if the class has one, is within reach.
    fn member(&mut self, class: u32, symbol: u16) {
        let known = &self.image.program.classes[class as usize];
        let name = self.image.program.symbol(symbol);
        let methods = known.methods.iter().filter(|(method, _)| method == name);
        self.ahead.extend(methods.map(|(_, function)| Mention::Function(*function)));
        if let Some(index) = known.fields.iter().position(|field| field.name == *name) {
            self.ahead.push(Mention::Field { class: Some(class), index: index as u16 });
        }
    }

    /// Code within reach reads this field of instances of the class.
    fn open(&mut self, class: u32, index: u16) {
        let objects = self.objects.get(&class).map(Vec::as_slice).unwrap_or_default();
        let values: Vec<Value> =
            objects.iter().filter_map(|object| Some(object.fields.get(usize::from(index))?.get())).collect();
        values.into_iter().for_each(|value| self.push(value));
    }

    fn object(&mut self, object: &Arc<Object>) {
        let address = Arc::as_ptr(object).addr();
        if !self.seen.insert(address) {
            return;
        }
        self.changeable.insert(address);
        self.kept.push(Value::Object(object.clone()));
        let class = object.class;
        self.class(class);
        for (index, field) in object.fields.iter().enumerate() {
            if self.known.contains(&Mention::Field { class: Some(class), index: index as u16 }) {
                self.push(field.get());
            }
        }
        object.captured.iter().for_each(|value| self.push(value.clone()));
        self.objects.entry(class).or_default().push(object.clone());
    }

    fn look_into(&mut self, value: Value) -> Result<(), Unknown> {
        match &value {
            Value::Function(function) => self.ahead.push(Mention::Function(*function)),
            Value::Builtin(row) => self.ahead.extend(reach::of_row(&self.image.program, row)),
            Value::Object(object) => self.object(object),
            other => match address(other) {
                Some(address) if self.seen.insert(address) => {
                    if !matches!(other, Value::Closure(_) | Value::Bound(_) | Value::Error(_)) {
                        self.changeable.insert(address);
                    }
                    self.contents(other)?;
                }
                _ => return Ok(()),
            },
        }
        self.kept.push(value);
        Ok(())
    }

    /// What a value holds that was not seen before.
    fn contents(&mut self, value: &Value) -> Result<(), Unknown> {
        match value {
            Value::Closure(closure) => {
                self.ahead.push(Mention::Function(closure.function));
                closure.captured.iter().for_each(|value| self.push(value.clone()));
            }
            Value::Bound(bound) => {
                self.push(bound.receiver.clone());
                match bound.method {
                    Method::Function(function) => self.ahead.push(Mention::Function(function)),
                    Method::Builtin(row) => self.ahead.extend(reach::of_row(&self.image.program, row)),
                }
            }
            Value::List(list) => {
                let list = list.lock();
                self.left = self.left.checked_sub(list.len()).ok_or(Unknown)?;
                list.iter().for_each(|value| self.push(value.clone()));
            }
            Value::Map(map) => {
                let map = map.lock();
                self.left = self.left.checked_sub(map.len()).ok_or(Unknown)?;
                map.iter().for_each(|(key, value)| {
                    self.push(key.clone());
                    self.push(value.clone());
                });
            }
            Value::Set(set) => {
                let set = set.lock();
                self.left = self.left.checked_sub(set.len()).ok_or(Unknown)?;
                set.iter().for_each(|value| self.push(value.clone()));
            }
            Value::Error(error) => {
                error.attached.lock().iter().for_each(|value| self.push(value.clone()));
                if let Some(again) = &error.again {
                    self.push(Value::Error(again.clone()));
                }
            }
            Value::Cell(cell) => self.push(cell.get()),
            Value::Thread(thread) => self.thread(thread),
            Value::Sync(sync) => self.sync(sync)?,
            Value::Unset
            | Value::Nil
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Duration(_)
            | Value::Short(_)
            | Value::Long(_)
            | Value::Function(_)
            | Value::Builtin(_)
            | Value::Range(_)
            | Value::File(_)
            | Value::Object(_) => {}
        }
        Ok(())
    }

    /// What others can come to by a thread: what it will run, its members, its value. Not what it holds itself.
    fn thread(&mut self, thread: &Thread) {
        self.changes_by_itself = true;
        if let Some(entry) = &*thread.entry.lock() {
            self.push(entry.callee.clone());
            entry.arguments.iter().for_each(|value| self.push(value.clone()));
        }
        if let Some(object) = &thread.object {
            self.push(Value::Object(object.clone()));
        }
        match thread.outcome.get() {
            Some(Ok(value)) => self.push(value.clone()),
            Some(Err(error)) => self.push(Value::Error(error.clone())),
            None => {}
        }
        if self.asks_what_is_waited_on
            && let Some(waiting) = &*thread.waiting.lock()
        {
            self.push(waiting.on.clone());
        }
    }

    fn sync(&mut self, sync: &Sync) -> Result<(), Unknown> {
        self.things.insert(sync.id);
        self.changes_by_itself |= match &sync.kind {
            // Abandoned when its holder ends; closed when nobody holds the pool any more.
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Side(_)
            | Kind::Pool(_)
            | Kind::Crew(_) => true,
            Kind::Semaphore(_)
            | Kind::Condition(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_)
            | Kind::Queue(_)
            | Kind::Atomic(_)
            | Kind::Future(_) => false,
        };
        match &sync.kind {
            Kind::Side(side) => self.push(Value::Sync(side.lock.clone())),
            Kind::Condition(condition) => self.push(Value::Sync(condition.lock.clone())),
            Kind::Queue(queue) => {
                let values = queue.values_at_rest(self.left).ok_or(Unknown)?;
                self.left -= values.len().min(self.left);
                values.into_iter().for_each(|value| self.push(value));
            }
            Kind::Atomic(atomic) => self.push(atomic.get()),
            Kind::Pool(pool) => self.push(Value::Sync(pool.crew.clone())),
            Kind::Crew(crew) => self.crew(crew),
            Kind::Future(future) => self.future(future),
            Kind::Lock(_)
            | Kind::RLock(_)
            | Kind::RwLock(_)
            | Kind::Semaphore(_)
            | Kind::Event(_)
            | Kind::Barrier(_)
            | Kind::Latch(_) => {}
        }
        Ok(())
    }

    fn crew(&mut self, crew: &Crew) {
        crew.tasks().into_iter().for_each(|task| self.push(Value::Sync(task)));
    }

    fn future(&mut self, future: &Future) {
        future.values(&mut |value| self.push(value));
    }
}

/// Whether something can be reached through the value.
fn leads_on(value: &Value) -> bool {
    release::nests(value) || matches!(value, Value::Function(_) | Value::Builtin(_))
}

fn symbol(mention: &Mention) -> Option<u16> {
    match mention {
        Mention::Symbol(symbol) => Some(*symbol),
        Mention::Fixed(_)
        | Mention::Global(_)
        | Mention::Sets(_)
        | Mention::Function(_)
        | Mention::Field { .. }
        | Mention::Threads
        | Mention::Exit
        | Mention::Outside => None,
    }
}

/// Where a value lives that may hold others, so that it is looked into once.
fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Closure(closure) => Some(Arc::as_ptr(closure).addr()),
        Value::Bound(bound) => Some(Arc::as_ptr(bound).addr()),
        Value::List(list) => Some(Arc::as_ptr(list).addr()),
        Value::Map(map) => Some(Arc::as_ptr(map).addr()),
        Value::Set(set) => Some(Arc::as_ptr(set).addr()),
        Value::Object(object) => Some(Arc::as_ptr(object).addr()),
        Value::Error(error) => Some(Arc::as_ptr(error).addr()),
        Value::Thread(thread) => Some(Arc::as_ptr(thread).addr()),
        Value::Sync(sync) => Some(Arc::as_ptr(sync).addr()),
        Value::Cell(cell) => Some(Arc::as_ptr(cell).addr()),
        Value::Unset
        | Value::Nil
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Duration(_)
        | Value::Short(_)
        | Value::Long(_)
        | Value::Function(_)
        | Value::Builtin(_)
        | Value::Range(_)
        | Value::File(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Call;
    use crate::source::Source;
    use crate::sync::event::Event;
    use crate::sync::queue::{Order, Queue};
    use crate::sync::thread::Entry;
    use crate::value::cell::Cell;
    use crate::value::object::{Bound, Closure};

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
        let entry = Entry { callee: Value::Nil, arguments: vec![event()] };
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
                let mut both =
                    [object(0, &[event(), Value::Int(1)]), Value::Function(program.function(name))];
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
        let sleeps =
            (0..code.len() as u32).filter(|at| matches!(code[*at as usize], Instruction::Sleep { .. }));
        let found: Vec<bool> = sleeps
            .map(|at| {
                let call = Call { function, pc: at + 1, registers: vec![event()] };
                let snapshot = Snapshot { calls: vec![call], others: Vec::new() };
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
            }
        };
        let mut condition = program.marks();
        condition.condition(&standing("waits")).expect("it is known");
        let changed_by = |value: Value| {
            let mut marks = program.marks();
            marks.value(value).expect("it is known");
            marks.may_change(&condition)
        };
        assert!(changed_by(Value::Function(program.function("sets"))));
        assert!(!changed_by(Value::Function(program.function("sets_another"))));
        assert!(changed_by(list.clone()));
        assert!(!changed_by(Value::list(vec![Value::Int(0)])));
        assert!(program.marks().condition(&standing("waits_for_time")).is_err());
    }
}
