//! Values as text: as `print` shows them, and as they are shown inside a list.
//!
//! Works with a list of what is still to be written, so that values nested to any depth, and values that
//! contain themselves, can be shown.

use super::error::Error;
use super::object::{Bound, Method, Object};
use super::{Type, Value, compare, duration, number, reads};
use crate::code::{FunctionKind, Program};
use crate::sync::named;
use crate::sync::thread::{State, Thread};
use foldhash::fast::RandomState;
use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;

/// Lists that share their parts can be far larger as text than in memory: here the text is cut off.
const LONGEST: usize = 256 << 20;

/// As `print` shows it: texts bare, errors as their message.
pub fn display(value: &Value, program: &Program) -> String {
    let mut out = String::new();
    append(value, &mut out, program);
    out
}

/// As it is shown inside a list: texts quoted.
pub fn repr(value: &Value, program: &Program) -> String {
    let mut out = String::new();
    Writer { out: &mut out, program: Some(program) }.value(value);
    out
}

/// As `display`, at the end of a text that is being built.
#[inline]
pub fn append(value: &Value, out: &mut String, program: &Program) {
    match value {
        Value::Short(text) => out.push_str(text.as_str()),
        Value::Long(text) => out.push_str(text.as_str()),
        Value::Int(n) => push_int(out, *n),
        Value::Error(error) => out.push_str(&error.message),
        _ => Writer { out, program: Some(program) }.value(value),
    }
}

/// The most characters of a value in an error message.
const BRIEF: usize = 40;

/// A short form for error messages, in which functions and objects have no names, and nothing is said of how a thread is.
pub fn brief(value: &Value) -> String {
    match value {
        Value::List(_) | Value::Map(_) | Value::Set(_) | Value::Object(_) => with_article(value.kind()),
        Value::Short(text) => brief_text(text.as_str()),
        Value::Long(text) => brief_text(text.as_str()),
        _ => {
            let mut out = String::new();
            Writer { out: &mut out, program: None }.value(value);
            out
        }
    }
}

/// The text as a literal, cut off if it is long.
pub fn brief_text(text: &str) -> String {
    match text.char_indices().nth(BRIEF) {
        Some((at, _)) => format!("{}…", quoted(&text[..at])),
        None => quoted(text),
    }
}

/// `a list`, `an int`, `nil`.
pub fn with_article(kind: Type) -> String {
    let word = kind.word();
    if kind == Type::Nil {
        word.into()
    } else if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {word}")
    } else {
        format!("a {word}")
    }
}

/// The text as a literal.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(text, &mut out);
    out
}

#[inline]
pub fn push_int(out: &mut String, n: i64) {
    out.push_str(itoa::Buffer::new().format(n));
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '{' => out.push_str("\\{"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            control if control.is_control() => _ = write!(out, "\\u{{{:X}}}", u32::from(control)),
            other => out.push(other),
        }
    }
    out.push('"');
}

struct Writer<'a> {
    out: &'a mut String,
    program: Option<&'a Program>,
}

