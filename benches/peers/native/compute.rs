//! Work without hand-over: calls, loops, lists, maps, and jobs that need nothing of each other.

use std::collections::HashMap;
use std::hint::black_box;
use std::thread;

#[inline(never)]
fn fib(n: i64) -> i64 {
    if n < 2 { n } else { fib(black_box(n) - 1) + fib(black_box(n) - 2) }
}

pub fn calls() -> i64 {
    fib(black_box(30))
}

pub fn arithmetic() -> i64 {
    let (mut s, mut i) = (0, 0);
    while i < black_box(10_000_000) {
        s += i * i % 7;
        i += 1;
    }
    s
}

// The list grows as it does in the scripts.
#[allow(clippy::same_item_push)]
pub fn sieve() -> i64 {
    let n = black_box(1_000_000);
    let mut sieve = Vec::new();
    for _ in 0..=n {
        sieve.push(true);
    }
    let (mut count, mut i) = (0, 2);
    while i <= n {
        if sieve[i] {
            count += 1;
            let mut j = i + i;
            while j <= n {
                sieve[j] = false;
                j += i;
            }
        }
        i += 1;
    }
    count
}

pub fn word_counts() -> i64 {
    let mut counts: HashMap<String, i64> = HashMap::new();
    let mut x: i64 = 1;
    for _ in 0..1_000_000 {
        x = x * 16_807 % 2_147_483_647;
        *counts.entry(format!("w{}", x % 5000)).or_insert(0) += 1;
    }
    counts.len() as i64 * 1_000_000 + counts["w42"]
}

fn job() -> i64 {
    (0..4).map(|_| fib(black_box(28))).sum()
}

pub fn two_jobs_in_a_row() -> i64 {
    job() + job()
}

pub fn two_jobs_at_once() -> i64 {
    thread::scope(|scope| {
        let jobs = [scope.spawn(job), scope.spawn(job)];
        jobs.map(|job| job.join().unwrap()).iter().sum()
    })
}
