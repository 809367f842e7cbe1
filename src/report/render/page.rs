//! A page of Markdown for a terminal.

use super::super::Style;

/// Titles bold, code indented, its fences left out; what a script prints is said to be that.
pub fn page(markdown: &str, style: &Style) -> String {
    let mut text = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            if fence == "prints" {
                text += &style.say("It prints:\n\n");
            }
            in_code = !in_code;
            continue;
        }
        let title = line.strip_prefix("# ").or(line.strip_prefix("## "));
        match title {
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
        let markdown = "# E1: t\n\nWhy.\n\n```conc causes\n# a comment\nx\n\ny\n```\n\n```prints\n1\n```\n";
        let shown = page(markdown, &Style::plain());
        assert_eq!(shown, "E1: t\n\nWhy.\n\n    # a comment\n    x\n\n    y\n\nIt prints:\n\n    1\n");
        assert_eq!(page("## Members\n", &Style::coloured()), "\x1b[1mMembers\x1b[0m\n");
    }
}
