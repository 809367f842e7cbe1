//! A state in canonical form: the same for all states that differ in names only.
//!
//! It has two halves. What everybody can come to (and what `main` can) stands in *cells*, numbered in the order in which
//! it is reached: the roots, `main`, what the roots lead to, what `main` leads to, and last what several other threads
//! share without either. Each other thread is a *part*: the thread, everything that it alone leads to, and which cells
//! refer to it. Cells and parts are stored once (`pieces.rs`), so a state is a row of their numbers; parts stand in the
//! order of their numbers, which is what makes equal threads interchangeable.
//!
//! The hash of a state is the sum of a random word of 128 bits for each cell at its place and each part (Zobrist 1970,
//! with sums so that a part may stand there several times): a step that changes a few of them changes it by what is
//! known in advance.

/// The cell where `main` stood, when it has ended.
pub const VACANT: u32 = 0;
/// Marks a reference to what the thread alone leads to, by its place in the part.
pub const OWN: u32 = 1 << 29;
/// A thing to wait for, or a group, refers to a thread that lives and has no number: its part tells that.
pub const LIVE: u32 = u32::MAX;
/// The same, where an earlier reference of this cell leads to the same thread: `SAME` with the place of that reference.
/// Steps tell whether two references lead to one thread, so equal cells have to.
pub const SAME: u32 = 1 << 30;
/// A group of threads refers to one that has ended, of which nothing is left but this label.
pub const ENDED: u32 = 1 << 31;
/// Marks a reference out of a group, in which all are alike.
pub const GROUP: u32 = 1 << 31;
/// Marks the same where there are several groups that do not all have the same members: who has ended of these gets a
/// number, so that such a thread does not end as others do.
pub const APART: u32 = 1 << 30;

/// The canonical form of a state.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Graph {
    /// How many threads live; `main` comes first if it does.
    pub seats: usize,
    /// The number of what has been printed, when that belongs to the state.
    pub output: u32,
    /// `main` lives.
    pub main: bool,
    /// So many cells come before those that only `main` leads to.
    pub near: u32,
    /// So many before those that other threads share among them.
    pub far: u32,
    pub cells: Vec<u32>,
    /// In order.
    pub parts: Vec<u32>,
    pub sum: u128,
}

/// A state, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    words: Box<[u32]>,
}

impl State {
    /// How many threads live in it.
    pub fn seats(&self) -> usize {
        (self.words[0] / 2) as usize
    }

    /// How many words of 32 bits it takes.
    pub fn len(&self) -> usize {
        self.words.len()
    }
}

/// The words of a stored state before its cells.
const HEADER: usize = 9;

impl Graph {
    /// Threads share something that neither the roots nor `main` lead to: the order of its nodes depends on theirs.
    pub fn is_tangled(&self) -> bool {
        self.cells.len() > self.far as usize
    }

    /// How many threads have parts: all but `main`.
    #[inline]
    pub fn first_part(&self) -> usize {
        usize::from(self.main)
    }

    /// The part of a thread; None for `main`.
    #[inline]
    pub fn part(&self, seat: usize) -> Option<u32> {
        let at = seat.checked_sub(self.first_part())?;
        Some(self.parts[at])
    }

    /// A number for the state that (with overwhelming likelihood) no other has.
    #[inline]
    pub fn hash(&self) -> u128 {
        hash_of(self.sum, self.output)
    }

    /// The sum over all cells and parts.
    pub fn total(&self) -> u128 {
        let cells = self.cells.iter().enumerate();
        let cells = cells.fold(0u128, |sum, (at, cell)| sum.wrapping_add(of_cell(at as u32, *cell)));
        self.parts.iter().fold(cells, |sum, part| sum.wrapping_add(of_part(*part)))
    }

    /// Appends its stored form.
    fn write(&self, words: &mut Vec<u32>) {
        words.extend([
            self.seats as u32 * 2 + u32::from(self.main),
            self.output,
            self.near,
            self.far,
            self.cells.len() as u32,
            (self.sum >> 96) as u32,
            (self.sum >> 64) as u32,
            (self.sum >> 32) as u32,
            self.sum as u32,
        ]);
        words.extend_from_slice(&self.cells);
        words.extend_from_slice(&self.parts);
    }

    pub fn store(&self) -> State {
        let mut words = Vec::with_capacity(HEADER + self.cells.len() + self.parts.len());
        self.write(&mut words);
        State { words: words.into() }
    }

    pub fn load(&mut self, state: &State) {
        let (header, words) = state.words.split_at(HEADER);
        let (cells, parts) = words.split_at(header[4] as usize);
        (self.seats, self.main) = ((header[0] / 2) as usize, header[0] % 2 == 1);
        (self.output, self.near, self.far) = (header[1], header[2], header[3]);
        self.sum = header[5..].iter().fold(0, |sum, word| sum << 32 | u128::from(*word));
        self.cells.clear();
        self.cells.extend_from_slice(cells);
        self.parts.clear();
        self.parts.extend_from_slice(parts);
    }

    pub fn copy_from(&mut self, other: &Graph) {
        (self.seats, self.output, self.main) = (other.seats, other.output, other.main);
        (self.near, self.far, self.sum) = (other.near, other.far, other.sum);
        self.cells.clone_from(&other.cells);
        self.parts.clone_from(&other.parts);
    }
}

/// The hash of a state with this sum, where so much has been printed.
#[inline]
pub fn hash_of(sum: u128, output: u32) -> u128 {
    match output {
        0 => sum,
        output => sum.wrapping_add(word(u64::from(output) | 1 << 63)),
    }
}

#[inline]
pub fn of_cell(at: u32, cell: u32) -> u128 {
    word(u64::from(at) << 32 | u64::from(cell))
}

#[inline]
pub fn of_part(part: u32) -> u128 {
    word(1 << 62 | u64::from(part))
}

/// A random word for a number (twice the finalizer of SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
#[inline]
fn word(number: u64) -> u128 {
    let mix = |seed: u64| {
        let z = number.wrapping_add(seed);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let first = mix(0x9e37_79b9_7f4a_7c15);
    u128::from(first) << 64 | u128::from(mix(first.rotate_left(23) ^ 0x3c6e_f372_fe94_f82b))
}
