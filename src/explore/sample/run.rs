//! One run that is drawn at random, as it goes on.

use super::endless::endless;
use super::space::{NEW, Signs, Space};
use crate::explore::patience::Patience;
use crate::explore::rings::Rings;
use crate::explore::state::Graph;
use crate::explore::strategy::{Started, Strategy};
use crate::explore::verdict::{Limit, Property};
use fastrand::Rng;
use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The program is over: which of the space's ends.
    Over(u32),
    /// Nothing can move.
    Stuck,
    /// After the most steps that a run may have.
    Cut,
    /// An assumption has proved wrong: all runs were drawn among the wrong steps.
    Wrong,
    Limit(Limit),
}

/// A failure that a run has shown for the first time.
#[derive(Debug, Clone)]
pub struct Shown {
    pub property: Property,
    /// After so many steps of the run; in the last of them, or in the state that it has led to.
    pub length: usize,
    pub in_step: bool,
    /// The loop that begins there shows it, which has the states with these hashes.
    pub shaped: Option<Arc<HashSet<u128>>>,
    /// Threads wait for each other there, while others go on.
    pub ring: bool,
    pub preemptions: u32,
}

/// Asked now and then whether to go on, with the state where the run stands and how many steps it has. It may forget all
/// other states: then it tells the number that this one has now.
pub type Watch<'w> = dyn FnMut(&mut Space<'_>, u32, usize) -> ControlFlow<Limit, Option<u32>> + 'w;

/// The run; its room is kept from one to the next.
#[derive(Default)]
pub struct Run {
    /// Each step by its number among those of its state.
    pub path: Vec<u32>,
    pub threads: Vec<Started>,
    pub shown: Vec<Shown>,
    pub signs: Signs,
    pub output: String,
    /// The thread that stands in each place of the state.
    seats: Vec<u32>,
    before: Vec<u32>,
    able: Vec<u32>,
    rivals: Vec<u32>,
    /// Who moved last, and how often another moved although that one could go on.
    last: Option<u32>,
    preemptions: u32,
    /// The threads' names: by who started it, and as which of that one's.
    names: HashMap<(Option<u32>, u32), u32, FixedState>,
    children: Vec<u32>,
    alone: Alone,
    rings: Rings,
}

/// Looks for a state to which a thread that moves alone comes back (Brent, BIT 1980).
#[derive(Default)]
struct Alone {
    state: Option<u32>,
    steps: u64,
    span: u64,
}

impl Alone {
    fn begin(&mut self, state: u32) {
        *self = Alone { state: Some(state), steps: 0, span: 1 };
    }

    /// The thread has come to this state. Whether it was there before.
    fn comes_back(&mut self, state: u32) -> bool {
        if self.state == Some(state) {
            return true;
        }
        self.steps += 1;
        if self.steps == self.span {
            *self = Alone { state: Some(state), steps: 0, span: self.span * 2 };
        }
        false
    }
}

impl Run {
    /// Draws the next run.
    pub fn draw(
        &mut self,
        space: &mut Space<'_>,
        strategy: &mut dyn Strategy,
        dice: &mut Rng,
        most_steps: u64,
        watch: &mut Watch<'_>,
        patience: &mut Patience<'_>,
    ) -> Ended {
        let mut at = space.start();
        self.begin(space.seats(at), strategy, dice);
        loop {
            if self.path.len() % 1024 == 1023 {
                match watch(space, at, self.path.len()) {
                    ControlFlow::Continue(None) => {}
                    ControlFlow::Continue(Some(same)) => {
                        at = same;
                        self.alone.begin(at);
                    }
                    ControlFlow::Break(limit) => return Ended::Limit(limit),
                }
            }
            let seen = space.seen(at, patience);
            if space.steps.refuted.is_some() {
                return Ended::Wrong;
            }
            self.show(seen.signs, false);
            let large = space.steps.beyond.is_some().then_some(Limit::Memory);
            if let Some(limit) = patience.ended.or(large) {
                return Ended::Limit(limit);
            }
            if seen.over {
                if space.exits_in(at) {
                    self.in_a_ring(space, at);
                }
                return Ended::Over(seen.end);
            }
            let abilities = space.abilities(&seen);
            let Some(first) = abilities.first() else { return Ended::Stuck };
            if self.path.len() as u64 >= most_steps {
                self.cut(space, at);
                return Ended::Cut;
            }
            self.able.clear();
            self.able.extend(abilities.iter().map(|ability| self.seats[ability.seat as usize]));
            let picked = strategy.pick(&self.able, dice);
            let (thread, ability) = (self.able[picked], abilities[picked]);
            if self.last != Some(thread) {
                let runs = |it: u32| self.able.iter().zip(abilities).any(|(able, a)| *able == it && a.runs);
                self.preemptions += u32::from(self.last.is_some_and(runs));
                self.last = Some(thread);
                self.alone.begin(at);
            }
            let edge = ability.first + if ability.count > 1 { dice.u32(..ability.count) } else { 0 };
            self.path.push(edge - first.first);
            self.rivals.clear();
            self.rivals.extend(space.rivals(&seen, ability.seat).map(|seat| self.seats[seat as usize]));
            let taken = space.edge(edge);
            self.show(taken.signs, true);
            self.output.push_str(&taken.outcome.output);
            self.threads[thread as usize].steps += 1;
            strategy.moved(thread, &self.rivals, dice);
            let (to, order) = space.follow(at, ability.seat, edge);
            if !order.is_empty() {
                self.stand(order, thread, strategy, dice);
            }
            if self.alone.comes_back(to) {
                strategy.goes_round(thread);
                self.alone.begin(to);
            }
            at = to;
        }
    }

