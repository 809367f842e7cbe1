//! What processes of a session begin with: made before this process has a second thread. They say what they have to say
//! through the session, which knows whether a line is being typed.

use conc::pipeline::growing::Growing;
use conc::report::runtime::Ending;
use conc::report::{Style, render};
use conc::source::Source;
use conc::world::Stream;
use conc::world::real::far::{self, Near};
use conc::world::real::{Ground, Growth, Input, Options, Sink, UncaughtReport};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;

/// Sets aside what is needed. Processes write to the sink.
pub fn ground(name: &str, sink: Arc<dyn Sink>, style: Style) -> io::Result<Ground> {
    let (mut growing, mut program) = Growing::new(name);
    let source = Arc::new(Mutex::new(growing.source().clone()));
    let (name, its) = (name.to_string(), source.clone());
    let mut before = growing.names().clone();
    let follow = move |growth: Growth| {
        match growth {
            Growth::Anew => (growing, program) = Growing::new(&name),
            Growth::Entry(text) => {
                before = growing.names().clone();
                match growing.add(&text) {
                    Ok(added) => program = added.program,
                    Err((found, _)) => unreachable!("the session has understood it: {found:?}"),
                }
            }
            Growth::Forgotten(names) => {
                let names: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
                growing.forget(&names, before.clone());
            }
        }
        *its.lock() = growing.source().clone();
        program.clone()
    };
    Ground::new(options(source, sink, style), Box::new(follow))
}

/// Those of each process. What is typed is the session's, so they read nothing.
fn options(source: Arc<Mutex<Arc<Source>>>, sink: Arc<dyn Sink>, style: Style) -> Options {
    let (its, to) = (source.clone(), sink.clone());
    let reporter = move |report: &UncaughtReport| {
        let (source, process) = (its.lock().clone(), report.process.as_deref());
        let text =
            render::uncaught_in(process, &report.error, &report.thread, &report.holds, &source, &style);
        // There is nobody left to tell when this fails too.
        let _ = to.write(Stream::Err, &text);
    };
    let to = sink.clone();
    let ended = move |ending: &Ending| {
        let text = render::ending(ending, &source.lock().clone(), &style);
        if !text.is_empty() {
            let _ = to.write(Stream::Err, &text);
        }
    };
    Options {
        sink,
        input: Input::from(io::empty()),
        reporter: Arc::new(reporter),
        ended: Arc::new(ended),
        ..Options::default()
    }
}

/// Where processes write while a line may be typed: to the session.
pub struct Far(far::Far);

impl Sink for Far {
    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        self.0.say(u8::from(stream == Stream::Err), text)
    }
}

/// Such a sink, and what hears it.
pub fn far() -> io::Result<(Far, Near)> {
    far::far().map(|(far, near)| (Far(far), near))
}

/// Writes what comes from processes, in a thread of its own.
pub fn relay(near: Near, to: Arc<dyn Sink>) -> io::Result<()> {
    let write = move |kind, text: &str| {
        let stream = if kind == 0 { Stream::Out } else { Stream::Err };
        let _ = to.write(stream, text);
    };
    near.hear(write).map(drop)
}
