//! The words of the command line. The structs here are the one table of flags: their comments are the help.
//!
//! What follows the script's name belongs to the script, whatever it looks like.

use super::colour::Color;
use super::exploring::{self, Check, Format, Replay, Sim};
use super::language::chosen;
use super::lesson::{LESSON_EXAMPLES, Lesson};
use super::mdbook::{MDBOOK_EXAMPLES, Mdbook};
use super::translated;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum};
use conc::units as value;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "conc [FLAGS] FILE [ARGS]...
       conc [FLAGS] -e TEXT [ARGS]...
       conc [FLAGS] -";

const EXAMPLES: &str = "\
Examples:
  conc                                  type it line by line, and see what comes of it
  conc bank.conc                        run a script on real threads
  conc bank.conc 3 --fast               what follows the script's name is the script's own: see `args`
  conc -e 'start { print(\"hello\") }'    run a text
  generate | conc -                     run what comes from standard input
  conc --timeout 30s --stats bank.conc  stop after 30 seconds, and tell who waited how long
  conc check bank.conc                  explore every order the threads might take

Exit status:
  0 fine, 1 an error, a failed assertion or ensure, 2 the script or the command line cannot be understood,
  3 deadlock, 4 a data race (--race), 124 --timeout, 130 Ctrl-C; exit(n) in a script gives n";

#[derive(Debug, Parser)]
#[command(
    name = "conc",
    version,
    about = "conc: a scriptable language for concurrency",
    override_usage = USAGE,
    after_help = "`conc FILE` is short for `conc run FILE`; `conc run --help` lists the flags.\n\n".to_string() + EXAMPLES,
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Command,

    /// Colour what conc says: on a terminal (auto), always or never
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", hide_possible_values = true)]
    pub color: Color,
}

/// One variant a command.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Run a script on real threads
    #[command(
        override_usage = USAGE.replace("conc ", "conc run ") + "\n       conc run [FLAGS] --schedule SCHEDULE",
        after_help = EXAMPLES,
        next_help_heading = "Flags",
        // A schedule knows its script.
        mut_arg("script", |script| script.required_unless_present("schedule"))
    )]
    Run(Run),
    /// Explore every interleaving of a script: what can go wrong, and all that can come out
    #[command(
        override_usage = "conc check [FLAGS] FILE [ARGS]...",
        after_help = exploring::CHECK_EXAMPLES,
        next_help_heading = "Flags"
    )]
    Check(Check),
    /// Run a script once in the simulated world, where a seed decides every choice and time is virtual
    #[command(
        override_usage = "conc sim [FLAGS] FILE [ARGS]...",
        after_help = exploring::SIM_EXAMPLES,
        next_help_heading = "Flags"
    )]
    Sim(Sim),
    /// Run a saved schedule again, step by step, in the simulated world
    #[command(after_help = exploring::REPLAY_EXAMPLES)]
    Replay(Replay),
    /// Bring scripts into conc's one style, in place
    #[command(
        override_usage = "conc fmt [FLAGS] [FILE|DIRECTORY]...\n       conc fmt [FLAGS] -",
        after_help = FMT_EXAMPLES
    )]
    Fmt(Fmt),
    /// Tell what an error's code means, with a script that causes it and the same script mended
    #[command(after_help = "Examples:\n  conc explain E0301    one code\n  conc explain          all codes")]
    Explain(Explain),
    /// Run the scripts in Markdown lessons, and hold what comes of them against what the lessons say
    #[command(after_help = LESSON_EXAMPLES, next_help_heading = "Flags")]
    Lesson(Lesson),
    /// Put what comes of the scripts in lessons into an mdBook, as its preprocessor
    #[command(
        after_help = MDBOOK_EXAMPLES,
        next_help_heading = "Flags",
        disable_help_subcommand = true
    )]
    Mdbook(Mdbook),
    /// Explain a construct of the language, a builtin or a command: `conc help lock`
    #[command(after_help = HELP_EXAMPLES)]
    Help(Help),
    /// Write the completions for a shell to standard output
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Write the manual page, or with a command's name that command's, to standard output
    #[command(
        after_help = "Examples:\n  conc man > conc.1          the manual page\n  conc man check | man -l -  read one"
    )]
    Man(Man),
}

const FMT_EXAMPLES: &str = "\
Examples:
  conc fmt bank.conc          format a file
  conc fmt .                  format all .conc files in this directory and below
  conc fmt --check .          change nothing, and show what would change
  conc fmt - < bank.conc      from standard input to standard output

Exit status:
  0 fine, 1 something would change (--check), 2 a script cannot be understood or written; it is left as it is";

#[derive(Debug, Args)]
pub struct Fmt {
    /// Change nothing; show the differences, with status 1 if there are any
    #[arg(long)]
    pub check: bool,

    /// Scripts, directories with scripts, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<OsString>,
}

const HELP_EXAMPLES: &str = "\
Examples:
  conc help                 all topics
  conc help lock            a construct, with a script that runs
  conc help lock.acquire    a method or property
  conc help print           a builtin function
  conc help --timeout       a flag";

#[derive(Debug, Args)]
pub struct Help {
    /// Such as `lock`, `print`, `lock.acquire`, `--timeout`
    #[arg(allow_hyphen_values = true)]
    pub topic: Vec<String>,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  conc completions bash > ~/.local/share/bash-completion/completions/conc
  conc completions zsh > \"${fpath[1]}/_conc\"
  conc completions fish > ~/.config/fish/completions/conc.fish";

#[derive(Debug, Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,

