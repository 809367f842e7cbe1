//! What each code means, with a script that causes it and the same script mended. The texts are pages of `docs/errors/`,
//! which the tests run; how a page looks on a terminal is no business of this file.

use super::Code;
use super::language::Language;

/// The page in English and in Chinese.
macro_rules! page {
    ($code:literal) => {
        [
            include_str!(concat!("../../docs/errors/", $code, ".md")),
            include_str!(concat!("../../docs/zh/errors/", $code, ".md")),
        ]
    };
}

impl Code {
    /// In the order of their numbers.
    pub const ALL: [Code; 50] = [
        Code::Syntax,
        Code::Unclosed,
        Code::BadNumber,
        Code::BadText,
        Code::TooDeep,
        Code::TooLarge,
        Code::UndefinedName,
        Code::DuplicateName,
        Code::UsedBeforeDeclaration,
        Code::ShadowedMember,
        Code::ReservedMember,
        Code::WrongArguments,
        Code::CannotAssign,
        Code::Misplaced,
        Code::WaitInOneStep,
        Code::CannotStart,
        Code::CallHandedOver,
        Code::UnknownMember,
        Code::WrongThing,
        Code::ShadowedBuiltin,
        Code::UnknownKind,
        Code::NoEffect,
        Code::WrongSignal,
        Code::OneAfterAnother,
        Code::LooksOnce,
        Code::NeverEqual,
        Code::Thrown,
        Code::Timeout,
        Code::Closed,
        Code::Full,
        Code::Empty,
        Code::Broken,
        Code::Abandoned,
        Code::Cancelled,
        Code::Assertion,
        Code::Type,
        Code::Value,
        Code::Index,
        Code::Key,
        Code::Zero,
        Code::Overflow,
        Code::Recursion,
        Code::Memory,
        Code::NotFound,
        Code::NotOwner,
        Code::State,
        Code::Refused,
        Code::Deadlock,
        Code::Invariant,
        Code::Ensure,
    ];

    /// The code written as `E0301`, `e301` or `301`, or as reports have it, `error[E0301]`; None for anything else.
    pub fn named(text: &str) -> Option<Code> {
        let bare = text.trim_end_matches(':').strip_suffix(']').and_then(|text| text.split_once('['));
        let text = bare.map_or(text, |(_, code)| code);
        let number: u16 = text.trim_start_matches(['E', 'e']).parse().ok()?;
        Code::ALL.into_iter().find(|code| *code as u16 == number)
    }

    /// A page of Markdown: a title, the meaning, and two blocks of code, ```` ```conc causes ```` and ```` ```conc mended ````.
    pub fn explanation(self, language: Language) -> &'static str {
        let [english, chinese] = self.pages();
        if language.is_chinese() { chinese } else { english }
    }

    fn pages(self) -> [&'static str; 2] {
        match self {
            Code::Syntax => page!("E0101"),
            Code::Unclosed => page!("E0102"),
            Code::BadNumber => page!("E0103"),
            Code::BadText => page!("E0104"),
            Code::TooDeep => page!("E0106"),
            Code::TooLarge => page!("E0199"),
            Code::UndefinedName => page!("E0201"),
            Code::DuplicateName => page!("E0202"),
            Code::UsedBeforeDeclaration => page!("E0203"),
            Code::ShadowedMember => page!("E0204"),
            Code::ReservedMember => page!("E0205"),
            Code::WrongArguments => page!("E0206"),
            Code::CannotAssign => page!("E0207"),
            Code::Misplaced => page!("E0208"),
            Code::WaitInOneStep => page!("E0209"),
            Code::CannotStart => page!("E0210"),
            Code::CallHandedOver => page!("E0211"),
            Code::UnknownMember => page!("E0212"),
            Code::WrongThing => page!("E0213"),
            Code::ShadowedBuiltin => page!("E0214"),
            Code::UnknownKind => page!("E0215"),
            Code::NoEffect => page!("E0216"),
            Code::WrongSignal => page!("E0219"),
            Code::OneAfterAnother => page!("E0221"),
            Code::LooksOnce => page!("E0222"),
            Code::NeverEqual => page!("E0223"),
            Code::Thrown => page!("E0300"),
            Code::Timeout => page!("E0301"),
            Code::Closed => page!("E0302"),
            Code::Full => page!("E0303"),
            Code::Empty => page!("E0304"),
            Code::Broken => page!("E0305"),
            Code::Abandoned => page!("E0306"),
            Code::Cancelled => page!("E0307"),
            Code::Assertion => page!("E0308"),
            Code::Type => page!("E0309"),
            Code::Value => page!("E0310"),
            Code::Index => page!("E0311"),
            Code::Key => page!("E0312"),
            Code::Zero => page!("E0313"),
            Code::Overflow => page!("E0314"),
            Code::Recursion => page!("E0315"),
            Code::Memory => page!("E0316"),
            Code::NotFound => page!("E0317"),
            Code::NotOwner => page!("E0318"),
            Code::State => page!("E0319"),
            Code::Refused => page!("E0320"),
            Code::Deadlock => page!("E0321"),
            Code::Invariant => page!("E0322"),
            Code::Ensure => page!("E0323"),
        }
    }

    /// The title of its page: what went wrong in a few words.
    pub fn title(self, language: Language) -> &'static str {
        let first = self.explanation(language).lines().next().unwrap_or_default();
        let after = if language.is_chinese() { "：" } else { ": " };
        first.split_once(after).map_or(first, |(_, title)| title)
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Language};

    #[test]
    fn every_page_is_headed_by_its_code() {
        for code in Code::ALL {
            assert!(code.explanation(Language::English).starts_with(&format!("# {code}: ")), "{code}");
            assert!(code.explanation(Language::Chinese).starts_with(&format!("# {code}：")), "{code}");
            assert_eq!(Code::named(&code.to_string()), Some(code));
        }
        // A page without a code would never be shown: the code is missing in `ALL`.
        let pages = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors")).expect("pages");
        assert_eq!(pages.count(), Code::ALL.len());
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        assert_eq!(Code::named("e301"), Some(Code::Timeout));
        assert_eq!(Code::named("301"), Some(Code::Timeout));
        for no_code in ["", "E", "E9999", "timeout", "E0301x", "-1"] {
            assert_eq!(Code::named(no_code), None, "{no_code}");
        }
    }
}
