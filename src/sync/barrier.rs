//! `barrier`: nobody passes before all its parties have arrived; then it begins anew.
//!
//! A wait that gives up breaks it for all, for the others would wait for ever.

use super::wait::WaitQueue;
use super::{Kind, Sync, Who};
use crate::mapped::{self, Arrival, ELSEWHERE_WORDS, Meeting, Place};
use crate::state::{Reader, Shared, Writer};
use crate::value::{
    Value,
    error::{self, Error},
};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Barrier {
    pub parties: u32,
    state: Mutex<State>,
    pub waiters: WaitQueue,
    /// In place of the state, of a barrier that processes share.
    there: Option<Meeting>,
}

#[derive(Debug, Default)]
struct State {
    round: Arc<Round>,
    arrived: u32,
    /// Why nobody can wait here until `reset`.
    broken: Option<Arc<str>>,
}

/// One meeting: those who have arrived hold it, and learn from it how it ended.
#[derive(Debug, Default)]
pub struct Round {
    /// All have arrived, or why they will not.
    end: OnceLock<Result<(), Arc<str>>>,
}

/// A `wait` in progress.
#[derive(Debug)]
pub struct Wait {
    pub barrier: Arc<Sync>,
    /// Where it has arrived: the round, and as which.
    arrival: Option<(Arc<Round>, u32)>,
    /// The same at a barrier that processes share.
    there: Option<Arrival>,
}

impl State {
    /// Ends the meeting and begins another.
    fn end(&mut self, end: Result<(), Arc<str>>) {
        let _ = self.round.end.set(end); // a round in `state` has not ended
        self.round = Arc::default();
        self.arrived = 0;
    }

    fn shatter(&mut self, why: String) {
        let why: Arc<str> = why.into();
        self.end(Err(why.clone()));
        self.broken.get_or_insert(why);
    }
}

impl Barrier {
    pub fn new(parties: i64) -> Result<Barrier, Error> {
        match u32::try_from(parties) {
            Ok(parties) if parties > 0 => {
                Ok(Barrier { parties, state: Mutex::default(), waiters: WaitQueue::new(), there: None })
            }
            _ => {
                let message = format!("a barrier cannot have {parties} parties");
                Err(Error::new(error::Kind::Value, message).hint("give a number from 1 up"))
            }
        }
    }

    /// How many words it has in memory that processes share.
    pub fn words(&self) -> usize {
        mapped::meeting_words(self.parties) + ELSEWHERE_WORDS
    }

    /// The same in that memory.
    pub fn there(&self, place: &Place) -> Result<Barrier, Error> {
        if self.parties > mapped::MOST_PARTIES {
            let (parties, most) = (self.parties, mapped::MOST_PARTIES);
            let message = format!("a shared barrier cannot have {parties} parties: {most} at most");
            return Err(Error::new(error::Kind::Value, message).hint("let fewer meet at once"));
        }
        let waiters = WaitQueue::new();
        waiters.spread(place.plus(mapped::meeting_words(self.parties)));
        let there = Some(Meeting::at(place.clone(), self.parties));
        Ok(Barrier { parties: self.parties, state: Mutex::default(), waiters, there })
    }

    /// It breaks when one who has arrived is gone.
    pub fn sweep(&self, gone: &dyn Fn(u32) -> bool, why: &str) {
        if let Some(there) = &self.there {
            there.sweep(gone, why);
            self.waiters.wake_all();
        }
    }

    pub fn of(sync: &Sync) -> Result<&Barrier, Error> {
        if let Kind::Barrier(barrier) = &sync.kind { Ok(barrier) } else { Err(sync.is_no("barrier")) }
    }

    pub fn waiting(&self) -> u32 {
        self.there.as_ref().map_or_else(|| self.state.lock().arrived, Meeting::waiting)
    }

    pub fn broken(&self) -> bool {
        self.there.as_ref().map_or_else(|| self.state.lock().broken.is_some(), Meeting::broken)
    }

