//! Other programs: `run`, which waits for the end and keeps what was said, and `command`, whose streams the script uses
//! while it runs.

use super::stream::{self, Direction, Stream};
use super::system::{Child, Ended, Flow, Outside, Spawned};
use super::{Thing, signal::Signal};
use crate::sync::wait::WaitQueue;
use crate::sync::{Kind, Sync};
use crate::value::{
    Value,
    error::{self, Error},
    show, text,
};
use parking_lot::Mutex;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

/// So much is read at once.
const PIECE: usize = 16 * 1024;

/// What is to be started, and how.
#[derive(Debug)]
pub struct Order {
    pub program: String,
    /// Handed over as they are: no shell sees them.
    pub arguments: Vec<String>,
    /// What differs from the environment of this run; None takes a variable away.
    pub environment: Vec<(String, Option<String>)>,
    pub directory: Option<String>,
    pub input: Input,
    pub errors: Errors,
    /// It stays known to the system, when it has ended, until it is asked how: so its group can still be killed.
    pub held: bool,
}

/// Where its standard input comes from.
#[derive(Debug)]
pub enum Input {
    Nothing,
    Written,
    From(OwnedFd),
}

/// Where its standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Where this program's own goes.
    Through,
    Kept,
    /// Into its standard output.
    WithOutput,
}

#[derive(Debug)]
pub struct Command {
    pub program: String,
    /// Taken at the start.
    order: Mutex<Option<Order>>,
    /// The stream that will be its input.
    source: Option<Arc<Sync>>,
    running: OnceLock<Running>,
    /// What `run` has read of it: its output and its errors.
    said: OnceLock<[Value; 2]>,
}

#[derive(Debug)]
pub struct Running {
    pub child: Arc<dyn Child>,
    /// The streams a script can use; none of them for `run`.
    pub stdin: Option<Arc<Sync>>,
    pub stdout: Option<Arc<Sync>>,
}

impl Command {
    pub fn new(order: Order, source: Option<Arc<Sync>>) -> Command {
        let (running, said) = (OnceLock::new(), OnceLock::new());
        Command { program: order.program.clone(), order: Mutex::new(Some(order)), source, running, said }
    }

    pub fn of(sync: &Sync) -> Result<&Command, Error> {
        if let Some(Thing::Command(command)) = sync.outside() {
            Ok(command)
        } else {
            Err(sync.is_no("command"))
        }
    }

    pub fn running(&self) -> Option<&Running> {
        self.running.get()
    }

    pub fn child(&self) -> Option<&Arc<dyn Child>> {
        self.running.get().map(|running| &running.child)
    }

    pub fn said(&self) -> Option<&[Value; 2]> {
        self.said.get()
    }

    fn spawn(&self, sync: &Sync, outside: &mut dyn Outside) -> Result<Spawned, Error> {
        let Some(mut order) = self.order.lock().take() else {
            return Err(Error::new(error::Kind::State, format!("{} has been started already", sync.label()))
                .hint("a command runs once; make a new one to run it again"));
        };
        if let Some(source) = &self.source {
            order.input = Input::From(Stream::of(source)?.give_away(source)?);
        }
        outside.spawn(order)
    }

    /// Starts it, with streams that the script uses.
    pub fn start(sync: &Sync, outside: &mut dyn Outside, ids: [u32; 2]) -> Result<(), Error> {
        let command = Command::of(sync)?;
        let Spawned { child, stdin, stdout, .. } = command.spawn(sync, outside)?;
        let program = &command.program;
        let stream = |id, flow, direction, what: &str| {
            stream::make(id, sync.line, Stream::new(flow, direction, format!("the {what} of {program}")))
        };
        let stdin = stdin.map(|flow| stream(ids[0], flow, Direction::Writes, "input"));
        let stdout = Some(stream(ids[1], stdout, Direction::Reads, "output"));
        // It starts once: the order was there.
        let _ = command.running.set(Running { child, stdin, stdout });
        Ok(())
    }

    /// How it ended; None while it runs, an error when it never started.
    pub fn ended(&self, sync: &Sync) -> Result<Option<Ended>, Error> {
        Ok(self.started(sync)?.ended())
    }

    pub fn started(&self, sync: &Sync) -> Result<&Arc<dyn Child>, Error> {
        self.child().ok_or_else(|| {
            Error::new(error::Kind::State, format!("{} was never started", sync.label()))
                .hint("start it first: `start c`")
        })
    }

    pub fn has_ended(&self) -> bool {
        self.child().is_none_or(|child| child.ready().is_set())
    }

    /// Sends it a signal; nothing happens when it has ended.
    pub fn signal(&self, sync: &Sync, signal: Signal) -> Result<(), Error> {
        let sent = self.started(sync)?.signal(signal.number, false);
        sent.map_err(|error| {
            Error::new(
                error::Kind::Refused,
                format!("cannot send {} to {}: {error}", signal.name, sync.label()),
            )
        })
    }
}

/// `run` while the program runs.
#[derive(Debug)]
pub struct Run {
    pub command: Arc<Sync>,
    child: Arc<dyn Child>,
    stdin: Option<Arc<dyn Flow>>,
    input: Vec<u8>,
    written: usize,
    out: Collected,
    err: Collected,
    /// Any status but 0 is an error.
    check: bool,
}

/// A stream that is read to its end.
#[derive(Debug)]
struct Collected {
    flow: Option<Arc<dyn Flow>>,
    bytes: Vec<u8>,
}

