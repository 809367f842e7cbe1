//! `select`: the first of several operations that can be done.

use super::{Op, Releasers, Who};
use crate::value::{Value, error::Error};

#[derive(Debug)]
pub struct Select {
    pub arms: Vec<Op>,
    /// Which arm is tried first.
    start: usize,
}

impl Select {
    /// `random` decides which arm is tried first, and so which one is done of several that can be.
    pub fn new(arms: Vec<Op>, random: u64) -> Select {
        let start = if arms.is_empty() { 0 } else { (random % arms.len() as u64) as usize };
        Select { arms, start }
    }

    /// Does one arm: `[its index, its value]`. An arm that fails ends it with the error.
    pub fn poll(&mut self, who: Who<'_>) -> Result<Option<Value>, Error> {
        let count = self.arms.len();
        for i in 0..count {
            let index = (self.start + i) % count;
            let done = match self.arms[index].poll(who) {
                Ok(None) => continue,
                Ok(Some(value)) => Ok(Some(Value::list(vec![Value::Int(index as i64), value]))),
                Err(error) => Err(error),
            };
            self.stop(who, Some(index));
            return done;
        }
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
