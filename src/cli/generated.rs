//! What is made of the table of commands and flags for other programs: completions for shells, pages for `man`.

use super::arguments::{self, Completions, Man};
use super::{Failure, print};
use conc::report::runtime::status;

/// Writes the completions for a shell; the exit status.
pub fn completions(asked: &Completions) -> i32 {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut arguments::table(), "conc", &mut script);
    print(&String::from_utf8_lossy(&script));
    status::FINE
}

/// Writes the manual page of conc or of one of its commands; the exit status.
pub fn manual(asked: &Man) -> i32 {
    let mut whole = arguments::table();
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
    let mut text = Vec::new();
    match clap_mangen::Man::new(page.clone()).render(&mut text) {
        Ok(()) => {
            print(&String::from_utf8_lossy(&text));
            status::FINE
        }
        Err(error) => Failure::new(format!("the page cannot be made: {error}")).report(),
    }
}
