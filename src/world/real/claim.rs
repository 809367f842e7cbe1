//! Who cares for a signal, of all runs of this process: while none does, it does what it does by default.
//!
//! The system's handler, once it is there, stays for good; so what it does when nobody cares has to be said.

use parking_lot::Mutex;
use signal_hook::flag;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Of each signal that some run of this process has handled: how many do now, and whether none does.
static CLAIMED: Mutex<Option<HashMap<i32, Arc<Claimed>>>> = Mutex::new(None);

#[derive(Default)]
struct Claimed {
    runs: AtomicUsize,
    nobody: Arc<AtomicBool>,
}

/// As long as it lives, somebody cares.
pub(super) struct Claim(Arc<Claimed>);

impl Claim {
    pub fn on(number: i32) -> io::Result<Claim> {
        let mut all = CLAIMED.lock();
        let all = all.get_or_insert_default();
        let claimed = match all.get(&number) {
            Some(claimed) => claimed.clone(),
            None => {
                let claimed = Arc::new(Claimed::default());
                flag::register_conditional_default(number, claimed.nobody.clone())?;
                all.insert(number, claimed.clone());
                claimed
            }
        };
        claimed.runs.fetch_add(1, Ordering::SeqCst);
        claimed.nobody.store(false, Ordering::SeqCst);
        Ok(Claim(claimed))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _all = CLAIMED.lock();
        if self.0.runs.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.nobody.store(true, Ordering::SeqCst);
        }
    }
}
