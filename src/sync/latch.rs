//! `latch`: counts down to zero, once; waiting ends when it is there.

use super::wait::WaitQueue;
use super::{Kind, Sync};
use crate::state::{Reader, Writer};
use crate::value::error::{self, Error};
use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Debug)]
pub struct Latch {
    count: AtomicI64,
    pub waiters: WaitQueue,
}

impl Latch {
    pub fn new(count: i64) -> Result<Latch, Error> {
        if count < 0 {
            let message = format!("a latch cannot begin at {count}");
            return Err(Error::new(error::Kind::Value, message).hint("give a number from 0 up"));
        }
        Ok(Latch { count: AtomicI64::new(count), waiters: WaitQueue::new() })
    }

    pub fn of(sync: &Sync) -> Result<&Latch, Error> {
        if let Kind::Latch(latch) = &sync.kind { Ok(latch) } else { Err(sync.is_no("latch")) }
    }

    pub fn count_down(&self, sync: &Sync, n: i64) -> Result<(), Error> {
        if n < 1 {
            return Err(Error::new(
                error::Kind::Value,
                format!("{}.count_down({n}): at least 1", sync.label()),
            ));
        }
        let mut order = sync.order();
        let down = |count: i64| (count >= n).then_some(count - n);
        match self.count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, down) {
            Ok(before) => {
                order.added();
                if before == n {
                    self.waiters.wake_all();
                }
                Ok(())
            }
            Err(now) => {
                let label = sync.label();
                let message = format!("{label} cannot count down by {n}: it is at {now}");
                Err(Error::new(error::Kind::State, message)
                    .hint("a latch has one use; a barrier can be used again"))
            }
        }
    }

    pub fn count(&self) -> i64 {
        self.count.load(Ordering::SeqCst)
    }

    pub fn ready(&self) -> bool {
        self.count() == 0
    }
}

impl Latch {
    pub fn load(_: &mut Reader<'_>) -> Latch {
        Latch { count: AtomicI64::new(0), waiters: WaitQueue::new() }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.int(self.count());
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.count.store(r.int(), Ordering::SeqCst);
    }
}
