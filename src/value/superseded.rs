//! What an error has taken the place of: errors that were on their way through a `finally` in which it was raised.
//! Texts only, not the errors themselves: a chain of them may be as long as the calls are deep.

use super::error::Error;
use crate::state::{Reader, Writer};

/// Of more than these, those that came first in the chain are named.
const NAMED: usize = 5;

/// An error that is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Where it was raised; 0 when that is not known.
    pub line: u32,
    pub message: String,
    /// The message is the script's own, not a sentence of conc's.
    pub of_script: bool,
}

/// The errors that are lost for one; the nearest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Superseded {
    pub named: Vec<Lost>,
    pub more: u64,
}

impl Superseded {
    /// With one more, and with those that are lost for that one.
    pub fn with(self, error: &Error) -> Superseded {
        let line = error.place.get().map_or(0, |place| place.line);
        let lost = Lost { line, message: error.message.clone(), of_script: error.of_script };
        let (others, more) =
            error.superseded.as_ref().map_or((&[][..], 0), |others| (&others.named[..], others.more));
        let count = self.named.len() + 1 + others.len();
        let mut named = self.named;
        named.push(lost);
        named.extend_from_slice(others);
        named.truncate(NAMED);
        Superseded { more: self.more + more + (count - named.len()) as u64, named }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.count(self.named.len() as u64);
        for lost in &self.named {
            w.line(lost.line);
            w.text(&lost.message);
            w.flag(lost.of_script);
        }
        w.count(self.more);
    }

    pub fn load(r: &mut Reader<'_>) -> Superseded {
        let one = |r: &mut Reader<'_>| {
            let line = r.line();
            let message = r.text().to_string();
            Lost { line, message, of_script: r.flag() }
        };
        let named = (0..r.count()).map(|_| one(r)).collect();
        Superseded { named, more: r.count() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::error::Kind;

    #[test]
    fn the_nearest_are_named_and_the_others_counted() {
        let error = |number: usize| Error::of_script(Kind::Error, number.to_string());
        // 3 takes the place of 2, which has taken that of 1.
        let second = error(2).superseding(&error(1));
        let third = Superseded::default().with(&second);
        let messages = |it: &Superseded| it.named.iter().map(|lost| lost.message.clone()).collect::<Vec<_>>();
        assert_eq!((messages(&third), third.more), (vec!["2".to_string(), "1".to_string()], 0));
        let many = (0..1000).fold(Superseded::default(), |so_far, number| so_far.with(&error(number)));
        assert_eq!((messages(&many).join(" "), many.more), ("0 1 2 3 4".to_string(), 995));
    }
}
