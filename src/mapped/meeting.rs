//! The state of a shared barrier: one word says which round it is, how many have arrived, whether it is broken, and how
//! the last rounds ended.

use super::{Place, Slot};
use crate::value::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const STATE: usize = 0;
/// Why it is broken, or was last.
const WHY: usize = 1;
/// Who has arrived: the round plus one in the high half, the id of the thread in the low one.
const ARRIVALS: usize = 2;

const ARRIVED: u64 = 0xffff;
const BROKEN: u64 = 1 << 16;
const ROUND_SHIFT: u32 = 17;
const ROUND: u64 = 0xffff;
/// Of each round before, the last first: whether it ended otherwise than by all arriving.
const ENDS_SHIFT: u32 = 33;
const ENDS: u32 = 31;

/// How many can meet.
pub const MOST: u32 = 65_535;

#[derive(Debug)]
pub struct Meeting {
    place: Place,
    parties: u32,
}

/// One who has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    round: u64,
    pub index: u32,
}

impl Arrival {
    pub fn round(self) -> usize {
        self.round as usize
    }
}

pub fn words(parties: u32) -> usize {
    ARRIVALS + parties as usize
}

fn round(state: u64) -> u64 {
    state >> ROUND_SHIFT & ROUND
}

/// The next round begins; this one ended well or not.
fn ended(state: u64, failed: bool) -> u64 {
    let ends = state >> ENDS_SHIFT << 1 | u64::from(failed);
    ends << ENDS_SHIFT | ((round(state) + 1) & ROUND) << ROUND_SHIFT | state & BROKEN
}

impl Meeting {
    pub fn at(place: Place, parties: u32) -> Meeting {
        Meeting { place, parties }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    fn word(&self, word: usize) -> &AtomicU64 {
        self.place.memory.word(self.place.at + word)
    }

    fn state(&self) -> u64 {
        self.word(STATE).load(Ordering::SeqCst)
    }

    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        self.word(STATE).fetch_update(Ordering::SeqCst, Ordering::SeqCst, change)
    }

    /// Arrives; None when it is broken. Whether all have arrived with it.
    pub fn arrive(&self, thread: u32) -> Option<(Arrival, bool)> {
        let arrive = |state: u64| match state & ARRIVED {
            _ if state & BROKEN != 0 => None,
            arrived if arrived + 1 == u64::from(self.parties) => Some(ended(state, false)),
            _ => Some(state + 1),
        };
        let before = self.change(arrive).ok()?;
        let (round, index) = (round(before), (before & ARRIVED) as u32);
        let arrival = (round + 1) << 32 | u64::from(thread);
        self.word(ARRIVALS + index as usize).store(arrival, Ordering::SeqCst);
        Some((Arrival { round, index }, index + 1 == self.parties))
    }

    /// How the round of an arrival has ended: whether all arrived. (Of one that lies many rounds back, that they did.)
    pub fn outcome(&self, arrival: Arrival) -> Option<bool> {
        let state = self.state();
        let ago = round(state).wrapping_sub(arrival.round) & ROUND;
        match ago as u32 {
            0 => None,
            ago if ago <= ENDS => Some(state >> (ENDS_SHIFT + ago - 1) & 1 == 0),
            _ => Some(true),
        }
    }

    /// Breaks it; if a round is given, only while that is the present one.
    pub fn shatter(&self, why: &str, only: Option<Arrival>) {
        // First, so that whoever sees it broken can say why.
        let _ = Slot::of(&self.place.plus(WHY)).set(&Value::text(why));
        let _ = self.change(|state| {
            let wanted = only.is_none_or(|arrival| arrival.round == round(state));
            wanted.then(|| ended(state, true) | BROKEN)
        });
    }

    pub fn reset(&self, why: &str) {
        let _ = Slot::of(&self.place.plus(WHY)).set(&Value::text(why));
        let _ = self.change(|state| Some(ended(state, true) & !BROKEN));
    }

    pub fn why(&self) -> String {
        Slot::of(&self.place.plus(WHY)).get().as_text().unwrap_or_default().to_string()
    }

    pub fn waiting(&self) -> u32 {
        (self.state() & ARRIVED) as u32
    }

    pub fn broken(&self) -> bool {
        self.state() & BROKEN != 0
    }

    /// Breaks it if one who has arrived is gone.
    pub fn sweep(&self, gone: &dyn Fn(u32) -> bool, why: &str) {
        // Whoever has arrived writes down at once who it is, unless it dies before.
        for _ in 0..1000 {
            let state = self.state();
            let arrivals = (0..(state & ARRIVED) as usize).map(|index| self.word(ARRIVALS + index));
            let mut unknown = false;
            for arrival in arrivals {
                let arrival = arrival.load(Ordering::SeqCst);
                if arrival >> 32 != round(state) + 1 {
                    unknown = true;
                } else if gone(arrival as u32) {
                    let present = Arrival { round: round(state), index: 0 };
                    return self.shatter(why, Some(present));
                }
            }
            if !unknown {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.shatter(why, None);
    }
}
