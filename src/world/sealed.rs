//! What a script sees instead of the outside in a run that has to be the same each time: a check, a simulated run,
//! and a run on real threads that is forced to keep to a schedule.

use crate::sync::outside::Way;
use crate::value::error::{Error, Kind};

/// How many processors there are, as far as the script can tell.
pub const PROCESSORS: usize = 2;

/// The wall clock so many nanoseconds after the run began, `00:00:01.250`: the day begins with the run.
pub fn clock(now: i64) -> String {
    let ms = now / 1_000_000;
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{:02}:{:02}:{seconds:02}.{ms:03}", minutes / 60 % 24, minutes % 60)
}

/// The next 64 random bits: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), which has one word of state.
pub fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Files are refused.
pub fn no_file(path: &str) -> Error {
    Error::new(Kind::Refused, format!("the file {path} cannot be used in a simulated run"))
        .note("in a check every state is visited many times, in any order, and a file has only one")
        .hint("keep what the check needs in variables, or use `conc run --allow-read`")
}

/// The error for something outside the program.
#[cold]
pub fn nothing_outside(way: Way<'_>) -> Error {
    let refused = |text: String| Error::new(Kind::Refused, text);
    match way {
        Way::Program(_) | Way::Host(_) => {
            let flag = if let Way::Program(_) = way { "--allow-run" } else { "--allow-net" };
            refused(format!("{way} cannot be used in a simulated run"))
                .note("in a check every state is visited many times, in any order; what is outside has only one")
                .hint(format!("keep it out of what is checked, or use `conc run {flag}`"))
        }
        Way::Server | Way::Connection | Way::Signals | Way::Pipe | Way::ProcessPool => {
            refused(format!("{way} cannot be part of such a run yet"))
                .hint("`conc run` runs it on real threads; a queue can be used in its place")
        }
    }
}
