//! Slabs that have left the registry but whose pages have not yet gone back to the host.

use crate::slab::Slab;
use crate::thread::{self, NoCut};
use core::mem;
use core::ptr::{self, NonNull};

/// Slabs and large objects that are in no other list. Dropping it gives their pages back to the host. How long that
/// takes depends on the domains that made the objects, so a thread holds no lock when it drops one.
///
/// The thread that holds a non-empty list is under a no-cut mark or acts for the host: a cut would lose the list.
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
    /// The slab is in no list, none of its slots is used, and nothing but the caller refers to it.
    pub(super) unsafe fn add(&mut self, slab: NonNull<Slab>) {
        // SAFETY: the slab keeps its pages until this list is dropped.
        unsafe { slab.as_ref() }.next.set(self.first);
        self.first = slab.as_ptr();
    }

    /// Takes the whole list and leaves an empty one.
    pub(super) const fn take(&mut self) -> Self {
        mem::replace(self, Self::NOTHING)
    }

    /// Joins this list and `other`.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        while let Some(slab) = other.pop() {
            // SAFETY: the slab was taken off the other list just now, where it met the same conditions.
            unsafe { self.add(slab) };
        }
        self
    }

    /// Ends the mark `no_cut` and then gives all pages back, on behalf of the host, which is not cut.
    pub(crate) fn after(self, no_cut: NoCut<'_>) {
        if self.first.is_null() {
            return;
        }
        let give_back = || {
            drop(no_cut);
            drop(self);
        };
        // SAFETY: only the heap's own code and the host's run here. The thread acts for the host before the mark ends,
        // so it can be cut at no point between (DEV-5).
        unsafe { thread::as_host(give_back) }
    }

    fn pop(&mut self) -> Option<NonNull<Slab>> {
        let slab = NonNull::new(self.first.cast_mut())?;
        // SAFETY: a slab keeps its pages while it is in this list.
        self.first = unsafe { slab.as_ref() }.next.get();
        Some(slab)
    }
}

impl Drop for RetiredSlabs {
    fn drop(&mut self) {
        while let Some(slab) = self.pop() {
            // SAFETY: `add` demands that the slab is unused and in no other list; it was just taken off this one, so
            // this happens once (ORDER-6).
            unsafe { Slab::destroy(slab) };
        }
    }
}
