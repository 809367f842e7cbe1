//! What can stand where the cursor is in a command line that somebody types. The scripts for shells beside this file
//! ask for it (`conc completions zsh -- WORD...`), so it is the same in each, and nothing has to be told twice.

use super::arguments;
use super::exploring::STRATEGIES;
use super::language::chosen;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, Command};
use conc::explore::verdict::Property;
use conc::help;
use conc::report::Code;
use std::ffi::OsString;

/// Words with what each is for; and whether names of files can stand there too, which shells know best.
#[derive(Debug, Default, PartialEq)]
pub struct Offer {
    pub files: bool,
    pub words: Vec<(String, String)>,
}

impl Offer {
    /// As the scripts read it: a line that says whether they add files, then one for each word.
    pub fn lines(&self) -> String {
        let mut text = format!("{}\n", if self.files { "files" } else { "words" });
        for (word, about) in &self.words {
            text += &format!("{word}\t{}\n", about.lines().next().unwrap_or_default());
        }
        text
    }
}

/// What the last of these words may become. The program's name is not among them.
pub fn offer(words: &[OsString]) -> Offer {
    let mut table = table();
    table.build();
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let Some((current, before)) = words.split_last() else { return Offer::default() };
    let Some(mut reading) = Reading::new(&table) else { return Offer::default() };
    for word in before {
        reading.read(word);
    }
    let mut offer = reading.offer(current);
    offer.words.retain(|(word, _)| word.starts_with(current.as_str()));
    offer
}

/// How far the words of a command line have been understood.
struct Reading<'t> {
    table: &'t Command,
    /// `conc run`, which goes without saying.
    run: &'t Command,
    command: Option<&'t Command>,
    /// How many words have stood there that are no flags.
    positionals: usize,
    /// A flag that waits for its value, and how many it has.
    flag: Option<(&'t Arg, usize)>,
    /// The rest belongs to the script.
    is_scripts: bool,
    /// After `--`.
    no_flags: bool,
}

impl<'t> Reading<'t> {
    fn new(table: &'t Command) -> Option<Reading<'t>> {
        let run = table.find_subcommand("run")?;
        let (command, flag) = (None, None);
        Some(Reading { table, run, command, positionals: 0, flag, is_scripts: false, no_flags: false })
    }

    fn read(&mut self, word: &str) {
        if self.is_scripts {
            return;
        }
        if let Some((flag, before)) = self.flag.take() {
            self.wait(flag, before + 1);
        } else if word == "--" && !self.no_flags {
            self.no_flags = true;
        } else if word.starts_with('-') && word != "-" && !self.no_flags {
            let (name, value) =
                word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let Some(flag) = self.flags().into_iter().find(|flag| names(flag).any(|it| it == name)) else {
                return;
            };
            if !self.table.get_arguments().any(|global| global.get_id() == flag.get_id()) {
                self.command.get_or_insert(self.run);
            }
            if value.is_none() && !flag.is_require_equals_set() {
                self.wait(flag, 0);
            }
        } else {
            self.positional(word);
        }
    }

    /// After so many values of a flag.
    fn wait(&mut self, flag: &'t Arg, values: usize) {
        let Some(range) = flag.get_num_args() else { return };
        if values < range.min_values() {
            self.flag = Some((flag, values));
        }
        // `-e TEXT`: what follows is the script's.
        self.is_scripts |= values > 0 && values < range.max_values();
    }

    fn positional(&mut self, word: &str) {
        let inner = self.command.unwrap_or(self.table).find_subcommand(word);
        if let Some(inner) = inner.filter(|_| self.positionals == 0) {
            self.command = Some(inner);
            return;
        }
        let command = *self.command.get_or_insert(self.run);
        self.is_scripts = positional(command, self.positionals).is_some_and(Arg::is_trailing_var_arg_set);
        self.positionals += 1;
    }

    fn flags(&self) -> Vec<&'t Arg> {
        let commands = match self.command {
            Some(command) => vec![command],
            None => vec![self.table, self.run],
        };
        let mut flags: Vec<&Arg> = Vec::new();
        for flag in commands.iter().flat_map(|command| command.get_arguments()) {
            let known = flags.iter().any(|other| other.get_id() == flag.get_id());
            if !known && !flag.is_positional() && !flag.is_hide_set() {
                flags.push(flag);
            }
        }
        flags
    }

