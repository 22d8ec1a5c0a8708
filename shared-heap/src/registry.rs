//! All slabs and large objects, under one lock that only slow paths take: refill and flush of a
//! cache, large objects, census, reclaim, trim.

use crate::chain;
use crate::class::{CLASSES, MIN_SHIFT};
use crate::group;
use crate::primitive::atomic::{AtomicU32, Ordering};
use crate::primitive::{Mutex, MutexGuard};
use crate::slab::{Kind, Slab};
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

    fn for_each(&self, mut visit: impl FnMut(&Slab)) {
        let mut at = self.first;
        // SAFETY: a listed slab is alive; the registry's lock is held.
        while let Some(slab) = unsafe { at.as_ref() } {
            // Read before the visit: it may unlink the slab.
            at = slab.next.get();
            visit(slab);
        }
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
    large: List,
    /// Bytes that the host gave and has not got back.
    held: usize,
}

// SAFETY: the raw links refer to slabs, which belong to the registry and are reached only under its
// lock.
unsafe impl Send for Registry {}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    plain: [const { Class::NEW }; CLASSES],
    caps: [const { Class::NEW }; CLASSES],
    large: List::NEW,
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
        let only = class.partial.first == ptr::from_ref(slab) && slab.next.get().is_null();
        if slab.used.get() == 0 && !only {
            class.partial.remove(slab);
            self.destroy(at);
        }
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
                    if slab.used.get() == 0 {
                        self.class(kind, shift).partial.remove(slab);
                        self.destroy(NonNull::from_ref(slab));
                    }
                }
            }
        }
    }

    fn destroy(&mut self, slab: NonNull<Slab>) {
        // SAFETY: alive until the next statement.
        let bytes = unsafe { slab.as_ref() }.region_bytes();
        self.held = self.held.strict_sub(bytes);
        // SAFETY: every caller has just unlinked it and found no slot in use.
        unsafe { Slab::destroy(slab) };
    }

    /// Adds a large object's header.
    pub(crate) fn add_large(&mut self, slab: &Slab) {
        self.held = self.held.strict_add(slab.region_bytes());
        self.large.push(slab);
    }

    /// Takes a large object out and gives its pages back.
    ///
    /// # Safety
    /// `object` is a large object, and nobody refers to it any more.
    pub(crate) unsafe fn free_large(&mut self, object: NonNull<u8>) {
        // SAFETY: the caller's object is large.
        let slab = unsafe { Slab::of_large(object) };
        self.large.remove(slab);
        self.destroy(NonNull::from_ref(slab));
    }

    /// Bytes held from the host.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Calls `visit` for every slab and large object.
    pub(crate) fn for_each_slab(&self, mut visit: impl FnMut(&Slab)) {
        for class in self.plain.iter().chain(&self.caps) {
            class.partial.for_each(&mut visit);
            class.full.for_each(&mut visit);
        }
        self.large.for_each(&mut visit);
    }

    /// Releases every plain object whose owner is `owner`: `(objects, bytes)`. `grouped` if the owner
    /// has groups, so that words must be resolved.
    ///
    /// # Safety
    /// Nothing refers to those objects any more.
    pub(crate) unsafe fn release_plain(&mut self, owner: u32, grouped: bool) -> (usize, usize) {
        // Two scans, so that the one for owners without groups is a comparison a word.
        if grouped {
            self.release_where(|word| group::resolve(word) == owner)
        } else {
            self.release_where(|word| word == owner)
        }
    }

    fn release_where(&mut self, mine: impl Fn(u32) -> bool) -> (usize, usize) {
        let is_mine = |word: &AtomicU32| mine(word.load(Ordering::Relaxed));
        let (mut objects, mut bytes) = (0, 0);
        for class in 0..CLASSES {
            for full in [true, false] {
                let list = &self.plain[class];
                let mut at = if full {
                    list.full.first
                } else {
                    list.partial.first
                };
                // SAFETY: a listed slab is alive; `self` is the locked registry.
                while let Some(slab) = unsafe { at.as_ref() } {
                    at = slab.next.get();
                    let mut owned = slab.count(&mine);
                    objects = owned.saturating_add(objects);
                    bytes = owned
                        .saturating_mul(slab.object_bytes())
                        .saturating_add(bytes);
                    // The last `put_at` may give the slab back: count down, touch it no more.
                    let mut index = 0;
                    while owned > 0 {
                        if is_mine(slab.word(index)) {
                            owned = owned.strict_sub(1);
                            self.put_at(NonNull::from_ref(slab), index);
                        }
                        index = index.strict_add(1);
                    }
                }
            }
        }
        let mut at = self.large.first;
        // SAFETY: a listed slab is alive; `self` is the locked registry.
        while let Some(slab) = unsafe { at.as_ref() } {
            at = slab.next.get();
            if is_mine(slab.word(0)) {
                objects = objects.saturating_add(1);
                bytes = slab.object_bytes().saturating_add(bytes);
                self.large.remove(slab);
                self.destroy(NonNull::from_ref(slab));
            }
        }
        (objects, bytes)
    }

    /// Finds capabilities whose word is `from`, as many as `found` holds, and sets their words to
    /// `to`. Returns how many. Leaves out the first `done` slabs, of which it says how many they are now.
    pub(crate) fn claim_caps(
        &mut self,
        from: u32,
        to: u32,
        found: &mut [NonNull<u8>],
        done: &mut usize,
    ) -> usize {
        let (mut count, mut at, first) = (0, 0_usize, *done);
        let mut scan = |slab: &Slab| {
            at = at.saturating_add(1);
            if at <= first {
                return;
            }
            let mut index = 0;
            while count < found.len() && index < slab.words() {
                if slab.word(index).load(Ordering::Relaxed) == from {
                    slab.word(index).store(to, Ordering::Relaxed);
                    found[count] = slab.slot(index);
                    count = count.strict_add(1);
                }
                index = index.strict_add(1);
            }
            if count < found.len() {
                *done = at;
            }
        };
        for class in &self.caps {
            class.partial.for_each(&mut scan);
            class.full.for_each(&mut scan);
        }
        count
    }
}
