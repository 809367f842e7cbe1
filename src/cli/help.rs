//! `conc help TOPIC`: a page of the reference, or what a builtin or a command does.

use super::arguments::{self, Help};
use super::{Failure, colour, print};
use conc::help;
use conc::report::runtime::status;

/// Shows the page, or without a topic the list of all; the exit status.
pub fn help(asked: &Help) -> i32 {
    let style = colour::stdout();
    let topic = asked.topic.join(" ");
    if topic.is_empty() {
        print(&help::topics(&style));
        print(
            "`conc help TOPIC` shows one, `conc help lock.acquire` a member, `conc help print` a builtin.\n\
             `conc --help` lists the commands, and `conc check --help` the flags of one.\n",
        );
        return status::FINE;
    }
    // A command of the same name as a topic is told on its page.
    let text = help::page(&topic, &style).or_else(|| command(&topic));
    match text {
        Some(text) => {
            print(&text);
            status::FINE
        }
        None => unknown(&topic),
    }
}

fn command(name: &str) -> Option<String> {
    let mut table = arguments::table();
    table.build();
    table.find_subcommand_mut(name).map(|command| command.render_long_help().to_string())
}

fn unknown(topic: &str) -> i32 {
    let list = "`conc help` lists the topics";
    let hint = match help::closest(topic) {
        Some(closest) => format!("did you mean {closest}? {list}"),
        None => list.to_string(),
    };
    Failure::new(format!("there is no help on {topic}")).hint(hint).report()
}
