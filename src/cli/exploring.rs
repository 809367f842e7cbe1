//! The words of `conc check`, `conc sim` and `conc replay`: the structs are the table of their flags.

use super::Failure;
use super::arguments::Script;
use super::value;
use clap::{Args, ValueEnum};
use conc::explore::verdict::Property;
use conc::explore::{Limits, Options, Reductions, Time};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub const CHECK_EXAMPLES: &str = "\
Examples:
  conc check bank.conc                       what can go wrong, in any order the threads might take
  conc check --outcomes bank.conc            and everything that it can print
  conc check --vars total,log bank.conc      and every final value of total and log
  conc check --save-outcome 2 two.schedule bank.conc
                                             keep a run that comes to outcome 2
  conc check --save lost.schedule bank.conc  keep the counterexample: `conc replay lost.schedule`
  conc check --max-time 1min big.conc        what is known after a minute

Exit status:
  0 everything holds, 1 an error, a failed assertion, invariant or ensure, 2 the script or the
  command line cannot be understood, 3 deadlock, 4 data race, 5 livelock, 6 not known (a limit was hit),
  130 Ctrl-C";

pub const SIM_EXAMPLES: &str = "\
Examples:
  conc sim bank.conc            one run: same seed, same run; sleeping costs no time
  conc sim --seed 7 bank.conc   another one";

pub const REPLAY_EXAMPLES: &str = "\
Examples:
  conc check --save-outcome 2 two.schedule bank.conc
                                             keep a run that comes to outcome 2
  conc check --save lost.schedule bank.conc
  conc replay lost.schedule     the same run again, step by step";

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub script: Script,

    /// Stop after so many states (500000, 2M)
    #[arg(long, value_name = "N", value_parser = value::count)]
    pub max_states: Option<u64>,

    /// Stop after so long (30s, 2min; a plain number is seconds)
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    pub max_time: Option<Duration>,

    /// Stop when so much memory is in use (512M, 4G)
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    pub max_memory: Option<u64>,

    /// Tell every distinct output that the script can produce
    #[arg(long)]
    pub outcomes: bool,

    /// Tell the final values of these top-level variables too (separated by commas)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub vars: Vec<String>,

    // Its help lists their names.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = property, help = properties())]
    pub property: Vec<Property>,

    /// Where random numbers begin
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// When sleepers wake: `any` late as a busy system pleases, or `idle` only when nothing else can move
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Any)]
    pub time: When,

    /// How to tell what was found
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Save the schedule of the counterexample, for `conc replay`
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// Save a schedule that leads to the outcome with this number (among those that --outcomes tells)
    #[arg(long, value_names = ["N", "FILE"], num_args = 2, action = clap::ArgAction::Append)]
    pub save_outcome: Vec<OsString>,

    /// Tell threads of the same kind apart
    #[arg(long, help_heading = "Reductions switched off (slower, with the same verdicts)")]
    pub no_symmetry: bool,

    /// Make a release a step of its own
    #[arg(long, help_heading = "Reductions switched off (slower, with the same verdicts)")]
    pub no_merge: bool,

    /// Stop before what only one thread can reach, too
    #[arg(long, help_heading = "Reductions switched off (slower, with the same verdicts)")]
    pub no_private: bool,

    /// Compute each step anew
    #[arg(long, help_heading = "Reductions switched off (slower, with the same verdicts)")]
    pub no_memo: bool,

    /// Tell states apart by values that will not be read again
    #[arg(long, help_heading = "Reductions switched off (slower, with the same verdicts)")]
    pub no_liveness: bool,
}

#[derive(Debug, Args)]
pub struct Sim {
    #[command(flatten)]
    pub script: Script,

    /// Decides every choice
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// What `conc check --save` or `--save-outcome` wrote; it knows its script
    #[arg(value_name = "SCHEDULE")]
    pub schedule: PathBuf,

    /// How to tell what happens
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    Any,
    Idle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

impl Check {
    /// The outcomes to be saved, by number, and where.
    pub fn outcomes_to_save(&self) -> Result<Vec<(usize, PathBuf)>, Failure> {
        let pairs = self.save_outcome.chunks_exact(2);
        pairs
            .map(|pair| match pair[0].to_str().map(str::parse::<usize>) {
                Some(Ok(number)) if number > 0 => Ok((number, PathBuf::from(&pair[1]))),
                _ => Err(Failure::new(format!(
                    "--save-outcome: {} is no number of an outcome",
                    pair[0].display()
                ))
                .hint("`conc check --outcomes` numbers them: `--save-outcome 2 FILE` saves the second")),
            })
            .collect()
    }

    /// How to explore; the time limit is kept by whoever is told of the progress.
    pub fn options(&self, arguments: Vec<String>) -> Options {
        let defaults = Options::default();
        Options {
            arguments,
            limits: Limits {
                states: self.max_states.unwrap_or(defaults.limits.states),
                memory: self.max_memory.unwrap_or(defaults.limits.memory),
            },
            reductions: Reductions {
                symmetry: !self.no_symmetry,
                merge: !self.no_merge,
                private: !self.no_private,
                memo: !self.no_memo,
                liveness: !self.no_liveness,
            },
            time: self.time.into(),
            outcomes: self.outcomes || !self.vars.is_empty() || !self.save_outcome.is_empty(),
            variables: self.vars.clone(),
            seed: self.seed,
            flaw: None,
        }
    }
}

impl From<When> for Time {
    fn from(when: When) -> Time {
        match when {
            When::Any => Time::Any,
            When::Idle => Time::Idle,
        }
    }
}

fn property(text: &str) -> Result<Property, String> {
    let known = Property::ALL.into_iter().find(|property| property.word() == text);
    known.ok_or_else(|| format!("the properties are {}", words()))
}

fn words() -> String {
    Property::ALL.map(Property::word).join(", ")
}

fn properties() -> String {
    format!("Tell of these only, and judge by them: {}", words())
}
