//! `conc sim`: one run in the simulated world. A seed decides every choice, and sleeping takes no time.
//!
//! It is a run that goes on in one living universe (`world::sim::Course`): who moves next is drawn among those that can.

use super::able::{Able, For};
use super::options::{Options, Time};
use super::steps::Steps;
use super::story::{Told, deadlock, end_of_process, finish, halted, knot, ring};
use super::trial::beyond;
use super::verdict::Uncaught;
use crate::builtin::Wait;
use crate::code::verify::Verified;
use crate::event;
use crate::machine::Space;
use crate::memory;
use crate::report::runtime::{Deadlock, Ending};
use crate::sync::Op;
use crate::world::Stream;
use crate::world::sim::{Assumption, Course, Ends, Fault, Log, Met, Rules, Universe, Way};
use fastrand::Rng;
use std::sync::Arc;

/// What a simulated run has to say while it goes on.
pub enum Said<'a> {
    /// The script writes.
    Text(Stream, &'a str),
    /// A thread has ended with an error that nothing caught; what it held.
    Uncaught(&'a Uncaught),
    /// This process has ended, since some of its threads wait for ever.
    Deadlock(&'a str, &'a Deadlock),
}

/// What ends a run from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// Ctrl-C.
    Interrupted,
    /// It has taken as long as it may.
    TimeOver,
}

