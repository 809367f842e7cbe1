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

impl Signature {
    /// How a call of it is written: `get(timeout = …)`.
    pub fn usage(&self, name: &str) -> String {
        let by_place = self.parameters.iter().filter(|parameter| !parameter.by_name);
        let by_name = self.parameters.iter().filter(|parameter| parameter.by_name);
        let by_place = by_place.map(|p| format!("{}{}", p.name, if p.optional { " = …" } else { "" }));
        let rest = self.rest.then(|| "…".to_string());
        let parts: Vec<String> =
            by_place.chain(rest).chain(by_name.map(|p| format!("{}: …", p.name))).collect();
        format!("{name}({})", parts.join(", "))
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
