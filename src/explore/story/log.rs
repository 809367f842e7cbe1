//! The event log of a run in the simulated world, for whoever draws it: what each step did, who holds what, and who could
//! not go on. Its time is the number of the step.

use super::stuck::waits_for;
use super::told::Told;
use crate::event::deeds::{Deed, Did, Named};
use crate::event::{Event, Lane, Log, Process, Thing, Unit, Wait, Waiting, What};
use crate::machine::Space;
use crate::sync::{Op, Releasers};
use crate::value::Value;
use crate::world::sim::{Rules, Universe};
use std::sync::Arc;

/// A log while its run is made.
#[derive(Default)]
pub(super) struct Watching {
    log: Log,
    /// For each thing, its number in the run, where that is known.
    ids: Vec<Option<u32>>,
    /// For each thread that was ever started: whether it lives, whether it waits, and what it holds.
    threads: Vec<State>,
}

#[derive(Default)]
struct State {
    ended: bool,
    waits: bool,
    holds: Vec<usize>,
}

impl Told {
    /// Keeps a log from here on.
    pub fn watch(&mut self) {
        let process = Process { name: "main".into(), ..Process::default() };
        let log = Log { unit: Unit::Steps, processes: vec![process], ..Log::default() };
        self.watching = Some(Watching { log, ids: Vec::new(), threads: Vec::new() });
        self.note_threads(0, 0);
    }

    pub fn is_watched(&self) -> bool {
        self.watching.is_some()
    }

    /// What was noted.
    pub fn log(&mut self) -> Log {
        let mut log = self.watching.take().unwrap_or_default().log;
        log.end = self.story.moments.len() as u64;
        log
    }

    /// A step was made and told, if there is to be a log. Who stands before an operation waits, unless it `can` do it now.
    /// `deeds` is what it has done with things to wait for.
    pub fn note(
        &mut self,
        universe: &Universe,
        rules: &Rules,
        who: usize,
        deeds: &[Deed],
        can: impl Fn(usize) -> bool,
    ) {
        if !self.is_watched() {
            return;
        }
        let now = self.story.moments.len() as u64;
        let Some(moment) = self.story.moments.last() else { return };
        let (line, did) = (moment.line, moment.did.join(", "));
        self.add(now - 1, who, line, |state| std::mem::take(&mut state.waits).then_some(What::GoesOn));
        // What is taken and given back in one step is held while that is made.
        let brief = deeds.iter().enumerate().filter(|(at, deed)| is_brief(deed, &deeds[at + 1..]));
        let brief: Vec<usize> =
            brief.filter(|(_, deed)| self.lane_of(deed.thread) == Some(who)).map(|(at, _)| at).collect();
        brief.iter().for_each(|at| self.note_deed(now - 1, line, &deeds[*at]));
        self.add(now, who, line, |_| Some(What::Does(did)));
        self.note_threads(now, who);
        let others = deeds.iter().enumerate().filter(|(at, _)| !brief.contains(at));
        others.for_each(|(_, deed)| self.note_deed(now, line, deed));
        for known in 0..self.known.len() {
            self.note_holds(universe, now, known);
        }
        self.note_waits(universe, rules, now, can);
        for known in 0..self.known.len() {
            let failed = matches!(self.known[known].outcome.get(), Some(Err(_)));
            if self.seat_of(universe, known).is_none() {
                let end = |state: &mut State| (!std::mem::replace(&mut state.ended, true)).then_some(failed);
                self.add(now, known, 0, |state| end(state).map(|failed| What::Ends { failed }));
            }
        }
    }

    /// A thread has found that it has to wait, if there is to be a log.
    pub fn note_who_waits(&mut self, universe: &Universe, rules: &Rules) {
        if self.is_watched() {
            self.note_waits(universe, rules, self.story.moments.len() as u64, |_| true);
        }
    }

    fn add(&mut self, time: u64, lane: usize, line: u32, what: impl FnOnce(&mut State) -> Option<What>) {
        if let Some(watching) = &mut self.watching
            && let Some(what) = what(&mut watching.threads[lane])
        {
            watching.log.events.push(Event { time, lane, line, what });
        }
    }

    /// Threads that this step has started.
    fn note_threads(&mut self, now: u64, who: usize) {
        for known in 0..self.known.len() {
            let name = self.known[known].name().to_string();
            let process = self.spaces[known].as_ref().map(|space| space.handle.name().to_string());
            let Some(watching) = &mut self.watching else { return };
            if known < watching.threads.len() {
                // It may have got its name since.
                watching.log.lanes[known].name = name;
                continue;
            }
            let processes = &mut watching.log.processes;
            let process = process.map_or(0, |name| {
                processes.iter().position(|process| process.name == name).unwrap_or_else(|| {
                    processes.push(Process { name, parent: Some(0), ..Process::default() });
                    processes.len() - 1
                })
            });
            watching.threads.push(State::default());
            watching.log.lanes.push(Lane { process, thread: known as u32 + 1, name });
            self.add(now, known, 0, |_| Some(What::Begins));
            if known != who {
                self.add(now, who, 0, |_| Some(What::Starts(Some(known))));
            }
        }
    }

