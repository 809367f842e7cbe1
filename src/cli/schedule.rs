//! Files that hold one schedule: what `conc check --save` writes and `conc replay` reads.
//!
//! ```text
//! conc schedule 1
//! script bank.conc
//! print 2f0c6a1b9d3e4f50
//! argument 3
//! seed 0
//! time any
//! turns 0*12 1 2*3 1! 2:0,1
//! ```
//!
//! A turn is a thread by the order of starts (0 is `main`), `*3` three turns alike, `!` a wait that ends because its time
//! is over, and after `:` what was chosen in the step. The print tells whether the script is still the same. A script
//! that came from no file is in here itself, each of its lines after `| `.

use super::{Failure, script};
use conc::explore::Time;
use conc::explore::verdict::{Schedule, Turn};
use conc::source::Source;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const FIRST_LINE: &str = "conc schedule 1";
/// Turns on one line of a file.
const TURNS_A_LINE: usize = 20;
/// No story is so long; a file that says so is no schedule.
const MOST_TURNS: usize = 100_000_000;

/// A schedule, and all that it needs to be run again.
#[derive(Debug)]
pub struct Saved {
    pub source: Source,
    pub arguments: Vec<String>,
    pub seed: u64,
    pub time: Time,
    pub schedule: Schedule,
}

impl Saved {
    pub fn save(&self, path: &Path) -> Result<(), Failure> {
        let text = self.text(path);
        fs::write(path, text)
            .map_err(|error| Failure::new(format!("cannot save the schedule in {}: {error}", path.display())))
    }

    fn text(&self, path: &Path) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        let script = Path::new(&*self.source.name);
        if script.is_file() {
            _ = writeln!(text, "script {}", beside(script, path).display());
        } else {
            text += "script -\n";
            self.source.text.lines().for_each(|line| _ = writeln!(text, "| {line}"));
        }
        _ = writeln!(text, "print {:016x}", print(&self.source.text));
        for argument in &self.arguments {
            _ = writeln!(text, "argument {}", argument.escape_default());
        }
        _ = writeln!(text, "seed {}", self.seed);
        _ = writeln!(text, "time {}", word(self.time));
        for turns in runs(&self.schedule.turns).chunks(TURNS_A_LINE) {
            _ = writeln!(text, "turns {}", turns.join(" "));
        }
        text
    }

    pub fn load(path: &Path) -> Result<Saved, Failure> {
        let shown = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("cannot read the schedule {shown}: {error}")))?;
        if text.lines().next() != Some(FIRST_LINE) {
            return Err(Failure::new(format!("{shown} is no schedule"))
                .hint("`conc check --save FILE` writes one, when it finds that something can go wrong"));
        }
        let saved = parse(&text, path).map_err(|mistake| match mistake {
            Mistake::Line(line, why) => Failure::new(format!("{shown}:{line}: {why}")),
            Mistake::Other(failure) => failure,
        })?;
        Ok(saved)
    }
}

enum Mistake {
    Line(usize, String),
    Other(Failure),
}

fn parse(text: &str, path: &Path) -> Result<Saved, Mistake> {
    let (mut script, mut body, mut expected) = (None, String::new(), None);
    let (mut arguments, mut seed, mut time) = (Vec::new(), 0, Time::Any);
    let mut turns = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1) {
        let wrong = |why: &str| Mistake::Line(index + 1, why.to_string());
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "|" => _ = writeln!(body, "{rest}"),
            "script" => script = Some(rest),
            "print" => {
                let read = u64::from_str_radix(rest, 16);
                expected = Some(read.map_err(|_| wrong("the print is 16 hexadecimal digits"))?);
            }
            "argument" => {
                arguments.push(unescaped(rest).ok_or_else(|| wrong("the argument cannot be understood"))?);
            }
            "seed" => seed = rest.parse().map_err(|_| wrong("the seed is a number"))?,
            "time" => {
                let known = [Time::Any, Time::Idle].into_iter().find(|time| self::word(*time) == rest);
                time = known.ok_or_else(|| wrong("the time is `any` or `idle`"))?;
            }
            "turns" => {
                for run in rest.split_whitespace() {
                    let (turn, times) = read_run(run).ok_or_else(|| wrong(&format!("`{run}` is no turn")))?;
                    if turns.len() + times > MOST_TURNS {
                        return Err(wrong("there are too many turns"));
                    }
                    turns.extend(std::iter::repeat_n(turn, times));
                }
            }
            other => return Err(wrong(&format!("`{other}` is no word of a schedule"))),
        }
    }
    let source = match script {
        None => return Err(Mistake::Line(1, "no `script` is named".into())),
        Some("-") => Source::new("-e", body),
        Some(name) => {
            let place = path.parent().unwrap_or(Path::new("")).join(name);
            script::from_file(place.as_os_str()).map_err(Mistake::Other)?
        }
    };
    // A text in the schedule ends with a newline, which it may not have had.
    let same = |text: &str| expected.is_none_or(|expected| expected == print(text));
    if !same(&source.text) && !same(source.text.strip_suffix('\n').unwrap_or(&source.text)) {
        let failure = Failure::new(format!("{} has changed since the schedule was saved", source.name))
            .hint("save it again: `conc check --save FILE …`");
        return Err(Mistake::Other(failure));
    }
    Ok(Saved { source, arguments, seed, time, schedule: Schedule { turns } })
}

/// The script's path as the schedule names it: from its own directory on where it is below that, else the whole.
fn beside(script: &Path, schedule: &Path) -> PathBuf {
    let whole = fs::canonicalize(script).unwrap_or_else(|_| script.to_path_buf());
    let directory = match schedule.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let directory = fs::canonicalize(directory).unwrap_or_default();
    whole.strip_prefix(&directory).map(Path::to_path_buf).unwrap_or(whole)
}

