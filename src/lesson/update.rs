//! Writes what came of the blocks into a page, and touches nothing else of it.

use super::judge::Correction;

/// The page with these contents of blocks.
pub fn update(page: &str, corrections: &[Correction]) -> String {
    let mut corrections: Vec<&Correction> = corrections.iter().collect();
    corrections.sort_by_key(|correction| correction.place.content.start);
    let mut out = String::with_capacity(page.len());
    let mut at = 0;
    for Correction { place, lines } in corrections {
        out += &page[at..place.content.start];
        // As the line with the fence ends.
        let newline = if page[..place.content.start].ends_with("\r\n") { "\r\n" } else { "\n" };
        for line in lines {
            // An empty line ends with the prefix, less its blanks.
            let prefix = if line.is_empty() { place.prefix.trim_end() } else { &place.prefix };
            out += prefix;
            out += line;
            out += newline;
        }
        at = place.content.end;
    }
    out + &page[at..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::page;

    #[test]
    fn nothing_else_is_touched() {
        let text =
            "# 余额\r\n\n- x\n\n  ```conc\n  print(1)\n  ```\n\n  ```output\n  2\n  3\n  ```\ntail  \n";
        let page = page::read(text);
        let place = page.blocks[0].output.as_ref().expect("an output").place.clone();
        let lines = vec!["1".to_string(), String::new(), "2".to_string()];
        let updated = update(text, &[Correction { place, lines }]);
        assert_eq!(updated, text.replace("  2\n  3\n", "  1\n\n  2\n"));
        assert_eq!(update(text, &[]), text);
    }

    /// A page of another system keeps its ends of lines.
    #[test]
    fn lines_end_as_those_of_the_page() {
        let text = "\u{feff}```conc\r\nprint(1)\r\n```\r\n\r\n```output\r\n2\r\n```\r\n";
        let page = page::read(text);
        assert_eq!(page.blocks[0].script(), "print(1)\n");
        let output = page.blocks[0].output.as_ref().expect("an output");
        assert_eq!(output.lines, ["2"]);
        let lines = vec!["1".to_string(), "3".to_string()];
        let updated = update(text, &[Correction { place: output.place.clone(), lines }]);
        assert_eq!(updated, text.replace("2\r\n", "1\r\n3\r\n"));
    }
}