    fn note_deed(&mut self, now: u64, line: u32, deed: &Deed) {
        let Some(&lane) = self.numbers.get(&deed.thread) else { return };
        let what = match &deed.what {
            Did::Acquires(thing) => {
                let thing = self.named(thing);
                self.add(now, lane, line, |state| {
                    state.holds.push(thing);
                    Some(What::Acquires(thing))
                });
                return;
            }
            Did::Releases(thing) => {
                let thing = self.named(thing);
                self.add(now, lane, line, |state| {
                    if let Some(at) = state.holds.iter().rposition(|held| *held == thing) {
                        state.holds.remove(at);
                    }
                    Some(What::Releases(thing))
                });
                return;
            }
            Did::Signals(thing) => What::Signals(self.named(thing)),
            Did::Puts { thing, size, oldest } => {
                What::Puts { thing: self.named(thing), size: *size, oldest: *oldest }
            }
            Did::Gets(thing) => What::Gets(self.named(thing)),
            Did::Joins(thread) => What::Joins(self.lane_of(*thread)),
        };
        self.add(now, lane, line, |_| Some(what));
    }

    /// Of a process, its first thread.
    fn lane_of(&self, thread: u32) -> Option<usize> {
        let of =
            |space: &Option<_>| space.as_ref().is_some_and(|space: &Arc<Space>| space.handle.id == thread);
        self.numbers.get(&thread).copied().or_else(|| self.spaces.iter().position(of))
    }

    /// What a thread holds that it was not seen to take: what it had when it began.
    fn note_holds(&mut self, universe: &Universe, now: u64, known: usize) {
        let held = universe.held_by(&self.known[known]);
        let mut holds = Vec::new();
        for (sync, line) in held {
            let thing = self.named(&Named::of(&sync));
            holds.push(thing);
            self.add(now, known, line, |state| {
                (!state.holds.contains(&thing)).then_some(What::Acquires(thing))
            });
        }
        let Some(watching) = &mut self.watching else { return };
        let before = std::mem::replace(&mut watching.threads[known].holds, holds.clone());
        for thing in before.into_iter().filter(|thing| !holds.contains(thing)) {
            self.add(now, known, 0, |_| Some(What::Releases(thing)));
        }
    }

    /// Where its number is not known, it is the one that is called the same: the latest, where several are.
    fn named(&mut self, thing: &Named) -> usize {
        let Some(watching) = &mut self.watching else { return 0 };
        let by_id = watching.ids.iter().position(|id| id.is_some() && *id == thing.id);
        let called_so = |at: &usize| {
            let unsure = watching.ids[*at].is_none() || thing.id.is_none();
            unsure && watching.log.things[*at].label == thing.label
        };
        let known = by_id.or_else(|| (0..watching.ids.len()).rev().find(called_so));
        let at = known.unwrap_or_else(|| {
            watching.log.things.push(Thing { label: thing.label.clone() });
            watching.ids.push(None);
            watching.ids.len() - 1
        });
        watching.ids[at] = watching.ids[at].or(thing.id);
        at
    }

    /// Threads that wait from here on: in the middle of an operation, or before one that cannot be done now. (One that can
    /// go on again stands there until it does.)
    fn note_waits(&mut self, universe: &Universe, rules: &Rules, now: u64, can: impl Fn(usize) -> bool) {
        for known in 0..self.known.len() {
            let Some(seat) = self.seat_of(universe, known) else { continue };
            let it = &universe.seats[seat];
            let waits = it.wait.is_some() || !can(known);
            let waited = self.watching.as_ref().is_some_and(|watching| watching.threads[known].waits);
            if !waits || waited {
                continue;
            }
            let line = it.line;
            let sleeps = it.wait.as_ref().is_some_and(|wait| matches!(wait.op, Op::Sleep | Op::Beat(_)));
            let Some(vain) = waits_for(universe, rules, seat) else { continue };
            let whom = match &vain.releasers {
                Releasers::All(all) => all.first().filter(|_| all.len() == 1).copied(),
                Releasers::Anyone(_) | Releasers::Either(_) | Releasers::Unless(..) | Releasers::Outside => {
                    None
                }
            };
            let whom = whom.and_then(|id| self.known.iter().position(|thread| thread.id == id));
            let thing = vain.on.map(|thing| self.named(&thing));
            let kind = if sleeps { Waiting::Sleeps } else { Waiting::Blocked };
            let wait = Wait { kind, text: vain.waits, thing, whom };
            self.add(now, known, line, |state| {
                state.waits = true;
                Some(What::Blocks(wait))
            });
        }
    }
}

/// Whether it takes what is given back among `later`.
fn is_brief(deed: &Deed, later: &[Deed]) -> bool {
    let Did::Acquires(thing) = &deed.what else { return false };
    later.iter().any(|later| later.thread == deed.thread && later.what == Did::Releases(thing.clone()))
}

/// What the thing is called that an operation is about.
pub(super) fn thing_of(op: &Op) -> Option<Named> {
    match op.on() {
        Value::Sync(sync) => Some(Named::of(&sync)),
        _ => None, // a thread, several things, or none
    }
}
