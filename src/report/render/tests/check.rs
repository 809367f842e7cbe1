//! What `conc check` says, of findings made by hand.

mod made;
mod races;
mod random;

use super::{find, src};
use crate::explore::covered::Covered;
use crate::explore::verdict::*;
use crate::report::Style;
use crate::report::render::{check, json};
use crate::report::runtime::{Deadlock, Stuck};
use crate::source::{Source, Span};
use crate::value::error::{Error, Kind, Place};
use made::*;
use std::sync::Arc;

/// All hold, but for the failures.
fn findings(failures: Vec<Failure>) -> Findings {
    let verdict = |property| {
        let failure = failures.iter().find(|failure| failure.property == property);
        failure.map_or(Verdict::Holds, |failure| Verdict::Fails(Box::new(failure.clone())))
    };
    Findings {
        verdicts: Property::ALL.map(|property| (property, verdict(property))).to_vec(),
        states: 1135,
        steps: 2210,
        depth: 14,
        limit: None,
        covered: Covered::Everything,
        outcomes: None,
        advice: Vec::new(),
    }
}

fn failure(property: Property, what: &str, threads: &[&str], moments: Vec<Moment>) -> Failure {
    let turn = |moment: &Moment| Turn { thread: moment.thread as u32, times_out: false, choices: Vec::new() };
    let schedule = Schedule { turns: moments.iter().map(turn).collect(), ..Schedule::default() };
    Failure {
        property,
        what: what.into(),
        place: None,
        deadlock: None,
        error: None,
        race: None,
        story: Story {
            threads: threads.iter().map(|name| name.to_string()).collect(),
            moments,
            ahead: Vec::new(),
            schedule,
        },
        plainest: Plainest::OfAll,
        loop_from: None,
    }
}

fn does(thread: usize, line: u32, did: &str) -> Moment {
    Moment { thread, line, did: vec![did.into()], ..Moment::default() }
}

impl Moment {
    fn next(self, text: &str) -> Moment {
        Moment { next: Some(text.into()), ..self }
    }

    fn preempts(self) -> Moment {
        Moment { preempts: true, ..self }
    }

    fn changes(self, name: &str, value: &str) -> Moment {
        Moment { changed: vec![(name.into(), value.into())], ..self }
    }

    fn prints(self, text: &str) -> Moment {
        Moment { output: text.into(), ..self }
    }
}

fn plain(findings: &Findings, source: &Source, width: usize) -> String {
    check(findings, source, &Style::plain(), width)
}

#[test]
fn little_is_said_when_all_hold() {
    let expected = r#"holds: no deadlock, no uncaught error, no failed assertion, no false invariant or ensure, no
  livelock, no data race, in all 1,135 states

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings(Vec::new()), &src(""), 100), expected);
}

#[test]
fn a_lost_update_is_drawn_and_its_race_shown() {
    let (source, findings) = bank();
    let expected = r#"fails: ensure: balance is 101 at the end (line 8)
fails: data race on balance
holds: no deadlock, no uncaught error, no failed assertion, no false invariant, no livelock, in all
  1,135 states

How the ensure becomes false (a thread is interrupted once, at >>):

   line | main            | teller                            | teller/2             | what changes
   -----+-----------------+-----------------------------------+----------------------+--------------
      6 | starts teller   |                                   |                      |
        | starts teller/2 |                                   |                      |
      3 |                 | reads balance = 100               |                      |
        |                 | … is about to store balance = 101 |                      |
>>    3 |                 |                                   | reads balance = 100  |
      4 |                 |                                   | stores balance = 101 | balance = 101
      4 |                 | stores balance = 101              |                      | balance = 101
      7 | joins teller    |                                   |                      |
        | joins teller/2  |                                   |                      |
      8 | ends            |                                   |                      | output: done

error: balance is 101 at the end
 --> bank.conc:8:1
  |
8 | ensure balance == 102
  | ^^^^^^^^^^^^^^^^^^^^^ this is false at the end

How the data race comes about (no thread is interrupted on the way):

   line | main            | teller
   -----+-----------------+----------------------------------
      6 | starts teller   |
        | starts teller/2 |
      3 |                 | reads balance = 100
        |                 | … is about to store balance = 101

error: data race on balance
 --> bank.conc:3:14
  |
3 |   let seen = balance
  |              ^^^^^^^ thread "teller" reads it, holding no lock
4 |   balance = seen + 1
  |   ^^^^^^^^^^^^^^^^^^ thread "teller" writes it, holding no lock
  |
  = note: nothing orders the two: either may come first
  = help: let both hold the same lock around it, or make it an `atomic`; a `join`, a queue or a condition between the two orders them too

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings, &source, 100), expected);
}

