//! What begins with a colon. The table is the help.

use super::core::{Core, Gone, Went};
use super::{check, show};
use crate::cli::{self, colour, columns};
use conc::builtin;
use conc::report::{Code, render};
use conc::resolve::suggest;
use std::path::Path;
use std::time::Instant;

pub struct Command {
    pub name: &'static str,
    /// What comes after it, as the help shows it.
    takes: &'static str,
    about: &'static str,
    act: fn(&mut Core, &str) -> Went,
}

pub const COMMANDS: &[Command] = &[
    Command {
        name: "help",
        takes: "[TOPIC]",
        about: "this list; or what a command or an error's code means",
        act: help,
    },
    Command {
        name: "threads",
        takes: "",
        about: "the threads that live: what each does, and what it holds",
        act: threads,
    },
    Command {
        name: "locks",
        takes: "",
        about: "locks and semaphores: who holds them, who waits",
        act: locks,
    },
    Command { name: "queues", takes: "", about: "queues: what is in them, who waits", act: queues },
    Command {
        name: "processes",
        takes: "",
        about: "the processes that live, with their pids",
        act: processes,
    },
    Command {
        name: "end",
        takes: "NAME",
        about: "end a thread where it stands; its `finally` blocks run. Or kill a process",
        act: end,
    },
    Command {
        name: "check",
        takes: "[FILE]",
        about: "explore every order of what was typed, or of a file",
        act: explore,
    },
    Command { name: "time", takes: "EXPR", about: "run it, and tell how long it took", act: time },
    Command { name: "load", takes: "FILE", about: "run a file here, as if it were typed", act: load },
    Command { name: "save", takes: "FILE", about: "write what was typed into a file", act: save },
    Command { name: "reset", takes: "", about: "end all threads and forget all names", act: reset },
    Command { name: "quit", takes: "", about: "end the session (so does Ctrl-D)", act: quit },
];

