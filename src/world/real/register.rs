//! Where all processes of a run write down the files of their sockets: the first removes, at the run's end, those of processes
//! that were killed. (Of a run that is killed as a whole they stay, until somebody listens there again.)
//!
//! It is a file without a name that all have open, made before there is a second process. The system appends a record as
//! a whole, whoever else appends one, and whoever is killed meanwhile.

use super::local_sockets::SocketFile;
use rustix::fs::{MemfdFlags, OFlags};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// What stands behind each record; no path has it.
const END: u8 = 0;

#[derive(Debug)]
pub(super) struct Register(File);

impl Register {
    pub fn new() -> io::Result<Register> {
        let file = rustix::fs::memfd_create("conc sockets", MemfdFlags::CLOEXEC)?;
        rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
        Ok(Register(File::from(file)))
    }

    pub fn add(&self, file: &SocketFile) -> io::Result<()> {
        let mut record = file.to_bytes();
        record.push(END);
        (&self.0).write_all(&record)
    }

    /// Removes the files that are there still. To be called when the other processes have ended.
    pub fn remove_all(&self) -> io::Result<()> {
        let mut records = vec![0; self.0.metadata()?.len() as usize];
        self.0.read_exact_at(&mut records, 0)?;
        let files = records.split(|byte| *byte == END).filter_map(SocketFile::from_bytes);
        files.for_each(|file| file.remove());
        self.0.set_len(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn what_was_written_down_is_removed_unless_it_is_another_by_now() {
        let directory = std::env::temp_dir().join(format!("conc-register-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("made");
        let paths = ["one", "two", "three"].map(|name| directory.join(name));
        let register = Register::new().expect("there is memory");
        for path in &paths {
            drop(UnixListener::bind(path).expect("nobody listens there"));
            register.add(&SocketFile::new(path)).expect("there is room");
        }
        std::fs::remove_file(&paths[1]).expect("it is there");
        std::fs::remove_file(&paths[2]).expect("it is there");
        std::fs::write(&paths[2], "no socket").expect("written");
        register.remove_all().expect("it can be read");
        assert_eq!(paths.each_ref().map(|path| path.exists()), [false, false, true]);
        register.remove_all().expect("nothing is in it");
        std::fs::remove_dir_all(&directory).expect("it is ours");
    }
}
