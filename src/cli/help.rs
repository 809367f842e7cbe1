//! `conc help TOPIC`: a page of the reference, or what a builtin, a command or a flag does.

use super::arguments::{self, Help};
use super::language::{chosen, said};
use super::{Failure, colour, columns, print, translated};
use conc::help;
use conc::report::runtime::status;
use conc::report::{Code, render};

/// Shows the page, or without a topic the list of all; the exit status.
pub fn help(asked: &Help) -> i32 {
    let style = colour::stdout();
    let topic = asked.topic.join(" ");
    if topic.is_empty() {
        print(&help::topics(&style));
        print(&said(
            "`conc help TOPIC` shows one, `conc help lock.acquire` a member, `conc help print` a builtin, `conc help\n\
             --timeout` a flag.\n\
             `conc --help` lists the commands, and `conc check --help` the flags of one.\n",
        ));
        return status::FINE;
    }
    // `--jitter` and `conc check` are topics without what stands before them. A command or a flag of the same name as a
    // topic is told on its page, if that speaks of it: `--format` is not about texts.
    let bare = topic.trim_start_matches('-').trim_start_matches("conc ");
    let name = bare.split_once('=').map_or(bare, |(name, _)| name);
    let is_flag = topic.starts_with("--");
    let known = |topic: &str| help::page(topic, &style).map(|page| columns::fitted(&page));
    let page = known(name).filter(|page| !is_flag || page.contains(&format!("--{name}")));
    let page = page.or_else(|| command(name).filter(|_| !is_flag)).or_else(|| flag(name));
    let page = page.or_else(|| known(name)).or_else(|| explanation(name));
    // Several words: what any of them is about.
    let text = page.or_else(|| name.split(' ').find_map(known));
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
    let help = table.find_subcommand_mut(name).map(|command| command.render_long_help().to_string());
    let help = help.map(|help| if chosen().is_chinese() { translated::written(&help) } else { help });
    help.map(|help| columns::fitted_list(&help))
}

/// What an error's code means.
fn explanation(name: &str) -> Option<String> {
    let page = |code: Code| render::page(code.explanation(chosen()), &colour::stdout());
    Code::named(name).map(|code| columns::fitted(&page(code)))
}

/// What a flag does, with each command that has it.
fn flag(name: &str) -> Option<String> {
    let mut table = arguments::table();
    table.build();
    let mut text = String::new();
    for command in table.get_subcommands() {
        let Some(flag) = command.get_arguments().find(|flag| flag.get_long() == Some(name)) else { continue };
        let about = flag.get_help().map(ToString::to_string).unwrap_or_default();
        text += &format!("conc {} {}\n  {about}\n", command.get_name(), flag);
    }
    (!text.is_empty()).then_some(text)
}

fn unknown(topic: &str) -> i32 {
    let hint = match help::closest(topic) {
        Some(closest) => format!("did you mean {closest}? `conc help` lists the topics"),
        None => "`conc help` lists the topics".to_string(),
    };
    Failure::new(format!("there is no help on {topic}")).hint(hint).report()
}
