//! What was measured, row by row as it comes: what, the figure, the target, whether it is met, and what others need.

pub struct Rows {
    met: usize,
    missed: Vec<String>,
}

/// What a figure has to be.
#[derive(Clone, Copy)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Target::AtMost(most) => figure <= most,
            Target::AtLeast(least) => figure >= least,
        }
    }

    fn shown(self, unit: &str) -> String {
        match self {
            Target::AtMost(most) => format!("<= {}{unit}", number(most)),
            Target::AtLeast(least) => format!(">= {}{unit}", number(least)),
        }
    }
}

impl Rows {
    pub fn begin() -> Rows {
        println!("{:44} {:>15} {:>16}  met  others", "", "measured", "target");
        Rows { met: 0, missed: Vec::new() }
    }

    pub fn part(&mut self, name: &str) {
        println!("\n{name}");
    }

    pub fn add(&mut self, what: &str, (figure, unit): (f64, &str), target: Target, others: &str) {
        let met = target.is_met(figure);
        let shown = format!("{}{unit}", number(figure));
        let answer = if met { "yes" } else { "NO" };
        println!("{what:44} {shown:>15} {:>16}  {answer:3}  {others}", target.shown(unit));
        if met {
            self.met += 1;
        } else {
            self.missed.push(format!("{what}: {shown}"));
        }
    }

    /// What was measured beside it.
    pub fn note(&self, text: &str) {
        println!("  {text}");
    }

    pub fn end(self) {
        println!("\n{} targets are met, {} are not", self.met, self.missed.len());
        self.missed.iter().for_each(|missed| println!("  {missed}"));
    }
}

/// With three digits, or all of a larger one.
fn number(figure: f64) -> String {
    let size = figure.abs();
    if size >= 100.0 || size.fract() == 0.0 {
        let digits = format!("{figure:.0}");
        let groups: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
        return groups.join(",");
    }
    match size {
        1.0.. => format!("{figure:.2}"),
        0.01.. => format!("{figure:.3}"),
        _ => format!("{figure:.4}"),
    }
}
