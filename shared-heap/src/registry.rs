//! All slabs and large objects, under one lock that only slow paths take: refill and flush of a
//! cache, large objects, census, reclaim, trim.

use crate::chain;
use crate::class::{CLASSES, MIN_SHIFT};
use crate::group;
use crate::primitive::atomic::Ordering;
use crate::primitive::{Mutex, MutexGuard};
use crate::slab::{Kind, Slab};
use crate::thread::{self, NoCut};
use core::hint;
use core::ptr::{self, NonNull};

/// A doubly linked list of slabs.
struct List {
    first: *const Slab,
}

impl List {
    const NEW: Self = Self { first: ptr::null() };

    fn push(&mut self, slab: &Slab) {
        slab.prev.set(ptr::null());
        slab.next.set(self.first);
        // SAFETY: a listed slab is alive; the registry's lock is held.
        if let Some(first) = unsafe { self.first.as_ref() } {
            first.prev.set(slab);
        }
        self.first = slab;
    }

    fn remove(&mut self, slab: &Slab) {
        // SAFETY: neighbours are listed, so alive; the registry's lock is held.
        match unsafe { slab.prev.get().as_ref() } {
            Some(prev) => prev.next.set(slab.next.get()),
            None => self.first = slab.next.get(),
        }
        // SAFETY: as above.
        if let Some(next) = unsafe { slab.next.get().as_ref() } {
            next.prev.set(slab.prev.get());
        }
    }
}

/// All slabs and large objects, from the newest to the oldest. None changes its place, so a walk meets each that
/// was there when it began.
struct ByAge {
    newest: *const Slab,
}

impl ByAge {
    fn push(&mut self, slab: &Slab) {
        slab.newer.set(ptr::null());
        slab.older.set(self.newest);
        // SAFETY: a listed slab is alive; the registry's lock is held.
        if let Some(newest) = unsafe { self.newest.as_ref() } {
            newest.newer.set(slab);
        }
        self.newest = slab;
    }

    fn remove(&mut self, slab: &Slab) {
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

/// A look at all slabs with the lock taken for a piece of it at a time: how many there are is up to domains. Ended by
/// [`Drop`], which takes the lock.
pub(crate) struct Walk {
    /// Where it goes on: a slab that is kept for it, or null behind the last.
    at: *const Slab,
    /// The word there.
    index: usize,
}

impl Walk {
    /// From the newest slab on.
    pub(crate) fn begin() -> Self {
        // SAFETY: the heap's own code, to the end of this block.
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        let registry = lock();
        let walk = Self {
            at: registry.all.newest,
            index: 0,
        };
        keep(walk.at);
        walk
    }

    /// Does a piece of it, with the lock taken. `None` where nothing is left.
    pub(crate) fn piece<R>(
        &mut self,
        piece: impl FnOnce(&mut Registry, &mut Self) -> R,
    ) -> Option<R> {
        if self.at.is_null() {
            return None;
        }
        // Whoever waits for the lock gets it before the next piece.
        (0..PAUSE).for_each(|_| hint::spin_loop());
        // SAFETY: the heap's own code, to the end of this block.
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        Some(piece(&mut lock(), self))
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if !self.at.is_null() {
            // SAFETY: the heap's own code, to the end of this block.
            let _no_cut = unsafe { NoCut::begin(thread::current()) };
            lock().let_go(self.at);
        }
    }
}

/// Turns of a loop between two pieces of a walk.
const PAUSE: u32 = 32;

/// Objects that a piece of a walk releases at most: some microseconds.
const PIECE: usize = 256;

/// Words that are looked at while one object is released.
const SCANNED: usize = 32;

/// Keeps a slab, if it is one, for a walk. The registry's lock is held.
fn keep(slab: *const Slab) {
    // SAFETY: a listed slab is alive; the registry's lock is held.
    if let Some(slab) = unsafe { slab.as_ref() } {
        slab.walks.set(slab.walks.get().strict_add(1));
    }
}

/// The slabs of one class and kind: with free slots, and without.
struct Class {
    partial: List,
    full: List,
}

impl Class {
    const NEW: Self = Self {
        partial: List::NEW,
        full: List::NEW,
    };
}

/// The registry proper; see the module.
pub(crate) struct Registry {
    plain: [Class; CLASSES],
    caps: [Class; CLASSES],
    all: ByAge,
    /// Bytes that the host gave and has not got back.
    held: usize,
}

// SAFETY: the raw links refer to slabs, which belong to the registry and are reached only under its
// lock.
unsafe impl Send for Registry {}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    plain: [const { Class::NEW }; CLASSES],
    caps: [const { Class::NEW }; CLASSES],
    all: ByAge {
        newest: ptr::null(),
    },
    held: 0,
});

/// Takes the registry's lock.
pub(crate) fn lock() -> MutexGuard<'static, Registry> {
    REGISTRY.lock()
}

