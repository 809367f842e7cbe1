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

/// Where nobody knows how to go on.
#[derive(Debug, Clone, Copy)]
enum Unknown {
    /// How the thread begins, and the way.
    Beginning(u32, u32),
    /// The question, and the answer.
    Answer(u32, u32),
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

    /// What came of a step that began so, by its number, if that is known.
    #[inline]
    pub fn find(&self, begins: u32, way: u32, mut answer: impl FnMut(u32) -> u32) -> Option<u32> {
        let mut place = self.first(begins, way);
        while place != NONE {
            let question = &self.questions[place as usize];
            if question.cell == KNOWN {
                return Some(question.answers[0].1);
            }
            place = self.next(place, question, answer(question.cell));
        }
        None
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

    /// How many steps are known.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Adds questions for what was met and is not asked already, in the order of meeting it, and at their end the outcome.
    ///
    /// What is met first may depend on more than what is met: who cannot go on may look at things in another order than
    /// who can. So what others have met is asked first, whatever this step has.
    pub fn learn(
        &mut self,
        (begins, way): (u32, u32),
        met: &[u32],
        outcome: Arc<Outcome>,
        mut answer: impl FnMut(u32) -> u32,
    ) {
        let (mut from, mut asked) = (Unknown::Beginning(begins, way), Vec::new());
        let mut place = self.first(begins, way);
        while place != NONE {
            let question = &self.questions[place as usize];
            debug_assert_ne!(question.cell, KNOWN, "it is not known yet");
            let answer = answer(question.cell);
            asked.push(question.cell);
            from = Unknown::Answer(place, answer);
            place = self.next(place, question, answer);
        }
        for &cell in met.iter().filter(|cell| !asked.contains(cell)) {
            let place = self.add(from, cell, NONE);
            from = Unknown::Answer(place, answer(cell));
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
            Unknown::Answer(before, answer) => {
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
            assert_eq!(memo.find(begins, way, answer), None);
            memo.learn((begins, way), &[7, 8], nothing(), answer);
            assert_eq!(memo.find(begins, way, answer), Some(number as u32));
        }
        for (number, (begins, way, a, b)) in cases().enumerate() {
            assert_eq!(memo.find(begins, way, |cell| if cell == 7 { a } else { b }), Some(number as u32));
        }
        assert_eq!(memo.find(4, 0, |_| 0), None);
        assert_eq!(memo.find(3, 0, |_| 99), None);
        assert_eq!(memo.find(3, 0, |_| u32::MAX), None);
    }

    #[test]
    fn everything_that_was_met_is_asked_in_whatever_order_others_meet_it() {
        let mut memo = Memo::default();
        let state = |contents: [u32; 2]| move |cell: u32| contents[cell as usize - 7];
        memo.learn((3, 0), &[7, 8], nothing(), state([1, 1]));
        memo.learn((3, 0), &[8, 7], nothing(), state([2, 1]));
        assert_eq!(memo.find(3, 0, state([2, 1])), Some(1));
        assert_eq!(memo.find(3, 0, state([2, 2])), None);
        memo.learn((3, 0), &[8], nothing(), state([2, 2]));
        assert_eq!(memo.find(3, 0, state([2, 2])), Some(2));
        assert_eq!(memo.find(3, 0, state([1, 1])), Some(0));
    }
}
