//! A stream of bytes: a connection, or a standard stream of another program. Lines, texts and whole values over it.

use super::input::Input;
pub use super::input::{What, frame};
use super::simulated::Side;
use super::system::{Flow, Ready};
use super::{Thing, kind_of};
use crate::race::channels::{self, Here};
use crate::state::{Reader, Writer};
use crate::sync::wait::WaitQueue;
use crate::sync::{Kind, Sync, op};
use crate::value::{
    Value,
    error::{self, Error},
};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// So much is read at once.
const PIECE: usize = 16 * 1024;

#[derive(Debug)]
pub struct Stream {
    /// What it is, for messages: `the connection to 127.0.0.1:80`, `the output of sort`.
    pub what: String,
    pub direction: Direction,
    pub readable: Arc<Ready>,
    pub writable: Arc<Ready>,
    /// None once it is closed, or was given to a program as its input.
    flow: Mutex<Option<Arc<dyn Flow>>>,
    input: Mutex<Input>,
    /// Somebody is in the middle of writing.
    busy: AtomicBool,
    /// Those who wait until nobody is.
    turn: WaitQueue,
    /// How many bytes were written, for those who look for races.
    sent: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Both,
    Reads,
    Writes,
}

#[derive(Debug)]
pub struct Read {
    pub stream: Arc<Sync>,
    pub what: What,
    /// Something has come meanwhile, and it was not enough.
    moved: bool,
}

#[derive(Debug)]
pub struct Write {
    pub stream: Arc<Sync>,
    bytes: Vec<u8>,
    written: usize,
    /// It is its turn.
    begun: bool,
    /// In a simulated run: the system takes all of it, whether or not anybody reads.
    luck: bool,
}

impl Stream {
    pub fn new(flow: Arc<dyn Flow>, direction: Direction, what: String) -> Stream {
        let (readable, writable) = (flow.readable().clone(), flow.writable().clone());
        Stream {
            what,
            direction,
            readable,
            writable,
            flow: Mutex::new(Some(flow)),
            input: Mutex::default(),
            busy: AtomicBool::new(false),
            turn: WaitQueue::new(),
            sent: AtomicU64::new(0),
        }
    }

    pub fn of(sync: &Sync) -> Result<&Stream, Error> {
        if let Some(Thing::Stream(stream)) = sync.outside() { Ok(stream) } else { Err(sync.is_no("stream")) }
    }

    pub fn is_closed(&self) -> bool {
        self.flow.lock().is_none()
    }

    /// Nothing can be read or written any more; who waits for it gets an error. Closing twice is fine.
    pub fn close(&self) {
        let flow = self.flow.lock().take();
        if let Some(flow) = flow {
            channels::gives_up_side(flow.connection());
            flow.close();
            self.wake();
        }
    }

    /// What leads to the other side, as long as it is open.
    pub(super) fn way(&self) -> Option<Arc<dyn Flow>> {
        self.flow.lock().clone()
    }

    /// Which connection it is, as long as it is open, if that is known.
    pub(super) fn connection(&self) -> Option<Here> {
        self.flow.lock().as_ref().and_then(|flow| flow.connection())
    }

    /// Asks what it is in a simulated run, as long as it is open.
    pub(super) fn simulated<T>(&self, ask: impl FnOnce(&Side) -> T) -> Option<T> {
        self.flow.lock().as_ref().and_then(|flow| flow.simulated()).map(ask)
    }

    /// Whether it depends on the system how the other side learns that it is closed now.
    pub fn may_break(&self) -> bool {
        self.simulated(Side::may_break).unwrap_or(false)
    }

    /// Closes it so that the other side's next read is an error.
    pub fn break_off(&self) {
        self.simulated(Side::breaks);
        self.close();
    }

    fn wake(&self) {
        self.readable.set();
        self.writable.set();
        self.turn.wake_all();
    }

    /// Takes the descriptor away, for a program that will read it as its input.
    pub fn give_away(&self, sync: &Sync) -> Result<std::os::fd::OwnedFd, Error> {
        let failed = |why: String| {
            Error::new(
                error::Kind::State,
                format!("{} cannot be the input of a program: {why}", sync.label()),
            )
        };
        self.may(sync, false)?;
        if !self.input.lock().bytes.is_empty() {
            return Err(failed("some of it has been read already".into()));
        }
        let Some(flow) = self.flow.lock().take() else { return Err(closed(sync)) };
        channels::goes_outside(flow.connection());
        let given = flow.descriptor().map_err(|error| failed(error.to_string()));
        self.wake();
        given
    }

    fn flow(&self, sync: &Sync) -> Result<Arc<dyn Flow>, Error> {
        self.flow.lock().clone().ok_or_else(|| closed(sync))
    }

    /// An error unless it can be written (or read).
    pub fn may(&self, sync: &Sync, write: bool) -> Result<(), Error> {
        let (wrong, verb, only) = match write {
            true => (Direction::Reads, "written", "reading"),
            false => (Direction::Writes, "read", "writing"),
        };
        if self.direction != wrong {
            return Ok(());
        }
        let message = format!("{} cannot be {verb}: it is for {only} only", sync.label());
        Err(Error::new(error::Kind::State, message))
    }

