//! In which language this command speaks. Decided once, from the environment.

use conc::report::Language;
use std::sync::OnceLock;

pub fn chosen() -> Language {
    static CHOICE: OnceLock<Language> = OnceLock::new();
    *CHOICE.get_or_init(|| Language::wanted(|name| std::env::var_os(name)))
}

/// One of conc's own sentences, as this command says it.
pub fn said(text: impl AsRef<str>) -> String {
    chosen().say(text.as_ref()).into_owned()
}
