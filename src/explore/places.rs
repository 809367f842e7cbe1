//! Where the edges of a round stand among each other: by the states from which they lead, in their order, whoever has
//! found them. New states get their numbers in the order of the first edges that lead to them. Once these are known,
//! each number is found by counting, so that several workers can do it.

/// Where the edges of a slice stand: from which edge on, and the place of that one; those after it follow.
#[derive(Debug, Default)]
pub struct Places {
    runs: Vec<(u32, u32)>,
}

impl Places {
    pub fn clear(&mut self) {
        self.runs.clear();
    }

    /// From this edge on they stand there. Both only grow.
    pub fn go_on(&mut self, edge: u32, place: u32) {
        self.runs.push((edge, place));
    }

    #[inline]
    pub fn of(&self, edge: u32) -> u32 {
        let run = self.runs.partition_point(|(first, _)| *first <= edge) - 1;
        let (first, place) = self.runs[run];
        place + (edge - first)
    }
}

/// Numbers for some of the places, in their order: a bit for each place, and how many are set in the words before.
#[derive(Debug, Default)]
pub struct Order {
    /// The first number.
    base: u32,
    words: Vec<u64>,
    before: Vec<u32>,
}

impl Order {
    /// Numbers these places, of so many, from `base` on.
    pub fn renew<'p>(&mut self, base: u32, places: u32, numbered: impl Iterator<Item = &'p u32>) {
        self.base = base;
        self.words.clear();
        // One more: where the places end can be asked for, too.
        self.words.resize(places as usize / 64 + 1, 0);
        for place in numbered {
            self.words[*place as usize / 64] |= 1 << (place % 64);
        }
        self.before.clear();
        let mut count = base;
        for word in &self.words {
            self.before.push(count);
            count += word.count_ones();
        }
    }

    /// The number of this place: as many as there are before it, more than the first.
    #[inline]
    pub fn of(&self, place: u32) -> u32 {
        let at = place as usize / 64;
        self.before[at] + (self.words[at] & ((1 << (place % 64)) - 1)).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_stand_where_their_runs_do() {
        let mut places = Places::default();
        // Two states without edges of the slice follow each other at its third edge.
        [(0, 10), (3, 20), (3, 27)].iter().for_each(|(edge, place)| places.go_on(*edge, *place));
        assert_eq!([0, 2, 3, 5].map(|edge| places.of(edge)), [10, 12, 27, 29]);
    }

    #[test]
    fn numbers_are_in_the_order_of_places() {
        let mut order = Order::default();
        for count in [0, 1, 63, 64, 65, 1000] {
            let all: Vec<u32> = (0..count).filter(|place| place % 7 == 2 || place % 64 == 63).collect();
            order.renew(100, count, all.iter().rev());
            for (number, place) in (100..).zip(&all) {
                assert_eq!(order.of(*place), number);
            }
            assert_eq!(order.of(count), 100 + all.len() as u32);
        }
    }
}
