//! Who has used a cell last, as words: for cells in memory that processes share.

use super::{Access, Entry, More, Shadow};
use crate::machine::touch::Part;
use crate::race::written::{In, Out};

/// The kinds of parts; a part's number stands beside.
const SHAPE: u64 = 0;
const ELEMENT: u64 = 1;
const KEY: u64 = 2;
const FIELD: u64 = 3;
const VARIABLE: u64 = 4;
const ALL: u64 = 5;

impl Access {
    fn write(self, w: &mut Out) {
        w.word(self.who);
        w.word(self.what);
    }

    fn read(r: &mut In<'_>) -> Access {
        Access { who: r.word(), what: r.word() }
    }
}

impl Shadow {
    fn is_unused(&self) -> bool {
        self.write.is_none() && self.read.is_none() && self.more.is_none()
    }

    fn write(&self, w: &mut Out) {
        self.write.write(w);
        self.read.write(w);
        w.option(self.more.as_deref(), |w, more| {
            w.word(more.reads.len() as u64);
            more.reads.iter().for_each(|read| read.write(w));
            w.option(more.given.as_ref(), Out::stamp);
        });
    }

    fn read(r: &mut In<'_>) -> Shadow {
        Shadow {
            write: Access::read(r),
            read: Access::read(r),
            more: r.option(|r| {
                let reads = (0..r.word()).map(|_| Access::read(r)).collect();
                Box::new(More { reads, given: r.option(In::stamp) })
            }),
        }
    }
}

impl Entry {
    pub fn write(&self) -> Vec<u64> {
        let mut w = Out::default();
        self.whole.write(&mut w);
        let mut parts: Vec<((u64, u64), &Shadow)> = Vec::new();
        if let Some(all) = &self.parts {
            parts.push(((SHAPE, 0), &all.shape));
            for (page, shadows) in all.elements.iter().enumerate() {
                let shadows = shadows.iter().flat_map(|page| page.iter()).enumerate();
                parts.extend(
                    shadows.map(|(at, shadow)| ((ELEMENT, (page * super::PAGE + at) as u64), shadow)),
                );
            }
            parts.extend(all.others.iter().map(|(part, shadow)| (numbers(*part), shadow)));
        }
        parts.retain(|(_, shadow)| !shadow.is_unused());
        parts.sort_by_key(|(numbers, _)| *numbers);
        w.word(parts.len() as u64);
        for ((kind, number), shadow) in parts {
            w.word(kind);
            w.word(number);
            shadow.write(&mut w);
        }
        w.words()
    }

    pub fn read(words: &[u64]) -> Entry {
        let mut r = In::new(words);
        let mut entry = Entry { whole: Shadow::read(&mut r), parts: None };
        for _ in 0..r.word() {
            let part = part(r.word(), r.word());
            *entry.parts.get_or_insert_default().of(part) = Shadow::read(&mut r);
        }
        entry
    }
}

fn numbers(part: Part) -> (u64, u64) {
    match part {
        Part::Shape => (SHAPE, 0),
        Part::Element(index) => (ELEMENT, index),
        Part::Key(hash) => (KEY, hash),
        Part::Field(index) => (FIELD, u64::from(index)),
        Part::Variable(symbol) => (VARIABLE, u64::from(symbol)),
        Part::All => (ALL, 0),
    }
}

fn part(kind: u64, number: u64) -> Part {
    match kind {
        ELEMENT => Part::Element(number),
        KEY => Part::Key(number),
        FIELD => Part::Field(number as u32),
        VARIABLE => Part::Variable(number as u16),
        ALL => Part::All,
        _ => Part::Shape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let access = |slot, place| Access::new((slot, 3), slot == 2, place, 9);
        let mut entry = Entry::default();
        entry.whole.write = access(1, 4);
        let parts = entry.parts.get_or_insert_default();
        for part in [Part::Shape, Part::Element(0), Part::Element(40), Part::Key(u64::MAX)] {
            parts.of(part).read = access(2, 5);
        }
        parts.of(Part::Element(3)).more = Some(Box::new(More { reads: vec![access(7, 1)], given: None }));
        let words = entry.write();
        assert_eq!(Entry::read(&words).write(), words);
        assert_eq!(
            Entry::read(&words).parts.expect("they are there").of(Part::Element(40)).read,
            access(2, 5)
        );
    }
}
