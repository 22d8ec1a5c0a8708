//! How the generations of one name ended.

use crate::call::Target;
use crate::reason::{Exit, ExitReason};
use alloc::sync::Arc;
use core::time::Duration;
use samara_shared_heap::NoCutMutex;

/// How many ends are kept for each name.
const KEPT: usize = 8;

#[derive(Debug)]
struct Ring {
    /// Ends so far; the newest stands at `count - 1` modulo [`KEPT`].
    count: usize,
    ends: [Option<Exit>; KEPT],
}

/// The newest ends of a name's generations. Kept apart from the slots, which others use again.
#[derive(Debug)]
pub(crate) struct Exits(NoCutMutex<Ring>);

/// What a slot keeps of them.
pub(crate) type Shared = Arc<Exits>;

impl Exits {
    pub(crate) const fn new() -> Self {
        let ring = Ring {
            count: 0,
            ends: [None; KEPT],
        };
        // SAFETY: ends are copied.
        Self(unsafe { NoCutMutex::new(ring) })
    }

    pub(crate) fn push(&self, id: usize, generation: u32, at: Duration, reason: &ExitReason) {
        let mut ring = self.0.lock();
        let newest = ring.count % KEPT;
        ring.ends[newest] = Some(Exit {
            id,
            generation,
            at,
            reason: *reason,
        });
        ring.count = ring.count.wrapping_add(1);
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = Exit> + use<> {
        let (count, ends) = {
            let ring = self.0.lock();
            (ring.count, ring.ends)
        };
        (0..KEPT).filter_map(move |at| ends[count.wrapping_add(at) % KEPT])
    }

    pub(crate) fn of(&self, id: usize, generation: u32) -> Option<ExitReason> {
        self.all()
            .find(|exit| (exit.id, exit.generation) == (id, generation))
            .map(|exit| exit.reason)
    }
}

/// How a generation ends, asked for before it has: told also when its slot is another's already.
pub(crate) struct Ending {
    target: Target,
    exits: Option<Shared>,
}

impl Ending {
    /// Of the generation of `target`, if it is there still.
    pub(crate) fn of(target: Target) -> Self {
        let exits = target.block().exits();
        Self { target, exits }
    }

    /// Why it ended; `None` while it runs.
    pub(crate) fn reason(&self) -> Option<ExitReason> {
        let (block, generation) = (self.target.block(), self.target.expected().generation());
        match &self.exits {
            Some(exits) => exits.of(block.owner().index(), generation),
            // It has no name.
            None => block.reason(generation),
        }
    }
}
