//! `conc check` and `conc replay`: what can happen, told as text or as JSON.

use super::exploring::{Check, Format, Replay};
use super::language::said;
use super::progress::Watcher;
use super::trace::Target;
use super::{Failure, colour, columns, compile_keeping, print, say, schedule, script};
use conc::code::verify::Verified;
use conc::explore::schedule::Recorded;
use conc::explore::verdict::{self, Findings, Schedule, Story};
use conc::explore::{self, Options};
use conc::report::render;
use conc::source::Source;
use std::path::Path;
use std::sync::Arc;

/// Explores; the exit status.
pub fn check(check: Check) -> i32 {
    explored(&check).unwrap_or_else(|failure| failure.report())
}

fn explored(check: &Check) -> Result<i32, Failure> {
    let wanted = check.outcomes_to_save()?;
    let saved = check.save.iter().map(|path| &**path).chain(wanted.iter().map(|(_, path)| &**path));
    saved.into_iter().try_for_each(schedule::has_place)?;
    let (source, arguments) = script::load(&check.script)?;
    let program = match compile_keeping(source, &check.vars) {
        Ok(program) => program,
        Err(status) => return Ok(status),
    };
    let known = |name: &String| program.globals.iter().chain(&program.fixed).any(|known| **known == **name);
    if let Some(missing) = check.vars.iter().find(|name| !known(name)) {
        return Err(Failure::new(format!("--vars: the script has no variable `{missing}` at its top level"))
            .hint("name variables that are declared with `var` or `let` outside of every block"));
    }
    let target = Target::open(check.trace.as_deref())?;
    let mut watcher = Watcher::new(check.max_time)?;
    let options = check.options(arguments);
    let findings = explore::check(program.clone(), &options, &mut |progress| watcher.tell(progress));
    watcher.end();
    tell(&findings, &program.source, check.format);
    let script = script::path(&check.script);
    if let Some(path) = &check.save {
        match findings.failures().next() {
            Some(failure) => {
                let fails = Some((failure.property, failure.what.clone()));
                schedule::save(path, script, &program, &options, fails, &failure.story)?;
            }
            None => say(&said("nothing was saved: no counterexample was found\n")),
        }
    }
    let mut status = findings.status();
    if let Some(target) = target {
        match findings.failures().next() {
            Some(failure) => {
                let story = (&*failure.what, &failure.story.schedule);
                status = draw(target, &program, &options, story, status)?;
            }
            None => {
                target.discard();
                say(&said("nothing was drawn: no counterexample was found\n"));
            }
        }
    }
    for (number, path) in &wanted {
        save_outcome(*number, path, script, &program, &options, &findings)?;
    }
    Ok(status)
}

/// Draws the run of a schedule, with what it shows; the exit status.
fn draw(
    target: Target,
    program: &Arc<Verified>,
    options: &Options,
    (what, schedule): (&str, &Schedule),
    status: i32,
) -> Result<i32, Failure> {
    let log = explore::watched(program.clone(), options, schedule)
        .map_err(|why| Failure::new(format!("the run cannot be drawn: {why}")))?;
    Ok(target.write(&log, &format!("{}: {}", program.source.name, said(what)), status))
}

fn save_outcome(
    number: usize,
    path: &Path,
    script: Option<&Path>,
    program: &Arc<Verified>,
    options: &Options,
    findings: &Findings,
) -> Result<(), Failure> {
    let outcomes = findings.outcomes.as_deref().unwrap_or_default();
    let Some(outcome) = outcomes.get(number - 1) else {
        let found = match outcomes.len() {
            0 => "none was found".to_string(),
            1 => "only one was found".to_string(),
            n => format!("only {n} were found"),
        };
        return Err(Failure::new(format!("--save-outcome: there is no outcome {number}, {found}"))
            .hint("`conc check --outcomes` numbers them"));
    };
    // An outcome has no story of its own.
    let schedule = outcome.schedule.clone().unwrap_or_default(); // it was asked for
    let (_, story) = explore::replay(program.clone(), options, &schedule)
        .map_err(|why| Failure::new(format!("outcome {number} cannot be saved: {why}")))?;
    schedule::save(path, script, program, options, None, &story)
}

/// Runs one schedule again; the exit status is what that run shows.
pub fn replay(replay: Replay) -> i32 {
    let (recorded, program) = match schedule::load(&replay.schedule) {
        Ok(loaded) => loaded,
        Err(status) => return status,
    };
    let target = match Target::open(replay.trace.as_deref()) {
        Ok(target) => target,
        Err(failure) => return failure.report(),
    };
    let options = recorded.settings.options();
    match explore::replay(program.clone(), &options, &recorded.schedule) {
        Ok((findings, story)) => {
            // What fails on the way has a story of its own, which ends there.
            let length = |story: &Story| story.schedule.turns.len();
            let goes_on = |failure: &verdict::Failure| length(&failure.story) < length(&story);
            if replay.format == Format::Text && findings.failures().all(goes_on) {
                print(&drawn(&story));
            }
            tell(&findings, &program.source, replay.format);
            say(&what_is_missing(&recorded, &findings));
            let Some(target) = target else { return findings.status() };
            let what = findings.failures().next().map(|failure| failure.what.clone());
            let what = what.unwrap_or_else(|| "a recorded run".to_string());
            draw(target, &program, &options, (&what, &recorded.schedule), findings.status())
                .unwrap_or_else(|failure| failure.report())
        }
        Err(why) => {
            target.into_iter().for_each(Target::discard);
            schedule::does_not_fit(&why).report()
        }
    }
}

/// The story of a run in which nothing fails.
fn drawn(story: &Story) -> String {
    let drawn = render::story(story, None, &colour::stdout(), columns::of_reports());
    if drawn.is_empty() { drawn } else { format!("{}\n\n{drawn}\n", said("How this run goes:")) }
}

/// Said when the run does not show what it was saved for: of a livelock, one run shows the way in only.
fn what_is_missing(recorded: &Recorded, findings: &Findings) -> String {
    match &recorded.fails {
        Some((property, what)) if !findings.failures().any(|failure| failure.property == *property) => {
            let word = property.word();
            let what = render::clean(&said(what));
            let missing =
                format!("it was saved for a failure that this one run does not show: {word}: {what}");
            format!("{} {}\n", said("note:"), said(missing))
        }
        Some(_) | None => String::new(),
    }
}

fn tell(findings: &Findings, source: &Source, format: Format) {
    print(&match format {
        Format::Text => render::check(findings, source, &colour::stdout(), columns::of_reports()),
        Format::Json => render::json(findings, source),
    });
}
