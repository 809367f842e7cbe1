//! What has come over a stream and was not asked for yet, and how lines, texts and values are taken from it. It waits for
//! nothing: what is not there whole stays until more has come.

use crate::state::{Reader, Writer};
use crate::value::{
    Value,
    error::{self, Error},
    text, wire,
};

/// What begins a value: no text in UTF-8 does.
const FRAME: [u8; 2] = [0xC0, b'v'];

/// What has come and was not asked for yet.
#[derive(Debug, Default, Clone)]
pub(super) struct Input {
    pub bytes: Vec<u8>,
    /// How many of them are known to hold no newline.
    searched: usize,
    pub ended: bool,
    /// How many were taken before, for those who look for races.
    pub taken: u64,
}

/// What a read is to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Everything to the end: a text.
    Rest,
    /// What is there, at most so many characters; "" at the end.
    Some(usize),
    /// A line without its newline; nil at the end.
    Line,
    /// The same for `for`: `Value::Unset` at the end.
    Next,
    /// A whole value that was sent; an error at the end.
    Value,
}

impl Input {
    /// What is wanted, if it is there.
    pub fn take(&mut self, what: What, from: &str) -> Result<Option<Value>, Error> {
        let nothing = match what {
            What::Rest => {
                return if self.ended { self.text(self.bytes.len(), from).map(Some) } else { Ok(None) };
            }
            What::Some(most) => {
                if let Some(count) = self.characters(most) {
                    return self.text(count, from).map(Some);
                }
                text::make("")
            }
            What::Line | What::Next => {
                if let Some(line) = self.line(from)? {
                    return Ok(Some(line));
                }
                if what == What::Line { Value::Nil } else { Value::Unset }
            }
            What::Value => match self.value(from)? {
                None if self.ended => return Err(at_end(from, !self.bytes.is_empty())),
                value => return Ok(value),
            },
        };
        Ok(self.ended.then_some(nothing))
    }

    fn line(&mut self, from: &str) -> Result<Option<Value>, Error> {
        let newline = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = newline.map(|place| place + self.searched) else {
            self.searched = self.bytes.len();
            // The last line may have no newline.
            let last = self.ended && !self.bytes.is_empty();
            return if last { self.text(self.bytes.len(), from).map(Some) } else { Ok(None) };
        };
        let carriage = end > 0 && self.bytes[end - 1] == b'\r';
        let line = self.bytes[..end - usize::from(carriage)].to_vec();
        self.bytes.drain(..=end);
        self.searched = 0;
        utf8(line, from).map(Some)
    }

    /// A value, if all of it has come.
    fn value(&mut self, from: &str) -> Result<Option<Value>, Error> {
        if !self.bytes.starts_with(&FRAME[..self.bytes.len().min(FRAME.len())]) {
            return Err(no_value(from));
        }
        let Some((length, _)) = self.bytes.get(FRAME.len()..).and_then(|rest| rest.split_first_chunk())
        else {
            return Ok(None);
        };
        let start = FRAME.len() + length.len();
        let end = start.saturating_add(u32::from_le_bytes(*length) as usize);
        let Some(bytes) = self.bytes.get(start..end) else { return Ok(None) };
        let value = wire::decode(bytes).ok_or_else(|| no_value(from))?;
        self.bytes.drain(..end);
        self.searched = 0;
        Ok(Some(value))
    }

    /// How many bytes hold at most so many characters, whole ones; None when there is none.
    fn characters(&self, most: usize) -> Option<usize> {
        if most == 0 {
            return Some(0);
        }
        let starts = |byte: &u8| byte & 0xC0 != 0x80;
        let mut ends = (1..self.bytes.len()).filter(|at| starts(&self.bytes[*at]));
        if let Some(end) = ends.nth(most - 1) {
            return Some(end);
        }
        // All of it, but for a last character of which a part is still to come.
        let whole = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() && !self.ended => error.valid_up_to(),
            Ok(_) | Err(_) => self.bytes.len(),
        };
        (whole > 0).then_some(whole)
    }

    fn text(&mut self, count: usize, from: &str) -> Result<Value, Error> {
        let rest = self.bytes.split_off(count);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        self.searched = 0;
        utf8(bytes, from)
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.all(&self.bytes);
        w.flag(self.ended);
    }

    pub fn load(r: &mut Reader<'_>) -> Input {
        Input { bytes: r.all(), searched: 0, ended: r.flag(), taken: 0 }
    }
}

/// What is sent for a value: what no text begins with, the number of bytes, the bytes.
pub fn frame(value: &Value, to: &str) -> Result<Vec<u8>, Error> {
    let bytes = wire::encode(value, &format!("over {to}"))?;
    let length = u32::try_from(bytes.len()).map_err(|_| {
        Error::new(error::Kind::Value, format!("a value of {} bytes cannot be sent over {to}", bytes.len()))
            .hint("send it in parts")
    })?;
    Ok([&FRAME, &length.to_le_bytes()[..], &bytes].concat())
}

#[cold]
fn no_value(from: &str) -> Error {
    Error::new(error::Kind::Value, format!("what came from {from} is no value"))
        .hint("recv() takes what send(value) sent; what write(text) sent is read by read() and read_line()")
}

#[cold]
fn at_end(from: &str, middle: bool) -> Error {
    let place = if middle { "in the middle of a value" } else { "and nothing is left" };
    Error::new(error::Kind::Closed, format!("the other side of {from} has closed it, {place}"))
        .hint("catch \"closed\" to end with it")
}

fn utf8(bytes: Vec<u8>, from: &str) -> Result<Value, Error> {
    let text = String::from_utf8(bytes);
    text.map(text::from_string).map_err(|_| {
        Error::new(error::Kind::Value, format!("what came from {from} is no text: it is not UTF-8"))
            .hint("convert it first, for instance with the program iconv")
    })
}
