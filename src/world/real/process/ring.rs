//! Rings of threads across processes, while others go on: each waits for what the next one holds, or for its process.
//!
//! A thread that parks for what leads to a thread of another process tells what it waits for in memory that processes
//! share, and so do those of its process who may wait for it. Then it follows who waits for whom, from process to
//! process: whoever closes a ring finds it. What others have told may be out of date, so that is a suspicion. `family`
//! asks the processes concerned, twice, and each looks at its own threads (`part_of_ring`): if all of them have rested
//! from the one question to the other, then they waited for each other at one moment, and will for ever.
//!
//! What is followed are locks, rlocks and joins. Where the script might end one of the processes, which abandons its locks,
//! nothing is said.

use super::super::run::Shared;
use super::super::threads::{Seat, Table};
use super::note::Stillness;
use crate::code::Program;
use crate::mapped::Memory;
use crate::sync::thread::Thread;
use crate::sync::{Op, Releasers, Who, owner};
use crate::value::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// For the holder of the lock in this place.
    Lock(usize),
    /// For this thread to do something, or to end.
    Thread(u32),
}

impl Way {
    fn leads_to(self, memory: &Memory) -> Option<u32> {
        match self {
            Way::Lock(place) => {
                owner::holder_by(memory.word(place).load(Ordering::SeqCst)).map(|(holder, _)| holder)
            }
            Way::Thread(id) => Some(id),
        }
    }

    fn told(self) -> Value {
        Value::Int(match self {
            Way::Lock(place) => (place as i64) << 1 | 1,
            Way::Thread(id) => i64::from(id) << 1,
        })
    }

    fn heard(told: &Value) -> Option<Way> {
        let Value::Int(n) = told else { return None };
        Some(if n & 1 == 1 { Way::Lock((n >> 1) as usize) } else { Way::Thread((n >> 1) as u32) })
    }
}

/// What a thread of another process has told.
fn ways_told(memory: &Memory, id: u32) -> Vec<Way> {
    if memory.process_of(id).is_dead() {
        return Vec::new();
    }
    match memory.wait_of(id).map(|told| told.get()) {
        Some(Value::List(list)) => list.snapshot().iter().filter_map(Way::heard).collect(),
        Some(one) => Way::heard(&one).into_iter().collect(),
        None => Vec::new(),
    }
}

impl Shared {
    /// The thread has parked without a deadline, for a thread that is known by name: whether that closes a ring with
    /// threads of other processes. To be called without holding any lock.
    pub(in super::super) fn look_for_ring_afar(self: &Arc<Shared>, seat: &Seat) {
        let table = self.table.lock();
        let ring = self.ring_afar(&table, seat.thread.id);
        drop(table);
        if let Some(ring) = ring {
            self.suspect(ring);
        }
    }

    /// The ids of the threads in it, the lowest first.
    fn ring_afar(&self, table: &Table, from: u32) -> Option<Vec<u32>> {
        let memory = self.memory()?;
        let mut came_from: HashMap<u32, u32> = HashMap::new();
        let mut frontier = VecDeque::from([from]);
        let mut told = false;
        while let Some(here) = frontier.pop_front() {
            let ways = match table.seats.get(&here) {
                Some(seat) => self.ways(table, seat),
                None => {
                    // Told before others are asked: of two who do so at once, one sees the other.
                    if !std::mem::replace(&mut told, true) {
                        self.tell_ways(table, memory);
                    }
                    ways_told(memory, here)
                }
            };
            for next in ways.into_iter().filter_map(|way| way.leads_to(memory)) {
                if next == from {
                    // A ring within this process is no matter of others.
                    return told.then(|| way_back(&came_from, from, here));
                }
                came_from.entry(next).or_insert_with(|| {
                    frontier.push_back(next);
                    here
                });
            }
        }
        None
    }

    /// What those wait for who wait for threads by name. Who holds a lock of this process may have changed since they parked.
    fn tell_ways(&self, table: &Table, memory: &Memory) {
        for seat in table.seats.values() {
            let told = match &self.ways(table, seat)[..] {
                [] => continue,
                [way] => way.told(),
                ways => Value::list(ways.iter().map(|way| way.told()).collect()),
            };
            if let Some(wait) = memory.wait_of(seat.thread.id) {
                seat.told.store(true, Ordering::SeqCst);
                // Without room nobody learns it: a ring is found when nobody can go on.
                let _ = wait.set(&told);
            }
        }
    }

    /// The thread goes on.
    pub(in super::super) fn takes_back_what_it_told(&self, seat: &Seat) {
        if seat.told.swap(false, Ordering::SeqCst)
            && let Some(wait) = self.memory().and_then(|memory| memory.wait_of(seat.thread.id))
        {
            let _ = wait.set(&Value::Nil); // it needs no room
        }
    }

