//! Holds what came of a block against what its page says.

use super::compare;
use super::fence::{Expect, Mode};
use super::job::{self, Purpose, Script};
use super::markdown::Place;
use super::on_page;
use super::page::{Block, Expected};
use crate::explore::verdict::Property;
use crate::report::Level;
use crate::report::runtime::status;
use crate::source::Source;
use crate::syntax;
use serde_json::Value;

/// What one run of `conc` gave.
#[derive(Debug, Clone, Default)]
pub struct Gave {
    /// None when a signal ended it, or whoever ran it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// In SVG, if one was wanted and made.
    pub picture: Option<String>,
}

/// What the runs of a block gave; those that were not needed are None.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    pub text: Option<Gave>,
    pub findings: Option<Gave>,
}

/// Something that is not as the page says.
#[derive(Debug, Clone, PartialEq)]
pub struct Wrong {
    /// On the page.
    pub place: on_page::Place,
    pub message: String,
    /// Lines that show it, each with a newline; may be empty.
    pub detail: String,
}

impl Wrong {
    /// Of a line as a whole.
    pub fn new(line: u32, message: String) -> Wrong {
        Wrong { place: (line, 0), message, detail: String::new() }
    }
}

/// What the page should say instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    pub place: Place,
    pub lines: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Judgement {
    pub wrong: Vec<Wrong>,
    /// Of those among `wrong` that are wrong outputs only.
    pub corrections: Vec<Correction>,
    /// Whether something is wrong that no correction puts right.
    pub broken: bool,
}

/// The separator of outcomes of several lines.
const BETWEEN: &str = "---";

impl Runs {
    /// Which runs a block needs.
    pub fn needed(block: &Block) -> Vec<Purpose> {
        let text = match block.fence.mode {
            Mode::Run | Mode::Sim { .. } => true,
            Mode::Check => block.output.is_some() || block.report.is_some(),
            Mode::NoRun => false,
        };
        let findings = block.fence.mode == Mode::Check || block.outcomes.is_some();
        let purposes = [(text, Purpose::Text), (findings, Purpose::Findings)];
        purposes.into_iter().filter(|(needed, _)| *needed).map(|(_, purpose)| purpose).collect()
    }

    /// The picture, if one was made.
    pub fn picture(&self) -> Option<&str> {
        [&self.text, &self.findings].into_iter().flatten().find_map(|gave| gave.picture.as_deref())
    }
}

/// Judges a block.
pub fn judge(block: &Block, script: &Script, runs: &Runs) -> Judgement {
    let mut judgement = Judgement::default();
    if block.fence.mode == Mode::NoRun {
        judgement.syntax(block, script);
        return judgement;
    }
    match (&runs.findings, block.fence.mode) {
        (Some(gave), Mode::Check) => judgement.verdicts(block, script, gave),
        _ => {
            if let Some(gave) = &runs.text {
                judgement.ending(block, script, gave);
            }
        }
    }
    if judgement.broken {
        return judgement;
    }
    if block.fence.picture && runs.picture().is_none() {
        let message = "the page asks for a picture, and none was made".to_string();
        judgement.breaks(fence_of(block), message, String::new());
    }
    if let Some(gave) = &runs.text {
        let output = compare::lines(job::own_output(&gave.stdout));
        judgement.lines("output", &block.output, output, block.any_order);
        judgement.lines("report", &block.report, compare::lines(&gave.stderr), false);
    }
    if let (Some(expected), Some(gave)) = (&block.outcomes, &runs.findings) {
        judgement.outcomes(block, script, expected, gave);
    }
    judgement
}

impl Judgement {
    fn breaks(&mut self, place: on_page::Place, message: String, detail: String) {
        self.broken = true;
        self.wrong.push(Wrong { place, message, detail });
    }

    /// Of a run that has reported something.
    fn breaks_with(&mut self, block: &Block, script: &Script, message: String, gave: &Gave) {
        let place = on_page::first_place(script, &gave.stderr).unwrap_or(fence_of(block));
        self.breaks(place, message, indented(&on_page::report(script, &gave.stderr)));
    }

    fn syntax(&mut self, block: &Block, script: &Script) {
        let source = Source::new(job::name(block), &*script.text);
        let (_, found) = syntax::parse(&source);
        if let Some(error) = found.iter().find(|found| found.level == Level::Error) {
            let (line, column) = source.line_column(error.span.start);
            let place = on_page::place(script, line, column).unwrap_or(fence_of(block));
            let shown = on_page::excerpt(script, (line, column), &[]);
            self.breaks(place, error.message.clone(), shown);
        }
    }

