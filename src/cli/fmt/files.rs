//! Which scripts a name on the command line stands for.

use super::Failure;
use conc::report::render;
use std::path::{Path, PathBuf};

/// A file is itself, whatever its name; a directory is all `.conc` files in it and below, without those in hidden
/// directories.
pub fn scripts(named: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !named.is_dir() {
        return Ok(vec![named.to_path_buf()]);
    }
    let mut found = Vec::new();
    below(named, &mut found)?;
    found.sort();
    Ok(found)
}

fn below(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| {
        let name = directory.display().to_string();
        Failure::new(format!("cannot look into {}: {error}", render::clean(&name)))
    };
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // A link to a directory is not followed: it may lead in a ring.
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        if kind.is_dir() && !hidden {
            below(&path, found)?;
        } else if !hidden && path.extension().is_some_and(|ending| ending == "conc") && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}
