//! Every name leads to a page, every page is shown, and what is written wrong is guessed.

use super::members::of_type;
use super::*;

fn pages() -> impl Iterator<Item = &'static Page> {
    GROUPS.iter().flat_map(|(_, pages)| *pages)
}

#[test]
fn every_page_is_headed_by_its_topic_and_leads_to_others() {
    for page in pages() {
        assert!(page.text.starts_with(&format!("# {}: ", page.name)), "{}", page.name);
        let see = page.text.lines().last().and_then(|line| line.strip_prefix("See also: "));
        let see = see.and_then(|line| line.strip_suffix('.')).unwrap_or_else(|| panic!("{}", page.name));
        for other in see.split(", ") {
            assert!(pages::named(other).is_some_and(|found| found.name == other), "{}: {other}", page.name);
        }
        assert!(page.chinese.starts_with(&format!("# {}：", page.name)), "{}", page.name);
        // A screen: lists of members go on below.
        let before_members = page.text.split("## ").next().unwrap_or_default();
        assert!(before_members.lines().count() <= 60, "{} is too long", page.name);
    }
    // A page that is not in the table would never be shown.
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference")).expect("pages");
    let names = files.map(|file| file.expect("readable").file_name()).filter(|name| name != "README.md");
    assert_eq!(names.count(), pages().count());
    let mut names: Vec<_> = pages().flat_map(Page::names).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "a name leads to two pages: {names:?}");
}

/// The words of the grammar: whoever meets one in a script can ask about it.
#[test]
fn every_word_of_the_language_is_a_topic() {
    let grammar = include_str!("../../grammar/conc.pest");
    let quoted = |line: &'static str| line.split('"').skip(1).step_by(2);
    let words = grammar.lines().filter(|line| line.starts_with("kw_")).filter_map(|line| quoted(line).next());
    for word in words.chain(crate::syntax::RESERVED).chain(crate::syntax::DECLARING) {
        assert!(text(word, Language::English).is_some(), "there is no help on {word}");
    }
}

/// Whoever comes from elsewhere, or asks about several, finds the same pages.
#[test]
fn words_of_elsewhere_and_plurals_lead_to_a_topic() {
    for (asked, page) in [
        ("mutex", "# lock"),
        ("RLock", "# rlock"),
        ("locks", "# lock"),
        ("semaphores", "# semaphore"),
        ("channel", "# queue"),
        ("connections", "# socket"),
        ("lost update", "# race"),
        ("exceptions", "# try"),
        ("println", "# print"),
    ] {
        let found = text(asked, Language::English).unwrap_or_else(|| panic!("there is no help on {asked}"));
        assert!(found.starts_with(page), "{asked}: {found}");
    }
    assert!(text("s", Language::English).is_none() && text("quxes", Language::English).is_none());
}

/// So are the builtins, and whatever stands behind a dot.
#[test]
fn every_builtin_is_a_topic() {
    let functions = builtin::functions().iter().map(|row| row.name).filter(|name| !name.starts_with("__"));
    for name in functions {
        assert!(text(name, Language::English).is_some(), "there is no help on {name}");
    }
    for kind in Type::ALL {
        let methods = builtin::methods(kind).iter().map(|row| row.name);
        for name in methods.chain(builtin::properties(kind).iter().map(|property| property.name)) {
            assert!(text(name, Language::English).is_some(), "there is no help on .{name}");
            assert!(
                text(&format!("{}.{name}", kind.word()), Language::English).is_some(),
                "{}.{name}",
                kind.word()
            );
        }
    }
}

#[test]
fn pages_list_what_the_builtins_say() {
    let lock = text("lock", Language::English).expect("a page");
    assert!(lock.contains("\n## Members: lock\n\n- `acquire(timeout?)`: Waits for it"), "{lock}");
    assert!(
        lock.contains("- `locked`: Whether") && lock.trim_end().contains("\n\nSee also: rlock"),
        "{lock}"
    );
    let builtins = text("builtins", Language::English).expect("a page");
    for row in builtin::functions().iter().filter(|row| !row.name.starts_with("__")) {
        assert!(builtins.contains(&format!("- `{}", row.name)), "{}", row.name);
    }
    for page in pages() {
        let kinds = page.text.lines().filter_map(|line| line.strip_prefix("## Members: "));
        for word in kinds {
            assert!(Type::ALL.into_iter().any(|kind| kind.word() == word), "{}: {word}", page.name);
        }
    }
}

#[test]
fn chinese_pages_list_them_too() {
    let lock = text("lock", Language::Chinese).expect("a page");
    assert!(lock.contains("\n## 成员：lock\n\n- `acquire(timeout?)`：等待"), "{lock}");
    let builtins = text("builtins", Language::Chinese).expect("a page");
    for row in builtin::functions().iter().filter(|row| !row.name.starts_with("__")) {
        assert!(builtins.contains(&format!("- `{}", row.name)), "{}", row.name);
    }
    let member = text("lock.acquire", Language::Chinese).expect("a method");
    assert!(member.ends_with("\n另见：lock。\n"), "{member}");
}

#[test]
fn every_type_with_members_has_a_page() {
    for kind in Type::ALL {
        let has_none = of_type(kind, Language::English).is_empty();
        assert!(has_none || pages::of_type(kind).is_some(), "{}", kind.word());
    }
}

#[test]
fn builtins_are_found_by_name() {
    let plain = Style::plain();
    let lock = page("lock.acquire", &plain).expect("a method");
    assert!(lock.starts_with("lock.acquire(timeout?)\n\n") && lock.ends_with("See also: lock.\n"), "{lock}");
    assert!(page("print", &plain).expect("a function").starts_with("print("));
    assert!(page("lock.locked", &plain).expect("a property").starts_with("lock.locked\n"));
    let everywhere = page("acquire", &plain).expect("methods");
    assert!(everywhere.contains("semaphore.acquire") && everywhere.contains("rlock.acquire"), "{everywhere}");
    assert!(page("end.send", &plain).expect("of a pipe's end").starts_with("pipe end.send("));
    // A page of the same name tells the function, too.
    assert!(page("map", &plain).expect("a page").contains("`map("));
    assert!(
        page("semaphor", &plain).is_none()
            && page("__worker", &plain).is_none()
            && page("", &plain).is_none()
    );
    assert_eq!(closest("semaphor").as_deref(), Some("semaphore"));
    assert_eq!(closest("pritn").as_deref(), Some("print"));
    assert_eq!(closest("lock.aquire").as_deref(), Some("lock.acquire"));
    assert_eq!(closest("luck.acquire"), None);
    assert!(topics(&plain).contains("  lock         one thread at a time\n"), "{}", topics(&plain));
}
