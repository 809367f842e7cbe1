//! What processes of a session begin with: made before this process has a second thread. They say what they have to say
//! through the session, which knows whether a line is being typed.

use conc::pipeline::growing::Growing;
use conc::report::runtime::Ending;
use conc::report::{Style, render};
use conc::source::Source;
use conc::world::Stream;
use conc::world::real::{Ground, Growth, Input, Options, Sink, UncaughtReport};
use parking_lot::Mutex;
use std::io;
use std::os::unix::net::UnixDatagram;
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

/// So long a piece goes as one; a longer one goes as several.
const PIECE: usize = 32 * 1024;

/// Where processes write while a line may be typed: to the session, a piece at a time.
pub struct Far(UnixDatagram);

impl Sink for Far {
    fn write(&self, stream: Stream, text: &str) -> io::Result<()> {
        let first = match stream {
            Stream::Out => 0,
            Stream::Err => 1,
        };
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
            let message: Vec<u8> = [first].into_iter().chain(piece.bytes()).collect();
            self.0.send(&message)?;
            rest = more;
        }
        Ok(())
    }
}

/// Such a sink, and what hears it.
pub fn far() -> io::Result<(Far, UnixDatagram)> {
    UnixDatagram::pair().map(|(far, near)| (Far(far), near))
}

/// Writes what comes from processes, in a thread of its own.
pub fn relay(near: UnixDatagram, to: Arc<dyn Sink>) -> io::Result<()> {
    std::thread::Builder::new().name("processes".into()).spawn(move || {
        let mut message = vec![0; PIECE + 1];
        while let Ok(length @ 1..) = near.recv(&mut message) {
            let stream = if message[0] == 0 { Stream::Out } else { Stream::Err };
            let _ = to.write(stream, &String::from_utf8_lossy(&message[1..length]));
        }
    })?;
    Ok(())
}
