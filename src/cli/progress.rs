//! What is shown while an exploration goes on, and what ends it from outside: `--max-time`, `--timeout` of a
//! simulated run, and Ctrl-C.

use super::language::said;
use super::{Failure, columns};
use conc::explore::verdict::Limit;
use conc::explore::{Halt, Progress};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Short work shows nothing.
const QUIET: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);

pub struct Watcher {
    began: Instant,
    limit: Option<Duration>,
    interrupted: Arc<AtomicBool>,
    terminal: bool,
    /// When a line was shown last, and how many states (or runs) there were.
    shown: Option<(Instant, u64)>,
}

impl Watcher {
    /// Begins to watch. The first Ctrl-C is told to the exploration, the second ends the process.
    pub fn new(limit: Option<Duration>) -> Result<Watcher, Failure> {
        let interrupted =
            watched().map_err(|error| Failure::new(format!("signals cannot be watched: {error}")))?;
        let terminal = io::stderr().is_terminal();
        Ok(Watcher { began: Instant::now(), limit, interrupted, terminal, shown: None })
    }

    /// What ends a simulated run, if something does by now.
    pub fn halted(&self) -> Option<Halt> {
        if self.is_interrupted() {
            return Some(Halt::Interrupted);
        }
        self.limit.is_some_and(|limit| self.began.elapsed() >= limit).then_some(Halt::TimeOver)
    }

    /// Whether Ctrl-C has come.
    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    /// To be called again and again while the exploration goes on.
    pub fn tell(&mut self, progress: &Progress) -> ControlFlow<Limit> {
        if self.is_interrupted() {
            return ControlFlow::Break(Limit::Stopped);
        }
        let now = Instant::now();
        let elapsed = now - self.began;
        if self.limit.is_some_and(|limit| elapsed >= limit) {
            return ControlFlow::Break(Limit::Time);
        }
        if self.terminal && elapsed >= QUIET {
            self.show(progress, now);
        }
        ControlFlow::Continue(())
    }

    fn show(&mut self, progress: &Progress, now: Instant) {
        let (before, states) = self.shown.unwrap_or((self.began, 0));
        let passed = now - before;
        if self.shown.is_some() && passed < PAUSE {
            return;
        }
        let count = progress.runs.unwrap_or(progress.states);
        let rate = count.saturating_sub(states) as f64 / passed.as_secs_f64().max(1e-6);
        self.shown = Some((now, count));
        let told = said(line(progress, rate, now - self.began)).to_string();
        // A line that goes on in the next one could not be taken back.
        let room = columns::of_messages().map_or(usize::MAX, |columns| columns - 1);
        super::say(&format!("\r\x1b[K{}", columns::cut(&told, room)));
    }

    /// Takes the line away.
    pub fn end(&mut self) {
        if self.shown.take().is_some() {
            super::say("\r\x1b[K");
        }
    }
}

/// What is set when Ctrl-C comes.
fn watched() -> io::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 130, interrupted.clone())?;
        flag::register(signal, interrupted.clone())?;
    }
    Ok(interrupted)
}

/// `1,234,567 states, 1,200,000/s, depth 45, 12,345 open, 210 MiB, 12 s`; of a sample, `9,999 runs, 800,000/s, …`.
fn line(progress: &Progress, rate: f64, elapsed: Duration) -> String {
    if let Some(runs) = progress.runs {
        return format!(
            "{} runs, {}/s, {} steps, {} MiB, {} s",
            grouped(runs),
            grouped(rate as u64),
            grouped(progress.steps),
            grouped(progress.memory >> 20),
            grouped(elapsed.as_secs())
        );
    }
    format!(
        "{} states, {}/s, depth {}, {} open, {} MiB, {} s",
        grouped(progress.states),
        grouped(rate as u64),
        grouped(progress.depth.into()),
        grouped(progress.open),
        grouped(progress.memory >> 20),
        grouped(elapsed.as_secs())
    )
}

/// With a comma after every third digit.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Progress = Progress {
        runs: None,
        states: 1_234_567,
        steps: 2_000_000,
        depth: 45,
        open: 12_345,
        memory: 210 << 20,
    };

    fn watcher(began: Instant, limit: Option<Duration>) -> Watcher {
        Watcher { began, limit, interrupted: Arc::default(), terminal: false, shown: None }
    }

    #[test]
    fn a_line_tells_how_far_it_is() {
        let text = line(&SOME, 1_200_000.4, Duration::from_millis(12_700));
        assert_eq!(text, "1,234,567 states, 1,200,000/s, depth 45, 12,345 open, 210 MiB, 12 s");
        let sample = Progress { runs: Some(9_999), ..SOME };
        let text = line(&sample, 800_000.4, Duration::from_millis(12_700));
        assert_eq!(text, "9,999 runs, 800,000/s, 2,000,000 steps, 210 MiB, 12 s");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn time_and_interruption_end_it() {
        let began = Instant::now() - Duration::from_millis(50);
        assert_eq!(watcher(began, None).tell(&SOME), ControlFlow::Continue(()));
        let day = Some(Duration::from_secs(86_400));
        assert_eq!(watcher(began, day).tell(&SOME), ControlFlow::Continue(()));
        assert_eq!(watcher(began, day).halted(), None);
        let short = Some(Duration::from_millis(20));
        assert_eq!(watcher(began, short).halted(), Some(Halt::TimeOver));
        assert_eq!(watcher(began, short).tell(&SOME), ControlFlow::Break(Limit::Time));
        let mut interrupted = watcher(began, short);
        interrupted.interrupted.store(true, Ordering::SeqCst);
        assert_eq!(interrupted.tell(&SOME), ControlFlow::Break(Limit::Stopped));
        assert_eq!(interrupted.halted(), Some(Halt::Interrupted));
    }
}
