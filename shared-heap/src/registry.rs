//! All slabs and large objects, under one lock that only slow paths take: refill and flush of a cache, capabilities,
//! large objects, census, reclaim, trim.
//!
//! A domain chooses how many pages a large object has, so no pages go back to the host while the lock is held. A slab
//! that goes back is unlinked under the lock ([`RetiredSlabs`]), and its pages are freed after the lock is released.

mod retired;
mod slab_list;
mod walk;

pub(crate) use self::retired::RetiredSlabs;
use self::slab_list::ByAge;
pub(crate) use self::walk::{Visited, Walk};
use crate::class::{CLASSES, MIN_SHIFT};
use crate::free_list;
use crate::group;
use crate::lookup::Found;
use crate::owner::Owner;
use crate::primitive::Mutex;
use crate::primitive::atomic::Ordering;
use crate::slab::{Kind, Slab};
use crate::thread::{self, NoCut};
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
        // SAFETY: neighbours are listed and therefore alive; the registry's lock is held.
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

/// The slabs of one class and kind: those with free slots, and those without.
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

/// The lists of all slabs and large objects; see the module.
pub(crate) struct Registry {
    plain: [Class; CLASSES],
    caps: [Class; CLASSES],
    all: ByAge,
    /// Bytes that the host gave for all that is listed.
    held: usize,
    /// The slabs that were retired since the lock was taken. Empty when it is released.
    gone: RetiredSlabs,
}

// SAFETY: the raw links refer to slabs whose links belong to the registry and are reached only under its lock.
unsafe impl Send for Registry {}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    plain: [const { Class::NEW }; CLASSES],
    caps: [const { Class::NEW }; CLASSES],
    all: ByAge::NEW,
    held: 0,
    gone: RetiredSlabs::NOTHING,
});

/// Runs `f` with the lock held, under the caller's no-cut mark. Returns the slabs that `f` retired as the second value.
/// The caller drops them after it has released its own locks: before its mark ends, or by [`RetiredSlabs::after`].
#[inline]
pub(crate) fn locked<R>(f: impl FnOnce(&mut Registry) -> R) -> (R, RetiredSlabs) {
    let mut registry = REGISTRY.lock();
    let result = f(&mut registry);
    (result, registry.gone.take())
}

/// Runs `f` with the lock held, under a no-cut mark. Gives the slabs that `f` retired back to the host after the lock
/// was released and the mark has ended.
pub(crate) fn with<R>(f: impl FnOnce(&mut Registry) -> R) -> R {
    // SAFETY: only the heap's own code runs under the mark, to the end of this function or until `after` ends it
    // (ORDER-54).
    let no_cut = unsafe { NoCut::begin(thread::current()) };
    let (result, gone) = locked(f);
    gone.after(no_cut);
    result
}

/// Takes a large object out of the registry under the caller's no-cut mark, and returns it. The caller gives its
/// pages back to the host.
///
/// # Safety
/// `object` is a large object, and nothing refers to it any more.
// Not inlined, because only a large object that does not go into a cache is taken out here.
#[cold]
#[inline(never)]
pub(crate) unsafe fn take_large(object: NonNull<u8>) -> RetiredSlabs {
    // SAFETY: the caller's object is large.
    let slab = unsafe { Slab::of_large(object) };
    locked(|registry| registry.free_large_at(NonNull::from_ref(slab))).1
}

impl Registry {
    fn class(&mut self, kind: Kind, shift: u32) -> &mut Class {
        let index = shift.strict_sub(MIN_SHIFT) as usize;
        match kind {
            Kind::Caps => &mut self.caps[index],
            Kind::Plain | Kind::Large => &mut self.plain[index],
        }
    }

    /// Takes a free slot of the class and marks its word as *cached*. Returns `None` when the host has no pages.
    pub(crate) fn take(&mut self, kind: Kind, shift: u32) -> Option<NonNull<u8>> {
        let class = self.class(kind, shift);
        if class.partial.first.is_null() {
            let slab = Slab::create(kind, shift)?;
            // SAFETY: the slab was just created, and nothing destroys it meanwhile.
            let slab = unsafe { slab.as_ref() };
            self.held = self.held.strict_add(slab.region_bytes());
            self.all.push(slab);
            self.class(kind, shift).partial.push(slab);
        }
        let class = self.class(kind, shift);
        // SAFETY: a listed slab is alive; `self` is the locked registry.
        let slab = unsafe { class.partial.first.as_ref() }?;
        let (index, head) = free_list::pop(slab, slab.head.get())?;
        slab.head.set(head);
        slab.used.set(slab.used.get().strict_add(1));
        if head == free_list::END {
            class.partial.remove(slab);
            class.full.push(slab);
        }
        Some(slab.slot(index))
    }

