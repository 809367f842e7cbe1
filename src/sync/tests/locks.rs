//! Locks, reentrant locks, readers and writers, semaphores.

use super::*;
use crate::sync::Releasers;
use crate::sync::lock::Lock;
use crate::sync::rlock::RLock;
use crate::sync::rwlock::Side;
use crate::sync::semaphore::Semaphore;

fn lock(world: &Testing) -> Arc<Sync> {
    world.make("guard", Kind::Lock(Lock::default()))
}

fn rlock(world: &Testing) -> Arc<Sync> {
    world.make("guard", Kind::RLock(RLock::default()))
}

fn sides(world: &Testing) -> (Arc<Sync>, Arc<Sync>, Arc<Sync>) {
    let lock = world.make("m", Kind::RwLock(Box::default()));
    let side = |write, name| world.make(name, Kind::Side(Side { lock: lock.clone(), write }));
    (side(false, "m.read"), side(true, "m.write"), lock.clone())
}

fn held(world: &Testing) -> u32 {
    world.thread.held.load(Ordering::SeqCst)
}

#[test]
fn a_lock_is_for_one_thread_at_a_time() {
    let a = Testing::new();
    let b = a.other("b");
    let guard = lock(&a);
    assert!(a.acquire(&guard));
    assert_eq!((held(&a), guard.held_since(&a.thread), guard.held_since(&b.thread)), (1, Some(7), None));
    assert!(!b.acquire(&guard));
    let mut op = Op::acquire(guard.clone());
    assert!(b.waits(&mut op));
    assert_eq!(op.releasers(b.at(9)), Releasers::All(vec![a.thread.id]));
    assert_eq!(op.describe(), "waits for guard");
    a.leave(&guard).unwrap();
    assert_eq!(held(&a), 0);
    assert!(is(&b.does(&mut op), &Value::Bool(true)));
    assert_eq!(guard.held_since(&b.thread), Some(9));
}

#[test]
fn a_late_acquire_is_false_and_leaves_nothing() {
    let a = Testing::new();
    let b = a.other("b");
    let guard = lock(&a);
    a.acquire(&guard);
    let mut op = Op::acquire(guard.clone());
    assert!(b.waits(&mut op));
    assert!(is(&op.timed_out(b.at(9)).unwrap().unwrap(), &Value::Bool(false)));
    a.leave(&guard).unwrap();
    assert!(!guard.owner().unwrap().locked());
    assert!(b.acquire(&guard));
}

#[test]
fn the_holder_of_a_lock_waits_for_itself() {
    let a = Testing::new();
    let guard = lock(&a);
    a.acquire(&guard);
    let mut op = Op::acquire(guard);
    assert!(a.waits(&mut op));
    assert_eq!(op.releasers(a.at(9)), Releasers::All(vec![a.thread.id]));
    let mut notes = Vec::new();
    op.explain(a.at(9), &mut |note| notes.push(note));
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("itself since line 7") && notes[0].contains("rlock"), "{notes:?}");
}

#[test]
fn only_the_holder_releases() {
    let a = Testing::new();
    let b = a.other("b");
    for guard in [lock(&a), rlock(&a)] {
        let (kind, message) = failed(b.leave(&guard));
        assert_eq!(
            (kind.as_str(), message.as_str()),
            ("not_owner", "release of guard by \"b\", but nobody holds it")
        );
        a.acquire(&guard);
        let (kind, message) = failed(b.leave(&guard));
        assert_eq!(kind, "not_owner");
        assert_eq!(message, "release of guard by \"b\", but \"main\" holds it since line 7");
        assert!(guard.owner().unwrap().is(a.thread.id));
        a.leave(&guard).unwrap();
        assert_eq!(failed(a.leave(&guard)).0, "not_owner");
    }
}

