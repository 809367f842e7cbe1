//! Below the picture: a sample of everything that was drawn in it, with its name.

use super::canvas::{Area, width};
use super::{Drawing, MARGIN, SIZE, style};
use crate::event::{Unit, Waiting};

enum Sample {
    Area(&'static str),
    Line(&'static str),
    Bar,
    Cross,
}

impl Drawing<'_> {
    /// What was used, in lines of the picture's width; the bottom.
    pub(super) fn legend(&mut self, y: f64) -> f64 {
        let mut at = (MARGIN, y);
        if self.log.unit == Unit::Steps {
            self.sample(&mut at, Sample::Area(style::DOES.0), style::DOES.1);
            self.sample(&mut at, Sample::Area(style::READY.0), style::READY.1);
        } else {
            self.sample(&mut at, Sample::Area(style::RUNS.0), style::RUNS.1);
        }
        for kind in self.used.clone() {
            let (class, words) = style::waits(Waiting::ALL[kind]);
            self.sample(&mut at, Sample::Area(class), words);
        }
        if self.held {
            self.sample(&mut at, Sample::Area("holds"), "holds");
        }
        if self.often {
            self.sample(&mut at, Sample::Area("often"), "takes and gives back, often");
        }
        if self.log.lost.events > 0 {
            self.sample(&mut at, Sample::Area("missing"), "events are not kept");
        }
        if self.forever {
            self.sample(&mut at, Sample::Bar, "still waits at the end");
        }
        if self.failed {
            self.sample(&mut at, Sample::Cross, "ends with an error");
        }
        for kind in self.arrows_used.clone() {
            self.sample(&mut at, Sample::Line(style::arrow(kind)), kind.words());
        }
        at.1 + 18.0
    }

    fn sample(&mut self, at: &mut (f64, f64), sample: Sample, words: &str) {
        let words = &*self.language.say(words);
        let wide = 40.0 + width(words, SIZE) + 18.0;
        if at.0 + wide > self.right && at.0 > MARGIN {
            *at = (MARGIN, at.1 + 20.0);
        }
        let (x, y) = *at;
        match sample {
            Sample::Area(class) => {
                let area = Area { left: x, top: y - 6.0, right: x + 32.0, bottom: y + 6.0 };
                self.canvas.rect(area, class, "");
            }
            Sample::Line(class) => self.canvas.line((x, y), (x + 32.0, y), class),
            Sample::Bar => self.canvas.line((x + 16.0, y - 8.0), (x + 16.0, y + 8.0), "forever"),
            Sample::Cross => {
                self.canvas.line((x + 11.0, y - 5.0), (x + 21.0, y + 5.0), "failed");
                self.canvas.line((x + 11.0, y + 5.0), (x + 21.0, y - 5.0), "failed");
            }
        }
        self.canvas.text(x + 40.0, y, SIZE, "", words);
        at.0 += wide;
    }
}
