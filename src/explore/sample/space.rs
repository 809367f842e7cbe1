//! What sampled runs have seen of the space: its states with their steps, each computed when a run first comes there. A
//! run through states that are known is a walk along numbers: nothing is made canonical, hashed or stored again.
//!
//! It may be forgotten at any moment to free memory; then it grows again from where a run stands.

use crate::explore::ends::status_of;
use crate::explore::patience::Patience;
use crate::explore::seen::key;
use crate::explore::state::{Graph, State};
use crate::explore::steps::{Effect, Outcome, Steps};
use crate::explore::tries::{Tried, property_of, race, stuck, tries_with};
use crate::explore::verdict::Property;
use crate::world::sim::Way;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Not known yet.
const UNKNOWN: u32 = u32::MAX;
/// In the order of threads after a step: the thread is new, and as which of the new ones.
pub const NEW: u32 = 1 << 31;

/// A set of properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs(u8);

impl Signs {
    pub fn add(&mut self, property: Property) {
        self.0 |= 1 << property as u8;
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn without(self, other: Signs) -> Signs {
        Signs(self.0 & !other.0)
    }

    pub fn and(self, other: Signs) -> Signs {
        Signs(self.0 | other.0)
    }

    pub fn all(self) -> impl Iterator<Item = Property> {
        Property::ALL.into_iter().filter(move |property| self.0 & 1 << *property as u8 != 0)
    }
}

/// A state.
#[derive(Debug)]
struct Node {
    state: State,
    exited: Option<i32>,
    /// What is known once a run has been there.
    seen: Option<Seen>,
}

#[derive(Debug, Clone)]
pub struct Seen {
    /// What fails in the state itself.
    pub signs: Signs,
    /// The program has ended; and to which end it has come, when outcomes are asked for.
    pub over: bool,
    pub end: u32,
    abilities: Range<u32>,
    rivals: Range<u32>,
}

/// A thread that can move in a state.
#[derive(Debug, Clone, Copy)]
pub struct Ability {
    /// Its place in the state.
    pub seat: u32,
    /// Its steps.
    pub first: u32,
    pub count: u32,
    /// Without giving up a wait.
    pub runs: bool,
}

/// A step from a state.
#[derive(Debug)]
pub struct Edge {
    to: u32,
    /// Which order the threads have afterwards; 0 when it is the same.
    order: u32,
    pub signs: Signs,
    pub outcome: Arc<Outcome>,
}

/// How a run has ended: its status and the final values that were asked for.
pub type End = (i32, Vec<(String, String)>);

pub struct Space<'o> {
    pub steps: Steps,
    names: &'o [String],
    outcomes: bool,
    nodes: Vec<Node>,
    abilities: Vec<Ability>,
    edges: Vec<Edge>,
    /// Pairs of places whose threads' next steps depend on each other.
    rivals: Vec<(u32, u32)>,
    /// Runs are drawn: whoever draws asks for them.
    drawn: bool,
    numbers: HashMap<u128, u32, FixedState>,
    orders: Vec<Box<[u32]>>,
    known_orders: HashMap<Box<[u32]>, u32, FixedState>,
    /// Every end that was met: these are kept.
    pub ends: Vec<End>,
    known_ends: HashMap<End, u32, FixedState>,
    start: Option<u32>,
    words: usize,
    /// States that were forgotten.
    forgotten: u64,
    graph: Graph,
    next: Graph,
    tried: Vec<Tried>,
}

impl<'o> Space<'o> {
    /// `names` are the variables whose final values belong to an end, if there is anybody to ask.
    pub fn new(steps: Steps, outcomes: bool, names: &'o [String]) -> Space<'o> {
        let hash = || FixedState::with_seed(13);
        let mut space = Space {
            steps,
            names,
            outcomes,
            nodes: Vec::new(),
            abilities: Vec::new(),
            edges: Vec::new(),
            rivals: Vec::new(),
            drawn: true,
            numbers: HashMap::with_hasher(hash()),
            orders: Vec::new(),
            known_orders: HashMap::with_hasher(hash()),
            ends: Vec::new(),
            known_ends: HashMap::with_hasher(hash()),
            start: None,
            words: 0,
            forgotten: 0,
            graph: Graph::default(),
            next: Graph::default(),
            tried: Vec::new(),
        };
        space.clear();
        space
    }

    /// Nobody will ask who are rivals.
    pub fn without_rivals(self) -> Space<'o> {
        Space { drawn: false, ..self }
    }

    fn clear(&mut self) {
        self.forgotten += self.nodes.len() as u64;
        self.nodes = Vec::new();
        self.abilities = Vec::new();
        self.edges = Vec::new();
        self.rivals = Vec::new();
        self.numbers.clear();
        self.numbers.shrink_to_fit();
        self.orders = vec![Box::default()];
        self.known_orders.clear();
        self.start = None;
        self.words = 0;
    }

    /// The first state.
    pub fn start(&mut self) -> u32 {
        if let Some(start) = self.start {
            return start;
        }
        let graph = self.steps.initial();
        let start = self.number(&graph, None);
        self.start = Some(start);
        start
    }