    /// Words of a command line that is being typed: what the last one may become. The shell's script asks for that
    #[arg(last = true, hide = true)]
    pub words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Man {
    /// Such as `check`
    pub command: Option<String>,
}

/// The whole table of commands and flags, for what is made of it.
pub fn table() -> clap::Command {
    if chosen().is_chinese() { translated::table(english()) } else { english() }
}

/// The same as it is written here.
pub fn english() -> clap::Command {
    CommandLine::command()
}

#[derive(Debug, Args)]
pub struct Explain {
    /// Such as E0301, as it stands in brackets behind `error`
    pub code: Option<String>,
}

/// Where the script comes from, and what it sees as `args`.
#[derive(Debug, Args)]
pub struct Script {
    /// The script, or `-` for standard input; then the script's own arguments. The usage line tells it
    #[arg(value_name = "FILE", hide = true, trailing_var_arg = true, required_unless_present = "text")]
    pub script: Vec<OsString>,

    /// Take this text instead of a file
    #[arg(short = 'e', value_names = ["TEXT", "ARGS"], num_args = 1.., allow_hyphen_values = true)]
    pub text: Option<Vec<OsString>>,

    /// What messages call the script, instead of its file's name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub script: Script,

    /// Stop the run after so long (30s, 500ms, 2min; a plain number is seconds), with status 124
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    pub timeout: Option<Duration>,

    /// Refuse to start a thread when so many are running
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_threads: Option<u32>,

    /// Let the script use so much memory (64M, 4G) before it gets an error; 2G unless told
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    pub max_memory: Option<u64>,

    /// Begin random numbers with this seed, to get the same ones again
    #[arg(long, value_name = "N", value_parser = value::seed)]
    pub seed: Option<u64>,

    /// Make the threads keep to a schedule that `conc check --save` or `--save-outcome` wrote: the same run each time.
    /// The schedule knows its script, arguments and seed; files are refused, as in the check
    #[arg(
        long,
        value_name = "SCHEDULE",
        conflicts_with_all = ["script", "text", "seed", "allow_read", "allow_write"]
    )]
    pub schedule: Option<PathBuf>,

    /// Tell at the end, on standard error, how long each thread ran, waited and slept, and how locks and queues were used.
    /// With `=json`, as one line of JSON for each process
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        value_enum,
        default_missing_value = "text"
    )]
    pub stats: Option<Format>,

    /// Write what each thread did and when, to FILE: a picture (.svg, .html), or for ui.perfetto.dev (.json). It is written however
    /// the run ends
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Report data races: accesses of one variable, field or element by two threads that nothing orders, with status 4.
    /// A race is found whether or not it did harm in this run
    #[arg(long, conflicts_with = "schedule")]
    pub race: bool,

    /// Delay the threads now and then, so that interleavings that are rare on this machine are common. With a SEED the
    /// delays are drawn from it
    #[arg(
        long,
        value_name = "SEED",
        num_args = 0..=1,
        require_equals = true,
        value_parser = value::seed,
        conflicts_with = "schedule"
    )]
    pub jitter: Option<Option<u64>>,

    /// Let one thread at a time hold the interpreter, as CPython does, and tell at the end who waited for it. Who waits
    /// for longer than INTERVAL (5ms unless told) asks for it
    #[arg(
        long,
        value_name = "INTERVAL",
        num_args = 0..=1,
        require_equals = true,
        value_parser = value::duration,
        conflicts_with = "schedule"
    )]
    pub gil: Option<Option<Duration>>,

    /// Let the script read files: all, or those at and below these paths (separated by commas)
    #[arg(long, value_name = "PATHS", num_args = 0..=1, require_equals = true, value_delimiter = ',')]
    pub allow_read: Option<Vec<PathBuf>>,

    /// Let the script write, make and remove files: all, or those at and below these paths
    #[arg(long, value_name = "PATHS", num_args = 0..=1, require_equals = true, value_delimiter = ',')]
    pub allow_write: Option<Vec<PathBuf>>,

    /// Let the script start other programs: all, or those of these names (separated by commas)
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, value_delimiter = ',')]
    pub allow_run: Option<Vec<String>>,

    /// Let the script talk with other hosts, and be reached by them
    #[arg(long)]
    pub allow_net: bool,
}

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
        None if error.kind() == ErrorKind::MissingRequiredArgument => taken_by_trace(words),
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
    let name = flag.strip_prefix("--")?;
    let table = CommandLine::command();
    let has = |command: &&clap::Command| command.get_arguments().any(|it| it.get_long() == Some(name));
    let commands: Vec<String> =
        table.get_subcommands().filter(has).map(|command| format!("`conc {}`", command.get_name())).collect();
    (!commands.is_empty()).then(|| format!("{flag} belongs to {}", commands.join(", ")))
}

/// Whoever forgets the name of the trace has the script taken for it.
fn taken_by_trace(words: &[OsString]) -> Option<String> {
    let at = words.iter().position(|word| word == "--trace")?;
    let script = words.get(at + 1)?.to_str()?;
    let name = script.strip_suffix(".conc")?;
    Some(format!("--trace has taken {script} for the file to write: `--trace {name}.svg {script}`"))
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
    use super::*;

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
            (&["--save", "x", "x.conc"], "--save belongs to `conc check`"),
            (&["--trace", "x.conc"], "`--trace x.svg x.conc`"),
            (&["--jitter=x", "x.conc"], "a seed is a whole number"),
            (&["sim", "--seed", "x", "x.conc"], "a seed is a whole number"),
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
    fn the_table_of_flags_is_sound() {
        CommandLine::command().debug_assert();
    }
}
