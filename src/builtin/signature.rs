//! What parameters a builtin takes, read from its row, for everyone who binds arguments.

use super::Row;

#[derive(Debug, Clone, Default)]
pub struct Signature {
    pub parameters: Vec<Parameter>,
    /// Whether it takes any number of further arguments.
    pub rest: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub optional: bool,
    /// Only by name, never by position.
    pub by_name: bool,
}

/// How a call is written: `area(w, h: …)`, `get(timeout: …)`. Of each parameter its name, whether it may be left out, and
/// whether it is given by name only; `rest`: any number of further arguments.
pub fn usage<'n>(name: &str, parameters: impl Iterator<Item = (&'n str, bool, bool)>, rest: bool) -> String {
    let (mut by_place, mut by_name) = (Vec::new(), Vec::new());
    for (parameter, optional, only_by_name) in parameters {
        match only_by_name {
            true => by_name.push(format!("{parameter}: …")),
            false => by_place.push(format!("{parameter}{}", if optional { ": …" } else { "" })),
        }
    }
    by_place.extend(rest.then(|| "…".to_string()));
    by_place.append(&mut by_name);
    format!("{name}({})", by_place.join(", "))
}

impl Signature {
    /// How a call of it is written.
    pub fn usage(&self, name: &str) -> String {
        usage(name, self.parameters.iter().map(|it| (it.name, it.optional, it.by_name)), self.rest)
    }

    pub fn of(row: &Row) -> Signature {
        let mut signature = Signature::default();
        for &text in row.parameters {
            if text.starts_with('*') {
                signature.rest = true;
            } else if let Some(name) = text.strip_suffix('?') {
                signature.parameters.push(Parameter { name, optional: true, by_name: false });
            } else if let Some(name) = text.strip_suffix(':') {
                signature.parameters.push(Parameter { name, optional: true, by_name: true });
            } else {
                signature.parameters.push(Parameter { name: text, optional: false, by_name: false });
            }
        }
        signature
    }
}
