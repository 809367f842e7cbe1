//! `conc explain CODE`: what an error's code means. The texts are `report::explain`'s; here they are laid out.

use super::arguments::Explain;
use super::{Failure, print};
use conc::report::runtime::status;
use conc::report::{Code, Style};

/// Shows the page of the code, or without one the list of all; the exit status.
pub fn explain(asked: Explain) -> i32 {
    let style = Style::for_stdout();
    let Some(word) = asked.code else {
        print(&list());
        return status::FINE;
    };
    match Code::named(&word) {
        Some(code) => {
            print(&page(code.explanation(), &style));
            status::FINE
        }
        None => Failure::new(format!("there is no error code {word}"))
            .hint("codes look like E0301; `conc explain` lists them all")
            .report(),
    }
}

fn list() -> String {
    Code::ALL.iter().map(|code| format!("{code}  {}\n", code.title())).collect()
}

/// A page of Markdown for a terminal: the title bold, code indented, its fences left out.
fn page(markdown: &str, style: &Style) -> String {
    let mut text = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        match line.strip_prefix("# ") {
            Some(title) if !in_code => text += &style.bold(title),
            Some(_) | None if in_code && !line.is_empty() => text += &format!("    {line}"),
            Some(_) | None => text += line,
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_its_code_indented() {
        let shown = page("# E1: t\n\nWhy.\n\n```conc causes\n# a comment\nx\n\ny\n```\n", &Style::plain());
        assert_eq!(shown, "E1: t\n\nWhy.\n\n    # a comment\n    x\n\n    y\n");
    }
}