/// A container that is being written.
struct Frame {
    shape: Shape,
    address: usize,
    /// The elements, or keys and values in turn.
    items: std::vec::IntoIter<Value>,
    written: usize,
    /// The container itself, so that nothing else takes its place in memory.
    _value: Value,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    List,
    Map,
    Set,
    /// With its class, for the names of the fields.
    Object(u32),
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        let mut frames: Vec<Frame> = Vec::new();
        let mut open: HashSet<usize, RandomState> = HashSet::default();
        let mut objects = 0;
        self.begin(value, &mut frames, &mut open, &mut objects);
        while let Some(frame) = frames.last_mut() {
            let Some(item) = frame.items.next() else {
                self.out.push_str(close(frame.shape));
                open.remove(&frame.address);
                objects -= u32::from(matches!(frame.shape, Shape::Object(_)));
                frames.pop();
                continue;
            };
            if self.out.len() > LONGEST {
                self.out.push('…');
                return;
            }
            let (shape, written) = (frame.shape, frame.written);
            frame.written += 1;
            self.separate(shape, written);
            self.begin(&item, &mut frames, &mut open, &mut objects);
        }
    }

    /// What stands before the element of this number.
    fn separate(&mut self, shape: Shape, written: usize) {
        match shape {
            Shape::List | Shape::Set if written == 0 => {}
            Shape::List | Shape::Set => self.out.push_str(", "),
            Shape::Map if written == 0 => {}
            Shape::Map => self.out.push_str(if written % 2 == 1 { ": " } else { ", " }),
            Shape::Object(class) => {
                let name = self.program.and_then(|program| program.classes.get(class as usize));
                let name = name.and_then(|class| class.fields.get(written));
                _ = write!(self.out, " {}=", name.map_or("", |field| &field.name));
            }
        }
    }

    /// Writes a plain value; of a container the beginning, and notes the rest in `frames`.
    fn begin(
        &mut self,
        value: &Value,
        frames: &mut Vec<Frame>,
        open: &mut HashSet<usize, RandomState>,
        objects: &mut u32,
    ) {
        let (shape, items) = match value {
            Value::List(list) => (Shape::List, reads::list(list)),
            Value::Map(map) => {
                (Shape::Map, reads::map(map).into_iter().flat_map(|(key, value)| [key, value]).collect())
            }
            Value::Set(set) => (Shape::Set, reads::set(set).into_iter().collect()),
            Value::Object(object) if *objects == 0 && self.program.is_some() => {
                let fields = 0..object.fields.len();
                (Shape::Object(object.class), fields.map(|index| reads::field(object, index)).collect())
            }
            plain => return self.plain(plain),
        };
        let address = compare::address(value).unwrap_or(0);
        if !open.insert(address) {
            let again = match shape {
                Shape::List => "[...]",
                Shape::Map => "{...}",
                Shape::Set => "set(...)",
                Shape::Object(_) => "<...>",
            };
            self.out.push_str(again);
            return;
        }
        match shape {
            Shape::List => self.out.push('['),
            Shape::Map => self.out.push('{'),
            Shape::Set => self.out.push_str("set(["),
            Shape::Object(class) => {
                *objects += 1;
                self.out.push('<');
                self.out.push_str(&self.class_name(class));
            }
        }
        frames.push(Frame { shape, address, items: items.into_iter(), written: 0, _value: value.clone() });
    }

    fn plain(&mut self, value: &Value) {
        match value {
            Value::Unset | Value::Nil | Value::Cell(_) => self.out.push_str("nil"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Int(n) => push_int(self.out, *n),
            Value::Float(x) => self.out.push_str(&number::float_text(*x)),
            Value::Duration(ns) => self.out.push_str(&duration::text(*ns)),
            Value::Short(text) => quote(text.as_str(), self.out),
            Value::Long(text) => quote(text.as_str(), self.out),
            Value::Function(id) => self.function(*id),
            Value::Closure(closure) => self.function(closure.function),
            Value::Builtin(row) => _ = write!(self.out, "<fn {}>", row.name),
            Value::Bound(bound) => self.bound(bound),
            Value::Range(range) => _ = write!(self.out, "{}..{}", range.start, range.end),
            Value::Error(error) => self.error(error),
            Value::Thread(thread) => self.thread(thread),
            Value::Sync(sync) => {
                let word = sync.kind.kind().word();
                match sync.name.get() {
                    Some(name) => _ = write!(self.out, "<{word} {name}>"),
                    None => _ = write!(self.out, "<{word} (line {})>", sync.line),
                }
            }
            Value::File(file) => _ = write!(self.out, "<file {}>", file.path),
            Value::Object(object) => self.object_name(object),
            // Begun in `begin`.
            Value::List(_) | Value::Map(_) | Value::Set(_) => {}
        }
    }

    fn function(&mut self, id: u32) {
        let function = self.program.and_then(|program| program.functions.get(id as usize));
        let Some(function) = function else {
            return self.out.push_str("<fn>");
        };
        let monitor = |class: u32| {
            let class = self.program.and_then(|program| program.classes.get(class as usize));
            class.is_some_and(|class| class.monitor)
        };
        let word = match function.kind {
            FunctionKind::Plain | FunctionKind::Watch { .. } => "fn",
            FunctionKind::Thread { process: true, .. }
            | FunctionKind::ThreadWithMembers { process: true, .. } => "process template",
            FunctionKind::Thread { .. } | FunctionKind::ThreadWithMembers { .. } => "thread template",
            FunctionKind::Class(class) if monitor(class) => "monitor",
            FunctionKind::Class(_) => "class",
        };
        _ = write!(self.out, "<{word} {}>", function.name);
    }

    fn bound(&mut self, bound: &Bound) {
        match bound.method {
            // A function of the program around the script.
            Method::Builtin(row) if row.name == "__host" => {
                _ = write!(self.out, "<fn {}>", bound.receiver.as_text().unwrap_or_default());
            }
            Method::Builtin(row) => {
                _ = write!(self.out, "<method {}.{}>", bound.receiver.kind().word(), row.name);
            }
            Method::Function(id) => self.function(id),
        }
    }

    fn error(&mut self, error: &Error) {
        self.out.push_str("error(");
        quote(error.kind.word(), self.out);
        self.out.push_str(", ");
        quote(&error.message, self.out);
        self.out.push(')');
    }

    fn thread(&mut self, thread: &Arc<Thread>) {
        let word = match (&thread.timer, &thread.process) {
            (_, Some(_)) => "process",
            (Some(_), None) => "timer",
            (None, None) => "thread",
        };
        let name = thread.name.lock().clone();
        if self.program.is_none() {
            named::in_text();
            _ = write!(self.out, "<{word} {name}>");
            return;
        }
        named::with_its_state();
        let state = State::ALL.get(usize::from(reads::state(thread))).copied();
        _ = write!(self.out, "<{word} {name} {}>", state.unwrap_or(State::New).word());
    }

    /// An object inside another one is shown by its class only: objects know each other in all directions.
    fn object_name(&mut self, object: &Object) {
        _ = write!(self.out, "<{}>", self.class_name(object.class));
    }

    fn class_name(&self, class: u32) -> String {
        let class = self.program.and_then(|program| program.classes.get(class as usize));
        class.map_or_else(|| "object".into(), |class| class.name.to_string())
    }
}

fn close(shape: Shape) -> &'static str {
    match shape {
        Shape::List => "]",
        Shape::Map => "}",
        Shape::Set => "])",
        Shape::Object(_) => ">",
    }
}
