//! The pages of the reference: each script runs, prints what the page says, and has the style of `conc fmt`.

mod common;
#[path = "common/directory.rs"]
mod directory;

use common::{conc, text};
use conc::help::GROUPS;
use conc::source::Source;
use conc::syntax::format::format;
use directory::{directory, run};

/// A script, the words between `conc` and it, and what it prints.
struct Block {
    words: Vec<&'static str>,
    script: String,
    prints: Option<String>,
}

fn blocks(page: &'static str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else { continue };
        let body = lines.by_ref().take_while(|line| *line != "```");
        let body: String = body.map(|line| format!("{line}\n")).collect();
        match fence.strip_prefix("conc") {
            Some(words) => {
                blocks.push(Block { words: words.split_whitespace().collect(), script: body, prints: None })
            }
            None => {
                assert_eq!(fence, "prints");
                blocks.last_mut().expect("a script before it").prints = Some(body);
            }
        }
    }
    blocks
}

#[test]
fn every_script_prints_what_its_page_says() {
    let mut scripts = 0;
    for page in GROUPS.iter().flat_map(|(_, pages)| *pages) {
        let blocks = blocks(page.text);
        assert!(!blocks.is_empty(), "{} has no script", page.name);
        for (i, block) in blocks.into_iter().enumerate() {
            let place = directory(&format!("{}-{i}", page.name), &block.script);
            // Files that a script writes belong beside it.
            let words = [&block.words[..], &["@a.conc"]].concat();
            let (status, out, err) = run(&place, &words);
            let prints = block.prints.unwrap_or_else(|| panic!("{}: what does it print?", page.name));
            // A last line `...` stands for all that follows.
            match prints.strip_suffix("...\n") {
                Some(beginning) => assert!(out.starts_with(beginning), "{}: {out}{err}", page.name),
                None => assert_eq!(out, prints, "{}: {err}", page.name),
            }
            assert_eq!(status, Some(0), "{}: {err}", page.name);
            let source = Source::new(page.name, &*block.script);
            assert_eq!(format(&source).expect("a script"), block.script, "{}", page.name);
            scripts += 1;
        }
    }
    assert!(scripts > 40);
}

#[test]
fn help_is_found_or_something_close_to_it() {
    let output = conc(&["help"], "");
    let shown = text(&output.stdout);
    assert!(shown.contains("semaphore") && shown.contains("conc --help"), "{shown}");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&conc(&["help", "lock"], "").stdout).starts_with("lock: one thread at a time\n"));
    assert!(text(&conc(&["help", "lock.acquire"], "").stdout).starts_with("lock.acquire(timeout?)\n"));
    assert!(text(&conc(&["help", "fmt"], "").stdout).contains("conc fmt --check"));
    for (topic, begins) in [
        (&["--trace"][..], "trace: "),
        (&["trace"], "trace: "),
        (&["--jitter=7"], "jitter: "),
        (&["--race"], "race: "),
        (&["races"], "race: "),
        (&["--gil"], "gil: "),
        (&["process", "pool"], "pool: "),
        (&["sharing"], "shared: "),
        (&["shared", "list"], "shared: "),
        (&["on", "signal"], "signal: "),
        (&["lesson"], "lesson: "),
        (&["mdbook"], "lesson: "),
        (&["data"], "data: "),
        (&["conc", "fmt"], "Bring scripts"),
        (&["--max-threads"], "conc run --max-threads <N>\n  Refuse"),
        (&["outcomes"], "conc check --outcomes\n"),
        (&["--seed"], "conc run --seed <N>\n"),
        (&["--format"], "conc check --format <FORMAT>\n"),
        (&["format"], "strings: "),
        (&["E0301"], "E0301: "),
    ] {
        let shown = text(&conc(&[&["help"], topic].concat(), "").stdout);
        assert!(shown.starts_with(begins), "{topic:?}: {shown}");
    }
    let output = conc(&["help", "semaphor"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean semaphore?"), "{}", text(&output.stderr));
    let coloured = text(&conc(&["--color=always", "help", "lock"], "").stdout);
    assert!(coloured.starts_with("\x1b[1mlock: one thread at a time\x1b[0m\n"), "{coloured:?}");
}
