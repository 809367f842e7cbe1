//! In which language conc speaks to people.
//!
//! The sentences are written in English where they are made, and scripts and programs see them so in every language. Where
//! one goes out to people, `Language::say` looks it up in the catalogue (`messages/zh.po`) and gives the translation. It
//! takes single pieces (a message, a note, a heading), never whole pages, lines of a script or what a script printed.

mod catalogue;
mod pattern;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Entry};
pub use pattern::{Holes, Pattern, Piece};

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::OnceLock;

/// Around what the catalogue lacks, for whoever translates.
pub const MISSING: [char; 2] = ['⟦', '⟧'];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    English,
    Chinese,
    /// Chinese, with marks around what the catalogue lacks: `CONC_LANG=zh+missing`.
    ChineseMarked,
}

impl Language {
    /// What the environment asks for: CONC_LANG, else the locale of messages. What is neither is English.
    pub fn wanted(environment: impl Fn(&str) -> Option<OsString>) -> Language {
        let set = |name| environment(name).filter(|value| !value.is_empty());
        let locale = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
        let asked = set("CONC_LANG").or_else(locale).unwrap_or_default();
        let asked = asked.to_string_lossy();
        let (tag, marked) = match asked.strip_suffix("+missing") {
            Some(tag) => (tag, true),
            None => (&*asked, false),
        };
        // `zh`, `zh_CN.UTF-8`, `zh-Hans`.
        let is_chinese = tag.split(['_', '-', '.', '@']).next() == Some("zh");
        match (is_chinese, marked) {
            (true, true) => Language::ChineseMarked,
            (true, false) => Language::Chinese,
            (false, _) => Language::English,
        }
    }

    /// What CONC_LANG says for it.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
            Language::ChineseMarked => "zh+missing",
        }
    }

    pub fn is_chinese(self) -> bool {
        match self {
            Language::English => false,
            Language::Chinese | Language::ChineseMarked => true,
        }
    }

    /// One of conc's own sentences or words.
    pub fn say(self, text: &str) -> Cow<'_, str> {
        match self {
            Language::English => Cow::Borrowed(text),
            Language::Chinese => Cow::Owned(chinese().translate(text, false)),
            Language::ChineseMarked => Cow::Owned(chinese().translate(text, true)),
        }
    }

    /// What may be one of conc's own sentences, or something of the script.
    pub fn say_or_keep(self, text: &str) -> Cow<'_, str> {
        match self {
            Language::English => Cow::Borrowed(text),
            Language::Chinese | Language::ChineseMarked => Cow::Owned(chinese().translate(text, false)),
        }
    }
}

/// The catalogue is read when it is used first: who reads English pays nothing for it.
fn chinese() -> &'static Catalogue {
    static CHINESE: OnceLock<Catalogue> = OnceLock::new();
    CHINESE.get_or_init(|| Catalogue::read(include_str!("../../../messages/zh.po")))
}
