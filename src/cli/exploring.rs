//! The words of `conc check`, `conc sim` and `conc replay`: the structs are the table of their flags.

use super::arguments::Script;
use super::{Failure, memory};
use clap::{Args, ValueEnum};
use conc::explore::verdict::Property;
use conc::explore::{Extent, Limits, Options, Reductions, Sampling, Schedules, Strategy, Time};
use conc::units as value;
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
  conc check --random 1M big.conc            what a million runs show that are drawn at random
  conc check --preemptions 2 big.conc        all runs in which threads are interrupted twice at most

Exit status:
  0 everything holds, 1 an error, a failed assertion, invariant or ensure, 2 the script or the
  command line cannot be understood, 3 deadlock, 4 data race, 5 livelock, 6 not known (not all was
  covered), 130 Ctrl-C";

pub const SIM_EXAMPLES: &str = "\
Examples:
  conc sim bank.conc            one run: same seed, same run; sleeping costs no time
  conc sim --seed 7 bank.conc   another one
  conc sim --timeout 5s a.conc  stop after 5 seconds of the machine, with status 124, and tell where every thread stood";

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

    /// Draw so many runs at random instead (100000, 2M): what they show, and no proof
    #[arg(long, value_name = "N", value_parser = value::count, conflicts_with_all = ["preemptions", "max_states"])]
    pub random: Option<u64>,

    // Its help lists their names.
    #[arg(long, value_name = "NAME", value_parser = strategy, requires = "random", help = ABOUT_STRATEGIES)]
    pub strategy: Option<Strategy>,

    /// Cut a run of --random after so many steps [default: 100000]
    #[arg(long, value_name = "N", value_parser = value::count, requires = "random")]
    pub max_steps: Option<u64>,

    /// Cover only the runs in which at most so many times a thread is interrupted that could go on
    #[arg(long, value_name = "K", value_parser = value::number_or_none)]
    pub preemptions: Option<u32>,

    /// Stop after so many states (500000, 2M); 50M unless told
    #[arg(long, value_name = "N", value_parser = value::count)]
    pub max_states: Option<u64>,

    /// Stop after so long (30s, 2min; a plain number is seconds)
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    pub max_time: Option<Duration>,

    /// Stop when so much memory is in use (512M, 4G; 2G unless told, or a quarter of what there is), or when one state of the script takes a quarter of that
    #[arg(long, value_name = "SIZE", value_parser = value::size)]
    pub max_memory: Option<u64>,

    /// Refuse to start a thread when so many are running; 10000 unless told
    #[arg(long, value_name = "N", value_parser = value::number::<u32>)]
    pub max_threads: Option<u32>,

    /// Search on so many cores at once [default: all]; what is told is the same
    #[arg(long, value_name = "N", value_parser = value::number::<u16>)]
    pub cores: Option<u16>,

    /// Tell every distinct output that the script can produce
    #[arg(long)]
    pub outcomes: bool,

    /// Tell the final values of these top-level variables too (separated by commas)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub vars: Vec<String>,

    // Its help lists their names.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = property, help = properties())]
    pub property: Vec<Property>,

    /// Where random numbers begin, the script's own and those of --random
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value::seed)]
    pub seed: u64,

    /// When sleepers wake: `any` late as a busy system pleases, or `idle` only when nothing else can move
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Any)]
    pub time: When,

    /// How to tell what was found
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Draw the counterexample to FILE, step by step: a picture (.svg, .html), or for ui.perfetto.dev (.json)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

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
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value::seed)]
    pub seed: u64,

    /// Stop the run after so long (30s, 500ms, 2min; a plain number is seconds), with status 124. It is time of the
    /// machine: the virtual time of the run does not pass while a thread spins
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    pub timeout: Option<Duration>,

    /// Refuse to start a thread when so many are running; 10000 unless told
    #[arg(long, value_name = "N", value_parser = value::number::<u32>)]
    pub max_threads: Option<u32>,

    /// Draw what each thread did at each step to FILE: a picture (.svg, .html), or for ui.perfetto.dev (.json)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// What `conc check --save` or `--save-outcome` wrote; it knows its script
    #[arg(value_name = "SCHEDULE")]
    pub schedule: PathBuf,

    /// How to tell what happens
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,

    /// Draw what each thread does at each step to FILE: a picture (.svg, .html), or for ui.perfetto.dev (.json)
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
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
                memory: self.max_memory.unwrap_or_else(|| memory::at_most(defaults.limits.memory)),
            },
            cores: self.cores.map_or_else(all_cores, usize::from),
            reductions: Reductions {
                symmetry: !self.no_symmetry,
                merge: !self.no_merge,
                private: !self.no_private,
                memo: !self.no_memo,
                liveness: !self.no_liveness,
            },
            time: self.time.into(),
            max_threads: self.max_threads.map_or(defaults.max_threads, |most| most as usize),
            extent: self.extent(),
            properties: self.property.clone(),
            outcomes: self.outcomes || !self.vars.is_empty() || !self.save_outcome.is_empty(),
            schedules: Schedules {
                all: self.format == Format::Json,
                numbers: self.outcomes_to_save().into_iter().flatten().map(|(number, _)| number).collect(),
            },
            variables: self.vars.clone(),
            seed: self.seed,
            flaw: None,
            small_rounds: false,
        }
    }
}

impl Check {
    /// How much of the space is to be looked at.
    fn extent(&self) -> Extent {
        let sample = self.random.map(|runs| {
            let most_steps = self.max_steps.unwrap_or(Sampling::MOST_STEPS);
            Extent::Sample(Sampling { runs, strategy: self.strategy.unwrap_or(Strategy::Turns), most_steps })
        });
        let bounded = self.preemptions.map(Extent::Preemptions);
        sample.or(bounded).unwrap_or_default()
    }
}

/// As many as this process may use.
fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
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

/// What --random draws by, as far as one word tells it.
pub const STRATEGIES: [Strategy; 5] =
    [Strategy::Walk, Strategy::Uniform, Strategy::Pos, Strategy::Turns, Strategy::PCT];

const ABOUT_STRATEGIES: &str = "\
How --random draws runs: `walk` (each thread that can move is as likely), `uniform` (each interleaving is), `pos` (each \
order of steps that depend on each other), `pct` or `pct:D` (random priorities that change D - 1 times, 2 unless told), \
`turns` of the last three [default: turns]";

fn strategy(text: &str) -> Result<Strategy, String> {
    let (word, depth) = match text.split_once(':') {
        Some((word, depth)) => (word, Some(depth)),
        None => (text, None),
    };
    let known = match depth {
        None => STRATEGIES.into_iter().find(|strategy| strategy.word() == word),
        Some(depth) => {
            let depth = depth.parse().ok().filter(|depth| (1..=MOST_DEPTH).contains(depth));
            depth.filter(|_| word == Strategy::PCT.word()).map(|depth| Strategy::Pct { depth })
        }
    };
    known.ok_or_else(|| {
        format!(
            "the strategies are walk, uniform, pos, pct, pct:D with a D from 1 to {MOST_DEPTH}, and turns"
        )
    })
}

/// Beyond that PCT promises nothing that anybody could wait for.
const MOST_DEPTH: u32 = 20;

fn words() -> String {
    Property::ALL.map(Property::word).join(", ")
}

fn properties() -> String {
    format!("Tell of these only, and judge by them: {}", words())
}
