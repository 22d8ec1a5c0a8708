//! Memory for the unwinder's part of an exception.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use unwinding::abi::UnwindException;

/// Memory for the unwinder's part of an exception.
#[derive(Debug)]
#[repr(transparent)]
pub(in crate::dwarf) struct Object(UnsafeCell<MaybeUninit<UnwindException>>);

impl Object {
    pub(in crate::dwarf) const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }
}

// SAFETY: only the unwinder accesses the object, between a slot's successful `claim` and its `release`. These admit one
// claimant at a time, and order the accesses of one before those of the next.
unsafe impl Sync for Object {}
