//! The files of lessons: finding them, running what is in one, writing it anew.

use super::super::Failure;
use super::super::script::refused;
use super::{Came, execute};
use conc::lesson::book::{self, Labels};
use conc::lesson::fence::Mode;
use conc::lesson::job::{Job, Limits, Purpose, Script};
use conc::lesson::judge::{self, Correction, Runs, Wrong};
use conc::lesson::page::{self, Block, Mistake, Page};
use conc::lesson::{compare, update};
use std::fs;
use std::path::{Path, PathBuf};

/// The files that were named, and all `.md` files of the folders that were, each folder's in the order of their names.
pub fn markdown(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            walk(path, &mut found)?;
            if found.len() == before {
                return Err(Failure::new(format!("there is no .md file in {}", path.display())));
            }
        } else if path.extension().is_some_and(|ending| ending == "conc") {
            let shown = path.display();
            return Err(Failure::new(format!("{shown} is a script, and no lesson"))
                .hint(format!("`conc run {shown}` runs it; a lesson is Markdown with scripts in it")));
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// A name as people order it: `2-locks.md` comes before `10-queues.md`.
fn natural(name: &str) -> Vec<(bool, u128, String)> {
    let mut parts: Vec<String> = Vec::new();
    for character in name.chars() {
        match parts.last_mut() {
            Some(part)
                if part.ends_with(|last: char| last.is_ascii_digit() == character.is_ascii_digit()) =>
            {
                part.push(character);
            }
            Some(_) | None => parts.push(character.to_string()),
        }
    }
    let key = |part: String| part.parse().map_or((true, 0, part.clone()), |number| (false, number, part));
    parts.into_iter().map(key).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error| refused(folder, &error);
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort_by_cached_key(|path| natural(&path.to_string_lossy()));
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A link to a folder may lead round in a circle.
        if path.is_dir() && !path.is_symlink() && !hidden {
            walk(&path, found)?;
        } else if !hidden && path.extension().is_some_and(|ending| ending == "md") && may_be_read(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Not a pipe or the like, from which nothing may ever come. (What a link leads to that is not there is an error later.)
fn may_be_read(path: &Path) -> bool {
    path.is_file() || !path.exists()
}

/// Runs all blocks of a file; with `update`, outputs that differ are written into it.
pub fn run(path: &Path, limits: &Limits, update: bool) -> Result<Came, Failure> {
    let text = fs::read_to_string(path).map_err(|error| refused(path, &error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.display().to_string();
    let mut page = page::read(&text);
    let mut came = Came::default();
    came.wrong.extend(page.mistakes.iter().map(mistaken));
    let mut corrections = include(&mut page, folder, &mut came.wrong);
    for at in 0..page.blocks.len() {
        let (block, script) = (&page.blocks[at], Script::of(page.parts(at), &name));
        let runs = block_runs(block, &script, limits, folder)?;
        came.blocks += usize::from(block.fence.mode != Mode::NoRun);
        let judgement = judge::judge(block, &script, &runs);
        if update && !judgement.broken {
            corrections.extend(judgement.corrections);
        } else {
            came.wrong.extend(judgement.wrong);
        }
    }
    if update && !corrections.is_empty() {
        replace(path, &update::update(&text, &corrections))?;
        came.updated = corrections.len();
    } else if !update {
        came.wrong.extend(corrections.iter().map(stale));
    }
    came.wrong.sort_by_key(|wrong| wrong.place);
    Ok(came)
}

/// The page of this name as a reader sees it, with what came of its scripts; or what is not as it says.
pub fn show(
    text: &str,
    name: &str,
    folder: &Path,
    limits: &Limits,
    labels: &Labels,
) -> Result<Result<String, Vec<Wrong>>, Failure> {
    let mut page = page::read(text);
    let mut wrong: Vec<Wrong> = page.mistakes.iter().map(mistaken).collect();
    let stale_blocks = include(&mut page, folder, &mut wrong);
    wrong.extend(stale_blocks.iter().map(stale));
    let mut all = Vec::new();
    for at in 0..page.blocks.len() {
        let (block, script) = (&page.blocks[at], Script::of(page.parts(at), name));
        let runs = block_runs(block, &script, limits, folder)?;
        wrong.extend(judge::judge(block, &script, &runs).wrong);
        all.push(runs);
    }
    wrong.sort_by_key(|wrong| wrong.place);
    Ok(if wrong.is_empty() { Ok(book::shown(text, &page.blocks, &all, labels)) } else { Err(wrong) })
}

/// All runs that a block needs.
fn block_runs(block: &Block, script: &Script, limits: &Limits, folder: &Path) -> Result<Runs, Failure> {
    let mut runs = Runs::default();
    for purpose in Runs::needed(block) {
        let gave = execute::execute(&Job::new(block, script, purpose, limits), folder)?;
        match purpose {
            Purpose::Text => runs.text = Some(gave),
            Purpose::Findings => runs.findings = Some(gave),
        }
    }
    Ok(runs)
}

fn mistaken(mistake: &Mistake) -> Wrong {
    Wrong::new(mistake.line, mistake.message.clone())
}

/// A block that does not show what is in its file.
fn stale(correction: &Correction) -> Wrong {
    let message = "the block is not what its file says (`--update` copies it)".to_string();
    Wrong::new(correction.place.line, message)
}

/// Takes the scripts of blocks with `file=` from their files. Tells which blocks do not show what is in theirs.
fn include(page: &mut Page, folder: &Path, wrong: &mut Vec<Wrong>) -> Vec<Correction> {
    let mut corrections = Vec::new();
    for block in &mut page.blocks {
        let Some(file) = &block.fence.file else { continue };
        match fs::read_to_string(folder.join(file)) {
            Ok(script) => {
                if compare::lines(&script) != compare::lines(&block.shown) {
                    let (place, lines) = (block.place.clone(), compare::lines(&script));
                    corrections.push(Correction { place, lines });
                    block.lines.clear();
                }
                block.shown = script;
            }
            Err(error) => {
                let message = super::super::unreadable(Path::new(file), &error);
                wrong.push(Wrong::new(block.place.line, message));
            }
        }
    }
    corrections
}

/// Writes a file anew; whoever is interrupted has the old one.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let unwritable = |error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| {
        fs::set_permissions(&beside, fs::metadata(path)?.permissions())?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside); // it may not be there
    }
    written.map_err(unwritable)
}
