//! What an operation did, or is about to do, in words of the source.

use crate::code::reach::makes_pipes;
use crate::machine::Image;
use crate::machine::touch::{Act, Part, Place, Touch, names};
use crate::state::Shared;
use crate::sync::atomic::Atomic;
use crate::sync::{Kind, Sync};
use crate::value::show;
use crate::world::sim::Log;
use std::sync::Arc;

/// The top level's variables and what they hold, as `print` shows it.
pub type Values = [(String, String)];

/// What an operation did, told by what it touched.
pub fn did(log: &Log, before: &Values, after: &Values, image: &Image) -> Vec<String> {
    if log.lets_go {
        return vec![format!(
            "lets go of {}",
            if makes_pipes(&image.program) { "a pipe's end" } else { "a connection" }
        )];
    }
    match log.act {
        Act::Sync
        | Act::Enter
        | Act::Join
        | Act::Process
        | Act::Start
        | Act::Release
        | Act::Atomic
        | Act::Await => match operation(log, image) {
            text if text.is_empty() => Vec::new(),
            text => vec![text],
        },
        Act::End => vec!["ends".into()],
        Act::Print => vec![format!("prints {:?}", log.output.trim_end())],
        Act::Plain => accesses(log, before, after, image),
    }
}

/// What an operation that has not been done yet is going to do; `log` tells what came of it in a copy of the state.
pub fn next(log: &Log, after: &Values, image: &Image) -> Option<String> {
    let first = did(log, &[], after, image).into_iter().next()?;
    let (word, rest) = first.split_once(' ').unwrap_or((&first, ""));
    Some(match word {
        "reads" => format!("is about to read {rest}"),
        "stores" => format!("is about to store {rest}"),
        "changes" => format!("is about to change {rest}"),
        "takes" => format!("is about to take {rest}"),
        "gives" => format!("is about to give {rest}"),
        "prints" => format!("is about to print {rest}"),
        "ends" => "is about to end".to_string(),
        "lets" => "is about to let go of a pipe's end".to_string(),
        _ => format!("is about to do {first}"),
    })
}

/// An access that has not been made, and of which no value is known.
pub fn access(write: bool, cell: &str) -> String {
    match write {
        true => format!("is about to write {cell}"),
        false => format!("is about to read {cell}"),
    }
}

/// An operation on a thing to wait for, as it stands in the script.
fn operation(log: &Log, image: &Image) -> String {
    // A monitor stands nowhere in the text of its methods.
    match (log.act, things(log).find(|sync| sync.is_monitor())) {
        (Act::Enter, Some(monitor)) => return format!("takes {}", monitor.label()),
        (Act::Release, Some(monitor)) => return format!("gives back {}", monitor.label()),
        (_, _) => {}
    }
    let text = image.program.source.text.get(log.span.start as usize..log.span.end as usize);
    let text = text.unwrap_or_default().lines().next().unwrap_or_default();
    // Of an arm of `select`, what was waited for.
    let text = text.split("=>").next().filter(|_| log.selected).unwrap_or(text).trim();
    // What `with` enters by another name (`with left { … }`) is told by its own. (A side has none: `rw.read`.)
    let side = things(log).any(|sync| matches!(sync.kind, Kind::Side(_)));
    let own = things(log).find_map(|sync| sync.name.get()).filter(|_| !side && !text.ends_with(')'));
    match (log.act, own.filter(|own| !text.ends_with(&***own))) {
        (Act::Enter, Some(own)) => return format!("takes {own}"),
        (Act::Release, Some(own)) => return format!("gives back {own}"),
        (_, _) => {}
    }
    // `with guard { … }` and `for job in jobs { … }`: their place is the name alone.
    let named = things(log).find(|sync| sync.label() == text);
    let entered = named.is_some_and(|sync| sync.can_be_held());
    match log.act {
        Act::Release if entered || !text.ends_with(')') => format!("gives back {text}"),
        act if entered || act == Act::Enter => format!("takes {text}"),
        _ if named.is_some_and(|sync| matches!(sync.kind, Kind::Queue(_))) => {
            format!("takes the next of {text}")
        }
        _ if text.starts_with("select") && !log.selected => "waits in select".into(),
        _ => match things(log).find_map(|sync| Atomic::of(sync).ok()) {
            Some(atomic) if text.ends_with(".value") => {
                format!("reads {text} = {}", show::repr(&atomic.get(), &image.program))
            }
            _ => text.to_string(),
        },
    }
}

/// The things to wait for that it touched.
fn things(log: &Log) -> impl Iterator<Item = &Arc<Sync>> {
    log.told.iter().filter_map(|touch| match &touch.place {
        Place::Object(Shared::Sync(sync)) => Some(sync),
        Place::Object(_) | Place::Global(_) | Place::Fixed(_) => None,
        Place::Threads | Place::Random | Place::Clock => None,
    })
}

fn accesses(log: &Log, before: &Values, after: &Values, image: &Image) -> Vec<String> {
    let value_in = |values: &Values, name: &str| {
        values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let mut said = Vec::new();
    for touch in &log.told {
        // Several elements are told as the list.
        let touch = &match touch.part {
            Part::Element(_) if log.told.iter().any(|other| is_beside(touch, other)) => {
                Touch { part: Part::All, ..touch.clone() }
            }
            _ => touch.clone(),
        };
        let name = names::cell(touch, image);
        let value = match (touch.write, &touch.place) {
            (false, Place::Global(_)) => value_in(before, &name),
            (true, Place::Global(_)) => value_in(after, &name),
            (_, _) => names::content(touch, image),
        };
        let stores = value.is_some() || matches!(touch.place, Place::Global(_));
        let sentence = match (touch.write, value) {
            (false, Some(value)) => format!("reads {name} = {value}"),
            (false, None) => format!("reads {name}"),
            (true, Some(value)) => format!("stores {name} = {value}"),
            (true, None) if stores => format!("stores {name}"),
            (true, None) => format!("changes {name}"),
        };
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    // A field is read to come to the map in it: one of the two says what is there.
    let full: Vec<String> = said.iter().filter(|sentence| sentence.contains(" = ")).cloned().collect();
    said.retain(|sentence| {
        !full.iter().any(|other| other.strip_prefix(&**sentence).is_some_and(|rest| rest.starts_with(" = ")))
    });
    said
}

/// Whether both are elements of one list, of several that an operation uses.
fn is_beside(touch: &Touch, other: &Touch) -> bool {
    match (&touch.place, &other.place) {
        (Place::Object(one), Place::Object(another)) => {
            let elements = matches!((touch.part, other.part), (Part::Element(a), Part::Element(b)) if a != b);
            elements && touch.write == other.write && one.address() == another.address()
        }
        _ => false,
    }
}
