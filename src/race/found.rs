//! What the threads of one run have in common that looks for races: their slots, what they hold, and what was found.

use super::channels::{Channel, Connection, Side};
use super::clock::{Clock, Stamp};
use super::common::Common;
use super::connections::Connections;
use super::passage::{Passage, Way};
use super::shadow::{Access, Met};
use crate::code::Program;
use crate::report::race::{self, Race};
use crate::source::Span;
use crate::sync::Sync;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many races are kept of one run: who has more has long begun with the first.
const MOST: usize = 1_000;

/// A run that looks for races has at most so many threads at once.
pub const MOST_THREADS: usize = 60_000;

/// With so many slots those of threads that have ended are used again, whoever knows of it.
const MANY_SLOTS: usize = 1_000;

/// Of each slot so many names are remembered.
const MOST_NAMES: usize = 1_000;

#[derive(Debug)]
pub struct Detector {
    /// For each function, the number of its first place.
    starts: Vec<u32>,
    /// There is, or was, a second thread: before that nothing can race.
    many: AtomicBool,
    seats: Mutex<Seats>,
    held: Mutex<Held>,
    found: Mutex<Found>,
    /// What threads have done that have ended, for those who see how many there are.
    ended: Mutex<Clock>,
    /// What goes through files, pipes and other programs.
    outside: Mutex<Clock>,
    connections: Connections,
    /// What those have done whose changes let an `await` look again.
    changes: Mutex<Clock>,
    /// If processes of the run share anything.
    common: Option<Common>,
}

#[derive(Debug, Default)]
struct Seats {
    /// Of each slot, whose it was from which time on.
    names: Vec<Vec<(u32, Arc<str>)>>,
    /// Slots whose thread has ended, with what it knew then; the one that ended first comes first.
    free: VecDeque<Stamp>,
}

/// What threads hold, by number; 0 is nothing.
#[derive(Debug, Default)]
struct Held {
    sets: Vec<Vec<u32>>,
    numbers: HashMap<Vec<u32>, u32>,
    labels: HashMap<u32, String>,
    /// Semaphores whose permits are given by others than those who take them: taking is not holding.
    signals: HashSet<u32>,
}

#[derive(Debug, Default)]
struct Found {
    races: Vec<Race>,
    /// Pairs of places in the code, with the cell's own address; and what was reported of them.
    met: HashSet<(u32, u32, usize)>,
    known: HashSet<(String, [Span; 2])>,
    left_out: usize,
}

impl Detector {
    pub fn new(program: &Program, common: Option<Common>) -> Detector {
        let mut next = 0;
        let starts = program.functions.iter().map(|function| {
            let start = next;
            next += function.code.len() as u32;
            start
        });
        Detector {
            starts: starts.collect(),
            many: AtomicBool::new(false),
            seats: Mutex::default(),
            held: Mutex::default(),
            found: Mutex::default(),
            ended: Mutex::default(),
            outside: Mutex::default(),
            connections: Connections::default(),
            changes: Mutex::default(),
            common,
        }
    }

    /// What this process has in common with others.
    #[inline]
    pub fn common(&self) -> Option<&Common> {
        self.common.as_ref()
    }

    #[inline]
    pub fn many(&self) -> bool {
        self.many.load(Ordering::Relaxed)
    }

