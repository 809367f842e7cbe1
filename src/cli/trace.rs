//! `--trace FILE`: where the event log of a run goes, and in which form. The file is made before the run begins, so that one
//! that cannot be written is told before anything happens.

use super::language::{chosen, said};
use super::{Failure, say};
use conc::event::{Log, json, page, spans, svg};
use conc::report::render;
use conc::report::runtime::status;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

pub struct Target {
    path: PathBuf,
    form: Form,
    file: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Svg,
    Html,
}

impl Target {
    /// Makes the file that was asked for, if one was.
    pub fn open(path: Option<&Path>) -> Result<Option<Target>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let shown = path.display();
        let form = match path.extension().and_then(OsStr::to_str) {
            Some("json") => Form::Json,
            Some("svg") => Form::Svg,
            Some("html") => Form::Html,
            Some(_) | None => {
                return Err(Failure::new(format!("--trace: {shown} does not tell what to write"))
                    .hint("end the name in .svg (a picture), .html (the same as a page) or .json (for ui.perfetto.dev)"));
            }
        };
        let file = File::create(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let directory = path.parent().unwrap_or(path).display();
                Failure::new(format!("--trace: {shown} cannot be written: there is no directory {directory}"))
                    .hint("make it first, or name a file elsewhere")
            }
            _ => Failure::new(format!("--trace: {shown} cannot be written: {error}")),
        })?;
        Ok(Some(Target { path: path.to_owned(), form, file }))
    }

    /// There is nothing to write: takes the file away again.
    pub fn discard(self) {
        // One that cannot be removed is empty.
        let _ = std::fs::remove_file(self.path);
    }

    /// Writes a log, and says what it does not have; the run's exit status, or 1 when it cannot be written.
    pub fn write(self, log: &Log, title: &str, status: i32) -> i32 {
        let shown = render::clean(&self.path.display().to_string());
        let spans = spans::spans(log);
        let mut to = BufWriter::new(self.file);
        let mut told = log.shortened();
        let mut draw = || {
            let picture = svg::draw(log, &spans, title, chosen());
            told.extend_from_slice(&picture.left_out);
            picture
        };
        let written = match self.form {
            Form::Json => json::write(log, &spans, &mut to),
            Form::Svg => to.write_all(draw().text.as_bytes()),
            Form::Html => to.write_all(page::page(&draw(), title, chosen()).as_bytes()),
        };
        for what in told {
            say(&format!("{} {shown}: {}\n", said("note:"), said(what)));
        }
        if let Err(error) = written.and_then(|()| to.flush()) {
            say(&format!(
                "{} {}\n",
                said("error:"),
                said(format!("--trace: {shown} cannot be written: {error}"))
            ));
            return if status == status::FINE { status::FAILED } else { status };
        }
        status
    }
}
