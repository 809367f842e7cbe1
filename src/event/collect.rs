//! A tape as a `Log`: the chunks of all threads in one order, numbers as indices, names in place.

use super::recorder::{ANY, CODE, Code, PROCESS, SHARED, SIZED};
use super::tape::{EVENT, Read, Tape};
use super::{Event, Lane, Log, Process, Thing, Unit, Wait, Waiting, What};
use std::collections::HashMap;

/// What is on a tape, when the run has ended.
pub fn collect(tape: &Tape) -> Log {
    let end = tape.now();
    let scale = tape.scale();
    let (read, lost) = tape.read(scale);
    let mut collector = Collector::of(tape);
    collector.log.end = scale.nanoseconds(end);
    collector.log.lost = lost;
    collector.find_processes(&read);
    for chunk in &read {
        collector.lane(chunk.process, chunk.thread, chunk.name);
    }
    collector.in_order();
    let mut events = Vec::new();
    for chunk in &read {
        // What no thread of the script tells is known already.
        let Some(&lane) = collector.lanes.get(&(chunk.process, chunk.thread)) else { continue };
        for words in &chunk.events {
            events.extend(collector.event(chunk.process, lane, words));
        }
    }
    // Each thread's events keep their order.
    events.sort_by_key(|event| event.time);
    count_sizes(&mut events);
    collector.log.events = events;
    collector.log
}

/// How much a queue holds after a put that does not tell.
const UNKNOWN: u64 = u64::MAX;

/// Each thread's puts tell now and then how much their queue holds: in between it is counted.
fn count_sizes(events: &mut [Event]) {
    let mut held: HashMap<usize, i64> = HashMap::new();
    for event in events {
        match &mut event.what {
            What::Puts { thing, size, .. } => {
                let held = held.entry(*thing).or_default();
                *held = if *size == UNKNOWN { *held + 1 } else { *size as i64 };
                *size = u64::try_from(*held).unwrap_or_default();
            }
            What::Gets(thing) => {
                // It may be told before the put that it was for, so this may be less than nothing for a moment.
                *held.entry(*thing).or_default() -= 1;
            }
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
            | What::Signals(_)
            | What::Does(_) => {}
        }
    }
}

struct Collector<'t> {
    tape: &'t Tape,
    log: Log,
    /// Indices by number on the tape, and by what the system calls a process.
    processes: HashMap<u32, usize>,
    pids: HashMap<i32, usize>,
    lanes: HashMap<(u32, u32), usize>,
    /// By process (0 for what is shared) and number.
    things: HashMap<(u32, u32), usize>,
    texts: HashMap<u32, String>,
}

