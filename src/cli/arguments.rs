//! The one table of commands and flags: the comments of the structs here are the help. How words become a command is in
//! `parse`.
//!
//! What follows the script's name belongs to the script, whatever it looks like.

use super::colour::Color;
use super::exploring::{self, Check, Format, Replay, Sim};
use super::language::chosen;
use super::lesson::{LESSON_EXAMPLES, Lesson};
use super::mdbook::{MDBOOK_EXAMPLES, Mdbook};
use super::translated;
use clap::{Args, CommandFactory, Parser};
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

    /// Refuse to start a thread when so many are running; 10000 unless told
    #[arg(long, value_name = "N", value_parser = value::number::<u32>)]
    pub max_threads: Option<u32>,

    /// Refuse to start a process when so many of this run live; 1000 unless told
    #[arg(long, value_name = "N", value_parser = value::number::<u32>)]
    pub max_processes: Option<u32>,

    /// Let the script use so much memory (64M, 4G) before it gets an error; 2G unless told, or a quarter of what there is
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