    /// Breaks it for those who wait, and for those who come, until `reset`.
    pub fn abort(&self, who: Who<'_>) {
        let why = format!("\"{}\" aborted it (line {})", who.thread.name(), who.line);
        match &self.there {
            Some(there) => there.shatter(&why, None),
            None => self.state.lock().shatter(why),
        }
        self.waiters.wake_all();
    }

    /// Those who wait get the error; then it is as new.
    pub fn reset(&self, who: Who<'_>) {
        let why = format!("\"{}\" reset it (line {})", who.thread.name(), who.line);
        if let Some(there) = &self.there {
            there.reset(&why);
        } else {
            let mut state = self.state.lock();
            state.end(Err(why.into()));
            state.broken = None;
        }
        self.waiters.wake_all();
    }
}

/// Tells a round from others that are under way.
fn number(round: &Arc<Round>) -> usize {
    Arc::as_ptr(round).addr()
}

impl Wait {
    pub fn new(barrier: Arc<Sync>) -> Wait {
        Wait { barrier, arrival: None, there: None }
    }

    /// The first poll arrives.
    pub fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        let barrier = Barrier::of(&self.barrier)?;
        if let Some(there) = &barrier.there {
            return poll_there(&self.barrier, there, &barrier.waiters, &mut self.there, who);
        }
        let (round, index) = match &self.arrival {
            Some(arrival) => arrival,
            None => {
                let mut state = barrier.state.lock();
                if let Some(why) = &state.broken {
                    self.barrier.looked_at();
                    return Err(broken(&self.barrier, why));
                }
                let index = state.arrived;
                let arrival = self.arrival.insert((state.round.clone(), index));
                self.barrier.order().came(number(&arrival.0));
                state.arrived += 1;
                if state.arrived == barrier.parties {
                    state.end(Ok(()));
                    drop(state);
                    barrier.waiters.wake_all();
                }
                arrival
            }
        };
        // Looked at under the lock, so that the end and the waking have an order.
        let _state = barrier.state.lock();
        if round.end.get().is_some() {
            self.barrier.order().parted(number(round));
        }
        match round.end.get() {
            None => Ok(None),
            Some(Ok(())) => Ok(Some(Value::Int(i64::from(*index)))),
            Some(Err(why)) => Err(broken(&self.barrier, why)),
        }
    }

    /// Too late: unless all have arrived meanwhile, this breaks it.
    pub fn timed_out(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        if let Some(index) = self.poll(who)? {
            return Ok(Some(index));
        }
        self.give_up(format!("\"{}\" gave up waiting (line {})", who.thread.name(), who.line))?;
        self.poll(who)
    }

    pub fn abandon(&mut self, who: Who<'_>) {
        self.leave(who, &|| format!("\"{}\" stopped waiting (line {})", who.thread.name(), who.line));
    }

    /// Unless all have arrived, it breaks, for this reason.
    pub fn leave(&mut self, who: Who<'_>, why: &dyn Fn() -> String) {
        if (self.arrival.is_some() || self.there.is_some()) && matches!(self.poll(who), Ok(None)) {
            let _ = self.give_up(why()); // fails for things that are no barrier: nothing to undo
        }
    }

    fn give_up(&self, why: String) -> Result<(), Error> {
        let barrier = Barrier::of(&self.barrier)?;
        if let (Some(there), Some(arrival)) = (&barrier.there, self.there) {
            there.shatter(&why, Some(arrival));
            barrier.waiters.wake_all();
        }
        let Some((round, _)) = &self.arrival else { return Ok(()) };
        let mut state = barrier.state.lock();
        if Arc::ptr_eq(round, &state.round) {
            state.shatter(why);
        }
        drop(state);
        barrier.waiters.wake_all();
        Ok(())
    }

    pub fn ready(&self) -> bool {
        let there = Barrier::of(&self.barrier).ok().and_then(|barrier| barrier.there.as_ref());
        match (&self.arrival, there, self.there) {
            (_, Some(there), Some(arrival)) => there.outcome(arrival).is_some(),
            (Some((round, _)), ..) => round.end.get().is_some(),
            (None, ..) => true,
        }
    }

    pub fn queue(&self) -> Option<&WaitQueue> {
        Barrier::of(&self.barrier).ok().map(|barrier| &barrier.waiters)
    }

    /// What a report adds when this thread waits for it.
    pub fn note(&self) -> Option<String> {
        let barrier = Barrier::of(&self.barrier).ok()?;
        let (label, arrived, parties) = (self.barrier.label(), barrier.waiting(), barrier.parties);
        Some(format!("{arrived} of {parties} have arrived at {label}"))
    }
}

