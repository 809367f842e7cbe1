//! The file by which processes agree who of them receives at an end of a pipe: whoever has it locked. In it stands what one
//! of them read from the pipe and did not receive.
//!
//! Who has the lock may be killed between any two instructions. So what stands there is changed by one write of a few
//! bytes, which the system does as a whole: where it begins and where it ends.

use rustix::fs::MemfdFlags;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Where what is left begins and ends, and whether several processes have the end, each 8 bytes; then what is left.
const HEAD: u64 = 24;
const BEGINS: u64 = 0;
const SHARED: u64 = 16;

pub fn make() -> io::Result<File> {
    let file = File::from(rustix::fs::memfd_create("conc pipe", MemfdFlags::CLOEXEC)?);
    file.set_len(HEAD)?;
    clear(&file)?;
    Ok(file)
}

/// What was left, and where it begins.
pub fn left(file: &File) -> io::Result<(u64, Vec<u8>)> {
    let (begins, ends) = place(file)?;
    let mut left = vec![0; ends.saturating_sub(begins) as usize];
    file.read_exact_at(&mut left, begins)?;
    Ok((begins, left))
}

/// What was left before this is received.
pub fn begins(file: &File, begins: u64) -> io::Result<()> {
    file.write_all_at(&begins.to_le_bytes(), BEGINS)
}

/// All of it is received.
pub fn clear(file: &File) -> io::Result<()> {
    set_place(file, HEAD, HEAD)?;
    file.set_len(HEAD)
}

/// This is left, and nothing else.
pub fn put(file: &File, left: &[u8]) -> io::Result<()> {
    let (begins, ends) = place(file)?;
    let length = left.len() as u64;
    // Not over what was left before: until it is all there, that is what is left.
    let at = if begins == ends || HEAD + length <= begins { HEAD } else { ends };
    file.write_all_at(left, at)?;
    set_place(file, at, at + length)
}

pub fn is_shared(file: &File) -> io::Result<bool> {
    Ok(word(file, SHARED)? != 0)
}

/// From now on several processes have the end.
pub fn share(file: &File) -> io::Result<()> {
    file.write_all_at(&1_u64.to_le_bytes(), SHARED)
}

fn place(file: &File) -> io::Result<(u64, u64)> {
    let mut place = [0; 16];
    file.read_exact_at(&mut place, BEGINS)?;
    let [begins, ends] = [0, 8].map(|at| u64::from_le_bytes(std::array::from_fn(|byte| place[at + byte])));
    Ok((begins, ends))
}

fn set_place(file: &File, begins: u64, ends: u64) -> io::Result<()> {
    file.write_all_at([begins.to_le_bytes(), ends.to_le_bytes()].as_flattened(), BEGINS)
}

fn word(file: &File, at: u64) -> io::Result<u64> {
    let mut word = [0; 8];
    file.read_exact_at(&mut word, at)?;
    Ok(u64::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_was_put_last_and_not_received() {
        let file = make().expect("the system gives memory");
        assert_eq!(left(&file).unwrap(), (HEAD, Vec::new()));
        put(&file, b"first").unwrap();
        begins(&file, HEAD + 2).unwrap();
        assert_eq!(left(&file).unwrap(), (HEAD + 2, b"rst".to_vec()));
        put(&file, b"rst and more").unwrap();
        assert_eq!(left(&file).unwrap(), (HEAD + 5, b"rst and more".to_vec()), "behind what was left");
        put(&file, b"more").unwrap();
        assert_eq!(left(&file).unwrap(), (HEAD, b"more".to_vec()), "there is room before it");
        clear(&file).unwrap();
        assert_eq!(left(&file).unwrap().1, b"");
        assert!(!is_shared(&file).unwrap());
        share(&file).unwrap();
        assert!(is_shared(&file).unwrap());
    }
}
