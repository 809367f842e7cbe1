//! Which files a run may read and write: by default none, and the refusal names the flag.

use super::options::Options;
use crate::value::error::{Error, Kind};
use std::path::{Path, PathBuf};

/// What `--allow-read` or `--allow-write` allow.
#[derive(Debug, Clone, Default)]
pub enum Allowed {
    #[default]
    Nothing,
    Everything,
    /// These files, and whatever is in these directories.
    Paths(Vec<PathBuf>),
}

pub(super) fn allow(options: &Options, path: &str, write: bool) -> Result<(), Error> {
    let (allowed, verb, flag) = match write {
        true => (&options.write, "write", "--allow-write"),
        false => (&options.read, "read", "--allow-read"),
    };
    let fine = match allowed {
        Allowed::Nothing => false,
        Allowed::Everything => true,
        Allowed::Paths(paths) => real_path(Path::new(path)).is_some_and(|path| {
            paths.iter().filter_map(|allowed| real_path(allowed)).any(|allowed| path.starts_with(allowed))
        }),
    };
    if fine {
        return Ok(());
    }
    let typed = as_typed(path);
    Err(Error::new(Kind::Refused, format!("this run may not {verb} \"{path}\""))
        .hint(format!("allow it with {flag}={typed} (or {flag} for every file)")))
}

/// A text as whoever types a command in a shell has to write it.
pub(super) fn as_typed(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=~".contains(c);
    if text.chars().all(plain) { text.to_string() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Where a path leads, without links and `..`; of a file that does not exist yet, its directory decides.
fn real_path(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return None,
    };
    // A link that leads to nothing would be followed when the file is made.
    if path.is_symlink() {
        return None;
    }
    Some(real_path(parent)?.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(read: Allowed) -> Options {
        Options { read, ..Options::default() }
    }

    #[test]
    fn nothing_unless_allowed() {
        let error = allow(&options(Allowed::Nothing), "Cargo.toml", false).unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
        assert!(error.hints[0].contains("--allow-read=Cargo.toml"), "{:?}", error.hints);
        let error = allow(&options(Allowed::Everything), "out", true).unwrap_err();
        assert!(error.hints[0].contains("--allow-write"), "{:?}", error.hints);
        assert!(allow(&options(Allowed::Everything), "Cargo.toml", false).is_ok());
    }

    #[test]
    fn directories_allow_what_is_in_them() {
        let src = options(Allowed::Paths(vec!["src".into()]));
        assert!(allow(&src, "src/lib.rs", false).is_ok());
        assert!(allow(&src, "src/not_there_yet", false).is_ok());
        assert!(allow(&src, "src/none/yet", false).is_ok());
        assert!(allow(&src, "src/../src/lib.rs", false).is_ok());
        assert!(allow(&src, "src/../Cargo.toml", false).is_err());
        assert!(allow(&src, "srcs", false).is_err());
        assert!(allow(&src, "/etc/passwd", false).is_err());
        assert!(allow(&src, "src/none/../../Cargo.toml", false).is_err());
    }
}
