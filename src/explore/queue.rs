//! States that have been found and not looked at: first in, first out, each in a few dozen bytes.

use super::state::Graph;
use std::collections::VecDeque;

/// Bytes that are taken from the system at a time.
const CHUNK: usize = 1 << 18;

/// Numbers of states, each with the state, as bytes (LEB128).
#[derive(Debug, Default)]
pub struct Queue {
    chunks: VecDeque<Vec<u8>>,
    /// How much of the first chunk has been taken.
    at: usize,
    count: usize,
    /// Where the state that was put in last begins in the last chunk.
    last: usize,
    words: Vec<u32>,
}

impl Queue {
    pub fn push(&mut self, id: u32, graph: &Graph) {
        self.words.clear();
        self.words.push(id);
        graph.write(&mut self.words);
        let most = self.words.len() * 5 + 5;
        let full = self.chunks.back().is_none_or(|last| last.capacity() - last.len() < most);
        if full {
            self.chunks.push_back(Vec::with_capacity(CHUNK.max(most)));
        }
        if let Some(last) = self.chunks.back_mut() {
            self.last = last.len();
            write(last, self.words.len() as u32);
            self.words.iter().for_each(|word| write(last, *word));
            self.count += 1;
        }
    }

    /// The state that was found first, and its number.
    pub fn pop(&mut self, graph: &mut Graph) -> Option<u32> {
        if self.chunks.front()?.len() == self.at {
            self.chunks.pop_front();
            self.at = 0;
        }
        let chunk = self.chunks.front()?;
        let count = read(chunk, &mut self.at);
        self.words.clear();
        for _ in 0..count {
            self.words.push(read(chunk, &mut self.at));
        }
        graph.read(&self.words[1..]);
        self.count -= 1;
        Some(self.words[0])
    }

    /// The state that was put in last, if it has not been taken out.
    pub fn last(&self) -> Option<Graph> {
        let chunk = self.chunks.back().filter(|_| self.count > 0)?;
        let mut at = self.last;
        let count = read(chunk, &mut at);
        let words: Vec<u32> = (0..count).map(|_| read(chunk, &mut at)).collect();
        let mut graph = Graph::default();
        graph.read(&words[1..]);
        Some(graph)
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// How many bytes it takes.
    pub fn memory(&self) -> usize {
        self.chunks.iter().map(Vec::capacity).sum()
    }
}

#[inline]
fn write(bytes: &mut Vec<u8>, mut word: u32) {
    while word >= 0x80 {
        bytes.push(word as u8 | 0x80);
        word >>= 7;
    }
    bytes.push(word as u8);
}

#[inline]
fn read(bytes: &[u8], at: &mut usize) -> u32 {
    let (mut word, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        word |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return word;
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Graph, Queue};

    #[test]
    fn what_comes_first_goes_first() {
        let mut queue = Queue::default();
        let graph = |n: u32| Graph {
            seats: 3,
            main: true,
            output: n,
            near: n / 2,
            far: n,
            cells: (0..n % 50).map(|at| at * n).collect(),
            parts: vec![n, u32::MAX],
            sum: u128::from(n) << 99 | 7,
        };
        let (mut popped, mut next) = (0, Graph::default());
        for n in 0..9000 {
            queue.push(n, &graph(n));
            assert_eq!(queue.last(), Some(graph(n)));
            if n % 3 == 0 {
                assert_eq!((queue.pop(&mut next), &next), (Some(popped), &graph(popped)));
                popped += 1;
            }
        }
        assert!(queue.memory() > CHUNK, "it takes several chunks");
        while let Some(id) = queue.pop(&mut next) {
            assert_eq!((id, &next), (popped, &graph(popped)));
            popped += 1;
        }
        assert_eq!((popped, queue.len(), queue.last()), (9000, 0, None));
    }
}
