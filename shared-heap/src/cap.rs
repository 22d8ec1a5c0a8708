//! Capability slots: trusted values that a domain can hold, and that are released when the domain dies.

use crate::class::{Place, place};
use crate::error::AllocError;
use crate::free_list::{CACHED, QUIESCED};
use crate::ledger::Load;
use crate::owner::Owner;
use crate::primitive::atomic::Ordering;
use crate::quota;
use crate::registry::{self, Walk};
use crate::slab::{self, Kind, Slab};
use crate::thread::{self, NoCut};
use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::{self, NonNull};

/// A value of trusted code that domains hold by handle: a proxy, a shadow, a PCI function, an interrupt.
///
/// When an owner dies, the heap first calls `quiesce` on all of its capabilities and then drops each of them, on behalf
/// of the host.
///
/// # Safety
/// `quiesce` and `Drop` are trusted code: they end in bounded time, do not panic, and run no code of a domain. After
/// `quiesce`, nothing that the capability controls writes memory. Objects of the exchange heap that the value holds
/// belong to [`Owner::HOST`]; otherwise a reclaim would release them a second time.
pub unsafe trait Capability: Send + 'static {
    /// The name of the capability, for messages.
    const NAME: &'static str;

    /// Stops the thing that the capability controls, such as a device. The heap calls it before it releases anything
    /// of a dead owner, possibly more than once.
    fn quiesce(&self) {}
}

/// How the heap treats the capabilities of one type.
struct Class {
    quiesce: unsafe fn(NonNull<u8>),
    drop: unsafe fn(NonNull<u8>),
}

#[repr(C)]
struct Slot<T> {
    class: &'static Class,
    value: T,
}

impl<T: Capability> Slot<T> {
    const PLACE: Place = place(size_of::<Self>(), align_of::<Self>());
    const SHIFT: u32 = match Self::PLACE {
        Place::Slot { shift } => shift,
        Place::Large => panic!(
            "a capability has at most 16 KiB (feature `small`: 1 KiB); put the rest behind a pointer"
        ),
    };
    const CLASS: &'static Class = &Class {
        quiesce: |at| {
            // SAFETY: the heap calls this only on a slot of this class with a live value (DEV-1).
            unsafe { at.cast::<Self>().as_ref() }.value.quiesce();
        },
        drop: |at| {
            // SAFETY: the heap calls this once, on a slot of this class with a live value (DEV-1).
            let value = unsafe { &raw mut (*at.cast::<Self>().as_ptr()).value };
            // SAFETY: as above.
            unsafe { ptr::drop_in_place(value) };
        },
    };
}

/// An owned handle to a capability: one pointer to a slot, whose owner word names the owner of the capability.
pub struct Cap<T: Capability>(NonNull<Slot<T>>);

// SAFETY: a `Cap` owns its value, which is `Send`.
unsafe impl<T: Capability> Send for Cap<T> {}
// SAFETY: a shared `Cap` gives access to `&T` only, and `T` is `Sync`.
unsafe impl<T: Capability + Sync> Sync for Cap<T> {}

impl<T: Capability> Cap<T> {
    /// The size of its slot in bytes.
    pub const SLOT_BYTES: usize = 1 << Slot::<T>::SHIFT;

    /// Puts `value` into a slot of the owner on whose behalf the thread runs.
    ///
    /// # Errors
    /// Returns `value` with the error when the host has no pages left or the owner's quota is used up.
    pub fn try_new(value: T) -> Result<Self, (AllocError, T)> {
        let thread = thread::current();
        let owner = thread.owner();
        // SAFETY: only the heap's own code runs under the mark, to the end of this block (ORDER-54).
        let _no_cut = unsafe { NoCut::begin(thread) };
        // Held until the slot's owner word is set; see `Grant`.
        let mut _grant = None;
        if quota::is_limited(owner) {
            _grant = quota::charge(owner, Load::one(Self::SLOT_BYTES));
            if _grant.is_none() {
                return Err((AllocError::Quota, value));
            }
        }
        // `Registry::take` retires no slab, so there is nothing to give back.
        let (slot, _) = registry::locked(|registry| registry.take(Kind::Caps, Slot::<T>::SHIFT));
        let Some(slot) = slot else {
            return Err((AllocError::OutOfMemory, value));
        };
        let class = Slot::<T>::CLASS;
        // SAFETY: the slot is free, belongs to this function, and has the size and alignment of `Slot<T>`.
        unsafe { slot.cast::<Slot<T>>().write(Slot { class, value }) };
        // SAFETY: the slot lies in a slab of that class. The store releases, so that a reclaim that sees the owner word
        // also sees the value.
        unsafe { slab::slot_word(slot, Slot::<T>::SHIFT) }.store(owner.word(), Ordering::Release);
        Ok(Self(slot.cast()))
    }

    /// Moves the value out of its slot and frees the slot.
    ///
    /// # Safety
    /// The caller is trusted code of the host, which is responsible for the value from now on. If a domain moved the
    /// value out and then died, nothing would quiesce or release the value.
    #[must_use]
    pub unsafe fn into_inner(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: the handle owns the value and is forgotten, so it is read out once (OWN-2).
        let value = unsafe { &raw const (*this.0.as_ptr()).value };
        // SAFETY: as above.
        let value = unsafe { ptr::read(value) };
        // SAFETY: the value was moved out, and nothing else refers to the slot (OWN-2).
        unsafe { put_back(this.0.cast(), Slot::<T>::SHIFT) };
        value
    }

    /// Changes the owner, with one store.
    ///
    /// # Safety
    /// The caller transfers the right to use the handle to `owner` together with this store.
    #[inline]
    pub unsafe fn set_owner(&self, owner: Owner) {
        // SAFETY: the slot of a live handle lies in a slab of that class.
        unsafe { slab::slot_word(self.0.cast(), Slot::<T>::SHIFT) }
            .store(owner.word(), Ordering::Relaxed);
    }

