//! Where what was typed is kept between sessions.

use super::terminal::Line;
use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The file, in a directory that is made with the first entry.
pub struct File {
    path: PathBuf,
    failed: Cell<bool>,
}

/// `CONC_HISTORY` says where, and empty that nothing is kept; else it is where the system keeps such things.
pub fn file() -> Option<File> {
    let path =
        place(std::env::var_os("CONC_HISTORY"), std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME"));
    path.map(|path| File { path, failed: Cell::new(false) })
}

fn place(own: Option<OsString>, state: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    if let Some(own) = own {
        return (!own.is_empty()).then(|| own.into());
    }
    // The standard asks for absolute paths only.
    let state = state.map(PathBuf::from).filter(|path| path.is_absolute());
    let home = home.map(PathBuf::from).filter(|path| path.is_absolute());
    Some(state.or(home.map(|home| home.join(".local/state")))?.join("conc/history"))
}

impl File {
    /// Adds what was typed since the last time.
    pub fn add(&self, line: &mut Line) -> rustyline::Result<()> {
        if let Some(directory) = self.path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            fs::create_dir_all(directory)?;
        }
        line.append_history(&self.path)
    }

    pub fn is_first_failure(&self) -> bool {
        !self.failed.replace(true)
    }
}

impl AsRef<Path> for File {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_where_one_expects_it() {
        let place = |own: Option<&str>, state: Option<&str>, home: Option<&str>| {
            place(own.map(Into::into), state.map(Into::into), home.map(Into::into))
        };
        assert_eq!(place(None, None, Some("/home/a")), Some("/home/a/.local/state/conc/history".into()));
        assert_eq!(place(None, Some("/state"), Some("/home/a")), Some("/state/conc/history".into()));
        assert_eq!(
            place(None, Some("relative"), Some("/home/a")),
            Some("/home/a/.local/state/conc/history".into())
        );
        assert_eq!(place(Some("mine"), Some("/state"), None), Some("mine".into()));
        assert_eq!(place(Some(""), Some("/state"), Some("/home/a")), None);
        assert_eq!(place(None, None, None), None);
    }
}
