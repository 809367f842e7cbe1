//! What the server of a session is told of what was typed, as bytes.

use super::parcel;
use crate::code::verify::Verified;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

/// How a session's program has become another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Growth {
    /// It is that of no text, as at the beginning.
    Anew,
    /// An entry was added, which was understood.
    Entry(String),
    /// Names of the last entry mean again what they meant before it.
    Forgotten(Vec<String>),
}

/// What makes a program grow in the server, as it has grown in the session: the program after that.
pub type Follow = Box<dyn FnMut(Growth) -> Arc<Verified>>;

const ANEW: u8 = 0;
const ENTRY: u8 = 1;
const FORGOTTEN: u8 = 2;

impl Growth {
    /// A byte comes first, as with descriptors.
    pub fn send(&self, mut to: &UnixStream) -> io::Result<()> {
        let (kind, texts) = match self {
            Growth::Anew => (ANEW, &[][..]),
            Growth::Entry(text) => (ENTRY, std::slice::from_ref(text)),
            Growth::Forgotten(names) => (FORGOTTEN, &names[..]),
        };
        to.write_all(&[0, kind])?;
        to.write_all(&(texts.len() as u64).to_le_bytes())?;
        texts.iter().try_for_each(|text| {
            to.write_all(&(text.len() as u64).to_le_bytes())?;
            to.write_all(text.as_bytes())
        })
    }

    /// Reads what `send` wrote, after its first byte.
    pub fn receive(mut from: &UnixStream) -> io::Result<Growth> {
        let (mut kind, mut count) = ([0], [0; 8]);
        from.read_exact(&mut kind)?;
        from.read_exact(&mut count)?;
        let mut texts = Vec::new();
        for _ in 0..u64::from_le_bytes(count) {
            texts.push(String::from_utf8(parcel::read(&mut from)?).map_err(io::Error::other)?);
        }
        match (kind[0], texts.pop()) {
            (ANEW, None) => Ok(Growth::Anew),
            (ENTRY, Some(text)) if texts.is_empty() => Ok(Growth::Entry(text)),
            (FORGOTTEN, last) => {
                texts.extend(last);
                Ok(Growth::Forgotten(texts))
            }
            _ => Err(io::ErrorKind::InvalidData.into()), // nobody sends it
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_received() {
        let (ours, its) = UnixStream::pair().expect("a pair");
        let names = |names: &[&str]| Growth::Forgotten(names.iter().map(ToString::to_string).collect());
        let entry = |text: &str| Growth::Entry(text.into());
        for growth in [Growth::Anew, entry(""), entry("let \u{4f59} = 1\n"), names(&[]), names(&["a", "b"])] {
            growth.send(&ours).expect("sent");
            let mut first = [1];
            (&its).read_exact(&mut first).expect("a byte");
            assert_eq!((first, Growth::receive(&its).expect("received")), ([0], growth));
        }
    }
}
