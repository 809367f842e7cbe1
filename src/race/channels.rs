//! What orders beyond things to wait for: what is told through pipes, connections, signals and files, and who is after it.
//!
//! Each such channel has a clock. Whoever does something there gives it what it knows; whoever is after that takes it.

use super::clock::{Clock, Stamp};
use super::mine;
use super::passage::{Passage, Way};
use super::written::{In, Out};
use crate::sync::outside::system::Flow;
use crate::value::Value;
use crate::value::error::Error;
use std::ops::Range;

/// An operation whose other side is outside the program, or whose value goes through bytes: whoever has done one before
/// may be the cause of it.
pub fn through_the_outside<R, E>(poll: impl FnOnce() -> Result<Option<R>, E>) -> Result<Option<R>, E> {
    give_to_the_outside();
    let done = poll();
    if !matches!(done, Ok(None)) {
        take_from_the_outside();
    }
    done
}

/// What goes from one process to another, and orders only who uses the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// By its number.
    Pipe(u32),
    /// To a process, by its pid.
    Signals(i32),
    Connection(Connection),
}

/// A connection, by a number made of the addresses of its two sides, which both know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connection(pub u32);

/// This side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here {
    pub connection: Connection,
    /// Its address comes before that of the other.
    pub first: bool,
}

/// Who has a side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A thread of this run, which has connected.
    Connects,
    /// One that has accepted.
    Accepts,
    Outside,
}

/// What an operation on a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Sends,
    Receives,
}

/// An operation on a connection, which tells what has come, and whether that shows its end. Where both of its sides are in
/// this run, what goes through it tells what was before it (`tells`, `takes`); else whoever has told anything outside before
/// may be the cause of it, too.
pub fn through_a_connection(
    here: Here,
    direction: Direction,
    poll: impl FnOnce() -> Result<(Option<Value>, bool), Error>,
) -> Result<Option<Value>, Error> {
    let within = is_within(here.connection);
    if !within {
        give_to_the_outside();
        // What others do once it is through is not the cause of it, though they may be faster than whoever sends.
        if direction == Direction::Sends {
            take_from_the_outside();
        }
    }
    let done = poll();
    let came = direction == Direction::Receives && !matches!(done, Ok((None, _)));
    if came && !is_within(here.connection) {
        take_from_the_outside();
    }
    // Whoever had the other side has closed it, or is no more.
    if !matches!(done, Ok((_, false))) {
        take_from(Channel::Connection(here.connection));
        take_from_all_ended();
    }
    done.map(|(came, _)| came)
}

/// What this thread writes into a connection from now on, from the byte of this number on, tells what was before it.
pub fn tells(here: Here, byte: u64) {
    mine::with(|mine| {
        let stamp = mine.release();
        if mine.detector.passage(way(here), |passage| passage.tell(byte, stamp.clone())).is_none() {
            mine.detector.give_to_the_outside(&stamp);
        }
    });
}

/// So many bytes were written into it by now, which may have had no room before others made it.
pub fn found_room(here: Here, bytes: u64) {
    mine::with(|mine| {
        let made = mine.detector.passage(way(here), |passage| passage.room(bytes).cloned()).flatten();
        made.iter().for_each(|made| mine.join(made));
    });
}

/// This thread has taken these bytes, and has them for itself until this is done.
pub fn takes(here: Here, bytes: Range<u64>) {
    mine::with(|mine| {
        let stamp = mine.release();
        let told = mine.detector.passage(way(here.other()), |passage| {
            passage.make_room(&stamp);
            passage.take(bytes)
        });
        match told {
            Some(told) => told.iter().for_each(|stamp| mine.learn(stamp)),
            None => {
                let outside = mine.detector.outside();
                mine.join(&outside);
            }
        }
    });
}

impl Here {
    fn other(self) -> Here {
        Here { first: !self.first, ..self }
    }
}

/// The one on which this side writes.
fn way(here: Here) -> Way {
    Way { connection: here.connection, first: here.first }
}

fn is_within(connection: Connection) -> bool {
    let mut within = false;
    mine::with(|mine| within = mine.detector.is_within(connection));
    within
}

/// Waits for somebody to connect. Whoever accepts is after who has connected (`has_accepted`), not after what that one has
/// written since, though it may have been quick.
pub fn through_a_server(poll: impl FnOnce() -> Result<Option<Value>, Error>) -> Result<Option<Value>, Error> {
    give_to_the_outside();
    let done = poll();
    if done.is_err() {
        take_from_the_outside();
    }
    done
}

/// This thread has connected, and has a side of this connection.
pub fn has_connected(flow: &dyn Flow) {
    has_side(flow, Side::Connects);
}

/// This thread has accepted a connection: it is after who has connected, or, if that may be somebody outside, after all that
/// was told there. (Who has not told yet that it has connected has written nothing either.)
pub fn has_accepted(flow: &dyn Flow) {
    has_side(flow, Side::Accepts);
    mine::with(|mine| match flow.find_connection() {
        Some(here) if mine.detector.is_within(here.connection) => {
            let begun = mine.detector.begun(here.connection);
            mine.join(&begun);
        }
        Some(_) | None => {
            let outside = mine.detector.outside();
            mine.join(&outside);
        }
    });
}

