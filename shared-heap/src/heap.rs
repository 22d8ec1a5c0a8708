//! Allocate, free, change of owner, census, reclaim.

use crate::chain::{CACHED, QUIESCED};
use crate::class::{self, Place};
use crate::owner::Owner;
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::slab::{self, Kind, Slab};
use crate::thread::{self, NoCut};
use crate::{cache, cap, quota, registry};
use core::fmt;
use core::ptr::NonNull;

/// Why an object could not be allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllocError {
    /// The host has no pages left.
    OutOfMemory,
    /// The domain's quota of shared objects does not allow it.
    Quota,
    /// The size overflows.
    TooLarge,
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "the host has no pages left for the exchange heap",
            Self::Quota => "the domain's shared-heap quota is used up; free objects or raise it",
            Self::TooLarge => "the size of the object overflows",
        })
    }
}

impl core::error::Error for AllocError {}

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

/// What a reclaim released.
pub type Reclaimed = Census;

/// Allocates a slot at `place` for an object of `size` bytes aligned to `align`, owned by whom the
/// thread runs for. The bytes are whatever the slot held before: the caller must write them before
/// anybody else can read them.
///
/// Cost: no shared line while the CPU's cache has a slot of the class.
///
/// # Errors
/// The host is out of pages, or the owner's quota is used up.
///
/// # Safety
/// `place` is `class::place(size, align)`. The caller takes over the slot: nothing else frees it
/// unless its owner dies, so the caller must not hand the address to code that outlives that.
#[inline]
pub unsafe fn alloc(place: Place, size: usize, align: usize) -> Result<NonNull<u8>, AllocError> {
    let thread = thread::current();
    let owner = thread.owner();
    let _no_cut = NoCut::begin(thread);
    match place {
        Place::Slot { shift } => {
            let _grant = quota::charge(owner, 1 << shift).ok_or(AllocError::Quota)?;
            let slot = cache::take(thread, shift).ok_or(AllocError::OutOfMemory)?;
            // SAFETY: the cache's slots of a class lie in slabs of that class.
            unsafe { slab::slot_word(slot, shift) }.store(owner.word(), Ordering::Relaxed);
            Ok(slot)
        }
        Place::Large => alloc_large(owner, size, align),
    }
}

#[cold]
fn alloc_large(owner: Owner, size: usize, align: usize) -> Result<NonNull<u8>, AllocError> {
    let bytes = class::large_bytes(size, align).ok_or(AllocError::TooLarge)?;
    let _grant = quota::charge(owner, bytes).ok_or(AllocError::Quota)?;
    let (header, object) = Slab::create_large(size, align).ok_or(AllocError::OutOfMemory)?;
    // SAFETY: a large object made just now.
    unsafe { slab::large_word(object) }.store(owner.word(), Ordering::Relaxed);
    // SAFETY: as above; nobody else knows of it yet.
    registry::lock().add_large(unsafe { header.as_ref() });
    Ok(object)
}

/// Frees the object at `object`, whoever owns it.
///
/// # Safety
/// `object` is a live object that [`alloc`] placed at `place`, with its provenance; the caller is
/// the one that may drop it and nobody uses it any more.
#[inline]
pub unsafe fn free(object: NonNull<u8>, place: Place) {
    let thread = thread::current();
    let _no_cut = NoCut::begin(thread);
    match place {
        Place::Slot { shift } => {
            // SAFETY: the caller's object lies in a slab of that class.
            unsafe { slab::slot_word(object, shift) }.store(CACHED, Ordering::Relaxed);
            // SAFETY: the word says cached now, and the caller gave the slot up.
            unsafe { cache::put(thread, shift, object) };
        }
        // SAFETY: the caller's object is large, and given up.
        Place::Large => unsafe { registry::lock().free_large(object) },
    }
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

/// The owner of one object.
///
/// # Safety
/// `object` is a live object at `place`, with its provenance.
#[must_use]
pub unsafe fn owner(object: NonNull<u8>, place: Place) -> Owner {
    // SAFETY: the caller's object stands at `place`.
    let word = unsafe { word(object, place) }.load(Ordering::Relaxed);
    Owner::from_index((word & !QUIESCED) as usize).unwrap_or(Owner::HOST)
}

/// Counts what `owner` has. Cost: a scan of all owner words under the registry's lock.
#[must_use]
pub fn census(owner: Owner) -> Census {
    count(|word| word & !QUIESCED == owner.word())
}

/// Counts everything that is live.
#[must_use]
pub fn census_all() -> Census {
    count(|_| true)
}

fn count(mine: impl Fn(u32) -> bool) -> Census {
    let _no_cut = NoCut::begin(thread::current());
    let mut census = Census::default();
    registry::lock().for_each_live(|slab, word| {
        if mine(word) {
            census.bytes += slab.object_bytes();
            match slab.kind() {
                Kind::Caps => census.capabilities += 1,
                Kind::Plain | Kind::Large => census.objects += 1,
            }
        }
    });
    census
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
/// Cost: a scan of all owner words, about a nanosecond for each live object.
///
/// # Safety
/// `owner` is dead: no thread runs for it, nobody refers to what it owns, and nobody hands it
/// anything any more. It is not [`Owner::HOST`].
pub unsafe fn reclaim(owner: Owner) -> Reclaimed {
    let bytes_before = census(owner).bytes;
    // SAFETY: handed on.
    unsafe { cap::quiesce_all(owner) };
    // SAFETY: handed on; quiesced just now.
    let capabilities = unsafe { cap::release_all(owner) };
    let _no_cut = NoCut::begin(thread::current());
    // SAFETY: the caller vouches that nothing refers to these objects.
    let (objects, _) = unsafe { registry::lock().release_plain(owner.word()) };
    Reclaimed {
        objects,
        bytes: bytes_before,
        capabilities,
    }
}

/// Returns cached slots and empty slabs to the host.
pub fn trim() {
    let _no_cut = NoCut::begin(thread::current());
    cache::flush_all();
    registry::lock().trim();
}

/// Bytes of pages that the heap holds from the host.
#[must_use]
pub fn held_bytes() -> usize {
    let _no_cut = NoCut::begin(thread::current());
    registry::lock().held()
}
