//! Knots of threads across processes, while others go on: nobody who can go on will ever come to what they wait for.
//!
//! As within a process (`world::real::knot`), but nobody sees all. So each process stands still for a moment and gives a
//! view (`view`), and the first process puts these together (`judge`).
//!
//! Views are of different moments. So there are two of each process, the second ones all after the first ones (`family`).
//! Who is stuck by both, with the same count of rests, has rested at a moment between them. What the others could come to
//! at that moment is in the first views already: what goes from one process to another is plain data (where it is more, by
//! tasks and results of process pools, whoever may get one counts as coming to all that its process has), and a new process
//! comes to no more than who has started it could.
//!
//! Who awaits something may have been told of a change, before the first views, that has made its condition true. It is stuck
//! if by the second views, or later ones, it rests; or has looked in vain after a change that came when the first views were
//! complete: what nobody else could change by then nobody has changed since.
//!
//! A process that may be ended, by `exit` or by a signal, lets go of all that its threads wait for and hold: so those count as
//! going on.

use super::super::deadlock::Knot;
use super::super::occasion::SHARE;
use super::lines::Lines;
use super::view::{Key, Reach, View, Waiting};
use crate::mapped::Memory;
use crate::report::runtime::Deadlock;
use crate::sync::Releasers;
use crate::sync::outside::system::Line;
use crate::world::graph::{self, Blocked};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// After a search in vain.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No search takes longer, unless a process ends meanwhile.
const LONGEST: Duration = Duration::from_secs(5);

/// When the first process looks.
#[derive(Default)]
pub(super) struct Occasion {
    due: Option<Instant>,
    /// How long after a search in vain to make another: twice as long each time.
    pause: Duration,
    /// Of the search that is made now.
    began: Option<Instant>,
    /// Searching has taken its share of the time until then.
    not_before: Option<Instant>,
}

impl Occasion {
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    pub fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    /// Somebody has begun to wait.
    pub fn has_come(&mut self) {
        self.pause = FIRST_PAUSE;
        let soon = self.not_before.max(Some(Instant::now()));
        self.due = [self.due, soon].into_iter().flatten().min();
    }

    /// A search begins. Should it never end, another one does.
    pub fn begins(&mut self) {
        self.began = Some(Instant::now());
        self.due = Some(Instant::now() + LONGEST);
    }

    /// It was in vain, or could not be made.
    pub fn ends(&mut self) {
        let now = Instant::now();
        let took = self.began.take().map_or(Duration::ZERO, |began| now - began);
        self.not_before = Some(now + took * SHARE);
        self.due = self.not_before.max(Some(now + self.pause));
        self.pause *= 2;
    }

    /// Nobody waits any more.
    pub fn is_over(&mut self) {
        self.ends();
        self.due = None;
    }
}

/// What comes of the views of all processes.
pub(super) enum Judged {
    /// Nobody waits for what processes share.
    Nothing,
    /// Who waits may be released, or it cannot be told.
    Open,
    /// These are stuck, if later views have the same number.
    Stuck(Suspects, Knot),
}

/// Threads that seem to be stuck.
#[derive(Debug, Clone, Copy)]
pub(super) struct Suspects {
    /// The same for the same threads that have rested, or awaited the same, all the time.
    number: u64,
    /// Of those that were told of a change and have not looked since: which change the first of their last looks was after.
    looked: Option<u64>,
    /// How many changes there had been in all processes when the views were complete.
    changes: u64,
}

impl Suspects {
    /// Whether these, of whom the views are newer, are those of `earlier` ones, who are stuck then.
    pub fn confirm(&self, earlier: &Suspects) -> bool {
        self.number == earlier.number && self.looked.is_none_or(|looked| looked > earlier.changes)
    }

    /// Whether they are others than these.
    pub fn differ(&self, earlier: &Suspects) -> bool {
        self.number != earlier.number
    }
}

/// What those who go on can come to, and which processes may be ended.
struct Everybody<'v> {
    things: HashSet<Key>,
    may_end: BTreeSet<usize>,
    memory: &'v Memory,
    processes: Vec<usize>,
}

