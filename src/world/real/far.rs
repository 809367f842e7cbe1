//! What processes of a run say reaches the one that has begun it: each piece with a number that tells what kind it is.
//! For those whose output goes somewhere inside of that process.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::thread::{self, JoinHandle};

/// So long a piece goes as one; a longer one goes as several.
const PIECE: usize = 32 * 1024;

/// The side of those who say something.
pub struct Far(UnixDatagram);

/// The side of the one who hears it.
pub struct Near(UnixDatagram);

/// The two sides. To be made before the run begins, since its processes are copies of this one.
///
/// # Errors
/// When the system refuses.
pub fn far() -> io::Result<(Far, Near)> {
    UnixDatagram::pair().map(|(far, near)| (Far(far), Near(near)))
}

impl Far {
    /// # Errors
    /// When nobody hears it any more.
    pub fn say(&self, kind: u8, text: &str) -> io::Result<()> {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
            let message: Vec<u8> = [kind].into_iter().chain(piece.bytes()).collect();
            self.0.send(&message)?;
            rest = more;
        }
        Ok(())
    }

    /// Nothing more is said: whoever hears it ends.
    pub fn end(&self) {
        // Nobody hears it any more when this fails.
        let _ = self.0.send(&[]);
    }
}

impl Near {
    /// Hands on what is said, in a thread of its own, until the end.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn hear(self, tell: impl Fn(u8, &str) + Send + 'static) -> io::Result<JoinHandle<()>> {
        let mut message = vec![0; PIECE + 1];
        thread::Builder::new().name("processes".into()).spawn(move || {
            while let Ok(length @ 1..) = self.0.recv(&mut message) {
                tell(message[0], &String::from_utf8_lossy(&message[1..length]));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn what_is_said_is_heard_in_order() {
        let (far, near) = far().expect("the system gives two");
        let (tell, heard) = mpsc::channel();
        let thread =
            near.hear(move |kind, text| tell.send((kind, text.to_string())).expect("it is received"));
        let long = "中".repeat(PIECE);
        far.say(1, "a").expect("heard");
        far.say(2, &long).expect("heard");
        far.say(1, "").expect("nothing is said");
        far.end();
        thread.expect("a thread").join().expect("unharmed");
        let heard: Vec<(u8, String)> = heard.iter().collect();
        assert_eq!(heard[0], (1, "a".to_string()));
        assert!(heard.len() > 3 && heard[1..].iter().all(|(kind, _)| *kind == 2));
        assert_eq!(heard[1..].iter().map(|(_, text)| &**text).collect::<String>(), long);
    }
}
