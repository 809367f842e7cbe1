//! Ends that go to another process: the pipe becomes one of the system, and what is told of an end there.

use super::simulated::Here;
use super::{Between, End, Lanes, Message, Pipe, Place, ROOM, Readiness, Sending, Side};
use crate::state::{Reader, Writer};
use crate::sync::Sync;
use crate::sync::outside::Ready;
use parking_lot::Mutex;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

/// An end that goes to another process, or a copy of one.
#[derive(Debug)]
pub struct Handed {
    pub end: Arc<Sync>,
    pub lanes: Lanes,
}

/// A pipe that leads to another process, as this one knows it.
#[derive(Debug)]
pub struct Joint(Weak<Between>);

impl Joint {
    /// Closes both ends, as far as they are here: nobody will use them any more.
    pub fn close(&self) {
        let Some(between) = self.0.upgrade() else { return };
        for side in &between.sides {
            side.closed.store(true, Ordering::SeqCst);
            let before = std::mem::take(&mut *side.place.lock());
            drop(before); // outside the lock
        }
        between.wake();
    }

    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    /// The number of the pipe, and the ids of its ends here, if this process has one that is open.
    pub fn open(&self) -> Option<(u32, [u32; 2])> {
        let between = self.0.upgrade()?;
        let open = |side: &Side| {
            !side.closed.load(Ordering::SeqCst) && matches!(*side.place.lock(), Place::System(_))
        };
        between.sides.iter().any(open).then_some((between.number, between.ids))
    }
}

impl Between {
    /// From now on it leads to another process. `make` gives the lanes of both ends. To be called while nobody else
    /// uses it.
    fn lead_outside(&self, make: &mut Make<'_>) -> io::Result<()> {
        if self.outside.load(Ordering::SeqCst) {
            return Ok(());
        }
        let readiness = Readiness {
            receivers: [0, 1].map(|side| self.sides[side].receivers.clone()),
            senders: [0, 1].map(|side| self.sides[side].senders.clone()),
        };
        let lanes = make(&readiness, self.duplex)?;
        for (side, sender) in self.sides.iter().zip([&lanes[1], &lanes[0]]) {
            let mut inbox = side.inbox.lock();
            let Some(outgoing) = sender.outgoing.as_ref().filter(|_| !inbox.messages.is_empty()) else {
                continue;
            };
            outgoing.make_room()?;
            for Message { bytes, told } in std::mem::take(&mut inbox.messages) {
                let mut message = bytes.into_own();
                if message.len() > ROOM {
                    inbox.returned = Some(message);
                    continue;
                }
                told.add_to(&mut message);
                outgoing.put(&message, &mut Sending::default())?;
            }
        }
        for (side, lanes) in self.sides.iter().zip(lanes) {
            if !side.closed.load(Ordering::SeqCst) {
                *side.place.lock() = Place::System(lanes);
            }
        }
        self.outside.store(true, Ordering::SeqCst);
        self.wake();
        Ok(())
    }
}

/// Makes the lanes of both ends of a pipe of the system, given whether it goes both ways.
pub type Make<'a> = dyn FnMut(&Readiness, bool) -> io::Result<[Lanes; 2]> + 'a;

impl End {
    /// It goes to the process of this name, unless it is closed or gone: None then. To be called while nobody else uses
    /// it.
    pub fn hand_over(sync: &Arc<Sync>, to: &Arc<str>, make: &mut Make<'_>) -> io::Result<Option<Handed>> {
        let Ok(end) = End::of(sync) else { return Ok(None) };
        if end.is_closed() {
            return Ok(None);
        }
        end.between.lead_outside(make)?;
        if let Some(incoming) = end.lanes().and_then(|lanes| lanes.incoming) {
            incoming.leave()?;
        }
        let before = std::mem::replace(&mut *end.own().place.lock(), Place::Gone(to.clone()));
        end.between.wake();
        Ok(match before {
            Place::System(lanes) => Some(Handed { end: sync.clone(), lanes }),
            Place::Memory | Place::Gone(_) => None, // it was open
        })
    }

    /// A copy of it goes to another process, which has it beside this one. Likewise.
    pub fn lend(sync: &Arc<Sync>, make: &mut Make<'_>) -> io::Result<Option<Handed>> {
        let Ok(end) = End::of(sync) else { return Ok(None) };
        if end.is_closed() {
            return Ok(None);
        }
        end.between.lead_outside(make)?;
        let Some(lanes) = end.lanes() else { return Ok(None) };
        if let Some(incoming) = &lanes.incoming {
            incoming.share()?;
        }
        Ok(Some(Handed { end: sync.clone(), lanes }))
    }

    pub fn joint(&self) -> Joint {
        Joint(Arc::downgrade(&self.between))
    }

    /// What it tells those who make its lanes.
    pub fn readiness(&self) -> [Arc<Ready>; 2] {
        [self.own().receivers.clone(), self.other().senders.clone()]
    }

    /// It has come here from another process, with these lanes; or it comes back, because the other process was never
    /// made.
    pub fn settle(&self, lanes: Lanes) {
        *self.own().place.lock() = Place::System(lanes);
        self.between.outside.store(true, Ordering::SeqCst);
        self.between.wake();
    }

    pub fn save(&self, w: &mut Writer<'_>) {
        if self.between.known.is_some() {
            return self.save_simulated(w);
        }
        w.count(self.side as u64);
        w.count(u64::from(self.between.number));
        w.flag(self.between.duplex);
        w.flag(self.own().closed.load(Ordering::SeqCst));
        let gone = if let Place::Gone(to) = &*self.own().place.lock() { Some(to.clone()) } else { None };
        w.option(gone, |w, to| w.text(&to));
    }

    /// Its lanes follow (`settle`), unless it is closed.
    pub fn load(id: u32, r: &mut Reader<'_>) -> End {
        if r.objects.simulated() {
            return End::load_simulated(r);
        }
        let side = r.count() as usize;
        let number = r.count() as u32;
        let duplex = r.flag();
        let mut ids = [0, 0];
        ids[side] = id;
        let between = Between { outside: AtomicBool::new(true), number, ..Between::new(duplex, ids) };
        let sides = &between.sides;
        sides[side].closed.store(r.flag(), Ordering::SeqCst);
        if let Some(to) = r.option(|r| Arc::<str>::from(r.text())) {
            *sides[side].place.lock() = Place::Gone(to);
        }
        End { between: Arc::new(between), side, here: Here::default() }
    }
}

impl Pipe {
    /// The ends that it still keeps itself; others are known to those who have them.
    pub fn save(&self, w: &mut Writer<'_>) {
        w.option(self.kept.lock().as_ref(), |w, ends| ends.iter().for_each(|end| w.sync(end)));
        if w.numbering.simulated() {
            w.option(self.between.as_ref(), Writer::between);
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Pipe {
        let kept = r.option(|r| [r.sync(), r.sync()]);
        let ends = match &kept {
            Some(ends) => [0, 1].map(|side| Arc::downgrade(&ends[side])),
            None => [Weak::new(), Weak::new()],
        };
        let between = r.option_if(r.objects.simulated(), Reader::between);
        Pipe { kept: Mutex::new(kept), ends, between }
    }
}
