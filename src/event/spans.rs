//! A log as what is drawn: stretches of time in which a thread lives, waits or holds something, and arrows from what one
//! thread did to what that let another do.

use super::{Log, Waiting, What};
use std::collections::{HashMap, HashSet, VecDeque};

#[derive(Debug, Clone, Default)]
pub struct Spans {
    /// In the order of their ends; a thread's life comes after what it did.
    pub stretches: Vec<Stretch>,
    pub arrows: Vec<Arrow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// An index of `Log::lanes`.
    pub lane: usize,
    pub from: u64,
    pub to: u64,
    pub doing: Doing,
    /// It had not come to its end when the run did.
    pub open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    Lives {
        failed: bool,
    },
    Waits {
        kind: Waiting,
        text: String,
        whom: Option<usize>,
        line: u32,
    },
    /// A step of the simulated world.
    Does {
        text: String,
        line: u32,
    },
    /// `times`: it was taken and given back so often in this time; 0 when it was held all the time.
    Holds {
        thing: usize,
        times: u32,
        line: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    pub kind: Kind,
    /// Lane and time.
    pub from: (usize, u64),
    pub to: (usize, u64),
    pub thing: Option<usize>,
    /// That thread had waited for it. (Where nobody asks it is true.)
    pub waited: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Start,
    Join,
    /// A notify, a set, a count-down, a result.
    Notify,
    /// From a put to the get of the same value.
    Hand,
    /// From a release to the acquire of whoever waited for it.
    Release,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Start, Kind::Join, Kind::Notify, Kind::Hand, Kind::Release];

    pub fn words(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::Join => "join",
            Kind::Notify => "notify",
            Kind::Hand => "put → get",
            Kind::Release => "release → acquire",
        }
    }
}

/// What a log shows.
pub fn spans(log: &Log) -> Spans {
    let mut follower = Follower::of(log);
    for (at, event) in log.events.iter().enumerate() {
        follower.meet(at, event.time, event.lane, event.line);
    }
    follower.finish()
}

/// What is known of a thread while its events are followed.
#[derive(Default)]
struct Known {
    began: Option<u64>,
    ended: Option<(u64, bool)>,
    /// Since when, and which of the events told it.
    waits: Option<(u64, usize)>,
    /// The thing that the last wait was for, and the time when it was over.
    waited: Option<(Option<usize>, u64, u64)>,
    /// Things, since when, and the line.
    holds: Vec<(usize, u64, u32)>,
    /// The time of its last event.
    last: u64,
    joined: HashSet<usize>,
}

struct Follower<'l> {
    log: &'l Log,
    known: Vec<Known>,
    spans: Spans,
    /// For each thing, who has let others go on last (by a release, a signal) and when.
    released: HashMap<usize, (usize, u64)>,
    signalled: HashMap<usize, (usize, u64)>,
    /// For each queue, the puts whose values are still in it; and the gets that were told before their puts.
    puts: HashMap<usize, VecDeque<(usize, u64)>>,
    gets: HashMap<usize, VecDeque<(usize, u64, bool)>>,
}

