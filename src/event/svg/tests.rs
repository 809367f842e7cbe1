//! Pictures of logs that were made for it: whatever they are of, no text lies on another, and nothing is outside.

use super::super::spans::spans;
use super::super::{Event, Lane, Process, Thing, Wait, What};
use super::*;

/// A log of so many threads that take turns with a lock, with these names.
fn turns(threads: usize, name: impl Fn(usize) -> String, rounds: u64, unit: Unit) -> Log {
    let process = Process { name: "main".into(), pid: 7, ..Process::default() };
    let lane = |number| Lane { process: 0, thread: number as u32 + 1, name: name(number) };
    let mut log = Log {
        unit,
        processes: vec![process],
        lanes: (0..threads).map(lane).collect(),
        things: vec![Thing { label: "lock m".into() }],
        ..Log::default()
    };
    let mut time = 0;
    let mut tell = |time, lane, what| log.events.push(Event { time, lane, line: 3, what });
    for lane in 0..threads {
        tell(time, lane, What::Begins);
        time += 1;
    }
    for _ in 0..rounds {
        for lane in 0..threads {
            let (text, whom) = ("waits for m".to_string(), Some((lane + 1) % threads));
            let wait = Wait { kind: Waiting::ALL[lane % 5], text, thing: Some(0), whom };
            tell(time, lane, What::Blocks(wait));
            tell(time + 7, lane, What::GoesOn);
            tell(time + 8, lane, What::Acquires(0));
            tell(time + 30, lane, What::Releases(0));
            time += 31;
        }
    }
    log.end = time + 1;
    log
}

fn sound(log: &Log, title: &str) -> Picture {
    let picture = draw(log, &spans(log), title, Language::English);
    for (number, one) in picture.texts.iter().enumerate() {
        for other in &picture.texts[number + 1..] {
            let apart = one.right <= other.left
                || other.right <= one.left
                || one.bottom <= other.top
                || other.bottom <= one.top;
            assert!(apart, "{one:?} and {other:?}");
        }
    }
    let size = |name: &str| {
        let after = picture.text.split(&format!("{name}=\"")).nth(1).expect("told");
        after.split('"').next().unwrap().parse::<f64>().expect("a number")
    };
    let (wide, high) = (size("width"), size("height"));
    for text in &picture.texts {
        assert!(text.left >= 0.0 && text.top >= 0.0 && text.right <= wide && text.bottom <= high, "{text:?}");
    }
    assert_eq!(picture.text.matches("<text").count(), picture.texts.len());
    picture
}

#[test]
fn texts_never_lie_on_one_another() {
    for threads in [1, 2, 3, 40, 130] {
        for rounds in [0, 1, 5, 40] {
            for unit in [Unit::Nanoseconds, Unit::Steps] {
                sound(&turns(threads, |number| format!("work-{number}"), rounds, unit), "a.conc");
            }
        }
    }
    sound(&turns(5, |number| format!("工人线程-{number}"), 3, Unit::Nanoseconds), "课程.conc");
    sound(
        &turns(5, |number| "a-very-long-name-".repeat(12) + &number.to_string(), 3, Unit::Steps),
        &"x".repeat(999),
    );
}

#[test]
fn many_narrow_stretches_keep_their_colours() {
    let crowded = |rounds| {
        let picture = sound(&turns(2, |number| format!("t{number}"), rounds, Unit::Nanoseconds), "a.conc");
        picture.text.matches(" crowded\"").count()
    };
    assert_eq!(crowded(2), 0);
    assert!(crowded(4000) > 100);
}

#[test]
fn each_lane_has_its_name_and_the_legend_what_is_used() {
    let picture = sound(&turns(40, |number| format!("work-{number}"), 2, Unit::Nanoseconds), "a.conc");
    for number in 0..40 {
        assert!(picture.text.contains(&format!(">work-{number}</text>")), "{number}");
    }
    for words in ["waits for another", "sleeps", "holds", "has no task", "waits for the interpreter"] {
        assert!(picture.text.contains(&format!(">{words}</text>")), "{words}");
    }
    assert!(!picture.text.contains(">ends with an error</text>"));
}

#[test]
fn what_is_left_out_is_said() {
    let picture = sound(&turns(300, |number| format!("t{number}"), 1, Unit::Nanoseconds), "a.conc");
    assert!(
        picture.left_out.iter().any(|told| told.contains("100 threads of 300")),
        "{:?}",
        picture.left_out
    );
    assert!(picture.text.contains("and 100 more threads"));
}

#[test]
fn marks_of_the_axis_are_round() {
    assert_eq!(tick(Unit::Nanoseconds, 31_000_000), 5_000_000);
    assert_eq!(tick(Unit::Nanoseconds, 1), 1);
    assert_eq!(tick(Unit::Steps, 20), 1);
    assert_eq!(tick(Unit::Steps, 200), 20);
    assert_eq!(short_time(1_500_000), "1.5 ms");
}
