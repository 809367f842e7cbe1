//! The words behind an opening fence: what to do with a script, and what must come of it.

use crate::report::Code;
use crate::report::language::Language;
use crate::resolve::suggest;
use crate::units;
use crate::value::near;
use std::time::Duration;

/// What ```` ```conc … ```` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Fence {
    pub mode: Mode,
    /// What must come of it; empty: nothing goes wrong.
    pub expects: Vec<Expect>,
    /// It goes on where the block before it has ended.
    pub continues: bool,
    /// The script is this file, beside the lesson; the block shows it.
    pub file: Option<String>,
    /// One thread at a time holds the interpreter.
    pub gil: bool,
    pub timeout: Option<Duration>,
    /// Readers of a book see a picture of the run, or of the check's counterexample.
    pub picture: bool,
    /// In which language conc speaks of it to the readers of the page.
    pub language: Language,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// On real threads.
    Run,
    /// Once in the simulated world.
    Sim { seed: u64 },
    /// Every interleaving.
    Check,
    /// Not at all; its syntax must be right.
    NoRun,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// An error, or a false assertion, `invariant` or `ensure`; with this code.
    Fails(Option<String>),
    Deadlocks,
    Races,
    Livelocks,
}

impl Expect {
    pub fn word(&self) -> &'static str {
        match self {
            Expect::Fails(_) => "fails",
            Expect::Deadlocks => "deadlocks",
            Expect::Races => "races",
            Expect::Livelocks => "livelocks",
        }
    }
}

/// A block that belongs to a script before it: what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Standard output; the lines in any order, or in this.
    Output { any_order: bool },
    /// Standard error.
    Report,
    /// All that the script can print.
    Outcomes,
}

/// What a block of a page is.
#[derive(Debug, PartialEq)]
pub enum Role {
    Script(Fence),
    Answer(Answer),
    /// None of ours; behind a script it may be meant for an answer with this name.
    Other(Option<&'static str>),
}

const ANSWERS: [&str; 3] = ["output", "report", "outcomes"];

const WORDS: &str = "`sim`, `seed=7`, `check`, `no-run`, `fails`, `fails=E0301`, `deadlocks`, `races`, `livelocks`, \
                     `continue`, `file=script.conc`, `gil`, `timeout=5s`, `picture`, `lang=zh`";

/// Reads what follows an opening fence; words may be separated by blanks or commas.
///
/// # Errors
/// What is wrong with a word.
pub fn read(info: &str) -> Result<Role, String> {
    let mut words = info.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    match words.next() {
        Some("conc") => script(words).map(Role::Script),
        Some("output") => match (words.next(), words.next()) {
            (None, _) => Ok(Role::Answer(Answer::Output { any_order: false })),
            (Some("any-order"), None) => Ok(Role::Answer(Answer::Output { any_order: true })),
            (Some(word), _) => Err(format!("`{word}` is no word for an output: only `any-order` is")),
        },
        Some("report") => alone(words, "report").map(|()| Role::Answer(Answer::Report)),
        Some("outcomes") => alone(words, "outcomes").map(|()| Role::Answer(Answer::Outcomes)),
        // (`{.conc}` is how pandoc has it.)
        Some(word) if word.trim_matches(['{', '}', '.']).eq_ignore_ascii_case("conc") => {
            Err(format!("`{word}` is none of the languages here: a script begins with `conc`"))
        }
        Some(word) => Ok(Role::Other(near::nearest(word, ANSWERS.into_iter()))),
        None => Ok(Role::Other(None)),
    }
}

fn alone<'a>(mut words: impl Iterator<Item = &'a str>, what: &str) -> Result<(), String> {
    match words.next() {
        None => Ok(()),
        Some(word) => Err(format!("`{what}` stands alone, without `{word}`")),
    }
}

