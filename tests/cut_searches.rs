//! What a search that a limit has cut, or a drawn run that was cut, tells of deadlocks is held against the whole space: threads
//! take locks in any order, some give up, some are daemons, some end the program, and some count meanwhile.

use conc::explore::verdict::{Failure, Findings, Plainest, Property, Verdict};
use conc::explore::{Extent, Limits, Options, Reductions, Sampling, Strategy, check};
use conc::source::Source;
use fastrand::Rng;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

const PROGRAMS: u64 = 150;

fn program(dice: &mut Rng) -> String {
    let mut text = "lock a, b, c, guard\nvar n = 0\n".to_string();
    let threads = dice.u32(3..=4);
    for thread in 0..threads {
        let mut locks = ["a", "b", "c"];
        dice.shuffle(&mut locks);
        let [x, y, _] = locks;
        let body = match dice.u32(0..12) {
            0..6 => format!("with {x} {{ with {y} {{ }} }}"),
            6 => format!("with {x} {{ if {y}.acquire(timeout: 1s) {{ {y}.release() }} }}"),
            7 => format!("with {x}, {y} {{ n += 0 }}"),
            8 => "repeat 2 { with guard { n += 1 } } exit(0)".into(),
            _ => "repeat 3 { with guard { n += 1 } }".into(),
        };
        let daemon = if dice.u32(0..10) == 0 { "daemon " } else { "" };
        writeln!(text, "{daemon}thread t{thread} {{ {body} }}").expect("a text takes all");
    }
    (0..threads).for_each(|thread| text += &format!("start t{thread}()\n"));
    text
}

fn findings(text: &str, options: Options) -> Findings {
    let source = Arc::new(Source::new("test", text));
    let (program, _) = conc::pipeline::compile_keeping(source, &[]).unwrap_or_else(|_| panic!("{text}"));
    check(Arc::new(program), &options, &mut |_| ControlFlow::Continue(()))
}

fn deadlock(findings: &Findings) -> Option<&Failure> {
    findings.verdicts.iter().find_map(|(property, verdict)| match verdict {
        Verdict::Fails(failure) if *property == Property::Deadlock => Some(&**failure),
        _ => None,
    })
}

#[test]
fn what_is_known_of_a_part_is_so_in_the_whole() {
    let (mut dice, mut rings, mut none) = (Rng::with_seed(5), 0, 0);
    for _ in 0..PROGRAMS {
        let text = program(&mut dice);
        let whole = findings(&text, Options::default());
        assert!(whole.complete(), "{text}");
        none += u32::from(deadlock(&whole).is_none());
        let states = |states, memo| Options {
            limits: Limits { states, memory: 1 << 30 },
            reductions: Reductions { memo, ..Reductions::ALL },
            ..Options::default()
        };
        let runs = Sampling { runs: 20, strategy: Strategy::Walk, most_steps: dice.u64(3..12) };
        let sample = Options { extent: Extent::Sample(runs), ..Options::default() };
        let cut = [5, 9, 16, 28, 50].map(|most| states(most, true)).into_iter();
        for options in cut.chain([states(dice.u64(5..40), false), sample]) {
            let told = format!("{:?} {:?}\n{text}", options.extent, options.limits);
            let part = findings(&text, options);
            let Some(found) = deadlock(&part) else { continue };
            assert!(deadlock(&whole).is_some(), "it is no deadlock: {told}");
            // Of a ring nobody knows whether there is a plainer way to it.
            rings += u32::from(
                found.plainest != Plainest::OfAll && found.deadlock.as_ref().is_some_and(|it| it.cycle),
            );
        }
    }
    assert!(
        rings > 30 && none > 30,
        "{rings} rings were met before a limit, {none} programs have no deadlock"
    );
}
