//! Words as bytes (LEB128): most are small and take one. Eight small ones in a row are written and read at once.

/// Eight words, each in one byte.
const EIGHT: usize = 8;
/// The bits of eight bytes that tell that a word goes on.
const MORE: u64 = 0x8080_8080_8080_8080;

#[inline]
pub fn write(bytes: &mut Vec<u8>, mut word: u32) {
    while word >= 0x80 {
        bytes.push(word as u8 | 0x80);
        word >>= 7;
    }
    bytes.push(word as u8);
}

#[inline]
pub fn write_all(bytes: &mut Vec<u8>, words: &[u32]) {
    let mut some = words.chunks_exact(EIGHT);
    for eight in &mut some {
        if eight.iter().fold(0, |all, word| all | word) < 0x80 {
            bytes.extend(eight.iter().map(|word| *word as u8));
        } else {
            eight.iter().for_each(|word| write(bytes, *word));
        }
    }
    some.remainder().iter().for_each(|word| write(bytes, *word));
}

/// Reads the word that begins there, and goes on to where the next one begins.
#[inline]
pub fn read(bytes: &[u8], at: &mut usize) -> u32 {
    let (mut word, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        word |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return word;
        }
        shift += 7;
    }
}

/// The same for so many words, in place of what is in `out`.
#[inline]
pub fn read_all(bytes: &[u8], at: &mut usize, count: usize, out: &mut Vec<u32>) {
    out.clear();
    out.reserve(count);
    while out.len() < count {
        let eight = bytes.get(*at..*at + EIGHT).and_then(|eight| <[u8; EIGHT]>::try_from(eight).ok());
        match eight {
            Some(eight) if out.len() + EIGHT <= count && u64::from_le_bytes(eight) & MORE == 0 => {
                out.extend(eight.iter().map(|byte| u32::from(*byte)));
                *at += EIGHT;
            }
            Some(_) | None => out.push(read(bytes, at)),
        }
    }
}

/// Takes so many bytes as they are.
#[inline]
pub fn take<const COUNT: usize>(bytes: &[u8], at: &mut usize) -> [u8; COUNT] {
    let taken = std::array::from_fn(|byte| bytes[*at + byte]);
    *at += COUNT;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_whatever_stands_beside_it() {
        let large = [0x80, 0x3fff, 0x4000, u32::MAX];
        for count in 0..40u32 {
            for step in 1..12 {
                // Every so many words one takes more than a byte.
                let word = |at: u32| if at % step == step - 1 { large[at as usize % 4] } else { at };
                let words: Vec<u32> = (0..count).map(word).collect();
                let (mut bytes, mut found, mut at) = (Vec::new(), vec![7], 0);
                write_all(&mut bytes, &words);
                write(&mut bytes, 300);
                bytes.extend_from_slice(&9u64.to_le_bytes());
                read_all(&bytes, &mut at, words.len(), &mut found);
                assert_eq!(found, words);
                assert_eq!((read(&bytes, &mut at), take(&bytes, &mut at)), (300, 9u64.to_le_bytes()));
                assert_eq!(at, bytes.len());
            }
        }
    }

    #[test]
    fn small_words_take_one_byte() {
        let mut bytes = Vec::new();
        write_all(&mut bytes, &(0..0x80).collect::<Vec<u32>>());
        assert_eq!(bytes.len(), 0x80);
    }
}
