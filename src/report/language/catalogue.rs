//! The catalogue: a PO file of gettext, as editors for translators write it, and the search for a sentence in it.
//!
//! Of the format it knows comments, `msgid` and `msgstr`, each of one or more quoted lines. A `msgid` is the English sentence
//! with a numbered hole for each thing that is put into it, `undefined name "{0}"`; the `msgstr` has the same holes, in
//! any order. Crates that read such files (`polib` and others) do not tell the lines of entries, which the tests name, and hand
//! plurals, contexts and headers over that nobody here asks for: reading these few lines is less than asking them.

use super::MISSING;
use super::pattern::{Holes, Pattern, Piece};
use std::collections::HashMap;
use unicode_width::UnicodeWidthChar;

/// Sentences in holes of sentences: more than anybody builds.
const DEEPEST: usize = 5;
const MOST_SEARCHES: usize = 200;

/// How many characters a sentence says itself (and half of all) that is taken although something in it is not known.
const ENOUGH: usize = 8;

/// A longer text (a name of a million letters) is a sentence only if that begins with words of conc's: looking for each
/// sentence everywhere in it would take too long.
const LONG: usize = 4000;

/// One sentence and its translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub english: String,
    pub translated: String,
    /// Where its `msgid` stands in the file.
    pub line: usize,
    /// Holes for names that may have several words, and are never said: `#. kept 0`.
    pub kept: Vec<usize>,
    /// It is said by a library that conc uses, or by the system, and stands in none of conc's sources: `#: clap`, `#: system`.
    pub of_others: bool,
}

#[derive(Debug, Default)]
pub struct Catalogue {
    /// In the order of the file.
    pub entries: Vec<Entry>,
    /// Sentences without holes.
    exact: HashMap<String, String>,
    /// The others; those with the most letters of their own first.
    patterns: Vec<Sentence>,
}

#[derive(Debug)]
struct Sentence {
    english: Pattern,
    translated: Pattern,
    kept: Vec<usize>,
}

/// Which of an entry's texts the next quoted line belongs to.
#[derive(Clone, Copy)]
enum Part {
    English,
    Translated,
}

impl Catalogue {
    /// Reads a PO file. Lines that are none of its lines are left out: the tests hold the file to its form.
    pub fn read(text: &str) -> Catalogue {
        let mut entries: Vec<Entry> = Vec::new();
        let mut part = Part::English;
        let (mut of_others, mut kept) = (false, Vec::new());
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(reference) = line.strip_prefix("#: ") {
                of_others = ["clap", "system"].contains(&reference);
            } else if let Some(holes) = line.strip_prefix("#. kept ") {
                kept = holes.split(' ').filter_map(|hole| hole.parse().ok()).collect();
            }
            let quoted = if let Some(rest) = line.strip_prefix("msgid ") {
                let (english, translated) = (String::new(), String::new());
                let kept = std::mem::take(&mut kept);
                entries.push(Entry { english, translated, line: index + 1, kept, of_others });
                part = Part::English;
                rest
            } else if let Some(rest) = line.strip_prefix("msgstr ") {
                part = Part::Translated;
                rest
            } else {
                line
            };
            let (Some(entry), Some(piece)) = (entries.last_mut(), unquoted(quoted)) else { continue };
            match part {
                Part::English => entry.english += &piece,
                Part::Translated => entry.translated += &piece,
            }
        }
        // The first one is the file's own head.
        entries.retain(|entry| !entry.english.is_empty() && !entry.translated.is_empty());
        Catalogue::of(entries)
    }

    fn of(entries: Vec<Entry>) -> Catalogue {
        let mut catalogue = Catalogue { entries, ..Catalogue::default() };
        for entry in &catalogue.entries {
            let english = Pattern::of(&entry.english);
            if english.has_holes() {
                let translated = Pattern::of(&entry.translated);
                catalogue.patterns.push(Sentence { english, translated, kept: entry.kept.clone() });
            } else {
                catalogue.exact.insert(entry.english.clone(), entry.translated.clone());
            }
        }
        catalogue.patterns.sort_by_key(|sentence| std::cmp::Reverse(sentence.english.letters()));
        catalogue
    }

    /// The sentence in the other language; as it is when it is not known, then between marks when those are asked for.
    pub fn translate(&self, text: &str, mark: bool) -> String {
        let mut search = Search { catalogue: self, mark, left: MOST_SEARCHES };
        let (before, body, after) = trimmed(text);
        match search.find(body, DEEPEST) {
            Some(found) => format!("{before}{}{after}", found.text),
            None => format!("{before}{}{after}", search.unknown(body).text),
        }
    }
}

/// A search for one sentence.
struct Search<'c> {
    catalogue: &'c Catalogue,
    mark: bool,
    /// How many more sentences and contents of holes may be looked for.
    left: usize,
}

/// What was found.
struct Found {
    text: String,
    /// Nothing in it is a sentence that is not known.
    whole: bool,
}

