//! What some threads can still come to: followed from what they hold and from what their code mentions, through all
//! that values hold. As a garbage collector marks, but with the code in it too.
//!
//! A variable of the top level counts when code that may still run mentions it; a field of an object when code that may
//! run reads fields of this name. A method counts when its name is mentioned and an instance is within reach.
//!
//! To be used while all threads stand still. Too much may be marked, never too little.

mod values;

use crate::code::flow::Place;
use crate::code::forked::reached_by_child;
use crate::code::live;
use crate::code::reach::{self, Mention, Reach};
use crate::code::{Instruction, Program};
use crate::machine::{Call, Image, Snapshot};
use crate::sync::outside::simulated::Held;
use crate::sync::thread::Thread;
use crate::value::object::Object;
use crate::value::{Value, release};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// So many values are followed in one search: about ten milliseconds' worth.
pub(in crate::world) const MOST_VALUES: usize = 200_000;

/// Why nothing can be said: too much to look at, or something that cannot be looked into.
#[derive(Debug)]
pub(in crate::world) struct Unknown;

/// What all processes have in common, and is no thing to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::world) enum Common {
    /// A variable of the top level.
    Global(u32),
    /// A list, an array or a map, by its number in memory.
    Container(usize),
    /// One of which no number is known.
    Unplaced,
}

