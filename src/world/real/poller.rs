//! One thread that watches descriptors for all threads of a run: whoever waits for one waits in its queue.
//!
//! It is started at first use, and ends with the run. A descriptor is registered once, edge-triggered: what comes sets
//! a flag (`Ready`) and wakes those who wait. Nobody is told of the same thing twice, so reading goes on until it would
//! block.

use crate::sync::outside::Ready;
use parking_lot::Mutex;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the poller's own end of the bell is known by.
const BELL: u64 = 0;
/// So many events are taken at once.
const MOST_EVENTS: usize = 64;

pub(in crate::world) struct Poller {
    epoll: OwnedFd,
    bell: UnixStream,
    ear: UnixStream,
    watched: Mutex<HashMap<u64, Watched>>,
    next: AtomicU64,
    stopping: AtomicBool,
    /// Called when the bell rings: a signal may have come.
    rung: Mutex<Vec<Box<dyn Fn() -> bool + Send>>>,
}

struct Watched {
    readable: Arc<Ready>,
    writable: Arc<Ready>,
    /// Called before the flags are set.
    before: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// A registration, which ends when it is dropped. It must be dropped before its descriptor.
pub(in crate::world) struct Source {
    poller: Arc<Poller>,
    key: u64,
    pub readable: Arc<Ready>,
    pub writable: Arc<Ready>,
}

/// A descriptor that is watched when somebody asks for it, and until it has been told once: what comes while nobody
/// waits costs nothing. The descriptor may be open in other processes, too.
pub(in crate::world) struct Once {
    poller: Arc<Poller>,
    key: u64,
    file: OwnedFd,
    flags: EventFlags,
}

impl Poller {
    pub fn start() -> io::Result<Arc<Poller>> {
        let (bell, ear) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        ear.set_nonblocking(true)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &ear, EventData::new_u64(BELL), EventFlags::IN | EventFlags::ET)?;
        let poller = Arc::new(Poller {
            epoll,
            bell,
            ear,
            watched: Mutex::default(),
            next: AtomicU64::new(BELL + 1),
            stopping: AtomicBool::new(false),
            rung: Mutex::default(),
        });
        let own = poller.clone();
        std::thread::Builder::new().name("poller".into()).spawn(move || own.poll())?;
        Ok(poller)
    }

    /// Its thread ends.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.ring();
    }

    fn ring(&self) {
        // Only a full socket refuses, and that rings already.
        let _ = (&self.bell).write(&[0]);
    }

    /// A descriptor that rings when a byte is written to it, for handlers of signals; and what is called then, until it
    /// says that it need not be any more.
    pub fn when_rung(&self, call: impl Fn() -> bool + Send + 'static) -> io::Result<UnixStream> {
        self.rung.lock().push(Box::new(call));
        self.bell.try_clone()
    }

    /// Watches a descriptor, which must not block. `before` is called each time before those who wait are woken.
    pub fn watch(
        self: &Arc<Poller>,
        descriptor: impl AsFd,
        before: Option<Box<dyn Fn() + Send + Sync>>,
    ) -> io::Result<Source> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let source = Source {
            poller: self.clone(),
            key,
            readable: Arc::new(Ready::default()),
            writable: Arc::new(Ready::default()),
        };
        let (readable, writable) = (source.readable.clone(), source.writable.clone());
        self.watched.lock().insert(key, Watched { readable, writable, before: before.map(Arc::from) });
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        // Dropping the source forgets it again.
        epoll::add(&self.epoll, descriptor, EventData::new_u64(key), flags)?;
        Ok(source)
    }

    /// Keeps a descriptor to be watched for something to read, or for room to write, which `ready` is told.
    pub fn watch_when_asked(
        self: &Arc<Poller>,
        file: OwnedFd,
        reads: bool,
        ready: Arc<Ready>,
    ) -> io::Result<Once> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let flags = if reads { EventFlags::IN } else { EventFlags::OUT };
        epoll::add(&self.epoll, &file, EventData::new_u64(key), EventFlags::ONESHOT)?;
        self.watched.lock().insert(key, Watched { readable: ready.clone(), writable: ready, before: None });
        Ok(Once { poller: self.clone(), key, file, flags })
    }

    fn poll(&self) {
        let mut events = Vec::with_capacity(MOST_EVENTS);
        while !self.stopping.load(Ordering::SeqCst) {
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                // It is ours and open; should the system refuse all the same, do not turn in circles.
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(1)),
            }
            for event in events.drain(..) {
                let (data, flags) = (event.data, event.flags);
                match data.u64() {
                    BELL => self.hear(),
                    key => self.tell(key, flags),
                }
            }
        }
    }

    fn hear(&self) {
        let mut bytes = [0; 64];
        while (&self.ear).read(&mut bytes).is_ok_and(|count| count > 0) {}
        self.rung.lock().retain(|call| call());
    }

    fn tell(&self, key: u64, flags: EventFlags) {
        let watched = self.watched.lock();
        let Some(Watched { readable, writable, before }) = watched.get(&key) else { return };
        let (readable, writable, before) = (readable.clone(), writable.clone(), before.clone());
        // What is called may let go of a source.
        drop(watched);
        if let Some(before) = before {
            before();
        }
        let over = EventFlags::HUP | EventFlags::ERR;
        if flags.intersects(EventFlags::IN | EventFlags::RDHUP | over) {
            readable.set();
        }
        if flags.intersects(EventFlags::OUT | over) {
            writable.set();
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // The system forgets a descriptor when it is closed.
        self.poller.watched.lock().remove(&self.key);
    }
}

impl Once {
    pub fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// From now on it is watched, until it is told. It is told, too, if it could be told already.
    pub fn ask(&self) -> io::Result<()> {
        let flags = self.flags | EventFlags::ONESHOT;
        Ok(epoll::modify(&self.poller.epoll, &self.file, EventData::new_u64(self.key), flags)?)
    }
}

impl Drop for Once {
    fn drop(&mut self) {
        self.poller.watched.lock().remove(&self.key);
        // The system forgets it by itself only when no other process has it open.
        let _ = epoll::delete(&self.poller.epoll, &self.file);
    }
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Once({})", self.key)
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({})", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn wait_for(ready: &Ready) {
        let begun = Instant::now();
        while !ready.is_set() {
            assert!(begun.elapsed() < Duration::from_secs(10), "nothing was told");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_comes_is_told_each_time() {
        let poller = Poller::start().expect("it starts");
        let (mut near, far) = UnixStream::pair().expect("a pair");
        far.set_nonblocking(true).expect("it is a socket");
        let source = poller.watch(&far, None).expect("it is watched");
        let mut byte = [0];
        let mut read = || (&far).read(&mut byte);
        assert_eq!(source.readable.attempt(&mut read).expect("it is open"), None);
        for _ in 0..3 {
            near.write_all(&[1]).expect("there is room");
            wait_for(&source.readable);
            assert_eq!(source.readable.attempt(&mut read).expect("it is open"), Some(1));
            assert_eq!(source.readable.attempt(&mut read).expect("it is open"), None);
            assert!(!source.readable.is_set());
        }
        wait_for(&source.writable);
        drop(near);
        wait_for(&source.readable);
        poller.stop();
    }

    #[test]
    fn a_dropped_source_is_forgotten() {
        let poller = Poller::start().expect("it starts");
        let (_near, far) = UnixStream::pair().expect("a pair");
        drop(poller.watch(&far, None).expect("it is watched"));
        assert!(poller.watched.lock().is_empty());
        poller.stop();
    }
}
