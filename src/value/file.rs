//! Open files, as scripts hold them. Opening and what reading and writing do is in `builtin::file`.

use parking_lot::Mutex;
use std::fs;
use std::io::{BufReader, BufWriter};

#[derive(Debug)]
pub struct File {
    pub path: String,
    /// Every operation is one step: it locks the stream.
    pub stream: Mutex<Stream>,
}

#[derive(Debug)]
pub enum Stream {
    Reading(BufReader<fs::File>),
    Writing(BufWriter<fs::File>),
    Closed,
}

impl File {
    pub fn new(path: String, stream: Stream) -> File {
        File { path, stream: Mutex::new(stream) }
    }
}
