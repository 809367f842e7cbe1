//! The TextMate grammar in `editors/`: its words are those of the language's own grammar, and it colours every script as
//! the language reads it.

mod textmate;

use conc::source::Source;
use conc::source::prepare::prepare;
use conc::syntax;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use textmate::Grammar;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn grammar() -> Grammar {
    Grammar::new(&fs::read_to_string(root().join("editors/conc.tmLanguage.json")).expect("there"))
}

/// The words that `grammar/conc.pest` has: those that are reserved, and those that mean something in some places.
fn words() -> (BTreeSet<String>, BTreeSet<String>) {
    let pest = fs::read_to_string(root().join("grammar/conc.pest")).expect("there");
    let rule = |name: &str| {
        let start = pest.find(&format!("\n{name} ")).unwrap_or_else(|| panic!("no rule {name}"));
        let rest = &pest[start + 1..];
        rest[..rest.find(" ~ !word_character").unwrap_or(rest.len())].to_string()
    };
    let is_word = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase());
    let quoted = |text: &str| {
        text.split('"').skip(1).step_by(2).filter(is_word).map(String::from).collect::<BTreeSet<String>>()
    };
    let reserved = quoted(&rule("reserved"));
    let keywords = pest.lines().filter(|line| line.starts_with("kw_")).flat_map(|line| {
        // Behind a `!(` stand words that must not follow.
        let end = line.find("!(").unwrap_or(line.len());
        quoted(&line[..end])
    });
    let others = keywords.chain(quoted(&rule("declaration_kind"))).filter(|word| !reserved.contains(word));
    (reserved.clone(), others.collect())
}

fn is_keyword(scopes: &[String]) -> bool {
    let is = |scope: &String| {
        scope.starts_with("keyword.")
            || scope.starts_with("constant.language")
            || scope.starts_with("variable.language")
    };
    scopes.iter().any(is)
}

/// Where each contextual word has its meaning.
const USES: &[&str] = &[
    "daemon thread t { }",
    "daemon process p { }",
    "timer t after 1s { }",
    "daemon timer t every 1s { }",
    "with m timeout 1s { }",
    "run { work() }",
    "on signal \"INT\" ignore",
    "on signal \"INT\" default",
    "use gil(5ms)",
    "threadlocal depth = 0",
    "invariant x > 1",
    "ensure x == 1",
];

#[test]
fn every_word_is_coloured() {
    let grammar = grammar();
    let (reserved, others) = words();
    assert!(reserved.len() > 30 && others.len() > 15, "{reserved:?} {others:?}");
    for word in &reserved {
        assert!(is_keyword(&grammar.scopes(word)[0][0]), "{word}");
    }
    for word in &others {
        let declared = format!("{word} name");
        let found = USES.iter().copied().chain([&*declared]).any(|line| {
            let place = line.split([' ', '(']).position(|part| part == word);
            place.is_some() && is_keyword(&grammar.scopes(line)[0][line.find(&**word).expect("in it")])
        });
        assert!(found, "{word} is not coloured anywhere");
        // A name like any other.
        for line in [
            format!("let x = {word} + 1"),
            format!("{word}.put(1)"),
            format!("{word} = 4"),
            format!("x.{word}"),
        ] {
            let at = line.rfind(&**word).expect("in it");
            assert!(!is_keyword(&grammar.scopes(&line)[0][at]), "{line}");
        }
    }
}

#[test]
fn no_other_word_is_coloured() {
    let (reserved, others) = words();
    let text = fs::read_to_string(root().join("editors/conc.tmLanguage.json")).expect("there");
    // The alternatives of words in the patterns: `(let|var|…)`.
    let mut count = 0;
    for group in text.split("(").skip(1) {
        let Some((group, _)) = group.split_once(')') else { continue };
        let words: Vec<&str> = group.trim_start_matches("?:").split('|').collect();
        let is_words = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase());
        if words.len() < 2 || !words.iter().all(is_words) || words.contains(&"us") {
            continue;
        }
        count += words.len();
        for word in words {
            assert!(reserved.contains(word) || others.contains(word), "{word} is no word of the language");
        }
    }
    assert!(count > 50, "{count}");
}

fn scripts(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "conc") {
            found.push(path);
        }
    }
}

#[test]
fn every_example_is_coloured_as_it_is_read() {
    let grammar = grammar();
    let mut found = vec![root().join("src/syntax/whole.conc")];
    scripts(&root().join("examples"), &mut found);
    scripts(&root().join("tests/golden"), &mut found);

    let (reserved, _) = words();
    let mut compared = 0;
    for path in found {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        // Those with mistakes are not read to their end.
        if syntax::parse(&Source::new("it", text.as_str())).1.is_empty() {
            compare(&grammar, &path, &text, &reserved);
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

/// What the preparation for the parser knows of each character: a comment has become blank in it.
fn compare(grammar: &Grammar, path: &Path, text: &str, reserved: &BTreeSet<String>) {
    let scopes = grammar.scopes(text);
    let prepared = prepare(text).text;
    let mut offset = 0;
    for (number, line) in text.split('\n').enumerate() {
        let place = format!("{}:{}: {line}", path.display(), number + 1);
        let comment = line
            .char_indices()
            .find(|(at, c)| !c.is_whitespace() && prepared.as_bytes()[offset + at] == b' ' && *c == '#');
        let code = comment.map_or(line.len(), |(at, _)| at);
        for (at, c) in line.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let here = &scopes[number][at];
            let has = |prefix: &str| here.iter().any(|scope| scope.starts_with(prefix));
            assert_eq!(has("comment."), at >= code, "comment at {at}, {place}");
            if at < code && c == '"' {
                assert!(has("string."), "a quote at {at}, {place}");
            }
            let is_text = |scope: &&String| scope.starts_with("string.") || *scope == "source.conc";
            let innermost = here.iter().rev().find(is_text);
            let inside = innermost.is_some_and(|scope| scope.starts_with("string.")) || has("comment.");
            let before = line[..at].chars().next_back();
            let is_start = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
            if !inside && is_start && c.is_ascii_digit() {
                assert!(has("constant.numeric") || has("constant.other.format"), "a number at {at}, {place}");
            }
            let word: String = line[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !inside && is_start && reserved.contains(&word) {
                assert!(is_keyword(here), "{word} at {at}, {place}");
            }
        }
        offset += line.len() + 1;
    }
}

#[test]
fn texts_hold_values() {
    let line = r#"print("a {x + 1:8.2} \{ {f("in {y}")}", 1.5s) # c"#;
    let scopes = &grammar().scopes(line)[0];
    let at = |part: &str| &scopes[line.find(part).expect("in it")];
    let has = |part: &str, prefix: &str| at(part).iter().any(|scope| scope.starts_with(prefix));
    assert!(has("\"a", "string.") && has("x +", "source.conc") && has("1:", "constant.numeric"));
    assert!(has(":8.2", "constant.other.format") && has("\\{", "constant.character.escape"));
    assert!(has("y}", "source.conc") && has("1.5s", "constant.numeric") && has("# c", "comment."));
    assert!(has("print", "entity.name.function") && !has(", 1.5s", "string."));
}
