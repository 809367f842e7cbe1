//! On which core this thread of the system runs, and how it gets away from there. Not how many there are, nor who is better
//! off elsewhere: that is for those who ask.

/// The number of the core that this thread runs on now; 0 where the system does not tell.
#[cfg(target_os = "linux")]
pub fn here() -> usize {
    rustix::thread::sched_getcpu()
}

#[cfg(not(target_os = "linux"))]
pub fn here() -> usize {
    0
}

/// Goes to a core that is not one of these, if this thread may use one. Where it may run is the same afterwards: the system
/// may put it back at any moment.
#[cfg(target_os = "linux")]
pub fn leave(cores: &[usize]) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let Ok(all) = sched_getaffinity(None) else { return };
    let mut free = all;
    for core in cores.iter().filter(|core| **core < CpuSet::MAX_CPU) {
        free.unset(*core);
    }
    // To be where one is takes only more time.
    if free.count() > 0 && sched_setaffinity(None, &free).is_ok() {
        let _ = sched_setaffinity(None, &all);
    }
}

#[cfg(not(target_os = "linux"))]
pub fn leave(_: &[usize]) {}
