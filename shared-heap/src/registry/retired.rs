//! What has left the registry and not yet gone back to the host.

use crate::slab::Slab;
use crate::thread::{self, NoCut};
use core::mem;
use core::ptr::{self, NonNull};

/// Slabs and large objects in no list but this one. Dropped, it gives their pages back to the host: how long that
/// takes is up to whoever made the objects, so whoever has one holds no lock.
///
/// Whoever has one is under a no-cut mark or acts for the host: a cut would lose it.
#[must_use = "the host waits for its pages"]
pub(crate) struct RetiredSlabs {
    /// Linked by `next`.
    first: *const Slab,
}

impl RetiredSlabs {
    pub(crate) const NOTHING: Self = Self { first: ptr::null() };

    /// Adds one.
    ///
    /// # Safety
    /// The slab is in no list, none of its slots is used, and nobody but the caller refers to it.
    pub(super) unsafe fn add(&mut self, slab: NonNull<Slab>) {
        // SAFETY: it has its pages until this is dropped.
        unsafe { slab.as_ref() }.next.set(self.first);
        self.first = slab.as_ptr();
    }

    /// All of them.
    pub(super) const fn take(&mut self) -> Self {
        mem::replace(self, Self::NOTHING)
    }

    /// All of them, and those of `other`.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        while let Some(slab) = other.pop() {
            // SAFETY: taken off the other list just now, where it met the same conditions.
            unsafe { self.add(slab) };
        }
        self
    }

    /// Ends the mark `no_cut`, and gives all back without it: as the host, which is not cut.
    pub(crate) fn after(self, no_cut: NoCut<'_>) {
        if self.first.is_null() {
            return;
        }
        let give_back = || {
            drop(no_cut);
            drop(self);
        };
        // SAFETY: the heap's own code, and the host's; it acts for the host before the mark ends.
        unsafe { thread::as_host(give_back) }
    }

    fn pop(&mut self) -> Option<NonNull<Slab>> {
        let slab = NonNull::new(self.first.cast_mut())?;
        // SAFETY: it has its pages while it is in this list.
        self.first = unsafe { slab.as_ref() }.next.get();
        Some(slab)
    }
}

impl Drop for RetiredSlabs {
    fn drop(&mut self) {
        while let Some(slab) = self.pop() {
            // SAFETY: as `add` demands, and taken off just now: once.
            unsafe { Slab::destroy(slab) };
        }
    }
}
