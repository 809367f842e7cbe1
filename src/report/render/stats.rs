//! The tables of `--stats` and `--gil`.

use super::super::Style;
use super::super::gil::Gil;
use super::super::stats::Stats;
use super::{at_line, clean, pad, widest};
use serde_json::json;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// Of many rows, how many are shown.
const SHOWN: usize = 50;

pub fn stats(stats: &Stats, style: &Style) -> String {
    let mut text = format!("{} {} in all\n", style.bold("statistics:"), time(stats.wall));
    let threads = stats.threads.iter().map(|t| {
        let cpu = t.cpu.map_or("?".to_string(), time);
        [
            clean(&t.name),
            time(t.wall),
            cpu,
            t.waits.to_string(),
            time(t.waited.saturating_sub(t.slept)),
            time(t.slept),
        ]
    });
    text += &table(["thread", "wall", "cpu", "waits", "waited", "slept"], threads.collect(), style);
    if !stats.locks.is_empty() {
        let rows = stats.locks.iter().map(|lock| {
            let longest = match lock.waits {
                0 => "-".to_string(),
                _ => format!("{}{}", time(lock.longest), at_line(lock.line)),
            };
            [clean(&lock.label), lock.acquired.to_string(), lock.waits.to_string(), longest]
        });
        text += &table(["lock", "acquired", "waits", "longest wait"], rows.collect(), style);
    }
    if !stats.queues.is_empty() {
        let rows = stats.queues.iter().map(|queue| {
            let numbers = [queue.put, queue.got, queue.most, queue.put_waits, queue.get_waits];
            let [put, got, most, put_waits, get_waits] = numbers.map(|number| number.to_string());
            [clean(&queue.label), put, got, most, put_waits, get_waits]
        });
        let head = ["queue", "put", "got", "most held", "put waits", "get waits"];
        text += &table(head, rows.collect(), style);
    }
    text
}

/// The same as one line of JSON; `process` is what reports call it, None for the first.
pub fn stats_json(stats: &Stats, process: Option<&str>) -> String {
    let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let threads = stats.threads.iter().map(|thread| {
        json!({
            "name": thread.name,
            "wall_ns": ns(thread.wall),
            "cpu_ns": thread.cpu.map(ns),
            "waits": thread.waits,
            "waited_ns": ns(thread.waited.saturating_sub(thread.slept)),
            "slept_ns": ns(thread.slept),
        })
    });
    let locks = stats.locks.iter().map(|lock| {
        json!({
            "label": lock.label,
            "acquired": lock.acquired,
            "waits": lock.waits,
            "longest_wait_ns": ns(lock.longest),
            "longest_wait_line": (lock.waits > 0).then_some(lock.line),
        })
    });
    let queues = stats.queues.iter().map(|queue| {
        json!({
            "label": queue.label,
            "put": queue.put,
            "got": queue.got,
            "most_held": queue.most,
            "put_waits": queue.put_waits,
            "get_waits": queue.get_waits,
        })
    });
    let all = json!({
        "process": process,
        "wall_ns": ns(stats.wall),
        "threads": threads.collect::<Vec<_>>(),
        "locks": locks.collect::<Vec<_>>(),
        "queues": queues.collect::<Vec<_>>(),
    });
    format!("{all}\n")
}

pub fn gil(gil: &Gil, style: &Style) -> String {
    let times = if gil.switches == 1 { "once".to_string() } else { format!("{} times", gil.switches) };
    let head = format!("taken by another thread {times}, asked for after {}", time(gil.interval));
    let rows = gil
        .threads
        .iter()
        .map(|thread| [clean(&thread.name), time(thread.held), time(thread.waited), time(thread.without)]);
    let columns = ["thread", "held it", "waited for it", "without it"];
    format!("{} {head}\n{}", style.bold("GIL:"), table(columns, rows.collect(), style))
}

/// The first column to the left, the others (numbers) to the right.
fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>, style: &Style) -> String {
    let left_out = rows.len().saturating_sub(SHOWN);
    let rows = &rows[..rows.len() - left_out];
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].as_str());
        widest(cells.chain([head[column]]))
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let mut text = format!("  {}", pad(cells[0], widths[0]));
        for (cell, width) in cells.iter().zip(widths).skip(1) {
            text += &format!("  {}{cell}", " ".repeat(width.saturating_sub(cell.width())));
        }
        text
    };
    let mut text = format!("{}\n", style.bold(&line(head)));
    for row in rows {
        text += &line(std::array::from_fn(|column| row[column].as_str()));
        text.push('\n');
    }
    if left_out > 0 {
        text += &format!("  … and {left_out} more\n");
    }
    text
}

/// Three digits and a unit: `1.25 s`, `340 ms`, `12.5 µs`.
fn time(duration: Duration) -> String {
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