#[test]
fn narrow_terminals_get_narrow_columns() {
    let (source, findings) = two_locks();
    let expected = r#"fails: deadlock: 2 threads wait for each other
holds: no uncaught error, no failed assertion, no false
  invariant or ensure, no livelock, no data race, in all
  1,135 states

How the deadlock comes about (a thread is interrupted once,
  at >>):

   line | main          | first             | second
   -----+---------------+-------------------+---------------
     12 | starts first  |                   |
     13 | starts second |                   |
      3 |               | acquires left     |
        |               | … is about to     |
        |               |   acquire right   |
>>    8 |               |                   | acquires right
      9 |               |                   | waits for left
      4 |               | waits for right   |

deadlock: 2 threads wait for each other
  thread "first"   holds left  (line 3), waits for right (line 4)
  thread "second"  holds right (line 8), waits for left (line 9)
 --> bank.conc
3 |   with left {
4 |     with right { }
8 |   with right {
9 |     with left { }
  help: let every thread take them in the same order, or give up with a timeout

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings, &source, 60), expected);
}

#[test]
fn more_threads_than_fit_become_a_list() {
    let (source, findings) = philosophers("philosopher-");
    let expected = r#"fails: deadlock: 5 threads wait for each other
holds: no uncaught error, no failed assertion, no false invariant or
  ensure, no livelock, no data race, in all 1,135 states

How the deadlock comes about (threads are interrupted 4 times, at >>):

   line | thread        | does
   -----+---------------+------------------------------
      9 | main          | starts philosopher-0
        |               | starts philosopher-1
        |               | starts philosopher-2
        |               | starts philosopher-3
        |               | starts philosopher-4
      4 | philosopher-0 | acquires fork[0]
        |               | … is about to acquire fork[1]
>>    4 | philosopher-1 | acquires fork[1]
        |               | … is about to acquire fork[2]
>>    4 | philosopher-2 | acquires fork[2]
        |               | … is about to acquire fork[3]
>>    4 | philosopher-3 | acquires fork[3]
        |               | … is about to acquire fork[4]
>>    4 | philosopher-4 | acquires fork[4]
        |               | … is about to acquire fork[0]
      5 | philosopher-0 | waits for fork[1]
      5 | philosopher-1 | waits for fork[2]
      5 | philosopher-2 | waits for fork[3]
      5 | philosopher-3 | waits for fork[4]
      5 | philosopher-4 | waits for fork[0]

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings, &source, 70), expected);
}

#[test]
fn a_livelock_shows_its_loop() {
    let (source, findings) = livelock();
    let expected = r#"fails: livelock: left and right step aside for ever
holds: no deadlock, no uncaught error, no failed assertion, no false invariant or ensure, no data
  race, in all 1,135 states

How the livelock comes about (threads are interrupted 2 times, at >>):

   line | main         | left                   | right                 | what changes
   -----+--------------+------------------------+-----------------------+----------------
      8 | starts left  |                        |                       |
      9 | starts right |                        |                       |
      3 |              | stores busy[0] = true  |                       | busy[0] = true
>>    3 |              |                        | stores busy[1] = true | busy[1] = true
   ---- the loop begins: from here on it goes round ----
>>    4 |              | reads busy[1] = true   |                       |
        |              | stores busy[0] = false |                       | busy[0] = false
      5 |              | stores busy[0] = true  |                       | busy[0] = true
      4 |              |                        | reads busy[0] = true  |
   ---- and round again, from where the loop begins ----

livelock: whatever the threads do from the loop on, they never come to an end

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings, &source, 100), expected);
}

