//! Nothing hangs in silence between processes either: finds that no thread of any process of a run can go on, or that some
//! wait for each other.
//!
//! A process is *still* when each of its threads waits without a deadline, for what only this run's processes can do,
//! and that has not happened. One that has been still for a while tells its parent, when its own children have told it;
//! so the first process learns that all seem to be. Then it asks all of them, twice. A process counts how often its
//! threads have come to rest; if every one is still both times, with the same count, then all were still at the moment
//! between the two questions, and nobody is left who could wake anybody.
//!
//! That some wait for each other in a ring while others go on, is suspected by whoever closes it (`ring`). The first process
//! learns it, and asks those processes in the same way, twice: what they tell then is of the threads in the ring alone.
//!
//! That others could still release who waits for what processes share, or not, is asked when somebody has waited for a while
//! (`knot`): of all processes, twice, and again after ever longer pauses as long as it cannot be told.

use super::super::deadlock::Knot;
use super::super::occasion::Parked;
use super::super::run::Shared;
use super::knot::{Judged, Occasion, Suspects, judge};
use super::note::{About, Note, Ring, Stillness, hear, tell};
use super::reaper::{Bell, Child, bell};
use crate::report::runtime::{Deadlock, Stuck};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};
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
    /// Rings that threads of this process seem to have closed, and that nobody has been told of yet.
    suspected: Mutex<Vec<Ring>>,
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

impl Shared {
    /// A thread comes to rest until somebody wakes it.
    pub(in super::super) fn rests_in_family(self: &Arc<Shared>) {
        let family = &self.processes.family;
        family.rests.fetch_add(1, Ordering::SeqCst);
        if family.armed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.wake_family();
    }

    /// Others may come to wait for each other, and this process is asked about that whatever it does itself.
    pub(in super::super) fn answers_its_family(self: &Arc<Shared>) {
        if self.processes.own.is_some() && self.memory().is_some() {
            self.wake_family();
        }
    }

    /// Threads of several processes seem to wait for each other.
    pub(super) fn suspect(self: &Arc<Shared>, ring: Ring) {
        self.processes.family.suspected.lock().push(ring);
        self.wake_family();
    }

    pub(super) fn wake_family(self: &Arc<Shared>) {
        let mut its = self.processes.family.bell.lock();
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
        // It may be left with children that it waits for. One with nothing left to do is about to say that it ends.
        let left_alone = table.seats.is_empty() && !self.processes.have_plain();
        let over = left_alone || self.nothing_left_to_do(&table);
        if self.stopping() || over || !table.seats.values().all(|seat| self.waits_within(seat)) {
            return None;
        }
        let mut notes = Vec::new();
        let waiting = table.seats.iter().filter(|(id, _)| !self.idles(&table, **id));
        let threads = waiting.map(|(id, seat)| (*id, self.stuck(seat, &mut notes))).collect();
        drop(table);
        if self.ends_alone() {
            return None;
        }
        let mut whole = Stillness { rests, threads, notes, views: Vec::new() };
        self.name_process(&mut whole);
        (self.processes.family.rests.load(Ordering::SeqCst) == rests).then_some(whole)
    }

    /// Its threads are told with the process that they belong to.
    pub(super) fn name_process(&self, part: &mut Stillness) {
        part.threads.iter_mut().for_each(|(_, stuck)| self.name_in_process(stuck));
    }

