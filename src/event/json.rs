//! A log in the Trace Event Format, for Perfetto (ui.perfetto.dev) and chrome://tracing.
//!
//! A thread is a track with one slice for its life and one in it for each wait. What is held has tracks of its own, one
//! for each thing that several never hold at once, else as many as hold it at once: two locks may be given back in any
//! order, which slices on one track cannot show. Puts and gets are instants, with how much a queue holds as a counter. Arrows
//! are flows, those between puts and gets only where the get had to wait.

use super::spans::{Arrow, Doing, Kind, Spans, Stretch};
use super::{Lane, Log, Unit, What};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{self, Write};

/// # Errors
/// When it cannot be written.
pub fn write(log: &Log, spans: &Spans, to: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer { to, first: true, log };
    writer.begin()?;
    writer.names()?;
    for stretch in &spans.stretches {
        writer.stretch(stretch)?;
    }
    writer.held(&spans.stretches)?;
    writer.queues()?;
    for (number, arrow) in spans.arrows.iter().enumerate() {
        if arrow.kind != Kind::Hand || arrow.waited {
            writer.arrow(number, arrow)?;
        }
    }
    writer.end()
}

struct Writer<'w> {
    to: &'w mut dyn Write,
    first: bool,
    log: &'w Log,
}

/// In microseconds; steps as they are.
fn micros(unit: Unit, time: u64) -> String {
    match unit {
        Unit::Nanoseconds => format!("{}.{:03}", time / 1000, time % 1000),
        Unit::Steps => time.to_string(),
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}

impl Writer<'_> {
    fn begin(&mut self) -> io::Result<()> {
        let shortened = self.log.shortened();
        let unit = match self.log.unit {
            Unit::Nanoseconds => "ns",
            Unit::Steps => "steps, shown as microseconds",
        };
        let about = json!({ "made by": "conc", "unit": unit, "not in it": shortened });
        write!(self.to, "{{\"displayTimeUnit\":\"ns\",\"otherData\":{about},\"traceEvents\":[")
    }

    fn end(&mut self) -> io::Result<()> {
        self.to.write_all(b"\n]}\n")
    }

    fn event(&mut self, fields: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.to.write_all(if std::mem::take(&mut self.first) { b"\n" } else { b",\n" })?;
        write!(self.to, "{{{fields}}}")
    }

    fn lane(&self, lane: usize) -> (&Lane, usize) {
        let lane = &self.log.lanes[lane];
        (lane, lane.process + 1)
    }

    fn ts(&self, time: u64) -> String {
        micros(self.log.unit, time)
    }

    fn names(&mut self) -> io::Result<()> {
        for (index, process) in self.log.processes.iter().enumerate() {
            let name = text(&format!("{} (pid {})", process.name, process.pid));
            let pid = index + 1;
            self.event(format_args!(
                r#""ph":"M","pid":{pid},"tid":0,"name":"process_name","args":{{"name":{name}}}"#
            ))?;
        }
        for lane in &self.log.lanes {
            let (pid, tid, name) = (lane.process + 1, lane.thread, text(&lane.name));
            self.event(format_args!(
                r#""ph":"M","pid":{pid},"tid":{tid},"name":"thread_name","args":{{"name":{name}}}"#
            ))?;
        }
        Ok(())
    }

    fn stretch(&mut self, stretch: &Stretch) -> io::Result<()> {
        let (lane, pid) = self.lane(stretch.lane);
        let (tid, name) = (lane.thread, text(&lane.name));
        let (ts, dur) = (self.ts(stretch.from), self.ts(stretch.to - stretch.from));
        match &stretch.doing {
            Doing::Lives { failed } => {
                let how = if *failed { r#","args":{"ended":"with an error"}"# } else { "" };
                self.event(format_args!(
                    r#""ph":"X","pid":{pid},"tid":{tid},"ts":{ts},"dur":{dur},"name":{name}{how}"#
                ))
            }
            Doing::Waits { text: what, whom, line, .. } => {
                let whom = whom
                    .map_or(String::new(), |whom| format!(r#","for":{}"#, text(&self.log.lanes[whom].name)));
                let name = text(what);
                self.event(format_args!(
                    r#""ph":"X","pid":{pid},"tid":{tid},"ts":{ts},"dur":{dur},"name":{name},"args":{{"line":{line}{whom}}}"#
                ))
            }
            Doing::Does { text: what, line } => {
                let name = text(what);
                self.event(format_args!(
                    r#""ph":"X","pid":{pid},"tid":{tid},"ts":{ts},"dur":{dur},"name":{name},"args":{{"line":{line}}}"#
                ))
            }
            Doing::Holds { .. } => Ok(()),
        }
    }

    /// What is held, on tracks of its own.
    fn held(&mut self, stretches: &[Stretch]) -> io::Result<()> {
        let holds = |stretch: &&Stretch| matches!(stretch.doing, Doing::Holds { .. });
        let mut held: Vec<&Stretch> = stretches.iter().filter(holds).collect();
        held.sort_by_key(|stretch| stretch.from);
        // For each thing, until when each of its tracks is taken, and the tracks' numbers.
        let mut tracks: HashMap<usize, Vec<(u64, u32)>> = HashMap::new();
        // Above those of threads.
        let mut next = self.log.lanes.iter().map(|lane| lane.thread + 1).max().unwrap_or_default();
        for stretch in held {
            let Doing::Holds { thing, times, .. } = stretch.doing else { continue };
            let (_, pid) = self.lane(stretch.lane);
            let of = tracks.entry(thing).or_default();
            let free = of.iter().position(|(until, _)| *until <= stretch.from);
            let at = free.unwrap_or(of.len());
            if free.is_none() {
                of.push((0, next));
                next += 1;
            }
            of[at].0 = stretch.to;
            let tid = of[at].1;
            if free.is_none() {
                let name = text(&self.log.things[thing].label);
                self.event(format_args!(
                    r#""ph":"M","pid":{pid},"tid":{tid},"name":"thread_name","args":{{"name":{name}}}"#
                ))?;
            }
            let name = text(&self.log.lanes[stretch.lane].name);
            let (ts, dur) = (self.ts(stretch.from), self.ts(stretch.to - stretch.from));
            let times = if times > 0 { format!(r#","args":{{"times":{times}}}"#) } else { String::new() };
            self.event(format_args!(
                r#""ph":"X","pid":{pid},"tid":{tid},"ts":{ts},"dur":{dur},"name":{name}{times}"#
            ))?;
        }
        Ok(())
    }

    fn queues(&mut self) -> io::Result<()> {
        for event in &self.log.events {
            let (word, thing) = match &event.what {
                What::Puts { thing, .. } => ("put", *thing),
                What::Gets(thing) => ("get", *thing),
                What::Signals(thing) => ("tells", *thing),
                What::Begins
                | What::Ends { .. }
                | What::Starts(_)
                | What::Joins(_)
                | What::StartsProcess(_)
                | What::Blocks(_)
                | What::GoesOn
                | What::Acquires(_)
                | What::Releases(_)
                | What::Repeats { .. }
                | What::Does(_) => continue,
            };
            let (lane, pid) = self.lane(event.lane);
            let (tid, ts) = (lane.thread, self.ts(event.time));
            let label = &self.log.things[thing].label;
            let name = text(&format!("{word} {label}"));
            self.event(format_args!(r#""ph":"i","pid":{pid},"tid":{tid},"ts":{ts},"name":{name}"#))?;
            if let What::Puts { size, .. } = &event.what {
                let name = text(label);
                self.event(format_args!(
                    r#""ph":"C","pid":{pid},"ts":{ts},"name":{name},"args":{{"n":{size}}}"#
                ))?;
            }
        }
        Ok(())
    }

    fn arrow(&mut self, number: usize, arrow: &Arrow) -> io::Result<()> {
        let name = text(arrow.kind.words());
        let ends = [("s", arrow.from, ""), ("f", arrow.to, r#","bp":"e""#)];
        for (ph, (lane, time), more) in ends {
            let (lane, pid) = self.lane(lane);
            // A slice does not reach to its own end.
            let tid = lane.thread;
            let ts = self.ts(if ph == "s" { time.saturating_sub(1) } else { time });
            self.event(format_args!(
                r#""ph":"{ph}","pid":{pid},"tid":{tid},"ts":{ts},"id":{number},"cat":"conc","name":{name}{more}"#
            ))?;
        }
        Ok(())
    }
}