impl Everybody<'_> {
    fn add(&mut self, process: usize, reach: &Reach) {
        self.things.extend(&reach.things);
        if reach.exits {
            self.may_end.insert(process);
        }
        let pid = |number: usize| self.memory.process(number).pid();
        let named = |number: &usize| reach.any || reach.signals.contains(&pid(*number));
        self.may_end.extend(self.processes.iter().copied().filter(named));
    }

    /// With a process end those that it has started.
    fn ends(&self, process: usize) -> bool {
        let mut at = self.memory.process(process);
        while at.number != 0 && !self.may_end.contains(&at.number) {
            at = at.parent();
        }
        self.may_end.contains(&at.number)
    }
}

/// What is to be said of the views of all processes of a run.
pub(super) fn judge(views: &[View], memory: &Memory) -> Judged {
    let any = |of: &dyn Fn(&Waiting) -> bool| views.iter().flat_map(|view| &view.waiting).any(of);
    if !(any(&|waiting| waiting.minded) && any(&|waiting| waiting.afar)) {
        return Judged::Nothing;
    }
    let told: BTreeSet<usize> = views.iter().map(|view| view.process).collect();
    if !memory.living().all(|process| told.contains(&process.number)) {
        return Judged::Open; // one of whom nothing is known
    }
    let waiting: BTreeMap<u32, (usize, &Waiting)> = views
        .iter()
        .flat_map(|view| view.waiting.iter().map(|waiting| (waiting.id, (view.process, waiting))))
        .collect();
    let (mut numbers, mut keys) = (HashMap::new(), Vec::new());
    let mut number = |key: Key| {
        *numbers.entry(key).or_insert_with(|| {
            keys.push(key);
            keys.len() as u32 - 1
        })
    };
    let lines = Lines::of(views, memory);
    let line = |line: &Line| lines.things(line);
    let ends = Ends { views, memory };
    let keeps = |process| ends.keeps(process);
    let releasers = |(id, (process, waiting)): (&u32, &(usize, &Waiting))| {
        let mut ways = vec![waiting.ways.releasers(&mut number, &line, &keeps)];
        waiting.ways.things(&mut |key| ways.extend(ends.of_pipe(key)));
        if waiting.mortal {
            ways.extend(ends.of(*process));
        }
        (*id, if ways.len() == 1 { ways.remove(0) } else { Releasers::Either(ways) })
    };
    let mut blocked: Blocked = waiting.iter().map(releasers).collect();
    let mut everybody = Everybody {
        things: HashSet::new(),
        may_end: BTreeSet::new(),
        memory,
        processes: told.into_iter().collect(),
    };
    views.iter().for_each(|view| everybody.add(view.process, &view.free));
    loop {
        // Whose process may be ended counts as going on.
        let before = blocked.len();
        blocked.retain(|id, _| {
            let (process, waiting) = waiting[id];
            let stays = !everybody.ends(process);
            if !stays {
                everybody.add(process, &waiting.reach);
            }
            stays
        });
        let stuck = stuck_among(&blocked, &waiting, &mut everybody, &keys);
        blocked.retain(|id, _| stuck.contains(id));
        if blocked.len() == before {
            break;
        }
    }
    let stuck: Vec<u32> = blocked.keys().copied().collect();
    // What its own process can tell alone, that tells.
    let any = |of: &dyn Fn(&Waiting) -> bool| stuck.iter().any(|id| of(waiting[id].1));
    match any(&|waiting| waiting.minded) && any(&|waiting| waiting.afar) {
        true => {
            let looked = stuck.iter().filter_map(|id| waiting[id].1.looked).min();
            let (number, changes) = (digest(&stuck, &waiting), memory.changes().load(Ordering::SeqCst));
            Judged::Stuck(Suspects { number, looked, changes }, knot(&blocked, &stuck, &waiting))
        }
        false => Judged::Open,
    }
}

/// When processes end by themselves.
struct Ends<'v> {
    views: &'v [View],
    memory: &'v Memory,
}

