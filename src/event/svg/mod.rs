//! A log as a picture: a timeline with a lane for each thread, in SVG written by hand.
//!
//! `canvas` has the shapes and keeps texts apart, `style` says what things look like, `legend` tells what of it was
//! used. What is shorter than a pixel is drawn together with its neighbours of the same kind; what is left out altogether
//! is said.

mod canvas;
mod legend;
mod style;
#[cfg(test)]
mod tests;

use super::spans::{Arrow, Doing, Kind, Spans, Stretch};
use super::{Log, Unit, Waiting, time};
use crate::report::Language;
pub(super) use canvas::escape;
use canvas::{Area, Canvas, fit, fit_name, width};
use std::collections::{BTreeSet, HashMap, HashSet};
use style::STYLE;

pub struct Picture {
    pub text: String,
    /// What it does not show.
    pub left_out: Vec<String>,
    /// Where its texts are.
    #[cfg(test)]
    texts: Vec<Area>,
}

/// Pixels.
const MARGIN: f64 = 16.0;
const NAMES: f64 = 150.0;
const LONGEST_NAMES: f64 = 260.0;
const TIME: f64 = 1000.0;
/// A step of a simulated run is so wide, if there are few; and the widest picture.
const STEP: f64 = 84.0;
const WIDEST: f64 = 8000.0;
const BAR: f64 = 16.0;
const HELD: f64 = 13.0;
const SIZE: f64 = 11.0;
const SMALL: f64 = 9.0;

/// More stretches narrower than this, within so much of a row, are drawn without borders.
const NARROW: f64 = 3.0;
const MOST_NARROW: u32 = 4;
const CROWD: f64 = 32.0;

/// More lanes, and arrows, than anybody can follow.
const MOST_LANES: usize = 200;
const MOST_ARROWS: usize = 400;
/// So many hide what is below them, unless it shines through.
const MANY_ARROWS: usize = 60;

/// Draws a log; `title` says what it is of, `language` who reads it.
pub fn draw(log: &Log, spans: &Spans, title: &str, language: Language) -> Picture {
    let mut drawing = Drawing::of(log, spans, language);
    let mut y = drawing.head(title);
    y = drawing.lay_out(y);
    drawing.axis(y);
    drawing.stretches(spans);
    drawing.arrows(&spans.arrows);
    let bottom = drawing.legend(y + 40.0);
    drawing.finish(bottom, title)
}

struct Drawing<'l> {
    log: &'l Log,
    language: Language,
    canvas: Canvas,
    /// Where time begins and ends: pixels, and times. Where threads still wait at the end, there is room behind it.
    left: f64,
    right: f64,
    from: u64,
    to: u64,
    /// When the run ended.
    last: u64,
    /// For each lane the top of its bar; None for those that are left out.
    tops: Vec<Option<f64>>,
    /// For each stretch that holds something, in which row below the bar.
    rows: HashMap<usize, usize>,
    /// For each lane how many rows it has.
    row_counts: Vec<usize>,
    used: BTreeSet<usize>,
    arrows_used: BTreeSet<Kind>,
    often: bool,
    held: bool,
    forever: bool,
    failed: bool,
    left_out: Vec<String>,
}

