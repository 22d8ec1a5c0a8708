//! Walks over all slabs, which hold the registry's lock for one piece at a time. Domains choose how many slabs there
//! are, and other domains wait for the lock on budgets of their own.

use super::{Registry, with};
use crate::primitive::atomic::Ordering;
use crate::slab::{Kind, Slab};
use core::ptr::NonNull;
use core::{hint, mem};

/// A walk over all slabs, which holds the registry's lock for one piece at a time. Its `Drop` takes the lock, too.
pub(crate) struct Walk {
    /// The slab at which the walk continues, which is kept for it; null behind the last slab.
    at: *const Slab,
    /// The index of the owner word at which the walk continues.
    index: usize,
}

/// How far a visit of a slab came.
pub(crate) struct Visited {
    /// The index of the owner word with which the next visit begins. Behind the last one, the walk continues at the
    /// next slab.
    to: usize,
    /// The cost of the visit, in released objects.
    work: usize,
}

/// The work after which a piece ends. It takes some microseconds.
const PIECE: usize = 256;

/// The number of words that are read in the time that releasing one object takes.
const SCANNED: usize = 32;

/// The work of leaving a slab, which may have to be retired.
const LEFT: usize = 16;

/// The number of spins before a piece, so that a thread that waits for the lock gets it.
const PAUSE: u32 = 32;

impl Walk {
    /// Begins a walk at the newest slab.
    pub(crate) fn begin() -> Self {
        with(|registry| {
            let at = registry.all.newest();
            keep(at);
            Self { at, index: 0 }
        })
    }

    /// Visits slabs under the lock until the work of a piece is done. A visit begins at the owner word where the last
    /// visit of that slab ended. Returns `false` if no slab was left.
    pub(crate) fn piece(
        &mut self,
        mut visit: impl FnMut(&mut Registry, &Slab, usize) -> Visited,
    ) -> bool {
        if self.at.is_null() {
            return false;
        }
        (0..PAUSE).for_each(|_| hint::spin_loop());
        with(|registry| {
            let mut work: usize = 0;
            while work < PIECE {
                // SAFETY: the slab is kept for this walk, so it is listed and alive, even if none of its slots is used
                // any more; the lock is held (ORDER-6).
                let Some(slab) = (unsafe { self.at.as_ref() }) else {
                    break;
                };
                let visited = visit(registry, slab, self.index);
                work = work.saturating_add(visited.work);
                self.index = visited.to;
                if self.index >= slab.words() {
                    let left = mem::replace(&mut self.at, slab.older.get());
                    self.index = 0;
                    keep(self.at);
                    registry.let_go(left);
                    work = work.saturating_add(LEFT);
                }
            }
        });
        true
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if !self.at.is_null() {
            with(|registry| registry.let_go(self.at));
        }
    }
}

/// Keeps a slab for a walk, so that it is not retired; does nothing for null. The registry's lock is held.
fn keep(slab: *const Slab) {
    // SAFETY: a listed slab is alive; the registry's lock is held.
    if let Some(slab) = unsafe { slab.as_ref() } {
        slab.walks.set(slab.walks.get().strict_add(1));
    }
}

impl Visited {
    /// A visit that read nothing of a slab.
    pub(crate) fn nothing(slab: &Slab) -> Self {
        Self {
            to: slab.words(),
            work: 0,
        }
    }

    /// A visit that read all of a slab.
    pub(crate) fn all(slab: &Slab) -> Self {
        Self {
            to: slab.words(),
            work: slab.words() / SCANNED,
        }
    }
}

impl Registry {
    /// Stops keeping a slab that a walk has left, and retires the slab if it is empty.
    fn let_go(&mut self, slab: *const Slab) {
        // SAFETY: the slab was kept until here, so it is listed and alive; `self` is the locked registry (ORDER-6).
        if let Some(slab) = unsafe { slab.as_ref() } {
            slab.walks.set(slab.walks.get().strict_sub(1));
            self.retire_if_empty(NonNull::from_ref(slab));
        }
    }

    /// Releases the objects of a visited slab whose owner words `mine` accepts, from the word `from` on and at most
    /// [`PIECE`] of them. Returns how many were released.
    ///
    /// # Safety
    /// Nothing refers to those objects any more.
    pub(crate) unsafe fn release(
        &mut self,
        slab: &Slab,
        from: usize,
        mine: impl Fn(u32) -> bool,
    ) -> (usize, Visited) {
        if from == 0 && slab.count(&mine) == 0 {
            return (0, Visited::all(slab));
        }
        let (mut to, mut released) = (from, 0_usize);
        while to < slab.words() && released < PIECE {
            if mine(slab.word(to).load(Ordering::Relaxed)) {
                released = released.strict_add(1);
                match slab.kind() {
                    Kind::Large => self.free_large_at(NonNull::from_ref(slab)),
                    Kind::Plain | Kind::Caps => self.put_at(NonNull::from_ref(slab), to),
                }
            }
            to = to.strict_add(1);
        }
        let work = to.strict_sub(from) / SCANNED;
        let work = work.saturating_add(released);
        (released, Visited { to, work })
    }

    /// Changes the owner words of a visited slab's capabilities from `old` to `new`, until `found` refuses a slot.
    pub(crate) fn claim(
        &mut self,
        slab: &Slab,
        from: usize,
        (old, new): (u32, u32),
        mut found: impl FnMut(NonNull<u8>) -> bool,
    ) -> Visited {
        if slab.kind() != Kind::Caps {
            return Visited::nothing(slab);
        }
        for to in from..slab.words() {
            let word = slab.word(to);
            if word.load(Ordering::Relaxed) == old {
                if !found(slab.slot(to)) {
                    return Visited { to, work: PIECE };
                }
                word.store(new, Ordering::Relaxed);
            }
        }
        Visited::all(slab)
    }
}
