//! Findings of any kind can be told, and the width is kept.

use super::*;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

fn any_text() -> impl Strategy<Value = String> + Clone {
    prop_oneof!["[a-z ]{0,30}", "[a-z余额👩‍🚀é\t]{0,20}", any::<String>()]
}

fn any_span() -> impl Strategy<Value = Span> {
    (0..200u32, 0..200u32).prop_map(|(start, end)| Span { start, end })
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let texts = prop::collection::vec(any_text(), 0..3);
    let changed = prop::collection::vec((any_text(), any_text()), 0..2);
    let place = (0..9usize, prop_oneof![0..20u32, any::<u32>()], any_span(), any::<bool>());
    (place, texts, prop::option::of(any_text()), changed, any_text()).prop_map(
        |((thread, line, span, preempts), did, next, changed, output)| Moment {
            thread,
            line,
            span,
            did,
            next,
            preempts,
            changed,
            output,
        },
    )
}

fn any_failure(property: Property) -> impl Strategy<Value = Failure> {
    let threads = prop::collection::vec(any_text(), 0..9);
    let access = || {
        (any_text(), any_span(), any::<bool>(), prop::collection::vec(any_text(), 0..2)).prop_map(
            |(thread, span, write, holds)| Access { thread: thread.into(), line: 1, span, write, holds },
        )
    };
    let race = (any_text(), [access().boxed(), access().boxed()]).prop_map(|(cell, accesses)| Race {
        cell,
        shared: false,
        accesses,
    });
    let stuck = (any_text(), any_text(), 0..20u32).prop_map(|(thread, waits, line)| Stuck {
        thread: thread.into(),
        holds: vec![(waits.clone(), line)],
        waits,
        line,
    });
    let deadlock = (prop::collection::vec(stuck, 0..3), any::<bool>())
        .prop_map(|(threads, cycle)| Deadlock { threads, cycle, notes: Vec::new() });
    let error = (any_text(), any_span()).prop_map(|(thread, span)| Uncaught {
        process: None,
        thread: thread.into(),
        error: Arc::new(uncaught_error(span)),
        holds: Vec::new(),
    });
    let parts = (
        prop::option::of(any_span()),
        prop::option::of(race),
        prop::option::of(deadlock),
        prop::option::of(error),
    );
    let story = (threads, prop::collection::vec(any_moment(), 0..20), prop::option::of(0..25usize));
    (any_text(), parts, story).prop_map(
        move |(what, (place, race, deadlock, error), (threads, moments, loop_from))| {
            let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
            Failure { place, race, deadlock, error, loop_from, ..failure(property, &what, &threads, moments) }
        },
    )
}

fn any_findings() -> impl Strategy<Value = Findings> {
    let failures = Property::ALL.map(|property| prop::option::of(any_failure(property)).boxed()).to_vec();
    let outcome = (any_text(), prop::collection::vec((any_text(), any_text()), 0..2), any::<i32>()).prop_map(
        |(output, variables, status)| Outcome {
            output,
            variables,
            status,
            schedule: Some(Schedule::default()),
            runs: None,
        },
    );
    let outcomes = prop::option::of(prop::collection::vec(outcome, 0..4));
    let one = prop_oneof![
        (any_text(), any::<u64>()).prop_map(|(name, values)| Advice::Values { name, values }),
        (any::<u32>(), any::<u64>()).prop_map(|(line, ways)| Advice::Loop { line, ways }),
        (any_text(), any::<u32>(), any::<u64>()).prop_map(|(thread, line, bytes)| Advice::Large {
            thread,
            line,
            bytes
        }),
        Just(Advice::Part),
    ];
    let advice = prop::collection::vec(one, 0..4);
    (failures, outcomes, advice, any::<u64>()).prop_map(|(failures, outcomes, advice, states)| Findings {
        outcomes,
        advice,
        states,
        ..findings(failures.into_iter().flatten().collect())
    })
}

/// Without what colours it.
fn stripped(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or("").to_string();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

proptest! {
    #[test]
    fn any_findings_can_be_told(findings in any_findings(), width in 0..200usize) {
        let source = src(BANK);
        let text = check(&findings, &source, &Style::plain(), width);
        prop_assert!(text.ends_with('\n') && !text.contains('\x1b'));
        let coloured = check(&findings, &source, &Style::coloured(), width);
        prop_assert_eq!(stripped(&coloured), text);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&findings, &source)).is_ok());
    }

    /// All but what quotes the script or belongs to other reports.
    #[test]
    fn the_width_is_kept(mut findings in any_findings(), width in 40..200usize) {
        for (_, verdict) in &mut findings.verdicts {
            if let Verdict::Fails(failure) = verdict {
                (failure.place, failure.race, failure.deadlock, failure.error) = (None, None, None, None);
            }
        }
        let text = check(&findings, &src(BANK), &Style::plain(), width);
        for line in text.lines() {
            prop_assert!(line.width() <= width, "{} > {width}: {line}\n{text}", line.width());
        }
    }
}
