//! Time: nanoseconds since the run began, and what the clock on the wall shows.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(super) struct Clock {
    start: Instant,
}

/// No deadline is further away, so that adding never overflows.
const FAR: i64 = 100 * 365 * 24 * 3600 * 1_000_000_000;

impl Clock {
    pub fn start() -> Clock {
        Clock { start: Instant::now() }
    }

    pub fn now(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    /// When `now` will be `time`.
    pub fn instant(&self, time: i64) -> Instant {
        let since_start = u64::try_from(time.min(FAR)).unwrap_or(0);
        self.start + Duration::from_nanos(since_start)
    }
}

/// `14:03:59.250`.
pub(super) fn wall_clock() -> String {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since_epoch.as_secs() as i64;
    let of_day = (seconds + offset(seconds)).rem_euclid(24 * 3600);
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:03}", of_day % 60, since_epoch.subsec_millis())
}

/// How many seconds local time is ahead of UTC; 0 where the system does not say.
fn offset(seconds: i64) -> i64 {
    let file = match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => format!("/usr/share/zoneinfo/{}", zone.trim_start_matches(':')),
        _ => "/etc/localtime".into(),
    };
    std::fs::read(file).ok().and_then(|zone| offset_in(&zone, seconds)).unwrap_or(0)
}

/// Looks into a zone file (RFC 8536): the second block, with 64-bit times. Beyond its last transition the last
/// offset is taken.
fn offset_in(zone: &[u8], seconds: i64) -> Option<i64> {
    let counts = |at: usize| -> Option<[usize; 6]> {
        zone.get(at..at + 4).filter(|magic| magic == b"TZif")?;
        let mut counts = [0; 6];
        for (i, count) in counts.iter_mut().enumerate() {
            *count = number(zone, at + 20 + 4 * i, 4)? as usize;
        }
        Some(counts)
    };
    // isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt
    let [utc, std, leap, times, types, chars] = counts(0)?;
    let second = 44 + times * 5 + types * 6 + chars + leap * 8 + std + utc;
    let [_, _, _, times, _, _] = counts(second)?;
    let first_time = second + 44;
    let mut kind = 0;
    for i in 0..times {
        if number(zone, first_time + 8 * i, 8)? > seconds {
            break;
        }
        kind = usize::from(*zone.get(first_time + 8 * times + i)?);
    }
    number(zone, first_time + 9 * times + 6 * kind, 4)
}

/// A big-endian number of 4 or 8 bytes, with its sign.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<i64> {
    let bytes = bytes.get(at..at + size)?;
    match size {
        4 => Some(i64::from(i32::from_be_bytes(bytes.try_into().ok()?))),
        _ => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_files() {
        // Version 2, an empty first block, then one transition at time 1000 from +3600 to +7200.
        let mut zone = b"TZif2".to_vec();
        zone.resize(44, 0);
        zone.extend(b"TZif2");
        zone.resize(44 + 20, 0);
        for count in [0u32, 0, 0, 1, 2, 0] {
            zone.extend(count.to_be_bytes());
        }
        zone.extend(1000i64.to_be_bytes());
        zone.push(1);
        for offset in [3600i32, 7200] {
            zone.extend(offset.to_be_bytes());
            zone.extend([0, 0]);
        }
        assert_eq!(offset_in(&zone, 999), Some(3600));
        assert_eq!(offset_in(&zone, 1000), Some(7200));
        assert_eq!(offset_in(&zone[..zone.len() - 8], 1000), None);
        assert_eq!(offset_in(b"nonsense", 0), None);
    }

    #[test]
    fn wall_clock_has_one_form() {
        let text = wall_clock();
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        assert_eq!(shape, "99:99:99.999");
    }

    #[test]
    fn far_deadlines_are_no_overflow() {
        let clock = Clock::start();
        assert!(clock.instant(i64::MAX) > Instant::now());
        assert!(clock.instant(i64::MIN) <= Instant::now());
    }
}