impl Search<'_> {
    fn find(&mut self, text: &str, deepest: usize) -> Option<Found> {
        if let Some(found) = self.catalogue.exact.get(text) {
            return Some(Found { text: found.clone(), whole: true });
        }
        let deepest = deepest.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        let is_long = text.len() > LONG;
        // The sentence that says most itself comes first, whether it then says something sometimes or not.
        let ways: [&[Holes]; 2] = [&[Holes::Whole, Holes::MaybeEmpty], &[Holes::Any]];
        // Of those in which something is not known, the one that says most itself.
        let mut best = None;
        for ways in ways.into_iter().filter(|ways| !is_long || ways.contains(&Holes::Any)) {
            for sentence in &self.catalogue.patterns {
                let english = &sentence.english;
                if is_long && matches!(english.pieces.first(), Some(Piece::Hole(_))) {
                    continue;
                }
                let contents = ways.iter().find_map(|holes| english.matches(text, *holes));
                let Some(contents) = contents else { continue };
                let found = self.fill(sentence, &contents, deepest);
                if found.whole {
                    return Some(found);
                }
                if best.is_none() && english.letters() >= ENOUGH.max(text.len() / 2) {
                    best = Some(found);
                }
            }
        }
        best
    }

    /// The translation with its holes filled: what is put into them is translated in its turn, unless it is quoted.
    fn fill(&mut self, sentence: &Sentence, contents: &[&str], deepest: usize) -> Found {
        let mut filled = Found { text: String::new(), whole: true };
        // Whether what was added last is not ours.
        let mut kept = false;
        for piece in &sentence.translated.pieces {
            match piece {
                Piece::Text(piece) if kept => filled.text += piece,
                Piece::Text(piece) => append(&mut filled.text, piece),
                Piece::Hole(number) => {
                    let content = contents.get(*number).copied().unwrap_or_default();
                    let is_name = sentence.english.is_quoted(*number) || sentence.kept.contains(number);
                    let said = self.content(content, is_name, deepest);
                    // A name keeps its distance, Chinese ones too.
                    kept = said.text == content && !content.is_empty();
                    match kept {
                        true => filled.text += &said.text,
                        // What stood in the middle of the English sentence has its space with it.
                        false if filled.text.is_empty() => filled.text += said.text.trim_start_matches(' '),
                        false => append(&mut filled.text, &said.text),
                    }
                    filled.whole &= said.whole;
                    continue;
                }
            }
            kept = false;
        }
        filled
    }

    /// What is put into a hole. A single word is a name, and kept, and so is what stands in quotes with nothing beside it.
    fn content(&mut self, content: &str, is_name: bool, deepest: usize) -> Found {
        let is_quoted = unquoted(content).is_some_and(|inner| !inner.contains('"'));
        if is_name || is_quoted || !content.contains(' ') {
            return Found { text: content.to_string(), whole: true };
        }
        let (before, body, after) = trimmed(content);
        let found = self.find(body, deepest).unwrap_or_else(|| self.unknown(body));
        Found { text: format!("{before}{}{after}", found.text), whole: found.whole }
    }

    fn unknown(&self, text: &str) -> Found {
        let whole = !has_words(text) || is_of_the_system(text);
        let marked = self.mark && !whole;
        let text = if marked { format!("{}{text}{}", MISSING[0], MISSING[1]) } else { text.to_string() };
        Found { text, whole }
    }
}

/// What is written between two quotes, with its escapes read; None for what is not that.
fn unquoted(line: &str) -> Option<String> {
    let inner = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            other => other,
        });
    }
    Some(text)
}

/// The text without the blanks and newlines around it, and those.
fn trimmed(text: &str) -> (&str, &str, &str) {
    let body = text.trim();
    let start = text.len() - text.trim_start().len();
    (&text[..start], body, &text[start + body.len()..])
}

/// Adds a piece. The space that stands between Chinese and other words is left out between Chinese and Chinese, and before a
/// mark that ends something, which brings its own.
fn append(text: &mut String, piece: &str) {
    let first = piece.chars().find(|character| *character != ' ');
    let ends_wide = text.trim_end_matches(' ').chars().next_back().is_some_and(is_wide);
    let gap = text.ends_with(' ') || piece.starts_with(' ');
    let closes = first.is_some_and(|first| "，。；：、）".contains(first));
    if gap && (closes || ends_wide && first.is_some_and(is_wide)) {
        text.truncate(text.trim_end_matches(' ').len());
        *text += piece.trim_start_matches(' ');
    } else {
        *text += piece;
    }
}

fn is_wide(character: char) -> bool {
    character.width() == Some(2)
}

/// `Protocol not available (os error 92)`: what the system says stands as it is where nobody has translated it.
fn is_of_the_system(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.strip_suffix(')').is_some_and(|text| text.contains(" (os error "))
}

/// Whether two words stand next to each other outside of quotes: then it is a sentence and not a name or a value.
fn has_words(text: &str) -> bool {
    let mut quote = None;
    let mut bare = String::new();
    for character in text.chars() {
        match (quote, character) {
            (None, '"' | '`') => {
                quote = Some(character);
                bare.push('"');
            }
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, _) => bare.push(character),
        }
    }
    let is_word = |word: &str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_alphabetic());
    let words: Vec<&str> = bare.split_whitespace().collect();
    // What is listed with commas are names.
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1].trim_end_matches([',', ':', ';', '.'])))
}