    /// A second thread begins.
    pub fn begin(&self) {
        self.many.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub fn place(&self, function: u32, pc: u32) -> u32 {
        // (A session's program grows, and is not watched.)
        self.starts.get(function as usize).map_or(0, |start| start + pc)
    }

    /// A slot for a new thread. One of a thread that has ended only if the new one is after all that it did, since what
    /// that one did counts as known then. Where there are many slots, and clocks become long, the new one is taken to be
    /// after it: then a race between the two is not found, which is long past.
    pub fn sit_down(&self, clock: &mut Clock, name: &Arc<str>) -> u16 {
        let mut seats = self.seats.lock();
        let known = seats.free.iter().position(|last| clock.knows(last));
        let free = known.or((seats.names.len() >= MANY_SLOTS && !seats.free.is_empty()).then_some(0));
        let slot = match free.and_then(|at| seats.free.remove(at)) {
            Some(last) => {
                clock.learn(&last);
                last.slot
            }
            None => {
                let new = match &self.common {
                    Some(common) => common.new_slot(),
                    // Fewer threads than that live at once: see `MOST_THREADS`.
                    None => u16::try_from(seats.names.len()).ok(),
                };
                let slot = new.unwrap_or(u16::MAX);
                if seats.names.len() <= usize::from(slot) {
                    seats.names.resize(usize::from(slot) + 1, Vec::new());
                }
                slot
            }
        };
        let time = clock.of(slot) + 1;
        clock.set(slot, time);
        let names = &mut seats.names[usize::from(slot)];
        if names.len() >= MOST_NAMES {
            names.drain(..MOST_NAMES / 2);
        }
        names.push((time, name.clone()));
        slot
    }

    /// What this stamp tells may be the cause of what comes from outside.
    pub fn give_to_the_outside(&self, stamp: &Stamp) {
        match &self.common {
            Some(common) => common.give_to_the_outside(stamp),
            None => _ = self.outside.lock().learn(stamp),
        }
    }

    pub fn outside(&self) -> Clock {
        self.common.as_ref().map_or_else(|| self.outside.lock().clone(), Common::outside)
    }

    /// What this stamp tells may be the cause of what comes through there. Where processes have nothing in common, nobody
    /// knows what another has learnt through one and told through another: then all are one, but for connections of which
    /// this process has both sides.
    pub fn give_to(&self, channel: Channel, stamp: &Stamp) {
        match (&self.common, channel) {
            (Some(common), _) => common.give_to(channel, stamp),
            (None, Channel::Connection(connection)) => self.connections.give_to(connection, stamp),
            (None, Channel::Pipe(_) | Channel::Signals(_)) => self.give_to_the_outside(stamp),
        }
    }

    pub fn through(&self, channel: Channel) -> Clock {
        match (&self.common, channel) {
            (Some(common), _) => common.through(channel),
            (None, Channel::Connection(connection)) => self.connections.through(connection),
            (None, Channel::Pipe(_) | Channel::Signals(_)) => self.outside(),
        }
    }

    /// This run has a side of a connection, or it has no more, as this stamp tells.
    pub fn has_side(&self, connection: Connection, side: Side, stamp: &Stamp) {
        match &self.common {
            Some(common) => common.has_side(connection, side, stamp),
            None => self.connections.has_side(connection, side, stamp, &mut self.outside.lock()),
        }
    }

    /// What who has connected knew when it began to.
    pub fn begun(&self, connection: Connection) -> Clock {
        match &self.common {
            Some(common) => common.begun(connection),
            None => self.connections.begun(connection),
        }
    }

    /// Does something with what goes one way through a connection; None without room for it.
    pub fn passage<T>(&self, way: Way, what: impl FnOnce(&mut Passage) -> T) -> Option<T> {
        match &self.common {
            Some(common) => common.passage(way, what),
            None => Some(self.connections.passage(way, what)),
        }
    }

    /// Whether it is known that this run has both sides of it.
    pub fn is_within(&self, connection: Connection) -> bool {
        match &self.common {
            Some(common) => common.is_within(connection),
            None => self.connections.is_within(connection),
        }
    }

    /// What came by signals to this process.
    pub fn signalled(&self) -> Clock {
        self.common.as_ref().map(Common::signalled).unwrap_or_default()
    }

    /// What all threads have done that have ended, and all processes.
    pub fn all_ended(&self) -> Clock {
        let mut all = self.ended();
        self.common.iter().for_each(|common| common.add_all_ended(&mut all));
        all
    }

    /// What this stamp tells lets an `await` look again.
    pub fn give_to_who_awaits(&self, stamp: &Stamp) {
        match &self.common {
            Some(common) => common.give_to_who_awaits(stamp),
            None => _ = self.changes.lock().learn(stamp),
        }
    }

    pub fn changes(&self) -> Clock {
        self.common.as_ref().map_or_else(|| self.changes.lock().clone(), Common::changes)
    }

    /// What those have done that have ended.
    pub fn ended(&self) -> Clock {
        self.ended.lock().clone()
    }

    /// A permit of this semaphore is given by a thread that has not taken it.
    pub fn is_signal(&self, semaphore: u32) {
        self.held.lock().signals.insert(semaphore);
    }

    pub fn get_up(&self, last: &Stamp) {
        self.ended.lock().learn(last);
        if last.time < u32::MAX {
            self.seats.lock().free.push_back(last.clone());
        }
    }

    pub fn name_at(&self, slot: u16, time: u32) -> Arc<str> {
        let seats = self.seats.lock();
        let names = &seats.names[usize::from(slot)];
        let found = names.iter().rev().find(|(since, _)| *since <= time).or(names.first());
        found.map_or_else(|| "?".into(), |(_, name)| name.clone())
    }

    /// The number of what is held by a thread that holds `before`, and this.
    pub fn held_with(&self, before: u32, sync: &Sync) -> u32 {
        let mut held = self.held.lock();
        let mut set = held.of(before);
        set.push(sync.id);
        held.labels.entry(sync.id).or_insert_with(|| sync.label());
        held.number(set)
    }

    /// The number of what is held up to the last of `whole`, by one that holds `before` without it.
    pub fn held_without(&self, before: u32, whole: u32) -> u32 {
        let mut held = self.held.lock();
        let last = held.of(whole).last().copied();
        let mut set = held.of(before);
        set.extend(last);
        held.number(set)
    }

    /// Whether this pair of places has not been met yet at this cell.
    fn is_new(&self, met: &Met) -> bool {
        let mut found = self.found.lock();
        // A script that makes a new object for each race makes the same mistake each time.
        let cell = if found.met.len() < MOST { met.cell } else { 0 };
        let (first, second) = (met.earlier.0.place(), met.now.0.place());
        found.met.insert((first.min(second), first.max(second), cell))
    }

    /// Two accesses race; `cell` tells what the script calls what they touch.
    #[cold]
    pub fn found(&self, program: &Program, met: Met, cell: &dyn Fn() -> String) {
        if !self.is_new(&met) {
            return;
        }
        let tell = |(access, write): (Access, bool)| {
            let (thread, holds) = match self.common.as_ref().filter(|_| met.there) {
                Some(common) => common.told(access.held()),
                None => (self.name_at(access.slot(), access.time()), self.labels_of(access.held())),
            };
            let span = self.span(program, access.place());
            race::Access { thread, line: program.source.line(span.start), span, write, holds }
        };
        let race = Race { cell: cell(), shared: met.there, accesses: [tell(met.earlier), tell(met.now)] };
        match self.common.as_ref().filter(|_| met.there) {
            // The first process tells it.
            Some(common) => common.found(&race),
            None => self.keep(race),
        }
    }

    /// Once each.
    fn keep(&self, race: Race) {
        let Race { cell, shared, accesses } = race;
        let mut spans = [accesses[0].span, accesses[1].span];
        spans.sort_by_key(|span| (span.start, span.end));
        // Elements of one container at one pair of places are one mistake.
        let whole = cell.split('[').next().unwrap_or_default().to_string();
        let whole = match whole.split_once(" of ") {
            Some(("element", _)) | None => whole,
            Some((first, rest)) if first.starts_with("element ") => rest.to_string(),
            Some(_) => whole,
        };
        let mut found = self.found.lock();
        if !found.known.insert((whole, spans)) {
            return;
        }
        if found.races.len() >= MOST {
            found.left_out += 1;
            return;
        }
        found.races.push(Race { cell, shared, accesses });
    }

    /// What was found, and how many more there were.
    pub fn races(&self) -> (Vec<Race>, usize) {
        let common = self.common.as_ref().filter(|common| common.is_of_the_first());
        let (races, more) = common.map_or_else(Default::default, Common::races);
        races.into_iter().for_each(|race| self.keep(race));
        let mut found = self.found.lock();
        found.left_out += more;
        (std::mem::take(&mut found.races), std::mem::take(&mut found.left_out))
    }

    /// What it holds that has this number is called so.
    pub fn labels_of(&self, held: u32) -> Vec<String> {
        self.held.lock().labels_of(held)
    }

    fn span(&self, program: &Program, place: u32) -> Span {
        let function = self.starts.partition_point(|start| *start <= place).saturating_sub(1);
        let spans = &program.functions[function].spans;
        spans[((place - self.starts[function]) as usize).min(spans.len() - 1)]
    }
}

impl Held {
    fn of(&self, number: u32) -> Vec<u32> {
        match number {
            0 => Vec::new(),
            number => self.sets[number as usize - 1].clone(),
        }
    }

    fn number(&mut self, set: Vec<u32>) -> u32 {
        if set.is_empty() {
            return 0;
        }
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        self.sets.push(set.clone());
        let number = self.sets.len() as u32;
        self.numbers.insert(set, number);
        number
    }

    fn labels_of(&self, number: u32) -> Vec<String> {
        let held = self.of(number).into_iter().filter(|id| !self.signals.contains(id));
        held.filter_map(|id| self.labels.get(&id).cloned()).collect()
    }
}
