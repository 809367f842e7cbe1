//! States that have been found and not looked at: first in, first out, each in a few dozen bytes, some hundreds together
//! in a piece that one worker writes and one reads.

use super::bytes;
use super::state::Graph;
use std::collections::VecDeque;

/// Numbers of states that are equally far from the start, each with the state, as bytes.
#[derive(Debug, Default)]
pub struct Piece {
    bytes: Vec<u8>,
    count: usize,
    /// How far they are.
    pub depth: u32,
}

impl Piece {
    pub fn new(depth: u32) -> Piece {
        Piece { depth, ..Piece::default() }
    }

    /// One that may become as large as another.
    pub fn like(other: &Piece, depth: u32) -> Piece {
        Piece { bytes: Vec::with_capacity(other.bytes.len()), depth, ..Piece::default() }
    }

    pub fn push(&mut self, id: u32, graph: &Graph) {
        let threads = graph.seats as u32 * 2 + u32::from(graph.main);
        let cells = graph.cells.len() as u32;
        for word in [id, threads, graph.output, graph.near, graph.far, cells] {
            bytes::write(&mut self.bytes, word);
        }
        self.bytes.extend_from_slice(&graph.sum.to_le_bytes());
        bytes::write_all(&mut self.bytes, &graph.cells);
        bytes::write_all(&mut self.bytes, &graph.parts);
        self.count += 1;
    }

    /// Nothing more is put in.
    pub fn close(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// How many states it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Reads the state that begins there, with its number, and goes on to where the next one begins.
    pub fn read(&self, at: &mut usize, graph: &mut Graph) -> Option<u32> {
        if *at == self.bytes.len() {
            return None;
        }
        let mut word = || bytes::read(&self.bytes, at);
        let (id, threads) = (word(), word());
        (graph.output, graph.near, graph.far) = (word(), word(), word());
        let cells = word() as usize;
        (graph.seats, graph.main) = (threads as usize / 2, threads % 2 == 1);
        graph.sum = u128::from_le_bytes(bytes::take(&self.bytes, at));
        let parts = graph.seats - graph.first_part();
        bytes::read_all(&self.bytes, at, cells, &mut graph.cells);
        bytes::read_all(&self.bytes, at, parts, &mut graph.parts);
        Some(id)
    }
}

#[derive(Debug, Default)]
pub struct Queue {
    pieces: VecDeque<Piece>,
    count: usize,
    bytes: usize,
}

impl Queue {
    /// Small pieces are put together, up to so many states.
    pub fn push(&mut self, piece: Piece, most: usize) {
        if piece.count == 0 {
            return;
        }
        self.count += piece.count;
        self.bytes += piece.bytes.len();
        match self.pieces.back_mut() {
            Some(last) if last.depth == piece.depth && last.count + piece.count <= most => {
                last.bytes.reserve_exact(piece.bytes.len());
                last.bytes.extend_from_slice(&piece.bytes);
                last.count += piece.count;
            }
            Some(_) | None => self.pieces.push_back(piece),
        }
    }

    /// The pieces that were put in first: so many states at most (but one piece), all equally far.
    pub fn pop(&mut self, most: usize) -> Vec<Piece> {
        let Some(depth) = self.pieces.front().map(|piece| piece.depth) else { return Vec::new() };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut count = 0;
        while let Some(piece) = self.pieces.front()
            && piece.depth == depth
            && (pieces.is_empty() || count + piece.count <= most)
        {
            count += piece.count;
            self.bytes -= piece.bytes.len();
            pieces.extend(self.pieces.pop_front());
        }
        self.count -= count;
        pieces
    }

    /// Puts back what was popped.
    pub fn put_back(&mut self, pieces: Vec<Piece>) {
        for piece in pieces.into_iter().rev() {
            self.count += piece.count;
            self.bytes += piece.bytes.len();
            self.pieces.push_front(piece);
        }
    }

    /// The state that was put in last, if it has not been taken out.
    pub fn last(&self) -> Option<Graph> {
        let piece = self.pieces.back()?;
        let (mut at, mut graph) = (0, Graph::default());
        while piece.read(&mut at, &mut graph).is_some() {}
        Some(graph)
    }

    /// All pieces, the nearest first.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter()
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// About how many bytes it takes.
    pub fn memory(&self) -> usize {
        self.bytes + self.pieces.len() * size_of::<Piece>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(n: u32) -> Graph {
        Graph {
            seats: 3,
            main: true,
            output: n,
            near: n / 2,
            far: n,
            cells: (0..n % 50).map(|at| at * n).collect(),
            parts: vec![n, u32::MAX],
            sum: u128::from(n) << 99 | 7,
        }
    }

    fn piece(numbers: std::ops::Range<u32>, depth: u32) -> Piece {
        let mut piece = Piece::new(depth);
        numbers.for_each(|n| piece.push(n, &graph(n)));
        piece.close();
        piece
    }

    fn numbers(pieces: &[Piece]) -> Vec<u32> {
        let (mut found, mut all) = (Graph::default(), Vec::new());
        for piece in pieces {
            let mut at = 0;
            while let Some(id) = piece.read(&mut at, &mut found) {
                assert_eq!(found, graph(id));
                all.push(id);
            }
        }
        all
    }

    #[test]
    fn what_comes_first_goes_first_and_no_level_is_mixed_with_another() {
        let mut queue = Queue::default();
        for (range, depth) in [(0..200, 1), (200..400, 1), (400..400, 1), (400..450, 1), (450..460, 2)] {
            queue.push(piece(range, depth), 200);
        }
        assert_eq!((queue.len(), queue.last()), (460, Some(graph(459))));
        assert!(queue.memory() > 460 * 10);
        let pieces = queue.pop(399);
        assert_eq!(numbers(&pieces), (0..200).collect::<Vec<_>>(), "two pieces would be too many");
        queue.put_back(pieces);
        assert_eq!(queue.len(), 460);
        assert_eq!(numbers(&queue.pop(1)), (0..200).collect::<Vec<_>>(), "one piece at least");
        assert_eq!(numbers(&queue.pop(9999)), (200..450).collect::<Vec<_>>());
        assert_eq!(numbers(&queue.pop(9999)), (450..460).collect::<Vec<_>>());
        assert_eq!((queue.len(), queue.memory(), queue.last()), (0, 0, None));
        assert!(queue.pop(1).is_empty());
        for (range, depth) in [(0..3, 3), (3..5, 3), (5..6, 3), (6..7, 4)] {
            queue.push(piece(range, depth), 5);
        }
        let pieces = queue.pop(6);
        assert_eq!(pieces.iter().map(Piece::len).collect::<Vec<_>>(), [5, 1]);
        assert_eq!((numbers(&pieces), queue.len()), ((0..6).collect::<Vec<_>>(), 1));
    }
}