impl Run {
    /// Starts it.
    pub fn begin(
        command: Arc<Sync>,
        input: Vec<u8>,
        check: bool,
        outside: &mut dyn Outside,
    ) -> Result<Run, Error> {
        let known = Command::of(&command)?;
        let Spawned { child, stdin, stdout, stderr } = known.spawn(&command, outside)?;
        let _ = known.running.set(Running { child: child.clone(), stdin: None, stdout: None }); // it starts once
        let collected = |flow| Collected { flow, bytes: Vec::new() };
        let (out, err) = (collected(Some(stdout)), collected(stderr));
        Ok(Run { command, child, stdin, input, written: 0, out, err, check })
    }

    pub fn poll(&mut self) -> Result<Option<Value>, Error> {
        self.feed();
        let what = |of: &str| format!("the {of} of {}", self.command.label());
        let (out, err) = (what("output"), what("errors"));
        if !self.out.read(&out)? | !self.err.read(&err)? {
            return Ok(None);
        }
        let Some(ended) = self.child.ended() else { return Ok(None) };
        let said = [self.out.text(&out)?, self.err.text(&err)?];
        if self.check && ended != Ended::Status(0) {
            return Err(self.failed(ended, &said[1]));
        }
        let command = Command::of(&self.command)?;
        let _ = command.said.set(said); // it ends once
        Ok(Some(Value::Sync(self.command.clone())))
    }

    /// Writes what the program is to read. One that reads no more has had enough.
    fn feed(&mut self) {
        while let Some(flow) = &self.stdin {
            let rest = &self.input[self.written..];
            let written = match rest.is_empty() {
                true => Ok(Some(0)),
                false => flow.writable().attempt(|| flow.write(rest)),
            };
            match written {
                Ok(None) => return,
                Ok(Some(count)) if count > 0 => self.written += count,
                Ok(Some(_)) | Err(_) => {
                    flow.close();
                    self.stdin = None;
                }
            }
        }
    }

    pub fn ready(&self) -> bool {
        let writable = self.stdin.as_ref().is_some_and(|flow| flow.writable().is_set());
        let flows = || [&self.out, &self.err].into_iter().filter_map(|collected| collected.flow.as_ref());
        writable
            || flows().any(|flow| flow.readable().is_set())
            || (flows().next().is_none() && self.child.ready().is_set())
    }

    pub fn queues(&self, each: &mut dyn FnMut(&WaitQueue)) {
        if let Some(flow) = &self.stdin {
            each(&flow.writable().waiters);
        }
        for collected in [&self.out, &self.err] {
            if let Some(flow) = &collected.flow {
                each(&flow.readable().waiters);
            }
        }
        each(&self.child.ready().waiters);
    }

    #[cold]
    pub fn timed_out(&mut self) -> Error {
        self.abandon();
        let label = self.command.label();
        let error = Error::new(
            error::Kind::Timeout,
            format!("{label} has not ended within the timeout, and was killed"),
        );
        let said = String::from_utf8_lossy(&self.out.bytes);
        let note = match said.is_empty() {
            true => "it had written nothing until then".to_string(),
            false => format!("until then it had written {}", show::brief_text(&said)),
        };
        error.note(note)
    }

    /// Nobody waits for the program any more: it is killed, with all that it has started.
    pub fn abandon(&mut self) {
        // An error says that there is nobody left to kill.
        let _ = self.child.signal(signal_hook::consts::SIGKILL, true);
        self.child.let_go();
    }

    #[cold]
    fn failed(&self, ended: Ended, errors: &Value) -> Error {
        let label = self.command.label();
        let message = match ended {
            Ended::Status(status) => format!("{label} ended with status {status}"),
            Ended::Killed(number) => format!("{label} was killed by the signal {}", Signal::numbered(number)),
        };
        let made = Error::new(error::Kind::Error, message);
        match errors.as_text().filter(|text| !text.is_empty()) {
            Some(text) => made.note(format!("it wrote to standard error: {}", show::brief_text(text))),
            None => made,
        }
    }
}

impl Collected {
    /// Reads what is there; whether that was all.
    fn read(&mut self, what: &str) -> Result<bool, Error> {
        let Some(flow) = self.flow.clone() else { return Ok(true) };
        let mut piece = [0; PIECE];
        loop {
            match flow.readable().attempt(|| flow.read(&mut piece)) {
                Ok(None) => return Ok(false),
                Ok(Some(0)) => {
                    self.flow = None;
                    return Ok(true);
                }
                Ok(Some(count)) => self.bytes.extend_from_slice(&piece[..count]),
                Err(error) => return Err(unreadable(what, &error)),
            }
        }
    }

    fn text(&mut self, what: &str) -> Result<Value, Error> {
        let text = String::from_utf8(std::mem::take(&mut self.bytes));
        text.map(text::from_string).map_err(|_| {
            Error::new(error::Kind::Value, format!("{what} is no text: it is not UTF-8"))
                .hint("convert it in a pipeline, for instance with the program iconv")
        })
    }
}

#[cold]
fn unreadable(what: &str, error: &io::Error) -> Error {
    Error::new(error::Kind::Error, format!("cannot read {what}: {error}"))
}

/// The properties that tell how a command ended.
pub fn status(ended: Option<Ended>) -> Value {
    match ended {
        None => Value::Nil,
        Some(Ended::Status(status)) => Value::Int(status.into()),
        Some(Ended::Killed(number)) => Value::Int(-i64::from(number)),
    }
}

/// The name of the signal that killed it.
pub fn killed_by(ended: Option<Ended>) -> Value {
    match ended {
        Some(Ended::Killed(number)) => Value::text(&Signal::numbered(number)),
        Some(Ended::Status(_)) | None => Value::Nil,
    }
}

/// A command as a value, not started.
pub fn make(id: u32, line: u32, command: Command) -> Arc<Sync> {
    Arc::new(Sync::new(id, line, Kind::Outside(Box::new(Thing::Command(command)))))
}
