//! What a step chooses (`choose`, an arm of `select`, a random number), and which choices are tried after those.

/// The choices of a step: those that are given, then the first each time, unless they are drawn.
#[derive(Debug, Default)]
pub struct Choices {
    given: Vec<u32>,
    made: Vec<(u32, u32)>,
    /// In how many ways they might have been made; None before the first.
    ways: Option<u64>,
    /// Who draws those that are not given.
    dice: Option<fastrand::Rng>,
}

/// When a step can go on in more ways, it is cut where it stands: what it has chosen may mean nothing any more.
const MANY_WAYS: u64 = 64;
/// The same for a thread that is the only one: nobody moves in between, so it costs hardly anything.
const MANY_WAYS_ALONE: u64 = 8;

impl Choices {
    pub fn new(given: Vec<u32>, dice: Option<fastrand::Rng>) -> Choices {
        Choices { given, dice, ..Choices::default() }
    }

    /// Each that was made, and of how many.
    pub fn made(&self) -> &[(u32, u32)] {
        &self.made
    }

    pub fn into_made(self) -> Vec<(u32, u32)> {
        self.made
    }

    pub fn next(&mut self, count: u32) -> u32 {
        let choice = match (&mut self.dice, self.given.get(self.made.len())) {
            (Some(dice), None) => dice.u32(..count.max(1)),
            (_, given) => given.copied().unwrap_or(0).min(count.saturating_sub(1)),
        };
        self.made.push((choice, count));
        self.ways = Some(self.ways.unwrap_or(1).saturating_mul(u64::from(count)));
        choice
    }

    pub fn are_many(&self, alone: bool) -> bool {
        let most = if alone { MANY_WAYS_ALONE } else { MANY_WAYS };
        self.ways.is_some_and(|ways| ways > most)
    }
}

/// The choices to try after these, in the order of counting; None after the last.
pub fn next_choices(made: &[(u32, u32)]) -> Option<Vec<u32>> {
    let last = made.iter().rposition(|(choice, count)| choice + 1 < *count)?;
    let mut next: Vec<u32> = made[..=last].iter().map(|(choice, _)| *choice).collect();
    next[last] += 1;
    Some(next)
}