    /// How many threads live in a state.
    pub fn seats(&self, node: u32) -> usize {
        self.nodes[node as usize].state.seats()
    }

    /// How many states were met; those that were forgotten and met again count again.
    pub fn states(&self) -> u64 {
        self.forgotten + self.nodes.len() as u64
    }

    /// Frees everything but one state: its number now.
    pub fn forget_all_but(&mut self, node: u32) -> u32 {
        let kept = &self.nodes[node as usize];
        let exited = kept.exited;
        let mut graph = std::mem::take(&mut self.graph);
        graph.load(&kept.state);
        self.clear();
        let number = self.number(&graph, exited);
        self.graph = graph;
        number
    }

    /// Frees every state.
    pub fn forget(&mut self) {
        self.clear();
    }

    /// About how many bytes it takes, the steps included.
    pub fn memory(&self) -> usize {
        self.steps.memory()
            + self.words * 4
            + self.nodes.len() * (size_of::<Node>() + 40)
            + self.edges.len() * size_of::<Edge>()
            + self.abilities.len() * size_of::<Ability>()
            + self.rivals.len() * 8
    }

    fn number(&mut self, graph: &Graph, exited: Option<i32>) -> u32 {
        let next = self.nodes.len() as u32;
        let number = *self.numbers.entry(key(graph.hash(), exited)).or_insert(next);
        if number == next {
            let state = graph.store();
            self.words += state.len();
            self.nodes.push(Node { state, exited, seen: None });
        }
        number
    }

    /// What is to be seen in a state. When patience has ended meanwhile, that is not all.
    pub fn seen(&mut self, node: u32, patience: &mut Patience<'_>) -> Seen {
        match &self.nodes[node as usize].seen {
            Some(seen) => seen.clone(),
            None => self.look(node, patience),
        }
    }

    /// A run has come to a state for the first time.
    #[cold]
    fn look(&mut self, node: u32, patience: &mut Patience<'_>) -> Seen {
        let mut graph = std::mem::take(&mut self.graph);
        let it = &self.nodes[node as usize];
        graph.load(&it.state);
        let exited = it.exited;
        let over = exited.is_some() || self.steps.is_over(&graph);
        let mut seen = Seen { signs: Signs::default(), over, end: 0, abilities: 0..0, rivals: 0..0 };
        for fault in &self.steps.look(&graph, false).faults {
            seen.signs.add(property_of(fault));
        }
        if over {
            self.finish(&graph, exited, &mut seen);
        } else {
            self.expand(&graph, &mut seen, patience);
        }
        self.graph = graph;
        self.nodes[node as usize].seen = Some(seen.clone());
        seen
    }

    /// The program has ended.
    fn finish(&mut self, graph: &Graph, exited: Option<i32>, seen: &mut Seen) {
        let looked = self.steps.look_at_end(graph, exited);
        for fault in &looked.faults {
            seen.signs.add(property_of(fault));
        }
        if self.outcomes {
            let (universe, _) = self.steps.universe(graph);
            let variables = crate::explore::story::variables(&universe, self.names);
            let end = (status_of(exited, universe.failed, !looked.faults.is_empty()), variables);
            let next = self.ends.len() as u32;
            seen.end = *self.known_ends.entry(end.clone()).or_insert(next);
            if seen.end == next {
                self.ends.push(end);
            }
        }
    }

    /// All steps from a state, thread by thread.
    fn expand(&mut self, graph: &Graph, seen: &mut Seen, patience: &mut Patience<'_>) {
        let mut tried = std::mem::take(&mut self.tried);
        tries_with(&mut self.steps, patience, graph, &mut tried);
        if able(&mut tried) {
            seen.signs.add(Property::Race);
        }
        if tried.is_empty() && patience.ended.is_none() {
            stuck(&self.steps.pieces, graph).into_iter().for_each(|property| seen.signs.add(property));
        }
        let (abilities, rivals) = (self.abilities.len() as u32, self.rivals.len() as u32);
        for of_one in tried.chunk_by(|a, b| a.seat == b.seat) {
            self.abilities.push(Ability {
                seat: of_one[0].seat as u32,
                first: self.edges.len() as u32,
                count: of_one.len() as u32,
                runs: of_one.iter().any(|one| one.way == Way::Run),
            });
            for one in of_one {
                let mut signs = Signs::default();
                one.outcome.faults.iter().for_each(|fault| signs.add(property_of(fault)));
                let outcome = one.outcome.clone();
                self.edges.push(Edge { to: UNKNOWN, order: 0, signs, outcome });
            }
        }
        seen.abilities = abilities..self.abilities.len() as u32;
        let threads: Vec<&[Tried]> = match self.drawn {
            true => tried.chunk_by(|a, b| a.seat == b.seat).collect(),
            false => Vec::new(),
        };
        for (at, a) in threads.iter().enumerate() {
            for b in &threads[at + 1..] {
                if a.iter().any(|one| b.iter().any(|other| depend(&one.outcome, &other.outcome))) {
                    self.rivals.push((a[0].seat as u32, b[0].seat as u32));
                }
            }
        }
        seen.rivals = rivals..self.rivals.len() as u32;
        self.tried = tried;
    }

