//! Objects that a device may reach through a queue, one by one.

use core::marker::PhantomData;
use core::ptr::NonNull;

use samara_rref::{Exchangeable, Owner, RRef, Transfer, weigh};
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::{AllocError, heap};

/// What one queue has pinned: a slot for each descriptor or chain, 0 or the address of an object of the heap,
/// which belongs to the host. The claim keeps it, so what is left when the claim ends is freed then: after
/// the device was silenced. Nothing but the queue's own [`Slots`] look into it meanwhile.
pub(crate) struct Pins {
    place: Place,
    /// Of one object, as a quota counts it.
    object: usize,
    slots: RRef<[usize]>,
}

impl Pins {
    /// `entries` empty slots for objects at `place`, of `object` bytes each as a quota counts them. They
    /// belong to the domain that the thread runs for: see [`hand_over`](Self::hand_over).
    pub(crate) fn new(place: Place, object: usize, entries: usize) -> Result<Self, AllocError> {
        Ok(Self {
            place,
            object,
            slots: RRef::new_zeroed_slice(entries)?,
        })
    }

    /// Makes it the host's, which the claim frees it for: the table does, where it isn't cut.
    pub(crate) fn hand_over(&self) {
        // SAFETY: called by the table on what it takes over by value and never gives out.
        let handover = unsafe { Transfer::to(Owner::HOST) };
        self.slots.transfer(&handover);
    }

    /// Bytes that it owns when every slot is taken.
    pub(crate) fn bytes(&self) -> usize {
        let objects = self.object.saturating_mul(self.slots.len());
        objects.saturating_add(weigh(&self.slots).bytes)
    }
}

impl Drop for Pins {
    /// Frees what is still pinned: the claim ends, so the device is silent.
    fn drop(&mut self) {
        for slot in self.slots.iter_mut() {
            let address = core::mem::take(slot);
            if let Some(object) = NonNull::new(core::ptr::with_exposed_provenance_mut(address)) {
                // SAFETY: a slot that isn't 0 holds the address of a live object at `place`, plain data,
                // given up to the queue; it is in no other slot, and no longer in this one.
                unsafe { heap::free(object, self.place) };
            }
        }
    }
}

/// A queue's own hold on its [`Pins`], for objects `T`: they stay where they are when `Pins` moves.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: NonNull<usize>,
    _objects: PhantomData<fn() -> T>,
}

// SAFETY: the slots belong to the claim, not to a thread; the objects are `Send`, as all exchangeable ones are.
unsafe impl<T: Exchangeable> Send for Slots<T> {}
// SAFETY: a shared one gives out nothing without the caller's promises.
unsafe impl<T: Exchangeable> Sync for Slots<T> {}

impl<T> Clone for Slots<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slots<T> {}

impl<T: Exchangeable> Slots<T> {
    const PLACE: Place = class::place(size_of::<T>(), align_of::<T>());

    /// `entries` empty slots, for the claim to keep and for the queue to use.
    pub(crate) fn new(entries: usize) -> Result<(Pins, Self), AllocError> {
        const { assert!(!T::NESTED, "a device reaches plain data only") };
        let object = class::occupied(Self::PLACE, size_of::<T>(), align_of::<T>());
        let mut pins = Pins::new(Self::PLACE, object, entries)?;
        let slots = NonNull::from(&mut *pins.slots).cast();
        let _objects = PhantomData;
        Ok((pins, Self { slots, _objects }))
    }

    /// Pins `object` at `index`: it is the host's from now on.
    ///
    /// # Safety
    ///
    /// `index` is below the number of slots and its slot is vacant; the claim lives, and is the running domain's. `object` is
    /// a live object at its place, given up to this.
    #[inline]
    pub(crate) unsafe fn pin(self, index: u32, object: NonNull<T>) {
        let object = object.cast::<u8>();
        // SAFETY: below the number of slots, which the claim keeps.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: as above; the slot is the queue's alone, and vacant.
        unsafe { slot.write(object.as_ptr().expose_provenance()) };
        // SAFETY: a live object at its place, given up to this; the slot is the host's now.
        unsafe { heap::set_owner(object, Self::PLACE, Owner::HOST) };
    }

    /// What is pinned at `index`.
    ///
    /// # Safety
    ///
    /// `index` is below the number of slots; the claim lives.
    #[inline]
    pub(crate) unsafe fn pinned(self, index: u32) -> Option<NonNull<T>> {
        // SAFETY: below the number of slots, which the claim keeps.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: the slot is the queue's alone.
        let address = unsafe { slot.read() };
        NonNull::new(core::ptr::with_exposed_provenance_mut(address))
    }

    /// Vacates slot `index`, whose object has another owner by now: in this order, so that a domain cut in between
    /// leaves it in one of the two.
    ///
    /// # Safety
    ///
    /// As for [`pinned`](Self::pinned).
    #[inline]
    pub(crate) unsafe fn vacate(self, index: u32) {
        // SAFETY: below the number of slots, which the claim keeps.
        let slot = unsafe { self.slots.add(index as usize) };
        // SAFETY: the slot is the queue's alone.
        unsafe { slot.write(0) };
    }

    /// Takes out what is pinned at `index`, for `owner`.
    ///
    /// # Safety
    ///
    /// As for [`pinned`](Self::pinned); the device is done with the object, and `owner` is the running domain.
    #[inline]
    pub(crate) unsafe fn take(self, index: u32, owner: Owner) -> Option<RRef<T>> {
        // SAFETY: the caller's promise.
        let object = unsafe { self.pinned(index) }?;
        // SAFETY: a live object at its place, which goes to the running domain.
        unsafe { heap::set_owner(object.cast(), Self::PLACE, owner) };
        // SAFETY: the caller's promise.
        unsafe { self.vacate(index) };
        // SAFETY: given up to `pin`, and no longer in its slot.
        Some(unsafe { RRef::restore(object) })
    }
}
