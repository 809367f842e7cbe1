//! A sentence with numbered holes, and whether a text is that sentence with something in them.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Hole(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub pieces: Vec<Piece>,
    /// For each number of a hole, whether it stands between quotes: what is in it is a name or a value then.
    quoted: Vec<bool>,
}

/// What may stand in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holes {
    /// Something, with its brackets and quotes in pairs; between quotes, something without any.
    Whole,
    /// That, or nothing: what a sentence says only sometimes.
    MaybeEmpty,
    /// Whatever there is.
    Any,
}

/// How many ways to fill the holes are tried: texts that repeat a pattern's words over and over have very many.
const TRIES: usize = 1000;

impl Pattern {
    /// `{0}` is a hole; other braces are text.
    pub fn of(text: &str) -> Pattern {
        let mut pieces = Vec::new();
        let mut rest = text;
        let mut from = 0;
        while let Some(open) = rest[from..].find('{').map(|at| at + from) {
            let number =
                rest[open + 1..].split_once('}').and_then(|(inside, _)| inside.parse::<usize>().ok());
            match number {
                Some(number) => {
                    if open > 0 {
                        pieces.push(Piece::Text(rest[..open].to_string()));
                    }
                    pieces.push(Piece::Hole(number));
                    rest = rest[open..].split_once('}').map_or("", |(_, after)| after);
                    from = 0;
                }
                None => from = open + 1,
            }
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_string()));
        }
        let mut pattern = Pattern { pieces, quoted: Vec::new() };
        let holes = pattern.holes().last().map_or(0, |last| last + 1);
        pattern.quoted = (0..holes).map(|number| pattern.stands_in_quotes(number)).collect();
        pattern
    }

    pub fn has_holes(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Hole(_)))
    }

    /// Two holes with nothing between them: nobody could tell what is in which.
    pub fn has_adjacent_holes(&self) -> bool {
        self.pieces.windows(2).any(|pair| matches!(pair, [Piece::Hole(_), Piece::Hole(_)]))
    }

    /// The numbers of its holes, each once, in ascending order.
    pub fn holes(&self) -> Vec<usize> {
        let mut holes: Vec<usize> = self
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Hole(number) => Some(*number),
                Piece::Text(_) => None,
            })
            .collect();
        holes.sort_unstable();
        holes.dedup();
        holes
    }

    /// How many characters it says itself.
    pub fn letters(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Hole(_) => 0,
        };
        self.pieces.iter().map(length).sum()
    }

    pub fn is_quoted(&self, number: usize) -> bool {
        self.quoted.get(number).copied().unwrap_or(false)
    }

    fn stands_in_quotes(&self, number: usize) -> bool {
        self.pieces.iter().enumerate().any(|(at, piece)| {
            let around = |at: Option<usize>| at.and_then(|at| self.pieces.get(at));
            let quote = |text: &str, last: bool| {
                let end = if last { text.chars().next_back() } else { text.chars().next() };
                matches!(end, Some('"' | '`' | '\''))
            };
            *piece == Piece::Hole(number)
                && matches!(around(at.checked_sub(1)), Some(Piece::Text(text)) if quote(text, true))
                && matches!(around(Some(at + 1)), Some(Piece::Text(text)) if quote(text, false))
        })
    }

    /// What stands in each hole, by its number; None when the text is another one.
    pub fn matches<'t>(&self, text: &'t str, holes: Holes) -> Option<Vec<&'t str>> {
        let begins = match self.pieces.first() {
            Some(Piece::Text(first)) => text.starts_with(first.as_str()),
            Some(Piece::Hole(_)) | None => true,
        };
        let ends = match self.pieces.last() {
            Some(Piece::Text(last)) => text.ends_with(last.as_str()),
            Some(Piece::Hole(_)) | None => true,
        };
        if !begins || !ends {
            return None;
        }
        let mut contents = vec![None; self.quoted.len()];
        let mut tries = TRIES;
        let found = self.fit(0, text, holes, &mut contents, &mut tries);
        found.then(|| contents.into_iter().map(Option::unwrap_or_default).collect())
    }

    fn fit<'t>(
        &self,
        at: usize,
        text: &'t str,
        holes: Holes,
        contents: &mut Vec<Option<&'t str>>,
        tries: &mut usize,
    ) -> bool {
        match (self.pieces.get(at), self.pieces.get(at + 1)) {
            (None, _) => text.is_empty(),
            (Some(Piece::Text(piece)), _) => text
                .strip_prefix(piece.as_str())
                .is_some_and(|rest| self.fit(at + 1, rest, holes, contents, tries)),
            (Some(Piece::Hole(number)), None) => self.put(*number, text, holes, contents),
            (Some(Piece::Hole(number)), Some(Piece::Text(next))) => {
                let before = contents[*number];
                for (end, _) in text.match_indices(next.as_str()) {
                    if *tries == 0 {
                        return false;
                    }
                    *tries -= 1;
                    if self.put(*number, &text[..end], holes, contents)
                        && self.fit(at + 1, &text[end..], holes, contents, tries)
                    {
                        return true;
                    }
                    contents[*number] = before;
                }
                false
            }
            // Where one hole would end and the next begin, nobody can tell: the tests allow none such.
            (Some(Piece::Hole(_)), Some(Piece::Hole(_))) => false,
        }
    }

    /// Whether this may stand in the hole; then it does.
    fn put<'t>(&self, number: usize, text: &'t str, holes: Holes, contents: &mut [Option<&'t str>]) -> bool {
        let may_stand = match holes {
            Holes::Whole | Holes::MaybeEmpty if self.is_quoted(number) => !text.contains('"'),
            Holes::Whole => !text.is_empty() && is_whole(text),
            Holes::MaybeEmpty => is_whole(text),
            Holes::Any => true,
        };
        let fits = may_stand && contents[number].is_none_or(|before| before == text);
        if fits {
            contents[number] = Some(text);
        }
        fits
    }
}

/// Whether its brackets and quotes come in pairs.
fn is_whole(text: &str) -> bool {
    let mut open = 0_usize;
    let mut quotes = [0_usize; 2];
    for character in text.chars() {
        match character {
            '(' => open += 1,
            ')' if open == 0 => return false,
            ')' => open -= 1,
            '"' => quotes[0] += 1,
            '`' => quotes[1] += 1,
            _ => {}
        }
    }
    open == 0 && quotes.iter().all(|count| count % 2 == 0)
}
