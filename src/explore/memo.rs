//! What is known of steps: a tree of questions for each way in which a thread can begin. "What is cell 7?", and for each
//! answer the next question, down to what came of the step.

use super::outcome::Outcome;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

/// A question in the tree, or what all its answers led to.
#[derive(Debug, Clone, Copy)]
pub enum Question {
    Cell(u32),
    Known(u32),
}

#[derive(Debug)]
pub struct Memo {
    questions: Vec<Question>,
    /// A thread's state, and which way it begins.
    beginnings: HashMap<u64, u32, FixedState>,
    /// The question and the answer, each 32 bits.
    answers: HashMap<u64, u32, FixedState>,
    outcomes: Vec<Arc<Outcome>>,
    ways: HashMap<Box<[u32]>, u32, FixedState>,
}

impl Default for Memo {
    fn default() -> Memo {
        let hash = || FixedState::with_seed(11);
        Memo {
            questions: Vec::new(),
            beginnings: HashMap::with_hasher(hash()),
            answers: HashMap::with_hasher(hash()),
            outcomes: Vec::new(),
            ways: HashMap::with_hasher(hash()),
        }
    }
}

/// Where a question was left without an answer.
#[derive(Debug, Clone, Copy)]
pub enum Unknown {
    Beginning(u64),
    /// The question, the answer, and how many had been asked.
    Answer(u32, u32, usize),
}

impl Memo {
    /// A number for a way to begin.
    pub fn way(&mut self, row: &[u32]) -> u32 {
        if let Some(&way) = self.ways.get(row) {
            return way;
        }
        let way = self.ways.len() as u32;
        self.ways.insert(row.into(), way);
        way
    }

    /// What came of a step that began so; or where nobody knows.
    #[inline]
    pub fn find(
        &self,
        begins: u32,
        way: u32,
        mut answer: impl FnMut(u32) -> u32,
    ) -> Result<&Arc<Outcome>, Unknown> {
        let key = u64::from(way) << 32 | u64::from(begins);
        let Some(&(mut place)) = self.beginnings.get(&key) else { return Err(Unknown::Beginning(key)) };
        let mut asked = 0;
        loop {
            match self.questions[place as usize] {
                Question::Known(outcome) => return Ok(&self.outcomes[outcome as usize]),
                Question::Cell(cell) => {
                    let answer = answer(cell);
                    asked += 1;
                    match self.answers.get(&(u64::from(place) << 32 | u64::from(answer))) {
                        Some(&next) => place = next,
                        None => return Err(Unknown::Answer(place, answer, asked)),
                    }
                }
            }
        }
    }

    /// Adds questions for what was met, in the order of meeting it, and at their end the outcome.
    pub fn learn(
        &mut self,
        from: Unknown,
        met: &[u32],
        outcome: Arc<Outcome>,
        mut answer: impl FnMut(u32) -> u32,
    ) {
        let asked = match from {
            Unknown::Beginning(_) => 0,
            Unknown::Answer(_, _, asked) => asked,
        };
        let mut from = from;
        let mut add = |this: &mut Memo, question: Question| {
            let place = this.questions.len() as u32;
            match from {
                Unknown::Beginning(key) => this.beginnings.insert(key, place),
                Unknown::Answer(before, answer, _) => {
                    this.answers.insert(u64::from(before) << 32 | u64::from(answer), place)
                }
            };
            this.questions.push(question);
            if let Question::Cell(cell) = question {
                from = Unknown::Answer(place, answer(cell), 0);
            }
        };
        for &cell in met.get(asked..).unwrap_or_default() {
            add(self, Question::Cell(cell));
        }
        let outcomes = self.outcomes.len() as u32;
        add(self, Question::Known(outcomes));
        self.outcomes.push(outcome);
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        let tables = (self.answers.capacity() + self.beginnings.capacity()) * 18;
        self.questions.len() * 8 + tables + self.outcomes.len() * 400
    }
}