    /// The owner of the slot.
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Owner {
        // SAFETY: the slot of a live handle is a live object at this place.
        unsafe { crate::heap::owner(self.0.cast(), Slot::<T>::PLACE) }
    }
}

impl<T: Capability> Deref for Cap<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the handle owns the slot, which holds a value until it is dropped.
        unsafe { &self.0.as_ref().value }
    }
}

impl<T: Capability> Drop for Cap<T> {
    fn drop(&mut self) {
        let slot = self.0.cast();
        // Drops the value and frees the slot as one step on behalf of the host, which is not cut. If a cut came
        // between the two, the reclaim would find a slot whose value is already dropped. A panic of the destructor
        // would do the same: `Capability` forbids it, but `Emptied` frees the slot even then, so that nothing drops
        // the value again.
        let release = || {
            let _slot = Emptied(slot, Slot::<T>::SHIFT);
            // SAFETY: the handle owns the value, which is dropped here only (OWN-2).
            unsafe { drop_value(slot) };
        };
        // SAFETY: the destructor of a capability is trusted code (`Capability`) (HEAP-40).
        unsafe { thread::as_host(release) };
    }
}

impl<T: Capability> fmt::Debug for Cap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cap")
            .field("class", &T::NAME)
            .field("owner", &self.owner())
            .finish()
    }
}

/// Drops the value in a slot, on behalf of the host.
///
/// # Safety
/// `slot` is a capability slot with a live value, and nothing else uses or drops that value any more.
unsafe fn drop_value(slot: NonNull<u8>) {
    // SAFETY: a slot of a capability slab begins with its class.
    let class = unsafe { slot.cast::<&'static Class>().read() };
    // SAFETY: the class is the slot's own, and the slot has a live value that is dropped only here.
    let drop = || unsafe { (class.drop)(slot) };
    // SAFETY: the destructor of a capability is trusted code (`Capability`) (HEAP-40).
    unsafe { thread::as_host(drop) };
}

/// Frees a capability slot when dropped, after the slot's value was dropped: the slot, and the shift of its class.
struct Emptied(NonNull<u8>, u32);

impl Drop for Emptied {
    fn drop(&mut self) {
        // SAFETY: the slot is a capability slot of that class. Its value was dropped, or its destructor panicked half
        // way, and the handle ceases to exist (DEV-34).
        unsafe { put_back(self.0, self.1) };
    }
}

/// Marks a capability slot as free and returns it to the registry.
///
/// # Safety
/// `slot` is a capability slot of that class whose value was moved out or dropped, and nothing refers to it.
unsafe fn put_back(slot: NonNull<u8>, shift: u32) {
    registry::with(|registry| {
        // SAFETY: as the caller says.
        unsafe { slab::slot_word(slot, shift) }.store(CACHED, Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { registry.put(slot) };
    });
}

/// The most capabilities that one piece of the walk claims.
const BATCH: usize = 256;

/// Changes the owner word of every capability from `from` to `to`, calls `then` on each of them, and returns their
/// number. Holds the registry's lock only during the search, and not while it calls `then`, because `then` runs
/// trusted code that may use the heap.
fn claim_all(from: u32, to: u32, mut then: impl FnMut(NonNull<u8>)) -> usize {
    let mut batch = [NonNull::dangling(); BATCH];
    let (mut total, mut walk) = (0_usize, Walk::begin());
    loop {
        let mut places = batch.iter_mut();
        let mut take = |slot| places.next().map(|place| *place = slot).is_some();
        let goes_on =
            walk.piece(|registry, slab, at| registry.claim(slab, at, (from, to), &mut take));
        let count = BATCH.strict_sub(places.len());
        batch[..count].iter().copied().for_each(&mut then);
        total = total.saturating_add(count);
        if !goes_on {
            return total;
        }
    }
}

/// Quiesces all capabilities of `owner` that are not quiesced yet, marks each as [`QUIESCED`], and returns their
/// number.
///
/// # Safety
/// As for [`crate::heap::reclaim`].
pub(crate) unsafe fn quiesce_all(owner: Owner) -> usize {
    claim_all(owner.word(), owner.word() | QUIESCED, |slot| {
        // SAFETY: a slot of a capability slab begins with its class.
        let class = unsafe { slot.cast::<&'static Class>().read() };
        // SAFETY: the class is the slot's own, and the slot has a live value. Its owner is dead and does not use it
        // (DEV-1).
        let quiesce = || unsafe { (class.quiesce)(slot) };
        // SAFETY: `quiesce` of a capability is trusted code (`Capability`) (HEAP-40).
        unsafe { thread::as_host(quiesce) };
    })
}

/// Releases all quiesced capabilities of `owner`. Returns their number, and the bytes of their slots.
///
/// # Safety
/// As for [`crate::heap::reclaim`], after [`quiesce_all`].
pub(crate) unsafe fn release_all(owner: Owner) -> (usize, usize) {
    let mut bytes = 0;
    // A claimed slot belongs to the host until it is freed, so that no later piece of the walk claims it again.
    let count = claim_all(owner.word() | QUIESCED, Owner::HOST.word(), |slot| {
        // SAFETY: the slot was claimed from a capability slab, which lives while one of its slots is used.
        let size = unsafe { Slab::of_slot(slot) }.object_bytes();
        bytes = size.saturating_add(bytes);
        let _slot = Emptied(slot, size.trailing_zeros());
        // SAFETY: the value is live. Its owner is dead and no handle to it is used, so nothing else drops it (DEV-1).
        unsafe { drop_value(slot) };
    });
    (count, bytes)
}
