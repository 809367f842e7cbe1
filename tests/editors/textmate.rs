//! As much of TextMate as the grammar uses: `match`, `begin` and `end`, captures, includes, one line at a time.

use fancy_regex::Regex;
use serde_json::Value;
use std::collections::HashMap;

type Captures<'t> = fancy_regex::Captures<'t, str>;

pub struct Grammar {
    rules: Vec<Rule>,
    root: Vec<usize>,
}

#[derive(Default)]
struct Rule {
    name: Option<String>,
    content: Option<String>,
    start: Option<Regex>,
    end: Option<Regex>,
    start_captures: HashMap<usize, Capture>,
    end_captures: HashMap<usize, Capture>,
    patterns: Vec<usize>,
}

/// A scope for a captured piece; pieces that are coloured by patterns of their own are left plain here.
struct Capture {
    scope: Option<String>,
}

/// The scopes of each byte of each line, from the outermost in.
type Scopes = Vec<Vec<Vec<String>>>;

struct Reader<'g> {
    repository: &'g Value,
    known: HashMap<String, usize>,
    rules: Vec<Rule>,
}

impl Grammar {
    pub fn new(json: &str) -> Grammar {
        let json: Value = serde_json::from_str(json).expect("JSON");
        let mut reader = Reader { repository: &json["repository"], known: HashMap::new(), rules: Vec::new() };
        let root = reader.patterns(&json);
        Grammar { rules: reader.rules, root }
    }

    pub fn scopes(&self, text: &str) -> Scopes {
        let mut open: Vec<usize> = Vec::new();
        text.split('\n').map(|line| self.line(line, &mut open)).collect()
    }

    fn line(&self, line: &str, open: &mut Vec<usize>) -> Vec<Vec<String>> {
        let mut scopes: Vec<Vec<String>> = vec![Vec::new(); line.len()];
        let mut at = 0;
        // A rule may begin and end without taking a character, but not for ever.
        for _ in 0..4 * line.len() + 8 {
            let around = open.last().map(|rule| &self.rules[*rule]);
            let candidates = around.map_or(&self.root, |rule| &rule.patterns);
            let end = around.and_then(|rule| find(rule.end.as_ref(), line, at));
            let found = self.first(candidates, line, at);
            let start = found.as_ref().map_or(line.len() + 1, |(_, found)| whole(found).0);
            match end {
                Some(end) if whole(&end).0 <= start => {
                    let (from, to) = whole(&end);
                    self.paint(&mut scopes, at, from, open, true);
                    self.paint(&mut scopes, from, to, open, false);
                    capture(&mut scopes, &end, &around.expect("it has an end").end_captures);
                    open.pop();
                    at = to;
                    continue;
                }
                _ => {}
            }
            let Some((rule, found)) = found else { break };
            let (from, to) = whole(&found);
            self.paint(&mut scopes, at, from, open, true);
            let begins = self.rules[rule].end.is_some();
            if begins {
                open.push(rule);
                self.paint(&mut scopes, from, to, open, false);
            } else {
                self.paint(&mut scopes, from, to, open, true);
                let name = self.rules[rule].name.iter();
                scopes[from..to].iter_mut().for_each(|scope| scope.extend(name.clone().cloned()));
            }
            capture(&mut scopes, &found, &self.rules[rule].start_captures);
            at =
                if to > at || begins { to } else { at + line[at..].chars().next().map_or(1, char::len_utf8) };
            if at > line.len() {
                return scopes;
            }
        }
        self.paint(&mut scopes, at, line.len(), open, true);
        scopes
    }

    /// The first of the patterns from there on, and of several at one place the first in the list.
    fn first<'t>(&self, patterns: &[usize], line: &'t str, at: usize) -> Option<(usize, Captures<'t>)> {
        let mut best: Option<(usize, Captures)> = None;
        for pattern in self.flat(patterns) {
            if let Some(found) = find(self.rules[pattern].start.as_ref(), line, at)
                && best.as_ref().is_none_or(|(_, best)| whole(&found).0 < whole(best).0)
            {
                best = Some((pattern, found));
            }
        }
        best
    }

    /// Rules without a `match` or `begin` are lists of others.
    fn flat(&self, patterns: &[usize]) -> Vec<usize> {
        let lists = patterns.iter().map(|rule| match &self.rules[*rule].start {
            Some(_) => vec![*rule],
            None => self.flat(&self.rules[*rule].patterns),
        });
        lists.flatten().collect()
    }

    fn paint(&self, scopes: &mut [Vec<String>], from: usize, to: usize, open: &[usize], content: bool) {
        let end = scopes.len();
        for scope in &mut scopes[from.min(end)..to.min(end)] {
            for (i, rule) in open.iter().enumerate() {
                let rule = &self.rules[*rule];
                scope.extend(rule.name.clone());
                if content || i + 1 < open.len() {
                    scope.extend(rule.content.clone());
                }
            }
        }
    }
}

fn find<'t>(regex: Option<&Regex>, line: &'t str, at: usize) -> Option<Captures<'t>> {
    regex?.captures_from_pos(line, at).expect("a pattern that can be searched")
}

fn whole(found: &Captures) -> (usize, usize) {
    found.get(0).map_or((0, 0), |found| (found.start(), found.end()))
}

fn capture(scopes: &mut [Vec<String>], found: &Captures, captures: &HashMap<usize, Capture>) {
    for (number, capture) in captures {
        if let Some(piece) = found.get(*number) {
            for scope in &mut scopes[piece.start()..piece.end()] {
                scope.extend(capture.scope.clone());
            }
        }
    }
}

impl Reader<'_> {
    fn patterns(&mut self, json: &Value) -> Vec<usize> {
        let patterns = json["patterns"].as_array().cloned().unwrap_or_default();
        patterns.iter().map(|pattern| self.pattern(pattern)).collect()
    }

    fn pattern(&mut self, json: &Value) -> usize {
        let Some(include) = json["include"].as_str() else {
            let number = self.reserve();
            return self.fill(number, json);
        };
        let name = include.strip_prefix('#').expect("a rule of this grammar");
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let number = self.reserve();
        self.known.insert(name.to_string(), number);
        let json = &self.repository[name];
        assert!(json.is_object(), "there is no {name}");
        self.fill(number, &json.clone())
    }

    fn reserve(&mut self) -> usize {
        self.rules.push(Rule::default());
        self.rules.len() - 1
    }

    fn fill(&mut self, number: usize, json: &Value) -> usize {
        let text = |key: &str| json[key].as_str().map(String::from);
        let regex = |key: &str| json[key].as_str().map(|text| Regex::new(text).expect("a pattern"));
        let captures = |key: &str| {
            let captures = json[key].as_object().into_iter().flatten();
            let one = |(number, value): (&String, &Value)| {
                let scope = value["name"].as_str().map(String::from);
                (number.parse().expect("a number"), Capture { scope })
            };
            captures.map(one).collect::<HashMap<usize, Capture>>()
        };
        let starts = if json["match"].is_string() { "match" } else { "begin" };
        let start_captures = if starts == "match" { "captures" } else { "beginCaptures" };
        let patterns = self.patterns(json);
        self.rules[number] = Rule {
            name: text("name"),
            content: text("contentName"),
            start: regex(starts),
            end: regex("end"),
            start_captures: captures(start_captures),
            end_captures: captures("endCaptures"),
            patterns,
        };
        number
    }
}
