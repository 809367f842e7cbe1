//! Nothing hangs in silence between processes either: finds that no thread of any process of a run can go on.
//!
//! A process is *still* when each of its threads waits without a deadline, for what only this run's processes can do,
//! and that has not happened. One that has been still for a while tells its parent, when its own children have told it;
//! so the first process learns that all seem to be. Then it asks all of them, twice. A process counts how often its
//! threads have come to rest; if every one is still both times, with the same count, then all were still at the moment
//! between the two questions, and nobody is left who could wake anybody.
//!
//! What is not found: that some processes wait for each other while others go on.

use super::super::deadlock::Knot;
use super::super::run::Shared;
use super::reaper::{Bell, Child, bell};
use crate::report::runtime::{Deadlock, Stuck};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So long nothing must have happened before anybody is told.
const A_WHILE: Duration = Duration::from_millis(25);
const LONGEST_WHILE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(in super::super) struct Family {
    /// The line to the parent; none in the first process.
    up: Mutex<Option<UnixStream>>,
    /// Whether it is looked whether the process is still.
    armed: AtomicBool,
    /// How often threads have come to rest.
    rests: AtomicU64,
    /// Of the thread that does all this, which begins when it is first needed.
    bell: Mutex<Option<Bell>>,
}

impl Family {
    pub fn below(line: UnixStream) -> Family {
        Family { up: Mutex::new(Some(line)), ..Family::default() }
    }

    /// The run has ended: its thread ends.
    pub fn ring(&self) {
        if let Some(bell) = &*self.bell.lock() {
            bell.ring();
        }
    }
}

/// What goes over a line, as a line of JSON.
enum Note {
    /// It seems to be still, with all below it.
    SeemsStill,
    Ask(u64),
    Answer(u64, Option<Stillness>),
}

/// That of a process with all below it.
#[derive(Debug, Clone)]
struct Stillness {
    /// How often threads have come to rest.
    rests: u64,
    threads: Vec<Stuck>,
    notes: Vec<String>,
}

impl Shared {
    /// A thread comes to rest until somebody wakes it.
    pub(in super::super) fn rests_in_family(self: &Arc<Shared>) {
        let family = &self.processes.family;
        family.rests.fetch_add(1, Ordering::SeqCst);
        if family.armed.swap(true, Ordering::SeqCst) {
            return;
        }
        let mut its = family.bell.lock();
        if its.is_none() {
            // Without the thread, what hangs is not reported; nothing else depends on it.
            *its = begin(self.clone()).ok();
        }
        if let Some(bell) = &*its {
            bell.ring();
        }
    }

    /// None when somebody here may go on.
    fn stillness(&self) -> Option<Stillness> {
        let rests = self.processes.family.rests.load(Ordering::SeqCst);
        let table = self.table.lock();
        // It may be left with children that it waits for.
        let over = table.seats.is_empty() && !self.processes.have_plain();
        if self.stopping() || over || !table.seats.values().all(|seat| self.waits_within(seat)) {
            return None;
        }
        let mut notes = Vec::new();
        let waiting = table.seats.iter().filter(|(id, _)| !self.idles(&table, **id));
        let mut threads: Vec<Stuck> = waiting.map(|(_, seat)| self.stuck(seat, &mut notes)).collect();
        if let Some(own) = &self.processes.own {
            let pid = super::pids().pid;
            let full = |name: &str| format!("{} (pid {pid}): {name}", own.name).into();
            threads.iter_mut().for_each(|stuck| stuck.thread = full(&stuck.thread));
        }
        drop(table);
        (self.processes.family.rests.load(Ordering::SeqCst) == rests).then_some(Stillness {
            rests,
            threads,
            notes,
        })
    }
}

fn begin(shared: Arc<Shared>) -> io::Result<Bell> {
    let (ringer, ear) = bell()?;
    std::thread::Builder::new().name("family".into()).spawn(move || {
        let up = shared.processes.family.up.lock().take();
        let mut watch = Watch {
            shared,
            up,
            told: None,
            due: None,
            pause: A_WHILE,
            seem: HashSet::new(),
            wave: None,
            gone: HashSet::new(),
            orphaned: false,
        };
        watch.attend(&ear);
    })?;
    Ok(ringer)
}

struct Watch {
    shared: Arc<Shared>,
    up: Option<UnixStream>,
    /// For how many rests it has told that it seems to be still.
    told: Option<u64>,
    /// When to look again, and after how long from then.
    due: Option<Instant>,
    pause: Duration,
    /// The children that seem to be still, by their numbers.
    seem: HashSet<i32>,
    wave: Option<Wave>,
    /// Children that say nothing any more.
    gone: HashSet<i32>,
    /// So does the parent: this process is about to be ended.
    orphaned: bool,
}

