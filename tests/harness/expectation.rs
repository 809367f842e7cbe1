//! What a golden script says about its own run, read from its comments. Nothing is run or compared here.
//!
//! Directives are comments that stand on lines of their own:
//!
//! ```text
//! # expect: status 3              the exit status, 0 unless told
//! # expect: args a b c            what follows the script on the command line
//! # expect: command check          what stands behind `conc`, `run` unless told
//! # expect: flags --timeout 2s    what stands between that and the script
//! # expect: language zh           what conc speaks, English unless told
//! # expect: stdin one\ntwo\n      what it can read
//! # expect: any-order             lines of standard output may come in any order
//! # expect: repeat 20             run it so many times; every run must pass
//! # stdout has: TEXT              somewhere in the output (may be given several times)
//! # stdout lacks: TEXT            nowhere in the output
//! # stderr has: TEXT              likewise, of standard error
//! # stderr lacks: TEXT
//! # stdout:                       then the whole of it, line by line
//! #   first line
//! #
//! #   third line, after an empty one
//! # stderr:                       likewise
//! ```
//!
//! An example says what `conc check` tells of it, too (see `verdict.rs`):
//!
//! ```text
//! # check: holds                  or which properties fail: deadlock, race
//! # check: race, not known        one fails, and a limit was hit before the others could be told
//! ```
//!
//! In a block a line `...` stands for any number of lines. Without a word about standard error it must be empty.

#[derive(Debug, Default, PartialEq)]
pub struct Expectation {
    pub status: i32,
    pub arguments: Vec<String>,
    pub command: Vec<String>,
    pub flags: Vec<String>,
    /// What `CONC_LANG` says.
    pub language: String,
    pub stdin: String,
    pub any_order: bool,
    /// At least 1.
    pub repeat: usize,
    pub stdout: Stream,
    pub stderr: Stream,
}

/// What is expected of one stream.
#[derive(Debug, Default, PartialEq)]
pub struct Stream {
    /// The whole output, when it is given.
    pub lines: Option<Vec<String>>,
    pub has: Vec<String>,
    pub lacks: Vec<String>,
}

impl Stream {
    pub fn is_empty(&self) -> bool {
        self.lines.is_none() && self.has.is_empty() && self.lacks.is_empty()
    }

    /// Whether it cannot be as expected while there is nothing in it.
    pub fn needs_text(&self) -> bool {
        let any_lines = |line: &String| line.is_empty() || line.trim() == "...";
        !self.has.is_empty() || !self.lines.iter().flatten().all(any_lines)
    }
}

/// Reads the directives of a script; the error names the line that cannot be understood.
pub fn parse(script: &str) -> Result<Expectation, String> {
    let mut found = Expectation { repeat: 1, language: "en".to_string(), ..Expectation::default() };
    let lines: Vec<&str> = script.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        if let Some(rest) = line.strip_prefix("# expect:") {
            directive(&mut found, rest.trim()).map_err(|reason| format!("line {at}: {reason}"))?;
        } else if let Some((stream, rest)) = stream_directive(&mut found, line) {
            let (verb, text) = rest.split_once(':').unwrap_or((rest, ""));
            let text = text.strip_prefix(' ').unwrap_or(text);
            match verb.trim() {
                "" => {
                    let block = block(&lines[at..]);
                    at += block.len();
                    if stream.lines.replace(block).is_some() {
                        return Err(format!("line {at}: a second block for the same stream"));
                    }
                }
                "has" if !text.is_empty() => stream.has.push(text.to_string()),
                "lacks" if !text.is_empty() => stream.lacks.push(text.to_string()),
                _ => return Err(format!("line {at}: expected `:`, `has: TEXT` or `lacks: TEXT`")),
            }
        }
    }
    if found.stdout.is_empty() && found.stderr.is_empty() {
        return Err("it expects nothing of the output, so it could never fail".to_string());
    }
    Ok(found)
}

/// What exploring the script is expected to tell: the words behind `# check:`, sorted. None when it does not say.
///
/// # Errors
/// When it says so twice, or says nothing.
pub fn verdict(script: &str) -> Result<Option<Vec<String>>, String> {
    let mut said = script.lines().filter_map(|line| line.strip_prefix("# check:"));
    let Some(words) = said.next() else { return Ok(None) };
    if said.next().is_some() {
        return Err("a second line `# check:`".to_string());
    }
    let mut words: Vec<String> = words.split(',').map(|word| word.trim().to_string()).collect();
    words.sort();
    if words.iter().any(String::is_empty) {
        return Err("`# check:` needs `holds`, `not known`, or the properties that fail".to_string());
    }
    Ok(Some(words))
}

/// The stream that a line speaks of, and what follows its name.
fn stream_directive<'a, 'b>(found: &'a mut Expectation, line: &'b str) -> Option<(&'a mut Stream, &'b str)> {
    let (stream, rest) = match line.strip_prefix("# stdout") {
        Some(rest) => (&mut found.stdout, rest),
        None => (&mut found.stderr, line.strip_prefix("# stderr")?),
    };
    let ours = rest.starts_with(':') || rest.starts_with(" has:") || rest.starts_with(" lacks:");
    ours.then_some((stream, rest))
}

fn directive(found: &mut Expectation, text: &str) -> Result<(), String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match word {
        "status" => found.status = rest.parse().map_err(|_| format!("`{rest}` is no exit status"))?,
        "args" => found.arguments = words(rest),
        "command" => found.command = words(rest),
        "flags" => found.flags = words(rest),
        "language" => found.language = rest.to_string(),
        "stdin" => found.stdin = unescape(rest),
        "any-order" => found.any_order = true,
        "repeat" => {
            found.repeat = rest.parse().map_err(|_| format!("`{rest}` is no number of runs"))?;
            if found.repeat == 0 {
                return Err("a script must run at least once".to_string());
            }
        }
        _ => return Err(format!("unknown expectation `{word}`")),
    }
    Ok(())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t")
}

/// The lines of a block, up to the first that does not belong to it.
fn block(lines: &[&str]) -> Vec<String> {
    let belongs = |line: &&&str| **line == "#" || line.starts_with("#   ");
    lines.iter().take_while(belongs).map(|line| line.get(4..).unwrap_or("").to_string()).collect()
}

/// The script with its blocks replaced by what a run gave; streams without a block are left alone, except that
/// a script that says nothing of standard output gets a block for it.
pub fn update(script: &str, stdout: Option<&[String]>, stderr: Option<&[String]>) -> String {
    let mut out = String::new();
    let mut lines = script.lines().peekable();
    let mut written = (false, false);
    while let Some(line) = lines.next() {
        let replacement = match line.trim_end() {
            "# stdout:" => {
                written.0 = true;
                stdout
            }
            "# stderr:" => {
                written.1 = true;
                stderr
            }
            _ => None,
        };
        out.push_str(line);
        out.push('\n');
        if let Some(replacement) = replacement {
            while lines.peek().is_some_and(|next| *next == "#" || next.starts_with("#   ")) {
                lines.next();
            }
            push_block(&mut out, replacement);
        }
    }
    if let (false, Some(stdout)) = (written.0, stdout) {
        out.push_str("\n# stdout:\n");
        push_block(&mut out, stdout);
    }
    if let (false, Some(stderr)) = (written.1, stderr) {
        out.push_str("\n# stderr:\n");
        push_block(&mut out, stderr);
    }
    out
}

fn push_block(out: &mut String, lines: &[String]) {
    for line in lines {
        out.push_str(if line.is_empty() { "#" } else { "#   " });
        out.push_str(line);
        out.push('\n');
    }
}