impl Ends<'_> {
    /// Of one that has ended, none.
    fn keeps(&self, process: usize) -> Vec<u32> {
        let view = self.views.iter().find(|view| view.process == process);
        view.map(|view| view.keeps.clone()).unwrap_or_default()
    }

    /// What a process waits for before it ends, or any that it ends with; the first ends with the whole run.
    fn of(&self, process: usize) -> Vec<Releasers> {
        let mut ends = Vec::new();
        let mut at = process;
        while at != 0
            && let Some(view) = self.views.iter().find(|view| view.process == at)
        {
            ends.push(Releasers::All(view.keeps.clone()));
            if !view.daemon {
                break;
            }
            at = self.memory.process(at).parent().number;
        }
        ends
    }

    /// The end of any process that has an open end of this pipe, if it is one: of the first, where no thread is left.
    fn of_pipe(&self, pipe: Key) -> Vec<Releasers> {
        let those = self.views.iter().filter(|view| view.pipes.contains(&pipe));
        let with_them = those.clone().flat_map(|view| self.of(view.process));
        let first = those.filter(|view| view.process == 0).map(|view| Releasers::All(view.keeps.clone()));
        first.chain(with_them).collect()
    }
}

/// Those of whom nobody else can release any. Who is released counts as going on.
fn stuck_among(
    blocked: &Blocked,
    waiting: &BTreeMap<u32, (usize, &Waiting)>,
    everybody: &mut Everybody<'_>,
    keys: &[Key],
) -> BTreeSet<u32> {
    let counted = RefCell::new((0, everybody));
    let stuck = graph::stuck(blocked, &|_, things, freed| {
        let (count, everybody) = &mut *counted.borrow_mut();
        for id in &freed[std::mem::replace(count, freed.len())..] {
            let (process, waiting) = waiting[id];
            everybody.add(process, &waiting.reach);
        }
        things.iter().any(|thing| everybody.things.contains(&keys[*thing as usize]))
    });
    let (_, everybody) = counted.into_inner();
    let stuck: BTreeSet<u32> = stuck.into_iter().collect();
    for id in blocked.keys().filter(|id| !stuck.contains(id)) {
        let (process, waiting) = waiting[id];
        everybody.add(process, &waiting.reach);
    }
    stuck
}

/// The same for the same threads that have rested all the time.
fn digest(stuck: &[u32], waiting: &BTreeMap<u32, (usize, &Waiting)>) -> u64 {
    let mut hasher = DefaultHasher::new();
    stuck.iter().for_each(|id| (id, waiting[id].1.rests).hash(&mut hasher));
    hasher.finish()
}