    /// Reads on until what is wanted is there, or would have to be waited for; whether anything has `moved`.
    fn read(&self, sync: &Sync, what: What, moved: &mut bool) -> Result<Option<Value>, Error> {
        let mut input = self.input.lock();
        loop {
            let flow = self.flow(sync)?;
            let before = input.bytes.len() as u64;
            let value = input.take(what, &self.what);
            let taken = before - input.bytes.len() as u64;
            if taken > 0 {
                input.taken += taken;
                // Nobody else takes any meanwhile.
                if let Some(here) = flow.connection() {
                    channels::takes(here, input.taken - taken..input.taken);
                }
            }
            if let Some(value) = value? {
                // What is left is perhaps for another that waits.
                if !input.bytes.is_empty() || input.ended {
                    self.readable.set();
                }
                return Ok(Some(value));
            }
            let mut piece = [0; PIECE];
            match self.readable.attempt(|| flow.read(&mut piece)) {
                Ok(None) => return Ok(None),
                Ok(Some(0)) => input.ended = true,
                Ok(Some(count)) => {
                    sync.count_received(count);
                    *moved = true;
                    input.bytes.extend_from_slice(&piece[..count]);
                }
                Err(error) => return Err(broken(sync, "read", &error)),
            }
        }
    }
}

impl Read {
    pub fn new(stream: Arc<Sync>, what: What) -> Read {
        Read { stream, what, moved: false }
    }

    pub fn stream(&self) -> Result<&Stream, Error> {
        Stream::of(&self.stream)
    }

    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        Stream::of(&self.stream)?.read(&self.stream, self.what, &mut self.moved)
    }

    /// Whether this, which has come, tells that nothing more comes.
    pub fn shows_end(&self, came: &Value) -> bool {
        match self.what {
            What::Rest => true,
            What::Line | What::Next => matches!(came, Value::Nil | Value::Unset),
            What::Some(_) => came.as_text().is_some_and(str::is_empty),
            What::Value => false,
        }
    }

    pub fn ready(&self) -> bool {
        let Ok(stream) = self.stream() else { return false };
        stream.is_closed()
            || match stream.simulated(Side::is_readable) {
                // What another has left may be enough.
                Some(readable) => {
                    readable || !matches!(stream.input.lock().clone().take(self.what, ""), Ok(None))
                }
                None => stream.readable.is_set(),
            }
    }

    /// Whether a `poll` in vain has taken something in.
    pub fn leaves_trace(&self) -> bool {
        self.moved
    }

    #[cold]
    pub fn timed_out(&self) -> Error {
        let method = match self.what {
            What::Rest | What::Some(_) => "read",
            What::Line | What::Next => "read_line",
            What::Value => "recv",
        };
        op::timeout(&format!("{}.{method}()", self.stream.label()), "nothing has come")
    }

    pub fn describe(&self) -> String {
        match self.what {
            What::Rest | What::Some(_) => format!("reads {}", self.stream.label()),
            What::Line | What::Next => format!("waits for a line of {}", self.stream.label()),
            What::Value => format!("waits in {}.recv()", self.stream.label()),
        }
    }
}

