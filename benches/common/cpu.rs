//! The processor time of other programs.

/// `/proc` counts processor time in hundredths of a second on every Linux that conc runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processor time of all children that have been waited for, and of theirs. Zero where there is no `/proc`.
pub fn children_cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces; after it the user and system time of the children are 14th and 15th.
    let after_name = stat.rsplit(')').next().unwrap_or("");
    after_name.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>()
        / TICKS_PER_SECOND
}
