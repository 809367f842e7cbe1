//! The core of a session: takes entries, runs them, says what comes of them.

use super::interrupt::Interrupts;
use super::{NAME, commands, show};
use conc::builtin;
use conc::code::lower::Place;
use conc::pipeline::growing::{Added, Growing, Named};
use conc::report::runtime::{Deadlock, Ending, status};
use conc::report::{Style, render};
use conc::source::Source;
use conc::sync::thread::Thread;
use conc::syntax;
use conc::value::Value;
use conc::world::Stream;
use conc::world::real::{Answer, Ground, Handle, Input, Options, Session, Sink, UncaughtReport};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Core {
    pub growing: Growing,
    session: Session,
    pub handle: Handle,
    sink: Arc<dyn Sink>,
    /// What scripts read.
    input: Input,
    style: Style,
    leave: Arc<Leave>,
    /// Where processes come from, if this session can have any.
    ground: Option<Arc<Ground>>,
    /// For reports that come from other threads.
    source: Arc<Mutex<Arc<Source>>>,
    pub interrupts: Interrupts,
    /// The texts that have been run, for `:save` and `:check`, without what an error kept from being done.
    texts: Vec<String>,
    /// The worst that entries have come to.
    pub status: i32,
}

/// How a session goes on after an entry.
#[derive(Debug, PartialEq, Eq)]
pub enum Went {
    On,
    /// To its end: what was typed is `:quit`.
    Quit,
    /// It is over, with this status.
    Over(i32),
}

/// What has become of threads that were to end.
pub enum Gone {
    /// There is none of that name.
    Nobody,
    All,
    NotYet,
}

/// Called when the run has ended by itself (a thread has called `exit`), with what there is to say of it and the status: it
/// may have to happen while somebody waits for a line.
pub type Leave = Box<dyn Fn(&str, i32) + Send + Sync>;

impl Core {
    pub fn begin(
        sink: Arc<dyn Sink>,
        input: Input,
        style: Style,
        leave: Leave,
        ground: Option<Arc<Ground>>,
    ) -> io::Result<Core> {
        // Where nothing is typed, Ctrl-C ends the session when nothing runs.
        let interrupts = Interrupts::watch(!input.is_typed())?;
        let leave = Arc::new(leave);
        let Fresh { growing, session, source } = fresh(&sink, &input, style, &leave, ground.as_ref())?;
        let handle = session.handle();
        interrupts.attend_to(handle.clone());
        let core = Core {
            growing,
            handle,
            session,
            sink,
            input,
            style,
            leave,
            ground,
            source,
            interrupts,
            texts: Vec::new(),
            status: status::FINE,
        };
        Ok(core)
    }

