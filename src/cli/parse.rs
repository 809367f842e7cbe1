//! Words of the command line become a command: `run` goes without saying, and complaints have what clap cannot know.

use super::arguments::{CommandLine, table};
use super::colour::Color;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, ValueEnum};
use std::ffi::OsString;

/// What `--color` says where clap does not understand the rest: its complaint has colours, too.
pub fn color(words: &[OsString]) -> Color {
    let mut words = words.iter().filter_map(|word| word.to_str());
    let Some(flag) = words.find(|word| word.starts_with("--color")) else { return Color::Auto };
    let value = flag.strip_prefix("--color=").or(words.next()).unwrap_or_default();
    Color::from_str(value, false).unwrap_or_default()
}

/// What is asked for; or clap's answer, which is a complaint or the help that was asked for.
pub fn parse(words: Vec<OsString>) -> Result<CommandLine, clap::Error> {
    let first = words.get(before_command(&words)).map(|word| word.to_str().unwrap_or_default());
    let help = first.is_none().then(|| "--help".into());
    // `run` goes without saying.
    let known = first.is_none_or(|first| {
        ["-h", "--help", "-V", "--version"].contains(&first)
            || CommandLine::command().find_subcommand(first).is_some()
    });
    let run = (!known).then(|| "run".into());
    let asked = ["conc".into()].into_iter().chain(run).chain(words.iter().cloned()).chain(help);
    let found = table().try_get_matches_from(asked);
    if let (Err(error), Some(joined)) = (&found, joined(&words))
        && error.kind() == ErrorKind::UnknownArgument
    {
        return parse(joined);
    }
    let read = found.and_then(|found| CommandLine::from_arg_matches(&found));
    read.map_err(|error| with_advice(error.format(&mut table()), &words))
}

/// The same words with numbers below zero joined to the flags before them, `--timeout=-3s`; clap takes `-3s` for a flag
/// otherwise, and does not say what is wrong with it. None where there are none.
fn joined(words: &[OsString]) -> Option<Vec<OsString>> {
    let is_flag = |word: &str| word.starts_with("--") && word.len() > 2 && !word.contains('=');
    let is_negative = |word: &str| {
        word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut all: Vec<OsString> = Vec::new();
    for word in words {
        match (all.last_mut(), word.to_str()) {
            (Some(last), Some(word)) if is_negative(word) && last.to_str().is_some_and(is_flag) => {
                last.push("=");
                last.push(word);
            }
            _ => all.push(word.clone()),
        }
    }
    (all.len() < words.len()).then_some(all)
}

/// A complaint with what clap cannot know.
fn with_advice(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let unknown = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) if error.kind() == ErrorKind::UnknownArgument => Some(flag.clone()),
        Some(_) | None => None,
    };
    let advice = match unknown {
        Some(flag) => commands_with(&flag),
        None if error.kind() == ErrorKind::MissingRequiredArgument => taken_by_a_flag(words),
        None => None,
    };
    if let Some(advice) = advice {
        // What is spelt alike was not meant.
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice.into()]));
    }
    error
}

/// Which commands have a flag that this one does not have.
fn commands_with(flag: &str) -> Option<String> {
    let table = CommandLine::command();
    let Some(name) = flag.strip_prefix("--") else { return of_one_letter(flag).map(str::to_string) };
    if table.find_subcommand(name).is_some() {
        return Some(format!("did you mean the command `conc {name}`?"));
    }
    let has = |command: &&clap::Command| command.get_arguments().any(|it| it.get_long() == Some(name));
    let commands: Vec<String> =
        table.get_subcommands().filter(has).map(|command| format!("`conc {}`", command.get_name())).collect();
    (!commands.is_empty()).then(|| format!("{flag} belongs to {}", commands.join(", ")))
}

/// What flags of one letter mean in commands like this one.
fn of_one_letter(flag: &str) -> Option<&'static str> {
    match flag {
        "-c" => Some("a text is run with -e: `conc -e 'print(1)'`"),
        "-i" => Some("`conc` alone is a session, and `:load FILE` runs a script in it"),
        "-v" => Some("-V tells the version"),
        _ => None,
    }
}

