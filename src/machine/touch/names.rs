//! What a script calls the things that it touches: `total`, `bank.balance`, `counts[0]`.

use super::{Part, Place, Touch};
use crate::machine::Image;
use crate::state::Shared;
use crate::value::map::Map;
use crate::value::{Value, show};
use std::collections::VecDeque;
use std::sync::Arc;

/// So many objects are looked at in search of one, from the top level's names on, and so many steps away from these.
const MOST_LOOKED_AT: usize = 2_000;
const FARTHEST: usize = 3;

/// What a cell is called in reports.
pub fn cell(touch: &Touch, image: &Image) -> String {
    let program = &image.program;
    let (object, else_called) = match &touch.place {
        Place::Object(Shared::Space(space)) => {
            let name = match touch.part {
                Part::Field(index) => program.globals.get(index as usize).map_or("?", |name| name),
                Part::All | Part::Element(_) | Part::Key(_) | Part::Shape | Part::Variable(_) => {
                    "the variables"
                }
            };
            return format!("{name} of {}", space.handle.name());
        }
        Place::Global(index) => return program.globals[*index as usize].to_string(),
        Place::Fixed(index) => return program.fixed[*index as usize].to_string(),
        Place::Object(object) => {
            let called = match object {
                Shared::Object(object) => match &*program.classes[object.class as usize].name {
                    "" => "an object".to_string(),
                    class => format!("an object of {class}"),
                },
                Shared::List(_) => "a list".into(),
                Shared::Map(_) => "a map".into(),
                Shared::Set(_) => "a set".into(),
                Shared::Cell(_) => {
                    return match touch.part {
                        Part::Variable(name) => program.symbol(name).to_string(),
                        _ => "a captured variable".into(),
                    };
                }
                Shared::Sync(sync) => return sync.label(),
                Shared::Thread(thread) => return thread.name().to_string(),
                Shared::Closure(_)
                | Shared::Bound(_)
                | Shared::Error(_)
                | Shared::File(_)
                | Shared::Ticket(_)
                | Shared::Round(_)
                | Shared::Failure(_)
                | Shared::Left(_)
                | Shared::Space(_) => return "the threads".into(),
                Shared::Between(_) => return "a pipe".into(),
                Shared::Wire(_) => return "a connection".into(),
            };
            (object, called)
        }
        Place::Threads => return "the threads".into(),
        Place::Random => return "the random numbers".into(),
        Place::Clock => return "the time".into(),
    };
    let known = path(object, image);
    let whole = known.clone().unwrap_or(else_called);
    match (touch.part, object) {
        (Part::Field(index), Shared::Object(object)) => {
            let fields = &program.classes[object.class as usize].fields;
            let field = fields.get(index as usize).map_or("?", |field| &field.name);
            if known.is_some() { format!("{whole}.{field}") } else { format!("{field} of {whole}") }
        }
        (Part::Element(index), _) if known.is_some() => format!("{whole}[{index}]"),
        (Part::Element(index), _) => format!("element {index} of {whole}"),
        (Part::Shape, _) => format!("the length of {whole}"),
        (Part::Key(_), Shared::Map(map)) => match entry(map, touch.part) {
            Some((key, _)) if known.is_some() => format!("{whole}[{}]", show::repr(&key, program)),
            Some((key, _)) => format!("key {} of {whole}", show::repr(&key, program)),
            None => whole, // it has been removed
        },
        (Part::All | Part::Field(_) | Part::Key(_) | Part::Variable(_), _) => whole,
    }
}

/// Whether it is one for all processes of the run, of which there may be several.
pub fn is_shared(touch: &Touch, image: &Image) -> bool {
    let one_for_all = match &touch.place {
        Place::Global(index) => image.program.is_shared(*index),
        Place::Object(Shared::List(list)) => list.nature.is_one_for_all(),
        Place::Object(Shared::Map(map)) => map.nature.is_one_for_all(),
        Place::Object(_) | Place::Fixed(_) | Place::Threads | Place::Random | Place::Clock => false,
    };
    one_for_all && image.program.process().is_some()
}