    /// The names of members that can follow a dot after this name.
    pub fn members(&self, name: &str) -> Vec<String> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let rows = builtin::methods(value.kind()).iter().map(|row| row.name);
        let properties = builtin::properties(value.kind()).iter().map(|property| property.name);
        let mut names: Vec<String> = rows.chain(properties).map(String::from).collect();
        let class = match &value {
            Value::Object(object) => Some(object.class),
            Value::Thread(thread) => thread.object.as_ref().map(|object| object.class),
            _ => None, // the others have what their type has
        };
        if let Some(class) = class {
            let program = self.handle.program();
            let class = &program.classes[class as usize];
            names.extend(class.methods.iter().map(|(name, _)| name.to_string()));
            names.extend(
                class.fields.iter().filter(|field| !field.private).map(|field| field.name.to_string()),
            );
        }
        names
    }

    /// Whether more lines are needed.
    pub fn is_incomplete(text: &str) -> bool {
        !text.trim_start().starts_with(':') && syntax::is_incomplete(text)
    }

    /// Does what was typed.
    pub fn enter(&mut self, text: &str) -> Went {
        if self.session.over() {
            return self.over();
        }
        match text.trim_start().strip_prefix(':') {
            Some(command) => commands::run(self, command.trim()),
            None => self.run(text),
        }
    }

    /// Runs an entry.
    pub fn run(&mut self, text: &str) -> Went {
        if text.trim().is_empty() {
            return Went::On;
        }
        if let Some(meant) = self.habit(text.trim()) {
            self.complain(&meant);
            return Went::On;
        }
        let before = self.growing.names().clone();
        let added = match self.growing.add(text) {
            Ok(added) => added,
            Err((found, source)) => {
                self.say(&render::diagnostics(&found, &source, &self.style));
                self.worse(status::MISUNDERSTOOD);
                return Went::On;
            }
        };
        let source = self.growing.source().clone();
        *self.source.lock() = source.clone();
        self.say(&render::diagnostics(&added.warnings, &source, &self.style));
        let answer =
            self.interrupts.during(|| self.session.enter(text, added.program.clone(), added.function));
        let failed = match answer {
            Answer::Value(value) => {
                self.show(&value, &added);
                None
            }
            Answer::Failed(error, holds, at) => {
                self.say(&render::uncaught(&error, "main", &holds, &source, &self.style));
                self.worse(status::FAILED);
                Some((at, true))
            }
            Answer::Ended(at) => {
                self.say(&self.style.say("interrupted\n"));
                self.worse(status::FAILED);
                Some((at, false))
            }
            Answer::Over => return self.over(),
        };
        let done = match failed {
            None => text.to_string(),
            Some((at, failed)) => {
                self.forget_unset(&added, before);
                self.growing.done_before(text, at, failed)
            }
        };
        self.texts.push(done);
        Went::On
    }

    /// What somebody looks for who types what other sessions know; a name that was declared here means itself.
    fn habit(&self, text: &str) -> Option<Cow<'static, str>> {
        let word = text.strip_suffix("()").unwrap_or(text);
        // `help lock`, and `help(lock)`.
        let word = match word.strip_prefix("help").map(|topic| topic.trim_start_matches('(')) {
            Some(topic) if topic.len() + "help".len() < word.len() || is_topic(topic) => "help",
            _ => word,
        };
        if self.growing.names().contains_key(word) {
            return None;
        }
        match word {
            "help" | "?" => {
                Some("`:help` lists what can be typed here, `:help lock` explains one thing".into())
            }
            "quit" | "bye" => Some("`:quit` ends the session, and so does Ctrl-D".into()),
            _ => commands::without_colon(word)
                .map(|meant| format!("a command begins with a colon: `{meant}`").into()),
        }
    }

    /// Names that the entry was to give a value, and did not, mean what they did before.
    fn forget_unset(&mut self, added: &Added, before: HashMap<Arc<str>, Named>) {
        let unset = |name: &&Arc<str>| match self.growing.place(&self.growing.names()[*name]) {
            Place::Global(index) => self.handle.global(index).is_none(),
            Place::Fixed(index) => self.handle.fixed(index).is_none(),
            Place::Value(_) | Place::Hidden => false,
        };
        let unset: Vec<Arc<str>> = added.names.iter().filter(unset).cloned().collect();
        self.growing.forget(&unset, before);
        self.session.forget(&unset);
    }

    /// What a name stands for.
    pub fn value(&self, name: &str) -> Option<Value> {
        match self.growing.place(self.growing.names().get(name)?) {
            Place::Global(index) => self.handle.global(index),
            Place::Fixed(index) => self.handle.fixed(index),
            Place::Value(value) => Some(value),
            Place::Hidden => None,
        }
    }

    fn show(&self, value: &Value, added: &Added) {
        if !matches!(value, Value::Nil) {
            self.print(&format!("{}\n", show::value(value, &added.program, &self.handle, &self.style)));
        }
    }

    fn worse(&mut self, status: i32) {
        self.status = self.status.max(status.min(status::MISUNDERSTOOD));
    }

    /// The run has ended by itself: by `exit(n)`, here or in a thread.
    fn over(&mut self) -> Went {
        match self.session.wait(Duration::from_secs(5)) {
            Some(ending) => Went::Over(self.tell(&ending)),
            None => Went::Over(self.status),
        }
    }

    /// Whoever types has seen each mistake, and gone on: none of them is how the session has ended.
    pub fn forgive(&mut self) {
        self.status = status::FINE;
    }

    /// Ends the session as a program ends: waits for the threads that keep it alive, and says so.
    pub fn finish(&mut self) -> i32 {
        self.session.close();
        let interrupts = self.interrupts.clone();
        interrupts.during(|| {
            let began = Instant::now();
            let mut told = false;
            loop {
                if let Some(ending) = self.session.wait(Duration::from_millis(20)) {
                    let status = self.tell(&ending);
                    return if status == status::FINE { self.status } else { status };
                }
                if interrupts.asked() {
                    self.session.stop();
                }
                if !told && began.elapsed() > Duration::from_millis(100) {
                    told = true;
                    self.say_who_is_awaited();
                }
            }
        })
    }

    fn say_who_is_awaited(&self) {
        let threads = self.handle.threads().into_iter().map(|(thread, _)| thread);
        let all = threads.chain(self.handle.processes());
        let awaited = all.filter(|thread| !show::is_daemon(thread));
        let lines: Vec<String> = awaited
            .map(|thread| format!("  {}\n", show::thread(&thread, &self.handle, &self.style)))
            .collect();
        if !lines.is_empty() {
            let head = self.style.say("waiting for these to end (Ctrl-C leaves at once):");
            self.say(&format!("{head}\n{}", lines.concat()));
        }
    }

    fn tell(&self, ending: &Ending) -> i32 {
        self.say(&render::ending(ending, self.growing.source(), &self.style));
        ending.status
    }

    /// Ends the threads and processes of this name (`teller-1`, or `thread-2` for `thread-2 (line 8)`), or the one that a variable of
    /// this name holds, and waits a moment for them to be gone.
    pub fn end(&self, name: &str) -> Gone {
        let held = match self.value(name) {
            Some(Value::Thread(thread)) => Some(thread.id),
            Some(_) | None => None,
        };
        let meant = |thread: &Thread| {
            let own = thread.name();
            *own == *name
                || own.strip_prefix(name).is_some_and(|rest| rest.starts_with(" (line"))
                || held == Some(thread.id)
        };
        if self.handle.end(&meant) == 0 {
            return Gone::Nobody;
        }
        let until = Instant::now() + Duration::from_secs(1);
        let lives = |handle: &Handle| {
            handle.threads().iter().any(|(thread, _)| meant(thread))
                || handle.processes().iter().any(|process| meant(process))
        };
        while lives(&self.handle) {
            if Instant::now() > until {
                return Gone::NotYet;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Gone::All
    }

    /// Begins anew: nothing is left of what was typed.
    pub fn reset(&mut self) -> Went {
        match fresh(&self.sink, &self.input, self.style, &self.leave, self.ground.as_ref()) {
            Ok(Fresh { growing, session, source }) => {
                self.session.stop();
                self.session.wait(Duration::from_secs(2));
                if let Some(ground) = &self.ground {
                    ground.clear(self.handle.program().globals.len());
                }
                self.handle = session.handle();
                self.interrupts.attend_to(self.handle.clone());
                (self.growing, self.session, self.source) = (growing, session, source);
                self.texts.clear();
            }
            Err(error) => self.complain(&format!("a new session cannot be started: {error}")),
        }
        Went::On
    }

    /// What was typed, in whole lines. Where it was in vain there are empty lines, so that lines keep their numbers.
    pub fn entries(&self) -> Vec<String> {
        self.texts.iter().map(|text| format!("{}\n", text.trim_end_matches('\n'))).collect()
    }

    /// How many entries have been run.
    pub fn runs(&self) -> usize {
        self.texts.len()
    }

    pub fn style(&self) -> &Style {
        &self.style
    }

    /// What was asked for.
    pub fn print(&self, text: &str) {
        // There is nowhere to complain when this fails.
        let _ = self.sink.write(Stream::Out, text);
    }

    /// An answer of conc's own.
    pub fn answer(&self, text: &str) {
        self.print(&format!("{}\n", self.style.say(text)));
    }

    /// A report.
    pub fn say(&self, text: &str) {
        if !text.is_empty() {
            let _ = self.sink.write(Stream::Err, text);
        }
    }

    /// A command that cannot be carried out.
    pub fn complain(&mut self, message: &str) {
        let (word, message) = (self.style.say("error:"), self.style.say(message));
        self.say(&format!("{word} {}\n", render::clean(&message)));
        self.worse(status::FAILED);
    }
}

/// What `:reset` makes anew.
struct Fresh {
    growing: Growing,
    session: Session,
    source: Arc<Mutex<Arc<Source>>>,
}

/// A session in which nothing has been typed.
fn fresh(
    sink: &Arc<dyn Sink>,
    input: &Input,
    style: Style,
    leave: &Arc<Leave>,
    ground: Option<&Arc<Ground>>,
) -> io::Result<Fresh> {
    let (growing, program) = Growing::new(NAME);
    let source = Arc::new(Mutex::new(growing.source().clone()));
    let (to, its) = (sink.clone(), source.clone());
    let reporter = move |report: &UncaughtReport| {
        let source = its.lock().clone();
        let text = render::uncaught(&report.error, &report.thread, &report.holds, &source, &style);
        let _ = to.write(Stream::Err, &text);
    };
    let (to, its) = (sink.clone(), source.clone());
    let on_deadlock = move |deadlock: &Deadlock| {
        let source = its.lock().clone();
        let mut text = render::deadlock(deadlock, &source, &style);
        if let Some(stuck) = deadlock.threads.iter().find(|stuck| &*stuck.thread != "main") {
            // Of a process any thread: it is ended as a whole.
            let hint = match stuck.thread.split_once(" (pid ") {
                Some((process, _)) => {
                    format!("  the session goes on; `:end {}` ends a process\n", render::clean(process))
                }
                None => {
                    format!("  the session goes on; `:end {}` ends a thread\n", render::clean(&stuck.thread))
                }
            };
            text += &style.say(hint);
        }
        let _ = to.write(Stream::Err, &text);
    };
    let options = Options {
        sink: sink.clone(),
        input: input.clone(),
        reporter: Arc::new(reporter),
        ..Options::default()
    };
    let (leave, its) = (leave.clone(), source.clone());
    let on_end = move |ending: &Ending| {
        // Any other end was asked for here.
        if ending.exited {
            leave(&render::ending(ending, &its.lock().clone(), &style), ending.status);
        }
    };
    let session = Session::begin(program, options, Box::new(on_deadlock), Box::new(on_end), ground.cloned())?;
    Ok(Fresh { growing, session, source })
}

/// Whether a word follows behind a blank: ` lock` of `help lock`.
fn is_topic(rest: &str) -> bool {
    rest.strip_prefix(' ').is_some_and(|topic| topic.trim_start().starts_with(|c: char| c.is_alphabetic()))
}
