//! `conc check` and `conc replay`: what can happen, told as text or as JSON.

use super::exploring::{Check, Format, Replay};
use super::progress::Watcher;
use super::schedule::Saved;
use super::{Failure, compile, compile_keeping, print, say, script};
use conc::explore::verdict::{Findings, Property};
use conc::explore::{self, Options};
use conc::report::{Style, render};
use conc::source::Source;

/// Explores; the exit status.
pub fn check(check: Check) -> i32 {
    let (source, arguments) = match script::load(&check.script) {
        Ok(loaded) => loaded,
        Err(failure) => return failure.report(),
    };
    let program = match compile_keeping(source, &check.vars) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let known = |name: &String| program.globals.iter().chain(&program.fixed).any(|known| **known == **name);
    if let Some(missing) = check.vars.iter().find(|name| !known(name)) {
        return Failure::new(format!("--vars: the script has no variable `{missing}` at its top level"))
            .hint("name variables that are declared with `var` or `let` outside of every block")
            .report();
    }
    let mut watcher = match Watcher::new(check.max_time) {
        Ok(watcher) => watcher,
        Err(error) => return Failure::new(format!("signals cannot be watched: {error}")).report(),
    };
    let options = check.options(arguments);
    let mut findings = explore::check(program.clone(), &options, &mut |progress| watcher.tell(progress));
    watcher.end();
    keep_only(&mut findings, &check.property);
    tell(&findings, &program.source, check.format);
    if let Some(path) = &check.save {
        match findings.failures().next() {
            Some(failure) => {
                let schedule = failure.story.schedule.clone();
                let source = Source::new(program.source.name.clone(), &*program.source.text);
                let Options { arguments, seed, time, .. } = options;
                if let Err(failure) = (Saved { source, arguments, seed, time, schedule }).save(path) {
                    return failure.report();
                }
                say(&format!("saved: `conc replay {}` runs it again\n", path.display()));
            }
            None => say("nothing was saved: no counterexample was found\n"),
        }
    }
    findings.status()
}

/// Runs one schedule again; the exit status is what that run shows.
pub fn replay(replay: Replay) -> i32 {
    let saved = match Saved::load(&replay.schedule) {
        Ok(saved) => saved,
        Err(failure) => return failure.report(),
    };
    let program = match compile(saved.source) {
        Ok(program) => program,
        Err(status) => return status,
    };
    let options =
        Options { arguments: saved.arguments, seed: saved.seed, time: saved.time, ..Options::default() };
    match explore::replay(program.clone(), &options, &saved.schedule) {
        Ok(findings) => {
            tell(&findings, &program.source, replay.format);
            findings.status()
        }
        Err(why) => Failure::new(format!("the schedule does not fit the script: {why}"))
            .hint("save it again: `conc check --save FILE …`")
            .report(),
    }
}

/// Leaves the verdicts that were asked for; all of them when none was named.
fn keep_only(findings: &mut Findings, wanted: &[Property]) {
    if !wanted.is_empty() {
        findings.verdicts.retain(|(property, _)| wanted.contains(property));
    }
}

fn tell(findings: &Findings, source: &Source, format: Format) {
    print(&match format {
        Format::Text => render::check(findings, source, &Style::for_stdout(), width()),
        Format::Json => render::json(findings, source),
    });
}

/// How wide the terminal is.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.unwrap_or(render::DEFAULT_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use conc::explore::verdict::Verdict;

    #[test]
    fn verdicts_that_nobody_asked_for_do_not_count() {
        let verdicts = |race: Verdict| vec![(Property::Deadlock, Verdict::Holds), (Property::Race, race)];
        let findings = |race| Findings {
            verdicts: verdicts(race),
            states: 1,
            steps: 0,
            depth: 0,
            limit: None,
            outcomes: None,
            advice: Vec::new(),
        };
        let mut all = findings(Verdict::Unknown);
        keep_only(&mut all, &[]);
        assert_eq!((all.verdicts.len(), all.status()), (2, 6));
        keep_only(&mut all, &[Property::Deadlock]);
        assert_eq!((all.verdicts.len(), all.status()), (1, 0));
    }
}
