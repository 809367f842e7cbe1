//! Threads that wait for ever while others go on: nobody who can go on will ever come to what they wait for.
//!
//! From those that can go on everything is marked that they can come to (`marks`); a thread whose thing is marked may be
//! released, and goes on too; who is left when nothing changes any more waits for ever. The same for both worlds: what a
//! thread holds, and whether it waits, each tells in its own way (`Outlook`), and when to search each decides.

use super::graph::{self, Blocked};
use super::marks::{Marks, Unknown};
use std::cell::RefCell;
use std::collections::HashMap;

/// What is known of a run whose threads all stand still.
pub(in crate::world) trait Outlook {
    /// This thread goes on: all that it can come to is within reach from now on.
    fn goes_on(&mut self, thread: u32) -> Result<(), Unknown>;

    /// Whether somebody who goes on can come to this thing.
    fn reaches(&self, thing: u32) -> bool;

    /// Whether somebody who goes on can change what the condition depends on that this thread awaits.
    fn may_change(&mut self, thread: u32) -> bool;
}

/// The blocked threads that wait for ever, whatever the free ones do, by id.
pub(in crate::world) fn waits_for_ever(
    blocked: &Blocked,
    free: &[u32],
    outlook: &mut dyn Outlook,
) -> Result<Vec<u32>, Unknown> {
    free.iter().try_for_each(|id| outlook.goes_on(*id))?;
    let asked = RefCell::new((outlook, 0, Ok(())));
    let stuck = graph::stuck(blocked, &|id, things, freed| {
        let (outlook, counted, told) = &mut *asked.borrow_mut();
        // Those found to be released come one after the other: only the new ones are looked at.
        for id in &freed[std::mem::replace(counted, freed.len())..] {
            if told.is_ok() {
                *told = outlook.goes_on(*id);
            }
        }
        told.is_err()
            || things.iter().any(|thing| outlook.reaches(*thing))
            || (things.is_empty() && outlook.may_change(id))
    });
    asked.into_inner().2.map(|()| stuck)
}

/// What the conditions depend on that threads await; None when that is not known.
#[derive(Default)]
pub(in crate::world) struct Conditions<'m>(HashMap<u32, Option<Marks<'m>>>);

impl<'m> Conditions<'m> {
    /// The condition that this thread awaits, which is `marked` when it is asked for first.
    pub fn of(
        &mut self,
        thread: u32,
        marked: impl FnOnce() -> Result<Marks<'m>, Unknown>,
    ) -> Option<&Marks<'m>> {
        self.0.entry(thread).or_insert_with(|| marked().ok()).as_ref()
    }
}