fn script<'a>(words: impl Iterator<Item = &'a str>) -> Result<Fence, String> {
    let mut fence = Fence {
        mode: Mode::Run,
        expects: Vec::new(),
        continues: false,
        file: None,
        gil: false,
        timeout: None,
        picture: false,
        language: Language::English,
    };
    let mut seed = None;
    let mut mode: Option<(&str, Mode)> = None;
    for word in words {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        match (name, value) {
            ("sim", None) => set(&mut mode, "sim", Mode::Sim { seed: 0 })?,
            ("check", None) => set(&mut mode, "check", Mode::Check)?,
            ("no-run", None) => set(&mut mode, "no-run", Mode::NoRun)?,
            ("seed", Some(text)) => {
                seed = Some(text.parse().map_err(|_| format!("`{text}` is no seed: a whole number is"))?);
            }
            ("fails", code) => fence.expects.push(Expect::Fails(code.map(code_of).transpose()?)),
            ("deadlocks", None) => fence.expects.push(Expect::Deadlocks),
            ("races", None) => fence.expects.push(Expect::Races),
            ("livelocks", None) => fence.expects.push(Expect::Livelocks),
            ("continue", None) => fence.continues = true,
            ("file", Some(path)) => fence.file = Some(script_file(path)?),
            ("gil", None) => fence.gil = true,
            ("picture", None) => fence.picture = true,
            ("lang", Some(tag)) => fence.language = language(tag)?,
            ("timeout", Some(text)) => fence.timeout = Some(timeout(text)?),
            _ => {
                let known =
                    WORDS.split('`').skip(1).step_by(2).map(|word| word.split('=').next().unwrap_or(word));
                if ANSWERS.contains(&name) {
                    return Err(format!("`{name}` is a block of its own, behind the one of the script"));
                }
                return Err(match suggest::closest(name, known) {
                    Some(near) => format!("`{word}` is no word for a script: did you mean `{near}`?"),
                    None => format!("`{word}` is no word for a script; there are {WORDS}"),
                });
            }
        }
    }
    if let Some((_, mode)) = mode {
        fence.mode = mode;
    }
    match (seed, &mut fence.mode) {
        (None, _) => {}
        (Some(given), Mode::Sim { seed }) => *seed = given,
        (Some(_), _) => return Err("`seed` belongs to `sim`: write `sim seed=7`".to_string()),
    }
    fits(&fence)?;
    Ok(fence)
}

fn set<'a>(mode: &mut Option<(&'a str, Mode)>, word: &'a str, to: Mode) -> Result<(), String> {
    match mode.replace((word, to)) {
        None => Ok(()),
        Some((other, _)) => Err(format!("a block is run in one way: `{other}` or `{word}`")),
    }
}

