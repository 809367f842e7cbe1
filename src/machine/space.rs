//! A process of the simulated world other than the first: its variables, which all its threads see and no other process
//! does, and what is known of it.

use super::{Image, Watch};
use crate::state::{Reader, Writer};
use crate::sync::process::Process;
use crate::sync::thread::Thread;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// By number of the signal.
pub type Handlers = BTreeMap<i32, Option<Arc<Thread>>>;

#[derive(Debug)]
pub struct Space {
    pub image: Arc<Image>,
    /// Its handle, where its parent has it.
    pub handle: Arc<Thread>,
    /// The thread that it began with.
    pub main: Arc<Thread>,
    /// None when the first process has started it.
    pub parent: Option<Arc<Space>>,
    /// Threads that a fork has left behind: they hold what they held, for ever.
    pub absent: Vec<Arc<Thread>>,
    /// Of its generator of random numbers.
    pub random: AtomicU64,
    /// How many threads and children it has for which it lives.
    pub threads: AtomicU32,
    pub children: AtomicU32,
    /// One of its threads has ended with an error that nothing caught.
    pub failed: AtomicBool,
    /// How many threads of each name it has made.
    pub names: Mutex<BTreeMap<String, u32>>,
    /// What signals do that it has said something about: the thread of a handler, or nothing.
    pub handlers: Mutex<Handlers>,
    /// What it has stated with `invariant` and `ensure`.
    pub watches: Mutex<Vec<Watch>>,
}

impl Space {
    pub fn new(
        image: Arc<Image>,
        handle: Arc<Thread>,
        main: Arc<Thread>,
        parent: Option<Arc<Space>>,
    ) -> Space {
        Space {
            image,
            handle,
            main,
            parent,
            absent: Vec::new(),
            random: AtomicU64::new(0),
            threads: AtomicU32::new(0),
            children: AtomicU32::new(0),
            failed: AtomicBool::new(false),
            names: Mutex::default(),
            handlers: Mutex::default(),
            watches: Mutex::default(),
        }
    }

    /// What belongs to its handle alone.
    pub fn process(&self) -> &Process {
        let process = self.handle.process.as_ref();
        process.unwrap_or_else(|| unreachable!("the handle of a process is one"))
    }

    /// It is ended when its parent ends.
    pub fn is_daemon(&self) -> bool {
        self.handle.daemon.load(Ordering::SeqCst)
    }

    /// Nothing keeps it alive any more.
    pub fn has_nothing_left(&self) -> bool {
        self.threads.load(Ordering::SeqCst) == 0 && self.children.load(Ordering::SeqCst) == 0
    }

    /// Whether it is this one, or one that it has started, or one that they have.
    pub fn comes_from(self: &Arc<Space>, ancestor: &Arc<Space>) -> bool {
        let mut at = Some(self);
        while let Some(space) = at {
            if Arc::ptr_eq(space, ancestor) {
                return true;
            }
            at = space.parent.as_ref();
        }
        false
    }

    /// What reports call one of its threads.
    pub fn label(&self, thread: &Thread) -> Arc<str> {
        let name = self.handle.name();
        if thread.id == self.main.id { name } else { format!("{} of {name}", thread.name()).into() }
    }

    /// Which processes there are around it, then its content.
    pub fn save(self: &Arc<Space>, w: &mut Writer<'_>) {
        w.thread(&self.handle);
        w.thread(&self.main);
        w.option(self.parent.as_ref(), Writer::space);
        w.count(self.absent.len() as u64);
        self.absent.iter().for_each(|thread| w.thread(thread));
        w.count(self.random.load(Ordering::SeqCst));
        w.count(u64::from(self.threads.load(Ordering::SeqCst)));
        w.count(u64::from(self.children.load(Ordering::SeqCst)));
        w.flag(self.failed.load(Ordering::SeqCst));
        if w.numbering.names() {
            let names = self.names.lock();
            w.count(names.len() as u64);
            for (name, count) in &*names {
                w.text(name);
                w.count(u64::from(*count));
            }
        }
        save_handlers(&self.handlers.lock(), w);
        let watches = self.watches.lock().clone();
        w.count(watches.len() as u64);
        watches.iter().for_each(|watch| watch.save(w));
        self.image.save(w);
    }

    pub fn load(r: &mut Reader<'_>) -> Space {
        let image = Arc::new(Image::beside(r.objects.image()));
        let (handle, main) = (r.thread(), r.thread());
        let parent = r.option(Reader::space);
        let absent = (0..r.count()).map(|_| r.thread()).collect();
        Space { absent, ..Space::new(image, handle, main, parent) }
    }

    pub fn fill(&self, r: &mut Reader<'_>) {
        self.random.store(r.count(), Ordering::SeqCst);
        self.threads.store(r.count() as u32, Ordering::SeqCst);
        self.children.store(r.count() as u32, Ordering::SeqCst);
        self.failed.store(r.flag(), Ordering::SeqCst);
        if r.objects.names() {
            for _ in 0..r.count() {
                let name = r.text().to_string();
                let count = r.count() as u32;
                self.names.lock().insert(name, count);
            }
        }
        *self.handlers.lock() = load_handlers(r);
        for _ in 0..r.count() {
            let watch = Watch::load(r);
            self.watches.lock().push(watch);
        }
        self.image.fill(r);
    }
}

pub fn save_handlers(handlers: &Handlers, w: &mut Writer<'_>) {
    w.count(handlers.len() as u64);
    for (signal, thread) in handlers {
        w.int(i64::from(*signal));
        w.option(thread.as_ref(), Writer::thread);
    }
}

pub fn load_handlers(r: &mut Reader<'_>) -> Handlers {
    (0..r.count()).map(|_| (r.int() as i32, r.option(Reader::thread))).collect()
}
