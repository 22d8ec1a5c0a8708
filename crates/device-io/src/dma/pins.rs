//! The objects that a descriptor ring's device may reach, in memory of the claim.

use core::ptr::NonNull;

use samara_rref::{Exchangeable, Owner, RRef, Transfer as Handover, weigh};
use samara_shared_heap::class::Place;
use samara_shared_heap::{AllocError, heap};

/// Descriptor rings that one claim can have.
pub const MAX_RINGS: usize = 16;

/// Which ring of a device: its kind and number, as its layout counts them.
pub(crate) type RingKey = (u8, u16);

/// What one ring has pinned: a slot for each descriptor, 0 or the address of an object of the heap,
/// which belongs to the host. The claim keeps it, so what is left when the claim ends is freed then: after
/// the device was silenced. Nothing but the ring whose key it has looks into it meanwhile.
pub(crate) struct Pins {
    key: RingKey,
    place: Place,
    /// Of one object, as a quota counts it.
    object: usize,
    slots: RRef<[usize]>,
    /// For the first descriptor of what was published together, the index of the last.
    ends: RRef<[u32]>,
}

impl Pins {
    /// `entries` empty slots for objects at `place`, of `object` bytes each as a quota counts them. They
    /// belong to whom the thread runs for: see [`hand_over`](Self::hand_over).
    pub(crate) fn new(
        key: RingKey,
        place: Place,
        object: usize,
        entries: usize,
    ) -> Result<Self, AllocError> {
        Ok(Self {
            key,
            place,
            object,
            slots: RRef::new_zeroed_slice(entries)?,
            ends: RRef::new_zeroed_slice(entries)?,
        })
    }

    /// Makes it the host's, which the claim frees it for: the table does, where it isn't cut.
    pub(crate) fn hand_over(&self) {
        // SAFETY: called by the table on what it takes over by value and never gives out.
        let handover = unsafe { Handover::to(Owner::HOST) };
        self.slots.transfer(&handover);
        self.ends.transfer(&handover);
    }

    /// Bytes that it owns when every slot is taken.
    pub(crate) fn bytes(&self) -> usize {
        let objects = self.object.saturating_mul(self.slots.len());
        objects.saturating_add(weigh(&self.slots).bytes + weigh(&self.ends).bytes)
    }

    pub(crate) const fn key(&self) -> RingKey {
        self.key
    }

    /// Where the slots and the ends are, for the ring. They stay there when `self` moves.
    pub(crate) fn parts(&mut self) -> (NonNull<usize>, NonNull<u32>) {
        (
            NonNull::from(&mut *self.slots).cast(),
            NonNull::from(&mut *self.ends).cast(),
        )
    }
}

impl Drop for Pins {
    /// Frees what is still pinned: the claim ends, so the device is silent.
    fn drop(&mut self) {
        for slot in self.slots.iter_mut() {
            let address = core::mem::take(slot);
            if let Some(object) = NonNull::new(core::ptr::with_exposed_provenance_mut(address)) {
                // SAFETY: a slot that isn't 0 holds the address of a live object at `place`, plain data,
                // given up to the ring; it is in no other slot, and no longer in this one.
                unsafe { heap::free(object, self.place) };
            }
        }
    }
}