/// One run in the simulated world.
pub fn simulate(
    program: Arc<Verified>,
    seed: u64,
    arguments: Vec<String>,
    say: &mut dyn FnMut(Said<'_>),
) -> Ending {
    let options = Options { arguments, seed, ..Options::default() };
    simulate_watched(program, &options, false, &mut || None, say).0
}

/// The same, with the log of what happens, if it is to be `watched`. Of the options those count that a run has. `halted` is
/// asked again and again: the run ends where it stands when it gives something.
pub fn simulate_watched(
    program: Arc<Verified>,
    options: &Options,
    watched: bool,
    halted: &mut dyn FnMut() -> Option<Halt>,
    say: &mut dyn FnMut(Said<'_>),
) -> (Ending, event::Log) {
    let options = Options { time: Time::Idle, outcomes: true, ..options.clone() };
    let mut rules = Steps::new(program.clone(), &options).rules;
    // One run does not begin again when they prove wrong. (That containers do not change costs it steps only.)
    for assumption in [Assumption::OneFails, Assumption::Nameless] {
        rules.assumed.give_up(assumption);
    }
    if !rules.merge_shared {
        rules.assumed.give_up(Assumption::LocksApart);
    }
    let _confined = memory::confine(rules.memory);
    let mut run = Run::new(program, &rules, options.seed, watched, say);
    let end = run.go_to_its_end(halted);
    run.finish(end)
}

/// So many turns in a row take no time; then some passes for those who sleep, though others could go on. So who spins
/// until a sleeper has done something does not spin for ever.
const TURNS_OF_NO_TIME: u32 = 10_000;
/// A turn that was cut because nothing in it concerns others counts for as many.
const LONG_TURN: u32 = 100;
/// After so many of them it is looked for knots, and after twice as many each time.
const FEW_LONG_TURNS: u32 = 4;

/// How a run ends.
enum End {
    /// The program is over.
    Over,
    /// Nobody can go on.
    Stuck,
    /// Some wait for ever, and others may go on for ever.
    Knot(Deadlock),
    /// It has taken too much memory.
    Beyond(Uncaught),
    /// From outside.
    Halted(Halt),
}

struct Run<'r, 's> {
    universe: Universe,
    rules: &'r Rules,
    able: Able,
    dice: Rng,
    /// Everybody who waits has been asked since the last step.
    asked: bool,
    /// Turns since time has passed.
    turns: u32,
    /// How many turns were cut.
    long: u32,
    /// All turns, with how many times time has passed, and after how many it is looked for knots.
    spent: u64,
    due: u64,
    /// What happens, if somebody wants to know.
    told: Option<Told>,
    failed: usize,
    say: &'s mut dyn FnMut(Said<'_>),
}

impl<'r, 's> Run<'r, 's> {
    fn new(
        program: Arc<Verified>,
        rules: &'r Rules,
        seed: u64,
        watched: bool,
        say: &'s mut dyn FnMut(Said<'_>),
    ) -> Run<'r, 's> {
        let mut universe = Universe::new(program, seed);
        let mut dice = Rng::with_seed(seed);
        universe.course = Some(Course::new(dice.u64(..)));
        universe.drawn = watched;
        let told = watched.then(|| {
            let mut told = Told::new(&universe);
            told.watch();
            told
        });
        let able = Able::new(universe.seats.len());
        Run {
            universe,
            rules,
            able,
            dice,
            asked: false,
            turns: 0,
            long: 0,
            spent: 0,
            due: 0,
            told,
            failed: 0,
            say,
        }
    }

    fn go_to_its_end(&mut self, halted: &mut dyn FnMut() -> Option<Halt>) -> End {
        loop {
            if let Some(halt) = halted() {
                return End::Halted(halt);
            }
            if self.universe.ended.is_some() {
                let Some(ring) = ring(&self.universe, self.rules) else { return End::Over };
                // A real run had ended with that, before the `exit`.
                self.universe.ended = None;
                return End::Knot(ring);
            }
            if self.universe.nothing_left_to_do() {
                return End::Over;
            }
            // Also what was dropped with all that was told of a step may have woken somebody.
            self.able.wake_queued(&self.universe.seats, &mut self.dice);
            match self.able.pick(&mut self.dice) {
                Some(seat) => {
                    self.turns += 1;
                    if self.turns >= TURNS_OF_NO_TIME {
                        if self.a_process_ends_stuck() {
                            continue;
                        }
                        self.time_passes();
                        if let Some(end) = self.look_for_knots() {
                            return end;
                        }
                    } else {
                        let long = self.long;
                        if let Some(uncaught) = self.turn(seat) {
                            return End::Beyond(uncaught);
                        }
                        // Who computes for long may do so for ever: by then it is looked before time passes, too.
                        if self.long > long && self.long >= FEW_LONG_TURNS && self.long.is_power_of_two() {
                            if self.a_process_ends_stuck() {
                                continue;
                            }
                            if let Some(end) = self.look_for_knots() {
                                return end;
                            }
                        }
                    }
                }
                // What a signal does takes no time: so long as one may end a process, no time passes.
                None if self.somebody_is_struck() => {}
                None if self.a_process_ends_stuck() => {}
                None if self.time_passes() => {
                    if let Some(end) = self.look_for_knots() {
                        return end;
                    }
                }
                None if self.ask_everybody() => {}
                None => return End::Stuck,
            }
        }
    }

    /// The thread in this seat takes a step if it can; else it waits from now on. Some when that takes too much memory.
    fn turn(&mut self, seat: usize) -> Option<Uncaught> {
        let Some(way) = self.way(seat) else {
            self.waits(seat, None);
            return None;
        };
        self.universe.look_who_shares(self.rules);
        let thread = self.universe.seats[seat].thread.clone();
        let who = self.told.as_ref().and_then(|told| told.number(&thread));
        let ahead = self.told.as_ref().zip(who).map(|(told, who)| told.ahead(&self.universe, who, seat, way));
        let seats = self.universe.seats.len();
        let step = self.universe.step(seat, way, Vec::new(), self.rules);
        self.turns += if step.log.long { LONG_TURN } else { 0 };
        self.long += u32::from(step.log.long);
        if step.log.beyond.is_some() || memory::is_beyond() {
            return Some(beyond(thread.name(), &step.log));
        }
        match step.ends {
            Ends::Moved => {}
            Ends::Waits | Ends::Blocked(_) => {
                self.waits(seat, Some(&step.log));
                self.note_time(seat);
                self.told.iter_mut().for_each(|told| told.note_who_waits(&self.universe, self.rules));
                return None;
            }
        }
        self.asked = false;
        self.seated(seat, seats);
        if thread.ended() {
            thread.done.wake_all();
        }
        self.wake_others(&step.log);
        if let Some((told, (who, ahead))) = self.told.as_mut().zip(who.zip(ahead)) {
            told.meet(&self.universe);
            told.tell(&self.universe, who, &step.log, ahead, false);
            told.note(&self.universe, self.rules, who, &step.log.deeds, |_| true);
        }
        self.say_all(step.log);
        None
    }

    /// How a thread can move, as far as can be told without trying.
    fn way(&self, seat: usize) -> Option<Way> {
        if self.universe.may_die(seat, self.rules) {
            return Some(Way::Run);
        }
        if self.rules.signals && self.universe.is_stopped(seat) {
            return None;
        }
        if self.universe.is_ready(seat) {
            return Some(Way::Run);
        }
        let due = self.universe.deadline(seat).is_some_and(|deadline| deadline <= self.universe.now);
        due.then_some(Way::TimeOut)
    }

    /// Whether it waits in an `await`: whether that is over is only known when it has been evaluated.
    fn looks_again(&self, seat: usize) -> bool {
        matches!(self.universe.seats[seat].wait, Some(Wait { op: Op::Change, .. }))
    }

    /// A thread cannot move until something has changed. `log`: what it met when it tried to.
    fn waits(&mut self, seat: usize, log: Option<&Log>) {
        let Some(wait) = self.universe.seats[seat].wait.as_ref().filter(|_| !self.is_loose()) else {
            return self.able.waits(seat, &For::Any);
        };
        if !matches!(wait.op, Op::Change) {
            return self.able.waits(seat, &For::Op(&wait.op));
        }
        // What else it has met may be gone one day, and something else may be where that was.
        let global = |met: &Met| match met {
            Met::Global(index) => Some(*index),
            Met::Object(_) => None,
        };
        let told = log.filter(|log| !log.opaque && !self.rules.clock);
        let globals: Option<Vec<u32>> = told.and_then(|log| log.met.iter().map(global).collect());
        let what = globals.as_deref().map_or(For::Any, For::Globals);
        self.able.waits(seat, &what);
    }

    /// Whether things change here without anybody being told: what signals and ends of pipes do, and processes that end.
    fn is_loose(&self) -> bool {
        self.rules.processes || self.rules.signals || self.rules.pipes
    }

    /// After the step of the thread in this seat, when there were so many: who has started and who has ended.
    fn seated(&mut self, seat: usize, before: usize) {
        let left = self.universe.course.as_mut().map(|course| std::mem::take(&mut course.left));
        let left = left.unwrap_or_default();
        if self.rules.processes {
            // Any may have ended.
            self.able = Able::new(self.universe.seats.len());
            (0..self.universe.seats.len()).for_each(|seat| self.note_time(seat));
            return;
        }
        let seats = self.universe.seats.len();
        (before..seats + left.len()).for_each(|_| self.able.begins());
        left.iter().for_each(|seat| self.able.ends(*seat));
        // Those that are new may have been moved to where others have left.
        let moved = left.into_iter().filter(|seat| *seat < seats);
        let new = before.min(seats)..seats;
        new.chain(moved).chain((seat < seats).then_some(seat)).for_each(|seat| self.note_time(seat));
    }

    /// Notes when a thread gives up what it has begun to wait for.
    fn note_time(&mut self, seat: usize) {
        if let Some(deadline) = self.universe.deadline(seat).filter(|time| *time > self.universe.now) {
            let universe = &self.universe;
            self.able.gives_up(seat, deadline, |seat| universe.deadline(seat));
        }
    }

    /// Who waits may be able to go on after this step.
    fn wake_others(&mut self, log: &Log) {
        self.able.something_changed();
        for met in &log.met {
            if let Met::Global(index) = met {
                self.able.changed(*index);
            }
        }
    }

    fn say_all(&mut self, log: Log) {
        for (stream, text) in [(Stream::Out, &log.output), (Stream::Err, &log.errors)] {
            (self.say)(Said::Text(stream, text));
        }
        for fault in log.faults {
            let (thread, process, error, holds) = match fault {
                Fault::Uncaught { thread, process, error, holds } => (thread, process, error, holds),
                Fault::Watch { process, error, .. } => ("main".into(), process, error, Vec::new()),
                Fault::Deadlock { process, deadlock } => {
                    (self.say)(Said::Deadlock(&process, &deadlock));
                    continue;
                }
            };
            self.failed += usize::from(process.is_none());
            (self.say)(Said::Uncaught(&Uncaught { thread, process, error, holds }));
        }
    }

    /// Whether some wait for ever while others go on. It is looked each time after twice as many turns.
    fn look_for_knots(&mut self) -> Option<End> {
        if self.spent < self.due {
            return None;
        }
        self.due = 2 * self.spent;
        let seats = || 0..self.universe.seats.len();
        let waits = |seat| self.looks_again(seat) || !self.able.may_move(seat);
        if !seats().any(|seat| self.universe.deadline(seat).is_none() && waits(seat)) {
            return None;
        }
        // Who awaits something has been told of each change; so it looks first.
        let awaits = |seat: &usize| self.looks_again(*seat) && self.able.may_move(*seat);
        let awaiting: Vec<u32> =
            seats().filter(awaits).map(|seat| self.universe.seats[seat].thread.id).collect();
        for id in awaiting {
            let seat = self.universe.seats.iter().position(|seat| seat.thread.id == id);
            if let Some(uncaught) =
                seat.filter(|seat| self.looks_again(*seat)).and_then(|seat| self.turn(seat))
            {
                return Some(End::Beyond(uncaught));
            }
        }
        if self.universe.ended.is_some() {
            return None;
        }
        let rests = |seat: usize| match self.looks_again(seat) {
            true => !self.able.may_move(seat),
            false => !self.universe.is_ready(seat),
        };
        knot(&self.universe, self.rules, &rests).map(End::Knot)
    }

    /// Ends a process some of whose threads wait for ever, if there is one.
    fn a_process_ends_stuck(&mut self) -> bool {
        if !self.rules.processes {
            return false;
        }
        let mut asked: Vec<*const Space> = Vec::new();
        for seat in 0..self.universe.seats.len() {
            let Some(space) = self.universe.seats[seat].space.as_ref().map(Arc::as_ptr) else { continue };
            // Whoever can still move does, and the others are asked.
            if asked.contains(&space) || self.universe.deadline(seat).is_some() {
                continue;
            }
            asked.push(space);
            if let Some(fault) = end_of_process(&self.universe, self.rules, seat) {
                self.ends_stuck(seat, fault);
                return true;
            }
        }
        false
    }

    fn ends_stuck(&mut self, seat: usize, fault: Fault) {
        let thread = self.universe.seats[seat].thread.clone();
        let who = self.told.as_ref().and_then(|told| told.number(&thread));
        let ahead = self.told.as_ref().zip(who);
        let ahead = ahead.map(|(told, who)| told.ahead(&self.universe, who, seat, Way::TimeOut));
        let seats = self.universe.seats.len();
        let mut step = self.universe.step(seat, Way::TimeOut, Vec::new(), self.rules);
        step.log.faults.push(fault);
        self.asked = false;
        self.seated(seat, seats);
        self.wake_others(&step.log);
        if let Some((told, (who, ahead))) = self.told.as_mut().zip(who.zip(ahead)) {
            told.tell(&self.universe, who, &step.log, ahead, false);
            told.note(&self.universe, self.rules, who, &step.log.deeds, |_| true);
        }
        self.say_all(step.log);
    }

    /// Whether a signal has come to a process that it may end: whether it does is drawn each time that its threads are asked.
    fn somebody_is_struck(&mut self) -> bool {
        let struck = |seat: &usize| self.universe.may_die(*seat, self.rules);
        let seats: Vec<usize> = match self.rules.signals {
            true => (0..self.universe.seats.len()).filter(struck).collect(),
            false => Vec::new(),
        };
        seats.iter().for_each(|seat| self.able.wake(*seat, &self.universe.seats));
        !seats.is_empty()
    }

    /// Nobody can go on: time does, until the next of those who wait for it gives up. False when there is none.
    fn time_passes(&mut self) -> bool {
        self.spent += 1 + u64::from(std::mem::take(&mut self.turns));
        let (universe, rules) = (&self.universe, self.rules);
        let deadline = |seat: usize| universe.deadline(seat);
        let next = self.able.next_to_give_up(deadline, |seat| !(rules.signals && universe.is_stopped(seat)));
        let Some((time, seats)) = next else { return false };
        seats.into_iter().for_each(|seat| self.able.wake(seat, &universe.seats));
        self.universe.now = self.universe.now.max(time);
        true
    }

    /// Asks everybody once more, before it is said that nobody can go on. (Whether a process dies of its signal is drawn,
    /// so it may be asked again and again.)
    fn ask_everybody(&mut self) -> bool {
        let again = std::mem::replace(&mut self.asked, true);
        let mut found = false;
        for seat in 0..self.universe.seats.len() {
            let looks = self.looks_again(seat);
            if if looks { !again } else { self.way(seat).is_some() } {
                debug_assert!(looks || self.universe.may_die(seat, self.rules), "who can go on is woken");
                self.able.wake(seat, &self.universe.seats);
                found = true;
            }
        }
        found
    }

    /// What is to be said of it, and its log.
    fn finish(mut self, end: End) -> (Ending, event::Log) {
        // In the order in which threads were made.
        self.universe.seats.sort_by_key(|seat| seat.thread.id);
        let started = self.universe.course.as_ref().map_or(0, |course| course.started);
        let mut ending = Ending { failed: self.failed, started, ..Ending::default() };
        let beyond = matches!(end, End::Beyond(_));
        match end {
            End::Over => {}
            End::Stuck => ending.deadlock = Some(deadlock(&self.universe, self.rules)),
            End::Knot(knot) => ending.deadlock = Some(knot),
            End::Beyond(uncaught) => {
                ending.failed += 1;
                (self.say)(Said::Uncaught(&uncaught));
            }
            End::Halted(halt) => {
                halted(&self.universe, halt, &mut ending);
                return (ending, self.log());
            }
        }
        finish(&mut self.universe, self.rules, &mut ending);
        if beyond {
            // It has not come to its end: nothing is left behind by it.
            (ending.abandoned, ending.processes) = (Vec::new(), Vec::new());
        }
        (ending, self.log())
    }

    fn log(&mut self) -> event::Log {
        self.told.as_mut().map(Told::log).unwrap_or_default()
    }
}
