//! Numbers for what edges tell: the moves that threads make, and the texts that have been printed.

use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// One step, as a path to a state keeps it: the thread by its place in the canonical state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Move {
    pub seat: u32,
    pub way: Way,
    pub choices: Vec<u32>,
}

/// A number for each move.
#[derive(Debug, Default)]
pub struct Moves {
    /// Those in which something is chosen.
    numbers: HashMap<Move, u32, FixedState>,
    choosing: Vec<Move>,
}

/// Marks the number of a move in which something is chosen.
const CHOOSES: u32 = 1 << 31;

impl Moves {
    /// The number of a move, if it has one.
    pub fn find(&self, seat: usize, way: Way, choices: &[u32]) -> Option<u32> {
        if choices.is_empty() {
            return Some((seat as u32) << 1 | u32::from(way == Way::TimeOut));
        }
        self.numbers.get(&Move { seat: seat as u32, way, choices: choices.to_vec() }).copied()
    }

    pub fn number(&mut self, seat: usize, way: Way, choices: &[u32]) -> u32 {
        self.find(seat, way, choices).unwrap_or_else(|| {
            let number = CHOOSES | self.choosing.len() as u32;
            let step = Move { seat: seat as u32, way, choices: choices.to_vec() };
            self.choosing.push(step.clone());
            self.numbers.insert(step, number);
            number
        })
    }

    /// The thread that makes it.
    pub fn seat(&self, number: u32) -> usize {
        match number & CHOOSES {
            0 => (number >> 1) as usize,
            _ => self.choosing[(number & !CHOOSES) as usize].seat as usize,
        }
    }

    pub fn step(&self, number: u32) -> Move {
        match number & CHOOSES {
            0 => {
                let way = if number & 1 == 0 { Way::Run } else { Way::TimeOut };
                Move { seat: number >> 1, way, choices: Vec::new() }
            }
            _ => self.choosing[(number & !CHOOSES) as usize].clone(),
        }
    }
}

/// What has been printed so far, each distinct text with a number.
#[derive(Debug, Default)]
pub struct Outputs {
    pub texts: Vec<String>,
    numbers: HashMap<String, u32>,
    bytes: usize,
}

impl Outputs {
    pub fn number(&mut self, text: String) -> u32 {
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.bytes += 2 * text.len() + 2 * size_of::<String>() + 16;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    pub fn after(&mut self, before: u32, more: &str) -> u32 {
        if more.is_empty() {
            return before;
        }
        let text = format!("{}{more}", self.texts[before as usize]);
        self.number(text)
    }

    /// The same, if that text has a number.
    pub fn known(&self, before: u32, more: &str) -> Option<u32> {
        if more.is_empty() {
            return Some(before);
        }
        self.numbers.get(&format!("{}{more}", self.texts[before as usize])).copied()
    }

    /// About how many bytes they take.
    pub fn memory(&self) -> usize {
        self.bytes
    }
}
