//! Counting what an owner has, and reclaiming it: scans of all owner words.

use crate::chain::{self, QUIESCED};
use crate::ledger::Load;
use crate::owner::Owner;
use crate::registry::{self, Registry, Visited, Walk};
use crate::slab::{Kind, Slab};
use crate::{cache, cap, group, runs, thread};

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

/// What a reclaim released.
pub type Reclaimed = Census;

/// Counts what `owner` has. Cost: a scan of all owner words, with the heap's lock taken for a piece of it at a time.
#[must_use]
pub fn census(owner: Owner) -> Census {
    count(of(owner), |piece| while piece() {})
}

/// Counts everything that is live.
#[must_use]
pub fn census_all() -> Census {
    count(|slab| slab.count(chain::is_live), |piece| while piece() {})
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
    let may_be_mine = move |word| (word & !QUIESCED == owner) | chain::is_grouped(word);
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

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where its slot begins.
    pub start: usize,
    /// Bytes of its slot.
    pub bytes: usize,
    /// Whose it is.
    pub owner: Owner,
}

/// The live object in whose slot the byte at `address` is; capabilities are none. For a host that is told of an address,
/// by an IOMMU's fault say. Cost: a look at the head of each slab, with the heap's lock taken.
#[must_use]
pub fn find(address: usize) -> Option<Found> {
    registry::with(|registry| registry.find(address))
}

/// Quiesces every capability of `owner`: what it stands for stops touching memory. Nothing is
/// released yet. Returns how many there were.
///
/// # Safety
/// As for [`reclaim`].
pub unsafe fn quiesce(owner: Owner) -> usize {
    // SAFETY: handed on.
    unsafe { cap::quiesce_all(owner) }
}

/// Releases everything that `owner` has: quiesces its capabilities, releases them (trusted
/// code), then frees its objects as plain bytes. No code of the dead domain runs.
///
/// Cost: two scans of the capabilities' owner words, and one of all objects' words: about a nanosecond for each live object.
/// The heap's lock is taken for a piece of it at a time.
///
/// # Safety
/// `owner` is dead: no thread runs for it, nobody refers to what it owns, and nobody hands it
/// anything any more. It is not [`Owner::HOST`].
pub unsafe fn reclaim(owner: Owner) -> Reclaimed {
    // SAFETY: handed on.
    unsafe { cap::quiesce_all(owner) };
    // SAFETY: handed on; quiesced just now.
    let (capabilities, cap_bytes) = unsafe { cap::release_all(owner) };
    // A group that the dead owner holds keeps its owner: nobody else has a handle on it.
    let grouped = group::any_of(owner.word());
    let word = owner.word();
    // Two loops, so that the one for owners without groups is a comparison a word.
    let (objects, bytes) = if grouped {
        // SAFETY: handed on.
        unsafe { release_plain(|other| group::resolve(other) == word) }
    } else {
        // SAFETY: handed on.
        unsafe { release_plain(|other| other == word) }
    };
    if grouped {
        // SAFETY: their members were all the owner's and have just been released.
        unsafe { group::close_all(owner.word()) };
    }
    group::forget(owner);
    Reclaimed {
        objects,
        bytes: bytes.saturating_add(cap_bytes),
        capabilities,
    }
}

/// Releases every plain object whose word `mine` holds for: `(objects, bytes)`.
///
/// # Safety
/// Nothing refers to those objects any more.
unsafe fn release_plain(mine: impl Fn(u32) -> bool) -> (usize, usize) {
    let (mut objects, mut bytes, mut walk) = (0_usize, 0_usize, Walk::begin());
    while walk.piece(|registry, slab, at| {
        if slab.kind() == Kind::Caps {
            return Visited::nothing(slab);
        }
        // SAFETY: handed on.
        let (released, visited) = unsafe { registry.release(slab, at, &mine) };
        objects = objects.saturating_add(released);
        bytes = bytes.saturating_add(released.saturating_mul(slab.object_bytes()));
        visited
    }) {}
    (objects, bytes)
}

/// Returns cached slots and runs, and empty slabs, to the host.
pub fn trim() {
    cache::flush_all();
    runs::flush_all();
    registry::with(Registry::trim);
}

/// Bytes of pages that the heap holds from the host.
#[must_use]
pub fn held_bytes() -> usize {
    registry::with(|registry| registry.held())
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