    pub(super) fn name_in_process(&self, stuck: &mut Stuck) {
        if let Some(own) = &self.processes.own {
            stuck.thread = format!("{} (pid {}): {}", own.name, super::pids().pid, stuck.thread).into();
        }
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
            waves: BTreeMap::new(),
            gone: HashSet::new(),
            orphaned: false,
            parked: Parked::default(),
            knots: Occasion::default(),
            suspects: None,
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
    /// By the numbers of the questions.
    waves: BTreeMap<u64, Wave>,
    /// Children that say nothing any more.
    gone: HashSet<i32>,
    /// So does the parent: this process is about to be ended.
    orphaned: bool,
    /// Who waits for what processes share.
    parked: Parked,
    /// In the first process: when to look for knots.
    knots: Occasion,
    /// Who seemed to be stuck by earlier views.
    suspects: Option<Suspects>,
}

/// A question that is being answered.
struct Wave {
    about: About,
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
                let suspected = std::mem::take(&mut *self.shared.processes.family.suspected.lock());
                suspected.into_iter().for_each(|ring| self.suspect(ring));
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
            if self.knots.is_due() {
                self.knots.begins();
                self.ask(next_number(), About::Knots, None);
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
        let due = [self.due, self.knots.due()].into_iter().flatten().min();
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
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
        let (long, again) = self.parked.check(self.shared.who_waits_afar());
        if long {
            self.somebody_waits();
        }
        let family = &self.shared.processes.family;
        let Some(own) = self.shared.stillness() else {
            self.pause = A_WHILE;
            self.due = None;
            if again {
                self.due = Some(Instant::now() + A_WHILE);
                return;
            }
            family.armed.store(false, Ordering::SeqCst);
            // Somebody may have come to rest in between, and found it armed.
            if self.shared.stillness().is_some() || !self.parked.knows(&self.shared.who_waits_afar()) {
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
            None if self.waves.values().all(|wave| wave.about != About::All || wave.is_late()) => {
                self.ask(next_number(), About::All, None);
            }
            None => {}
        }
    }

    /// The first process asks, the others pass it on.
    fn suspect(&mut self, ring: Ring) {
        match &self.up {
            // Without it, nothing is found.
            Some(up) => _ = tell(up, &Note::Suspect(ring)),
            None => self.ask(next_number(), About::Ring(ring), None),
        }
    }

    /// Somebody has waited for a while for what processes share.
    fn somebody_waits(&mut self) {
        match &self.up {
            // Without it, nothing is found.
            Some(up) => _ = tell(up, &Note::Waits),
            None => self.knots.has_come(),
        }
    }

    fn own_part(&self, about: &About) -> Option<Stillness> {
        match about {
            About::Ring(ring) => self.shared.part_of_ring(ring),
            About::All => self.shared.stillness(),
            About::Knots => {
                let views = vec![self.shared.view()?];
                Some(Stillness { views, ..Stillness::default() })
            }
        }
    }

    /// Asks the children, if there is any use.
    fn ask(&mut self, number: u64, about: About, before: Option<u64>) {
        // Who asks the same again has reason to.
        self.waves.retain(|_, wave| wave.about != about);
        let Some(own) = self.own_part(&about) else { return self.answer(number, &about, None) };
        let concerned = |child: &&Arc<Child>| match &about {
            About::Ring(ring) => self.shared.leads_below(child.number, ring),
            About::All | About::Knots => true,
        };
        let asked = |child: &Arc<Child>| {
            let line = child.line.get()?;
            tell(line, &Note::Ask(number, about.clone())).ok()?;
            Some(self::number(child))
        };
        // Those that were started before it was found to be still, which is all, if it is the same at the end.
        let children = self.children();
        let open = children.iter().filter(concerned).map(asked).collect::<Option<HashSet<i32>>>();
        let Some(open) = open else { return self.answer(number, &about, None) };
        let wave = Wave { about, open, own, below: Vec::new(), before, since: Instant::now() };
        self.waves.insert(number, wave);
        self.see_wave(number);
    }

    /// To whoever has asked.
    fn answer(&mut self, number: u64, about: &About, stillness: Option<Stillness>) {
        if stillness.is_none() && *about != About::Knots {
            self.told = None; // when it seems to be still again, it says so again
        }
        match &self.up {
            Some(up) => _ = tell(up, &Note::Answer(number, stillness)), // without it, nothing is found
            None if *about == About::Knots => self.knots.ends(),
            None => {}
        }
    }

    fn hear_parent(&mut self) {
        let note = self.up.as_ref().map(hear);
        match note {
            Some(Ok(Note::Ask(number, about))) => self.ask(number, about, None),
            // A parent says none of it.
            Some(Ok(Note::SeemsStill | Note::Waits | Note::Suspect(_) | Note::Answer(..))) | None => {}
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
                let Some(wave) = self.waves.get_mut(&number) else { return };
                match stillness {
                    Some(stillness) if wave.open.remove(&self::number(child)) => {
                        wave.below.push(stillness);
                        self.see_wave(number);
                    }
                    Some(_) => {}
                    None => {
                        let about = wave.about.clone();
                        if about == About::All {
                            self.seem.remove(&self::number(child));
                        }
                        self.waves.remove(&number);
                        self.answer(number, &about, None);
                    }
                }
            }
            Ok(Note::Suspect(ring)) => self.suspect(ring),
            Ok(Note::Waits) => self.somebody_waits(),
            Ok(Note::Ask(..)) => {} // a child does not ask
            // It has ended; the reaper learns it.
            Err(_) => {
                self.gone.insert(number(child));
                let asked = |wave: &Wave| wave.about != About::All && wave.open.contains(&number(child));
                let vain: Vec<(u64, Wave)> = self.waves.extract_if(.., |_, wave| asked(wave)).collect();
                vain.into_iter().for_each(|(number, wave)| self.answer(number, &wave.about, None));
            }
        }
    }