/// A question that is being answered.
struct Wave {
    number: u64,
    /// The children that have not answered.
    open: HashSet<i32>,
    own: Stillness,
    below: Vec<Stillness>,
    /// What was found the first time, by who asks a second time.
    before: Option<u64>,
    since: Instant,
}

impl Watch {
    fn attend(&mut self, ear: &UnixStream) {
        while !self.shared.stopping() && !self.orphaned {
            let children = self.children();
            let (up, ready, rung) = self.wait(&children, ear);
            if rung {
                self.due.get_or_insert_with(|| Instant::now() + A_WHILE);
            }
            if up {
                self.hear_parent();
            }
            for child in children.iter().zip(ready).filter_map(|(child, ready)| ready.then_some(child)) {
                self.hear_child(child);
            }
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.look();
            }
        }
    }

    fn children(&self) -> Vec<Arc<Child>> {
        self.shared.processes.children.lock().living.clone()
    }

    /// Until something comes or is due: whether from the parent, from which children, whether the bell has rung.
    fn wait(&self, children: &[Arc<Child>], mut ear: &UnixStream) -> (bool, Vec<bool>, bool) {
        let mut files = vec![PollFd::new(&ear, PollFlags::IN)];
        files.extend(self.up.as_ref().map(|up| PollFd::new(up, PollFlags::IN)));
        let lines: Vec<Option<&UnixStream>> = children
            .iter()
            .map(|child| child.line.get().filter(|_| !self.gone.contains(&number(child))))
            .collect();
        files.extend(lines.iter().flatten().map(|line| PollFd::new(*line, PollFlags::IN)));
        let left = self.due.map(|due| due.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let _ = rustix::event::poll(&mut files, left.as_ref()); // interrupted or not, it is looked at what there is
        let mut found = files.iter().map(|file| !file.revents().is_empty());
        let rung = found.next().unwrap_or_default();
        let up = self.up.is_some() && found.next().unwrap_or_default();
        let ready = lines.iter().map(|line| line.is_some() && found.next().unwrap_or_default()).collect();
        drop(files);
        let mut bytes = [0; 64];
        while ear.read(&mut bytes).is_ok_and(|read| read == bytes.len()) {}
        (up, ready, rung)
    }

    /// It is time to see whether the process is still.
    fn look(&mut self) {
        let family = &self.shared.processes.family;
        let Some(own) = self.shared.stillness() else {
            self.pause = A_WHILE;
            self.due = None;
            family.armed.store(false, Ordering::SeqCst);
            // Somebody may have come to rest in between, and found it armed.
            if self.shared.stillness().is_some() {
                family.armed.store(true, Ordering::SeqCst);
                self.due = Some(Instant::now() + A_WHILE);
            }
            return;
        };
        self.due = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_WHILE);
        // As it is still, nobody starts another meanwhile.
        let children = self.children();
        let lives = |pid: &i32| children.iter().any(|child| number(child) == *pid);
        self.seem.retain(lives);
        self.gone.retain(lives);
        if !children.iter().all(|child| self.seem.contains(&number(child))) {
            return;
        }
        match &self.up {
            Some(_) if self.told == Some(own.rests) => {}
            Some(up) => self.told = tell(up, &Note::SeemsStill).is_ok().then_some(own.rests),
            // An answer that has not come by now never will: its process has ended.
            None if self.wave.as_ref().is_none_or(|wave| wave.since.elapsed() > LONGEST_WHILE) => {
                self.ask(next_number(), None);
            }
            None => {}
        }
    }

    /// Asks the children, if there is any use.
    fn ask(&mut self, number: u64, before: Option<u64>) {
        self.wave = None;
        let Some(own) = self.shared.stillness() else { return self.answer(number, None) };
        let asked = |child: &Arc<Child>| {
            let line = child.line.get()?;
            tell(line, &Note::Ask(number)).ok()?;
            Some(self::number(child))
        };
        // Those that were started before it was found to be still, which is all, if it is the same at the end.
        let Some(open) = self.children().iter().map(asked).collect::<Option<HashSet<i32>>>() else {
            return self.answer(number, None);
        };
        self.wave = Some(Wave { number, open, own, below: Vec::new(), before, since: Instant::now() });
        self.see_wave();
    }

    /// To whoever has asked.
    fn answer(&mut self, number: u64, stillness: Option<Stillness>) {
        if stillness.is_none() {
            self.told = None; // when it seems to be still again, it says so again
        }
        if let Some(up) = &self.up {
            let _ = tell(up, &Note::Answer(number, stillness)); // without it, nothing is found
        }
    }

    fn hear_parent(&mut self) {
        let note = self.up.as_ref().map(hear);
        match note {
            Some(Ok(Note::Ask(number))) => self.ask(number, None),
            Some(Ok(Note::SeemsStill | Note::Answer(..))) | None => {} // a parent says neither
            Some(Err(_)) => self.orphaned = true,
        }
    }

    fn hear_child(&mut self, child: &Arc<Child>) {
        let Some(line) = child.line.get() else { return };
        match hear(line) {
            Ok(Note::SeemsStill) => {
                self.seem.insert(number(child));
                self.due.get_or_insert_with(|| Instant::now() + A_WHILE);
                self.pause = A_WHILE;
            }
            Ok(Note::Answer(number, stillness)) => {
                let Some(wave) = self.wave.as_mut().filter(|wave| wave.number == number) else { return };
                match stillness {
                    Some(stillness) if wave.open.remove(&self::number(child)) => {
                        wave.below.push(stillness);
                        self.see_wave();
                    }
                    Some(_) => {}
                    None => {
                        self.seem.remove(&self::number(child));
                        self.wave = None;
                        self.answer(number, None);
                    }
                }
            }
            Ok(Note::Ask(_)) => {} // a child does not ask
            // It has ended; the reaper learns it.
            Err(_) => _ = self.gone.insert(number(child)),
        }
    }

    /// If all have answered: passes it on, asks again, or knows.
    fn see_wave(&mut self) {
        let Some(wave) = self.wave.take_if(|wave| wave.open.is_empty()) else { return };
        // Still the same, now that all below have answered.
        if self.shared.stillness().is_none_or(|now| now.rests != wave.own.rests) {
            return self.answer(wave.number, None);
        }
        let whole = wave.below.into_iter().fold(wave.own, |mut whole, part| {
            whole.rests = whole.rests.wrapping_add(part.rests);
            whole.threads.extend(part.threads);
            whole.notes.extend(part.notes);
            whole
        });
        if self.up.is_some() {
            return self.answer(wave.number, Some(whole));
        }
        match wave.before {
            None => self.ask(next_number(), Some(whole.rests)),
            Some(before) if before == whole.rests => {
                let Stillness { threads, mut notes, .. } = whole;
                notes.dedup();
                let deadlock = Deadlock { threads, cycle: false, notes };
                let threads = self.shared.table.lock().seats.keys().copied().collect();
                self.shared.deadlocked(Knot { deadlock, threads });
            }
            Some(_) => {}
        }
    }
}

