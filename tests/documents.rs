//! What is written for people beside the code: links lead somewhere, and the Chinese tour shows what the English README does.

mod common;

use common::{conc, conc_in, text};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DOCUMENTS: [&str; 11] = [
    "README.md",
    "README.zh.md",
    "ARCHITECTURE.md",
    "editors/README.md",
    "examples/README.md",
    "examples/README.zh.md",
    "docs/data.md",
    "docs/zh/data.md",
    "docs/reference/README.md",
    "docs/zh/reference/README.md",
    "lessons/zh/README.md",
];

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands in brackets behind a bracketed text: where a link goes.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
}

/// What stands within fences.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let fence = &line[..line.len() - line.trim_start_matches('`').len()];
            let body = lines.by_ref().take_while(|line| *line != fence);
            blocks.push(body.map(|line| format!("{line}\n")).collect());
        }
    }
    blocks
}

#[test]
fn links_lead_somewhere() {
    for document in DOCUMENTS {
        let folder = Path::new(document).parent().expect("a file is in a folder");
        let text = read(document);
        let headings: Vec<String> =
            text.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
        for link in links(&text).filter(|link| !link.starts_with("https://")) {
            let leads = match link.strip_prefix('#') {
                Some(heading) => headings.iter().any(|known| known == heading),
                None => folder.join(link).exists(),
            };
            assert!(leads, "{document}: {link}");
        }
    }
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The tour is shorter, and its comments are in Chinese: each of its lines begins like one of the English README, but for what
/// conc says, in Chinese too.
#[test]
fn the_tour_shows_the_same_scripts_and_outputs() {
    let (english, chinese) = (read("README.md"), read("README.zh.md"));
    let shown = blocks(&chinese);
    let tour: String = shown.iter().filter(|block| !block.starts_with("$ conc ")).cloned().collect();
    let known = blocks(&english).concat();
    let known: Vec<&str> = known.lines().collect();
    assert!(tour.lines().count() > 60, "{tour}");
    for line in tour.lines() {
        let code = line.split(|c: char| !c.is_ascii()).next().unwrap_or_default();
        let code = code.trim_end_matches([' ', '#']);
        assert!(known.iter().any(|known| known.starts_with(code)), "{line}");
    }
}

/// What is shown as a script can be run as it stands: but for what needs flags, other hosts or a person.
#[test]
fn scripts_in_readmes_are_understood() {
    let is_script = |block: &&String| {
        block
            .lines()
            .any(|line| ["var ", "shared var ", "lock ", "let "].iter().any(|word| line.starts_with(word)))
    };
    for (document, least) in [("README.md", 7), ("README.zh.md", 5)] {
        let blocks = blocks(&read(document));
        let scripts: Vec<&String> = blocks
            .iter()
            .filter(is_script)
            .filter(|block| !block.contains(":locks") && !block.contains("```"))
            .collect();
        assert!(scripts.len() >= least, "{document}: {}", scripts.len());
        for script in scripts {
            let checked = conc(&["fmt", "-"], script);
            assert_eq!(checked.status.code(), Some(0), "{document}: {script}{}", text(&checked.stderr));
        }
    }
}

/// A block `$ conc WORDS FILE`, with what comes of it, belongs to the script in the block before it.
#[test]
fn readmes_show_what_comes() {
    for (document, language) in [("README.md", "en"), ("README.zh.md", "zh")] {
        let blocks = blocks(&read(document));
        let mut commands = 0;
        for pair in blocks.windows(2) {
            let [script, shown] = pair else { continue };
            let Some((command, expected)) =
                shown.strip_prefix("$ conc ").and_then(|rest| rest.split_once('\n'))
            else {
                continue;
            };
            let words = command.split(' ').map(|word| if word.ends_with(".conc") { "-" } else { word });
            let out = text(&conc_in(language, &words.collect::<Vec<_>>(), script).stdout);
            match expected.strip_suffix("...\n") {
                Some(beginning) => assert!(out.starts_with(beginning), "{document}: {out}"),
                None => assert_eq!(out, expected, "{document}"),
            }
            commands += 1;
        }
        assert!(commands >= 2, "{document}: {commands}");
    }
}

/// What the README shows of the library is an example, which is compiled with the tests.
#[test]
fn the_program_of_the_readme_is_an_example() {
    let readme = read("README.md");
    let shown = blocks(&readme).into_iter().find(|block| block.starts_with("use conc::embed"));
    let example = read("examples/embedding/hello.rs");
    assert_eq!(shown.as_deref(), example.split_once("\n\n").map(|(_, program)| program));
}

/// The names of all fields; keys of objects that the script names are none.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                if !matches!(name.as_str(), "variables" | "failing") {
                    fields(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What is written for programs: the page tells all of its fields, and none that there are not.
#[test]
fn data_is_told_field_by_field() {
    let racy = "var n = 0\nthread t { n += 1 }\njoin start t, start t\nensure n == 2\nprint(n)\n";
    let stuck = "lock a, b\nstart { with a { with b { } } }\nwith b { with a { } }\n";
    let wrong = "fn f() { throw \"x\" }\nlock m\nwith m { f() }\n";
    let endless = "var n = 0\nloop { n += 1 }\n";
    let json = ["check", "--format", "json"];
    let mut found = BTreeSet::new();
    for (flags, script) in [
        (&["--outcomes", "--vars", "n"][..], racy),
        (&["--random", "100", "--strategy", "pct"], racy),
        (&["--preemptions", "0"], racy),
        (&[], stuck),
        (&[], wrong),
        (&["--max-states", "1000"], endless),
    ] {
        let out = conc(&[&json[..], flags, &["-"]].concat(), script);
        fields(&serde_json::from_slice(&out.stdout).expect("JSON"), &mut found);
    }
    let busy = "queue q(1)\nlock m\nsemaphore s(2)\nevent e\nshared var n = 0\npipe p\n\
                process w(out) { out.send(n) }\nlet w1 = start w(p.ends[0])\nprint(p.ends[1].recv())\n\
                let t = start { with m { sleep 1ms }; with s { q.put(1); q.put(2) }; e.wait() }\n\
                sleep 1ms\nwith m { }\nq.get()\nq.get()\nsleep 1ms\ne.set()\njoin t, w1\n";
    let out = conc(&["run", "--stats=json", "-"], busy);
    let lines = text(&out.stderr);
    assert!(lines.lines().count() >= 2, "{lines}");
    for line in lines.lines() {
        fields(&serde_json::from_str(line).expect("JSON"), &mut found);
    }
    assert!(found.len() > 120, "{found:?}");
    for page in ["docs/data.md", "docs/zh/data.md"] {
        let text = read(page);
        let told: BTreeSet<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .collect();
        let missing: Vec<&String> = found
            .iter()
            .filter(|name| !(told.contains(name.as_str()) || name.ends_with("_at") && text.contains("…_at")))
            .collect();
        assert!(missing.is_empty(), "{page}: {missing:?}");
        // What stands in braces, or alone in the first column, is a field.
        let braces = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(names, _)| names);
        let named = braces
            .flat_map(|names| names.split(','))
            .map(|name| name.split(':').next().unwrap_or(name).trim());
        let unknown: Vec<&str> = named.filter(|name| !name.is_empty() && !found.contains(*name)).collect();
        assert_eq!(unknown, Vec::<&str>::new(), "{page}");
    }
}

/// The pages that `conc explain` and `conc help` show in Chinese: as many, with the same scripts, whose comments are in Chinese.
#[test]
fn pages_in_chinese_have_the_same_scripts() {
    for folder in ["errors", "reference"] {
        let [english, chinese] = ["docs", "docs/zh"].map(|docs| names(&format!("{docs}/{folder}")));
        assert!(english.len() > 40);
        assert_eq!(english, chinese, "docs/zh/{folder}");
        for name in english {
            let [english, chinese] = ["docs", "docs/zh"].map(|docs| read(&format!("{docs}/{folder}/{name}")));
            let fences = |page: &str| -> Vec<String> {
                page.lines().filter(|line| line.starts_with("```")).map(str::to_string).collect()
            };
            assert_eq!(fences(&english), fences(&chinese), "{name}");
            let scripts =
                |page: &str| blocks(page).iter().map(|script| uncommented(script)).collect::<Vec<_>>();
            assert_eq!(scripts(&english), scripts(&chinese), "{name}");
        }
    }
}

/// The files of a folder, sorted.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A script whose comments are all the same. On these pages a `#` in a text would be one, too.
fn uncommented(script: &str) -> String {
    script
        .lines()
        .map(|line| line.split_once('#').map_or(line.to_string(), |(code, _)| format!("{code}#")) + "\n")
        .collect()
}

#[test]
fn both_lists_of_examples_have_the_same_examples() {
    let [english, chinese] = ["examples/README.md", "examples/README.zh.md"].map(read);
    let examples = |text: &str| -> Vec<String> {
        links(text).filter(|link| link.ends_with(".conc")).map(str::to_string).collect()
    };
    assert_eq!(examples(&english), examples(&chinese));
    let folders = ["examples", "examples/classics"].map(|folder| fs::read_dir(folder).expect("a folder"));
    for entry in folders.into_iter().flatten() {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let listed = examples(&english).iter().any(|example| example.ends_with(&name));
        assert!(listed || !name.ends_with(".conc"), "{name} is in no list");
    }
    // Each classic by its problem, by construct, and by what can go wrong.
    for entry in fs::read_dir("examples/classics").expect("a folder") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let times =
            examples(&english).iter().filter(|example| example.ends_with(&format!("/{name}"))).count();
        assert!(times >= 3, "{name} is in {times} lists");
    }
}
