//! Open files, as scripts hold them: each operation is one step. Whether a run may open one at all is decided
//! before, in `builtin::file`.

use super::error::{Error, Kind};
use parking_lot::Mutex;
use std::fs;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

#[derive(Debug)]
pub struct File {
    pub path: String,
    stream: Mutex<Stream>,
}

#[derive(Debug)]
enum Stream {
    Reading(BufReader<fs::File>),
    Writing(BufWriter<fs::File>),
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Read,
    Write,
    Append,
}

impl File {
    /// A file that cannot be used any more.
    pub fn shut(path: &str) -> File {
        File { path: path.into(), stream: Mutex::new(Stream::Closed) }
    }

    pub fn open(path: &str, mode: Mode) -> Result<File, Error> {
        let mut options = fs::OpenOptions::new();
        let opened = match mode {
            Mode::Read => options.read(true).open(path).map(BufReader::new).map(Stream::Reading),
            Mode::Write => {
                let options = options.write(true).create(true).truncate(true);
                options.open(path).map(BufWriter::new).map(Stream::Writing)
            }
            Mode::Append => {
                options.append(true).create(true).open(path).map(BufWriter::new).map(Stream::Writing)
            }
        };
        let stream = opened.map_err(|error| failed("open", path, &error))?;
        Ok(File { path: path.into(), stream: Mutex::new(stream) })
    }

    /// All that has not been read yet.
    pub fn read(&self) -> Result<String, Error> {
        let mut text = Vec::new();
        self.reading(|reader| reader.read_to_end(&mut text))?;
        utf8(text, &self.path)
    }

    /// The next line without its newline; None at the end.
    pub fn read_line(&self) -> Result<Option<String>, Error> {
        let mut line = Vec::new();
        if self.reading(|reader| reader.read_until(b'\n', &mut line))? == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\n") {
            line.pop();
        }
        if line.ends_with(b"\r") {
            line.pop();
        }
        utf8(line, &self.path).map(Some)
    }

    pub fn write(&self, text: &str) -> Result<(), Error> {
        match &mut *self.stream.lock() {
            Stream::Writing(writer) => {
                writer.write_all(text.as_bytes()).map_err(|error| failed("write", &self.path, &error))
            }
            Stream::Reading(_) => {
                Err(Error::new(Kind::State, format!("{} is open for reading only", self.path))
                    .hint("open(path, \"w\") writes anew, open(path, \"a\") at the end"))
            }
            Stream::Closed => Err(self.closed()),
        }
    }

    /// Writes what is still in memory. Closing twice is fine.
    pub fn close(&self) -> Result<(), Error> {
        match std::mem::replace(&mut *self.stream.lock(), Stream::Closed) {
            Stream::Writing(mut writer) => {
                writer.flush().map_err(|error| failed("write", &self.path, &error))
            }
            Stream::Reading(_) | Stream::Closed => Ok(()),
        }
    }

    pub fn is_closed(&self) -> bool {
        matches!(&*self.stream.lock(), Stream::Closed)
    }

    fn reading<T>(&self, read: impl FnOnce(&mut BufReader<fs::File>) -> io::Result<T>) -> Result<T, Error> {
        match &mut *self.stream.lock() {
            Stream::Reading(reader) => read(reader).map_err(|error| failed("read", &self.path, &error)),
            Stream::Writing(_) => {
                Err(Error::new(Kind::State, format!("{} is open for writing only", self.path))
                    .hint("open(path) opens it for reading"))
            }
            Stream::Closed => Err(self.closed()),
        }
    }

    fn closed(&self) -> Error {
        Error::new(Kind::Closed, format!("the file {} is closed", self.path))
    }
}

/// The text of bytes that were read.
pub fn utf8(bytes: Vec<u8>, path: &str) -> Result<String, Error> {
    String::from_utf8(bytes)
        .map_err(|_| Error::new(Kind::Value, format!("{path} is not text: it is no UTF-8")))
}

/// The error for what the system says: `cannot read notes.txt: there is no such file`.
pub fn failed(verb: &str, path: &str, error: &io::Error) -> Error {
    let (kind, reason) = match error.kind() {
        io::ErrorKind::NotFound => (Kind::NotFound, "there is no such file or directory".into()),
        io::ErrorKind::PermissionDenied => (Kind::Refused, "the system does not permit it".into()),
        io::ErrorKind::IsADirectory => (Kind::Value, "it is a directory".into()),
        io::ErrorKind::NotADirectory => (Kind::Value, "it is not a directory".into()),
        _ => (Kind::Error, error.to_string()),
    };
    Error::new(kind, format!("cannot {verb} {path}: {reason}"))
}
