//! Nearly valid programs: the golden scripts and examples with words left out, doubled, exchanged, or joined.

use std::fs;
use std::path::Path;

/// The texts of all scripts that there are.
pub fn scripts() -> Vec<String> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples"), root.join("tests/golden")];
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "conc") {
                found.extend(fs::read_to_string(path));
            }
        }
    }
    found
}

/// Words, numbers, runs of spaces, and single other characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |c: char| if c.is_alphanumeric() || c == '_' { 1 } else { u8::from(c == ' ') * 2 };
        let end = match class(first) {
            0 => first.len_utf8(),
            kind => rest.find(|c| class(c) != kind).unwrap_or(rest.len()),
        };
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

/// One of the scripts, with a few changes.
pub fn script(scripts: &[String], seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let one = tokens(&scripts[random.usize(..scripts.len())]);
    let other = tokens(&scripts[random.usize(..scripts.len())]);
    let mut tokens = one;
    for _ in 0..random.usize(1..5) {
        if tokens.len() < 2 {
            break;
        }
        let (at, with) = (random.usize(..tokens.len()), random.usize(..tokens.len()));
        match random.u8(..6) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at]),
            2 => tokens.swap(at, with),
            3 => tokens[at] = tokens[with],
            4 if !other.is_empty() => tokens[at] = other[random.usize(..other.len())],
            _ if random.u8(..4) == 0 && !other.is_empty() => {
                tokens.truncate(at);
                tokens.extend(&other[random.usize(..other.len())..]);
            }
            _ => tokens.insert(at, tokens[with]),
        }
    }
    tokens.concat()
}
