//! `lock`, `rlock`, `rwlock` and its sides, `semaphore`: what `with` enters.

use super::{NAME, argument, constant, deadline, int_or, is_given, native, property, receiver, sync_in};
use crate::builtin::{Context, Outcome, Property, Row, Wait};
use crate::sync::owner::Owner;
use crate::sync::rlock::RLock;
use crate::sync::rwlock::{RwLock, Side};
use crate::sync::semaphore::Semaphore;
use crate::sync::{Kind, Op, Sync, lock, rlock};
use crate::value::{Value, error::Error};
use std::sync::Arc;

type Done = Result<Outcome, Error>;

pub fn functions() -> Vec<Row> {
    vec![
        native("lock", &[], make_lock, "Makes a lock: one thread at a time."),
        native("rlock", &[], make_rlock, "Makes a lock that its holder may acquire again."),
        native("rwlock", &[], make_rwlock, "Makes a lock for several readers or one writer."),
        native(
            "semaphore",
            &["permits?", "bounded:"],
            make_semaphore,
            "Makes a semaphore; 1 permit unless told.",
        ),
    ]
}

const ACQUIRE: Row =
    native("acquire", &["timeout?"], acquire, "Waits for it; false when the timeout passed.");
const TRY_ACQUIRE: Row =
    native("try_acquire", &[], try_acquire, "Takes it if it is free now; whether it did.");

pub static LOCK_METHODS: [Row; 3] = [ACQUIRE, TRY_ACQUIRE, native("release", &[], release, "Gives it back.")];

pub static SEMAPHORE_METHODS: [Row; 3] =
    [ACQUIRE, TRY_ACQUIRE, native("release", &["n?"], release_permits, "Gives one permit, or n.")];

const LOCKED: Property = property("locked", locked, "Whether some thread holds it.");
const OWNER: Property = property("owner", owner, "The thread that holds it, or nil.");

pub static LOCK_PROPERTIES: [Property; 3] = [NAME, LOCKED, OWNER];

pub static RLOCK_PROPERTIES: [Property; 4] =
    [NAME, LOCKED, OWNER, property("depth", depth, "How many times its holder has acquired it.")];

pub static RWLOCK_PROPERTIES: [Property; 6] = [
    NAME,
    constant("read", read, "The side for readers: `with m.read { }`."),
    constant("write", write, "The side for writers: `with m.write { }`."),
    property("locked", rwlock_locked, "Whether somebody reads or writes."),
    property("owner", writer, "The thread that writes, or nil."),
    property("readers", readers, "How many times it is entered for reading."),
];

pub static SIDE_PROPERTIES: [Property; 1] = [NAME];

pub static SEMAPHORE_PROPERTIES: [Property; 2] =
    [NAME, property("permits", permits, "How many permits are left.")];

fn made(context: &mut Context<'_>, kind: Kind) -> Done {
    Ok(Value::Sync(context.make(kind)).into())
}

fn make_lock(context: &mut Context<'_>, _: &[Value]) -> Done {
    made(context, Kind::Lock(lock::Lock::default()))
}

fn make_rlock(context: &mut Context<'_>, _: &[Value]) -> Done {
    made(context, Kind::RLock(rlock::RLock::default()))
}

fn make_rwlock(context: &mut Context<'_>, _: &[Value]) -> Done {
    made(context, Kind::RwLock(Box::default()))
}

fn make_semaphore(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let permits = int_or(argument(arguments, 0), 1, "permits")?;
    let semaphore = Semaphore::new(permits, argument(arguments, 1).truthy())?;
    made(context, Kind::Semaphore(semaphore))
}

fn acquire(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let timeout = argument(arguments, 1);
    let deadline = if is_given(timeout) { deadline(context, timeout)? } else { None };
    if sync.enter(context.who())? {
        return Ok(Value::Bool(true).into());
    }
    Ok(Outcome::Wait(Wait { op: Op::acquire(sync.clone()), deadline }))
}

fn try_acquire(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let entered = sync.enter(context.who())?;
    if !entered {
        sync.looked_at();
    }
    Ok(Value::Bool(entered).into())
}

fn release(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    // Only leaving a pool has to wait.
    receiver(arguments)?.leave(context.who(), &*context.world)?;
    Ok(Value::Nil.into())
}

fn release_permits(context: &mut Context<'_>, arguments: &[Value]) -> Done {
    let sync = receiver(arguments)?;
    let n = int_or(argument(arguments, 1), 1, "n")?;
    Semaphore::of(sync)?.release(sync, context.who(), n)?;
    Ok(Value::Nil.into())
}

fn locked(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Bool(sync_in(value)?.owner().is_some_and(Owner::locked)).into())
}

fn owner(context: &mut Context<'_>, value: &Value) -> Done {
    let holder = sync_in(value)?.owner().and_then(Owner::holder);
    Ok(thread(context, holder).into())
}

fn thread(context: &Context<'_>, holder: Option<(u32, u32)>) -> Value {
    let threads = context.world.threads();
    let found = threads.into_iter().find(|thread| holder.is_some_and(|(id, _)| id == thread.id));
    found.map_or(Value::Nil, Value::Thread)
}

fn depth(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(i64::from(RLock::of(sync_in(value)?)?.depth())).into())
}

fn read(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(side(sync_in(value)?, false))
}

fn write(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(side(sync_in(value)?, true))
}

/// A side is made when it is asked for: to hold one from the beginning, the lock would have to hold itself.
fn side(lock: &Arc<Sync>, write: bool) -> Outcome {
    let side = Sync::new(lock.id, lock.line, Kind::Side(Side { lock: lock.clone(), write }));
    side.name.get_or_init(|| format!("{}.{}", lock.label(), if write { "write" } else { "read" }).into());
    if let Some(counts) = lock.counts() {
        side.count_in(counts.clone());
    }
    Value::Sync(Arc::new(side)).into()
}

fn rwlock_locked(_: &mut Context<'_>, value: &Value) -> Done {
    let lock = RwLock::of(sync_in(value)?)?;
    Ok(Value::Bool(lock.writer().is_some() || lock.readers() > 0).into())
}

fn writer(context: &mut Context<'_>, value: &Value) -> Done {
    let writer = RwLock::of(sync_in(value)?)?.writer();
    Ok(thread(context, writer).into())
}

fn readers(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(RwLock::of(sync_in(value)?)?.readers() as i64).into())
}

fn permits(_: &mut Context<'_>, value: &Value) -> Done {
    Ok(Value::Int(Semaphore::of(sync_in(value)?)?.permits()).into())
}