fn number(child: &Child) -> i32 {
    child.pid.as_raw_nonzero().get()
}

/// Of a question, never given twice in a process.
fn next_number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn tell(mut line: &UnixStream, note: &Note) -> io::Result<()> {
    let json = match note {
        Note::SeemsStill => json!({"note": "seems still"}),
        Note::Ask(number) => json!({"note": "ask", "number": number}),
        Note::Answer(number, stillness) => json!({
            "note": "answer", "number": number, "still": stillness.as_ref().map(Stillness::to_json),
        }),
    };
    let text = json.to_string();
    let mut bytes = (text.len() as u32).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    line.write_all(&bytes)
}

fn hear(mut line: &UnixStream) -> io::Result<Note> {
    let mut length = [0; 4];
    line.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    line.read_exact(&mut bytes)?;
    let json: Json = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
    let number = json["number"].as_u64().unwrap_or_default();
    Ok(match json["note"].as_str() {
        Some("ask") => Note::Ask(number),
        Some("answer") => Note::Answer(number, Stillness::from_json(&json["still"])),
        _ => Note::SeemsStill,
    })
}

impl Stillness {
    fn to_json(&self) -> Json {
        let threads: Vec<Json> = self
            .threads
            .iter()
            .map(|stuck| {
                json!({
                    "thread": &*stuck.thread, "holds": stuck.holds, "waits": stuck.waits,
                    "line": stuck.line,
                })
            })
            .collect();
        json!({"rests": self.rests, "threads": threads, "notes": self.notes})
    }

    fn from_json(json: &Json) -> Option<Stillness> {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_string();
        let line = |json: &Json| json.as_u64().unwrap_or_default() as u32;
        let stuck = |json: &Json| Stuck {
            thread: text(&json["thread"]).into(),
            holds: json["holds"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| (text(&one[0]), line(&one[1])))
                .collect(),
            waits: text(&json["waits"]),
            line: line(&json["line"]),
        };
        Some(Stillness {
            rests: json["rests"].as_u64()?,
            threads: json["threads"].as_array()?.iter().map(stuck).collect(),
            notes: json["notes"].as_array()?.iter().map(text).collect(),
        })
    }
}
