//! How much memory a script may use unless told: a limit that fits the machine, so that a script that takes ever more gets an
//! error of its own before the system ends the process, or refuses it memory, which ends it as well.

use rustix::process::{Resource, getrlimit};
use std::fs;
use std::path::Path;

/// Of what there is, a script may use one part of so many: a list or a map that grows needs twice or three times its size
/// for a moment, and there are other processes.
const PARTS: u64 = 4;

/// `wished` bytes, or a quarter of what this process can have at most, if that is less.
pub fn at_most(wished: u64) -> u64 {
    let own = getrlimit(Resource::As).current;
    [own, machine(), group()].into_iter().flatten().fold(wished, |most, bytes| most.min(bytes / PARTS))
}

/// What the machine has, as Linux tells it.
fn machine() -> Option<u64> {
    let kilobytes = number_behind("MemTotal:", &fs::read_to_string("/proc/meminfo").ok()?)?;
    kilobytes.checked_mul(1024)
}

/// What the control groups of this process allow: that of a container, say.
fn group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let files = groups.lines().filter_map(|line| {
        let (kinds, path) = line.split_once(':')?.1.split_once(':')?;
        match kinds {
            "" => Some(("/sys/fs/cgroup", path, "memory.max")),
            "memory" => Some(("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes")),
            _ => None,
        }
    });
    let limits = files.flat_map(|(root, path, file)| {
        // Within a container the path may be one that is seen from outside only: then the root is what there is.
        let above = Path::new(path).ancestors().map(move |group| format!("{root}{}/{file}", group.display()));
        above.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok())
    });
    limits.min()
}

/// The number in the line that begins like this.
fn number_behind(name: &str, text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_was_wished_or_a_part_of_what_there_is() {
        assert_eq!(at_most(1), 1);
        let most = at_most(u64::MAX);
        assert!(most >= 1 << 20, "{most}");
        if cfg!(target_os = "linux") {
            assert!(most < u64::MAX / PARTS, "the system tells how much memory the machine has");
        }
    }

    #[test]
    fn a_line_has_a_number() {
        let text = "MemTotal:       24598620 kB\nMemFree:  1 kB\n";
        assert_eq!(number_behind("MemTotal:", text), Some(24_598_620));
        assert_eq!(number_behind("MemLost:", text), None);
    }
}
