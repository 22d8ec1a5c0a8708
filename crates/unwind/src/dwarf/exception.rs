//! The exception object: pre-allocated, since raising must not allocate.

#![expect(
    unsafe_code,
    reason = "the unwinder hands exception objects around as raw pointers"
)]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use unwinding::abi::UnwindException;
use unwinding::panicking::Exception;

/// Room for one exception in flight.
#[repr(C)] // the object comes first: its address is the slot's
#[derive(Debug)]
pub(super) struct ExceptionSlot {
    object: UnsafeCell<MaybeUninit<UnwindException>>,
    busy: AtomicBool,
    /// Where on the stack the panic began.
    began: AtomicUsize,
}

// SAFETY: `object` is touched only by the unwinder, between a successful `claim` and `release`;
// `busy` admits one claimant at a time, and its Acquire/Release pair orders one claimant's accesses
// before the next one's.
unsafe impl Sync for ExceptionSlot {}

impl ExceptionSlot {
    pub(super) const fn new() -> Self {
        Self {
            object: UnsafeCell::new(MaybeUninit::uninit()),
            busy: AtomicBool::new(false),
            began: AtomicUsize::new(0),
        }
    }

    /// Takes the slot, if it is free.
    pub(super) fn claim(&self) -> bool {
        !self.busy.swap(true, Ordering::Acquire)
    }

    /// The panic begins in a frame that the caller has called.
    pub(super) fn begins_here(&self) {
        let place = 0_u8;
        self.began
            .store((&raw const place).addr(), Ordering::Relaxed);
    }

    pub(super) fn began_at(&self) -> usize {
        self.began.load(Ordering::Relaxed)
    }

    pub(super) fn release(&self) {
        self.busy.store(false, Ordering::Release);
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }
}

/// A claimed slot on its way through the unwinder.
pub(super) struct InFlight(&'static ExceptionSlot);

impl InFlight {
    pub(super) fn new(claimed: &'static ExceptionSlot) -> Self {
        Self(claimed)
    }
}

// SAFETY: `wrap` yields a pointer to an `UnwindException` that stays valid and unshared until
// `unwrap` (the slot is static and claimed); `unwrap` is called by the unwinder with just such a
// pointer, as the class below is ours alone.
unsafe impl Exception for InFlight {
    const CLASS: [u8; 8] = *b"SAMARA\0\0";

    fn wrap(this: Self) -> *mut UnwindException {
        core::ptr::from_ref(this.0).cast_mut().cast()
    }

    /// Gives the slot back: from here on nothing refers to the object.
    unsafe fn unwrap(object: *mut UnwindException) -> Self {
        // SAFETY: `object` came from `wrap`, so it is the address of a static slot, with that
        // slot's provenance.
        let slot = unsafe { &*object.cast::<ExceptionSlot>() };
        slot.release();
        Self(slot)
    }
}
