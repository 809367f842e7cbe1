//! What verdicts rest on that are no proof: runs drawn at random, or runs with few preemptions.

use super::super::Style;
use super::check::{grouped, named, sentence, states};
use super::columns::wrap;
use crate::explore::Strategy;
use crate::explore::covered::{Bound, Covered, Sample};
use crate::explore::verdict::{Findings, Property};

/// Behind a failure: in how many runs of a sample it shows.
pub fn how_often(covered: &Covered, property: Property) -> String {
    match covered {
        Covered::Everything | Covered::Preemptions(_) => String::new(),
        Covered::Sample(sample) => match sample.runs_failing(property) {
            0 => String::new(),
            times if times == sample.runs && times > 1 => format!(", in all {}", runs(times)),
            times => format!(", in {} of {}", grouped(times), runs(sample.runs)),
        },
    }
}

/// Which properties are not known, and why: a sentence each. `why` is the limit that was hit, if one was.
pub fn unknown(findings: &Findings, properties: &[Property], why: Option<String>) -> Vec<String> {
    match &findings.covered {
        Covered::Everything => {
            let why = why.unwrap_or_else(|| "this could not be decided".to_string());
            vec![format!("{}, as {why}; none was found", named("", properties))]
        }
        Covered::Sample(sample) => {
            let made = match sample.runs {
                1 => "1 run that was drawn at random has shown none".to_string(),
                n => format!("{} runs that were drawn at random have shown none", grouped(n)),
            };
            let stopped = why.map_or(String::new(), |why| format!(", then {why}"));
            let said = |properties: &[Property]| format!("{}: {made}{stopped}", named("", properties));
            apart(properties, said)
        }
        Covered::Preemptions(bound) => {
            apart(properties, |properties| within(*bound, properties, findings, why.as_deref()))
        }
    }
}

/// Livelocks are told for themselves: no run shows one.
fn apart(properties: &[Property], said: impl FnOnce(&[Property]) -> String) -> Vec<String> {
    let others: Vec<Property> = properties.iter().copied().filter(|it| *it != Property::Livelock).collect();
    let mut sentences = Vec::new();
    if !others.is_empty() {
        sentences.push(said(&others));
    }
    if properties.contains(&Property::Livelock) {
        let deadlock =
            if properties.contains(&Property::Deadlock) { ", deadlock among some threads" } else { "" };
        sentences.push(format!("livelock{deadlock}: only the whole space shows them"));
    }
    sentences
}

fn within(bound: Bound, properties: &[Property], findings: &Findings, why: Option<&str>) -> String {
    let named = named("", properties);
    let met = states(findings.states);
    match (bound.finished, why) {
        (Some(finished), None) => {
            format!("{named} beyond {}; within that none was found, in {met}", preemptions(finished))
        }
        (Some(finished), Some(why)) => {
            format!("{named} beyond {}, as {why}; none was found", preemptions(finished))
        }
        (None, why) => {
            let why = why.unwrap_or("this could not be decided");
            format!("{named}, as {why} before all runs without a preemption were covered; none was found")
        }
    }
}

fn preemptions(n: u32) -> String {
    if n == 1 { "1 preemption".to_string() } else { format!("{n} preemptions") }
}

pub fn runs(n: u64) -> String {
    if n == 1 { "1 run".to_string() } else { format!("{} runs", grouped(n)) }
}

/// What a sample came to, and what it is worth.
pub fn sample(sample: &Sample, steps: u64, style: &Style, width: usize) -> String {
    let how = match sample.strategy {
        Strategy::Walk => "a plain walk: each thread that can move is as likely as the others".to_string(),
        Strategy::Uniform => {
            "uniform: each interleaving is as likely as the others where nobody has to wait".to_string()
        }
        Strategy::Pos => "pos: each order of steps that depend on each other can come".to_string(),
        Strategy::Pct { depth } => format!("pct, depth {depth}"),
        Strategy::Turns => format!("uniform, pos and pct (depth {}) in turn", Strategy::DEPTH),
    };
    let mut text = sentence("sample:", &style.bold("sample:"), &how, width);
    if let Some(depth) = sample.strategy.depth()
        && sample.by_priorities > 0
        && sample.cut == 0
    {
        text += &sentence("sample:", &style.bold("sample:"), &guarantee(sample, depth), width);
    }
    if sample.cut > 0 {
        let cut = match sample.cut {
            1 => "1 run was".to_string(),
            n => format!("{} runs were", grouped(n)),
        };
        let said = format!(
            "{cut} cut after {} steps (--max-steps) and may be endless: what comes later in them was not seen",
            grouped(sample.most_steps)
        );
        text += &sentence("cut:", &style.remark("cut:"), &said, width);
    }
    let asked =
        if sample.runs < sample.asked { format!(" of {}", grouped(sample.asked)) } else { String::new() };
    let made = match sample.runs {
        1 if asked.is_empty() => "1 run".to_string(),
        n => format!("{}{asked} runs", grouped(n)),
    };
    let steps = if steps == 1 { "1 step".to_string() } else { format!("{} steps", grouped(steps)) };
    let threads =
        if sample.threads == 1 { "1 thread".to_string() } else { format!("{} threads", sample.threads) };
    let longest = match sample.longest {
        0 => String::new(),
        1 => "1 step and ".to_string(),
        n => format!("{} steps and ", grouped(n)),
    };
    let summary =
        format!("{made} with seed {}, {steps} in all, at most {longest}{threads} in a run", sample.seed);
    text + &wrap(&summary, width).join("\n") + "\n"
}

/// What PCT promises.
fn guarantee(sample: &Sample, depth: u32) -> String {
    let orders = match depth {
        1 => "1 pair of steps".to_string(),
        n => format!("{n} pairs of steps"),
    };
    format!(
        "a failure that takes the right order of {orders} shows in a run of pct with a chance of at least 1 in {}, so \
         all {} miss it with a chance of {}",
        grouped(sample.one_in(depth).ceil() as u64),
        grouped(sample.by_priorities),
        percent(sample.missed(depth))
    )
}

/// With three digits that mean something.
fn percent(chance: f64) -> String {
    let percent = chance * 100.0;
    match percent {
        _ if percent >= 10.0 => format!("at most {percent:.1} %"),
        _ if percent >= 0.001 => format!("at most {percent:.3} %"),
        _ => "less than 0.001 %".to_string(),
    }
}
