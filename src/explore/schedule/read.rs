//! Reading a schedule file: any text gives a schedule or says where it is wrong.

use super::settings::{OUTCOMES, Settings, switches, word};
use super::{BAR, CHANGING, Recorded, SEEN_LOCKS, SEEN_THREADS, Script, TITLE, VERSION, is_plain};
use crate::explore::verdict::{Property, Schedule, Seen, Turn};
use crate::explore::{Options, Time};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use std::collections::HashMap;

/// More turns than a run can be told in; keeps a mistyped number from filling the memory.
const MOST_TURNS: usize = 10_000_000;
/// More choices than one step can hold.
const MOST_CHOICES: usize = 10_000;

/// The spans in the mistake are places in `text`.
pub fn read(text: &str) -> Result<Recorded, Box<Diagnostic>> {
    let mut reader = Reader { text, at: 0 };
    reader.title()?;
    let script = reader.script()?;
    let meaning = reader.field("meaning", "meaning 5f0c2d1e9a8b7c63")?;
    let meaning = reader.meaning(meaning)?;
    let settings = reader.settings()?;
    let changing = match reader.optional(CHANGING) {
        true => reader.words("the name of a variable")?,
        false => Vec::new(),
    };
    let seen = Seen { locks: reader.optional(SEEN_LOCKS), threads: reader.optional(SEEN_THREADS) };
    let fails = reader.fails()?;
    reader.field("threads", "threads main teller")?;
    let threads = reader.words("the name of a thread")?;
    let turns = reader.turns(&threads)?;
    Ok(Recorded { script, meaning, settings, fails, threads, schedule: Schedule { changing, seen, turns } })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, Box<Diagnostic>>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes on behind `expected`, if that is what comes.
    fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !skipped(c)).unwrap_or(rest.len());
    }

    fn skip_spaces(&mut self) {
        self.skip(|c| c.is_whitespace() && c != '\n');
    }

    /// Past spaces, comments and ends of lines.
    fn skip_lines(&mut self) {
        loop {
            self.skip(char::is_whitespace);
            if self.peek() != Some('#') {
                return;
            }
            self.skip(|c| c != '\n');
        }
    }

    /// Where the next word of this line begins.
    fn more_in_line(&mut self) -> Option<usize> {
        self.skip_spaces();
        match self.peek() {
            None | Some('\n' | '#') => None,
            Some(_) => Some(self.at),
        }
    }

    /// The word, or other character, that stands at `start`.
    fn span(&self, start: usize) -> Span {
        let rest = &self.text[start..];
        let word = rest.find(|c: char| !is_plain(c)).unwrap_or(rest.len());
        let one = rest.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        Span::new(start, start + word.max(one))
    }

    fn wrong<T>(&self, span: Span, what: impl Into<String>, hint: impl Into<String>) -> Read<T> {
        Err(Box::new(Diagnostic::error(Code::Syntax, span, what).hint(hint)))
    }

    fn title(&mut self) -> Read<()> {
        self.take("\u{feff}");
        if !self.take(TITLE) {
            return self.wrong(
                self.span(self.at),
                "this is no schedule of conc",
                format!("such a file begins with `{TITLE}{VERSION}`; `conc check` writes it"),
            );
        }
        let start = self.at;
        self.skip(|c| c.is_ascii_digit());
        if self.text[start..self.at] != VERSION.to_string() {
            return self.wrong(
                self.span(start),
                format!("this schedule is not of version {VERSION}, the one that this conc reads"),
                "let this conc make the schedule anew: `conc check FILE`",
            );
        }
        Ok(())
    }

    /// Where the value of the header's next line begins.
    fn field(&mut self, name: &str, example: &str) -> Read<usize> {
        self.skip_lines();
        let start = self.at;
        self.skip(is_plain);
        if &self.text[start..self.at] != name {
            let hint = format!("such as `{example}`");
            return self.wrong(self.span(start), format!("a line with `{name}` is missing here"), hint);
        }
        match self.more_in_line() {
            Some(at) => Ok(at),
            None => {
                self.wrong(self.span(start), format!("`{name}` says nothing"), format!("such as `{example}`"))
            }
        }
    }

    /// Goes on behind the name of the header's next line, if it is that one.
    fn optional(&mut self, name: &str) -> bool {
        self.skip_lines();
        let start = self.at;
        self.skip(is_plain);
        let found = &self.text[start..self.at] == name;
        self.at = if found { self.at } else { start };
        found
    }

    /// The words up to the end of the line.
    fn words(&mut self, what: &str) -> Read<Vec<String>> {
        let mut words = Vec::new();
        while let Some(at) = self.more_in_line() {
            words.push(self.word(at, is_plain, what)?);
        }
        Ok(words)
    }

    /// The script's path, or its name and its lines.
    fn script(&mut self) -> Read<Script> {
        if !self.optional("text") {
            let start = self.field("script", "script  bank.conc")?;
            let path = self.word(start, |c| is_plain(c) || c == '/', "the path of the script")?;
            return Ok(Script::File(path));
        }
        let Some(start) = self.more_in_line() else {
            return self.wrong(self.span(self.at), "`text` says nothing", "such as `text    -e`");
        };
        let name = self.word(start, is_plain, "the name of the script")?;
        if let Some(more) = self.more_in_line() {
            let hint = "a name with other characters than letters, digits and `-_.[]` stands in quotes";
            return self.wrong(self.span(more), "this does not belong to the name of the script", hint);
        }
        self.skip(|c| c != '\n');
        self.take("\n");
        let mut lines = Vec::new();
        while self.take(BAR) || self.take(BAR.trim_end()) {
            let start = self.at;
            self.skip(|c| c != '\n');
            lines.push(&self.text[start..self.at]);
            self.take("\n");
        }
        Ok(Script::Here { name, text: lines.join("\n") })
    }

    fn settings(&mut self) -> Read<Settings> {
        let mut settings = Settings::of(&Options::default());
        if self.optional("args") {
            settings.arguments = self.words("an argument")?;
        }
        let start = self.field("seed", "seed    0")?;
        self.skip(is_plain);
        let Ok(seed) = self.text[start..self.at].parse() else {
            let most = u64::MAX;
            return self.wrong(self.span(start), "the seed is a number", format!("from 0 to {most}"));
        };
        settings.seed = seed;
        let start = self.field("time", "time    any")?;
        self.skip(is_plain);
        let said = &self.text[start..self.at];
        let Some(time) = [Time::Any, Time::Idle].into_iter().find(|time| word(*time) == said) else {
            return self.wrong(self.span(start), "there is no such rule of time", "one of: any, idle");
        };
        settings.time = time;
        if self.optional("without") {
            while let Some(start) = self.more_in_line() {
                self.skip(is_plain);
                let said = &self.text[start..self.at];
                let known = switches(&mut settings.reductions);
                let names = known.each_ref().map(|(name, _)| *name).join(", ");
                let Some((_, on)) = known.into_iter().find(|(name, _)| *name == said) else {
                    let hint = format!("one of: {names}");
                    return self.wrong(self.span(start), "there is no such reduction", hint);
                };
                *on = false;
            }
        }
        if self.optional("limit") {
            let start = self.more_in_line().unwrap_or(self.at);
            self.skip(is_plain);
            let Some(most) = self.text[start..self.at].parse().ok().filter(|most| *most > 0) else {
                let most = usize::MAX;
                return self.wrong(
                    self.span(start),
                    "the limit of threads is a number",
                    format!("from 1 to {most}"),
                );
            };
            settings.max_threads = most;
        }
        if self.optional("asked") {
            let start = self.more_in_line().unwrap_or(self.at);
            if !self.optional(OUTCOMES) {
                let hint = format!("such as `asked   {OUTCOMES}`, and the names of variables");
                return self.wrong(self.span(start), "nothing of that kind is asked", hint);
            }
            settings.outcomes = true;
            settings.variables = self.words("the name of a variable")?;
        }
        Ok(settings)
    }

    fn meaning(&mut self, start: usize) -> Read<u64> {
        self.skip(is_plain);
        let digits = &self.text[start..self.at];
        match u64::from_str_radix(digits, 16) {
            Ok(meaning) if digits.len() == 16 => Ok(meaning),
            Ok(_) | Err(_) => self.wrong(
                self.span(start),
                "the meaning of the script is a number of 16 hexadecimal digits",
                "let `conc check FILE` make the schedule anew",
            ),
        }
    }

    fn fails(&mut self) -> Read<Option<(Property, String)>> {
        if !self.optional("fails") {
            return Ok(None);
        }
        self.skip_spaces();
        let start = self.at;
        self.skip(is_plain);
        let word = &self.text[start..self.at];
        let Some(property) = Property::ALL.into_iter().find(|property| property.word() == word) else {
            let words = Property::ALL.map(Property::word).join(", ");
            return self.wrong(self.span(start), "this can not fail", format!("one of: {words}"));
        };
        if !self.take(": ") {
            let hint = format!("such as `fails   {word}: total is 101 at the end`");
            return self.wrong(self.span(self.at), "what fails is missing here", hint);
        }
        let start = self.at;
        self.skip(|c| c != '\n');
        let what = self.text[start..self.at].trim_end_matches('\r');
        Ok(Some((property, what.to_string())))
    }

    /// A word as it is, or in quotes.
    fn word(&mut self, start: usize, plain: impl Fn(char) -> bool, what: &str) -> Read<String> {
        if self.take("\"") {
            return self.quoted(start);
        }
        self.skip(plain);
        if self.at == start {
            return self.wrong(
                self.span(start),
                format!("{what} is missing here"),
                "a name with other characters than letters, digits and `-_.[]` stands in quotes",
            );
        }
        Ok(self.text[start..self.at].to_string())
    }

    /// What `value::show::quoted` writes, after the first quote.
    fn quoted(&mut self, start: usize) -> Read<String> {
        let mut word = String::new();
        loop {
            let at = self.at;
            let Some(character) = self.peek().filter(|c| *c != '\n') else {
                let span = Span::new(start, start + 1);
                return self.wrong(
                    span,
                    "this text is never closed",
                    "a closing `\"` is missing in this line",
                );
            };
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(word),
                '\\' => match self.escape() {
                    Some(meant) => word.push(meant),
                    None => {
                        let span = Span::new(at, at + 1);
                        let hint = "there are `\\\"`, `\\\\`, `\\{`, `\\n`, `\\t` and `\\u{…}`";
                        return self.wrong(span, "nothing is written like this", hint);
                    }
                },
                other => word.push(other),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        match character {
            '"' | '\\' | '{' => Some(character),
            'n' => Some('\n'),
            't' => Some('\t'),
            'u' if self.take("{") => {
                let start = self.at;
                self.skip(|c| c.is_ascii_hexdigit());
                let code = u32::from_str_radix(&self.text[start..self.at], 16).ok();
                code.and_then(char::from_u32).filter(|_| self.take("}"))
            }
            _ => None,
        }
    }

    fn turns(&mut self, threads: &[String]) -> Read<Vec<Turn>> {
        let mut known: HashMap<&str, Vec<u32>> = HashMap::new();
        for (index, name) in threads.iter().enumerate() {
            known.entry(name).or_default().push(index as u32);
        }
        let mut turns = Vec::new();
        loop {
            self.skip_lines();
            if self.peek().is_none() {
                return Ok(turns);
            }
            let start = self.at;
            let thread = self.thread(&known)?;
            let mut turn = Turn { thread, times_out: false, choices: Vec::new() };
            if self.take("(") {
                self.decisions(&mut turn)?;
            }
            let times = if self.take("*") { self.number("how often is missing here")? as usize } else { 1 };
            let weight = 1 + turn.choices.len();
            if times.saturating_mul(weight) > MOST_TURNS - turns.len().min(MOST_TURNS) {
                let hint = "a number may have a digit too many";
                let most = format!("a schedule has at most {MOST_TURNS} turns");
                return self.wrong(Span::new(start, self.at), most, hint);
            }
            turns.extend(std::iter::repeat_n(turn, times));
            if !self.peek().is_none_or(|c| c.is_whitespace() || c == '#') {
                let hint = "such as `main`, `main*3`, `main(timeout)` or `main(choice 2)*3`";
                return self.wrong(self.span(self.at), "this does not belong to a turn", hint);
            }
        }
    }

    /// `teller`, or `teller/2` for the second of that name.
    fn thread(&mut self, known: &HashMap<&str, Vec<u32>>) -> Read<u32> {
        let start = self.at;
        let name = self.word(start, is_plain, "the name of a thread")?;
        let named = known.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        let place = if self.take("/") { self.number("which of that name is missing here")? } else { 1 };
        let thread = usize::try_from(place).ok().and_then(|place| named.get(place.checked_sub(1)?));
        match thread {
            Some(thread) => Ok(*thread),
            None => {
                let span = Span::new(start, self.at);
                let (what, hint) = match named.len() {
                    0 => (format!("there is no thread \"{name}\""), "the line `threads` names all there are"),
                    n => (
                        format!("there is no thread \"{name}\" number {place}, only {n} of that name"),
                        "the line `threads` names all there are, in the order of their starts",
                    ),
                };
                self.wrong(span, what, hint)
            }
        }
    }

    /// `timeout, choice 2)`.
    fn decisions(&mut self, turn: &mut Turn) -> Read<()> {
        loop {
            self.skip_spaces();
            let start = self.at;
            self.skip(is_plain);
            match &self.text[start..self.at] {
                "timeout" => turn.times_out = true,
                "choice" if turn.choices.len() < MOST_CHOICES => {
                    self.skip_spaces();
                    turn.choices.push(self.number("which choice is missing here")?);
                }
                _ => {
                    let hint = "`timeout`, or `choice` and a number, as in `main(timeout, choice 2)`";
                    return self.wrong(self.span(start), "a turn decides nothing of that kind", hint);
                }
            }
            self.skip_spaces();
            if self.take(")") {
                return Ok(());
            }
            if !self.take(",") {
                let hint = "`)` closes the decisions of a turn, `,` stands between them";
                return self.wrong(self.span(self.at), "`)` is missing here", hint);
            }
        }
    }

    fn number(&mut self, missing: &str) -> Read<u32> {
        let start = self.at;
        self.skip(|c| c.is_ascii_digit());
        match self.text[start..self.at].parse() {
            Ok(number) => Ok(number),
            Err(_) if self.at == start => {
                self.wrong(self.span(start), missing, "a number is needed, such as 2")
            }
            Err(_) => self.wrong(Span::new(start, self.at), "this number is too large", "at most 4294967295"),
        }
    }
}
