//! How full a queue was over time, in a few numbers however long it lives: its time is divided into equal parts, and when
//! there would be too many of them, two become one.

use std::time::{Duration, Instant};

/// The most parts.
const PARTS: usize = 64;
/// How long one is at first.
const FIRST: u64 = 20_000;

#[derive(Debug)]
pub struct Fill {
    began: Instant,
    /// Until when it is told, in nanoseconds, and how many values the queue holds since then.
    until: u64,
    size: u64,
    pub capacity: Option<u64>,
    /// How long it was empty, and full.
    empty: u64,
    full: u64,
    width: u64,
    parts: Vec<Part>,
}

/// One of the parts of its time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Part {
    /// Values times nanoseconds.
    sum: u128,
    pub most: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// When the queue was made, and the time that the parts cover.
    pub began: Instant,
    pub time: Duration,
    pub empty: Duration,
    pub full: Duration,
    pub width: Duration,
    /// Of each part the mean and the most.
    pub parts: Vec<(f64, u64)>,
}

impl Fill {
    pub fn new(capacity: Option<usize>) -> Fill {
        Fill {
            began: Instant::now(),
            until: 0,
            size: 0,
            capacity: capacity.map(|capacity| capacity as u64),
            empty: 0,
            full: 0,
            width: FIRST,
            parts: Vec::new(),
        }
    }

    /// It holds so many values from now on.
    pub fn now(&mut self, size: u64) {
        self.at(self.began.elapsed().as_nanos() as u64, size);
    }

    fn at(&mut self, time: u64, size: u64) {
        let time = time.max(self.until);
        while time / self.width >= PARTS as u64 {
            self.halve();
        }
        let lasted = time - self.until;
        if self.size == 0 {
            self.empty += lasted;
        }
        if Some(self.size) == self.capacity {
            self.full += lasted;
        }
        while self.until < time {
            let end = time.min((self.until / self.width + 1) * self.width);
            let before = self.size;
            let sum = u128::from(before) * u128::from(end - self.until);
            let part = self.part(self.until);
            part.sum += sum;
            part.most = part.most.max(before);
            self.until = end;
        }
        let part = self.part(time);
        part.most = part.most.max(size);
        self.size = size;
    }

    fn part(&mut self, time: u64) -> &mut Part {
        let number = (time / self.width) as usize;
        if number >= self.parts.len() {
            self.parts.resize(number + 1, Part::default());
        }
        &mut self.parts[number]
    }

    fn halve(&mut self) {
        let two = |parts: &[Part]| Part {
            sum: parts.iter().map(|part| part.sum).sum(),
            most: parts.iter().map(|part| part.most).max().unwrap_or(0),
        };
        self.parts = self.parts.chunks(2).map(two).collect();
        self.width *= 2;
    }

    /// What came of it until now.
    pub fn told(&mut self) -> Filled {
        self.now(self.size);
        self.so_far()
    }

    fn so_far(&self) -> Filled {
        let lasted = |number: usize| {
            let from = number as u64 * self.width;
            (self.until - from).min(self.width)
        };
        let mean = |(number, part): (usize, &Part)| {
            let lasted = lasted(number);
            (if lasted == 0 { part.most as f64 } else { part.sum as f64 / lasted as f64 }, part.most)
        };
        Filled {
            began: self.began,
            time: Duration::from_nanos(self.until),
            empty: Duration::from_nanos(self.empty),
            full: Duration::from_nanos(self.full),
            width: Duration::from_nanos(self.width),
            parts: self.parts.iter().enumerate().map(mean).collect(),
        }
    }
}

impl Filled {
    /// How many values it held, over all its time.
    pub fn mean(&self) -> f64 {
        let time = self.time.as_nanos() as f64;
        let width = self.width.as_nanos() as f64;
        let lasts = |number: usize| (time - number as f64 * width).min(width);
        let sum: f64 = self.parts.iter().enumerate().map(|(number, (mean, _))| mean * lasts(number)).sum();
        if time == 0.0 { 0.0 } else { sum / time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_shares_and_means_are_those_of_the_time() {
        let mut fill = Fill::new(Some(2));
        fill.at(10_000, 1);
        fill.at(20_000, 2);
        fill.at(50_000, 0);
        fill.at(80_000, 0);
        let told = fill.so_far();
        assert_eq!((told.empty, told.full), (Duration::from_micros(40), Duration::from_micros(30)));
        let parts: Vec<_> = told.parts.iter().take(4).map(|(mean, most)| (*mean, *most)).collect();
        assert_eq!(parts, [(0.5, 1), (2.0, 2), (1.0, 2), (0.0, 0)]);
        assert!((told.mean() - 0.875).abs() < 1e-9, "{}", told.mean());
    }

    #[test]
    fn however_long_it_lives_it_has_few_parts() {
        let mut fill = Fill::new(None);
        let hour = 3_600_000_000_000;
        for step in 0..1000 {
            fill.at(step * hour / 1000, step % 3);
        }
        fill.at(5 * hour, 0);
        let told = fill.so_far();
        assert!(told.parts.len() <= PARTS + 1 && told.parts.len() > PARTS / 4, "{}", told.parts.len());
        let by_parts = told.mean() * told.time.as_nanos() as f64;
        let right: u64 = (0..999).map(|step| (step % 3) * (hour / 1000)).sum();
        assert!((by_parts / right as f64 - 1.0).abs() < 1e-6);
    }
}