impl Registry {
    fn class(&mut self, kind: Kind, shift: u32) -> &mut Class {
        let index = shift.strict_sub(MIN_SHIFT) as usize;
        match kind {
            Kind::Caps => &mut self.caps[index],
            Kind::Plain | Kind::Large => &mut self.plain[index],
        }
    }

    /// Takes a free slot of the class; its word says *cached*. `None` when the host has no pages.
    pub(crate) fn take(&mut self, kind: Kind, shift: u32) -> Option<NonNull<u8>> {
        let class = self.class(kind, shift);
        if class.partial.first.is_null() {
            let slab = Slab::create(kind, shift)?;
            // SAFETY: just created.
            let slab = unsafe { slab.as_ref() };
            self.held = self.held.strict_add(slab.region_bytes());
            self.all.push(slab);
            self.class(kind, shift).partial.push(slab);
        }
        let class = self.class(kind, shift);
        // SAFETY: a listed slab is alive; `self` is the locked registry.
        let slab = unsafe { class.partial.first.as_ref() }?;
        let (index, head) = chain::pop(slab, slab.head.get())?;
        slab.head.set(head);
        slab.used.set(slab.used.get().strict_add(1));
        if head == chain::END {
            class.partial.remove(slab);
            class.full.push(slab);
        }
        Some(slab.slot(index))
    }

    /// Puts a slot (neither live nor cached any more) back on its slab's list, and the slab back to
    /// the host when it is empty and not the last of its class with room.
    ///
    /// # Safety
    /// `slot` is a slot of a slab, and nobody else refers to it.
    pub(crate) unsafe fn put(&mut self, slot: NonNull<u8>) {
        // SAFETY: the caller's slot lies in a slab.
        let slab = unsafe { Slab::of_slot(slot) };
        let index = slab.index_of(slot);
        self.put_at(NonNull::from_ref(slab), index);
    }

    // By pointer, not by reference: the slab may be gone when this returns.
    fn put_at(&mut self, at: NonNull<Slab>, index: usize) {
        // SAFETY: every caller names a listed slab; `self` is the locked registry.
        let slab = unsafe { at.as_ref() };
        let class = self.class(slab.kind(), slab.shift());
        if slab.head.get() == chain::END {
            class.full.remove(slab);
            class.partial.push(slab);
        }
        slab.head.set(chain::push(slab, slab.head.get(), index));
        slab.used.set(slab.used.get().strict_sub(1));
        self.spare(at);
    }

    /// Gives a slab of which nothing is used, and no walk is at, back to the host, but for the last of its class with room.
    fn spare(&mut self, at: NonNull<Slab>) {
        // SAFETY: every caller names a listed slab; `self` is the locked registry.
        let slab = unsafe { at.as_ref() };
        if slab.used.get() > 0 || slab.walks.get() > 0 {
            return;
        }
        if slab.kind() != Kind::Large {
            let class = self.class(slab.kind(), slab.shift());
            if class.partial.first == ptr::from_ref(slab) && slab.next.get().is_null() {
                return;
            }
            class.partial.remove(slab);
        }
        self.destroy(at);
    }

    /// A walk has left that slab.
    fn let_go(&mut self, slab: *const Slab) {
        // SAFETY: it was kept until here, so it is listed and alive; `self` is the locked registry.
        if let Some(slab) = unsafe { slab.as_ref() } {
            slab.walks.set(slab.walks.get().strict_sub(1));
            self.spare(NonNull::from_ref(slab));
        }
    }

    /// Has a walk go on at the next slab.
    fn go_on(&mut self, walk: &mut Walk) {
        let left = walk.at;
        // SAFETY: it is kept, so it is listed and alive; `self` is the locked registry.
        walk.at = unsafe { left.as_ref() }.map_or(ptr::null(), |slab| slab.older.get());
        walk.index = 0;
        keep(walk.at);
        self.let_go(left);
    }

    /// Returns every empty slab to the host.
    pub(crate) fn trim(&mut self) {
        for index in 0..CLASSES {
            for kind in [Kind::Plain, Kind::Caps] {
                let shift = (index as u32).strict_add(MIN_SHIFT);
                let mut at = self.class(kind, shift).partial.first;
                // SAFETY: a listed slab is alive; `self` is the locked registry.
                while let Some(slab) = unsafe { at.as_ref() } {
                    at = slab.next.get();
                    if slab.used.get() == 0 && slab.walks.get() == 0 {
                        self.class(kind, shift).partial.remove(slab);
                        self.destroy(NonNull::from_ref(slab));
                    }
                }
            }
        }
    }

