//! What a function takes, and what is wrong with the arguments of a call.

use super::super::{list_of, suggest};
use crate::builtin::{Row, usage};
use crate::report::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::tree::{Argument, Parameter};

#[derive(Debug, Clone)]
pub struct Signature {
    /// What to call it in a message: `area`, `lock`, `q.put`.
    pub name: String,
    pub parameters: Vec<Taken>,
    /// Whether it takes any number of further arguments.
    pub any_number: bool,
    /// Where it is declared, if in the script.
    pub declared: Option<Span>,
}

#[derive(Debug, Clone)]
pub struct Taken {
    pub name: String,
    pub required: bool,
    pub by_name_only: bool,
}

pub fn of_parameters(name: String, parameters: &[Parameter], declared: Span) -> Signature {
    let one = |parameter: &Parameter| Taken {
        name: parameter.name.text.to_string(),
        required: parameter.default.is_none(),
        by_name_only: false,
    };
    let parameters = parameters.iter().map(one).collect();
    Signature { name, parameters, any_number: false, declared: Some(declared) }
}

pub fn of_row(name: String, row: &Row) -> Signature {
    let mut parameters = Vec::new();
    let mut any_number = false;
    for text in row.parameters {
        if text.starts_with('*') {
            any_number = true;
            continue;
        }
        parameters.push(Taken {
            name: text.trim_end_matches(['?', ':']).to_string(),
            required: !text.ends_with(['?', ':']),
            by_name_only: text.contains(':'),
        });
    }
    Signature { name, parameters, any_number, declared: None }
}

impl Signature {
    /// Reports everything that is wrong with these arguments. `before`: how many the construct itself has given
    /// already (the lock of a `condition c for m`). `call` is where to report one that is missing.
    pub fn check(&self, arguments: &[Argument], before: usize, call: Span, found: &mut Vec<Diagnostic>) {
        let mut given: Vec<bool> = vec![false; self.parameters.len()];
        let positional: Vec<usize> =
            (0..self.parameters.len()).filter(|index| !self.parameters[*index].by_name_only).collect();
        positional.iter().take(before).for_each(|index| given[*index] = true);
        let mut places = positional.iter().skip(before);
        let mut too_many = false;
        let mut unknown = false;
        for argument in arguments {
            let Some(name) = &argument.name else {
                match places.next() {
                    Some(index) => given[*index] = true,
                    None if self.any_number || too_many => {}
                    None => {
                        too_many = true;
                        found.push(self.too_many(arguments, positional.len(), before, argument.value.span));
                    }
                }
                continue;
            };
            match self.parameters.iter().position(|parameter| *parameter.name == *name.text) {
                Some(index) if given[index] => found.push(
                    self.error(name.span, format!("argument \"{}\" is given twice", name.text))
                        .hint("give it once, by place or by name"),
                ),
                Some(index) => given[index] = true,
                None => {
                    unknown = true;
                    found.push(self.unknown(&name.text, name.span));
                }
            }
        }
        let missing: Vec<String> = self
            .parameters
            .iter()
            .zip(&given)
            .filter(|(parameter, given)| parameter.required && !**given)
            .map(|(parameter, _)| format!("\"{}\"", parameter.name))
            .collect();
        // A misspelt name is why one is missing: one report is enough.
        if !missing.is_empty() && !unknown {
            let word = if missing.len() == 1 { "argument" } else { "arguments" };
            let message = format!("{} needs its {word} {}", self.name, list_of(&missing));
            found.push(self.error(call, message));
        }
    }

    fn error(&self, span: Span, message: String) -> Diagnostic {
        let report = Diagnostic::error(Code::WrongArguments, span, message);
        let report = match self.declared {
            Some(declared) => report.other(declared, format!("{} is declared here", self.name)),
            None => report,
        };
        match self.parameters.is_empty() && !self.any_number {
            true => report,
            false => report.note(format!("it is written `{}`", self.usage())),
        }
    }

    fn too_many(&self, arguments: &[Argument], takes: usize, before: usize, span: Span) -> Diagnostic {
        let given = before + arguments.iter().filter(|argument| argument.name.is_none()).count();
        let message = match takes {
            0 if self.parameters.is_empty() => format!("{} takes no arguments", self.name),
            0 => format!("{} takes its arguments by name only", self.name),
            1 => format!("{} takes 1 argument, but {given} are given", self.name),
            _ => format!("{} takes {takes} arguments, but {given} are given", self.name),
        };
        self.error(span, message).label("one too many")
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        if self.parameters.is_empty() {
            return self.error(span, format!("{} takes no argument \"{name}\"", self.name));
        }
        let report = self.error(span, format!("{} has no parameter \"{name}\"", self.name));
        match suggest::closest(name, self.parameters.iter().map(|parameter| parameter.name.as_str())) {
            Some(near) => report.hint(format!("did you mean \"{near}\"?")),
            // As in Python.
            None if matches!(name, "block" | "blocking") => {
                let call = |word: &str| self.name.rsplit_once('.').filter(|(_, called)| *called == word);
                match ["acquire", "get", "put"].iter().find_map(|word| call(word)) {
                    Some((thing, word)) => report.hint(format!("without waiting it is `{thing}.try_{word}`")),
                    None => report,
                }
            }
            None => report,
        }
    }

    /// How a call of it is written.
    pub fn usage(&self) -> String {
        let parameters = self.parameters.iter().map(|it| (it.name.as_str(), !it.required, it.by_name_only));
        usage(&self.name, parameters, self.any_number)
    }
}
