//! The outcomes that were found: in the order in which they are numbered, and with schedules as far as they are asked for.

use super::options::Options;
use super::verdict::{Outcome, Schedule};
use crate::report::runtime::status;

/// With which status a run ends. `failed`: a thread has ended with an error; `unmet`: an `ensure` does not hold.
pub(super) fn status_of(exited: Option<i32>, failed: bool, unmet: bool) -> i32 {
    match exited {
        None => i32::from(failed || unmet),
        Some(status::FINE) => i32::from(unmet),
        Some(exited) => exited,
    }
}

/// Puts outcomes into their order and makes the schedules of those that are to have one, in this order: `make` gives one for
/// what is known of the way to the outcome. Of all of them as many as there is time for, which `lasts` is asked before each;
/// those that are asked for by number always.
pub(super) fn numbered<Way>(
    mut found: Vec<(Outcome, Way)>,
    options: &Options,
    lasts: &mut dyn FnMut() -> bool,
    make: &mut dyn FnMut(&Way) -> Schedule,
) -> Vec<Outcome> {
    found.sort_by(|(a, _), (b, _)| {
        (&a.output, a.status, &a.variables).cmp(&(&b.output, b.status, &b.variables))
    });
    let mut time = options.schedules.all;
    for (index, (outcome, way)) in found.iter_mut().enumerate() {
        time = time && lasts();
        if time || options.schedules.numbers.contains(&(index + 1)) {
            outcome.schedule = Some(make(way));
        }
    }
    found.into_iter().map(|(outcome, _)| outcome).collect()
}
