//! A universe as a graph of nodes, and a graph made into a universe again.
//!
//! The roots come first, each known by its place: the world, the names that are written once, a node for each variable
//! of the top level that can change, and a node for each thread that lives. Objects follow in the order in which they
//! are met.

use super::rules::Rules;
use super::universe::{MAIN, Seat, Universe};
use crate::builtin::Wait;
use crate::explore::Time;
use crate::machine::saved::{Kept, Rest};
use crate::machine::space::{load_handlers, save_handlers};
use crate::machine::{Fiber, Image, Watch};
use crate::state::addresses::Addresses;
use crate::state::graph::Builder;
use crate::state::living::{Living, Nodes, ROOT};
use crate::state::rows::Rows;
use crate::state::{Numbering, Reader, Shared, Writer};
use crate::sync::Op;
use crate::sync::thread::{Entry, State, Thread};
use crate::value::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A stored moment of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub nodes: Rows,
    /// How many of the nodes are threads that live; they come last among the roots.
    pub seats: usize,
    /// How many nodes are roots.
    pub roots: usize,
}

const WORLD: u32 = 0;
const FIXED: u32 = 1;
/// The first of the variables of the top level.
const GLOBALS: u32 = 2;

impl Universe {
    /// Stores this moment; also the living object of each node after the roots.
    pub fn snapshot(&self, rules: &Rules) -> (Snapshot, Vec<Shared>) {
        self.snapshot_keeping(rules, &[])
    }

    /// The same, also with objects that nothing leads to any more.
    pub fn snapshot_keeping(&self, rules: &Rules, kept: &[Shared]) -> (Snapshot, Vec<Shared>) {
        let mut builder = self.write_roots(self.builder(rules), rules, None);
        for object in kept {
            builder.number(object.clone());
        }
        self.finish(builder)
    }

    /// Only what leads to what at this moment: nodes without most of their contents.
    pub(super) fn leads(&self, rules: &Rules) -> (Snapshot, Vec<Shared>) {
        self.finish(self.write_roots(self.builder(rules).leads_only(), rules, None))
    }

    /// How many roots come before the threads.
    fn first_seat(&self) -> usize {
        GLOBALS as usize + self.image.program.globals.len()
    }

    /// How many roots there are.
    fn roots(&self) -> u32 {
        (self.first_seat() + self.seats.len()) as u32
    }

    fn builder<'k>(&self, rules: &Rules) -> Builder<'k> {
        self.builder_within(Rows::with_room(), rules)
    }

    fn builder_within<'k>(&self, rows: Rows, rules: &Rules) -> Builder<'k> {
        let threads = self.seats.iter().map(|seat| seat.thread.clone()).chain([self.main.clone()]);
        let threads = threads.chain(self.absent.iter().cloned());
        let builder = Builder::within(rows, self.roots(), rules.names(), rules.counts_tasks, threads);
        builder.keeping(rules.kept.as_ref())
    }

    fn finish(&self, builder: Builder<'_>) -> (Snapshot, Vec<Shared>) {
        debug_assert!(!self.left_out, "a state is whole");
        let (nodes, objects) = builder.finish();
        (Snapshot { nodes, seats: self.seats.len(), roots: self.roots() as usize }, objects)
    }