    /// Each of them keeps it waiting. None for one that time or something else can release.
    fn ways(&self, table: &Table, seat: &Seat) -> Vec<Way> {
        if !self.waits_within(seat) {
            return Vec::new();
        }
        let blocked = seat.blocked.lock();
        let Some(blocked) = &*blocked else { return Vec::new() };
        if let Some(lock) = blocked.op.lock().filter(|lock| lock.is_there()) {
            return vec![Way::Lock(lock.place() as usize)];
        }
        match &blocked.op {
            Op::Join(thread) | Op::ThreadResult(thread) => {
                self.end_of(thread).map(Way::Thread).into_iter().collect()
            }
            Op::JoinAll(threads) => threads
                .iter()
                .filter(|thread| !thread.ended())
                .filter_map(|thread| self.end_of(thread).map(Way::Thread))
                .collect(),
            op => match op.releasers(Who { thread: &seat.thread, line: blocked.line }) {
                // Others, in the child of a fork, are not here.
                Releasers::All(ids) => {
                    ids.into_iter().filter(|id| table.seats.contains_key(id)).map(Way::Thread).collect()
                }
                Releasers::Anyone(_) | Releasers::Either(_) | Releasers::Unless(..) | Releasers::Outside => {
                    Vec::new()
                }
            },
        }
    }

    /// Which thread has to end before a thread, or a process, has: a process does not before its first one.
    pub(super) fn end_of(&self, thread: &Arc<Thread>) -> Option<u32> {
        if thread.process.is_none() {
            return Some(thread.id);
        }
        let children = self.processes.children.lock();
        let child = children.living.iter().find(|child| Arc::ptr_eq(&child.handle, thread))?;
        let lead = self.memory()?.process(child.number).lead().load(Ordering::SeqCst);
        Some(lead as u32)
    }

    /// Whether some thread in the ring is of this process, or of one below it.
    pub(super) fn leads_below(&self, process: usize, ring: &[u32]) -> bool {
        let Some(memory) = self.memory() else { return false };
        ring.iter().any(|id| {
            let mut at = memory.process_of(*id);
            while at.number != 0 && at.number != process {
                at = at.parent();
            }
            at.number == process
        })
    }

    /// Those in the ring that are threads of this process, if each of them waits for the next one and nothing can
    /// release it.
    pub(super) fn part_of_ring(&self, ring: &[u32]) -> Option<Stillness> {
        let memory = self.memory()?;
        let own = memory.own().number;
        let table = self.table.lock();
        let mut part = Stillness::default();
        let ours = ring.iter().zip(ring.iter().cycle().skip(1));
        for (id, next) in ours.filter(|(id, _)| memory.process_of(**id).number == own) {
            let seat = table.seats.get(id)?;
            let rests = seat.rests.load(Ordering::SeqCst);
            let waits = self.ways(&table, seat).iter().any(|way| way.leads_to(memory) == Some(*next));
            let stays = own == 0 || self.is_waited_for(seat);
            if !waits || !stays || seat.rests.load(Ordering::SeqCst) != rests {
                return None;
            }
            part.rests = part.rests.wrapping_add(rests);
            part.threads.push((*id, self.stuck(seat, &mut part.notes)));
        }
        let concerned = !part.threads.is_empty();
        let others = table.seats.len() > part.threads.len();
        drop(table);
        if self.stopping() || concerned && self.may_end_before(others) {
            return None;
        }
        self.name_process(&mut part);
        Some(part)
    }

    /// Whether this process may end though threads of it are stuck; `others`: it has more.
    fn may_end_before(&self, others: bool) -> bool {
        let code = self.code();
        let program = &code.image.program;
        if uses(program, &["kill", "terminate", "send_signal"]) {
            return true;
        }
        // With the first process all end.
        let Some(own) = &self.processes.own else { return false };
        let of_the_first = self.memory().is_some_and(|memory| memory.own().parent().number == 0);
        let exits = uses(program, &["exit"]);
        exits && (others || !of_the_first) || own.daemon && !of_the_first
    }
}

/// Whether a member or a builtin of such a name is mentioned.
pub(super) fn uses(program: &Program, names: &[&str]) -> bool {
    let constants = program.constants.iter().filter_map(|value| match value {
        Value::Builtin(row) => Some(row.name),
        _ => None, // what is called is a builtin
    });
    let builtins = program.rows.iter().map(|row| row.name).chain(constants);
    builtins.chain(program.symbols.iter().map(|symbol| &**symbol)).any(|name| names.contains(&name))
}

/// From a thread to the last before it in the ring; the lowest id comes first.
fn way_back(came_from: &HashMap<u32, u32>, from: u32, last: u32) -> Vec<u32> {
    let mut ring = vec![last];
    let mut at = last;
    while at != from
        && let Some(before) = came_from.get(&at)
    {
        ring.push(*before);
        at = *before;
    }
    ring.reverse();
    let lowest = ring.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(place, _)| place);
    ring.rotate_left(lowest);
    ring
}