#[test]
fn a_lock_whose_holder_has_ended_is_abandoned() {
    let a = Testing::new();
    let b = a.other("b");
    for guard in [lock(&a), rlock(&a)] {
        a.acquire(&guard);
        let mut op = Op::acquire(guard.clone());
        assert!(b.waits(&mut op));
        guard.abandon(b.thread.id, &"b".into());
        assert!(b.waits(&mut op), "b did not hold it");
        guard.abandon(a.thread.id, &"main".into());
        assert!(op.ready(b.at(9)));
        let error = b.poll(&mut op).unwrap_err();
        assert_eq!(error.kind.word(), "abandoned");
        assert_eq!(error.message, "guard is abandoned: \"main\" ended while it held it");
        assert!(error.notes[0].contains("line 7"));
        assert_eq!(failed(guard.enter(b.at(1))).0, "abandoned");
        assert!(failed(b.leave(&guard)).1.contains("ended while it held it since line 7"));
    }
}

#[test]
fn an_rlock_needs_as_many_releases() {
    let a = Testing::new();
    let b = a.other("b");
    let guard = rlock(&a);
    let depth = || RLock::of(&guard).unwrap().depth();
    let mut seen = vec![depth()];
    for _ in 0..3 {
        assert!(a.acquire(&guard));
        seen.push(depth());
    }
    assert_eq!(held(&a), 3);
    for _ in 0..2 {
        a.leave(&guard).unwrap();
        seen.push(depth());
        assert!(!b.acquire(&guard));
    }
    a.leave(&guard).unwrap();
    seen.push(depth());
    assert_eq!(seen, [0, 1, 2, 3, 2, 1, 0]);
    assert!(b.acquire(&guard));
}

#[test]
fn several_read_or_one_writes() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let (read, write, _) = sides(&a);
    assert!(a.acquire(&read) && b.acquire(&read));
    assert!(!c.acquire(&write));
    a.leave(&read).unwrap();
    assert!(!c.acquire(&write));
    b.leave(&read).unwrap();
    assert!(c.acquire(&write));
    assert!(!a.acquire(&read) && !a.acquire(&write));
    assert_eq!(failed(a.leave(&write)).1, "release of m.write by \"main\", but \"c\" writes since line 7");
    c.leave(&write).unwrap();
    assert_eq!(failed(c.leave(&read)).0, "not_owner");
    assert_eq!((held(&a), held(&b), held(&c)), (0, 0, 0));
}

#[test]
fn a_waiting_writer_holds_back_new_readers_only() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let (read, write, _) = sides(&a);
    a.acquire(&read);
    let mut writer = Op::acquire(write.clone());
    assert!(b.waits(&mut writer));
    assert!(!c.acquire(&read), "held back");
    let mut reader = Op::acquire(read.clone());
    assert!(c.waits(&mut reader));
    assert!(a.acquire(&read), "it reads already");
    assert_eq!(reader.releasers(c.at(9)), Releasers::All(vec![a.thread.id]));
    a.leave(&read).unwrap();
    a.leave(&read).unwrap();
    b.does(&mut writer);
    assert!(c.waits(&mut reader));
    // The next writer waits; but this reader has waited while somebody wrote.
    let mut second = Op::acquire(write.clone());
    assert!(a.waits(&mut second));
    b.leave(&write).unwrap();
    c.does(&mut reader);
    c.leave(&read).unwrap();
    a.does(&mut second);
}

#[test]
fn a_writer_that_gives_up_holds_nobody_back() {
    let a = Testing::new();
    let (b, c) = (a.other("b"), a.other("c"));
    let (read, write, _) = sides(&a);
    a.acquire(&read);
    for way in 0..4 {
        let mut writer = Op::acquire(write.clone());
        assert!(b.waits(&mut writer));
        assert!(!c.acquire(&read));
        match way {
            0 => assert!(is(&writer.timed_out(b.at(9)).unwrap().unwrap(), &Value::Bool(false))),
            1 => writer.abandon(b.at(9)),
            2 => (0..2).for_each(|_| writer.abandon(b.at(9))),
            _ => drop(writer),
        }
        assert!(c.acquire(&read));
        c.leave(&read).unwrap();
    }
}

