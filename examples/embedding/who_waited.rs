//! Collects who waited for whom, while a script runs.

use conc::embed::{Happened, Run, Script};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const SCRIPT: &str = "
lock counter
event taken
thread holder { with counter { taken.set(); sleep 50ms } }
thread waiter { taken.wait(); with counter { } }
let h = start holder
let w = start waiter
join h, w
";

/// Pairs of threads: the first has waited for what the second held.
pub fn run() -> BTreeSet<(String, String)> {
    let pairs = Arc::new(Mutex::new(BTreeSet::new()));
    let to = pairs.clone();
    let watched = Run::new().on_event(move |event| {
        if let Happened::Waits { held_by, .. } = &event.happened {
            let mut pairs = to.lock().expect("nobody panics");
            pairs.extend(held_by.iter().map(|holder| (event.thread.to_string(), holder.to_string())));
        }
    });
    let script = Script::new("counter.conc", SCRIPT).expect("the script is understood");
    script.run(&watched);
    let pairs = pairs.lock().expect("nobody panics");
    pairs.clone()
}

pub fn main() {
    for (waiter, holder) in run() {
        println!("{waiter} waited for {holder}");
    }
}