pub(in crate::world) struct Marks<'a> {
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
    /// Those of them that are ends of pipes.
    ends: HashSet<u32>,
    /// The sides of connections, and the servers, of a simulated run; also of those connections that a server within reach
    /// has not accepted yet.
    sides: HashSet<Held>,
    /// A pool of processes: functions go to others by its tasks, and come back as what these give.
    pools: bool,
    /// The places of those of them that processes share.
    there: HashSet<u64>,
    /// The processes of which a handle is within reach, by the system's numbers.
    processes: HashSet<i32>,
    /// Lists, objects, variables and the like that were looked into, by address: what can change.
    changeable: HashSet<usize>,
    /// Something within reach changes without anybody doing anything to it: a thread, a lock whose holder ends, a file.
    changes_by_itself: bool,
    /// What of it is one for all processes, of what is no thing to wait for.
    common: HashSet<Common>,
    /// Whoever holds a thread may ask what it waits on.
    asks_what_is_waited_on: bool,
    /// To let go of something may release others (the end of a pipe, which closes itself): so what is only held counts,
    /// too, whether or not code may still use it.
    holding_counts: bool,
    /// Who can only wait for something and take it does not count.
    releasing: bool,
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
            ends: HashSet::new(),
            sides: HashSet::new(),
            pools: false,
            there: HashSet::new(),
            processes: HashSet::new(),
            changeable: HashSet::new(),
            changes_by_itself: false,
            common: HashSet::new(),
            asks_what_is_waited_on,
            holding_counts: reach::makes_pipes(&image.program),
            releasing: false,
            left: MOST_VALUES,
        }
    }

    pub fn has(&self, thing: u32) -> bool {
        self.things.contains(&thing)
    }

    /// Whether it is the end of a pipe within reach.
    pub fn has_end(&self, thing: u32) -> bool {
        self.ends.contains(&thing)
    }

    /// Whether this side of a connection, or this server, is within reach, in a simulated run.
    pub fn has_side(&self, side: Held) -> bool {
        self.sides.contains(&side)
    }

    /// Whether a pool of processes is within reach: functions go to others by its tasks, and come back.
    pub fn has_process_pools(&self) -> bool {
        self.pools
    }

    /// The places of the things within reach that processes share.
    pub fn places(&self) -> impl Iterator<Item = u64> {
        self.there.iter().copied()
    }

    /// The processes of which a handle is within reach, by the system's numbers.
    pub fn processes(&self) -> impl Iterator<Item = i32> {
        self.processes.iter().copied()
    }

    /// It may follow so many values, where several searches are one.
    pub fn sparing(self, left: usize) -> Self {
        Marks { left, ..self }
    }

    /// What counts is what lets others go on.
    pub fn releasing(self) -> Self {
        Marks { releasing: true, ..self }
    }

    /// What is only held counts too.
    pub fn holding(self) -> Self {
        Marks { holding_counts: true, ..self }
    }

    /// How many more it may follow.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Whether code within reach may do this.
    pub fn may(&self, mention: Mention) -> bool {
        self.known.contains(&mention)
    }

    /// The signals that code within reach may send: None for any.
    pub fn signals(&self) -> impl Iterator<Item = Option<i32>> {
        self.known.iter().filter_map(|mention| match mention {
            Mention::Signals(signal) => Some(*signal),
            _ => None,
        })
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
        if self.holding_counts {
            snapshot.left.iter().for_each(|value| self.push(value.clone()));
        }
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
                if leads_on(value) && (self.holding_counts || live.may_read(function, place, register as u16))
                {
                    self.push(value.clone());
                }
            }
            self.ahead.extend(self.reach.of_frame(program, call.function, place));
        }
        self.follow()
    }

    /// All that the child can come to of a thread that stands in `fork`, for what it does by itself.
    pub fn forked(&mut self, snapshot: &Snapshot) -> Result<(), Unknown> {
        let calls: Vec<(u32, u32)> = snapshot.calls.iter().map(|call| (call.function, call.pc)).collect();
        snapshot.others.iter().for_each(|value| self.push(value.clone()));
        let reached = reached_by_child(&self.image.program, &calls);
        for (call, these) in snapshot.calls.iter().zip(&reached).filter(|(_, these)| these.contains(&true)) {
            call.registers.iter().for_each(|value| self.push(value.clone()));
            self.ahead.extend(self.reach.of_these(call.function, these));
        }
        self.follow()
    }

    /// All that the condition of an `await` depends on, of the thread that waits in it. Unknown where more than what is
    /// marked then may change its value.
    pub fn condition(&mut self, snapshot: &Snapshot, inside: bool) -> Result<(), Unknown> {
        let program = &**self.image.program;
        let call = snapshot.calls.last().ok_or(Unknown)?;
        let function = &program.functions[call.function as usize];
        let part = condition_of(program, call, inside).ok_or(Unknown)?;
        snapshot.others.iter().for_each(|value| self.push(value.clone()));
        for register in live::read_by(program, &function.code[part.clone()]) {
            if let Some(value) = call.registers.get(register) {
                self.push(value.clone());
            }
        }
        self.ahead.extend(self.reach.of_part(call.function, part));
        self.follow()?;
        // While others are in a monitor that the condition asks, it does not hold: that they leave changes it.
        let monitors = self.objects.values().flatten().filter_map(|object| object.monitor.as_ref());
        self.changeable.extend(monitors.map(|monitor| Arc::as_ptr(monitor).addr()));
        let by_itself = self.changes_by_itself || self.may(Mention::Outside) || self.may(Mention::Threads);
        if by_itself { Err(Unknown) } else { Ok(()) }
    }

    /// Whether other processes may change something of it.
    pub fn is_common(&self) -> bool {
        !self.common.is_empty() || !self.there.is_empty()
    }

    /// What all processes have in common of it, beside things to wait for: what may be looked at.
    pub fn in_common(&self) -> impl Iterator<Item = Common> {
        self.common.iter().copied()
    }

    /// The same that may be changed.
    pub fn changes_in_common(&self) -> impl Iterator<Item = Common> {
        let sets = self.known.iter().filter_map(|mention| match mention {
            Mention::Sets(index) if self.image.program.is_shared(*index) => Some(Common::Global(*index)),
            _ => None,
        });
        sets.chain(self.in_common().filter(|common| !matches!(common, Common::Global(_))))
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
                self.mention(mention)?;
            } else if let Some(value) = self.pending.pop() {
                self.left = self.left.checked_sub(1).ok_or(Unknown)?;
                self.look_into(value)?;
            } else {
                return Ok(());
            }
        }
    }

    fn mention(&mut self, mention: Mention) -> Result<(), Unknown> {
        if !self.known.insert(mention) {
            return Ok(());
        }
        match mention {
            Mention::Fixed(index) => {
                if let Some(value) = self.image.fixed(index) {
                    self.push(value.clone());
                }
            }
            Mention::Awaited { index, takes } => match self.image.fixed(index) {
                Some(Value::Sync(sync)) if self.releasing && self.releases_nobody(sync, takes) => {
                    return if takes { self.taken(sync) } else { Ok(()) };
                }
                _ => self.ahead.push(Mention::Fixed(index)),
            },
            Mention::Global(index) => {
                if self.image.program.is_shared(index) {
                    self.common.insert(Common::Global(index));
                }
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
            // What it held is let go.
            Mention::Sets(index) if self.holding_counts => {
                if let Some(value) = self.image.global(index) {
                    self.push(value);
                }
            }
            Mention::Sets(_)
            | Mention::Exit
            | Mention::Signals(_)
            | Mention::Handles
            | Mention::AnyProcess
            | Mention::Starts
            | Mention::Connects
            | Mention::Outside => {}
        }
        Ok(())
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
}

/// The instructions of the condition that the thread awaits which stands here, if it is between two looks at it. `inside`:
/// it is in the middle of the instruction before.
pub fn condition_of(program: &Program, call: &Call, inside: bool) -> Option<Range<usize>> {
    let code = &program.functions[call.function as usize].code;
    let (before, rest) = code.split_at_checked(call.pc as usize)?;
    let begins = |i: &Instruction| matches!(i, Instruction::AwaitBegin);
    let begin = match (inside, before, rest) {
        (true, [.., Instruction::AwaitWait], _) => before.iter().rposition(begins)?,
        (true, [.., Instruction::AwaitBegin, Instruction::HoldOthers], _) => before.len() - 2,
        (false, _, [Instruction::AwaitBegin, ..]) => before.len(),
        _ => return None,
    };
    let length = code[begin..].iter().position(|i| matches!(i, Instruction::AwaitWait))?;
    Some(begin..begin + length + 1)
}

/// Whether something can be reached through the value.
fn leads_on(value: &Value) -> bool {
    release::nests(value) || matches!(value, Value::Function(_) | Value::Builtin(_))
}

fn symbol(mention: &Mention) -> Option<u16> {
    match mention {
        Mention::Symbol(symbol) => Some(*symbol),
        Mention::Fixed(_)
        | Mention::Awaited { .. }
        | Mention::Global(_)
        | Mention::Sets(_)
        | Mention::Function(_)
        | Mention::Field { .. }
        | Mention::Threads
        | Mention::Exit
        | Mention::Signals(_)
        | Mention::Handles
        | Mention::AnyProcess
        | Mention::Starts
        | Mention::Connects
        | Mention::Outside => None,
    }
}

#[cfg(test)]
mod tests;
