//! `select`: the first of several operations that can be done.

use super::{Op, Releasers, Who};
use crate::state::{Reader, Writer};
use crate::value::{Value, error::Error};

#[derive(Debug)]
pub struct Select {
    pub arms: Vec<Op>,
    /// Which arm is tried first.
    start: usize,
}

impl Select {
    /// `choose` says, of several arms that can be done, which one is: a number below how many they are.
    pub fn new(arms: Vec<Op>, who: Who<'_>, choose: impl FnOnce(u64) -> u64) -> Select {
        let mut select = Select { arms, start: 0 };
        let ready = select.ready_arms(who);
        if ready.len() > 1 {
            select.start = ready.get(choose(ready.len() as u64) as usize).copied().unwrap_or_default();
        }
        select
    }

    /// Does one arm: `[its index, its value]`. An arm that fails ends it with the error.
    pub fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        let count = self.arms.len();
        for i in 0..count {
            let done = self.poll_arm((self.start + i) % count, who)?;
            if done.is_some() {
                return Ok(done);
            }
        }
        // Whoever waits with several arms shall not always find the same one first.
        self.start = (self.start + 1) % count.max(1);
        Ok(None)
    }

    /// Undoes what waiting has left in the things, except that of the arm that was done.
    pub fn stop(&mut self, who: Who<'_>, except: Option<usize>) {
        for (index, arm) in self.arms.iter_mut().enumerate() {
            if Some(index) != except {
                arm.abandon(who);
            }
        }
    }

    pub fn releasers(&self, who: Who<'_>) -> Releasers {
        Releasers::Either(self.arms.iter().map(|arm| arm.releasers(who)).collect())
    }

    pub fn describe(&self) -> String {
        let arms: Vec<String> = self.arms.iter().map(Op::describe).collect();
        format!("in select: {}", arms.join(", or "))
    }
}

impl Select {
    /// Which arms could be done, or would fail, now.
    pub fn ready_arms(&self, who: Who<'_>) -> Vec<usize> {
        (0..self.arms.len()).filter(|index| self.arms[*index].ready(who)).collect()
    }

    /// As `poll`, for a world that chooses itself which one is done of several that can be: a number below how many.
    pub fn poll_any(
        &mut self,
        who: Who<'_>,
        choose: impl FnOnce(usize) -> usize,
    ) -> Result<Option<Value>, Error> {
        let ready = self.ready_arms(who);
        match ready.len() {
            0 | 1 => self.poll(who),
            count => self.poll_arm(ready[choose(count).min(count - 1)], who),
        }
    }

    /// Does this arm if it can be done.
    pub(super) fn poll_arm(&mut self, index: usize, who: Who<'_>) -> Result<Option<Value>, Error> {
        let Some(arm) = self.arms.get_mut(index) else { return Ok(None) };
        let done = match arm.poll(who) {
            Ok(None) => return Ok(None),
            Ok(Some(value)) => Ok(Some(Value::list(vec![Value::Int(index as i64), value]))),
            Err(error) => Err(error),
        };
        self.stop(who, Some(index));
        done
    }

    /// Where the search begins is not written: only the real world, which never writes, polls a wait by it.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.count(self.arms.len() as u64);
        self.arms.iter().for_each(|arm| arm.save(w));
    }

    pub fn load(r: &mut Reader<'_>) -> Select {
        Select { arms: (0..r.count()).map(|_| Op::load(r)).collect(), start: 0 }
    }
}
