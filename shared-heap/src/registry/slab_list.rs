//! The list of all slabs, by age.

use crate::slab::Slab;
use core::ptr;

/// All slabs and large objects, from the newest to the oldest. A slab never changes its place, so a walk visits every
/// slab that was listed when the walk began and has not left the list since.
pub(super) struct ByAge {
    newest: *const Slab,
}

impl ByAge {
    pub(super) const NEW: Self = Self {
        newest: ptr::null(),
    };

    /// Returns the newest slab, or null if there is none.
    pub(super) fn newest(&self) -> *const Slab {
        self.newest
    }

    pub(super) fn push(&mut self, slab: &Slab) {
        slab.newer.set(ptr::null());
        slab.older.set(self.newest);
        // SAFETY: a listed slab is alive; the registry's lock is held.
        if let Some(newest) = unsafe { self.newest.as_ref() } {
            newest.newer.set(slab);
        }
        self.newest = slab;
    }

    /// Returns the newest slab that `is` accepts. The registry's lock is held.
    pub(super) fn find(&self, is: impl Fn(&Slab) -> bool) -> Option<&Slab> {
        let mut at = self.newest;
        // SAFETY: a listed slab is alive; the registry's lock is held.
        while let Some(slab) = unsafe { at.as_ref() } {
            if is(slab) {
                return Some(slab);
            }
            at = slab.older.get();
        }
        None
    }

    pub(super) fn remove(&mut self, slab: &Slab) {
        // SAFETY: neighbours are listed and therefore alive; the registry's lock is held.
        match unsafe { slab.newer.get().as_ref() } {
            Some(newer) => newer.older.set(slab.older.get()),
            None => self.newest = slab.older.get(),
        }
        // SAFETY: as above.
        if let Some(older) = unsafe { slab.older.get().as_ref() } {
            older.newer.set(slab.newer.get());
        }
    }
}
