//! Allocation, free and change of owner. Also re-exports the functions that count ([`census`](crate::census)) and
//! reclaim ([`reclaim`]).

use crate::class::{self, PAGE_SIZE, Place};
use crate::free_list::{CACHED, QUIESCED};
use crate::group::{self, Group};
use crate::ledger::Load;
use crate::owner::Owner;
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::slab::{self, Slab};
use crate::thread::{self, NoCut, ThreadSlot};
use crate::{cache, quota, registry, runs};
use core::ptr::NonNull;

pub use crate::census::{Census, census, census_all, find};
pub use crate::error::AllocError;
pub use crate::lookup::Found;
pub use crate::reclaim::{Reclaimed, quiesce, reclaim};
pub use crate::trim::{held_bytes, trim};

/// Allocates a slot at `place` for an object of `size` bytes aligned to `align`. The object belongs to the owner on
/// whose behalf the thread runs. The slot still has its old bytes: the caller must overwrite them before any other code
/// can read them.
///
/// Cost: touches no cache line that CPUs share while the CPU's cache has a slot of the class, or a run of as many
/// pages. For an owner with a quota, it also takes a lock of that owner.
///
/// # Errors
/// The host has no pages left, the owner's quota is used up, or the object is too large.
///
/// # Safety
/// `place` is `class::place(size, align)`. The caller takes over the slot: nothing else frees it unless its owner dies.
/// So the caller must not hand the address to code that outlives the owner.
// Always inlined: a caller with a sized type knows the place at compile time, so half of the code folds away.
#[inline(always)]
pub unsafe fn alloc(place: Place, size: usize, align: usize) -> Result<NonNull<u8>, AllocError> {
    let thread = thread::current();
    let owner = thread.owner();
    // Each path takes a no-cut mark of its own, and the functions out of line return their results in registers. If
    // the paths shared one mark, or a function returned its result through memory, the slot that the inlined path
    // finds would also go through memory where the paths join.
    if quota::is_limited(owner) {
        let (slot, error) = alloc_limited(thread, owner, place, size, align);
        return slot.ok_or(error);
    }
    match place {
        Place::Slot { shift } => alloc_slot(thread, owner, shift),
        Place::Large => alloc_large(thread, owner, size, align),
    }
}

/// Allocates for an owner with a quota. Returns the slot, or `None` and the error. If there is a slot, the error has
/// no meaning.
#[cold]
#[inline(never)]
fn alloc_limited(
    thread: &ThreadSlot,
    owner: Owner,
    place: Place,
    size: usize,
    align: usize,
) -> (Option<NonNull<u8>>, AllocError) {
    match charged(thread, owner, place, size, align) {
        Ok(slot) => (Some(slot), AllocError::Quota),
        Err(error) => (None, error),
    }
}

fn charged(
    thread: &ThreadSlot,
    owner: Owner,
    place: Place,
    size: usize,
    align: usize,
) -> Result<NonNull<u8>, AllocError> {
    let bytes = match place {
        Place::Slot { shift } => 1 << shift,
        Place::Large => class::large_bytes(size, align).ok_or(AllocError::TooLarge)?,
    };
    // The grant, and the no-cut mark that it contains, are held until the object's owner word is set.
    let _grant = quota::charge(owner, Load::one(bytes)).ok_or(AllocError::Quota)?;
    match place {
        Place::Slot { shift } => alloc_slot(thread, owner, shift),
        Place::Large => alloc_large(thread, owner, size, align),
    }
}

#[inline]
fn alloc_slot(thread: &ThreadSlot, owner: Owner, shift: u32) -> Result<NonNull<u8>, AllocError> {
    match take_slot(thread, owner, shift) {
        Some(slot) => Ok(slot),
        None => alloc_after_trim(thread, owner, shift).ok_or(AllocError::OutOfMemory),
    }
}

#[inline(always)]
fn take_slot(thread: &ThreadSlot, owner: Owner, shift: u32) -> Option<NonNull<u8>> {
    // SAFETY: only the heap's own code runs under the mark, to the end of this block (ORDER-54).
    let _no_cut = unsafe { NoCut::begin(thread) };
    let slot = cache::take(thread, shift)?;
    // SAFETY: the cache's slots of a class lie in slabs of that class.
    unsafe { slab::slot_word(slot, shift) }.store(owner.word(), Ordering::Relaxed);
    Some(slot)
}

/// Trims the heap and tries again: the host has no pages, but the caches of other classes and CPUs may hold some.
#[cold]
#[inline(never)]
fn alloc_after_trim(thread: &ThreadSlot, owner: Owner, shift: u32) -> Option<NonNull<u8>> {
    trim();
    take_slot(thread, owner, shift)
}

#[inline(never)]
fn alloc_large(
    thread: &ThreadSlot,
    owner: Owner,
    size: usize,
    align: usize,
) -> Result<NonNull<u8>, AllocError> {
    let bytes = class::large_bytes(size, align).ok_or(AllocError::TooLarge)?;
    if align <= PAGE_SIZE
        && let Some(object) = take_run(thread, owner, bytes)
    {
        return Ok(object);
    }
    create_large(thread, owner, size, align).ok_or(AllocError::OutOfMemory)
}

