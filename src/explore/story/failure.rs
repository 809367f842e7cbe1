//! What the last state of a story shows to fail.

use super::stuck::{deadlock_among, ring, unraised_in};
use super::{Teller, copy, words};
use crate::explore::graph::{Judged, judge_within};
use crate::explore::slice::Sign;
use crate::explore::tries::{property_of, race, tries};
use crate::explore::verdict::{Access, Ahead, Failure, Plainest, Property, Race, Story, Uncaught};
use crate::machine::touch::{Place, Touch, names};
use crate::source::Span;
use crate::state::Shared;
use crate::world::sim::{Fault, Way};

/// More variables than any script has at its top level: where the numbers of objects begin.
const GLOBALS: usize = 1 << 32;

/// So many states of a loop are looked at, to tell who goes on in it.
const MOST_STATES: usize = 100_000;

impl Teller<'_> {
    /// The failure that the present state shows, with the story that has led here.
    pub fn failure(mut self, property: Property, sign: &Sign) -> Option<Failure> {
        if let Sign::Step(step) = sign {
            self.make(step);
        }
        let mut failure = Failure {
            property,
            what: String::new(),
            place: None,
            deadlock: None,
            error: None,
            race: None,
            story: Story::default(),
            plainest: Plainest::OfAll,
            loop_from: None,
        };
        match property {
            Property::Deadlock => {
                let ended = self.faults.iter().find_map(|fault| match fault {
                    Fault::Deadlock { deadlock, .. } => Some(deadlock.clone()),
                    Fault::Uncaught { .. } | Fault::Watch { .. } => None,
                });
                // A ring stays one, whatever others do: also where not all is known of what they do.
                let known = ended.or_else(|| ring(&self.universe, &self.steps.rules));
                let deadlock = known.unwrap_or_else(|| {
                    let stuck = self.seats_at_rest(|judged| &judged.stuck);
                    let among = |at: usize| stuck.as_ref().is_none_or(|stuck| stuck.contains(&at));
                    deadlock_among(&self.universe, &self.steps.rules, &among)
                });
                failure.what = match deadlock.threads.len() {
                    1 => "a thread waits for ever".into(),
                    n if deadlock.cycle => format!("{n} threads wait for each other"),
                    n => format!("{n} threads wait for ever"),
                };
                failure.deadlock = Some(deadlock);
            }
            Property::Race => {
                let race = self.race()?;
                failure.what = format!("data race on {}", race.cell);
                failure.race = Some(race);
            }
            Property::Error | Property::Assertion => {
                let found = self.faults.iter().find(|fault| property_of(fault) == property);
                let found = found.cloned().or_else(|| self.unraised(property))?;
                if let Fault::Uncaught { thread, process, error, holds } = &found {
                    failure.what = error.message.clone();
                    failure.place = error.place.get().map(|place| place.span);
                    failure.error = Some(Uncaught {
                        thread: thread.clone(),
                        process: process.clone(),
                        error: error.clone(),
                        holds: holds.clone(),
                    });
                }
            }
            Property::Invariant | Property::Ensure => {
                let ensure = property == Property::Ensure;
                // What another process states is looked at where that ends, on the way.
                let found = self.faults.iter().find(|fault| property_of(fault) == property).cloned();
                let found = found.or_else(|| {
                    let (faults, _) = self.universe.look(ensure, &self.steps.rules);
                    faults.into_iter().next()
                });
                let Some(Fault::Watch { watch, process, error, .. }) = found else { return None };
                failure.place = Some(watch.span);
                failure.what = error.message.clone();
                failure.error = Some(Uncaught {
                    thread: "main".into(),
                    process,
                    error: error.clone(),
                    holds: Vec::new(),
                });
            }
            Property::Livelock => failure.what = "no end can be reached any more".into(),
        }
        failure.story = self.told.story;
        Some(failure)
    }

    /// An error that nobody will raise: the `parallel` of its thread waits for others.
    fn unraised(&mut self, property: Property) -> Option<Fault> {
        let resting = self.seats_at_rest(|judged| &judged.resting);
        let among = |at: usize| resting.as_ref().is_none_or(|resting| resting.contains(&at));
        let mut failed = unraised_in(&self.universe, &among).map(|(thread, it)| (thread, it.error));
        let (thread, error) = failed.find(|(_, error)| Property::of(error) == property)?;
        Some(Fault::Uncaught { thread: thread.name(), process: None, error, holds: Vec::new() })
    }

    /// The seats of those that never move, as long as others go round in a loop that is known: of all of them, or of some.
    /// None where nobody can move, or too much would have to be looked at.
    fn seats_at_rest(&mut self, which: impl Fn(&Judged) -> &Vec<usize>) -> Option<Vec<usize>> {
        if self.able().is_empty() {
            return None;
        }
        let judged = judge_within(self.steps, &self.graph, MOST_STATES)?;
        let living = which(&judged).iter().map(|at| self.told.seat_of(&self.universe, self.who[*at]));
        living.collect::<Option<Vec<usize>>>().filter(|living| !living.is_empty())
    }

    /// The two accesses that race in the present state.
    fn race(&mut self) -> Option<Race> {
        let mut tried = Vec::new();
        tries(self.steps, &self.graph, &mut tried);
        let (i, j, _) = race(&tried)?;
        let (a, b) = (tried[i].seat, tried[j].seat);
        let (mut first, mine) = self.access(self.who[a])?;
        let (mut second, others) = self.access(self.who[b])?;
        let meets = |one: &&Near, other: &&Near| {
            let writes = one.touch.write || other.touch.write;
            one.place == other.place && writes && one.touch.part.meets(other.touch.part)
        };
        let mut pairs = mine.iter().flat_map(|one| others.iter().map(move |other| (one, other)));
        let (x, y) = pairs.find(|(one, other)| meets(one, other))?;
        (first.write, second.write) = (x.touch.write, y.touch.write);
        let ahead = |known: usize, access: &Access| Ahead {
            thread: known,
            line: access.line,
            does: words::access(access.write, &x.cell),
        };
        self.told.story.ahead = vec![ahead(self.who[a], &first), ahead(self.who[b], &second)];
        Some(Race { cell: x.cell.clone(), shared: x.shared, accesses: [first, second] })
    }

    /// What a thread is about to touch.
    fn access(&mut self, known: usize) -> Option<(Access, Vec<Near>)> {
        let seat = self.told.seat_of(&self.universe, known)?;
        let program = self.steps.image.program.clone();
        let (thread, name) = (self.told.known[known].clone(), self.told.label(known));
        let holds = self.universe.held_by(&thread).into_iter().map(|(sync, _)| sync.label()).collect();
        let (stands, touches) = self.touches_of(seat);
        // A worker is about to begin its task, and has no place of its own before.
        let next = || self.universe.seats[seat].fiber.as_ref().map(|fiber| fiber.next_span(&program));
        let span = stands.or_else(next).unwrap_or_default();
        let line = program.source.line(span.start);
        Some((Access { thread: name, line, span, write: false, holds }, touches))
    }

    /// What the next operation of a thread would touch, and where it stands, if it comes to one.
    fn touches_of(&self, seat: usize) -> (Option<Span>, Vec<Near>) {
        let (mut copy, objects) = copy(&self.universe, &self.steps.rules);
        let image = copy.seats[seat].space.as_ref().map_or(&copy.image, |space| &space.image).clone();
        let number = |touch: &Touch| match &touch.place {
            Place::Global(index) => Some(*index as usize),
            // Things to wait for never race.
            Place::Object(Shared::Sync(_) | Shared::Thread(_) | Shared::Between(_) | Shared::Wire(_)) => None,
            Place::Object(object) => {
                let same = |known: &Option<Shared>| {
                    known.as_ref().is_some_and(|known| known.address() == object.address())
                };
                objects.iter().position(same).map(|node| node + GLOBALS)
            }
            Place::Fixed(_) | Place::Threads | Place::Random | Place::Clock => None,
        };
        let log = copy.step(seat, Way::Run, Vec::new(), &self.steps.rules).log;
        let near = |touch: Touch| {
            let (cell, shared) = (names::cell(&touch, &image), names::is_shared(&touch, &image));
            Some(Near { place: number(&touch)?, cell, shared, touch })
        };
        let stands = Some(log.span).filter(|span| *span != Span::default());
        (stands, log.touches.into_iter().filter_map(near).collect())
    }
}

/// Something that a thread is about to touch.
struct Near {
    /// A number for where it is in this state.
    place: usize,
    touch: Touch,
    /// What it is called.
    cell: String,
    shared: bool,
}
