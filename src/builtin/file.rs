//! Files. A run refuses them unless it was started with `--allow-read` or `--allow-write`.

use super::{Body, Context, Outcome, Property, Row, arg};
use crate::value::error::{Error, Kind};
use crate::value::file::{self, File, Mode};
use crate::value::{Value, show, text};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

pub const FUNCTIONS: &[Row] = &[
    Row { name: "read", parameters: &["path"], body: Body::Native(read), doc: "The whole text of a file." },
    Row {
        name: "write",
        parameters: &["path", "text"],
        body: Body::Native(write),
        doc: "Makes the text the whole content of a file, which is made if it is missing.",
    },
    Row {
        name: "append",
        parameters: &["path", "text"],
        body: Body::Native(append),
        doc: "Adds the text at the end of a file, which is made if it is missing.",
    },
    Row {
        name: "exists",
        parameters: &["path"],
        body: Body::Native(exists),
        doc: "Whether there is such a file or directory.",
    },
    Row {
        name: "remove",
        parameters: &["path"],
        body: Body::Native(remove),
        doc: "Deletes a file, or a directory that is empty.",
    },
    Row {
        name: "list_dir",
        parameters: &["path?"],
        body: Body::Native(list_dir),
        doc: "The names of the files in a directory, in order.",
    },
    Row {
        name: "open",
        parameters: &["path", "mode?"],
        body: Body::Native(open),
        doc: "An open file: mode \"r\" reads, \"w\" writes anew, \"a\" writes at the end.",
    },
];

pub const METHODS: &[Row] = &[
    Row {
        name: "read",
        parameters: &[],
        body: Body::Native(read_rest),
        doc: "All that has not been read yet.",
    },
    Row {
        name: "read_line",
        parameters: &[],
        body: Body::Native(read_line),
        doc: "The next line, without its newline; nil at the end.",
    },
    Row { name: "write", parameters: &["text"], body: Body::Native(write_part), doc: "Writes a text." },
    Row {
        name: "close",
        parameters: &[],
        body: Body::Native(close),
        doc: "Closes the file; closing twice is fine.",
    },
];

pub const PROPERTIES: &[Property] = &[
    Property::new("path", path_property, "The path it was opened with."),
    Property::new("closed", closed_property, "Whether it has been closed."),
];

fn read(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let path = arg::text(&args[0], "read(path)", "path")?;
    ctx.world.allow_file(path, false)?;
    ctx.world.looks_outside();
    let bytes = fs::read(path).map_err(|error| file::failed("read", path, &error))?;
    Ok(text::from_string(file::utf8(bytes, path)?).into())
}

fn write(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let path = arg::text(&args[0], "write(path, text)", "path")?;
    let text = arg::text(&args[1], "write(path, text)", "text")?;
    ctx.world.allow_file(path, true)?;
    fs::write(path, text).map_err(|error| file::failed("write", path, &error))?;
    Ok(Value::Nil.into())
}

fn append(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let path = arg::text(&args[0], "append(path, text)", "path")?;
    let text = arg::text(&args[1], "append(path, text)", "text")?;
    ctx.world.allow_file(path, true)?;
    let opened = fs::OpenOptions::new().append(true).create(true).open(path);
    // One write: what several threads append does not mix.
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| file::failed("write", path, &error))?;
    Ok(Value::Nil.into())
}

fn exists(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let path = arg::text(&args[0], "exists(path)", "path")?;
    ctx.world.allow_file(path, false)?;
    ctx.world.looks_outside();
    Ok(Value::Bool(Path::new(path).exists()).into())
}

fn remove(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let path = arg::text(&args[0], "remove(path)", "path")?;
    ctx.world.allow_file(path, true)?;
    let is_directory = fs::symlink_metadata(path).is_ok_and(|about| about.is_dir());
    let removed = if is_directory { fs::remove_dir(path) } else { fs::remove_file(path) };
    removed.map_err(|error| file::failed("remove", path, &error))?;
    Ok(Value::Nil.into())
}

fn list_dir(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let path = arg::some(&args[0]).map_or(Ok("."), |path| arg::text(path, "list_dir(path)", "path"))?;
    ctx.world.allow_file(path, false)?;
    ctx.world.looks_outside();
    let failed = |error| file::failed("list", path, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(Value::list(names.into_iter().map(text::from_string).collect()).into())
}

fn open(ctx: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    let function = "open(path, mode)";
    let path = arg::text(&args[0], function, "path")?;
    let word = arg::some(&args[1]).map_or(Ok("r"), |mode| arg::text(mode, function, "mode"))?;
    let mode = match word {
        "r" => Mode::Read,
        "w" => Mode::Write,
        "a" => Mode::Append,
        other => {
            let message = format!("{} is not a mode of open", show::brief_text(other));
            return Err(Error::new(Kind::Value, message)
                .hint("\"r\" reads, \"w\" writes anew, \"a\" writes at the end"));
        }
    };
    ctx.world.allow_file(path, mode != Mode::Read)?;
    Ok(Value::File(Arc::new(File::open(path, mode)?)).into())
}

fn this(value: &Value) -> Result<&File, Error> {
    match value {
        Value::File(file) => Ok(file),
        other => Err(arg::receiver(other, "file")),
    }
}

fn read_rest(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(text::from_string(this(&args[0])?.read()?).into())
}

fn read_line(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    Ok(this(&args[0])?.read_line()?.map_or(Value::Nil, text::from_string).into())
}

fn write_part(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    this(&args[0])?.write(arg::text(&args[1], "file.write(text)", "text")?)?;
    Ok(Value::Nil.into())
}

fn close(_: &mut Context, args: &[Value]) -> Result<Outcome, Error> {
    this(&args[0])?.close()?;
    Ok(Value::Nil.into())
}

fn path_property(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::text(&this(value)?.path).into())
}

fn closed_property(_: &mut Context, value: &Value) -> Result<Outcome, Error> {
    Ok(Value::Bool(this(value)?.is_closed()).into())
}