    fn offer(&self, current: &str) -> Offer {
        if self.is_scripts {
            return Offer { files: true, ..Offer::default() };
        }
        if let Some((flag, before)) = self.flag {
            return values(flag, before, current, "");
        }
        if current.starts_with('-') && !self.no_flags {
            return match current.split_once('=') {
                None => Offer { files: false, words: self.flags().into_iter().flat_map(described).collect() },
                Some((name, value)) => {
                    let flag = self.flags().into_iter().find(|flag| names(flag).any(|it| it == name));
                    flag.map_or(Offer::default(), |flag| values(flag, 0, value, &format!("{name}=")))
                }
            };
        }
        let command = self.command.unwrap_or(self.run);
        let mut offer = positional(command, self.positionals)
            .map_or(Offer::default(), |argument| values(argument, self.positionals, current, ""));
        if self.positionals == 0 {
            let inner = self.command.unwrap_or(self.table).get_subcommands().filter(|it| !it.is_hide_set());
            offer.words.extend(inner.map(|it| (it.get_name().to_string(), about(it))));
        }
        offer
    }
}

/// The argument that takes the word with this number, counted from 0.
fn positional(command: &Command, number: usize) -> Option<&Arg> {
    let shown = |argument: &&Arg| !argument.is_last_set();
    let all: Vec<&Arg> = command.get_positionals().filter(shown).collect();
    let many = |argument: &&&Arg| argument.get_num_args().is_some_and(|range| range.max_values() > 1);
    all.get(number).or(all.last().filter(many)).copied()
}

/// `--timeout`, `-e`
fn names(flag: &Arg) -> impl Iterator<Item = String> {
    let long = flag.get_long().map(|name| format!("--{name}"));
    long.into_iter().chain(flag.get_short().map(|name| format!("-{name}")))
}

fn described(flag: &Arg) -> impl Iterator<Item = (String, String)> {
    let about = flag.get_help().map(ToString::to_string).unwrap_or_default();
    names(flag).map(move |name| (name, about.clone()))
}

/// What a value may be, behind a word's beginning that is there already.
fn values(argument: &Arg, number: usize, current: &str, before: &str) -> Offer {
    let names = argument.get_value_names().unwrap_or_default();
    let name = names.get(number).or(names.last());
    let files = name.is_some_and(|name| ["FILE", "FILE|DIR", "PATHS", "SCHEDULE"].contains(&name.as_str()));
    // Of several with commas between them it is the last that is typed.
    let listed = argument.get_value_delimiter().and_then(|comma| current.rfind(comma));
    let before = format!("{before}{}", listed.map_or("", |comma| &current[..=comma]));
    let possible = argument.get_possible_values();
    let shown = possible.iter().filter(|value| !value.is_hide_set());
    let about = |value: &PossibleValue| value.get_help().map(ToString::to_string).unwrap_or_default();
    let mut words: Vec<(String, String)> =
        shown.map(|value| (format!("{before}{}", value.get_name()), about(value))).collect();
    if argument.get_id() == "topic" {
        words.extend(help::members_begun(current, chosen()));
    }
    Offer { files, words }
}

