//! The life of a child: it reads what it is, and is a run of its own from then on.

use super::super::clock::Clock;
use super::super::ids::Ids;
use super::super::options::Options;
use super::super::outside::Doors;
use super::super::register::Register;
use super::super::run::{self, Beginning};
use super::super::threads;
use super::copy::{self, First};
use super::family::Family;
use super::parcel::{self, Received};
use super::system::{self, Mask};
use super::{Own, Processes, Side, children_may_start_some, fork, make};
use crate::machine::Image;
use crate::mapped::{self, Roll};
use crate::report::runtime::status;
use crate::state::Shared as Node;
use crate::sync::counts::Counts;
use crate::sync::process::{Born, Process};
use crate::sync::thread::{State, Thread};
use crate::sync::{Kind, Sync};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Lives, and ends this process. Until it can handle signals as its parent does, all are blocked; then it takes those of `mask`.
pub(in super::super) fn live(
    (line, mask): (UnixStream, Mask),
    image: Image,
    options: Options,
    clock: Clock,
    (register, roll): (Option<Arc<Register>>, Option<Arc<Roll>>),
) -> ! {
    // A mistake in conc itself must not come back to whoever has called `run`, in a second process.
    let lived =
        catch_unwind(AssertUnwindSafe(|| run_it(line, &mask, image, options, clock, (register, roll))));
    system::exit_now(lived.unwrap_or(status::FAILED))
}

fn run_it(
    line: UnixStream,
    mask: &Mask,
    image: Image,
    mut options: Options,
    clock: Clock,
    (register, roll): (Option<Arc<Register>>, Option<Arc<Roll>>),
) -> i32 {
    // Its parent has died before it has told what to do.
    let Ok(starts) = parcel::starts(&line) else { return status::FAILED };
    // Before there is any other thread, and anything to copy in vain. It costs as much as the process itself, so not without need.
    let server = match (starts && children_may_start_some(&image.program)).then(make) {
        Some(Ok(Side::Child(line, _))) => live((line, mask.clone()), image, options, clock, (register, roll)),
        Some(Ok(Side::Maker(server))) => Some(Arc::new(server)),
        Some(Err(_)) | None => None,
    };
    let Ok(mut received) = Received::from(&line) else { return status::FAILED };
    let bytes = std::mem::take(&mut received.bytes);
    let given = mapped::within(image.memory.clone(), || copy::receive(&image, &bytes));
    drop(bytes);
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    if let Some(process) = &given.handle.process {
        process.begin(Born { pid, parent });
    }
    let own = Own {
        name: given.handle.name(),
        daemon: given.handle.daemon.load(Ordering::SeqCst),
        of_pool: given.handle.process.as_ref().is_some_and(Process::is_of_pool),
    };
    // A child dies of Ctrl-C and TERM as programs do, so that its parent learns of what it died; the time of
    // `--timeout` is the first process's, with which all end.
    options.signals = false;
    options.timeout = None;
    options.seed = options.seed.map(|seed| seed ^ (pid as u64).rotate_left(32));

    let ended = options.ended.clone();
    let mut processes = Processes { family: Family::below(line), roll, ..Processes::new(server, Some(own)) };
    let (mut things, mut monitors) = (Vec::new(), Vec::new());
    let going_on = if let First::GoesOn(thread, _) = &given.first { Some(thread.id) } else { None };
    for node in given.objects {
        match node {
            Node::Sync(sync) => things.push(sync),
            Node::Thread(thread) => {
                let absent = going_on.and_then(|own| fork::is_not_here(&thread, own));
                processes.absent.extend(absent.map(|name| (thread.id, name)));
            }
            Node::Object(object) => monitors.extend(object.monitor.clone()),
            _ => {} // the others are not waited for
        }
    }
    let (main, fiber) = match given.first {
        First::Calls(entry) => (Thread::new(given.id, "main", false, entry).into(), None),
        First::GoesOn(thread, fiber) => {
            thread.state.store(State::New as u8, Ordering::SeqCst); // it starts here
            thread.daemon.store(false, Ordering::SeqCst); // nobody else keeps this process alive
            (thread, Some(fiber))
        }
    };
    let doors = Doors::new(register);
    let mut prepared = doors.begin_with(given.signals).map_err(|error| error.message.to_string());
    if prepared.is_ok() && received.has_ends() {
        prepared = doors
            .poller()
            .map_err(|error| error.message.to_string())
            .and_then(|poller| received.settle(&things, &doors, &poller).map_err(|error| error.to_string()));
    }
    if let Err(why) = prepared {
        return run::cannot_start(&options, &why).status;
    }
    mask.restore();
    let copies = Copies::of(&things, &monitors, options.stats.is_some());
    let next_id = match &image.memory {
        Some(memory) => {
            memory.become_process(given.process);
            memory.own().begin(pid);
            Ids::shared(given.id + 1, memory.clone())
        }
        None => Ids::from(given.next_id.max(run::MAIN + 1)),
    };
    let beginning = Beginning { image, options, main, next_id, clock, processes, doors };
    let mut ending = match fiber {
        None => run::live(beginning, things, threads::script_body),
        Some(fiber) => run::live(beginning, things, |world| threads::forked_body(world, *fiber)),
    };
    ending.copies = copies.used();
    ended(&ending);
    ending.status
}

/// Locks and queues that this process got as copies: whoever uses one may have meant the parent's.
struct Copies(Vec<Arc<Sync>>);

impl Copies {
    /// Lets their uses be counted; with `--stats` they are anyway. A monitor's lock is the object's, whose fields are
    /// copies that anybody expects.
    fn of(things: &[Arc<Sync>], monitors: &[Arc<Sync>], counted: bool) -> Copies {
        let named = |sync: &&Arc<Sync>| {
            let used = matches!(
                sync.kind,
                Kind::Lock(_) | Kind::RLock(_) | Kind::RwLock(_) | Kind::Semaphore(_) | Kind::Queue(_)
            );
            used && !sync.is_there() && !monitors.iter().any(|monitor| Arc::ptr_eq(monitor, sync))
        };
        let copies: Vec<Arc<Sync>> = things.iter().filter(named).cloned().collect();
        for sync in copies.iter().filter(|_| !counted) {
            if let Some(counts) = Counts::for_thing(sync, None) {
                sync.count_in(Arc::new(counts));
            }
        }
        Copies(copies)
    }

    /// What those that were used are called.
    fn used(&self) -> Vec<String> {
        let label = |sync: &Arc<Sync>| Some(sync.counts()?.label()?.to_string());
        self.0.iter().filter_map(label).collect()
    }
}
