//! What is made of the table of commands and flags for other programs: completions for shells, pages for `man`. Pages are
//! English: `man` has its own words around them.

use super::arguments::{self, Completions, Man};
use super::{Failure, completing, print};
use clap_complete::Shell;
use conc::report::runtime::status;
use std::io;

/// Writes the completions for a shell, or tells its script what can stand there now; the exit status.
pub fn completions(asked: &Completions) -> i32 {
    if !asked.words.is_empty() {
        print(&completing::offer(&asked.words).lines());
        return status::FINE;
    }
    let script = match asked.shell {
        Shell::Bash => include_str!("completing/conc.bash").to_string(),
        Shell::Fish => include_str!("completing/conc.fish").to_string(),
        Shell::Zsh => include_str!("completing/conc.zsh").to_string(),
        // What does not change, made of the table. (`Shell` may grow.)
        other => {
            let mut script = Vec::new();
            clap_complete::generate(other, &mut completing::table(), "conc", &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
    };
    print(&script);
    status::FINE
}

/// Writes the manual page of conc or of one of its commands; the exit status.
pub fn manual(asked: &Man) -> i32 {
    let mut whole = arguments::english();
    whole.build();
    let page = match &asked.command {
        None => Some(&whole),
        Some(name) => whole.find_subcommand(name),
    };
    let Some(page) = page else {
        let name = asked.command.as_deref().unwrap_or_default();
        return Failure::new(format!("conc has no command {name}"))
            .hint("`conc --help` lists the commands")
            .report();
    };
    match render(page) {
        Ok(text) => {
            print(&String::from_utf8_lossy(&text));
            status::FINE
        }
        Err(error) => Failure::new(format!("the page cannot be made: {error}")).report(),
    }
}

/// A manual page: what the table says of a command, then its examples as they stand there.
fn render(command: &clap::Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    // The name stands before it there.
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let about = about.strip_prefix("conc: ").unwrap_or(&about).to_string();
    let page = clap_mangen::Man::new(command.clone().about(about))
        // Said, since an empty one would leave its place to what follows.
        .date("\\&")
        .source(concat!("conc ", env!("CARGO_PKG_VERSION")))
        .manual("conc");
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    text.extend(sections(&examples).bytes());
    Ok(text)
}

/// The paragraphs below a command's help: one that begins with a line `Examples:` is a section of that name, the others
/// are notes. Its columns stay as they are.
fn sections(examples: &str) -> String {
    let mut text = String::new();
    let mut in_notes = false;
    for paragraph in examples.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let title = first.strip_suffix(':').filter(|title| ["Examples", "Exit status"].contains(title));
        match title {
            Some(title) => text += &format!(".SH \"{}\"\n", title.to_uppercase()),
            None if in_notes => text += ".PP\n",
            None => text += ".SH NOTES\n",
        }
        in_notes = title.is_none();
        text += ".nf\n";
        for line in if in_notes { paragraph } else { rest }.lines() {
            text += &format!("{}\n", roff(line.strip_prefix("  ").unwrap_or(line)));
        }
        text += ".fi\n";
    }
    text
}

/// A line in the language of manual pages, in which a dash is to be copied as one.
fn roff(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_become_sections_that_keep_their_columns() {
        let text =
            sections("A note.\n\nOne more.\n\nExamples:\n  conc a     b\n  .c\n\nExit status:\n  0 fine");
        let notes = ".SH NOTES\n.nf\nA note.\n.fi\n.PP\n.nf\nOne more.\n.fi\n";
        let others =
            ".SH \"EXAMPLES\"\n.nf\nconc a     b\n\\&.c\n.fi\n.SH \"EXIT STATUS\"\n.nf\n0 fine\n.fi\n";
        assert_eq!(text, format!("{notes}{others}"));
        assert_eq!(roff("--x \\n"), "\\-\\-x \\en");
    }
}
