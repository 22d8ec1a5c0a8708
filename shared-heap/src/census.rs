//! Counting what an owner has: scans of all owner words.

use crate::free_list::{self, QUIESCED};
use crate::ledger::Load;
use crate::lookup::Found;
use crate::owner::Owner;
use crate::registry::{self, Visited, Walk};
use crate::slab::{Kind, Slab};
use crate::{group, thread};

/// What an owner has on the exchange heap, counted by a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Live objects, capabilities not among them.
    pub objects: usize,
    /// Bytes of slots that objects and capabilities occupy.
    pub bytes: usize,
    /// Live capabilities.
    pub capabilities: usize,
}

impl Census {
    /// What counts against a quota.
    #[must_use]
    pub const fn load(&self) -> Load {
        Load {
            bytes: self.bytes,
            objects: self.objects.saturating_add(self.capabilities),
        }
    }
}

/// Counts what `owner` has. Cost: a scan of all owner words, with the heap's lock taken for a piece of it at a time.
#[must_use]
pub fn census(owner: Owner) -> Census {
    count(of(owner), |piece| while piece() {})
}

/// Counts everything that is live.
#[must_use]
pub fn census_all() -> Census {
    count(
        |slab| slab.count(free_list::is_live),
        |piece| while piece() {},
    )
}

/// Of so many pieces of a count at a quota its asker pays for one.
const SHARED: usize = 64;

/// What `owner` has, counted because its credit is used up. How long that takes is up to all who have objects: so the asker
/// pays for the first piece, and for one of each [`SHARED`] from there on, and the others are nobody's time. What one can
/// have counted for nothing is a multiple of its own budget.
pub(crate) fn for_quota(owner: Owner) -> Load {
    let uncharged = |pieces: &mut dyn FnMut()| {
        // SAFETY: the heap's own code.
        let ((), _) = unsafe { thread::as_host_uncharged(pieces) };
    };
    count(of(owner), |piece| in_shares(piece, uncharged)).load()
}

/// Has `piece` called until there is none: of [`SHARED`] one as it is, the others by `uncharged`.
fn in_shares(piece: &mut dyn FnMut() -> bool, uncharged: impl Fn(&mut dyn FnMut())) {
    let mut goes_on = true;
    while goes_on && piece() {
        uncharged(&mut || goes_on = (1..SHARED).all(|_| piece()));
    }
}

/// How many objects of a slab are the owner's.
fn of(owner: Owner) -> impl Fn(&Slab) -> usize {
    let owner = owner.word();
    let mine = move |word| group::resolve(word) & !QUIESCED == owner;
    // A group may be opened while this runs. Words are resolved where one names a group, so that other slabs cost a
    // comparison or two a word.
    let may_be_mine = move |word| (word & !QUIESCED == owner) | free_list::is_grouped(word);
    move |slab| match slab.count(may_be_mine) {
        0 => 0,
        _ => slab.count(mine),
    }
}

/// Counts what `objects` finds in each slab, while `walk` takes the next piece until there is none.
fn count(objects: impl Fn(&Slab) -> usize, walk: impl FnOnce(&mut dyn FnMut() -> bool)) -> Census {
    let (mut census, mut pieces) = (Census::default(), Walk::begin());
    walk(&mut || {
        pieces.piece(|_, slab, _| {
            let objects = objects(slab);
            let bytes = objects.saturating_mul(slab.object_bytes());
            census.bytes = census.bytes.saturating_add(bytes);
            match slab.kind() {
                Kind::Caps => census.capabilities = census.capabilities.saturating_add(objects),
                Kind::Plain | Kind::Large => {
                    census.objects = census.objects.saturating_add(objects);
                }
            }
            Visited::all(slab)
        })
    });
    census
}

/// The live object in whose slot the byte at `address` is; capabilities are none. For a host that is told of an address,
/// by an IOMMU's fault say. Cost: a look at the head of each slab, with the heap's lock taken.
#[must_use]
pub fn find(address: usize) -> Option<Found> {
    registry::with(|registry| registry.find(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;
    extern crate std;
    use std::vec::Vec;

    #[test]
    fn one_piece_of_64_is_its_askers_from_the_first_on() {
        for pieces in [0, 1, 2, 63, 64, 65, 200] {
            let (is_nobodys, mut charged, mut taken) = (Cell::new(false), Vec::new(), 0);
            let mut piece = || {
                if taken < pieces && !is_nobodys.get() {
                    charged.push(taken);
                }
                taken += usize::from(taken < pieces);
                taken < pieces
            };
            in_shares(&mut piece, |some| {
                is_nobodys.set(true);
                some();
                is_nobodys.set(false);
            });
            let every: Vec<_> = (0..pieces).step_by(SHARED).collect();
            assert_eq!((taken, charged), (pieces, every));
        }
    }
}