impl Write {
    pub fn new(stream: Arc<Sync>, bytes: Vec<u8>) -> Write {
        Write { stream, bytes, written: 0, begun: false, luck: false }
    }

    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        let sync = self.stream.clone();
        let stream = Stream::of(&sync)?;
        let done = self.go_on(stream, &sync);
        if !matches!(done, Ok(None)) {
            self.end_turn(stream);
        }
        done
    }

    fn go_on(&mut self, stream: &Stream, sync: &Sync) -> Result<Option<Value>, Error> {
        if !self.begun {
            if stream.busy.swap(true, Ordering::SeqCst) {
                stream.flow(sync)?; // closed meanwhile
                return Ok(None);
            }
            self.begun = true;
        }
        while self.written < self.bytes.len() {
            let (flow, rest) = (stream.flow(sync)?, &self.bytes[self.written..]);
            let write = || match flow.simulated() {
                Some(side) => side.write(rest, self.luck),
                None => flow.write(rest),
            };
            // Before anybody can read it.
            let sent = stream.sent.load(Ordering::Relaxed);
            if let Some(here) = flow.connection() {
                channels::tells(here, sent);
            }
            match stream.writable.attempt(write) {
                Ok(None) => return Ok(None),
                Ok(Some(count)) => {
                    sync.count_sent(count);
                    self.written += count;
                    // One at a time writes.
                    stream.sent.store(sent + count as u64, Ordering::Relaxed);
                    if let Some(here) = flow.connection() {
                        channels::found_room(here, sent + count as u64);
                    }
                }
                Err(error) => return Err(broken(sync, "write to", &error)),
            }
        }
        Ok(Some(Value::Nil))
    }

    fn end_turn(&mut self, stream: &Stream) {
        if std::mem::take(&mut self.begun) {
            stream.busy.store(false, Ordering::SeqCst);
            stream.turn.wake_one();
        }
    }

    pub fn ready(&self) -> bool {
        Stream::of(&self.stream).is_ok_and(|stream| {
            let free = self.begun || !stream.busy.load(Ordering::SeqCst);
            let room = stream.simulated(|side| self.luck || side.is_writable());
            room.unwrap_or_else(|| stream.writable.is_set()) && free || stream.is_closed()
        })
    }

    /// Whether it depends on the system what will come of it.
    pub fn is_in_doubt(&self) -> bool {
        Stream::of(&self.stream).is_ok_and(|stream| {
            let busy = stream.busy.load(Ordering::SeqCst);
            stream.simulated(|side| busy || side.is_in_doubt(self.bytes.len())).unwrap_or(false)
        })
    }

    /// The system takes all of it.
    pub fn with_luck(self) -> Write {
        Write { luck: true, ..self }
    }

    /// Whether it stands in the way of others.
    pub fn leaves_trace(&self) -> bool {
        self.begun
    }

    pub fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        if let Ok(stream) = Stream::of(&self.stream) {
            each(&stream.writable.waiters);
            each(&stream.turn);
        }
    }

    #[cold]
    pub fn timed_out(&mut self) -> Error {
        self.abandon();
        op::timeout(&format!("{}.write()", self.stream.label()), "no room")
    }

    /// A part of it may have been written: what others write must not come after half a line.
    pub fn abandon(&mut self) {
        let sync = self.stream.clone();
        if let (true, Ok(stream)) = (self.begun, Stream::of(&sync)) {
            if self.written > 0 {
                stream.close();
            }
            self.end_turn(stream);
        }
    }
}

impl Stream {
    /// What it is called, then its content.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.text(&self.what);
        let flow = self.flow.lock().clone();
        w.option(flow.as_ref().and_then(|flow| flow.simulated()), |w, side| side.save(w));
        let input = self.input.lock();
        input.save(w);
        w.flag(self.busy.load(Ordering::SeqCst));
    }

    pub fn load(r: &mut Reader<'_>) -> Stream {
        Stream {
            what: r.text().to_string(),
            direction: Direction::Both,
            readable: Arc::default(),
            writable: Arc::default(),
            flow: Mutex::new(None),
            input: Mutex::default(),
            busy: AtomicBool::new(false),
            turn: WaitQueue::new(),
            sent: AtomicU64::new(0),
        }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        *self.flow.lock() = r.option(|r| Arc::new(Side::load(r)) as Arc<dyn Flow>);
        *self.input.lock() = Input::load(r);
        self.busy.store(r.flag(), Ordering::SeqCst);
    }
}

impl Read {
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.stream);
        match self.what {
            What::Rest => w.byte(0),
            What::Line => w.byte(1),
            What::Next => w.byte(2),
            What::Value => w.byte(3),
            What::Some(most) => {
                w.byte(4);
                w.count(most as u64);
            }
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Read {
        let stream = r.sync();
        let what = match r.byte() {
            0 => What::Rest,
            1 => What::Line,
            2 => What::Next,
            3 => What::Value,
            _ => What::Some(r.count() as usize),
        };
        Read::new(stream, what)
    }
}

impl Write {
    /// What is still to be written, and whether that is all of it.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.sync(&self.stream);
        w.all(&self.bytes[self.written..]);
        w.flag(self.written > 0);
        w.flag(self.begun);
        w.flag(self.luck);
    }

    pub fn load(r: &mut Reader<'_>) -> Write {
        let (stream, rest) = (r.sync(), r.all());
        // A byte that has been written stands for all of them.
        let written = usize::from(r.flag());
        let bytes = [&vec![0; written][..], &rest].concat();
        Write { stream, bytes, written, begun: r.flag(), luck: r.flag() }
    }
}

/// The one error for a stream that this side has closed.
#[cold]
fn closed(sync: &Sync) -> Error {
    Error::new(error::Kind::Closed, format!("{} is closed", sync.label()))
        .hint("it was closed here, or given to a program as its input")
}

/// What the system says of a read or a write.
#[cold]
fn broken(sync: &Sync, verb: &str, error: &io::Error) -> Error {
    let kind = kind_of(error);
    let why = match kind {
        error::Kind::Closed => "the other side has closed it".to_string(),
        _ => error.to_string(),
    };
    let made = Error::new(kind.clone(), format!("cannot {verb} {}: {why}", sync.label()));
    if kind == error::Kind::Closed {
        made.hint("whoever closes last reads until the end first")
    } else {
        made
    }
}

/// A stream as a value.
pub fn make(id: u32, line: u32, stream: Stream) -> Arc<Sync> {
    if let Some(flow) = stream.way() {
        flow.known_as(id);
    }
    Arc::new(Sync::new(id, line, Kind::Outside(Box::new(Thing::Stream(stream)))).counting_bytes())
}
