//! With colour or plain.

use std::io::IsTerminal;

/// How reports look where they go. Anything that is not a terminal gets plain text.
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

    /// For standard error, where all reports go.
    pub fn for_stderr() -> Style {
        Style { colour: std::io::stderr().is_terminal() && !colour_unwanted() }
    }

    /// For standard output, when a report is what was asked for.
    pub fn for_stdout() -> Style {
        Style { colour: std::io::stdout().is_terminal() && !colour_unwanted() }
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

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// See no-color.org: any value but the empty one means "no".
fn colour_unwanted() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb")
}