    /// Writes the roots; of one seat the fiber may have been taken out to run.
    fn write_roots(
        &self,
        mut builder: Builder<'static>,
        rules: &Rules,
        running: Option<(usize, &Fiber)>,
    ) -> Builder<'static> {
        (0..self.first_seat() as u32).for_each(|root| self.write_root(&mut builder, rules, root));
        for seat in 0..self.seats.len() {
            self.write_seat(&mut builder, rules, seat, running);
        }
        builder
    }

    fn write_root(&self, builder: &mut Builder<'_>, rules: &Rules, root: u32) {
        match root {
            WORLD => builder.root(0, |w| self.save_world(w, rules)),
            FIXED => builder.root(1, |w| {
                for index in 0..self.image.program.fixed.len() as u32 {
                    w.value(self.image.fixed(index).unwrap_or(&Value::Unset));
                }
            }),
            global => {
                builder.root(2, |w| w.value(&self.image.global(global - GLOBALS).unwrap_or(Value::Unset)))
            }
        }
    }

    fn write_seat(
        &self,
        builder: &mut Builder<'_>,
        rules: &Rules,
        at: usize,
        running: Option<(usize, &Fiber)>,
    ) {
        let seat = &self.seats[at];
        let (fiber, rest) = match running {
            Some((number, fiber)) if number == at => (Some(fiber), Rest::About),
            _ => (seat.fiber.as_ref(), seat.rest()),
        };
        builder.root(3, |w| self.save_seat(w, seat, fiber.map(|fiber| (fiber, rest)), rules));
    }

    /// Writes some of the nodes of a state anew, after a step: roots, threads by where they stand now, objects. All others have
    /// the numbers that they had (by the addresses of their objects); what has none is new: it is numbered from `NEW` on,
    /// and its nodes follow, with their objects. `room` was used before, and is used again.
    pub fn rewrite<'o>(
        &self,
        rules: &Rules,
        (numbers, room): (&Addresses<u32>, Rows),
        roots: impl Iterator<Item = u32>,
        seats: impl Iterator<Item = usize>,
        objects: impl Iterator<Item = &'o Shared>,
    ) -> (Rows, Vec<Shared>) {
        let mut builder = self.builder_within(room, rules).knowing(numbers);
        roots.for_each(|root| self.write_root(&mut builder, rules, root));
        seats.for_each(|seat| self.write_seat(&mut builder, rules, seat, None));
        objects.for_each(|object| builder.object(object));
        builder.finish()
    }

    fn save_world(&self, w: &mut Writer<'_>, rules: &Rules) {
        w.thread(&self.main);
        w.flag(self.failed);
        w.count(self.random);
        w.int(if rules.clock { self.now } else { 0 });
        w.count(self.watches.len() as u64);
        self.watches.iter().for_each(|watch| watch.save(w));
        if rules.pids {
            w.int(i64::from(self.next_pid));
        }
        if rules.signals {
            w.count(self.signals);
            save_handlers(&self.handlers, w);
        }
        if rules.pipes {
            w.count(self.servers.len() as u64);
            for (place, server) in &self.servers {
                w.text(place);
                w.wire(server);
            }
        }
        if rules.names() {
            w.count(u64::from(self.next_id));
            let mut names: Vec<_> = self.names.iter().collect();
            names.sort();
            w.count(names.len() as u64);
            for (name, count) in names {
                w.text(name);
                w.count(u64::from(*count));
            }
        }
    }

    fn load_world(&mut self, r: &mut Reader<'_>, rules: &Rules) {
        self.main = r.thread();
        self.failed = r.flag();
        self.random = r.count();
        self.now = r.int();
        for _ in 0..r.count() {
            self.watches.push(Watch::load(r));
        }
        if rules.pids {
            self.next_pid = r.int() as i32;
        }
        if rules.signals {
            self.signals = r.count();
            self.handlers = load_handlers(r);
        }
        if rules.pipes {
            for _ in 0..r.count() {
                let place = r.text().to_string();
                self.servers.push((place, r.wire()));
            }
        }
        if rules.names() {
            self.next_id = r.count() as u32;
            for _ in 0..r.count() {
                let name = r.text().to_string();
                let count = r.count() as u32;
                self.names.insert(name, count);
            }
        }
    }

    fn save_seat(&self, w: &mut Writer<'_>, seat: &Seat, fiber: Option<(&Fiber, Rest)>, rules: &Rules) {
        w.thread(&seat.thread);
        if rules.processes {
            w.option(seat.space.as_ref(), |w, space| {
                w.space(space);
                w.flag(space.is_daemon());
            });
        }
        if rules.signals {
            w.option(seat.handles, |w, signal| w.int(i64::from(signal)));
        }
        if rules.pipes {
            w.flag(seat.lets_go);
        }
        w.flag(seat.begun);
        w.option(seat.failing.as_ref(), |w, error| w.shared(Shared::Error(error.clone())));
        w.option(seat.exiting, |w, status| w.int(i64::from(status)));
        w.option(seat.body.as_ref(), |w, body| body.save(w));
        // Not when it was due, which would be another state each time: how long it has until the next time.
        let timer = seat.thread.timer.as_ref();
        w.option(seat.due.zip(timer), |w, (due, timer)| {
            w.int(self.left(timer.next_beat(due, self.now), rules))
        });
        w.option(seat.wait.as_ref(), |w, wait| {
            w.count(u64::from(seat.line));
            w.option(wait.deadline, |w, deadline| w.int(self.left(deadline, rules)));
            wait.op.save(w);
        });
        w.option(fiber, |w, (fiber, rest)| {
            let crews = rules.crews.as_ref().map(|crews| (crews, &*seat.thread));
            let kept = Kept { live: rules.liveness.as_ref(), crews, parallels: rules.assumed.one_fails };
            fiber.save(w, &self.image.program, kept, rest);
        });
    }

    /// How much of the time until then is left.
    fn left(&self, deadline: i64, rules: &Rules) -> i64 {
        match rules.time {
            // Whether it is over is open at any moment: how much is left says nothing.
            Time::Any if !rules.clock => 0,
            Time::Any | Time::Idle => (deadline - self.now).max(0),
        }
    }

    fn load_seat(&self, r: &mut Reader<'_>, rules: &Rules) -> Seat {
        let thread = r.thread();
        let space = r.option_if(rules.processes, |r| {
            let space = r.space();
            r.flag();
            space
        });
        let handles = r.option_if(rules.signals, |r| r.int() as i32);
        let lets_go = rules.pipes && r.flag();
        let begun = r.flag();
        let failing = r.option(Reader::error);
        let exiting = r.option(|r| r.int() as i32);
        let body = r.option(Entry::load);
        let left = r.option(|r| r.int());
        let mut line = 0;
        let wait = r.option(|r| {
            line = r.count() as u32;
            let deadline = r.option(|r| r.int() + self.now);
            Wait { op: Op::load(r), deadline }
        });
        let mut fiber = r.option(|r| Fiber::load(r, &self.image.program));
        fiber.iter_mut().for_each(|fiber| fiber.starts_at(&thread));
        let delay = thread.timer.as_ref().map_or(0, |timer| timer.delay);
        let due = left.map(|left| self.now.saturating_add(left).saturating_sub(delay));
        Seat {
            fiber,
            wait,
            line,
            begun,
            failing,
            exiting,
            body,
            due,
            space,
            handles,
            lets_go,
            ..Seat::new(thread)
        }
    }

    /// Brings a stored moment back: its nodes, roots first, `seats` of them threads. Also the living object of each node.
    pub fn load(
        image: &Image,
        nodes: &impl Nodes,
        seats: usize,
        rules: &Rules,
    ) -> (Universe, Vec<Option<Shared>>) {
        let roots = GLOBALS as usize + image.program.globals.len() + seats;
        Universe::load_for(None, image, nodes, &shared_objects(nodes, roots - seats, roots), seats, rules)
    }

    /// The same for a step of one thread alone: nothing is made of the others, and of what only they lead to, but for some
    /// nodes. What comes of a step that has looked around (its log says so) means nothing then. Not where there are
    /// processes or signals. `shared` are those of its objects that `shared_objects` tells.
    pub fn load_for(
        alone: Option<(usize, &[u32])>,
        image: &Image,
        nodes: &impl Nodes,
        shared: &[u32],
        seats: usize,
        rules: &Rules,
    ) -> (Universe, Vec<Option<Shared>>) {
        let globals = image.program.globals.len();
        let roots = GLOBALS as usize + globals + seats;
        let own = Arc::new(image.anew());
        let nobody = Arc::new(Thread::absent(0));
        nobody.state.store(State::Running as u8, Ordering::SeqCst);
        let mut universe = Universe::empty(own.clone(), nobody.clone(), 0);
        universe.next_id = MAIN + nodes.count() as u32 + 1;
        let mut living = Living::new(nodes, rules.names()).with_image(&own);
        living = living.keeping(rules.kept.as_deref());
        living.root(WORLD, |r| universe.load_world(r, rules));
        living.root(FIXED, |r| {
            for index in 0..image.program.fixed.len() as u32 {
                match r.value() {
                    Value::Unset => {}
                    value => own.set_fixed(index, value),
                }
            }
        });
        for index in 0..globals as u32 {
            living.root(GLOBALS + index, |r| own.set_global(index, r.value()));
        }
        let common = roots - seats;
        match alone {
            None => {
                for seat in 0..seats {
                    let seat = living.root((common + seat) as u32, |r| universe.load_seat(r, rules));
                    universe.seats.push(seat);
                }
            }
            Some((alone, others)) => {
                others.iter().for_each(|node| living.bring(*node));
                let mover = living.root((common + alone) as u32, |r| universe.load_seat(r, rules));
                let other = |seat: usize| {
                    let root = (common + seat) as u32;
                    let thread = match living.known(nodes.refs(root)[0]) {
                        Some(Shared::Thread(thread)) => thread.clone(),
                        Some(_) | None => nobody.clone(),
                    };
                    Seat { lets_go: rules.pipes && lets_go(nodes.content(root)), ..Seat::new(thread) }
                };
                universe.seats.extend((0..alone).map(other));
                universe.seats.push(mover);
                universe.seats.extend((alone + 1..seats).map(other));
                universe.left_out = true;
            }
        }
        let objects = living.into_objects();
        for object in objects.iter().flatten() {
            if let Shared::Sync(sync) = object {
                universe.register(sync);
            }
            if let Shared::Failure(failure) = object {
                universe.failures.push(failure.clone());
            }
            if let Shared::Space(space) = object {
                universe.absent.extend(space.absent.iter().cloned());
            }
            // After an exit a future may still name the worker that has ended everything.
            if let (Shared::Thread(thread), true) = (object, rules.exits) {
                universe.absent.push(thread.clone());
            }
        }
        // Where a script asks what a thread waits for, that must be known.
        for seat in universe.seats.iter().filter(|seat| rules.watched() && seat.begun) {
            if let Some(wait) = &seat.wait {
                wait.op.rests(&seat.thread, seat.line, wait.deadline.is_some());
            }
        }
        let shared = shared.iter().filter_map(|node| objects[*node as usize].as_ref());
        universe.shared.reserve(shared.clone().count());
        universe.shared.extend(shared.map(Shared::address));
        (universe, objects)
    }

    /// Finds anew which objects more than one thread can reach: before a step of a universe that was not just loaded.
    pub fn share_now(&mut self, rules: &Rules) {
        self.share(rules, None);
    }

    /// Finds anew which objects more than one thread can reach; `running` is a fiber out of its seat. How large the state
    /// is.
    pub(super) fn share(&mut self, rules: &Rules, running: Option<(usize, &Fiber)>) -> Size {
        if self.left_out {
            return Size { nodes: 0, bytes: 0 }; // who asks has looked around
        }
        let (snapshot, objects) = self.finish(self.write_roots(self.builder(rules), rules, running));
        let shared = shared_nodes(&snapshot.nodes, snapshot.roots - snapshot.seats, snapshot.roots);
        self.shared = objects
            .iter()
            .zip(&shared[snapshot.roots..])
            .filter(|(_, shared)| **shared)
            .map(|(object, _)| object.address())
            .collect();
        Size { nodes: snapshot.nodes.len() as u64, bytes: snapshot.nodes.bytes.len() as u64 }
    }
}

