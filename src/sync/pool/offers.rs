//! Tasks of a process pool that are offered on a board: the first ones that wait, while all workers are busy. So a worker
//! that has done one begins the next by itself, as a thread would, and its keeper learns it afterwards.
//!
//! Whoever looks at a crew first sees to what the workers have taken meanwhile (`observe`), so nobody finds a task waiting
//! that has been begun.

use super::super::Sync;
use super::super::future::{Future, NOBODY};
use super::{Crew, State};
use crate::mapped::Board;
use crate::value::step::BriefGuard;
use std::collections::VecDeque;
use std::sync::Arc;

/// What is kept of it with the tasks.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// So many of the tasks, the first ones, are on the board.
    pub count: usize,
    /// Those that were taken from it, each with the keeper of its worker, who has not learnt it.
    taken: VecDeque<(u32, Arc<Sync>)>,
}

impl State {
    /// How many workers have no task. One that has begun a task by itself may count twice, until its keeper knows that it has
    /// done the one before.
    pub(super) fn free(&self) -> usize {
        self.workers.len().saturating_sub(self.busy.len())
    }
}

impl Crew {
    /// The same, of processes that have this board in common.
    pub fn with_board(self, board: Board) -> Crew {
        Crew { board: Some(Arc::new(board)), ..self }
    }

    /// Where the workers find tasks, if they take some by themselves.
    pub fn board(&self) -> Option<&Board> {
        self.board.as_deref()
    }

    /// The state as it is now.
    pub(super) fn state(&self) -> BriefGuard<'_, State> {
        let mut state = self.state.lock();
        if state.offers.count > 0 {
            self.observe(&mut state);
        }
        state
    }

    /// What workers have taken is begun.
    fn observe(&self, state: &mut State) {
        while state.offers.count > 0 {
            let taken = state.tasks.front().and_then(|sync| {
                let future = Future::of(sync).ok()?;
                let offer = future.offered()?;
                Some((future, offer.board.taken_by(offer.number)?))
            });
            let Some((future, worker)) = taken else { return };
            // One that is being cancelled counts as ended here.
            let begun = worker != NOBODY && future.begin(worker);
            state.offers.count -= 1;
            let Some(sync) = state.tasks.pop_front() else { return };
            match begun {
                true => {
                    state.busy.push(worker);
                    state.offers.taken.push_back((worker, sync));
                }
                false => self.ended(1),
            }
            self.note(state);
        }
    }

    /// The first task, taken from the board if it is there. None also when a worker has just taken it.
    pub(super) fn first(&self, state: &mut State, worker: u32) -> Option<Arc<Sync>> {
        if state.offers.count > 0 {
            let future = Future::of(state.tasks.front()?).ok()?;
            future.offered().and_then(|offer| offer.board.take_this(offer.number, worker))?;
            state.offers.count -= 1;
        }
        state.tasks.pop_front()
    }

    /// Puts tasks on the board, those that the workers who are free leave.
    pub(super) fn offer(&self, state: &mut State) {
        let Some(board) = &self.board else { return };
        let number = |sync: &Arc<Sync>| Some(Future::of(sync).ok()?.offered()?.number);
        let free = state.free();
        while state.tasks.len() > state.offers.count + free {
            let oldest = state.tasks.front().filter(|_| state.offers.count > 0).and_then(number);
            let future = Future::of(&state.tasks[state.offers.count]);
            if !future.is_ok_and(|future| future.offer(board, oldest)) {
                return;
            }
            state.offers.count += 1;
        }
    }

    /// What a worker has begun by itself; its keeper learns it.
    pub fn taken(&self, keeper: u32) -> Option<Arc<Sync>> {
        let mut state = self.state();
        let at = state.offers.taken.iter().position(|(worker, _)| *worker == keeper)?;
        state.offers.taken.remove(at).map(|(_, future)| future)
    }
}
