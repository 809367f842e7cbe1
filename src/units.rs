//! Durations, counts and sizes as people write them, in flags and in the words of a lesson.

use std::num::{IntErrorKind, ParseIntError};
use std::time::Duration;

/// `30s`, `500ms`, `1.5min`, as scripts write durations; a plain number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') {
        return Err("it cannot be less than nothing; write it as 30s, 500ms or 2min".into());
    }
    const UNITS: [(&str, f64); 4] = [("us", 1e-6), ("ms", 1e-3), ("min", 60.0), ("s", 1.0)];
    let (number, seconds) = UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .unwrap_or((text, 1.0));
    let digits_only = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = number.parse::<f64>().ok().filter(|_| digits_only);
    let value = value.ok_or("write it as 30s, 500ms or 2min; a plain number is seconds")?;
    match Duration::try_from_secs_f64(value * seconds) {
        Ok(duration) if duration.is_zero() => Err("it must be more than nothing".into()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("it is too long".into()),
    }
}

/// Where random numbers begin.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => format!("the largest seed is {}", u64::MAX),
        _ => "a seed is a whole number from 0 on, such as 7".to_string(),
    })
}

/// How many of something: threads, cores.
pub fn number<N: TryFrom<u32>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| *number > 0).and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| "a number is wanted that is not zero, such as 8".to_string())
}

/// The same, and it may be none.
pub fn number_or_none(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "a whole number from 0 on is wanted, such as 2".to_string())
}

/// `500000`, `10k`, `2M`: a number that is not zero.
pub fn count(text: &str) -> Result<u64, String> {
    scaled(text, &[("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)])
        .ok_or("write it as 500000, 10k or 2M".into())
}

/// `512M`, `4G`: bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.strip_suffix("iB").or(text.strip_suffix('B')).unwrap_or(text);
    scaled(text, &[("k", 1 << 10), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)])
        .ok_or("write it as 512M or 4G; a plain number is bytes".into())
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let found = units.iter().find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)));
    let (number, scale) = found.unwrap_or((text, 1));
    let digits = number.replace('_', "");
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|&n| whole && n > 0)?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_sizes_have_units() {
        assert_eq!((count("1"), count("10k"), count("2M")), (Ok(1), Ok(10_000), Ok(2_000_000)));
        assert_eq!(count("1_000"), Ok(1000));
        assert_eq!((size("512M"), size("4GiB"), size("100")), (Ok(512 << 20), Ok(4 << 30), Ok(100)));
        for wrong in ["", "0", "-1", "k", "1.5M", "1x", "99999999999999999999", "99999999999G", "+1"] {
            assert!(count(wrong).is_err() && size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_written_as_in_scripts() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("100us"), Ok(Duration::from_micros(100)));
        assert_eq!(duration("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in
            ["", "s", "soon", "-1s", "1e3", "inf", "nan", "0", "0ms", "1 s", "1h", "1.2.3", "9e99", "."]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert!(duration(&"9".repeat(40)).is_err());
    }
}
