//! The lessons that come with conc: everything they say comes of their scripts, in each language the same scripts.

mod common;

use common::{conc, text};
use conc::source::Source;
use conc::syntax::format::format;
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 2] = ["lessons/en", "lessons/zh"];

/// A fenced block: what follows the fence, and its lines.
type Block = (String, String);

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages of a language, in the order of their names.
fn pages(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    pages.sort();
    pages
}

fn blocks(page: &Path) -> Vec<Block> {
    let (page, mut blocks) = (read(page), Vec::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body = lines.by_ref().take_while(|line| *line != "```");
            blocks.push((info.to_string(), body.map(|line| format!("{line}\n")).collect()));
        }
    }
    blocks
}

/// Pages with scripts: the lessons themselves.
fn lessons() -> Vec<PathBuf> {
    let all = LANGUAGES.into_iter().flat_map(pages);
    all.filter(|page| !blocks(page).is_empty()).collect()
}

#[test]
fn what_they_say_is_so() {
    let output = conc(&["lesson", "lessons"], "");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(err.ends_with("all as the lessons say\n"), "{err}");
    assert_eq!(lessons().len(), 8);
}

#[test]
fn both_languages_have_the_same_scripts() {
    let [english, chinese] = LANGUAGES.map(pages);
    let names = |pages: &[PathBuf]| -> Vec<String> {
        pages.iter().map(|page| page.file_name().expect("a name").to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names(&english), names(&chinese));
    for (english, chinese) in english.iter().zip(&chinese) {
        let page = chinese.display();
        let (english, chinese) = (blocks(english), blocks(chinese));
        assert_eq!(english.len(), chinese.len(), "{page}");
        // Whether conc itself speaks in the outputs of the last script.
        let mut speaks = false;
        for ((info, body), (info_there, body_there)) in english.into_iter().zip(chinese) {
            if info.starts_with("conc") {
                speaks = info.starts_with("conc check");
                let language = if info == "conc no-run" { "" } else { " lang=zh" };
                assert_eq!(info_there, info + language, "{page}");
            } else {
                assert_eq!(info_there, info, "{page}");
            }
            if info_there == "report" || speaks && info_there == "output" {
                assert!(body_there.chars().any(is_chinese), "{page}: {body_there}");
            } else {
                assert_eq!(body, body_there, "{page}");
            }
        }
    }
}

fn is_chinese(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// Each shows something that goes wrong, all that can happen, a proof, and an exercise whose solution is run.
#[test]
fn a_lesson_has_its_parts() {
    for page in lessons() {
        let (name, text) = (page.display(), read(&page));
        let infos: Vec<String> = blocks(&page).into_iter().map(|(info, _)| info).collect();
        let checks = |fails: bool| {
            infos
                .iter()
                .filter_map(|info| info.strip_suffix(" lang=zh").unwrap_or(info).strip_prefix("conc check"))
                .any(|rest| rest.is_empty() != fails)
        };
        assert!(infos[0].starts_with("conc"), "{name} begins with a script");
        assert!(checks(true), "{name}: a check that finds something");
        assert!(checks(false), "{name}: a check that holds");
        let (_, solution) = text.split_once("<details>").unwrap_or_else(|| panic!("{name}: no exercise"));
        let (solution, after) = solution.split_once("</details>").expect("closed");
        assert!(solution.contains("\n```conc"), "{name}: the solution is run");
        assert!(after.contains("\n> "), "{name}: what many believe");
        assert_eq!(text.lines().filter(|line| line.starts_with("## ")).count(), sections(&page), "{name}");
    }
}

/// The first lesson has one more: what is no cure.
fn sections(page: &Path) -> usize {
    let first = page.file_name().is_some_and(|name| name.to_string_lossy().starts_with("1-"));
    if first { 7 } else { 6 }
}

#[test]
fn scripts_have_the_style() {
    for page in lessons() {
        for (_, script) in blocks(&page).iter().filter(|(info, _)| info.starts_with("conc")) {
            let script: String =
                script.lines().map(|line| format!("{}\n", line.strip_prefix('~').unwrap_or(line))).collect();
            let source = Source::new("script", &*script);
            assert_eq!(format(&source).expect("a script"), script, "{}", page.display());
        }
    }
}

#[test]
fn every_page_is_in_the_summary() {
    for folder in LANGUAGES {
        let summary = read(&Path::new(folder).join("SUMMARY.md"));
        for page in pages(folder) {
            let name = page.file_name().expect("a name").to_string_lossy();
            assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{}", page.display());
        }
    }
}

/// A script beside the lessons: the examples of what computes and what waits are one script, but for `use gil`.
#[test]
fn a_gil_is_one_line_more() {
    let script = |name: &str| {
        let text = read(&Path::new("examples").join(name));
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(str::to_string).collect::<Vec<_>>()
    };
    let without = script("33_computing_and_waiting.conc");
    let with = script("34_computing_and_waiting_with_a_gil.conc");
    assert_eq!(with[0], "use gil");
    assert_eq!(with[1..], without);
}

/// How often a run is tried that a busy machine may spoil.
const TRIES: usize = 30;

/// Whether the script says each of these, if not in the same run.
fn says(script: &str, lines: &[&str]) -> bool {
    let mut missing = lines.to_vec();
    for _ in 0..TRIES {
        let said = text(&conc(&[script], "").stderr);
        missing.retain(|line| !said.contains(line));
        if missing.is_empty() {
            return true;
        }
    }
    false
}

#[test]
fn computing_gains_from_threads_unless_there_is_a_gil() {
    if std::thread::available_parallelism().map_or(1, std::num::NonZero::get) < 2 {
        return;
    }
    let processes = "two processes that compute: less";
    assert!(says("examples/33_computing_and_waiting.conc", &["two threads that compute: less", processes]));
    let with_gil = "examples/34_computing_and_waiting_with_a_gil.conc";
    assert!(says(with_gil, &["two threads that compute: as long", processes]));
}
