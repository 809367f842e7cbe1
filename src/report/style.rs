//! With colour or plain.

/// How reports look where they go; who says them knows where that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    pub fn plain() -> Style {
        Style { colour: false }
    }

    pub fn coloured() -> Style {
        Style { colour: true }
    }

    pub fn is_coloured(&self) -> bool {
        self.colour
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
