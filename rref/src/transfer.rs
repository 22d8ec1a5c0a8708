//! A change of owner in progress, and the weight of the objects that change owner.

use crate::Exchangeable;
use core::cell::Cell;
use core::ptr::NonNull;
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::group::{self, Group};
use samara_shared_heap::ledger::Load;
use samara_shared_heap::{Cap, Capability, Owner, heap};

/// A change of owner in progress. Generated proxies make one. Safe code cannot make one, and so cannot forge
/// ownership.
///
/// A value of this type may also only count the objects that a change of owner would move ([`weigh`]). It then
/// changes nothing. So the code that visits a value leaves every change to the methods here.
#[derive(Debug)]
pub struct Transfer {
    to: Owner,
    /// The load of the objects visited so far, if this only weighs; `None` if this changes the owner.
    weight: Option<Cell<Load>>,
}

impl Transfer {
    /// Makes a change of owner to `to`.
    ///
    /// # Safety
    /// The right to use everything to which the result is applied moves to `to` together with the change: no code of
    /// the former owner can use any of it afterwards.
    #[inline]
    #[must_use]
    pub const unsafe fn to(to: Owner) -> Self {
        Self { to, weight: None }
    }

    /// Returns the new owner.
    #[inline]
    pub(crate) const fn owner(&self) -> Owner {
        self.to
    }

    /// Whether this only weighs.
    #[inline]
    pub(crate) const fn weighs(&self) -> bool {
        self.weight.is_some()
    }

    /// Hands over, or weighs, one object of `size` bytes aligned to `align`.
    ///
    /// # Safety
    /// `object` is a live object at `place`, with its provenance, that the visited value owns.
    #[inline]
    pub(crate) unsafe fn object(
        &self,
        object: NonNull<u8>,
        place: Place,
        size: usize,
        align: usize,
    ) {
        if self.weight.is_some() {
            return self.add_weight(class::occupied(place, size, align));
        }
        // SAFETY: the creator of this transfer vouches that the object now moves to the new owner (OWN-3).
        unsafe { heap::set_owner(object, place, self.to) };
    }

    /// Hands over a group and all its members. Does nothing when this only weighs, because members are weighed one by
    /// one.
    ///
    /// # Safety
    /// The visited value owns the group, which is open, and all its members.
    #[inline]
    pub(crate) unsafe fn group(&self, group: Group) {
        if self.weight.is_none() {
            // SAFETY: the creator of this transfer vouches that the members now move to the new owner (OWN-3).
            unsafe { group::set_owner(group, self.to) };
        }
    }

    /// Hands over, or weighs, one capability.
    #[inline]
    pub(crate) fn cap<T: Capability>(&self, cap: &Cap<T>) {
        if self.weight.is_some() {
            return self.add_weight(Cap::<T>::SLOT_BYTES);
        }
        // SAFETY: the creator of this transfer vouches that the handle now moves to the new owner (OWN-3).
        unsafe { cap.set_owner(self.to) };
    }

    #[cold]
    fn add_weight(&self, bytes: usize) {
        if let Some(weight) = &self.weight {
            weight.set(weight.get().plus(Load::one(bytes)));
        }
    }
}

/// Returns the load that `value` would bring to its receiver: the objects and capabilities in it, as a quota counts
/// them. Cost: a visit of each of them.
#[cold]
pub fn weigh<T: ?Sized + Exchangeable>(value: &T) -> Load {
    let transfer = Transfer {
        to: Owner::HOST,
        weight: Some(Cell::new(Load::ZERO)),
    };
    value.transfer(&transfer);
    transfer.weight.map_or(Load::ZERO, Cell::into_inner)
}
