//! The tables of `--stats` and `--gil`.

use super::super::Style;
use super::super::gil::Gil;
use super::super::stats::{QueueStats, Stats, Waits};
use super::{at_line, clean, label, listed, pad, widest};
use crate::mapped::ledger::{Amount, ProcessRow};
use crate::sync::counts::LineWaits;
use std::cmp::Reverse;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// Of many rows, how many are shown.
const SHOWN: usize = 50;

pub fn stats(stats: &Stats, style: &Style) -> String {
    let wall = style.say(format!("{} in all\n", time(stats.wall)));
    let mut text = format!("{} {wall}", style.bold(&style.say("statistics:")));
    let threads = stats.threads.iter().map(|t| {
        [
            clean(&t.name),
            time(t.wall),
            time(t.cpu),
            t.waits.to_string(),
            time(t.waited.saturating_sub(t.slept)),
            time(t.slept),
        ]
    });
    text += &table(["thread", "wall", "cpu", "waits", "waited", "slept"], threads.collect(), style);
    let locks = stats.locks.iter().map(|lock| {
        let waits = lock.waits.times().to_string();
        [label(&lock.label, style), lock.acquired.to_string(), waits, longest(&lock.waits, style)]
    });
    text += &table(["lock", "acquired", "waits", "longest wait"], locks.collect(), style);
    let semaphores = stats.semaphores.iter().map(|semaphore| {
        let numbers = [semaphore.acquired, semaphore.released].map(|number| number.to_string());
        let [acquired, released] = numbers;
        let (fewest, waits) = (semaphore.fewest.to_string(), semaphore.waits.times().to_string());
        let longest = longest(&semaphore.waits, style);
        [label(&semaphore.label, style), acquired, released, fewest, waits, longest]
    });
    let head = ["semaphore", "acquired", "released", "fewest left", "waits", "longest wait"];
    text += &table(head, semaphores.collect(), style);
    let queues = stats.queues.iter().map(|it| queue(it, style));
    let head = [
        "queue",
        "put",
        "got",
        "most held",
        "on average",
        "empty",
        "full",
        "put waits",
        "get waits",
        "fill over time",
    ];
    text += &table_with_words(head, queues.collect(), style);
    text += &table(["waited for", "line", "times", "in all", "longest"], waits(stats, style), style);
    text += &processes(stats, style);
    if stats.lost > 0 {
        text += &style
            .say(format!("  … and {} rows of processes, threads and channels had no room\n", stats.lost));
    }
    if stats.names_lost > 0 {
        text += &style.say(format!("  … and {} names had no room: they are shown as ?\n", stats.names_lost));
    }
    text
}

/// `340 us (line 8)`
fn longest(waits: &Waits, style: &Style) -> String {
    waits.longest().map_or("-".to_string(), |(longest, line)| time(longest) + &at_line(line, style))
}

fn queue(queue: &QueueStats, style: &Style) -> [String; 10] {
    let fill = &queue.fill;
    let share = |time: Duration| format!("{:.0} %", 100.0 * fill.share(time.as_nanos() as f64));
    [
        label(&queue.label, style),
        queue.put.to_string(),
        queue.got.to_string(),
        queue.most.to_string(),
        format!("{:.1}", fill.mean()),
        share(fill.empty),
        queue.capacity.map_or("-".to_string(), |_| share(fill.full)),
        queue.put_waits.times().to_string(),
        queue.get_waits.times().to_string(),
        bars(queue),
    ]
}

/// As many columns as that many samples may have.
const COLUMNS: usize = 24;

/// How full a queue was, from left to right: an empty column is an empty queue, a whole one its limit (or the most it held).
fn bars(queue: &QueueStats) -> String {
    const LEVELS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Some(samples) = &queue.fill.samples else { return "-".to_string() };
    let top = queue.capacity.unwrap_or(queue.most).max(1) as f64;
    let each = samples.values.len().div_ceil(COLUMNS).max(1);
    let bar = |part: &[(f64, u64)]| {
        let mean = part.iter().map(|(mean, _)| mean).sum::<f64>() / part.len() as f64;
        // Whatever is not empty is seen.
        LEVELS[((mean / top * 8.0).ceil() as usize).min(8)]
    };
    samples.values.chunks(each).map(bar).collect()
}

/// Where threads waited, what cost most first.
fn waits(stats: &Stats, style: &Style) -> Vec<[String; 5]> {
    let locks = stats.locks.iter().map(|lock| (clean(&lock.label), &lock.waits));
    let semaphores = stats
        .semaphores
        .iter()
        .map(|semaphore| (format!("a permit of {}", clean(&semaphore.label)), &semaphore.waits));
    let queues = stats.queues.iter().flat_map(|queue| {
        let label = clean(&queue.label);
        [(format!("room in {label}"), &queue.put_waits), (format!("a value of {label}"), &queue.get_waits)]
    });
    let meetings = stats.meetings.iter().map(|meeting| {
        let label = clean(&meeting.label);
        let named = label.starts_with(&meeting.kind);
        (if named { label } else { format!("{} {label}", meeting.kind) }, &meeting.waits)
    });
    let all = locks.chain(semaphores).chain(queues).chain(meetings);
    let lines = all.flat_map(|(label, waits)| waits.0.iter().map(move |line| (label.clone(), line)));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|(_, line)| Reverse(line.total));
    let row = |(label, waits): (String, &LineWaits)| {
        [
            self::label(&label, style),
            waits.line.to_string(),
            waits.times.to_string(),
            time(waits.total),
            time(waits.longest),
        ]
    };
    lines.into_iter().map(row).collect()
}

