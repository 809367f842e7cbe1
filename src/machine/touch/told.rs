//! What is touched, as it is told: places and their parts, one by one, or many elements of a list at once.

use crate::builtin::Row;
use crate::state::Shared;
use crate::syntax::tree::CompareOperator;
use crate::value::Value;
use crate::value::list::List;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// One thing touched, and how.
#[derive(Debug, Clone)]
pub struct Touch {
    pub place: Place,
    pub part: Part,
    pub write: bool,
}

impl Touch {
    /// Where the shadow of the container that is touched has its number.
    pub fn container(&self) -> Option<&AtomicU32> {
        match &self.place {
            Place::Object(Shared::List(list)) => Some(list.shadow()),
            Place::Object(Shared::Map(map)) => Some(map.shadow()),
            Place::Object(Shared::Set(set)) => Some(set.shadow()),
            Place::Object(_)
            | Place::Global(_)
            | Place::Fixed(_)
            | Place::Threads
            | Place::Random
            | Place::Clock => None,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Place {
    /// A top-level variable that can change.
    Global(u32),
    /// A top-level name that is written once.
    Fixed(u32),
    Object(Shared),
    /// The set of threads, or what any of them does.
    Threads,
    /// The generator of random numbers.
    Random,
    Clock,
}

/// Which part of it: two touches of one place can only disturb each other when their parts meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    All,
    Field(u32),
    /// Of a list, counted from the start.
    Element(u64),
    /// Of a map, by its hash.
    Key(u64),
    /// How many there are, and which keys.
    Shape,
    /// All of a captured variable, with its name, a symbol. (A cell has one name only.)
    Variable(u16),
}

impl Part {
    pub fn meets(self, other: Part) -> bool {
        self == other || self == Part::All || other == Part::All
    }
}

/// What the instruction is for, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Plain,
    /// The beginning of `atomically`.
    Atomic,
    /// The beginning of an `await`: its condition is evaluated as one step.
    Await,
    /// Enters a lock, a side or a permit, as `with` does.
    Enter,
    /// Gives up a lock or a permit.
    Release,
    Print,
    /// The thread ends.
    End,
    /// An operation on a thing to wait for, or on a thread.
    Sync,
    /// Waits for the end of a thread, or of several.
    Join,
    /// Copies what a new process begins with.
    Process,
    /// Starts a thread that nobody else knows of.
    Start,
}

/// Many elements of one list, from the first on to before the last.
#[derive(Debug)]
pub struct Run {
    pub list: Arc<List>,
    pub elements: Range<u64>,
    pub write: bool,
}

impl Run {
    /// One of them.
    pub fn touch(&self, element: u64) -> Touch {
        let place = Place::Object(Shared::List(self.list.clone()));
        Touch { place, part: Part::Element(element), write: self.write }
    }
}

/// So few elements are told one by one.
const FEW_ELEMENTS: usize = 4;

#[derive(Debug)]
pub struct Touches {
    pub list: Vec<Touch>,
    /// For whoever takes many elements at once; None: each is in `list`.
    pub runs: Option<Vec<Run>>,
    /// What it looks at or changes where nobody else can tell when: a thread that was made to be started, a thing that gets
    /// a name, the items of a loop, what never changes of an instance.
    pub quiet: Vec<Shared>,
    pub act: Act,
    /// How its reads come about, if there may be several, one after the other: nothing else is read of what can change.
    pub looks: Vec<Look>,
}

/// What an operation does to read what it reads.
#[derive(Debug, Clone)]
pub enum Look {
    /// It makes a text of this.
    Text(Value),
    Compare(CompareOperator, Value, Value),
    /// It takes the elements.
    Items(Value),
    /// The same, of a map or a list of pairs.
    Pairs(Value),
    /// It takes the elements, and puts them in order, which may be reversed.
    Order(Value, bool),
    /// A builtin that does nothing else.
    Builtin(&'static Row, Vec<Value>),
}

impl Touches {
    pub fn new() -> Touches {
        Touches { list: Vec::new(), runs: None, quiet: Vec::new(), act: Act::Plain, looks: Vec::new() }
    }

    /// In which many elements are told as one run.
    pub fn with_runs() -> Touches {
        Touches { runs: Some(Vec::new()), ..Touches::new() }
    }

    pub(super) fn add(&mut self, place: Place, part: Part, write: bool) {
        self.list.push(Touch { place, part, write });
    }

    pub(super) fn object(&mut self, object: Shared, part: Part, write: bool) {
        self.add(Place::Object(object), part, write);
    }

    pub(super) fn elements(&mut self, list: &Arc<List>, some: Range<usize>, write: bool) {
        let many = some.len() > FEW_ELEMENTS;
        let run = Run { list: list.clone(), elements: some.start as u64..some.end as u64, write };
        match &mut self.runs {
            Some(runs) if many => runs.push(run),
            Some(_) | None => self.list.extend(run.elements.clone().map(|element| run.touch(element))),
        }
    }
}

impl Default for Touches {
    fn default() -> Touches {
        Touches::new()
    }
}
