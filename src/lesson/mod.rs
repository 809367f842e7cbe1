//! Lessons: Markdown with scripts in it that are run, and held against what the text says comes of them.
//!
//! `markdown` finds the fenced blocks, `fence` reads the words behind their opening, `page` makes blocks of them that
//! belong together, `job` says what to run for each, `judge` holds what came of it against the page, `on_page` tells it
//! of the page's own lines, `update` writes it into the page, `book` makes what readers of a book see, with the images of `picture`. Nothing here runs anything or reads a file: that is the command's.

pub mod book;
pub mod compare;
pub mod fence;
pub mod job;
pub mod judge;
mod markdown;
pub mod on_page;
pub mod page;
pub mod picture;
pub mod update;
