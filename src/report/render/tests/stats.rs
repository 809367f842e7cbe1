//! What `--stats` says, of numbers made by hand.

use crate::mapped::ledger::{Amount, ChannelRow, ProcessRow, ThreadRow};
use crate::report::render;
use crate::report::stats::{
    FillStats, LockStats, MeetingStats, QueueStats, Samples, SemaphoreStats, Stats, ThreadStats, Waits,
};
use crate::report::{Language, Style};
use crate::sync::counts::LineWaits;
use std::time::Duration;

/// Waits of lines: how often, and so many microseconds each.
fn at(lines: &[(u32, u64, u64)]) -> Waits {
    let mut waits = Waits::default();
    for &(line, times, each) in lines {
        let each = Duration::from_micros(each);
        waits.add(&[LineWaits { line, times, total: each * times as u32, longest: each }]);
    }
    waits
}

#[test]
fn statistics_are_tables() {
    let stats = Stats {
        wall: Duration::from_millis(1250),
        threads: vec![
            ThreadStats {
                name: "main".into(),
                wall: Duration::from_millis(1250),
                cpu: Duration::from_micros(12_500),
                waits: 2,
                waited: Duration::from_millis(340),
                slept: Duration::from_millis(300),
            },
            ThreadStats {
                name: "工人-1".into(), wall: Duration::from_nanos(999), ..ThreadStats::default()
            },
        ],
        locks: vec![
            LockStats { label: "guard".into(), acquired: 1000, waits: at(&[(9, 2, 300), (8, 5, 340)]) },
            LockStats { label: "free".into(), acquired: 1, ..LockStats::default() },
        ],
        semaphores: vec![SemaphoreStats {
            label: "slots".into(),
            acquired: 4,
            released: 3,
            waits: at(&[(12, 1, 1)]),
            ..SemaphoreStats::default()
        }],
        queues: vec![QueueStats {
            label: "jobs".into(),
            put: 12,
            got: 10,
            most: 5,
            capacity: Some(8),
            fill: FillStats {
                time: Duration::from_secs(10),
                empty: Duration::from_secs(5),
                full: Duration::from_millis(100),
                sum: 25e9,
                samples: Some(Samples {
                    from: Duration::ZERO,
                    each: Duration::from_secs(2),
                    values: vec![(0.0, 0), (0.1, 1), (4.0, 5), (8.0, 8), (0.0, 0)],
                }),
            },
            put_waits: at(&[(3, 3, 20)]),
            get_waits: Waits::default(),
        }],
        meetings: vec![MeetingStats { kind: "event".into(), label: "go".into(), waits: at(&[(4, 1, 2000)]) }],
        ..Stats::default()
    };
    let expected = "statistics: 1.25 s in all
  thread    wall      cpu  waits   waited   slept
  main    1.25 s  12.5 ms      2  40.0 ms  300 ms
  工人-1  999 ns     0 ns      0     0 ns    0 ns
  lock   acquired  waits     longest wait
  guard      1000      7  340 us (line 8)
  free          1      0                -
  semaphore  acquired  released  fewest left  waits       longest wait
  slots             4         3            0      1  1.00 us (line 12)
  queue  put  got  most held  on average  empty  full  put waits  get waits  fill over time
  jobs    12   10          5         2.5   50 %   1 %          3          0  ·▁▄█·
  waited for         line  times   in all  longest
  event go              4      1  2.00 ms  2.00 ms
  guard                 8      5  1.70 ms   340 us
  guard                 9      2   600 us   300 us
  room in jobs          3      3  60.0 us  20.0 us
  a permit of slots    12      1  1.00 us  1.00 us
";
    assert_eq!(render::stats(&stats, &Style::plain()), expected);
}

/// A lock may be called like a word that conc has a translation of.
#[test]
fn names_are_kept_in_chinese() {
    let locks = vec![LockStats { label: "waits".into(), acquired: 1, waits: at(&[(8, 1, 1)]) }];
    let stats = Stats { locks, ..Stats::default() };
    let said = render::stats(&stats, &Style::plain().in_language(Language::Chinese));
    assert_eq!(said.matches("\n  waits ").count(), 2, "{said}");
}

#[test]
fn processes_are_a_tree() {
    let process = |name: &str, pid, parent, exit| ProcessRow {
        name: name.into(),
        pid,
        parent,
        exit,
        ended: exit.map(|_| Duration::from_millis(2)),
        cpu: exit.filter(|exit| *exit >= 0).map(|_| Duration::from_millis(1)),
        threads: vec![ThreadRow { name: "main".into(), cpu: None }],
        ..ProcessRow::default()
    };
    let channel = ChannelRow {
        name: "p.ends[0]".into(),
        sent: Amount { times: 2, bytes: 2_500 },
        received: Amount::default(),
    };
    let mut processes = vec![
        process("main", 7, None, None),
        process("one-1", 8, Some(0), Some(-9)),
        process("two-1", 9, Some(0), Some(3)),
        process("deep-1", 10, Some(1), Some(0)),
    ];
    processes[0].channels.push(channel);
    processes[2].threads.extend((1..6).map(|n| ThreadRow { name: format!("t-{n}"), cpu: None }));
    let wall = Duration::from_millis(5);
    let stats = Stats { wall, processes, lost: 3, names_lost: 2, ..Stats::default() };
    let expected = "statistics: 5.00 ms in all
  process     pid     wall      cpu        ended  threads
  main          7  5.00 ms        ?            -  main
  └ one-1       8  2.00 ms  < 10 ms  by signal 9  main
    └ deep-1   10  2.00 ms  1.00 ms       with 0  main
  └ two-1       9  2.00 ms  1.00 ms       with 3  main, t-1, t-2, t-3, … and 2 more
  channel    process  sent   bytes  received  bytes
  p.ends[0]     main     2  2.5 kB         -      -
  … and 3 rows of processes, threads and channels had no room
  … and 2 names had no room: they are shown as ?
";
    assert_eq!(render::stats(&stats, &Style::plain()), expected);
}
