//! A change of owner in progress, and how heavy what changes hands is.

use crate::Exchangeable;
use core::cell::Cell;
use core::ptr::NonNull;
use samara_shared_heap::class::{self, Place};
use samara_shared_heap::group::{self, Group};
use samara_shared_heap::ledger::Load;
use samara_shared_heap::{Cap, Capability, Owner, heap};

/// A change of owner in progress. Only a proxy can make one, so safe code cannot forge ownership.
///
/// Or only the question what it would move ([`weigh`]): then nothing is changed. So what visits a
/// value leaves every change to the methods here.
#[derive(Debug)]
pub struct Transfer {
    to: Owner,
    /// What has been visited so far, if this is only to weigh.
    scale: Option<Cell<Load>>,
}

impl Transfer {
    /// A change of owner to `to`.
    ///
    /// # Safety
    /// Whatever it is applied to moves to `to` in the same breath: no code of the former owner can
    /// use it afterwards.
    #[inline]
    #[must_use]
    pub const unsafe fn to(to: Owner) -> Self {
        Self { to, scale: None }
    }

    /// Who gets it.
    #[inline]
    pub(crate) const fn owner(&self) -> Owner {
        self.to
    }

    /// Whether this only weighs.
    #[inline]
    pub(crate) const fn weighs(&self) -> bool {
        self.scale.is_some()
    }

    /// Hands over one object of `size` bytes aligned to `align`.
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
        if self.scale.is_some() {
            return self.put_on_scale(class::occupied(place, size, align));
        }
        // SAFETY: whoever made this vouches that the object moves to its owner now.
        unsafe { heap::set_owner(object, place, self.to) };
    }

    /// Hands over a group and all its members, which were weighed one by one.
    ///
    /// # Safety
    /// The visited value owns the group, which is open, and all its members.
    #[inline]
    pub(crate) unsafe fn group(&self, group: Group) {
        if self.scale.is_none() {
            // SAFETY: whoever made this vouches that the members move to its owner now.
            unsafe { group::set_owner(group, self.to) };
        }
    }

    /// Hands over one capability.
    #[inline]
    pub(crate) fn cap<T: Capability>(&self, cap: &Cap<T>) {
        if self.scale.is_some() {
            return self.put_on_scale(Cap::<T>::SLOT_BYTES);
        }
        // SAFETY: whoever made this vouches that the handle moves to its owner now.
        unsafe { cap.set_owner(self.to) };
    }

    #[cold]
    fn put_on_scale(&self, bytes: usize) {
        if let Some(scale) = &self.scale {
            scale.set(scale.get().plus(Load::one(bytes)));
        }
    }
}

/// What `value` would bring to its receiver: the objects and capabilities in it, as a quota counts
/// them. Cost: a visit of each.
#[cold]
pub fn weigh<T: ?Sized + Exchangeable>(value: &T) -> Load {
    let transfer = Transfer {
        to: Owner::HOST,
        scale: Some(Cell::new(Load::ZERO)),
    };
    value.transfer(&transfer);
    transfer.scale.map_or(Load::ZERO, Cell::into_inner)
}
