//! Values of flags that are more than a number or a text.

use std::time::Duration;

/// `30s`, `500ms`, `1.5min`, as scripts write durations; a plain number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