#[test]
fn a_reader_that_wants_to_write_waits_for_itself() {
    let a = Testing::new();
    let (read, write, _) = sides(&a);
    a.acquire(&read);
    let mut op = Op::acquire(write);
    assert!(a.waits(&mut op));
    assert_eq!(op.releasers(a.at(9)), Releasers::All(vec![a.thread.id]));
    let mut notes = Vec::new();
    op.explain(a.at(9), &mut |note| notes.push(note));
    assert!(notes[0].contains("reading cannot become writing"), "{notes:?}");
}

#[test]
fn an_rwlock_is_abandoned_by_readers_too() {
    let a = Testing::new();
    let b = a.other("b");
    let (read, write, lock) = sides(&a);
    a.acquire(&read);
    assert_eq!(lock.held_since(&a.thread), Some(7));
    let mut op = Op::acquire(write.clone());
    assert!(b.waits(&mut op));
    lock.abandon(a.thread.id, &"main".into());
    assert_eq!(failed(b.poll(&mut op)).0, "abandoned");
    assert_eq!(failed(read.enter(b.at(1))).0, "abandoned");
}

#[test]
fn a_semaphore_has_so_many_permits() {
    let a = Testing::new();
    assert_eq!(failed(Semaphore::new(-1, false)).0, "value");
    let s = a.make("s", Kind::Semaphore(Semaphore::new(2, false).unwrap()));
    let permits = || Semaphore::of(&s).unwrap().permits();
    assert!(a.acquire(&s) && a.acquire(&s) && !a.acquire(&s));
    let mut op = Op::acquire(s.clone());
    assert!(a.waits(&mut op));
    assert_eq!(op.describe(), "waits for a permit of s");
    a.leave(&s).unwrap();
    a.does(&mut op);
    let semaphore = Semaphore::of(&s).unwrap();
    semaphore.release(&s, a.at(1), 5).unwrap();
    assert_eq!(permits(), 5);
    assert_eq!(failed(semaphore.release(&s, a.at(1), 0)).0, "value");
    assert_eq!(held(&a), 0);
}

#[test]
fn a_bounded_semaphore_has_never_more_than_at_first() {
    let a = Testing::new();
    let s = a.make("s", Kind::Semaphore(Semaphore::new(1, true).unwrap()));
    let (kind, message) = failed(a.leave(&s));
    assert_eq!((kind.as_str(), message.as_str()), ("value", "s released too many times"));
    a.acquire(&s);
    assert_eq!(failed(Semaphore::of(&s).unwrap().release(&s, a.at(1), 2)).0, "value");
    a.leave(&s).unwrap();
    assert_eq!(Semaphore::of(&s).unwrap().permits(), 1);
}

#[test]
fn a_semaphore_knows_who_has_permits_unless_it_is_a_signal() {
    let a = Testing::new();
    let b = a.other("b");
    let s = a.make("s", Kind::Semaphore(Semaphore::new(2, false).unwrap()));
    s.enter(a.at(3)).unwrap();
    s.enter(a.at(4)).unwrap();
    assert_eq!((s.held_since(&a.thread), s.held_since(&b.thread)), (Some(3), None));
    a.leave(&s).unwrap();
    a.leave(&s).unwrap();
    assert_eq!(s.held_since(&a.thread), None);
    s.enter(a.at(5)).unwrap();
    b.leave(&s).unwrap();
    assert_eq!(s.held_since(&a.thread), None, "b has given what it had not taken");
}

#[test]
fn only_what_can_be_acquired_is_entered() {
    let a = Testing::new();
    let (_, _, m) = sides(&a);
    let error = m.enter(a.at(1)).unwrap_err();
    assert_eq!(error.kind.word(), "type");
    assert!(error.hints[0].contains("m.read"));
    let e = a.make("e", Kind::Event(crate::sync::event::Event::default()));
    assert_eq!(failed(e.enter(a.at(1))).0, "type");
    assert_eq!(failed(a.leave(&e)).0, "type");
}