    fn begin(&mut self, seats: usize, strategy: &mut dyn Strategy, dice: &mut Rng) {
        self.path.clear();
        self.threads.clear();
        self.children.clear();
        self.shown.clear();
        self.seats.clear();
        self.output.clear();
        self.signs = Signs::default();
        (self.last, self.preemptions) = (None, 0);
        self.alone = Alone::default();
        strategy.begin(dice);
        for _ in 0..seats {
            self.start(None, strategy, dice);
        }
    }

    fn start(&mut self, parent: Option<u32>, strategy: &mut dyn Strategy, dice: &mut Rng) {
        let number = self.threads.len() as u32;
        let (name_of_parent, nth) = match parent {
            Some(parent) => {
                let nth = &mut self.children[parent as usize];
                *nth += 1;
                (Some(self.threads[parent as usize].name), *nth)
            }
            None => (None, number),
        };
        let next = self.names.len() as u32;
        let name = *self.names.entry((name_of_parent, nth)).or_insert(next);
        let thread = Started { name, parent, steps: 0 };
        self.threads.push(thread);
        self.children.push(0);
        self.seats.push(number);
        strategy.started(thread, dice);
    }

    /// The threads stand in another order; some are new, started by `mover`.
    fn stand(&mut self, order: &[u32], mover: u32, strategy: &mut dyn Strategy, dice: &mut Rng) {
        std::mem::swap(&mut self.seats, &mut self.before);
        self.seats.clear();
        let first = self.threads.len() as u32;
        for _ in order.iter().filter(|place| **place & NEW != 0) {
            self.start(Some(mover), strategy, dice);
        }
        self.seats.clear();
        let (before, seats) = (&self.before, &mut self.seats);
        seats.extend(order.iter().map(|&place| match place & NEW {
            0 => before[place as usize],
            _ => first + (place & !NEW),
        }));
    }

    /// Notes what fails for the first time in this run.
    fn show(&mut self, signs: Signs, in_step: bool) {
        let new = signs.without(self.signs);
        if new.is_empty() {
            return;
        }
        self.signs = self.signs.and(new);
        let (length, preemptions) = (self.path.len(), self.preemptions);
        let shown = |property| Shown { property, length, in_step, shaped: None, ring: false, preemptions };
        self.shown.extend(new.all().map(shown));
    }

    /// Notes what fails if it has no end in the state where it stands.
    fn cut(&mut self, space: &mut Space<'_>, at: u32) {
        let Some((judged, length)) = endless(space, at, &self.path) else {
            // Who may `exit` ends all the same.
            if !space.steps.rules.exits {
                self.in_a_ring(space, at);
            }
            return;
        };
        let preemptions = self.preemptions;
        let states = Arc::new(judged.states);
        for property in judged.failing {
            let mut new = Signs::default();
            new.add(property);
            if !new.without(self.signs).is_empty() {
                self.signs = self.signs.and(new);
                let shaped = Some(states.clone());
                self.shown.push(Shown { property, length, in_step: false, shaped, ring: false, preemptions });
            }
        }
    }

    /// What is known although not all was seen that can be done there.
    fn in_a_ring(&mut self, space: &mut Space<'_>, at: u32) {
        let mut graph = Graph::default();
        graph.load(space.state(at));
        let mut new = Signs::default();
        new.add(Property::Deadlock);
        if new.without(self.signs).is_empty() || !self.rings.is_in(&mut space.steps, &graph, true) {
            return;
        }
        self.signs = self.signs.and(new);
        let (property, length, preemptions) = (Property::Deadlock, self.path.len(), self.preemptions);
        self.shown.push(Shown { property, length, in_step: false, shaped: None, ring: true, preemptions });
    }
}
