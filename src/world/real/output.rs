//! The one sink: everything a script writes goes through it, a whole piece at a time.

use super::run::{Cause, Shared};
use crate::value::error::{Error, Kind};
use crate::world::Stream;
use parking_lot::RwLock;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

/// Where the output of a run goes.
pub trait Sink: Send + Sync {
    /// Writes the whole piece at once: pieces written by two threads never mix.
    fn write(&self, stream: Stream, text: &str) -> io::Result<()>;
}

/// The standard output and error of this process, unbuffered.
pub(super) struct Process {
    out: Pipe,
    err: Pipe,
}

/// A stream of the process by a file of our own: the standard library's handle has a lock and a buffer.
struct Pipe {
    file: io::Result<File>,
    /// The system writes a short piece whole, whoever else writes: these share. A long one is alone.
    pieces: RwLock<()>,
}

/// What a pipe takes whole (PIPE_BUF of Linux; other systems promise at least 512).
const WHOLE_BYTES: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

impl Process {
    pub fn new() -> Process {
        Process { out: Pipe::new(&io::stdout()), err: Pipe::new(&io::stderr()) }
    }
}

impl Sink for Process {
    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        match stream {
            Stream::Out => self.out.write(text),
            Stream::Err => self.err.write(text),
        }
    }
}

impl Pipe {
    fn new(stream: &impl AsFd) -> Pipe {
        Pipe { file: stream.as_fd().try_clone_to_owned().map(File::from), pieces: RwLock::new(()) }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        let mut file = match &self.file {
            Ok(file) => file,
            Err(error) => return Err(error.kind().into()),
        };
        if text.len() <= WHOLE_BYTES {
            let _shared = self.pieces.read();
            file.write_all(text.as_bytes())
        } else {
            let _alone = self.pieces.write();
            file.write_all(text.as_bytes())
        }
    }
}

impl Shared {
    pub(super) fn write(&self, stream: Stream, text: &str) -> Result<(), Error> {
        // A thread that is to stop at its next safe point says nothing more.
        if self.stopping() {
            return Ok(());
        }
        match self.options.sink.write(stream, text) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                if stream == Stream::Out {
                    self.finish(Cause::NobodyReads);
                }
                Ok(())
            }
            Err(error) => {
                let stream = match stream {
                    Stream::Out => "standard output",
                    Stream::Err => "standard error",
                };
                let hint = match error.kind() {
                    ErrorKind::QuotaExceeded => "write less, or allow more",
                    _ => "see whether it is closed, or its disk full",
                };
                Err(Error::new(Kind::State, format!("cannot write to {stream}: {error}")).hint(hint))
            }
        }
    }
}
