//! Whether two trees are the same, but for places in the text.

use crate::syntax::tree::Script;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

pub fn same(one: &Script, other: &Script) -> bool {
    digest(one) == digest(other)
}

/// Of the tree as Rust shows it, which includes whatever a tree will have one day. With the sign, a `Span` is shown
/// without its numbers.
fn digest(script: &Script) -> (u64, usize) {
    let mut digest = Digest::default();
    // A digest takes everything.
    let _ = write!(digest, "{:+?} {}", script.body.statements, script.nodes);
    (digest.hasher.finish(), digest.length)
}

#[derive(Default)]
struct Digest {
    hasher: DefaultHasher,
    length: usize,
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.hasher.write(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::same;
    use crate::source::Source;
    use crate::syntax::parse;

    #[test]
    fn places_do_not_count_and_everything_else_does() {
        let tree = |text: &str| parse(&Source::new("test", text)).0;
        let text = "let x = f(1, y: 2.5)\nprint(\"a {x:3} b\")";
        assert!(same(&tree(text), &tree("let   x=f(1,y:2.5);print(\"a { x :3} b\",)")));
        for other in [
            "let x = f(1, y: 2.5)",
            "let x = f(1, z: 2.5)\nprint(\"a {x:3} b\")",
            "let x = f(1, y: 2.5)\nprint(\"a {x:4} b\")",
            "let x = f(1, y: 2.5)\nprint(\"a {x:3}  b\")",
            "let x = f(1)(y: 2.5)\nprint(\"a {x:3} b\")",
            "var x = f(1, y: 2.5)\nprint(\"a {x:3} b\")",
            "let x = f(-1, y: 2.5)\nprint(\"a {x:3} b\")",
        ] {
            assert!(!same(&tree(text), &tree(other)), "{other}");
        }
    }
}
