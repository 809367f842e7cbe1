//! `conc mdbook`: the protocol of mdBook's preprocessors, with a book as mdBook 0.5.4 hands it over, and mdBook itself: the
//! one that `MDBOOK` names, or that is in the `PATH`.

mod common;

use common::{conc, text};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mdbook");

/// What mdBook writes to the preprocessor for the book in `tests/mdbook`.
fn input() -> String {
    let recorded = fs::read_to_string(Path::new(BOOK).join("input.json")).expect("recorded");
    recorded.replace("ROOT", BOOK)
}

/// The chapters of a book, those below others too: name and content.
fn chapters(item: &Value, found: &mut Vec<(String, String)>) {
    if let Some(chapter) = item.get("Chapter") {
        let field = |name: &str| chapter[name].as_str().expect(name).to_string();
        found.push((field("name"), field("content")));
        chapters(chapter, found);
    }
    for name in ["items", "sections", "sub_items"] {
        item[name].as_array().into_iter().flatten().for_each(|item| chapters(item, found));
    }
}

#[track_caller]
fn book(output: &Output) -> (Value, Vec<(String, String)>) {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let book: Value = serde_json::from_slice(&output.stdout).expect("a book");
    let mut found = Vec::new();
    chapters(&book, &mut found);
    (book, found)
}

#[test]
fn every_renderer_is_supported() {
    for renderer in ["html", "markdown"] {
        let output = conc(&["mdbook", "supports", renderer], "");
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()));
    }
}

#[test]
fn chapters_show_what_comes_of_their_scripts() {
    let (book, chapters) = book(&conc(&["mdbook"], &input()));
    let names: Vec<&str> = chapters.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["Before", "First", "Below", "Not written yet", "Last"]);
    assert_eq!(chapters[0].1, "# Before\n\nNo script.\n");
    let first = "# First\n\n```conc\nprint(\"total: {total}\")\n```\n\n`conc` prints:\n\n```text\ntotal: 1\n```\n\n- In a list:\n\n  \
                 ```conc\n  var n = 0\n  join start { n += 1 }, start { n += 1 }\n  print(n)\n  ```\n\n  \
                 `conc check`: **finds** `data race on n`\n\n  All that can come out:\n\n  ```text\n  1\n  2\n  ```\n";
    assert_eq!(chapters[1].1, first);
    let below = "# Below\n\n```conc\nprint(\"from a file, {1 + 1} words\")\n```\n\n`conc` prints:\n\n```text\nfrom a file, 2 words\n```\n";
    assert_eq!(chapters[2].1, below);
    assert_eq!(chapters[3].1, "");
    assert!(
        chapters[4].1.ends_with("```\n\n`conc`: **ends in a deadlock** (exit status 3)\n"),
        "{}",
        chapters[4].1
    );
    // All else is as it came.
    let (_, mut came): (Value, Value) = serde_json::from_str(&input()).expect("recorded");
    let mut book = book;
    for book in [&mut came, &mut book] {
        without_contents(book);
    }
    assert_eq!(came, book);
}

fn without_contents(item: &mut Value) {
    match item {
        Value::Object(fields) => {
            fields.remove("content");
            fields.values_mut().for_each(without_contents);
        }
        Value::Array(items) => items.iter_mut().for_each(without_contents),
        _ => {} // plain values
    }
}

#[test]
fn books_of_older_versions_and_other_languages() {
    let older = input()
        .replace("\"items\"", "\"sections\"")
        .replace("\"language\": \"en\"", "\"language\": \"zh-CN\"");
    let (_, chapters) = book(&conc(&["mdbook"], &older));
    assert!(chapters[1].1.contains("`conc` 的输出：\n\n```text\ntotal: 1\n"), "{}", chapters[1].1);
    assert!(chapters[1].1.contains("一切可能的输出："), "{}", chapters[1].1);
}

#[test]
fn a_wrong_lesson_fails_the_build() {
    let wrong = input().replace("from a file, ... words", "from nowhere");
    let output = conc(&["mdbook"], &wrong);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!((output.status.code(), &*out), (Some(1), ""), "{err}");
    assert!(err.starts_with("deep/below.md:7: the output differs\n"), "{err}");
    assert!(err.contains("- from nowhere") && err.contains("+ from a file, 2 words"), "{err}");
    let output = conc(&["mdbook"], &input().replace("conc check races", "conc chekc"));
    let err = text(&output.stderr);
    assert!(output.status.code() == Some(1) && err.contains("first.md:10: `chekc` is no word"), "{err}");
    let output =
        conc(&["mdbook", "--timeout", "50ms"], &input().replace("m.acquire()\\nm.acquire()", "loop { }"));
    let err = text(&output.stderr);
    assert!(output.status.code() == Some(1) && err.contains("last.md:4: "), "{err}");
}

