//! A file's new content in one step: whatever happens, the file has the old text or the new one, whole.

use super::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces the text that was read from the file. Its permissions and owner stay, and a link stays a link.
pub fn replace(path: &Path, old: &str, new: &str) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::new(format!("cannot write {}: {error}", path.display())).hint("it is left as it is")
    };
    let target = fs::canonicalize(path).map_err(failed)?;
    // Whoever may not write the file must not replace it, even where the directory would allow that.
    let writable = OpenOptions::new().write(true).open(&target).map_err(failed)?;
    let metadata = writable.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Failure::new(format!("{} is no file that can be replaced", path.display()))
            .hint("`conc fmt -` reads standard input and writes standard output"));
    }
    let (mut file, temporary) = beside(&target).map_err(failed)?;
    let written = write(&mut file, &metadata, new).and_then(|()| {
        let now = fs::read(&target)?;
        let now = now.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&now);
        if now != old.as_bytes() {
            return Err(io::Error::other("somebody has changed it meanwhile"));
        }
        fs::rename(&temporary, &target)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// A new file in the same directory, so that it can take the other's place.
fn beside(target: &Path) -> io::Result<(File, PathBuf)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut number = std::process::id();
    loop {
        let path = target.with_file_name(format!(".{name}.{number}.tmp"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
            Err(error) => return Err(error),
        }
    }
}

fn write(file: &mut File, like: &fs::Metadata, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            fchown(&*file, Some(like.uid()), Some(like.gid()))?;
        }
    }
    file.set_permissions(like.permissions())?;
    file.sync_all()
}
