//! All texts of the sources, as a reader of the program meets them: without tests, without what is said of panics, with
//! numbered holes where something is put in.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::fs;
use std::path::Path;

/// A text in the sources.
pub struct Said {
    pub file: String,
    pub line: usize,
    /// `undefined name "{0}"`, without the blanks around it.
    pub text: String,
    /// It is a comment, which clap shows if it is one of a flag or a command.
    pub is_comment: bool,
}

impl Said {
    /// Whether it has several words, one of letters among them.
    pub fn is_sentence(&self) -> bool {
        let mut words = self.text.split_whitespace();
        let is_word = |word: &str| {
            let letters = word.trim_matches(|letter: char| !letter.is_alphanumeric());
            letters.len() > 1 && letters.chars().all(|letter| letter.is_ascii_alphabetic())
        };
        self.text.contains(' ') && words.any(is_word)
    }
}

/// Of all files of the program.
pub fn said() -> Vec<Said> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    find(&root.join("src"), &mut files);
    files.sort();
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(root).expect("below it").display().to_string();
        let text = fs::read_to_string(&path).expect("readable");
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut reader = Reader { file, found: &mut found };
        reader.tokens(tokens);
    }
    found
}

fn find(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let of_tests = ["tests", "tests.rs", "test_world.rs"].contains(&&*name);
        if path.is_dir() && !of_tests {
            find(&path, files);
        } else if name.ends_with(".rs") && !of_tests {
            files.push(path);
        }
    }
}

struct Reader<'f> {
    file: String,
    found: &'f mut Vec<Said>,
}

/// Macros whose first text has holes in braces.
const FORMATS: [&str; 7] = ["format", "write", "writeln", "print", "println", "eprintln", "format_args"];
/// Macros whose texts nobody sees, or whose texts are no texts.
const SILENT: [&str; 12] = [
    "panic",
    "unreachable",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "matches",
    "include_str",
    "env",
    "concat",
];

impl Reader<'_> {
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += match rest {
                [TokenTree::Punct(hash), TokenTree::Punct(mark), TokenTree::Group(_), ..]
                    if (hash.as_char(), mark.as_char()) == ('#', '!') =>
                {
                    3
                }
                [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] if hash.as_char() == '#' => {
                    2 + self.attribute(attribute, &rest[2..])
                }
                [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(arguments), ..]
                    if mark.as_char() == '!' =>
                {
                    self.call(&name.to_string(), arguments);
                    3
                }
                [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(_), ..]
                    if dot.as_char() == '.' && name == "expect" =>
                {
                    3
                }
                [TokenTree::Group(group), ..] => {
                    self.tokens(group.stream());
                    1
                }
                [TokenTree::Literal(literal), ..] => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.add(literal.span().start().line, text.value());
                    }
                    1
                }
                _ => 1,
            };
        }
    }

    /// Of `#[cfg(test)]` what follows is left out: how many tokens. Comments for clap are texts.
    fn attribute(&mut self, attribute: &Group, rest: &[TokenTree]) -> usize {
        let text = attribute.stream().to_string();
        if text.starts_with("cfg") && text.contains("test") {
            let ends = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(punct) => punct.as_char() == ';',
                TokenTree::Ident(_) | TokenTree::Literal(_) => false,
            };
            return rest.iter().position(ends).map_or(0, |end| end + 1);
        }
        if let Some(comment) = text.strip_prefix("doc = ") {
            let line = attribute.span_open().start().line;
            let comment = syn::parse_str::<syn::LitStr>(comment).map(|text| text.value()).unwrap_or_default();
            self.comment(line, comment.trim());
        }
        if text.starts_with("command") || text.starts_with("arg") {
            self.tokens(attribute.stream());
        }
        0
    }

    fn call(&mut self, name: &str, arguments: &Group) {
        if SILENT.contains(&name) {
            return;
        }
        let mut tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let first = tokens.iter().position(|token| matches!(token, TokenTree::Literal(_)));
        if let (true, Some(first)) = (FORMATS.contains(&name), first) {
            let literal = tokens.remove(first);
            if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                self.add(literal.span().start().line, holes(&text.value()));
            }
        }
        self.tokens(tokens.into_iter().collect());
    }

    fn add(&mut self, line: usize, text: String) {
        let (file, text) = (self.file.clone(), text.trim().to_string());
        self.found.push(Said { file, line, text, is_comment: false });
    }

    /// Lines of a comment that follow one another are one, as clap puts them together.
    fn comment(&mut self, line: usize, text: &str) {
        let last = self.found.last_mut().filter(|last| last.is_comment && last.file == self.file);
        match last.filter(|last| last.line + 1 == line) {
            Some(last) => {
                last.text += &format!(" {text}");
                last.line = line;
            }
            None => {
                let (file, text) = (self.file.clone(), text.to_string());
                self.found.push(Said { file, line, text, is_comment: true });
            }
        }
    }
}

/// A format string with numbered holes: those without a word between them are one.
fn holes(format: &str) -> String {
    let mut text = String::new();
    let mut names: Vec<String> = Vec::new();
    let (mut number, mut implicit) = (0, 0);
    let mut after_hole = false;
    let mut rest = format;
    while let Some(character) = rest.chars().next() {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push(character);
            rest = &rest[2..];
            after_hole = false;
        } else if let Some((inside, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            let mut name = inside.split(':').next().unwrap_or_default().to_string();
            if name.is_empty() {
                name = implicit.to_string();
                implicit += 1;
            }
            rest = after;
            if after_hole {
                continue;
            }
            after_hole = true;
            let known = names.iter().position(|known| *known == name);
            let at = known.unwrap_or_else(|| {
                names.push(name);
                number += 1;
                number - 1
            });
            text += &format!("{{{at}}}");
        } else {
            text.push(character);
            rest = &rest[character.len_utf8()..];
            after_hole = false;
        }
    }
    text
}

#[test]
fn holes_are_numbered_as_they_come() {
    assert_eq!(holes("a {} {name} {0} {name:?}"), "a {0} {1} {0} {1}");
    assert_eq!(holes("{{ {}{more}, {x:>3}"), "{ {0}, {1}");
}