fn word(time: Time) -> &'static str {
    match time {
        Time::Any => "any",
        Time::Idle => "idle",
    }
}

/// FNV-1a: small, and the same everywhere and for ever.
fn print(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Equal turns in a row are one.
fn runs(turns: &[Turn]) -> Vec<String> {
    let write = |run: &[Turn]| {
        let Turn { thread, times_out, choices } = &run[0];
        let mut text = thread.to_string();
        if *times_out {
            text.push('!');
        }
        if !choices.is_empty() {
            let choices: Vec<String> = choices.iter().map(u32::to_string).collect();
            text += &format!(":{}", choices.join(","));
        }
        if run.len() > 1 {
            text += &format!("*{}", run.len());
        }
        text
    };
    turns.chunk_by(|a, b| a == b).map(write).collect()
}

fn read_run(text: &str) -> Option<(Turn, usize)> {
    let (text, times) = match text.split_once('*') {
        Some((text, times)) => (text, times.parse().ok()?),
        None => (text, 1),
    };
    let (text, choices) = match text.split_once(':') {
        Some((text, choices)) => (text, choices.split(',').map(str::parse).collect::<Result<_, _>>().ok()?),
        None => (text, Vec::new()),
    };
    let (thread, times_out) = match text.strip_suffix('!') {
        Some(thread) => (thread, true),
        None => (text, false),
    };
    Some((Turn { thread: thread.parse().ok()?, times_out, choices }, times))
}

/// What `escape_default` has made.
fn unescaped(text: &str) -> Option<String> {
    let mut found = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            found.push(c);
            continue;
        }
        found.push(match rest.next()? {
            't' => '\t',
            'r' => '\r',
            'n' => '\n',
            'u' => {
                let digits: String = rest.by_ref().take_while(|&c| c != '}').collect();
                let number = u32::from_str_radix(digits.strip_prefix('{')?, 16).ok()?;
                char::from_u32(number)?
            }
            sign => sign,
        });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(thread: u32, times_out: bool, choices: &[u32]) -> Turn {
        Turn { thread, times_out, choices: choices.to_vec() }
    }

    fn saved(source: Source) -> Saved {
        let turns = vec![
            turn(0, false, &[]),
            turn(0, false, &[]),
            turn(1, true, &[]),
            turn(2, false, &[0, 3]),
            turn(2, true, &[1]),
            turn(0, false, &[]),
        ];
        let arguments = vec!["a b".into(), String::new(), "余\n\\\"".into()];
        Saved { source, arguments, seed: 7, time: Time::Idle, schedule: Schedule { turns } }
    }

    fn again(text: &str, path: &str) -> Result<Saved, String> {
        parse(text, Path::new(path)).map_err(|mistake| match mistake {
            Mistake::Line(line, why) => format!("{line}: {why}"),
            Mistake::Other(failure) => failure.message,
        })
    }

    #[test]
    fn a_text_goes_with_its_schedule() {
        for text in ["let x = 1\n\nprint(x)", "print(1)\n", ""] {
            let before = saved(Source::new("-e", text));
            let file = before.text(Path::new("x.schedule"));
            assert!(file.contains("turns 0*2 1! 2:0,3 2!:1 0\n"), "{file}");
            let after = again(&file, "x.schedule").expect("it was written just now");
            assert_eq!(after.source.text.trim_end(), text.trim_end());
            assert_eq!((after.arguments, after.seed, after.time), (before.arguments, 7, Time::Idle));
            assert_eq!(after.schedule, before.schedule);
        }
    }

    #[test]
    fn a_script_is_found_from_the_schedules_place() {
        let directory = std::env::temp_dir().join(format!("conc-schedule-{}", std::process::id()));
        fs::create_dir_all(directory.join("sub")).unwrap();
        let script = directory.join("sub/bank.conc");
        fs::write(&script, "print(1)\n").unwrap();
        let path = directory.join("lost.schedule");
        saved(Source::new(script.to_str().unwrap(), "print(1)\n")).save(&path).unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("\nscript sub/bank.conc\n"));
        assert_eq!(Saved::load(&path).unwrap().schedule.turns.len(), 6);
        fs::write(&script, "print(2)\n").unwrap();
        let changed = Saved::load(&path).unwrap_err();
        assert!(
            changed.message.ends_with("bank.conc has changed since the schedule was saved"),
            "{changed:?}"
        );
        fs::remove_file(&script).unwrap();
        assert!(Saved::load(&path).unwrap_err().message.contains("there is no such file"));
        fs::write(&path, "print(1)\n").unwrap();
        assert!(Saved::load(&path).unwrap_err().message.ends_with("is no schedule"));
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn what_is_no_schedule_is_told_by_line() {
        for (text, why) in [
            ("", "1: no `script` is named"),
            ("script -\nturns 1 x", "3: `x` is no turn"),
            ("script -\nturns 1:", "3: `1:` is no turn"),
            ("script -\nturns 1*", "3: `1*` is no turn"),
            ("script -\nturns -1", "3: `-1` is no turn"),
            ("script -\nturns 0*999999999999", "3: there are too many turns"),
            ("script -\ntime soon", "3: the time is `any` or `idle`"),
            ("seed x", "2: the seed is a number"),
            ("print zz", "2: the print is 16 hexadecimal digits"),
            ("argument \\", "2: the argument cannot be understood"),
            ("argument \\u{110000}", "2: the argument cannot be understood"),
            ("hello", "2: `hello` is no word of a schedule"),
        ] {
            assert_eq!(again(&format!("{FIRST_LINE}\n{text}"), "x").err().as_deref(), Some(why), "{text}");
        }
    }
}