    /// How a run has ended.
    fn ending(&mut self, block: &Block, script: &Script, gave: &Gave) {
        let right = match block.fence.expects.first() {
            None => gave.status == Some(status::FINE),
            Some(Expect::Fails(code)) => {
                let failed = [Some(status::FAILED), Some(status::MISUNDERSTOOD)].contains(&gave.status);
                failed && code.as_ref().is_none_or(|code| gave.stderr.contains(&format!("[{code}]")))
            }
            Some(Expect::Deadlocks) => gave.status == Some(status::DEADLOCK),
            Some(Expect::Races) => gave.status == Some(status::RACE),
            Some(Expect::Livelocks) => false, // a fence that says so is refused
        };
        if !right {
            let message = format!("{}, and {}", wanted(&block.fence.expects), ended(gave));
            self.breaks_with(block, script, message, gave);
        }
    }

    /// What a check has found.
    fn verdicts(&mut self, block: &Block, script: &Script, gave: &Gave) {
        let Some(findings) = findings(gave) else {
            // It was not explored: it does not compile, or something else is wrong.
            let fails = block.fence.expects.iter().any(|expect| match expect {
                Expect::Fails(Some(code)) => gave.stderr.contains(&format!("[{code}]")),
                Expect::Fails(None) => true,
                Expect::Deadlocks | Expect::Races | Expect::Livelocks => false,
            });
            if !fails || gave.status != Some(status::MISUNDERSTOOD) {
                let message = format!("it could not be explored: {}", ended(gave));
                self.breaks_with(block, script, message, gave);
            }
            return;
        };
        if let Some(limit) = findings["limit"].as_str() {
            let message = format!("the check did not cover everything: it came to its limit of {limit}");
            return self.breaks(fence_of(block), message, String::new());
        }
        let empty = Vec::new();
        let verdicts = findings["verdicts"].as_array().unwrap_or(&empty);
        let mut found: Vec<(Expect, &Value)> = Vec::new();
        for verdict in verdicts.iter().filter(|verdict| verdict["verdict"] == "fails") {
            found.extend(expect_of(verdict).map(|expect| (expect, &verdict["failure"])));
        }
        for (expect, failure) in &found {
            if !block.fence.expects.iter().any(|wanted| covers(wanted, expect)) {
                let what = failure["what"].as_str().unwrap_or_default();
                let code =
                    if let Expect::Fails(Some(code)) = expect { format!(" [{code}]") } else { String::new() };
                let message =
                    format!("the check finds what the page does not say: {}{code}: {what}", expect.word());
                let (first, others) = lines_of(failure);
                let place = on_page::place(script, first.0, first.1).unwrap_or(fence_of(block));
                self.breaks(place, message, on_page::excerpt(script, first, &others));
            }
        }
        for wanted in &block.fence.expects {
            if !found.iter().any(|(expect, _)| covers(wanted, expect)) {
                let message = format!("the page says `{}`, and the check does not find it", said(wanted));
                self.breaks(fence_of(block), message, String::new());
            }
        }
    }

    fn lines(&mut self, name: &str, expected: &Option<Expected>, actual: Vec<String>, any_order: bool) {
        let Some(Expected { lines, place }) = expected else { return };
        let same = match any_order {
            true => compare::matches_in_any_order(lines, &actual),
            false => compare::matches(lines, &actual),
        };
        if same {
            return;
        }
        let order = if any_order { " (in any order)" } else { "" };
        let message = format!("the {name} differs{order}");
        let detail = compare::difference(lines, &actual, any_order);
        self.wrong.push(Wrong { place: (place.line, 0), message, detail });
        self.corrections.push(Correction { place: place.clone(), lines: actual });
    }

    fn outcomes(&mut self, block: &Block, script: &Script, expected: &Expected, gave: &Gave) {
        let explored = findings(gave);
        let all = explored.as_ref().and_then(|findings| findings["outcomes"].as_array());
        let (Some(findings), Some(all)) = (&explored, all) else {
            let message = "its outcomes could not be explored".to_string();
            return self.breaks_with(block, script, message, gave);
        };
        if let Some(limit) = findings["limit"].as_str() {
            let message = format!("not all outcomes are known: exploring came to its limit of {limit}");
            return self.breaks((expected.place.line, 0), message, String::new());
        }
        let outputs = all.iter().filter_map(|outcome| outcome["output"].as_str());
        let mut actual: Vec<&str> = outputs.map(job::own_output).collect();
        actual.sort_unstable();
        actual.dedup();
        let mut wanted = parts(&expected.lines);
        wanted.sort();
        // One outcome of several lines needs no separator.
        let only = matches!(&actual[..], [only] if compare::lines(only) == expected.lines);
        if wanted != actual && !only {
            let (place, actual) = (expected.place.clone(), listed(&actual));
            let detail = compare::difference(&expected.lines, &actual, false);
            let message = "the outcomes are others".to_string();
            self.wrong.push(Wrong { place: (place.line, 0), message, detail });
            self.corrections.push(Correction { place, lines: actual });
        }
    }
}

