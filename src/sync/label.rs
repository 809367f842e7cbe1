//! What reports call a thing: the name it was declared with, and as a member of an object that of the object before it.

use crate::state::{Reader, Writer};
use std::sync::{Arc, OnceLock};

/// Nothing at first. Of most things, as futures, it stays so: that takes no more than a pointer.
#[derive(Debug, Clone, Default)]
pub struct Label(OnceLock<Box<Names>>);

#[derive(Debug, Clone)]
struct Names {
    own: Arc<str>,
    /// `account.guard`.
    whole: OnceLock<Arc<str>>,
}

impl Label {
    pub fn get(&self) -> Option<&Arc<str>> {
        self.0.get().map(|names| names.whole.get().unwrap_or(&names.own))
    }

    /// The first name stays.
    pub fn set(&self, name: Arc<str>) {
        self.get_or_init(|| name);
    }

    pub fn get_or_init(&self, name: impl FnOnce() -> Arc<str>) -> &Arc<str> {
        let names = self.0.get_or_init(|| Box::new(Names { own: name(), whole: OnceLock::new() }));
        names.whole.get().unwrap_or(&names.own)
    }

    /// It is a member of what has this name: the first that is told stays. Without a name of its own it gets none.
    pub fn member_of(&self, owner: &dyn Fn() -> Arc<str>) {
        if let Some(names) = self.0.get() {
            names.whole.get_or_init(|| format!("{}.{}", owner(), names.own).into());
        }
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        w.option(self.0.get(), |w, names| {
            w.text(&names.own);
            w.option(names.whole.get(), |w, whole| w.text(whole));
        });
    }

    pub fn load(r: &mut Reader<'_>) -> Label {
        let names = r.option(|r| {
            let own = r.text().into();
            let whole = r.option(|r| Arc::<str>::from(r.text()));
            Box::new(Names { own, whole: whole.map_or_else(OnceLock::new, OnceLock::from) })
        });
        Label(names.map_or_else(OnceLock::new, OnceLock::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_stay() {
        let label = Label::default();
        label.member_of(&|| "nobody".into());
        assert_eq!(label.get(), None);
        label.set("guard".into());
        label.set("other".into());
        assert_eq!(label.get().map(|name| &**name), Some("guard"));
        label.member_of(&|| "a".into());
        label.member_of(&|| "b".into());
        label.set("other".into());
        assert_eq!(label.get().map(|name| &**name), Some("a.guard"));
        assert_eq!(&**label.clone().get_or_init(|| "other".into()), "a.guard");
    }
}
