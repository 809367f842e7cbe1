//! What each code means, with a script that causes it and the same script mended. The texts are pages of `docs/errors/`,
//! which the tests run; how a page looks on a terminal is no business of this file.

use super::Code;

impl Code {
    /// In the order of their numbers.
    pub const ALL: [Code; 49] = [
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

    /// The code written as `E0301`, `e301` or `301`; None for anything else.
    pub fn named(text: &str) -> Option<Code> {
        let number: u16 = text.trim_start_matches(['E', 'e']).parse().ok()?;
        Code::ALL.into_iter().find(|code| *code as u16 == number)
    }

    /// A page of Markdown: a title, the meaning, and two blocks of code, ```` ```conc causes ```` and ```` ```conc mended ````.
    pub fn explanation(self) -> &'static str {
        match self {
            Code::Syntax => include_str!("../../docs/errors/E0101.md"),
            Code::Unclosed => include_str!("../../docs/errors/E0102.md"),
            Code::BadNumber => include_str!("../../docs/errors/E0103.md"),
            Code::BadText => include_str!("../../docs/errors/E0104.md"),
            Code::TooDeep => include_str!("../../docs/errors/E0106.md"),
            Code::TooLarge => include_str!("../../docs/errors/E0199.md"),
            Code::UndefinedName => include_str!("../../docs/errors/E0201.md"),
            Code::DuplicateName => include_str!("../../docs/errors/E0202.md"),
            Code::UsedBeforeDeclaration => include_str!("../../docs/errors/E0203.md"),
            Code::ShadowedMember => include_str!("../../docs/errors/E0204.md"),
            Code::ReservedMember => include_str!("../../docs/errors/E0205.md"),
            Code::WrongArguments => include_str!("../../docs/errors/E0206.md"),
            Code::CannotAssign => include_str!("../../docs/errors/E0207.md"),
            Code::Misplaced => include_str!("../../docs/errors/E0208.md"),
            Code::WaitInOneStep => include_str!("../../docs/errors/E0209.md"),
            Code::CannotStart => include_str!("../../docs/errors/E0210.md"),
            Code::CallHandedOver => include_str!("../../docs/errors/E0211.md"),
            Code::UnknownMember => include_str!("../../docs/errors/E0212.md"),
            Code::WrongThing => include_str!("../../docs/errors/E0213.md"),
            Code::ShadowedBuiltin => include_str!("../../docs/errors/E0214.md"),
            Code::UnknownKind => include_str!("../../docs/errors/E0215.md"),
            Code::NoEffect => include_str!("../../docs/errors/E0216.md"),
            Code::WrongSignal => include_str!("../../docs/errors/E0219.md"),
            Code::OneAfterAnother => include_str!("../../docs/errors/E0221.md"),
            Code::LooksOnce => include_str!("../../docs/errors/E0222.md"),
            Code::Thrown => include_str!("../../docs/errors/E0300.md"),
            Code::Timeout => include_str!("../../docs/errors/E0301.md"),
            Code::Closed => include_str!("../../docs/errors/E0302.md"),
            Code::Full => include_str!("../../docs/errors/E0303.md"),
            Code::Empty => include_str!("../../docs/errors/E0304.md"),
            Code::Broken => include_str!("../../docs/errors/E0305.md"),
            Code::Abandoned => include_str!("../../docs/errors/E0306.md"),
            Code::Cancelled => include_str!("../../docs/errors/E0307.md"),
            Code::Assertion => include_str!("../../docs/errors/E0308.md"),
            Code::Type => include_str!("../../docs/errors/E0309.md"),
            Code::Value => include_str!("../../docs/errors/E0310.md"),
            Code::Index => include_str!("../../docs/errors/E0311.md"),
            Code::Key => include_str!("../../docs/errors/E0312.md"),
            Code::Zero => include_str!("../../docs/errors/E0313.md"),
            Code::Overflow => include_str!("../../docs/errors/E0314.md"),
            Code::Recursion => include_str!("../../docs/errors/E0315.md"),
            Code::Memory => include_str!("../../docs/errors/E0316.md"),
            Code::NotFound => include_str!("../../docs/errors/E0317.md"),
            Code::NotOwner => include_str!("../../docs/errors/E0318.md"),
            Code::State => include_str!("../../docs/errors/E0319.md"),
            Code::Refused => include_str!("../../docs/errors/E0320.md"),
            Code::Deadlock => include_str!("../../docs/errors/E0321.md"),
            Code::Invariant => include_str!("../../docs/errors/E0322.md"),
            Code::Ensure => include_str!("../../docs/errors/E0323.md"),
        }
    }

    /// The title of its page: what went wrong in a few words.
    pub fn title(self) -> &'static str {
        let first = self.explanation().lines().next().unwrap_or_default();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn every_page_is_headed_by_its_code() {
        for code in Code::ALL {
            assert!(code.explanation().starts_with(&format!("# {code}: ")), "{code}");
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
