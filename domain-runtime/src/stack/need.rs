//! How much stack the entries of a domain ask for.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes of stack that each entry leaves free besides those that the domain asks for. The boundary itself uses them
/// on the way in and out, also to contain a panic.
pub const RESERVE: usize = if cfg!(feature = "small") {
    1 << 10
} else {
    16 << 10
};

/// Bytes of stack that a start is promised besides those that its domain asks for: for `init`, for the recorded calls
/// that are made again, and for the functions that both call. A start does not begin on a stack with less. If an
/// entry further in finds no room, the start itself is at fault if it had used more than the promised bytes by then.
/// If it had used no more, the fault lies with the thread, which had too little stack.
pub const START: usize = 3 * RESERVE;

/// How much room a domain's entries must find. Not one of the atomics that the loom tests watch: the value is set
/// before the first entry of a generation, and the publication of the generation orders the two.
#[derive(Debug)]
pub(crate) struct Need(AtomicUsize);

impl Need {
    #[expect(clippy::declare_interior_mutable_const, reason = "an initial value")]
    pub(crate) const NEW: Self = Self(AtomicUsize::new(RESERVE));

    /// Makes entries ask for `bytes` in addition to the runtime's own part.
    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(with_reserve(bytes), Relaxed);
    }

    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Bytes of stack that a start of the domain is promised.
    #[cfg(feature = "alloc")]
    pub(crate) fn to_start(&self) -> usize {
        to_start(self.bytes())
    }
}

/// Adds the runtime's own part to `bytes`. At most about half the address space is counted, since no stack is as
/// long. A sum that wrapped, or looked negative, would ask for too little.
fn with_reserve(bytes: usize) -> usize {
    const MOST: usize = isize::MAX as usize - 2 * RESERVE;
    bytes.min(MOST).saturating_add(RESERVE)
}

/// Bytes of stack that a start is promised if its domain asks for `bytes`.
#[cfg(feature = "alloc")]
pub(crate) fn promised(bytes: usize) -> usize {
    to_start(with_reserve(bytes))
}

/// Bytes of stack that a start is promised if its first entry asks for `needed` bytes. At most `isize::MAX`, which no
/// stack has.
#[cfg(feature = "alloc")]
fn to_start(needed: usize) -> usize {
    needed
        .saturating_add(START - RESERVE)
        .min(isize::MAX as usize)
}
