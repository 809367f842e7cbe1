//! Which of several names is near a misspelt one, for "did you mean".

/// More candidates than this are not looked at: an error should be quick.
const LOOKED_AT: usize = 1000;

/// The nearest of the candidates, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = name.chars().count();
    // (Of one letter any other would be as near.)
    let allowed = if letters < 2 { 0 } else { (letters / 3).clamp(1, 3) };
    candidates
        .take(LOOKED_AT)
        .filter(|candidate| candidate.len() <= 64 && name.len() <= 64)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters have to be changed, added or left out (Levenshtein), case aside.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let names = ["owner", "balance", "limit"];
        assert_eq!(nearest("balence", names.into_iter()), Some("balance"));
        assert_eq!(nearest("Owner", names.into_iter()), Some("owner"));
        assert_eq!(nearest("colour", names.into_iter()), None);
        assert_eq!(nearest("b", ["a", "c"].into_iter()), None);
        assert_eq!(nearest("b", ["a", "B"].into_iter()), Some("B"));
    }
}
