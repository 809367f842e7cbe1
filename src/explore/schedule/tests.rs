use super::*;
use crate::explore::verdict::Seen;
use crate::explore::{Reductions, Time};
use crate::report::{Style, render};
use crate::source::Source;
use proptest::prelude::*;

fn turn(thread: u32) -> Turn {
    Turn { thread, times_out: false, choices: Vec::new() }
}

fn moment(thread: usize, line: u32, did: &[&str], next: Option<&str>) -> Moment {
    Moment {
        thread,
        line,
        did: did.iter().map(|text| text.to_string()).collect(),
        next: next.map(String::from),
        ..Moment::default()
    }
}

fn tellers() -> (Recorded, Vec<Moment>) {
    let moments = vec![
        moment(0, 7, &["starts teller"], None),
        moment(0, 8, &["starts teller"], None),
        moment(1, 4, &["reads balance = 100"], Some("is about to store balance = 101")),
        moment(2, 4, &["reads balance = 100"], None),
        moment(2, 4, &["stores balance = 101"], None),
        moment(1, 4, &["stores balance = 101"], None),
        moment(0, 9, &[], None),
    ];
    let mut turns: Vec<Turn> = moments.iter().map(|moment| turn(moment.thread as u32)).collect();
    turns[4].choices = vec![1, 0];
    turns[6].times_out = true;
    let recorded = Recorded {
        script: Script::File("lessons/bank.conc".into()),
        meaning: 0x0f0c_2d1e_9a8b_7c63,
        settings: Settings {
            arguments: vec!["3".into(), "--fast".into(), "a b".into()],
            seed: 7,
            time: Time::Idle,
            reductions: Reductions { merge: false, private: false, ..Reductions::ALL },
            max_threads: 20,
            outcomes: true,
            variables: vec!["balance".into()],
        },
        fails: Some((Property::Ensure, "balance is 101 at the end".into())),
        threads: ["main", "teller", "teller"].map(String::from).to_vec(),
        schedule: Schedule {
            changing: vec!["tellers".into(), "a b".into()],
            seen: Seen { locks: true, threads: false },
            turns,
        },
    };
    (recorded, moments)
}

const TELLERS: &str = "\
conc schedule 1
script  lessons/bank.conc
meaning 0f0c2d1e9a8b7c63
args    3 --fast \"a b\"
seed    7
time    idle
without merge private
limit   20
asked   outcomes balance
changing tellers \"a b\"
seen-locks
fails   ensure: balance is 101 at the end
threads main teller teller

main*2                    # line 7: starts teller
                          # line 8: starts teller
teller                    # line 4: reads balance = 100, is about to store balance = 101
teller/2 teller/2(choice 1, choice 0) # line 4: reads balance = 100
                          # line 4: stores balance = 101
teller                    # line 4: stores balance = 101
main(timeout)
";

#[test]
fn a_schedule_is_written_to_be_read() {
    let (recorded, moments) = tellers();
    assert_eq!(write(&recorded, &moments), TELLERS);
}

#[test]
fn what_is_written_is_read_again_with_or_without_comments() {
    let (recorded, moments) = tellers();
    assert_eq!(read(&write(&recorded, &moments)).unwrap(), recorded);
    assert_eq!(read(&write(&recorded, &[])).unwrap(), recorded);
    let windows = write(&recorded, &moments).replace('\n', "\r\n");
    assert_eq!(read(&windows).unwrap(), recorded);
}

#[test]
fn a_long_run_is_cut_into_lines_and_its_comments_are_counted() {
    let (mut recorded, _) = tellers();
    recorded.schedule.turns =
        (0..100).map(|index| Turn { choices: vec![index % 2], ..turn(1) }).chain(vec![turn(2); 50]).collect();
    let moments: Vec<Moment> = recorded
        .schedule
        .turns
        .iter()
        .map(|turn| moment(turn.thread as usize, 1, &["does it"], None))
        .collect();
    let text = write(&recorded, &moments);
    assert!(text.contains("teller/2*50               # line 1: does it\n"), "{text}");
    assert!(text.contains("# … and 30 more\n"), "{text}");
    assert!(text.lines().all(|line| line.len() < 110), "{text}");
    assert_eq!(read(&text).unwrap(), recorded);
}

/// What is said of the valid text with one part replaced.
fn said(from: &str, to: &str) -> String {
    assert!(TELLERS.contains(from));
    let text = TELLERS.replacen(from, to, 1);
    let source = Source::new("bank.schedule", text.as_str());
    let mistake = read(&text).expect_err("the text is wrong");
    assert!(!mistake.hints.is_empty());
    render::diagnostics(&[*mistake], &source, &Style::plain())
}

