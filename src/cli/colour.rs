//! Whether what conc says is coloured. Decided once, from `--color` and the environment, for the whole command.
//! (The language goes with it: both are the style of reports.)

use conc::report::Style;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::OnceLock;

/// What `--color` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set; with CLICOLOR_FORCE also elsewhere
    #[default]
    Auto,
    Always,
    Never,
}

static CHOICE: OnceLock<Color> = OnceLock::new();

/// Settles it. clap asks too, for what it says itself.
pub fn choose(color: Color) {
    let _ = CHOICE.set(color);
    anstream::ColorChoice::write_global(match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    });
}

/// For reports that were not asked for.
pub fn stderr() -> Style {
    style(std::io::stderr().is_terminal())
}

/// For what was asked for.
pub fn stdout() -> Style {
    style(std::io::stdout().is_terminal())
}

fn style(terminal: bool) -> Style {
    let color = CHOICE.get().copied().unwrap_or_default();
    let coloured = wanted(color, terminal, |name| std::env::var_os(name));
    let style = if coloured { Style::coloured() } else { Style::plain() };
    style.in_language(super::language::chosen())
}

/// See no-color.org and bixense.com/clicolors: the flag first, then NO_COLOR, then CLICOLOR_FORCE, then CLICOLOR.
fn wanted(color: Color, terminal: bool, environment: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name| environment(name).is_some_and(|value| !value.is_empty());
    let is_zero = |name| environment(name).is_some_and(|value| value == "0");
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if is_set("NO_COLOR") => false,
        Color::Auto if is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE") => true,
        Color::Auto => {
            let dumb = environment("TERM").is_some_and(|terminal| terminal == "dumb");
            terminal && !dumb && !is_zero("CLICOLOR")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_decides_and_then_the_environment() {
        let in_environment = |color, terminal, set: &[(&str, &str)]| {
            let find = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into());
            wanted(color, terminal, find)
        };
        let both = [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")];
        for terminal in [true, false] {
            assert!(in_environment(Color::Always, terminal, &both));
            assert!(!in_environment(Color::Never, terminal, &both[1..]));
            assert!(!in_environment(Color::Auto, terminal, &both));
            assert!(in_environment(Color::Auto, terminal, &both[1..]));
            assert_eq!(in_environment(Color::Auto, terminal, &[]), terminal);
            assert_eq!(in_environment(Color::Auto, terminal, &[("NO_COLOR", "")]), terminal);
            assert_eq!(in_environment(Color::Auto, terminal, &[("CLICOLOR_FORCE", "0")]), terminal);
            assert!(!in_environment(Color::Auto, terminal, &[("TERM", "dumb")]));
            assert!(!in_environment(Color::Auto, terminal, &[("CLICOLOR", "0")]));
        }
    }
}