    /// If all have answered: passes it on, asks again, or knows.
    fn see_wave(&mut self, number: u64) {
        if self.waves.get(&number).is_none_or(|wave| !wave.open.is_empty()) {
            return;
        }
        let Some(wave) = self.waves.remove(&number) else { return };
        let Wave { about, own, below, before, .. } = wave;
        // Still the same, now that all below have answered. (Those that go on are not the same, and need not be.)
        if about != About::Knots && self.own_part(&about).is_none_or(|now| now.rests != own.rests) {
            return self.answer(number, &about, None);
        }
        let whole = below.into_iter().fold(own, |mut whole, part| {
            whole.rests = whole.rests.wrapping_add(part.rests);
            whole.threads.extend(part.threads);
            whole.notes.extend(part.notes);
            whole.views.extend(part.views);
            whole
        });
        if self.up.is_some() {
            return self.answer(number, &about, Some(whole));
        }
        match (before, about) {
            (before, About::Knots) => self.weigh(whole, before),
            (None, about) => self.ask(next_number(), about, Some(whole.rests)),
            (Some(before), about) if before == whole.rests => {
                self.shared.deadlocked(self.knot(about, whole));
            }
            (Some(_), _) => {}
        }
    }

    /// All have told who waits, and what the others can come to; `before`: whether they have just been asked for the first time.
    fn weigh(&mut self, whole: Stillness, before: Option<u64>) {
        let Some(memory) = self.shared.memory() else { return };
        let earlier = self.suspects.take();
        match judge(&whole.views, memory) {
            Judged::Stuck(now, knot) if earlier.is_some_and(|earlier| now.confirm(&earlier)) => {
                self.shared.deadlocked(knot);
            }
            Judged::Stuck(now, _) => {
                // Some may have to look once more: then it is seen by the next search.
                self.suspects = earlier.filter(|earlier| !now.differ(earlier)).or(Some(now));
                match before {
                    None => self.ask(next_number(), About::Knots, Some(0)),
                    Some(_) => self.knots.ends(),
                }
            }
            Judged::Open => self.knots.ends(),
            Judged::Nothing => self.knots.is_over(),
        }
    }

    fn knot(&self, about: About, whole: Stillness) -> Knot {
        let Stillness { mut threads, mut notes, .. } = whole;
        notes.dedup();
        let ring = if let About::Ring(ring) = about { Some(ring) } else { None };
        if let Some(ring) = &ring {
            threads.sort_by_key(|(id, _)| ring.iter().position(|other| other == id));
        }
        let threads = threads.into_iter().map(|(_, stuck)| stuck).collect();
        let deadlock = Deadlock { threads, cycle: ring.is_some(), notes };
        let own = || self.shared.table.lock().seats.keys().copied().collect();
        Knot { deadlock, threads: ring.unwrap_or_else(own) }
    }
}

impl Wave {
    /// An answer that has not come by now never will: its process has ended.
    fn is_late(&self) -> bool {
        self.since.elapsed() > LONGEST_WHILE
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