fn code_of(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('E').unwrap_or_default();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{text}` is no code of an error: they look like E0301"));
    }
    match Code::named(text) {
        Some(_) => Ok(text.to_string()),
        None => Err(format!("no error has the code {text}: `conc explain` lists them")),
    }
}

/// A path that a lesson may name: a lesson is somebody's text, and must not show any file of its reader.
fn script_file(path: &str) -> Result<String, String> {
    match path.ends_with(".conc") && !path.starts_with('/') {
        true => Ok(path.to_string()),
        false => Err(format!("`file={path}` must be a path from the lesson to a `.conc` file")),
    }
}

fn timeout(text: &str) -> Result<Duration, String> {
    units::duration(text).map_err(|why| format!("`timeout={text}` is no duration: {why}"))
}

fn language(tag: &str) -> Result<Language, String> {
    match tag {
        "en" => Ok(Language::English),
        "zh" => Ok(Language::Chinese),
        _ => Err(format!("`lang={tag}`: conc speaks `en` and `zh`")),
    }
}

/// Words that say nothing together.
fn fits(fence: &Fence) -> Result<(), String> {
    let races = fence.expects.contains(&Expect::Races);
    let wrong = match fence.mode {
        Mode::NoRun if !fence.expects.is_empty() || fence.gil || fence.timeout.is_some() || fence.picture => {
            "nothing can come of a block with `no-run`"
        }
        Mode::Check if fence.picture && fence.expects.is_empty() => {
            "the picture of a `check` shows what it finds: say that too (`deadlocks`, `races`, `fails`)"
        }
        Mode::Run | Mode::Sim { .. } if fence.expects.len() > 1 => {
            "a run ends in one way; a `check` may find several"
        }
        Mode::Run | Mode::Sim { .. } if fence.expects.contains(&Expect::Livelocks) => {
            "only a `check` can tell a livelock"
        }
        Mode::Sim { .. } if races => "only a run on real threads or a `check` can tell a data race",
        Mode::Sim { .. } | Mode::Check if fence.gil => "`gil` is for runs on real threads",
        Mode::Run | Mode::Sim { .. } | Mode::Check | Mode::NoRun => return Ok(()),
    };
    Err(wrong.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fence(info: &str) -> Fence {
        match read(info) {
            Ok(Role::Script(fence)) => fence,
            other => panic!("{info}: {other:?}"),
        }
    }

    #[test]
    fn words_of_a_script() {
        assert_eq!((fence("conc").mode, fence("conc").expects), (Mode::Run, vec![]));
        assert_eq!(fence("conc sim seed=7").mode, Mode::Sim { seed: 7 });
        assert_eq!(fence("conc,sim").mode, Mode::Sim { seed: 0 });
        let both = fence("conc check races fails=E0323");
        assert_eq!(both.expects, [Expect::Races, Expect::Fails(Some("E0323".into()))]);
        assert!(fence("conc continue").continues && fence("conc gil").gil);
        assert_eq!(fence("conc timeout=500ms").timeout, Some(Duration::from_millis(500)));
        assert!(fence("conc sim picture").picture && fence("conc check deadlocks picture").picture);
        assert_eq!(
            (fence("conc").language, fence("conc lang=zh").language),
            (Language::English, Language::Chinese)
        );
        assert_eq!(fence("conc file=../bank.conc").file.as_deref(), Some("../bank.conc"));
    }

    #[test]
    fn answers_and_blocks_of_others() {
        let output = |any_order| Ok(Role::Answer(Answer::Output { any_order }));
        assert_eq!((read("output"), read("output any-order")), (output(false), output(true)));
        assert_eq!(read("outcomes"), Ok(Role::Answer(Answer::Outcomes)));
        assert_eq!(read("report"), Ok(Role::Answer(Answer::Report)));
        for other in ["", "python", "text conc", "concat", "conc-ish"] {
            assert_eq!(read(other), Ok(Role::Other(None)), "{other}");
        }
        assert_eq!(read("outcome"), Ok(Role::Other(Some("outcomes"))));
        assert_eq!(read("Output any-order"), Ok(Role::Other(Some("output"))));
    }

    #[test]
    fn what_is_no_word_or_does_not_fit_is_told() {
        for (info, part) in [
            ("conc chekc", "`chekc` is no word"),
            ("conc check sim", "`check` or `sim`"),
            ("conc seed=3", "belongs to `sim`"),
            ("conc sim seed=x", "no seed"),
            ("conc fails=301", "no code"),
            ("conc fails=E0999", "no error has the code E0999"),
            ("CONC check", "begins with `conc`"),
            ("conc file=/etc/passwd", "path from the lesson"),
            ("conc file=secrets.txt", "path from the lesson"),
            ("conc timeout=soon", "no duration"),
            ("conc timeout=0s", "no duration"),
            ("conc lang=fr", "`en` and `zh`"),
            ("conc no-run fails", "no-run"),
            ("conc no-run picture", "no-run"),
            ("conc check picture", "say that too"),
            ("conc fails deadlocks", "one way"),
            ("conc livelocks", "livelock"),
            ("conc sim races", "data race"),
            ("conc check gil", "`gil`"),
            ("output sorted", "`sorted`"),
            ("outcomes sorted", "stands alone"),
        ] {
            let message = read(info).expect_err(info);
            assert!(message.contains(part), "{info}: {message}");
        }
    }
}
