//! A number that says whether two scripts mean the same: of instructions and constants, without places, so that
//! comments and empty lines make no difference. The same on every machine, for one version of conc.

use crate::code::{Function, Program};
use crate::value::show;
use std::fmt::{self, Write};

/// FNV-1a: what the standard library offers may change from version to version.
struct Hash(u64);

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

pub fn fingerprint(program: &Program) -> u64 {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    // Writing to a hash cannot fail.
    let _ = add(program, &mut hash);
    hash.0
}

fn add(program: &Program, hash: &mut Hash) -> fmt::Result {
    for function in &program.functions {
        add_function(function, hash)?;
    }
    for constant in &program.constants {
        writeln!(hash, "{} {}", constant.kind().word(), show::repr(constant, program))?;
    }
    for site in &program.sites {
        writeln!(hash, "{} {:?}", site.function, site.captures)?;
    }
    for row in &program.rows {
        writeln!(hash, "{}", row.name)?;
    }
    for (row, function) in &program.scripted {
        writeln!(hash, "{} {function}", row.name)?;
    }
    writeln!(hash, "{:?} {:?} {:?}", program.classes, program.symbols, program.shapes)?;
    writeln!(hash, "{:?} {:?} {}", program.globals, program.fixed, program.locals)
}

fn add_function(function: &Function, hash: &mut Hash) -> fmt::Result {
    writeln!(hash, "{:?} {:?} {:?}", function.name, function.kind, function.parameters)?;
    writeln!(hash, "{} {} {}", function.required, function.member, function.captures)?;
    writeln!(hash, "{} {:?} {:?}", function.registers, function.code, function.handlers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline;
    use crate::source::Source;
    use std::sync::Arc;

    fn of(text: &str) -> u64 {
        let (program, _) = pipeline::compile(Arc::new(Source::new("t", text))).expect("the script is right");
        fingerprint(&program)
    }

    const SCRIPT: &str = "var n = 1\nlock guard\nthread t() {\n  with guard { n += 2 }\n  assert n > 0\n}\n\
                          start t()\nprint(\"{n}\", sorted([3, 1], key: fn(x) => -x))\n";

    #[test]
    fn comments_and_empty_lines_make_no_difference() {
        let longer = SCRIPT.replace("  with", "# what follows is careful\n\n    with");
        assert_ne!(SCRIPT, longer);
        assert_eq!(of(SCRIPT), of(&longer));
    }

    #[test]
    fn whatever_changes_the_meaning_makes_a_difference() {
        for (from, to) in [
            ("+= 2", "+= 3"),
            ("n = 1", "n = 1.0"),
            ("n > 0", "n >= 0"),
            ("lock", "rlock"),
            ("guard", "gate"),
            ("3, 1", "3, 2"),
            ("{n}", "{n}!"),
        ] {
            let changed = SCRIPT.replace(from, to);
            assert_ne!(of(SCRIPT), of(&changed), "{from} -> {to}");
        }
    }
}
