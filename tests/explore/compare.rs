//! Holds what an explorer found against the oracle's answer.

use crate::model::Program;
use crate::oracle::{Answer, Outcome};
use crate::render::VARS;
use conc::explore::verdict::Property;
use std::collections::{BTreeMap, BTreeSet};

/// What an explorer says of a program, in a form that can be compared.
#[derive(Debug, Default)]
pub struct Found {
    pub fails: BTreeMap<Property, Failing>,
    pub outcomes: BTreeSet<Ended>,
    /// Why its verdicts are not complete, or anything else that must not be.
    pub complaint: Option<String>,
}

#[derive(Debug)]
pub struct Failing {
    /// None when it is not told.
    pub preemptions: Option<u32>,
    /// Of an uncaught error.
    pub kind: Option<String>,
}

/// A good end: output, final values by name, exit status.
pub type Ended = (String, Vec<(String, String)>, i32);

/// The names whose final values belong to an outcome.
pub fn names(program: &Program) -> Vec<String> {
    let names = VARS.iter().take(program.vars.len()).map(ToString::to_string);
    names.chain(program.list.as_ref().map(|_| "xs".into())).collect()
}

fn ended(program: &Program, outcome: &Outcome) -> Ended {
    let mut values: Vec<String> = outcome.vars.iter().map(ToString::to_string).collect();
    if program.list.is_some() {
        values.push(format!("{:?}", outcome.list));
    }
    (outcome.output.clone(), names(program).into_iter().zip(values).collect(), outcome.status)
}

/// The properties that fail, with the fewest preemptions, and the kinds of errors that there are.
fn failing(answer: &Answer) -> BTreeMap<Property, (Option<u32>, Vec<&'static str>)> {
    let mut fails = BTreeMap::new();
    if answer.deadlock.is_some() || answer.partial {
        // How a deadlock among some of the threads begins is not counted by the oracle.
        let known = !answer.partial && !answer.unclear_partial;
        fails.insert(Property::Deadlock, (answer.deadlock.filter(|_| known), Vec::new()));
    }
    let (assertions, errors): (Vec<_>, Vec<_>) =
        answer.errors.iter().partition(|(kind, _)| **kind == "assertion");
    for (property, errors) in [(Property::Assertion, assertions), (Property::Error, errors)] {
        if let Some(least) = errors.iter().map(|(_, preemptions)| **preemptions).min() {
            fails.insert(property, (Some(least), errors.iter().map(|(kind, _)| **kind).collect()));
        }
    }
    let simple = [
        (Property::Invariant, answer.invariant),
        (Property::Ensure, answer.ensure),
        (Property::Race, answer.race),
    ];
    for (property, preemptions) in simple {
        if preemptions.is_some() {
            fails.insert(property, (preemptions, Vec::new()));
        }
    }
    if answer.livelock {
        fails.insert(Property::Livelock, (None, Vec::new()));
    }
    fails
}

/// The oracle's answer as if an explorer had found it.
pub fn as_found(program: &Program, answer: &Answer) -> Found {
    let fails = failing(answer).into_iter().map(|(property, (preemptions, kinds))| {
        (property, Failing { preemptions, kind: kinds.first().map(ToString::to_string) })
    });
    Found {
        fails: fails.collect(),
        outcomes: answer.outcomes.iter().map(|outcome| ended(program, outcome)).collect(),
        complaint: None,
    }
}

/// In what they differ, in words; empty when they agree.
pub fn differences(program: &Program, answer: &Answer, found: &Found) -> Vec<String> {
    let mut differences: Vec<String> = found.complaint.iter().cloned().collect();
    let expected = failing(answer);
    for property in Property::ALL {
        if property == Property::Race && answer.unclear_race && answer.race.is_none() {
            continue;
        }
        let unclear = matches!(property, Property::Deadlock | Property::Livelock) && answer.unclear_partial;
        if unclear && !expected.contains_key(&property) {
            continue;
        }
        let word = property.word();
        match (expected.get(&property), found.fails.get(&property)) {
            (None, None) => {}
            (Some(_), None) => differences.push(format!("{word}: the oracle says fails, conc says holds")),
            (None, Some(_)) => differences.push(format!("{word}: the oracle says holds, conc says fails")),
            (Some((fewest, kinds)), Some(failing)) => {
                // A race that is not clear may be nearer. And a step of conc's goes on over what nobody can tell (a
                // `choose`, a variable that never changes, a `throw` at a thread's beginning), so two threads may stand
                // before their accesses, or one may fail, with fewer switches than here.
                let clear = property != Property::Race || !answer.unclear_race;
                let coarser = matches!(property, Property::Race | Property::Error | Property::Assertion);
                if let (Some(fewest), Some(told)) = (fewest, failing.preemptions)
                    && clear
                    && (*fewest < told || (*fewest > told && !coarser))
                {
                    differences.push(format!("{word}: fewest preemptions {fewest}, conc's story has {told}"));
                }
                if let Some(kind) = &failing.kind
                    && !kinds.is_empty()
                    && !kinds.contains(&kind.as_str())
                {
                    differences.push(format!("{word}: conc found {kind}, possible are {kinds:?}"));
                }
            }
        }
    }
    // Whether an invariant was broken on the way is not part of the oracle's states, so the status is not known then.
    let plain = |(output, values, status): &Ended| {
        (output.clone(), values.clone(), if program.invariants.is_empty() { *status } else { 0 })
    };
    let expected: BTreeSet<Ended> =
        answer.outcomes.iter().map(|outcome| plain(&ended(program, outcome))).collect();
    let told: BTreeSet<Ended> = found.outcomes.iter().map(plain).collect();
    differences.extend(expected.difference(&told).map(|outcome| format!("outcome not found: {outcome:?}")));
    differences.extend(told.difference(&expected).map(|outcome| format!("impossible outcome: {outcome:?}")));
    differences
}