impl<'l> Drawing<'l> {
    fn of(log: &'l Log, spans: &Spans, language: Language) -> Drawing<'l> {
        let first = spans.stretches.iter().map(|stretch| stretch.from).min().unwrap_or(0);
        let last = spans.stretches.iter().map(|stretch| stretch.to).max().unwrap_or(log.end).max(first + 1);
        let waits = |stretch: &Stretch| stretch.open && matches!(stretch.doing, Doing::Waits { .. });
        let stuck = spans.stretches.iter().any(waits);
        let end = if stuck { last + ((last - first) / 5).max(1) } else { last };
        let widest = log.lanes.iter().map(|lane| width(&lane.name, SIZE)).fold(NAMES, f64::max);
        let left = MARGIN + widest.min(LONGEST_NAMES) + 10.0;
        let wide = match log.unit {
            Unit::Nanoseconds => TIME,
            Unit::Steps => TIME.max((end - first) as f64 * STEP).min(WIDEST),
        };
        let mut drawing = Drawing {
            log,
            language,
            canvas: Canvas::default(),
            left,
            right: left + wide,
            from: first,
            to: end,
            last,
            tops: vec![None; log.lanes.len()],
            rows: HashMap::new(),
            row_counts: vec![0; log.lanes.len()],
            used: BTreeSet::new(),
            arrows_used: BTreeSet::new(),
            often: false,
            held: false,
            forever: false,
            failed: false,
            left_out: Vec::new(),
        };
        drawing.find_rows(spans);
        drawing
    }

    fn x(&self, time: u64) -> f64 {
        let share = (time.clamp(self.from, self.to) - self.from) as f64 / (self.to - self.from) as f64;
        self.left + share * (self.right - self.left)
    }

    /// What one thread holds at the same time stands in rows one below the other; a thing keeps its row if it can.
    fn find_rows(&mut self, spans: &Spans) {
        let mut held: Vec<(usize, &Stretch)> = spans.stretches.iter().enumerate().collect();
        held.retain(|(_, stretch)| matches!(stretch.doing, Doing::Holds { .. }));
        held.sort_by_key(|(_, stretch)| stretch.from);
        let mut free: Vec<Vec<u64>> = vec![Vec::new(); self.log.lanes.len()];
        for (number, stretch) in held {
            let rows = &mut free[stretch.lane];
            let row = rows.iter().position(|until| *until <= stretch.from).unwrap_or(rows.len());
            if row == rows.len() {
                rows.push(0);
            }
            rows[row] = stretch.to;
            self.rows.insert(number, row);
        }
        self.row_counts = free.iter().map(Vec::len).collect();
    }

    fn head(&mut self, title: &str) -> f64 {
        let room = self.right - MARGIN;
        let title = fit(title, 15.0, room).unwrap_or_default();
        self.canvas.text(MARGIN, 20.0, 15.0, "strong", &title);
        let threads = self.log.lanes.len();
        let span = match self.log.unit {
            Unit::Nanoseconds => time(self.log.unit, self.last - self.from),
            Unit::Steps => format!("{} steps", self.last - self.from),
        };
        let mut y = 38.0;
        let count = match threads {
            1 => format!("1 thread, {span}"),
            n => format!("{n} threads, {span}"),
        };
        for line in [count].into_iter().chain(self.log.shortened()) {
            let line = fit(&self.say(&line), SMALL + 1.0, room).unwrap_or_default();
            self.canvas.text(MARGIN, y, SMALL + 1.0, "light", &line);
            y += 14.0;
        }
        y + 12.0
    }

    /// Gives each lane its place; the bottom of the last.
    fn lay_out(&mut self, mut y: f64) -> f64 {
        let several = self.log.processes.len() > 1;
        let mut process = usize::MAX;
        for (number, lane) in self.log.lanes.iter().enumerate() {
            if number == MOST_LANES {
                let more = self.log.lanes.len() - MOST_LANES;
                self.left_out.push(format!("{more} threads of {} are not in it", self.log.lanes.len()));
                let words = self.say(&format!("… and {more} more threads"));
                self.canvas.text(MARGIN, y + 6.0, SIZE, "light", &words);
                y += 20.0;
                break;
            }
            if several && lane.process != process {
                process = lane.process;
                y = self.process_head(process, y);
            }
            self.tops[number] = Some(y);
            let name = fit_name(&lane.name, SIZE, self.left - MARGIN - 10.0);
            self.canvas.text(MARGIN, y + BAR / 2.0, SIZE, "", &name);
            y += BAR + 2.0 + self.row_counts[number].min(6) as f64 * HELD + 8.0;
        }
        y
    }

    fn process_head(&mut self, number: usize, y: f64) -> f64 {
        let process = &self.log.processes[number];
        let mut told = vec![match process.pid {
            0 => self.say(&format!("process {}", process.name)),
            pid => self.say(&format!("process {} (pid {pid})", process.name)),
        }];
        if let Some(parent) = process.parent {
            told.push(self.say(&format!("started by {}", self.log.processes[parent].name)));
        }
        match process.ended {
            Some((_, signal)) if signal < 0 => {
                told.push(self.say(&format!("killed by signal {}", -signal)));
            }
            Some((_, status)) if status != 0 => told.push(self.say(&format!("ended with status {status}"))),
            Some(_) | None => {}
        }
        let told = told.join(if self.language.is_chinese() { "，" } else { ", " });
        self.canvas.line((MARGIN, y), (self.right, y), "rule");
        let told = fit(&told, SIZE, self.right - MARGIN).unwrap_or_default();
        // Arrows to the lanes of this process, and of others, come across it.
        let (right, bottom) = (MARGIN + width(&told, SIZE), y + 18.0);
        let ground = Area { left: MARGIN, top: y + 2.0, right, bottom };
        self.canvas.label(MARGIN, y + 10.0, SIZE, "strong", &told, &ground);
        y + 24.0
    }

    fn axis(&mut self, bottom: f64) {
        let top = self.tops.iter().flatten().copied().fold(bottom, f64::min) - 4.0;
        let step = tick(self.log.unit, self.to - self.from);
        let mut at = self.from.div_ceil(step) * step;
        while at <= self.last {
            let x = self.x(at);
            self.canvas.line((x, top), (x, bottom), "grid");
            let words = match self.log.unit {
                Unit::Steps => at.to_string(),
                Unit::Nanoseconds => short_time(at),
            };
            self.canvas.text(x + 2.0, bottom + 10.0, SMALL, "light", &words);
            at += step;
        }
        self.canvas.line((self.left, bottom), (self.right, bottom), "rule");
        if self.to > self.last {
            let x = self.x(self.last);
            self.canvas.line((x, top), (x, bottom + 4.0), "ended");
            let words = self.say("the run ends");
            self.canvas.text(x + 2.0, bottom + 22.0, SMALL, "light", &words);
        }
        if self.log.lost.events > 0 {
            let (left, right) = (self.x(self.log.lost.from), self.x(self.log.lost.to));
            let told = self.say(&format!("{} events are not kept", self.log.lost.events));
            self.canvas.rect(Area { left, top, right, bottom }, "missing", &told);
        }
    }

    fn stretches(&mut self, spans: &Spans) {
        // Lives first, so that the rest is on them; then what lasts longest, so that it keeps its text.
        let mut order: Vec<(usize, &Stretch)> = spans.stretches.iter().enumerate().collect();
        order.sort_by_key(|(_, stretch)| {
            (!matches!(stretch.doing, Doing::Lives { .. }), u64::MAX - (stretch.to - stretch.from))
        });
        let mut narrow = HashSet::new();
        let crowds = self.crowds(spans);
        for (number, stretch) in order {
            let Some(top) = self.tops[stretch.lane] else { continue };
            // What has not come to its end goes on behind that of the run.
            let to = if stretch.open && self.to > self.last { self.to } else { stretch.to };
            let (left, right) = (self.x(stretch.from), self.x(to));
            self.canvas.crowded = right - left < NARROW
                && crowds.get(&crowd(stretch, left)).is_some_and(|narrow| *narrow > MOST_NARROW);
            match &stretch.doing {
                Doing::Lives { failed } => {
                    self.life(stretch, *failed, Area { left, top, right, bottom: top + BAR })
                }
                Doing::Does { text, line } => {
                    let area = Area { left, top, right, bottom: top + BAR };
                    let text = &*self.language.say_or_keep(text);
                    let at = self.behind(*line, format!("line {line}"));
                    self.canvas.rect(area, "does", &format!("{}: {text}{at}", self.time(stretch.to)));
                    self.label(area, text);
                }
                Doing::Waits { kind, .. } => {
                    // Many that are narrower than a pixel look like one.
                    if right - left < 0.6 && !narrow.insert((stretch.lane, kind_number(*kind), left as u64)) {
                        continue;
                    }
                    self.wait(stretch, Area { left, top, right, bottom: top + BAR });
                }
                Doing::Holds { .. } => {
                    let row = self.rows.get(&number).copied().unwrap_or_default().min(5);
                    if right - left < 0.6 && !narrow.insert((stretch.lane, 100 + row, left as u64)) {
                        continue;
                    }
                    let top = top + BAR + 2.0 + row as f64 * HELD;
                    self.hold(stretch, Area { left, top, right, bottom: top + HELD - 2.0 });
                }
            }
        }
        self.canvas.crowded = false;
    }

    /// How many narrow stretches there are in each part of each row.
    fn crowds(&self, spans: &Spans) -> HashMap<(usize, bool, u64), u32> {
        let mut crowds = HashMap::new();
        for stretch in &spans.stretches {
            let (left, right) = (self.x(stretch.from), self.x(stretch.to));
            if right - left < NARROW && !matches!(stretch.doing, Doing::Lives { .. }) {
                *crowds.entry(crowd(stretch, left)).or_default() += 1;
            }
        }
        crowds
    }

    fn life(&mut self, stretch: &Stretch, failed: bool, area: Area) {
        let lane = &self.log.lanes[stretch.lane];
        let told = self.during(&lane.name, stretch);
        let class = if self.log.unit == Unit::Steps { style::READY.0 } else { style::RUNS.0 };
        self.canvas.rect(area, class, &told);
        if failed {
            self.failed = true;
            let (x, y, r) = (area.right, (area.top + area.bottom) / 2.0, 5.0);
            self.canvas.line((x - r, y - r), (x + r, y + r), "failed");
            self.canvas.line((x - r, y + r), (x + r, y - r), "failed");
        } else if !stretch.open {
            self.canvas.line((area.right, area.top - 2.0), (area.right, area.bottom + 2.0), "ended");
        }
    }

    fn wait(&mut self, stretch: &Stretch, area: Area) {
        let Doing::Waits { kind, text, whom, line } = &stretch.doing else { return };
        self.used.insert(kind_number(*kind));
        let mut label = self.say(text);
        if let Some(whom) = whom
            && !label.contains(&self.log.lanes[*whom].name)
        {
            let of = self.say(&format!("(of {})", self.log.lanes[*whom].name));
            label += &if self.language.is_chinese() { of } else { format!(" {of}") };
        }
        let told = self.during(&(label.clone() + &self.behind(*line, format!("line {line}"))), stretch);
        self.canvas.rect(area, style::waits(*kind).0, &told);
        if stretch.open && *kind == Waiting::Blocked {
            self.forever = true;
            self.canvas.line((area.right, area.top - 2.0), (area.right, area.bottom + 2.0), "forever");
        }
        self.label(area, &label);
    }

    fn hold(&mut self, stretch: &Stretch, area: Area) {
        let Doing::Holds { thing, times, line } = &stretch.doing else { return };
        let name = match self.log.things[*thing].label.as_str() {
            "" => self.say("something"),
            known => known.to_string(),
        };
        let (class, label) = match times {
            0 => ("holds", name),
            1 => ("often", self.say(&format!("{name}, once"))),
            n => ("often", self.say(&format!("{name}, {n} times"))),
        };
        self.often |= *times > 0;
        self.held |= *times == 0;
        let held = self.say(&format!("holds {label}")) + &self.behind(*line, format!("since line {line}"));
        let told = self.during(&held, stretch);
        self.canvas.rect(area, class, &told);
        self.label(area, &label);
    }

    /// In the middle of what it is about, as far as there is room.
    fn label(&mut self, area: Area, text: &str) {
        let room = area.right - area.left - 6.0;
        if let Some(text) = fit(text, SMALL, room) {
            let (left, middle) = (area.left + 3.0, (area.top + area.bottom) / 2.0);
            let right = left + width(&text, SMALL);
            let ground = Area { left: left - 1.0, top: area.top + 1.5, right, bottom: area.bottom - 1.5 };
            self.canvas.label(left, middle, SMALL, "", &text, &ground);
        }
    }

    fn time(&self, at: u64) -> String {
        self.say(&time(self.log.unit, at))
    }

    /// One of conc's own sentences.
    fn say(&self, text: &str) -> String {
        self.language.say(text).into_owned()
    }

    /// `, line 7`, as it follows something, or nothing for a line that is not known.
    fn behind(&self, line: u32, words: String) -> String {
        match (line, self.language.is_chinese()) {
            (0, _) => String::new(),
            (_, false) => format!(", {words}"),
            (_, true) => format!("，{}", self.say(&words)),
        }
    }

    /// From when to when.
    fn during(&self, what: &str, stretch: &Stretch) -> String {
        let (from, to) = (self.time(stretch.from), self.time(stretch.to));
        let after = if self.language.is_chinese() { "：" } else { ": " };
        format!("{what}{after}{}", self.say(&format!("{from} to {to}")))
    }

    fn arrows(&mut self, arrows: &[Arrow]) {
        let mut drawn = HashSet::new();
        let (mut left_out, mut count) = (0, 0);
        let many = arrows.len() > MANY_ARROWS;
        for arrow in arrows {
            let (Some(from), Some(to)) = (self.tops[arrow.from.0], self.tops[arrow.to.0]) else { continue };
            let (x1, x2) = (self.x(arrow.from.1), self.x(arrow.to.1));
            let place = (arrow.kind, arrow.from.0, arrow.to.0, (x1 / 3.0) as u64, (x2 / 3.0) as u64);
            if count == MOST_ARROWS || !drawn.insert(place) {
                left_out += 1;
                continue;
            }
            count += 1;
            self.arrows_used.insert(arrow.kind);
            let down = to > from;
            let y1 = if down { from + BAR } else { from };
            let y2 = if down { to } else { to + BAR };
            let class = style::arrow(arrow.kind);
            let class = if many { format!("{class} many") } else { class.to_string() };
            self.canvas.line((x1, y1), (x2, y2), &class);
        }
        if left_out > 0 {
            let total = arrows.len();
            self.left_out.push(match left_out {
                1 => format!("1 arrow of {total} is not in it: there is no room"),
                _ => format!("{left_out} arrows of {total} are not in it: there is no room"),
            });
        }
    }

    fn finish(self, bottom: f64, title: &str) -> Picture {
        Picture {
            left_out: self.left_out,
            #[cfg(test)]
            texts: self.canvas.taken.clone(),
            text: self.canvas.finish(self.right + MARGIN + 60.0, bottom, title, STYLE),
        }
    }
}

/// The part of a row in which a stretch begins.
fn crowd(stretch: &Stretch, left: f64) -> (usize, bool, u64) {
    (stretch.lane, matches!(stretch.doing, Doing::Holds { .. }), (left / CROWD) as u64)
}

fn kind_number(kind: Waiting) -> usize {
    Waiting::ALL.iter().position(|other| *other == kind).unwrap_or_default()
}

/// How far the marks of the axis are apart: 1, 2 or 5 of a power of ten, some ten of them.
fn tick(unit: Unit, span: u64) -> u64 {
    let about = (span / 10).max(1);
    let power = 10u64.pow(about.ilog10());
    let step = [1, 2, 5, 10].into_iter().map(|times| times * power).find(|step| *step >= about);
    match unit {
        Unit::Steps => {
            if span <= 50 {
                1
            } else {
                step.unwrap_or(about)
            }
        }
        Unit::Nanoseconds => step.unwrap_or(about),
    }
}

/// `1.5 ms`, without zeros that say nothing.
fn short_time(at: u64) -> String {
    let (value, unit) = match at {
        0 => return "0".into(),
        at if at >= 1_000_000_000 => (at as f64 / 1e9, "s"),
        at if at >= 1_000_000 => (at as f64 / 1e6, "ms"),
        at => (at as f64 / 1e3, "us"),
    };
    format!("{} {unit}", (value * 1000.0).round() / 1000.0)
}
