//! Lines about builtins, made of their rows.

use crate::builtin::{self, Property, Row};
use crate::report::Language;
use crate::value::Type;

/// `acquire(timeout?)`; a constant has no brackets. What is given by name comes last, as in a call.
pub fn signature(row: &Row) -> String {
    match row.body {
        builtin::Body::Constant(_) => row.name.to_string(),
        builtin::Body::Native(_) | builtin::Body::Script(_) => {
            let (named, placed): (Vec<&str>, Vec<&str>) =
                row.parameters.iter().partition(|parameter| parameter.ends_with(':'));
            format!("{}({})", row.name, [placed, named].concat().join(", "))
        }
    }
}

pub fn row(row: &Row, language: Language) -> String {
    line(&signature(row), &language.say(row.doc), language)
}

fn property(property: &Property, language: Language) -> String {
    let mut doc = language.say(property.doc).into_owned();
    if property.set.is_some() {
        doc += if language.is_chinese() { "" } else { " " };
        doc += &language.say("Can be set.");
    }
    line(property.name, &doc, language)
}

fn line(name: &str, doc: &str, language: Language) -> String {
    let after = if language.is_chinese() { "：" } else { ": " };
    format!("`{name}`{after}{doc}")
}

/// A page with the lists that belong under its headings `## Members: TYPE` and `## Functions`, or `## 成员：TYPE` and
/// `## 函数`.
pub fn filled(page: &str, language: Language) -> String {
    let mut text = String::new();
    for line in page.lines() {
        text += &format!("{line}\n");
        let kind = line.strip_prefix("## Members: ").or(line.strip_prefix("## 成员："));
        let kind = kind.and_then(|word| Type::ALL.into_iter().find(|kind| kind.word() == word));
        let list = match kind {
            Some(kind) => of_type(kind, language),
            None if line == "## Functions" || line == "## 函数" => functions(language),
            None => continue,
        };
        text += &format!("\n{}\n", list.join("\n"));
    }
    text
}

/// What is said of a type's methods and properties on its page.
pub fn of_type(kind: Type, language: Language) -> Vec<String> {
    let methods = builtin::methods(kind).iter().map(|it| row(it, language));
    let properties = builtin::properties(kind).iter().map(|it| property(it, language));
    methods.chain(properties).map(|line| format!("- {line}")).collect()
}

/// All that a script can call without having declared it.
fn functions(language: Language) -> Vec<String> {
    let mut rows: Vec<&Row> = builtin::functions().iter().filter(|row| !row.name.starts_with("__")).collect();
    rows.sort_by_key(|row| row.name);
    rows.into_iter().map(|row| format!("- {}", self::row(row, language))).collect()
}