    fn destroy(&mut self, slab: NonNull<Slab>) {
        // SAFETY: alive until the end of this function.
        let header = unsafe { slab.as_ref() };
        self.held = self.held.strict_sub(header.region_bytes());
        self.all.remove(header);
        // SAFETY: every caller has just unlinked it, and found no slot in use and no walk there.
        unsafe { Slab::destroy(slab) };
    }

    /// Adds a large object's header.
    pub(crate) fn add_large(&mut self, slab: &Slab) {
        self.held = self.held.strict_add(slab.region_bytes());
        self.all.push(slab);
    }

    /// Takes a large object out and gives its pages back.
    ///
    /// # Safety
    /// `object` is a large object, and nobody refers to it any more.
    pub(crate) unsafe fn free_large(&mut self, object: NonNull<u8>) {
        // SAFETY: the caller's object is large.
        let slab = unsafe { Slab::of_large(object) };
        self.free_large_at(slab);
    }

    fn free_large_at(&mut self, slab: &Slab) {
        slab.word(0).store(chain::CACHED, Ordering::Relaxed);
        slab.used.set(0);
        self.spare(NonNull::from_ref(slab));
    }

    /// Bytes held from the host.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Calls `visit` for every slab and large object.
    pub(crate) fn for_each_slab(&self, mut visit: impl FnMut(&Slab)) {
        let mut at = self.all.newest;
        // SAFETY: a listed slab is alive; `self` is the locked registry.
        while let Some(slab) = unsafe { at.as_ref() } {
            at = slab.older.get();
            visit(slab);
        }
    }

    /// Releases some plain objects whose owner is `owner`, from where the walk is: `(objects, bytes)`. `grouped`
    /// if the owner has groups, so that words must be resolved.
    ///
    /// # Safety
    /// Nothing refers to those objects any more.
    pub(crate) unsafe fn release_plain(
        &mut self,
        walk: &mut Walk,
        owner: u32,
        grouped: bool,
    ) -> (usize, usize) {
        // Two scans, so that the one for owners without groups is a comparison a word.
        if grouped {
            self.release_where(walk, |word| group::resolve(word) == owner)
        } else {
            self.release_where(walk, |word| word == owner)
        }
    }

    fn release_where(&mut self, walk: &mut Walk, mine: impl Fn(u32) -> bool) -> (usize, usize) {
        let (mut objects, mut bytes, mut work) = (0_usize, 0_usize, 0_usize);
        // SAFETY: it is kept, so it is alive, also when nothing of it is used any more; `self` is the locked registry.
        while let Some(slab) = unsafe { walk.at.as_ref() } {
            if work >= PIECE {
                break;
            }
            if walk.index == 0 {
                work = work.saturating_add(slab.words() / SCANNED);
                if slab.kind() == Kind::Caps || slab.count(&mine) == 0 {
                    self.go_on(walk);
                    continue;
                }
            }
            // Also where the look alone took all of it.
            let most = PIECE.saturating_sub(work).max(1);
            let released = self.release_some(slab, walk, most, &mine);
            objects = objects.saturating_add(released);
            bytes = bytes.saturating_add(released.saturating_mul(slab.object_bytes()));
            work = work.saturating_add(released);
            if walk.index == slab.words() {
                self.go_on(walk);
            }
        }
        (objects, bytes)
    }

    /// Releases `most` objects of a slab that a walk keeps, from its word on.
    fn release_some(
        &mut self,
        slab: &Slab,
        walk: &mut Walk,
        most: usize,
        mine: impl Fn(u32) -> bool,
    ) -> usize {
        let mut released: usize = 0;
        while walk.index < slab.words() && released < most {
            if mine(slab.word(walk.index).load(Ordering::Relaxed)) {
                released = released.strict_add(1);
                if slab.kind() == Kind::Large {
                    self.free_large_at(slab);
                } else {
                    self.put_at(NonNull::from_ref(slab), walk.index);
                }
            }
            walk.index = walk.index.strict_add(1);
        }
        released
    }

    /// Finds capabilities whose word is `from` on the slab that the walk is at, as many as `found` holds, and sets their
    /// words to `to`. Returns how many.
    pub(crate) fn claim_caps(
        &mut self,
        walk: &mut Walk,
        from: u32,
        to: u32,
        found: &mut [NonNull<u8>],
    ) -> usize {
        let mut count = 0;
        // SAFETY: it is kept, so it is alive; `self` is the locked registry.
        let slab = unsafe { walk.at.as_ref() };
        if let Some(slab) = slab.filter(|slab| slab.kind() == Kind::Caps) {
            while walk.index < slab.words() {
                let word = slab.word(walk.index);
                if word.load(Ordering::Relaxed) == from {
                    if count == found.len() {
                        return count;
                    }
                    word.store(to, Ordering::Relaxed);
                    found[count] = slab.slot(walk.index);
                    count = count.strict_add(1);
                }
                walk.index = walk.index.strict_add(1);
            }
        }
        self.go_on(walk);
        count
    }
}
