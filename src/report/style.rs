//! With colour or plain, and in which language.

use super::language::Language;

/// How reports look where they go; who says them knows where that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
    language: Language,
}

impl Style {
    pub fn plain() -> Style {
        Style { colour: false, language: Language::English }
    }

    pub fn coloured() -> Style {
        Style { colour: true, language: Language::English }
    }

    pub fn in_language(self, language: Language) -> Style {
        Style { language, ..self }
    }

    pub fn is_coloured(&self) -> bool {
        self.colour
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// One of conc's own sentences or words, in the reader's language.
    pub fn say(&self, text: impl AsRef<str>) -> String {
        self.language.say(text.as_ref()).into_owned()
    }

    /// What may be a sentence of conc's own, or something of the script.
    pub fn say_or_keep(&self, text: impl AsRef<str>) -> String {
        self.language.say_or_keep(text.as_ref()).into_owned()
    }

    /// What follows a name in brackets: ` (sleeps, line 7)`.
    pub(super) fn in_brackets(&self, text: &str) -> String {
        if self.language.is_chinese() { format!("（{text}）") } else { format!(" ({text})") }
    }

    /// The word that opens a report of something wrong.
    pub(super) fn error(&self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// The word that opens a remark.
    pub(super) fn remark(&self, text: &str) -> String {
        self.paint("1;33", text)
    }

    pub fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Line numbers and what frames the script's own lines.
    pub(super) fn frame(&self, text: &str) -> String {
        self.paint("1;34", text)
    }

    /// A line of a difference between two texts.
    pub fn difference(&self, line: &str) -> String {
        let code = match line.as_bytes().first() {
            Some(b'+') => "32",
            Some(b'-') => "31",
            Some(b'@') => "36",
            _ => return line.to_string(),
        };
        let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
        self.paint(code, text) + end
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}
