//! What is known of steps: a tree of questions for each way in which a thread can begin. "What is cell 7?", and for each
//! answer the next question, down to what came of the step.

use super::brief::Brief;
use super::outcome::Outcome;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

/// A question in the tree, with the first answers that were met: most have no more, and these are found without a search.
#[derive(Debug, Clone, Copy)]
struct Question {
    /// A cell; or `KNOWN`, and then the first answer leads to the outcome.
    cell: u32,
    /// Each answer with the question that comes next; `NONE` when there is none yet.
    answers: [(u32, u32); 2],
}

const KNOWN: u32 = u32::MAX;
const NONE: u32 = u32::MAX;

/// The beginnings by these ways, the first that are met and the most common, are found by number.
const FEW_WAYS: usize = 8;
/// A beginning with a greater number is none of these: `main` is one thread only.
const MOST_PARTS: u32 = 1 << 31;

#[derive(Debug)]
pub struct Memo {
    questions: Vec<Question>,
    /// For each of the first ways, the first question of the thread that begins with each part.
    common: [Vec<u32>; FEW_WAYS],
    /// The way and the beginning of all others, each 32 bits.
    beginnings: HashMap<u64, u32, FixedState>,
    /// The question and the answer of what has no room beside the question.
    answers: HashMap<u64, u32, FixedState>,
    outcomes: Vec<Arc<Outcome>>,
    /// The same in brief.
    briefs: Vec<Brief>,
    ways: HashMap<Box<[u32]>, u32, FixedState>,
}

impl Default for Memo {
    fn default() -> Memo {
        let hash = || FixedState::with_seed(11);
        Memo {
            questions: Vec::new(),
            common: Default::default(),
            beginnings: HashMap::with_hasher(hash()),
            answers: HashMap::with_hasher(hash()),
            outcomes: Vec::new(),
            briefs: Vec::new(),
            ways: HashMap::with_hasher(hash()),
        }
    }
}

/// Where a question was left without an answer.
#[derive(Debug, Clone, Copy)]
pub enum Unknown {
    /// How the thread begins, and the way.
    Beginning(u32, u32),
    /// The question, the answer, and how many had been asked.
    Answer(u32, u32, usize),
}

impl Memo {
    /// A number for a way to begin.
    pub fn way(&mut self, row: &[u32]) -> u32 {
        if let Some(way) = self.known_way(row) {
            return way;
        }
        let way = self.ways.len() as u32;
        self.ways.insert(row.into(), way);
        way
    }

    pub fn known_way(&self, row: &[u32]) -> Option<u32> {
        self.ways.get(row).copied()
    }

    /// What came of a step that began so, by its number; or where nobody knows.
    #[inline]
    pub fn find(&self, begins: u32, way: u32, mut answer: impl FnMut(u32) -> u32) -> Result<u32, Unknown> {
        let mut place = self.first(begins, way);
        if place == NONE {
            return Err(Unknown::Beginning(begins, way));
        }
        let mut asked = 0;
        loop {
            let question = &self.questions[place as usize];
            if question.cell == KNOWN {
                return Ok(question.answers[0].1);
            }
            let answer = answer(question.cell);
            asked += 1;
            let next = self.next(place, question, answer);
            if next == NONE {
                return Err(Unknown::Answer(place, answer, asked));
            }
            place = next;
        }
    }

    #[inline]
    fn first(&self, begins: u32, way: u32) -> u32 {
        match self.common.get(way as usize) {
            Some(table) if begins < MOST_PARTS => table.get(begins as usize).copied().unwrap_or(NONE),
            Some(_) | None => self.beginnings.get(&pair(way, begins)).copied().unwrap_or(NONE),
        }
    }

    #[inline]
    fn next(&self, place: u32, question: &Question, answer: u32) -> u32 {
        let beside = question.answers.iter().find(|(known, next)| *known == answer && *next != NONE);
        match beside {
            Some((_, next)) => *next,
            None if question.answers[1].1 == NONE => NONE,
            None => self.answers.get(&pair(place, answer)).copied().unwrap_or(NONE),
        }
    }

