//! Entries typed in a terminal: a line that can be edited, with a history, and output of other threads above it.

use super::assistant::Assistant;
use super::core::{Core, Went};
use super::history;
use crate::cli::columns;
use conc::world::Stream;
use conc::world::real::Sink;
use parking_lot::Mutex;
use rustix::termios::{OptionalActions, Termios};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor, ExternalPrinter};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

pub type Line = Editor<Assistant, FileHistory>;

/// So many entries are remembered.
const REMEMBERED: usize = 10_000;

/// A line to be typed in a terminal, and where output goes meanwhile.
pub fn open(process: Arc<dyn Sink>) -> rustyline::Result<(Line, Arc<Screen>)> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(REMEMBERED)?
        .history_ignore_dups(true)?
        .build();
    let mut line = Line::with_config(config)?;
    let printer = Box::new(line.create_external_printer()?);
    let before = rustix::termios::tcgetattr(io::stdin()).map_err(io::Error::from)?;
    let screen = Screen { typing: Mutex::new(Typing { now: false, left: None, printer }), process, before };
    Ok((line, Arc::new(screen)))
}

/// Takes entries until there are no more; the exit status.
pub fn converse(core: Core, mut line: Line, screen: &Screen) -> i32 {
    let file = history::file();
    if let Some(file) = &file {
        // There is none before the first session.
        let _ = line.load_history(file);
    }
    let core = Rc::new(RefCell::new(core));
    line.set_helper(Some(Assistant::new(core.clone())));
    let greeting =
        core.borrow().style().say("conc: type a statement or an expression, `:help` for help; Ctrl-D ends");
    core.borrow().print(&format!("{}\n", columns::fitted(&greeting).trim_end()));
    loop {
        let prompt = format!("{}> ", core.borrow().growing.next_line());
        let typed = match screen.while_typing(|| line.readline(&prompt)) {
            Ok(typed) => typed,
            Err((text, status)) => {
                core.borrow().say(&text);
                return status;
            }
        };
        let entry = match typed {
            Ok(entry) => entry,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => {
                core.borrow_mut().forgive();
                return core.borrow_mut().finish();
            }
            Err(error) => {
                core.borrow_mut().complain(&format!("the terminal cannot be read: {error}"));
                return core.borrow_mut().finish();
            }
        };
        remember(&mut line, &file, &entry, &core);
        let went = core.borrow_mut().enter(&entry);
        match went {
            Went::On => {}
            Went::Quit => {
                core.borrow_mut().forgive();
                return core.borrow_mut().finish();
            }
            Went::Over(status) => return status,
        }
    }
}

/// Keeps the entry for this session and later ones. What cannot be written is said once.
fn remember(line: &mut Line, file: &Option<history::File>, entry: &str, core: &RefCell<Core>) {
    if entry.trim().is_empty() || !line.add_history_entry(entry).unwrap_or(false) {
        return;
    }
    if let Some(file) = file
        && let Err(error) = file.add(line)
        && file.is_first_failure()
    {
        core.borrow_mut()
            .complain(&format!("the history cannot be kept in {}: {error}", file.as_ref().display()));
    }
}

/// Where output goes: above the line while one is typed, else to the terminal.
pub struct Screen {
    typing: Mutex<Typing>,
    process: Arc<dyn Sink>,
    /// How the terminal was.
    before: Termios,
}

struct Typing {
    now: bool,
    /// The run has ended by itself: what there is to say of it, and its status.
    left: Option<(String, i32)>,
    printer: Box<dyn ExternalPrinter + Send>,
}

impl Screen {
    /// What is typed; or what there is to say of a run that has ended, and its status.
    fn while_typing<T>(&self, typed: impl FnOnce() -> T) -> Result<T, (String, i32)> {
        {
            let mut typing = self.typing.lock();
            if let Some(left) = typing.left.take() {
                return Err(left);
            }
            typing.now = true;
        }
        let line = typed();
        self.typing.lock().now = false;
        Ok(line)
    }

    /// The run has ended by itself. Whoever types a line would wait for it in vain: nothing but the end of this process ends
    /// that, so the terminal is made as it was before.
    pub fn leave(&self, text: &str, status: i32) {
        let mut typing = self.typing.lock();
        typing.left = Some((text.to_string(), status));
        if typing.now {
            let _ = rustix::termios::tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
            // Pasted text is marked no more; and on from the line that was being typed.
            let _ = self.process.write(Stream::Out, "\x1b[?2004l\n");
            let _ = self.process.write(Stream::Err, text);
            std::process::exit(status);
        }
    }
}

impl Sink for Screen {
    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        let mut typing = self.typing.lock();
        if typing.now {
            return typing.printer.print(text.to_string()).map_err(io::Error::other);
        }
        // In order: nobody begins to type before it is written.
        self.process.write(stream, text)
    }
}
