//! The tables as a whole; what the builtins do stands in the files beside.

mod functions;
mod methods;

use super::*;
use std::collections::HashSet;

fn int(n: i64) -> Value {
    Value::Int(n)
}

fn float(x: f64) -> Value {
    Value::Float(x)
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn ints(values: &[i64]) -> Value {
    Value::list(values.iter().copied().map(Value::Int).collect())
}

fn texts(values: &[&str]) -> Value {
    Value::list(values.iter().map(|text| Value::text(text)).collect())
}

fn list(values: &[Value]) -> Value {
    Value::list(values.to_vec())
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::map(entries.iter().map(|(key, value)| (Value::text(key), value.clone())).collect())
}

fn set(values: &[i64]) -> Value {
    Value::set(values.iter().copied().map(Value::Int).collect())
}

const ALL_TYPES: [Type; 14] = [
    Type::Nil,
    Type::Bool,
    Type::Int,
    Type::Float,
    Type::Duration,
    Type::Str,
    Type::Function,
    Type::Range,
    Type::List,
    Type::Map,
    Type::Set,
    Type::Object,
    Type::Error,
    Type::File,
];

#[test]
fn every_row_is_well_formed() {
    let mut tables = vec![("functions", functions())];
    tables.extend(ALL_TYPES.map(|kind| (kind.word(), methods(kind))));
    for (table, rows) in tables {
        let mut names = HashSet::new();
        for row in rows {
            assert!(names.insert(row.name), "{table}: {} is there twice", row.name);
            assert!(
                row.doc.ends_with('.') && !row.doc.contains('\n'),
                "{table}: {} has no line of doc",
                row.name
            );
            check_parameters(row, table != "functions");
        }
    }
    for kind in ALL_TYPES {
        let mut names: HashSet<&str> = methods(kind).iter().map(|row| row.name).collect();
        for property in properties(kind) {
            assert!(names.insert(property.name), "{}: {} is there twice", kind.word(), property.name);
            assert!(property.doc.ends_with('.'), "{}: {} has no doc", kind.word(), property.name);
        }
    }
}

fn check_parameters(row: &Row, is_method: bool) {
    let mut names = HashSet::new();
    let mut optional = false;
    for (at, parameter) in row.parameters.iter().enumerate() {
        let name = parameter.trim_start_matches('*').trim_end_matches(['?', ':']);
        assert!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()),
            "{}: {parameter}",
            row.name
        );
        assert!(names.insert(name), "{}: {name} twice", row.name);
        assert!(!parameter.starts_with('*') || at + 1 == row.parameters.len(), "{}: * is last", row.name);
        let required = !parameter.starts_with('*') && !parameter.ends_with(['?', ':']);
        assert!(
            !(required && optional),
            "{}: {name} must be given, but stands after one that need not",
            row.name
        );
        optional |= !required;
    }
    match row.body {
        Body::Script(source) => {
            let own = if is_method { 1 } else { 0 };
            let header = source.strip_prefix("fn ").and_then(|rest| rest.split_once(')')).expect(row.name).0;
            let (name, parameters) = header.split_once('(').expect(row.name);
            assert_eq!(name, row.name);
            let parameters: Vec<&str> = parameters.split(", ").skip(own).collect();
            let declared: Vec<&str> =
                row.parameters.iter().map(|name| name.trim_matches(['*', '?', ':'])).collect();
            assert_eq!(parameters, declared, "{}", row.name);
        }
        Body::Constant(_) => assert!(row.parameters.is_empty(), "{}", row.name),
        Body::Native(_) => {}
    }
}
