//! Where a script's text comes from: a file, standard input, or the command line.

use super::arguments::{self, Script};
use super::language::said;
use super::{Failure, say};
use conc::report::render;
use conc::resolve::suggest;
use conc::source::Source;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// More text than anybody writes; a limit for what is no script at all (`conc /dev/zero`).
const MAX_BYTES: u64 = 64 << 20;

const FROM_UTF_16: &str =
    "it is UTF-16, as some programs of Windows write it; `iconv -f UTF-16 -t UTF-8` converts it";
const AS_UTF_8: &str = "save it as UTF-8; `iconv -f GB18030 -t UTF-8` converts older Chinese text";

/// The script that was asked for, and its own arguments.
pub fn load(script: &Script) -> Result<(Source, Vec<String>), Failure> {
    let (source, arguments) = match &script.text {
        Some(words) => (from_text(&words[0])?, &words[1..]),
        None => (from_file(&script.script[0])?, &script.script[1..]),
    };
    let arguments: Vec<String> =
        arguments.iter().enumerate().map(|(i, word)| argument(i + 1, word)).collect::<Result<_, _>>()?;
    if let Some(flag) = arguments.iter().find(|word| is_flag(word)).filter(|_| !source.text.contains("args"))
    {
        let note = format!(
            "{} stands behind the script, so it is the script's own, and the script does not look at its `args`",
            render::clean(flag)
        );
        say(&format!("{} {}\n", said("note:"), said(note)));
        say(&format!("{} {}\n", said("help:"), said("flags of conc stand before the script's name")));
    }
    let source = match &script.name {
        Some(name) => Source::new(name.as_str(), source.text),
        None => source,
    };
    Ok((source, arguments))
}

/// Whether it looks like a flag of a command that takes scripts.
fn is_flag(word: &str) -> bool {
    let Some(flag) = word.strip_prefix("--") else { return false };
    let name = flag.split_once('=').map_or(flag, |(name, _)| name);
    let table = arguments::table();
    let mut takes_scripts = ["run", "check", "sim"].iter().filter_map(|name| table.find_subcommand(name));
    takes_scripts.any(|command| command.get_arguments().any(|flag| flag.get_long() == Some(name)))
}

fn argument(number: usize, word: &OsString) -> Result<String, Failure> {
    let text = word.to_str().map(String::from);
    text.ok_or_else(|| Failure::new(format!("argument {number} of the script is not UTF-8 text: {word:?}")))
}

fn from_text(text: &OsStr) -> Result<Source, Failure> {
    let text = text.to_str().ok_or_else(|| Failure::new("the text after -e is not UTF-8"))?;
    Ok(Source::new("-e", text))
}

pub fn from_file(name: &OsStr) -> Result<Source, Failure> {
    if name == "-" {
        return decode("<stdin>", read(std::io::stdin(), "<stdin>")?);
    }
    from_path(Path::new(name))
}

/// A file, whatever it is called.
pub fn from_path(path: &Path) -> Result<Source, Failure> {
    let shown = path.to_string_lossy();
    let bytes =
        File::open(path).map_err(|error| refused(path, &error)).and_then(|file| read(file, &shown))?;
    decode(&shown, bytes)
}

/// The path, if the script comes from a file.
pub fn path(script: &Script) -> Option<&Path> {
    let named = script.script.first().filter(|name| script.text.is_none() && *name != "-")?;
    Some(Path::new(named))
}