/// Whether a thread is about to close ends, by its content where there are pipes and neither processes nor signals: that is the
/// first that it tells.
fn lets_go(content: &[u8]) -> bool {
    content[ROOT] != 0
}

/// How large a state is.
pub(super) struct Size {
    pub nodes: u64,
    pub bytes: u64,
}

/// The nodes after the roots that more than one thread can reach: see `shared_nodes`.
pub fn shared_objects(nodes: &impl Nodes, common: usize, roots: usize) -> Vec<u32> {
    let shared = shared_nodes(nodes, common, roots);
    (roots as u32..nodes.count() as u32).filter(|node| shared[*node as usize]).collect()
}

/// Which nodes can be reached from the first `common` roots (which everybody can reach), or from two of the others.
fn shared_nodes(nodes: &impl Nodes, common: usize, roots: usize) -> Vec<bool> {
    let mut shared = vec![false; nodes.count()];
    let mut by = vec![u32::MAX; nodes.count()];
    let mut pending: Vec<u32> = (0..common as u32).collect();
    while let Some(node) = pending.pop() {
        for &next in nodes.refs(node) {
            if !std::mem::replace(&mut shared[next as usize], true) {
                pending.push(next);
            }
        }
    }
    for seat in common..roots {
        pending.push(seat as u32);
        while let Some(node) = pending.pop() {
            for &next in nodes.refs(node) {
                let next_at = next as usize;
                if shared[next_at] || by[next_at] == seat as u32 {
                    continue;
                }
                if by[next_at] != u32::MAX {
                    // A second thread reaches it, and so everything beyond it.
                    spread(nodes, &mut shared, next);
                    continue;
                }
                by[next_at] = seat as u32;
                pending.push(next);
            }
        }
    }
    shared
}

fn spread(nodes: &impl Nodes, shared: &mut [bool], from: u32) {
    let mut pending = vec![from];
    shared[from as usize] = true;
    while let Some(node) = pending.pop() {
        for &next in nodes.refs(node) {
            if !std::mem::replace(&mut shared[next as usize], true) {
                pending.push(next);
            }
        }
    }
}
