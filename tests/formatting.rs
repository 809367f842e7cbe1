//! `conc fmt`: what it does to files, and that all scripts there are keep their meaning. The style itself is tested
//! beside the code (`src/syntax/format/styles.txt`).

mod common;
#[path = "common/directory.rs"]
mod directory;

use common::{conc, text};
use conc::source::Source;
use conc::syntax::format::format;
use directory::{directory, run};
use std::fs;
use std::path::{Path, PathBuf};

const UGLY: &str = "if a{print( 1 )}  # why\n";
const PRETTY: &str = "if a { print(1) } # why\n";

#[test]
fn a_file_is_formatted_in_place() {
    let place = directory("in-place", UGLY);
    assert_eq!(run(&place, &["fmt", "--check", "@a.conc"]).0, Some(1));
    assert_eq!(fs::read_to_string(place.join("a.conc")).expect("there"), UGLY);
    let (status, out, err) = run(&place, &["fmt", "@a.conc"]);
    assert_eq!((status, out.as_str()), (Some(0), ""));
    assert!(err.starts_with("formatted ") && err.ends_with("a.conc\n"), "{err}");
    assert_eq!(fs::read_to_string(place.join("a.conc")).expect("there"), PRETTY);
    for words in [&["fmt", "@a.conc"][..], &["fmt", "--check", "@a.conc"]] {
        assert_eq!(run(&place, words), (Some(0), String::new(), String::new()));
    }
    assert_eq!(fs::read_dir(&place).expect("there").count(), 1, "something is left over");
}

#[test]
fn a_difference_is_shown() {
    let place = directory("difference", &format!("x = 1\n{UGLY}y = 2\n"));
    let (status, out, _) = run(&place, &["fmt", "--check", "@a.conc"]);
    assert_eq!(status, Some(1));
    assert!(out.contains("a.conc (formatted)\n@@ "), "{out}");
    assert!(out.ends_with(&format!("\n x = 1\n-{UGLY}+{PRETTY} y = 2\n")), "{out}");
    let coloured = run(&place, &["fmt", "--check", "--color=always", "@a.conc"]).1;
    assert!(coloured.contains("\x1b[31m-if a{print( 1 )}  # why\x1b[0m\n"), "{coloured:?}");
}

#[test]
fn standard_input_goes_to_standard_output() {
    for words in [&["fmt", "-"][..], &["fmt"]] {
        let output = conc(words, UGLY);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), PRETTY.into()));
    }
    assert_eq!(conc(&["fmt", "--check", "-"], UGLY).status.code(), Some(1));
    assert_eq!(conc(&["fmt", "--check", "-"], PRETTY).status.code(), Some(0));
    let output = conc(&["fmt", "-"], "let = 3\n");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    assert!(text(&output.stderr).contains("<stdin>:1"), "{}", text(&output.stderr));
    assert_eq!(conc(&["fmt", "-", "x.conc"], "").status.code(), Some(2));
}

#[test]
fn a_script_with_mistakes_is_left_as_it_is_and_the_others_are_formatted() {
    let place = directory("mistakes", "if a { x = = 1 }\n");
    fs::write(place.join("b.conc"), UGLY).expect("written");
    fs::write(place.join("bytes.conc"), b"\xff\xfe").expect("written");
    let (status, _, err) = run(&place, &["fmt", "@a.conc", "@b.conc", "@none.conc", "@bytes.conc"]);
    assert_eq!(status, Some(2));
    assert!(err.contains("a.conc:1:") && err.contains("no such file") && err.contains("UTF-8"), "{err}");
    assert_eq!(fs::read_to_string(place.join("a.conc")).expect("there"), "if a { x = = 1 }\n");
    assert_eq!(fs::read_to_string(place.join("b.conc")).expect("there"), PRETTY);
    assert_eq!(fs::read(place.join("bytes.conc")).expect("there"), b"\xff\xfe");
}

#[test]
fn a_directory_is_all_scripts_in_it() {
    let place = directory("directory", UGLY);
    for name in ["deep/er/b.conc", "deep/c.txt", ".hidden/d.conc"] {
        fs::create_dir_all(place.join(name).parent().expect("in it")).expect("made");
        fs::write(place.join(name), UGLY).expect("written");
    }
    let (status, _, err) = run(&place, &["fmt", "@"]);
    assert_eq!((status, err.lines().count()), (Some(0), 2), "{err}");
    let read = |name: &str| fs::read_to_string(place.join(name)).expect("there");
    assert_eq!((read("a.conc"), read("deep/er/b.conc")), (PRETTY.into(), PRETTY.into()));
    assert_eq!((read("deep/c.txt"), read(".hidden/d.conc")), (UGLY.into(), UGLY.into()));
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = directory("permissions", UGLY);
    let file = place.join("a.conc");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o751)).expect("set");
    symlink(&file, place.join("link.conc")).expect("linked");
    assert_eq!(run(&place, &["fmt", "@link.conc"]).0, Some(0));
    assert_eq!(fs::read_to_string(&file).expect("there"), PRETTY);
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o7777, 0o751);
    assert!(fs::symlink_metadata(place.join("link.conc")).expect("there").is_symlink());
}

fn scripts(directory: &str) -> Vec<PathBuf> {
    fn below(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "conc") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut found);
    found
}

/// None when it is no script. Formatting itself compares the trees.
fn formatted(name: &Path, text: &str) -> Option<String> {
    let source = Source::new(name.display().to_string(), text);
    if !conc::syntax::parse(&source).1.is_empty() {
        return None;
    }
    Some(format(&source).unwrap_or_else(|refused| panic!("{}: {refused:?}", name.display())))
}

#[test]
fn every_script_keeps_its_meaning_and_is_formatted_once() {
    let (mut formatted_ones, mut others) = (0, 0);
    for directory in ["tests", "benches", "examples"] {
        for path in scripts(directory) {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let Some(once) = formatted(&path, &text) else {
                others += 1;
                continue;
            };
            assert_eq!(formatted(&path, &once).as_ref(), Some(&once), "{}", path.display());
            formatted_ones += 1;
        }
    }
    assert!(formatted_ones > 400 && others > 3, "{formatted_ones} {others}");
}

#[test]
fn the_examples_have_the_style() {
    let (status, out, err) = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["fmt", "--check", "@examples"]);
    assert_eq!((status, err.as_str()), (Some(0), ""), "`conc fmt examples` mends this:\n{out}");
}
