//! What orders beyond things to wait for: what is told through pipes, connections, signals and files, and who is after it.
//!
//! Each such channel has a clock. Whoever does something there gives it what it knows; whoever is after that takes it.

use super::clock::{Clock, Stamp};
use super::mine;
use super::written::{In, Out};
use crate::sync::outside::system::Flow;
use crate::value::Value;
use crate::value::error::Error;

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
    /// What others did before it begins, or goes on after it had no room, may be the cause of it. What they do once it is
    /// through is not, though they may be faster than whoever sends.
    Sends,
    /// What others did before something has come may be the cause of it.
    Receives,
}

/// An operation on a connection, which tells what has come, and whether that shows its end. Where both of its sides are in
/// this run it is as with a pipe; else whoever has told anything outside before may be the cause of it, too.
pub fn through_a_connection(
    connection: Connection,
    direction: Direction,
    poll: impl FnOnce() -> Result<(Option<Value>, bool), Error>,
) -> Result<Option<Value>, Error> {
    let channel = Channel::Connection(connection);
    give_to(channel);
    if !is_within(connection) {
        give_to_the_outside();
    }
    let take = || {
        take_from(channel);
        if !is_within(connection) {
            take_from_the_outside();
        }
    };
    if direction == Direction::Sends {
        take();
    }
    let done = poll();
    if direction == Direction::Receives && !matches!(done, Ok((None, _))) {
        take();
    }
    // Whoever had the other side has closed it, or is no more.
    if !matches!(done, Ok((_, false))) {
        take_from_all_ended();
    }
    done.map(|(came, _)| came)
}

fn is_within(connection: Connection) -> bool {
    let mut within = false;
    mine::with(|mine| within = mine.detector.is_within(connection));
    within
}

/// This run has one side of a connection from here on.
pub fn has_side(flow: &dyn Flow, side: Side) {
    mine::with(|mine| {
        if let Some(connection) = flow.find_connection() {
            mine.detector.has_side(connection, side);
        }
    });
}

/// What this side of a connection has done is told to the other, or to whatever is outside.
pub fn gives_up_side(connection: Option<Connection>) {
    connection.into_iter().for_each(|connection| give_to(Channel::Connection(connection)));
    give_to_the_outside();
}

/// Somebody outside has this side of it from here on, with all that has come through it.
pub fn goes_outside(connection: Option<Connection>) {
    gives_up_side(connection);
    let Some(connection) = connection else { return };
    mine::with(|mine| {
        let said = mine.detector.through(Channel::Connection(connection));
        mine.join(&said);
        mine.detector.has_side(connection, Side::Outside);
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