fn read(from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refused(Path::new(name), &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::new(format!("{name} is no script: it has more than {} MiB", MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

/// What to say of a file that cannot be read.
pub fn refused(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => {
            let hint = meant(path).unwrap_or_else(|| {
                "a path is taken from the current directory; `conc --help` shows what can be run".into()
            });
            Failure::new(format!("cannot read {shown}: there is no such file")).hint(hint)
        }
        ErrorKind::IsADirectory => {
            Failure::new(format!("{shown} is a directory, not a file")).hint("name a file in it")
        }
        ErrorKind::PermissionDenied => Failure::new(format!("cannot read {shown}: permission denied"))
            .hint(format!("give yourself the right to read it: chmod u+r {shown}")),
        ErrorKind::InvalidData => Failure::new(format!("{shown} is not UTF-8 text")).hint(AS_UTF_8),
        ErrorKind::NotADirectory => {
            Failure::new(format!("cannot read {shown}: a part of this path is a file, not a directory"))
                .hint("see which parts of it there are, with `ls`")
        }
        _ => Failure::new(format!("cannot read {shown}: {error}")),
    }
}

/// Whether it looks like the value of a flag: a number or a duration, or `json`.
fn is_value(name: &str) -> bool {
    let unit = name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    name == "json" || unit.len() < name.len() && matches!(unit, "" | "us" | "ms" | "s" | "min")
}

/// What was probably meant by the name of a file that there is not: another file, or a command.
fn meant(path: &Path) -> Option<String> {
    let shown = path.to_str()?;
    let longer = format!("{shown}.conc");
    if Path::new(&longer).is_file() {
        return Some(format!("did you mean {longer}?"));
    }
    if ["repl", "session", "shell"].contains(&shown) {
        return Some("`conc` alone is a session".into());
    }
    if is_value(shown) {
        let hint =
            "a value that a flag may have follows it with `=`: `--gil=5ms`, `--jitter=7`, `--stats=json`";
        return Some(hint.into());
    }
    let table = arguments::table();
    if let Some(command) = suggest::closest(shown, table.get_subcommands().map(clap::Command::get_name)) {
        return Some(format!("did you mean the command `conc {command}`?"));
    }
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".conc"))
        .collect();
    let closest = suggest::closest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(format!("did you mean {}?", path.with_file_name(closest).display()))
}

/// The text of a script; a byte order mark at its start is no part of it.
fn decode(name: &str, bytes: Vec<u8>) -> Result<Source, Failure> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text.strip_prefix('\u{feff}').unwrap_or(&text))),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let line = 1 + bytes[..offset].iter().filter(|&&byte| byte == b'\n').count();
            let message = format!(
                "{name} is not UTF-8 text: byte 0x{:02x} at offset {offset} (line {line})",
                bytes[offset]
            );
            let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            Err(Failure::new(message).hint(if wide { FROM_UTF_16 } else { AS_UTF_8 }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_must_be_utf_8() {
        let failure = decode("x.conc", b"a\nb \xff c".to_vec()).unwrap_err();
        assert_eq!(failure.message, "x.conc is not UTF-8 text: byte 0xff at offset 4 (line 2)");
        let cut_short = decode("x.conc", "余".as_bytes()[..2].to_vec()).unwrap_err();
        let wide = decode("x.conc", b"\xff\xfex\0".to_vec()).unwrap_err();
        assert!(wide.hint.is_some_and(|hint| hint.contains("UTF-16")));
        assert_eq!(cut_short.message, "x.conc is not UTF-8 text: byte 0xe4 at offset 0 (line 1)");
        assert_eq!(&*decode("x.conc", "\u{feff}余额".into()).unwrap().text, "余额");
        assert_eq!(&*decode("x.conc", Vec::new()).unwrap().text, "");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_a_hint() {
        let missing = from_file(OsStr::new("no/such/file")).unwrap_err();
        assert_eq!(missing.message, "cannot read no/such/file: there is no such file");
        assert!(missing.hint.is_some());
        let directory = from_file(OsStr::new("src")).unwrap_err();
        assert_eq!(directory, Failure::new("src is a directory, not a file").hint("name a file in it"));
        assert_eq!(
            from_file(OsStr::new("/dev/zero")).unwrap_err(),
            Failure::new("/dev/zero is no script: it has more than 64 MiB")
        );
    }

    #[test]
    fn a_name_without_its_ending_is_recognised() {
        let path = std::env::temp_dir().join(format!("conc-ending-{}.conc", std::process::id()));
        std::fs::write(&path, "").unwrap();
        let hint = from_file(path.with_extension("").as_os_str()).unwrap_err().hint;
        std::fs::remove_file(&path).unwrap();
        assert_eq!(hint, Some(format!("did you mean {}?", path.display())));
    }
}
