//! A picture as a page of its own, for a browser: it needs nothing from elsewhere. A wide picture scrolls, and what is told of
//! something is shown when the pointer is on it.

use super::svg::{Picture, escape};
use crate::report::Language;
use std::fmt::Write;

/// The page.
pub fn page(picture: &Picture, title: &str, language: Language) -> String {
    let mut left_out = String::new();
    for what in &picture.left_out {
        // A string takes whatever is written.
        let _ = writeln!(left_out, "<p>{}</p>", escape(&language.say(what)));
    }
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>\n\
         body {{ margin: 0; background: #fff; color: #111; font-family: sans-serif; }}\n\
         div {{ overflow-x: auto; }}\nsvg {{ display: block; }}\np {{ margin: 8px 16px; }}\n\
         rect:hover {{ stroke: #111; stroke-width: 2; }}\n</style>\n</head>\n<body>\n<div tabindex=\"0\">\n{}</div>\n\
         {left_out}</body>\n</html>\n",
        escape(title),
        picture.text
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Log, spans, svg};
    use super::*;

    #[test]
    fn it_is_whole_and_needs_nothing_from_elsewhere() {
        let log = Log::default();
        let mut picture = svg::draw(&log, &spans::spans(&log), "a <b>", Language::English);
        picture.left_out.push("3 < 4".to_string());
        let page = page(&picture, "a <b>", Language::English);
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
        assert!(page.contains("<title>a &lt;b&gt;</title>") && page.contains("<p>3 &lt; 4</p>"));
        assert_eq!(page.matches("<svg ").count(), 1);
        let elsewhere = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for word in ["http", "src=", "href", "<script", "@import"] {
            assert!(!elsewhere.contains(word), "{word}");
        }
    }
}