#[test]
fn chinese_names_keep_the_columns_straight() {
    let (source, findings) = chinese();
    let expected = r#"fails: assertion: 余额 is 101
holds: no deadlock, no uncaught error, no false invariant or ensure, no
  livelock, no data race, in all 1,135 states

How the assertion comes to fail (a thread is interrupted once, at >>):

   line | main          | 柜员甲           | 柜员乙           | what changes
   -----+---------------+------------------+------------------+-----------------
      7 | starts 柜员甲 |                  |                  |
      4 |               | reads 余额 = 100 |                  |
        |               | … is about to    |                  |
        |               |   store 余额 =   |                  |
        |               |   101            |                  |
>>    4 |               |                  | reads 余额 = 100 |
      5 |               |                  | stores 余额 =    | 余额 = 101
        |               |                  |   101            | output: 存入一元

error[E0308]: assertion failed: 余额 == 102
 --> bank.conc:1:1
  |
1 | var 余额 = 100
  | ^^^ in thread "柜员乙"
  |
  = note: it held 锁 (line 3)

1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&findings, &source, 80), expected);
}

#[test]
fn wide_terminals_show_a_column_for_each_philosopher() {
    let (source, findings) = philosophers("p");
    let text = plain(&findings, &source, 190);
    let last = "      5 |           |                               |                               |                               \
                |                               | waits for fork[0]\n";
    assert!(text.contains("| main      | p0                            | p1  "), "{text}");
    assert!(text.contains(last), "{text}");
}

/// Nothing is known, for that reason.
fn unknown(limit: Limit) -> Findings {
    let mut found = findings(Vec::new());
    found.limit = Some(limit);
    for (_, verdict) in &mut found.verdicts {
        *verdict = Verdict::Unknown;
    }
    found
}

fn outcome(output: &str, variables: &[(&str, &str)], status: i32) -> Outcome {
    Outcome {
        output: output.into(),
        variables: variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        status,
        schedule: Some(Schedule::default()),
        runs: None,
    }
}

#[test]
fn what_a_limit_leaves_open_is_said_with_advice() {
    let mut found = unknown(Limit::States);
    found.outcomes = Some(vec![
        outcome("done\nwell\n", &[("balance", "101"), ("seen", "[1, 2]")], 1),
        outcome("done\n", &[("balance", "102"), ("seen", "[1, 2]")], 0),
    ]);
    found.advice = vec![
        Advice::Values { name: "total".into(), values: 4812 },
        Advice::Loop { line: 7, ways: 1000 },
        Advice::Part,
    ];
    let expected = r#"not known: deadlock, uncaught error, failed assertion, false invariant or ensure, livelock, data
  race, as the limit of states was reached (--max-states); none was found

outcomes: 2 different ones were found, there may be more
  1  balance = 101, seen = [1, 2], exit status 1
     | done
     | well
  2  balance = 102, seen = [1, 2]
     | done

help: `total` took 4,812 different values; with fewer of them (smaller numbers, fewer rounds) there
  are fewer states
help: threads stood in the loop at line 7 in 1,000 different ways; try fewer rounds
help: part of it is looked at with `--random 10000` (so many runs, drawn at random) or with
  `--preemptions 2` (all runs in which threads are interrupted at most twice): most mistakes show
  there
1,135 states, 2,210 steps, depth 14
"#;
    assert_eq!(plain(&found, &src(BANK), 100), expected);
}

