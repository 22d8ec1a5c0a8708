//! How the generations of one name ended.

use crate::exit_reason::{End, Exit, ExitReason};
use alloc::sync::Arc;
use core::time::Duration;
use samara_shared_heap::NoCutMutex;

/// How many ends are kept for each name.
const KEPT: usize = 8;

/// There is one place more than ends are kept, since the newest end may be taken back.
const PLACES: usize = KEPT + 1;

#[derive(Debug)]
struct Ring {
    /// The place for the next end; the newest stands before it.
    next: usize,
    ends: [Option<Ended>; PLACES],
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    exit: Exit,
    /// See [`End::by`].
    by: usize,
}

/// The newest ends of a name's generations. Kept apart from the slots, which other domains use again.
#[derive(Debug)]
pub(crate) struct Exits(NoCutMutex<Ring>);

/// A slot's reference to the ends of its name.
pub(crate) type Shared = Arc<Exits>;

/// A number that no other name has for as long as any slot refers to this name's ends.
pub(crate) fn name_of(exits: &Shared) -> usize {
    Arc::as_ptr(exits).addr()
}

impl Exits {
    pub(crate) const fn new() -> Self {
        let ring = Ring {
            next: 0,
            ends: [None; PLACES],
        };
        // SAFETY: the lock is held while ends are copied: trusted code in bounded time (ORDER-54).
        Self(unsafe { NoCutMutex::new(ring) })
    }

    pub(crate) fn push(&self, id: usize, generation: u32, at: Duration, end: &End) {
        let mut ring = self.0.lock();
        let next = ring.next;
        let exit = Exit {
            id,
            generation,
            at,
            reason: end.reason,
        };
        ring.ends[next] = Some(Ended { exit, by: end.by });
        ring.next = (next + 1) % PLACES;
    }

    /// Takes an end back if it is the newest. It is called for an end that another domain or a shortage has caused,
    /// and that says nothing about this name's domain.
    pub(crate) fn forget(&self, id: usize, generation: u32) {
        let mut ring = self.0.lock();
        let newest = (ring.next + KEPT) % PLACES;
        let is_it = |ended: &mut Ended| (ended.exit.id, ended.exit.generation) == (id, generation);
        if ring.ends[newest].take_if(is_it).is_some() {
            ring.next = newest;
        }
    }

    /// Yields the kept ends, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = Exit> + use<> {
        self.ended().map(|ended| ended.exit)
    }

    fn ended(&self) -> impl Iterator<Item = Ended> + use<> {
        let (next, ends) = {
            let ring = self.0.lock();
            (ring.next, ring.ends)
        };
        (1..=KEPT).filter_map(move |at| ends[(next + at) % PLACES])
    }

    pub(crate) fn of(&self, id: usize, generation: u32) -> Option<ExitReason> {
        self.end_of(id, generation).map(|end| end.reason)
    }

    pub(crate) fn end_of(&self, id: usize, generation: u32) -> Option<End> {
        let is_it = |ended: &Ended| (ended.exit.id, ended.exit.generation) == (id, generation);
        let Ended { exit, by } = self.ended().find(is_it)?;
        Some(End {
            reason: exit.reason,
            by,
        })
    }
}