/// The command that somebody means who forgets its colon: its name alone, or with a script's. (`threads` is a function, too.)
pub fn without_colon(text: &str) -> Option<String> {
    let (name, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let alone = argument.is_empty() && builtin::function(name).is_none();
    let known = COMMANDS.iter().any(|command| command.name == name);
    (known && (alone || argument.ends_with(".conc"))).then(|| format!(":{text}"))
}

/// Does a command, given without its colon.
pub fn run(core: &mut Core, command: &str) -> Went {
    let (name, argument) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let argument = argument.trim();
    // As in vi and in many other sessions.
    let name = if matches!(name, "q" | "exit") { "quit" } else { name };
    let exact = COMMANDS.iter().find(|known| known.name == name);
    let begins = |known: &&Command| !name.is_empty() && known.name.starts_with(name);
    let beginning: Vec<&Command> = COMMANDS.iter().filter(begins).collect();
    match (exact, &beginning[..]) {
        (Some(command), _) => obey(core, command, argument),
        (None, [command]) => obey(core, command, argument),
        (None, [first, second, ..]) => {
            core.complain(&format!(":{name} may be :{} or :{}", first.name, second.name));
            Went::On
        }
        (None, []) => {
            let names = || COMMANDS.iter().map(|known| known.name);
            core.complain(&match suggest::closest(name, names()) {
                Some(closest) => format!("there is no command :{name}; did you mean :{closest}?"),
                None => {
                    let all: Vec<&str> = names().collect();
                    format!("there is no command :{name}; there are :{}", all.join(" :"))
                }
            });
            Went::On
        }
    }
}

fn obey(core: &mut Core, command: &Command, argument: &str) -> Went {
    // An expression knows its comments itself: `#` may stand in a text.
    let argument = if command.takes == "EXPR" { argument } else { uncommented(argument) };
    if command.takes.is_empty() && !argument.is_empty() {
        core.complain(&format!(":{} takes nothing behind it", command.name));
        return Went::On;
    }
    (command.act)(core, argument)
}

/// What stands before a comment. A `#` within a word is none: files may be called so.
fn uncommented(argument: &str) -> &str {
    let begins = |at: &usize| argument[..*at].chars().next_back().is_none_or(char::is_whitespace);
    let comment = argument.match_indices('#').map(|(at, _)| at).find(begins);
    comment.map_or(argument, |at| argument[..at].trim_end())
}

fn help(core: &mut Core, topic: &str) -> Went {
    let topic = topic.trim_start_matches(':');
    if topic.is_empty() {
        let title = |command: &Command| format!(":{} {}", command.name, command.takes);
        let style = colour::stdout();
        let line = |command: &Command| format!("  {:<18}{}\n", title(command), style.say(command.about));
        let mut text = style
            .say("Type a statement or an expression; an open bracket or block goes on in the next line.\n");
        COMMANDS.iter().for_each(|command| text += &line(command));
        // (With a line for each, the commands would be gone from most screens.)
        text += &style.say("\nWhat `:help TOPIC` explains, besides each builtin (`:help print`):\n");
        text += &conc::help::topics_in_short(&style);
        core.print(&columns::fitted_list(&text));
    } else if let Some(command) = COMMANDS.iter().find(|command| command.name == topic) {
        let about = core.style().say(command.about);
        core.print(&format!(":{} {}\n  {about}\n", command.name, command.takes));
    } else if let Some(code) = Code::named(topic) {
        let page = render::page(code.explanation(core.style().language()), &colour::stdout());
        core.print(&columns::fitted(&page));
    } else if let Some(page) = conc::help::page(topic, &colour::stdout()) {
        core.print(&columns::fitted(&page));
    } else if let Some(closest) = conc::help::closest(topic) {
        core.complain(&format!("there is no help about {topic}; did you mean {closest}?"));
    } else {
        core.complain(&format!("there is no help about {topic}; `:help` lists the commands"));
    }
    Went::On
}

fn threads(core: &mut Core, _: &str) -> Went {
    let mut text = String::new();
    for (thread, holds) in core.handle.threads() {
        text += &show::thread(&thread, &core.handle, core.style());
        let held = holds.iter().map(|(label, line)| show::since(label, *line, core.style()));
        let held: Vec<String> = held.collect();
        if !held.is_empty() {
            text += &core.style().say(format!("; holds {}", held.join(", ")));
        }
        text.push('\n');
    }
    core.print(&text);
    Went::On
}

fn locks(core: &mut Core, _: &str) -> Went {
    list(core, show::is_lock, "there are no locks and semaphores")
}

fn queues(core: &mut Core, _: &str) -> Went {
    list(core, show::is_queue, "there are no queues")
}

fn list(core: &mut Core, which: fn(&conc::sync::Sync) -> bool, none: &str) -> Went {
    let things = core.handle.things();
    let lines: Vec<String> = things
        .iter()
        .filter(|thing| which(thing))
        .map(|thing| format!("{}\n", show::thing(thing, &core.handle, core.style())))
        .collect();
    if lines.is_empty() {
        core.answer(none);
    } else {
        core.print(&lines.concat());
    }
    Went::On
}

fn processes(core: &mut Core, _: &str) -> Went {
    let living = core.handle.processes();
    let shown =
        living.iter().map(|process| format!("{}\n", show::thread(process, &core.handle, core.style())));
    let lines: Vec<String> = shown.collect();
    if lines.is_empty() {
        core.answer("there are no processes");
    } else {
        core.print(&lines.concat());
    }
    Went::On
}

fn end(core: &mut Core, name: &str) -> Went {
    let name = name.trim_matches('"');
    if name.is_empty() {
        core.complain(":end takes the name of a thread or a process, as `:threads` and `:processes` show it");
        return Went::On;
    }
    match core.end(name) {
        Gone::All => core.answer(&format!("{name} is ended")),
        Gone::Nobody => {
            core.complain(&format!(
                "there is no thread {name} that could be ended, and no process; `:threads` and `:processes` list them"
            ));
        }
        Gone::NotYet => core.complain(&format!(
            "{name} has not ended yet: it is in the middle of one long operation, or cleans up in a `finally`"
        )),
    }
    Went::On
}

fn explore(core: &mut Core, file: &str) -> Went {
    if file.is_empty() {
        check::typed(core)
    } else {
        check::file(core, file)
    }
    Went::On
}

fn time(core: &mut Core, text: &str) -> Went {
    if text.is_empty() {
        core.complain(":time takes something to run");
        return Went::On;
    }
    let (began, runs) = (Instant::now(), core.runs());
    let went = core.run(text);
    // What could not be understood has taken no time.
    if went == Went::On && core.runs() > runs {
        core.answer(&format!("took {}", render::time(began.elapsed())));
    }
    went
}

fn load(core: &mut Core, file: &str) -> Went {
    if file.is_empty() {
        core.complain(":load takes the name of a file");
        return Went::On;
    }
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let first = core.growing.next_line();
            core.say(&core.style().say(format!("{file} is line {first} and what follows\n")));
            core.run(text.trim_start_matches('\u{feff}'))
        }
        Err(error) => {
            core.complain(&cli::unreadable(Path::new(file), &error));
            Went::On
        }
    }
}

fn save(core: &mut Core, file: &str) -> Went {
    if file.is_empty() {
        core.complain(":save takes the name of a file");
        return Went::On;
    }
    let text: String = core.entries().iter().filter(|entry| !entry.trim().is_empty()).cloned().collect();
    let lines = text.lines().count();
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut open| std::io::Write::write_all(&mut open, text.as_bytes()));
    match written {
        Ok(()) if lines == 1 => core.answer(&format!("1 line is in {file}")),
        Ok(()) => core.answer(&format!("{lines} lines are in {file}")),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            core.complain(&format!("{file} is there already; choose another name, or remove it first"));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            core.complain(&format!("cannot write {file}: there is no such directory"));
        }
        Err(error) => core.complain(&format!("cannot write {file}: {error}")),
    }
    Went::On
}

fn reset(core: &mut Core, _: &str) -> Went {
    core.reset()
}

fn quit(_: &mut Core, _: &str) -> Went {
    Went::Quit
}