impl<'t> Collector<'t> {
    fn of(tape: &'t Tape) -> Collector<'t> {
        Collector {
            tape,
            log: Log { unit: Unit::Nanoseconds, ..Log::default() },
            processes: HashMap::new(),
            pids: HashMap::new(),
            lanes: HashMap::new(),
            things: HashMap::new(),
            texts: HashMap::new(),
        }
    }

    fn text(&mut self, name: u32) -> Option<String> {
        if !self.texts.contains_key(&name)
            && let Some(text) = self.tape.text(name)
        {
            self.texts.insert(name, text);
        }
        self.texts.get(&name).cloned()
    }

    fn find_processes(&mut self, read: &[Read]) {
        let mut numbers: Vec<u32> = read.iter().map(|chunk| chunk.process).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for (index, number) in numbers.into_iter().enumerate() {
            self.processes.insert(number, index);
            self.log.processes.push(Process { name: format!("process {number}"), ..Process::default() });
        }
        let mut parents = Vec::new();
        for chunk in read {
            let Some(&index) = self.processes.get(&chunk.process) else { continue };
            for words in &chunk.events {
                let (upper, lower) = ((words[3] >> 32) as i32, words[3] as i32);
                if code(words) == Some(Code::ProcessBegins) {
                    if let Some(name) = self.text((words[2] >> 32) as u32) {
                        self.log.processes[index].name = name;
                    }
                    self.log.processes[index].pid = upper;
                    self.log.processes[index].began = Some(words[0]);
                    self.pids.insert(upper, index);
                    parents.push((index, lower));
                }
            }
        }
        for (index, parent) in parents {
            self.log.processes[index].parent =
                self.pids.get(&parent).copied().filter(|known| *known != index);
        }
        for words in read.iter().flat_map(|chunk| &chunk.events) {
            if code(words) == Some(Code::ProcessEnds)
                && let Some(&index) = self.pids.get(&((words[3] >> 32) as i32))
            {
                self.log.processes[index].ended = Some((words[0], words[3] as i32));
            }
        }
    }

    fn lane(&mut self, process: u32, thread: u32, name: u32) {
        // 0 is nobody: who tells of the ends of processes.
        if thread == 0 || self.lanes.contains_key(&(process, thread)) {
            return;
        }
        let name = self.text(name).unwrap_or_else(|| format!("thread {thread}"));
        let index = self.processes.get(&process).copied().unwrap_or_default();
        self.lanes.insert((process, thread), self.log.lanes.len());
        self.log.lanes.push(Lane { process: index, thread, name });
    }

    /// Lanes by process, and by number there.
    fn in_order(&mut self) {
        let mut keys: Vec<(u32, u32)> = self.lanes.keys().copied().collect();
        keys.sort_unstable();
        let lanes = keys.iter().map(|key| self.log.lanes[self.lanes[key]].clone()).collect();
        self.log.lanes = lanes;
        self.lanes = keys.into_iter().enumerate().map(|(index, key)| (key, index)).collect();
    }

    /// The thing that an event is about.
    fn thing(&mut self, process: u32, words: &[u64; EVENT]) -> usize {
        let of = if words[1] & SHARED != 0 { u32::MAX } else { process };
        let (id, name) = (words[2] as u32, (words[2] >> 32) as u32);
        let known = self.things.get(&(of, id)).copied();
        let index = known.unwrap_or_else(|| {
            self.things.insert((of, id), self.log.things.len());
            self.log.things.push(Thing::default());
            self.log.things.len() - 1
        });
        if self.log.things[index].label.is_empty() {
            self.log.things[index].label = self.text(name).unwrap_or_default();
        }
        index
    }

    fn event(&mut self, process: u32, lane: usize, words: &[u64; EVENT]) -> Option<Event> {
        let number = words[3];
        let other = |this: &Self, thread: u64| this.lanes.get(&(process, thread as u32)).copied();
        let what = match code(words)? {
            Code::Begins => What::Begins,
            Code::Ends => What::Ends { failed: false },
            Code::Fails => What::Ends { failed: true },
            Code::Starts => What::Starts(other(self, number)),
            Code::Joins if words[1] & PROCESS != 0 => {
                let of = self.pids.get(&(number as i32)).copied();
                What::Joins(
                    of.and_then(|process| self.log.lanes.iter().position(|lane| lane.process == process)),
                )
            }
            Code::Joins => What::Joins(other(self, number)),
            Code::StartsProcess => What::StartsProcess(self.pids.get(&(number as i32)).copied()),
            Code::ProcessBegins | Code::ProcessEnds => return None,
            Code::Blocks => What::Blocks(self.wait(process, words)),
            Code::GoesOn => What::GoesOn,
            Code::Acquires => What::Acquires(self.thing(process, words)),
            Code::Releases => What::Releases(self.thing(process, words)),
            Code::Repeats => What::Repeats { thing: self.thing(process, words), times: number as u32 },
            Code::Signals => What::Signals(self.thing(process, words)),
            Code::Puts => {
                let oldest = words[1] & ANY == 0;
                let size = if words[1] & SIZED != 0 { number } else { UNKNOWN };
                What::Puts { thing: self.thing(process, words), size, oldest }
            }
            Code::Gets => What::Gets(self.thing(process, words)),
        };
        Some(Event { time: words[0], lane, line: (words[1] >> 32) as u32, what })
    }

    /// The name of a wait is its text, not that of its thing.
    fn wait(&mut self, process: u32, words: &[u64; EVENT]) -> Wait {
        let text = self.text((words[2] >> 32) as u32).unwrap_or_else(|| "waits".into());
        let thing =
            (words[2] as u32 != 0).then(|| self.thing(process, &[0, words[1], words[2] & 0xffff_ffff, 0]));
        let whom = words[3].checked_sub(1).and_then(|whom| {
            let here = self.lanes.get(&(process, whom as u32)).copied();
            // Where processes share something, each number is one thread's.
            let anywhere = || self.log.lanes.iter().position(|lane| u64::from(lane.thread) == whom);
            here.or_else(|| (words[1] & SHARED != 0).then(anywhere).flatten())
        });
        let kind = Waiting::ALL.get((words[1] >> 8 & 0xff) as usize).copied().unwrap_or(Waiting::Blocked);
        Wait { kind, text, thing, whom }
    }
}

fn code(words: &[u64; EVENT]) -> Option<Code> {
    Code::ALL.into_iter().find(|code| *code as u64 == words[1] & CODE)
}
