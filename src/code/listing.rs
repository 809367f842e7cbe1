//! The code of a function as text, for tests: a line an instruction, and what its numbers stand for.

use super::operands::Entry;
use super::{Function, Instruction, Program, Shape};
use crate::value::show;

/// `  3 call_builtin at:2 count:1 row:0  ; print`, and below the code the handlers.
pub fn listing(program: &Program, function: &Function) -> String {
    let mut text = String::new();
    for (at, instruction) in function.code.iter().enumerate() {
        text += &format!("{at:3} {}\n", line(program, instruction));
    }
    for handler in &function.handlers {
        let word = if handler.cleanup { "cleanup" } else { "catch" };
        text += &format!(
            "{word} {}..{} -> {} error:{}\n",
            handler.start, handler.end, handler.target, handler.error
        );
    }
    text
}

fn line(program: &Program, instruction: &Instruction) -> String {
    // `Move { d: 1, s: 0 }`, without what only Rust needs.
    let text = format!("{instruction:?}").replace(": ", ":").replace([',', '{', '}'], "");
    let mut words: Vec<String> = text.split_whitespace().map(String::from).collect();
    words[0] = snake(&words[0]);
    let mut entries = Vec::new();
    instruction.entries(&mut |entry| entries.extend(name(program, entry)));
    if !entries.is_empty() {
        words.push(format!(" ; {}", entries.join(", ")));
    }
    words.join(" ")
}

fn snake(word: &str) -> String {
    let mut text = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

fn name(program: &Program, entry: Entry) -> Option<String> {
    let text = match entry {
        Entry::Constant(index) => show::brief(&program.constants[index as usize]),
        Entry::Global(index) | Entry::SetsGlobal(index) => program.globals[index as usize].to_string(),
        Entry::Fixed(index) => program.fixed[index as usize].to_string(),
        Entry::Local(index) => format!("local {index}"),
        Entry::Function(index) => program.functions[index as usize].name.to_string(),
        Entry::Shape(index) => shape(program, "", &program.shapes[index as usize]),
        Entry::Method(index) => {
            let known = &program.shapes[index as usize];
            shape(program, program.symbol(known.method), known)
        }
        Entry::Row(index) => program.rows[usize::from(index)].name.to_string(),
        Entry::Member(index) | Entry::Word(index) => program.symbol(index).to_string(),
        Entry::Site(index) => {
            let site = &program.sites[index as usize];
            format!("{} captures {:?}", program.functions[site.function as usize].name, site.captures)
        }
        Entry::OwnField(_) | Entry::SetsOwnField(_) | Entry::OwnMethod(_) => return None,
    };
    Some(text)
}

/// `go(3, sep, end)`: the method, if one is called, how many arguments, and the names of the last of them.
fn shape(program: &Program, method: &str, shape: &Shape) -> String {
    let words: Vec<String> = std::iter::once(shape.count.to_string())
        .chain(shape.names.iter().map(|&name| program.symbol(name).to_string()))
        .collect();
    format!("{method}({})", words.join(", "))
}