/// Whoever forgets what a flag wants has the script taken for it.
fn taken_by_a_flag(words: &[OsString]) -> Option<String> {
    words.windows(2).find_map(|two| {
        let (flag, script) = (two[0].to_str()?, two[1].to_str()?);
        let name = script.strip_suffix(".conc")?;
        let advice = match flag {
            "--trace" => {
                format!("--trace has taken {script} for the file to write: `--trace {name}.svg {script}`")
            }
            "--save" => {
                format!("--save has taken {script} for the file to write: `--save {name}.schedule {script}`")
            }
            "--vars" => {
                format!("--vars has taken {script} for the name of a variable: `--vars total,log {script}`")
            }
            "--name" => format!("--name has taken {script} for a name: `--name lesson {script}`"),
            _ => return None,
        };
        Some(advice)
    })
}

/// Whether nothing is asked for, so that a session begins.
pub fn is_session(words: &[OsString]) -> bool {
    before_command(words) >= words.len()
}

/// How many words may stand before a command: `--color` and its value.
fn before_command(words: &[OsString]) -> usize {
    let mut at = 0;
    while let Some(word) =
        words.get(at).and_then(|word| word.to_str()).filter(|word| word.starts_with("--color"))
    {
        at += if word == "--color" { 2 } else { 1 };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{Command, Run};
    use super::super::exploring::{Check, Format};
    use super::*;
    use std::time::Duration;

    fn run(words: &[&str]) -> Run {
        match parse(words.iter().map(OsString::from).collect()).map(|line| line.command) {
            Ok(Command::Run(run)) => run,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn refused(words: &[&str]) -> (ErrorKind, String) {
        let answer = parse(words.iter().map(OsString::from).collect()).expect_err("not understood");
        (answer.kind(), answer.to_string())
    }

    #[test]
    fn run_goes_without_saying() {
        for words in [&["x.conc", "a"][..], &["run", "x.conc", "a"]] {
            assert_eq!(run(words).script.script, ["x.conc", "a"]);
        }
        assert_eq!(run(&["--stats", "-", "a"]).script.script, ["-", "a"]);
        assert_eq!(run(&["--stats", "-"]).stats, Some(Format::Text));
        assert_eq!(run(&["--stats=json", "-"]).stats, Some(Format::Json));
        assert_eq!(run(&["./run"]).script.script, ["./run"]);
    }

    #[test]
    fn what_follows_the_script_is_its_own() {
        let words = ["x.conc", "--help", "--stats", "-e", "--", "-V", "--unknown=1"];
        let parsed = run(&words);
        assert_eq!(parsed.script.script, words);
        assert!(parsed.stats.is_none() && parsed.script.text.is_none());
        let parsed = run(&["-e", "print(args)", "--help", "-e", "--stats", "x"]);
        assert_eq!(parsed.script.text.unwrap(), ["print(args)", "--help", "-e", "--stats", "x"]);
        assert!(parsed.stats.is_none() && parsed.script.script.is_empty());
        assert_eq!(run(&["-e", ""]).script.text.unwrap(), [""]);
        assert_eq!(run(&["-e", "-1"]).script.text.unwrap(), ["-1"]);
    }

    #[test]
    fn flags_have_values() {
        let parsed = run(&["--timeout", "1.5s", "--max-threads=8", "--seed", "42", "x.conc"]);
        assert_eq!(parsed.timeout, Some(Duration::from_millis(1500)));
        assert_eq!((parsed.max_threads, parsed.seed), (Some(8), Some(42)));
        assert_eq!(parsed.allow_read, None);
    }

    #[test]
    fn what_is_wrong_with_a_number_below_zero_is_said_of_the_number() {
        for (words, expected) in [
            (
                ["--timeout", "-3s"],
                "invalid value '-3s' for '--timeout <DURATION>': it cannot be less than nothing",
            ),
            (
                ["--seed", "-1"],
                "invalid value '-1' for '--seed <N>': a seed is a whole number from 0 on, such as 7",
            ),
            (["--max-threads", "-1"], "invalid value '-1' for '--max-threads <N>'"),
            (["--race", "-1"], "unexpected value '-1' for '--race' found"),
        ] {
            let (_, said) = refused(&[&words[..], &["x.conc"]].concat());
            assert!(said.contains(expected), "{words:?}: {said}");
        }
        assert_eq!(run(&["--name", "-3", "x.conc"]).script.name.as_deref(), Some("-3"));
        assert_eq!(run(&["x.conc", "--n", "-3"]).script.script, ["x.conc", "--n", "-3"]);
    }

    #[test]
    fn files_are_allowed_all_or_by_path() {
        assert_eq!(run(&["--allow-read", "x.conc"]).allow_read, Some(vec![]));
        assert_eq!(run(&["--allow-read", "x.conc"]).script.script, ["x.conc"]);
        let parsed = run(&["--allow-write=out,/tmp", "--allow-read=a", "--allow-read=b", "x.conc"]);
        assert_eq!(parsed.allow_write, Some(vec!["out".into(), "/tmp".into()]));
        assert_eq!(parsed.allow_read, Some(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn what_cannot_be_understood_is_told() {
        let (kind, text) = refused(&["--tiemout", "3", "x.conc"]);
        assert_eq!(kind, ErrorKind::UnknownArgument);
        assert!(text.contains("'--timeout'"), "{text}");
        assert_eq!(refused(&["run"]).0, ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["--timeout", "soon", "x.conc"]).0, ErrorKind::ValueValidation);
        assert_eq!(refused(&["--max-threads", "0", "x.conc"]).0, ErrorKind::ValueValidation);
        assert_eq!(refused(&["-e"]).0, ErrorKind::InvalidValue);
        for (words, part) in [
            (&["sim", "--race", "x.conc"][..], "--race belongs to `conc run`"),
            (&["check", "--stats", "x.conc"], "--stats belongs to `conc run`"),
            (&["--check", "x.conc"], "did you mean the command `conc check`?"),
            (&["-c", "print(1)"], "`conc -e 'print(1)'`"),
            (&["-v", "x.conc"], "-V tells the version"),
            (&["--save", "x", "x.conc"], "--save belongs to `conc check`"),
            (&["--trace", "x.conc"], "`--trace x.svg x.conc`"),
            (&["--jitter=x", "x.conc"], "a seed is a whole number"),
            (&["sim", "--seed", "x", "x.conc"], "a seed is a whole number"),
            (
                &["sim", "--seed", "18446744073709551616", "x.conc"],
                "the largest seed is 18446744073709551615",
            ),
            (&["--max-threads", "many", "x.conc"], "a number is wanted that is not zero"),
            (&["check", "--cores", "99999999", "x.conc"], "a number is wanted that is not zero"),
            (&["check", "--preemptions", "-1", "x.conc"], "a whole number from 0 on"),
        ] {
            let text = refused(words).1;
            assert!(text.contains(part) && !text.contains("similar"), "{text}");
        }
    }

    #[test]
    fn a_schedule_is_instead_of_a_script() {
        let parsed = run(&["run", "--timeout", "9s", "--schedule", "x.schedule"]);
        assert_eq!(parsed.schedule, Some("x.schedule".into()));
        assert!(parsed.script.script.is_empty() && parsed.script.text.is_none());
        assert_eq!(run(&["--schedule", "x.schedule"]).schedule, Some("x.schedule".into()));
        let others: [&[&str]; 5] =
            [&["x.conc"], &["-e", "print(1)"], &["--seed", "7"], &["--allow-read"], &["--allow-write=out"]];
        for other in others {
            // What follows a script is the script's own.
            let words = [&["--schedule", "x.schedule"], other].concat();
            let (kind, text) = refused(&words);
            assert_eq!(kind, ErrorKind::ArgumentConflict, "{other:?}");
            assert!(text.contains("--schedule"), "{text}");
        }
        assert_eq!(refused(&["--schedule"]).0, ErrorKind::InvalidValue);
    }

    #[test]
    fn help_has_examples() {
        for words in [&[][..], &["--help"], &["-h"], &["run", "--help"]] {
            let (kind, text) = refused(words);
            assert_eq!(kind, ErrorKind::DisplayHelp, "{words:?}");
            assert!(text.contains("conc bank.conc"), "{text}");
        }
        assert_eq!(refused(&["--version"]).0, ErrorKind::DisplayVersion);
        assert!(refused(&["--stats", "--help"]).1.contains("--max-threads <N>"));
    }

    #[test]
    fn colour_is_chosen_before_and_behind_the_command() {
        let color =
            |words: &[&str]| parse(words.iter().map(OsString::from).collect()).expect("understood").color;
        for words in [
            &["--color", "never", "check", "x.conc"][..],
            &["--color=never", "fmt", "x.conc"],
            &["fmt", "--color=never", "x.conc"],
            &["explain", "--color", "never"],
            &["--color=never", "x.conc"],
        ] {
            assert_eq!(color(words), Color::Never, "{words:?}");
        }
        assert_eq!(color(&["x.conc", "--color=never"]), Color::Auto);
        assert_eq!(refused(&["--color", "blue", "x.conc"]).0, ErrorKind::InvalidValue);
        assert_eq!(refused(&["--color=never"]).0, ErrorKind::DisplayHelp);
        assert_eq!(super::color(&["--tiemout".into(), "--color".into(), "always".into()]), Color::Always);
    }

    fn check(words: &[&str]) -> Check {
        let words = ["check"].iter().chain(words).map(OsString::from).collect();
        match parse(words).map(|line| line.command) {
            Ok(Command::Check(check)) => check,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_of_check_become_options() {
        use conc::explore::verdict::Property;
        use conc::explore::{Reductions, Time};
        let options = check(&["x.conc"]).options(vec!["a".into()]);
        assert_eq!((options.reductions, options.time, options.outcomes), (Reductions::ALL, Time::Any, false));
        assert_eq!(options.arguments, ["a"]);
        let parsed = check(&[
            "--max-states=2M",
            "--max-memory",
            "512M",
            "--max-time",
            "1min",
            "--vars",
            "x,y",
            "--seed",
            "7",
            "--time",
            "idle",
            "--no-memo",
            "--property",
            "race,deadlock",
            "x.conc",
        ]);
        assert_eq!(parsed.property, [Property::Race, Property::Deadlock]);
        assert_eq!(parsed.max_time, Some(Duration::from_secs(60)));
        let options = parsed.options(Vec::new());
        assert_eq!((options.limits.states, options.limits.memory), (2_000_000, 512 << 20));
        assert!(options.outcomes && options.variables == ["x", "y"]);
        assert_eq!(options.seed, 7);
        assert_eq!(options.time, Time::Idle);
        assert_eq!(options.reductions, Reductions { memo: false, ..Reductions::ALL });
    }

    #[test]
    fn what_follows_the_checked_script_is_its_own() {
        assert_eq!(check(&["x.conc", "--outcomes"]).script.script, ["x.conc", "--outcomes"]);
        assert_eq!(check(&["-e", "print(args)", "--seed"]).script.text.unwrap(), ["print(args)", "--seed"]);
        assert_eq!(refused(&["check"]).0, ErrorKind::MissingRequiredArgument);
        assert_eq!(refused(&["replay"]).0, ErrorKind::MissingRequiredArgument);
        let (kind, text) = refused(&["check", "--property", "speed", "x.conc"]);
        assert_eq!(kind, ErrorKind::ValueValidation);
        assert!(text.contains("livelock"), "{text}");
        assert!(refused(&["check", "--help"]).1.contains("--no-symmetry"));
        assert!(refused(&["sim", "--help"]).1.contains("conc sim --seed 7 bank.conc"));
    }

    #[test]
    fn a_script_taken_for_what_a_flag_wants_is_told() {
        for (words, part) in [
            (&["run", "--trace", "x.conc"][..], "`--trace x.svg x.conc`"),
            (&["--trace", "x.conc"], "`--trace x.svg x.conc`"),
            (&["check", "--outcomes", "--vars", "x.conc"], "`--vars total,log x.conc`"),
            (&["check", "--save", "x.conc"], "`--save x.schedule x.conc`"),
            (&["--name", "x.conc"], "`--name lesson x.conc`"),
        ] {
            let (kind, text) = refused(words);
            assert_eq!(kind, ErrorKind::MissingRequiredArgument, "{words:?}");
            assert!(text.contains(part), "{text}");
        }
        assert!(!refused(&["check", "--vars", "total"]).1.contains("has taken"));
    }

    #[test]
    fn the_table_of_flags_is_sound() {
        CommandLine::command().debug_assert();
    }
}
