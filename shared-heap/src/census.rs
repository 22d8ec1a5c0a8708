//! Counting the objects of an owner, by scans of all owner words.

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
    /// Live objects, without capabilities.
    pub objects: usize,
    /// Bytes of the slots, and of the pages of large objects, that objects and capabilities occupy.
    pub bytes: usize,
    /// Live capabilities.
    pub capabilities: usize,
}

impl Census {
    /// The load that counts against a quota.
    #[must_use]
    pub const fn load(&self) -> Load {
        Load {
            bytes: self.bytes,
            objects: self.objects.saturating_add(self.capabilities),
        }
    }
}

/// Counts what `owner` has. Cost: a scan of all owner words, which holds the heap's lock for one piece at a time.
#[must_use]
pub fn census(owner: Owner) -> Census {
    count(of(owner), |piece| while piece() {})
}

/// Counts all live objects and capabilities.
#[must_use]
pub fn census_all() -> Census {
    count(
        |slab| slab.count(free_list::is_live),
        |piece| while piece() {},
    )
}

/// The domain that causes a count at a quota pays for one of this many pieces.
const SHARED: usize = 64;

/// Counts the objects and capabilities of `owner`, because its credit is used up. How long that takes depends on the
/// objects of all domains. So the domain that causes the count pays for the first piece and for every [`SHARED`]th
/// piece after it; the time of the other pieces is charged to no domain. So the uncharged work that a domain can
/// cause is at most a multiple of its own budget.
pub(crate) fn for_quota(owner: Owner) -> Load {
    let uncharged = |pieces: &mut dyn FnMut()| {
        // SAFETY: only the heap's own code runs on behalf of the host (HEAP-40).
        let ((), _) = unsafe { thread::as_host_uncharged(pieces) };
    };
    count(of(owner), |piece| in_shares(piece, uncharged)).load()
}

/// Calls `piece` until it returns `false`: the first of each [`SHARED`] calls directly, the others through `uncharged`.
fn in_shares(piece: &mut dyn FnMut() -> bool, uncharged: impl Fn(&mut dyn FnMut())) {
    let mut goes_on = true;
    while goes_on && piece() {
        uncharged(&mut || goes_on = (1..SHARED).all(|_| piece()));
    }
}

/// Returns a function that counts the owner's objects in a slab.
fn of(owner: Owner) -> impl Fn(&Slab) -> usize {
    let owner = owner.word();
    let mine = move |word| group::resolve(word) & !QUIESCED == owner;
    // Every slab is searched for words that name a group, because a group may be opened while the count runs. Words
    // are resolved only in a slab that has a candidate, so that each word of the other slabs costs only one or two
    // comparisons.
    let may_be_mine = move |word| (word & !QUIESCED == owner) | free_list::is_grouped(word);
    move |slab| match slab.count(may_be_mine) {
        0 => 0,
        _ => slab.count(mine),
    }
}

/// Sums up the counts that `objects` returns for each slab. `walk` calls the function that it gets, which visits one
/// piece, until that returns `false`.
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

/// Returns the live object whose slot contains the byte at `address`; it finds no capabilities. A host uses it for an
/// address that it did not get from the heap, such as that of an IOMMU fault. Cost: a look at the header of every
/// slab until one matches, with the heap's lock held.
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

    /// Invariant: DEV-7
    #[test]
    fn one_count_piece_of_64_is_charged() {
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
