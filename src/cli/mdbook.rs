//! `conc mdbook`: a preprocessor of mdBook. It gets `[context, book]` as JSON on standard input, and writes the book as
//! its readers see it to standard output. When a lesson is wrong, it says so and fails, and so does the build.
//!
//! Books of mdBook 0.5 keep their chapters in `items`, older ones in `sections`; all that is not known here goes through
//! as it came.

use super::lesson::LimitFlags;
use super::lesson::{files, told};
use super::{Failure, colour, print, say};
use clap::{Args, Subcommand};
use conc::lesson::book::Labels;
use conc::lesson::job::Limits;
use conc::report::runtime::status;
use serde_json::Value;
use std::io::{IsTerminal, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

pub const MDBOOK_EXAMPLES: &str = "\
In book.toml:
  [preprocessor.conc]
  command = \"conc mdbook\"           with flags, if scripts need them: \"conc mdbook --timeout 30s\"

Then `mdbook build` runs each ```conc block of the book as `conc lesson` does, shows readers what came of it, and fails
when something is not as the book says. Lines that begin with `~` are run and not shown.

Exit status:
  0 the book is on standard output, 1 something is not as it says, 2 there is no book on standard input";

#[derive(Debug, Args)]
pub struct Mdbook {
    #[command(flatten)]
    limits: LimitFlags,

    #[command(subcommand)]
    asked: Option<Asked>,
}

#[derive(Debug, Subcommand)]
enum Asked {
    /// Say by the exit status that this renderer is supported: what comes out is Markdown, so each is
    Supports {
        /// Such as `html`
        renderer: String,
    },
}

/// Does what mdBook asks for; the exit status.
pub fn mdbook(asked: &Mdbook) -> i32 {
    if let Some(Asked::Supports { renderer: _ }) = &asked.asked {
        return status::FINE;
    }
    match preprocess(&asked.limits.limits()) {
        Ok(status) => status,
        Err(failure) => failure.report(),
    }
}

fn preprocess(limits: &Limits) -> Result<i32, Failure> {
    let (context, mut book) = read()?;
    let place = Place::of(&context);
    let shown = Shown { wrong: Mutex::default(), failure: Mutex::default() };
    let mut chapters = Vec::new();
    collect(&mut book, &mut chapters);
    let each = chapters.len().div_ceil(thread::available_parallelism().map_or(1, NonZero::get)).max(1);
    thread::scope(|scope| {
        for some in chapters.chunks_mut(each) {
            scope.spawn(|| some.iter_mut().for_each(|chapter| shown.chapter(chapter, &place, limits)));
        }
    });
    if let Some(failure) = into_inner(shown.failure) {
        return Err(failure);
    }
    let mut wrong = into_inner(shown.wrong);
    if wrong.is_empty() {
        print(&format!("{book}\n"));
        return Ok(status::FINE);
    }
    wrong.sort();
    wrong.iter().for_each(|text| say(text));
    Ok(status::FAILED)
}

/// The context and the book.
fn read() -> Result<(Value, Value), Failure> {
    let hint = "mdbook starts it: write `command = \"conc mdbook\"` under `[preprocessor.conc]` in book.toml";
    let unable = |why: &dyn std::fmt::Display| {
        Failure::new(format!("there is no book of mdBook on standard input: {why}")).hint(hint)
    };
    if std::io::stdin().is_terminal() {
        return Err(unable(&"it is a terminal"));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| unable(&error))?;
    let both: (Value, Value) = serde_json::from_str(&text).map_err(|error| unable(&error))?;
    match both.1.get("items").or(both.1.get("sections")).is_some_and(Value::is_array) {
        true => Ok(both),
        false => Err(unable(&"it has no chapters (`items`)")),
    }
}

/// Where the book's files are, and its language.
struct Place {
    source: PathBuf,
    labels: &'static Labels,
}

impl Place {
    fn of(context: &Value) -> Place {
        let book = &context["config"]["book"];
        let root = Path::new(context["root"].as_str().unwrap_or("."));
        let source = root.join(book["src"].as_str().unwrap_or("src"));
        Place { source, labels: Labels::of(book["language"].as_str().unwrap_or("en")) }
    }
}

/// All chapters with a file, those below others too. Each is taken apart from those below it.
fn collect<'b>(item: &'b mut Value, chapters: &mut Vec<Chapter<'b>>) {
    let Some(fields) = item.as_object_mut() else { return };
    let (mut content, mut path) = (None, None);
    for (name, value) in fields.iter_mut() {
        match (name.as_str(), value) {
            ("Chapter", chapter) => collect(chapter, chapters),
            ("items" | "sections" | "sub_items", Value::Array(items)) => {
                items.iter_mut().for_each(|item| collect(item, chapters));
            }
            ("content", Value::String(text)) => content = Some(text),
            ("source_path", Value::String(text)) => path = Some(PathBuf::from(&*text)),
            _ => {} // mdBook's own
        }
    }
    if let (Some(content), Some(path)) = (content, path) {
        chapters.push(Chapter { content, path });
    }
}

struct Chapter<'b> {
    content: &'b mut String,
    /// From the book's sources.
    path: PathBuf,
}

/// What has come of the chapters so far.
struct Shown {
    wrong: Mutex<Vec<String>>,
    failure: Mutex<Option<Failure>>,
}

impl Shown {
    fn chapter(&self, chapter: &mut Chapter<'_>, place: &Place, limits: &Limits) {
        let path = place.source.join(&chapter.path);
        let folder = path.parent().unwrap_or(&place.source);
        let name = chapter.path.display().to_string();
        match files::show(chapter.content, &name, folder, limits, place.labels) {
            Ok(Ok(shown)) => *chapter.content = shown,
            Ok(Err(all)) => {
                let style = colour::stderr();
                lock(&self.wrong).push(all.iter().map(|wrong| told(&name, wrong, &style)).collect());
            }
            Err(failure) => *lock(&self.failure) = Some(failure),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}