impl<'l> Follower<'l> {
    fn of(log: &'l Log) -> Follower<'l> {
        let known = log.lanes.iter().map(|_| Known::default()).collect();
        let (spans, released, signalled) = (Spans::default(), HashMap::new(), HashMap::new());
        Follower { log, known, spans, released, signalled, puts: HashMap::new(), gets: HashMap::new() }
    }

    fn arrow(&mut self, kind: Kind, from: (usize, u64), to: (usize, u64), thing: Option<usize>) {
        self.add(Arrow { kind, from, to, thing, waited: true });
    }

    fn hand(&mut self, thing: usize, from: (usize, u64), to: (usize, u64), waited: bool) {
        self.add(Arrow { kind: Kind::Hand, from, to, thing: Some(thing), waited });
    }

    fn add(&mut self, mut arrow: Arrow) {
        if arrow.from.0 != arrow.to.0 {
            arrow.from.1 = arrow.from.1.min(arrow.to.1);
            self.spans.arrows.push(arrow);
        }
    }

    fn meet(&mut self, at: usize, time: u64, lane: usize, line: u32) {
        let log = self.log;
        match &log.events[at].what {
            What::Begins => self.known[lane].began = Some(time),
            What::Ends { failed } => {
                self.known[lane].ended = Some((time, *failed));
                self.let_go_of_all(lane, time, true);
            }
            What::Starts(other) => {
                if let Some(other) = *other {
                    self.begins(lane, time, other);
                }
            }
            What::StartsProcess(process) => {
                let first = |process: usize| log.lanes.iter().position(|lane| lane.process == process);
                if let Some(other) = process.and_then(first) {
                    self.begins(lane, time, other);
                }
            }
            What::Joins(other) => {
                if let Some(other) = *other
                    && self.known[lane].joined.insert(other)
                {
                    let process = &log.processes[log.lanes[other].process];
                    let ended = self.known[other].ended.map(|(ended, _)| ended);
                    let from = ended.or(process.ended.map(|(ended, _)| ended)).unwrap_or(time);
                    self.arrow(Kind::Join, (other, from), (lane, time), None);
                }
            }
            What::Blocks(_) => self.known[lane].waits = Some((time, at)),
            What::GoesOn => self.goes_on(lane, time),
            What::Acquires(thing) => {
                self.known[lane].holds.push((*thing, time, line));
                let waited = self.known[lane].waited.take();
                if let Some((_, _, over)) = waited.filter(|(on, ..)| *on == Some(*thing))
                    && let Some(from) = self.released.get(thing).copied().filter(|(_, then)| *then <= over)
                {
                    self.arrow(Kind::Release, from, (lane, time), Some(*thing));
                }
            }
            What::Releases(thing) => {
                self.released.insert(*thing, (lane, time));
                self.let_go(lane, *thing, time);
            }
            What::Repeats { thing, times } => {
                let (from, doing) =
                    (self.known[lane].last, Doing::Holds { thing: *thing, times: *times, line });
                self.released.insert(*thing, (lane, time));
                self.spans.stretches.push(Stretch { lane, from, to: time, doing, open: false });
            }
            What::Signals(thing) => {
                self.signalled.insert(*thing, (lane, time));
            }
            What::Puts { thing, oldest, .. } => {
                self.known[lane].waited = None;
                match self.gets.get_mut(thing).and_then(VecDeque::pop_front).filter(|_| *oldest) {
                    Some((other, then, waited)) => self.hand(*thing, (lane, time), (other, then), waited),
                    None if *oldest => self.puts.entry(*thing).or_default().push_back((lane, time)),
                    None => {}
                }
            }
            What::Does(text) => {
                let doing = Doing::Does { text: text.clone(), line };
                self.spans.stretches.push(Stretch {
                    lane,
                    from: time.saturating_sub(1),
                    to: time,
                    doing,
                    open: false,
                });
            }
            What::Gets(thing) => {
                // Where events are missing nobody can tell which value it was.
                let whole = log.lost.events == 0 || time < log.lost.from;
                let waited = self.known[lane].waited.take().is_some_and(|(on, ..)| on == Some(*thing));
                match self.puts.get_mut(thing).and_then(VecDeque::pop_front) {
                    Some(from) if whole => self.hand(*thing, from, (lane, time), waited),
                    // Whoever gets may be faster to tell than whoever has put.
                    None if whole => self.gets.entry(*thing).or_default().push_back((lane, time, waited)),
                    Some(_) | None => {}
                }
            }
        }
        self.known[lane].last = time;
    }

    fn begins(&mut self, lane: usize, time: u64, other: usize) {
        // A thread may have told that it begins before the other has told that it has started it.
        let began = self.known[other].began.or_else(|| {
            let first = self.log.events.iter().find(|event| event.lane == other);
            first.map(|event| event.time)
        });
        if let Some(began) = began {
            self.arrow(Kind::Start, (lane, time), (other, began), None);
        }
    }

    fn goes_on(&mut self, lane: usize, time: u64) {
        let Some((from, at)) = self.known[lane].waits.take() else { return };
        let thing = self.end_wait(lane, from, time, at, false);
        self.known[lane].waited = Some((thing, from, time));
        let signalled = thing.and_then(|thing| self.signalled.get(&thing).copied());
        if let Some(by) = signalled.filter(|(_, then)| (from..=time).contains(then)) {
            self.arrow(Kind::Notify, by, (lane, time), thing);
        }
    }

    /// The thing that it was for.
    fn end_wait(&mut self, lane: usize, from: u64, to: u64, at: usize, open: bool) -> Option<usize> {
        let event = &self.log.events[at];
        let What::Blocks(wait) = &event.what else { return None };
        let (kind, text, whom) = (wait.kind, wait.text.clone(), wait.whom);
        let doing = Doing::Waits { kind, text, whom, line: event.line };
        self.spans.stretches.push(Stretch { lane, from, to, doing, open });
        wait.thing
    }

    fn let_go(&mut self, lane: usize, thing: usize, to: u64) {
        // A permit may be given by who has none; a lock may have been taken where events are missing.
        if let Some(at) = self.known[lane].holds.iter().rposition(|(held, ..)| *held == thing) {
            let (_, from, line) = self.known[lane].holds.remove(at);
            let doing = Doing::Holds { thing, times: 0, line };
            self.spans.stretches.push(Stretch { lane, from, to, doing, open: false });
        }
    }

    fn let_go_of_all(&mut self, lane: usize, to: u64, open: bool) {
        for (thing, from, line) in std::mem::take(&mut self.known[lane].holds) {
            let doing = Doing::Holds { thing, times: 0, line };
            self.spans.stretches.push(Stretch { lane, from, to, doing, open });
        }
    }

    fn finish(mut self) -> Spans {
        for lane in 0..self.known.len() {
            let process = &self.log.processes[self.log.lanes[lane].process];
            let over = process.ended.map_or(self.log.end, |(time, _)| time);
            let ended = self.known[lane].ended;
            // A thread that has told no end has stopped where it stood, with its process or with the run.
            let to = ended.map_or(over.max(self.known[lane].last), |(time, _)| time);
            let open = ended.is_none() && process.ended.is_none();
            if let Some((from, at)) = self.known[lane].waits {
                self.end_wait(lane, from, to, at, open);
            }
            self.let_go_of_all(lane, to, open);
            // Of a thread whose beginning is missing, from where events are there again.
            let from = self.known[lane].began.unwrap_or(self.log.lost.to.min(to));
            let doing = Doing::Lives { failed: ended.is_some_and(|(_, failed)| failed) };
            self.spans.stretches.push(Stretch { lane, from, to, doing, open });
        }
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Lane, Process, Wait};
    use super::*;

    /// A get that is told before its put is of that put, and the next of the next.
    #[test]
    fn values_are_followed_in_their_order() {
        let lane = |number| Lane { process: 0, thread: number, name: format!("t-{number}") };
        let event = |time, lane, what| Event { time, lane, line: 1, what };
        let put = || What::Puts { thing: 0, size: 1, oldest: true };
        let log = Log {
            processes: vec![Process::default()],
            lanes: vec![lane(1), lane(2)],
            events: vec![
                event(1, 1, What::Gets(0)),
                event(2, 0, put()),
                event(3, 0, put()),
                event(5, 0, put()),
                event(7, 1, What::Gets(0)),
                event(8, 1, What::Gets(0)),
            ],
            end: 9,
            ..Log::default()
        };
        let ways: Vec<_> = spans(&log).arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
        assert_eq!(ways, [((0, 1), (1, 1)), ((0, 3), (1, 7)), ((0, 5), (1, 8))]);
    }

    #[test]
    fn what_a_killed_process_did_ends_with_it() {
        let lane = |process| Lane { process, thread: 1, name: "main".into() };
        let sleep = Wait { kind: Waiting::Sleeps, text: "sleeps".into(), thing: None, whom: None };
        let event = |time, lane, what| Event { time, lane, line: 1, what };
        let killed = Process { ended: Some((7, -9)), ..Process::default() };
        let log = Log {
            processes: vec![Process::default(), killed],
            lanes: vec![lane(0), lane(1)],
            events: vec![
                event(0, 0, What::Begins),
                event(1, 1, What::Begins),
                event(2, 1, What::Acquires(0)),
                event(3, 1, What::Blocks(sleep.clone())),
                event(4, 0, What::Blocks(sleep)),
            ],
            end: 20,
            ..Log::default()
        };
        let ends: Vec<_> = spans(&log).stretches.iter().map(|it| (it.lane, it.to, it.open)).collect();
        assert_eq!(ends, [(0, 20, true), (0, 20, true), (1, 7, false), (1, 7, false), (1, 7, false)]);
    }
}
