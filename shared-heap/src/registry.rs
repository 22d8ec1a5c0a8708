//! All slabs and large objects, under one lock that only slow paths take: refill and flush of a
//! cache, large objects, census, reclaim, trim.
//!
//! How many pages a large object has is up to a domain, so none go back to the host with the lock taken: what is
//! given back is unlinked under the lock ([`RetiredSlabs`]) and leaves after it.

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
    /// Bytes that the host gave, of what is listed.
    held: usize,
    /// Taken out since the lock was taken; empty when it is let go.
    gone: RetiredSlabs,
}

// SAFETY: the raw links refer to slabs, which belong to the registry and are reached only under its
// lock.
unsafe impl Send for Registry {}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    plain: [const { Class::NEW }; CLASSES],
    caps: [const { Class::NEW }; CLASSES],
    all: ByAge::NEW,
    held: 0,
    gone: RetiredSlabs::NOTHING,
});

/// Runs `f` with the lock taken, under the caller's no-cut mark. What `f` took out is given back where the second
/// value is dropped: without the caller's own locks, and before its mark ends or as [`RetiredSlabs::after`] does it.
#[inline]
pub(crate) fn locked<R>(f: impl FnOnce(&mut Registry) -> R) -> (R, RetiredSlabs) {
    let mut registry = REGISTRY.lock();
    let result = f(&mut registry);
    (result, registry.gone.take())
}

/// Runs `f` with the lock taken, under a no-cut mark, and gives back what `f` took out without either.
pub(crate) fn with<R>(f: impl FnOnce(&mut Registry) -> R) -> R {
    // SAFETY: the heap's own code, to the end of this function or until `after` ends it.
    let no_cut = unsafe { NoCut::begin(thread::current()) };
    let (result, gone) = locked(f);
    gone.after(no_cut);
    result
}

/// Takes a large object out, under the caller's no-cut mark.
///
/// # Safety
/// `object` is a large object, and nobody refers to it any more.
// Out of line, since a run that is kept does not come here.
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
        let (index, head) = free_list::pop(slab, slab.head.get())?;
        slab.head.set(head);
        slab.used.set(slab.used.get().strict_add(1));
        if head == free_list::END {
            class.partial.remove(slab);
            class.full.push(slab);
        }
        Some(slab.slot(index))
    }

    /// Puts a slot (neither live nor cached any more) back on its slab's list, and takes the slab out
    /// when it is empty and not the last of its class with room.
    ///
    /// # Safety
    /// `slot` is a slot of a slab, and nobody else refers to it.
    pub(crate) unsafe fn put(&mut self, slot: NonNull<u8>) {
        // SAFETY: the caller's slot lies in a slab.
        let slab = unsafe { Slab::of_slot(slot) };
        let index = slab.index_of(slot);
        self.put_at(NonNull::from_ref(slab), index);
    }

    // By pointer, not by reference: the slab may be another's to give back when this returns.
    fn put_at(&mut self, at: NonNull<Slab>, index: usize) {
        // SAFETY: every caller names a listed slab; `self` is the locked registry.
        let slab = unsafe { at.as_ref() };
        let class = self.class(slab.kind(), slab.shift());
        if slab.head.get() == free_list::END {
            class.full.remove(slab);
            class.partial.push(slab);
            // This one has room again, so an empty one need not stay.
            if let Some(other) = NonNull::new(slab.next.get().cast_mut()) {
                self.spare(other);
            }
        }
        slab.head.set(free_list::push(slab, slab.head.get(), index));
        slab.used.set(slab.used.get().strict_sub(1));
        self.spare(at);
    }

    /// Takes out a slab of which nothing is used, and no walk is at, but for the last of its class with room.
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

    /// Takes out every empty slab: it is the only one with room of its class.
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
        // SAFETY: alive while it is listed, and until it is given back.
        let header = unsafe { slab.as_ref() };
        self.held = self.held.strict_sub(header.region_bytes());
        self.all.remove(header);
        // SAFETY: every caller has just unlinked it, and found no slot in use and no walk there.
        unsafe { self.gone.add(slab) };
    }

    /// Adds a large object's header.
    pub(crate) fn add_large(&mut self, slab: &Slab) {
        self.held = self.held.strict_add(slab.region_bytes());
        self.all.push(slab);
    }

    // Takes no reference: that would have to be valid until the call returns, and the slab may be destroyed before.
    fn free_large_at(&mut self, at: NonNull<Slab>) {
        // SAFETY: every caller names a listed slab; `self` is the locked registry.
        let slab = unsafe { at.as_ref() };
        slab.word(0).store(free_list::CACHED, Ordering::Relaxed);
        slab.used.set(0);
        self.spare(at);
    }

    /// The live object, none of capabilities, in whose slot the byte at `address` is.
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
        // A slab's head takes the first slots up, and their words say that they are no objects.
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

    /// Bytes held from the host.
    pub(crate) fn held(&self) -> usize {
        self.held
    }
}
