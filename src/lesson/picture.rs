//! A picture in a page: an image that is written into the Markdown, so that any renderer shows it, no file has to be kept
//! beside the page, and the styles of the picture and of the page know nothing of each other.

/// The Markdown for an SVG picture; `told` is for readers who do not see it.
pub fn image(svg: &str, told: &str) -> String {
    let told: String = told.chars().filter(|c| !matches!(c, '[' | ']' | '\\' | '\n')).collect();
    format!("![{told}](data:image/svg+xml;base64,{})", base64(svg.as_bytes()))
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let all = three.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..4 {
            let six = all >> (18 - 6 * letter) & 63;
            text.push(if letter > three.len() { '=' } else { char::from(LETTERS[six]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_letters() {
        // The RFC's own examples.
        for (bytes, letters) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), letters);
        }
    }

    #[test]
    fn an_image_is_one_line_of_markdown() {
        assert_eq!(image("<svg/>\n", "a [b]\n"), "![a b](data:image/svg+xml;base64,PHN2Zy8+Cg==)");
    }
}
