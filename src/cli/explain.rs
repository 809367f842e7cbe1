//! `conc explain CODE`: what an error's code means. The texts are `report::explain`'s.

use super::arguments::Explain;
use super::{Failure, colour, columns, print};
use conc::help;
use conc::report::runtime::status;
use conc::report::{Code, Language, render};

/// Shows the page of the code, or without one the list of all; the exit status.
pub fn explain(asked: Explain) -> i32 {
    let style = colour::stdout();
    let Some(word) = asked.code else {
        print(&list(style.language()));
        return status::FINE;
    };
    match Code::named(&word) {
        Some(code) => {
            print(&columns::fitted(&render::page(code.explanation(style.language()), &style)));
            status::FINE
        }
        None => {
            let hint = match help::page(&word, &style) {
                Some(_) => format!("codes look like E0301; {word} is a topic of `conc help {word}`"),
                None => "codes look like E0301; `conc explain` lists them all".to_string(),
            };
            Failure::new(format!("there is no error code {word}")).hint(hint).report()
        }
    }
}

fn list(language: Language) -> String {
    Code::ALL.iter().map(|code| format!("{code}  {}\n", code.title(language))).collect()
}