    /// The threads that can move.
    pub fn abilities(&self, seen: &Seen) -> &[Ability] {
        &self.abilities[seen.abilities.start as usize..seen.abilities.end as usize]
    }

    /// The places of those whose next step depends on that of the thread in this place, or the other way round.
    pub fn rivals(&self, seen: &Seen, seat: u32) -> impl Iterator<Item = u32> {
        let pairs = &self.rivals[seen.rivals.start as usize..seen.rivals.end as usize];
        pairs.iter().filter_map(move |(a, b)| match seat {
            _ if *a == seat => Some(*b),
            _ if *b == seat => Some(*a),
            _ => None,
        })
    }

    /// A state as it is stored.
    pub fn state(&self, node: u32) -> &State {
        &self.nodes[node as usize].state
    }

    /// Whether the script has called `exit` there.
    pub fn exits_in(&self, node: u32) -> bool {
        self.nodes[node as usize].exited.is_some()
    }

    /// The states to which one leads. None when the program has ended there, nothing can be done, or not all is known.
    pub fn leads(&self, node: u32) -> Option<Vec<u32>> {
        let seen = self.nodes[node as usize].seen.as_ref().filter(|seen| !seen.over)?;
        let abilities = self.abilities(seen);
        let (first, last) = (abilities.first()?, abilities.last()?);
        let edges = &self.edges[first.first as usize..(last.first + last.count) as usize];
        edges.iter().map(|edge| Some(edge.to).filter(|to| *to != UNKNOWN)).collect()
    }

    /// Where the step with this number leads, if that is known.
    pub fn led(&self, node: u32, step: u32) -> Option<u32> {
        let seen = self.nodes[node as usize].seen.as_ref()?;
        let first = self.abilities(seen).first()?.first;
        Some(self.edges[(first + step) as usize].to).filter(|to| *to != UNKNOWN)
    }

    pub fn edge(&self, edge: u32) -> &Edge {
        &self.edges[edge as usize]
    }

    /// Takes a step: the state that it leads to, and the order that the threads have there (where each stood before;
    /// empty when all stay in their places).
    pub fn follow(&mut self, node: u32, seat: u32, edge: u32) -> (u32, &[u32]) {
        let known = &self.edges[edge as usize];
        let (to, order) =
            if known.to == UNKNOWN { self.reach(node, seat, edge) } else { (known.to, known.order) };
        (to, &self.orders[order as usize])
    }

    /// A step is taken for the first time.
    #[cold]
    fn reach(&mut self, node: u32, seat: u32, edge: u32) -> (u32, u32) {
        let outcome = self.edges[edge as usize].outcome.clone();
        let Effect::Change(change) = &outcome.kind else { return (node, 0) };
        let mut graph = std::mem::take(&mut self.graph);
        let mut next = std::mem::take(&mut self.next);
        graph.load(&self.nodes[node as usize].state);
        self.steps.apply(&graph, seat as usize, change, &mut next);
        let kept = (0..graph.seats as u32).filter(|at| !change.ends(*at as usize, seat as usize));
        let order: Vec<u32> = kept.chain((0..).map(|new| new | NEW)).take(next.seats).collect();
        let mut now = vec![0; next.seats];
        for (place, before) in order.iter().enumerate() {
            now[self.steps.seat_of(place)] = *before;
        }
        let to = self.number(&next, outcome.exited);
        let same =
            next.seats == graph.seats && now.iter().enumerate().all(|(at, before)| at as u32 == *before);
        let order = if same { 0 } else { self.order(now.into()) };
        (self.graph, self.next) = (graph, next);
        let known = &mut self.edges[edge as usize];
        (known.to, known.order) = (to, order);
        (to, order)
    }

    fn order(&mut self, order: Box<[u32]>) -> u32 {
        let next = self.orders.len() as u32;
        let number = *self.known_orders.entry(order.clone()).or_insert(next);
        if number == next {
            self.orders.push(order);
        }
        number
    }
}

/// Of the steps that were tried in a state, leaves those that can be taken, thread by thread: their order there gives them
/// their numbers. Whether two of those that were tried race.
pub fn able(tried: &mut Vec<Tried>) -> bool {
    let races = race(tried).is_some();
    tried.retain(|one| matches!(one.outcome.kind, Effect::Change(_)));
    tried.sort_by_key(|one| one.seat);
    races
}

/// Whether two steps that can be taken in one state depend on each other: one changes what the other meets.
fn depend(a: &Outcome, b: &Outcome) -> bool {
    let changes = |one: &Outcome, other: &Outcome| match (&one.kind, &other.kind) {
        (Effect::Change(change), Effect::Change(others)) => {
            change.written().any(|cell| other.met.contains(&cell) || others.written().any(|it| it == cell))
        }
        (Effect::Blocked, _) | (_, Effect::Blocked) => false,
    };
    a.opaque || b.opaque || changes(a, b) || changes(b, a)
}
