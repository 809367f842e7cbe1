//! How many states small programs have, beside those of a plain explorer that keeps hashes of states, with and without
//! taking equal threads one for another. Its threads stand ready at the start and are joined in one step; what `main` adds
//! here are the state before it starts them and the one after their end.
//!
//! Of the mutex counters it was measured what a `main` adds to that explorer that starts and joins them one by one: 93
//! become 247, and 12,129 become 28,014.

use crate::measure::states;
use crate::programs::{mutex, philosophers, racy};
use crate::rows::{Rows, Target};

struct Case {
    name: &'static str,
    script: String,
    /// The states of the plain explorer, with its `main`.
    hashed: f64,
    /// The same with equal threads taken one for another; None where no two are equal.
    symmetric: Option<f64>,
    /// Beside it the states of SPIN 6.5.2, with and without partial order reduction, and the runs of others.
    others: &'static str,
}

/// Before the start and after the end.
const MAIN: f64 = 2.0;

fn case(
    name: &'static str,
    script: String,
    (hashed, symmetric): (f64, Option<f64>),
    others: &'static str,
) -> Case {
    Case { name, script, hashed: hashed + MAIN, symmetric: symmetric.map(|states| states + MAIN), others }
}

fn cases() -> Vec<Case> {
    let with_main = |case: Case, hashed: f64, plain: f64| Case {
        hashed,
        // Of equal threads it was not measured: as many times as many.
        symmetric: case.symmetric.map(|states| ((states - MAIN) * hashed / plain).floor()),
        ..case
    };
    let mutex_3x2 =
        case("mutex counter 3x2", mutex(3, 2), (93.0, Some(22.0)), "SPIN 2,210 / 12,116; loom 116,319");
    let mutex_4x3 =
        case("mutex counter 4x3", mutex(4, 3), (12_129.0, Some(606.0)), "SPIN 620,919 / 8,786,215");
    vec![
        case("racy counter 2x1", racy(2, 1), (16.0, Some(12.0)), "SPIN 72 / 134; loom 90, shuttle 69"),
        case("racy counter 2x2", racy(2, 2), (72.0, Some(43.0)), "SPIN 317 / 604; loom 1,080, shuttle 923"),
        case("racy counter 2x3", racy(2, 3), (263.0, Some(144.0)), "SPIN 1,114 / 2,152; loom 19,134"),
        case("racy counter 3x1", racy(3, 1), (65.0, Some(26.0)), "SPIN 802 / 2,658; loom 151,338"),
        case("racy counter 3x2", racy(3, 2), (1_404.0, Some(309.0)), "SPIN 14,681 / 51,732"),
        case("racy counter 3x3", racy(3, 3), (15_404.0, Some(2_902.0)), "SPIN 126,339 / 458,550"),
        with_main(mutex_3x2, 247.0, 93.0),
        with_main(mutex_4x3, 28_014.0, 12_129.0),
        case("3 philosophers", philosophers(3, 1), (24.0, None), "SPIN 166 / 992; loom 15,536"),
        case("6 philosophers", philosophers(6, 1), (648.0, None), "SPIN 21,474 / 909,480"),
        case("5 philosophers, 2 meals", philosophers(5, 2), (2_625.0, None), "SPIN 66,241 / 848,543"),
    ]
}

pub fn measure(rows: &mut Rows) {
    for case in cases() {
        let told_apart = states(&case.script, &["--no-symmetry"]);
        let what = format!("{}, threads told apart", case.name);
        rows.add(&what, (told_apart as f64, ""), Target::AtMost(case.hashed), case.others);
        if let Some(most) = case.symmetric {
            let what = format!("{}, equal threads", case.name);
            rows.add(&what, (states(&case.script, &[]) as f64, ""), Target::AtMost(most), "");
        }
    }
}