    /// Puts a slot, which is no longer live or in a cache, back on its slab's free list. Retires the slab if it is
    /// empty, no walk is at it, and it is not the last slab with free slots of its class and kind.
    ///
    /// # Safety
    /// `slot` is a used slot of a slab, and nothing else refers to it.
    pub(crate) unsafe fn put(&mut self, slot: NonNull<u8>) {
        // SAFETY: the caller's slot lies in a slab.
        let slab = unsafe { Slab::of_slot(slot) };
        let index = slab.index_of(slot);
        self.put_at(NonNull::from_ref(slab), index);
    }

    // Takes a pointer and not a reference: the slab may be retired before this returns.
    fn put_at(&mut self, at: NonNull<Slab>, index: usize) {
        // SAFETY: every caller passes a listed slab; `self` is the locked registry.
        let slab = unsafe { at.as_ref() };
        let class = self.class(slab.kind(), slab.shift());
        if slab.head.get() == free_list::END {
            class.full.remove(slab);
            class.partial.push(slab);
            // This slab has a free slot again, so an empty slab of the class need not be kept.
            if let Some(other) = NonNull::new(slab.next.get().cast_mut()) {
                self.retire_if_empty(other);
            }
        }
        slab.head.set(free_list::push(slab, slab.head.get(), index));
        slab.used.set(slab.used.get().strict_sub(1));
        self.retire_if_empty(at);
    }

    /// Retires a slab that has no used slot and no walk at it, unless it is the last slab with free slots of its class
    /// and kind.
    fn retire_if_empty(&mut self, at: NonNull<Slab>) {
        // SAFETY: every caller passes a listed slab; `self` is the locked registry.
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

    /// Retires the empty slab of each class and kind, if there is one. A slab at which a walk stands is not retired.
    /// Of the others at most one is empty, because an empty slab is kept only while it is the only slab with free
    /// slots of its class and kind.
    pub(crate) fn trim(&mut self) {
        for index in 0..CLASSES {
            for kind in [Kind::Plain, Kind::Caps] {
                let shift = (index as u32).strict_add(MIN_SHIFT);
                let class = self.class(kind, shift);
                // SAFETY: a listed slab is alive; `self` is the locked registry.
                let first = unsafe { class.partial.first.as_ref() };
                if let Some(slab) = first.filter(|it| it.used.get() == 0 && it.walks.get() == 0) {
                    class.partial.remove(slab);
                    self.destroy(NonNull::from_ref(slab));
                }
            }
        }
    }

    fn destroy(&mut self, slab: NonNull<Slab>) {
        // SAFETY: a slab is alive while it is listed, and until its pages go back to the host.
        let header = unsafe { slab.as_ref() };
        self.held = self.held.strict_sub(header.region_bytes());
        self.all.remove(header);
        // SAFETY: every caller has just unlinked the slab, and found no used slot and no walk there (ORDER-6).
        unsafe { self.gone.add(slab) };
    }

    /// Adds a large object's header.
    pub(crate) fn add_large(&mut self, slab: &Slab) {
        self.held = self.held.strict_add(slab.region_bytes());
        self.all.push(slab);
    }

    // Takes a pointer and not a reference, which would have to be valid until this returns: the slab may be retired
    // before.
    fn free_large_at(&mut self, at: NonNull<Slab>) {
        // SAFETY: every caller passes a listed slab; `self` is the locked registry.
        let slab = unsafe { at.as_ref() };
        slab.word(0).store(free_list::CACHED, Ordering::Relaxed);
        slab.used.set(0);
        self.retire_if_empty(at);
    }

    /// Returns the live object, other than a capability, whose slot contains the byte at `address`.
    pub(crate) fn find(&self, address: usize) -> Option<Found> {
        let holds = |slab: &Slab| {
            let (start, bytes) = slab.objects();
            address.checked_sub(start).is_some_and(|at| at < bytes)
        };
        let slab = self.all.find(holds)?;
        let (first, all) = slab.objects();
        let bytes = match slab.kind() {
            Kind::Caps => return None,
            Kind::Plain => slab.object_bytes(),
            Kind::Large => all,
        };
        // No object is found under a slab's head, because the words of those slots are marked as head.
        let index = address.strict_sub(first).checked_div(bytes)?;
        let word = slab.word(index).load(Ordering::Relaxed);
        if !free_list::is_live(word) {
            return None;
        }
        Some(Found {
            start: first.strict_add(index.strict_mul(bytes)),
            bytes,
            owner: Owner::from_index(group::resolve(word) as usize)?,
        })
    }

    /// Returns how many bytes the listed slabs and large objects hold from the host.
    pub(crate) fn held(&self) -> usize {
        self.held
    }
}