    pub fn outcome(&self, number: u32) -> &Arc<Outcome> {
        &self.outcomes[number as usize]
    }

    #[inline]
    pub fn brief(&self, number: u32) -> Brief {
        self.briefs[number as usize]
    }

    /// Adds questions for what was met, in the order of meeting it, and at their end the outcome.
    pub fn learn(
        &mut self,
        mut from: Unknown,
        met: &[u32],
        outcome: Arc<Outcome>,
        mut answer: impl FnMut(u32) -> u32,
    ) {
        let asked = match from {
            Unknown::Beginning(..) => 0,
            Unknown::Answer(_, _, asked) => asked,
        };
        for &cell in met.get(asked..).unwrap_or_default() {
            let place = self.add(from, cell, NONE);
            from = Unknown::Answer(place, answer(cell), 0);
        }
        self.add(from, KNOWN, self.outcomes.len() as u32);
        self.briefs.push(Brief::of(&outcome));
        self.outcomes.push(outcome);
    }

    /// Adds a question where one was left; its number.
    fn add(&mut self, from: Unknown, cell: u32, outcome: u32) -> u32 {
        let place = self.questions.len() as u32;
        match from {
            Unknown::Beginning(begins, way) => match self.common.get_mut(way as usize) {
                Some(table) if begins < MOST_PARTS => {
                    let least = begins as usize + 1;
                    table.resize(table.len().max(least), NONE);
                    table[begins as usize] = place;
                }
                Some(_) | None => {
                    self.beginnings.insert(pair(way, begins), place);
                }
            },
            Unknown::Answer(before, answer, _) => {
                let room = self.questions[before as usize].answers.iter_mut().find(|(_, next)| *next == NONE);
                match room {
                    Some(room) => *room = (answer, place),
                    None => {
                        self.answers.insert(pair(before, answer), place);
                    }
                }
            }
        }
        self.questions.push(Question { cell, answers: [(NONE, outcome), (NONE, NONE)] });
        place
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        let tables = (self.answers.capacity() + self.beginnings.capacity()) * 18;
        let common: usize = self.common.iter().map(|table| table.capacity() * 4).sum();
        self.questions.len() * size_of::<Question>()
            + common
            + tables
            + self.outcomes.len() * (400 + size_of::<Brief>())
    }
}

fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sim::Log;

    fn nothing() -> Arc<Outcome> {
        Arc::new(Outcome::blocked(Log::default(), Vec::new()))
    }

    #[test]
    fn what_was_learnt_is_found_by_the_same_answers() {
        let mut memo = Memo::default();
        // Of so many answers most have no room beside their question, and these begin in both kinds of tables.
        let cases =
            || (0..5).flat_map(|a| (0..5).flat_map(move |b| [(3, 0, a, b), (MOST_PARTS | 3, 9, a, b)]));
        for (number, (begins, way, a, b)) in cases().enumerate() {
            let answer = |cell: u32| if cell == 7 { a } else { b };
            let Err(from) = memo.find(begins, way, answer) else { panic!("nobody has learnt it") };
            memo.learn(from, &[7, 8], nothing(), answer);
            assert_eq!(memo.find(begins, way, answer).ok(), Some(number as u32));
        }
        for (number, (begins, way, a, b)) in cases().enumerate() {
            assert_eq!(
                memo.find(begins, way, |cell| if cell == 7 { a } else { b }).ok(),
                Some(number as u32)
            );
        }
        assert!(matches!(memo.find(4, 0, |_| 0), Err(Unknown::Beginning(4, 0))));
        assert!(matches!(memo.find(3, 0, |_| 99), Err(Unknown::Answer(_, 99, 1))));
        assert!(matches!(memo.find(3, 0, |_| u32::MAX), Err(Unknown::Answer(_, u32::MAX, 1))));
    }
}
