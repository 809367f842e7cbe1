//! How much of the space was looked at, when it was not all of it: as data. Text is made of it elsewhere
//! (`report::render`).

use super::options::Strategy;
use super::verdict::Property;

/// What the verdicts rest on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Covered {
    /// Every state, unless a limit was hit.
    #[default]
    Everything,
    /// As many states as it took until everything that was asked for had failed: no other state can change that.
    Answered,
    Sample(Sample),
    Preemptions(Bound),
}

/// Runs that were drawn at random.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    pub strategy: Strategy,
    pub seed: u64,
    /// How many runs were made, and how many were asked for.
    pub runs: u64,
    pub asked: u64,
    /// How many of them were cut, after `most_steps` steps.
    pub cut: u64,
    pub most_steps: u64,
    /// The most threads of a run (`main` included), and the most steps of one that was not cut.
    pub threads: u64,
    pub longest: u64,
    /// Of the runs, those that were drawn by priorities (PCT) when the longest of all was known.
    pub by_priorities: u64,
    /// In how many runs each property failed, of those that did.
    pub failing: Vec<(Property, u64)>,
}

/// Runs with few preemptions: switches away from a thread that could go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The most preemptions that were asked for.
    pub asked: u32,
    /// Every run with at most so many was covered; None when a limit was hit before the first bound was done.
    pub finished: Option<u32>,
}

impl Sample {
    /// In how many runs a property failed.
    pub fn runs_failing(&self, property: Property) -> u64 {
        self.failing.iter().find(|(known, _)| *known == property).map_or(0, |(_, runs)| *runs)
    }

    /// A failure of this depth (it takes the right order of so many pairs of steps) shows in one run by priorities with
    /// a chance of at least one in this number: n k^(d-1), for n threads and k steps (Burckhardt et al., ASPLOS 2010).
    /// It holds for runs that are no longer and have no more threads than those that were made.
    pub fn one_in(&self, depth: u32) -> f64 {
        self.threads.max(1) as f64 * (self.longest.max(1) as f64).powi(depth as i32 - 1)
    }

    /// The chance that none of the runs by priorities shows such a failure, at most.
    pub fn missed(&self, depth: u32) -> f64 {
        (1.0 - 1.0 / self.one_in(depth)).powf(self.by_priorities as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_of_a_miss_falls_with_the_runs() {
        let sample = |by_priorities| Sample {
            strategy: Strategy::Pct { depth: 3 },
            seed: 0,
            runs: 1000,
            asked: 1000,
            cut: 0,
            most_steps: 100,
            threads: 2,
            longest: 5,
            by_priorities,
            failing: vec![(Property::Race, 7)],
        };
        assert_eq!(sample(1).one_in(1), 2.0);
        assert_eq!(sample(1).one_in(3), 50.0);
        assert!((sample(1).missed(3) - 0.98).abs() < 1e-9);
        assert!((sample(2).missed(3) - 0.9604).abs() < 1e-9);
        assert_eq!(sample(0).missed(3), 1.0);
        assert_eq!(sample(0).runs_failing(Property::Race), 7);
        assert_eq!(sample(0).runs_failing(Property::Deadlock), 0);
    }
}