/// The table, which here also knows what can follow `explain`, `help` and some flags: when conc itself is given another word,
/// it has more to say than that there is none.
pub fn table() -> Command {
    let table = arguments::table();
    let language = chosen();
    let commands = table.get_subcommands().map(|it| valued(it.get_name(), about(it))).collect();
    let topics = help::topics_glossed(language).map(|(name, gloss)| valued(name, gloss));
    let codes = Code::ALL.iter().map(|code| valued(code.to_string(), code.title(language)));
    let strategies = STRATEGIES.map(|strategy| valued(strategy.word(), ""));
    let properties = Property::ALL.map(|property| valued(property.word(), ""));
    [
        ("explain", "code", codes.collect::<Vec<PossibleValue>>()),
        ("help", "topic", topics.collect()),
        ("man", "command", commands),
        ("check", "strategy", strategies.into()),
        ("check", "property", properties.into()),
    ]
    .into_iter()
    .fold(table, |table, (command, argument, values)| {
        let known = PossibleValuesParser::new(values);
        table.mut_subcommand(command, |it| it.mut_arg(argument, |it| it.value_parser(known)))
    })
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The table keeps names for as long as the process lives, which ends soon.
fn valued(name: impl Into<String>, about: impl Into<String>) -> PossibleValue {
    PossibleValue::new(&*name.into().leak()).help(about.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that are offered, without what they are for; `…` stands for files.
    fn offered(words: &[&str]) -> Vec<String> {
        let offer = offer(&words.iter().map(OsString::from).collect::<Vec<OsString>>());
        let files = offer.files.then(|| "…".to_string());
        offer.words.into_iter().map(|(word, _)| word).chain(files).collect()
    }

    #[test]
    fn commands_and_scripts_come_first() {
        assert_eq!(offered(&["ch"]), ["check", "…"]);
        assert_eq!(offered(&["bank"]), ["…"]);
        assert_eq!(offered(&["mdbook", "s"]), ["supports"]);
        assert_eq!(offered(&["check", "ch"]), ["…"], "a command stands once");
    }

    #[test]
    fn run_goes_without_saying() {
        assert_eq!(offered(&["--ti"]), ["--timeout"]);
        assert_eq!(offered(&["--timeout", "3s", "b"]), ["…"]);
        assert_eq!(offered(&["--color", "never", "ch"]), ["check", "…"]);
        assert_eq!(offered(&["--stats", "b"]), ["…"], "its value stands behind `=` or nowhere");
    }

    #[test]
    fn what_follows_the_script_is_its_own() {
        for words in [&["x.conc", "--ti"][..], &["-e", "print(1)", "--ti"], &["check", "x.conc", "ch"]] {
            assert_eq!(offered(words), ["…"], "{words:?}");
        }
        assert_eq!(offered(&["-e", ""]), [""; 0]);
        assert_eq!(offered(&["fmt", "x.conc", "--ch"]), ["--check"]);
    }

    #[test]
    fn flags_have_values() {
        assert_eq!(offered(&["check", "--format", ""]), ["text", "json"]);
        assert_eq!(offered(&["--color", "al"]), ["always"]);
        assert_eq!(offered(&["check", "--color=al"]), ["--color=always"]);
        assert_eq!(offered(&["check", "--property", "race,dea"]), ["race,deadlock"]);
        assert_eq!(offered(&["check", "--strategy", "p"]), ["pos", "pct"]);
        assert_eq!(offered(&["--allow-read=src"]), ["…"]);
        assert_eq!(offered(&["--seed", ""]), [""; 0]);
        assert_eq!(offered(&["check", "--save-outcome", ""]), [""; 0]);
        assert_eq!(offered(&["check", "--save-outcome", "2", ""]), ["…"]);
        assert_eq!(offered(&["--unknown=", ""]).last().map(String::as_str), Some("…"));
    }

    #[test]
    fn topics_codes_and_commands_are_known() {
        assert_eq!(offered(&["help", "semaph"]), ["semaphore"]);
        assert_eq!(offered(&["help", "lock.a"]), ["lock.acquire"]);
        assert_eq!(offered(&["explain", "E0313"]), ["E0313"]);
        assert_eq!(offered(&["man", "chec"]), ["check"]);
        assert!(offered(&["help", ""]).iter().all(|topic| !topic.contains('.')), "members are too many");
    }

    #[test]
    fn a_line_is_a_word_and_what_it_is_for() {
        let words = vec![("a".to_string(), "one\ntwo".to_string())];
        assert_eq!(Offer { files: true, words }.lines(), "files\na\tone\n");
        assert_eq!(Offer::default().lines(), "words\n");
    }
}
