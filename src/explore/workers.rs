//! The one small door to threads of the system: pieces of work that need nothing of each other, done on several at once.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread::{self, Builder};

/// Does each piece of the work, on so many threads. With one, and where the system gives no more, it is done here.
pub fn each<T: Send>(threads: usize, work: &mut [T], one: impl Fn(&mut T) + Sync) {
    if threads.min(work.len()) < 2 {
        return work.iter_mut().for_each(one);
    }
    let others = threads.min(work.len()) - 1;
    let work = Mutex::new(work.iter_mut());
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let go_on = || {
        while let Some(piece) = next() {
            one(piece);
        }
    };
    thread::scope(|scope| {
        for _ in 0..others {
            let spawned = Builder::new().spawn_scoped(scope, go_on);
            if spawned.is_err() {
                break;
            }
        }
        go_on();
    });
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn every_piece_is_done_once() {
        for threads in 0..4 {
            for count in 0..20 {
                let mut work: Vec<u32> = (0..count).collect();
                each(threads, &mut work, |piece| *piece += 10);
                assert_eq!(work, (10..10 + count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    #[should_panic(expected = "panicked")]
    fn what_panics_in_a_piece_is_not_lost() {
        each(2, &mut [1, 2, 3, 4], |piece| assert!(*piece < 2, "one piece panicked"));
    }
}