/// The outcomes that a page lists: texts, each of whole lines.
fn parts(lines: &[String]) -> Vec<String> {
    let whole = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    if lines.iter().any(|line| line == BETWEEN) {
        return lines.split(|line| line == BETWEEN).map(whole).collect();
    }
    lines.iter().map(|line| if line.is_empty() { String::new() } else { format!("{line}\n") }).collect()
}

/// The other way round.
fn listed(outcomes: &[&str]) -> Vec<String> {
    let several = outcomes.iter().any(|outcome| outcome.lines().count() > 1);
    let mut lines: Vec<String> = Vec::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        if several && at > 0 {
            lines.push(BETWEEN.to_string());
        }
        if outcome.is_empty() && !several {
            lines.push(String::new());
        }
        lines.extend(outcome.lines().map(str::to_string));
    }
    lines
}

/// What a check has said as data; None when it has not come so far.
fn findings(gave: &Gave) -> Option<Value> {
    serde_json::from_str(&gave.stdout).ok().filter(|value: &Value| value["verdicts"].is_array())
}

/// What a check has found, each in a few words; None when nothing could be explored.
pub fn failures(gave: &Gave) -> Option<Vec<String>> {
    let findings = findings(gave)?;
    let all = findings["verdicts"].as_array()?.iter();
    let what = |verdict: &Value| {
        let said = verdict["failure"]["what"].as_str().filter(|what| !what.is_empty());
        said.or(verdict["property"].as_str()).unwrap_or_default().to_string()
    };
    Some(all.filter(|verdict| verdict["verdict"] == "fails").map(what).collect())
}

/// A property that fails, in the words of a fence.
fn expect_of(verdict: &Value) -> Option<Expect> {
    let word = verdict["property"].as_str()?;
    let property = Property::ALL.into_iter().find(|property| property.word() == word)?;
    Some(match property {
        Property::Deadlock => Expect::Deadlocks,
        Property::Livelock => Expect::Livelocks,
        Property::Race => Expect::Races,
        Property::Error | Property::Assertion | Property::Invariant | Property::Ensure => {
            Expect::Fails(verdict["failure"]["error"]["code"].as_str().map(str::to_string))
        }
    })
}

fn covers(wanted: &Expect, found: &Expect) -> bool {
    matches!((wanted, found), (Expect::Fails(None), Expect::Fails(_))) || wanted == found
}

fn said(expect: &Expect) -> String {
    match expect {
        Expect::Fails(Some(code)) => format!("fails={code}"),
        Expect::Fails(None) | Expect::Deadlocks | Expect::Races | Expect::Livelocks => {
            expect.word().to_string()
        }
    }
}

fn wanted(expects: &[Expect]) -> String {
    match expects {
        [] => "nothing should go wrong".to_string(),
        [expect, ..] => format!("the page says `{}`", said(expect)),
    }
}

fn ended(gave: &Gave) -> String {
    match gave.status {
        None => "it was stopped: it did not end in time".to_string(),
        Some(status::FINE) => "nothing went wrong".to_string(),
        // What conc ends it with has a report: it is the script's own `exit(3)`.
        Some(status) if gave.stderr.is_empty() => format!("it ended with status {status}"),
        Some(status::FAILED) => "it failed (status 1)".to_string(),
        Some(status::MISUNDERSTOOD) => "it cannot be understood (status 2)".to_string(),
        Some(status::DEADLOCK) => "it ended in a deadlock (status 3)".to_string(),
        Some(status::RACE) => "it has a data race (status 4)".to_string(),
        Some(status::TIMEOUT) => "it did not end in time (status 124)".to_string(),
        Some(status) => format!("it ended with status {status}"),
    }
}

fn fence_of(block: &Block) -> on_page::Place {
    (block.place.line, 0)
}

/// The place of the script that a failure is about, and other lines that it speaks of.
fn lines_of(failure: &Value) -> ((u32, u32), Vec<u32>) {
    let number = |value: &Value| value.as_u64().unwrap_or_default() as u32;
    let place = |value: &Value| (number(&value["line"]), number(&value["column"]));
    let all = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let accesses = all(&failure["race"]["accesses"]);
    let threads = all(&failure["deadlock"]["threads"]);
    let mut others: Vec<u32> = accesses.iter().chain(&threads).map(|one| number(&one["line"])).collect();
    others.extend(threads.iter().flat_map(|thread| all(&thread["holds"])).map(|held| number(&held["line"])));
    let first = [&failure["place"], &accesses.first().map_or(Value::Null, |access| access["place"].clone())];
    let first = first.into_iter().find(|value| !value.is_null()).map(place);
    let waits = || threads.first().map(|thread| (number(&thread["line"]), 0));
    (first.or_else(waits).unwrap_or_default(), others)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
