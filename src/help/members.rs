//! Lines about builtins, made of their rows.

use crate::builtin::{self, Property, Row};
use crate::value::Type;

/// `acquire(timeout?)`; a constant has no brackets.
pub fn signature(row: &Row) -> String {
    match row.body {
        builtin::Body::Constant(_) => row.name.to_string(),
        builtin::Body::Native(_) | builtin::Body::Script(_) => {
            format!("{}({})", row.name, row.parameters.join(", "))
        }
    }
}

pub fn row(row: &Row) -> String {
    format!("`{}`: {}", signature(row), row.doc)
}

fn property(property: &Property) -> String {
    let assignable = if property.set.is_some() { " Can be set." } else { "" };
    format!("`{}`: {}{assignable}", property.name, property.doc)
}

/// A page with the lists that belong under its headings `## Members: TYPE` and `## Functions`.
pub fn filled(page: &str) -> String {
    let mut text = String::new();
    for line in page.lines() {
        text += &format!("{line}\n");
        let kind = line.strip_prefix("## Members: ");
        let kind = kind.and_then(|word| Type::ALL.into_iter().find(|kind| kind.word() == word));
        let list = match kind {
            Some(kind) => of_type(kind),
            None if line == "## Functions" => functions(),
            None => continue,
        };
        text += &format!("\n{}\n", list.join("\n"));
    }
    text
}

/// What is said of a type's methods and properties on its page.
pub fn of_type(kind: Type) -> Vec<String> {
    let methods = builtin::methods(kind).iter().map(row);
    let properties = builtin::properties(kind).iter().map(property);
    methods.chain(properties).map(|line| format!("- {line}")).collect()
}

/// All that a script can call without having declared it.
fn functions() -> Vec<String> {
    let mut rows: Vec<&Row> = builtin::functions().iter().filter(|row| !row.name.starts_with("__")).collect();
    rows.sort_by_key(|row| row.name);
    rows.into_iter().map(|row| format!("- {}", self::row(row))).collect()
}
