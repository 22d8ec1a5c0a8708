//! The list of all slabs.

use crate::slab::Slab;
use core::ptr;

/// All slabs and large objects, from the newest to the oldest. A slab keeps its place, so a walk meets each slab that was
/// there when the walk began.
pub(super) struct ByAge {
    newest: *const Slab,
}

impl ByAge {
    pub(super) const NEW: Self = Self {
        newest: ptr::null(),
    };

    /// The newest slab; null where there is none.
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

    /// The first one that `is` holds for, with the registry's lock held.
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
        // SAFETY: neighbours are listed, so alive; the registry's lock is held.
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
