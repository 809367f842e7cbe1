//! Functions of the program around a script, which the script calls by name.

use super::value::Value;
use crate::builtin::{self, Row};
use crate::value::error::{Error, Kind};
use crate::value::object::{Bound, Method};
use crate::value::{Value as Inner, text};
use crate::world::real::HostFunctions;
use std::collections::BTreeMap;
use std::sync::Arc;

type Function = dyn Fn(&[Value]) -> Result<Value, HostError> + Send + Sync;

/// What a program lends to scripts.
///
/// A function may be called from several threads of a script at once. While it runs, its thread of the script takes no
/// step and holds nobody up; it may wait for as long as it likes.
#[derive(Clone, Default)]
pub struct Host {
    functions: BTreeMap<String, (usize, Arc<Function>)>,
}

/// Why a function of the host has failed: the error of the script that has called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError {
    kind: String,
    message: String,
}

impl HostError {
    /// `catch "kind" e { }` catches it; `e.message` is the message.
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> HostError {
        HostError { kind: kind.into(), message: message.into() }
    }
}

impl From<&str> for HostError {
    fn from(message: &str) -> HostError {
        HostError::new("error", message)
    }
}

impl From<String> for HostError {
    fn from(message: String) -> HostError {
        HostError::new("error", message)
    }
}

impl Host {
    pub fn new() -> Host {
        Host::default()
    }

    /// Adds a function of this name, which takes so many arguments, all by position. A later one of the same name takes
    /// its place. A script may declare the name for itself.
    pub fn function(
        mut self,
        name: impl Into<String>,
        parameters: usize,
        body: impl Fn(&[Value]) -> Result<Value, HostError> + Send + Sync + 'static,
    ) -> Host {
        self.functions.insert(name.into(), (parameters, Arc::new(body)));
        self
    }

    /// The names, and what each stands for in a script: `__host`, bound to the name.
    pub(super) fn names(&self) -> Vec<(Arc<str>, Inner)> {
        let Some(row) = builtin::function("__host") else { return Vec::new() };
        self.functions.keys().map(|name| (name.as_str().into(), bound(name, row))).collect()
    }

    pub(super) fn functions(&self) -> HostFunctions {
        let functions = self.functions.clone();
        Arc::new(move |name, arguments| match functions.get(name) {
            Some((parameters, body)) => call(name, *parameters, body, arguments),
            None => Err(Error::new(Kind::NotFound, format!("the host has no function {name}"))),
        })
    }
}

fn bound(name: &str, row: &'static Row) -> Inner {
    let receiver = text::from_string(name.to_string());
    Inner::Bound(Arc::new(Bound { receiver, method: Method::Builtin(row) }))
}

fn call(name: &str, parameters: usize, body: &Arc<Function>, arguments: &[Inner]) -> Result<Inner, Error> {
    if arguments.len() != parameters {
        let takes = if parameters == 1 { "1 argument".into() } else { format!("{parameters} arguments") };
        let message = format!("{name} takes {takes}, not {}", arguments.len());
        return Err(
            Error::new(Kind::Type, message).note("it is a function of the program that runs this script")
        );
    }
    let outside: Result<Vec<Value>, _> = arguments.iter().map(|value| Value::from_inner(value, 0)).collect();
    let outside = outside.map_err(|_| {
        Error::new(Kind::Value, format!("{name}: an argument is nested too deeply, or contains itself"))
    })?;
    match body(&outside) {
        Ok(value) => value.into_inner(0).map_err(|what| {
            Error::new(Kind::Type, format!("{name} gave {what}"))
                .note("it is a function of the program that runs this script")
        }),
        Err(HostError { kind, message }) => Err(Error::of_script(Kind::from_word(&kind), message)),
    }
}
