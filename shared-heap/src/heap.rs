//! Allocate, free, change of owner; and, from [`census`](crate::census) and [`reclaim`], counting and reclaim.

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

/// Allocates a slot at `place` for an object of `size` bytes aligned to `align`, owned by whom the
/// thread runs for. The bytes are whatever the slot held before: the caller must write them before
/// anybody else can read them.
///
/// Cost: no shared line while the CPU's cache has a slot of the class, or a run of as many pages.
/// An owner with a quota takes a lock of its own.
///
/// # Errors
/// The host is out of pages, or the owner's quota is used up.
///
/// # Safety
/// `place` is `class::place(size, align)`. The caller takes over the slot: nothing else frees it
/// unless its owner dies, so the caller must not hand the address to code that outlives that.
// Always: a sized type's place is known where this is called, which leaves half of it.
#[inline(always)]
pub unsafe fn alloc(place: Place, size: usize, align: usize) -> Result<NonNull<u8>, AllocError> {
    let thread = thread::current();
    let owner = thread.owner();
    // Each way marks its own no-cut stretch, and what is out of line returns in registers: else the
    // slot found here would come through memory as well, where the ways meet.
    if quota::is_limited(owner) {
        let (slot, error) = alloc_limited(thread, owner, place, size, align);
        return slot.ok_or(error);
    }
    match place {
        Place::Slot { shift } => alloc_slot(thread, owner, shift),
        Place::Large => alloc_large(thread, owner, size, align),
    }
}

/// A slot, or else why there is none.
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
    // Held, with a no-cut mark, until the object bears its owner's.
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
    // SAFETY: the heap's own code, to the end of this block.
    let _no_cut = unsafe { NoCut::begin(thread) };
    let slot = cache::take(thread, shift)?;
    // SAFETY: the cache's slots of a class lie in slabs of that class.
    unsafe { slab::slot_word(slot, shift) }.store(owner.word(), Ordering::Relaxed);
    Some(slot)
}

/// The host has no pages: what other classes and CPUs keep may do.
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
    // SAFETY: the heap's own code, to the end of this block.
    let _no_cut = unsafe { NoCut::begin(thread) };
    let object = runs::take(thread, bytes)?;
    // SAFETY: a large object that nobody else knows of.
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
        // SAFETY: the heap's own code, to the end of this block.
        let _no_cut = unsafe { NoCut::begin(thread) };
        let (header, object) = Slab::create_large(size, align)?;
        // SAFETY: made just now; nobody else knows of it yet, and its word says *cached*.
        let header = unsafe { header.as_ref() };
        // Nothing is taken out.
        let ((), _) = registry::locked(|registry| registry.add_large(header));
        // SAFETY: a large object that nobody else knows of.
        unsafe { slab::large_word(object) }.store(owner.word(), Ordering::Relaxed);
        Some(object)
    };
    create().or_else(|| {
        trim();
        create()
    })
}

/// Frees the object at `object`, whoever owns it. Cost: as [`alloc`], without the quota.
///
/// # Safety
/// `object` is a live object that [`alloc`] placed at `place`, with its provenance; the caller is
/// the one that may drop it and nobody uses it any more.
// Always, as `alloc`: left to itself the compiler does not, and each free computes its class again.
#[inline(always)]
pub unsafe fn free(object: NonNull<u8>, place: Place) {
    let thread = thread::current();
    match place {
        Place::Slot { shift } => {
            // SAFETY: the heap's own code, to the end of this block.
            let _no_cut = unsafe { NoCut::begin(thread) };
            // SAFETY: the caller's object lies in a slab of that class.
            unsafe { slab::slot_word(object, shift) }.store(CACHED, Ordering::Relaxed);
            // SAFETY: the word says cached now, and the caller gave the slot up.
            unsafe { cache::put(thread, shift, object) };
        }
        // SAFETY: the caller's object is large, and given up.
        Place::Large => unsafe { free_large(thread, object) },
    }
}

/// # Safety
/// `object` is a large object, given up.
#[inline(never)]
unsafe fn free_large(thread: &ThreadSlot, object: NonNull<u8>) {
    // SAFETY: the heap's own code, to the end of this function or of what it hands the mark to.
    let no_cut = unsafe { NoCut::begin(thread) };
    // SAFETY: the caller's object is large.
    unsafe { slab::large_word(object) }.store(CACHED, Ordering::Relaxed);
    // SAFETY: as above; its header lives as long as it does.
    let header = unsafe { Slab::of_large(object) };
    let pages = if header.is_page_aligned() {
        class::run_pages(header.object_bytes())
    } else {
        None
    };
    if let Some(pages) = pages {
        // SAFETY: of so many pages and aligned to one, says *cached*, given up.
        let is_kept = unsafe { runs::keep(thread, object, pages) };
        if is_kept {
            return;
        }
    }
    // SAFETY: as above.
    unsafe { runs::give_up(thread, no_cut, object, pages) };
}

/// # Safety
/// As for [`set_owner`].
#[inline]
unsafe fn word<'a>(object: NonNull<u8>, place: Place) -> &'a AtomicU32 {
    match place {
        // SAFETY: the caller's object stands at `place`.
        Place::Slot { shift } => unsafe { slab::slot_word(object, shift) },
        // SAFETY: the caller's object stands at `place`.
        Place::Large => unsafe { slab::large_word(object) },
    }
}

/// Changes the owner of one object. One store.
///
/// # Safety
/// `object` is a live object at `place`, with its provenance; the caller moves the right to use it
/// to `owner` in the same breath.
#[inline]
pub unsafe fn set_owner(object: NonNull<u8>, place: Place, owner: Owner) {
    // SAFETY: the caller's object stands at `place`.
    unsafe { word(object, place) }.store(owner.word(), Ordering::Relaxed);
}

/// Makes the object a member of `group`: from now on the group's owner is its owner. One store.
///
/// # Safety
/// As [`set_owner`], to the group's owner; the group is open, and stays so until the object has left
/// it (by [`set_owner`]) or is freed.
#[inline]
pub unsafe fn join(object: NonNull<u8>, place: Place, group: Group) {
    // SAFETY: the caller's object stands at `place`.
    unsafe { word(object, place) }.store(group.word(), Ordering::Relaxed);
}

/// The owner of one object, through its group if it is in one.
///
/// # Safety
/// `object` is a live object at `place`, with its provenance.
#[inline]
#[must_use]
pub unsafe fn owner(object: NonNull<u8>, place: Place) -> Owner {
    // SAFETY: the caller's object stands at `place`.
    let word = unsafe { word(object, place) }.load(Ordering::Relaxed);
    Owner::from_index((group::resolve(word) & !QUIESCED) as usize).unwrap_or(Owner::HOST)
}
