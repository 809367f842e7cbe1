//! What conc says is in the catalogue (`messages/zh.po`), and the catalogue has nothing else.
//!
//! Here the sources are read: each text in them that is a sentence has to be there. `tests/golden.rs` holds the same from the
//! other side: it runs the scripts in Chinese, and nothing of what conc says may be missing.

#[path = "chinese/sources.rs"]
mod sources;

use conc::report::language::{Catalogue, Entry, Holes, Pattern, Piece};
use sources::{Said, said};
use std::collections::{BTreeMap, BTreeSet};

fn catalogue() -> Catalogue {
    Catalogue::read(include_str!("../messages/zh.po"))
}

/// Files whose texts go to programs, or are no sentences: data, listings for those who work on conc, pictures' markup.
const NOT_FOR_PEOPLE: [&str; 10] = [
    "src/syntax/dump.rs",
    "src/syntax/properties.rs",
    "src/code/listing.rs",
    "src/code/verify.rs",
    "src/event/json.rs",
    "src/event/svg/canvas.rs",
    "src/event/svg/style.rs",
    "src/explore/fingerprint.rs",
    "src/explore/schedule.rs",
    "src/explore/schedule/settings.rs",
];

/// Texts that look like sentences and are none, or that have a table of their own (`lesson/book.rs`: a book's language is the
/// book's, not the reader's).
fn is_no_sentence(text: &str) -> bool {
    let is_code = text.starts_with("fn ") || text.starts_with("conc ") || text.starts_with('<');
    // How a builtin is called: `open(path, mode)`.
    let is_call = text.ends_with(')') && !text.split('(').next().unwrap_or_default().contains(' ');
    is_code
        || is_call
        || include_str!("chinese/no_sentences.txt").lines().any(|line| line == text.replace('\n', "\\n"))
}

#[test]
fn every_sentence_of_the_sources_is_there() {
    let catalogue = catalogue();
    let known: BTreeSet<&str> = catalogue.entries.iter().map(|entry| &*entry.english).collect();
    let missing: Vec<String> = said()
        .into_iter()
        .filter(|said| !said.is_comment && said.is_sentence() && !NOT_FOR_PEOPLE.contains(&&*said.file))
        .filter(|said| !known.contains(&*said.text) && !is_no_sentence(&said.text))
        .map(|Said { file, line, text, .. }| format!("{file}:{line}: {text:?}"))
        .collect();
    assert!(missing.is_empty(), "messages/zh.po has no translation of:\n{}", missing.join("\n"));
}

/// What is made of a noun: `1 thread`, `3 threads`, `no deadlock`.
const COUNTED: [&str; 3] = ["1 {0}", "{0} {1}s", "no {0}"];

#[test]
fn nothing_else_is_there() {
    let said = said();
    let texts: BTreeSet<&str> = said.iter().map(|said| &*said.text).collect();
    let with_holes: Vec<Pattern> =
        texts.iter().map(|text| Pattern::of(text)).filter(|it| it.has_holes() && it.letters() > 5).collect();
    // One that says more than the source does, with a word for a hole, is there for that word's sake.
    let is_special = |entry: &Entry| {
        with_holes.iter().any(|pattern| pattern.matches(&entry.english, Holes::MaybeEmpty).is_some())
            || COUNTED.iter().any(|counted| {
                let noun = Pattern::of(counted).matches(&entry.english, Holes::Whole);
                noun.and_then(|holes| holes.last().copied()).is_some_and(|noun| texts.contains(noun))
            })
    };
    let unused: Vec<String> = catalogue()
        .entries
        .iter()
        .filter(|entry| !entry.of_others && !texts.contains(&*entry.english) && !is_special(entry))
        .map(|entry| format!("messages/zh.po:{}: {:?}", entry.line, entry.english))
        .collect();
    assert!(unused.is_empty(), "nobody says:\n{}", unused.join("\n"));
}

#[test]
fn each_is_there_once_with_the_same_holes() {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for Entry { english, translated, line, .. } in catalogue().entries {
        let (from, to) = (Pattern::of(&english), Pattern::of(&translated));
        if from.holes() != to.holes() {
            wrong.push(format!("messages/zh.po:{line}: the holes differ: {english:?} and {translated:?}"));
        }
        if from.holes() != (0..from.holes().len()).collect::<Vec<_>>() {
            wrong.push(format!("messages/zh.po:{line}: holes are numbered from 0 on: {english:?}"));
        }
        if from.has_adjacent_holes() {
            wrong.push(format!("messages/zh.po:{line}: two holes without a word between them: {english:?}"));
        }
        if english.trim() != english || translated.trim() != translated {
            wrong.push(format!("messages/zh.po:{line}: blanks around it: {english:?} and {translated:?}"));
        }
        if let Some(before) = lines.insert(english, line) {
            wrong.push(format!("messages/zh.po:{line}: it stands in line {before} already"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The file is what editors for translators read and write.
#[test]
fn the_file_is_a_po_file() {
    for (index, line) in include_str!("../messages/zh.po").lines().enumerate() {
        let quoted = line.strip_prefix("msgid ").or(line.strip_prefix("msgstr ")).unwrap_or(line);
        let is_text = quoted.len() >= 2 && quoted.starts_with('"') && quoted.ends_with('"');
        let is_other = line.is_empty() || line.starts_with('#');
        assert!(is_text || is_other, "messages/zh.po:{}: {line}", index + 1);
    }
}

/// A text with `names` in its holes, one for each number.
fn filled(text: &str, names: &[&str]) -> String {
    let pieces = Pattern::of(text).pieces;
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Hole(number) => names[*number],
        })
        .collect()
}

/// No shorter sentence takes the place of one with a name or nothing in its holes: "the output differs" is "the {0} differs{1}"
/// and not "the {0} {1}".
#[test]
fn each_sentence_is_found_as_itself() {
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for Entry { english, translated, line, .. } in &catalogue.entries {
        let holes = Pattern::of(english).holes().len();
        let names: Vec<&str> = ["x1", "y2", "z3", "u4", "v5", "w6"].into_iter().cycle().take(holes).collect();
        let mut ways = vec![names.clone()];
        // What is said only sometimes brings the space before it.
        let last = format!("{{{}}}", holes.saturating_sub(1));
        if english.strip_suffix(&last).is_some_and(|before| before.ends_with(char::is_alphanumeric)) {
            ways.push([&names[..holes - 1], &[""]].concat());
        }
        for names in ways {
            let text = filled(english, &names);
            let (is, ought) = (catalogue.translate(&text, true), filled(translated, &names));
            let plain = |text: &str| text.replace(' ', "");
            if plain(&is) != plain(&ought) {
                wrong.push(format!("messages/zh.po:{line}: {text:?} gives {is:?} and not {ought:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
