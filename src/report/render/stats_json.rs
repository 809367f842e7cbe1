//! `--stats=json`: the statistics of a process as one line of JSON.

use super::super::stats::{QueueStats, Stats, Waits};
use crate::mapped::ledger::{Amount, ProcessRow};
use serde_json::{Value, json};
use std::time::Duration;

/// `process` is what reports call it, None for the first.
pub fn stats_json(stats: &Stats, process: Option<&str>) -> String {
    let threads = stats.threads.iter().map(|thread| {
        json!({
            "name": thread.name,
            "wall_ns": ns(thread.wall),
            "cpu_ns": ns(thread.cpu),
            "waits": thread.waits,
            "waited_ns": ns(thread.waited.saturating_sub(thread.slept)),
            "slept_ns": ns(thread.slept),
        })
    });
    let locks = stats.locks.iter().map(|lock| {
        json!({
            "label": lock.label,
            "acquired": lock.acquired,
            "waits": lock.waits.times(),
            "longest_wait_ns": lock.waits.longest().map_or(0, |(longest, _)| ns(longest)),
            "longest_wait_line": lock.waits.longest().map(|(_, line)| line),
            "waits_at": waits(&lock.waits),
        })
    });
    let semaphores = stats.semaphores.iter().map(|semaphore| {
        json!({
            "label": semaphore.label,
            "acquired": semaphore.acquired,
            "released": semaphore.released,
            "fewest_left": semaphore.fewest,
            "waits": semaphore.waits.times(),
            "waits_at": waits(&semaphore.waits),
        })
    });
    let meetings = stats.meetings.iter().map(|meeting| {
        let (times, waits) = (meeting.waits.times(), waits(&meeting.waits));
        json!({ "kind": meeting.kind, "label": meeting.label, "waits": times, "waits_at": waits })
    });
    let mut all = json!({
        "process": process,
        "wall_ns": ns(stats.wall),
        "threads": threads.collect::<Vec<_>>(),
        "locks": locks.collect::<Vec<_>>(),
        "semaphores": semaphores.collect::<Vec<_>>(),
        "queues": stats.queues.iter().map(queue).collect::<Vec<_>>(),
        "meetings": meetings.collect::<Vec<_>>(),
    });
    // A child tells of itself only.
    if process.is_none() {
        all["processes"] =
            stats.processes.iter().map(|process| of_process(process, &stats.processes)).collect();
        all["rows_lost"] = stats.lost.into();
        all["names_lost"] = stats.names_lost.into();
    }
    format!("{all}\n")
}

fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn waits(waits: &Waits) -> Value {
    let lines = waits.0.iter().map(|at| {
        json!({ "line": at.line, "times": at.times, "total_ns": ns(at.total), "longest_ns": ns(at.longest) })
    });
    lines.collect()
}

fn queue(queue: &QueueStats) -> Value {
    let fill = &queue.fill;
    let samples = fill.samples.as_ref().map(|samples| {
        let values = samples.values.iter().map(|(mean, most)| json!({ "mean": mean, "most": most }));
        json!({ "from_ns": ns(samples.from), "each_ns": ns(samples.each), "values": values.collect::<Vec<_>>() })
    });
    json!({
        "label": queue.label,
        "capacity": queue.capacity,
        "put": queue.put,
        "got": queue.got,
        "most_held": queue.most,
        "put_waits": queue.put_waits.times(),
        "get_waits": queue.get_waits.times(),
        "put_waits_at": waits(&queue.put_waits),
        "get_waits_at": waits(&queue.get_waits),
        "fill": {
            "time_ns": ns(fill.time),
            "mean": fill.mean(),
            "empty_ns": ns(fill.empty),
            "full_ns": queue.capacity.map(|_| ns(fill.full)),
            "samples": samples,
        },
    })
}

fn of_process(process: &ProcessRow, all: &[ProcessRow]) -> Value {
    let threads =
        process.threads.iter().map(|thread| json!({ "name": thread.name, "cpu_ns": thread.cpu.map(ns) }));
    let amount = |amount: &Amount| json!({ "times": amount.times, "bytes": amount.bytes });
    let channels = process.channels.iter().map(|channel| {
        let (sent, received) = (amount(&channel.sent), amount(&channel.received));
        json!({ "label": channel.name, "sent": sent, "received": received })
    });
    json!({
        "name": process.name,
        "pid": process.pid,
        "parent": process.parent.map(|parent| all[parent].pid),
        "began_ns": ns(process.began),
        "ended_ns": process.ended.map(ns),
        "exit": process.exit,
        "cpu_ns": process.cpu.map(ns),
        "threads": threads.collect::<Vec<_>>(),
        "channels": channels.collect::<Vec<_>>(),
    })
}