fn has_side(flow: &dyn Flow, side: Side) {
    mine::with(|mine| {
        if let Some(here) = flow.find_connection() {
            // The same two addresses may have been those of another connection. Nothing was written here before.
            mine.detector.passage(way(here), |passage| *passage = Passage::default());
            let stamp = mine.release();
            mine.detector.has_side(here.connection, side, &stamp);
        }
    });
}

/// What this side of a connection has done is told to the other, or to whatever is outside.
pub fn gives_up_side(here: Option<Here>) {
    here.into_iter().for_each(|here| give_to(Channel::Connection(here.connection)));
    give_to_the_outside();
}

/// Somebody outside has this side of it from here on, with all that has come through it.
pub fn goes_outside(here: Option<Here>) {
    gives_up_side(here);
    let Some(here) = here else { return };
    mine::with(|mine| {
        let mut said = mine.detector.through(Channel::Connection(here.connection));
        mine.detector.passage(way(here.other()), |passage| passage.add_to(&mut said));
        mine.join(&said);
        let stamp = mine.release();
        mine.detector.has_side(here.connection, Side::Outside, &stamp);
    });
    give_to_the_outside();
}

/// An operation at an end of a pipe: a message tells what is before it (`Told`), and who receives makes room (`Room`).
pub fn through_a_pipe(
    pipe: u32,
    poll: impl FnOnce() -> Result<Option<Value>, Error>,
) -> Result<Option<Value>, Error> {
    let done = poll();
    // Its end, mostly: whoever had the other one has closed it, or is no more.
    if matches!(done, Err(_) | Ok(Some(Value::Unset))) {
        take_from(Channel::Pipe(pipe));
        take_from_all_ended();
    }
    done
}

/// What the sender of one message had done before, where races are looked for.
#[derive(Debug, Default)]
pub struct Told(Option<Box<Stamp>>);

impl Told {
    pub fn now() -> Told {
        Told(mine::so_far().map(Box::new))
    }

    /// The message has come to this thread.
    pub fn learn(self) {
        self.0.iter().for_each(|stamp| mine::learn(stamp));
    }

    /// Goes with a message to another process; false where processes have nothing in common, and no clock of one is of use to
    /// another.
    pub fn add_to(&self, message: &mut Vec<u8>) -> bool {
        if !is_common() {
            return false;
        }
        let words = self.0.as_ref().map_or_else(Vec::new, |stamp| {
            let mut w = Out::default();
            w.stamp(stamp);
            w.words()
        });
        message.extend(words.iter().chain([&(words.len() as u64)]).flat_map(|word| word.to_le_bytes()));
        true
    }

    /// What has come with a message from another process.
    pub fn take_out_of(message: &mut Vec<u8>) -> Option<Told> {
        if !is_common() {
            return None;
        }
        let (rest, count) = message.split_last_chunk()?;
        let end = rest.len();
        let begin = end.checked_sub(u64::from_le_bytes(*count) as usize * size_of::<u64>())?;
        let words = rest[begin..].as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        let words: Vec<u64> = words.collect();
        message.truncate(begin);
        Some(Told((!words.is_empty()).then(|| Box::new(In::new(&words).stamp()))))
    }
}

/// Whether clocks of this process are known to others.
fn is_common() -> bool {
    let mut common = false;
    mine::with(|mine| common = mine.detector.common().is_some());
    common
}

/// Who has made the room that a sender needs: those who have received. While there was room from the beginning, no sender is
/// after them.
#[derive(Debug, Default)]
pub struct Room {
    made: Clock,
    /// How many bytes were ever sent.
    sent: usize,
}

impl Room {
    /// This thread sends so many bytes, where so many have room at once. Whether somebody has had to make room before.
    pub fn fills(&mut self, bytes: usize, room: usize) -> bool {
        self.sent = self.sent.saturating_add(bytes);
        let needed = self.sent > room;
        if needed {
            self.was_needed();
        }
        needed
    }

    /// This thread could not have gone on without it.
    pub fn was_needed(&self) {
        mine::with(|mine| mine.join(&self.made));
    }

    /// This thread has received.
    pub fn is_made(&mut self) {
        mine::so_far().iter().for_each(|stamp| _ = self.made.learn(stamp));
    }
}

pub fn take_from(channel: Channel) {
    mine::with(|mine| {
        let said = mine.detector.through(channel);
        mine.join(&said);
    });
}

fn take_from_all_ended() {
    mine::with(|mine| {
        let ended = mine.detector.all_ended();
        mine.join(&ended);
    });
}

/// What comes through it from here on may be an effect of what this thread has done.
pub fn give_to(channel: Channel) {
    mine::with(|mine| {
        let stamp = mine.release();
        mine.detector.give_to(channel, &stamp);
    });
}

/// A signal has come to this process: from another one, or from outside.
pub fn signalled() {
    mine::with(|mine| {
        let clock = mine.detector.signalled();
        mine.join(&clock);
    });
    take_from_the_outside();
}

/// What happens outside from here on may be an effect of what this thread has done.
pub fn give_to_the_outside() {
    mine::with(|mine| {
        let stamp = mine.release();
        mine.detector.give_to_the_outside(&stamp);
    });
}

pub fn take_from_the_outside() {
    mine::with(|mine| {
        let clock = mine.detector.outside();
        mine.join(&clock);
    });
}