fn knot(blocked: &Blocked, stuck: &[u32], waiting: &BTreeMap<u32, (usize, &Waiting)>) -> Knot {
    let ring = graph::ring(blocked, stuck).filter(|ring| {
        let any = |of: &dyn Fn(&Waiting) -> bool| ring.iter().any(|id| of(waiting[id].1));
        any(&|waiting| waiting.minded) && any(&|waiting| waiting.afar)
    });
    let cycle = ring.is_some();
    let shown = ring.unwrap_or_else(|| stuck.iter().copied().filter(|id| !waiting[id].1.idle).collect());
    let mut notes: Vec<String> = Vec::new();
    for note in shown.iter().flat_map(|id| &waiting[id].1.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    let threads = shown.iter().map(|id| waiting[id].1.stuck.clone()).collect();
    Knot { deadlock: Deadlock { threads, cycle, notes }, threads: shown }
}

#[cfg(test)]
mod tests {
    use super::super::ways::Ways;
    use super::*;
    use crate::report::runtime::Stuck;

    /// Of the first process and so many children of it, each numbered by its pid.
    fn family(children: usize) -> std::sync::Arc<Memory> {
        let memory = Memory::new(0).expect("there is address space");
        for number in 0..=children {
            // The system knows no such process: it counts as living until it is said to be dead.
            memory.new_process("p").expect("there are few").begin(-(number as i32));
        }
        memory
    }

    fn reach(things: &[u64]) -> Reach {
        Reach { things: things.iter().map(|thing| Key(*thing)).collect(), ..Reach::default() }
    }

    /// Threads of one process, each with what it waits for and what it could come to then.
    fn view(process: usize, free: Reach, waiting: &[(u32, Ways, &[u64])]) -> View {
        let stuck = || Stuck { thread: "t".into(), holds: Vec::new(), waits: String::new(), line: 0 };
        let waiting = waiting.iter().map(|(id, ways, things)| Waiting {
            id: *id,
            rests: 1,
            minded: true,
            afar: true,
            mortal: false,
            idle: false,
            looked: None,
            ways: ways.clone(),
            reach: reach(things),
            stuck: stuck(),
            notes: Vec::new(),
        });
        View { process, free, waiting: waiting.collect(), ..View::default() }
    }

    fn stuck(views: &[View], memory: &Memory) -> Option<Vec<u32>> {
        match judge(views, memory) {
            Judged::Nothing => None,
            Judged::Open => Some(Vec::new()),
            Judged::Stuck(_, knot) => Some(knot.threads),
        }
    }

    fn thing(thing: u64) -> Ways {
        Ways::Anyone(vec![Key(thing)])
    }

    #[test]
    fn nobody_who_goes_on_comes_to_it() {
        let memory = family(2);
        // Each could release the other.
        let one = view(1, Reach::default(), &[(10, thing(5), &[6])]);
        let other = view(2, Reach::default(), &[(20, thing(6), &[5])]);
        let first = |things: &[u64]| view(0, reach(things), &[]);
        let judged = |first: View| stuck(&[first, one.clone(), other.clone()], &memory);
        assert_eq!(judged(first(&[7])), Some(vec![10, 20]));
        assert_eq!(judged(first(&[6])), Some(vec![]));
        // One that is released releases another.
        let chain = view(0, reach(&[5]), &[(1, Ways::All(vec![20], vec![]), &[])]);
        assert_eq!(judged(chain), Some(vec![]));
        assert_eq!(stuck(&[first(&[]), one.clone()], &memory), Some(vec![]), "one has not been heard");
        assert_eq!(stuck(&[first(&[]), view(1, Reach::default(), &[])], &memory), None);
    }

    #[test]
    fn who_awaits_has_looked_after_the_first_views() {
        let suspects = |number, looked, changes| Suspects { number, looked, changes };
        let earlier = suspects(1, Some(5), 7);
        assert!(suspects(1, None, 9).confirm(&earlier));
        assert!(suspects(1, Some(8), 9).confirm(&earlier));
        assert!(!suspects(1, Some(7), 9).confirm(&earlier), "what came before may not be seen");
        assert!(!suspects(2, None, 9).confirm(&earlier));
    }

    #[test]
    fn who_may_be_ended_counts_as_going_on() {
        let memory = family(2);
        let one = view(1, Reach::default(), &[(10, Ways::All(vec![20], vec![]), &[])]);
        let other = view(2, Reach::default(), &[(20, Ways::All(vec![10], vec![]), &[])]);
        let judged = |free: Reach, more: Reach| {
            let one = View { free: more, ..one.clone() };
            stuck(&[view(0, free, &[]), one, other.clone()], &memory)
        };
        let none = Reach::default;
        assert_eq!(judged(none(), none()), Some(vec![10, 20]));
        let exits = Reach { exits: true, ..none() };
        assert_eq!(judged(none(), exits.clone()), Some(vec![]));
        assert_eq!(judged(exits, none()), Some(vec![]), "with the first all end");
        let kills = |pid: i32| Reach { signals: vec![pid], ..none() };
        assert_eq!(judged(kills(-2), none()), Some(vec![]));
        assert_eq!(judged(kills(-7), none()), Some(vec![10, 20]));
        assert_eq!(judged(Reach { any: true, ..none() }, none()), Some(vec![]));
        // It could be ended only by one who waits for ever.
        let mut killer = other.clone();
        killer.waiting[0].reach = kills(-1);
        assert_eq!(stuck(&[view(0, none(), &[]), one.clone(), killer], &memory), Some(vec![10, 20]));
    }
}