#[test]
fn what_is_no_book_is_told() {
    for nothing in ["", "{}", "[1, 2]", "[{}, {}]", "not json"] {
        let output = conc(&["mdbook"], nothing);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{nothing}: {err}");
        assert!(err.contains("no book of mdBook") && err.contains("[preprocessor.conc]"), "{nothing}: {err}");
    }
    // Fields of other kinds than expected do no harm.
    let odd =
        r#"[{"root": 1}, {"items": ["Separator", {"Chapter": {"content": 1, "source_path": "a.md"}}, 7]}]"#;
    assert_eq!(conc(&["mdbook"], odd).status.code(), Some(0));
}

#[test]
fn blocks_that_ask_for_it_have_a_picture() {
    let asking = input()
        .replace("```conc check races", "```conc check races picture")
        .replace("```conc deadlocks", "```conc deadlocks picture");
    assert_eq!(asking.matches(" picture").count(), 2);
    // Where its files for a moment are, which are seen by nobody else there.
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mdbook-pictures");
    let _ = fs::remove_dir_all(&place);
    let passing = place.join("passing");
    fs::create_dir_all(&passing).expect("made");
    fs::write(place.join("input.json"), asking).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_conc"))
        .arg("mdbook")
        .env("CONC_LANG", "en")
        .env("TMPDIR", &passing)
        .stdin(fs::File::open(place.join("input.json")).expect("just written"))
        .output()
        .expect("conc starts");
    let (_, chapters) = book(&output);
    let image = "![What each thread did, over time](data:image/svg+xml;base64,PHN2Zy";
    for (chapter, part) in [(1, format!("`data race on n`\n\n  {image}")), (4, image.to_string())] {
        assert!(chapters[chapter].1.contains(&part), "{}", chapters[chapter].1);
    }
    assert_eq!(fs::read_dir(passing).expect("a folder").count(), 0, "nothing is left");
}

/// A copy of a book, with this command for the preprocessor.
fn copied(from: &Path, name: &str) -> PathBuf {
    let to = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("mdbook-{name}"));
    let _ = fs::remove_dir_all(&to);
    copy(from, &to);
    let toml = fs::read_to_string(to.join("book.toml")).expect("a book");
    let own = format!("command = \"{} mdbook\"", env!("CARGO_BIN_EXE_conc"));
    assert!(toml.contains("command = \"conc mdbook\""));
    fs::write(to.join("book.toml"), toml.replace("command = \"conc mdbook\"", &own)).expect("written");
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).expect("copied")),
        }
    }
}

/// None where there is no mdBook. One that `MDBOOK` names has to be there.
fn mdbook() -> Option<OsString> {
    let named = std::env::var_os("MDBOOK");
    let is_there = || Command::new("mdbook").arg("--version").output().is_ok();
    named.or_else(|| is_there().then(|| "mdbook".into()))
}

fn build(mdbook: &OsStr, book: &Path) -> Output {
    Command::new(mdbook).arg("build").arg(book).output().expect("mdBook starts")
}

#[test]
fn mdbook_itself_builds_books_with_it() {
    let Some(mdbook) = mdbook() else {
        return eprintln!("there is no mdbook: books made by it are NOT tested (cargo install mdbook)");
    };
    let lessons = Path::new(env!("CARGO_MANIFEST_DIR")).join("lessons");
    for (from, name, pages) in [
        (PathBuf::from(BOOK), "small", vec![("first.html", "total: 1"), ("last.html", "ends in a deadlock")]),
        (
            lessons.join("en"),
            "en",
            vec![("1-the-lost-update.html", "prints:"), ("2-deadlock.html", "with alice")],
        ),
        (
            lessons.join("zh"),
            "zh",
            vec![("3-what-the-gil-does.html", "标准错误："), ("index.html", "四堂课")],
        ),
    ] {
        let book = copied(&from, name);
        let output = build(&mdbook, &book);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        for (page, part) in pages {
            let html = fs::read_to_string(book.join("book").join(page)).expect(page);
            assert!(html.contains(part), "{page}: lacks {part}");
            assert!(!html.contains("~assert") && !html.contains("conc check races\""), "{page}");
        }
    }
    let book = copied(Path::new(BOOK), "wrong");
    fs::write(book.join("src/last.md"), "# Last\n\n```conc\nprint(1)\n```\n```output\n2\n```\n")
        .expect("written");
    let output = build(&mdbook, &book);
    assert!(!output.status.success() && text(&output.stderr).contains("last.md:6: the output differs"));
}
