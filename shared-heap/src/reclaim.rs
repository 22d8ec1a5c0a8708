//! Reclaiming the objects of a dead owner, by scans of all owner words.

use crate::census::Census;
use crate::owner::Owner;
use crate::registry::{Visited, Walk};
use crate::slab::Kind;
use crate::{cap, group};

/// Counts of the objects and capabilities that a reclaim released.
pub type Reclaimed = Census;

/// Quiesces every capability of `owner`, so that the devices that they control stop writing memory. Releases nothing
/// yet. Returns how many capabilities it quiesced.
///
/// # Safety
/// As for [`reclaim`].
pub unsafe fn quiesce(owner: Owner) -> usize {
    // SAFETY: upheld by the caller.
    unsafe { cap::quiesce_all(owner) }
}

/// Releases everything that `owner` has. First quiesces its capabilities, then releases them (both run trusted code),
/// then frees its objects as plain bytes. No code of the dead domain runs.
///
/// Cost: two scans of the owner words of all capabilities, and one of the owner words of all objects: about a
/// nanosecond for each live object. The heap's lock is held for one piece of a scan at a time.
///
/// # Safety
/// `owner` is dead: no thread runs for it, nothing refers to the objects that it owns, and nothing is handed to it any
/// more. It is not [`Owner::HOST`].
pub unsafe fn reclaim(owner: Owner) -> Reclaimed {
    // SAFETY: upheld by the caller.
    unsafe { cap::quiesce_all(owner) };
    // SAFETY: upheld by the caller; the capabilities were quiesced just now (DEV-1).
    let (capabilities, cap_bytes) = unsafe { cap::release_all(owner) };
    // The dead owner's groups cannot change their owner meanwhile, because no other domain has a handle to them.
    let grouped = group::any_of(owner.word());
    let word = owner.word();
    // There are two loops, so that the loop for owners without groups costs only one comparison for each word.
    let (objects, bytes) = if grouped {
        // SAFETY: upheld by the caller.
        unsafe { release_plain(|other| group::resolve(other) == word) }
    } else {
        // SAFETY: upheld by the caller.
        unsafe { release_plain(|other| other == word) }
    };
    if grouped {
        // SAFETY: all members of these groups belonged to the owner, and were just released (EXPORT-17).
        unsafe { group::close_all(owner.word()) };
    }
    group::forget(owner);
    Reclaimed {
        objects,
        bytes: bytes.saturating_add(cap_bytes),
        capabilities,
    }
}

/// Releases every object, other than capabilities, whose owner word `mine` accepts. Returns the number of objects and
/// their bytes.
///
/// # Safety
/// Nothing refers to those objects any more.
unsafe fn release_plain(mine: impl Fn(u32) -> bool) -> (usize, usize) {
    let (mut objects, mut bytes, mut walk) = (0_usize, 0_usize, Walk::begin());
    while walk.piece(|registry, slab, at| {
        if slab.kind() == Kind::Caps {
            return Visited::nothing(slab);
        }
        // SAFETY: upheld by the caller.
        let (released, visited) = unsafe { registry.release(slab, at, &mine) };
        objects = objects.saturating_add(released);
        bytes = bytes.saturating_add(released.saturating_mul(slab.object_bytes()));
        visited
    }) {}
    (objects, bytes)
}