#[inline(always)]
fn take_run(thread: &ThreadSlot, owner: Owner, bytes: usize) -> Option<NonNull<u8>> {
    // SAFETY: only the heap's own code runs under the mark, to the end of this block (ORDER-54).
    let _no_cut = unsafe { NoCut::begin(thread) };
    let object = runs::take(thread, bytes)?;
    // SAFETY: a large object of which nothing else knows.
    unsafe { slab::large_word(object) }.store(owner.word(), Ordering::Relaxed);
    Some(object)
}

#[cold]
#[inline(never)]
fn create_large(
    thread: &ThreadSlot,
    owner: Owner,
    size: usize,
    align: usize,
) -> Option<NonNull<u8>> {
    let create = || {
        // SAFETY: only the heap's own code runs under the mark, to the end of this block (ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread) };
        let (header, object) = Slab::create_large(size, align)?;
        // SAFETY: the large object was just created, nothing else knows of it yet, and its word says *cached*.
        let header = unsafe { header.as_ref() };
        // `add_large` retires no slab, so there is nothing to give back.
        let ((), _) = registry::locked(|registry| registry.add_large(header));
        // SAFETY: a large object of which nothing else knows.
        unsafe { slab::large_word(object) }.store(owner.word(), Ordering::Relaxed);
        Some(object)
    };
    create().or_else(|| {
        trim();
        create()
    })
}

/// Frees the object at `object`, whichever owner it has. Cost: as [`alloc`], without the quota.
///
/// # Safety
/// `object` is a live object that [`alloc`] placed at `place`, with its provenance. The caller has the only right to
/// drop it, and nothing uses it any more.
// Always inlined, as `alloc`: otherwise the compiler does not inline it, and each free computes its class again.
#[inline(always)]
pub unsafe fn free(object: NonNull<u8>, place: Place) {
    let thread = thread::current();
    match place {
        Place::Slot { shift } => {
            // SAFETY: only the heap's own code runs under the mark, to the end of this block (ORDER-54).
            let _no_cut = unsafe { NoCut::begin(thread) };
            // SAFETY: the caller's object lies in a slab of that class.
            unsafe { slab::slot_word(object, shift) }.store(CACHED, Ordering::Relaxed);
            // SAFETY: the word now says *cached*, and the caller has given up the slot (OWN-4).
            unsafe { cache::put(thread, shift, object) };
        }
        // SAFETY: the caller's object is large, and the caller has given it up.
        Place::Large => unsafe { free_large(thread, object) },
    }
}

/// Frees a large object: into the CPU's cache of runs if it has room, otherwise on the slow path.
///
/// # Safety
/// `object` is a live large object that the caller has given up.
#[inline(never)]
unsafe fn free_large(thread: &ThreadSlot, object: NonNull<u8>) {
    // SAFETY: only the heap's own code runs under the mark, which ends in this function or in the one that it is passed
    // to (ORDER-54).
    let no_cut = unsafe { NoCut::begin(thread) };
    // SAFETY: the caller's object is large.
    unsafe { slab::large_word(object) }.store(CACHED, Ordering::Relaxed);
    // SAFETY: as above; the header lives as long as the object.
    let header = unsafe { Slab::of_large(object) };
    let pages = if header.is_page_aligned() {
        class::run_pages(header.object_bytes())
    } else {
        None
    };
    if let Some(pages) = pages {
        // SAFETY: the object has that many pages and page alignment, its word says *cached*, and it was given up.
        let is_kept = unsafe { runs::keep(thread, object, pages) };
        if is_kept {
            return;
        }
    }
    // SAFETY: as above.
    unsafe { runs::give_up(thread, no_cut, object, pages) };
}

/// Returns the owner word of an object.
///
/// # Safety
/// As for [`set_owner`].
#[inline]
unsafe fn word<'a>(object: NonNull<u8>, place: Place) -> &'a AtomicU32 {
    match place {
        // SAFETY: the caller's object is at `place`.
        Place::Slot { shift } => unsafe { slab::slot_word(object, shift) },
        // SAFETY: the caller's object is at `place`.
        Place::Large => unsafe { slab::large_word(object) },
    }
}

/// Changes the owner of one object, with one store.
///
/// # Safety
/// `object` is a live object at `place`, with its provenance. The caller transfers the right to use it to `owner`
/// together with this store.
#[inline]
pub unsafe fn set_owner(object: NonNull<u8>, place: Place, owner: Owner) {
    // SAFETY: the caller's object is at `place`.
    unsafe { word(object, place) }.store(owner.word(), Ordering::Relaxed);
}

/// Makes the object a member of `group`, with one store: from now on the group's owner is its owner.
///
/// # Safety
/// As for [`set_owner`], to the group's owner. The group is open, and stays open until the object has left it (by
/// [`set_owner`]) or is freed.
#[inline]
pub unsafe fn join(object: NonNull<u8>, place: Place, group: Group) {
    // SAFETY: the caller's object is at `place`.
    unsafe { word(object, place) }.store(group.word(), Ordering::Relaxed);
}

/// Returns the owner of one object; for a member of a group, the owner of the group.
///
/// # Safety
/// `object` is a live object at `place`, with its provenance.
#[inline]
#[must_use]
pub unsafe fn owner(object: NonNull<u8>, place: Place) -> Owner {
    // SAFETY: the caller's object is at `place`.
    let word = unsafe { word(object, place) }.load(Ordering::Relaxed);
    Owner::from_index((group::resolve(word) & !QUIESCED) as usize).unwrap_or(Owner::HOST)
}
