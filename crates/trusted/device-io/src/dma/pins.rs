//! Objects that a device may reach through a queue, one by one.

use core::marker::PhantomData;
use core::ptr::NonNull;

use samara_rref::{Exchangeable, Owner, RRef, Transfer, weigh};
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::{AllocError, heap};

/// The objects that one queue has pinned. There is a slot for each descriptor or chain; it holds 0, or the address of
/// an object of the heap, which belongs to the host. The claim keeps the slots: objects that are left when the claim
/// ends are freed then, after the device was silenced. Until then only the queue's own [`Slots`] access them.
pub(crate) struct Pins {
    place: Place,
    /// Bytes of one object, as a quota counts them.
    object: usize,
    slots: RRef<[usize]>,
}

impl Pins {
    /// Makes `entries` empty slots for objects at `place`, of `object` bytes each as a quota counts them. Until
    /// [`hand_over`](Self::hand_over), the slots belong to the domain that the thread runs for.
    pub(crate) fn new(place: Place, object: usize, entries: usize) -> Result<Self, AllocError> {
        Ok(Self {
            place,
            object,
            slots: RRef::new_zeroed_slice(entries)?,
        })
    }

    /// Gives the slots to the host, because the claim frees them. The table calls this only where the thread can't be
    /// cut.
    pub(crate) fn hand_over(&self) {
        // SAFETY: the table calls this on pins that it takes over by value and never gives out (OWN-3).
        let handover = unsafe { Transfer::to(Owner::HOST) };
        self.slots.transfer(&handover);
    }

    /// Returns how many bytes the pins own when every slot is taken.
    pub(crate) fn bytes(&self) -> usize {
        let objects = self.object.saturating_mul(self.slots.len());
        objects.saturating_add(weigh(&self.slots).bytes)
    }
}

impl Drop for Pins {
    /// Frees the objects that are still pinned: the claim ends, so the device is silent.
    fn drop(&mut self) {
        for slot in self.slots.iter_mut() {
            let address = core::mem::take(slot);
            if let Some(object) = NonNull::new(core::ptr::with_exposed_provenance_mut(address)) {
                // SAFETY: a slot that isn't 0 holds the address of a live object at `place`, plain data, which was
                // given up to the queue. No other slot has it, and this one no longer does (DEV-9).
                unsafe { heap::free(object, self.place) };
            }
        }
    }
}

/// A queue's own access to its [`Pins`], for objects `T`. The slots stay where they are when `Pins` moves.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: NonNull<usize>,
    _objects: PhantomData<fn() -> T>,
}

// SAFETY: the slots belong to the claim, not to a thread; the objects are `Send`, as all exchangeable ones are.
unsafe impl<T: Exchangeable> Send for Slots<T> {}
// SAFETY: every access by a shared reference needs the caller's promises.
unsafe impl<T: Exchangeable> Sync for Slots<T> {}

impl<T> Clone for Slots<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slots<T> {}

impl<T: Exchangeable> Slots<T> {
    const PLACE: Place = class::place(size_of::<T>(), align_of::<T>());

    /// Makes `entries` empty slots: `Pins` for the claim to keep, and `Slots` for the queue to use.
    pub(crate) fn new(entries: usize) -> Result<(Pins, Self), AllocError> {
        const { assert!(!T::NESTED, "a device reaches plain data only") };
        let object = class::occupied(Self::PLACE, size_of::<T>(), align_of::<T>());
        let mut pins = Pins::new(Self::PLACE, object, entries)?;
        let slots = NonNull::from(&mut *pins.slots).cast();
        let _objects = PhantomData;
        Ok((pins, Self { slots, _objects }))
    }

    /// Pins `object` at `index`; from now on it belongs to the host.
    ///
    /// # Safety
    ///
    /// `index` is below the number of slots, and its slot is vacant. The claim lives, and is the running domain's.
    /// `object` is a live object at its place, and the caller gives it up to this call.
    #[inline]
    pub(crate) unsafe fn pin(self, index: u32, object: NonNull<T>) {
        let object = object.cast::<u8>();
        // SAFETY: below the number of slots, which the claim keeps.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: as above; only the queue uses the slot, and it is vacant.
        unsafe { slot.write(object.as_ptr().expose_provenance()) };
        // SAFETY: a live object at its place, given up to this call; the slot that now has it belongs to the host
        // (OWN-1).
        unsafe { heap::set_owner(object, Self::PLACE, Owner::HOST) };
    }

    /// Returns the object that is pinned at `index`.
    ///
    /// # Safety
    ///
    /// `index` is below the number of slots; the claim lives.
    #[inline]
    pub(crate) unsafe fn pinned(self, index: u32) -> Option<NonNull<T>> {
        // SAFETY: below the number of slots, which the claim keeps.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: only the queue uses the slot.
        let address = unsafe { slot.read() };
        NonNull::new(core::ptr::with_exposed_provenance_mut(address))
    }

    /// Vacates slot `index`, whose object must already have its new owner. In this order a domain that is cut in
    /// between leaves the object with its new owner, in the slot, or both, but never with neither.
    ///
    /// # Safety
    ///
    /// As for [`pinned`](Self::pinned).
    #[inline]
    pub(crate) unsafe fn vacate(self, index: u32) {
        // SAFETY: below the number of slots, which the claim keeps.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: only the queue uses the slot.
        unsafe { slot.write(0) };
    }

    /// Takes out the object that is pinned at `index`, for `owner`.
    ///
    /// # Safety
    ///
    /// As for [`pinned`](Self::pinned); the device is done with the object, and `owner` is the running domain.
    #[inline]
    pub(crate) unsafe fn take(self, index: u32, owner: Owner) -> Option<RRef<T>> {
        // SAFETY: the caller's promise.
        let object = unsafe { self.pinned(index) }?;
        // SAFETY: a live object at its place, which goes to the running domain (OWN-1).
        unsafe { heap::set_owner(object.cast(), Self::PLACE, owner) };
        // SAFETY: the caller's promise.
        unsafe { self.vacate(index) };
        // SAFETY: the object was given up to `pin`, and is no longer in its slot (OWN-2).
        Some(unsafe { RRef::restore(object) })
    }
}
