//! Strategies: who moves next in a run that is drawn at random. A strategy knows threads by their numbers in the order in
//! which they were started in this run, and nothing of what they do.

mod dive;
mod pct;
mod pos;
#[cfg(test)]
mod tests;
mod turns;
mod uniform;
mod walk;

pub use dive::Dive;

use super::options;
use fastrand::Rng;

/// A thread of the run, as a strategy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// The same in each run for the same thread: who started it, and as which of that one's threads.
    pub name: u32,
    /// The number of the thread that started it; None for `main`.
    pub parent: Option<u32>,
    /// How many steps it has taken.
    pub steps: u64,
}

/// Draws runs, one after the other.
pub trait Strategy {
    /// A new run begins, without any thread.
    fn begin(&mut self, dice: &mut Rng);

    /// A thread has been started; it gets the next number.
    fn started(&mut self, thread: Started, dice: &mut Rng);

    /// Which of these threads (at least one, each can move) moves next: an index.
    fn pick(&mut self, able: &[u32], dice: &mut Rng) -> usize;

    /// A thread has taken its step. `rivals` are those that were about to do something that depends on it, or the other
    /// way round.
    fn moved(&mut self, thread: u32, rivals: &[u32], dice: &mut Rng);

    /// A thread that moves alone has come back to a state in which it was: it waits for others by going round.
    fn goes_round(&mut self, thread: u32);

    /// The run is over. `cut` when it was too long, so that it tells nothing of how long runs are.
    fn end(&mut self, threads: &[Started], cut: bool);

    /// Whether the run that goes on is drawn by priorities of threads (PCT).
    fn by_priorities(&self) -> bool {
        false
    }
}

/// The strategy of that name.
pub fn of(strategy: options::Strategy) -> Box<dyn Strategy> {
    match strategy {
        options::Strategy::Walk => Box::new(walk::Walk),
        options::Strategy::Uniform => Box::new(uniform::Uniform::default()),
        options::Strategy::Pos => Box::new(pos::Pos::default()),
        options::Strategy::Pct { depth } => Box::new(pct::Pct::new(depth)),
        options::Strategy::Turns => Box::new(turns::Turns::default()),
    }
}