/// The tree of processes, if there were several; and what they, or one, sent and received.
fn processes(stats: &Stats, style: &Style) -> String {
    let mut text = String::new();
    if stats.processes.len() > 1 {
        let rows = tree(&stats.processes).into_iter().map(|(depth, process)| {
            let name = match depth {
                0 => clean(&process.name),
                _ => format!("{}└ {}", "  ".repeat(depth - 1), clean(&process.name)),
            };
            let ended = process.ended.unwrap_or(stats.wall);
            let cpu = process.cpu.map_or_else(|| unknown(process).to_string(), time);
            let wall = time(ended.saturating_sub(process.began));
            [name, process.pid.to_string(), wall, cpu, style.say(how(process)), threads(process, style)]
        });
        text +=
            &table_with_words(["process", "pid", "wall", "cpu", "ended", "threads"], rows.collect(), style);
    }
    let channels = stats.processes.iter().flat_map(|process| {
        process.channels.iter().map(|channel| {
            let amount = |amount: &Amount| match amount.times {
                0 => ["-".to_string(), "-".to_string()],
                times => [times.to_string(), bytes(amount.bytes)],
            };
            let ([sent, out], [received, into]) = (amount(&channel.sent), amount(&channel.received));
            [clean(&channel.name), clean(&process.name), sent, out, received, into]
        })
    });
    let mut channels: Vec<[String; 6]> = channels.collect();
    channels.sort_by(|a, b| a[0].cmp(&b[0]));
    text + &table(["channel", "process", "sent", "bytes", "received", "bytes"], channels, style)
}

/// Each process after its parent, with how many are above it.
fn tree(processes: &[ProcessRow]) -> Vec<(usize, &ProcessRow)> {
    let children = |parent: Option<usize>| {
        processes.iter().enumerate().rev().filter(move |(_, process)| process.parent == parent)
    };
    let mut found = Vec::new();
    let mut left: Vec<(usize, usize)> = children(None).map(|(number, _)| (0, number)).collect();
    while let Some((depth, number)) = left.pop() {
        found.push((depth, &processes[number]));
        left.extend(children(Some(number)).map(|(number, _)| (depth + 1, number)));
    }
    found
}

/// Of a process that could not tell its time itself the system knows ticks only.
fn unknown(process: &ProcessRow) -> &'static str {
    if process.exit.is_some() { "< 10 ms" } else { "?" }
}

/// How a process has ended.
fn how(process: &ProcessRow) -> String {
    match process.exit {
        Some(signal) if signal < 0 => format!("by signal {}", -signal),
        Some(status) => format!("with {status}"),
        None => "-".to_string(),
    }
}

/// The names of its threads, as many as fit.
fn threads(process: &ProcessRow, style: &Style) -> String {
    const NAMED: usize = 4;
    let names = process.threads.iter().take(NAMED).map(|thread| clean(&thread.name));
    let mut names: Vec<String> = names.collect();
    if process.threads.len() > NAMED {
        names.push(style.say(format!("… and {} more", process.threads.len() - NAMED)));
    }
    listed(&names, style)
}

/// `512 B`, `1.5 kB`, `20.3 MB`
fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

pub fn gil(gil: &Gil, style: &Style) -> String {
    let after = time(gil.interval);
    let head = style.say(match gil.switches {
        1 => format!("taken by another thread once, asked for after {after}"),
        n => format!("taken by another thread {n} times, asked for after {after}"),
    });
    let rows = gil
        .threads
        .iter()
        .map(|thread| [clean(&thread.name), time(thread.held), time(thread.waited), time(thread.without)]);
    let columns = ["thread", "held it", "waited for it", "without it"];
    format!("{} {head}\n{}", style.bold(&style.say("GIL:")), table(columns, rows.collect(), style))
}

/// The first column to the left, the others (numbers) to the right. Nothing when there are no rows.
fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>, style: &Style) -> String {
    columns(head, rows, N, style)
}

/// The same, with words in the last column.
fn table_with_words<const N: usize>(head: [&str; N], rows: Vec<[String; N]>, style: &Style) -> String {
    columns(head, rows, N - 1, style)
}

/// The columns from 1 up to `words` are numbers.
fn columns<const N: usize>(head: [&str; N], rows: Vec<[String; N]>, words: usize, style: &Style) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let left_out = rows.len().saturating_sub(SHOWN);
    let rows = &rows[..rows.len() - left_out];
    let head = head.map(|word| style.say(word));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].as_str());
        widest(cells.chain([&*head[column]]))
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let mut text = format!("  {}", pad(cells[0], widths[0]));
        for (column, cell) in cells.iter().enumerate().skip(1) {
            let missing = if column < words { widths[column].saturating_sub(cell.width()) } else { 0 };
            text += &format!("  {}{cell}", " ".repeat(missing));
        }
        text
    };
    let mut text = format!("{}\n", style.bold(&line(std::array::from_fn(|column| &*head[column]))));
    for row in rows {
        text += &line(std::array::from_fn(|column| row[column].as_str()));
        text.push('\n');
    }
    if left_out > 0 {
        text += &style.say(format!("  … and {left_out} more\n"));
    }
    text
}

/// Three digits and a unit: `1.25 s`, `340 ms`, `12.5 us`.
pub fn time(duration: Duration) -> String {
    let ns = duration.as_nanos() as f64;
    let (value, unit) = match ns {
        _ if ns >= 1e9 => (ns / 1e9, "s"),
        _ if ns >= 1e6 => (ns / 1e6, "ms"),
        _ if ns >= 1e3 => (ns / 1e3, "us"),
        _ => (ns, "ns"),
    };
    let decimals = match value {
        _ if unit == "ns" || value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {unit}")
}
