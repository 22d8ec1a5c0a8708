//! How much room the entries of a domain ask for.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that each entry leaves free beside what the domain asks for: what the boundary itself takes on
/// the way in and out, a caught panic included.
pub const RESERVE: usize = if cfg!(feature = "small") {
    1 << 10
} else {
    16 << 10
};

/// Bytes that a start is promised beside what its domain asks for: for `init`, the calls that are made again, and
/// what they call. It isn't begun where there are less. One that has used more itself when an entry further in
/// finds no room has failed by itself; before that, the thread that it ran on was too short.
pub const START: usize = 3 * RESERVE;

/// How much room a domain's entries must find. Not one of the modelled atomics: what it says is settled
/// before the first entry of a generation, whose publication orders it.
#[derive(Debug)]
pub(crate) struct Need(AtomicUsize);

impl Need {
    #[expect(clippy::declare_interior_mutable_const, reason = "an initial value")]
    pub(crate) const NEW: Self = Self(AtomicUsize::new(RESERVE));

    /// Has entries ask for `bytes` beside the runtime's own.
    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(with_reserve(bytes), Relaxed);
    }

    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// Bytes that a start of the domain is promised.
    #[cfg(feature = "alloc")]
    pub(crate) fn to_start(&self) -> usize {
        to_start(self.bytes())
    }
}

/// `bytes`, and what the runtime itself takes. No stack is as long as half the address space: a sum that wrapped, or
/// looked negative, would ask for little.
fn with_reserve(bytes: usize) -> usize {
    const MOST: usize = isize::MAX as usize - 2 * RESERVE;
    bytes.min(MOST).saturating_add(RESERVE)
}

/// Bytes of stack that a start of a domain which asks for `bytes` is promised.
#[cfg(feature = "alloc")]
pub(crate) fn promised(bytes: usize) -> usize {
    to_start(with_reserve(bytes))
}

/// What a start is promised whose first entry asks for `needed` bytes; what no stack has where that is.
#[cfg(feature = "alloc")]
fn to_start(needed: usize) -> usize {
    needed
        .saturating_add(START - RESERVE)
        .min(isize::MAX as usize)
}