/// What a field, an element, a key or a captured variable holds now, as it would be shown inside a list; None for a thing of
/// another kind, and when it is gone.
pub fn content(touch: &Touch, image: &Image) -> Option<String> {
    let Place::Object(object) = &touch.place else { return None };
    let value = match (object, touch.part) {
        (Shared::Object(object), Part::Field(index)) => object.fields.get(index as usize)?.get(),
        (Shared::List(list), Part::Element(index)) => list.get(index as i64)?,
        (Shared::Map(map), Part::Key(_)) => entry(map, touch.part)?.1,
        (Shared::Cell(cell), _) => cell.get(),
        _ => return None,
    };
    (!matches!(value, Value::Unset)).then(|| show::repr(&value, &image.program))
}

/// The entry of a map that a touch is about.
fn entry(map: &Map, part: Part) -> Option<(Value, Value)> {
    map.snapshot().into_iter().find(|(key, _)| super::key(key) == part)
}

/// How a script comes to an object from a name of its top level: the shortest way.
fn path(wanted: &Shared, image: &Image) -> Option<String> {
    let program = &image.program;
    let globals = program.globals.iter().enumerate();
    let fixed = program.fixed.iter().enumerate();
    let named = globals
        .map(|(index, name)| (name, image.global(index as u32)))
        .chain(fixed.map(|(index, name)| (name, image.fixed(index as u32).cloned())));
    let called = image.called();
    let named = named.chain(called.iter().map(|(name, value)| (name, Some(value.clone()))));
    let mut ahead: VecDeque<(String, Value, usize)> = named
        .filter(|(name, _)| !name.starts_with("__"))
        .filter_map(|(name, value)| Some((name.to_string(), value?, 0)))
        .collect();
    let mut looked_at = 0;
    while let Some((name, value, far)) = ahead.pop_front() {
        if is(&value, wanted) {
            return Some(name);
        }
        looked_at += 1;
        if far >= FARTHEST || looked_at > MOST_LOOKED_AT {
            continue;
        }
        for (inside, value) in parts(&value, image) {
            ahead.push_back((format!("{name}{inside}"), value, far + 1));
        }
    }
    None
}

fn is(value: &Value, wanted: &Shared) -> bool {
    match (value, wanted) {
        (Value::List(list), Shared::List(wanted)) => Arc::ptr_eq(list, wanted),
        (Value::Map(map), Shared::Map(wanted)) => Arc::ptr_eq(map, wanted),
        (Value::Set(set), Shared::Set(wanted)) => Arc::ptr_eq(set, wanted),
        (Value::Object(object), Shared::Object(wanted)) => Arc::ptr_eq(object, wanted),
        (Value::Thread(thread), Shared::Object(wanted)) => {
            thread.object.as_ref().is_some_and(|members| Arc::ptr_eq(members, wanted))
        }
        _ => false,
    }
}

/// What a value holds that may hold more, with how it is written after the value's own name.
fn parts(value: &Value, image: &Image) -> Vec<(String, Value)> {
    let program = &image.program;
    let members = match value {
        Value::List(list) => {
            let elements = list.snapshot().into_iter().enumerate();
            return elements.map(|(index, element)| (format!("[{index}]"), element)).collect();
        }
        Value::Map(map) => {
            let entries = map.snapshot().into_iter();
            return entries.map(|(key, value)| (format!("[{}]", show::repr(&key, program)), value)).collect();
        }
        Value::Object(object) => object,
        Value::Thread(thread) => match &thread.object {
            Some(members) => members,
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let fields = program.classes[members.class as usize].fields.iter().zip(&members.fields);
    fields.map(|(field, cell)| (format!(".{}", field.name), cell.get())).collect()
}
