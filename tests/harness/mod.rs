//! Golden scripts: `.conc` files that say in comments what their run must give.

pub mod expectation;
pub mod matching;
pub mod run;
pub mod verdict;