#[test]
fn each_limit_has_its_words() {
    for (limit, words) in [
        (Limit::Time, "as the time was over (--max-time); none was found"),
        (Limit::Memory, "as the limit of memory was reached (--max-memory)"),
        (Limit::Stopped, "as the search was stopped"),
    ] {
        let text = plain(&unknown(limit), &src(""), 500);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn outcomes_are_a_set() {
    let mut found = findings(Vec::new());
    let said = |found: &Findings| {
        let text = plain(found, &src(""), 100);
        let (_, outcomes) = text.split_once("\n\n").expect("there are several blocks");
        outcomes.split_once("\n\n").expect("the summary is the last one").0.to_string()
    };
    found.outcomes = Some(vec![outcome("", &[], 0)]);
    assert_eq!(said(&found), "outcomes: always the same one\n  1  prints nothing");
    found.outcomes = Some((0..60).map(|n| outcome(&format!("{n}\n"), &[], 0)).collect());
    let text = said(&found);
    assert!(text.starts_with("outcomes: 60 different ones\n   1  | 0\n   2  | 1\n"), "{text}");
    assert!(text.ends_with("  50  | 49\n  … and 10 more"), "{text}");
    found.outcomes = Some(vec![outcome(&"line\n".repeat(100), &[], 0)]);
    assert!(said(&found).ends_with("     | line\n     … and 60 more lines"));
}

#[test]
fn a_long_story_leaves_out_its_middle() {
    let moments: Vec<Moment> = (0..1000).map(|n| does(0, n, &format!("does {n}"))).collect();
    let found = findings(vec![failure(Property::Livelock, "it is long", &["main"], moments)]);
    let text = plain(&found, &src(""), 100);
    assert!(text.contains("does 49\n   … 700 rows are left out here …\n    750 | does 750\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("| does")).count(), 300);
}

#[test]
fn a_long_value_is_cut_off() {
    let moment = does(0, 1, "clears xs").changes("xs", &"[0]".repeat(1000));
    let found = findings(vec![failure(Property::Livelock, "l", &["main"], vec![moment])]);
    let text = plain(&found, &src(""), 300);
    assert!(text.contains("| xs = [0][0]") && text.contains("[0][0]…\n"), "{text}");
    assert!(text.len() < 2000, "{text}");
}

#[test]
fn a_mark_outlives_a_moment_that_is_left_out() {
    let moments = vec![does(0, 1, "starts a"), Moment { thread: 1, preempts: true, ..Moment::default() }];
    let later = |thread| {
        let moments = [moments.clone(), vec![does(thread, 2, "goes on")]].concat();
        plain(&findings(vec![failure(Property::Livelock, "l", &["main", "a"], moments)]), &src(""), 100)
    };
    assert!(later(1).contains("\n>>    2 |          | goes on\n"), "{}", later(1));
    // Nothing is told of the turn it belongs to: it gets a row of its own.
    let alone = "\n>>      |          | goes on\n      2 | goes on  |\n";
    assert!(later(0).contains(alone), "{}", later(0));
}

#[test]
fn json_tells_all_of_it() {
    let (source, mut found) = bank();
    found.outcomes = Some(vec![outcome("done\n", &[("balance", "101")], 1)]);
    let value: serde_json::Value = serde_json::from_str(&json(&found, &source)).expect("it is JSON");
    assert_eq!(
        (&value["version"], &value["status"], &value["complete"]),
        (&1.into(), &1.into(), &true.into())
    );
    assert_eq!(value["outcomes"][0]["variables"]["balance"], "101");
    let words: Vec<_> = value["verdicts"].as_array().unwrap().iter().map(|v| &v["verdict"]).collect();
    assert_eq!(words, ["holds", "holds", "holds", "holds", "fails", "holds", "fails"]);
    let ensure = &value["verdicts"][4]["failure"];
    assert_eq!((&ensure["place"]["line"], &ensure["place"]["column"]), (&8.into(), &1.into()));
    assert_eq!(ensure["place"]["text"], "ensure balance == 102");
    assert_eq!(ensure["preemptions"], 1);
    assert_eq!(ensure["story"]["threads"][2]["label"], "teller/2");
    let moment = &ensure["story"]["moments"][6];
    assert_eq!((&moment["thread"], &moment["did"][0]), (&2.into(), &"stores balance = 101".into()));
    assert_eq!(
        (&moment["changed"][0]["name"], &moment["changed"][0]["value"]),
        (&"balance".into(), &"101".into())
    );
    assert_eq!(value["verdicts"][6]["failure"]["race"]["accesses"][0]["write"], true);
    let (source, found) = two_locks();
    let value: serde_json::Value = serde_json::from_str(&json(&found, &source)).expect("it is JSON");
    let first = &value["verdicts"][0]["failure"]["deadlock"]["threads"][0];
    assert_eq!((&first["waits"], &first["holds"][0]["line"]), (&"waits for right".into(), &3.into()));
    let (source, found) = chinese();
    let value: serde_json::Value = serde_json::from_str(&json(&found, &source)).expect("it is JSON");
    assert_eq!(value["verdicts"][2]["failure"]["error"]["code"], "E0308");
}
