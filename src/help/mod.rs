//! What conc says about itself: the pages of `docs/reference`, and the one line that each builtin has. `conc help`, the
//! REPL and the reference are the same text.

mod members;
mod pages;

use crate::builtin::{self, Row};
use crate::report::{Language, Style, render};
use crate::resolve::suggest;
use crate::value::Type;
pub use pages::{GROUPS, Page};

/// The help on a topic, for a terminal: a page, or what a builtin does (`print`, `lock.acquire`). None when nothing is
/// known by that name.
pub fn page(topic: &str, style: &Style) -> Option<String> {
    text(topic, style.language()).map(|markdown| render::page(&markdown, style))
}

fn text(topic: &str, language: Language) -> Option<String> {
    let function = builtin::function(topic).filter(|row| !row.name.starts_with("__"));
    let line = function.map(|row| format!("\n- {}\n", members::row(row, language)));
    match pages::named(topic) {
        Some(page) => Some(members::filled(page.text(language), language) + &line.unwrap_or_default()),
        None => function
            .map(|row| about(None, &members::signature(row), row.doc, language))
            .or_else(|| member(topic, language))
            // The plural of one, or what other languages call it.
            .or_else(|| text(topic.strip_suffix('s').filter(|one| !one.is_empty())?, language))
            .or_else(|| text(suggest::native(topic).filter(|own| *own != topic)?, language)),
    }
}

/// The whole list of topics, by groups.
pub fn topics(style: &Style) -> String {
    let widest = GROUPS.iter().flat_map(|(_, pages)| *pages).map(|page| page.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (group, pages) in GROUPS {
        text += &format!("{}\n", style.bold(&style.say(group)));
        text.extend(
            pages.iter().map(|page| format!("  {:widest$}  {}\n", page.name, page.gloss(style.language()))),
        );
        text.push('\n');
    }
    text
}

/// The same as names alone, for who has asked for something else and should know that they are there.
pub fn topics_in_short(style: &Style) -> String {
    const WIDTH: usize = 76;
    let mut text = String::new();
    for (group, pages) in GROUPS {
        text += &format!("{}\n", style.bold(&style.say(group)));
        let mut line = String::new();
        for page in *pages {
            if line.len() + 1 + page.name.len() > WIDTH {
                text += &format!(" {line}\n");
                line.clear();
            }
            line += &format!(" {}", page.name);
        }
        text += &format!(" {line}\n");
    }
    text
}

/// The same as names, each with what it is about; and the builtin functions that are no pages.
pub fn topics_glossed(language: Language) -> impl Iterator<Item = (&'static str, String)> {
    let pages = GROUPS.iter().flat_map(|(_, pages)| *pages);
    let pages = pages.map(move |page| (page.name, page.gloss(language).to_string()));
    let others = functions().filter(|row| pages::named(row.name).is_none());
    pages.chain(others.map(move |row| (row.name, language.say(row.doc).into_owned())))
}

/// Members of types, `lock.acquire`, that begin so. Before the dot there are too many.
pub fn members_begun(topic: &str, language: Language) -> Vec<(String, String)> {
    let Some((owner, begun)) = topic.rsplit_once('.') else { return Vec::new() };
    let Some(kind) = Type::ALL.into_iter().find(|kind| kind.word() == owner) else { return Vec::new() };
    let methods = builtin::methods(kind).iter().map(|row| (row.name, row.doc));
    let properties = builtin::properties(kind).iter().map(|property| (property.name, property.doc));
    let found = methods.chain(properties).filter(|(name, _)| name.starts_with(begun));
    found.map(|(name, doc)| (format!("{owner}.{name}"), language.say(doc).into_owned())).collect()
}

/// Those that scripts can call by name.
fn functions() -> impl Iterator<Item = &'static Row> {
    builtin::functions().iter().filter(|row| !row.name.starts_with("__"))
}

/// The topic that was probably meant.
pub fn closest(topic: &str) -> Option<String> {
    if let Some((owner, name)) = topic.rsplit_once('.') {
        let kind = Type::ALL.into_iter().find(|kind| kind.word() == owner)?;
        let methods = builtin::methods(kind).iter().map(|row| row.name);
        let names = methods.chain(builtin::properties(kind).iter().map(|property| property.name));
        return suggest::closest(name, names).map(|name| format!("{owner}.{name}"));
    }
    let names = GROUPS.iter().flat_map(|(_, pages)| *pages).flat_map(Page::names);
    suggest::closest(topic, names.chain(functions().map(|row| row.name))).map(str::to_string)
}

/// `lock.acquire`, or `acquire` alone: of every type that has it.
fn member(topic: &str, language: Language) -> Option<String> {
    let (kind, name) = topic.rsplit_once('.').map_or((None, topic), |(kind, name)| (Some(kind), name));
    let is_meant = |word: &str| kind.is_none_or(|kind| word == kind || word.ends_with(&format!(" {kind}")));
    let types = Type::ALL.into_iter().filter(|kind| is_meant(kind.word()));
    let found: Vec<String> = types.filter_map(|kind| member_of(kind, name, language)).collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

fn member_of(kind: Type, name: &str, language: Language) -> Option<String> {
    let method = builtin::methods(kind).iter().find(|row| row.name == name);
    let property = builtin::properties(kind).iter().find(|property| property.name == name);
    match (method, property) {
        (Some(Row { doc, .. }), _) => {
            let signature = method.map(members::signature).unwrap_or_default();
            Some(about(Some(kind), &signature, doc, language))
        }
        (None, Some(property)) => Some(about(Some(kind), name, property.doc, language)),
        (None, None) => None,
    }
}

fn about(kind: Option<Type>, signature: &str, doc: &str, language: Language) -> String {
    let of = kind.map_or(String::new(), |kind| format!("{}.", kind.word()));
    let page = kind.and_then(pages::of_type);
    let see = page
        .map_or(String::new(), |page| language.say(&format!("\nSee also: {}.\n", page.name)).into_owned());
    format!("# {of}{signature}\n\n{}\n{see}", language.say(doc))
}

#[cfg(test)]
mod tests;
