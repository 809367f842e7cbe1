//! The same work done by Rust directly, with parking_lot and crossbeam-channel: the limit conc is measured by.

mod compute;
mod hand_over;
mod processes;
mod share;
mod threads;

use std::time::Instant;

/// Does one benchmark's work and prints its lines; false when there is none of that name.
pub fn run(bench: &str) -> bool {
    if bench == "B14" {
        println!("RESULT hello");
        return true;
    }
    if bench == processes::WRITER {
        return processes::write_numbers();
    }
    let Some(work) = work(bench) else { return false };
    let began = Instant::now();
    let result = work();
    println!("RESULT {result}\nTIME {}", began.elapsed().as_secs_f64());
    true
}

fn work(bench: &str) -> Option<fn() -> i64> {
    Some(match bench {
        "B1" => compute::calls,
        "B2" => compute::arithmetic,
        "B3" => compute::sieve,
        "B4" => compute::word_counts,
        "B5" => share::one_thread_locks,
        "B6" => share::four_threads_lock,
        "B7a" => || hand_over::through_a_queue(1),
        "B7b" => || hand_over::through_a_queue(4),
        "B8" => hand_over::ping_pong,
        "B9a" => threads::one_after_another,
        "B9b" => threads::a_thousand_at_once,
        "B10" => hand_over::ring,
        "B11a" => compute::two_jobs_in_a_row,
        "B11b" => compute::two_jobs_at_once,
        "B13b" => processes::through_a_pipe,
        "B15" => share::barrier,
        "B16" => hand_over::taking_turns,
        "B17" => threads::small_tasks,
        "B18" => share::semaphore,
        _ => return None,
    })
}
