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
