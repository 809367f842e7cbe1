//! `latch`: counts down to zero, once; waiting ends when it is there.

use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::mapped::{ELSEWHERE_WORDS, Place, Word};
use crate::state::{Reader, Writer};
use crate::value::error::{self, Error};
use std::sync::atomic::Ordering;

#[derive(Debug)]
pub struct Latch {
    /// An `i64`.
    count: Word,
    pub waiters: WaitQueue,
}

impl Latch {
    pub fn new(count: i64) -> Result<Latch, Error> {
        if count < 0 {
            let message = format!("a latch cannot begin at {count}");
            return Err(Error::new(error::Kind::Value, message).hint("give a number from 0 up"));
        }
        Ok(Latch { count: Word::new(count as u64), waiters: WaitQueue::new() })
    }

    pub fn of(sync: &Sync) -> Result<&Latch, Error> {
        if let Kind::Latch(latch) = &sync.kind { Ok(latch) } else { Err(sync.is_no("latch")) }
    }

    /// How many words it has in memory that processes share.
    pub const WORDS: usize = 1 + ELSEWHERE_WORDS;

    /// The same in that memory.
    pub fn there(place: &Place) -> Latch {
        let latch = Latch { count: Word::There(place.clone()), waiters: WaitQueue::new() };
        latch.waiters.spread(place.plus(1));
        latch
    }

    pub fn count_down(&self, sync: &Sync, n: i64) -> Result<(), Error> {
        if n < 1 {
            return Err(Error::new(
                error::Kind::Value,
                format!("{}.count_down({n}): at least 1", sync.label()),
            ));
        }
        let mut order = sync.order();
        let down = |count: u64| (count as i64 >= n).then(|| count - n as u64);
        match self.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, down) {
            Ok(before) => {
                order.added();
                if before as i64 == n {
                    self.waiters.wake_all();
                }
                Ok(())
            }
            Err(now) => {
                let now = now as i64;
                let label = sync.label();
                let message = format!("{label} cannot count down by {n}: it is at {now}");
                Err(Error::new(error::Kind::State, message)
                    .hint("a latch has one use; a barrier can be used again"))
            }
        }
    }

    pub fn count(&self) -> i64 {
        self.count.load(Ordering::SeqCst) as i64
    }

    pub fn ready(&self) -> bool {
        self.count() == 0
    }
}

impl Latch {
    pub fn load(_: &mut Reader<'_>) -> Latch {
        Latch { count: Word::new(0), waiters: WaitQueue::new() }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.int(self.count());
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.count.store(r.int() as u64, Ordering::SeqCst);
    }
}