#[test]
fn mistakes_are_told_with_their_place() {
    let expected = r#"error[E0101]: there is no thread "teller" number 3, only 2 of that name
  --> bank.schedule:18:1
   |
18 | teller/3 teller/2(choice 1, choice 0) # line 4: reads balance = 100
   | ^^^^^^^^
   |
   = help: the line `threads` names all there are, in the order of their starts
"#;
    assert_eq!(said("teller/2", "teller/3"), expected);
    for (from, to, message) in [
        ("conc schedule 1", "let a = 1", "this is no schedule of conc"),
        ("schedule 1", "schedule 2", "this schedule is not of version 1, the one that this conc reads"),
        ("script ", "text ", "this does not belong to the name of the script"),
        ("script ", "file ", "a line with `script` is missing here"),
        ("lessons/bank.conc", "", "`script` says nothing"),
        ("0f0c2", "f0c2", "16 hexadecimal digits"),
        ("script  lessons/bank.conc", "text", "`text` says nothing"),
        ("seed    7", "", "a line with `seed` is missing here"),
        ("seed    7", "seed -7", "the seed is a number"),
        ("idle", "soon", "there is no such rule of time"),
        ("private", "privacy", "there is no such reduction"),
        ("limit   20", "limit   none", "the limit of threads is a number"),
        ("limit   20", "limit   0", "from 1 to"),
        ("limit   20", "limit", "the limit of threads is a number"),
        ("outcomes", "politely", "nothing of that kind is asked"),
        ("changing tellers", "changing \"tellers", "this text is never closed"),
        ("ensure:", "hope:", "this can not fail"),
        ("ensure:", "ensure", "what fails is missing here"),
        ("threads main", "main", "a line with `threads` is missing here"),
        ("threads main", "threads *", "the name of a thread is missing here"),
        ("threads main", "threads \"main", "this text is never closed"),
        ("threads main", "threads \"\\q\"", "nothing is written like this"),
        ("main*2", "mian*2", "there is no thread \"mian\""),
        ("main*2", "teller/0", "there is no thread \"teller\" number 0"),
        ("main*2", "main*x", "how often is missing here"),
        ("main*2", "main*99999999999", "this number is too large"),
        ("main*2", "main*4000000000", "a schedule has at most 10000000 turns"),
        ("main*2", "main*2!", "this does not belong to a turn"),
        ("timeout", "time", "a turn decides nothing of that kind"),
        ("(timeout)", "(timeout", "`)` is missing here"),
        ("choice 1", "choice", "which choice is missing here"),
    ] {
        let text = said(from, to);
        assert!(text.contains(message), "{from} -> {to}:\n{text}");
    }
}

fn any_script() -> impl Strategy<Value = Script> {
    prop_oneof![
        any::<String>().prop_map(Script::File),
        (any::<String>(), any::<String>()).prop_map(|(name, text)| Script::Here { name, text }),
        prop::collection::vec("[ |#a]{0,3}\r?", 0..5)
            .prop_map(|lines| Script::Here { name: "-e".into(), text: lines.join("\n") }),
    ]
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let texts = || prop::collection::vec(prop_oneof!["[a-z]{0,3}", any::<String>()], 0..3);
    let reductions = any::<[bool; 5]>().prop_map(|[symmetry, merge, private, memo, liveness]| Reductions {
        symmetry,
        merge,
        private,
        memo,
        liveness,
    });
    let time = prop::sample::select(vec![Time::Any, Time::Idle]);
    let most = prop::sample::select(vec![1, 10_000, usize::MAX]);
    (texts(), any::<u64>(), time, reductions, most, any::<bool>(), texts()).prop_map(
        |(arguments, seed, time, reductions, max_threads, outcomes, names)| {
            // Variables are told as a part of outcomes.
            let variables = if outcomes { names } else { Vec::new() };
            Settings { arguments, seed, time, reductions, max_threads, outcomes, variables }
        },
    )
}

fn any_recorded() -> impl Strategy<Value = Recorded> {
    let threads = prop::collection::vec(prop_oneof!["[a-c]", "[a-z余额]{1,6}", ".*", any::<String>()], 1..6);
    let property = prop::sample::select(Property::ALL.to_vec());
    let fails = prop::option::of((property, "[^\\p{Cc}]{0,30}"));
    let changing = prop::collection::vec(any::<String>(), 0..3);
    let head =
        (any_script(), any::<u64>(), any_settings(), fails, threads, (changing, any::<(bool, bool)>()));
    head.prop_flat_map(|(script, meaning, settings, fails, threads, (changing, (locks, others)))| {
        let turn = (0..threads.len() as u32, any::<bool>(), prop::collection::vec(0..4u32, 0..3))
            .prop_map(|(thread, times_out, choices)| Turn { thread, times_out, choices });
        prop::collection::vec((turn, 1..4usize), 0..30).prop_map(move |runs| Recorded {
            script: script.clone(),
            meaning,
            settings: settings.clone(),
            fails: fails.clone().map(|(property, what)| (property, on_one_line(&what))),
            threads: threads.clone(),
            schedule: Schedule {
                changing: changing.clone(),
                seen: Seen { locks, threads: others },
                turns: runs.into_iter().flat_map(|(turn, times)| vec![turn; times]).collect(),
            },
        })
    })
}

proptest! {
    #[test]
    fn any_schedule_survives_writing_and_reading(recorded in any_recorded(), did in ".*") {
        let told = |turn: &Turn| Moment { thread: turn.thread as usize, did: vec![did.clone()], ..Moment::default() };
        let moments: Vec<Moment> = recorded.schedule.turns.iter().map(told).collect();
        prop_assert_eq!(read(&write(&recorded, &moments)).unwrap(), recorded);
    }

    /// Any text is read or refused, and a refusal can be shown.
    #[test]
    fn bad_input_never_panics(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), ".{0,3}"), 0..5),
        junk in any::<String>(),
    ) {
        let mut text: Vec<char> = TELLERS.chars().collect();
        for (from, length, put) in edits {
            let from = from.index(text.len());
            let to = from + length.index((text.len() - from).min(8));
            text.splice(from..to, put.chars());
        }
        for text in [text.into_iter().collect::<String>(), junk] {
            if let Err(mistake) = read(&text) {
                let source = Source::new("t", text.as_str());
                prop_assert!(!render::diagnostics(&[*mistake], &source, &Style::plain()).is_empty());
            }
        }
    }
}
