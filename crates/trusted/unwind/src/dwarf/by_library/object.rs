//! Room for what the unwinder keeps of an exception.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use unwinding::abi::UnwindException;

/// What the unwinder keeps of an exception.
#[derive(Debug)]
#[repr(transparent)]
pub(in crate::dwarf) struct Object(UnsafeCell<MaybeUninit<UnwindException>>);

impl Object {
    pub(in crate::dwarf) const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }
}

// SAFETY: touched only by the unwinder, between a slot's successful `claim` and its `release`, which
// admit one claimant at a time and order one's accesses before the next one's.
unsafe impl Sync for Object {}
