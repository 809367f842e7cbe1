//! Files that hold one schedule: where `conc check --save` puts them, and how `conc replay` finds the script again.
//! What stands in them is the affair of `explore::schedule`.

use super::language::said;
use super::{Failure, colour, compile_keeping, say, script};
use conc::code::verify::Verified;
use conc::explore::Options;
use conc::explore::fingerprint::fingerprint;
use conc::explore::schedule::{self, Recorded, Script, Settings};
use conc::explore::verdict::{Property, Story};
use conc::report::render;
use conc::report::runtime::status;
use conc::source::Source;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Whether there is a folder for it: asked before a search, which may take long.
///
/// # Errors
/// When there is none.
pub fn has_place(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    let (shown, folder) = (path.display(), folder.display());
    let message = format!("cannot save the schedule in {shown}: there is no directory {folder}");
    Err(Failure::new(message).hint("make it first, or name a file elsewhere"))
}

/// Saves the schedule of a story. `script` is the path of the script, if it came from a file.
pub fn save(
    path: &Path,
    script: Option<&Path>,
    program: &Verified,
    options: &Options,
    fails: Option<(Property, String)>,
    story: &Story,
) -> Result<(), Failure> {
    let recorded = Recorded {
        script: place(script, path, &program.source),
        meaning: fingerprint(program),
        settings: Settings::of(options),
        fails,
        threads: story.threads.clone(),
        schedule: story.schedule.clone(),
    };
    fs::write(path, schedule::write(&recorded, &story.moments))
        .map_err(|error| Failure::new(format!("cannot save the schedule in {}: {error}", path.display())))?;
    let name = render::clean(&path.display().to_string());
    say(&said(format!(
        "saved: `conc replay {name}` runs it again, `conc run --schedule {name}` on real threads\n"
    )));
    Ok(())
}

/// A schedule that can be read, of this script, and still cannot be followed.
pub fn does_not_fit(why: &str) -> Failure {
    Failure::new(format!("the schedule does not fit the script: {why}"))
        .hint("make a new one with `conc check --save`")
}

/// The schedule and its program; or, after it was said what is wrong, the exit status.
pub fn load(path: &Path) -> Result<(Recorded, Arc<Verified>), i32> {
    let shown = path.display();
    let file = script::from_path(path).map_err(|failure| {
        let hint = (!path.exists()).then(|| format!("`conc check --save {shown} FILE` writes one"));
        Failure { message: format!("the schedule: {}", said(failure.message)), hint }.report()
    })?;
    let recorded = schedule::read(&file.text).map_err(|mistake| {
        say(&render::diagnostics(&[*mistake], &file, &colour::stderr()));
        status::MISUNDERSTOOD
    })?;
    let source = match &recorded.script {
        Script::Here { name, text } => Source::new(name.clone(), text.as_str()),
        Script::File(name) => {
            let place = path.parent().unwrap_or(Path::new("")).join(name);
            script::from_path(&place).map_err(|failure| {
                let hint = format!("{shown} names it by `script {name}`, from its own directory on");
                Failure { message: failure.message, hint: Some(hint) }.report()
            })?
        }
    };
    let program = compile_keeping(source, &recorded.settings.variables)?;
    if fingerprint(&program) == recorded.meaning {
        return Ok((recorded, program));
    }
    let name = &program.source.name;
    Err(Failure::new(format!("{name} has changed since {shown} was saved (or conc has), so its steps are others now"))
        .hint("take the changes back (comments and empty lines do no harm), or make a new schedule with `conc check --save`")
        .report())
}

/// Where the schedule says that the script is.
fn place(script: Option<&Path>, schedule: &Path, source: &Source) -> Script {
    // A pipe, or a path that is no text, cannot be named.
    let named = script.filter(|script| script.is_file()).and_then(|script| beside(script, schedule));
    match named {
        Some(path) => Script::File(path),
        None => Script::Here { name: source.name.to_string(), text: source.text.to_string() },
    }
}

/// The script's path from the directory of the schedule on; the whole path where they have nothing in common.
fn beside(script: &Path, schedule: &Path) -> Option<String> {
    let whole = fs::canonicalize(script).ok()?;
    let directory = match schedule.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let path = match fs::canonicalize(directory) {
        Ok(directory) => relative(&whole, &directory),
        // Saving will say why.
        Err(_) => whole,
    };
    path.to_str().map(String::from)
}

fn relative(whole: &Path, directory: &Path) -> PathBuf {
    let common = whole.components().zip(directory.components()).take_while(|(a, b)| a == b).count();
    if common <= 1 {
        return whole.to_path_buf();
    }
    let up = directory.components().skip(common).map(|_| Component::ParentDir);
    up.chain(whole.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_from_the_schedules_place() {
        for (whole, directory, named) in [
            ("/home/a/bank.conc", "/home/a", "bank.conc"),
            ("/home/a/sub/bank.conc", "/home/a", "sub/bank.conc"),
            ("/home/a/bank.conc", "/home/a/out/x", "../../bank.conc"),
            ("/home/a/bank.conc", "/home/b", "../a/bank.conc"),
            ("/home/a/bank.conc", "/tmp", "/home/a/bank.conc"),
            ("/bank.conc", "/", "/bank.conc"),
        ] {
            assert_eq!(relative(Path::new(whole), Path::new(directory)), Path::new(named));
        }
    }
}