/// The first time, arrives.
fn poll_there(
    barrier: &Sync,
    there: &Meeting,
    waiters: &WaitQueue,
    arrival: &mut Option<Arrival>,
    who: Who<'_>,
) -> Result<Option<Value>, Error> {
    let at = match *arrival {
        Some(at) => at,
        None => {
            let mut order = barrier.order();
            let Some((at, last)) = there.arrive(who.thread.id) else {
                drop(order);
                barrier.looked_at();
                return Err(broken(barrier, &there.why()));
            };
            order.came(at.round());
            drop(order);
            if last {
                waiters.wake_all();
            }
            *arrival.insert(at)
        }
    };
    let outcome = there.outcome(at);
    if outcome.is_some() {
        barrier.order().parted(at.round());
    }
    match outcome {
        None => Ok(None),
        Some(true) => Ok(Some(Value::Int(i64::from(at.index)))),
        Some(false) => Err(broken(barrier, &there.why())),
    }
}

#[cold]
fn broken(sync: &Sync, why: &str) -> Error {
    let label = sync.label();
    Error::new(error::Kind::Broken, format!("{label} is broken: {why}"))
        .hint(format!("{label}.reset() makes it usable again"))
}

impl Barrier {
    pub fn save_head(&self, w: &mut Writer<'_>) {
        w.count(u64::from(self.parties));
    }

    pub fn load(r: &mut Reader<'_>) -> Barrier {
        Barrier { parties: r.count() as u32, state: Mutex::default(), waiters: WaitQueue::new(), there: None }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        let state = self.state.lock();
        let (round, arrived) = match w.numbering.holders() {
            true => (state.round.clone(), state.arrived),
            false => (Arc::default(), 0),
        };
        w.shared(Shared::Round(round));
        w.count(u64::from(arrived));
        w.option(state.broken.as_ref(), |w, why| w.text(why));
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let state =
            State { round: r.round(), arrived: r.count() as u32, broken: r.option(|r| r.text().into()) };
        *self.state.lock() = state;
    }

    /// The meeting for which threads arrive now.
    pub fn round(&self) -> Arc<Round> {
        self.state.lock().round.clone()
    }
}

impl Round {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.option(self.end.get(), |w, end| w.option(end.as_ref().err(), |w, why| w.text(why)));
    }

    pub fn load(_: &mut Reader<'_>) -> Round {
        Round::default()
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        let end = r.option(|r| r.option(|r| r.text().into()).map_or(Ok(()), Err));
        if let Some(end) = end {
            let _ = self.end.set(end); // it is new
        }
    }
}

impl Wait {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.barrier);
        w.option(self.arrival.as_ref(), |w, (round, index)| {
            w.shared(Shared::Round(round.clone()));
            w.count(u64::from(*index));
        });
    }

    pub fn load(r: &mut Reader<'_>) -> Wait {
        Wait { barrier: r.sync(), arrival: r.option(|r| (r.round(), r.count() as u32)), there: None }
    }

    /// The meeting at which it has arrived.
    pub fn round(&self) -> Option<&Arc<Round>> {
        self.arrival.as_ref().map(|(round, _)| round)
    }
}
